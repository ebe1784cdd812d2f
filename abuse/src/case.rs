//! Cases: what they are made of, and what comes of one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_cli::{Story, suite};
use autoenroll_scenario::{RunError, RunReport, Verdict};
use autoenroll_world::WorldError;

use crate::bench::Bench;
use crate::dice::{Dice, damage};
use crate::kind::Kind;
use crate::readers::{Form, READERS, Reader};
use crate::story::{Corpus, Damaged};
use crate::{der, json};

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

    pub(crate) fn played(report: RunReport) -> Self {
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
    pub(crate) seed: u64,
    only: Option<Kind>,
    pub(crate) bench: Bench,
    corpus: Corpus,
    pub(crate) stories: Vec<Story>,
    /// First inputs of the readers.
    pub(crate) seeds: BTreeMap<&'static str, Vec<Vec<u8>>>,
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
        let (bench, stories) = (Bench::new(), suite()?);
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

    /// A damaged scenario, which is kept as what the case is about.
    pub(crate) fn damaged(&mut self, dice: &mut Dice) -> Damaged {
        let damaged = self.corpus.damaged(dice);
        self.input = Some((damaged.name.to_owned(), damaged.bytes.clone()));
        damaged
    }

    /// A damaged input of one of the readers.
    pub(crate) fn damaged_input(&self, dice: &mut Dice, reader: &str) -> Vec<u8> {
        let Some(reader) = Reader::named(reader) else { return Vec::new() };
        let seeds = &self.seeds[reader.name];
        let (seed, other) = (dice.of(seeds).cloned().unwrap_or_default(), dice.of(seeds).cloned().unwrap_or_default());
        damaged_bytes(dice, reader.form, &seed, &other)
    }
}

pub(crate) fn damaged_bytes(dice: &mut Dice, form: Form, seed: &[u8], other: &[u8]) -> Vec<u8> {
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
pub(crate) fn damaged_lines(dice: &mut Dice, text: &str) -> Vec<u8> {
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
