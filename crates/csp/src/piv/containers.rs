//! Containers: those of the container map, and slots with a certificate that no record names.

use autoenroll_apdu::piv::{PivContainer, PivContainerMap, Slot, guid_of_chuid, nameless_container, tag};
use autoenroll_model::HResult;

use super::transaction::PivTransaction;
use crate::minidriver::{DefaultContainer, Minidriver};
use crate::script::Halt;

/// Flags of a record, as in the container map of GIDS cards.
pub(crate) mod flag {
    pub(crate) const VALID: u8 = 0x01;
    pub(crate) const DEFAULT: u8 = 0x02;
}

/// A container as a minidriver lists it.
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) slot: Slot,
    /// Bits of its key, as its record says; `None` without a record.
    pub(crate) bits: Option<u16>,
    pub(crate) default: bool,
    pub(crate) has_certificate: bool,
}

/// The slots whose certificates every host of PIV cards reads.
const STANDARD: [Slot; 4] = [Slot::AUTHENTICATION, Slot::SIGNATURE, Slot::KEY_MANAGEMENT, Slot::CARD_AUTHENTICATION];

/// The containers of a card, in the order of the slots, one of them at most the default.
pub(crate) fn list(card: &mut PivTransaction<'_>) -> Result<Vec<Container>, Halt> {
    // K8.7.inbox-containers, K8.7.map
    let map = match card.target.minidriver.driver {
        Minidriver::PivInbox => PivContainerMap::default(),
        _ => card.map()?,
    };
    let records = |slot| map.0.iter().find(move |record| record.slot == slot && record.flags & flag::VALID != 0);
    let mut guid = None;
    let mut containers = Vec::new();
    for slot in Slot::all() {
        if let Some(record) = records(slot) {
            containers.push(Container {
                name: record.name.as_str().to_owned(),
                slot,
                bits: Some(record.bits),
                default: record.flags & flag::DEFAULT != 0,
                has_certificate: card.holds(slot.certificate())?,
            });
        } else if STANDARD.contains(&slot) && card.holds(slot.certificate())? {
            let guid = match guid {
                Some(guid) => guid,
                None => *guid.insert(card_guid(card)?),
            };
            let name = nameless_container(&guid, slot);
            containers.push(Container { name, slot, bits: None, default: false, has_certificate: true });
        }
    }
    choose_default(card.target.minidriver.default_container, &mut containers);
    Ok(containers)
}

/// Of several that carry the flag the first counts; where the first container is the default, it alone has it.
fn choose_default(rule: DefaultContainer, containers: &mut [Container]) {
    let flagged = containers.iter().position(|container| container.default);
    // K8.7.default
    let chosen = match rule {
        DefaultContainer::Flagged => flagged,
        DefaultContainer::First => Some(0),
    };
    // A card without any flag, as one that another tool has set up, has its first container as the default.
    let chosen = chosen.unwrap_or(0);
    containers.iter_mut().enumerate().for_each(|(at, container)| container.default = at == chosen);
}

fn card_guid(card: &mut PivTransaction<'_>) -> Result<[u8; 16], Halt> {
    let chuid = card.read(tag::CHUID)?;
    Ok(chuid.and_then(|chuid| guid_of_chuid(&chuid)).unwrap_or_default())
}

/// The container of that name.
pub(crate) fn find(card: &mut PivTransaction<'_>, name: &str) -> Result<Container, Halt> {
    let found = list(card)?.into_iter().find(|container| container.name == name);
    found.ok_or(Halt::Failed(HResult::SCARD_E_NO_KEY_CONTAINER))
}

/// The container map and the place of a record in it.
pub(crate) fn find_record(card: &mut PivTransaction<'_>, name: &str) -> Result<(PivContainerMap, usize), Halt> {
    let map = card.map()?;
    let at = map.0.iter().position(|record| record.name.as_str() == name && record.flags & flag::VALID != 0);
    at.map(|at| (map, at)).ok_or(Halt::Failed(HResult::SCARD_E_NO_KEY_CONTAINER))
}

/// The flag goes to one record, and away from all others.
pub(crate) fn mark_default(map: &mut [PivContainer], at: usize) {
    for (index, record) in map.iter_mut().enumerate() {
        record.flags = if index == at { record.flags | flag::DEFAULT } else { record.flags & !flag::DEFAULT };
    }
}

/// Moves the default flag to a container. The map is written whole, so at no moment are there two default containers.
pub(crate) fn set_default(card: &mut PivTransaction<'_>, name: &str) -> Result<(), Halt> {
    let (mut map, at) = find_record(card, name)?;
    let before = map.clone();
    mark_default(&mut map.0, at);
    if map == before || card.target.minidriver.default_container == DefaultContainer::First {
        return Ok(());
    }
    card.authenticate()?;
    card.write_map(&map)
}

/// Deletes a container: its certificate, which would be listed under another name without the record, then its record.
/// No command of the standard deletes a key: it stays in its slot until another one is made there, and no host lists
/// it.
// K8.7.delete
pub(crate) fn delete(card: &mut PivTransaction<'_>, name: &str) -> Result<(), Halt> {
    let container = find(card, name)?;
    card.authenticate()?;
    if container.has_certificate {
        card.write(container.slot.certificate(), &[])?;
    }
    release(card, container.slot)
}

/// Removes the record of a slot, as far as there is one; another container becomes the default when this one was.
pub(crate) fn release(card: &mut PivTransaction<'_>, slot: Slot) -> Result<(), Halt> {
    let mut map = card.map()?;
    let Some(at) = map.0.iter().position(|record| record.slot == slot) else { return Ok(()) };
    let record = map.0.remove(at);
    // K8.3.delete-default
    if record.flags & flag::DEFAULT != 0 && !map.0.is_empty() {
        let first = Slot::all().find_map(|slot| map.0.iter().position(|record| record.slot == slot));
        mark_default(&mut map.0, first.unwrap_or(0));
    }
    card.write_map(&map)
}
