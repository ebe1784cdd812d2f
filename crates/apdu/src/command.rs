//! The command APDU of ISO 7816-4, in its short and extended forms.

use alloc::vec::Vec;
use core::fmt;

/// One command APDU.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Command {
    /// Class byte; bit 0x10 says that more commands of the same chain follow.
    pub cla: u8,
    /// Instruction byte, see [`ins`].
    pub ins: u8,
    /// First parameter byte.
    pub p1: u8,
    /// Second parameter byte.
    pub p2: u8,
    /// Command data field, at most 65,535 bytes in one APDU; a longer one has to be cut by [`crate::pieces`] first.
    pub data: Vec<u8>,
    /// Largest answer wanted, 1 to 65,536 bytes; `None` when the Le field is absent.
    pub le: Option<u32>,
}

/// Instruction bytes of ISO 7816-4, 7816-8 and 7816-9 that cards of this project know.
#[expect(missing_docs, reason = "each constant is the standard's own name of the command")]
pub mod ins {
    pub const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
    pub const CHANGE_REFERENCE_DATA: u8 = 0x24;
    pub const VERIFY: u8 = 0x20;
    pub const PERFORM_SECURITY_OPERATION: u8 = 0x2A;
    pub const RESET_RETRY_COUNTER: u8 = 0x2C;
    pub const ACTIVATE_FILE: u8 = 0x44;
    pub const GENERATE_ASYMMETRIC_KEY_PAIR: u8 = 0x47;
    pub const GENERAL_AUTHENTICATE: u8 = 0x87;
    pub const SELECT: u8 = 0xA4;
    pub const READ_BINARY: u8 = 0xB0;
    pub const GET_RESPONSE: u8 = 0xC0;
    /// GET DATA of one data object named by P1 P2.
    pub const GET_DATA_SIMPLE: u8 = 0xCA;
    /// GET DATA with a tag list in the data field; the only form GIDS and PIV use.
    pub const GET_DATA: u8 = 0xCB;
    pub const PUT_DATA: u8 = 0xDB;
    pub const CREATE_FILE: u8 = 0xE0;
    pub const DELETE_FILE: u8 = 0xE4;
    pub const TERMINATE_DF: u8 = 0xE6;
}

/// Why bytes are not a command APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// Fewer than the four header bytes.
    HeaderTooShort {
        /// Number of bytes there were.
        found: usize,
    },
    /// The length fields and the number of bytes contradict each other.
    LengthMismatch {
        /// Data bytes that the Lc field announces.
        lc: usize,
        /// Bytes that follow the Lc field: the data and, if present, Le.
        found: usize,
    },
    /// An extended Lc of zero, which ISO 7816-4 does not allow.
    ExtendedLcZero,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeaderTooShort { found } => write!(f, "an APDU has at least 4 bytes, these are {found}"),
            Self::LengthMismatch { lc, found } => {
                write!(f, "Lc announces {lc} data bytes, but {found} bytes follow it, which leaves no valid Le")
            }
            Self::ExtendedLcZero => f.write_str("an extended Lc must not be zero; leave Lc out instead"),
        }
    }
}

impl core::error::Error for CommandError {}

/// Why a [`Command`] cannot be written as one APDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// More than 65,535 data bytes: cut it with [`crate::pieces`].
    DataTooLong {
        /// Number of data bytes.
        found: usize,
    },
    /// Le outside 1 to 65,536.
    LeOutOfRange {
        /// The Le that was asked for.
        found: u32,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataTooLong { found } => {
                write!(f, "{found} data bytes do not fit one APDU (at most 65535); use command chaining")
            }
            Self::LeOutOfRange { found } => write!(f, "Le is {found}; it must be between 1 and 65536"),
        }
    }
}

impl core::error::Error for EncodeError {}

impl Command {
    /// A command without data and without Le.
    #[must_use]
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: Vec::new(), le: None }
    }

    /// The same command with this data field.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    /// The same command with this Le, 1 to 65,536.
    #[must_use]
    pub const fn with_le(mut self, le: u32) -> Self {
        self.le = Some(le);
        self
    }

    /// P1 and P2 as one number, as GET DATA and PUT DATA use them.
    #[must_use]
    pub const fn p1p2(&self) -> u16 {
        u16::from_be_bytes([self.p1, self.p2])
    }

    /// Whether further commands of the same chain follow (class bit 0x10).
    #[must_use]
    pub const fn is_chained(&self) -> bool {
        self.cla & 0x10 != 0
    }

    /// Reads a command APDU: cases 1, 2, 3 and 4 of ISO 7816-3, short and extended.
    ///
    /// # Errors
    /// When there is no whole header, or when the length fields contradict the number of bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommandError> {
        let &[cla, ins, p1, p2, ref body @ ..] = bytes else {
            return Err(CommandError::HeaderTooShort { found: bytes.len() });
        };
        let header = Self::new(cla, ins, p1, p2);
        match *body {
            [] => Ok(header),
            [le] => Ok(header.with_le(short_le(le))),
            [0, high, low] => Ok(header.with_le(extended_le(high, low))),
            [0, high, low, ref rest @ ..] => {
                let lc = usize::from(u16::from_be_bytes([high, low]));
                if lc == 0 {
                    return Err(CommandError::ExtendedLcZero);
                }
                let mismatch = CommandError::LengthMismatch { lc, found: rest.len() };
                let (data, le) = rest.split_at_checked(lc).ok_or(mismatch)?;
                match *le {
                    [] => Ok(header.with_data(data)),
                    [high, low] => Ok(header.with_data(data).with_le(extended_le(high, low))),
                    _ => Err(mismatch),
                }
            }
            [lc, ref rest @ ..] => {
                let lc = usize::from(lc);
                let mismatch = CommandError::LengthMismatch { lc, found: rest.len() };
                let (data, le) = rest.split_at_checked(lc).ok_or(mismatch)?;
                match *le {
                    // A short Lc of zero would be an Le, and a single zero followed by one byte is neither.
                    _ if lc == 0 => Err(mismatch),
                    [] => Ok(header.with_data(data)),
                    [le] => Ok(header.with_data(data).with_le(short_le(le))),
                    _ => Err(mismatch),
                }
            }
        }
    }

    /// Writes the APDU, in the short form when data and Le fit it and in the extended form otherwise.
    ///
    /// # Errors
    /// When the data has more than 65,535 bytes or Le is outside 1 to 65,536.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let lc = u16::try_from(self.data.len()).map_err(|_| EncodeError::DataTooLong { found: self.data.len() })?;
        if let Some(found) = self.le.filter(|le| !(1..=65_536).contains(le)) {
            return Err(EncodeError::LeOutOfRange { found });
        }
        let mut out = Vec::with_capacity(self.data.len() + 9);
        out.extend_from_slice(&[self.cla, self.ins, self.p1, self.p2]);
        match (u8::try_from(lc), self.le) {
            (Ok(lc), le) if le.is_none_or(|le| le <= 256) => {
                if lc != 0 {
                    out.push(lc);
                    out.extend_from_slice(&self.data);
                }
                // 256 is written 00: the low byte is the rule, not an accident.
                out.extend(le.map(|le| le.to_be_bytes()[3]));
            }
            (_, le) => {
                out.push(0);
                if lc != 0 {
                    out.extend_from_slice(&lc.to_be_bytes());
                    out.extend_from_slice(&self.data);
                }
                out.extend(le.into_iter().flat_map(|le| [le.to_be_bytes()[2], le.to_be_bytes()[3]]));
            }
        }
        Ok(out)
    }
}

const fn short_le(byte: u8) -> u32 {
    if byte == 0 { 256 } else { byte as u32 }
}

const fn extended_le(high: u8, low: u8) -> u32 {
    let le = u16::from_be_bytes([high, low]);
    if le == 0 { 65_536 } else { le as u32 }
}
