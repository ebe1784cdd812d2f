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
    /// Its fields. A core states those that it knows: `context` (`DOMAIN\\account`), `template`, `ca`, `request-id` (the number of the
    /// request at the CA), `code` (an HRESULT as a text, `0x80094012 CERTSRV_E_TEMPLATE_DENIED`), `certificate` (a thumbprint).
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
