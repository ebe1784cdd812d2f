//! Templates and CAs, as the directory or policy servers offer them, and for how long.

use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{Duration, EnrollmentService, SimTime, Template};

/// Templates and CAs of one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnrollmentPolicy {
    pub(crate) templates: Vec<PolicyTemplateEntry>,
    pub(crate) authorities: Vec<EnrollmentService>,
}

/// A template, and what a policy server says the principal may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyTemplateEntry {
    pub(crate) template: Template,
    /// Enroll and autoenroll, when a policy server resolved them; otherwise the security descriptor decides.
    pub(crate) permissions: Option<(bool, bool)>,
}

/// Templates and CAs kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyCache {
    pub(crate) read_at: SimTime,
    /// How long they may be used without asking again.
    pub(crate) fresh_for: Duration,
    pub(crate) offer: Arc<EnrollmentPolicy>,
}

impl PolicyCache {
    pub(crate) fn is_fresh(&self, now: SimTime) -> bool {
        now.since(self.read_at) < self.fresh_for
    }
}
