//! What is known to be on a card: containers, the default one, attempts that its PIN has left.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, Facts};
use autoenroll_trace::{Kind, Record, Trace};
use maud::{Markup, html};

use crate::text::{broken, plain};

/// Containers that are shown of one card.
const MOST_CONTAINERS: usize = 32;

/// A card as its last records show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) name: String,
    /// The reader that it is in.
    reader: Option<String>,
    containers: Vec<String>,
    default: Option<String>,
    tries: Option<i64>,
    /// The most attempts that were seen: as many a right PIN gives back.
    most: Option<i64>,
    /// Whether anything asked it what is on it.
    described: bool,
}

/// The cards of a story.
#[derive(Debug, Default)]
pub(crate) struct Cards(BTreeMap<String, Card>);

impl Cards {
    /// The card after that record, when the record changes what is known of it.
    pub(crate) fn changed(&mut self, record: &Record, trace: &Trace) -> Option<Card> {
        let name = record.facts.text("card")?;
        if !matches!(record.kind, Kind::Insert | Kind::Remove | Kind::CardDone | Kind::LogonFailed | Kind::Logon) {
            return None;
        }
        let card = self.0.entry(name.to_owned()).or_insert_with(|| Card { name: name.to_owned(), ..Card::default() });
        let before = card.clone();
        card.take(record, trace);
        (*card != before).then(|| card.clone())
    }
}

impl Card {
    fn take(&mut self, record: &Record, trace: &Trace) {
        let facts = &record.facts;
        if let Some(Fact::Number(tries)) = facts.get("tries-left") {
            self.tries = Some(*tries);
            self.most = self.most.max(Some(*tries));
        }
        let succeeded = facts.text("code").is_none_or(|code| code.ends_with("S_OK"));
        match (record.kind, facts.text("op").unwrap_or_default()) {
            (Kind::Insert, _) => self.reader = facts.text("reader").map(str::to_owned),
            (Kind::Remove, _) => self.reader = None,
            (Kind::CardDone, "describe") if succeeded => {
                self.described = true;
                self.containers = list(facts, "containers");
                self.default = facts.text("default-container").map(str::to_owned);
            }
            (Kind::CardDone, "verify-pin") if succeeded => self.tries = self.most,
            (Kind::CardDone, "generate") if succeeded => {
                let made = facts.text("container").filter(|made| !self.containers.iter().any(|it| it == made));
                self.containers.extend(made.map(str::to_owned));
            }
            (Kind::CardDone, "set-default") if succeeded => self.default = asked(record, trace).or(self.default.take()),
            (Kind::CardDone, "delete") if succeeded => {
                let gone = asked(record, trace);
                self.containers.retain(|it| Some(it) != gone.as_ref());
                self.default = self.default.take().filter(|it| Some(it) != gone.as_ref());
            }
            _ => {}
        }
    }

    /// The card in words and marks: none of them says anything by colour alone.
    pub(crate) fn shown(&self) -> Markup {
        let place = match &self.reader {
            Some(reader) => format!("in {reader}"),
            None => "in no reader".to_owned(),
        };
        html! {
            span.card {
                b { (self.name) } " " (place)
                @if self.described && self.containers.is_empty() { "; no container" }
                @for container in self.containers.iter().take(MOST_CONTAINERS) {
                    @let is_default = self.default.as_ref() == Some(container);
                    " " span.container.default[is_default] { (container) @if is_default { " ★ default" } }
                }
                @if let Some(tries) = self.tries {
                    " " span.pin { "PIN " (dots(tries, self.most)) " " (tries) " left" }
                }
            }
        }
    }

    /// Lines that it takes in the chart, of so many characters.
    pub(crate) fn lines(&self, width: usize) -> usize {
        let containers = self.containers.iter().take(MOST_CONTAINERS);
        let is_default = |text: &String| self.default.as_ref() == Some(text);
        // A default container stands in bold, and with a word.
        let of = |text: &String| {
            broken(text, width - 2) + usize::from(is_default(text) && text.chars().count() + 11 > width)
        };
        let place = self.reader.as_ref().map_or("in no reader".to_owned(), |reader| format!("in {reader}"));
        let name = broken(&format!("{} {place}", self.name), width - 1);
        let none = usize::from(self.described && self.containers.is_empty());
        name + none + containers.map(of).sum::<usize>() + usize::from(self.tries.is_some())
    }
}

/// A dot for each attempt, filled while it is left; nothing of a card that has very many.
fn dots(left: i64, most: Option<i64>) -> String {
    let most = most.unwrap_or(left);
    if !(0..=8).contains(&most) {
        return String::new();
    }
    (0..most).map(|at| if at < left { '●' } else { '○' }).collect()
}

/// The container that an operation was asked for.
fn asked(done: &Record, trace: &Trace) -> Option<String> {
    let own = done.facts.text("container").map(str::to_owned);
    own.or_else(|| {
        let begun = done.causes.iter().rev().filter_map(|id| trace.record(*id)).find(|it| it.kind == Kind::Card)?;
        begun.facts.text("container").map(str::to_owned)
    })
}

fn list(facts: &Facts, name: &str) -> Vec<String> {
    match facts.get(name) {
        Some(Fact::List(list)) => list.iter().map(plain).collect(),
        _ => Vec::new(),
    }
}
