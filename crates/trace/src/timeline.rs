//! The trace as a text for people: time, actor, what happened.

use std::fmt::Write as _;

use autoenroll_model::{Fact, Facts, FileTime, SimTime};

use crate::{Kind, Packed, Record, Trace};

/// How much of a trace is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What people see and do, what is requested, issued, stored and logged.
    Story,
    /// Also every effect, card operation and store access.
    Work,
    /// Also every decision and every APDU.
    Everything,
}

impl Detail {
    /// The least detail at which a kind is told.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Decision | Kind::Apdu => Self::Everything,
            Kind::Effect
            | Kind::EffectDone
            | Kind::EffectAbandoned
            | Kind::Directory
            | Kind::Card
            | Kind::Software
            | Kind::Store
            | Kind::Trigger
            | Kind::ItemStarted => Self::Work,
            _ => Self::Story,
        }
    }
}

/// How a timeline is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineOptions {
    /// How much is told.
    pub detail: Detail,
    /// Whether ANSI colours are used.
    pub colour: bool,
}

/// The timeline, a line a record; the time stands only where it changes.
#[must_use]
pub fn render(trace: &Trace, options: TimelineOptions) -> String {
    told(trace, options, |_| String::new())
}

/// The timeline with what the wall clock shows beside the time since the start.
#[must_use]
pub fn render_dated(trace: &Trace, options: TimelineOptions, wall: impl Fn(SimTime) -> FileTime) -> String {
    let mut dates = Dates::default();
    told(trace, options, |time| match time {
        Some(time) => format!("  {:>WALL_WIDTH$}", dates.shown(wall(time))),
        None => format!("  {:WALL_WIDTH$}", ""),
    })
}

/// Characters of a wall time with its date.
pub const WALL_WIDTH: usize = "2026-03-02 08:00:00".len();

/// Wall times one below the other: the date stands only where it changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dates(Option<(i64, i64, i64)>);

impl Dates {
    /// `2026-03-02 08:00:00`, or `08:00:00` on the day of the time before; UTC.
    pub fn shown(&mut self, wall: FileTime) -> String {
        let text = wall.to_string();
        let (date, time) = text.split_once('T').unwrap_or(("", &text));
        let time = time.trim_end_matches('Z');
        match self.0.replace(wall.date()) == Some(wall.date()) {
            true => time.to_owned(),
            false => format!("{date} {time}"),
        }
    }
}

/// `wall` makes the column of the wall clock, for a new time or for none.
fn told(trace: &Trace, options: TimelineOptions, mut wall: impl FnMut(Option<SimTime>) -> String) -> String {
    let is_told = |record: &Packed<'_>| Detail::of(record.kind) <= options.detail;
    let actors = trace.iter().filter(is_told).map(|r| r.actor().chars().count()).max().unwrap_or(0).min(24);
    let mut text = String::new();
    let mut last: Option<SimTime> = None;
    for record in trace.iter().filter(is_told).map(|record| record.unpack()) {
        let new = (last != Some(record.at)).then_some(record.at);
        let time = new.map(|time| time.to_string()).unwrap_or_default();
        let wall = wall(new);
        last = Some(record.at);
        let what = format!("{:<17}", record.kind.as_str());
        let what = if options.colour { paint(record.kind, &what) } else { what };
        let facts = facts_for_people(&record.facts);
        let line = format!("{time:>18}{wall}  {:<actors$}  {what} {facts}", record.actor);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A record as a line that stands by itself: time, kind, actor, facts. Lines of other records do not change it, so that
/// two traces can be compared line by line.
#[must_use]
pub fn line(record: &Record) -> String {
    let facts = facts_for_people(&record.facts);
    let line = format!("{:>12}  {:<17} {}  {facts}", record.at.to_string(), record.kind.as_str(), record.actor);
    line.trim_end().to_owned()
}

/// Facts with long byte strings cut: their beginning is enough to tell them apart.
fn facts_for_people(facts: &Facts) -> String {
    let cut = |fact: &Fact| match fact {
        Fact::Text(text) if text.len() > 72 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{}…{}B", &text[..24], text.len() / 2).into()
        }
        other => other.clone(),
    };
    let mut shown = Facts::new();
    for (name, fact) in facts.iter() {
        shown.set(name, cut(fact));
    }
    shown.to_string()
}

fn paint(kind: Kind, text: &str) -> String {
    let code = match kind {
        Kind::Prompt | Kind::PromptChanged | Kind::Balloon | Kind::Icon => "36",
        Kind::Answer | Kind::Click | Kind::Insert | Kind::Remove | Kind::CardLogon | Kind::Logon | Kind::Logoff => "33",
        Kind::Issued | Kind::ItemEnded => "32",
        Kind::Violation | Kind::LogonFailed | Kind::Denied | Kind::CaFailed | Kind::Crash => "31",
        _ => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use autoenroll_model::Duration;

    use super::*;

    #[test]
    fn a_line_does_not_depend_on_others() {
        let mut trace = Trace::new();
        let facts = Facts::new().with("request", "ab".repeat(80)).with("key", "rsa-2048");
        trace.push(SimTime(60_000_000_000), "CA", Kind::Request, facts, vec![]);
        trace.push(SimTime(60_000_000_000), "alice", Kind::Balloon, Facts::new(), vec![]);
        let lines: Vec<String> = trace.unpack().records().iter().map(line).collect();
        let request = "    00:01:00  request           CA  request=abababababababababababab…80B key=rsa-2048";
        assert_eq!(lines, [request, "    00:01:00  balloon           alice"]);
    }

    #[test]
    fn a_timeline_names_each_time_once_and_cuts_bytes() {
        let mut trace = Trace::new();
        let logon = trace.push(SimTime(0), "alice", Kind::Logon, Facts::new().with("computer", "WKS01"), vec![]);
        trace.push(SimTime(0), "alice", Kind::Decision, Facts::new().with("rule", "R008"), vec![logon]);
        trace.push(SimTime(0), "CA", Kind::Request, Facts::new().with("request", "ab".repeat(80)), vec![logon]);
        let story = render(&trace, TimelineOptions { detail: Detail::Story, colour: false });
        assert_eq!(
            story,
            "          00:00:00  alice  logon             computer=WKS01\n                    CA     request           request=abababababababababababab…80B\n"
        );
        assert_eq!(render(&trace, TimelineOptions { detail: Detail::Everything, colour: false }).lines().count(), 3);
    }

    #[test]
    fn a_date_stands_where_it_changes() {
        let mut trace = Trace::new();
        for hours in [0, 0, 1, 16, 40] {
            trace.push(SimTime::START + Duration::hours(hours), "alice", Kind::Logoff, Facts::new(), vec![]);
        }
        let start = FileTime::from_unix_seconds(1_772_438_400);
        let options = TimelineOptions { detail: Detail::Story, colour: false };
        let dated = render_dated(&trace, options, |time| start + time.since(SimTime::START));
        let lines: Vec<String> = dated.lines().map(|line| line.split("  alice").next().unwrap().to_owned()).collect();
        assert_eq!(
            lines,
            [
                "          00:00:00  2026-03-02 08:00:00",
                "                                       ",
                "          01:00:00             09:00:00",
                "          16:00:00  2026-03-03 00:00:00",
                "       1d 16:00:00  2026-03-04 00:00:00",
            ]
        );
    }
}
