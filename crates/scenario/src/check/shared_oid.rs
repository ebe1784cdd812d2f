//! Templates with one object identifier: a directory may have such, but seldom on purpose.

use autoenroll_model::Oid;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lower::name_of;
use crate::source::{FileId, Span, Spanned};
use crate::tree::Table;

/// Warns of each template of the file whose object identifier another template of the same world has.
pub(super) fn check(worlds: &[Table], found: &mut Diagnostics) {
    let mut told: Vec<Span> = Vec::new();
    for world in worlds {
        let identities: Vec<_> = world.tables("template").filter_map(identity).collect();
        for (at, (oid, name)) in identities.iter().enumerate() {
            let first = identities[..at].iter().find(|(other, _)| other == oid);
            let Some((_, first)) = first.filter(|_| name.span.file == FileId::OWN && !told.contains(&name.span)) else {
                continue;
            };
            told.push(name.span);
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
