//! Looking into a card without APDUs: for test benches, which are not bound by access conditions.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::gids::{KeyKind, KeyReference, LayoutError};
use autoenroll_keys::PublicKey;

/// Everything a test bench may want to know about a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    /// Stage of life.
    pub life_cycle: LifeCycle,
    /// The card identifier that the host wrote; `None` on a card without file system.
    pub card_id: Option<[u8; 16]>,
    /// State of the PIN.
    pub pin: PinState,
    /// State of the PUK, which PIV cards have and GIDS cards have not.
    pub puk: Option<PinState>,
    /// Whether the PIN was presented in this session.
    pub user: bool,
    /// Whether the admin key was proved in this session.
    pub admin: bool,
    /// The containers in use, by index.
    pub containers: Vec<ContainerState>,
    /// Index of the default container.
    pub default_container: Option<u8>,
    /// Whether nothing was ever written on it: it is as it left its factory.
    pub blank: bool,
    /// How many more user keys fit.
    pub free_containers: u8,
    /// Bytes still free.
    pub free_bytes: u32,
    /// What the host wrote that is not what it should be. The other fields show what could be read.
    pub faults: Vec<LayoutError>,
}

/// State of the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinState {
    /// Whether a PIN was ever set.
    pub set: bool,
    /// Wrong tries left; 0 is blocked.
    pub tries_left: u8,
    /// Tries after a right PIN.
    pub limit: u8,
}

/// One container in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerState {
    /// Index of its record in the container map.
    pub index: u8,
    /// At most 39 UTF-16 units, as the container map has it.
    pub name: String,
    /// Whether it has the default flag.
    pub default: bool,
    /// Size of the key-exchange key as the map states it, in bits.
    pub exchange_bits: u16,
    /// Size of the signature key as the map states it, in bits.
    pub signature_bits: u16,
    /// The key that the key map names; `None` when it names none.
    pub key: Option<KeyState>,
    /// The certificate file of the key's kind.
    pub certificate: Option<CertificateState>,
    /// Whether minidrivers list it. A key of a PIV card that has neither a record in the container map nor a
    /// certificate is one that nobody names: its container was deleted, or its making cut short.
    pub listed: bool,
}

/// The key of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Reference by which commands name it.
    pub reference: KeyReference,
    /// What it is for.
    pub kind: KeyKind,
    /// Its public half; `None` while the key file is absent or empty.
    pub public: Option<PublicKey>,
}

/// A certificate file.
#[derive(Clone, PartialEq, Eq)]
pub enum CertificateState {
    /// A certificate, inflated. Whether it is one is not judged here.
    Der(Vec<u8>),
    /// The file does not hold what its header says.
    Damaged,
}

impl CertificateState {
    /// The certificate, when it could be read.
    #[must_use]
    pub fn der(&self) -> Option<&[u8]> {
        match self {
            Self::Der(der) => Some(der),
            Self::Damaged => None,
        }
    }
}

impl fmt::Debug for CertificateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(der) => write!(f, "Der({} bytes)", der.len()),
            Self::Damaged => f.write_str("Damaged"),
        }
    }
}

/// Stages in the life of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LifeCycle {
    /// Being initialised: every access condition is waived.
    Creation,
    /// In use.
    Operational,
    /// Ended; every command is answered 6285.
    Terminated,
}
