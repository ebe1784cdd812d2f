//! What is kept for each principal while it is logged on or booted.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, Text};
use autoenroll_trace::{Kind, Record};

/// One state for each principal, which begins anew with each logon and boot, and with each core.
#[derive(Clone, Debug)]
pub(crate) struct Sessions<S>(BTreeMap<String, S>);

impl<S> Default for Sessions<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S: Default> Sessions<S> {
    /// Forgets what was before a logon or a boot, or before a core ended.
    pub(crate) fn observe(&mut self, record: &Record) {
        if matches!(record.kind, Kind::Logon | Kind::Boot | Kind::Crash) {
            for principal in users(record) {
                self.0.remove(principal.as_str());
            }
        }
    }

    /// The state of a principal.
    pub(crate) fn of(&mut self, principal: &str) -> &mut S {
        if !self.0.contains_key(principal) {
            self.0.insert(principal.to_owned(), S::default());
        }
        self.0.get_mut(principal).expect("it was put in above")
    }

    /// Ends the state of a principal before its session ends.
    pub(crate) fn take(&mut self, principal: &str) -> S {
        self.0.remove(principal).unwrap_or_default()
    }
}

/// The actor of a record, and the users that it names.
pub(crate) fn users(record: &Record) -> impl Iterator<Item = &Text> {
    let named = match record.facts.get("users") {
        Some(Fact::List(users)) => users.as_slice(),
        _ => &[],
    };
    let named = named.iter().filter_map(|user| if let Fact::Text(name) = user { Some(name) } else { None });
    std::iter::once(&record.actor).chain(named)
}
