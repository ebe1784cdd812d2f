//! What is known of mutants from earlier runs.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::judge::Fate;
use super::list::Mutant;

/// What became of a mutant, a line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Verdict {
    /// By what the mutant is known.
    pub(super) id: String,
    /// The digest of the file that it is in.
    pub(super) source: String,
    /// What became of it.
    pub(super) fate: Fate,
    /// The scenario or test that noticed it.
    #[serde(default)]
    pub(super) by: String,
    /// What a search came to, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) explored: Option<Explored>,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Explored {
    /// The law that was broken, and how; nothing where none was.
    pub(super) broke: Option<String>,
    /// How much of a processor it took, in seconds.
    pub(super) seconds: f64,
}

/// The verdicts of all runs; each is written when it is there, so that a run that is interrupted goes on.
pub(super) struct State {
    path: PathBuf,
    sources: BTreeMap<String, String>,
    verdicts: Mutex<BTreeMap<String, Verdict>>,
}

impl State {
    /// Reads what is known, as far as it is about the files as they are.
    ///
    /// # Errors
    /// When files cannot be read.
    pub(super) fn open(root: &Path, path: PathBuf, mutants: &[Mutant]) -> Result<Self, String> {
        let mut sources = BTreeMap::new();
        for mutant in mutants {
            if !sources.contains_key(&mutant.file) {
                let text = crate::tidy::read(root, &mutant.file)?;
                let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                sources.insert(mutant.file.clone(), digest);
            }
        }
        let text = if path.exists() {
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?
        } else {
            String::new()
        };
        let mut verdicts = BTreeMap::new();
        // The last line of a run that was interrupted may be half there.
        for verdict in text.lines().filter_map(|line| serde_json::from_str::<Verdict>(line).ok()) {
            verdicts.insert(verdict.id.clone(), verdict);
        }
        Ok(Self { path, sources, verdicts: Mutex::new(verdicts) })
    }

    /// What became of a mutant.
    pub(super) fn verdict(&self, mutant: &Mutant) -> Option<Verdict> {
        let verdicts = self.verdicts.lock().ok()?;
        verdicts.get(&mutant.id()).filter(|verdict| Some(&verdict.source) == self.sources.get(&mutant.file)).cloned()
    }

    /// Notes what became of a mutant.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn note(&self, mutant: &Mutant, fate: Fate, by: &str, explored: Option<Explored>) -> Result<(), String> {
        let source = self.sources.get(&mutant.file).cloned().unwrap_or_default();
        let verdict = Verdict { id: mutant.id(), source, fate, by: by.to_owned(), explored };
        let line = serde_json::to_string(&verdict).map_err(|error| error.to_string())? + "\n";
        let mut verdicts = self.verdicts.lock().map_err(|_| "a thread has panicked".to_owned())?;
        let written = OpenOptions::new().create(true).append(true).open(&self.path);
        let written = written.and_then(|mut file: File| file.write_all(line.as_bytes()));
        written.map_err(|error| format!("{}: {error}", self.path.display()))?;
        verdicts.insert(verdict.id.clone(), verdict);
        Ok(())
    }
}
