//! Texts that are instants or bytes.

use autoenroll_model::FileTime;

/// An instant in RFC 3339 with an offset; `None` for anything else and for what a FILETIME cannot say exactly.
#[must_use]
pub fn parse(text: &str) -> Option<FileTime> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    let nanoseconds = stamp.as_nanosecond();
    let ticks = nanoseconds.div_euclid(100);
    let since_1601 = ticks.checked_add(i128::from(FileTime::UNIX_EPOCH.0))?;
    if nanoseconds.rem_euclid(100) != 0 {
        return None;
    }
    u64::try_from(since_1601).ok().map(FileTime)
}

/// Bytes in hexadecimal, with blanks and colons between them where the author likes.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    autoenroll_model::hex::decode(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_exact() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).map(|instant| instant.to_string()).as_deref(), expected, "{text}");
        };
        check("2026-03-02T08:00:00Z", Some("2026-03-02T08:00:00Z"));
        check("2026-03-02T09:00:00+01:00", Some("2026-03-02T08:00:00Z"));
        check("2026-03-02T08:00:00.0000001Z", Some("2026-03-02T08:00:00.0000001Z"));
        check("2026-03-02T08:00:00.00000001Z", None);
        check("2026-03-02T08:00:00", None);
        check("1500-01-01T00:00:00Z", None);
        check("8h", None);
    }

    #[test]
    fn bytes_may_have_blanks() {
        assert_eq!(hex("3B 8f:80"), Some(vec![0x3B, 0x8F, 0x80]));
        assert_eq!(hex("3B8"), None);
    }
}
