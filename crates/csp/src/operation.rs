//! One operation on a card, and what it does next.

use std::fmt;

use autoenroll_apdu::gids::{FileId, tag};
use autoenroll_apdu::{Command, redact};
use autoenroll_model::{CardOperation, CardSerial, EffectResult, Guid, HResult, KeyPlace, ProviderDialogs, hex};

use crate::script::{CardAnswer, Halt, Script};
use crate::transaction::CardTransaction;
use crate::{Pin, certificate, container, describe, generate, sign, status};

/// What the next action of `operation` is, after these answers to the commands it has sent so far.
///
/// A pure function: the same operation and answers give the same step, so a suspended operation is nothing but
/// `(operation, answers)`. Each [`Step::Send`] wants one more answer; no operation sends more than 1,024 commands. Once
/// it is finished, further answers change nothing.
///
/// An operation is one reader transaction: the driver takes the reader before the first command and gives it back
/// afterwards, also when the card has gone.
#[must_use]
pub fn step(operation: &Operation, answers: &[CardAnswer]) -> Step {
    let script = Script::new(answers);
    let outcome = match operation {
        Operation::Identify => identify(script).map(Step::Identified),
        Operation::Perform { operation, pin, target } => {
            CardTransaction::run(script, pin.as_ref(), |card| perform(card, operation, target)).map(Step::Done)
        }
    };
    match outcome {
        Ok(done) => done,
        Err(Halt::Send(command)) => Step::Send(command),
        Err(Halt::Gone(code) | Halt::Failed(code)) => Step::Done(EffectResult::Failed(code)),
        Err(Halt::WrongPin(tries_left)) => Step::Done(EffectResult::WrongPin { tries_left }),
    }
}

/// Something to do with the card in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read the card id of a card that was just inserted. → [`Step::Identified`]; a card without the GIDS application
    /// fails with `SCARD_E_UNKNOWN_CARD`, one without a file system with `SCARD_E_FILE_NOT_FOUND`.
    Identify,
    /// Select the application, verify the PIN when there is one, operate, deauthenticate. → [`Step::Done`]
    Perform {
        /// What the core asks for.
        operation: CardOperation,
        /// The PIN to verify first.
        pin: Option<Pin>,
        /// What the driver knows about the card.
        target: Target,
    },
}

/// What the driver knows about a card before it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where a new key would go: provider, card, and the name that a new container gets (see [`container_name`]; at
    /// most 39 UTF-16 units without backslash). Only [`CardOperation::Generate`] looks at it.
    pub new_key: KeyPlace,
    /// How many containers cards of this kind take. GIDS cards do not tell; a provider knows it with the ATR. Only
    /// [`CardOperation::Describe`] looks at it: whether another container fits, the card itself says.
    pub max_containers: u8,
    /// What the provider of such cards asks by itself. Only [`CardOperation::Describe`] looks at it.
    pub dialogs: ProviderDialogs,
}

/// What an operation does next. `Debug` does not show the PIN in a command.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this command and add its answer. It always encodes as a short APDU. It may hold the PIN: show it redacted
    /// ([`autoenroll_apdu::redact`]).
    Send(Command),
    /// [`Operation::Identify`] is finished: the card id.
    Identified(CardSerial),
    /// Finished, with what the core is to be told.
    Done(EffectResult),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(command) => f.debug_tuple("Send").field(&redact(command)).finish(),
            Self::Identified(serial) => f.debug_tuple("Identified").field(serial).finish(),
            Self::Done(result) => f.debug_tuple("Done").field(result).finish(),
        }
    }
}

/// The name for a new container that some entropy gives: the text of a version 4 GUID, as Windows names containers.
#[must_use]
pub fn container_name(entropy: &[u8; 32]) -> String {
    let mut guid = [0; 16];
    guid.copy_from_slice(&entropy[..16]);
    guid[6] = guid[6] & 0x0F | 0x40;
    guid[8] = guid[8] & 0x3F | 0x80;
    Guid(guid).to_string()
}

fn identify(mut script: Script<'_>) -> Result<CardSerial, Halt> {
    script.select()?;
    let id = script.read(FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID)?;
    let id = id.map_err(|sw| Halt::Failed(status::code(sw, false)))?;
    match id.ok_or(Halt::Failed(HResult::SCARD_E_FILE_NOT_FOUND))? {
        id if id.len() == 16 => Ok(CardSerial(hex::encode(&id))),
        _ => Err(Halt::Failed(HResult::NTE_FAIL)),
    }
}

fn perform(card: &mut CardTransaction<'_>, operation: &CardOperation, target: &Target) -> Result<EffectResult, Halt> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_name_is_a_guid_of_version_4() {
        assert_eq!(container_name(&[0xFF; 32]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(container_name(&[0; 32]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn debug_does_not_show_the_pin() {
        let step = Step::Send(autoenroll_apdu::gids::commands::verify(b"1234"));
        assert!(format!("{step:?}").contains("[255, 255, 255, 255]"), "{step:?}");
    }

    #[test]
    fn the_card_goes_in_several_ways() {
        let check = |answer: CardAnswer, code: HResult| {
            let step = step(&Operation::Identify, &[answer]);
            assert_eq!(step, Step::Done(EffectResult::Failed(code)));
        };
        check(CardAnswer::Response(vec![]), HResult::SCARD_W_REMOVED_CARD);
        check(CardAnswer::Response(vec![0x90]), HResult::SCARD_W_REMOVED_CARD);
        check(CardAnswer::not_transmitted(HResult(0x8010_0016)), HResult::SCARD_W_REMOVED_CARD);
        check(CardAnswer::not_transmitted(HResult::SCARD_E_NO_SMARTCARD), HResult::SCARD_W_REMOVED_CARD);
        check(CardAnswer::not_transmitted(HResult::SCARD_W_RESET_CARD), HResult::SCARD_W_RESET_CARD);
        check(CardAnswer::Response(vec![0x6A, 0x82]), HResult::SCARD_E_UNKNOWN_CARD);
    }
}
