//! The host: mostly sensible commands, some wrong in one place, some damaged, some noise.

use std::sync::LazyLock;

use autoenroll_apdu::piv::{self, Cipher, Mechanism, reference, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, Response, encode_chain, get_response, ins};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, RsaComponents, Seed};

use super::super::dice::Dice;
use super::observer::{Held, Observer, certificate};
use crate::piv::template;

/// A key to import.
static RSA: LazyLock<RsaComponents> = LazyLock::new(|| {
    PrivateKey::from_seed(KeyAlgorithm::Rsa1024, &Seed::from(3)).rsa_components().expect("an RSA key has numbers")
});

/// Somebody's point.
static POINT: LazyLock<[u8; 65]> = LazyLock::new(|| {
    *PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(9)).public().p256_point().expect("a P-256 key has a point")
});

pub(super) struct Host {
    dice: Dice,
    /// Bytes that the card announced.
    waiting: bool,
    /// In some lives PIN and PUK are tried out, until the card is reset.
    destructive: bool,
}

/// One kind of command, and how often it comes.
type Action = fn(&mut Host, &Observer) -> Command;

#[rustfmt::skip]
const ACTIONS: &[(usize, Action)] = &[
    (4, |host, _| host.select()),
    (12, |host, observer| host.verify(observer)),
    (3, |host, _| host.log_out()),
    (5, |host, observer| host.change(observer)),
    (4, |host, observer| host.unblock(observer)),
    (10, |host, observer| host.begin_authentication(observer)),
    (3, |host, observer| host.authenticate_wrongly(observer)),
    (12, |host, _| host.get_data()),
    (14, |host, _| host.put_data()),
    (10, |host, _| host.generate()),
    (5, |host, _| host.import()),
    (24, |host, observer| host.use_key(observer)),
    (6, |host, _| host.metadata()),
    (2, |host, _| host.vendor(piv::ins::GET_VERSION)),
    (2, |host, _| host.vendor(piv::ins::GET_SERIAL)),
    (2, |host, _| host.set_management()),
    (2, |host, _| host.set_tries()),
    (1, |host, _| host.vendor(piv::ins::RESET)),
    (2, |host, _| host.noise()),
    (1, |host, _| Command { p1: u8::from(host.dice.one_in(4)), ..get_response(16) }),
];

impl Host {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self { dice: Dice::new(dice.next()), waiting: false, destructive: dice.one_in(4) }
    }

    /// The next command, cut into the APDUs that carry it.
    pub(super) fn next(&mut self, observer: &Observer) -> Vec<Vec<u8>> {
        if self.dice.one_in(8_000) {
            let half = Command::new(0x10, ins::PUT_DATA, 0x3F, 0xFF).with_data(vec![0; 40_000]);
            return vec![half.encode().expect("it fits an extended APDU"); 2];
        }
        if self.waiting && !self.dice.one_in(4) {
            return vec![vec![0x00, ins::GET_RESPONSE, 0x00, 0x00, 0x00]];
        }
        let command = self.command(observer);
        let extended = self.dice.one_in(6);
        if self.dice.one_in(40) {
            return vec![self.damage(command.encode().unwrap_or_default())];
        }
        if extended {
            return vec![command.with_le(65_536).encode().unwrap_or_default()];
        }
        let mut pieces = encode_chain(&command, self.dice.pick(&[255, 255, 200]));
        if pieces.len() > 1 && self.dice.one_in(20) {
            pieces.pop();
        }
        pieces
    }

    pub(super) fn learn(&mut self, answer: &Response) {
        self.waiting = answer.sw.sw1() == 0x61;
    }

    fn command(&mut self, observer: &Observer) -> Command {
        if let Some(proof) = observer.proof().filter(|_| !self.dice.one_in(5)) {
            let mut command = self.authentication(observer, proof);
            if self.dice.one_in(8) {
                let last = command.data.len() - 1;
                command.data[last - 9] ^= 1;
            }
            return command;
        }
        if self.destructive && self.dice.one_in(3) {
            return match (observer.pin.tries, observer.puk.tries) {
                (0, 0) => Command::new(0, piv::ins::RESET, 0, 0),
                (0, _) => Command::new(0, ins::RESET_RETRY_COUNTER, 0, 0x80).with_data(*b"99999999123456\xFF\xFF"),
                _ => Command::new(0, ins::VERIFY, 0, 0x80).with_data(*b"999999\xFF\xFF"),
            };
        }
        // What takes both roles.
        if observer.admin && self.dice.one_in(6) {
            return if observer.user { self.set_tries() } else { self.verify(observer) };
        }
        let total: usize = ACTIONS.iter().map(|(weight, _)| weight).sum();
        let mut draw = self.dice.below(total);
        for (weight, action) in ACTIONS {
            if draw < *weight {
                return action(self, observer);
            }
            draw -= weight;
        }
        self.select()
    }

    fn select(&mut self) -> Command {
        let mut command = Command::new(0, ins::SELECT, 0x04, 0x00).with_data(piv::AID);
        command.data.truncate(self.dice.pick(&[5, 9, 9, 11]));
        match self.dice.below(8) {
            0 => command.data = self.dice.bytes(6),
            1 => command.p2 = 0x0C,
            _ => {}
        }
        command
    }

    fn wrong_value(&mut self) -> Vec<u8> {
        self.dice.pick(&[b"000000\xFF\xFF", b"111111\xFF\xFF", b"12345\xFF\xFF\xFF", b"1234567a"]).to_vec()
    }

    /// The right value of a reference, most of the time.
    fn value(&mut self, held: &Held, wrong: usize) -> Vec<u8> {
        if self.dice.one_in(wrong) { self.wrong_value() } else { held.value.clone() }
    }

    fn verify(&mut self, observer: &Observer) -> Command {
        let global = observer.global.as_ref().filter(|_| self.dice.one_in(3));
        let byte = if global.is_some() { reference::GLOBAL_PIN } else { reference::PIN };
        let data = self.value(global.unwrap_or(&observer.pin), 4);
        let mut command = Command::new(0, ins::VERIFY, 0, byte).with_data(data);
        match self.dice.below(12) {
            0 => command.data.clear(),
            1 => command.p1 = 1,
            2 => command.p2 = self.dice.byte(),
            _ => {}
        }
        command
    }

    fn log_out(&mut self) -> Command {
        Command::new(0, ins::VERIFY, 0xFF, self.dice.pick(&[reference::PIN, reference::PIN, reference::GLOBAL_PIN]))
    }

    fn change(&mut self, observer: &Observer) -> Command {
        let (byte, held) = match self.dice.below(3) {
            0 => (reference::PUK, &observer.puk),
            1 => (reference::GLOBAL_PIN, observer.global.as_ref().unwrap_or(&observer.pin)),
            _ => (reference::PIN, &observer.pin),
        };
        let new = self.dice.pick(&[b"123456\xFF\xFF", b"12345678", b"87654321", b"1\xFF\xFF\xFF\xFF\xFF\xFF\xFF"]);
        let mut command = Command::new(0, ins::CHANGE_REFERENCE_DATA, 0, byte);
        command.data = [self.value(held, 3), new.to_vec()].concat();
        match self.dice.below(12) {
            0 => command.p1 = 1,
            1 => command.p2 = 0x9B,
            2 => command.data.truncate(7),
            _ => {}
        }
        command
    }

    fn unblock(&mut self, observer: &Observer) -> Command {
        let new = self.dice.pick(&[b"123456\xFF\xFF", b"87654321", b"12\xFF\xFF\xFF\xFF\xFF\xFF"]);
        let mut command = Command::new(0, ins::RESET_RETRY_COUNTER, 0, reference::PIN);
        command.data = [self.value(&observer.puk, 3), new.to_vec()].concat();
        match self.dice.below(12) {
            0 => command.p1 = 1,
            1 => command.p2 = 0x81,
            _ => {}
        }
        command
    }

    fn authentication(&mut self, observer: &Observer, data: Vec<u8>) -> Command {
        let cipher = observer.management.0 as u8;
        Command::new(0, ins::GENERAL_AUTHENTICATE, cipher, reference::MANAGEMENT).with_data(data)
    }

    fn begin_authentication(&mut self, observer: &Observer) -> Command {
        let part = self.dice.pick(&[tag::WITNESS, tag::CHALLENGE]);
        self.authentication(observer, template(&[(part, &[])]))
    }

    fn authenticate_wrongly(&mut self, observer: &Observer) -> Command {
        let block = self.dice.bytes(8);
        let data = match self.dice.below(4) {
            0 => template(&[(tag::RESPONSE, &block)]),
            1 => template(&[(tag::CHALLENGE, &block)]),
            2 => template(&[(tag::WITNESS, &block), (tag::CHALLENGE, &block)]),
            _ => block,
        };
        let mut command = self.authentication(observer, data);
        if self.dice.one_in(4) {
            command.p1 = 0x07;
        }
        command
    }

    fn object(&mut self) -> Vec<u8> {
        let last = self.dice.pick(&[0x02, 0x05, 0x0A, 0x0D, 0x03, 0x09, 0x21]);
        let tag = match self.dice.below(12) {
            0 => vec![0x7E],
            1 => vec![0x7F, 0x61],
            2 => vec![0x5F, 0xFF, 0x10],
            _ => vec![0x5F, 0xC1, last],
        };
        tlv::encode(tag::TAG_LIST, &tag)
    }

    fn get_data(&mut self) -> Command {
        let mut command = Command::new(0, ins::GET_DATA, 0x3F, 0xFF).with_data(self.object());
        match self.dice.below(20) {
            0 => command.p2 = 0xFE,
            1 => command.data.truncate(2),
            _ => {}
        }
        if self.dice.one_in(3) { command.with_le(8) } else { command }
    }

    fn put_data(&mut self) -> Command {
        let length = self.dice.pick(&[0, 1, 20, 60, 190, 300]);
        let value = if length == 0 { vec![] } else { certificate(&vec![0x30; length]) };
        let data = [self.object(), tlv::encode(tag::DATA, &value)].concat();
        let mut command = Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(data);
        match self.dice.below(20) {
            0 => command.p2 = 0xFE,
            1 => command.data.truncate(4),
            _ => {}
        }
        command
    }

    fn slot(&mut self) -> u8 {
        self.dice.pick(&[0x9A, 0x9A, 0x9C, 0x9C, 0x9D, 0x9E, 0x82, 0x95])
    }

    /// Rules for PIN and touch, most of the time none.
    fn rules(&mut self, data: &mut Vec<u8>) {
        if self.dice.one_in(3) {
            let (pin, touch) = (self.dice.pick(&[0, 1, 2, 3, 3, 4]), self.dice.pick(&[0, 1, 2, 3]));
            data.extend([0xAA, 1, pin, 0xAB, 1, touch]);
        }
    }

    fn generate(&mut self) -> Command {
        let mechanism =
            self.dice.pick(&[0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x06, 0x14, 0x03]);
        let mut inner = vec![0x80, 1, mechanism];
        self.rules(&mut inner);
        let data = tlv::encode(tag::GENERATE, &inner);
        let mut command = Command::new(0, ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0, self.slot()).with_data(data);
        match self.dice.below(20) {
            0 => command.p1 = 1,
            1 => command.p2 = 0x9B,
            2 => command.data.truncate(3),
            _ => {}
        }
        command
    }

    fn import(&mut self) -> Command {
        let (mechanism, parts): (u8, Vec<(u32, Vec<u8>)>) = if self.dice.one_in(20) {
            let RsaComponents { p, mut q, .. } = RSA.clone();
            if self.dice.one_in(2) {
                q.clone_from(&p);
            }
            (0x06, vec![(1, p), (2, q)])
        } else {
            let length = self.dice.pick(&[32, 32, 32, 31]);
            let byte = self.dice.pick(&[0x01, 0x77, 0x00, 0xFF]);
            (0x11, vec![(6, vec![byte; length])])
        };
        let mut data = Vec::new();
        for (number, value) in parts {
            tlv::write(&mut data, Tag::from_number(number).expect("a tag"), &value);
        }
        self.rules(&mut data);
        let mut command = Command::new(0, piv::ins::IMPORT_ASYMMETRIC_KEY, mechanism, self.slot()).with_data(data);
        if self.dice.one_in(10) {
            command.p2 = 0xF9;
        }
        command
    }

    /// A key that is there, most of the time, and input that fits it.
    fn use_key(&mut self, observer: &Observer) -> Command {
        let known: Vec<_> = observer.keys.iter().collect();
        let pick = if known.is_empty() || self.dice.one_in(10) { None } else { Some(self.dice.below(known.len())) };
        let (slot, mechanism) = match pick.map(|index| known[index]) {
            Some((slot, known)) => (slot.byte(), known.mechanism),
            None => (self.slot(), Mechanism::P256),
        };
        let octets = usize::from(mechanism.bits()) / 8;
        let rsa = !matches!(mechanism, Mechanism::P256 | Mechanism::P384);
        let length = if self.dice.one_in(12) { octets - 13 } else { octets };
        let mut input = vec![0x01; length];
        if rsa && self.dice.one_in(6) {
            input.fill(0xFF);
        }
        let data = match self.dice.below(20) {
            0 => template(&[(tag::CHALLENGE, &input)]),
            1 => template(&[(tag::RESPONSE, &[]), (tag::EXPONENTIATION, &input)]),
            2..=5 => template(&[(tag::RESPONSE, &[]), (tag::EXPONENTIATION, &*POINT)]),
            _ => template(&[(tag::RESPONSE, &[]), (tag::CHALLENGE, &input)]),
        };
        let mut command =
            Command::new(0, ins::GENERAL_AUTHENTICATE, mechanism as u8, slot).with_data(data).with_le(256);
        match self.dice.below(30) {
            0 => command.p1 = Mechanism::Rsa2048 as u8,
            1 => command.p2 = 0xF9,
            _ => {}
        }
        command
    }

    fn metadata(&mut self) -> Command {
        let named = self.dice.pick(&[0x80, 0x81, 0x9B, 0xF9]);
        let p2 = if self.dice.one_in(2) { named } else { self.slot() };
        Command::new(0, piv::ins::GET_METADATA, u8::from(self.dice.one_in(20)), p2).with_le(256)
    }

    fn vendor(&mut self, instruction: u8) -> Command {
        Command::new(0, instruction, u8::from(self.dice.one_in(10)), 0)
    }

    fn set_management(&mut self) -> Command {
        let cipher = self.dice.pick(&Cipher::ALL);
        let key = vec![self.dice.byte(); cipher.key_len()];
        let mut data = [&[cipher as u8, 0x9B, key.len() as u8][..], &key].concat();
        if self.dice.one_in(8) {
            data.pop();
        }
        Command::new(0, piv::ins::SET_MANAGEMENT_KEY, 0xFF, if self.dice.one_in(20) { 0 } else { 0xFF }).with_data(data)
    }

    fn set_tries(&mut self) -> Command {
        let mut tries = || self.dice.pick(&[1, 3, 3, 15, 0, 16]);
        Command::new(0, piv::ins::SET_PIN_RETRIES, tries(), tries())
    }

    fn noise(&mut self) -> Command {
        let [cla, ins, p1, p2] = [self.dice.pick(&[0x00, 0x10, 0x80, 0x0C]), self.dice.byte(), 0, self.dice.byte()];
        let length = self.dice.below(30);
        Command::new(cla, ins, p1, p2).with_data(self.dice.bytes(length))
    }

    /// Changes a byte, cuts the end off or appends some, but leaves four bytes of header.
    fn damage(&mut self, mut apdu: Vec<u8>) -> Vec<u8> {
        apdu.resize(apdu.len().max(4), 0);
        let place = self.dice.below(apdu.len());
        match self.dice.below(3) {
            0 => apdu[place] ^= 1 << self.dice.below(8),
            1 => apdu.truncate(place.max(4)),
            _ => apdu.extend(self.dice.bytes(3)),
        }
        apdu
    }
}
