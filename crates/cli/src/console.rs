//! Where output goes: results to standard output, progress and complaints to standard error.

use std::borrow::Cow;
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
/// Of a command whose exit code is a verdict no reader may take the verdict away by not reading: what cannot be written
/// is lost, and the work goes on to its end. Every other command stops there.
///
/// Texts of files, directories and programs come by here, on their way to a terminal or a CI log that obeys some of
/// them: control characters are shown instead of sent, but for the colours of this program.
pub(crate) struct Output<W> {
    to: W,
    judges: bool,
    form: Form,
    lost: Option<io::Error>,
}

/// Who reads results, and so how a control character is shown to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// People, with colours or without.
    People {
        /// Whether there are colours.
        colour: bool,
    },
    /// A program that reads JSON, or TOML with its texts in double quotes: as the escape of both, `\u001b`.
    Program,
    /// Whoever handed over a document and takes it back: as it is.
    Document,
}

impl<W: Write> Output<W> {
    pub(crate) const fn new(to: W, judges: bool, form: Form) -> Self {
        Self { to, judges, form, lost: None }
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
        let text = String::from_utf8_lossy(bytes);
        let shown = match self.form {
            Form::People { colour } => printable(&text, colour),
            Form::Program => escaped(&text),
            Form::Document => text,
        };
        let written = self.to.write_all(shown.as_bytes());
        self.lose(written.map(|()| bytes.len()), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.lost.is_some() {
            return Ok(());
        }
        let flushed = self.to.flush();
        self.lose(flushed, ())
    }
}

/// A text of lines as people may see it: control characters, and those that turn the direction of writing, become
/// `\u{1b}` and the like. Line ends and tabs stay, and colours where there are any.
pub(crate) fn printable(text: &str, coloured: bool) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let own = if coloured { own_sequence(rest) } else { None };
        let taken = own.unwrap_or(next.len_utf8());
        let (now, later) = rest.split_at(taken);
        if own.is_none() && is_unseen(next) {
            shown.extend(next.escape_default());
        } else {
            shown.push_str(now);
        }
        rest = later;
    }
    Cow::Owned(shown)
}

/// A text of JSON or TOML, in whose strings the same characters become `\u001b` and the like. Elsewhere there are none.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unseen(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// A text as part of a line.
pub(crate) fn one_line(text: &str) -> String {
    printable(text, false).replace('\n', "\\n").replace('\t', "\\t")
}

fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// The length of a colour, or of what clears the screen of `--watch`, at the beginning of a text.
fn own_sequence(text: &str) -> Option<usize> {
    if text.starts_with(CLEAR) {
        return Some(CLEAR.len());
    }
    let parameters = text.strip_prefix("\x1b[")?;
    let length = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters[length..].starts_with('m').then_some("\x1b[".len() + length + 1)
}

/// Clears the screen and goes to its beginning.
pub(crate) const CLEAR: &str = "\x1b[2J\x1b[H";

/// A line on standard error that is written over again and again.
struct Progress {
    start: Instant,
    shown: Option<Instant>,
}

impl<'a> Console<'a> {
    /// Colours only on a terminal and unless `NO_COLOR` is set (no-color.org); progress only on a terminal.
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        let progress = io::stderr().is_terminal() && !is_dumb();
        Self { out, colour: has_colours(), progress: progress.then(|| Progress { start: Instant::now(), shown: None }) }
    }

    /// Says how far the work is.
    pub(crate) fn progress(&mut self, done: usize, all: usize) {
        self.progress_to(done, Some(all));
    }

    /// Says how far the work is; where its end is not known, how much is done.
    pub(crate) fn progress_to(&mut self, done: usize, all: Option<usize>) {
        self.progress_in(&all.map_or_else(|| format!("{done} done"), |all| format!("{done} of {all}")));
    }

    /// Says in some words how far the work is.
    pub(crate) fn progress_in(&mut self, words: &str) {
        let Some(progress) = &mut self.progress else { return };
        let now = Instant::now();
        let due = progress.shown.map_or(progress.start + PATIENCE, |shown| shown + PACE);
        if now >= due {
            progress.shown = Some(now);
            // Progress that cannot be shown is not worth an error.
            let _unseen = write!(io::stderr(), "\r\x1b[K{words}");
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

/// Whether standard output may have colours.
pub(crate) fn has_colours() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !plain && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
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
        let mut output = Output::new(Narrow(4, kind), judges, Form::People { colour: false });
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

    #[test]
    fn a_control_character_is_shown_as_its_reader_can_read_it() {
        let check = |form: Form, expected: &str| {
            let mut written = Vec::new();
            let mut output = Output::new(&mut written, true, form);
            output.write_all("\"\u{202e}\u{9b}\u{7f}\u{e4}\"\n".as_bytes()).unwrap();
            output.close().unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        };
        check(Form::People { colour: true }, "\"\\u{202e}\\u{9b}\\u{7f}\u{e4}\"\n");
        check(Form::Program, "\"\\u202e\\u009b\\u007f\u{e4}\"\n");
        check(Form::Document, "\"\u{202e}\u{9b}\u{7f}\u{e4}\"\n");
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_instead() {
        let check = |text: &str, coloured: bool, expected: &str| assert_eq!(printable(text, coloured), expected);
        check("plain\n\ttext \u{e4}\u{4e2d}", false, "plain\n\ttext \u{e4}\u{4e2d}");
        check("\x1b]0;title\x07", true, "\\u{1b}]0;title\\u{7}");
        check("a\rb\u{9b}c\u{202e}d\0", false, "a\\rb\\u{9b}c\\u{202e}d\\u{0}");
        check("\x1b[31mred\x1b[0m", true, "\x1b[31mred\x1b[0m");
        check("\x1b[31mred\x1b[0m", false, "\\u{1b}[31mred\\u{1b}[0m");
        check("\x1b[2K\x1b[1A", true, "\\u{1b}[2K\\u{1b}[1A");
        check(CLEAR, true, CLEAR);
    }
}
