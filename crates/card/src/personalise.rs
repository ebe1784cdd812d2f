//! Laying out an initialised card without APDUs: the same file system that the commands would have made.

use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::gids::{ContainerName, KeyKind, LayoutError};
use autoenroll_keys::{KeyAlgorithm, PrivateKey};

/// What a card is given before it is handed out.
#[derive(Clone)]
pub struct Personalisation {
    /// The PIN, of a length that the profile allows.
    pub pin: Vec<u8>,
    /// The admin key: three DES keys. On a PIV card the management key; one with another algorithm takes as many of
    /// these bytes as it needs, beginning again after the last.
    pub admin_key: [u8; 24],
    /// The card identifier, on a PIV card the GUID in its CHUID; the serial of the chip when it is `None`.
    pub card_id: Option<[u8; 16]>,
    /// Containers that are on the card already, from index 0 on.
    pub containers: Vec<ContainerSpec>,
}

/// A container to lay out.
#[derive(Clone)]
pub struct ContainerSpec {
    /// As hosts will see it in the container map.
    pub name: ContainerName,
    /// What its key is for.
    pub kind: KeyKind,
    /// Where its key comes from.
    pub key: KeySource,
    /// Its certificate, DER, at most 65,535 bytes.
    pub certificate: Option<Vec<u8>>,
    /// Whether it becomes the default container; every other one then loses the flag.
    pub default: bool,
}

/// Where a key comes from.
#[derive(Clone)]
pub enum KeySource {
    /// The card generates it, as it would on command.
    Generate(KeyAlgorithm),
    /// It is imported.
    Import(PrivateKey),
}

/// Why a card could not be laid out. What was written before the error stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonaliseError {
    /// The card has files already, or is not in the creation state.
    NotBlank,
    /// The card has no file system: personalise it first.
    NotInitialised,
    /// The PIN has a length that the profile does not allow.
    PinLength {
        /// Its length in bytes.
        found: usize,
    },
    /// The card takes digits alone.
    PinDigits,
    /// A PUK has 6 to 8 bytes other than FF.
    Puk {
        /// Its length in bytes.
        found: usize,
    },
    /// The card does not have the key's algorithm.
    Algorithm {
        /// The algorithm asked for.
        found: KeyAlgorithm,
    },
    /// No container is free.
    NoFreeContainer,
    /// Not enough memory.
    NoSpace {
        /// Bytes needed.
        needed: usize,
        /// Bytes free.
        free: usize,
    },
    /// No container in use has this index.
    NoContainer {
        /// Where in the container map it was looked for.
        index: u8,
    },
    /// The certificate is longer than its file can state.
    CertificateTooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// The file system on the card is not what it should be.
    Layout(LayoutError),
}

impl fmt::Display for PersonaliseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBlank => f.write_str("the card is not blank; personalise a new one"),
            Self::NotInitialised => f.write_str("the card has no file system; personalise it first"),
            Self::PinLength { found } => write!(f, "the profile allows no PIN of {found} bytes"),
            Self::PinDigits => f.write_str("a PIN of this card is digits"),
            Self::Puk { found } => write!(f, "a PUK of this card has 6 to 8 bytes, this has {found}"),
            Self::Algorithm { found } => write!(f, "the profile has no {found} keys"),
            Self::NoFreeContainer => f.write_str("the card holds no further container"),
            Self::NoSpace { needed, free } => write!(f, "{needed} bytes are needed, {free} are free"),
            Self::NoContainer { index } => write!(f, "there is no container {index}"),
            Self::CertificateTooLong { found } => {
                write!(f, "a certificate of {found} bytes; at most 65535 can be stored")
            }
            Self::Layout(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for PersonaliseError {}

impl From<LayoutError> for PersonaliseError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

impl Personalisation {
    /// A card without containers, whose identifier is the serial of the chip.
    #[must_use]
    pub fn new(pin: &[u8], admin_key: [u8; 24]) -> Self {
        Self { pin: pin.to_vec(), admin_key, card_id: None, containers: Vec::new() }
    }

    /// The same with one more container.
    #[must_use]
    pub fn with_container(mut self, container: ContainerSpec) -> Self {
        self.containers.push(container);
        self
    }
}

impl ContainerSpec {
    /// A key-exchange container with a generated key, without certificate, not the default.
    #[must_use]
    pub const fn generated(name: ContainerName, algorithm: KeyAlgorithm) -> Self {
        Self { name, kind: KeyKind::Exchange, key: KeySource::Generate(algorithm), certificate: None, default: false }
    }
}
