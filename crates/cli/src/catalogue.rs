//! The requirement catalogue, as `fixtures/requirements` has it.

use autoenroll_model::{Evidence, RuleRow, WindowsVersion};
use autoenroll_scenario::{Requirement as Kind, Requirements};
use serde_json::json;

use crate::sources::{self, Source};

/// A requirement: what an autoenrollment client, a CA, a directory or a card must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// Stable name.
    pub(crate) id: &'static str,
    /// A few words.
    pub(crate) title: &'static str,
    /// What must be so.
    pub(crate) text: &'static str,
    /// Public documents and observations, each of which [`Catalogue::source`] knows.
    pub(crate) sources: &'static [&'static str],
    /// How well its main statement is supported.
    pub(crate) evidence: Evidence,
    /// What would settle what is not supported: an experiment, or a document; or `What settles` and other ids.
    pub(crate) settled_by: Option<&'static str>,
    /// The profiles that it holds for; all when there are none.
    profiles: &'static [&'static str],
    /// Subject heading.
    pub(crate) section: &'static str,
    /// Whether it comes from the founding document.
    pub(crate) seed: bool,
    /// Why no scenario shows it.
    pub(crate) exception: Option<&'static str>,
}

/// Every requirement, in the order of the files' names and then as they stand there. The build reads the files.
static REQUIREMENTS: &[Requirement] = include!(concat!(env!("OUT_DIR"), "/requirements.rs"));

impl Requirement {
    /// Whether it holds for a profile.
    pub(crate) fn holds_for(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.contains(&profile)
    }

    /// The profiles that it holds for, in words.
    pub(crate) fn profiles(&self) -> String {
        if self.profiles.is_empty() { "all".to_owned() } else { self.profiles.join(", ") }
    }
}

/// All requirements and the sources that they cite.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue(());

impl Catalogue {
    /// The catalogue inside this program.
    #[must_use]
    pub const fn embedded() -> &'static Self {
        &Self(())
    }

    /// The ids of those that a scenario has to show.
    pub fn to_be_shown(&self) -> impl Iterator<Item = &str> {
        REQUIREMENTS.iter().filter(|requirement| requirement.exception.is_none()).map(|requirement| requirement.id)
    }

    /// All of them.
    pub(crate) fn requirements(&self) -> &'static [Requirement] {
        REQUIREMENTS
    }

    /// That of this id.
    pub(crate) fn requirement(&self, id: &str) -> Option<&'static Requirement> {
        REQUIREMENTS.iter().find(|requirement| requirement.id == id)
    }

    /// How well a requirement is supported, or a check of the CA, which has the class of the entry that its id
    /// continues.
    pub(crate) fn evidence(&self, id: &str) -> Option<Evidence> {
        let own = self.requirement(id);
        let whole = || id.rsplit_once('.').and_then(|(whole, _)| self.requirement(whole));
        own.or_else(whole).map(|requirement| requirement.evidence)
    }

    /// What a source is, and which versions of Windows it speaks of.
    pub(crate) fn source(&self, citation: &str) -> Option<&'static Source> {
        sources::of(citation)
    }

    /// Whether what supports a requirement speaks of other versions of Windows only, so that it is taken to hold for
    /// this one, too.
    pub(crate) fn is_of_other_versions(&self, requirement: &Requirement, version: WindowsVersion) -> bool {
        let mut sources = requirement.sources.iter().filter_map(|citation| self.source(citation)).peekable();
        let supported = matches!(requirement.evidence, Evidence::Documented | Evidence::Observed);
        supported && sources.peek().is_some() && !sources.any(|source| source.speaks_of(version))
    }

    /// What a requirement cites, as JSON: each citation, who speaks there and about which versions of Windows.
    pub(crate) fn citations(&self, requirement: &Requirement) -> Vec<serde_json::Value> {
        let one = |citation: &&str| {
            let source = self.source(citation);
            let (kind, about) = (source.map(|source| source.kind), source.map(|source| source.about));
            json!({ "source": citation, "kind": kind, "about": about })
        };
        requirement.sources.iter().map(one).collect()
    }

    /// The entries about events of that number, one for each source that writes it.
    pub(crate) fn events(&self, number: u16) -> impl Iterator<Item = &'static Requirement> {
        REQUIREMENTS.iter().filter(move |requirement| {
            let of_source = requirement.id.strip_prefix("E5.").and_then(|rest| rest.split_once('.'));
            of_source.is_some_and(|(_, last)| last.parse() == Ok(number))
        })
    }

    /// What a rule is about, in a few words; a check of the CA without an entry of its own has its statement.
    pub(crate) fn title(&self, id: &str) -> &str {
        let statement = || rule(id).map(|rule| rule.statement);
        self.requirement(id).map(|requirement| requirement.title).or_else(statement).unwrap_or_default()
    }
}

/// The rule of that id, by which core, CA or world decides and of which a trace therefore has decisions.
pub(crate) fn rule(id: &str) -> Option<&'static RuleRow> {
    let ca = autoenroll_ca::RULES.iter().map(|rule| &rule.row);
    autoenroll_core::RULES.iter().chain(autoenroll_world::RULES).chain(ca).find(|rule| rule.id == id)
}

impl Requirements for Catalogue {
    fn find(&self, id: &str) -> Kind {
        match REQUIREMENTS.iter().any(|requirement| requirement.id == id) {
            // Checks of the CA that have no entry of their own are decided all the same.
            _ if rule(id).is_some() => Kind::Decides,
            true => Kind::Described,
            false => Kind::Unknown,
        }
    }

    fn ids(&self) -> Vec<&str> {
        REQUIREMENTS.iter().map(|requirement| requirement.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use autoenroll_model::{Profile, SWITCHES, SwitchStep};

    use super::*;
    use crate::sources::Kind;

    #[test]
    fn ids_are_unique_and_switches_agree_with_what_they_settle() {
        let catalogue = Catalogue::embedded();
        let all = catalogue.requirements();
        let ids: BTreeSet<&str> = all.iter().map(|requirement| requirement.id).collect();
        assert_eq!(ids.len(), all.len());
        for switch in SWITCHES {
            let settled = all.iter().find(|requirement| requirement.id == switch.requirement);
            let evidence = settled.map(|requirement| requirement.evidence);
            let of_values = switch.steps.iter().map(|step| Some(step.evidence));
            let (name, id) = (switch.name, switch.requirement);
            assert!(of_values.clone().any(|of| of == evidence), "{name} settles {id}, which is {evidence:?}");
        }
        for rule in autoenroll_core::RULES {
            assert!(ids.contains(rule.id), "the core decides {}, which is no requirement", rule.id);
        }
    }

    #[test]
    fn every_class_of_evidence_has_what_it_claims() {
        let catalogue = Catalogue::embedded();
        for Requirement { id, sources, evidence, settled_by, .. } in catalogue.requirements() {
            let kinds: Vec<Kind> = sources
                .iter()
                .map(|citation| catalogue.source(citation).map(|source| source.kind))
                .map(|kind| kind.unwrap_or_else(|| panic!("{id} cites what fixtures/sources.toml does not list")))
                .collect();
            let holds = match evidence {
                Evidence::Documented => kinds.contains(&Kind::Document),
                Evidence::Observed => !kinds.is_empty(),
                Evidence::Inferred => settled_by.is_some(),
                Evidence::Contested => settled_by.is_some() && kinds.len() > 1,
            };
            assert!(holds, "{id} is {evidence}: it needs a source, or a word on what would settle it (`settled-by`)");
            assert!(sources.iter().collect::<BTreeSet<_>>().len() == sources.len(), "{id} cites a source twice");
        }
    }

    #[test]
    fn what_would_settle_a_requirement_is_a_sentence_or_names_others_that_have_one() {
        let catalogue = Catalogue::embedded();
        for Requirement { id, settled_by, .. } in catalogue.requirements() {
            let Some(settled_by) = settled_by else { continue };
            assert!(settled_by.len() > 10 && settled_by.trim_end().ends_with('.'), "{id}: {settled_by}");
            let Some(others) = settled_by.strip_prefix("What settles ") else { continue };
            for other in others.trim_end_matches('.').split(" and ") {
                let named = catalogue.requirement(other).and_then(|other| other.settled_by);
                let says = named.is_some_and(|text| !text.starts_with("What settles "));
                assert!(says, "{id}: {other} does not say what would settle it");
            }
        }
    }

    #[test]
    fn every_source_is_cited_and_says_what_it_is_about() {
        let catalogue = Catalogue::embedded();
        let cited = |source: &Source| {
            let mut citations = catalogue.requirements().iter().flat_map(|requirement| requirement.sources);
            citations.any(|citation| catalogue.source(citation) == Some(source))
        };
        for source in sources::ALL {
            assert!(source.about.len() > 5 && cited(source), "{}", source.name);
        }
    }

    /// A switch has the sources of what it settles. Where a value of it is not supported, that says what would help.
    #[test]
    fn every_switch_that_is_inferred_or_contested_says_what_would_settle_it() {
        let catalogue = Catalogue::embedded();
        for switch in SWITCHES {
            let open = |step: &SwitchStep| matches!(step.evidence, Evidence::Inferred | Evidence::Contested);
            let settled = catalogue.requirement(switch.requirement).unwrap();
            let says = settled.settled_by.is_some() || !switch.steps.iter().any(open);
            assert!(says, "{}: {} does not say what would settle it", switch.name, switch.requirement);
            let supported = switch.steps.iter().any(|step| !open(step));
            assert!(!supported || !settled.sources.is_empty(), "{}: {}", switch.name, switch.requirement);
        }
    }

    /// The tables of rules and the catalogue are about the same: a rule without a source has an inferred entry.
    #[test]
    fn every_rule_has_a_class_of_evidence_and_a_source_that_is_listed() {
        let catalogue = Catalogue::embedded();
        let ca = autoenroll_ca::RULES.iter().map(|rule| &rule.row);
        for RuleRow { id, source, .. } in autoenroll_core::RULES.iter().chain(autoenroll_world::RULES).chain(ca) {
            let evidence = catalogue.evidence(id);
            assert!(evidence.is_some(), "{id} continues no requirement");
            if *source == "inferred" {
                assert_eq!(evidence, Some(Evidence::Inferred), "{id} has a source: its row may name it");
                continue;
            }
            for citation in source.split("; ") {
                assert!(catalogue.source(citation).is_some(), "{id}: fixtures/sources.toml does not list {citation}");
            }
        }
    }

    #[test]
    fn every_requirement_says_something() {
        for requirement in Catalogue::embedded().requirements() {
            let Requirement { id, title, text, section, .. } = requirement;
            let known = |name: &&str| Profile::NAMES.contains(name);
            assert!(requirement.profiles.iter().all(known), "{id} names a profile that does not exist");
            assert!(!title.is_empty() && !text.trim().is_empty() && !section.is_empty(), "{id}");
            assert!(requirement.exception.is_none_or(|why| why.len() > 20), "{id}: a reason is a sentence");
            assert!(
                !(requirement.seed && requirement.exception.is_some()),
                "{id}: the founding document has no exception"
            );
        }
    }

    /// Where a test stands in for a scenario, the exception names it: `name_of_the_test in crates/ca`.
    #[test]
    fn tests_that_stand_in_for_scenarios_exist() {
        let mut named = 0;
        for Requirement { id, exception, .. } in Catalogue::embedded().requirements() {
            let words: Vec<&str> = exception.unwrap_or_default().split_whitespace().collect();
            for three in words.windows(3).filter(|three| three[1] == "in" && three[2].starts_with("crates/")) {
                let folder = Path::new("../..").join(three[2].trim_end_matches(['.', ',']));
                assert!(is_defined_below(&folder, &format!("fn {}()", three[0])), "{id} names {three:?}");
                named += 1;
            }
        }
        assert!(named > 0, "no exception names a test");
    }

    fn is_defined_below(folder: &Path, function: &str) -> bool {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| match path.is_dir() {
            true => is_defined_below(&path, function),
            false => path.extension().is_some_and(|kind| kind == "rs") && read(&path).contains(function),
        })
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }
}
