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

/// Standard output.
///
/// Of a command whose exit code is a verdict nobody may take the verdict away by not reading: what cannot be written is
/// lost, and the work goes on to its end. Every other command stops there.
pub(crate) struct Output<W> {
    to: W,
    judges: bool,
    lost: Option<io::Error>,
}

impl<W: Write> Output<W> {
    pub(crate) const fn new(to: W, judges: bool) -> Self {
        Self { to, judges, lost: None }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When something could not be written; a reader who went away before the end of a verdict is no error.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.flush()?;
        match self.lost {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn lose<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if self.judges && error.kind() != io::ErrorKind::Interrupted => {
                self.lost = Some(error);
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.lost.is_some() {
            return Ok(bytes.len());
        }
        let written = self.to.write(bytes);
        self.lose(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.lost.is_some() {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.lose(flushed, ())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes and then fails.
    struct Narrow(usize, io::ErrorKind);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Whether the work goes on behind the failure, and what closing says.
    fn check(judges: bool, kind: io::ErrorKind, goes_on: bool, closes: Result<(), io::ErrorKind>) {
        let mut output = Output::new(Narrow(4, kind), judges);
        assert_eq!(output.write_all(b"more than four bytes").is_ok(), goes_on, "{kind} {judges}");
        if goes_on {
            output.write_all(b"and more").unwrap();
        }
        assert_eq!(output.close().map_err(|error| error.kind()), closes, "{kind} {judges}");
    }

    #[test]
    fn a_verdict_is_reached_whoever_reads_it() {
        check(true, io::ErrorKind::BrokenPipe, true, Ok(()));
        check(true, io::ErrorKind::StorageFull, true, Err(io::ErrorKind::StorageFull));
        check(false, io::ErrorKind::BrokenPipe, false, Ok(()));
        check(false, io::ErrorKind::StorageFull, false, Ok(()));
    }
}
