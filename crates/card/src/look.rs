//! Looking into a card without APDUs: for test benches, which are not bound by access conditions.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::gids::{
    CertificateFile, ContainerFlags, ContainerMap, ContainerRecord, FileId, KeyKind, KeyMap, KeyMapRecord,
    KeyReference, LayoutError, MasterFile, certificate_file_name, tag,
};
use autoenroll_keys::{PrivateKey, PublicKey};

use crate::gids::{Content, Gids};
use crate::{Card, LifeCycle};

/// Everything a test bench may want to know about a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    /// Stage of life.
    pub life_cycle: LifeCycle,
    /// The card identifier that the host wrote; `None` on a card without file system.
    pub card_id: Option<[u8; 16]>,
    /// State of the PIN.
    pub pin: PinState,
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

impl Card {
    /// Whether the PIN was presented in this session, as [`CardState::user`] says it too.
    #[must_use]
    pub const fn is_unlocked(&self) -> bool {
        self.gids.volatile.user
    }

    /// The PIN itself, and `None` as long as none was set. For test benches: no command tells it.
    #[must_use]
    pub fn pin(&self) -> Option<&[u8]> {
        self.gids.pin.value()
    }

    /// The admin key itself, three DES keys, and `None` as long as none was set. For test benches: no command tells it.
    #[must_use]
    pub fn admin_key(&self) -> Option<[u8; 24]> {
        match &self.gids.files.get(FileId::ADMIN_KEY)?.content {
            Content::AdminKey(key) => key.as_ref().map(|key| *key.bytes()),
            _ => None,
        }
    }

    /// What is on the card and what its session has proved. Leaves no trace on the card.
    #[must_use]
    pub fn look(&self) -> CardState {
        let gids = &self.gids;
        let mut faults = Vec::new();
        let containers = containers(gids, &mut faults);
        let used = u8::try_from(gids.files.user_keys()).unwrap_or(u8::MAX);
        CardState {
            life_cycle: gids.life_cycle,
            blank: gids.life_cycle == LifeCycle::Creation && gids.files.all().next().is_none() && !gids.pin.is_set(),
            card_id: gids
                .files
                .object(FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID)
                .and_then(|id| id.try_into().ok()),
            pin: PinState {
                set: gids.pin.is_set(),
                tries_left: gids.pin.retries_left,
                limit: gids.chip.profile.pin.tries(),
            },
            user: gids.volatile.user,
            admin: gids.volatile.admin,
            default_container: containers.iter().find(|container| container.default).map(|container| container.index),
            containers,
            free_containers: gids.chip.profile.capacity.containers.saturating_sub(used),
            free_bytes: u32::try_from(gids.free_bytes()).unwrap_or(u32::MAX),
            faults,
        }
    }
}

/// The containers of the card; a record that cannot be read is left out and reported.
fn containers(gids: &Gids, faults: &mut Vec<LayoutError>) -> Vec<ContainerState> {
    let bytes = gids.files.object(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP).unwrap_or_default();
    if let Err(fault) = ContainerMap::parse(bytes) {
        faults.push(fault);
    }
    let key_map = read(gids, FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP, KeyMap::parse, faults).unwrap_or_default();
    let master =
        read(gids, FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, MasterFile::parse, faults).unwrap_or_default();
    let (rows, _) = bytes.as_chunks::<{ ContainerRecord::LEN }>();
    let records = (0..=u8::MAX).zip(rows).filter_map(|(index, row)| Some((index, ContainerRecord::parse(row)?)));
    records
        .filter(|(_, record)| record.flags.is_valid())
        .map(|(index, record)| {
            let key = key_map.0.get(usize::from(index)).and_then(|entry| key(gids, *entry));
            let stated = if record.signature_bits > 0 { KeyKind::Signature } else { KeyKind::Exchange };
            let kind = key.as_ref().map_or(stated, |key| key.kind);
            ContainerState {
                index,
                name: record.name.as_str().into(),
                default: record.flags == ContainerFlags::Default,
                exchange_bits: record.exchange_bits,
                signature_bits: record.signature_bits,
                key,
                certificate: certificate(gids, &master, kind, index),
            }
        })
        .collect()
}

/// A logical file that may be absent; what cannot be read counts as absent and is reported.
fn read<T>(
    gids: &Gids,
    file: FileId,
    object: autoenroll_apdu::tlv::Tag,
    parse: impl Fn(&[u8]) -> Result<T, LayoutError>,
    faults: &mut Vec<LayoutError>,
) -> Option<T> {
    parse(gids.files.object(file, object)?).map_err(|fault| faults.push(fault)).ok()
}

fn key(gids: &Gids, entry: KeyMapRecord) -> Option<KeyState> {
    let KeyMapRecord::Used { kind, file, .. } = entry else { return None };
    let public = gids.files.get(file).and_then(|file| match &file.content {
        Content::UserKey { key, .. } => key.as_ref().map(PrivateKey::public).cloned(),
        _ => None,
    });
    Some(KeyState { reference: file.key_reference()?, kind, public })
}

fn certificate(gids: &Gids, master: &MasterFile, kind: KeyKind, container: u8) -> Option<CertificateState> {
    let (file, object) = master.find("mscp", certificate_file_name(kind, container).as_str())?;
    let bytes = gids.files.object(file, object).filter(|bytes| !bytes.is_empty())?;
    let der = CertificateFile::parse(bytes).ok().and_then(|file| inflate(&file));
    Some(der.map_or(CertificateState::Damaged, CertificateState::Der))
}

/// Inflates, never beyond the length that the header states.
fn inflate(file: &CertificateFile<'_>) -> Option<Vec<u8>> {
    let length = usize::from(file.certificate_len);
    let der = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(file.zlib, length).ok()?;
    (der.len() == length).then_some(der)
}
