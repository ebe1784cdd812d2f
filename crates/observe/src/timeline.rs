//! Logs of a machine as one story: the records of a trace, in the order of time.

use autoenroll_model::{Duration, EventSource, Facts, FileTime, SimTime};
use autoenroll_trace::{Kind, Trace};

use crate::event::LoggedEvent;
use crate::fields::{self, Meaning, is_machine};
use crate::log::Log;

/// What logs say, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Each thing.
    pub seen: Vec<Seen>,
}

/// One event of a log in the words of the bench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was logged.
    pub time: FileTime,
    /// Whose it is: the account's name without its domain, for a machine the computer's, or a SID where a log has no
    /// name.
    pub actor: String,
    /// What it is: [`Kind::Event`] for an event of the client, otherwise what may start a run.
    pub kind: Kind,
    /// Who wrote it, of the sources that the bench has.
    pub source: Option<EventSource>,
    /// Its number.
    pub id: u16,
    /// The facts that the log carries.
    pub facts: Facts,
    /// Where it comes from.
    pub origin: Origin,
}

/// The place of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file, by its index.
    pub file: usize,
    /// The log, such as `Application`.
    pub channel: String,
    /// Its number within the log.
    pub record: Option<u64>,
}

impl Timeline {
    /// What these logs say. An event that several of them have is told once.
    #[must_use]
    pub fn new(logs: &[Log]) -> Self {
        let all = logs.iter().enumerate().flat_map(|(file, log)| log.events.iter().map(move |event| (file, event)));
        let mut seen: Vec<Seen> = all.filter_map(|(file, event)| Seen::new(file, event)).collect();
        // Windows keeps 100 ns; what falls into one tick stays in the order of its log.
        seen.sort_by(|one, other| (one.time, &one.origin.channel, one.origin.record).cmp(&other.order()));
        seen.dedup_by(|later, first| later.is_same(first));
        Self { seen }
    }

    /// The events of the client, which a prediction can be about.
    pub fn events(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| seen.kind == Kind::Event)
    }

    /// The same as records; time counts from the first of them.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let mut trace = Trace::new();
        for seen in &self.seen {
            trace.push(self.at(seen), &seen.actor, seen.kind, seen.facts.clone(), Vec::new());
        }
        trace
    }

    /// When something was logged, counted from the first of all.
    #[must_use]
    pub fn at(&self, seen: &Seen) -> SimTime {
        let start = self.seen.first().map_or(seen.time, |first| first.time);
        SimTime::START + start.until(seen.time)
    }

    /// How much time the logs tell of.
    #[must_use]
    pub fn span(&self) -> Duration {
        self.seen.last().map_or(Duration::ZERO, |last| self.at(last).since(SimTime::START))
    }
}

impl Seen {
    fn new(file: usize, event: &LoggedEvent) -> Option<Self> {
        let computer = event.computer.split('.').next().unwrap_or_default().to_owned();
        let (kind, source, actor, facts) = match fields::meaning(event)? {
            Meaning::Client(source) => {
                let facts = Facts::new().with("source", fields::source(&event.provider)).with("id", event.id);
                let mut facts = facts.with_some("severity", event.severity().map(|severity| severity.as_str()));
                for (name, fact) in fields::facts(source, event).iter() {
                    facts.set(name, fact.clone());
                }
                let actor = match facts.text("context") {
                    Some(context) if !is_machine(context) => account_name(context).to_owned(),
                    _ => computer,
                };
                (Kind::Event, source, actor, facts)
            }
            Meaning::Surroundings(kind, facts) => {
                let user = event.fields.iter().find(|field| field.name == "UserSid").map(|field| &field.value);
                let user = user.or(event.user.as_ref()).filter(|sid| *sid != LOCAL_SYSTEM_SID);
                let of_user = matches!(kind, Kind::Logon | Kind::Logoff) || matches!(event.id, 1501 | 1503);
                let actor = user.filter(|_| of_user).unwrap_or(&computer).clone();
                (kind, None, actor, facts.with("computer", computer.as_str()))
            }
        };
        let origin = Origin { file, channel: event.channel.clone(), record: event.record };
        Some(Self { time: event.time, actor, kind, source, id: event.id, facts, origin })
    }

    fn order(&self) -> (FileTime, &String, Option<u64>) {
        (self.time, &self.origin.channel, self.origin.record)
    }

    /// Whether it is the same record of the same log, read from another file.
    fn is_same(&self, other: &Self) -> bool {
        self.origin.record.is_some()
            && self.order() == other.order()
            && (self.kind, self.id, &self.facts) == (other.kind, other.id, &other.facts)
    }
}

/// [MS-DTYP] 2.4.2.4.
const LOCAL_SYSTEM_SID: &str = "S-1-5-18";

/// An account without its domain.
pub(crate) fn account_name(context: &str) -> &str {
    context.rsplit('\\').next().unwrap_or(context)
}
