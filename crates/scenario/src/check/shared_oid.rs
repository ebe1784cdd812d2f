//! Templates with one object identifier: a directory may have such, but seldom on purpose.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::Oid;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lower::name_of;
use crate::source::{FileId, Span, Spanned};
use crate::tree::Table;

/// Warns of each template of the file whose object identifier another template of the same world has.
pub(super) fn check(worlds: &[Table], found: &mut Diagnostics) {
    let mut told: BTreeSet<Span> = BTreeSet::new();
    for world in worlds {
        let mut known: BTreeMap<Oid, Spanned<&str>> = BTreeMap::new();
        for (oid, name) in world.tables("template").filter_map(identity) {
            let first = match known.get(&oid) {
                Some(first) if name.span.file == FileId::OWN && told.insert(name.span) => *first,
                Some(_) => continue,
                None => {
                    known.insert(oid, name);
                    continue;
                }
            };
            let message = format!("`{}` has the object identifier of `{}`: {oid}", name.value, first.value);
            let help = format!(
                "certificates of either count for `{}`, and the other is enrolled again and again",
                first.value
            );
            found.push(Diagnostic::warning(Code::SharedOid, message, name.span).help(help));
        }
    }
}

/// The object identifier that a template states, and its name.
fn identity(table: &Table) -> Option<(Oid, Spanned<&str>)> {
    Some((table.text("oid")?.value.parse().ok()?, name_of(table)))
}
