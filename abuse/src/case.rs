//! A case: what is damaged, how, and what is judged of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_cli::{Story, suite};
use autoenroll_core::InProcess as OwnCore;
use autoenroll_foreign::serve;
use autoenroll_scenario::{RunError, RunReport, Verdict};
use autoenroll_world::WorldError;

use crate::bench::Bench;
use crate::dice::{Dice, damage};
use crate::parties::Damager;
use crate::readers::{Form, READERS, Reader};
use crate::story::{Corpus, Damaged};
use crate::{command, der, files, json};

autoenroll_model::words! {
    /// What is damaged.
    pub enum Kind as "kind of case" {
        /// A scenario file, checked and played in this process.
        Scenario = "scenario",
        /// A scenario, trace or directory file, handed to the command.
        Command = "command",
        /// What a core says to the bench.
        Core = "core",
        /// What a bench says to the own core.
        Driver = "driver",
        /// Requests on their way to a CA, and its answers.
        Ca = "ca",
        /// Commands on their way to a card, and its answers.
        Card = "card",
        /// The bytes that one of the readers takes.
        Reader = "reader",
        /// Files and channels that fail under the command, as a process of its own.
        Files = "files",
    }
}

impl Kind {
    /// How many of a thousand cases are of that kind.
    const fn share(self) -> usize {
        match self {
            Self::Scenario => 708,
            Self::Command => 20,
            Self::Core => 60,
            Self::Driver => 20,
            Self::Ca | Self::Card => 30,
            Self::Reader => 130,
            Self::Files => 2,
        }
    }
}

autoenroll_model::words! {
    /// What came of a case in which everything held.
    pub enum Came as "outcome" {
        /// It was refused, with reasons.
        Refused = "refused",
        /// It was read.
        Read = "read",
        /// A scenario was checked without an error, played, and passed.
        Passed = "passed",
        /// A scenario was checked without an error, played, and failed.
        Failed = "failed",
        /// A scenario was played, and an invariant was broken in it.
        Violated = "violated",
        /// A scenario was played until its budget was used up, or it did not come to rest.
        Spent = "spent",
    }
}

/// What came of a case in which everything held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// In a word.
    pub came: Came,
    /// The rules that decided something.
    pub rules: Vec<String>,
    /// Of a story that was played, why it did not pass.
    pub why: String,
}

impl Done {
    pub(crate) const fn of(came: Came) -> Self {
        Self { came, rules: Vec::new(), why: String::new() }
    }

    fn played(report: RunReport) -> Self {
        let came = match &report.verdict {
            Verdict::Passed => Came::Passed,
            Verdict::Failed(_) => Came::Failed,
            Verdict::Violated { .. } => Came::Violated,
            Verdict::Error(RunError::World(WorldError::Budget { .. } | WorldError::NotQuiescent { .. })) => Came::Spent,
            Verdict::Error(RunError::World(_) | RunError::Impossible(_)) => Came::Failed,
        };
        let why = if came == Came::Violated {
            report.diagnostics().list().iter().map(|one| one.message.clone() + "\n").collect()
        } else {
            String::new()
        };
        Self { came, rules: report.decided, why }
    }
}

/// Everything that cases are made of.
#[derive(Debug)]
pub struct Cases {
    seed: u64,
    only: Option<Kind>,
    pub(crate) bench: Bench,
    corpus: Corpus,
    stories: Vec<Story>,
    /// First inputs of the readers.
    seeds: BTreeMap<&'static str, Vec<Vec<u8>>>,
    /// For files of cases; empty at the beginning of each that uses it.
    pub(crate) folder: tempfile::TempDir,
    /// What the last case was about, to be kept when something does not hold.
    pub(crate) input: Option<(String, Vec<u8>)>,
}

impl Cases {
    /// The cases of a seed, all or of one kind.
    ///
    /// # Errors
    /// When the scenarios, seeds or fixtures cannot be read.
    pub fn new(seed: u64, only: Option<Kind>) -> Result<Self, String> {
        let mut texts = Vec::new();
        read_all(&root().join("scenarios"), &mut texts)?;
        let texts: Vec<(String, String)> =
            texts.into_iter().filter_map(|(name, bytes)| Some((name, String::from_utf8(bytes).ok()?))).collect();
        let corpus = Corpus::new(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut seeds = BTreeMap::new();
        for reader in READERS {
            let mut inputs = Vec::new();
            read_all(&root().join("fuzz/seeds").join(reader.name), &mut inputs)?;
            seeds.insert(reader.name, inputs.into_iter().map(|(_, bytes)| bytes).collect());
        }
        let folder = tempfile::tempdir().map_err(|error| format!("no folder for files: {error}"))?;
        let (bench, stories) = (Bench::new()?, suite()?);
        Ok(Self { seed, only, bench, corpus, stories, seeds, folder, input: None })
    }

    /// What the last case was about: a name for it, and its bytes.
    pub fn take_input(&mut self) -> Option<(String, Vec<u8>)> {
        self.input.take()
    }

    /// The kind of a case.
    #[must_use]
    pub fn kind(&self, case: u64) -> Kind {
        self.only.unwrap_or_else(|| {
            let mut at = Dice::new(!self.seed, case).below(1_000);
            let here = |kind: &&Kind| {
                let here = at < kind.share();
                at = at.saturating_sub(kind.share());
                here
            };
            Kind::ALL.iter().find(here).copied().unwrap_or(Kind::Scenario)
        })
    }

    /// Plays a case.
    ///
    /// # Errors
    /// With what does not hold.
    pub fn play(&mut self, case: u64) -> Result<Done, String> {
        self.input = None;
        let mut dice = Dice::new(self.seed, case);
        match self.kind(case) {
            Kind::Scenario => self.scenario(&mut dice),
            Kind::Command => self.command(&mut dice),
            kind @ (Kind::Core | Kind::Ca | Kind::Card) => self.party(dice, kind),
            Kind::Driver => self.driver(&mut dice),
            Kind::Reader => self.reader(&mut dice),
            Kind::Files => files::play(&mut dice, self),
        }
    }

    /// A damaged scenario, which is kept as what the case is about.
    pub(crate) fn damaged(&mut self, dice: &mut Dice) -> Damaged {
        let damaged = self.corpus.damaged(dice);
        self.input = Some((damaged.name.to_owned(), damaged.bytes.clone()));
        damaged
    }

    fn scenario(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let damaged = self.damaged(dice);
        let checked = self.bench.check(damaged.name, &damaged.bytes, dice.one_in(16))?;
        let Some(scenario) = dice.of(&checked.scenarios) else { return Ok(Done::of(Came::Refused)) };
        let report = self.bench.play(scenario)?;
        if dice.one_in(16) {
            self.bench.look_closer(dice, &String::from_utf8_lossy(&damaged.bytes), scenario, &report)?;
        }
        Ok(Done::played(report))
    }

    fn command(&mut self, dice: &mut Dice) -> Result<Done, String> {
        command::play(dice, self)
    }

    fn story(&self, dice: &mut Dice) -> Result<&Story, String> {
        dice.of(&self.stories).ok_or_else(|| "the suite is empty".to_owned())
    }

    /// A story of the suite, in which the messages of one party are damaged.
    fn party(&self, mut dice: Dice, kind: Kind) -> Result<Done, String> {
        let scenario = &self.story(&mut dice)?.scenario;
        let damager = Damager::new(dice, kind);
        let report = self.bench.play_with(scenario, damager.parties(), kind != Kind::Core)?;
        damager.broken().map_or_else(|| Ok(Done::played(report)), Err)
    }

    /// What a bench said to a core, with some of the lines damaged, said to another core.
    fn driver(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let said = self.bench.recorded(&self.story(dice)?.scenario)?.to_core;
        let damaged = damaged_lines(dice, &said);
        self.input = Some(("said.jsonl".to_owned(), damaged.clone()));
        let Some(reader) = Reader::named("to_core") else { return Err("there is no such reader".to_owned()) };
        let read = (reader.read)(&damaged)?;
        // What was not damaged is never refused.
        if damaged == said.as_bytes() && !read {
            let refused = serve(&mut OwnCore::new(), "own", &mut said.as_bytes(), &mut Vec::new());
            return Err(format!("the own core refuses its own story: {refused:?}"));
        }
        Ok(Done::of(if read { Came::Read } else { Came::Refused }))
    }

    fn reader(&mut self, dice: &mut Dice) -> Result<Done, String> {
        let Some(reader) = dice.of(READERS) else { return Ok(Done::of(Came::Refused)) };
        let seeds = &self.seeds[reader.name];
        let (Some(seed), Some(other)) = (dice.of(seeds), dice.of(seeds)) else {
            return Err(format!("{} has no seeds", reader.name));
        };
        let input = damaged_bytes(dice, reader.form, seed, other);
        self.input = Some((reader.name.to_owned(), input.clone()));
        Ok(Done::of(if (reader.read)(&input)? { Came::Read } else { Came::Refused }))
    }

    /// A damaged input of one of the readers.
    pub(crate) fn damaged_input(&self, dice: &mut Dice, reader: &str) -> Vec<u8> {
        let Some(reader) = Reader::named(reader) else { return Vec::new() };
        let seeds = &self.seeds[reader.name];
        let (seed, other) = (dice.of(seeds).cloned().unwrap_or_default(), dice.of(seeds).cloned().unwrap_or_default());
        damaged_bytes(dice, reader.form, &seed, &other)
    }
}

fn damaged_bytes(dice: &mut Dice, form: Form, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let form = if dice.one_in(5) { Form::Bytes } else { form };
    match form {
        Form::Der => der::damage(dice, seed, other),
        Form::Json => match (serde_json::from_slice(seed), serde_json::from_slice(other)) {
            (Ok(mut document), Ok(other)) => {
                (0..dice.changes()).for_each(|_| json::damage(dice, &mut document, &other));
                document.to_string().into_bytes()
            }
            _ => seed.to_vec(),
        },
        Form::JsonLines => damaged_lines(dice, &String::from_utf8_lossy(seed)),
        Form::Bytes => {
            let mut bytes = seed.to_vec();
            (0..dice.changes()).for_each(|_| damage(dice, &mut bytes, other));
            bytes
        }
    }
}

/// A JSON document a line: some damaged, left out, doubled or exchanged.
fn damaged_lines(dice: &mut Dice, text: &str) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..dice.changes() {
        let (at, to) = (dice.below(lines.len()), dice.below(lines.len()));
        if at >= lines.len() {
            break;
        }
        match dice.below(8) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(to, lines[at].clone()),
            2 => lines.swap(at, to),
            _ => {
                let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line);
                if let (Ok(mut value), Ok(other)) = (parse(&lines[at]), parse(&lines[to])) {
                    json::damage(dice, &mut value, &other);
                    lines[at] = value.to_string();
                }
            }
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text.into_bytes()
}

/// Every file below a directory, sorted by its path from there.
fn read_all(directory: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", directory.display());
    let entries = fs::read_dir(directory).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_all(&path, files)?;
        } else {
            files.push((path.display().to_string(), fs::read(&path).map_err(unreadable)?));
        }
    }
    Ok(())
}

/// The directory of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
