//! Where acquisition stands, and what is known by then.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;

use autoenroll_model::{
    Certificates, Duration, Effect, HResult, PolicyServer, PrincipalObject, RootDse, Settings, TrustStore,
};

use crate::known::{EnrollmentPolicy, Found, Gathered, PolicyFlags};

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
    /// The policy server of that URL tells its policy.
    GetPolicies(String, Search),
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
    pub(super) settings: Arc<Settings>,
    pub(super) flags: PolicyFlags,
}

/// What is known once a domain controller has answered.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(super) settings: Arc<Settings>,
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
    pub(super) fn with(self, policy: Arc<EnrollmentPolicy>, principal: Arc<PrincipalObject>) -> Gathered {
        Gathered { settings: self.settings, flags: self.flags, policy, principal, site: self.root.site }
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

/// Groups of which no end point has answered yet, and what the others have told.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(super) bound: Bound,
    /// The first is being asked; without policy servers there is none, and the directory is read.
    pub(super) groups: VecDeque<Group>,
    pub(super) found: Found,
    /// How long the policy may be used; `None` when no policy server said so.
    pub(super) fresh_for: Option<Duration>,
    /// Of every group that was asked, an end point has answered.
    pub(super) complete: bool,
}

/// The end points of one policy.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// `PolicyID`.
    pub(super) id: String,
    /// Those that have not been asked, in the order in which they will be.
    pub(super) end_points: VecDeque<PolicyServer>,
    /// With which code those that were asked have failed.
    pub(super) failure: Option<HResult>,
}
