//! Scenarios, in process and through pcscd.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use autoenroll_apdu::{Command, redact_bytes, redact_response};
use autoenroll_core::InProcess as Cores;
use autoenroll_host::LoggedApdu;
use autoenroll_host::pcsc::{Ledger, PcscCards, Stack};
use autoenroll_scenario::{
    Bundle, Library, Requirement, Requirements, RunReport, Scenario, check, first_difference, run,
};
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::{Hosts, InProcessCas};

use crate::Part;

/// The fixtures of the repository.
static FIXTURES: LazyLock<Library> = LazyLock::new(|| {
    let fixtures = root().join("fixtures");
    let mut bundle = Bundle::new().with("oids.toml", &fs::read_to_string(fixtures.join("oids.toml")).unwrap());
    for folder in ["worlds", "templates", "cards"] {
        for path in fs::read_dir(fixtures.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            bundle = bundle.with(&format!("{folder}/{name}"), &fs::read_to_string(&path).unwrap());
        }
    }
    Library::read(&bundle)
});

/// Which requirements a scenario shows is not judged here.
struct AnyRequirement;

impl Requirements for AnyRequirement {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The scenarios of a file, with their names.
pub(crate) fn load(path: &Path) -> Vec<(String, Scenario)> {
    let checked = check(&path.display().to_string(), &fs::read(path).unwrap(), &FIXTURES, &AnyRequirement);
    let problems = checked.found.render(&checked.files, false);
    assert!(!checked.scenarios.is_empty(), "{problems}");
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let named = |scenario: Scenario| (format!("{name}{:?}", scenario.variant), scenario);
    checked.scenarios.into_iter().map(named).collect()
}

/// A scenario of the suite.
pub(crate) fn of_suite(name: &str) -> Scenario {
    load(&root().join("scenarios").join(name)).remove(0).1
}

/// Runs a scenario with its cards behind pcscd.
pub(crate) fn run_behind_pcscd(scenario: &Scenario, stack: &Arc<Stack>) -> (RunReport, Ledger) {
    let cards = PcscCards::new(Arc::clone(stack));
    let ledger = cards.ledger();
    (run(scenario, Cores::new(), Hosts { cards, cas: InProcessCas::default() }, &AnyRequirement), ledger)
}

fn all_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all_below(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
}

/// What a trace says of its commands, in hexadecimal: command and response, both redacted.
fn commands_of(trace: &Trace) -> Vec<(String, String)> {
    let fact = |record: &autoenroll_trace::Packed<'_>, name: &str| record.text(name).unwrap().to_owned();
    trace.of(Kind::Apdu).map(|record| (fact(&record, "command"), fact(&record, "response"))).collect()
}

fn commands_in_log(logged: &[LoggedApdu]) -> Vec<(String, String)> {
    let hex = |bytes: &[u8]| autoenroll_model::hex::encode(bytes);
    let redacted = |apdu: &LoggedApdu| {
        let command = Command::parse(&apdu.command).expect("what the CSP sends is a command");
        (hex(&redact_bytes(&apdu.command)), hex(&redact_response(&command, &apdu.response)))
    };
    logged.iter().map(redacted).collect()
}

/// Every scenario in which a card answers gives the same trace in process and through pcscd, and pcscd's own log has
/// exactly the commands of the trace.
pub(crate) fn every_scenario_gives_the_same_trace(stack: &Arc<Stack>, part: Part) {
    let mut files = Vec::new();
    all_below(&root().join("scenarios"), &mut files);
    files.sort();
    let mut compared = 0;
    let mut logged = 0;
    for (name, scenario) in files.iter().skip(part.this).step_by(part.of).flat_map(|file| load(file)) {
        let here = run(&scenario, Cores::new(), Hosts::in_process(), &AnyRequirement);
        let commands = commands_of(&here.trace);
        if commands.is_empty() {
            continue;
        }
        let (there, ledger) = run_behind_pcscd(&scenario, stack);
        assert_eq!(ledger.faults(), [], "{name}");
        assert_eq!(first_difference(&here.trace, &there.trace), None, "{name}");
        assert_eq!(here.verdict, there.verdict, "{name}");
        let log = stack.apdus().unwrap();
        assert_eq!(commands_in_log(&log[logged..]), commands, "{name}: what pcscd logged");
        logged = log.len();
        compared += 1;
    }
    assert!(compared > 0, "no scenario of this part uses a card");
}
