//! Dates of certificates, which count to the second, and FILETIMEs, which count 100 ns.

use crate::asn1::tag;
use alloc::format;
use alloc::string::String;
use autoenroll_model::FileTime;

/// Tag and digits of a time (RFC 5280 4.1.2.5).
pub(crate) fn format(instant: FileTime) -> (u8, String) {
    let seconds = instant.unix_seconds();
    let (year, month, day) = instant.date();
    let clock = seconds.rem_euclid(86_400);
    let rest = format!("{month:02}{day:02}{:02}{:02}{:02}Z", clock / 3600, clock / 60 % 60, clock % 60);
    if (1950..2050).contains(&year) {
        (tag::UTC_TIME, format!("{:02}{rest}", year % 100))
    } else {
        (tag::GENERALIZED_TIME, format!("{:04}{rest}", year.clamp(0, 9999)))
    }
}

/// `YYMMDDhhmm[ss]Z`; years from 50 are those of the twentieth century.
pub(crate) fn parse_utc(digits: &[u8]) -> Option<FileTime> {
    let (year, rest) = digits.split_at_checked(2)?;
    let year = number(year)?;
    instant(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// `YYYYMMDDhhmmssZ`; a fraction of a second is cut off.
pub(crate) fn parse_generalized(digits: &[u8]) -> Option<FileTime> {
    let (year, rest) = digits.split_at_checked(4)?;
    instant(number(year)?, rest)
}

fn instant(year: i64, rest: &[u8]) -> Option<FileTime> {
    let digits = rest.strip_suffix(b"Z")?;
    let digits = digits.split(|octet| *octet == b'.').next()?;
    let field = |index: usize| digits.get(2 * index..2 * index + 2).and_then(number);
    let (month, day, hour, minute) = (field(0)?, field(1)?, field(2)?, field(3)?);
    let second = match digits.len() {
        8 => 0,
        10 => field(4)?,
        _ => return None,
    };
    let in_range = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(FileTime::from_unix_seconds(seconds))
}

fn number(digits: &[u8]) -> Option<i64> {
    let all_digits = digits.iter().all(u8::is_ascii_digit);
    all_digits.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 of a date of the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_and_print() {
        let check = |text: &str, wire: &str| {
            let parsed = if wire.len() == 13 { parse_utc(wire.as_bytes()) } else { parse_generalized(wire.as_bytes()) };
            let parsed = parsed.unwrap();
            assert_eq!(format!("{parsed}"), text);
            assert_eq!(format(parsed).1, wire);
        };
        check("1950-01-01T00:00:00Z", "500101000000Z");
        check("2000-02-29T23:59:59Z", "000229235959Z");
        check("2026-03-02T08:00:00Z", "260302080000Z");
        check("2049-12-31T23:59:59Z", "491231235959Z");
        check("2050-01-01T00:00:00Z", "20500101000000Z");
        check("9999-12-31T23:59:59Z", "99991231235959Z");
    }

    #[test]
    fn odd_forms_are_read_and_wrong_ones_are_not() {
        assert_eq!(parse_utc(b"2603020800Z"), parse_utc(b"260302080000Z"));
        assert_eq!(parse_generalized(b"20260302080000.5Z"), parse_utc(b"260302080000Z"));
        for wrong in ["", "Z", "260302080000", "260302080000+0100", "261302080000Z", "260230080000Z", "2603020800000Z"]
        {
            assert_eq!(parse_utc(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(parse_generalized(b"00000000000000Z"), None);
    }
}
