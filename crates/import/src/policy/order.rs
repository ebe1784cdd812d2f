//! In which order the objects of one source are applied: none says.

use crate::finding::{Finding, Reason};
use crate::{Half, PolicyObject};

/// Says how several objects of one source are applied: `how` is their order.
pub(super) fn say(source: &str, objects: &[PolicyObject], how: &str, findings: &mut Vec<Finding>) {
    let sets = |object: &&PolicyObject| {
        [Half::Machine, Half::User].iter().any(|half| object.half(*half).is_some_and(|file| !file.settings.is_empty()))
    };
    let names: Vec<String> = objects.iter().filter(sets).map(|object| format!("`{}`", object.name)).collect();
    if names.len() < 2 {
        return;
    }
    let why = format!(
        "{} objects are applied {how}, each to everybody: {}; links, filters and precedence are not in it, so name \
         those that count one by one, the one with the highest precedence last",
        names.len(),
        names.join(", ")
    );
    findings.push(Finding::new(source, "order", "", Reason::Kept(why)));
}
