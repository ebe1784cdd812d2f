//! Plays a story on a world, move by move, as the runner of the scenario language plays the file of it.

use std::sync::Arc;

use autoenroll_core::InProcess;
use autoenroll_model::{Fact, SimTime};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::{
    ActError, Action, Hosts, InProcessCards, InProcessCas, OpenPrompt, SpecErrors, Stepped, World, WorldError,
    WorldSpec,
};

use crate::law::Broken;
use crate::story::{Anchor, When};

/// The world of the stories.
pub type StoryWorld = World<InProcess, InProcessCards, InProcessCas>;

/// The most records of one story unless said otherwise: what has more is long, not broken.
const MOST_RECORDS: usize = 30_000;
/// Kinds of records that nothing is done on: what was decided is a matter of the core alone, and the last thing done is
/// no news.
const NO_ANCHORS: &[Kind] = &[Kind::Decision, Kind::Violation, Kind::Prompt, Kind::PromptChanged];
/// Facts that say best which record it is.
const TELLING: &[&str] =
    &["op", "point", "on", "trigger", "card", "template", "stage", "code", "ca", "container", "command"];

/// Builds the world of a description.
///
/// # Errors
/// When it describes none.
pub fn story_world(spec: &WorldSpec) -> Result<StoryWorld, Box<SpecErrors>> {
    World::new(spec.clone(), InProcess::new(), Hosts::in_process()).map_err(Box::new)
}

/// A story in play.
#[derive(Clone, Debug)]
pub struct Player {
    world: StoryWorld,
    /// Users and computers.
    principals: Arc<[String]>,
    /// Records before this one came before the last thing was done.
    since_act: usize,
    /// When that was.
    acted: SimTime,
    /// Records before this one have been searched for violations.
    judged: usize,
    /// How often something was tried.
    acts: usize,
    /// The first violation of each law of order.
    listed: Vec<Broken>,
    /// A story with more records is long.
    most_records: usize,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was done.
    Yes,
    /// It cannot be done now; nothing has happened but that time went by.
    No,
}

impl Player {
    /// At the beginning of a story, with the users and computers that take part in it.
    #[must_use]
    pub const fn new(world: StoryWorld, principals: Arc<[String]>) -> Self {
        Self {
            world,
            principals,
            since_act: 0,
            acted: SimTime::START,
            judged: 0,
            acts: 0,
            listed: Vec::new(),
            most_records: MOST_RECORDS,
        }
    }

    /// The same, for a story that is long only when it has more records than that.
    #[must_use]
    pub fn with_most_records(self, most_records: usize) -> Self {
        Self { most_records, ..self }
    }

    /// The world as it is now.
    #[must_use]
    pub const fn world(&self) -> &StoryWorld {
        &self.world
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.world.now()
    }

    /// The prompts that are open.
    #[must_use]
    pub fn prompts(&self) -> Vec<OpenPrompt> {
        self.world.prompts()
    }

    /// Laws of order that were broken, each once; the story goes on.
    #[must_use]
    pub fn listed(&self) -> Vec<Broken> {
        self.listed.clone()
    }

    /// How often something was tried, done or not.
    #[must_use]
    pub const fn acts(&self) -> usize {
        self.acts
    }

    /// Whether the story has become so long that it is not worth going on.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.records() > self.most_records
    }

    /// How many records there are.
    #[must_use]
    pub fn records(&self) -> usize {
        self.world.trace().len()
    }

    /// Lets the present instant come to rest.
    ///
    /// # Errors
    /// When something breaks.
    pub fn settle(&mut self) -> Result<(), Broken> {
        while self.step(self.now())? == Stepped::Handled {}
        Ok(())
    }

    /// Lets time go by, and everything happen that is due until then.
    ///
    /// # Errors
    /// When something breaks.
    pub fn advance_to(&mut self, at: SimTime) -> Result<(), Broken> {
        self.settle()?;
        while !self.is_long() && self.step(at)? == Stepped::Handled {}
        self.world.advance(at);
        Ok(())
    }

    /// Does something now.
    ///
    /// # Errors
    /// When something breaks.
    pub fn act(&mut self, actions: &[Action]) -> Result<Done, Broken> {
        // What consists of several actions is done as a whole or not at all.
        let before = (actions.len() > 1).then(|| self.clone());
        let from = self.records();
        self.acts += 1;
        for action in actions {
            match self.world.act(action) {
                Ok(()) => {}
                Err(ActError::World(error)) => return Err(self.stopped(&error)),
                Err(_) => {
                    if let Some(before) = before {
                        *self = before;
                    }
                    return Ok(Done::No);
                }
            }
        }
        (self.since_act, self.acted) = (from, self.now());
        self.judge()?;
        Ok(Done::Yes)
    }

    /// Does something at its moment.
    ///
    /// # Errors
    /// When something breaks.
    pub fn act_when(&mut self, when: &When, actions: &[Action]) -> Result<Done, Broken> {
        match self.reach(when)? {
            Done::Yes => self.act(actions),
            Done::No => Ok(Done::No),
        }
    }

    /// Lets time go by until a moment, if it comes.
    ///
    /// # Errors
    /// When something breaks.
    pub(crate) fn reach(&mut self, when: &When) -> Result<Done, Broken> {
        match when {
            When::At(at) if *at < self.now() => Ok(Done::No),
            When::At(at) => self.advance_to(*at).map(|()| Done::Yes),
            When::On(anchor) => self.wait_for(anchor),
        }
    }

    /// Lets things happen until the record of an anchor appears.
    fn wait_for(&mut self, anchor: &Anchor) -> Result<Done, Broken> {
        let mut scanned = self.since_act;
        if let Some(from) = anchor.from {
            self.settle()?;
            while let Some(next) = self.world.next_at().filter(|next| *next < from) {
                self.step(next)?;
            }
            scanned = self.records();
        }
        loop {
            let fits = |record: Record| anchor.from.is_none_or(|from| record.at >= from) && anchor.fits(&record);
            let mut likely = self.world.trace().since(scanned).filter(|record| record.kind == anchor.kind);
            if likely.any(|record| fits(record.unpack())) {
                return Ok(Done::Yes);
            }
            scanned = self.records();
            match self.world.next_at().filter(|next| *next < anchor.until()) {
                Some(next) if !self.is_long() => self.step(next)?,
                _ => return Ok(Done::No),
            };
        }
    }

    /// Lets so many things happen, not beyond a time, and says how the last record can be named that came then; `None`
    /// when nothing happens any more, or nothing names it.
    ///
    /// # Errors
    /// When something breaks.
    pub fn moment(&mut self, things: usize, until: SimTime) -> Result<Option<Anchor>, Broken> {
        let mut left = things;
        while let Some(next) = self.world.next_at().filter(|next| *next <= until) {
            if self.is_long() {
                break;
            }
            let before = self.records();
            self.step(next)?;
            left = left.saturating_sub(1);
            if left == 0
                && let Some(anchor) = self.anchor(before)
            {
                return Ok(Some(anchor));
            }
        }
        Ok(None)
    }

    /// Lets one thing happen that is due until then.
    ///
    /// # Errors
    /// When something breaks.
    pub fn happen(&mut self, until: SimTime) -> Result<Stepped, Broken> {
        self.step(until)
    }

    /// Forgets the records so far: nothing that comes is done on them.
    pub(crate) fn forget(&mut self) {
        let records = self.records();
        self.world.forget_before(records);
    }

    /// How the last things that happened can be named: one of the records from `before` on.
    pub(crate) fn named_since(&self, before: usize) -> Option<Anchor> {
        self.anchor(before)
    }

    /// How one of the records from `before` on can be named.
    fn anchor(&self, before: usize) -> Option<Anchor> {
        let trace = self.world.trace();
        let now = self.now();
        let (from, window) =
            if now > self.acted { (Some(now), trace.before(now)..before) } else { (None, self.since_act..before) };
        let window: Vec<Record> = trace.range(window).map(|record| record.unpack()).collect();
        let named = |record: Record| {
            let anchor = |facts: &[&str]| {
                let known = |name: &&str| Some(((*name).to_owned(), record.facts.get(name)?.clone()));
                let facts: Vec<(String, Fact)> = facts.iter().filter_map(known).collect();
                let who = self.principals.iter().find(|name| **name == *record.actor).cloned();
                Anchor { from, kind: record.kind, who, facts, came: now }
            };
            let telling: Vec<&str> = TELLING.iter().copied().filter(|name| record.facts.get(name).is_some()).collect();
            let alone = (0..telling.len()).map(|at| &telling[at..=at]);
            let growing = (0..=telling.len()).map(|many| &telling[..many]);
            let mut ways = [&telling[..0]].into_iter().chain(alone).chain(growing);
            ways.find_map(|facts| {
                let anchor = anchor(facts);
                (!window.iter().any(|earlier| anchor.fits(earlier))).then_some(anchor)
            })
        };
        let mut here = trace.since(before).filter(|record| !NO_ANCHORS.contains(&record.kind));
        here.find_map(|record| named(record.unpack()))
    }

    fn step(&mut self, until: SimTime) -> Result<Stepped, Broken> {
        let stepped = self.world.step(until).map_err(|error| self.stopped(&error))?;
        self.judge()?;
        Ok(stepped)
    }

    /// What the laws say of the records since the last time.
    fn judge(&mut self) -> Result<(), Broken> {
        let from = std::mem::replace(&mut self.judged, self.world.trace().len());
        for record in self.world.trace().since(from).filter(|record| record.kind == Kind::Violation) {
            let broken = Broken::law(&record.unpack());
            if !broken.is_hygiene() {
                return Err(broken);
            }
            if !self.listed.iter().any(|known| known.signature() == broken.signature()) {
                self.listed.push(broken);
            }
        }
        Ok(())
    }

    /// Why the world does not go on: a law, where one says so at the same moment.
    fn stopped(&mut self, error: &WorldError) -> Broken {
        match self.judge() {
            Err(broken) => broken,
            Ok(()) => Broken::stopped(error, self.now()),
        }
    }
}
