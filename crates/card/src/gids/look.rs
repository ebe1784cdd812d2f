//! Looking into a GIDS application: what its files say, judged by nobody.

use alloc::vec::Vec;

use autoenroll_apdu::gids::{
    CertificateFile, ContainerFlags, ContainerMap, ContainerRecord, FileId, KeyKind, KeyMap, KeyMapRecord, LayoutError,
    MasterFile, certificate_file_name, tag,
};
use autoenroll_keys::PrivateKey;

use super::{Content, Gids};
use crate::look::{CardState, CertificateState, ContainerState, KeyState, LifeCycle, PinState};

impl Gids {
    /// What is on the card and what its session has proved.
    pub(crate) fn look(&self) -> CardState {
        let gids = self;
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
            puk: None,
            user: gids.volatile.user,
            admin: gids.volatile.admin,
            default_container: containers.iter().find(|container| container.default).map(|container| container.index),
            containers,
            free_containers: gids.chip.profile.capacity.containers.saturating_sub(used),
            free_bytes: u32::try_from(gids.free_bytes()).unwrap_or(u32::MAX),
            faults,
        }
    }
    /// The admin key itself.
    pub(crate) fn admin_key(&self) -> Option<&[u8]> {
        match &self.files.get(FileId::ADMIN_KEY)?.content {
            Content::AdminKey(key) => key.as_ref().map(|key| &key.bytes()[..]),
            _ => None,
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
                listed: true,
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
