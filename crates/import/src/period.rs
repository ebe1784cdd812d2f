//! Periods: every format's way to write them, as the octets of `pKIExpirationPeriod`, so that one reader judges all.

/// 100 ns in a second.
const TICKS: u128 = 10_000_000;
const DAY: u128 = 24 * 60 * 60;

/// Units by their singular, in seconds: months of 30 and years of 365 days, as the template snap-in counts.
const UNITS: [(&str, u128); 7] = [
    ("year", 365 * DAY),
    ("month", 30 * DAY),
    ("week", 7 * DAY),
    ("day", DAY),
    ("hour", 60 * 60),
    ("minute", 60),
    ("second", 1),
];

/// `1 year`, `6 Weeks`, `1800 seconds`, and several with commas between them, as `1 hours, 30 minutes`; none for any
/// other text.
pub(crate) fn of_text(text: &str) -> Option<[u8; 8]> {
    let spans = text.split(',').map(seconds);
    let sum = spans.collect::<Option<Vec<u128>>>()?.into_iter().fold(0_u128, u128::saturating_add);
    Some(octets(sum))
}

/// One count and one unit.
fn seconds(text: &str) -> Option<u128> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: u128 = count.parse().ok()?;
    let unit = unit.trim().to_ascii_lowercase();
    let (_, seconds) = UNITS.iter().find(|(name, _)| unit.strip_suffix('s').unwrap_or(&unit) == *name)?;
    Some(count.saturating_mul(*seconds))
}

/// Whole seconds.
pub(crate) fn of_seconds(seconds: u64) -> [u8; 8] {
    octets(seconds.into())
}

/// A negative count of 100 ns, little endian ([MS-CRTD] 2.11); what is longer than eight octets hold is as long as they
/// hold.
fn octets(seconds: u128) -> [u8; 8] {
    let ticks = i64::try_from(seconds.saturating_mul(TICKS)).unwrap_or(i64::MAX);
    (-ticks).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_in_every_unit() {
        let check = |text: &str, seconds: Option<u64>| assert_eq!(of_text(text), seconds.map(of_seconds), "{text}");
        check("1 year", Some(31_536_000));
        check("2 Years", Some(63_072_000));
        check("6 Weeks", Some(3_628_800));
        check("1 month", Some(2_592_000));
        check(" 8 hours ", Some(28_800));
        check("5 minutes", Some(300));
        check("1 Second", Some(1));
        check("0 days", Some(0));
        check("1 hours, 30 minutes", Some(5_400));
        check("1000 years", Some(31_536_000_000));
        check("99999999999999999999 years", Some(u64::MAX));
        for text in
            ["", "1", "year", "a year", "1 dance", "-1 years", "1 year 2 days", "1.5 years", "1 year,", "1 year, a day"]
        {
            check(text, None);
        }
    }
}
