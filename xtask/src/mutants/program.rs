//! The copy of the workspace with every mutant in it, and what is built there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::list::Mutant;
use super::switch::{Constants, LeftOut, Part, Region, SWITCH, Switched, switched};
use crate::patches::Workshop;

/// Where the copy and what is built of it are.
pub(super) const DIRECTORY: &str = "target/mutants";
/// The most rounds in which mutants that do not compile are taken out.
const MOST_ROUNDS: usize = 60;

/// What is built.
pub(super) struct Built {
    /// Everything that runs, by name: the command as `autoenroll`, the search as `search`, and tests as
    /// `package::target`; with the directory of its package.
    pub(super) programs: BTreeMap<String, Executable>,
    /// What came out of building it.
    pub(super) known: Known,
}

/// What is known of the mutants from building them.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// Those that are not in the program, and why.
    pub(super) left_out: BTreeMap<u32, LeftOut>,
    /// The functions that something computed at compile time calls.
    pub(super) constants: Constants,
}

impl Known {
    fn size(&self) -> usize {
        self.left_out.len() + self.constants.len()
    }
}

/// Something that runs.
#[derive(Clone, Debug)]
pub(super) struct Executable {
    pub(super) path: PathBuf,
    /// The directory of its package.
    pub(super) directory: PathBuf,
}

/// A line of what Cargo says.
#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Message>,
    target: Option<Target>,
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    message: String,
    code: Option<Code>,
    spans: Vec<Span>,
    rendered: Option<String>,
    #[serde(default)]
    children: Vec<Message>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    /// Where the macro is called that it is in.
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

/// What Cargo is asked to build: arguments after `cargo`.
pub(super) type What = Vec<String>;

/// Writes all mutants into the copy and builds it, without those that do not compile.
///
/// # Errors
/// When it does not compile for another reason.
pub(super) fn build(
    root: &Path,
    mutants: &BTreeMap<u32, Mutant>,
    known: Known,
    what: &[What],
    target: &Path,
) -> Result<Built, String> {
    let mutated: BTreeSet<String> = mutants.values().map(|mutant| source(mutant.package())).collect();
    let is_rust = |path: &Path| path.extension().is_some_and(|ending| ending == "rs");
    let is_mutated = |path: &Path| is_rust(path) && mutated.iter().any(|directory| path.starts_with(directory));
    let workshop = &Workshop::open_in(root, DIRECTORY, is_mutated)?;
    let mut sources = Sources { workshop, mutants, known, files: BTreeMap::new() };
    for directory in &mutated {
        for file in crate::tidy::files(root, directory, ".rs")? {
            let text = crate::tidy::read(root, &file)?;
            sources.files.insert(file, (text, Switched::default()));
        }
    }
    sources.leave_out_what_needs_std();
    for round in 1..=MOST_ROUNDS {
        sources.write()?;
        let mut programs = BTreeMap::new();
        let mut errors = Vec::new();
        for arguments in what {
            errors = cargo(workshop, arguments, target, &mut programs)?;
            if !errors.is_empty() {
                break;
            }
        }
        if errors.is_empty() {
            return Ok(Built { programs, known: sources.known });
        }
        let before = sources.known.size();
        let mut unknown = Vec::new();
        for error in &errors {
            if !sources.take_out(error) {
                unknown.push(error.rendered.clone().unwrap_or_else(|| error.message.clone()));
            }
        }
        let after = sources.known.size();
        if after == before {
            return Err(format!("the mutants do not compile, and none is to blame:\n{}", unknown.join("\n")));
        }
        println!("Round {round}: {} errors, {} mutants and functions taken out", errors.len(), after - before);
    }
    Err(format!("mutants do not compile after {MOST_ROUNDS} rounds"))
}

/// The directory with the sources of a package.
fn source(package: &str) -> String {
    format!("crates/{package}/src")
}

struct Sources<'a> {
    workshop: &'a Workshop,
    mutants: &'a BTreeMap<u32, Mutant>,
    known: Known,
    /// Each file as it was, and as it is.
    files: BTreeMap<String, (String, Switched)>,
}

impl Sources<'_> {
    fn write(&mut self) -> Result<(), String> {
        for (file, (original, present)) in &mut self.files {
            let left_out = &self.known.left_out;
            let here = |(number, mutant): &(&u32, &Mutant)| mutant.file == *file && !left_out.contains_key(*number);
            let mutants: Vec<(u32, &Mutant)> =
                self.mutants.iter().filter(here).map(|(number, one)| (*number, one)).collect();
            *present =
                switched(original, &mutants, &self.known.constants).map_err(|error| format!("{file}: {error}"))?;
            self.known.left_out.extend(present.left_out.clone());
            let switch = if file.ends_with("/src/lib.rs") { SWITCH } else { "" };
            self.workshop.write(Path::new(file), format!("{}{switch}", present.text).as_bytes())?;
        }
        Ok(())
    }

    /// Where there is no standard library, what names it does not compile. Some of that no switch could find out.
    fn leave_out_what_needs_std(&mut self) {
        for (number, mutant) in self.mutants {
            let library = format!("{}/lib.rs", source(mutant.package()));
            let without = self.files.get(&library).is_some_and(|(text, _)| text.contains("#![no_std]"));
            if without && mutant.replacement.contains("::std::") {
                self.known.left_out.insert(*number, LeftOut::Unviable);
            }
        }
    }

    /// Takes out what an error is about; whether there was something.
    fn take_out(&mut self, error: &Message) -> bool {
        let compile_time = error.code.as_ref().is_some_and(|code| code.code == "E0015");
        if compile_time && let Some(name) = called(&error.message) {
            return self.known.constants.insert(name.to_owned());
        }
        let (first, others): (Vec<&Span>, Vec<&Span>) = error.spans.iter().partition(|span| span.is_primary);
        let more = error.children.iter().flat_map(|child| &child.spans);
        let spans: Vec<&Span> = first.into_iter().chain(others).chain(more).collect();
        let regions: Vec<&Region> = spans.iter().filter_map(|span| self.region(span)).collect();
        let single = regions.iter().find_map(|region| match region.part {
            Part::Mutated(number) => Some(number),
            Part::Switched(_) => None,
        });
        if let Some(number) = single {
            let why = if compile_time { LeftOut::Alone } else { LeftOut::Unviable };
            self.known.left_out.insert(number, why);
            return true;
        }
        let Some(Region { part: Part::Switched(numbers), .. }) = regions.first() else { return false };
        self.known.left_out.extend(numbers.clone().into_iter().map(|number| (number, LeftOut::Alone)));
        true
    }

    /// The innermost part of a file with switches that has this span in it.
    fn region(&self, span: &Span) -> Option<&Region> {
        let Some((_, file)) = self.files.get(&span.file_name) else {
            return self.region(&span.expansion.as_ref()?.span);
        };
        let holds = |region: &&Region| region.range.start <= span.byte_start && span.byte_end <= region.range.end;
        file.regions.iter().filter(holds).min_by_key(|region| region.range.len())
    }
}

/// The function whose call is no constant: "cannot call non-const associated function `Piv::version` in constants".
fn called(message: &str) -> Option<&str> {
    let path = message.split('`').nth(1)?;
    let path = path.split('<').next().unwrap_or(path).trim_end_matches("::");
    let name = path.rsplit("::").next()?;
    (name != "on").then_some(name)
}

/// Builds something in the copy; the errors, and what was built that runs.
fn cargo(
    workshop: &Workshop,
    arguments: &[String],
    target: &Path,
    programs: &mut BTreeMap<String, Executable>,
) -> Result<Vec<Message>, String> {
    let mut command = Command::new("cargo");
    command.args(arguments).arg("--message-format=json").current_dir(workshop.directory());
    // What is built with a wrapper has names of its own. Otherwise Cargo takes what it finds in a target directory that
    // is shared for what the workspace itself builds there: it tells a copy of a package from the package by nothing.
    command.env("CARGO_TARGET_DIR", target).env("RUSTC_WORKSPACE_WRAPPER", "env");
    let said = target.join("said.txt");
    let unusable = |error: std::io::Error| format!("cargo cannot be run: {error}");
    fs::create_dir_all(target).map_err(unusable)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(&said).map_err(unusable)?);
    let mut child = command.spawn().map_err(unusable)?;
    let output = child.stdout.take().ok_or("cargo has no output")?;
    let mut errors = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.map_err(unusable)?;
        // Tests and build scripts may say something, too.
        let Ok(line) = serde_json::from_str::<Line>(&line) else { continue };
        match (line.reason.as_str(), line.message) {
            ("compiler-message", Some(message)) if message.level == "error" => errors.push(message),
            ("compiler-artifact", _) => {
                if let (Some(path), Some(target), Some(manifest)) = (line.executable, line.target, line.manifest_path) {
                    let directory = manifest.parent().unwrap_or(&manifest).to_path_buf();
                    let is_test = line.profile.is_some_and(|profile| profile.test);
                    let name = if is_test { test_name(&directory, &target) } else { target.name };
                    programs.insert(name, Executable { path, directory });
                }
            }
            _ => {}
        }
    }
    let status = child.wait().map_err(unusable)?;
    // Lines such as "aborting due to 3 previous errors" are about nothing.
    errors.retain(|error| !error.spans.is_empty());
    if !status.success() && errors.is_empty() {
        return Err(format!("cargo {}: {}", arguments.join(" "), fs::read_to_string(&said).unwrap_or_default()));
    }
    Ok(if status.success() { Vec::new() } else { errors })
}

fn test_name(directory: &Path, target: &Target) -> String {
    let package = directory.file_name().unwrap_or_default().to_string_lossy();
    let is_library = target.kind.iter().any(|kind| kind == "lib");
    format!("{package}::{}", if is_library { "lib" } else { target.name.as_str() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_whose_call_is_no_constant_is_named() {
        let check = |message: &str, expected| assert_eq!(called(message), expected, "{message}");
        check("cannot call non-const associated function `Piv::version` in constants", Some("version"));
        check("cannot call non-const function `bits::<u8>` in statics", Some("bits"));
        // That is the switch itself.
        check("cannot call non-const function `mutant_switch::on` in constants", None);
        check("mismatched types", None);
    }
}
