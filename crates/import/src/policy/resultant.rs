//! What several Group Policy objects set together.

use super::merge::{Origin, Registry};
use super::settings;
use crate::finding::Finding;
use crate::{Half, HalfPolicy, Policy};

/// One half of all objects together.
pub(crate) struct Resultant {
    /// What it sets; `None` when no source says anything of this half.
    pub(crate) policy: Option<HalfPolicy>,
    /// What is not taken over, and which objects contradict each other.
    pub(crate) findings: Vec<Finding>,
}

/// Carries out one half of all objects, in their order. As in a registry that is empty before, a value is what the last
/// object sets it to, and an object that does not name a value leaves it as it is.
pub(crate) fn resultant(policy: &Policy, half: Half) -> Resultant {
    let mut registry = Registry::default();
    let mut known = false;
    for (number, group) in policy.groups.iter().enumerate() {
        let several = group.objects.iter().filter_map(|object| object.half(half)).count() > 1;
        registry.begin(several);
        for (position, object) in group.objects.iter().enumerate() {
            let Some(file) = object.half(half) else { continue };
            known = true;
            let by = Origin { group: number, object: position, name: &object.name, file };
            for setting in &file.settings {
                registry.carry_out(by, setting);
            }
        }
    }
    let mut policy = HalfPolicy::default();
    let mut findings = registry.findings();
    settings::apply(&registry.in_force(), half, &mut policy, &mut findings);
    Resultant { policy: known.then_some(policy), findings }
}
