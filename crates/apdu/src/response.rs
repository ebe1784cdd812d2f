//! The response APDU and its status word.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

/// One response APDU: the data, then SW1 SW2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Response {
    /// Response data field, possibly empty.
    pub data: Vec<u8>,
    /// The two status bytes.
    pub sw: StatusWord,
}

/// Fewer than two bytes came back, so there is no status word. Readers report a card that was pulled in the middle of a
/// command this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTooShort {
    /// Number of bytes there were: 0 or 1.
    pub found: usize,
}

impl fmt::Display for ResponseTooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a response has at least the 2 status bytes, these are {}; treat the card as gone", self.found)
    }
}

impl core::error::Error for ResponseTooShort {}

impl Response {
    /// A response with data and 9000.
    #[must_use]
    pub fn ok(data: impl Into<Vec<u8>>) -> Self {
        Self { data: data.into(), sw: StatusWord::OK }
    }

    /// A response without data.
    #[must_use]
    pub const fn status(sw: StatusWord) -> Self {
        Self { data: Vec::new(), sw }
    }

    /// Reads a response APDU.
    ///
    /// # Errors
    /// When there are fewer than two bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ResponseTooShort> {
        let (data, &[sw1, sw2]) = bytes.split_last_chunk::<2>().ok_or(ResponseTooShort { found: bytes.len() })?;
        Ok(Self { data: data.to_vec(), sw: StatusWord(u16::from_be_bytes([sw1, sw2])) })
    }

    /// The data followed by the status word.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 2);
        out.extend_from_slice(&self.data);
        out.extend_from_slice(&self.sw.0.to_be_bytes());
        out
    }
}

/// SW1 SW2, with the meanings of ISO 7816-4 table 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// 9000: done.
    pub const OK: Self = Self(0x9000);
    /// 6285: the selected file (for GIDS: the application) was terminated.
    pub const TERMINATED: Self = Self(0x6285);
    /// 6300: authentication failed, no counter given.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// 6700: wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// 6883: the last command of a chain was expected.
    pub const CHAIN_NOT_ENDED: Self = Self(0x6883);
    /// 6981: the command does not fit the file's structure.
    pub const INCOMPATIBLE_FILE: Self = Self(0x6981);
    /// 6982: security status not satisfied.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// 6983: authentication method blocked.
    pub const BLOCKED: Self = Self(0x6983);
    /// 6984: reference data not usable.
    pub const REFERENCE_NOT_USABLE: Self = Self(0x6984);
    /// 6985: conditions of use not satisfied.
    pub const CONDITIONS_OF_USE: Self = Self(0x6985);
    /// 6986: command not allowed.
    pub const NOT_ALLOWED: Self = Self(0x6986);
    /// 6A80: incorrect parameters in the data field.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// 6A81: function not supported.
    pub const NOT_SUPPORTED: Self = Self(0x6A81);
    /// 6A82: file or application not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// 6A84: not enough memory space.
    pub const NO_SPACE: Self = Self(0x6A84);
    /// 6A86: incorrect P1 P2.
    pub const WRONG_P1P2: Self = Self(0x6A86);
    /// 6A88: referenced data or key not found.
    pub const REFERENCE_NOT_FOUND: Self = Self(0x6A88);
    /// 6A89: the file exists already.
    pub const FILE_EXISTS: Self = Self(0x6A89);
    /// 6D00: instruction not supported.
    pub const INS_NOT_SUPPORTED: Self = Self(0x6D00);
    /// 6E00: class not supported.
    pub const CLA_NOT_SUPPORTED: Self = Self(0x6E00);
    /// 6F00: no precise diagnosis.
    pub const UNKNOWN: Self = Self(0x6F00);

    /// 63Cx: verification failed, with this many retries left; more than 15 are written as 15.
    #[must_use]
    pub const fn retries_left(retries: u8) -> Self {
        Self(0x63C0 | if retries > 15 { 15 } else { retries as u16 })
    }

    /// 61xx: `remaining` further bytes wait for GET RESPONSE; 256 or more are written 6100.
    #[must_use]
    pub const fn more(remaining: usize) -> Self {
        Self(0x6100 | if remaining > 255 { 0 } else { remaining as u16 })
    }

    /// The first status byte.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// The second status byte.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Whether this is 9000.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == Self::OK.0
    }

    /// The retry counter that 63Cx carries.
    #[must_use]
    pub const fn retries(self) -> Option<u8> {
        if self.0 & 0xFFF0 == 0x63C0 { Some(self.sw2() & 0x0F) } else { None }
    }

    /// The length that 61xx announces: 1 to 256.
    #[must_use]
    pub const fn remaining(self) -> Option<u32> {
        match (self.sw1(), self.sw2()) {
            (0x61, 0) => Some(256),
            (0x61, n) => Some(n as u32),
            _ => None,
        }
    }

    /// The Le that 6Cxx asks for: 1 to 256.
    #[must_use]
    pub const fn exact_le(self) -> Option<u32> {
        match (self.sw1(), self.sw2()) {
            (0x6C, 0) => Some(256),
            (0x6C, n) => Some(n as u32),
            _ => None,
        }
    }

    /// Whether ISO 7816-4 table 5 and 6 allow this value; everything else is proprietary or invalid.
    #[must_use]
    pub const fn is_iso(self) -> bool {
        match (self.sw1(), self.sw2()) {
            (0x90 | 0x67 | 0x6B | 0x6D | 0x6E | 0x6F, sw2) => sw2 == 0,
            (0x61..=0x66 | 0x6C, _) => true,
            (0x68, sw2) => sw2 == 0 || (0x81 <= sw2 && sw2 <= 0x84),
            (0x69, sw2) => sw2 == 0 || (0x81 <= sw2 && sw2 <= 0x88),
            (0x6A, sw2) => sw2 == 0 || (0x80 <= sw2 && sw2 <= 0x8A),
            _ => false,
        }
    }

    /// The meaning in words, for people who read traces.
    #[must_use]
    pub fn describe(self) -> Cow<'static, str> {
        if let Some(retries) = self.retries() {
            return match retries {
                0 => Cow::Borrowed("verification failed, no tries left"),
                1 => Cow::Borrowed("verification failed, 1 try left"),
                n => Cow::Owned(format!("verification failed, {n} tries left")),
            };
        }
        if let Some(n) = self.remaining() {
            return Cow::Owned(format!("{n} bytes available"));
        }
        if let Some(n) = self.exact_le() {
            return Cow::Owned(format!("wrong Le, {n} is right"));
        }
        Cow::Borrowed(match self.0 {
            0x9000 => "ok",
            0x6281 => "part of the returned data may be corrupted",
            0x6282 => "end of file reached",
            0x6283 => "selected file deactivated",
            0x6285 => "selected file terminated",
            0x6300 => "authentication failed",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6881 => "logical channel not supported",
            0x6882 => "secure messaging not supported",
            0x6883 => "last command of the chain expected",
            0x6884 => "command chaining not supported",
            0x6900 => "command not allowed",
            0x6981 => "command incompatible with file structure",
            0x6982 => "security status not satisfied",
            0x6983 => "authentication method blocked",
            0x6984 => "reference data not usable",
            0x6985 => "conditions of use not satisfied",
            0x6986 => "command not allowed here",
            0x6A80 => "incorrect data field",
            0x6A81 => "function not supported",
            0x6A82 => "file or application not found",
            0x6A83 => "record not found",
            0x6A84 => "not enough memory space",
            0x6A86 => "incorrect P1 P2",
            0x6A88 => "referenced data not found",
            0x6A89 => "file already exists",
            0x6A8A => "DF name already exists",
            0x6B00 => "wrong P1 P2",
            0x6D00 => "instruction not supported",
            0x6E00 => "class not supported",
            0x6F00 => "no precise diagnosis",
            _ if self.is_iso() => "status without a name in ISO 7816-4",
            _ => "not a status word of ISO 7816-4",
        })
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({:04X})", self.0)
    }
}
