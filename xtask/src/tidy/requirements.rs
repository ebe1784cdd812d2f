//! Requirements and sources: each requirement has a place, and what names one names one that exists.

use std::collections::BTreeSet;
use std::path::Path;

use super::{files, read};
use crate::scan::{self, Place, Row, TABLE};

/// Beginnings of the ids of entries that no line of code is about, so that the scenario that covers them is their place: lists of cases,
/// each an example of other requirements in combination, and facts about Windows that the bench keeps to without deciding anything.
const SHOWN_BY_SCENARIOS: &[&str] = &[
    // Access checks, decision table, policy values, renewal thresholds, default templates.
    "A4.2.",
    "D1.1.",
    "M1.2.",
    "T2.4.1",
    "T2.4.2",
    "T2.4.3",
    "T2.4.7",
    "N3.9.",
    // Conformance and regressions.
    "C0",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "BUG",
    // What a dialog writes, what logon reads, who is given a right.
    "R005",
    "P7.6",
    "K8.5.slot0",
    "K8.6.rights",
];

/// An entry of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    file: String,
    id: String,
    excused: bool,
}

/// A row of a table of rules, and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    file: String,
    row: Row,
}

pub(super) fn check(root: &Path) -> Result<Vec<String>, String> {
    let places = scan::places(root).map_err(|error| format!("the sources cannot be read: {error}"))?;
    let mut rules = Vec::new();
    for file in files(root, "crates", TABLE)? {
        let rows = scan::rows(&read(root, &file)?);
        rules.extend(rows.into_iter().map(|row| Rule { file: file.clone(), row }));
    }
    Ok(findings(&requirements(root)?, &covered(root)?, &rules, &places))
}

fn findings(requirements: &[Requirement], covered: &BTreeSet<String>, rules: &[Rule], places: &[Place]) -> Vec<String> {
    let mut findings = Vec::new();
    for Requirement { file, id, .. } in requirements.iter().filter(|requirement| !requirement.excused) {
        let is_case = SHOWN_BY_SCENARIOS.iter().any(|list| id.starts_with(list));
        let has_place = places.iter().any(|place| belongs(place, id)) || (is_case && covered.contains(id));
        if !has_place {
            let missing =
                if is_case { "no scenario covers this case" } else { "no rule, test or marked line of the code" };
            findings.push(format!("{file}: {id}: {missing}; mark the line that fulfils it with `// {id}`"));
        }
    }
    let exists = |id: &str| requirements.iter().any(|requirement| requirement.id == id);
    for Rule { file, row: Row { name, id } } in rules {
        let is_part = id.rsplit_once('.').is_some_and(|(whole, _)| exists(whole));
        if !exists(id) && !is_part {
            findings.push(format!("{file}: {name}: `{id}` is no requirement of fixtures/requirements"));
        }
        if !places.iter().any(|place| place.rule && place.id == *id) {
            findings.push(format!("{file}: {name}: nothing decides by it"));
        }
    }
    for Place { id, file, line, .. } in places.iter().filter(|place| !place.rule && !exists(&place.id)) {
        findings.push(format!("{file}:{line}: the mark `{id}` names no requirement of fixtures/requirements"));
    }
    findings
}

/// Whether a place is one of that requirement, or of a rule that is part of it, as `CA3.7.1.none` is of `CA3.7.1`.
fn belongs(place: &Place, id: &str) -> bool {
    let rest = place.id.strip_prefix(id);
    rest.is_some_and(|rest| rest.is_empty() || (place.rule && rest.starts_with('.')))
}

/// The catalogue.
fn requirements(root: &Path) -> Result<Vec<Requirement>, String> {
    let mut all = Vec::new();
    for file in files(root, "fixtures/requirements", ".toml")? {
        let document: toml::Table = toml::from_str(&read(root, &file)?).map_err(|error| format!("{file}: {error}"))?;
        for entry in document.get("requirement").and_then(toml::Value::as_array).into_iter().flatten() {
            let id = entry.get("id").and_then(toml::Value::as_str).ok_or(format!("{file}: an entry without id"))?;
            let excused = entry.get("exception").is_some();
            all.push(Requirement { file: file.clone(), id: id.to_owned(), excused });
        }
    }
    Ok(all)
}

/// Every requirement that a scenario covers.
fn covered(root: &Path) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for file in files(root, "scenarios", ".toml")? {
        let document: toml::Table = toml::from_str(&read(root, &file)?).map_err(|error| format!("{file}: {error}"))?;
        let covers = document.get("covers").and_then(toml::Value::as_array).into_iter().flatten();
        all.extend(covers.filter_map(toml::Value::as_str).map(str::to_owned));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(id: &str, excused: bool) -> Requirement {
        Requirement { file: "r.toml".to_owned(), id: id.to_owned(), excused }
    }

    fn rule(name: &str, id: &str) -> Rule {
        Rule { file: "rules.rs".to_owned(), row: Row { name: name.to_owned(), id: id.to_owned() } }
    }

    fn place(id: &str, rule: bool) -> Place {
        Place { id: id.to_owned(), file: "a.rs".to_owned(), line: 7, rule }
    }

    #[test]
    fn a_requirement_needs_a_place_and_a_place_a_requirement() {
        let requirements = [
            requirement("R001", false),
            requirement("R002", true),
            requirement("CA3.7.1", false),
            requirement("C01", false),
        ];
        let covered = BTreeSet::from(["C01".to_owned()]);
        let rules = [rule("FIRST", "R001"), rule("NONE", "CA3.7.1.none")];
        let places = [place("R001", true), place("CA3.7.1.none", true)];
        let check = |rules: &[Rule], places: &[Place], covered: &BTreeSet<String>, expected: &[&str]| {
            assert_eq!(findings(&requirements, covered, rules, places), expected);
        };
        check(&rules, &places, &covered, &[]);
        check(&rules[1..], &[place("R001", false), places[1].clone()], &covered, &[]);

        let unmarked =
            "r.toml: R001: no rule, test or marked line of the code; mark the line that fulfils it with `// R001`";
        check(&rules[1..], &places[1..], &covered, &[unmarked]);
        let not_covered = "r.toml: C01: no scenario covers this case; mark the line that fulfils it with `// C01`";
        check(&rules, &places, &BTreeSet::new(), &[not_covered]);
        check(
            &rules,
            &places[..1],
            &covered,
            &[
                "r.toml: CA3.7.1: no rule, test or marked line of the code; mark the line that fulfils it with `// CA3.7.1`",
                "rules.rs: NONE: nothing decides by it",
            ],
        );
        let strange = [places.to_vec(), vec![place("R999", false), place("R003", true)]].concat();
        check(
            &[rules.to_vec(), vec![rule("THIRD", "R003")]].concat(),
            &strange,
            &covered,
            &[
                "rules.rs: THIRD: `R003` is no requirement of fixtures/requirements",
                "a.rs:7: the mark `R999` names no requirement of fixtures/requirements",
            ],
        );
    }
}
