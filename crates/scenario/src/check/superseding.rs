//! Templates that supersede each other in a cycle: a directory may have such, but seldom on purpose.

use std::collections::BTreeMap;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lower::name_of;
use crate::source::{FileId, Span, Spanned};
use crate::tree::Table;

/// The names that each template supersedes, but its own, which nothing comes of.
type Superseded<'a> = BTreeMap<&'a str, Vec<Spanned<&'a str>>>;

/// Warns of each cycle that the file itself closes, at the name that does.
pub(super) fn check(worlds: &[Table], found: &mut Diagnostics) {
    let mut told: Vec<Span> = Vec::new();
    for world in worlds {
        let mut superseded: Superseded<'_> = world.tables("template").map(supersedes).collect();
        while let Some(cycle) = cycle(&mut superseded) {
            for name in &cycle {
                superseded.remove(name.value);
            }
            let own = cycle.iter().rev().find(|name| name.span.file == FileId::OWN);
            let Some(at) = own.filter(|name| !told.contains(&name.span)) else { continue };
            told.push(at.span);
            let names: Vec<String> = cycle.iter().map(|name| format!("`{}`", name.value)).collect();
            let message = format!("{} supersede each other", names.join(" and "));
            let help = "where all of them are candidates, none is enrolled".to_owned();
            found.push(Diagnostic::warning(Code::SupersedingCycle, message, at.span).help(help));
        }
    }
}

fn supersedes(table: &Table) -> (&str, Vec<Spanned<&str>>) {
    let own = name_of(table).value;
    (own, table.texts("supersedes").filter(|old| old.value != own).collect())
}

/// A cycle among those that are left, if there is one: the names by which each template of it leads to the next.
fn cycle<'a>(superseded: &mut Superseded<'a>) -> Option<Vec<Spanned<&'a str>>> {
    // What leads to nothing is in no cycle; each pass takes something away or is the last.
    loop {
        let names: Vec<&str> = superseded.keys().copied().collect();
        superseded.values_mut().for_each(|old| old.retain(|old| names.binary_search(&old.value).is_ok()));
        superseded.retain(|_, old| !old.is_empty());
        if superseded.len() == names.len() {
            break;
        }
    }
    // Everything that is left leads to something that is left: the way comes back to where it was.
    let mut way: Vec<Spanned<&str>> = Vec::new();
    let mut at = *superseded.keys().next()?;
    loop {
        let next = *superseded.get(at)?.first()?;
        if let Some(before) = way.iter().position(|name| name.value == next.value) {
            return Some(way.split_off(before + 1).into_iter().chain([next]).collect());
        }
        way.push(next);
        at = next.value;
    }
}
