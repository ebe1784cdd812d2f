//! Admin authentication: GENERAL AUTHENTICATE with three-key triple DES, mutual (OpenSC) or external (Windows).
//!
//! | step | mutual | external |
//! | --- | --- | --- |
//! | host asks | 81 with R1, 16 bytes | 81, empty |
//! | card answers | 81 with R2, 16 bytes | 81 with 8 bytes |
//! | host proves | 82 with E(R2 R1 Z1 80), 40 bytes | 82 with E(challenge), 8 bytes |
//! | card proves | 82 with E(R1 R2 Z2 80) | nothing |
//!
//! E is cipher block chaining with a zero vector and without padding; Z1 and Z2 are seven bytes that neither side
//! checks.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{CrtTemplate, FileId, tag};
use autoenroll_apdu::tlv::{self, Tlv};

use super::{AdminKey, Content, Gids};
use crate::reply::{HandlerResult, done, reply};
use crate::{LifeCycle, Mark};

/// An authentication that the card has begun.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Challenge {
    External([u8; 8]),
    Mutual { host: [u8; 16], card: [u8; 16] },
}

impl Gids {
    /// GENERAL AUTHENTICATE (ISO 7816-4 11.5.5).
    pub(super) fn general_authenticate(&mut self, command: &Command) -> HandlerResult {
        if command.p1p2() != 0 {
            return Err(Mark::AuthenticateP1P2);
        }
        if self.life_cycle == LifeCycle::Creation {
            return Err(Mark::AuthenticateInitial);
        }
        if !self.volatile.environment.contains_key(&CrtTemplate::Authentication) {
            return Err(Mark::AuthenticateNoKeySet);
        }
        let Some(Content::AdminKey(Some(key))) = self.files.get(FileId::ADMIN_KEY).map(|file| &file.content) else {
            return Err(Mark::AuthenticateNoKey);
        };
        let key = key.clone();
        match dynamic_authentication(&command.data) {
            Some(Tlv { tag: tag::CHALLENGE, value: [] }) => self.challenge_host(),
            Some(Tlv { tag: tag::CHALLENGE, value }) => match value.try_into() {
                Ok(host) => self.answer_challenge(host),
                Err(_) => Err(Mark::AuthenticateSyntax),
            },
            Some(Tlv { tag: tag::RESPONSE, value }) => self.check_response(&key, value),
            _ => Err(Mark::AuthenticateSyntax),
        }
    }

    fn challenge_host(&mut self) -> HandlerResult {
        let challenge: [u8; 8] = self.draw_bytes("challenge");
        self.volatile.challenge = Some(Challenge::External(challenge));
        reply(Mark::AuthenticateChallenge, template(tag::CHALLENGE, &challenge))
    }

    fn answer_challenge(&mut self, host: [u8; 16]) -> HandlerResult {
        let card: [u8; 16] = self.draw_bytes("challenge");
        self.volatile.challenge = Some(Challenge::Mutual { host, card });
        reply(Mark::AuthenticateMutual, template(tag::CHALLENGE, &card))
    }

    /// A challenge serves once. A wrong response also takes away what an earlier one had proved.
    fn check_response(&mut self, key: &AdminKey, response: &[u8]) -> HandlerResult {
        let challenge = self.volatile.challenge.take().ok_or(Mark::AuthenticateNoChallenge)?;
        let proved = match &challenge {
            Challenge::External(sent) => response == key.encrypt(sent),
            Challenge::Mutual { host, card } => {
                let text = key.decrypt(response);
                // Card's challenge, host's challenge, Z1, padding 80. The card answers with the challenges in the other
                // order, so that neither proof can be replayed for the other.
                text.len() == 40 && text[..16] == *card && text[16..32] == *host && text[39] == 0x80
            }
        };
        self.volatile.admin = proved;
        match challenge {
            _ if !proved => Err(Mark::AuthenticateWrong),
            Challenge::External(_) => done(Mark::AuthenticateRight),
            Challenge::Mutual { host, card } => {
                let z2: [u8; 7] = self.draw_bytes("mutual");
                let proof = key.encrypt(&[&host[..], &card, &z2, &[0x80]].concat());
                reply(Mark::AuthenticateMutualRight, template(tag::RESPONSE, &proof))
            }
        }
    }

    fn draw_bytes<const N: usize>(&mut self, purpose: &str) -> [u8; N] {
        let drawn = self.chip.draw(purpose, "admin", self.challenges);
        self.challenges += 1;
        core::array::from_fn(|i| drawn[i % drawn.len()])
    }
}

/// The one object inside the template 7C.
fn dynamic_authentication(data: &[u8]) -> Option<Tlv<'_>> {
    let inner = tlv::read_only(data, tag::AUTHENTICATION).ok()?;
    match tlv::read(inner).ok()? {
        (object, []) => Some(object),
        _ => None,
    }
}

fn template(object: tlv::Tag, value: &[u8]) -> Vec<u8> {
    tlv::encode(tag::AUTHENTICATION, &tlv::encode(object, value))
}
