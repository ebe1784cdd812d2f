//! A certification authority: what a scenario says of it, and the rows of its settings.

use autoenroll_ca::{Approval, Ca, CaFaults};
use autoenroll_model::{CaUri, Duration, HResult, KeyAlgorithm, SecurityDescriptor, Template};

use super::setting::{Field, Setting};

/// A certification authority: both the service and its object in the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct CaSpec {
    /// `cn` of the enrollment service; the common name of the CA.
    pub name: String,
    /// `dNSHostName`.
    pub host: Option<String>,
    /// `msPKI-Site-Name`.
    pub site: Option<String>,
    /// Its key.
    pub key: KeyAlgorithm,
    /// Enrollment web services in front of it, of which policy servers tell.
    pub enrollment_servers: Vec<EnrollmentServerSpec>,
    /// Names of the templates it issues.
    pub templates: Vec<String>,
    /// Who may enroll: the security descriptor of the CA.
    pub enroll: SecurityDescriptor,
    /// Longest life of a certificate (`ValidityPeriod`).
    pub maximum_validity: Duration,
    /// How long the CA certificate is still valid at the start; it began ten years before.
    pub remaining: Duration,
    /// A manager approves every request.
    pub manager_approval: bool,
    /// It archives private keys, and hands out an exchange certificate for that.
    pub key_archival: bool,
    /// Duration of every call.
    pub latency: Duration,
    /// Whether its host answers.
    pub reachable: bool,
    /// It takes requests and never answers.
    pub hangs: bool,
    /// It answers, and refuses everything, as during a restore.
    pub suspended: bool,
    /// When its object appears in the directory; `None` from the start.
    pub published: Option<Duration>,
    /// It refuses calls that are not protected for privacy, as a CA of 2012 or a patched one does ([MS-WCCE] note 7).
    pub requires_privacy: bool,
    /// It puts the requester's security identifier into certificates, as CAs do since the updates of May 2022.
    pub sid_extension: bool,
    /// Subject names keep to the bounds of RFC 5280 (`EnforceX500NameLengths`).
    pub enforce_name_lengths: bool,
    /// What it does wrong.
    pub faults: CaFaults,
    /// Its own older copies of templates; the others it reads from the directory.
    pub stale_templates: Vec<Template>,
}

/// An enrollment web service (CES) in front of a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrollmentServerSpec {
    /// What policy servers tell of it.
    pub uri: CaUri,
    /// Whether it answers.
    pub reachable: bool,
    /// The code with which it answers every request; `None`: it hands them to the CA.
    pub failure: Option<HResult>,
}

/// Answers at once, issues nothing and has no access control list.
impl Default for CaSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            host: None,
            site: None,
            enrollment_servers: Vec::new(),
            key: KeyAlgorithm::Rsa2048,
            templates: Vec::new(),
            enroll: SecurityDescriptor { owner: None, dacl: None },
            maximum_validity: Duration::days(730),
            remaining: Duration::days(3650),
            manager_approval: false,
            key_archival: false,
            latency: Duration::ZERO,
            reachable: true,
            hangs: false,
            suspended: false,
            published: None,
            requires_privacy: false,
            sid_extension: true,
            enforce_name_lengths: true,
            faults: CaFaults::default(),
            stale_templates: Vec::new(),
        }
    }
}

impl CaSpec {
    /// The keys of a CA whose value is one field. A new one needs a row here and the place that reads the field.
    pub const SETTINGS: &[Setting<Self>] = &[
        Setting {
            name: "site",
            attribute: None,
            in_world: Some("msPKI-Site-Name: the site whose computers it is for."),
            in_change: None,
            field: Field::TextOrNone(|ca| &mut ca.site),
        },
        Setting {
            name: "maximum-validity",
            attribute: None,
            in_world: Some("Longest life of a certificate."),
            in_change: Some("Longest life of a certificate."),
            field: Field::Duration(|ca| &mut ca.maximum_validity),
        },
        Setting {
            name: "remaining",
            attribute: None,
            in_world: Some("How long the CA certificate is still valid at the start."),
            in_change: None,
            field: Field::Duration(|ca| &mut ca.remaining),
        },
        Setting {
            name: "key-archival",
            attribute: None,
            in_world: Some("It archives private keys."),
            in_change: None,
            field: Field::Flag(|ca| &mut ca.key_archival),
        },
        Setting {
            name: "manager-approval",
            attribute: None,
            in_world: Some("A manager approves every request."),
            in_change: Some("true: every request is pending until its manager approves it."),
            field: Field::Flag(|ca| &mut ca.manager_approval),
        },
        Setting {
            name: "latency",
            attribute: None,
            in_world: Some("Duration of every call."),
            in_change: Some("Duration of every call."),
            field: Field::Duration(|ca| &mut ca.latency),
        },
        Setting {
            name: "reachable",
            attribute: None,
            in_world: Some("Whether its host answers."),
            in_change: Some("Whether its host answers."),
            field: Field::Flag(|ca| &mut ca.reachable),
        },
        Setting {
            name: "hangs",
            attribute: None,
            in_world: Some("It takes requests and never answers."),
            in_change: Some("true: it takes requests and never answers."),
            field: Field::Flag(|ca| &mut ca.hangs),
        },
        Setting {
            name: "requires-privacy",
            attribute: None,
            in_world: Some("It refuses calls that are protected for integrity only, as those of Windows XP are."),
            in_change: None,
            field: Field::Flag(|ca| &mut ca.requires_privacy),
        },
        Setting {
            name: "sid-extension",
            attribute: None,
            in_world: Some(
                "Whether certificates name their owner by SID, as those of CAs with the updates of May 2022 do (KB 5014754).",
            ),
            in_change: Some("Whether certificates name their owner by SID."),
            field: Field::Flag(|ca| &mut ca.sid_extension),
        },
        Setting {
            name: "enforce-name-lengths",
            attribute: None,
            in_world: Some("Whether it refuses subject names beyond the bounds of RFC 5280 (EnforceX500NameLengths)."),
            in_change: Some("Whether it refuses subject names beyond the bounds of RFC 5280."),
            field: Field::Flag(|ca| &mut ca.enforce_name_lengths),
        },
        Setting {
            name: "wrong-key",
            attribute: None,
            in_world: Some("It certifies its own key in place of the one in the request."),
            in_change: Some("true: it certifies its own key in place of the one in the request."),
            field: Field::Flag(|ca| &mut ca.faults.wrong_key),
        },
        Setting {
            name: "wrong-template",
            attribute: None,
            in_world: Some("Its certificates name another template of the directory."),
            in_change: Some("true: its certificates name another template of the directory."),
            field: Field::Flag(|ca| &mut ca.faults.wrong_template),
        },
        Setting {
            name: "garbage",
            attribute: None,
            in_world: Some("It says that it issues, and sends what is no certificate."),
            in_change: Some("true: it says that it issues, and sends what is no certificate."),
            field: Field::Flag(|ca| &mut ca.faults.garbage),
        },
        Setting {
            name: "suspended",
            attribute: None,
            in_world: None,
            in_change: Some("true: it answers, and refuses everything, as during a restore."),
            field: Field::Flag(|ca| &mut ca.suspended),
        },
    ];

    /// The row of that name.
    #[must_use]
    pub fn setting(name: &str) -> Option<&'static Setting<Self>> {
        Self::SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// A CA that answers at once and lets Authenticated Users enroll.
    #[must_use]
    pub fn named(name: &str, host: &str, templates: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            host: Some(host.to_owned()),
            templates: templates.iter().map(|template| (*template).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Hands what the service itself reads to it, at the start and after each change.
    pub(crate) fn configure(&self, ca: &mut Ca) {
        ca.suspend(self.suspended);
        let config = ca.config_mut();
        config.rights = self.enroll.clone();
        config.max_validity = self.maximum_validity;
        config.approval = if self.manager_approval { Approval::Manager } else { Approval::Automatic };
        config.key_archival = self.key_archival;
        config.sid_extension = self.sid_extension;
        config.enforce_name_lengths = self.enforce_name_lengths;
        config.faults = self.faults;
    }
}
