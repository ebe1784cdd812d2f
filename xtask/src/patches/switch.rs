//! Many patches in one program: beside the body of each function that a patch changes stands the changed one, and which
//! of them is run says an environment variable when the program starts. What is built once is measured once for each.

use std::collections::BTreeMap;
use std::ops::Range;

use super::patch::Patch;

/// The variable: the number of a patch, counted from 1, or none.
pub(super) const VARIABLE: &str = "AUTOENROLL_PLANTED";
/// Where all of the patches are.
const CORE: &str = "crates/core/src/";
/// The line of the core's first file behind which modules may be named.
const BEHIND: &str = "extern crate alloc;\n";
/// The module that reads the variable.
const PLANTED: &str = "//! Which patch is in effect.

extern crate std;

use std::sync::LazyLock;

static PLANTED: LazyLock<Option<usize>> = LazyLock::new(|| std::env::var(\"AUTOENROLL_PLANTED\").ok()?.parse().ok());

pub(crate) fn is(number: usize) -> bool {
    *PLANTED == Some(number)
}
";

/// The files of a program in which each of the patches is there and none is in effect unless the variable says so.
///
/// # Errors
/// When a patch does not apply, or changes more than the bodies of functions of the core.
pub(super) fn switched(
    patches: &[Patch],
    read: impl Fn(&str) -> Result<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let mut bodies: BTreeMap<String, BTreeMap<usize, Vec<(usize, String)>>> = BTreeMap::new();
    for (at, patch) in patches.iter().enumerate() {
        for (path, text) in patch.apply(&read)? {
            let fault = |reason: &str| format!("{}: {path}: {reason}", patch.name);
            if !path.starts_with(CORE) {
                return Err(fault("only patches of the core can be switched"));
            }
            let before = read(&path)?;
            let changed = changed(&before, &text).ok_or_else(|| fault("more than the bodies of functions changes"))?;
            for (function, body) in changed {
                bodies.entry(path.clone()).or_default().entry(function).or_default().push((at + 1, body));
            }
        }
    }
    let mut files = BTreeMap::new();
    for (path, bodies) in bodies {
        let text = with_bodies(&read(&path)?, &bodies);
        files.insert(path, text);
    }
    let first = format!("{CORE}lib.rs");
    let text = files.remove(&first).map_or_else(|| read(&first), Ok)?;
    let (before, after) =
        text.split_once(BEHIND).ok_or_else(|| format!("{first} does not have `{}`", BEHIND.trim()))?;
    files.insert(first, format!("{before}{BEHIND}\nmod planted;\n{after}"));
    files.insert(format!("{CORE}planted.rs"), PLANTED.to_owned());
    Ok(files)
}

/// The functions that a patch changes, by their place in the file, with their bodies; `None` when anything else
/// changes.
fn changed(before: &str, after: &str) -> Option<Vec<(usize, String)>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let (olds, news) = (functions(&old), functions(&new));
    let outside = |lines: &[&str], bodies: &[Range<usize>]| -> Vec<String> {
        let is_inside = |at: &usize| bodies.iter().any(|body| body.contains(at));
        (0..lines.len()).filter(|at| !is_inside(at)).map(|at| lines[at].to_owned()).collect()
    };
    if olds.len() != news.len() || outside(&old, &olds) != outside(&new, &news) {
        return None;
    }
    let bodies = olds.into_iter().zip(news).enumerate();
    let changed = bodies.filter(|(_, (was, is))| old[was.clone()] != new[is.clone()]);
    Some(changed.map(|(at, (_, is))| (at, new[is].join("\n"))).collect())
}

/// The bodies of all functions of a file that `cargo fmt` has written, as lines, in their order.
fn functions(lines: &[&str]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if found.last().is_some_and(|last| last.contains(&at)) || !is_function(line) {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let head = lines[at..].iter().position(|line| line.ends_with(['{', '}', ';'])).map(|more| at + more);
        let Some(head) = head.filter(|head| lines[*head].ends_with('{')) else { continue };
        let end = lines[head..].iter().position(|line| *line == format!("{indent}}}"));
        found.extend(end.map(|end| head + 1..head + end));
    }
    found
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace().skip_while(|word| word.starts_with("pub") || *word == "const");
    words.take(1).any(|word| word == "fn")
}

/// The file with other bodies beside those of some functions.
fn with_bodies(text: &str, others: &BTreeMap<usize, Vec<(usize, String)>>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut written: Vec<String> = Vec::new();
    let mut done = 0;
    for (at, body) in functions(&lines).into_iter().enumerate() {
        let Some(others) = others.get(&at) else { continue };
        // What reads a variable is not constant.
        let before = lines[done..body.start].iter().enumerate().map(|(offset, line)| {
            let is_head = is_function(line) && lines[done + offset..body.start].iter().all(|line| !line.ends_with('}'));
            if is_head { line.replacen("const fn ", "fn ", 1) } else { (*line).to_owned() }
        });
        written.extend(before);
        for (number, other) in others {
            written.push(format!("if crate::planted::is({number}) {{\n{other}\n}} else"));
        }
        written.push(format!("{{\n{}\n}}", lines[body.clone()].join("\n")));
        done = body.end;
    }
    written.extend(lines[done..].iter().map(|line| (*line).to_owned()));
    written.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "extern crate alloc;\n\nmod one;\n";
    const ONE: &str = "const A: u8 = 1;\n\npub(crate) const fn one(\n    a: u8,\n) -> u8 {\n    a + 1\n}\n\nimpl X {\n    \
                       fn two() -> u8 {\n        2\n    }\n}\n";

    fn patch(name: &str, old: &str, new: &str) -> Patch {
        let diff = format!("--- a/crates/core/src/one.rs\n+++ b/crates/core/src/one.rs\n@@ -1 +1 @@\n-{old}\n+{new}\n");
        Patch::parse_unnoticed(name, &format!("Subject: It is wrong.\nSuite: not played\n\n{diff}")).unwrap()
    }

    fn read(path: &str) -> Result<String, String> {
        Ok(if path.ends_with("lib.rs") { LIB } else { ONE }.to_owned())
    }

    #[test]
    fn each_changed_body_stands_beside_the_one_that_was_there() {
        let patches = [patch("a", "    a + 1", "    a + 3"), patch("b", "        2", "        4")];
        let files = switched(&patches, read).unwrap();
        let one = "const A: u8 = 1;\n\npub(crate) fn one(\n    a: u8,\n) -> u8 {\nif crate::planted::is(1) {\n    a + 3\n} \
                   else\n{\n    a + 1\n}\n}\n\nimpl X {\n    fn two() -> u8 {\nif crate::planted::is(2) {\n        4\n} \
                   else\n{\n        2\n}\n    }\n}\n";
        assert_eq!(files["crates/core/src/one.rs"], one);
        assert_eq!(files["crates/core/src/lib.rs"], "extern crate alloc;\n\nmod planted;\n\nmod one;\n");
        assert!(files["crates/core/src/planted.rs"].contains(VARIABLE));
    }

    #[test]
    fn what_is_no_body_cannot_be_switched() {
        let error = switched(&[patch("a", "const A: u8 = 1;", "const A: u8 = 2;")], read).unwrap_err();
        assert_eq!(error, "a: crates/core/src/one.rs: more than the bodies of functions changes");
    }
}
