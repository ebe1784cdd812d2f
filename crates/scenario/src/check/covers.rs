//! What `covers` may name.

use std::collections::BTreeSet;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Spanned};
use crate::suggestion::suggestion;
use crate::tree;

/// What a requirement is to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A rule: a scenario that covers it must record a decision of it.
    Decides,
    /// A state, a timing, an open point, ...: nothing that leaves a decision behind.
    Described,
    /// There is no such requirement.
    Unknown,
}

/// The requirement catalogue, as far as scenarios need it.
pub trait Requirements {
    /// What an id names.
    fn find(&self, id: &str) -> Requirement;

    /// Whether a decision of `rule` shows the requirement: the rule is it, or a part of it, as `CA3.7.4.count` is of
    /// `CA3.7.4`.
    fn is_shown_by(&self, id: &str, rule: &str) -> bool {
        rule.strip_prefix(id).is_some_and(|part| part.is_empty() || part.starts_with('.'))
    }

    /// All ids, for messages; may be empty.
    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// A catalogue in memory: every id there is, and those of rules that leave decisions behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    ids: BTreeSet<String>,
    rules: BTreeSet<String>,
}

impl Catalogue {
    /// A catalogue of these requirements, of which the rules decide. Rules are requirements even when `ids` does not
    /// list them.
    pub fn new<'a>(ids: impl IntoIterator<Item = &'a str>, rules: impl IntoIterator<Item = &'a str>) -> Self {
        let rules: BTreeSet<String> = rules.into_iter().map(str::to_owned).collect();
        let ids = ids.into_iter().map(str::to_owned).chain(rules.iter().cloned()).collect();
        Self { ids, rules }
    }
}

impl Requirements for Catalogue {
    fn find(&self, id: &str) -> Requirement {
        match (self.rules.contains(id), self.ids.contains(id)) {
            (true, _) => Requirement::Decides,
            (false, true) => Requirement::Described,
            (false, false) => Requirement::Unknown,
        }
    }

    fn ids(&self) -> Vec<&str> {
        self.ids.iter().map(String::as_str).collect()
    }
}

/// The ids of a file of `fixtures/requirements`; what is no requirement there is left out.
#[must_use]
pub fn requirement_ids(text: &str) -> Vec<String> {
    let table = tree::read(FileId::OWN, text, &mut Diagnostics::new());
    table.tables("requirement").filter_map(|one| Some(one.text("id")?.value.to_owned())).collect()
}

/// For benches without a catalogue: every id is known, and those of the form `R040` are rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByPrefix;

impl Requirements for ByPrefix {
    fn find(&self, id: &str) -> Requirement {
        let digits = id.strip_prefix('R').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if digits { Requirement::Decides } else { Requirement::Described }
    }
}

pub(super) fn check(covers: &[Spanned<String>], requirements: &dyn Requirements, found: &mut Diagnostics) {
    for (at, id) in covers.iter().enumerate() {
        if requirements.find(&id.value) == Requirement::Unknown {
            let message = format!("there is no requirement `{}`", id.value);
            let help =
                suggestion(&id.value, requirements.ids()).map(|suggestion| format!("did you mean `{suggestion}`?"));
            found.push(Diagnostic::error(Code::UnknownRequirement, message, id.span).help_some(help));
        }
        if let Some(first) = covers[..at].iter().find(|known| known.value == id.value) {
            let message = format!("`{}` stands in `covers` twice", id.value);
            found.push(Diagnostic::warning(Code::DuplicateName, message, id.span).label(first.span, "first here"));
        }
    }
}
