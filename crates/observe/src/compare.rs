//! What a log says beside what a story predicts.

use std::collections::BTreeSet;
use std::fmt;

use autoenroll_model::{Duration, EventSource, Fact, Facts, FileTime, SimTime};
use autoenroll_trace::{Kind, Record, Records};

use crate::align::align;
use crate::fields::{is_machine, rule_of};
use crate::identities::{Conflict, Identities, Identity};
use crate::timeline::{Seen, Timeline};

/// The most pairs of a predicted and a logged event that are tried.
const MOST_TRIED: usize = 20_000_000;
/// How much earlier and later than the story a log may tell of it: what takes no time there takes some in the world.
const SLACK: Duration = Duration::MINUTE;
/// The most rules that are named for one difference.
const MOST_RULES: usize = 4;
/// The rules by which anything is logged at all: they are behind each event.
const LOGGED: &[&str] = &["P7.43", "R095"];

/// How a log and a prediction go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// Events of the log within the story, with their partners, in the order of the log.
    pub pairs: Vec<Pair<'a>>,
    /// What is predicted and not in the log, in the order of the story. Whether it happened is unknown.
    pub unknown: Vec<&'a Record>,
    /// How many events of the log lie before or behind the story, or are of a provider that the bench does not have.
    pub outside: usize,
    /// Who in the log is who in the story.
    pub identities: Vec<(Identity, Identity)>,
    /// When the story begins, by the first pair.
    pub start: Option<FileTime>,
}

impl Comparison<'_> {
    /// When an event was logged, by the clock of the story; its start for what came before it.
    #[must_use]
    pub fn at(&self, seen: &Seen) -> SimTime {
        SimTime::START + self.start.map_or(Duration::ZERO, |start| start.until(seen.time))
    }
}

/// An event of a log and what it is in the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The event.
    pub seen: &'a Seen,
    /// The prediction that it goes with; none when nothing like it is predicted.
    pub predicted: Option<&'a Record>,
    /// In what they differ; empty when they agree in all that both say.
    pub differences: Vec<Difference>,
}

/// One thing in which a log and a prediction differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: What,
    /// What is predicted.
    pub predicted: String,
    /// What the log says.
    pub found: String,
    /// The entries of the requirement catalogue that this contradicts: that of the event first, then the rules by which
    /// it came about. An event with a number that the bench does not have may have no entry.
    pub rules: Vec<String>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The provider.
    Source,
    /// The number.
    Number,
    /// The severity.
    Severity,
    /// A fact of that name.
    Fact(&'static str),
    /// Which of two events comes first.
    Order,
    /// Nothing like it is predicted.
    Unpredicted,
}

impl What {
    /// One word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Number => "id",
            Self::Severity => "severity",
            Self::Fact(name) => name,
            Self::Order => "order",
            Self::Unpredicted => "unpredicted",
        }
    }
}

/// The log and the prediction have too many events to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooManyEvents {
    /// How many the log has.
    pub logged: usize,
    /// How many are predicted.
    pub predicted: usize,
}

impl fmt::Display for TooManyEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logged, predicted } = self;
        write!(
            f,
            "{logged} events of the log are too many to be compared with {predicted} predicted ones; export only the \
             time that the story is about"
        )
    }
}

impl std::error::Error for TooManyEvents {}

/// Compares a log with the events of a trace.
///
/// Events go together by provider, number and what they are about. Users, computers, certificates and requests may have
/// other names in the log, but consistently; templates, CAs, codes and severities must be the same. A fact that only
/// one of them has is not compared.
///
/// # Errors
/// When there are too many of them.
pub fn compare<'a>(timeline: &'a Timeline, trace: &'a Records) -> Result<Comparison<'a>, TooManyEvents> {
    let (seen, other): (Vec<&Seen>, Vec<&Seen>) = timeline.events().partition(|seen| seen.source.is_some());
    let predicted: Vec<&Record> = trace.records().iter().filter(|record| record.kind == Kind::Event).collect();
    if seen.len().saturating_mul(predicted.len()) > MOST_TRIED {
        return Err(TooManyEvents { logged: seen.len(), predicted: predicted.len() });
    }
    let aligned = align(predicted.len(), seen.len(), |i, j| score(predicted[i], seen[j]));
    let start = aligned.first().map(|(i, j)| seen[*j].time - predicted[*i].at.since(SimTime::START));
    let told = told(&seen, &aligned, start, trace);
    let strays = strays(&predicted, &seen, &aligned, &told);
    let mut identities = Identities::default();
    let mut pairs = Vec::new();
    for j in &told {
        let in_order = aligned.iter().find(|(_, other)| other == j).map(|(i, _)| *i);
        let stray = strays.iter().find(|(_, other)| other == j).map(|(i, _)| *i);
        let seen_here = seen[*j];
        let partner = in_order.or(stray).map(|i| predicted[i]);
        let mut differences = match partner {
            Some(record) => differ(record, seen_here, trace, &mut identities),
            None => vec![unpredicted(seen_here)],
        };
        if let Some(i) = stray
            && let Some(neighbour) = overtaken(i, *j, &aligned, &predicted)
        {
            differences.push(order(predicted[i], predicted[neighbour], i < neighbour, trace));
        }
        pairs.push(Pair { seen: seen_here, predicted: partner, differences });
    }
    let partnered: BTreeSet<usize> = aligned.iter().chain(&strays).map(|(i, _)| *i).collect();
    let unknown = predicted.iter().enumerate().filter(|(i, _)| !partnered.contains(i)).map(|(_, record)| *record);
    Ok(Comparison {
        unknown: unknown.collect(),
        outside: seen.len() - pairs.len() + other.len(),
        pairs,
        identities: identities.into_pairs(),
        start,
    })
}

/// The events of the log that lie within the story: between its begin and end, or between two that are paired. When
/// nothing is paired, all of them.
fn told(seen: &[&Seen], aligned: &[(usize, usize)], start: Option<FileTime>, trace: &Records) -> Vec<usize> {
    let Some((start, ((_, first), (_, last)))) = start.zip(aligned.first().zip(aligned.last())) else {
        return (0..seen.len()).collect();
    };
    let length = trace.records().last().map_or(Duration::ZERO, |last| last.at.since(SimTime::START));
    let (from, to) = (start - SLACK, start + length + SLACK);
    let within = |j: &usize| (*first..=*last).contains(j) || (from..=to).contains(&seen[*j].time);
    (0..seen.len()).filter(within).collect()
}

/// Events that have the same provider, number and subject as one that is predicted elsewhere.
fn strays(predicted: &[&Record], seen: &[&Seen], aligned: &[(usize, usize)], told: &[usize]) -> Vec<(usize, usize)> {
    let mut taken: BTreeSet<usize> = aligned.iter().map(|(i, _)| *i).collect();
    let mut strays = Vec::new();
    for j in told.iter().filter(|j| aligned.iter().all(|(_, other)| other != *j)) {
        let fits = |i: &usize| !taken.contains(i) && score(predicted[*i], seen[*j]).is_some_and(|score| score >= SAME);
        if let Some(i) = (0..predicted.len()).find(fits) {
            taken.insert(i);
            strays.push((i, *j));
        }
    }
    strays
}

/// The predicted event that a stray one should not have passed. Within one instant of the story events of different
/// logs have no order.
fn overtaken(i: usize, j: usize, aligned: &[(usize, usize)], predicted: &[&Record]) -> Option<usize> {
    let passed = aligned.iter().filter(|(other, at)| (*other < i) != (*at < j)).map(|(other, _)| *other);
    let claims = |other: &usize| {
        let (one, other) = (predicted[i], predicted[*other]);
        one.at != other.at || one.facts.text("source") == other.facts.text("source")
    };
    passed.filter(claims).min_by_key(|other| other.abs_diff(i))
}

/// What two events of one provider and number score at least, when they are not about different things.
const SAME: i32 = 1000;

/// How well a prediction and an event go together.
fn score(record: &Record, seen: &Seen) -> Option<i32> {
    let (source, id) = (source_of(record)?, id_of(record)?);
    let agree = |name: &'static str| {
        let (one, other) = (record.facts.get(name)?, seen.facts.get(name)?);
        Some(is_equal(name, one, other))
    };
    let about = ["template", "ca", "code"].map(agree);
    let same = |found: &Option<bool>| *found == Some(true);
    let base = match (seen.source == Some(source), seen.id == id) {
        (true, true) => SAME,
        // Classic and later sources share their numbers for results.
        (false, true) if about.iter().any(same) => 500,
        (true, false) if about.iter().any(same) => 300,
        _ => return None,
    };
    let points = about.iter().flatten().map(|equal| if *equal { 20 } else { -20 }).sum::<i32>();
    let context = match (record.facts.text("context"), seen.facts.text("context")) {
        (Some(one), Some(other)) if is_machine(one) != is_machine(other) => -200,
        (Some(one), Some(other)) if account(one) == account(other) => 10,
        _ => 0,
    };
    // A different context or template is another happening first, and a difference only where nothing fits better.
    Some(base + points + context + 100)
}

/// In what an event differs from its prediction.
fn differ(record: &Record, seen: &Seen, trace: &Records, identities: &mut Identities) -> Vec<Difference> {
    let mut found = unequal(record, seen);
    let mut pair = |name: &'static str, story: Identity, log: Identity| {
        found.extend(identities.pair(&story, &log).err().map(|conflict| unlike(name, &story, &log, conflict)));
    };
    if is_machine_event(&record.facts) == is_machine_event(&seen.facts) {
        pair("context", Identity::Principal(record.actor.to_string()), Identity::Principal(seen.actor.clone()));
    }
    for name in ["certificate", "new-certificate"] {
        if let (Some(one), Some(other)) = (record.facts.get(name), seen.facts.get(name)) {
            pair(name, Identity::Certificate(plain(one)), Identity::Certificate(plain(other)));
        }
    }
    if let (Some(Fact::Number(one)), Some(Fact::Number(other))) =
        (record.facts.get("request-id"), seen.facts.get("request-id"))
    {
        let ca = record.facts.text("ca").unwrap_or_default();
        pair("request-id", Identity::Request(ca.to_owned(), *one), Identity::Request(ca.to_owned(), *other));
    }
    let rules = rules(record, trace);
    let difference = |(what, predicted, found)| Difference { what, predicted, found, rules: rules.clone() };
    found.into_iter().map(difference).collect()
}

/// What is predicted, and what is found instead.
type Unequal = (What, String, String);

/// The facts that must be equal and are not.
fn unequal(record: &Record, seen: &Seen) -> Vec<Unequal> {
    let of_event = [(What::Source, "source"), (What::Number, "id"), (What::Severity, "severity")];
    let of_request = ["template", "ca", "code", "store", "url"].map(|name| (What::Fact(name), name));
    let mut unequal = Vec::new();
    for (what, name) in of_event.into_iter().chain(of_request) {
        if let (Some(one), Some(other)) = (record.facts.get(name), seen.facts.get(name))
            && !is_equal(name, one, other)
        {
            unequal.push((what, plain(one), plain(other)));
        }
    }
    if let (Some(one), Some(other)) = (record.facts.get("context"), seen.facts.get("context"))
        && is_machine_event(&record.facts) != is_machine_event(&seen.facts)
    {
        unequal.push((What::Fact("context"), plain(one), plain(other)));
    }
    unequal
}

/// Two that do not go together.
fn unlike(name: &'static str, story: &Identity, log: &Identity, conflict: Conflict) -> Unequal {
    let Conflict { in_log, in_story } = conflict;
    let so_far = |known: Option<Identity>| known.map(|known| format!(" ({known} so far)")).unwrap_or_default();
    (What::Fact(name), format!("{story}{}", so_far(in_log)), format!("{log}{}", so_far(in_story)))
}

/// Whether an event is about the machine's certificates; `None` when it does not say.
fn is_machine_event(facts: &Facts) -> Option<bool> {
    facts.text("context").map(is_machine)
}

fn unpredicted(seen: &Seen) -> Difference {
    let rules = seen.source.map(|source| rule_of(source, seen.id)).into_iter().collect();
    let found = format!("{} {}", seen.source.map_or("", |source| source.as_str()), seen.id);
    Difference { what: What::Unpredicted, predicted: "nothing like it".to_owned(), found, rules }
}

fn order(record: &Record, neighbour: &Record, before: bool, trace: &Records) -> Difference {
    let name = |record: &Record| {
        let part = |name: &str| record.facts.get(name).map(plain).unwrap_or_default();
        format!("{} {}", part("source"), part("id"))
    };
    let (first, second) = if before { ("before", "after") } else { ("after", "before") };
    Difference {
        what: What::Order,
        predicted: format!("{first} {}", name(neighbour)),
        found: format!("{second} it"),
        rules: rules(record, trace),
    }
}

/// The entry of a predicted event, and the decisions that led to it at once.
fn rules(record: &Record, trace: &Records) -> Vec<String> {
    let mut rules: Vec<String> =
        source_of(record).zip(id_of(record)).map(|(source, id)| rule_of(source, id)).into_iter().collect();
    let causes = |record: &Record| record.causes.iter().filter_map(|id| trace.get(*id)).collect::<Vec<_>>();
    let direct = causes(record);
    let further = direct.iter().filter(|cause| cause.kind != Kind::Decision).flat_map(|cause| causes(cause));
    // Decisions since the last thing that came about say why, where they are about the same.
    let last = direct.iter().filter(|cause| cause.kind != Kind::Decision).map(|cause| cause.id).max();
    let since = trace.records().iter().take(record.id.0 as usize).skip(last.map_or(usize::MAX, |id| id.0 as usize));
    let since = since.filter(|other| other.actor == record.actor && is_about_the_same(other, record));
    let decisions = direct.iter().copied().chain(further).chain(since).filter(|cause| cause.kind == Kind::Decision);
    for rule in decisions.filter_map(|decision| decision.facts.text("rule")) {
        if !LOGGED.contains(&rule) && rules.len() < MOST_RULES && !rules.iter().any(|known| known == rule) {
            rules.push(rule.to_owned());
        }
    }
    rules
}

/// Whether a decision is made on the code of an event, or does not hold for its template.
fn is_about_the_same(decision: &Record, event: &Record) -> bool {
    let equal =
        |name: &str, other: &str| event.facts.get(other).is_some_and(|value| decision.facts.get(name) == Some(value));
    let holds = decision.facts.get("outcome") == Some(&Fact::Flag(true));
    equal("code", "code") || (!holds && equal("subject", "template"))
}

fn source_of(record: &Record) -> Option<EventSource> {
    record.facts.text("source")?.parse().ok()
}

fn id_of(record: &Record) -> Option<u16> {
    match record.facts.get("id") {
        Some(Fact::Number(id)) => u16::try_from(*id).ok(),
        _ => None,
    }
}

/// Whether a log means what the story says. The directory does not tell names apart by case, a template may be written
/// with its display name, and the same code has a name or none.
fn is_equal(name: &str, predicted: &Fact, found: &Fact) -> bool {
    let (Fact::Text(one), Fact::Text(other)) = (predicted, found) else { return predicted == found };
    let folded = |text: &str| text.chars().filter(|c| *c != ' ').flat_map(char::to_lowercase).collect::<String>();
    match name {
        "template" => folded(one) == folded(other),
        "code" => one.split(' ').next() == other.split(' ').next(),
        _ => one.to_lowercase() == other.to_lowercase(),
    }
}

fn account(context: &str) -> String {
    crate::timeline::account_name(context).to_lowercase()
}

fn plain(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}
