//! The records that a page tells, a row each, and what stands between them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use autoenroll_model::Fact;
use autoenroll_trace::{Kind, Record, RecordId, Trace};

use crate::card::{Card, Cards};
use crate::desktop::{Dialog, Dialogs, Stands};
use crate::lane::Lane;
use crate::run::{Lost, Run, Words};
use crate::text::{cut, plain};

/// Rows of a page. Of a longer story it has the beginning and the end, and says how many are left out between.
pub const MOST_ROWS: usize = 600;
/// How many of them are of the beginning.
const OF_BEGINNING: usize = 150;
/// Records that are told between two rows.
const MOST_BETWEEN: usize = 400;
/// Records that are looked at in search of what led to one.
const MOST_CAUSES: usize = 2_000;

/// What a page tells.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) list: Vec<Row>,
    /// What came after the last row.
    pub(crate) rest: Between,
    /// Behind which row some are left out, and how many.
    pub(crate) left_out: Option<(usize, usize)>,
    /// What stands on a desktop, from one row to another.
    pub(crate) stands: Vec<Stands>,
    /// The rules that decided, by id, each with its number on this page.
    pub(crate) rules: BTreeMap<String, usize>,
    /// What they are about, in a few words.
    pub(crate) titles: BTreeMap<String, String>,
}

/// A record that is told, or several that are told together.
#[derive(Debug)]
pub(crate) struct Row {
    /// The first of its records. Anchors are made of its id.
    pub(crate) record: Record,
    pub(crate) lane: Lane,
    pub(crate) sentence: String,
    /// Whether it tells of something that fails.
    pub(crate) fails: bool,
    /// What the wall clock shows.
    pub(crate) wall: String,
    /// The card after it, when it changes.
    pub(crate) card: Option<Card>,
    /// What is asked.
    pub(crate) dialog: Option<Dialog>,
    /// What came since the row before.
    pub(crate) between: Between,
    /// The rows that led to it with none of them between, by their numbers, the latest first.
    pub(crate) because: Vec<usize>,
    /// All rows that led to it.
    ancestors: BTreeSet<usize>,
    /// The decisions that led to it since those rows.
    pub(crate) by: Vec<By>,
    /// The lines of the scenario that it matched.
    pub(crate) lines: Vec<usize>,
}

/// A decision that led to something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) decision: RecordId,
    pub(crate) rule: String,
}

/// Records that are told on demand.
#[derive(Debug, Default)]
pub(crate) struct Between {
    pub(crate) decisions: Vec<Record>,
    pub(crate) work: Vec<Record>,
    /// Commands to cards, which are counted alone.
    pub(crate) commands: usize,
    /// What is left out.
    pub(crate) more: usize,
}

impl Between {
    /// Whether nothing came.
    pub(crate) const fn is_empty(&self) -> bool {
        self.decisions.is_empty() && self.work.is_empty() && self.commands == 0
    }
}

impl Rows {
    /// Those of a run.
    pub(crate) fn of(run: &Run<'_>, words: &dyn Words) -> Self {
        let trace = run.trace;
        let mut lines: BTreeMap<RecordId, Vec<usize>> = BTreeMap::new();
        for step in &run.steps {
            if let Some(record) = step.record {
                lines.entry(record).or_default().push(step.line);
            }
        }
        let found = Found::of(run, words);
        let all = found.heads.len();
        let (kept, left_out) = match all.checked_sub(MOST_ROWS) {
            None | Some(0) => ([0..all, all..all], None),
            Some(more) => ([0..OF_BEGINNING, OF_BEGINNING + more..all], Some((OF_BEGINNING, more))),
        };
        let mut rows = Self { left_out, ..Self::default() };
        let mut numbers: BTreeMap<RecordId, usize> = BTreeMap::new();
        let mut from = trace.kept_from();
        for range in kept {
            if range.start > 0 {
                from = found.heads.get(range.start).map_or(from, |head| head.record.id.0 as usize);
            }
            for head in found.heads.get(range).unwrap_or_default() {
                let own = head.record.id.0 as usize;
                let number = rows.list.len();
                let between = rows.between(trace, from..own, &head.with);
                let (causes, by) = Self::led_to(&head.record, trace, &numbers);
                let before = |at: &usize| rows.list.get(*at).map(|row| &row.ancestors);
                let mut ancestors: BTreeSet<usize> = causes.iter().filter_map(before).flatten().copied().collect();
                // What led to another cause as well is told there.
                let because = causes.iter().rev().filter(|at| !ancestors.contains(at)).copied().collect();
                ancestors.extend(causes);
                from = own + 1;
                numbers.insert(head.record.id, number);
                numbers.extend(head.with.iter().map(|id| (*id, number)));
                rows.list.push(Row {
                    lane: Lane::of(&head.record),
                    sentence: cut(&head.sentence),
                    fails: head.fails,
                    wall: words.wall(head.record.at),
                    card: head.card.clone(),
                    dialog: Dialog::of(&head.record),
                    between,
                    because,
                    ancestors,
                    by,
                    lines: lines.remove(&head.record.id).unwrap_or_default(),
                    record: head.record.clone(),
                });
            }
        }
        let tail: BTreeSet<RecordId> = found.heads.last().map(|head| head.with.clone()).unwrap_or_default();
        rows.rest = rows.between(trace, from..trace.len(), &tail);
        let title = |id: &String| Some((id.clone(), words.rule(id)?.title));
        rows.titles = rows.rules.keys().filter_map(title).collect();
        let mut dialogs = Dialogs::default();
        rows.list.iter().enumerate().for_each(|(at, row)| dialogs.take(at, &row.record));
        let (stands, chosen) = dialogs.finish(rows.list.len());
        rows.stands = stands;
        for (at, answer) in chosen {
            if let Some(dialog) = rows.list.get_mut(at).and_then(|row| row.dialog.as_mut()) {
                dialog.answer = Some(answer);
            }
        }
        rows
    }

    /// The row of a record, or the one in front of which it stands.
    pub(crate) fn row_of(&self, id: RecordId) -> Option<&Row> {
        let at = self.list.partition_point(|row| row.record.id < id);
        self.list.get(at).or(self.list.last())
    }

    /// How many rows are before a place.
    pub(crate) fn before(&self, place: Lost) -> usize {
        place.behind.map_or(0, |id| self.list.partition_point(|row| row.record.id <= id))
    }

    fn between(&mut self, trace: &Trace, range: Range<usize>, with: &BTreeSet<RecordId>) -> Between {
        let mut between = Between::default();
        for packed in trace.range(range) {
            if packed.kind == Kind::Apdu {
                between.commands += 1;
            } else if between.decisions.len() + between.work.len() >= MOST_BETWEEN {
                between.more += 1;
            } else if packed.kind == Kind::Decision {
                let record = packed.unpack();
                let number = self.rules.len() + 1;
                self.rules.entry(record.facts.text("rule").unwrap_or_default().to_owned()).or_insert(number);
                between.decisions.push(record);
            } else if !with.contains(&packed.id) {
                between.work.push(packed.unpack());
            }
        }
        between
    }

    /// The rows from which a record follows with no row between, and the decisions on the way.
    fn led_to(record: &Record, trace: &Trace, numbers: &BTreeMap<RecordId, usize>) -> (BTreeSet<usize>, Vec<By>) {
        let (mut rows, mut by) = (BTreeSet::new(), BTreeMap::new());
        let mut seen: BTreeSet<RecordId> = BTreeSet::new();
        let mut open = record.causes.clone();
        while let Some(id) = open.pop().filter(|_| seen.len() < MOST_CAUSES) {
            if let Some(number) = numbers.get(&id) {
                rows.insert(*number);
            } else if seen.insert(id)
                && let Some(cause) = trace.record(id)
            {
                if cause.kind == Kind::Decision {
                    by.insert(id, cause.facts.text("rule").unwrap_or_default().to_owned());
                }
                open.extend(cause.causes);
            }
        }
        let by = by.into_iter().map(|(decision, rule)| By { decision, rule });
        (rows, by.collect())
    }
}

/// What is told of the first record of a row.
struct Head {
    record: Record,
    sentence: String,
    fails: bool,
    /// Other records of the row.
    with: BTreeSet<RecordId>,
    card: Option<Card>,
}

/// The rows of a trace, without what stands between them.
#[derive(Default)]
struct Found {
    heads: Vec<Head>,
}

impl Found {
    fn of(run: &Run<'_>, words: &dyn Words) -> Self {
        let mut found = Self::default();
        let mut cards = Cards::default();
        for packed in run.trace {
            if matches!(packed.kind, Kind::Decision | Kind::Apdu) {
                continue;
            }
            let record = packed.unpack();
            let card = cards.changed(&record, run.trace);
            match record.kind {
                Kind::Directory => found.directory(record),
                Kind::EffectDone => found.done(&record),
                _ => {
                    let described = || card.as_ref().map(|card| format!("{} says what is on it", card.name));
                    let told = words.sentence(&record).or_else(|| stored(&record)).or_else(described);
                    if let Some(sentence) = told {
                        let (with, fails) = (BTreeSet::new(), fails(&record));
                        found.heads.push(Head { record, sentence, fails, with, card });
                    }
                }
            }
        }
        found
    }

    /// Accesses one after the other are one row.
    fn directory(&mut self, record: Record) {
        let op = record.facts.text("op").unwrap_or("access").to_owned();
        match self.heads.last_mut() {
            Some(last)
                if last.record.kind == Kind::Directory
                    && last.record.actor == record.actor
                    && last.record.at == record.at =>
            {
                last.sentence = format!("{}, {op}", last.sentence);
                last.with.insert(record.id);
            }
            _ => {
                let sentence = format!("{} asks the directory: {op}", record.actor);
                self.heads.push(Head { record, sentence, fails: false, with: BTreeSet::new(), card: None });
            }
        }
    }

    /// An access that fails says so in its row.
    fn done(&mut self, record: &Record) {
        let Some(code) = record.facts.text("code").filter(|code| !code.ends_with("S_OK")) else { return };
        let is_cause =
            |head: &Head| record.causes.iter().any(|cause| *cause == head.record.id || head.with.contains(cause));
        if let Some(last) = self.heads.last_mut().filter(|head| head.record.kind == Kind::Directory && is_cause(head)) {
            last.sentence = format!("{} fails ({code})", last.sentence);
            last.fails = true;
            last.with.insert(record.id);
        }
    }
}

/// What happens in a store of certificates, of requests or of keys. A story in sentences does without it.
fn stored(record: &Record) -> Option<String> {
    if record.kind != Kind::Store {
        return None;
    }
    let facts = &record.facts;
    let fact = |name: &str| facts.get(name).map(plain).unwrap_or_default();
    Some(match (fact("op").as_str(), fact("store").as_str()) {
        ("put", "request") => format!("REQUEST of {}: {}, {}", record.actor, fact("template"), fact("stage")),
        ("remove", "request") => format!("REQUEST of {}: {} is gone", record.actor, fact("template")),
        ("add", "my") if facts.get("archived") == Some(&Fact::Flag(true)) => {
            format!("MY of {}: {}, archived", record.actor, fact("certificate"))
        }
        ("add", "my") => format!("MY of {}: {}", record.actor, fact("certificate")),
        ("new-key", _) => format!("a key for {}: {}", record.actor, fact("container")),
        (op, store) => format!("store {store} of {}: {op}", record.actor),
    })
}

/// Whether a record tells of something that fails.
fn fails(record: &Record) -> bool {
    let code = record.facts.text("code").is_some_and(|code| !code.ends_with("S_OK"));
    let outcome = record.facts.text("outcome") == Some("failed");
    let severity = record.facts.text("severity").is_some_and(|severity| matches!(severity, "error" | "warning"));
    code || outcome
        || (severity && record.kind == Kind::Event)
        || matches!(record.kind, Kind::LogonFailed | Kind::Denied | Kind::CaFailed | Kind::Violation | Kind::Crash)
}
