//! A child process with pipes that cannot block the bench: each is served by a thread of its own, and every wait has a
//! limit.

use std::fmt;
use std::io::{self, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::guard::Group;
use crate::line::{self, LineError};

/// How many lines may wait to be read before the child has to wait.
const LINES_WAITING: usize = 8;
/// How much of the end of its standard error is kept.
const LAST_WORDS: usize = 2048;
/// How often it is looked whether something is over.
const PACE: Duration = Duration::from_millis(1);
/// How long a child may take to go when its input is closed.
const GRACE: Duration = Duration::from_millis(500);

/// A running child.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// The child and whatever it has started; `None` where it could not be told apart.
    group: Option<Group>,
    /// `None` once its input is closed.
    input: Option<Sender<String>>,
    output: Receiver<Result<String, LineError>>,
    last_words: Arc<Mutex<Vec<u8>>>,
    /// Reads `last_words`; ends when no process can write to the child's standard error any more.
    listener: JoinHandle<()>,
}

/// Why a process did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It said nothing for so long.
    TimedOut,
    /// It closed its output.
    Closed,
    /// What it said is not a line.
    NotALine(LineError),
}

impl Process {
    pub(crate) fn start(command: &Command, line_limit: usize) -> io::Result<Self> {
        let mut child = std::process::Command::new(&command.program)
            .args(&command.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = Group::of(&child);
        let gone = || io::Error::other("the process has no pipes");
        let mut stdin = child.stdin.take().ok_or_else(gone)?;
        let stdout = child.stdout.take().ok_or_else(gone)?;
        let stderr = child.stderr.take().ok_or_else(gone)?;

        let (input, lines) = mpsc::channel::<String>();
        thread::spawn(move || {
            for line in lines {
                // A child that no longer reads is noticed by what it does not answer.
                if stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).is_err() {
                    break;
                }
            }
        });

        let (said, output) = mpsc::sync_channel(LINES_WAITING);
        thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            while let Some(line) = line::read(&mut reader, line_limit).transpose() {
                let broken = line.is_err();
                if said.send(line).is_err() || broken {
                    break;
                }
            }
        });

        let last_words = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&last_words);
        let listener = thread::spawn(move || keep_end(stderr, &kept));

        Ok(Self { child, group, input: Some(input), output, last_words, listener })
    }

    /// Hands a line to the child's input. Never waits.
    pub(crate) fn say(&self, line: String) {
        if let Some(input) = &self.input {
            // When the thread that writes is gone the child has closed its input, which `hear` will tell.
            let _gone = input.send(line);
        }
    }

    /// The next line, waiting for it until the given moment.
    pub(crate) fn hear(&self, until: Instant) -> Result<String, Silence> {
        let left = until.saturating_duration_since(Instant::now());
        match self.output.recv_timeout(left) {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Silence::NotALine(error)),
            Err(RecvTimeoutError::Timeout) => Err(Silence::TimedOut),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Closed),
        }
    }

    /// Closes the child's input and waits for its end until that moment; whether it ended.
    pub(crate) fn close(&mut self, until: Instant) -> bool {
        self.input = None;
        self.wait(until.saturating_duration_since(Instant::now())).is_some()
    }

    /// How the child ended, and the end of what it wrote to standard error; for messages, hence a text.
    pub(crate) fn obituary(&mut self) -> String {
        let end = match self.wait(GRACE) {
            Some(status) => status.to_string(),
            None => "it still runs".to_owned(),
        };
        // What the child wrote may still be on its way when the child is gone; another process that holds its standard
        // error open must not keep us.
        let end_of_patience = Instant::now() + GRACE;
        while !self.listener.is_finished() && Instant::now() < end_of_patience {
            thread::sleep(PACE);
        }
        let words = self.last_words.lock().map(|kept| String::from_utf8_lossy(&kept).trim().to_owned());
        match words {
            Ok(words) if !words.is_empty() => format!("{end}; it wrote: {words}"),
            _ => end,
        }
    }

    fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + at_most;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < end => thread::sleep(PACE),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

/// Closing its input asks a child to go; one that does not is ended.
impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        if self.wait(GRACE).is_none() {
            // Either fails only when the child is gone already.
            if let Some(group) = &self.group {
                group.end();
            }
            let _gone = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}

fn keep_end(mut from: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let Ok(mut kept) = kept.lock() else { return };
        kept.extend_from_slice(&chunk[..count]);
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program, found as the system finds programs.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Separated by blanks. There are no quotes: a program that needs more is wrapped in a script.
impl FromStr for Command {
    type Err = CommandError;
    fn from_str(text: &str) -> Result<Self, CommandError> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next().ok_or(CommandError::Empty)?;
        if text.contains(['"', '\'']) {
            return Err(CommandError::Quoted { found: text.to_owned() });
        }
        Ok(Self { program, arguments: words.collect() })
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// The text is not a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// It names no program.
    Empty,
    /// It has quotes, which mean nothing here.
    Quoted {
        /// The text.
        found: String,
    },
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no program is named; write it like `./my-core --stdio`"),
            Self::Quoted { found } => {
                write!(f, "`{found}` has quotes, but the words of a command are separated by blanks; use a script")
            }
        }
    }
}

impl std::error::Error for CommandError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_separated_by_blanks() {
        let command: Command = " ./core  --stdio x ".parse().unwrap();
        assert_eq!(command, Command { program: "./core".into(), arguments: vec!["--stdio".into(), "x".into()] });
        assert_eq!(command.to_string(), "./core --stdio x");
        assert_eq!(" ".parse::<Command>(), Err(CommandError::Empty));
        assert_eq!("a 'b c'".parse::<Command>(), Err(CommandError::Quoted { found: "a 'b c'".into() }));
    }
}
