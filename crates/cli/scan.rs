//! Where in the sources a requirement is decided, fulfilled or tested.
//!
//! Two things name a requirement in the sources: the use of a rule of a table (`src/rules.rs`) by its name, and a mark, a comment that
//! begins with its id: `// K8.4.attempts`, `// E5.3.2, E5.6.run: only when everything is logged`. The build of the command reads
//! them for `autoenroll explain`, and `cargo xtask tidy` checks that each names a requirement and that each requirement is named.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A line of a source that names a requirement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The id it names.
    pub(crate) id: String,
    /// Path from the root of the workspace, with slashes.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether a rule is used there; otherwise the line is marked.
    pub(crate) rule: bool,
}

/// A row of a table of rules: the name in the sources, and the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) id: String,
}

/// Directories below the root whose sources are read.
pub(crate) const DIRECTORIES: &[&str] = &["crates", "tests"];
/// The table of rules of a crate, below its directory.
pub(crate) const TABLE: &str = "src/rules.rs";

/// Every place below the root, by id, file and line.
///
/// # Errors
/// When a source cannot be read.
pub(crate) fn places(root: &Path) -> io::Result<Vec<Place>> {
    let mut found = Vec::new();
    for directory in DIRECTORIES {
        for path in sources(&root.join(directory))? {
            let file = relative(root, &path);
            let text = fs::read_to_string(&path)?;
            found.extend(marks(&file, &text));
            if let Some(table) = table_of(root, &file).filter(|table| *table != path) {
                found.extend(uses(&file, &text, &rows(&fs::read_to_string(table)?)));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The table of the crate that a file belongs to, when it has one and the file is part of the crate itself, not of its tests.
fn table_of(root: &Path, file: &str) -> Option<PathBuf> {
    let (directory, _) = file.split_once("/src/")?;
    Some(root.join(directory).join(TABLE)).filter(|table| table.exists())
}

/// The rows of a table: `NAME = "id", ...`.
pub(crate) fn rows(table: &str) -> Vec<Row> {
    let row = |line: &str| {
        let (name, rest) = line.trim_start().split_once(" = \"")?;
        let (id, _) = rest.split_once('"')?;
        let is_constant = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        (is_constant && !name.is_empty()).then(|| Row { name: name.to_owned(), id: id.to_owned() })
    };
    table.lines().filter_map(row).collect()
}

/// The lines that use a rule by its name. Unit tests, which stand last in a file, decide nothing.
fn uses(file: &str, text: &str, rows: &[Row]) -> Vec<Place> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate().take_while(|(_, line)| *line != "#[cfg(test)]") {
        let code = line.split("//").next().unwrap_or_default();
        for name in code.split("rules::").skip(1) {
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            if let Some(row) = rows.iter().find(|row| row.name == name[..end]) {
                let place = Place { id: row.id.clone(), file: file.to_owned(), line: at + 1, rule: true };
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
    }
    found
}

/// The marks of a file.
fn marks(file: &str, text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix("// ") else { continue };
        for words in comment.split(", ") {
            let id = words.split([' ', ':', ';']).next().unwrap_or_default();
            if is_id(id) {
                found.push(Place { id: id.to_owned(), file: file.to_owned(), line: at + 1, rule: false });
            }
            // The first word that is no id ends the mark; what follows explains it.
            if id != words || !is_id(id) {
                break;
            }
        }
    }
    found
}

/// Whether a word has the shape of an id: `R081`, `C07`, `BUG12`, or letters, a number and parts after points such as `F3.2.1.0x20`.
fn is_id(word: &str) -> bool {
    let letters = word.len() - word.trim_start_matches(|c: char| c.is_ascii_uppercase()).len();
    let (family, rest) = word.split_at(letters);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, parts) = rest.split_at(digits);
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match family {
        "" => false,
        "R" | "C" | "BUG" if parts.is_empty() => number.len() >= 2,
        _ if family.len() > 3 => false,
        _ => !number.is_empty() && parts.strip_prefix('.').is_some_and(|parts| parts.split('.').all(plain)),
    }
}

/// All `.rs` files below a directory, but for what was built.
fn sources(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_comment_that_begins_with_ids() {
        let check = |text: &str, expected: &[&str]| {
            let found = marks("a.rs", text);
            assert_eq!(found.iter().map(|place| place.id.as_str()).collect::<Vec<_>>(), expected, "{text}");
            assert!(found.iter().all(|place| !place.rule && place.line == 1 && place.file == "a.rs"));
        };
        check("    // K8.4.attempts", &["K8.4.attempts"]);
        check("// E5.3.2, E5.6.run: only when everything is logged, see P7.43", &["E5.3.2", "E5.6.run"]);
        check("// R081; the caller's name is compared without case", &["R081"]);
        check("// X6.1.0x80070005", &["X6.1.0x80070005"]);
        check("// as R081 has it", &[]);
        check("// S10 and S12, as far as they are about the card", &[]);
        check("/// R081", &[]);
        check("let code = 5; // R081", &[]);
        check("// RFC 5280", &[]);
        check("// SHA-1", &[]);
    }

    #[test]
    fn a_rule_is_decided_where_it_is_used_by_its_name() {
        let table =
            "rules! {\n    // Gate.\n    LOCAL = \"R002\", \"source\",\n        \"statement = \\\"x\\\"\", Due;\n}\n";
        let rows = rows(table);
        assert_eq!(rows, [Row { name: "LOCAL".to_owned(), id: "R002".to_owned() }]);
        let text = "use crate::rules;\n    frame.decide(rules::LOCAL, 1)\n// rules::LOCAL\nrules::LOCALLY\n#[cfg(test)]\nrules::LOCAL\n";
        let place = Place { id: "R002".to_owned(), file: "b.rs".to_owned(), line: 2, rule: true };
        assert_eq!(uses("b.rs", text, &rows), [place]);
    }
}
