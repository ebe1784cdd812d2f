//! A story is played for a client.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use autoenroll_model::{FileTime, SimTime};
use autoenroll_net::LiveError;
use autoenroll_scenario::{Requirements, Scenario};
use autoenroll_trace::Record;
use autoenroll_wire::Certificate;
use autoenroll_world::ActError;

use crate::adapter::Adapter;
use crate::judge::{self, Judged};
use crate::outside::{Epoch, MOST_SAID, Outside, told};
use crate::process::{Ended, Group};
use crate::reach::OutOfReach;
use crate::reference::{NoReference, Reference, Trigger};
use crate::script::Done;
use crate::seen::Reader;
use crate::stage::{Stage, StageError};
use crate::store;

/// Plays stories for one client.
#[derive(Clone, Copy, Debug)]
pub struct Player<'a> {
    /// The client.
    pub adapter: &'a Adapter,
    /// The program that clients may call.
    pub command: &'a Path,
    /// Set when somebody wants this program to end: what clients have started is ended, nothing more is played.
    pub stop: &'a AtomicBool,
}

/// Why a story was not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayError {
    /// It is out of reach.
    OutOfReach(OutOfReach),
    /// The bench failed, and how.
    Bench(String),
}

impl fmt::Display for PlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfReach(reason) => reason.fmt(f),
            Self::Bench(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for PlayError {}

impl From<StageError> for PlayError {
    fn from(error: StageError) -> Self {
        Self::Bench(error.to_string())
    }
}

impl From<LiveError> for PlayError {
    fn from(error: LiveError) -> Self {
        Self::Bench(error.to_string())
    }
}

impl From<std::io::Error> for PlayError {
    fn from(error: std::io::Error) -> Self {
        Self::Bench(error.to_string())
    }
}

impl Player<'_> {
    /// Plays a story for the client, and judges what it shows.
    ///
    /// # Errors
    /// When the story is out of reach, or the bench fails.
    pub fn play(&self, scenario: &Scenario, requirements: &dyn Requirements) -> Result<Judged, PlayError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(StageError::Interrupted.into());
        }
        let reference = Reference::of(scenario, self.adapter, requirements).map_err(|error| match error {
            NoReference::OutOfReach(reason) => PlayError::OutOfReach(reason),
            NoReference::Failed(reason) => PlayError::Bench(format!("our own core does not pass it: {reason}")),
        })?;
        let stage = Stage::open(&scenario.spec, self.adapter, self.command, self.stop)?;
        let mut reader = Reader::new(&scenario.spec);
        for (principal, kept) in &reference.kept {
            reader.seed(principal, kept);
            store::write(&stage.store(principal)?, kept)?;
        }
        let mut run = Playing {
            player: self,
            stage,
            reader,
            read: 0,
            sorted: 0,
            current: BTreeMap::new(),
            left: BTreeMap::new(),
            outside: Outside::default(),
        };
        run.all(&reference)?;
        Ok(judge::judge(&reference, &run.outside, self.adapter, scenario.spec.start))
    }
}

struct Playing<'a> {
    player: &'a Player<'a>,
    /// What `start` has left running for each principal. It ends before its folder goes.
    left: BTreeMap<String, Group>,
    stage: Stage<'a>,
    reader: Reader,
    /// How many records of the trace were read.
    read: usize,
    /// How many dealings were given to their epochs.
    sorted: usize,
    /// The last trigger that each principal was handed.
    current: BTreeMap<String, usize>,
    outside: Outside,
}

impl Playing<'_> {
    fn all(&mut self, reference: &Reference) -> Result<(), PlayError> {
        let mut script = reference.script.iter().peekable();
        for (number, trigger) in reference.triggers.iter().enumerate().filter(|(_, it)| it.handed) {
            while let Some(done) = script.next_if(|done| done.before <= trigger.before) {
                self.advance(done.at)?;
                self.act(done)?;
            }
            self.advance(trigger.at)?;
            self.hand(number, trigger)?;
        }
        for done in script {
            self.advance(done.at)?;
            self.act(done)?;
        }
        self.advance(reference.end)?;
        let principals: Vec<String> = self.current.keys().cloned().collect();
        for principal in principals {
            self.close(&principal)?;
            if let Some(stop) = &self.player.adapter.stop {
                self.stage.run(stop, &principal, "stop", false)?;
            }
            self.left.remove(&principal);
        }
        Ok(())
    }

    fn advance(&mut self, to: SimTime) -> Result<(), PlayError> {
        self.stage.advance(to)?;
        self.catch_up()
    }

    fn act(&mut self, done: &Done) -> Result<(), PlayError> {
        match self.stage.act(&done.action) {
            Ok(()) => {}
            Err(LiveError::Act(error)) if !matches!(error, ActError::World(_)) => {
                self.outside.undone.push(format!("at {}: {error}", done.at));
            }
            Err(error) => return Err(error.into()),
        }
        self.catch_up()
    }

    /// Runs the client's command.
    fn hand(&mut self, number: usize, trigger: &Trigger) -> Result<(), PlayError> {
        let (principal, adapter) = (trigger.principal.as_str(), self.player.adapter);
        self.close(principal)?;
        let wall = self.stage.with(|world| world.wall())?;
        let ends = self.ends(principal);
        let epoch = Epoch { dealings: Vec::new(), stored: BTreeMap::new(), ends, wall, ended: Ended::Code(0) };
        self.outside.epochs.insert(number, epoch);
        if self.current.insert(principal.to_owned(), number).is_none()
            && let Some(start) = &adapter.start
        {
            let (ended, group) = self.stage.run(start, principal, "start", true)?;
            if ended != Ended::Code(0) {
                let said = self.stage.complaint(principal);
                return Err(PlayError::Bench(format!("the client does not start: {}{said}", told(&ended))));
            }
            self.left.insert(principal.to_owned(), group);
        }
        let word = match trigger.cause.as_str() {
            known @ ("boot" | "logon") => known,
            "manual" => "pulse",
            _ => "refresh",
        };
        let (ended, _) = self.stage.run(&adapter.command, principal, word, false)?;
        if ended != Ended::Code(0) && self.outside.said.len() < MOST_SAID {
            let said = self.stage.complaint(principal);
            self.outside.said.push(format!("{principal}, run {}: {}{said}", trigger.run, told(&ended)));
        }
        if let Some(epoch) = self.outside.epochs.get_mut(&number) {
            epoch.ended = ended;
        }
        self.catch_up()
    }

    /// When the newest certificate of each template ends that somebody has; those for which a request waits are left
    /// out.
    fn ends(&self, principal: &str) -> BTreeMap<String, FileTime> {
        let templates = self.reader.templates_of(principal).into_iter();
        let settled = templates.filter(|template| !self.reader.waits(principal, template));
        settled.filter_map(|it| self.reader.end_of(principal, &it).map(|end| (it, end))).collect()
    }

    /// Reads the store of a principal as the end of its last epoch.
    fn close(&mut self, principal: &str) -> Result<(), PlayError> {
        self.catch_up()?;
        let Some(epoch) = self.current.get(principal).and_then(|number| self.outside.epochs.get_mut(number)) else {
            return Ok(());
        };
        for der in store::read(&self.stage.store(principal)?)? {
            let known = self.reader.issued_for(&der).map(str::to_owned);
            let own = || self.reader.template_of(&Certificate::parse(&der).ok()?);
            if let Some(template) = known.or_else(own) {
                *epoch.stored.entry(template).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Reads what the trace has more, and gives dealings to the epochs that they are of.
    fn catch_up(&mut self) -> Result<(), PlayError> {
        let from = self.read;
        let records: Vec<Record> =
            self.stage.with(|world| world.trace().since(from).map(|record| record.unpack()).collect())?;
        for record in &records {
            self.reader.read(record);
            self.read = record.id.0 as usize + 1;
        }
        for dealt in &self.reader.dealings[self.sorted..] {
            let number = self.current.get(&dealt.principal);
            if let Some(epoch) = number.and_then(|number| self.outside.epochs.get_mut(number)) {
                epoch.dealings.push(dealt.clone());
            }
            self.sorted += 1;
        }
        Ok(())
    }
}
