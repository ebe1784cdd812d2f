//! The two times of the bench, never mixed: simulated time drives timers, wall time dates certificates.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::ops::{Add, Sub};
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStrBuilder;

use crate::{Fact, Text};

/// The instant at which an input is handed over, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Now {
    /// Monotonic time; timers and deadlines use nothing else.
    pub mono: SimTime,
    /// What the wall clock shows; certificate lifetimes use nothing else. The user may set it back.
    pub wall: FileTime,
}

/// Nanoseconds since the start of the scenario. Monotonic; reaches 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SimTime(pub u64);

impl SimTime {
    /// The first instant.
    pub const START: Self = Self(0);

    /// How long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for SimTime {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// `8:00:00`, `60.5 s` would hide nanoseconds: hours, minutes, seconds, and the fraction only where there is one.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / Duration::SECOND.0;
        let fraction = self.0 % Duration::SECOND.0;
        let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
        let clock = format!("{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
        let clock = if days == 0 { clock } else { format!("{days}d {clock}") };
        if fraction == 0 {
            f.pad(&clock)
        } else {
            let digits = format!("{fraction:09}");
            f.pad(&format!("{clock}.{}", digits.trim_end_matches('0')))
        }
    }
}

/// A length of time in nanoseconds. Written with units: `8h`, `60s`, `90d`, `1h30m`, `1500ms`, `6w`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// 100 ns, the tick of a FILETIME.
    pub const TICK: Self = Self(100);
    /// One millisecond.
    pub const MILLISECOND: Self = Self(1_000_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60 * Self::SECOND.0);
    /// One hour.
    pub const HOUR: Self = Self(60 * Self::MINUTE.0);
    /// One day of 24 hours.
    pub const DAY: Self = Self(24 * Self::HOUR.0);

    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(Self::SECOND.0))
    }
    /// `n` minutes.
    #[must_use]
    pub const fn minutes(n: u64) -> Self {
        Self(n.saturating_mul(Self::MINUTE.0))
    }
    /// `n` hours.
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Self(n.saturating_mul(Self::HOUR.0))
    }
    /// `n` days of 24 hours.
    #[must_use]
    pub const fn days(n: u64) -> Self {
        Self(n.saturating_mul(Self::DAY.0))
    }
    /// Whole FILETIME ticks of 100 ns.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        self.0 / Self::TICK.0
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Units from long to short; `w` and `d` only print when nothing is left over for a shorter unit to say better.
const UNITS: [(&str, u64); 8] = [
    ("w", 7 * Duration::DAY.0),
    ("d", Duration::DAY.0),
    ("h", Duration::HOUR.0),
    ("m", Duration::MINUTE.0),
    ("s", Duration::SECOND.0),
    ("ms", Duration::MILLISECOND.0),
    ("us", 1_000),
    ("ns", 1),
];

impl Duration {
    /// How it prints: without weeks, so that lifetimes read in days: `42d`, `8h`, `1h30m`, `0s`.
    #[must_use]
    pub fn text(self) -> Text {
        if self.0 == 0 {
            return Text::new_static("0s");
        }
        let (mut rest, mut text) = (self.0, SmolStrBuilder::new());
        for (unit, size) in &UNITS[1..] {
            if rest >= *size {
                let count = rest / size;
                let highest = count.checked_ilog10().unwrap_or_default();
                for place in (0..=highest).rev() {
                    text.push(char::from(b'0' + (count / 10_u64.pow(place) % 10) as u8));
                }
                text.push_str(unit);
                rest %= size;
            }
        }
        text.finish()
    }
}

/// As [`Duration::text`] says.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<Duration> for Fact {
    fn from(duration: Duration) -> Self {
        Self::Text(duration.text())
    }
}

/// The text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationError {
    /// The text that came.
    pub found: String,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a duration; write whole numbers with units, like 8h, 60s, 90d or 1h30m", self.found)
    }
}

impl core::error::Error for DurationError {}

/// Accepts `w d h m s ms us ns`, each at most once, from long to short. Nothing else: no blanks, signs or fractions.
impl FromStr for Duration {
    type Err = DurationError;
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let error = || DurationError { found: text.to_string() };
        let (mut rest, mut total, mut next_unit) = (text, 0_u64, 0);
        while !rest.is_empty() || next_unit == 0 {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
            let number: u64 = rest[..digits].parse().map_err(|_| error())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let unit = UNITS.iter().position(|(unit, _)| *unit == &rest[..letters]).ok_or_else(error)?;
            if unit < next_unit {
                return Err(error());
            }
            next_unit = unit + 1;
            rest = &rest[letters..];
            total = number.checked_mul(UNITS[unit].1).and_then(|n| total.checked_add(n)).ok_or_else(error)?;
        }
        Ok(Self(total))
    }
}

impl Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Wall time as Windows keeps it: 100 ns ticks since 1601-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct FileTime(pub u64);

impl FileTime {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(116_444_736_000_000_000);

    /// From seconds since 1970; before 1601 and beyond the range it saturates.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        let ticks = seconds.saturating_mul(10_000_000);
        Self(Self::UNIX_EPOCH.0.saturating_add_signed(ticks))
    }

    /// Whole seconds since 1970, rounded down; negative before it.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        (self.0 as i64).saturating_sub(Self::UNIX_EPOCH.0 as i64).div_euclid(10_000_000)
    }

    /// Year, month and day in UTC, in the proleptic Gregorian calendar.
    #[must_use]
    pub const fn date(self) -> (i64, i64, i64) {
        // Days are counted in eras of 400 years that begin on 1 March, so that a leap day is the last of its year.
        let days = self.unix_seconds().div_euclid(86_400) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// How long before `later`; zero when `later` is not later.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        Duration(later.0.saturating_sub(self.0).saturating_mul(Duration::TICK.0))
    }
}

impl Add<Duration> for FileTime {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.ticks()))
    }
}

impl Sub<Duration> for FileTime {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.ticks()))
    }
}

/// RFC 3339 in UTC: `2026-03-02T08:00:00Z`, with a fraction only where there is one.
impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.unix_seconds();
        let fraction = self.0 % 10_000_000;
        let (year, month, day) = self.date();
        let clock = seconds.rem_euclid(86_400);
        let text =
            format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60);
        if fraction == 0 {
            f.pad(&format!("{text}Z"))
        } else {
            f.pad(&format!("{text}.{}Z", format!("{fraction:07}").trim_end_matches('0')))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        let check = |text: &str, nanoseconds: u64, printed: &str| {
            let span: Duration = text.parse().unwrap();
            assert_eq!(span, Duration(nanoseconds), "{text}");
            assert_eq!(span.to_string(), printed, "{text}");
        };
        check("8h", Duration::hours(8).0, "8h");
        check("60s", Duration::MINUTE.0, "1m");
        check("6w", Duration::days(42).0, "42d");
        check("1h30m", Duration::minutes(90).0, "1h30m");
        check("0s", 0, "0s");
        check("1s500ms", 1_500_000_000, "1s500ms");
        for wrong in ["", "8", "h", "8 h", "-1s", "1.5h", "1m1h", "1s1s", "8x", "99999999999999w"] {
            assert!(wrong.parse::<Duration>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn wall_time_prints_as_rfc_3339() {
        let check = |seconds: i64, text: &str| assert_eq!(FileTime::from_unix_seconds(seconds).to_string(), text);
        check(0, "1970-01-01T00:00:00Z");
        check(1_772_438_400, "2026-03-02T08:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        assert_eq!(FileTime(0).to_string(), "1601-01-01T00:00:00Z");
        assert_eq!((FileTime(0) + Duration::TICK).to_string(), "1601-01-01T00:00:00.0000001Z");
    }

    #[test]
    fn simulated_time_prints_to_the_nanosecond() {
        assert_eq!((SimTime::START + Duration::hours(8)).to_string(), "08:00:00");
        assert_eq!((SimTime(1) + Duration::days(2)).to_string(), "2d 00:00:00.000000001");
    }
}
