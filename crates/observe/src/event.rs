//! One event as a log has it.

use autoenroll_model::{FileTime, Severity};

/// An event of a log, whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The provider that wrote it: of a manifest, such as `Microsoft-Windows-CertificateServicesClient-CertEnroll`, or
    /// a classic source, such as `AutoEnrollment`; empty where none is named.
    pub provider: String,
    /// Its number within the provider.
    pub id: u16,
    /// The upper half of a classic event's number: severity, facility.
    pub qualifiers: Option<u16>,
    /// 1 critical, 2 error, 3 warning, 4 information, 5 verbose; 0 of events that no level applies to.
    pub level: Option<u8>,
    /// When it was logged.
    pub time: FileTime,
    /// Its number within the log.
    pub record: Option<u64>,
    /// The log, such as `Application`; empty when it is not said.
    pub channel: String,
    /// The computer's name, with or without its domain; empty when it is not said.
    pub computer: String,
    /// The SID of the account that wrote it, where there is one.
    pub user: Option<String>,
    /// What it carries, in order.
    pub fields: Vec<Field>,
}

/// A value that an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, with the names of the elements around it where it is nested, `CertificateDetails.Thumbprint`; empty
    /// where a classic event counts its values only.
    pub name: String,
    /// The value.
    pub value: String,
}

impl LoggedEvent {
    /// Its severity, from its level or, where there is none, from the two upper bits of its number. `None` when the log
    /// says neither.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        match (self.level, self.qualifiers) {
            (Some(1 | 2), _) => Some(Severity::Error),
            (Some(3), _) => Some(Severity::Warning),
            (Some(4..), _) => Some(Severity::Information),
            // [MS-ERREF] 2.1: severity is the upper two bits, here of the upper half.
            (_, Some(qualifiers)) => Some(match qualifiers >> 14 {
                3 => Severity::Error,
                2 => Severity::Warning,
                _ => Severity::Information,
            }),
            (Some(0), None) => Some(Severity::Information),
            (None, None) => None,
        }
    }
}
