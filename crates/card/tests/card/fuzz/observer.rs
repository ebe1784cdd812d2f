//! What must be true, told from the traffic alone.

use std::collections::BTreeSet;

use autoenroll_apdu::gids::{AID, Fcp, FileId, tag};
use autoenroll_apdu::tlv;
use autoenroll_apdu::{Chain, ChainStep, Command, Response, ins};
use autoenroll_card::{CardState, LifeCycle};

use super::cards::Start;
use crate::host::{decrypt, encrypt};

/// A model of PIN, counter, roles and life cycle.
pub(super) struct Observer {
    pub(super) pin: Option<Vec<u8>>,
    pub(super) tries: u8,
    pub(super) user: bool,
    pub(super) admin: bool,
    pub(super) admin_key: Option<[u8; 24]>,
    pub(super) operational: bool,
    pub(super) terminated: bool,
    challenge: Option<Challenge>,
    chain: Chain,
    /// The file a following ACTIVATE or DELETE acts on, as far as the observer can tell: the application or another one.
    application_selected: bool,
    /// Files that were created under conditions of the host's own.
    own: BTreeSet<FileId>,
}

enum Challenge {
    External(Vec<u8>),
    Mutual { host: Vec<u8>, card: Vec<u8> },
}

/// Tries of the profiles used here.
const LIMIT: u8 = 3;

impl Observer {
    pub(super) fn new(start: &Start) -> Self {
        Self {
            pin: start.pin.clone(),
            tries: LIMIT,
            user: false,
            admin: false,
            admin_key: start.admin_key,
            operational: start.operational,
            terminated: false,
            challenge: None,
            chain: Chain::default(),
            application_selected: false,
            own: BTreeSet::new(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.user = false;
        self.admin = false;
        self.challenge = None;
        self.chain = Chain::default();
        self.application_selected = false;
    }

    /// Follows one exchange; fails when the card let through what it must not.
    pub(super) fn watch(&mut self, apdu: &[u8], answer: &Response) {
        let Ok(command) = Command::parse(apdu) else { return };
        if self.terminated {
            assert_eq!(answer.sw.0, 0x6285, "a terminated card answers nothing else");
            return;
        }
        if matches!(answer.sw.0, 0x6D00 | 0x6E00) {
            // Refused before the chain.
            return;
        }
        let ChainStep::Whole(command) = self.chain.push(command) else { return };
        let accepted = answer.sw.is_ok() || answer.sw.sw1() == 0x61;
        let free = !self.operational;
        let (user, either) = (free || self.user, free || self.user || self.admin);
        let may = |allowed: bool, what: &str| assert!(!accepted || allowed, "{what} without right: {apdu:02X?}");
        match command.ins {
            ins::SELECT if accepted => {
                if command.p1 == 0x04 {
                    assert!(command.data.starts_with(&AID));
                    self.deauthenticate();
                    self.challenge = None;
                }
                self.application_selected = command.p1 == 0x04 || command.data == [0x3F, 0xFF];
            }
            ins::VERIFY => self.watch_verify(&command, answer),
            ins::CHANGE_REFERENCE_DATA => self.watch_change(&command, answer),
            ins::RESET_RETRY_COUNTER if accepted => {
                assert!(self.admin && self.operational, "unblocked without admin");
                self.pin = Some(command.data);
                self.tries = LIMIT;
                self.deauthenticate();
            }
            ins::GENERAL_AUTHENTICATE => self.watch_authenticate(&command, answer),
            ins::MANAGE_SECURITY_ENVIRONMENT if command.p2 == 0xA4 && matches!(command.p1, 0xC1 | 0x81) => {
                self.challenge = None;
            }
            ins::MANAGE_SECURITY_ENVIRONMENT => may(user, "key chosen"),
            ins::PERFORM_SECURITY_OPERATION => may(user, "key used"),
            ins::GENERATE_ASYMMETRIC_KEY_PAIR => may(user, "key generated"),
            ins::GET_DATA | ins::PUT_DATA if self.own.contains(&FileId(command.p1p2())) => {}
            ins::GET_DATA => match FileId(command.p1p2()) {
                FileId::USER_WRITE_EXECUTE => may(free, "A011 read"),
                FileId::USER_READ_WRITE => may(either, "A013 read"),
                FileId::ADMIN_READ_WRITE => may(free || self.admin, "A014 read"),
                _ => {}
            },
            ins::PUT_DATA => {
                may(either, "data or key written");
                let admins = FileId(command.p1p2()) == FileId::EVERYONE_READ_ADMIN_WRITE;
                may(!admins || free || self.admin, "A012 written");
                if accepted && FileId(command.p1p2()) == FileId::APPLICATION {
                    self.watch_put_key(&command.data);
                }
            }
            ins::CREATE_FILE => {
                may(either, "file created");
                if accepted {
                    self.application_selected = false;
                    self.own.insert(Fcp::parse(&command.data).expect("accepted").id);
                }
            }
            ins::DELETE_FILE => {
                may(either, "file deleted");
                self.application_selected |= accepted;
            }
            ins::ACTIVATE_FILE => {
                may(either, "file activated");
                self.operational |= accepted && self.application_selected;
            }
            ins::TERMINATE_DF => {
                may(free || self.admin, "terminated");
                if accepted {
                    self.terminated = true;
                    self.deauthenticate();
                }
            }
            _ => {}
        }
    }

    fn watch_verify(&mut self, command: &Command, answer: &Response) {
        let accepted = answer.sw.is_ok();
        match (command.p1, command.p2, command.data.is_empty()) {
            (0, 0x82, true) => self.deauthenticate(),
            (0, 0x80 | 0x00, false) => match answer.sw.retries() {
                _ if accepted => {
                    assert!(self.tries > 0, "a blocked PIN was accepted");
                    assert_eq!(Some(&command.data), self.pin.as_ref(), "a wrong PIN was accepted");
                    self.tries = LIMIT;
                    self.user = true;
                }
                Some(left) if (4..=16).contains(&command.data.len()) => {
                    assert_ne!(Some(&command.data), self.pin.as_ref(), "the right PIN was refused");
                    self.tries -= 1;
                    self.user = false;
                    assert_eq!(left, self.tries);
                }
                Some(left) => assert_eq!(left, self.tries, "a PIN of impossible length counted"),
                None => {}
            },
            (0, 0x80 | 0x00, true) => assert!(!accepted || self.user || !self.operational),
            _ => assert!(!accepted),
        }
    }

    fn watch_change(&mut self, command: &Command, answer: &Response) {
        let accepted = answer.sw.is_ok();
        if accepted && command.p1 == 0x01 {
            assert!(self.user || !self.operational, "PIN set without right");
            self.pin = Some(command.data.clone());
            self.tries = LIMIT;
        } else if command.p1 == 0x00 && command.p2 == 0x80 && self.tries > 0 {
            let new = self.pin.as_ref().and_then(|pin| command.data.strip_prefix(pin.as_slice())).map(<[u8]>::to_vec);
            match new {
                Some(new) => {
                    self.tries = LIMIT;
                    self.user = true;
                    assert_eq!(accepted, (4..=16).contains(&new.len()));
                    if accepted {
                        self.pin = Some(new);
                    }
                }
                None => {
                    assert!(!accepted, "PIN changed without the old one");
                    if let Some(left) = answer.sw.retries() {
                        self.tries -= 1;
                        self.user = false;
                        assert_eq!(left, self.tries);
                    }
                }
            }
        } else {
            assert!(!accepted);
        }
    }

    fn watch_authenticate(&mut self, command: &Command, answer: &Response) {
        let object = tlv::read_only(&command.data, tag::AUTHENTICATION).and_then(tlv::read);
        let Ok((object, _)) = object else { return assert!(!answer.sw.is_ok()) };
        if object.tag == tag::CHALLENGE && answer.sw.is_ok() {
            let card = crate::host::unwrap_authentication(&answer.data, tag::CHALLENGE).to_vec();
            self.challenge = Some(match object.value {
                [] => Challenge::External(card),
                host => Challenge::Mutual { host: host.to_vec(), card },
            });
        } else if object.tag == tag::RESPONSE && (answer.sw.is_ok() || answer.sw.0 == 0x6982) {
            let proved = self.proves(object.value);
            assert_eq!(answer.sw.is_ok(), proved, "admin authentication");
            self.admin = proved;
            self.challenge = None;
        }
    }

    fn proves(&self, response: &[u8]) -> bool {
        let (Some(key), Some(challenge)) = (&self.admin_key, &self.challenge) else { return false };
        match challenge {
            Challenge::External(sent) => response == encrypt(key, sent),
            Challenge::Mutual { host, card } if response.len() == 40 => {
                let text = decrypt(key, response);
                text[..16] == **card && text[16..32] == **host && text[39] == 0x80
            }
            Challenge::Mutual { .. } => false,
        }
    }

    /// The proof that would be accepted now.
    pub(super) fn proof(&self) -> Option<Vec<u8>> {
        let key = self.admin_key.as_ref()?;
        Some(match self.challenge.as_ref()? {
            Challenge::External(sent) => encrypt(key, sent),
            Challenge::Mutual { host, card } => encrypt(key, &[&card[..], host, &[0x5A; 7], &[0x80]].concat()),
        })
    }

    fn watch_put_key(&mut self, data: &[u8]) {
        let template = tlv::read_only(data, tag::KEY_TEMPLATE).expect("accepted");
        if tlv::find(template, tag::KEY_REFERENCE) == Ok(Some(&[0x80])) {
            assert!(self.admin || !self.operational, "admin key replaced without right");
            let content = tlv::find(template, tag::KEY_CONTENT).expect("accepted").expect("accepted");
            let value = tlv::find(content, tag::KEY_VALUE).expect("accepted").expect("accepted");
            self.admin_key = Some(value.try_into().expect("accepted"));
        }
    }

    fn deauthenticate(&mut self) {
        self.user = false;
        self.admin = false;
    }

    /// The card must be where the model is.
    pub(super) fn compare(&self, state: &CardState, apdu: &[u8]) {
        assert_eq!(state.pin.tries_left, self.tries, "retry counter after {apdu:02X?}");
        assert_eq!((state.user, state.admin), (self.user, self.admin), "roles after {apdu:02X?}");
        assert_eq!(state.pin.set, self.pin.is_some(), "PIN after {apdu:02X?}");
        let life_cycle = match (self.terminated, self.operational) {
            (true, _) => LifeCycle::Terminated,
            (_, true) => LifeCycle::Operational,
            _ => LifeCycle::Creation,
        };
        assert_eq!(state.life_cycle, life_cycle, "life cycle after {apdu:02X?}");
    }
}
