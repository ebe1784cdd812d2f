//! The host: mostly sensible commands, some wrong in one place, some damaged, some noise.

use autoenroll_apdu::gids::{
    Algorithm, Condition, ContainerFlags, ContainerMap, ContainerRecord, CrtTemplate, Fcp, FileId, FileKind, KeyKind,
    KeyReference, Padding, SecurityAttribute, commands, tag,
};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, Response, encode_chain, ins};
use autoenroll_keys::{KeyAlgorithm, PrivateKey};

use super::cards::Start;
use super::dice::Dice;
use super::observer::Observer;
use crate::host::PIN;

pub(super) struct Host {
    dice: Dice,
    algorithms: Vec<Algorithm>,
    /// The last key that was chosen, to sign or decipher with sensible input.
    chosen: Option<(CrtTemplate, Padding, Algorithm)>,
    /// Key files asked for lately, to generate and choose what may be there.
    keys: Vec<(KeyReference, Algorithm)>,
    /// Bytes that the card announced.
    waiting: bool,
}

/// One kind of command, and how often it comes.
type Action = fn(&mut Host, &Observer) -> Command;

#[rustfmt::skip]
const ACTIONS: &[(usize, Action)] = &[
    (4, |_, _| commands::select_application()),
    (6, |host, _| host.select()),
    (2, |host, _| host.select_wrongly()),
    (14, |host, observer| host.verify(observer)),
    (5, |host, _| host.verify_wrongly()),
    (2, |_, _| commands::verify_status()),
    (1, |_, _| commands::deauthenticate()),
    (3, |host, observer| host.change(observer)),
    (2, |host, _| host.set_pin()),
    (3, |host, _| host.unblock()),
    (8, |host, _| host.begin_authentication()),
    (1, |host, _| host.authenticate_wrongly()),
    (8, |host, _| host.create_objects_file()),
    (8, |host, _| host.create_key_file()),
    (2, |host, _| host.create_wrongly()),
    (12, |host, observer| host.activate(observer)),
    (6, |host, _| host.bare(ins::DELETE_FILE)),
    (20, |host, _| host.get_data()),
    (24, |host, _| host.put_data()),
    (2, |host, _| host.put_key()),
    (5, |host, _| host.generate()),
    (12, |host, _| host.choose()),
    (12, |host, _| host.operate()),
    (2, |host, _| host.noise()),
    (1, |_, _| autoenroll_apdu::get_response(16)),
];

impl Host {
    pub(super) fn new(start: &Start, dice: &mut Dice) -> Self {
        Self {
            dice: Dice::new(dice.next()),
            algorithms: start.algorithms.clone(),
            chosen: None,
            keys: vec![],
            waiting: false,
        }
    }

    /// The next command, cut into the APDUs that carry it.
    pub(super) fn next(&mut self, observer: &Observer, end: bool) -> Vec<Vec<u8>> {
        if self.dice.one_in(8_000) {
            let half = Command::new(0x10, ins::PUT_DATA, 0xA0, 0x10).with_data(vec![0; 40_000]);
            return vec![half.encode().expect("it fits an extended APDU"); 2];
        }
        if self.waiting && !self.dice.one_in(8) {
            let [p1, le] = [u8::from(self.dice.one_in(20)), self.dice.byte()];
            return vec![vec![0x00, ins::GET_RESPONSE, p1, 0x00, le]];
        }
        let command = if end { self.terminate(observer) } else { self.command(observer) };
        if self.dice.one_in(40) {
            return vec![command.encode().unwrap_or_default()].into_iter().map(|apdu| self.damage(apdu)).collect();
        }
        let chunk = self.dice.pick(&[255, 255, 240, 16]);
        let mut pieces = encode_chain(&command, if command.data.len() > 300 { chunk | 0x80 } else { chunk });
        if pieces.len() > 1 && self.dice.one_in(30) {
            pieces.pop();
        }
        pieces
    }

    /// Takes note of an answer.
    pub(super) fn learn(&mut self, apdu: &[u8], answer: &Response) {
        self.waiting = answer.sw.sw1() == 0x61;
        if apdu.get(1) == Some(&ins::MANAGE_SECURITY_ENVIRONMENT) && !answer.sw.is_ok() {
            self.chosen = None;
        }
    }

    fn command(&mut self, observer: &Observer) -> Command {
        // A challenge is there: answer it, most of the time.
        if let Some(proof) = observer.proof().filter(|_| !self.dice.one_in(4)) {
            if self.dice.one_in(10) {
                return self.authenticate_wrongly();
            }
            return commands::authenticate(tag::RESPONSE, &proof);
        }
        if observer.admin && self.dice.one_in(8) {
            return self.unblock();
        }
        // A key was chosen: use it.
        if self.chosen.is_some() && self.dice.one_in(12) {
            return self.operate();
        }
        // One wrong PIN calls for another.
        if (1..3).contains(&observer.tries) && self.dice.one_in(12) {
            return self.verify_wrongly();
        }
        // Blocked: ask for the admin, or unblock.
        if observer.tries == 0 && self.dice.one_in(4) {
            return if observer.admin { self.unblock() } else { self.begin_authentication() };
        }
        let total: usize = ACTIONS.iter().map(|(weight, _)| weight).sum();
        let mut draw = self.dice.below(total);
        for (weight, action) in ACTIONS {
            if draw < *weight {
                return action(self, observer);
            }
            draw -= weight;
        }
        commands::select_application()
    }

    /// The way to the end: become admin, then TERMINATE.
    fn terminate(&mut self, observer: &Observer) -> Command {
        if let Some(proof) = observer.proof() {
            return commands::authenticate(tag::RESPONSE, &proof);
        }
        match self.dice.below(6) {
            0 => commands::select_application(),
            _ if observer.admin || !observer.operational => self.bare(ins::TERMINATE_DF),
            1 => self.bare(ins::TERMINATE_DF),
            _ => self.begin_authentication(),
        }
    }

    fn select(&mut self) -> Command {
        let mut command = commands::select_file(self.file());
        command.p2 = self.dice.pick(&[0x0C, 0x0C, 0x0C, 0x04, 0x00, 0x08, 0x01]);
        command
    }

    fn select_wrongly(&mut self) -> Command {
        match self.dice.below(4) {
            0 => Command::new(0, ins::SELECT, 0x04, 0x00).with_data(self.dice.bytes(7)),
            1 => Command::new(0, ins::SELECT, 0x08, 0x00).with_data([0x2F, 0x00]),
            2 => Command::new(0, ins::SELECT, 0x00, 0x00).with_data([0x2F]),
            _ => commands::select_file(FileId(self.dice.next() as u16)),
        }
    }

    /// Any file: the usual ones, those this host creates, and some that are not there.
    fn file(&mut self) -> FileId {
        FileId(match self.dice.below(10) {
            0 => 0x3FFF,
            1 => 0x2F01,
            2 => 0xB080,
            3 | 4 => 0xB081 + self.dice.below(6) as u16,
            5 | 6 => 0xA020 + self.dice.below(6) as u16,
            _ => self.dice.pick(&[0xA000, 0xA010, 0xA010, 0xA010, 0xA011, 0xA012, 0xA013, 0xA014]),
        })
    }

    fn pin(&mut self) -> Vec<u8> {
        let length = self.dice.pick(&[4, 8, 8, 16, 3, 17]);
        let digit = b'0' + self.dice.below(3) as u8;
        if length == 8 { PIN.to_vec() } else { vec![digit; length] }
    }

    fn verify(&mut self, observer: &Observer) -> Command {
        commands::verify(observer.pin.as_deref().unwrap_or(PIN))
    }

    fn verify_wrongly(&mut self) -> Command {
        let mut command = commands::verify(&self.pin());
        match self.dice.below(8) {
            0 => command.p1 = 0xFF,
            1 => command.p2 = self.dice.byte(),
            2 => command.p2 = 0x82,
            3 => command.p2 = 0x00,
            _ => {}
        }
        command
    }

    fn change(&mut self, observer: &Observer) -> Command {
        let old = if self.dice.one_in(6) { self.pin() } else { observer.pin.clone().unwrap_or_default() };
        let mut command = commands::change_pin(&old, &self.pin());
        match self.dice.below(20) {
            0 => command.p1 = 0x02,
            1 => command.p2 = 0x81,
            2 => command.data.clear(),
            _ => {}
        }
        command
    }

    fn set_pin(&mut self) -> Command {
        commands::set_pin(&self.pin())
    }

    fn unblock(&mut self) -> Command {
        let mut command = commands::unblock_pin(&self.pin());
        match self.dice.below(20) {
            0 => command.p1 = 0x00,
            1 => command.p2 = 0x81,
            _ => {}
        }
        command
    }

    fn begin_authentication(&mut self) -> Command {
        match self.dice.below(4) {
            0 => commands::choose_admin_key(),
            1 => Command { p1: 0x81, ..commands::choose_admin_key() },
            2 => commands::authenticate(tag::CHALLENGE, &[]),
            _ => commands::authenticate(tag::CHALLENGE, &self.dice.bytes(16)),
        }
    }

    fn authenticate_wrongly(&mut self) -> Command {
        match self.dice.below(5) {
            0 => commands::authenticate(tag::RESPONSE, &self.dice.bytes(8)),
            1 => commands::authenticate(tag::RESPONSE, &self.dice.bytes(40)),
            2 => commands::authenticate(tag::CHALLENGE, &self.dice.bytes(3)),
            3 => Command { p2: 1, ..commands::authenticate(tag::CHALLENGE, &[]) },
            _ => Command::new(0, ins::GENERAL_AUTHENTICATE, 0, 0).with_data(self.dice.bytes(5)),
        }
    }

    fn create_objects_file(&mut self) -> Command {
        let condition = |dice: &mut Dice| Condition(dice.pick(&[0x00, 0x10, 0x20, 0x30, 0x90, 0xA0, 0xFF]));
        let mut conditions = [condition(&mut self.dice), condition(&mut self.dice), condition(&mut self.dice)];
        if conditions[0] == Condition::ALWAYS {
            // Deleting always takes authentication, so that the observer can tell.
            conditions[0] = Condition::USER;
        }
        let security = if self.dice.one_in(3) {
            SecurityAttribute::new(0x43, &conditions)
        } else {
            SecurityAttribute::new(0x03, &conditions[..2])
        };
        let id = if self.dice.one_in(8) { self.file() } else { FileId(0xA020 + self.dice.below(6) as u16) };
        let security = security.expect("as many conditions as bits");
        commands::create_file(&Fcp { id, security, kind: FileKind::Objects })
    }

    fn algorithm(&mut self) -> Algorithm {
        if self.dice.one_in(30) { self.dice.pick(&Algorithm::ALL) } else { self.dice.pick(&self.algorithms.clone()) }
    }

    fn key(&mut self) -> KeyReference {
        KeyReference(if self.dice.one_in(12) { 0x80 } else { 0x81 + self.dice.below(6) as u8 })
    }

    fn known_key(&mut self) -> (KeyReference, Algorithm) {
        if self.keys.is_empty() || self.dice.one_in(4) {
            return (self.key(), self.algorithm());
        }
        self.dice.pick(&self.keys.clone())
    }

    fn create_key_file(&mut self) -> Command {
        if self.dice.one_in(10) {
            return commands::create_file(&commands::admin_key_file());
        }
        let kind = self.dice.pick(&[KeyKind::Exchange, KeyKind::Signature]);
        let (key, algorithm) = (self.key(), self.algorithm());
        self.keys.push((key, algorithm));
        if self.keys.len() > 8 {
            self.keys.remove(0);
        }
        let mut fcp = commands::user_key_file(key, algorithm, kind);
        // A use that no key of this kind can be put to, so that only the operation itself can refuse it.
        if let FileKind::Key(uses) = &mut fcp.kind
            && self.dice.one_in(3)
        {
            let mut odd = uses[0];
            odd.template = CrtTemplate::Confidentiality;
            for padding in [Padding::RawDecipher, Padding::Pkcs1Decipher, Padding::OaepDecipher] {
                odd.algorithm = padding as u8 | odd.algorithm & 0x0F;
                uses.push(odd);
            }
        }
        commands::create_file(&fcp)
    }

    fn create_wrongly(&mut self) -> Command {
        let mut command = self.create_objects_file();
        if self.dice.one_in(2) {
            command.p2 = 1;
        } else {
            command.data.truncate(9);
        }
        command
    }

    /// ACTIVATE, DELETE or TERMINATE, now and then with parameters or data they do not have.
    fn bare(&mut self, instruction: u8) -> Command {
        let command = Command::new(0, instruction, 0, u8::from(self.dice.one_in(30)));
        if self.dice.one_in(30) { command.with_data([0]) } else { command }
    }

    /// On a card being initialised mostly something else, lest it be operational at once.
    fn activate(&mut self, observer: &Observer) -> Command {
        match self.dice.below(8) {
            0..=2 if !observer.operational => self.create_objects_file(),
            3..=5 if !observer.operational => self.set_pin(),
            _ => self.bare(ins::ACTIVATE_FILE),
        }
    }

    fn object(&mut self) -> Tag {
        Tag::from_number(0xDF1F + self.dice.below(9) as u32).expect("DF1F to DF27 are tags")
    }

    fn get_data(&mut self) -> Command {
        let le = self.dice.pick(&[256, 256, 256, 4, 1]);
        let command = self.read();
        command.with_le(le)
    }

    fn read(&mut self) -> Command {
        match self.dice.below(8) {
            0 => commands::read_public_key(self.key()),
            1 => commands::get_data(FileId::APPLICATION, tag::PIN_STATUS),
            2 => commands::get_data(FileId::APPLICATION, self.dice.pick(&[tag::PUK_STATUS, tag::PIN_STATUS_ALTERNATE])),
            3 => commands::get_all_data(self.file()),
            4 => Command::new(0, ins::GET_DATA, 0xA0, 0x10).with_data(self.dice.bytes(4)),
            _ => commands::get_data(self.file(), self.object()),
        }
    }

    fn put_data(&mut self) -> Command {
        let (file, object) = (self.file(), self.object());
        let length = match self.dice.below(30) {
            0 if self.dice.one_in(8) => 9_000,
            1 | 2 => 400,
            3..=10 => 0,
            _ => self.dice.below(60),
        };
        match self.dice.below(16) {
            0 => Command::new(0, ins::PUT_DATA, 0xA0, 0x10).with_data(self.dice.bytes(6)),
            1 | 2 => commands::put_data(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP, &self.container_map()),
            3 => self.put_admin_key(),
            _ => commands::put_data(file, object, &vec![0x42; length]),
        }
    }

    fn container_map(&mut self) -> Vec<u8> {
        let flags = [ContainerFlags::Free, ContainerFlags::Valid, ContainerFlags::Default];
        let record = |dice: &mut Dice| ContainerRecord { flags: dice.pick(&flags), ..ContainerRecord::default() };
        ContainerMap((0..self.dice.below(4)).map(|_| record(&mut self.dice)).collect()).encode()
    }

    fn put_admin_key(&mut self) -> Command {
        let length = self.dice.pick(&[24, 24, 24, 16]);
        let key = self.dice.bytes(length);
        let content = tlv::encode(tag::KEY_VALUE, &key);
        let template = [tlv::encode(tag::KEY_REFERENCE, &[0x80]), tlv::encode(tag::KEY_CONTENT, &content)].concat();
        commands::put_data(FileId::APPLICATION, tag::KEY_TEMPLATE, &template)
    }

    fn put_key(&mut self) -> Command {
        let key = PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &[self.dice.byte(); 32]);
        let mut parts = key.rsa_components().expect("an RSA key");
        if self.dice.one_in(4) {
            parts.d[50] ^= 1;
        }
        let integer = Tag::from_number(0x02).expect("INTEGER");
        let mut body = Vec::new();
        let numbers = [&[0][..], &parts.n, &parts.e, &parts.d, &parts.p, &parts.q, &[1], &[1], &[1]];
        numbers.iter().for_each(|number| tlv::write(&mut body, integer, number));
        let sequence = tlv::encode(Tag::from_number(0x30).expect("SEQUENCE"), &body);
        let mut command = commands::import_key(self.key(), &sequence);
        if self.dice.one_in(10) {
            command.data.truncate(20);
        }
        command
    }

    fn generate(&mut self) -> Command {
        let (key, algorithm) = self.known_key();
        let mut command = commands::generate_key(key, algorithm);
        match self.dice.below(30) {
            0 => command.p2 = 1,
            1 => command.data.truncate(5),
            _ => {}
        }
        command
    }

    fn choose(&mut self) -> Command {
        let (key, algorithm) = self.known_key();
        let (template, padding) = self.dice.pick(&[
            (CrtTemplate::Signature, Padding::Pkcs1Sign),
            (CrtTemplate::Signature, Padding::RawSign),
            (CrtTemplate::Signature, Padding::RawSign),
            (CrtTemplate::Confidentiality, Padding::Pkcs1Decipher),
            (CrtTemplate::Confidentiality, Padding::OaepDecipher),
            (CrtTemplate::Confidentiality, Padding::RawDecipher),
        ]);
        self.chosen = Some((template, padding, algorithm));
        let mut command = match template {
            CrtTemplate::Signature => commands::choose_signature_key(key, padding, algorithm),
            _ => commands::choose_decipher_key(key, padding, algorithm),
        };
        match self.dice.below(30) {
            0 => command.p1 = 0x42,
            1 => command.data.truncate(4),
            2 => command.data.drain(..3).for_each(drop),
            _ => {}
        }
        command
    }

    /// Input that fits the key that was chosen last, most of the time.
    fn operate(&mut self) -> Command {
        let (template, padding, algorithm) =
            self.chosen.unwrap_or((CrtTemplate::Signature, Padding::RawSign, Algorithm::Ecc256));
        let length = match (padding, algorithm) {
            _ if self.dice.one_in(20) => self.dice.below(140),
            (Padding::Pkcs1Sign, _) => 51,
            (_, Algorithm::Rsa1024) => 128,
            _ => 32,
        };
        let mut input = self.dice.bytes(length);
        if let Some(first) = input.first_mut() {
            // Below the modulus, or clearly above it.
            *first = if self.dice.one_in(8) { 0xFF } else { 0x00 };
        }
        let mut command = match template {
            CrtTemplate::Signature => commands::sign(&input),
            _ => commands::decipher(&input),
        };
        if self.dice.one_in(40) {
            command.p2 = 0x00;
        }
        command
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
