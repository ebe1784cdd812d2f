//! A stage that says what a script tells it to say.

use std::collections::BTreeMap;

use autoenroll_model::{DecisionPoint, Duration, Facts, SimTime};
use autoenroll_scenario::Simulator;
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::action::Change;
use autoenroll_world::{ActError, Action, Look, LookError, OpenPrompt, Stepped, WorldError};

/// Seconds since the start.
pub(crate) const fn s(n: u64) -> Duration {
    Duration::seconds(n)
}

/// Minutes since the start.
pub(crate) const fn m(n: u64) -> Duration {
    Duration::minutes(n)
}

#[derive(Clone)]
struct Said {
    actor: String,
    kind: Kind,
    facts: Facts,
}

/// What is said when, and what is said in answer to actions.
#[derive(Clone, Default)]
pub(crate) struct Script {
    now: SimTime,
    queue: BTreeMap<(SimTime, usize), Said>,
    answers: Vec<(&'static str, Duration, Said)>,
    said: usize,
    trace: Trace,
    open: Vec<DecisionPoint>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// This is said that long after the start.
    pub(crate) fn at(mut self, at: Duration, actor: &str, kind: Kind, facts: &[(&str, &str)]) -> Self {
        self.schedule(SimTime::START + at, said(actor, kind, facts));
        self
    }

    /// This is said that long after an action whose name begins so.
    pub(crate) fn after(
        mut self,
        action: &'static str,
        delay: Duration,
        actor: &str,
        kind: Kind,
        facts: &[(&str, &str)],
    ) -> Self {
        self.answers.push((action, delay, said(actor, kind, facts)));
        self
    }

    fn schedule(&mut self, at: SimTime, said: Said) {
        self.said += 1;
        self.queue.insert((at, self.said), said);
    }

    fn say(&mut self, said: &Said) {
        let point = || said.facts.text("point").and_then(|point| point.parse().ok());
        match said.kind {
            Kind::Prompt => self.open.extend(point()),
            Kind::PromptWithdrawn => self.open.retain(|open| Some(*open) != point()),
            _ => {}
        }
        self.trace.push(self.now, &said.actor, said.kind, said.facts.clone(), Vec::new());
    }
}

fn said(actor: &str, kind: Kind, facts: &[(&str, &str)]) -> Said {
    let facts = facts.iter().fold(Facts::new(), |all, (name, value)| all.with(name, *value));
    Said { actor: actor.to_owned(), kind, facts }
}

impl Simulator for Script {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        let kind = match action {
            Action::Logon { .. } => Kind::Logon,
            Action::Remove { .. } => Kind::Remove,
            Action::Insert { .. } => Kind::Insert,
            Action::Click { .. } => Kind::Click,
            Action::Reply { user, point, .. } => {
                if !self.open.contains(point) {
                    return Err(ActError::NoPrompt { user: user.clone(), point: *point, open: self.open.clone() });
                }
                self.open.retain(|open| open != point);
                Kind::Answer
            }
            _ => Kind::Change,
        };
        match action {
            Action::Change(Change::WallClock(to)) => {
                self.say(&said("world", kind, &[("what", "wall-clock"), ("to", &to.to_string())]));
            }
            _ => self.say(&said("alice", kind, &[])),
        }
        let name = format!("{action:?}");
        for (_, delay, said) in self.answers.clone().into_iter().filter(|(action, ..)| name.starts_with(action)) {
            self.schedule(self.now + delay, said);
        }
        Ok(())
    }

    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        match self.queue.first_entry().filter(|entry| entry.key().0 <= until) {
            Some(entry) => {
                let ((at, _), said) = entry.remove_entry();
                self.now = self.now.max(at);
                self.say(&said);
                Ok(Stepped::Handled)
            }
            None => Ok(Stepped::Quiet),
        }
    }

    fn next_at(&self) -> Option<SimTime> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    fn now(&self) -> SimTime {
        self.now
    }

    fn advance(&mut self, to: SimTime) {
        self.now = self.now.max(self.next_at().map_or(to, |next| next.min(to)));
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn forget_before(&mut self, index: usize) {
        self.trace.forget_before(index);
    }

    fn prompts(&self) -> Vec<OpenPrompt> {
        let prompt = |point: &DecisionPoint| OpenPrompt {
            user: "alice".to_owned(),
            point: *point,
            facts: Facts::new(),
            offers: Vec::new(),
        };
        self.open.iter().map(prompt).collect()
    }

    fn look(&self, _: &Look) -> Result<Facts, LookError> {
        let last = self.trace.iter().rfind(|record| matches!(record.kind, Kind::Icon | Kind::IconHidden));
        Ok(Facts::new().with("icon", last.is_some_and(|record| record.kind == Kind::Icon)))
    }
}
