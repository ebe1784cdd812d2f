//! Certificate files: `mscp\kxcNN` and `mscp\kscNN`.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use super::{FileName, KeyKind};

/// A compressed certificate as the card keeps it: 01 00, length of the certificate (LE16), zlib stream (RFC 1950).
///
/// Compression itself is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateFile<'a> {
    /// Length of the certificate in bytes, once inflated.
    pub certificate_len: u16,
    /// Header, deflated data and Adler-32 (RFC 1950), not inflated.
    pub zlib: &'a [u8],
}

/// Why bytes are not a certificate file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFileError {
    /// Fewer than the four bytes of the header.
    TooShort {
        /// Number of bytes there were.
        found: usize,
    },
    /// The file does not begin with 01 00. A bare certificate begins with 30 82.
    Marker {
        /// The first two bytes.
        found: [u8; 2],
    },
}

impl fmt::Display for CertificateFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { found } => write!(f, "a certificate file has at least 4 bytes, this has {found}"),
            Self::Marker { found: [a, b] } => write!(f, "a certificate file begins with 01 00, not {a:02X} {b:02X}"),
        }
    }
}

impl core::error::Error for CertificateFileError {}

impl<'a> CertificateFile<'a> {
    /// Reads header and stream.
    ///
    /// # Errors
    /// When the header is not there.
    pub const fn parse(bytes: &'a [u8]) -> Result<Self, CertificateFileError> {
        match *bytes {
            [0x01, 0x00, l0, l1, ref zlib @ ..] => Ok(Self { certificate_len: u16::from_le_bytes([l0, l1]), zlib }),
            [a, b, _, _, ..] => Err(CertificateFileError::Marker { found: [a, b] }),
            _ => Err(CertificateFileError::TooShort { found: bytes.len() }),
        }
    }

    /// Writes header and stream.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let [l0, l1] = self.certificate_len.to_le_bytes();
        [&[0x01, 0x00, l0, l1], self.zlib].concat()
    }
}

/// Name of the certificate file of the container with this index: `kxc00`, `ksc0A`.
///
/// The number is written as two upper-case hexadecimal digits. Some hosts write it in decimal; the two agree up to
/// container 9.
#[must_use]
pub fn certificate_file_name(kind: KeyKind, container: u8) -> FileName {
    let name = format!("{}{container:02X}", kind.file_prefix());
    FileName::new(&name).expect("three letters and two digits are a file name")
}
