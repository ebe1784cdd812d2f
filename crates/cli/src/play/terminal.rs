//! A story by hand, line by line: works on a terminal and through a pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use autoenroll_play::{Command, Group, Offer, Session, Wants, find};

use super::{Target, told};
use crate::console::{Colour, Console, one_line};
use crate::{Exit, Failure, prose};

/// The longest line that is read, in bytes.
const MOST_LINE: u64 = 1 << 16;

const HELP: &str = "\
  NUMBER or words      do what `list` shows: `3`, `click icon`, `insert alice-card`, `pin 1234`
  next                 let time go by until something happens
  +8h, wait 90s        let so much time go by
  until 16:00          let time go by until then; also 8h since the start, or a date with a time
  go, go 5             do what the file says next; skip leaves it out
  list, list faults    what can be done now, or one kind of it: answers, clicks, cards, day, office, faults, repairs
  undo, undo 3         take back what was done last
  story, scenario      the story so far; the file that `write` would make
  title TEXT           the title of the story
  write FILE           write it as a scenario that runs
  quit
A line of the scenario language is done as it stands: logon = \"alice\", computer = \"WKS01\"; also in braces.
";

/// Plays until the input ends.
pub(super) fn run(
    session: Session<'_>,
    name: &str,
    target: Target,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let interactive = io::stdin().is_terminal();
    let mut play = Terminal { session, target, told: String::new(), interactive };
    writeln!(console.out, "A story in {}. `help` says what can be typed.", one_line(name))?;
    play.tell(console)?;
    loop {
        write!(console.out, "{}> ", play.session.now())?;
        console.out.flush()?;
        let Some(line) = next_line()? else {
            writeln!(console.out)?;
            return Ok(Exit::Ok);
        };
        if !interactive {
            // As it would look on a terminal.
            writeln!(console.out, "{}", one_line(&line))?;
        }
        match play.line(&line, console)? {
            Came::Next => {}
            Came::End => return Ok(Exit::Ok),
            Came::Complaint(why) if interactive => {
                writeln!(console.out, "{}", console.paint(Colour::Red, &why))?;
            }
            // A script that goes on as if nothing were wrong would write another story than was meant.
            Came::Complaint(why) => return Err(Failure::Usage(format!("{}: {why}", one_line(&line)))),
        }
    }
}

/// The next line of the input, without its end; `None` when there is none.
fn next_line() -> Result<Option<String>, Failure> {
    let mut bytes = Vec::new();
    let unreadable = |error: io::Error| Failure::Usage(format!("the input cannot be read: {error}"));
    io::stdin().lock().take(MOST_LINE).read_until(b'\n', &mut bytes).map_err(unreadable)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() as u64 == MOST_LINE {
        return Err(Failure::Usage(format!("a line has at most {MOST_LINE} bytes")));
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()))
}

/// What came of a line.
enum Came {
    Next,
    End,
    Complaint(String),
}

struct Terminal<'a> {
    session: Session<'a>,
    target: Target,
    /// The story as it was told last.
    told: String,
    interactive: bool,
}

impl Terminal<'_> {
    fn line(&mut self, line: &str, console: &mut Console<'_>) -> Result<Came, Failure> {
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(unclear) => return Ok(Came::Complaint(unclear.to_string())),
        };
        let session = &mut self.session;
        let done = match command {
            Command::Nothing => return Ok(Came::Next),
            Command::Quit => return Ok(Came::End),
            Command::Help => {
                write!(console.out, "{HELP}")?;
                return Ok(Came::Next);
            }
            Command::List(group) => {
                list(session, group, console)?;
                return Ok(Came::Next);
            }
            Command::Story => {
                self.told.clear();
                self.tell(console)?;
                return Ok(Came::Next);
            }
            Command::Scenario => {
                write!(console.out, "{}", session.text())?;
                return Ok(Came::Next);
            }
            Command::Write(path) => return self.write(path.as_deref(), console),
            Command::Title(title) => {
                session.set_title(&title);
                return Ok(Came::Next);
            }
            Command::Undo(times) => return self.undo(times, console),
            Command::Take { words } => {
                let offers = session.offers();
                match find(&offers, &words) {
                    Ok((offer, pin)) => session.take(offer, pin.as_deref()),
                    Err(unclear) => return Ok(Came::Complaint(unclear.to_string())),
                }
            }
            Command::Line(line) => session.line(&line),
            Command::Next => session.advance_to_next(),
            Command::Wait(duration) => session.advance(duration),
            Command::Until(at) => session.advance_until(&at),
            Command::Follow(times) => (0..times).try_for_each(|_| session.follow()),
            Command::Skip => session.skip(),
        };
        self.tell(console)?;
        Ok(done.map_or_else(|error| Came::Complaint(error.to_string()), |()| Came::Next))
    }

    /// What has happened since the last time, and what is asked.
    fn tell(&mut self, console: &mut Console<'_>) -> Result<(), Failure> {
        let session = &self.session;
        let story = prose::tell(session.trace(), &session.wall(), &[]);
        write!(console.out, "{}", story.strip_prefix(self.told.as_str()).unwrap_or(&story))?;
        self.told = story;
        self.ask(console)
    }

    fn ask(&self, console: &mut Console<'_>) -> Result<(), Failure> {
        let offers = self.session.offers();
        let numbered = |wanted: &dyn Fn(&Offer) -> bool| {
            let shown = offers.iter().enumerate().filter(|(_, offer)| wanted(offer));
            shown.map(|(at, offer)| format!("{} {}", at + 1, words(offer))).collect::<Vec<_>>().join(", ")
        };
        for (at, prompt) in self.session.prompts().iter().enumerate() {
            let answers = numbered(&|offer: &Offer| offer.prompt == Some(at));
            let asked = format!("  {}, {}: {answers}", prompt.user, prompt.point);
            writeln!(console.out, "{}", console.paint(Colour::Yellow, &asked))?;
        }
        let clicks = numbered(&|offer: &Offer| offer.group == Group::Click);
        if !clicks.is_empty() {
            writeln!(console.out, "{}", console.paint(Colour::Yellow, &format!("  {clicks}")))?;
        }
        if let Some((what, at)) = self.session.written_next().filter(|_| self.interactive) {
            writeln!(console.out, "{}", console.paint(Colour::Dim, &format!("  go: {what}, at {at}")))?;
        }
        Ok(())
    }

    fn undo(&mut self, times: usize, console: &mut Console<'_>) -> Result<Came, Failure> {
        for _ in 0..times {
            match self.session.undo() {
                Ok(did) => writeln!(console.out, "  taken back: {did}")?,
                Err(error) => return Ok(Came::Complaint(error.to_string())),
            }
        }
        self.told = prose::tell(self.session.trace(), &self.session.wall(), &[]);
        self.ask(console)?;
        Ok(Came::Next)
    }

    fn write(&mut self, path: Option<&str>, console: &mut Console<'_>) -> Result<Came, Failure> {
        let saved = match self.target.write(path, &self.session) {
            Ok((shown, saved)) => {
                writeln!(console.out, "  {shown} is written: {}", told(&saved))?;
                saved
            }
            Err(why) => return Ok(Came::Complaint(why)),
        };
        if let Some(problem) = &saved.problem {
            writeln!(console.out, "{}", problem.trim_end())?;
        }
        Ok(Came::Next)
    }
}

/// What an answer or anything else is called in a list.
fn words(offer: &Offer) -> String {
    match offer.wants {
        Wants::Pin => format!("{} PIN", if offer.prompt.is_some() { "pin" } else { &offer.label }),
        Wants::Nothing => offer.label.clone(),
    }
}

fn list(session: &Session<'_>, only: Option<Group>, console: &mut Console<'_>) -> Result<(), Failure> {
    let offers = session.offers();
    for group in Group::ALL.into_iter().filter(|group| only.is_none_or(|only| only == *group)) {
        let shown: Vec<(usize, &Offer)> = offers.iter().enumerate().filter(|(_, offer)| offer.group == group).collect();
        if shown.is_empty() && only.is_none() {
            continue;
        }
        writeln!(console.out, "{} ({})", group.title(), group.word())?;
        // What may go wrong is long: it is counted until it is asked for.
        if only.is_none() && matches!(group, Group::Fault | Group::Repair) {
            writeln!(console.out, "     {} things: `list {}`", shown.len(), group.word())?;
            continue;
        }
        for (at, offer) in shown {
            writeln!(console.out, "{:>4} {}", at + 1, words(offer))?;
        }
    }
    if let Some(at) = session.next_at().filter(|_| only.is_none()) {
        writeln!(console.out, "Time (next, +8h, until 16:00)\n     something happens by itself at {at}")?;
    }
    Ok(())
}
