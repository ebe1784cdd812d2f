//! Times of the day, and what the wall clock of a story shows.
//!
//! Simulated time drives a story, wall time dates what comes of it. A time of the day is therefore reckoned once, when
//! its step has its turn, from what the wall clock shows then; a clock that is set later moves no step.

use std::fmt;
use std::str::FromStr;

use autoenroll_model::{Duration, FileTime, SimTime};
use autoenroll_trace::{Kind, Packed, Trace};

use crate::instant;

/// Nanoseconds of a day.
const DAY: u128 = Duration::days(1).0 as u128;

/// A time of the day in UTC: `09:00` is the next such time, `+1d 09:00` that of the day after today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime {
    /// How many days after the present one; 0 for the next such time, be it today or tomorrow. At most 9999.
    days: u16,
    /// Minutes since midnight, below 1440.
    minutes: u16,
}

/// Which end of an interval a time of the day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A step begins then. At the start of the story, the present time counts.
    Begin,
    /// A step is over before then.
    End,
}

impl ClockTime {
    /// When it comes, counted from `now`: later than that, but for a step that begins at the start of the story.
    pub(crate) fn after(self, now: SimTime, wall: &WallClock, edge: Edge) -> SimTime {
        let shown = wall.nanoseconds(now);
        let today = shown - shown % DAY + u128::from(self.minutes) * u128::from(Duration::MINUTE.0);
        let counts = |time: u128| time > shown || (time == shown && now == SimTime::START && edge == Edge::Begin);
        let time = match self.days {
            0 if counts(today) => today,
            0 => today + DAY,
            days => today + u128::from(days) * DAY,
        };
        now + Duration(u64::try_from(time.saturating_sub(shown)).unwrap_or(u64::MAX))
    }

    /// Whether the wall clock shows exactly this time of the day, which makes the next one tomorrow's.
    pub(crate) fn is_shown(self, now: SimTime, wall: &WallClock) -> bool {
        let of_day = u128::from(self.minutes) * u128::from(Duration::MINUTE.0);
        self.days == 0 && wall.nanoseconds(now) % DAY == of_day
    }
}

/// Two digits, a colon, two digits; before them a plus, days and a blank.
impl FromStr for ClockTime {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (days, time) = match text.strip_prefix('+') {
            Some(rest) => {
                let (days, time) = rest.split_once("d ").ok_or(())?;
                let well_formed = !days.starts_with('0') && days.len() <= 4 && days.bytes().all(|b| b.is_ascii_digit());
                (well_formed.then(|| days.parse().ok()).flatten().ok_or(())?, time)
            }
            None => (0, text),
        };
        let number = |text: &str, below: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u16| digits && *number < below).ok_or(())
        };
        let (hours, minutes) = time.split_once(':').ok_or(())?;
        Ok(Self { days, minutes: number(hours, 24)? * 60 + number(minutes, 60)? })
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days > 0 {
            write!(f, "+{}d ", self.days)?;
        }
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// The wall clock of a story: what it shows at the start, and to what it is set later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// When it was set and what it showed then, in the order of time. Never empty.
    settings: Vec<(SimTime, FileTime)>,
}

impl WallClock {
    /// A clock that nobody sets.
    #[must_use]
    pub fn new(start: FileTime) -> Self {
        Self { settings: vec![(SimTime::START, start)] }
    }

    /// The clock of a trace, which records when it is set.
    #[must_use]
    pub fn of(start: FileTime, trace: &Trace) -> Self {
        let mut clock = Self::new(start);
        trace.iter().for_each(|record| clock.follow(&record));
        clock
    }

    /// Takes over what the next record of a trace says of it.
    pub(crate) fn follow(&mut self, record: &Packed<'_>) {
        if record.kind == Kind::Change
            && record.text("what") == Some("wall-clock")
            && let Some(shown) = record.text("to").and_then(instant::parse)
        {
            self.set(record.at(), shown);
        }
    }

    /// Sets it, later than before or at the same time.
    pub(crate) fn set(&mut self, at: SimTime, shown: FileTime) {
        self.settings.push((at, shown));
    }

    /// What it shows as that instant begins: a clock that is set in an instant shows the new time afterwards.
    #[must_use]
    pub fn at(&self, time: SimTime) -> FileTime {
        let (since, shown) = self.last(self.settings.partition_point(|(at, _)| *at < time));
        *shown + time.since(*since)
    }

    /// Nanoseconds since 1601 that it shows at the end of that instant. A FILETIME counts hundreds of them.
    fn nanoseconds(&self, time: SimTime) -> u128 {
        let (since, shown) = self.last(self.settings.partition_point(|(at, _)| *at <= time));
        u128::from(shown.0) * u128::from(Duration::TICK.0) + u128::from(time.since(*since).0)
    }

    /// The last of so many settings; before any of them, the first.
    fn last(&self, count: usize) -> &(SimTime, FileTime) {
        &self.settings[count.saturating_sub(1)]
    }

    /// A moment in both times, for messages: `08:00:00 (2026-03-02 16:00:00)`.
    #[must_use]
    pub fn moment(&self, time: SimTime) -> String {
        format!("{time} ({})", date_and_time(self.at(time)))
    }
}

/// `2026-03-02 16:00:00`: RFC 3339 without its letters.
pub(crate) fn date_and_time(time: FileTime) -> String {
    time.to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = Duration::HOUR.0;

    fn start(text: &str) -> FileTime {
        instant::parse(text).expect("an instant")
    }

    #[test]
    fn times_of_the_day_read_and_print() {
        let check = |text: &str, days: u16, minutes: u16| {
            assert_eq!(text.parse(), Ok(ClockTime { days, minutes }), "{text}");
            assert_eq!(ClockTime { days, minutes }.to_string(), text);
        };
        check("00:00", 0, 0);
        check("09:00", 0, 540);
        check("23:59", 0, 1439);
        check("+1d 09:00", 1, 540);
        check("+9999d 00:01", 9999, 1);
        let wrong =
            "9:00|09:0|24:00|09:60|09:00:00|09.00|1d 09:00|+0d 09:00|+01d 09:00|+10000d 09:00|+1d09:00|+1 09:00";
        for wrong in wrong.split('|').chain(["", ":", "+d 09:00", "-1d 09:00", "09:00 ", "+1d  09:00", "\u{661}0:00"]) {
            assert_eq!(wrong.parse::<ClockTime>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn the_next_time_of_the_day_is_later_but_for_a_beginning_at_the_start() {
        // Elapsed nanoseconds, from a start at 08:00, and when `time` comes.
        let check = |now: u64, time: &str, edge: Edge, expected: u64| {
            let clock = WallClock::new(start("2026-03-02T08:00:00Z"));
            let time: ClockTime = time.parse().expect("a time of the day");
            assert_eq!(time.after(SimTime(now), &clock, edge), SimTime(expected), "{now} {time} {edge:?}");
        };
        for edge in [Edge::Begin, Edge::End] {
            check(0, "09:00", edge, HOUR);
            check(HOUR - 1, "09:00", edge, HOUR);
            check(HOUR, "09:00", edge, 25 * HOUR);
            check(HOUR + 1, "09:00", edge, 25 * HOUR);
            check(0, "07:59", edge, 24 * HOUR - Duration::MINUTE.0);
            // 24 hours later it is 08:00 again, and that is not the start.
            check(24 * HOUR, "08:00", edge, 48 * HOUR);
            check(0, "+1d 09:00", edge, 25 * HOUR);
            check(HOUR, "+1d 09:00", edge, 25 * HOUR);
            check(2 * HOUR, "+1d 09:00", edge, 25 * HOUR);
            check(2 * HOUR, "+3d 09:00", edge, 73 * HOUR);
            // The day is that of the calendar: a nanosecond before midnight, `+1d` is a nanosecond away.
            check(16 * HOUR - 1, "+1d 00:00", edge, 16 * HOUR);
            check(16 * HOUR, "+1d 00:00", edge, 40 * HOUR);
            check(16 * HOUR - 1, "00:00", edge, 16 * HOUR);
            check(16 * HOUR, "00:00", edge, 40 * HOUR);
        }
        check(0, "08:00", Edge::Begin, 0);
        check(0, "08:00", Edge::End, 24 * HOUR);
        check(1, "08:00", Edge::Begin, 24 * HOUR);
    }

    #[test]
    fn a_clock_that_is_set_counts_from_then_on() {
        let mut clock = WallClock::new(start("2026-03-02T08:00:00Z"));
        clock.set(SimTime(HOUR), start("2026-03-02T06:00:00Z"));
        clock.set(SimTime(3 * HOUR), start("2026-03-04T12:00:00Z"));
        let check = |now: u64, time: &str, expected: u64| {
            let time: ClockTime = time.parse().expect("a time of the day");
            assert_eq!(time.after(SimTime(now), &clock, Edge::Begin), SimTime(expected), "{now} {time}");
        };
        // Before it is set nobody knows of it; in the instant itself the new time counts.
        check(0, "09:00", HOUR);
        check(HOUR - 1, "09:00", HOUR);
        check(HOUR, "09:00", 4 * HOUR);
        check(HOUR, "06:00", 25 * HOUR);
        check(2 * HOUR, "09:00", 4 * HOUR);
        check(3 * HOUR, "09:00", 24 * HOUR);
        check(3 * HOUR, "+1d 09:00", 24 * HOUR);
        let shown = |at: u64, expected: &str| assert_eq!(clock.moment(SimTime(at)), expected);
        shown(0, "00:00:00 (2026-03-02 08:00:00)");
        shown(HOUR, "01:00:00 (2026-03-02 09:00:00)");
        shown(HOUR + 1_000, "01:00:00.000001 (2026-03-02 06:00:00.000001)");
        shown(3 * HOUR, "03:00:00 (2026-03-02 08:00:00)");
        shown(4 * HOUR, "04:00:00 (2026-03-04 13:00:00)");
    }
}
