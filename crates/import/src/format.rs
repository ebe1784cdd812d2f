//! The formats, and how a file shows which it has.

use std::fmt;

use crate::content::Content;
use crate::finding::Reason;
use crate::imported::Half;
use crate::{Import, bloodhound, certipy, certutil, directory, looks, object_json, policy, xcep};

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Registry.pol of a Group Policy object ([MS-GPREG] 2.2.1).
    RegistryPol,
    /// GetPoliciesResponse of an enrollment policy server ([MS-XCEP]).
    Xcep,
    /// `certipy find -json`, versions 4 and 5.
    CertipyFind,
    /// `certtemplates` and `enterprisecas` of BloodHound Community Edition.
    BloodHound,
    /// `Export-ADCSTemplate`, and other objects of the directory that PowerShell writes as JSON.
    PowerShell,
    /// `certipy template -save-configuration`, version 5, and `-save-old`, version 4.
    CertipyTemplate,
    /// `certutil -v -template`, in English.
    CertutilTemplate,
    /// `certutil -v -dsTemplate`, in English.
    CertutilDsTemplate,
    /// LDIF (RFC 2849), of `ldapsearch`, `ldifde` and Windows consoles.
    Ldif,
}

/// What the import knows of a format.
struct Row {
    format: Format,
    /// What people call it.
    name: &'static str,
    /// What a file of it looks like of which nothing can be taken over.
    empty: &'static str,
    /// Whether a file has it.
    is: fn(&Content<'_>) -> bool,
    read: fn(&Content<'_>, Half) -> Import,
}

/// In the order in which they are tried: the first that recognises a file reads it.
const ROWS: &[Row] = &[
    Row {
        format: Format::RegistryPol,
        name: "Registry.pol",
        empty: "a damaged Registry.pol",
        is: |content| content.bytes.starts_with(b"PReg"),
        read: |content, half| policy::read(content.bytes, half),
    },
    Row {
        format: Format::Xcep,
        name: "an answer of a policy server (XCEP)",
        empty: "an answer of a policy server (XCEP) without policies and CAs",
        is: xcep::is_answer,
        read: |content, _| xcep::read(content),
    },
    Row {
        format: Format::CertipyFind,
        name: "JSON of `certipy find`",
        empty: "JSON of `certipy find` that found neither templates nor CAs",
        is: |content| {
            let keys = [certipy::TEMPLATES, certipy::AUTHORITIES];
            content.object().is_some_and(|root| keys.iter().any(|key| root.contains_key(*key)))
        },
        read: |content, _| content.object().map(certipy::read).unwrap_or_default(),
    },
    Row {
        format: Format::BloodHound,
        name: "JSON of BloodHound",
        empty: "a BloodHound file without an object that has a name",
        is: bloodhound::is_readable,
        read: |content, _| bloodhound::read(content),
    },
    Row {
        format: Format::PowerShell,
        name: "JSON of Export-ADCSTemplate or of another PowerShell command",
        empty: "JSON of PowerShell without a template or a CA that has a name",
        is: object_json::is_powershell,
        read: |content, _| object_json::powershell(content),
    },
    Row {
        format: Format::CertipyTemplate,
        name: "JSON of `certipy template`",
        empty: "JSON of `certipy template` without a template",
        is: object_json::is_certipy,
        read: |content, _| object_json::certipy(content),
    },
    Row {
        format: Format::CertutilTemplate,
        name: "text of `certutil -template`",
        empty: "text of `certutil -template` without a template that has a name",
        is: certutil::is_policy,
        read: |content, _| certutil::policy(content),
    },
    Row {
        format: Format::CertutilDsTemplate,
        name: "text of `certutil -dsTemplate`",
        empty: "text of `certutil -dsTemplate` without a template",
        is: certutil::is_directory,
        read: |content, _| certutil::directory(content),
    },
    Row {
        format: Format::Ldif,
        name: "LDIF",
        empty: "LDIF without templates, CAs or trusted certificates",
        is: directory::is_ldif,
        read: |content, _| directory::read(content.bytes),
    },
];

impl Format {
    /// Every format, in the order in which they are tried.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.format)
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ROWS.iter().find(|row| row.format == self).map_or("", |row| row.name)
    }

    /// The format of a file, by its content.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let content = Content::of("", bytes);
        ROWS.iter().find(|row| (row.is)(&content)).map(|row| row.format)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Nothing of a file can be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingTaken {
    /// What the file looks like, in words that follow "it looks like".
    pub looks_like: String,
}

impl fmt::Display for NothingTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing of it can be taken over: it looks like {}", self.looks_like)
    }
}

impl std::error::Error for NothingTaken {}

/// Reads a file of any format, recognised by its content. `name` is that of the file without folder and ending, by
/// which some formats call their only object; `half` counts for Registry.pol only.
///
/// # Errors
/// When the file says nothing that a world could hold.
pub fn read(name: &str, bytes: &[u8], half: Half) -> Result<Import, NothingTaken> {
    let content = Content::of(name, bytes);
    let row = ROWS.iter().find(|row| (row.is)(&content));
    let import = row.map(|row| (row.read)(&content, half)).unwrap_or_default();
    if import.is_empty() {
        let malformed = import.findings.iter().find(|finding| matches!(finding.reason, Reason::Malformed(_)));
        let because = malformed.map_or_else(String::new, |finding| format!(" ({finding})"));
        let looks_like = row.map_or_else(|| looks::like(&content), |row| format!("{}{because}", row.empty));
        return Err(NothingTaken { looks_like });
    }
    Ok(import)
}
