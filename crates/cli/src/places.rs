//! Where in the sources of this program a requirement is decided, fulfilled or tested.

/// A line of a source, as the build found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    id: &'static str,
    /// Path from the root of the repository.
    pub(crate) file: &'static str,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether a rule is used there; otherwise the line is marked with the requirement's id.
    rule: bool,
}

/// Every place, by id, file and line.
static PLACES: &[Place] = include!(concat!(env!("OUT_DIR"), "/places.rs"));

impl Place {
    /// What happens at that place, as the label before it says.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self { rule: true, .. } => "decided at",
            Self { file, .. } if file.starts_with("tests/") || file.contains("/tests/") => "tested at",
            Self { .. } => "done at",
        }
    }
}

/// The places of a requirement or rule, by file and line. A check of the CA that has no entry of its own is part of the entry whose id its own continues:
/// `CA3.7.1.none` of `CA3.7.1`.
pub(crate) fn of(id: &str) -> Vec<&'static Place> {
    let belongs = move |place: &&Place| {
        let rest = place.id.strip_prefix(id);
        rest.is_some_and(|rest| rest.is_empty() || (place.rule && rest.starts_with('.')))
    };
    let mut found: Vec<&Place> = PLACES.iter().filter(belongs).collect();
    found.sort_by_key(|place| (!place.rule, place.file, place.line));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_rules_of_their_parts_and_of_marks_are_known() {
        let check = |id: &str, label: &str, file: &str| {
            let found = of(id).iter().any(|place| place.label() == label && place.file == file && place.line > 1);
            assert!(found, "{id}: {:?}", of(id));
        };
        check("R053", "decided at", "crates/core/src/examine.rs");
        check("T2.1.off", "decided at", "crates/world/src/policy.rs");
        check("CA3.7.1.none", "decided at", "crates/ca/src/policy.rs");
        check("CA3.7.1", "decided at", "crates/ca/src/policy.rs");
        check("K8.4.attempts", "done at", "crates/csp/src/status.rs");
        assert!(of("no requirement").is_empty());
    }
}
