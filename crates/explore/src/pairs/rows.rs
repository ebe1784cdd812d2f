//! The rows of the covering array.

use std::collections::BTreeMap;

use autoenroll_model::SWITCHES;

use super::plain;
use crate::setting::{AXES, Setting, switch_values};

/// How many things a row wishes for besides its setting.
const WISHES: usize = 8;
/// Answers to prompts, by the names that they have in stories.
const ANSWERS: &[&str] = &[
    "answer wizard.start start",
    "answer wizard.start remind",
    "answer wizard.start details",
    "answer wizard.start close",
    "answer card.insert ok",
    "answer card.insert cancel",
    "answer card.insert close",
    "answer card.select card",
    "answer card.select cancel",
    "answer card.select close",
    "answer card.replace-default yes",
    "answer card.replace-default no",
    "answer card.replace-default close",
    "answer pin.enter pin",
    "answer pin.enter another pin",
    "answer pin.enter a wrong pin",
    "answer pin.enter cancel",
    "answer pin.enter close",
    "answer key.protect ok",
    "answer key.protect cancel",
    "answer key.protect close",
    "answer summary close",
];
/// Worlds in which keys are on cards.
const ON_CARDS: &[&str] = &["card", "two-providers", "card-or-software", "asking-card"];

/// A row: a world, and the pairs that it answers for.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) setting: Setting,
    pub(super) pairs: Vec<(String, String)>,
}

/// An entry of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An axis has that value.
    Axis(&'static str, &'static str),
    /// A switch has that value.
    Switch(&'static str, &'static str),
    /// This is done.
    Done(&'static str),
}

impl Entry {
    /// The name that it has in stories.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Axis(axis, value) => format!("{axis} {value}"),
            Self::Switch(switch, value) => format!("switch {switch} {value}"),
            Self::Done(name) => name.to_owned(),
        }
    }

    /// What makes it likely, where nothing else rules it out: values of axes and of switches.
    fn prefers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Done("ca approve" | "ca deny") => {
                &[("history", "pending"), ("authority", "holds"), ("second", "in-software")]
            }
            Self::Done("new certificate revoked" | "new certificate deleted") => &[("place", "software")],
            // So often that nobody is shown anything, unless at once.
            Self::Switch("timer", "60s") => &[("balloon-delay", "0s")],
            Self::Switch("balloon-delay", "8h") => &[("timer", "off")],
            // The provider of such a card asks by itself.
            Self::Switch("replace-question", "no") => &[("place", "asking-card")],
            Self::Done("logon with a card") => &[("history", "valid")],
            Self::Done(name) if name.starts_with("answer card.insert") => &[("badge", "away")],
            Self::Done(name) if name.starts_with("answer card.select") => &[("second", "on-card")],
            Self::Done(name) if name.starts_with("answer card.replace-default") => &[("badge", "occupied")],
            _ => &[],
        }
    }

    /// What it asks of the world: for each axis the values that will do.
    fn needs(self) -> Vec<(&'static str, Vec<&'static str>)> {
        let one_of = |axis: &'static str, values: &[&'static str]| (axis, values.to_vec());
        match self {
            Self::Axis(axis, value) => {
                let about_cards = matches!(axis, "badge" | "spare") && !matches!(value, "in-reader" | "none");
                let about_cards = about_cards || (axis, value) == ("spare", "in-reader");
                let own = one_of(axis, &[value]);
                if about_cards { vec![own, one_of("place", ON_CARDS)] } else { vec![own] }
            }
            Self::Switch(..) => Vec::new(),
            Self::Done(name) => {
                let card = one_of("place", ON_CARDS);
                let balloon = one_of("profile", &["server-2003-sp1", "windows-7-sp1"]);
                let kind = if name.starts_with("card ") {
                    "card"
                } else {
                    name.rsplit_once(' ').map_or(name, |(kind, _)| kind)
                };
                match (name, kind) {
                    ("click balloon" | "click balloon-close", _) => vec![card, balloon],
                    ("swap", _) => vec![card, one_of("spare", &["away", "in-reader"])],
                    ("certificate revoked", _) => {
                        vec![one_of("history", &["due", "valid", "expired", "superseded", "superseded-and-due"])]
                    }
                    ("certificate deleted", _) => {
                        let there = ["due", "valid", "expired", "superseded", "superseded-and-due", "revoked"];
                        vec![one_of("history", &there)]
                    }
                    (_, "answer card.select") => vec![
                        one_of("place", &["card", "card-or-software"]),
                        one_of("badge", &["in-reader", "occupied"]),
                        one_of("spare", &["in-reader"]),
                    ],
                    (_, "answer card.replace-default") => vec![
                        one_of("place", &["card", "asking-card", "card-or-software"]),
                        one_of("badge", &["occupied", "in-reader"]),
                        one_of("profile", &["server-2003-sp1"]),
                    ],
                    (_, "answer key.protect") => {
                        vec![one_of("protection", &["asks"]), one_of("place", &["software"])]
                    }
                    ("insert" | "remove" | "logon with a card" | "click icon" | "click wizard-close", _) => vec![card],
                    (_, "card") => vec![card],
                    _ if name.starts_with("answer ") => vec![card],
                    _ => Vec::new(),
                }
            }
        }
    }
}

/// Values of axes that will do.
#[derive(Clone, Debug, Default)]
struct Needs(BTreeMap<&'static str, Vec<&'static str>>);

impl Needs {
    /// With those of one more entry; `None` when they rule each other out.
    fn with(&self, entry: Entry) -> Option<Self> {
        let mut all = self.clone();
        for (axis, values) in entry.needs() {
            let known = all.0.entry(axis).or_insert_with(|| values.clone());
            known.retain(|value| values.contains(value));
            if known.is_empty() {
                return None;
            }
        }
        Some(all)
    }
}

/// Every entry: axes, switches, what is done, answers.
#[must_use]
pub fn entries(done: &[&'static str]) -> Vec<Entry> {
    let axes = AXES.iter().flat_map(|axis| axis.values.iter().map(|value| Entry::Axis(axis.name, value)));
    let switches = SWITCHES
        .iter()
        .flat_map(|switch| switch_values(switch).into_iter().map(|value| Entry::Switch(switch.name, value)));
    axes.chain(switches).chain(done.iter().chain(ANSWERS).map(|name| Entry::Done(name))).collect()
}

/// Whether two entries can meet.
fn can_meet(one: Entry, other: Entry) -> bool {
    let apart = match (one, other) {
        (Entry::Switch(one, _), Entry::Switch(other, _)) => one == other,
        (Entry::Switch(switch, value), Entry::Done(name)) | (Entry::Done(name), Entry::Switch(switch, value)) => {
            rules_out(switch, value, name)
        }
        _ => false,
    };
    !apart && Needs::default().with(one).and_then(|needs| needs.with(other)).is_some()
}

/// Whether nothing like it is ever done where the switch has that value.
fn rules_out(switch: &str, value: &str, name: &str) -> bool {
    match (switch, value) {
        ("notification", "icon") => name.starts_with("click balloon"),
        ("balloon-visible", "0s") => name == "click balloon-close" || name == "click balloon",
        _ => false,
    }
}

/// The pairs in rows; what cannot meet is in none.
pub(super) fn rows(done: &[&'static str]) -> Vec<Row> {
    let all = entries(done);
    let mut open: Vec<Vec<bool>> = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let meets: Vec<bool> = all[..at].iter().map(|other| can_meet(*one, *other)).collect();
        open.push(meets);
    }
    let mut rows = Vec::new();
    while let Some(pair) = first(&open) {
        let chosen = row(&all, &open, pair);
        let mut pairs = Vec::new();
        for one in &chosen {
            for other in chosen.iter().filter(|other| *other < one) {
                if std::mem::take(&mut open[*one][*other]) {
                    pairs.push((all[*other].name(), all[*one].name()));
                }
            }
        }
        rows.push(Row { setting: setting(&all, &chosen), pairs });
    }
    rows
}

fn first(open: &[Vec<bool>]) -> Option<(usize, usize)> {
    open.iter().enumerate().find_map(|(at, row)| Some((at, row.iter().position(|open| *open)?)))
}

/// Entries that can be together, the pair among them; each brings as many open pairs as can be.
fn row(all: &[Entry], open: &[Vec<bool>], pair: (usize, usize)) -> Vec<usize> {
    let mut chosen = vec![pair.0, pair.1];
    let mut needs = chosen.iter().try_fold(Needs::default(), |needs, at| needs.with(all[*at])).unwrap_or_default();
    let is_open = |one: usize, other: usize| if one > other { open[one][other] } else { open[other][one] };
    let gain =
        |at: usize, chosen: &[usize]| chosen.iter().filter(|other| **other != at && is_open(at, **other)).count();
    let mut choose = |among: &mut dyn Iterator<Item = usize>, chosen: &mut Vec<usize>| {
        let mut best: Option<(usize, usize)> = None;
        for at in among {
            let fits = !chosen.contains(&at)
                && chosen.iter().all(|other| can_meet(all[at], all[*other]))
                && needs.with(all[at]).is_some();
            let gained = if fits { gain(at, chosen) } else { 0 };
            if fits && best.is_none_or(|(most, _)| gained > most) {
                best = Some((gained, at));
            }
        }
        let (gained, at) = best?;
        needs = needs.with(all[at])?;
        chosen.push(at);
        Some(gained)
    };
    let done = |at: &usize| matches!(all[*at], Entry::Done(_));
    let wishes = |chosen: &[usize]| chosen.iter().filter(|at| done(at)).count();
    for axis in AXES {
        choose(
            &mut (0..all.len()).filter(|at| matches!(all[*at], Entry::Axis(name, _) if name == axis.name)),
            &mut chosen,
        );
    }
    for switch in SWITCHES {
        if !chosen.iter().any(|at| matches!(all[*at], Entry::Switch(name, _) if name == switch.name)) {
            let of = |at: &usize| matches!(all[*at], Entry::Switch(name, _) if name == switch.name);
            choose(&mut (0..all.len()).filter(of), &mut chosen);
        }
    }
    while wishes(&chosen) < WISHES {
        if choose(&mut (0..all.len()).filter(done), &mut chosen).is_none_or(|gained| gained == 0) {
            break;
        }
    }
    chosen
}

fn setting(all: &[Entry], chosen: &[usize]) -> Setting {
    let chosen: Vec<Entry> = chosen.iter().map(|at| all[*at]).collect();
    setting_of(&chosen)
}

/// The simplest world of these entries.
fn setting_of(chosen: &[Entry]) -> Setting {
    let mut setting = plain();
    let needs = chosen.iter().try_fold(Needs::default(), |needs, entry| needs.with(*entry)).unwrap_or_default();
    for (axis, values) in &needs.0 {
        if let Some(first) = values.first().filter(|_| !values.contains(&setting.value(axis))) {
            setting.set(axis, first);
        }
    }
    for (name, value) in chosen.iter().flat_map(|entry| entry.prefers()) {
        if SWITCHES.iter().any(|switch| switch.name == *name) {
            setting.switches.insert(name, value);
        } else if needs.0.get(name).is_none_or(|values| values.contains(value)) {
            setting.set(name, value);
        }
    }
    for entry in chosen {
        if let Entry::Switch(switch, value) = entry {
            setting.switches.insert(switch, value);
        }
    }
    setting
}

/// What is done before something can be done at all.
pub(super) fn before(name: &str) -> Option<&'static str> {
    match name {
        "unlock" => Some("lock"),
        "logon with a card" => Some("logoff"),
        "insert" => Some("remove"),
        _ if name.starts_with("answer card.insert") => Some("remove"),
        _ => None,
    }
}

/// The simplest world in which two entries can meet, by their names.
pub(super) fn setting_for(done: &[&'static str], one: &str, other: &str) -> Setting {
    let named: Vec<Entry> =
        entries(done).into_iter().filter(|entry| entry.name() == one || entry.name() == other).collect();
    setting_of(&named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_that_can_meet_belongs_to_one_row_whose_world_has_its_settings() {
        let done = ["logon", "swap", "click balloon", "card mute"];
        let all = entries(&done);
        let rows = rows(&done);
        let meet = |one: usize| (0..one).filter(|other| can_meet(all[one], all[*other])).count();
        let possible: usize = (0..all.len()).map(meet).sum();
        let pairs: Vec<&(String, String)> = rows.iter().flat_map(|row| &row.pairs).collect();
        let distinct: std::collections::BTreeSet<_> = pairs.iter().collect();
        assert_eq!(distinct.len(), pairs.len());
        assert_eq!(pairs.len(), possible);
        for row in &rows {
            let world: Vec<String> = row.setting.entries().collect();
            for (one, other) in &row.pairs {
                for name in [one, other] {
                    let of_world = all.iter().any(|entry| entry.name() == *name && !matches!(entry, Entry::Done(_)));
                    assert!(!of_world || world.contains(name), "{name} in {world:?}");
                }
            }
        }
    }
}
