//! Certificates that a file describes and that are in no store and on no card.

use std::collections::BTreeSet;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lower::name_of;
use crate::source::{FileId, Spanned};
use crate::tree::Table;

/// Warns of certificates of the file that no variant has in a store or on a card. Extended worlds may keep some for
/// others to use.
pub(super) fn check(worlds: &[Table], found: &mut Diagnostics) {
    let placed: BTreeSet<&str> = worlds.iter().flat_map(placed).collect();
    let known: BTreeSet<&str> = worlds.iter().flat_map(certificates).map(|known| known.value).collect();
    // A name that is none may be meant for any of them, and is reported.
    if !placed.is_subset(&known) {
        return;
    }
    for name in worlds.iter().flat_map(certificates).filter(|name| name.span.file == FileId::OWN) {
        if !placed.contains(name.value) {
            let message = format!("`{}` is in no store and on no card", name.value);
            let help = format!(
                "say in whose store it is with `of`, or let a container of a card hold it: holds = \"{}\"",
                name.value
            );
            found.push(Diagnostic::warning(Code::UnusedCertificate, message, name.span).help(help));
        }
    }
}

/// Those without a template are reported for that.
fn certificates(world: &Table) -> impl Iterator<Item = Spanned<&str>> {
    world.tables("certificate").filter(|table| table.text("template").is_some()).map(name_of)
}

/// The names of certificates in stores and on cards.
fn placed(world: &Table) -> impl Iterator<Item = &str> {
    let in_store = |table: &&Table| {
        table.text("of").is_some() && (table.get("stores").is_none() || table.texts("stores").count() > 0)
    };
    let in_stores = world.tables("certificate").filter(in_store).map(|table| name_of(table).value);
    let containers = world.tables("card").flat_map(|card| card.tables("container"));
    in_stores.chain(containers.filter_map(|container| Some(container.text("holds")?.value)))
}
