//! Other people's directories and policies as worlds of this bench: templates, CAs and trust containers, from what
//! programs write of them, and Group Policy from Registry.pol, reports, backups and copies of SYSVOL.
//!
//! [`read`] takes a file of any [`Format`], [`Import::to_world`] writes what it says as a world that scenarios
//! extend, [`Import::to_templates`] as a file of default templates, [`Import::to_ldif`] as LDIF again. Nothing is lost
//! in silence: what could not be read, what the bench has no rule for and what its language has no word for is a
//! [`Finding`]. What the source does not have is told as absent.
//!
//! Every format but certificates' own becomes attributes of directory objects first, so that one reader judges all.
//!
//! It deliberately lacks files and network: the caller brings bytes and takes text. Keys and certificates are never
//! taken over, because the CAs of a world have their own.
#![forbid(unsafe_code)]

mod attributes;
mod bloodhound;
mod certipy;
mod certutil;
mod content;
mod descriptor;
mod directory;
mod export;
mod finding;
mod flag_words;
mod format;
mod imported;
mod looks;
mod object;
mod object_json;
mod oids;
mod period;
mod policy;
mod text;
mod world;
mod xcep;

pub use finding::{Finding, Reason};
pub use format::{Format, NothingTaken, read};
pub use imported::{
    Half, HalfPolicy, Import, ImportedAuthority, ImportedTemplate, Policy, PolicyFile, PolicyGroup, PolicyObject,
    Trust, TrustedCertificate,
};
pub use oids::OidNames;
pub use policy::{WANTED as POLICY_FILES, file as policy_file, folder as policy_folder};
pub use world::{Base, Written};

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
