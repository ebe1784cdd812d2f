//! Operations of providers, requests and prompts that are not over. Their ends refer to their beginnings, which a trace
//! may have forgotten by then.

use std::collections::BTreeMap;

use autoenroll_trace::{Kind, Record, RecordId};

use crate::session::users;

/// The most that are kept; of more the oldest go, and are looked for in the trace. So many effects may be open by the
/// contract, too.
pub(crate) const MOST: usize = 65_536;

/// The records of their beginnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open(BTreeMap<RecordId, Record>);

impl Open {
    pub(crate) fn get(&self, id: RecordId) -> Option<&Record> {
        self.0.get(&id)
    }

    /// A record has been checked by all.
    pub(crate) fn observe(&mut self, record: &Record) {
        match record.kind {
            Kind::Card | Kind::Software | Kind::Request | Kind::Prompt | Kind::PromptChanged => {
                if self.0.len() >= MOST {
                    self.0.pop_first();
                }
                self.0.insert(record.id, record.clone());
            }
            // What is abandoned is carried out all the same, and its end refers to it.
            Kind::CardDone | Kind::EffectDone => {
                self.0.retain(|id, open| is_prompt(open) || !record.causes.contains(id));
            }
            Kind::Answer | Kind::PromptWithdrawn => {
                let point = record.facts.text("prompt").or(record.facts.text("point"));
                let is_it =
                    |open: &Record| is_prompt(open) && open.actor == record.actor && open.facts.text("point") == point;
                self.0.retain(|_, open| !is_it(open));
            }
            Kind::Logon | Kind::Boot | Kind::Crash => {
                self.0.retain(|_, open| !users(record).any(|principal| *principal == open.actor));
            }
            _ => {}
        }
    }
}

const fn is_prompt(open: &Record) -> bool {
    matches!(open.kind, Kind::Prompt | Kind::PromptChanged)
}
