//! What files say: templates, enrollment services, trust and policy, each with what its source says of it.

use std::collections::BTreeSet;

use autoenroll_model::{EnrollmentService, PolicyServer, Right, SecurityDescriptor, Sid, Template};
use autoenroll_wire::registry_pol::Setting;

use crate::finding::Finding;

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
    /// The identifier of its object, in capitals, where CAs of the same source name their templates by it.
    pub guid: Option<String>,
    /// Rights to enroll of single accounts, from a source that does not have the whole list.
    pub granted: Vec<(Sid, Right)>,
}

/// An enrollment service, and what its source says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedAuthority {
    /// The service. Its certificate is empty when the source has none.
    pub authority: EnrollmentService,
    /// Its access control list, when the source has one.
    pub security: Option<SecurityDescriptor>,
    /// Whether the source says which host it is on, or that it is on none.
    pub host_said: bool,
    /// Identifiers of the objects of templates that it issues, in capitals, of which no template is known yet.
    pub template_guids: Vec<String>,
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

/// Group Policy objects, in the order in which clients apply them: of two that set a value, the later one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The objects of each source.
    pub groups: Vec<PolicyGroup>,
}

/// The objects of one file or folder. The order among them is not known: a folder does not say how its objects are
/// linked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyGroup {
    /// The file or folder.
    pub source: String,
    /// The objects, in the order in which they are read.
    pub objects: Vec<PolicyObject>,
}

/// A Group Policy object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyObject {
    /// Its display name, or what is known instead: its identifier, its folder, its file.
    pub name: String,
    /// What it sets for computers; `None` when the source does not say.
    pub machine: Option<PolicyFile>,
    /// What it sets for users.
    pub user: Option<PolicyFile>,
}

/// The registry values of one half of a Group Policy object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyFile {
    /// The file that has them; empty where the half has none.
    pub path: String,
    /// Values and orders, as the file has them.
    pub settings: Vec<Setting>,
}

/// What all objects together set in one half; what none of them sets is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HalfPolicy {
    /// AEPolicy.
    pub ae_policy: Option<u32>,
    /// OfflineExpirationPercent.
    pub expiration_percent: Option<u32>,
    /// OfflineExpirationStoreNames.
    pub expiration_stores: Option<Vec<String>>,
    /// EnableBalloonNotifications, which reports of Group Policy say and no published registry value does.
    pub expiration_balloons: Option<bool>,
    /// GroupPolicyRefreshTime in minutes ([MS-GPOL] 3.2.1.14).
    pub refresh: Option<u32>,
    /// GroupPolicyRefreshTimeOffset in minutes.
    pub refresh_offset: Option<u32>,
    /// GroupPolicyRefreshTimeDC in minutes; never set for users ([MS-GPOL] note 10).
    pub refresh_controllers: Option<u32>,
    /// The opposite of DisableBkGndGroupPolicy; never set for users ([MS-GPOL] note 14).
    pub background: Option<bool>,
    /// Enrollment policy servers, in the order of the file ([MS-CAESO] 4.4.5.3.2.2).
    pub servers: Vec<PolicyServer>,
}

impl Policy {
    /// Whether no source says anything, not even that a half sets nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut objects = self.groups.iter().flat_map(|group| &group.objects);
        objects.all(|object| object.machine.is_none() && object.user.is_none())
    }
}

impl PolicyObject {
    /// One half of it.
    #[must_use]
    pub fn half(&self, half: Half) -> Option<&PolicyFile> {
        match half {
            Half::Machine => self.machine.as_ref(),
            Half::User => self.user.as_ref(),
        }
    }

    pub(crate) fn half_mut(&mut self, half: Half) -> &mut Option<PolicyFile> {
        match half {
            Half::Machine => &mut self.machine,
            Half::User => &mut self.user,
        }
    }
}

impl Half {
    /// As folders of Group Policy objects are named.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Machine => "Machine",
            Self::User => "User",
        }
    }

    /// The half that a folder is named after, in capitals or not.
    #[must_use]
    pub fn of_folder(name: &str) -> Option<Self> {
        [Self::Machine, Self::User].into_iter().find(|half| half.folder().eq_ignore_ascii_case(name))
    }
}

impl ImportedTemplate {
    /// A template whose source has these attributes, in lower case.
    #[must_use]
    pub fn new(template: Template, said: BTreeSet<String>) -> Self {
        Self { template, said, guid: None, granted: Vec::new() }
    }

    /// Whether the source has an attribute.
    #[must_use]
    pub fn says(&self, attribute: &str) -> bool {
        self.said.contains(&attribute.to_ascii_lowercase())
    }
}

impl ImportedAuthority {
    /// A service without an access control list, and with the host that it says.
    #[must_use]
    pub fn new(authority: EnrollmentService) -> Self {
        Self { authority, security: None, host_said: true, template_guids: Vec::new() }
    }

    /// A service of which the name alone is known.
    pub(crate) fn named(name: &str) -> Self {
        let authority = EnrollmentService {
            name: name.to_owned(),
            host: None,
            certificate: Vec::new(),
            templates: Vec::new(),
            enroll_permission: None,
            priority: None,
            site: None,
            uris: Vec::new(),
        };
        Self { host_said: false, ..Self::new(authority) }
    }
}

impl Import {
    /// Whether the files say nothing that a world could hold.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { templates, authorities, trust, policy, findings: _ } = self;
        templates.is_empty() && authorities.is_empty() && *trust == Trust::default() && policy.is_empty()
    }

    /// Adds what another file says.
    pub fn add(&mut self, other: Self) {
        self.templates.extend(other.templates);
        self.authorities.extend(other.authorities);
        self.trust.roots.extend(other.trust.roots);
        self.trust.intermediate.extend(other.trust.intermediate);
        self.trust.ntauth.extend(other.trust.ntauth);
        self.policy.groups.extend(other.policy.groups);
        self.findings.extend(other.findings);
        self.link();
    }

    /// Names the templates that CAs know by the identifiers of their objects, as far as these are here.
    fn link(&mut self) {
        for authority in &mut self.authorities {
            let named = |guid: &String| {
                let found = self.templates.iter().find(|template| template.guid.as_ref() == Some(guid));
                found.map(|template| template.template.name.clone())
            };
            let (known, unknown): (Vec<_>, Vec<_>) =
                authority.template_guids.drain(..).partition(|guid| named(guid).is_some());
            authority.authority.templates.extend(known.iter().filter_map(named));
            authority.template_guids = unknown;
        }
    }
}
