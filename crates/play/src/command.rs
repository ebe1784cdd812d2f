//! What somebody types.

use std::fmt;

use autoenroll_model::Duration;

use crate::offers::{Group, Offer, Wants};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Nothing was typed.
    Nothing,
    /// Something that can be done now, by its number or by words, with what is said besides.
    Take {
        /// The words; the first may be a number.
        words: Vec<String>,
    },
    /// A line of the scenario language.
    Line(String),
    /// Time goes by until something happens.
    Next,
    /// Time goes by, so long.
    Wait(Duration),
    /// Time goes by until then.
    Until(String),
    /// What the file says is done next, so many times.
    Follow(usize),
    /// What the file says is done next is left out.
    Skip,
    /// The last things are taken back, so many.
    Undo(usize),
    /// What can be done is listed: everything, or a group.
    List(Option<Group>),
    /// The story so far is told again.
    Story,
    /// The scenario file is shown.
    Scenario,
    /// The scenario file is written to that path, or to the one that is known already.
    Write(Option<String>),
    /// The story gets another title.
    Title(String),
    /// What can be typed is told.
    Help,
    /// It is over.
    Quit,
}

impl Command {
    /// What a line means. Whether there is such a thing to be done is seen by [`find`].
    ///
    /// # Errors
    /// When a command lacks something, or has what is none.
    pub fn parse(line: &str) -> Result<Self, Unclear> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(Self::Nothing);
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let lacks = |what: &'static str| Unclear::Lacks { command: word.to_owned(), what };
        let times = || match rest {
            "" => Ok(1),
            number => number.parse().ok().filter(|times| *times > 0).ok_or(lacks("a number of times")),
        };
        let needs = |what: &'static str| if rest.is_empty() { Err(lacks(what)) } else { Ok(rest.to_owned()) };
        let time = |text: &str| text.trim().parse().map_err(|_| lacks("a length of time such as `8h` or `90s`"));
        Ok(match word {
            _ if line.starts_with('{') || line.contains(" = ") => Self::Line(line.to_owned()),
            "next" if rest.is_empty() => Self::Next,
            "wait" => Self::Wait(time(rest)?),
            "until" | "at" => Self::Until(needs("a time such as `16:00`, `8h` or `2026-03-02T16:00:00Z`")?),
            "go" => Self::Follow(times()?),
            "skip" if rest.is_empty() => Self::Skip,
            "undo" => Self::Undo(times()?),
            "list" if rest.is_empty() => Self::List(None),
            "list" => Self::List(Some(group(rest).ok_or(lacks("a group, or nothing"))?)),
            "story" if rest.is_empty() => Self::Story,
            "scenario" if rest.is_empty() => Self::Scenario,
            "write" => Self::Write(Some(rest.to_owned()).filter(|path| !path.is_empty())),
            "title" => Self::Title(needs("a title")?),
            "help" | "?" if rest.is_empty() => Self::Help,
            "quit" | "exit" if rest.is_empty() => Self::Quit,
            _ if line.starts_with('+') => Self::Wait(time(&line[1..])?),
            _ => match group(line) {
                Some(group) => Self::List(Some(group)),
                None => Self::Take { words: line.split_whitespace().map(str::to_owned).collect() },
            },
        })
    }
}

fn group(word: &str) -> Option<Group> {
    Group::ALL.into_iter().find(|group| group.word() == word)
}

/// Why what was typed means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// A command lacks something.
    Lacks {
        /// The command.
        command: String,
        /// What it lacks.
        what: &'static str,
    },
    /// There is no number like that in the list.
    Number {
        /// The number.
        number: usize,
        /// The last one of the list.
        last: usize,
    },
    /// Nothing that can be done now is called so.
    Unknown {
        /// What was typed.
        words: String,
    },
    /// Several things are called so.
    Several {
        /// What was typed.
        words: String,
        /// Numbers and labels of some.
        labels: Vec<(usize, String)>,
    },
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks { command, what } => write!(f, "say behind `{command}` {what}"),
            Self::Number { number, last } => write!(f, "there is no {number}: `list` shows 1 to {last}"),
            Self::Unknown { words } => {
                write!(
                    f,
                    "`{words}` is nothing that can be done now; `list` shows what can be, `help` what can be typed"
                )
            }
            Self::Several { words, labels } => {
                let labels: Vec<String> = labels.iter().map(|(number, label)| format!("{number} {label}")).collect();
                write!(f, "`{words}` may be one of several: {}", labels.join("; "))
            }
        }
    }
}

impl std::error::Error for Unclear {}

/// Whether a thing is meant, and with which PIN.
type Way<'a> = &'a dyn Fn(&Offer) -> Option<Option<String>>;

/// Things that are named where several fit.
const MOST_NAMED: usize = 8;

/// Which of the things that can be done is meant, and the PIN that was said with it. A number is the place in the list,
/// from 1; words are those of its label, its name or its verb, each from its beginning: what is done first, the others
/// in any order.
///
/// # Errors
/// When none is, or several are.
pub fn find<'a>(offers: &'a [Offer], words: &[String]) -> Result<(&'a Offer, Option<String>), Unclear> {
    let typed = words.join(" ");
    if let Some(number) = words.first().and_then(|first| first.parse::<usize>().ok()) {
        let offer = number.checked_sub(1).and_then(|at| offers.get(at));
        let offer = offer.ok_or(Unclear::Number { number, last: offers.len() })?;
        return Ok((offer, words.get(1).cloned()));
    }
    let exactly = |word: &str, asked: &str| word == asked;
    let begins = |word: &str, asked: &str| word.starts_with(asked);
    // A PIN is no word of what wants one.
    let of_pin = |offer: &Offer| match words {
        [asked @ .., pin] if offer.wants == Wants::Pin && fits(offer, asked, begins) => Some(pin.clone()),
        _ => None,
    };
    let plainly = |offer: &Offer, holds: bool| (holds && offer.wants == Wants::Nothing).then_some(None);
    let ways: [Way<'_>; 6] = [
        // A whole label, such as an answer, before what merely has the word.
        &|offer| plainly(offer, offer.label.eq_ignore_ascii_case(&typed)),
        &|offer| plainly(offer, offer.name.eq_ignore_ascii_case(&typed)),
        &|offer| plainly(offer, fits(offer, words, exactly)),
        &|offer| plainly(offer, fits(offer, words, begins)),
        &|offer| of_pin(offer).map(Some),
        // It lacks a PIN, which is said when it is done.
        &|offer| fits(offer, words, begins).then_some(None),
    ];
    for way in ways {
        let found: Vec<(usize, &Offer, Option<String>)> =
            offers.iter().enumerate().filter_map(|(at, offer)| Some((at, offer, way(offer)?))).collect();
        match found.as_slice() {
            [] => {}
            [(_, offer, pin)] => return Ok((offer, pin.clone())),
            several => {
                let labels = several.iter().take(MOST_NAMED).map(|(at, offer, _)| (at + 1, offer.label.clone()));
                return Err(Unclear::Several { words: typed.clone(), labels: labels.collect() });
            }
        }
    }
    Err(Unclear::Unknown { words: typed })
}

/// Whether each word that was asked for is one of the thing's, and the first one says what is done.
fn fits(offer: &Offer, asked: &[String], fits: impl Fn(&str, &str) -> bool) -> bool {
    let is_there = |asked: &String| {
        let asked = asked.to_lowercase();
        offer.words().any(|word| fits(&word.to_lowercase(), &asked))
    };
    let is_done = |asked: &String| offer.heads().any(|head| fits(&head.to_lowercase(), &asked.to_lowercase()));
    asked.first().is_some_and(is_done) && asked.iter().all(is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Command, Unclear>) {
        assert_eq!(Command::parse(line), expected, "{line}");
    }

    #[test]
    fn lines_are_commands_lines_of_the_language_or_words() {
        let take = |words: &[&str]| Command::Take { words: words.iter().map(|word| (*word).to_owned()).collect() };
        let lacks = |command: &str, what| Unclear::Lacks { command: command.to_owned(), what };
        check("", Ok(Command::Nothing));
        check("# a remark", Ok(Command::Nothing));
        check("  next ", Ok(Command::Next));
        check("next week", Ok(take(&["next", "week"])));
        check("+8h", Ok(Command::Wait(Duration::hours(8))));
        check("wait 60s", Ok(Command::Wait(Duration::seconds(60))));
        check("wait", Err(lacks("wait", "a length of time such as `8h` or `90s`")));
        check("+soon", Err(lacks("+soon", "a length of time such as `8h` or `90s`")));
        check("until 16:00", Ok(Command::Until("16:00".to_owned())));
        check("go", Ok(Command::Follow(1)));
        check("go 3", Ok(Command::Follow(3)));
        check("undo 0", Err(lacks("undo", "a number of times")));
        check("undo 18446744073709551616", Err(lacks("undo", "a number of times")));
        check("faults", Ok(Command::List(Some(Group::Fault))));
        check("list cards", Ok(Command::List(Some(Group::Card))));
        check("list dogs", Err(lacks("list", "a group, or nothing")));
        check("write my file.toml", Ok(Command::Write(Some("my file.toml".to_owned()))));
        check("write", Ok(Command::Write(None)));
        check("logon = \"alice\"", Ok(Command::Line("logon = \"alice\"".to_owned())));
        check("{logon=\"alice\"}", Ok(Command::Line("{logon=\"alice\"}".to_owned())));
        check("insert alice-card", Ok(take(&["insert", "alice-card"])));
        check("pin 1234", Ok(take(&["pin", "1234"])));
        check("7", Ok(take(&["7"])));
        check("help me", Ok(take(&["help", "me"])));
    }
}
