//! `autoenroll new`: a scenario file that runs, to begin with.

use std::io::ErrorKind;

use autoenroll_model::Profile;
use autoenroll_scenario::{NewScenario, NewScenarioKind, new_scenario};

use crate::arguments::{New, StoryKind};
use crate::console::Console;
use crate::{Exit, Failure, file};

pub(crate) fn run(arguments: &New, console: &mut Console<'_>) -> Result<Exit, Failure> {
    if arguments.title.chars().any(char::is_control) {
        return Err(Failure::Usage("a title is one line of text".to_owned()));
    }
    let name = &arguments.profile;
    if Profile::named(name).is_none() {
        let known = Profile::NAMES.join(", ");
        return Err(Failure::Usage(format!("there is no profile `{name}`; there are {known}")));
    }
    let story = match arguments.story {
        StoryKind::Silent => NewScenarioKind::Silent,
        StoryKind::SmartCard => NewScenarioKind::SmartCard,
        StoryKind::Machine => NewScenarioKind::Machine,
    };
    let text = new_scenario(&NewScenario { title: arguments.title.clone(), profile: name.clone(), story });
    let mut path = arguments.file.clone();
    if path.extension().is_none() {
        path.set_extension("toml");
    }
    let shown = path.display();
    // A file that is there already may hold work.
    file::create(&path, text.as_bytes()).map_err(|error| {
        Failure::Usage(match error.kind() {
            ErrorKind::AlreadyExists => format!("{shown} exists already, and is left as it is; give another name"),
            _ => format!("{shown} cannot be written: {error}"),
        })
    })?;
    writeln!(console.out, "{shown} is written; `autoenroll run {shown}` plays it")?;
    Ok(Exit::Ok)
}
