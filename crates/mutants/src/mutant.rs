//! What can be made wrong: a planted bug, or a rule turned round.

use std::fmt;
use std::str::FromStr;

use autoenroll_model::{Rule, RuleRow};
use serde::Serialize;

use crate::PlantedBug;

/// One thing that is made wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutant {
    /// A bug planted from outside.
    Planted(PlantedBug),
    /// A rule that always decides the other way round.
    Flipped(Rule),
}

impl Mutant {
    /// Every planted bug, then every rule of core, CA and world.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let planted = PlantedBug::ALL.iter().copied().map(Self::Planted);
        planted.chain(rules().map(Self::Flipped)).collect()
    }
}

/// Every rule that some party of the bench decides by.
fn rules() -> impl Iterator<Item = Rule> {
    let ca = autoenroll_ca::RULES.iter().map(|rule| &rule.row);
    autoenroll_core::RULES.iter().chain(ca).chain(autoenroll_world::RULES).map(RuleRow::rule)
}

/// `pin-asked-twice`, or the id of a rule.
impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planted(bug) => bug.fmt(f),
            Self::Flipped(rule) => rule.fmt(f),
        }
    }
}

/// As it is printed.
impl Serialize for Mutant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text names no mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMutant {
    /// The text that came.
    pub found: String,
}

impl fmt::Display for UnknownMutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bugs = PlantedBug::WORDS.join(", ");
        write!(f, "`{}` is neither a rule that decides, such as R040, nor one of the planted bugs {bugs}", self.found)
    }
}

impl std::error::Error for UnknownMutant {}

impl FromStr for Mutant {
    type Err = UnknownMutant;
    fn from_str(text: &str) -> Result<Self, UnknownMutant> {
        if let Ok(bug) = text.parse() {
            return Ok(Self::Planted(bug));
        }
        let rule = rules().find(|rule| rule.as_str() == text);
        rule.map(Self::Flipped).ok_or_else(|| UnknownMutant { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_mutant_has_a_name_of_its_own() {
        let all = Mutant::all();
        let names: BTreeSet<String> = all.iter().map(Mutant::to_string).collect();
        assert_eq!(names.len(), all.len());
        for mutant in all {
            assert_eq!(mutant.to_string().parse(), Ok(mutant));
        }
        assert!("R999".parse::<Mutant>().unwrap_err().to_string().contains("balloon-at-59s"));
    }
}
