//! What minidrivers of PIV cards do: the one that Windows brings along, which only reads, and those of makers.
//!
//! A slot with a certificate is a container; a maker's minidriver knows besides those that it has entered in the
//! container map (object 5FFF10), and gives them names. Without a record a container has the name that the card's GUID
//! and the slot give it.

mod certificate;
mod containers;
mod describe;
mod generate;
mod management;
mod sign;
mod transaction;

use autoenroll_apdu::piv::{guid_of_chuid, tag};
use autoenroll_model::{CardOperation, CardSerial, EffectResult, HResult, hex};

use crate::Pin;
use crate::script::{Halt, Script};
use crate::target::Target;
use transaction::PivTransaction;

/// The GUID of a card, in its CHUID.
pub(crate) fn identify(mut script: Script<'_>) -> Result<CardSerial, Halt> {
    transaction::select(&mut script)?;
    let chuid = transaction::read(&mut script, tag::CHUID, false)?;
    let guid = guid_of_chuid(&chuid.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))?);
    Ok(CardSerial(hex::encode(&guid.ok_or(Halt::Failed(HResult::NTE_FAIL))?)))
}

/// One operation, from the selection of the application to the end of its authentication.
pub(crate) fn perform(
    script: Script<'_>,
    operation: &CardOperation,
    pin: Option<&Pin>,
    target: &Target,
) -> Result<EffectResult, Halt> {
    // K8.7.read-only, K8.7.refuses
    if target.minidriver.refuses(operation) {
        // X6.2.0x80100022
        return Err(Halt::Failed(HResult::SCARD_E_UNSUPPORTED_FEATURE));
    }
    PivTransaction::run(script, pin, target, |card| within(card, operation))
}

fn within(card: &mut PivTransaction<'_>, operation: &CardOperation) -> Result<EffectResult, Halt> {
    match operation {
        CardOperation::Describe => describe::describe(card).map(EffectResult::Card),
        CardOperation::VerifyPin => Ok(EffectResult::Done),
        CardOperation::Generate { algorithm, key_spec, make_default, overwrite } => {
            let parameters = generate::KeyParameters::new(*algorithm, *key_spec, *make_default);
            generate::generate(card, parameters, overwrite.as_deref())
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
        CardOperation::SetDefault { container } => {
            containers::set_default(card, container).map(|()| EffectResult::Done)
        }
        CardOperation::Delete { container } => containers::delete(card, container).map(|()| EffectResult::Done),
    }
}
