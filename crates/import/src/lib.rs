//! Other people's directories and policies as worlds of this bench: templates, CAs and trust containers from LDIF,
//! Group Policy from Registry.pol, and what certipy's `find` printed.
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
mod oids;
mod policy;
mod text;
mod world;

use std::collections::BTreeSet;

use autoenroll_model::{EnrollmentService, SecurityDescriptor, Template};

pub use finding::{Finding, Reason};
pub use oids::OidNames;
pub use policy::{HalfPolicy, Policy};
pub use world::Written;

/// Which half of a Group Policy object a Registry.pol belongs to. The file itself does not say: its folder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// `MACHINE\Registry.pol`.
    Machine,
    /// `USER\Registry.pol`.
    User,
}

/// What files say, and what of it could not be taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Templates, in the order of the files.
    pub templates: Vec<ImportedTemplate>,
    /// Enrollment services, in the order of the files.
    pub authorities: Vec<ImportedAuthority>,
    /// What the trust containers hold.
    pub trust: Trust,
    /// Group Policy.
    pub policy: Policy,
    /// What was not taken over, and why.
    pub findings: Vec<Finding>,
}

/// A template, and what its source says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedTemplate {
    /// The template. What the source does not say has the value of an absent attribute.
    pub template: Template,
    /// The attributes that the source has, in lower case. Only those are written.
    pub said: BTreeSet<String>,
}

/// An enrollment service, and what its source says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedAuthority {
    /// The service. Its certificate is empty when the source has none.
    pub authority: EnrollmentService,
    /// Its access control list, when the source has one.
    pub security: Option<SecurityDescriptor>,
}

/// Certificates in the trust containers of the directory, each with the name of its object or subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// CN=Certification Authorities.
    pub roots: Vec<TrustedCertificate>,
    /// CN=AIA.
    pub intermediate: Vec<TrustedCertificate>,
    /// CN=NTAuthCertificates.
    pub ntauth: Vec<TrustedCertificate>,
}

/// A certificate in a trust container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedCertificate {
    /// CN of its subject.
    pub name: String,
    /// DER.
    pub certificate: Vec<u8>,
}

impl ImportedTemplate {
    /// Whether the source has an attribute.
    #[must_use]
    pub fn says(&self, attribute: &str) -> bool {
        self.said.contains(&attribute.to_ascii_lowercase())
    }
}

impl Import {
    /// Adds what another file says.
    pub fn add(&mut self, other: Self) {
        self.templates.extend(other.templates);
        self.authorities.extend(other.authorities);
        self.trust.roots.extend(other.trust.roots);
        self.trust.intermediate.extend(other.trust.intermediate);
        self.trust.ntauth.extend(other.trust.ntauth);
        self.policy.add(other.policy);
        self.findings.extend(other.findings);
    }
}

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
