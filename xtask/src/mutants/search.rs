//! Whether a search that knows nothing of a mutant finds something that the core does not do without it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait4::Wait4 as _;

use super::program::Executable;
use super::state::Explored;
use super::switch::VARIABLE;
use crate::patches::Explored as Said;

/// A search of stories for so many seconds of processor time.
pub(super) struct Search<'a> {
    program: &'a Executable,
    copy: &'a Path,
    known: PathBuf,
    seconds: u64,
}

impl<'a> Search<'a> {
    /// Searches twice as long without a mutant, for what is known.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn open(copy: &'a Path, scratch: &Path, program: &'a Executable, seconds: u64) -> Result<Self, String> {
        let known = scratch.join("known.txt");
        let search = Self { program, copy, known, seconds };
        let (said, _) = search.run(0, 2 * seconds, false)?;
        let said = said.ok_or("the search fails without a mutant")?;
        println!("Without a mutant {} stories break {} laws.", said.stories, said.broke.len());
        // Without anything that is known it would not stop when it finds something.
        let mut lines: Vec<String> = said.broke.into_iter().collect();
        lines.push("nothing".to_owned());
        let written = fs::write(&search.known, lines.join("\n"));
        written.map_err(|error| format!("{}: {error}", search.known.display()))?;
        Ok(search)
    }

    /// What it finds of a mutant.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn explore(&self, number: u32) -> Result<Explored, String> {
        let (said, time) = self.run(number, self.seconds, true)?;
        let first = said.and_then(|said| said.first).map(|finding| finding.signature);
        Ok(Explored { broke: first, seconds: time.as_secs_f64() })
    }

    /// Runs it; nothing is said by one that fails. Also how much of a processor it took.
    fn run(&self, number: u32, seconds: u64, knows: bool) -> Result<(Option<Said>, Duration), String> {
        let unusable = |error: io::Error| format!("the search cannot be run: {error}");
        // It ends by itself, but not where a story does not end. On a busy machine it takes longer by the clock.
        let mut command = Command::new("timeout");
        command.arg((40 * seconds + 60).to_string()).arg(&self.program.path);
        // One thread, from the first group on.
        command.args([&seconds.to_string(), "1", "0"]);
        if knows {
            command.arg(&self.known);
        }
        command.env(VARIABLE, number.to_string()).current_dir(self.copy).stdin(Stdio::null());
        let out = self.known.with_file_name(format!("searched-{number}.json"));
        command.stdout(fs::File::create(&out).map_err(unusable)?).stderr(Stdio::null());
        let used = command.spawn().and_then(|child| child.wait4()).map_err(unusable)?;
        let said = fs::read(&out).map_err(unusable)?;
        let _ = fs::remove_file(&out);
        let said = if used.status.success() { serde_json::from_slice(&said).ok() } else { None };
        Ok((said, used.rusage.utime + used.rusage.stime))
    }
}
