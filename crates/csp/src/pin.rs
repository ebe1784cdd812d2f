//! The PIN of a card.

use std::fmt;
use std::ops::RangeInclusive;

/// A PIN in clear, as the user typed it. It is not serialisable and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pin(String);

impl Pin {
    /// Any text. Whether it has the shape of a PIN is found out when it is used.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the card and no one else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The bytes for VERIFY: 4 to 16, without padding (GIDS specification); `None` when it cannot be a PIN. An empty
    /// one must never be sent, because VERIFY without data asks for the PIN state instead.
    pub(crate) fn as_verify_data(&self) -> Option<&[u8]> {
        Some(self.0.as_bytes()).filter(|bytes| (4..=16).contains(&bytes.len()))
    }

    /// The digits for VERIFY of a PIV card; `None` when it is no PIN of so many digits. What else a minidriver could do
    /// with such a PIN, the card would answer without counting it (SP 800-73-4 part 2, 3.2.1).
    pub(crate) fn as_digits(&self, lengths: &RangeInclusive<u8>) -> Option<&[u8]> {
        let length = u8::try_from(self.0.len()).ok()?;
        let fits = lengths.contains(&length) && self.0.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(self.0.as_bytes())
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_digits_nor_length() {
        assert_eq!(format!("{:?}", Pin::new("12345678")), "Pin(redacted)");
        assert_eq!(format!("{:?}", Pin::new("")), "Pin(redacted)");
    }

    #[test]
    fn only_four_to_sixteen_bytes_are_sent() {
        let check = |text: &str, sent: bool| assert_eq!(Pin::new(text).as_verify_data().is_some(), sent, "{text}");
        check("", false);
        check("123", false);
        check("1234", true);
        check("1234567890123456", true);
        check("12345678901234567", false);
    }

    #[test]
    fn a_piv_card_gets_digits_alone() {
        let check = |text: &str, sent: bool| assert_eq!(Pin::new(text).as_digits(&(6..=8)).is_some(), sent, "{text}");
        check("", false);
        check("12345", false);
        check("123456", true);
        check("12345678", true);
        check("123456789", false);
        check("12345a", false);
        check("１２３４５６", false);
    }
}
