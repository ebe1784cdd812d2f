//! LDIF: objects of the directory as `ldapsearch`, `ldifde` and Windows consoles write them.

use autoenroll_wire::ldif::{self, Change};

use crate::Import;
use crate::content::Content;
use crate::finding::{Finding, Reason};
use crate::object::{Whole, object};

pub(crate) fn read(bytes: &[u8]) -> Import {
    let file = ldif::parse(bytes);
    let mut import = Import::default();
    for error in file.errors {
        let place = format!("line {}", error.line);
        import.findings.push(Finding::new(&place, "LDIF", "", Reason::Malformed(format!("RFC 2849 ({error})"))));
    }
    for record in &file.records {
        match &record.change {
            Change::Add(entry) => object(&mut import, &record.dn, entry, Whole::IfRead),
            Change::Modify(_) | Change::Delete | Change::Rename(_) => {
                let reason = Reason::NoWord("changes of objects are not imported; export the objects as they are now");
                import.findings.push(Finding::new(&record.dn, "changetype", "", reason));
            }
        }
    }
    import
}

/// Whether a text has the name of an object in LDIF, or begins with what may stand before the first one.
pub(crate) fn is_ldif(content: &Content<'_>) -> bool {
    let is = |line: &str, known: &[&str]| {
        line.split_once(':').is_some_and(|(name, _)| known.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    let mut lines = content.text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(['#', ' ']));
    lines.next().is_some_and(|first| is(first, &["dn", "version", "search", "ref"]))
        || lines.any(|line| is(line, &["dn"]))
}
