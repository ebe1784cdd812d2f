//! Where acquisition stands, and what is known by then.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Certificates, Duration, Effect, EnrollmentService, PolicyServer, PrincipalObject, RootDse, Settings, TrustStore,
};

use crate::known::{EnrollmentPolicy, Gathered, PolicyFlags, TemplateEntry};

/// Where acquisition stands. Each state waits for the effect it names and owns what is known by then.
#[derive(Clone, Debug)]
pub(crate) enum Acquisition {
    /// What do policy and registry say?
    Settings,
    /// Which domain controller answers?
    Bind(Gate),
    /// What does the directory trust?
    Trust(Bound),
    /// A local store takes over what its container holds.
    WriteTrust(Mirroring),
    /// The state of the download is remembered.
    WriteCache(Bound),
    /// A policy server tells its policy.
    GetPolicies(Search),
    /// The directory tells its templates.
    Templates(Search),
    /// The directory tells its enrollment services.
    Services(Search),
    /// Who enrolls?
    Principal(Bound, Arc<EnrollmentPolicy>),
}

/// What is known once the policy gate is open.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(super) settings: Settings,
    pub(super) flags: PolicyFlags,
}

/// What is known once a domain controller has answered.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(super) settings: Settings,
    pub(super) flags: PolicyFlags,
    pub(super) root: RootDse,
}

/// What acquisition does next.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "lives for one step; boxing every effect would cost more than it saves")]
pub(crate) enum Next {
    /// Wait for this effect in that state.
    Ask(Effect, Acquisition),
    /// Everything is there.
    Complete(Gathered),
    /// There is nothing for this run to do.
    Nothing,
}

impl Bound {
    pub(super) fn with(self, policy: Arc<EnrollmentPolicy>, principal: PrincipalObject) -> Gathered {
        Gathered { settings: self.settings, flags: self.flags, policy, principal }
    }
}

/// A store is being written; others may follow.
#[derive(Clone, Debug)]
pub(crate) struct Mirroring {
    pub(super) bound: Bound,
    pub(super) store: TrustStore,
    pub(super) rest: VecDeque<(TrustStore, Certificates)>,
    /// Everything has succeeded so far: the next run need not download again.
    pub(super) complete: bool,
}

/// End points that are still to be asked, and what the others have told.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(super) bound: Bound,
    pub(super) rest: VecDeque<PolicyServer>,
    pub(super) found: Found,
    /// How long the policy may be used; `None` when no policy server said so.
    pub(super) fresh_for: Option<Duration>,
}

/// What the sources have told, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) templates: Vec<Arc<TemplateEntry>>,
    pub(super) services: Vec<EnrollmentService>,
}

impl Found {
    /// Policies overlap: what several sources describe counts once, as the first of them describes it.
    pub(super) fn first_of_each(self) -> EnrollmentPolicy {
        let mut policy = EnrollmentPolicy::default();
        for entry in self.templates {
            let same = |known: &Arc<TemplateEntry>| {
                known.template.name == entry.template.name && known.template.oid == entry.template.oid
            };
            if !policy.templates.iter().any(same) {
                policy.templates.push(entry);
            }
        }
        for service in self.services {
            let same = |known: &EnrollmentService| known.name == service.name && known.host == service.host;
            if !policy.services.iter().any(same) {
                policy.services.push(service);
            }
        }
        policy
    }
}
