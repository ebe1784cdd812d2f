//! Other people's directories and policies as worlds of this bench: templates, CAs and trust containers from LDIF,
//! Group Policy from Registry.pol, reports, backups and copies of SYSVOL, and what certipy's `find` printed.
//!
//! [`read`] takes a file of any of these kinds, [`Import::to_world`] writes what it says as a world that scenarios
//! extend, [`Import::to_templates`] as a file of default templates, [`Import::to_ldif`] as LDIF again. Nothing is lost
//! in silence: what could not be read, what the bench has no rule for and what its language has no word for is a
//! [`Finding`].
//!
//! It deliberately lacks files and network: the caller brings bytes and takes text. Keys and certificates are never
//! taken over, because the CAs of a world have their own.
#![forbid(unsafe_code)]

mod attributes;
mod certipy;
mod descriptor;
mod directory;
mod export;
mod finding;
mod imported;
mod oids;
mod policy;
mod text;
mod world;

pub use finding::{Finding, Reason};
pub use imported::{
    Half, HalfPolicy, Import, ImportedAuthority, ImportedTemplate, Policy, PolicyFile, PolicyGroup, PolicyObject,
    Trust, TrustedCertificate,
};
pub use oids::OidNames;
pub use policy::{WANTED as POLICY_FILES, file as policy_file, folder as policy_folder};
pub use world::Written;

/// Reads a file, told apart by its first bytes: Registry.pol (`PReg`), JSON (`{`), otherwise LDIF. `half` counts for
/// Registry.pol only.
#[must_use]
pub fn read(bytes: &[u8], half: Half) -> Import {
    let first = bytes.iter().find(|octet| !octet.is_ascii_whitespace());
    if bytes.starts_with(b"PReg") {
        registry_pol(bytes, half)
    } else if first == Some(&b'{') {
        certipy(bytes)
    } else {
        ldif(bytes)
    }
}

/// Reads LDIF as `ldapsearch`, `ldifde` and Windows consoles write it: records of content, and `changetype: add`.
#[must_use]
pub fn ldif(bytes: &[u8]) -> Import {
    directory::read(bytes)
}

/// Reads one half of a Group Policy object.
#[must_use]
pub fn registry_pol(bytes: &[u8], half: Half) -> Import {
    policy::read(bytes, half)
}

/// Reads what `certipy find -json` printed, of versions 4 and 5. It is a summary: most attributes are not in it.
#[must_use]
pub fn certipy(bytes: &[u8]) -> Import {
    certipy::read(bytes)
}
