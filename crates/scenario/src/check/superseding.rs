//! Templates that supersede each other in a cycle: a directory may have such, but seldom on purpose.

use std::collections::{BTreeMap, BTreeSet};

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lower::name_of;
use crate::source::{FileId, Span, Spanned};
use crate::tree::Table;

/// Warns of each cycle that the file itself closes, at the name that does.
pub(super) fn check(worlds: &[Table], found: &mut Diagnostics) {
    let mut told: BTreeSet<Span> = BTreeSet::new();
    for world in worlds {
        let mut superseded = Superseded::of(world);
        while let Some(cycle) = superseded.cycle() {
            cycle.iter().for_each(|name| superseded.remove(name.value));
            let own = cycle.iter().rev().find(|name| name.span.file == FileId::OWN);
            let Some(at) = own.filter(|name| told.insert(name.span)) else { continue };
            let names: Vec<String> = cycle.iter().map(|name| format!("`{}`", name.value)).collect();
            let message = format!("{} supersede each other", names.join(" and "));
            let help = "where all of them are candidates, none is enrolled".to_owned();
            found.push(Diagnostic::warning(Code::SupersedingCycle, message, at.span).help(help));
        }
    }
}

/// Which templates supersede which, of those that can be in a cycle.
#[derive(Default)]
struct Superseded<'a> {
    /// The names that each template supersedes, but its own, which nothing comes of.
    names: BTreeMap<&'a str, Vec<Spanned<&'a str>>>,
    /// How many of them are left.
    left: BTreeMap<&'a str, usize>,
    /// By which each is superseded, as often as it is named.
    by: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Superseded<'a> {
    /// Of two templates of one name the last counts.
    fn of(world: &'a Table) -> Self {
        let mut all = Self::default();
        for table in world.tables("template") {
            let own = name_of(table).value;
            all.names.insert(own, table.texts("supersedes").filter(|old| old.value != own).collect());
        }
        for (name, superseded) in &all.names {
            let there = superseded.iter().filter(|old| all.names.contains_key(old.value));
            there.clone().for_each(|old| all.by.entry(old.value).or_default().push(name));
            all.left.insert(name, there.count());
        }
        let ends: Vec<&str> = all.left.iter().filter(|(_, left)| **left == 0).map(|(name, _)| *name).collect();
        ends.into_iter().for_each(|name| all.remove(name));
        all
    }

    /// Takes one away, and what leads to nothing then: that is in no cycle.
    fn remove(&mut self, name: &'a str) {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            if self.left.remove(name).is_none() {
                continue;
            }
            for by in self.by.get(name).into_iter().flatten() {
                if let Some(left) = self.left.get_mut(by) {
                    *left -= 1;
                    open.extend((*left == 0).then_some(*by));
                }
            }
        }
    }

    /// A cycle among those that are left, if there is one: the names by which each template of it leads to the next.
    fn cycle(&self) -> Option<Vec<Spanned<&'a str>>> {
        // Everything that is left leads to something that is left: the way comes back to where it was.
        let mut way: Vec<Spanned<&str>> = Vec::new();
        let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
        let mut at = *self.left.keys().next()?;
        loop {
            let next = *self.names.get(at)?.iter().find(|old| self.left.contains_key(old.value))?;
            if let Some(before) = passed.get(next.value) {
                return Some(way.split_off(before + 1).into_iter().chain([next]).collect());
            }
            passed.insert(next.value, way.len());
            way.push(next);
            at = next.value;
        }
    }
}
