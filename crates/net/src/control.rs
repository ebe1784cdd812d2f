//! What whoever serves a world can do with it: move its clock, do steps of the scenario language, look at it.
//!
//! A word is a line: `advance 90m`, or the same as JSON, `{"advance": "90m"}`. It is typed, or sent to the control port
//! ([`http`]).

pub mod http;

use std::fmt;
use std::sync::Arc;

use autoenroll_model::{Duration, Fact, Facts};
use autoenroll_world::{Action, Look};
use serde_json::{Map, Value, json};

use crate::bounds;
use crate::live::{Live, LiveError, Pace};

/// Understands a step of the scenario language, in the names of the world that is served.
pub trait Steps: Send + Sync {
    /// What a step does, written as in a timeline: `{ pulse = "alice" }`, or as JSON.
    ///
    /// # Errors
    /// What is wrong with it, as people read it.
    fn actions(&self, step: &str) -> Result<Vec<Action>, String>;
}

/// The hands on a world.
pub struct Control {
    /// The world.
    pub live: Arc<Live>,
    /// The meaning of steps.
    pub steps: Box<dyn Steps>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Move the clock on.
    Advance(Duration),
    /// From now on the clock moves so.
    Pace(Pace),
    /// Do a step.
    Step(String),
    /// Say how something is.
    Look(Look),
    /// Say what time it is, and what waits.
    Status,
    /// End.
    Quit,
}

/// Why a word was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordError {
    /// It is none.
    Unknown(String),
    /// What follows it cannot be understood; what it takes.
    Argument(&'static str, String),
    /// It cannot be done, for this reason.
    Refused(String),
    /// The world cannot go on.
    Live(LiveError),
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "there is no word `{}`; there are {WORDS}", word.escape_debug()),
            Self::Argument(word, takes) => write!(f, "`{word}` takes {takes}"),
            Self::Refused(reason) => f.write_str(reason.trim_end()),
            Self::Live(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WordError {}

impl From<LiveError> for WordError {
    fn from(error: LiveError) -> Self {
        Self::Live(error)
    }
}

const WORDS: &str = "advance, pace, step, approve, deny, stop, start, insert, remove, look, status and quit";

/// Makes a look of whose it is.
type LookOf = fn(String) -> Look;

/// What `look` looks at, as the verb `state` of the scenario language says it.
const LOOKS: &[(&str, LookOf)] = &[
    ("card", Look::Card),
    ("store", Look::Store),
    ("requests", Look::Requests),
    ("ca", Look::Ca),
    ("directory", Look::Directory),
    ("desktop", Look::Desktop),
    ("trust", Look::Trust),
];

impl Word {
    /// Understands a line.
    ///
    /// # Errors
    /// When it is no word.
    pub fn parse(line: &str) -> Result<Self, WordError> {
        let line = line.trim();
        if line.len() > bounds::CONTROL_LINE {
            return Err(WordError::Refused(format!("a line has at most {} octets", bounds::CONTROL_LINE)));
        }
        if line.starts_with('{') {
            return Self::of_json(line);
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Self::of(word, rest.trim())
    }

    /// An object with one entry: the word, and what it takes as a text, or a step as an object.
    fn of_json(line: &str) -> Result<Self, WordError> {
        let no_object = |why: String| WordError::Refused(format!("expected an object with one word: {why}"));
        let object: Map<String, Value> = serde_json::from_str(line).map_err(|error| no_object(error.to_string()))?;
        let mut entries = object.into_iter();
        match (entries.next(), entries.next()) {
            (Some((word, Value::String(rest))), None) => Self::of(&word, rest.trim()),
            (Some((word, Value::Number(rest))), None) => Self::of(&word, &rest.to_string()),
            (Some((word, Value::Null | Value::Bool(true))), None) => Self::of(&word, ""),
            (Some((word, step @ Value::Object(_))), None) if word == "step" => Ok(Self::Step(step.to_string())),
            (Some((word, _)), None) => Err(no_object(format!("`{word}` takes a text"))),
            _ => Err(no_object("there are none, or several".to_owned())),
        }
    }

    fn of(word: &str, rest: &str) -> Result<Self, WordError> {
        let text = |text: &str| Value::from(text).to_string();
        let named = |word: &'static str, takes: &str| match rest {
            "" => Err(WordError::Argument(word, takes.to_owned())),
            name => Ok(text(name)),
        };
        // A CA, and one of its requests behind a `#`, may be left out where there is one.
        let decision = |op: &str| {
            let (ca, request) = rest.split_once('#').unwrap_or((rest, ""));
            let of = if ca.trim().is_empty() { String::new() } else { format!(", of = {}", text(ca.trim())) };
            let request =
                if request.is_empty() { String::new() } else { format!(", request = {}", text(request.trim())) };
            Self::Step(format!("{{ ca = {}{of}{request} }}", text(op)))
        };
        Ok(match word {
            "advance" => {
                let takes = || WordError::Argument("advance", "a length of time, such as `90m` or `340d`".to_owned());
                Self::Advance(rest.parse().map_err(|_| takes())?)
            }
            "pace" => Self::Pace(rest.parse().map_err(|error| WordError::Argument("pace", error))?),
            "step" if rest.is_empty() => {
                let takes = "a step as a timeline has it, such as `{ pulse = \"alice\" }`".to_owned();
                return Err(WordError::Argument("step", takes));
            }
            "step" => Self::Step(rest.to_owned()),
            "approve" | "deny" | "stop" | "start" => decision(word),
            "insert" => Self::Step(format!("{{ insert = {} }}", named("insert", "the name of a card")?)),
            "remove" => Self::Step(format!("{{ remove = {} }}", named("remove", "the name of a card")?)),
            "look" => {
                let (kind, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                let known = LOOKS.iter().find(|(known, _)| *known == kind).filter(|_| !name.trim().is_empty());
                let kinds = LOOKS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(", ");
                let (_, make) =
                    known.ok_or_else(|| WordError::Argument("look", format!("one of {kinds}, and a name")))?;
                Self::Look(make(name.trim().to_owned()))
            }
            "status" => Self::Status,
            "quit" | "exit" => Self::Quit,
            other => return Err(WordError::Unknown(other.to_owned())),
        })
    }
}

/// `frozen`, `real`, or so many seconds in one.
impl std::str::FromStr for Pace {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "frozen" => Ok(Self::Frozen),
            "real" => Ok(Self::Times(1)),
            number => match number.parse() {
                Ok(times @ 1..=MOST_TIMES) => Ok(Self::Times(times)),
                _ => Err(format!("`frozen`, `real`, or how many times real time, from 1 to {MOST_TIMES}")),
            },
        }
    }
}

/// A year in five minutes; faster, clients would never meet the same day twice.
const MOST_TIMES: u32 = 100_000;

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frozen => f.write_str("frozen"),
            Self::Times(1) => f.write_str("real"),
            Self::Times(times) => times.fmt(f),
        }
    }
}

impl Control {
    /// Does what a word says; what is to be told of it, as JSON.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn act(&self, word: &Word) -> Result<Value, WordError> {
        match word {
            Word::Advance(by) => {
                self.live.advance(*by)?;
            }
            Word::Pace(pace) => self.live.set_pace(*pace)?,
            Word::Step(step) => {
                for action in self.steps.actions(step).map_err(WordError::Refused)? {
                    self.live.act(&action)?;
                }
            }
            Word::Look(look) => {
                let found = self.live.with(|world| world.look(look))?;
                return found.map(|facts| of_facts(&facts)).map_err(|error| WordError::Refused(error.to_string()));
            }
            Word::Status | Word::Quit => {}
        }
        self.status()
    }

    /// What time it is, and what waits.
    fn status(&self) -> Result<Value, WordError> {
        let pace = self.live.pace().to_string();
        let status = self.live.with(|world| {
            let prompts = world.prompts().into_iter().map(|prompt| {
                let offers: Vec<&str> = prompt.offers.iter().map(|offer| offer.as_str()).collect();
                json!({ "user": prompt.user, "prompt": prompt.point.as_str(), "facts": of_facts(&prompt.facts), "offers": offers })
            });
            json!({
                "time": world.now().to_string(),
                "clock": world.wall().to_string(),
                "pace": pace,
                "next": world.next_at().map(|at| at.to_string()),
                "records": world.trace().len(),
                "prompts": prompts.collect::<Vec<_>>(),
            })
        })?;
        Ok(status)
    }
}

fn of_facts(facts: &Facts) -> Value {
    let of = |fact: &Fact| serde_json::to_value(fact).unwrap_or_default();
    Value::Object(facts.iter().map(|(name, fact)| (name.to_string(), of(fact))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_typed_or_sent() {
        let check = |line: &str, expected: Result<Word, &str>| {
            assert_eq!(Word::parse(line).map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{line}");
        };
        let step = |text: &str| Ok(Word::Step(text.to_owned()));
        check("advance 90m", Ok(Word::Advance(Duration::minutes(90))));
        check("{\"advance\": \"90m\"}", Ok(Word::Advance(Duration::minutes(90))));
        check("advance", Err("`advance` takes a length of time, such as `90m` or `340d`"));
        check("pace frozen", Ok(Word::Pace(Pace::Frozen)));
        check("{\"pace\": 10}", Ok(Word::Pace(Pace::Times(10))));
        check("pace 0", Err("`pace` takes `frozen`, `real`, or how many times real time, from 1 to 100000"));
        check("step { pulse = \"alice\" }", step("{ pulse = \"alice\" }"));
        check("{\"step\": {\"pulse\": \"alice\"}}", step("{\"pulse\":\"alice\"}"));
        check("approve", step("{ ca = \"approve\" }"));
        check("approve CA 1 # User#3", step("{ ca = \"approve\", of = \"CA 1\", request = \"User#3\" }"));
        check("stop Contoso Issuing CA", step("{ ca = \"stop\", of = \"Contoso Issuing CA\" }"));
        check("insert alice-card", step("{ insert = \"alice-card\" }"));
        check("insert", Err("`insert` takes the name of a card"));
        check("look store alice", Ok(Word::Look(Look::Store("alice".to_owned()))));
        check("look", Err("`look` takes one of card, store, requests, ca, directory, desktop, trust, and a name"));
        check("quit", Ok(Word::Quit));
        check(
            "dance",
            Err(
                "there is no word `dance`; there are advance, pace, step, approve, deny, stop, start, insert, remove, \
                 look, status and quit",
            ),
        );
        check("{}", Err("expected an object with one word: there are none, or several"));
        check("{\"advance\": []}", Err("expected an object with one word: `advance` takes a text"));
    }
}
