//! What must be true of a PIV card, told from the traffic alone.

use std::collections::BTreeMap;

use autoenroll_apdu::piv::{self, CertificateObject, Cipher, Mechanism, PinRule, Slot, TouchRule, reference, tag};
use autoenroll_apdu::{Chain, ChainStep, Command, Response, ins, tlv};
use autoenroll_card::{Applet, Card, CardState, DEFAULT_MANAGEMENT_KEY};

use super::is_pin;
use crate::piv::{decrypt, encrypt};

/// A PIN or PUK.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) value: Vec<u8>,
    pub(super) tries: u8,
    limit: u8,
}

impl Held {
    fn new(value: &[u8; 8], limit: u8) -> Self {
        Self { value: value.to_vec(), tries: limit, limit }
    }

    fn refused(&mut self, answer: &Response) {
        self.tries = self.tries.checked_sub(1).expect("a blocked value was compared");
        assert_eq!(answer.sw.retries(), Some(self.tries), "the counter that is told");
    }

    fn set(&mut self, value: &[u8]) {
        self.value = value.to_vec();
        self.tries = self.limit;
    }
}

/// A key that is known to be in a slot.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) mechanism: Mechanism,
    pub(super) pin: PinRule,
    touch: TouchRule,
}

/// A model of what was proved, and of who may what.
pub(super) struct Observer {
    pub(super) pin: Held,
    pub(super) puk: Held,
    pub(super) global: Option<Held>,
    pub(super) management: (Cipher, Vec<u8>),
    management_at_first: Cipher,
    pub(super) keys: BTreeMap<Slot, Known>,
    pub(super) user: bool,
    global_user: bool,
    fresh: bool,
    pub(super) admin: bool,
    pub(super) touched: bool,
    challenge: Option<Vec<u8>>,
    witness: Option<Vec<u8>>,
    chain: Chain,
}

const PIN: &[u8; 8] = b"123456\xFF\xFF";
const PUK: &[u8; 8] = b"12345678";
const GLOBAL: &[u8; 8] = b"11223344";

impl Observer {
    pub(super) fn new(card: &Card) -> Self {
        let Applet::Piv(options) = card.profile().applet else { panic!("no PIV card") };
        let tries = card.profile().pin.tries();
        let known = |container: &autoenroll_card::ContainerState| {
            let slot = Slot::from_byte(container.key.as_ref()?.reference.0)?;
            let bits = container.exchange_bits.max(container.signature_bits);
            let mechanism = Mechanism::ALL.into_iter().find(|mechanism| mechanism.bits() == bits)?;
            Some((slot, Known { mechanism, pin: PinRule::of(slot), touch: TouchRule::Never }))
        };
        let cipher = options.management;
        Self {
            pin: Held::new(PIN, tries),
            puk: Held::new(PUK, tries),
            global: options.global_pin.then(|| Held::new(GLOBAL, tries)),
            management: (cipher, DEFAULT_MANAGEMENT_KEY[..cipher.key_len()].to_vec()),
            management_at_first: cipher,
            keys: card.look().containers.iter().filter_map(known).collect(),
            user: false,
            global_user: false,
            fresh: false,
            admin: false,
            touched: true,
            challenge: None,
            witness: None,
            chain: Chain::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        (self.user, self.global_user, self.fresh, self.admin) = (false, false, false, false);
        (self.challenge, self.witness, self.chain) = (None, None, Chain::default());
    }

    /// Follows one exchange; fails when the card let through what it must not.
    pub(super) fn watch(&mut self, apdu: &[u8], answer: &Response) {
        let Ok(command) = Command::parse(apdu) else { return };
        if matches!(answer.sw.0, 0x6D00 | 0x6E00) {
            // Refused before the chain.
            return;
        }
        let ChainStep::Whole(command) = self.chain.push(command) else { return };
        let accepted = answer.sw.is_ok() || answer.sw.sw1() == 0x61;
        let by_admin = |what: &str| assert!(!accepted || self.admin, "{what} without management key: {apdu:02X?}");
        match command.ins {
            ins::VERIFY => self.watch_verify(&command, answer),
            ins::CHANGE_REFERENCE_DATA => self.watch_change(&command, answer),
            ins::RESET_RETRY_COUNTER => self.watch_unblock(&command, answer),
            ins::GENERAL_AUTHENTICATE if command.p2 == reference::MANAGEMENT => {
                self.watch_authenticate(&command, answer)
            }
            ins::GENERAL_AUTHENTICATE => self.watch_use(&command, accepted),
            ins::GET_DATA if accepted => {
                let personal = matches!(command.data.get(2..5), Some([0x5F, 0xC1, 0x03 | 0x08 | 0x09 | 0x21 | 0x23]));
                assert!(!personal || self.user || self.global_user, "{apdu:02X?} was read without PIN");
            }
            ins::PUT_DATA => by_admin("written"),
            ins::GENERATE_ASYMMETRIC_KEY_PAIR => {
                by_admin("generated");
                if accepted {
                    let template = tlv::read_only(&command.data, tag::GENERATE).expect("accepted");
                    let mechanism = tlv::find(template, tag::MECHANISM).expect("accepted").expect("accepted")[0];
                    self.learn_key(&command, mechanism, template);
                }
            }
            piv::ins::IMPORT_ASYMMETRIC_KEY => {
                by_admin("imported");
                if accepted {
                    self.learn_key(&command, command.p1, &command.data);
                }
            }
            piv::ins::SET_MANAGEMENT_KEY => {
                by_admin("management key replaced");
                if accepted {
                    let cipher = Cipher::from_byte(command.data[0]).expect("accepted");
                    self.management = (cipher, command.data[3..].to_vec());
                    (self.challenge, self.witness) = (None, None);
                }
            }
            piv::ins::SET_PIN_RETRIES => {
                by_admin("tries replaced");
                assert!(!accepted || self.user, "tries replaced without PIN");
                if accepted {
                    (self.pin, self.puk) = (Held::new(PIN, command.p1), Held::new(PUK, command.p2));
                    (self.user, self.fresh) = (false, false);
                }
            }
            piv::ins::RESET if accepted => {
                assert_eq!((self.pin.tries, self.puk.tries), (0, 0), "reset before all was blocked");
                self.forget_all();
            }
            _ => {}
        }
    }

    fn forget_all(&mut self) {
        const LIMIT: u8 = 3;
        (self.pin, self.puk) = (Held::new(PIN, LIMIT), Held::new(PUK, LIMIT));
        if let Some(global) = &mut self.global {
            *global = Held::new(GLOBAL, LIMIT);
        }
        let cipher = self.management_at_first;
        self.management = (cipher, DEFAULT_MANAGEMENT_KEY[..cipher.key_len()].to_vec());
        self.keys.clear();
        self.reset();
    }

    fn learn_key(&mut self, command: &Command, mechanism: u8, template: &[u8]) {
        let slot = Slot::from_byte(command.p2).expect("accepted");
        let byte = |tag| tlv::find(template, tag).expect("accepted").map_or(0, |value| value[0]);
        let known = Known {
            mechanism: Mechanism::from_byte(mechanism).expect("accepted"),
            pin: PinRule::from_byte(byte(tag::PIN_RULE), slot).expect("accepted"),
            touch: TouchRule::from_byte(byte(tag::TOUCH_RULE)).expect("accepted"),
        };
        self.keys.insert(slot, known);
    }

    /// The PIN or PUK that a command names.
    fn held(&mut self, byte: u8) -> Option<&mut Held> {
        match byte {
            reference::PIN => Some(&mut self.pin),
            reference::PUK => Some(&mut self.puk),
            reference::GLOBAL_PIN => self.global.as_mut(),
            _ => None,
        }
    }

    fn present(&mut self, byte: u8, right: bool) {
        if byte == reference::GLOBAL_PIN {
            self.global_user = right;
        } else {
            self.user = right;
        }
        self.fresh = right;
    }

    fn watch_verify(&mut self, command: &Command, answer: &Response) {
        let accepted = answer.sw.is_ok();
        if !is_pin(command.p2) {
            return assert!(!accepted);
        }
        let presented = if command.p2 == reference::GLOBAL_PIN { self.global_user } else { self.user };
        let Some(held) = self.held(command.p2) else { return assert!(!accepted) };
        match (command.p1, command.data.as_slice()) {
            (0xFF, []) => self.present(command.p2, false),
            (0x00, []) => assert_eq!(accepted, presented, "what was presented"),
            (0x00, data) if accepted => {
                assert!(held.tries > 0, "a blocked PIN was accepted");
                assert_eq!(data, held.value, "a wrong PIN was accepted");
                held.tries = held.limit;
                self.present(command.p2, true);
            }
            (0x00, data) => {
                assert!(held.tries == 0 || data != held.value, "the right PIN was refused");
                if answer.sw.retries().is_some() {
                    held.refused(answer);
                    self.present(command.p2, false);
                }
            }
            _ => assert!(!accepted),
        }
    }

    fn watch_change(&mut self, command: &Command, answer: &Response) {
        let accepted = answer.sw.is_ok();
        let pin = command.p2 != reference::PUK;
        let Some(held) = self.held(command.p2).filter(|_| command.p1 == 0) else { return assert!(!accepted) };
        let old = command.data.get(..8) == Some(&held.value);
        if accepted {
            assert!(held.tries > 0 && old, "changed without the old value");
            held.set(&command.data[8..]);
        } else if answer.sw.retries().is_some() {
            assert!(!old, "the old value was right");
            held.refused(answer);
        } else {
            return;
        }
        if pin {
            self.present(command.p2, accepted);
        }
    }

    fn watch_unblock(&mut self, command: &Command, answer: &Response) {
        let right = command.data.get(..8) == Some(&self.puk.value);
        if answer.sw.is_ok() {
            assert!(right && self.puk.tries > 0, "unblocked without PUK");
            self.puk.tries = self.puk.limit;
            self.pin.set(&command.data[8..]);
        } else if answer.sw.retries().is_some() {
            assert!(!right, "the PUK was right");
            self.puk.refused(answer);
            self.present(reference::PIN, false);
        }
    }

    fn watch_authenticate(&mut self, command: &Command, answer: &Response) {
        let (challenge, witness) = (self.challenge.take(), self.witness.take());
        let part = |tag| {
            let inner = tlv::read_only(&command.data, tag::DYNAMIC_AUTHENTICATION).ok()?;
            tlv::find(inner, tag).ok()?
        };
        let (cipher, key) = &self.management;
        match (part(tag::WITNESS), part(tag::CHALLENGE), part(tag::RESPONSE)) {
            (Some([]), None, None) if answer.sw.is_ok() => {
                let sent = crate::piv::value(&answer.data, tag::WITNESS);
                self.witness = Some(decrypt(*cipher, key, &sent));
            }
            (None, Some([]), None) if answer.sw.is_ok() => {
                self.challenge = Some(crate::piv::value(&answer.data, tag::CHALLENGE));
            }
            (None, None, Some(response)) if answer.sw.is_ok() || answer.sw.0 == 0x6982 => {
                self.admin = challenge.is_some_and(|challenge| encrypt(*cipher, key, &challenge) == response);
                assert_eq!(answer.sw.is_ok(), self.admin, "external authentication");
            }
            (Some(proof), Some(_), _) if answer.sw.is_ok() || answer.sw.0 == 0x6982 => {
                self.admin = witness.is_some_and(|witness| witness == proof);
                assert_eq!(answer.sw.is_ok(), self.admin, "mutual authentication");
            }
            _ => assert!(!answer.sw.is_ok(), "{command:02X?}"),
        }
    }

    fn watch_use(&mut self, command: &Command, accepted: bool) {
        let known = Slot::from_byte(command.p2).and_then(|slot| self.keys.get(&slot));
        let Some(known) = known.filter(|known| known.mechanism as u8 == command.p1) else { return assert!(!accepted) };
        let user = self.user || self.global_user;
        let fresh = std::mem::take(&mut self.fresh);
        let opens = match known.pin {
            PinRule::Never => true,
            PinRule::Once => user,
            PinRule::Always => user && fresh,
        };
        let touched = known.touch == TouchRule::Never || self.touched;
        assert!(!accepted || (opens && touched), "{command:02X?}: a key was used without right");
    }

    /// The template that would prove the management key now.
    pub(super) fn proof(&self) -> Option<Vec<u8>> {
        let (cipher, key) = &self.management;
        match (&self.challenge, &self.witness) {
            (Some(challenge), _) => Some(crate::piv::template(&[(tag::RESPONSE, &encrypt(*cipher, key, challenge))])),
            (_, Some(witness)) => {
                let own = vec![0x5A; cipher.block_len()];
                Some(crate::piv::template(&[(tag::WITNESS, witness), (tag::CHALLENGE, &own)]))
            }
            _ => None,
        }
    }

    /// The card must be where the model is.
    pub(super) fn compare(&self, state: &CardState, apdu: &[u8]) {
        let puk = state.puk.expect("a PIV card has a PUK");
        assert_eq!((state.pin.tries_left, state.pin.limit), (self.pin.tries, self.pin.limit), "PIN after {apdu:02X?}");
        assert_eq!((puk.tries_left, puk.limit), (self.puk.tries, self.puk.limit), "PUK after {apdu:02X?}");
        let user = self.user || self.global_user;
        assert_eq!((state.user, state.admin), (user, self.admin), "roles after {apdu:02X?}");
        assert_eq!(state.containers.len(), self.keys.len(), "keys after {apdu:02X?}");
    }
}

/// A certificate object that no one reads.
pub(super) fn certificate(der: &[u8]) -> Vec<u8> {
    CertificateObject { certificate: der, gzip: false }.encode()
}
