//! Group Policy: Registry.pol, reports, backups of Group Policy objects and copies of SYSVOL.
//!
//! What a source says is kept value by value ([`crate::Policy`]); what all sources say together is worked out when a
//! world is written ([`resultant`]).

mod backup;
mod certificate;
mod folder;
mod merge;
mod order;
mod registry;
mod report;
mod resultant;
mod settings;
mod values;
mod xml;

pub use folder::{WANTED, folder};
pub(crate) use registry::read;
pub(crate) use resultant::resultant;

use crate::finding::{Finding, Reason};
use crate::{Half, Import};

/// Reads a file of Group Policy, when it is one: Registry.pol, or a report in XML as `Get-GPOReport` writes it. `half`
/// is the half of a Registry.pol; when absent, the folder in `path` says it.
#[must_use]
pub fn file(path: &str, bytes: &[u8], half: Option<Half>) -> Option<Import> {
    if !bytes.starts_with(b"PReg") {
        return report::file(path, bytes);
    }
    let mut findings = Vec::new();
    let half = half.or_else(|| of_path(path)).unwrap_or_else(|| {
        let why = "is taken for users: no folder, Machine or User, says whose it is; say `--half`".to_owned();
        findings.push(Finding::new(path, "half", "", Reason::Kept(why)));
        Half::User
    });
    let mut import = registry::of_bytes(path, bytes, half);
    import.findings.splice(..0, findings);
    Some(import)
}

/// The half that the folder of a file names.
fn of_path(path: &str) -> Option<Half> {
    let mut parts = path.rsplit(['/', '\\']);
    let _file = parts.next();
    Half::of_folder(parts.next()?)
}
