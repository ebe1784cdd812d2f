//! The sample that CI goes by: mutants of the core, each with the story that notices it. No cargo-mutants is needed
//! for it.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::list::Mutant;
use super::state::State;

/// Where it is.
pub(super) const FILE: &str = "crates/mutants/sample.toml";
const HEAD: &str = "\
# Changes of the core that cargo-mutants would make, drawn from those that a scenario notices, each with that scenario.
# `cargo xtask mutants --committed` plays it; `--keep 24` draws them anew from what is known.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    mutant: Vec<Noticed>,
}

/// A mutant, and who notices it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Noticed {
    /// The scenario that fails, with its variant in brackets.
    pub(super) by: String,
    #[serde(flatten)]
    pub(super) mutant: Mutant,
}

/// Reads the sample.
///
/// # Errors
/// When the file is none.
pub(super) fn read(root: &Path) -> Result<Vec<Noticed>, String> {
    let sample: Sample = toml::from_str(&crate::tidy::read(root, FILE)?).map_err(|error| format!("{FILE}: {error}"))?;
    Ok(sample.mutant)
}

/// Writes these mutants, which a scenario notices.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(root: &Path, mutants: &[(u32, &Mutant)], state: &State) -> Result<(), String> {
    let mut text = HEAD.to_owned();
    for (_, mutant) in mutants {
        let Some(verdict) = state.verdict(mutant) else { continue };
        // A command that crashes names no scenario.
        if !verdict.by.contains('/') {
            continue;
        }
        let noticed = Noticed { by: verdict.by, mutant: (*mutant).clone() };
        let table = toml::to_string(&noticed).map_err(|error| error.to_string())?;
        write!(text, "\n[[mutant]]\n{table}").map_err(|error| error.to_string())?;
    }
    std::fs::write(root.join(FILE), text).map_err(|error| format!("{FILE}: {error}"))
}

/// What is wrong with the sample: mutants that have no place in the sources any more.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn stale(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for Noticed { mutant, .. } in read(root)? {
        let text = crate::tidy::read(root, &mutant.file)?;
        findings.extend(mutant.place(&text).err().map(|error| format!("{FILE}: {error}")));
    }
    Ok(findings)
}
