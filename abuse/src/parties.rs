//! The parties of a story: a core behind the core protocol, CAs, cards. Each is the own one; of one of them what it
//! says, or what is said to it, may be damaged on the way, and everything that a reader begins with is recorded.
//!
//! One type for all, whether damaged or not: a world is compiled anew for each.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use autoenroll_ca::Ca;
use autoenroll_card::Card;
use autoenroll_core::InProcess as OwnCore;
use autoenroll_foreign::protocol::{FromCore, ToCore, VERSION};
use autoenroll_model::{
    CaReply, CoreError, CoreFactory, EnrollmentCore, FileTime, HResult, Identity, Input, Now, Output, PrincipalObject,
    SimTime, Submission,
};
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CaHost, CardGone, CardHost, Hosts, InProcessCards, InProcessCas};
use serde_json::Value;

use crate::dice::{Dice, damage};
use crate::kind::Kind;
use crate::{der, json};

/// What decides which message is damaged, shared by the parties of a story.
#[derive(Clone, Debug)]
pub struct Damager {
    dice: Rc<RefCell<Dice>>,
    /// Whose messages are damaged; nobody's when it is no party.
    whose: Kind,
    /// One message in so many is damaged.
    rate: usize,
    /// What must hold and did not, in words.
    broken: Rc<RefCell<Option<String>>>,
    /// What was said, where it is recorded.
    said: Option<Rc<RefCell<Said>>>,
}

/// What was said in a story.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What the bench said to the first core, a message a line.
    pub to_core: String,
    /// What the cores said.
    pub from_core: Vec<String>,
    /// The first request to a CA.
    pub requested: Option<Requested>,
    cores: u32,
}

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The CA as it was before.
    pub ca: Box<Ca>,
    /// Who asked.
    pub caller: PrincipalObject,
    /// The request.
    pub submission: Submission,
    /// When.
    pub now: FileTime,
    /// The answer.
    pub reply: CaReply,
}

impl Damager {
    /// Damages messages of that party.
    #[must_use]
    pub fn new(mut dice: Dice, whose: Kind) -> Self {
        let rate = dice.one([3, 10, 30, 100, 300]);
        Self { dice: Rc::new(RefCell::new(dice)), whose, rate, broken: Rc::default(), said: None }
    }

    /// Damages nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Dice::new(0, 0), Kind::Scenario)
    }

    /// Damages nothing, and records.
    #[must_use]
    pub fn recording() -> Self {
        Self { said: Some(Rc::default()), ..Self::none() }
    }

    /// What did not hold.
    #[must_use]
    pub fn broken(&self) -> Option<String> {
        self.broken.borrow().clone()
    }

    /// What was recorded.
    #[must_use]
    pub fn take_said(&self) -> Said {
        self.said.as_ref().map(|said| said.take()).unwrap_or_default()
    }

    /// The parties of one play.
    #[must_use]
    pub fn parties(&self) -> Parties {
        let cas = DamagedCas { inner: InProcessCas::default(), damager: self.clone(), last: Vec::new() };
        let cards = DamagedCards { inner: InProcessCards::default(), damager: self.clone(), last: Vec::new() };
        Parties { factory: DamagedCores(self.clone()), hosts: Hosts { cards, cas } }
    }

    fn strikes(&self, whose: Kind) -> bool {
        self.whose == whose && self.dice.borrow_mut().one_in(self.rate)
    }
}

/// Everybody in a story but its author.
#[derive(Debug)]
pub struct Parties {
    /// Starts cores.
    pub factory: DamagedCores,
    /// Keeps cards and CAs.
    pub hosts: Hosts<DamagedCards, DamagedCas>,
}

/// Starts own cores whose messages may be damaged before the bench reads them.
#[derive(Clone, Debug)]
pub struct DamagedCores(Damager);

impl CoreFactory for DamagedCores {
    type Core = DamagedCore;

    fn start(&mut self, identity: &Identity) -> Result<DamagedCore, CoreError> {
        let mut core = DamagedCore {
            inner: OwnCore::new().start(identity)?,
            damager: self.0.clone(),
            first: false,
            handled: 0,
            outputs: VecDeque::new(),
            deadline: None,
            last: Value::Null,
        };
        if let Some(said) = &self.0.said {
            said.borrow_mut().cores += 1;
            core.first = said.borrow().cores == 1;
        }
        core.hears(|| ToCore::Start { protocol: VERSION, features: Vec::new(), identity: identity.clone() });
        let ready = FromCore::Ready { protocol: VERSION, core: "own".to_owned(), features: Vec::new() };
        match core.sent(ready).as_slice() {
            [FromCore::Ready { protocol: VERSION, .. }, ..] => Ok(core),
            _ => Err(CoreError::failed("it is not ready")),
        }
    }
}

/// A core of [`DamagedCores`].
#[derive(Debug)]
pub struct DamagedCore {
    inner: autoenroll_core::Core,
    damager: Damager,
    /// Whether it is the first of its story.
    first: bool,
    handled: u32,
    outputs: VecDeque<Output>,
    deadline: Option<SimTime>,
    last: Value,
}

impl DamagedCore {
    /// What the bench says: whoever understands the protocol reads it as what it was.
    fn hears(&self, message: impl FnOnce() -> ToCore) {
        if self.damager.whose != Kind::Core && !self.first {
            return;
        }
        let message = message();
        let line = serde_json::to_string(&message);
        let read = line.as_ref().map(|line| serde_json::from_str::<ToCore>(line));
        if !matches!(&read, Ok(Ok(read)) if *read == message) {
            self.damager.broken.borrow_mut().get_or_insert(format!("{message:?} is read as {read:?}"));
        }
        if let (true, Some(said), Ok(line)) = (self.first, &self.damager.said, line) {
            said.borrow_mut().to_core += &(line + "\n");
        }
    }

    /// What arrives of a message: mostly the message itself, sometimes another, none, or several. What cannot be read
    /// is an error of the core, as it is where it comes from another process.
    fn sent(&mut self, message: FromCore) -> Vec<FromCore> {
        if let Some(said) = &self.damager.said {
            said.borrow_mut().from_core.extend(serde_json::to_string(&message));
        }
        if self.damager.whose != Kind::Core {
            return vec![message];
        }
        let Ok(mut value) = serde_json::to_value(&message) else { return Vec::new() };
        let whole = value.clone();
        let mut times = 1;
        if self.damager.strikes(Kind::Core) {
            let dice = &mut *self.damager.dice.borrow_mut();
            match dice.below(8) {
                0 => times = 0,
                1 => times = dice.one([2, 2, 2, 400]),
                2 => value = self.last.clone(),
                _ => (0..dice.changes()).for_each(|_| json::damage(dice, &mut value, &self.last)),
            }
        }
        self.last = whole;
        let read = serde_json::from_str(&value.to_string());
        let read = read.unwrap_or_else(|error| FromCore::Error(CoreError::failed(error.to_string())));
        vec![read; times]
    }

    /// As a core in another process is heard.
    fn hear(&mut self, message: FromCore) -> Result<bool, CoreError> {
        let failed = |what: &str| Err(CoreError::failed(what));
        match message {
            FromCore::Output(output) if output.number == self.handled => self.outputs.push_back((*output).into()),
            FromCore::Idle { number, deadline } if number == self.handled => {
                self.deadline = deadline;
                return Ok(true);
            }
            FromCore::Error(error) => return Err(error),
            FromCore::Output(_) | FromCore::Idle { .. } => return failed("it answers another input"),
            FromCore::Ready { .. } => return failed("it is ready again"),
        }
        Ok(false)
    }
}

impl EnrollmentCore for DamagedCore {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.handled += 1;
        self.hears(|| ToCore::Handle { number: self.handled, now, input: input.clone() });
        let mut said = Vec::new();
        match self.inner.handle(now, input) {
            Ok(()) => {
                while let Some(output) = self.inner.poll()? {
                    said.push(FromCore::output(self.handled, output));
                }
                said.push(FromCore::Idle { number: self.handled, deadline: self.inner.deadline() });
            }
            Err(error) => said.push(FromCore::Error(error)),
        }
        for message in said {
            for message in self.sent(message) {
                if self.hear(message)? {
                    return Ok(());
                }
            }
        }
        Err(CoreError::failed("it is never idle"))
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.outputs.pop_front())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }
}

/// CAs to which requests, and from which answers, come damaged.
#[derive(Debug)]
pub struct DamagedCas {
    inner: InProcessCas,
    damager: Damager,
    /// The last request or certificate, of which parts are taken.
    last: Vec<u8>,
}

impl DamagedCas {
    fn damaged(&mut self, der: &[u8]) -> Vec<u8> {
        let damaged = der::damage(&mut self.damager.dice.borrow_mut(), der, &self.last);
        self.last = der.to_vec();
        damaged
    }

    fn reply(&mut self, mut reply: CaReply) -> CaReply {
        if !self.damager.strikes(Kind::Ca) {
            return reply;
        }
        match self.damager.dice.borrow_mut().below(8) {
            0 => reply.certificate = None,
            1 => reply.response = None,
            2 => std::mem::swap(&mut reply.certificate, &mut reply.response),
            3 => reply.request_id = 0,
            4 => reply.message = "\u{1b}[2J".repeat(100),
            _ => {}
        }
        reply.certificate = reply.certificate.map(|der| self.damaged(&der));
        if self.damager.strikes(Kind::Ca) {
            reply.response = reply.response.map(|der| self.damaged(&der));
        }
        reply
    }
}

impl CaHost for DamagedCas {
    fn add_ca(&mut self, ca: Ca) {
        self.inner.add_ca(ca);
    }

    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        self.inner.ca(name, look)
    }

    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        self.inner.ca_mut(name, change)
    }

    fn submit(
        &mut self,
        ca: &str,
        now: FileTime,
        caller: &PrincipalObject,
        submission: &Submission,
    ) -> Result<CaReply, HResult> {
        let mut submission = submission.clone();
        if self.damager.strikes(Kind::Ca) {
            submission.request = self.damaged(&submission.request);
            if self.damager.strikes(Kind::Ca) {
                submission.attributes.push(("CertificateTemplate".to_owned(), "\u{0}:User\n".to_owned()));
            }
        }
        let before = self.damager.said.as_ref().and_then(|_| self.inner.ca(ca, Clone::clone));
        let reply = self.inner.submit(ca, now, caller, &submission)?;
        if let (Some(said), Some(ca)) = (&self.damager.said, before) {
            let (caller, reply) = (caller.clone(), reply.clone());
            said.borrow_mut().requested.get_or_insert(Requested { ca: Box::new(ca), caller, submission, now, reply });
        }
        Ok(self.reply(reply))
    }

    fn retrieve(&mut self, ca: &str, caller: &str, request_id: u32) -> Result<CaReply, HResult> {
        let request_id = if self.damager.strikes(Kind::Ca) { request_id.wrapping_add(1) } else { request_id };
        let reply = self.inner.retrieve(ca, caller, request_id)?;
        Ok(self.reply(reply))
    }
}

/// Cards whose commands and answers are damaged on the way.
#[derive(Debug)]
pub struct DamagedCards {
    inner: InProcessCards,
    damager: Damager,
    last: Vec<u8>,
}

impl DamagedCards {
    fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = bytes.to_vec();
        let dice = &mut *self.damager.dice.borrow_mut();
        (0..dice.changes()).for_each(|_| damage(dice, &mut damaged, &self.last));
        self.last = bytes.to_vec();
        damaged
    }
}

impl CardHost for DamagedCards {
    fn add_card(&mut self, name: &str, card: Card) {
        self.inner.add_card(name, card);
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        self.inner.card(name, look)
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        self.inner.card_mut(name, change)
    }

    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        let atr = self.inner.insert(reader, card)?;
        if self.damager.strikes(Kind::Card) { Some(self.damaged(&atr)) } else { Some(atr) }
    }

    fn remove(&mut self, reader: &ReaderName) {
        self.inner.remove(reader);
    }

    fn reset(&mut self, reader: &ReaderName) {
        self.inner.reset(reader);
    }

    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let said = if self.damager.strikes(Kind::Card) { self.damaged(apdu) } else { apdu.to_vec() };
        let answer = self.inner.transmit(reader, &said)?;
        if !self.damager.strikes(Kind::Card) {
            return Ok(answer);
        }
        match self.damager.dice.borrow_mut().below(6) {
            0 => return Err(CardGone(HResult::SCARD_W_REMOVED_CARD)),
            1 => return Ok(vec![0x61, 0xFF]),
            2 => return Ok(Vec::new()),
            _ => {}
        }
        Ok(self.damaged(&answer))
    }
}
