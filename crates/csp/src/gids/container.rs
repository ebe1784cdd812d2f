//! Containers as a whole: the default flag, and deleting one with all that belongs to it.

use autoenroll_apdu::gids::{ContainerMap, ContainerRecord, KeyMapRecord, MasterFile};
use autoenroll_model::HResult;

use super::certificate;
use super::transaction::{CardTransaction, key_record};
use crate::script::Halt;

/// Moves the default flag to a container. The map is written whole, so at no moment are there two default containers.
pub(crate) fn set_default(card: &mut CardTransaction<'_>, name: &str) -> Result<(), Halt> {
    let (mut map, index) = card.find_container(name)?;
    if !has_key(&map.0[usize::from(index)]) {
        return Err(Halt::Failed(HResult::NTE_NO_KEY));
    }
    let before = map.clone();
    map.set_default(usize::from(index));
    if map == before {
        return Ok(());
    }
    card.files_change()?;
    card.write_container_map(&map)
}

/// Deletes a container: its record, key and certificate. Another container becomes the default when this one was
/// (Windows documentation, "Smart Card Architecture": an arbitrary one; here the first).
pub(crate) fn delete(card: &mut CardTransaction<'_>, name: &str) -> Result<(), Halt> {
    let (map, index) = card.find_container(name)?;
    let master = card.master_file()?;
    release(card, map, master, index)
}

/// Zeroes the record of a container and deletes its key and certificate, as far as they are there. Record before key
/// before certificate: cut short, it leaves files behind that no container names, and [`super::generate`] clears them
/// away.
pub(crate) fn release(
    card: &mut CardTransaction<'_>,
    mut map: ContainerMap,
    mut master: MasterFile,
    index: u8,
) -> Result<(), Halt> {
    let was_default = map.default_index() == Some(usize::from(index));
    map.0[usize::from(index)] = ContainerRecord::default();
    // K8.3.delete-default
    if was_default && let Some(heir) = map.0.iter().position(has_key) {
        map.set_default(heir);
    }
    card.files_change()?;
    card.write_container_map(&map)?;

    let mut keys = card.key_map()?;
    if let KeyMapRecord::Used { file, .. } = key_record(&keys, index) {
        card.containers_change()?;
        card.delete_key_file(file)?;
        keys.0[usize::from(index)] = KeyMapRecord::Free;
        card.write_key_map(&keys)?;
    }
    certificate::remove(card, &mut master, index)
}

/// Whether a valid container states the size of a key. Hosts claim a record first and state the size last, so one
/// without is a container whose making was cut short; readers pass it over.
pub(crate) fn has_key(record: &ContainerRecord) -> bool {
    record.flags.is_valid() && (record.exchange_bits != 0 || record.signature_bits != 0)
}
