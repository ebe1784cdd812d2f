//! Keys come into slots: GENERATE ASYMMETRIC KEY PAIR, and the makers' IMPORT.

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{Mechanism, PinRule, Slot, TouchRule, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_keys::{P384Key, PrivateKey};

use super::Piv;
use super::key::{self, Key, SlotKey};
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

impl Piv {
    /// GENERATE ASYMMETRIC KEY PAIR (SP 800-73-4 part 2, 3.3.3): `AC { 80 algorithm }`, where makers allow `AA` and
    /// `AB`, rules for PIN and touch. Answers with the public key.
    ///
    /// Which key comes, the card's serial, the slot and the number of keys generated in it decide.
    pub(super) fn generate(&mut self, command: &Command) -> HandlerResult {
        if command.p1 != 0x00 {
            return Err(Mark::PivGenerateP1);
        }
        let slot = Slot::from_byte(command.p2).ok_or(Mark::PivGenerateSlot)?;
        if !self.session.admin {
            return Err(Mark::PivGenerateRefused);
        }
        let template = tlv::read_only(&command.data, tag::GENERATE).map_err(|_| Mark::PivGenerateSyntax)?;
        let Ok(Some(&[number])) = tlv::find(template, tag::MECHANISM) else { return Err(Mark::PivGenerateSyntax) };
        let (pin, touch) = rules(template, slot).ok_or(Mark::PivGenerateRules)?;
        let mechanism = self.supported(number).ok_or(Mark::PivGenerateAlgorithm)?;
        if !self.has_room(slot, mechanism) {
            return Err(Mark::PivGenerateMemory);
        }
        let key = self.next_key(slot, mechanism);
        let public = tlv::encode(tag::PUBLIC_KEY, &key.public_parts());
        self.keys.insert(slot, SlotKey { key, pin, touch, imported: false });
        reply(Mark::PivGenerateDone, public)
    }

    /// Draws the next key of a slot.
    pub(super) fn next_key(&mut self, slot: Slot, mechanism: Mechanism) -> Key {
        let count = self.generations.entry(slot).or_default();
        let seed = self.chip.seed("generate", &Self::subject(slot), *count);
        *count += 1;
        Key::from_seed(mechanism, &seed)
    }

    /// IMPORT ASYMMETRIC KEY (no command of the standard): P1 the algorithm, P2 the slot; `01` and `02` are the primes
    /// of an RSA key, whose exponent is 65537, `06` is the scalar of another. What else of an RSA key hosts send
    /// follows from these and is not looked at.
    pub(super) fn import(&mut self, command: &Command) -> HandlerResult {
        let slot = Slot::from_byte(command.p2).ok_or(Mark::PivImportP1P2)?;
        let mechanism = self.supported(command.p1).ok_or(Mark::PivImportP1P2)?;
        if !self.session.admin {
            return Err(Mark::PivImportRefused);
        }
        let part = |number| {
            let tag = Tag::from_number(number)?;
            tlv::find(&command.data, tag).ok().flatten()
        };
        let octets = usize::from(mechanism.bits()) / 8;
        let key = match (mechanism, part(0x01), part(0x02), part(0x06)) {
            (Mechanism::P384, _, _, Some(scalar)) if scalar.len() == octets => {
                P384Key::from_scalar(scalar).map(Key::P384)
            }
            (Mechanism::P256, _, _, Some(scalar)) => match scalar.try_into() {
                Ok(scalar) => PrivateKey::from_p256_scalar(scalar).map(Key::Pooled),
                Err(_) => return Err(Mark::PivImportSyntax),
            },
            (Mechanism::P256 | Mechanism::P384, ..) => return Err(Mark::PivImportSyntax),
            (_, Some(p), Some(q), _) if p.len() == octets / 2 && q.len() == octets / 2 => {
                PrivateKey::from_rsa_primes(p, q).map(Key::Pooled)
            }
            _ => return Err(Mark::PivImportSyntax),
        };
        let key = key.ok().filter(|key| key.mechanism() == mechanism).ok_or(Mark::PivImportParts)?;
        let (pin, touch) = rules(&command.data, slot).ok_or(Mark::PivImportSyntax)?;
        if !self.has_room(slot, mechanism) {
            return Err(Mark::PivImportMemory);
        }
        self.keys.insert(slot, SlotKey { key, pin, touch, imported: true });
        done(Mark::PivImportDone)
    }

    fn supported(&self, number: u8) -> Option<Mechanism> {
        Mechanism::from_byte(number).filter(|mechanism| key::is_supported(&self.chip.profile, *mechanism))
    }

    /// Whether a key fits, the room of the slot's old one counted as free.
    pub(super) fn has_room(&self, slot: Slot, mechanism: Mechanism) -> bool {
        let freed = self.keys.get(&slot).map_or(0, |old| old.key.cost());
        key::cost(mechanism) <= self.free_bytes() + freed
    }
}

/// The rules that a template states, those of the slot where it states none; `None` for rules that there are not.
fn rules(template: &[u8], slot: Slot) -> Option<(PinRule, TouchRule)> {
    let byte = |tag| match tlv::find(template, tag).ok()? {
        None => Some(0x00),
        Some(&[byte]) => Some(byte),
        Some(_) => None,
    };
    Some((PinRule::from_byte(byte(tag::PIN_RULE)?, slot)?, TouchRule::from_byte(byte(tag::TOUCH_RULE)?)?))
}
