//! One operation on a card, and what it does next.

use std::fmt;

use autoenroll_apdu::{Command, redact};
use autoenroll_model::{CardOperation, CardSerial, EffectResult, Guid};

use crate::minidriver::Minidriver;
use crate::script::{CardAnswer, Halt, Script};
use crate::target::Target;
use crate::{Pin, gids, piv};

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
        Operation::Identify(Minidriver::Gids) => gids::identify(script).map(Step::Identified),
        Operation::Identify(Minidriver::PivInbox | Minidriver::PivVendor) => {
            piv::identify(script).map(Step::Identified)
        }
        Operation::Perform { operation, pin, target } => {
            let perform = match target.minidriver.driver {
                Minidriver::Gids => gids::perform,
                Minidriver::PivInbox | Minidriver::PivVendor => piv::perform,
            };
            perform(script, operation, pin.as_ref(), target).map(Step::Done)
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
    /// Read the card id of a card that was just inserted, as that minidriver does: the file of a GIDS card, the GUID in
    /// the CHUID of a PIV card. → [`Step::Identified`]; a card without the application fails with
    /// `SCARD_E_UNKNOWN_CARD`, one on which nothing says who it is with `SCARD_E_FILE_NOT_FOUND`.
    Identify(Minidriver),
    /// Select the application, verify the PIN when there is one, operate, deauthenticate. → [`Step::Done`]
    Perform {
        /// What the core asks for.
        operation: CardOperation,
        /// The PIN to verify first.
        pin: Option<Pin>,
        /// What the driver knows about the card.
        target: Box<Target>,
    },
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

#[cfg(test)]
mod tests {
    use autoenroll_model::HResult;

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
            let step = step(&Operation::Identify(Minidriver::Gids), &[answer]);
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
