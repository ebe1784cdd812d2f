//! The answer to reset (ISO 7816-3 chapter 8).

use alloc::vec::Vec;
use core::fmt;

/// An answer to reset whose structure is sound: TS, interface bytes, historical bytes and check byte all fit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Atr(Vec<u8>);

/// Why bytes are not an answer to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtrError {
    /// Not between 2 and 33 bytes.
    Length {
        /// Number of bytes there were.
        found: usize,
    },
    /// The first byte is neither 3B nor 3F.
    Convention {
        /// The first byte.
        found: u8,
    },
    /// The interface bytes and historical bytes announced do not fit the number of bytes.
    Structure {
        /// Bytes announced, check byte included.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// The check byte TCK is not the exclusive-or of all bytes after TS.
    CheckByte {
        /// What TCK should be.
        expected: u8,
        /// What it is.
        found: u8,
    },
}

impl fmt::Display for AtrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "an ATR has 2 to 33 bytes, this has {found}"),
            Self::Convention { found } => write!(f, "an ATR begins with 3B or 3F, this begins with {found:02X}"),
            Self::Structure { expected, found } => {
                write!(f, "the interface bytes announce an ATR of {expected} bytes, this has {found}")
            }
            Self::CheckByte { expected, found } => {
                write!(f, "the check byte must be {expected:02X}, not {found:02X}")
            }
        }
    }
}

impl core::error::Error for AtrError {}

impl Atr {
    /// Reads an answer to reset.
    ///
    /// # Errors
    /// The first violation of ISO 7816-3.
    pub fn parse(bytes: &[u8]) -> Result<Self, AtrError> {
        let length = AtrError::Length { found: bytes.len() };
        if bytes.len() > 33 {
            return Err(length);
        }
        let &[ts, t0, ref rest @ ..] = bytes else { return Err(length) };
        if !matches!(ts, 0x3B | 0x3F) {
            return Err(AtrError::Convention { found: ts });
        }
        let mut interface = 0;
        let mut needs_check = false;
        let mut announce = t0;
        // Each TDi announces the next group; an ATR of 33 bytes has room for no more than this.
        for _ in 0..bytes.len() {
            interface += (announce >> 4).count_ones() as usize;
            if announce & 0x80 == 0 {
                break;
            }
            let Some(&td) = rest.get(interface - 1) else { break };
            needs_check |= td & 0x0F != 0;
            announce = td;
        }
        let expected = 2 + interface + usize::from(t0 & 0x0F) + usize::from(needs_check);
        if expected != bytes.len() {
            return Err(AtrError::Structure { expected, found: bytes.len() });
        }
        if needs_check {
            let (&found, checked) = rest.split_last().ok_or(length)?;
            let expected = checked.iter().fold(t0, |sum, byte| sum ^ byte);
            if expected != found {
                return Err(AtrError::CheckByte { expected, found });
            }
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The ATR `3B 8n 80 01` that announces T=1, with these historical bytes (at most 15 are taken) and the check byte.
    #[must_use]
    pub fn t1(historical: &[u8]) -> Self {
        let historical = &historical[..historical.len().min(15)];
        let mut bytes = alloc::vec![0x3B, 0x80 | historical.len() as u8, 0x80, 0x01];
        bytes.extend_from_slice(historical);
        bytes.push(bytes[1..].iter().fold(0, |sum, byte| sum ^ byte));
        Self(bytes)
    }

    /// All bytes, TS first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(i, byte)| {
            let blank = if i == 0 { "" } else { " " };
            write!(f, "{blank}{byte:02X}")
        })
    }
}

impl fmt::Debug for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atr({self})")
    }
}
