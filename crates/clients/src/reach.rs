//! What no client outside can be shown by a story as a whole: why it is not played for one.

use std::collections::BTreeMap;
use std::fmt;

use autoenroll_trace::{Kind, Trace};
use autoenroll_world::action::{Change, PrincipalEdit};
use autoenroll_world::{Action, WorldSpec};

use crate::adapter::{Adapter, Capability};
use crate::script::Done;

/// Why a story is not played for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutOfReach {
    /// Users are asked in it.
    Prompts,
    /// It has cards.
    Cards,
    /// Cores end or machines crash in it, or their own effects fail.
    Faults,
    /// Users or computers get other names, or somebody changes their stores by hand.
    Hands,
    /// The wall clock is set.
    Clock,
    /// Users log on at several computers.
    Roaming,
    /// There is no CA.
    NoAuthority,
    /// Nothing in it triggers anything that the client runs for.
    Nobody,
    /// It has more triggers than are played.
    Long,
    /// It needs something that the client lacks.
    Lacks(Capability),
}

impl fmt::Display for OutOfReach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prompts => "users are asked in it",
            Self::Cards => "it has smart cards",
            Self::Faults => "cores or machines fail in it",
            Self::Hands => "names or stores are changed in it by hand",
            Self::Clock => "the wall clock is set in it",
            Self::Roaming => "users are at several computers in it",
            Self::NoAuthority => "it has no CA",
            Self::Nobody => "nobody is in it whom the client runs for",
            Self::Long => "it has too many triggers",
            Self::Lacks(capability) => return write!(f, "the client lacks `{capability}`"),
        })
    }
}

/// The first thing in a story, as our own core has played it, that is out of reach.
pub(crate) fn first(spec: &WorldSpec, trace: &Trace, done: &[Done], adapter: &Adapter) -> Option<OutOfReach> {
    let has = |kind: Kind| trace.of(kind).next().is_some();
    let lacks = |needed: Capability| (!adapter.has.contains(&needed)).then_some(OutOfReach::Lacks(needed));
    if has(Kind::Card) || has(Kind::Insert) || has(Kind::CardLogon) {
        return Some(OutOfReach::Cards);
    }
    if has(Kind::Prompt) || has(Kind::Balloon) || has(Kind::Icon) {
        return Some(OutOfReach::Prompts);
    }
    if spec.authorities.is_empty() {
        return Some(OutOfReach::NoAuthority);
    }
    if roams(done) {
        return Some(OutOfReach::Roaming);
    }
    let changes = spec.changes.iter().map(|scheduled| &scheduled.change);
    let acted = done.iter().filter_map(|done| match &done.action {
        Action::Change(change) => Some(change),
        _ => None,
    });
    if let Some(hit) = changes.chain(acted).find_map(of_change) {
        return Some(hit);
    }
    if done.iter().any(|done| matches!(done.action, Action::EndCore { .. } | Action::Crash { .. })) {
        return Some(OutOfReach::Faults);
    }
    if spec.stores.iter().any(|store| !store.requests.is_empty()) {
        return Some(OutOfReach::Hands);
    }
    if spec.stores.iter().any(|store| !store.certificates.is_empty())
        && let Some(lacks) = lacks(Capability::Seeded)
    {
        return Some(lacks);
    }
    if !spec.policy.policy_servers.is_empty() || !spec.policy_services.is_empty() {
        return lacks(Capability::PolicyServers);
    }
    None
}

/// Whether somebody logs on at more than one computer: a client has one store for each user.
fn roams(done: &[Done]) -> bool {
    let mut at = BTreeMap::new();
    done.iter().any(|done| match &done.action {
        Action::Logon { user, computer } => at.insert(user, computer).is_some_and(|before| before != computer),
        _ => false,
    })
}

fn of_change(change: &Change) -> Option<OutOfReach> {
    match change {
        Change::Effect { .. } => Some(OutOfReach::Faults),
        Change::WallClock(_) => Some(OutOfReach::Clock),
        Change::Principal { edit, .. } => match edit {
            PrincipalEdit::Mail(_) => None,
            _ => Some(OutOfReach::Hands),
        },
        Change::Settings { .. } | Change::DeleteCertificate { .. } | Change::DeleteRequest { .. } => {
            Some(OutOfReach::Hands)
        }
        Change::CardFault { .. } => Some(OutOfReach::Cards),
        Change::PolicyServers(_) | Change::PolicyServiceReachable { .. } | Change::PolicyServiceFailure { .. } => {
            Some(OutOfReach::Lacks(Capability::PolicyServers))
        }
        _ => None,
    }
}
