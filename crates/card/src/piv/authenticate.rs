//! GENERAL AUTHENTICATE (SP 800-73-4 part 2, 3.2.4): proving the management key, and using a private key.
//!
//! | step | external | mutual |
//! | --- | --- | --- |
//! | host asks | 81, empty | 80, empty |
//! | card answers | 81 with a block | 80 with E(witness) |
//! | host proves | 82 with E(block) | 80 with the witness, and 81 with a block of its own |
//! | card proves | nothing | 82 with E(that block) |
//!
//! The management key never enciphers a block of the host's choice before the host has proved itself: that would answer
//! the card's own challenge.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{Cipher, Mechanism, PinRule, Slot, TouchRule, reference, tag};
use autoenroll_apdu::tlv::{self, Tlv};

use super::Piv;
use super::key::{Input, Key};
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

/// An authentication that the card has begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    /// A challenge was sent.
    Challenge(Vec<u8>),
    /// A witness was sent, enciphered.
    Witness(Vec<u8>),
}

/// The objects of a dynamic authentication template.
struct Template<'a> {
    witness: Option<&'a [u8]>,
    challenge: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    exponentiation: Option<&'a [u8]>,
}

impl<'a> Template<'a> {
    /// `None` unless the data is one template 7C with objects that it may have, each once.
    fn parse(data: &'a [u8]) -> Option<Self> {
        let inner = tlv::read_only(data, tag::DYNAMIC_AUTHENTICATION).ok()?;
        let mut all = Self { witness: None, challenge: None, response: None, exponentiation: None };
        for Tlv { tag, value } in tlv::read_all(inner).ok()? {
            let place = match tag {
                tag::WITNESS => &mut all.witness,
                tag::CHALLENGE => &mut all.challenge,
                tag::RESPONSE => &mut all.response,
                tag::EXPONENTIATION => &mut all.exponentiation,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(all)
    }
}

impl Piv {
    pub(super) fn general_authenticate(&mut self, command: &Command) -> HandlerResult {
        if command.p2 == reference::MANAGEMENT {
            return self.authenticate(command);
        }
        let slot = Slot::from_byte(command.p2).ok_or(Mark::PivUseSlot)?;
        let held = self.keys.get(&slot).cloned().ok_or(Mark::PivUseNoKey)?;
        if Mechanism::from_byte(command.p1) != Some(held.key.mechanism()) {
            return Err(Mark::PivUseAlgorithm);
        }
        // A PIN serves one use of a key that wants it before each, and none when another key came in between.
        let fresh = core::mem::take(&mut self.session.fresh);
        match held.pin {
            PinRule::Never => {}
            _ if !self.session.user() => return Err(Mark::PivUseRefused),
            PinRule::Always if !fresh => return Err(Mark::PivUseAgain),
            PinRule::Once | PinRule::Always => {}
        }
        if held.touch != TouchRule::Never && !self.touched {
            return Err(Mark::PivUseUntouched);
        }
        use_key(&held.key, &command.data)
    }

    fn authenticate(&mut self, command: &Command) -> HandlerResult {
        // An answer serves the last question only, and a wrong command forgets it.
        let pending = self.session.pending.take();
        if Cipher::from_byte(command.p1) != Some(self.management.cipher()) {
            return Err(Mark::PivAuthenticateAlgorithm);
        }
        let template = Template::parse(&command.data).ok_or(Mark::PivAuthenticateSyntax)?;
        match template {
            Template { exponentiation: Some(_), .. } => Err(Mark::PivAuthenticateSyntax),
            Template { witness: Some([]), challenge: None, response: None, .. } => {
                let witness = self.draw("witness", self.management.cipher().block_len());
                let sent = self.management.encrypt(&witness);
                self.session.pending = Some(Pending::Witness(witness));
                reply(Mark::PivAuthenticateWitness, answer(tag::WITNESS, &sent))
            }
            Template { witness: None, challenge: Some([]), response: None, .. } => {
                let challenge = self.draw("challenge", self.management.cipher().block_len());
                let sent = answer(tag::CHALLENGE, &challenge);
                self.session.pending = Some(Pending::Challenge(challenge));
                reply(Mark::PivAuthenticateChallenge, sent)
            }
            Template { witness: None, challenge: None, response: Some(response), .. } => {
                let right =
                    matches!(&pending, Some(Pending::Challenge(sent)) if self.management.encrypt(sent) == response);
                self.session.admin = right;
                if right { done(Mark::PivAuthenticateExternal) } else { Err(Mark::PivAuthenticateWrong) }
            }
            Template { witness: Some(witness), challenge: Some(challenge), response: None | Some([]), .. } => {
                if challenge.len() != self.management.cipher().block_len() {
                    return Err(Mark::PivAuthenticateSyntax);
                }
                let right = matches!(&pending, Some(Pending::Witness(drawn)) if drawn == witness);
                self.session.admin = right;
                if !right {
                    return Err(Mark::PivAuthenticateWrong);
                }
                reply(Mark::PivAuthenticateMutual, answer(tag::RESPONSE, &self.management.encrypt(challenge)))
            }
            Template { .. } => Err(Mark::PivAuthenticateSyntax),
        }
    }
}

/// `7C { 82, 81 input }` or `7C { 82, 85 point }`.
fn use_key(key: &Key, data: &[u8]) -> HandlerResult {
    let template = Template::parse(data).ok_or(Mark::PivUseSyntax)?;
    let input = match template {
        Template { witness: None, challenge: Some(input), response: Some([]), exponentiation: None } => {
            Input::Block(input)
        }
        Template { witness: None, challenge: None, response: Some([]), exponentiation: Some(point) } => {
            Input::Point(point)
        }
        _ => return Err(Mark::PivUseSyntax),
    };
    let (mark, output) = key.apply(input)?;
    reply(mark, answer(tag::RESPONSE, &output))
}

/// A template with one object.
fn answer(object: tlv::Tag, value: &[u8]) -> Vec<u8> {
    tlv::encode(tag::DYNAMIC_AUTHENTICATION, &tlv::encode(object, value))
}
