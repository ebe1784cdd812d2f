//! Names of objects in one spelling: cn is compared without regard to case in a directory (RFC 4519 2.3), and with it
//! in a world.

use std::collections::BTreeMap;

use super::{Base, Named};
use crate::finding::{Finding, Reason};
use crate::{Import, ImportedTemplate};

/// What is imported, where each name has one spelling wherever it stands, and each object is there once.
///
/// The spelling is that of the world that is extended, and otherwise the object's own. Of several objects of one name
/// the first is taken.
pub(super) fn in_one_spelling(import: &Import, base: Option<&Base>) -> (Import, Vec<Finding>) {
    let mut import = import.clone();
    let mut findings = Vec::new();
    let mut templates = Spellings::of(base.into_iter().flat_map(|base| &base.templates));
    let mut authorities =
        Spellings::of(base.into_iter().flat_map(|base| base.authorities.iter().map(|(name, _)| name)));
    import.templates = templates.once(import.templates, &mut findings);
    import.authorities = authorities.once(import.authorities, &mut findings);
    for authority in &mut import.authorities {
        authority.authority.templates.iter_mut().for_each(|name| templates.spell(name));
    }
    for ImportedTemplate { template, .. } in &mut import.templates {
        template.supersedes.iter_mut().for_each(|name| templates.spell(name));
    }
    let trust = &mut import.trust;
    for list in [&mut trust.roots, &mut trust.intermediate, &mut trust.ntauth] {
        list.iter_mut().for_each(|trusted| authorities.spell(&mut trusted.name));
    }
    (import, findings)
}

/// Whether two names are one.
pub(crate) fn same(one: &str, other: &str) -> bool {
    folded(one) == folded(other)
}

fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// The spelling of each name.
struct Spellings(BTreeMap<String, String>);

impl Spellings {
    fn of<'n>(names: impl Iterator<Item = &'n String>) -> Self {
        Self(names.map(|name| (folded(name), name.clone())).collect())
    }

    /// Writes a name as it is known; one that is not known stays.
    fn spell(&self, name: &mut String) {
        if let Some(known) = self.0.get(&folded(name)) {
            name.clone_from(known);
        }
    }

    /// The first object of each name, spelled as known before, and otherwise as it is.
    fn once<T: Named>(&mut self, all: Vec<T>, findings: &mut Vec<Finding>) -> Vec<T> {
        // By the name without case, the name that the source of the first one has.
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let mut kept = Vec::new();
        for mut one in all {
            let own = one.name().clone();
            let folded = folded(&own);
            if own.is_empty() {
                let reason = Reason::NoWord("a name of a scenario is never empty; left out");
                findings.push(Finding::new(T::WHAT, "name", "", reason));
                continue;
            }
            if let Some(first) = first.get(&folded) {
                findings.push(Finding::new(&own, T::WHAT, "", Reason::Twice(first.clone())));
                continue;
            }
            first.insert(folded.clone(), own.clone());
            let known = self.0.entry(folded).or_insert_with(|| own.clone());
            if *known != own {
                let why = format!("is `{known}` of the world that is extended, and is written so: case does not count");
                findings.push(Finding::new(&own, "cn", "", Reason::Kept(why)));
            }
            one.name().clone_from(known);
            kept.push(one);
        }
        kept
    }
}
