//! Where output goes: results to standard output, progress and complaints to standard error.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

/// Progress is shown only once something takes this long.
const PATIENCE: Duration = Duration::from_secs(1);
/// And not more often than this.
const PACE: Duration = Duration::from_millis(100);

/// The two outputs and what they can show.
pub(crate) struct Console<'a> {
    /// Results.
    pub(crate) out: &'a mut dyn Write,
    /// Whether results may have colours.
    pub(crate) colour: bool,
    progress: Option<Progress>,
}

/// A line on standard error that is written over again and again.
struct Progress {
    start: Instant,
    shown: Option<Instant>,
}

impl<'a> Console<'a> {
    /// Colours only on a terminal and unless `NO_COLOR` is set (no-color.org); progress only on a terminal.
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let progress = io::stderr().is_terminal() && !dumb;
        Self {
            out,
            colour: io::stdout().is_terminal() && !plain && !dumb,
            progress: progress.then(|| Progress { start: Instant::now(), shown: None }),
        }
    }

    /// Says how far the work is.
    pub(crate) fn progress(&mut self, done: usize, all: usize) {
        let Some(progress) = &mut self.progress else { return };
        let now = Instant::now();
        let due = progress.shown.map_or(progress.start + PATIENCE, |shown| shown + PACE);
        if now >= due {
            progress.shown = Some(now);
            // Progress that cannot be shown is not worth an error.
            let _unseen = write!(io::stderr(), "\r\x1b[K{done} of {all}");
        }
    }

    /// Takes the line of progress away.
    pub(crate) fn clear_progress(&mut self) {
        if let Some(progress) = &mut self.progress
            && progress.shown.take().is_some()
        {
            let _unseen = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// A word in a colour, where there are colours.
    pub(crate) fn paint(&self, colour: Colour, text: &str) -> String {
        paint(self.colour, colour, text)
    }
}

/// A word in a colour, or as it is.
pub(crate) fn paint(coloured: bool, colour: Colour, text: &str) -> String {
    if coloured { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
}

/// The colours used, by their ANSI codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
}
