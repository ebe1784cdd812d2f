//! What a card says about itself.

use autoenroll_apdu::gids::{ContainerFlags, ContainerMap, FileId, KeyMap, KeyMapRecord, MasterFile, commands, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_model::{CardDescription, ContainerView, ProviderDialogs};

use super::container::has_key;
use super::transaction::{CardTransaction, certificate_object, key_record};
use crate::script::Halt;

/// Reads containers, free records and PIN status. It writes nothing and needs no PIN.
pub(crate) fn describe(
    card: &mut CardTransaction<'_>,
    max_containers: u8,
    dialogs: ProviderDialogs,
) -> Result<CardDescription, Halt> {
    let tries_left = tries_left(card)?;
    let map = card.container_map()?;
    let keys = card.key_map()?;
    let master = card.master_file()?;
    Ok(CardDescription {
        free_containers: free_containers(&map, max_containers),
        tries_left,
        containers: containers(card, &map, &keys, &master)?,
        dialogs,
    })
}

fn tries_left(card: &mut CardTransaction<'_>) -> Result<Option<u8>, Halt> {
    let status = card.read(FileId::APPLICATION, tag::PIN_STATUS)?;
    Ok(match tlv::find(&status.unwrap_or_default(), tag::RETRIES_LEFT) {
        Ok(Some(&[tries])) => Some(tries),
        _ => None,
    })
}

/// The containers that are finished; see [`has_key`]. Of several that a faulty card flags as default, the first counts.
fn containers(
    card: &mut CardTransaction<'_>,
    map: &ContainerMap,
    keys: &KeyMap,
    master: &MasterFile,
) -> Result<Vec<ContainerView>, Halt> {
    let mut views = Vec::new();
    for (index, record) in (0_u8..).zip(&map.0).filter(|(_, record)| has_key(record)) {
        let has_certificate = match certificate_object(master, index) {
            Some((file, object)) => holds_something(card, file, object)?,
            None => false,
        };
        views.push(ContainerView {
            index,
            name: record.name.as_str().to_owned(),
            default: record.flags == ContainerFlags::Default && map.default_index() == Some(usize::from(index)),
            has_key: matches!(key_record(keys, index), KeyMapRecord::Used { .. }),
            has_certificate,
        });
    }
    Ok(views)
}

/// Whether a data object is there and not empty. Its beginning tells, so the rest is not fetched.
fn holds_something(card: &mut CardTransaction<'_>, file: FileId, object: Tag) -> Result<bool, Halt> {
    let response = card.transmit(&commands::get_data(file, object))?;
    let answered = response.sw.is_ok() || response.sw.remaining().is_some();
    Ok(answered && response.data.len() > tlv::encoded_len(object, 0))
}

/// A container whose making was cut short takes up room, too.
fn free_containers(map: &ContainerMap, max_containers: u8) -> u16 {
    let used = map.0.iter().filter(|record| record.flags.is_valid()).count();
    u16::from(max_containers).saturating_sub(u16::try_from(used).unwrap_or(u16::MAX))
}
