//! What stands on the desktops: dialogs, balloons and icons, from the record that shows them to the one that ends them.

use std::collections::BTreeMap;

use autoenroll_model::Fact;
use autoenroll_trace::{Kind, Record};

use crate::text::plain;

/// Answers that a dialog is shown with.
const MOST_OFFERS: usize = 16;

/// A dialog as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialog {
    pub(crate) point: String,
    pub(crate) offers: Vec<String>,
    /// What was answered, once it was.
    pub(crate) answer: Option<String>,
}

impl Dialog {
    /// That of a record which opens one.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        if record.kind != Kind::Prompt {
            return None;
        }
        let offers = match record.facts.get("offers") {
            Some(Fact::List(offers)) => offers.iter().take(MOST_OFFERS).map(plain).collect(),
            _ => Vec::new(),
        };
        Some(Self { point: record.facts.text("point").unwrap_or_default().to_owned(), offers, answer: None })
    }
}

/// What stands on a desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Dialog,
    Balloon,
    Icon,
}

/// From which row to which it stands; both are numbers of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stands {
    pub(crate) what: Thing,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// What stands while the rows are gone through.
#[derive(Debug, Default)]
pub(crate) struct Dialogs {
    open: BTreeMap<(String, Thing, String), usize>,
    over: Vec<Stands>,
    chosen: Vec<(usize, String)>,
}

impl Dialogs {
    /// Goes on to the next row.
    pub(crate) fn take(&mut self, at: usize, record: &Record) {
        let fact = |name: &str| record.facts.text(name).unwrap_or_default().to_owned();
        let actor = record.actor.to_string();
        match record.kind {
            Kind::Prompt => self.opens(at, (actor, Thing::Dialog, fact("point"))),
            Kind::Balloon => self.opens(at, (actor, Thing::Balloon, String::new())),
            Kind::Icon => self.opens(at, (actor, Thing::Icon, String::new())),
            Kind::Answer => {
                let point = fact("prompt");
                let answer = record.facts.get("answer").map(plain).unwrap_or_default();
                if let Some(from) = self.closes(at, &(actor, Thing::Dialog, point)) {
                    self.chosen.push((from, answer));
                }
            }
            Kind::PromptWithdrawn => {
                self.closes(at, &(actor, Thing::Dialog, fact("point")));
            }
            Kind::BalloonHidden => {
                self.closes(at, &(actor, Thing::Balloon, String::new()));
            }
            Kind::IconHidden => {
                self.closes(at, &(actor, Thing::Icon, String::new()));
            }
            Kind::Logoff | Kind::Crash => {
                let gone: Vec<_> = self.open.keys().filter(|(who, ..)| *who == actor).cloned().collect();
                for key in &gone {
                    self.closes(at, key);
                }
            }
            _ => {}
        }
    }

    /// Everything that stood, and by row of a dialog what was answered there. What still stands does so to the last
    /// row.
    pub(crate) fn finish(mut self, rows: usize) -> (Vec<Stands>, Vec<(usize, String)>) {
        let open = std::mem::take(&mut self.open);
        let last = rows.saturating_sub(1);
        self.over.extend(open.into_iter().map(|((_, what, _), from)| Stands { what, from, to: last }));
        self.over.sort_by_key(|stands| (stands.from, stands.what));
        (self.over, self.chosen)
    }

    fn opens(&mut self, at: usize, key: (String, Thing, String)) {
        self.closes(at, &key);
        self.open.insert(key, at);
    }

    fn closes(&mut self, at: usize, key: &(String, Thing, String)) -> Option<usize> {
        let from = self.open.remove(key)?;
        self.over.push(Stands { what: key.1, from, to: at });
        Some(from)
    }
}
