//! What cargo-mutants would change.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// A change that cargo-mutants makes of a source file. It is known by the text of its line, not by the number of that
/// line, so that it stays the same when something above has grown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mutant {
    /// The file, from the root of the workspace.
    pub(super) file: String,
    /// The first line that is changed, without the blanks around.
    pub(super) line: String,
    /// How many such lines are above it in the file.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) nth: usize,
    /// After how many characters of that line the change begins.
    pub(super) column: usize,
    /// What is done, in the words of cargo-mutants.
    pub(super) what: String,
    /// What kind of change it is.
    pub(super) genre: Genre,
    /// How many characters are replaced; for those kinds that replace a part of a line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) length: usize,
    /// By what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) replacement: String,
}

/// The kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Genre {
    /// The body of a function becomes a value.
    FnValue,
    /// An operator between two values becomes another.
    BinaryOperator,
    /// An operator before a value is left out.
    UnaryOperator,
    /// An arm of a `match` is left out.
    MatchArm,
    /// The guard of an arm becomes `true` or `false`.
    MatchArmGuard,
    /// A field is left out of an expression, so that it comes from the rest.
    StructField,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    genre: Genre,
    name: String,
    replacement: String,
    span: Span,
}

#[derive(Clone, Copy, Deserialize)]
struct Span {
    start: At,
    end: At,
}

/// Both count from one; the column is one of characters.
#[derive(Clone, Copy, Deserialize)]
struct At {
    line: usize,
    column: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Mutant {
    /// By what it is known.
    pub(super) fn id(&self) -> String {
        format!("{}|{}|{}|{}|{}", self.file, self.line, self.nth, self.column, self.what)
    }

    /// The name of the package it is in.
    pub(super) fn package(&self) -> &str {
        self.file.split('/').nth(1).unwrap_or_default()
    }

    /// Where the change begins in the text of its file, in bytes.
    ///
    /// # Errors
    /// When its line is not there.
    pub(super) fn place(&self, text: &str) -> Result<usize, String> {
        let mut offset = 0;
        let mut before = 0;
        for line in text.split_inclusive('\n') {
            if line.trim() == self.line {
                if before == self.nth {
                    let indent = line.len() - line.trim_start().len();
                    let into: usize = self.line.chars().take(self.column).map(char::len_utf8).sum();
                    return Ok(offset + indent + into);
                }
                before += 1;
            }
            offset += line.len();
        }
        Err(format!("{}: there is no line `{}`, number {}, for: {}", self.file, self.line, self.nth + 1, self.what))
    }
}

/// Every mutant of a package.
///
/// # Errors
/// When cargo-mutants is not installed, or says something else.
pub(super) fn list(root: &Path, package: &str) -> Result<Vec<Mutant>, String> {
    let name = format!("autoenroll-{package}");
    let output =
        Command::new("cargo").args(["mutants", "--list", "--json", "--package", &name]).current_dir(root).output();
    let output = output.map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "`cargo mutants` fails; `cargo install --locked cargo-mutants` installs it: {}",
            said.trim()
        ));
    }
    let listed: Vec<Listed> =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo mutants: {error}"))?;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut mutants = Vec::new();
    for one in listed {
        if !texts.contains_key(&one.file) {
            texts.insert(one.file.clone(), crate::tidy::read(root, &one.file)?);
        }
        mutants.push(known(&one, &texts[&one.file])?);
    }
    Ok(mutants)
}

/// What is known of a mutant by its text.
fn known(listed: &Listed, text: &str) -> Result<Mutant, String> {
    let Span { start, end } = listed.span;
    let lines: Vec<&str> = text.lines().collect();
    let line = lines.get(start.line - 1).ok_or_else(|| format!("{} has no line {}", listed.file, start.line))?;
    let indent = line.chars().count() - line.trim_start().chars().count();
    let nth = lines[..start.line - 1].iter().filter(|other| other.trim() == line.trim()).count();
    let is_part = !matches!(listed.genre, Genre::FnValue | Genre::MatchArm);
    if is_part && start.line != end.line {
        return Err(format!("{}: cargo-mutants changes several lines", listed.name));
    }
    let what = listed.name.split_once(": ").map_or(listed.name.as_str(), |(_, what)| what);
    Ok(Mutant {
        file: listed.file.clone(),
        line: line.trim().to_owned(),
        nth,
        column: start.column - 1 - indent,
        what: what.to_owned(),
        genre: listed.genre,
        length: if is_part { end.column - start.column } else { 0 },
        replacement: listed.replacement.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "fn f() {\n    a || ä || c\n}\n\nfn g() {\n        a || ä || c\n}\n";

    fn listed(line: usize, columns: (usize, usize)) -> Listed {
        let at = |column| At { line, column };
        Listed {
            file: "crates/core/src/x.rs".to_owned(),
            genre: Genre::BinaryOperator,
            name: format!("crates/core/src/x.rs:{line}:{}: replace || with && in f", columns.0),
            replacement: "&&".to_owned(),
            span: Span { start: at(columns.0), end: at(columns.1) },
        }
    }

    #[test]
    fn a_mutant_is_known_by_its_line_and_found_there_again() {
        let check = |line, columns, nth, column, place| {
            let mutant = known(&listed(line, columns), TEXT).unwrap();
            assert_eq!((mutant.nth, mutant.column, mutant.length), (nth, column, 2));
            assert_eq!((mutant.line.as_str(), mutant.package()), ("a || ä || c", "core"));
            assert_eq!(mutant.what, "replace || with && in f");
            assert_eq!(mutant.place(TEXT), Ok(place));
            // Something has grown above, and the line is indented otherwise.
            let grown = format!("// é\n{}", TEXT.replace("    a", "  a"));
            let found = mutant.place(&grown).unwrap();
            assert_eq!(&grown[found..found + 2], "||");
        };
        check(2, (7, 9), 0, 2, 15);
        check(2, (12, 14), 0, 7, 21);
        check(6, (16, 18), 1, 7, TEXT.rfind("||").unwrap());
    }

    #[test]
    fn a_line_that_is_gone_is_told() {
        let mutant = known(&listed(6, (11, 13)), TEXT).unwrap();
        let error = mutant.place("fn f() {\n    a || ä || c\n}\n").unwrap_err();
        let expected = "crates/core/src/x.rs: there is no line `a || ä || c`, number 2, for: replace || with && in f";
        assert_eq!(error, expected);
        assert!(known(&listed(99, (1, 3)), TEXT).is_err());
    }
}
