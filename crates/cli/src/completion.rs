//! What a shell offers where a value is typed: scenarios, worlds, cards, profiles, codes and requirements, and files.
//!
//! The shell asks the command itself, with the words typed so far, so that what is offered is what this build has
//! inside. It deliberately lacks names from files of the user's own: a broken one must not disturb typing.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use autoenroll_model::{Profile, SWITCHES};
use autoenroll_scenario::Code;
use clap::builder::StyledStr;
use clap::{Arg, CommandFactory as _};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

use crate::arguments::Arguments;
use crate::catalogue::Catalogue;
use crate::{embedded, fixtures, outline};

/// The environment variable by which a shell asks, with its own name as the value.
const ASKED: &str = "AUTOENROLL_COMPLETE";

/// Whether a shell asked what can be typed; then the answer was printed, and nothing else is to be done.
///
/// # Errors
/// When it is no shell that is known, or its question is none.
pub(crate) fn answered(arguments: impl IntoIterator<Item = OsString>) -> Result<bool, clap::Error> {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(command).var(ASKED).try_complete(arguments, here.as_deref())
}

/// The script by which a shell comes to ask.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let shell = shell.to_string();
    let shells = Shells::builtins();
    let completer = shells.completer(&shell).expect("every shell of the arguments has a completer");
    let mut script = Vec::new();
    let written = completer.write_registration(ASKED, "autoenroll", "autoenroll", "autoenroll", &mut script);
    written.expect("memory can be written to");
    if shell == "zsh" {
        script.extend_from_slice(FIRST_OF_ZSH);
    }
    script
}

/// As a file below `fpath`, the script is the body of a function `_autoenroll`, which zsh calls for the first time when
/// something is to be completed: registering is not enough then.
const FIRST_OF_ZSH: &[u8] = b"
if [ \"${funcstack[1]}\" = _autoenroll ]; then
    _clap_dynamic_completer_autoenroll \"$@\"
fi
";

/// What can be typed, with what is offered for values.
fn command() -> clap::Command {
    let command = Arguments::command();
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |one| {
            one.mut_args(|argument| match offered(&argument) {
                Some(complete) => argument.add(ArgValueCompleter::new(complete)),
                None => argument,
            })
        })
    })
}

/// What a value that begins so may become.
type Complete = fn(&OsStr) -> Vec<CompletionCandidate>;

/// What is offered for the values of an argument, by the word that stands for them in its help.
fn offered(argument: &Arg) -> Option<Complete> {
    let word = argument.get_value_names().and_then(|names| names.first())?.as_str();
    match (word, argument.get_id().as_str()) {
        ("SCENARIO" | "SCENARIO|TRACE", _) => Some(scenarios),
        ("WHAT|SCENARIO[:STEP|:Lline]", _) => Some(subjects),
        ("WORLD", _) => Some(worlds),
        ("CARD", _) => Some(|typed| beginning(typed, fixtures::names(|kind| kind == "card"))),
        ("NAME", "profile") => Some(profiles),
        ("NAME", "name") => Some(|typed| beginning(typed, fixtures::names(|_| true))),
        _ => None,
    }
}

fn profiles(typed: &OsStr) -> Vec<CompletionCandidate> {
    beginning(typed, Profile::NAMES.iter().map(|name| ((*name).to_owned(), None)))
}

/// Those that begin with what is typed.
fn beginning(typed: &OsStr, values: impl IntoIterator<Item = (String, Option<String>)>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let values = values.into_iter().filter(|(value, _)| value.starts_with(&*typed));
    values.map(|(value, help)| CompletionCandidate::new(value).help(help.map(StyledStr::from))).collect()
}

/// Scenarios of the suite, a folder at a time, and files.
fn scenarios(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut candidates = of_the_suite(&typed.to_string_lossy());
    candidates.extend(files(typed));
    candidates
}

/// What `autoenroll explain` is asked about.
fn subjects(typed: &OsStr) -> Vec<CompletionCandidate> {
    let codes = Code::ALL.iter().map(|code| (code.to_string(), Some(code.explanation().title.to_owned())));
    let requirements = Catalogue::embedded().requirements().iter();
    let requirements = requirements.map(|one| (one.id.to_owned(), Some(one.title.to_owned())));
    let switches = SWITCHES.iter().map(|switch| (switch.name.to_owned(), None));
    let mut candidates = scenarios(typed);
    candidates.extend(beginning(typed, codes.chain(requirements).chain(switches)));
    candidates
}

/// Worlds of the fixtures, and scenarios, whose world is meant.
fn worlds(typed: &OsStr) -> Vec<CompletionCandidate> {
    let mut candidates = beginning(typed, fixtures::names(|kind| kind == "world"));
    candidates.extend(scenarios(typed));
    candidates
}

/// Names of scenarios, each also with its variants; of names that go on in a folder, only the folder.
fn of_the_suite(typed: &str) -> Vec<CompletionCandidate> {
    let (mut folders, mut candidates) = (BTreeSet::new(), Vec::new());
    for (path, _) in embedded::below("scenarios") {
        let name = path.strip_prefix("scenarios/").and_then(|path| path.rsplit_once('.'));
        let (Some((name, _)), Some(outline)) = (name, outline::of(path)) else { continue };
        let rest = name.strip_prefix(typed);
        if let Some((folder, _)) = rest.and_then(|rest| rest.split_once('/')) {
            if folders.insert(folder.to_owned()) {
                candidates.push(CompletionCandidate::new(format!("{typed}{folder}/")));
            }
            continue;
        }
        let variants = outline.stories().into_iter().filter_map(|(variant, _)| variant);
        let named = variants.map(|variant| format!("{name}[{variant}]"));
        let title = || Some(outline.title.to_owned());
        let values = [name.to_owned()].into_iter().chain(named).map(|value| (value, title()));
        candidates.extend(beginning(OsStr::new(typed), values));
    }
    candidates
}

/// Files of scenarios, and the folders on the way to them.
fn files(typed: &OsStr) -> Vec<CompletionCandidate> {
    let is_scenario = |path: &Path| path.extension().is_some_and(|ending| ending == "toml" || ending == "json");
    PathCompleter::any().filter(is_scenario).complete(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(candidates: &[CompletionCandidate]) -> Vec<&str> {
        candidates.iter().map(|one| one.get_value().to_str().unwrap()).collect()
    }

    #[test]
    fn what_has_names_inside_is_completed_in_every_command() {
        let command = Arguments::command();
        let mut completed = 0;
        for argument in command.get_subcommands().flat_map(clap::Command::get_arguments) {
            let word = argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
            let has_names = word.contains("SCENARIO") || word == "WORLD" || argument.get_id() == "profile";
            assert!(!has_names || offered(argument).is_some(), "{argument}");
            completed += usize::from(has_names);
        }
        assert!(completed > 20, "{completed}");
    }

    #[test]
    fn names_of_scenarios_are_offered_by_folder() {
        let check = |typed: &str, expected: &[&str]| assert_eq!(values(&of_the_suite(typed)), expected, "{typed}");
        check("found", &["founding/"]);
        check("founding/second", &["founding/second-provider"]);
        check(
            "founding/balloon-clicked",
            &["founding/balloon-clicked", "founding/balloon-clicked[on-balloon]", "founding/balloon-clicked[on-icon]"],
        );
        check("founding/balloon-clicked[on-i", &["founding/balloon-clicked[on-icon]"]);
        check("nothing", &[]);
        assert!(of_the_suite("").iter().all(|one| one.get_value().to_str().unwrap().ends_with('/')));
    }

    #[test]
    fn scripts_ask_by_one_variable() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let text = String::from_utf8(script(shell)).unwrap();
            assert!(text.contains(ASKED) && !text.contains('\u{b}'), "{text}");
        }
    }
}
