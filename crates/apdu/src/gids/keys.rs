//! Algorithm identifiers and key references.

use core::fmt;

use super::FileId;

/// One byte that names a key; the key's file is B000 plus this.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyReference(pub u8);

impl KeyReference {
    /// 80: the admin key, and in PIN commands the PIN.
    pub const ADMIN: Self = Self(0x80);
    /// 81: the first user key.
    pub const FIRST: Self = Self(0x81);

    /// The key's file.
    #[must_use]
    pub const fn file(self) -> FileId {
        FileId(0xB000 | self.0 as u16)
    }

    /// The key that hosts give the container with this index; `None` beyond 126, where references end.
    #[must_use]
    pub const fn of_container(index: u8) -> Option<Self> {
        if index <= 0x7E { Some(Self(0x81 + index)) } else { None }
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyReference({self})")
    }
}

/// Low nibble of an algorithm byte.
///
/// The GIDS specification numbers the elliptic curves 0A to 0E by size, 192 to 521; hosts in the field use RSA only.
#[expect(missing_docs, reason = "each variant is the algorithm's own name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    Rsa1024 = 0x06,
    Rsa2048 = 0x07,
    Rsa3072 = 0x08,
    Rsa4096 = 0x09,
    Ecc192 = 0x0A,
    Ecc224 = 0x0B,
    Ecc256 = 0x0C,
    Ecc384 = 0x0D,
    Ecc521 = 0x0E,
}

impl Algorithm {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Rsa1024,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Ecc192,
        Self::Ecc224,
        Self::Ecc256,
        Self::Ecc384,
        Self::Ecc521,
    ];

    /// The algorithm in the low nibble of this byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.number() == byte & 0x0F)
    }

    /// The number, 06 to 0E.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Key size in bits, as the container map states it.
    #[must_use]
    pub const fn bits(self) -> u16 {
        match self {
            Self::Rsa1024 => 1024,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::Ecc192 => 192,
            Self::Ecc224 => 224,
            Self::Ecc256 => 256,
            Self::Ecc384 => 384,
            Self::Ecc521 => 521,
        }
    }

    /// Whether this is an RSA size.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa1024 | Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The name used in traces and scenarios, such as `rsa-2048` or `ecc-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa1024 => "rsa-1024",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Ecc192 => "ecc-192",
            Self::Ecc224 => "ecc-224",
            Self::Ecc256 => "ecc-256",
            Self::Ecc384 => "ecc-384",
            Self::Ecc521 => "ecc-521",
        }
    }
}

/// High nibble of an algorithm byte: what the card does around the bare key operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Padding {
    /// 0: decipher, nothing removed.
    RawDecipher = 0x00,
    /// 1: sign a block that the host padded; for an elliptic-curve key, sign a hash.
    RawSign = 0x10,
    /// 4: decipher and remove PKCS#1 v1.5 padding.
    Pkcs1Decipher = 0x40,
    /// 5: add PKCS#1 v1.5 padding and sign.
    Pkcs1Sign = 0x50,
    /// 8: decipher and remove OAEP padding (SHA-1, empty label).
    OaepDecipher = 0x80,
}

impl Padding {
    /// The padding in the high nibble of this byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte & 0xF0 {
            0x00 => Some(Self::RawDecipher),
            0x10 => Some(Self::RawSign),
            0x40 => Some(Self::Pkcs1Decipher),
            0x50 => Some(Self::Pkcs1Sign),
            0x80 => Some(Self::OaepDecipher),
            _ => None,
        }
    }

    /// The algorithm byte for this padding and that algorithm.
    #[must_use]
    pub const fn with(self, algorithm: Algorithm) -> u8 {
        self as u8 | algorithm.number()
    }

    /// The name used in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawDecipher | Self::RawSign => "raw",
            Self::Pkcs1Decipher | Self::Pkcs1Sign => "pkcs1",
            Self::OaepDecipher => "oaep",
        }
    }
}

/// What a container's key is for, as the key map states it (byte 5 of a record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// 9A: key exchange (`AT_KEYEXCHANGE`), may also sign; certificate in `kxcNN`.
    Exchange = 0x9A,
    /// 9C: signature only (`AT_SIGNATURE`); certificate in `kscNN`.
    Signature = 0x9C,
}

impl KeyKind {
    /// The kind this byte states.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x9A => Some(Self::Exchange),
            0x9C => Some(Self::Signature),
            _ => None,
        }
    }

    /// Start of the name of its certificate file.
    #[must_use]
    pub const fn file_prefix(self) -> &'static str {
        match self {
            Self::Exchange => "kxc",
            Self::Signature => "ksc",
        }
    }
}
