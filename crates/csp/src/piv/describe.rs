//! What a card says about itself.

use autoenroll_apdu::StatusWord;
use autoenroll_apdu::piv::{Slot, commands};
use autoenroll_model::{CardDescription, ContainerView};

use super::containers::{self, Container};
use super::transaction::PivTransaction;
use crate::minidriver::Minidriver;
use crate::script::Halt;

/// Reads containers and the state of the PIN. It writes nothing and needs no PIN.
pub(crate) fn describe(card: &mut PivTransaction<'_>) -> Result<CardDescription, Halt> {
    let tries_left = tries_left(card)?;
    let containers = containers::list(card)?;
    let most = match card.target.minidriver.driver {
        // K8.7.read-only
        Minidriver::PivInbox => 0,
        _ => u16::from(card.target.max_containers),
    };
    Ok(CardDescription {
        free_containers: most.saturating_sub(u16::try_from(containers.len()).unwrap_or(u16::MAX)),
        tries_left,
        containers: containers.iter().map(view).collect(),
        dialogs: card.target.dialogs,
    })
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
