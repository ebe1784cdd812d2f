//! Event-log entries.

use serde::{Deserialize, Serialize};

use crate::{Facts, words};

/// One entry of the event log. Texts are never compared: ids, sources, severities and facts are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EventEntry {
    /// Who logs it.
    pub source: EventSource,
    /// Its number within the source. The same number means different things in different sources.
    pub id: u16,
    /// How bad it is.
    pub severity: Severity,
    /// Its fields. A core states those that it knows: `context` (`DOMAIN\\account`), `template`, `ca`, `request-id`
    /// (the number of the request at the CA), `code` (an HRESULT as a text, `0x80094012 CERTSRV_E_TEMPLATE_DENIED`),
    /// `certificate` (a thumbprint), `new-certificate` (the one that replaces it).
    pub facts: Facts,
}

words! {
    /// An event source.
    pub enum EventSource as "event source" {
        /// Classic source of Windows XP and Server 2003, Application log.
        AutoEnrollment = "AutoEnrollment",
        /// Microsoft-Windows-CertificateServicesClient-AutoEnrollment, Vista and later.
        ClientAutoEnrollment = "CertificateServicesClient-AutoEnrollment",
        /// Microsoft-Windows-CertificateServicesClient-CertEnroll, Vista and later.
        ClientCertEnroll = "CertificateServicesClient-CertEnroll",
        /// Microsoft-Windows-CertificateServicesClient-Lifecycle-User, Windows 8 and later.
        LifecycleUser = "CertificateServicesClient-Lifecycle-User",
        /// Microsoft-Windows-CertificateServicesClient-Lifecycle-System, Windows 8 and later.
        LifecycleSystem = "CertificateServicesClient-Lifecycle-System",
    }
}

words! {
    /// Severity of an event.
    pub enum Severity as "severity" {
        /// Information.
        Information = "information",
        /// Warning.
        Warning = "warning",
        /// Error.
        Error = "error",
    }
}

/// An event of the lifecycle providers, Windows 8 and later. The discriminant is the event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum LifecycleEvent {
    /// A certificate was replaced.
    Replaced = 1001,
    /// A certificate has expired.
    Expired = 1002,
    /// A certificate is about to expire.
    AboutToExpire = 1003,
    /// A certificate was deleted.
    Deleted = 1004,
    /// A certificate was archived.
    Archived = 1005,
    /// A certificate was installed.
    Installed = 1006,
    /// A certificate was exported.
    Exported = 1007,
    /// A certificate was associated with its private key.
    KeyAssociated = 1008,
    /// A certificate could not be associated with its private key.
    KeyNotAssociated = 1009,
    /// A certificate was deleted from the directory.
    DeletedFromDirectory = 1010,
}

impl LifecycleEvent {
    /// The event id.
    #[must_use]
    pub const fn id(self) -> u16 {
        self as u16
    }
}
