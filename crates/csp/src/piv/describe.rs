//! What a card says about itself.

use autoenroll_apdu::StatusWord;
use autoenroll_apdu::piv::{Slot, commands};
use autoenroll_model::{CardDescription, ContainerView, KeySpec};

use super::containers::{self, Container};
use super::generate::slots_for;
use super::transaction::PivTransaction;
use crate::minidriver::Minidriver;
use crate::script::Halt;

/// Reads containers and the state of the PIN. It writes nothing and needs no PIN.
pub(crate) fn describe(card: &mut PivTransaction<'_>) -> Result<CardDescription, Halt> {
    let tries_left = tries_left(card)?;
    let containers = containers::list(card)?;
    let free = match card.target.minidriver.driver {
        // K8.7.read-only
        Minidriver::PivInbox => 0,
        _ => free_for_exchange(&containers, card.target.max_containers),
    };
    Ok(CardDescription {
        free_containers: u16::try_from(free).unwrap_or(u16::MAX),
        tries_left,
        containers: containers.iter().map(view).collect(),
        dialogs: card.target.dialogs,
    })
}

/// How many more keys for exchange the card takes. What is in the slot of a retired key without a record is not looked
/// for: it shows when the slot's turn comes.
// K8.7.slots
fn free_for_exchange(containers: &[Container], most: u8) -> usize {
    let taken = |slot: &Slot| containers.iter().any(|container| container.slot == *slot);
    let slots = slots_for(KeySpec::Exchange).filter(|slot| !taken(slot)).count();
    slots.min(usize::from(most).saturating_sub(containers.len()))
}

fn tries_left(card: &mut PivTransaction<'_>) -> Result<Option<u8>, Halt> {
    let sw = card.exchange(&commands::verify_status())?.sw;
    Ok(if sw == StatusWord::BLOCKED { Some(0) } else { sw.retries() })
}

/// The index of a container is the place of its slot.
fn view(container: &Container) -> ContainerView {
    let index = (0..=u8::MAX).zip(Slot::all()).find(|(_, slot)| *slot == container.slot);
    ContainerView {
        index: index.map_or(u8::MAX, |(index, _)| index),
        name: container.name.clone(),
        default: container.default,
        has_key: true,
        has_certificate: container.has_certificate,
    }
}
