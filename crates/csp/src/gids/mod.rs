//! What the minidriver of a GIDS card does: identification, and the operations on containers.

mod certificate;
mod container;
mod describe;
mod generate;
mod sign;
mod transaction;

use autoenroll_apdu::gids::{FileId, tag};
use autoenroll_model::{CardOperation, CardSerial, EffectResult, HResult, hex};

use crate::script::{Halt, Script};
use crate::target::Target;
use crate::{Pin, status};
use transaction::CardTransaction;

/// The card id file of a card.
pub(crate) fn identify(mut script: Script<'_>) -> Result<CardSerial, Halt> {
    transaction::select(&mut script)?;
    let id = transaction::read(&mut script, FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID)?;
    let id = id.map_err(|sw| Halt::Failed(status::code(sw, false)))?;
    match id.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))? {
        id if id.len() == 16 => Ok(CardSerial(hex::encode(&id))),
        _ => Err(Halt::Failed(HResult::NTE_FAIL)),
    }
}

/// One operation, from the selection of the application to the end of its authentication.
pub(crate) fn perform(
    script: Script<'_>,
    operation: &CardOperation,
    pin: Option<&Pin>,
    target: &Target,
) -> Result<EffectResult, Halt> {
    CardTransaction::run(script, pin, |card| within(card, operation, target))
}

fn within(card: &mut CardTransaction<'_>, operation: &CardOperation, target: &Target) -> Result<EffectResult, Halt> {
    match operation {
        CardOperation::Describe => {
            describe::describe(card, target.max_containers, target.dialogs).map(EffectResult::Card)
        }
        CardOperation::VerifyPin => Ok(EffectResult::Done),
        CardOperation::Generate { algorithm, key_spec, make_default, overwrite } => {
            let parameters = generate::KeyParameters::new(*algorithm, *key_spec, *make_default);
            generate::generate(card, parameters, overwrite.as_deref(), &target.new_key)
        }
        CardOperation::Sign { container, algorithm, message } => {
            sign::sign(card, container, *algorithm, message).map(EffectResult::Signature)
        }
        CardOperation::ReadCertificate { container } => {
            certificate::read(card, container).map(EffectResult::Certificate)
        }
        CardOperation::WriteCertificate { container, certificate } => {
            certificate::write(card, container, certificate).map(|()| EffectResult::Done)
        }
        CardOperation::SetDefault { container } => container::set_default(card, container).map(|()| EffectResult::Done),
        CardOperation::Delete { container } => container::delete(card, container).map(|()| EffectResult::Done),
    }
}
