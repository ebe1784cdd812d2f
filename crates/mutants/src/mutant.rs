//! What can be made wrong: a planted bug, or a rule inverted.

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
    /// An inverted rule: its condition comes out the other way, what it asks for is left out.
    Flipped(Rule),
}

impl Mutant {
    /// Every planted bug, then every rule of core, CA and world whose inversion is a behaviour that no other mutant
    /// has.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let planted = PlantedBug::ALL.iter().copied().map(Self::Planted);
        let flipped =
            rules().filter(|rule| planted_instead_of(rule).is_none() && step_of(rule) == *rule).map(Self::Flipped);
        planted.chain(flipped).collect()
    }
}

/// Rules that apply one right after the other, and the first of them: leaving out any of them stops the work at the
/// same place.
const SAME_STEP: &[(&str, &str)] = &[
    // An issued certificate for a key on a card waits for the user, who is led to it.
    ("SP.arrives", "R062"),
    // A request is built: who asks, subject and extensions. What may be wrong in each of them is a patch.
    ("R077", "R079"),
    ("R078", "R079"),
];

/// The rule whose inversion does what that of this rule does: itself as a rule.
fn step_of(rule: &Rule) -> Rule {
    let first = SAME_STEP.iter().find(|(later, _)| *later == rule.as_str());
    first.map_or_else(|| rule.clone(), |(_, first)| Rule::new(first))
}

/// The planted bug that takes the place of an inverted rule.
fn planted_instead_of(rule: &Rule) -> Option<PlantedBug> {
    PlantedBug::ALL.iter().copied().find(|bug| bug.instead_of().contains(&rule.as_str()))
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

/// The name of a bug, or the id of a rule; where another mutant takes the place of the rule, it is that one.
impl FromStr for Mutant {
    type Err = UnknownMutant;

    fn from_str(text: &str) -> Result<Self, UnknownMutant> {
        if let Ok(bug) = text.parse() {
            return Ok(Self::Planted(bug));
        }
        let rule =
            rules().find(|rule| rule.as_str() == text).ok_or_else(|| UnknownMutant { found: text.to_owned() })?;
        Ok(planted_instead_of(&rule).map_or_else(|| Self::Flipped(step_of(&rule)), Self::Planted))
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
        assert_eq!("R011".parse(), Ok(Mutant::Planted(PlantedBug::UnlockStartsRun)));
        assert!("R999".parse::<Mutant>().unwrap_err().to_string().contains("balloon-at-59s"));
    }

    #[test]
    fn a_rule_has_one_planted_bug_in_its_place_at_most() {
        let rules: Vec<Rule> = rules().collect();
        let mut replaced = BTreeSet::new();
        for rule in PlantedBug::ALL.iter().flat_map(|bug| bug.instead_of()) {
            assert!(rules.contains(&Rule::new(rule)), "nothing is decided by {rule}");
            assert!(replaced.insert(rule), "two bugs take the place of {rule}");
        }
        for (later, first) in SAME_STEP {
            assert!(
                [later, first].iter().all(|id| rules.contains(&Rule::new(id)) && !replaced.contains(id)),
                "{later} {first}"
            );
        }
        assert_eq!(Mutant::all().len(), PlantedBug::ALL.len() + rules.len() - replaced.len() - SAME_STEP.len());
    }
}
