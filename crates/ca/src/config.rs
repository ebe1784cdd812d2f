//! How a CA is configured.

use autoenroll_keys::HashAlgorithm;
use autoenroll_model::{Ace, AceEffect, Duration, SecurityDescriptor, Sid, rights};

/// The configuration of a CA beyond its certificate. Names in brackets are those of [MS-WCCE] 3.2.1.1.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaConfig {
    /// `dNSHostName`.
    pub host: String,
    /// Names of the templates it issues (`certificateTemplates`).
    pub templates: Vec<String>,
    /// Who may request certificates: the Enroll right counts.
    pub rights: SecurityDescriptor,
    /// Longest validity of any certificate; two years by default, as on a new enterprise CA.
    pub max_validity: Duration,
    /// How far before the present a certificate begins (Config_CA_Clock_Skew_Minutes). Zero by default, so that dates
    /// in stories can be read; a real CA has ten minutes.
    pub clock_skew: Duration,
    /// What happens to requests that no template decides about (Config_CA_Requests_Disposition).
    pub approval: Approval,
    /// The version that templates are compared with (Server_Current_Version), 0 to 15; [`CaConfig::CURRENT_VERSION`] by
    /// default.
    pub version: u32,
    /// Hash of the signatures on certificates of an RSA key; P-256 always signs with SHA-256.
    pub hash: HashAlgorithm,
    /// Whether the CA knows the SID extension (updates of May 2022).
    pub sid_extension: bool,
    /// Whether subject names keep to the bounds of RFC 5280 (`EnforceX500NameLengths`).
    pub enforce_name_lengths: bool,
    /// What it does wrong.
    pub faults: CaFaults,
    /// Addresses of the revocation list (Config_CA_CDP_Include_In_Cert); no extension when empty.
    pub crl_urls: Vec<String>,
    /// Addresses of the CA certificate (Config_CA_AIA_Include_In_Cert).
    pub issuer_urls: Vec<String>,
    /// Addresses of OCSP responders (Config_CA_OCSP_Include_In_Cert).
    pub ocsp_urls: Vec<String>,
    /// How long a revocation list is good for; a week by default.
    pub crl_period: Duration,
    /// Whether private keys are archived.
    pub key_archival: bool,
}

/// What a broken CA does with requests that it grants; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaFaults {
    /// The certificate is for the CA's own key instead of the one in the request.
    pub wrong_key: bool,
    /// The certificate names another template of the CA's copy, the first one that has an object identifier.
    pub wrong_template: bool,
    /// The answer says that it is issued, and holds no certificate but other bytes.
    pub garbage: bool,
}

/// What a CA does with a request that its template does not pend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// It issues.
    Automatic,
    /// It waits for the manager, whatever the template says (REQDISP_PENDINGFIRST).
    Manager,
}

impl CaConfig {
    /// The newest version a template can ask for: Windows Server 2016 and later.
    pub const CURRENT_VERSION: u32 = 6;

    /// A CA on that host which issues these templates to every authenticated user.
    #[must_use]
    pub fn new(host: &str, templates: &[&str]) -> Self {
        Self {
            host: host.to_string(),
            templates: templates.iter().map(ToString::to_string).collect(),
            rights: authenticated_users_enroll(),
            max_validity: Duration::days(730),
            clock_skew: Duration::ZERO,
            approval: Approval::Automatic,
            version: Self::CURRENT_VERSION,
            hash: HashAlgorithm::Sha256,
            sid_extension: true,
            enforce_name_lengths: true,
            faults: CaFaults::default(),
            crl_urls: vec![format!("http://{host}/ca.crl")],
            issuer_urls: vec![format!("http://{host}/ca.crt")],
            ocsp_urls: Vec::new(),
            crl_period: Duration::days(7),
            key_archival: false,
        }
    }
}

/// The security of a new enterprise CA as far as it matters here.
fn authenticated_users_enroll() -> SecurityDescriptor {
    let everyone = Sid::AUTHENTICATED_USERS.parse().expect("a constant of the model is a security identifier");
    SecurityDescriptor { owner: None, dacl: Some(vec![Ace::new(AceEffect::Allow, everyone, rights::CONTROL_ACCESS)]) }
}
