//! Operations of providers, requests and prompts that are not over. Their ends refer to their beginnings, which a trace
//! may have forgotten by then.

use std::collections::BTreeMap;

use autoenroll_model::{Facts, Text};
use autoenroll_trace::{Kind, Record, RecordId};

use crate::beyond::Beyond;
use crate::session::users;

/// The most that are kept; of more the oldest go, and are looked for in the trace. So many effects may be open by the
/// contract, too.
pub(crate) const MOST: usize = 65_536;

/// The facts of a beginning that laws ask for. Others would make states differ that no law tells apart.
const TOLD: &[&str] = &["op", "card", "container", "pin", "point", "provider", "asked-by"];

/// The records of their beginnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open(BTreeMap<RecordId, Beginning>);

/// What a record says of something that is not over: what it is, whose, and those of [`TOLD`] that it states.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) kind: Kind,
    pub(crate) actor: Text,
    pub(crate) facts: Facts,
}

impl From<&Record> for Beginning {
    fn from(record: &Record) -> Self {
        let told = TOLD.iter().filter_map(|name| Some(((*name).into(), record.facts.get(name)?.clone())));
        // What has changed is asked all the same.
        let kind = if record.kind == Kind::PromptChanged { Kind::Prompt } else { record.kind };
        Self { kind, actor: record.actor.clone(), facts: told.collect() }
    }
}

impl Open {
    pub(crate) fn get(&self, id: RecordId) -> Option<&Beginning> {
        self.0.get(&id)
    }

    /// A record has been checked by all.
    pub(crate) fn observe(&mut self, record: &Record, beyond: &Beyond) {
        match record.kind {
            Kind::Card | Kind::Software | Kind::Request | Kind::Prompt | Kind::PromptChanged => {
                if record.kind == Kind::PromptChanged {
                    // Whatever follows from the prompt follows from how it is now.
                    let point = record.facts.text("point");
                    let is_it = |open: &Beginning| is_prompt(open) && open.facts.text("point") == point;
                    self.0.retain(|id, open| !is_it(open) || !record.causes.contains(id));
                }
                if self.0.len() >= MOST {
                    self.0.pop_first();
                }
                self.0.insert(record.id, record.into());
            }
            // What is abandoned is carried out all the same, and its end refers to it.
            Kind::EffectAbandoned if *beyond != Beyond::NotBegun => {}
            Kind::CardDone | Kind::EffectDone | Kind::EffectAbandoned => {
                self.0.retain(|id, open| is_prompt(open) || !record.causes.contains(id));
            }
            Kind::Answer | Kind::PromptWithdrawn => {
                let point = record.facts.text("prompt").or(record.facts.text("point"));
                let is_it = |open: &Beginning| {
                    is_prompt(open) && open.actor == record.actor && open.facts.text("point") == point
                };
                self.0.retain(|_, open| !is_it(open));
            }
            Kind::Logon | Kind::Boot | Kind::Crash => {
                self.0.retain(|_, open| !users(record).any(|principal| *principal == open.actor));
            }
            _ => {}
        }
    }
}

fn is_prompt(open: &Beginning) -> bool {
    open.kind == Kind::Prompt
}
