//! `autoenroll play`: a story by hand, in the terminal or in a browser.

mod browser;
mod http;
mod terminal;

use std::io::ErrorKind;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use autoenroll_explore::file::Bench;
use autoenroll_play::{Saved, Session};
use autoenroll_scenario::Library;

use crate::arguments::Play;
use crate::catalogue::Catalogue;
use crate::console::{Console, one_line};
use crate::plan::stage::{Meant, Wanted, meant};
use crate::suite::Fixtures;
use crate::{Exit, Failure, file};

pub(crate) fn run(arguments: &Play, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    let Meant { name, document, scenario, .. } = meant(&arguments.into(), catalogue)?;
    let library = Library::read(&Fixtures::below(arguments.fixtures.as_deref())?);
    let bench = Bench { library: &library, requirements: catalogue };
    let session = match &scenario {
        Some(scenario) => Session::of_scenario(scenario, bench),
        None => Session::new(&document, bench),
    };
    let mut session = session.map_err(|error| Failure::Usage(format!("{name} cannot be played: {error}")))?;
    if let Some(title) = &arguments.title {
        session.set_title(title);
    }
    let target = Target::new(arguments.write.clone());
    if arguments.browser {
        return browser::run(session, &name, target, (arguments.port, !arguments.no_open), console);
    }
    terminal::run(session, &name, target, console)
}

impl<'a> From<&'a Play> for Wanted<'a> {
    fn from(play: &'a Play) -> Self {
        Self {
            world: &play.world,
            variant: play.variant.as_deref(),
            profile: play.profile.as_deref(),
            fixtures: play.fixtures.as_deref(),
        }
    }
}

/// Where stories are written. A file that was there before is left as it is; one that this session wrote is written
/// anew.
#[derive(Debug, Default)]
struct Target {
    named: Option<PathBuf>,
    own: Vec<PathBuf>,
}

impl Target {
    const fn new(named: Option<PathBuf>) -> Self {
        Self { named, own: Vec::new() }
    }

    /// Writes the story so far, to that path or to the one that the command line names; says where, and how it does.
    ///
    /// # Errors
    /// When no file is named, it is there already, or it cannot be written: why.
    fn write(&mut self, path: Option<&str>, session: &Session<'_>) -> Result<(String, Saved), String> {
        let path = path.map(PathBuf::from).or_else(|| self.named.clone());
        let mut path = path.ok_or("say the name of a file: `write story.toml`, or `--write` on the command line")?;
        let shown = |path: &Path| one_line(&path.display().to_string());
        if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(MAIN_SEPARATOR) {
            let file = shown(&path.join("story.toml"));
            return Err(format!("{} is a directory: expected a file, such as {file}", shown(&path)));
        }
        if path.extension().is_none() {
            path.set_extension("toml");
        }
        let shown = shown(&path);
        let saved = session.save(&shown);
        let written = match self.own.contains(&path) {
            true => file::put(&path, saved.text.as_bytes()),
            false => file::create(&path, saved.text.as_bytes()),
        };
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => format!("{shown} exists already, and is left as it is; give another name"),
            _ => format!("{shown} cannot be written: {error}"),
        })?;
        self.own.push(path);
        Ok((shown, saved))
    }

    /// The file that the command line names.
    fn named(&self) -> Option<&Path> {
        self.named.as_deref()
    }
}

/// How a story that is saved does, in one line.
fn told(saved: &Saved) -> String {
    match &saved.problem {
        None => format!("{} steps, and it passes", saved.steps),
        Some(_) => format!("{} steps, and it does not pass", saved.steps),
    }
}
