//! Circles of imports between the files of a crate.
//!
//! A file imports another when a path in it leads to an item that the other defines; unit tests do not count, nor do
//! calls of methods, which name no module. A name that a module only passes on (`pub use`) leads to the file that
//! defines it, so a crate root that re-exports is no part of a circle; one that defines what its modules use, and uses
//! them, is. What a file takes from the module that it is a submodule of does not count: `gids/pin.rs` continues
//! `gids/mod.rs`, where the type is that both are about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::crates::Member;
use super::{files, read};

/// A module by the names on the way to it; the crate root has none.
type Module = Vec<String>;
/// How many re-exports lead from one name to another.
const MOST_RENAMES: usize = 8;

pub(super) fn check(root: &Path, members: &[Member]) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for member in members.iter().filter(|member| member.in_the_house()) {
        let source = format!("{}/src/", member.directory);
        let mut texts = Vec::new();
        for path in files(root, &source, ".rs")? {
            texts.push((path.strip_prefix(&source).unwrap_or(&path).to_owned(), read(root, &path)?));
        }
        findings.extend(circles(&texts).into_iter().map(|circle| format!("{source}: circle of imports: {circle}")));
    }
    Ok(findings)
}

/// The circles of a crate, the shortest one of each knot.
fn circles(texts: &[(String, String)]) -> Vec<String> {
    let sources = Sources::read(texts);
    let arrows: BTreeMap<&Module, BTreeMap<Module, usize>> =
        sources.files.iter().map(|(module, file)| (module, sources.imports(module, file))).collect();
    let mut knotted = BTreeSet::new();
    let mut found = Vec::new();
    for start in arrows.keys() {
        if knotted.contains(*start) {
            continue;
        }
        let Some(circle) = shortest(&arrows, start) else { continue };
        // Every module from which there is a way here and back is in the same knot.
        let knot = reached(&arrows, start).into_iter().filter(|other| reached(&arrows, other).contains(*start));
        let knot: BTreeSet<Module> = knot.collect();
        let name = |module: &Module| if module.is_empty() { "crate".to_owned() } else { module.join("::") };
        let steps = circle.windows(2).map(|pair| format!("{} (line {})", name(&pair[0]), arrows[&pair[0]][&pair[1]]));
        let shortest = format!("{} -> {}", steps.collect::<Vec<_>>().join(" -> "), name(start));
        let others = knot.iter().filter(|module| !circle.contains(module)).map(name).collect::<Vec<_>>().join(", ");
        found.push(if others.is_empty() { shortest } else { format!("{shortest}; on circles with them: {others}") });
        knotted.extend(knot);
    }
    found
}

/// The shortest way from a module back to itself.
fn shortest(arrows: &BTreeMap<&Module, BTreeMap<Module, usize>>, start: &Module) -> Option<Vec<Module>> {
    let mut open = VecDeque::from([vec![start.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = open.pop_front() {
        for next in arrows.get(way.last()?).into_iter().flat_map(BTreeMap::keys) {
            let longer = [way.clone(), vec![next.clone()]].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                open.push_back(longer);
            }
        }
    }
    None
}

/// Every module that imports lead to.
fn reached(arrows: &BTreeMap<&Module, BTreeMap<Module, usize>>, start: &Module) -> BTreeSet<Module> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start.clone()];
    while let Some(module) = open.pop() {
        for next in arrows.get(&module).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    seen
}

/// The files of a crate by module.
#[derive(Debug, Default)]
struct Sources {
    files: BTreeMap<Module, File>,
}

#[derive(Debug, Default)]
struct File {
    /// Code without comments, texts and unit tests.
    code: String,
    /// What `use` brings into the module, by its name there.
    names: BTreeMap<String, Module>,
    /// Paths in use declarations and elsewhere, absolute, with their lines; those that are only passed on are not here.
    paths: Vec<(Module, usize)>,
}

impl Sources {
    fn read(texts: &[(String, String)]) -> Self {
        let mut sources = Self::default();
        for (path, text) in texts {
            let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
            let names = path.split('/').filter(|name| !matches!(*name, "lib" | "main")).map(str::to_owned);
            if !path.ends_with("tests") {
                sources.files.insert(names.collect(), File { code: code(text), ..File::default() });
            }
        }
        let modules: Vec<Module> = sources.files.keys().cloned().collect();
        for module in &modules {
            let code = sources.files[module].code.clone();
            let mut file = File { code: String::new(), ..File::default() };
            let without_uses = sources.read_uses(module, &code, &mut file);
            sources.read_paths(module, &without_uses, &mut file);
            sources.files.insert(module.clone(), file);
        }
        sources
    }

    /// The use declarations; returns the code without them. Whatever begins with neither `crate`, `self`, `super` nor a
    /// module of its own is of another crate.
    fn read_uses(&self, module: &Module, code: &str, file: &mut File) -> String {
        let mut rest = String::with_capacity(code.len());
        let (mut from, mut kept) = (0, 0);
        while let Some(at) = code[from..].find("use ").map(|at| from + at) {
            from = at + 4;
            let before = code[..at].trim_end_matches([' ', '\n']);
            let begins = before.is_empty() || before.ends_with([';', '}', '{', ']', ')']) || before.ends_with("pub");
            let Some(end) = code[at..].find(';').filter(|_| begins).map(|end| at + end) else { continue };
            let passed_on = before.ends_with("pub") || before.ends_with(')');
            let line = code[..at].matches('\n').count() + 1;
            let mut leaves = Vec::new();
            tree(&code[from..end], &[], &mut leaves);
            for (path, name) in leaves {
                let Some(path) = self.absolute(module, &path) else { continue };
                if !passed_on && !self.files.contains_key(&path) {
                    file.paths.push((path.clone(), line));
                }
                file.names.insert(name, path);
            }
            rest.push_str(&code[kept..at]);
            rest.extend(code[at..end].chars().filter(|c| *c == '\n'));
            (from, kept) = (end, end);
        }
        rest.push_str(&code[kept..]);
        rest
    }

    /// Paths outside use declarations.
    fn read_paths(&self, module: &Module, code: &str, file: &mut File) {
        for (at, text) in code.lines().enumerate() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let mut words = text.match_indices("::").map(|(end, _)| {
                let start = text[..end].rfind(|c| !is_word(c)).map_or(0, |before| before + 1);
                (start, end)
            });
            for (start, _) in words.by_ref().filter(|(start, end)| start < end && !text[..*start].ends_with("::")) {
                let end = text[start..].find(|c| !is_word(c) && c != ':').map_or(text.len(), |end| start + end);
                let path: Module =
                    text[start..end].split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
                let path = match file.names.get(&path[0]) {
                    Some(known) => Some([known.clone(), path[1..].to_vec()].concat()),
                    None => self.absolute(module, &path),
                };
                if let Some(path) = path.filter(|path| !path.is_empty()) {
                    file.paths.push((path, at + 1));
                }
            }
        }
    }

    /// A path from the crate root; nothing for a path into another crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let from = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => {
                let mut up = module.clone();
                up.pop()?;
                return match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(&up, rest),
                    _ => Some([up, rest.to_vec()].concat()),
                };
            }
            _ => {
                let child = [module.clone(), vec![first.clone()]].concat();
                return self.files.contains_key(&child).then(|| [module.clone(), path.to_vec()].concat());
            }
        };
        Some([from, rest.to_vec()].concat())
    }

    /// The other modules that a file imports from, each with the first line that does.
    fn imports(&self, module: &Module, file: &File) -> BTreeMap<Module, usize> {
        let mut found = BTreeMap::new();
        for (path, line) in &file.paths {
            let target = self.defining(path);
            if target != *module && (target.is_empty() || !module.starts_with(&target)) {
                let known = found.entry(target).or_insert(*line);
                *known = (*known).min(*line);
            }
        }
        found
    }

    /// The module that defines what a path leads to.
    fn defining(&self, path: &Module) -> Module {
        let mut path = path.clone();
        for _ in 0..MOST_RENAMES {
            let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth])).unwrap_or(0);
            let (module, rest) = path.split_at(depth);
            match rest.first().and_then(|name| self.files[module].names.get(name)) {
                Some(renamed) => path = [renamed.clone(), rest[1..].to_vec()].concat(),
                None => return module.to_vec(),
            }
        }
        path
    }
}

/// The leaves of a use tree: path and the name it gets.
fn tree(text: &str, before: &[String], leaves: &mut Vec<(Module, String)>) {
    let text = text.trim();
    if let Some((start, group)) = text.split_once('{') {
        let start: Module =
            start.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let before = [before.to_vec(), start].concat();
        let (mut depth, mut from) = (0, 0);
        let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    tree(&group[from..at], &before, leaves);
                    from = at + 1;
                }
                _ => {}
            }
        }
        return tree(&group[from..], &before, leaves);
    }
    let (path, renamed) = text.split_once(" as ").map_or((text, None), |(path, name)| (path, Some(name.trim())));
    let mut path = [before.to_vec(), path.split("::").map(|name| name.trim().to_owned()).collect()].concat();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(last) = path.last().filter(|last| !last.is_empty()).cloned() {
        leaves.push((path, renamed.map_or(last, str::to_owned)));
    }
}

/// Code without comments, without what stands in texts, and without unit tests, line for line.
fn code(text: &str) -> String {
    let text = match text.find("#[cfg(test)]\nmod tests {") {
        Some(tests) => &text[..tests],
        None => text,
    };
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let raw = rest.strip_prefix('r').map(|after| after.len() - after.trim_start_matches('#').len());
        let skipped = match raw {
            Some(hashes) if rest[1 + hashes..].starts_with('"') && !kept.ends_with(|c: char| c.is_alphanumeric()) => {
                let end = format!("\"{}", "#".repeat(hashes));
                rest[2 + hashes..].find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len())
            }
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if c == '"' => end_of_text(rest),
            _ if rest.starts_with("'\"'") => 3,
            _ if rest.starts_with("'\\\"'") => 4,
            _ => 0,
        };
        if skipped == 0 {
            kept.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            kept.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            rest = &rest[skipped..];
        }
    }
    kept
}

/// Where a text that begins here ends.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let texts: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(circles(&texts), expected);
    }

    #[test]
    fn circles_are_found_through_uses_paths_and_parents() {
        check(&[("lib.rs", "mod a;\nmod b;\n"), ("a.rs", "use crate::b::B;\n"), ("b.rs", "struct B;\n")], &[]);
        check(
            &[("lib.rs", ""), ("a.rs", "\nuse crate::{b::{B, C}, d};\n"), ("b.rs", "fn b() { super::a::one() }\n")],
            &["a (line 2) -> b (line 1) -> a"],
        );
        check(
            &[("lib.rs", "fn f() { a::run() }\npub struct X;"), ("a.rs", "use crate::X;\n")],
            &["crate (line 1) -> a (line 1) -> crate"],
        );
        check(&[("lib.rs", ""), ("a.rs", "fn f() { b::f() }\n"), ("a/b.rs", "use super::WIDTH;\n")], &[]);
        check(
            &[
                ("lib.rs", ""),
                ("a.rs", "use crate::c;\nc::f();\n"),
                ("b.rs", "use crate::a::A;\n"),
                ("c/mod.rs", "use crate::b;\nb::x();\n"),
            ],
            &["a (line 2) -> c (line 2) -> b (line 1) -> a"],
        );
    }

    #[test]
    fn what_is_only_passed_on_tested_or_written_about_is_no_import() {
        let passes_on = ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub(crate) use b::{B, C as D};\n");
        check(&[passes_on, ("a.rs", "use crate::D;\n"), ("b.rs", "struct B;\n")], &[]);
        check(
            &[passes_on, ("a.rs", "use crate::D;\n"), ("b.rs", "use crate::A;\n")],
            &["a (line 1) -> b (line 1) -> a"],
        );
        let tested = "struct B;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n";
        check(&[passes_on, ("a.rs", "use crate::b::B;\n"), ("b.rs", tested)], &[]);
        let written = "// crate::a::A\nconst X: &str = \"crate::a::A\";\nconst Y: &str = r#\"\" crate::a::A\"#;\n";
        check(&[passes_on, ("a.rs", "use crate::b::B;\n"), ("b.rs", written)], &[]);
    }
}
