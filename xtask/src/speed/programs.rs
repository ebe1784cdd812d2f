//! The programs that are measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::count;

/// The command and the works, in release builds, and where they may write.
#[derive(Clone)]
pub(super) struct Programs {
    pub(super) autoenroll: PathBuf,
    /// `None` for a commit at which they could not be built.
    pub(super) works: Option<PathBuf>,
    /// An empty directory: what is measured sees no files but those that are named.
    empty: PathBuf,
    /// A directory with scenario files, by their number.
    files: PathBuf,
}

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// When they do not build.
    pub(super) fn build() -> Result<Self, String> {
        let command = [
            "build",
            "--release",
            "--package",
            "autoenroll-cli",
            "--package",
            "autoenroll-works",
            "--message-format",
            "json-render-diagnostics",
        ];
        let output = Command::new("cargo").args(command).current_dir(crate::root()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| format!("cargo cannot be run: {error}"))?;
        if !output.status.success() {
            return Err("what is measured does not build".to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let built: Vec<PathBuf> =
            messages.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?))).collect();
        let named = |name: &str| built.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).cloned();
        let autoenroll = named("autoenroll").ok_or("cargo says of no command where it is")?;
        Self::new(autoenroll, named("autoenroll-works"))
    }

    /// Those in a directory.
    ///
    /// # Errors
    /// When there is no command.
    pub(super) fn of(directory: &Path) -> Result<Self, String> {
        let directory = directory.canonicalize().map_err(|error| format!("{}: {error}", directory.display()))?;
        let [autoenroll, works] = ["autoenroll", "autoenroll-works"].map(|name| directory.join(name));
        if !autoenroll.exists() {
            return Err(format!("{} is not there", autoenroll.display()));
        }
        Self::new(autoenroll, Some(works).filter(|works| works.exists()))
    }

    fn new(autoenroll: PathBuf, works: Option<PathBuf>) -> Result<Self, String> {
        let files = crate::root().join("target/speed");
        let programs = Self { autoenroll, works, empty: files.join("empty"), files };
        programs.make_directory(&programs.empty)?;
        Ok(programs)
    }

    /// The command with arguments, in an empty directory.
    pub(super) fn command(&self, arguments: &[&str]) -> count::Command {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        count::Command { program: self.autoenroll.clone(), arguments, directory: self.empty.clone(), within: false }
    }

    /// The command that checks that many scenario files: those stories, again and again.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn check(&self, number: usize, stories: &[impl AsRef<str>]) -> Result<count::Command, String> {
        let folder = self.files.join(number.to_string());
        self.make_directory(&folder)?;
        for (number, story) in stories.iter().cycle().take(number).enumerate() {
            let path = format!("scenarios/{}.toml", story.as_ref());
            let copied = fs::copy(crate::root().join(&path), folder.join(format!("{number:04}.toml")));
            copied.map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(count::Command { directory: folder, ..self.command(&["check", "."]) })
    }

    /// The same with all stories of the suite.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub(super) fn check_suite(&self, number: usize) -> Result<count::Command, String> {
        let paths = crate::tidy::files(&crate::root(), "scenarios", ".toml")?;
        let story = |path: &String| Some(path.strip_prefix("scenarios/")?.strip_suffix(".toml")?.to_owned());
        self.check(number, &paths.iter().filter_map(story).collect::<Vec<String>>())
    }

    /// A work of that size.
    pub(super) fn work(&self, name: &str, size: u64) -> count::Command {
        count::Command {
            program: self.works.clone().unwrap_or_default(),
            arguments: vec![name.to_owned(), size.to_string()],
            directory: self.empty.clone(),
            within: true,
        }
    }

    /// Whether they have that work: those of older commits lack some. The program names all when it is asked for none.
    pub(super) fn have(&self, name: &str) -> bool {
        let Some(works) = &self.works else { return false };
        let told = Command::new(works).stdin(Stdio::null()).output().map(|output| output.stderr).unwrap_or_default();
        String::from_utf8_lossy(&told).lines().any(|line| line.split_whitespace().next() == Some(name))
    }

    fn make_directory(&self, path: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        if path.exists() {
            fs::remove_dir_all(path).map_err(failed)?;
        }
        fs::create_dir_all(path).map_err(failed)
    }
}
