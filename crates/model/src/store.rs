//! Certificate and request stores of a principal, and the settings beside them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{CardSerial, FileTime, Guid, HResult, KeyAlgorithm, KeyPlace};

/// What MY and REQUEST hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Stores {
    /// The personal store.
    pub my: Vec<StoredCertificate>,
    /// Requests that have not become a certificate yet.
    pub requests: Vec<RequestEntry>,
}

/// A certificate in MY, with the properties that matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// N9.properties
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct StoredCertificate {
    /// The certificate, DER.
    #[serde(with = "crate::hex")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
    pub certificate: Vec<u8>,
    /// SHA-1 of it.
    pub thumbprint: Thumbprint,
    /// Where its private key is; `None` when the store does not know.
    pub key: Option<KeyPlace>,
    /// Property 19: kept but no longer shown or used.
    pub archived: bool,
    /// Property 21: the template it was autoenrolled for.
    pub auto_enroll: Option<String>,
}

/// SHA-1 of a certificate in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Thumbprint(pub String);

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An entry of the REQUEST store. Written before the request is submitted and removed only when the certificate is
/// where it belongs, so that a crash in between loses nothing and repeats nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// N9.request-entry
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RequestEntry {
    /// Identity of the entry: SHA-1 of the public key in lower-case hex.
    pub key_id: String,
    /// The template asked for.
    pub template: String,
    /// Where the private key is.
    pub key: KeyPlace,
    /// Kind and size of the key.
    pub algorithm: KeyAlgorithm,
    /// When the entry was made.
    pub created: FileTime,
    /// How far it has come.
    pub stage: RequestStage,
    /// The certificate it renews or replaces.
    pub replaces: Option<Thumbprint>,
    /// Whether it renews that certificate (signed by its key), rather than standing beside it.
    pub renewal: bool,
    /// Further certificates that go when the new one is there: expired and revoked ones of the template, and those of
    /// templates that it supersedes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_replaces: Vec<Thumbprint>,
    /// No certificate comes of it any more. It is kept in the stage `prepared` for its key, which is on a card that was
    /// not at hand, and goes together with that key.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub given_up: bool,
}

impl RequestEntry {
    /// Every certificate that goes when the new one is there, the one that it renews or replaces first.
    pub fn replaced(&self) -> impl Iterator<Item = &Thumbprint> {
        self.replaces.iter().chain(&self.also_replaces)
    }
}

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum RequestStage {
    /// The key exists; nothing is known to have reached a CA.
    Prepared,
    /// Under submission at a CA.
    Pending {
        /// Name of the CA.
        ca: String,
        /// Host of the CA.
        host: String,
        /// Number of the request there.
        request_id: u32,
    },
    /// Issued, but not yet where it belongs.
    Issued {
        /// Name of the CA.
        ca: String,
        /// Number of the request there.
        request_id: u32,
        /// The certificate, DER.
        #[serde(with = "crate::hex")]
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
        certificate: Vec<u8>,
    },
}

/// What the machine finds out about a certificate that only cryptography and the network can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CertificateCheck {
    /// Which certificate.
    pub thumbprint: Thumbprint,
    /// Result of building its chain at the wall time: `S_OK` or a `CERT_E_…` / `CRYPT_E_…` code. Expiry of the
    /// certificate itself is not judged here: the core compares dates.
    pub chain: HResult,
    /// Its issuer has revoked it.
    pub revoked: bool,
    /// Its private key is known and belongs to it. For a key on a card the store's word counts; the card need not be
    /// there.
    pub key_usable: bool,
}

/// Everything that policy and registry say to one principal ([MS-CAESO] 4.4.5.1, 4.4.5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// `AEPolicy` as Group Policy wrote it, bits of [`AePolicy`](crate::AePolicy); `None` when not configured.
    pub policy: Option<u32>,
    /// The locally configured value, which counts when policy says nothing.
    pub local_policy: Option<u32>,
    /// Policy servers (Windows 7 and later), in registry order.
    pub policy_servers: Vec<PolicyServer>,
    /// URLs of policy servers for which the principal's vault holds credentials, so that no user needs to be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stored_credentials: Vec<String>,
    /// The `AEExpress` entry exists: no delay before the balloon.
    pub express: bool,
    /// `AEEventLogLevel` or `LogLevel`; `None` when not set.
    pub log_level: Option<u32>,
    /// `OfflineExpirationPercent`: share of the lifetime left at which event 64 begins; `None` is the default of 10.
    pub expiration_percent: Option<u8>,
    /// `OfflineExpirationStoreNames` beyond MY.
    pub expiration_stores: Vec<String>,
    /// `EnableBalloonNotifications` for expiring certificates.
    pub expiration_balloons: bool,
    /// `AEDirectoryCache`: what was downloaded from which domain controller.
    pub directory_cache: Option<DirectoryCache>,
    /// Providers installed on the machine, in registry order.
    pub providers: Vec<crate::Provider>,
    /// Templates that policy lets computers request by themselves: Automatic Certificate Request Settings. Computers
    /// only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub automatic_requests: Vec<String>,
}

/// One subkey of `PolicyServers` ([MS-CAESO] 4.4.5.3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PolicyServer {
    /// Name of the subkey; opaque.
    pub key: String,
    /// `LDAP:` or an address.
    pub url: String,
    /// Which policy it serves.
    pub policy_id: String,
    /// 0x10 autoenrollment enabled, 0x20 allow an untrusted CA.
    pub flags: u32,
    /// 1 anonymous, 2 Kerberos, 4 user name and password, 8 certificate.
    pub auth_flags: u32,
    /// Lower is tried earlier.
    pub cost: u32,
}

/// State of the last download of trust containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DirectoryCache {
    /// The domain controller it came from.
    pub dc: String,
    /// Its change number at that time.
    pub usn: u64,
}

/// What a domain controller says of itself when a client binds to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RootDse {
    /// The domain controller that answered.
    pub dc: String,
    /// Its change number.
    pub usn: u64,
    /// Whether it can sign LDAP (capability 1.2.840.113556.1.4.1791).
    pub signs_ldap: bool,
    /// `objectGUID` of the forest root domain.
    pub forest: Guid,
    /// The site that the client is in, as the domain controller finds it; `None` when it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
}

/// One trust container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TrustContainer {
    /// The local store that mirrors it.
    pub store: TrustStore,
    /// Where it was read.
    pub url: String,
    /// Its certificates, or the error.
    #[serde(with = "ContainerContent")]
    #[cfg_attr(feature = "schema", schemars(with = "ContainerContent"))]
    pub content: Result<Certificates, HResult>,
}

/// How JSON says what a container holds.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum ContainerContent {
    /// It was read.
    Certificates(Certificates),
    /// It could not be read, with this code.
    Failed(HResult),
}

impl ContainerContent {
    fn serialize<S: Serializer>(content: &Result<Certificates, HResult>, serializer: S) -> Result<S::Ok, S::Error> {
        let said = match content {
            Ok(certificates) => Self::Certificates(certificates.clone()),
            Err(code) => Self::Failed(*code),
        };
        Serialize::serialize(&said, serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<Certificates, HResult>, D::Error> {
        <Self as Deserialize>::deserialize(deserializer).map(|said| match said {
            Self::Certificates(certificates) => Ok(certificates),
            Self::Failed(code) => Err(code),
        })
    }
}

/// A list of DER certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Certificates(
    #[serde(with = "crate::hex::list")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::schema::Bytes>"))]
    pub Vec<Vec<u8>>,
);

crate::words! {
    /// A local store that mirrors a trust container.
    pub enum TrustStore as "trust store" {
        /// Trusted roots, from `CN=Certification Authorities`.
        Root = "root",
        /// Intermediate and cross certificates, from `CN=AIA`.
        Ca = "ca",
        /// CAs whose certificates may log on, from `CN=NTAuthCertificates`.
        NtAuth = "ntauth",
    }
}

/// What a policy server answered ([MS-XCEP] 3.1.4.1.3.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PolicyResponse {
    /// The cached answer still holds.
    pub not_changed: bool,
    /// Hours until the next question; `None` is 8.
    pub next_update_hours: Option<u32>,
    /// Templates, with permissions already resolved for the caller.
    pub templates: Vec<PolicyTemplate>,
    /// CAs.
    pub authorities: Vec<crate::EnrollmentService>,
}

/// A template as a policy server describes it ([MS-XCEP] 3.1.4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PolicyTemplate {
    /// The template's attributes.
    pub template: crate::Template,
    /// The caller may enroll.
    pub enroll: bool,
    /// The caller may autoenroll.
    pub autoenroll: bool,
}

/// One reader and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ReaderView {
    /// The reader's name.
    pub reader: String,
    /// What is in it.
    pub holds: ReaderState,
}

/// What is in a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum ReaderState {
    /// Nothing.
    Empty,
    /// A card of an installed provider, which told its serial.
    Card {
        /// The provider that the card database names for its ATR.
        provider: String,
        /// Its card id.
        serial: CardSerial,
    },
    /// A card that no installed provider claims, or that does not answer; with the reason.
    Unusable(HResult),
}

/// What a card says about itself in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CardDescription {
    /// Valid containers, in order of their index.
    pub containers: Vec<ContainerView>,
    /// How many more containers it takes; of a PIV card, for keys for exchange.
    pub free_containers: u16,
    /// PIN attempts left; `None` when the card does not tell.
    pub tries_left: Option<u8>,
    /// What its provider asks by itself.
    #[serde(default, skip_serializing_if = "ProviderDialogs::is_none")]
    pub dialogs: ProviderDialogs,
}

/// What the provider of a card asks in dialogs of its own while it works, so that whoever calls it does not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ProviderDialogs {
    /// Whether what is in an occupied default container may be replaced, before it makes a key.
    #[serde(default)]
    pub replace: bool,
    /// The PIN, where it is not handed one, until it is right, given up or blocked.
    #[serde(default)]
    pub pin: bool,
}

impl ProviderDialogs {
    /// Whether it asks nothing.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        !self.replace && !self.pin
    }
}

impl CardDescription {
    /// The default container: the flagged one, otherwise the first valid one.
    #[must_use]
    pub fn default_container(&self) -> Option<&ContainerView> {
        self.containers.iter().find(|c| c.default).or_else(|| self.containers.first())
    }
}

/// One container on a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ContainerView {
    /// Index in the container map.
    pub index: u8,
    /// Unique on the card; Windows makes it a GUID.
    pub name: String,
    /// Whether it carries the default flag.
    pub default: bool,
    /// Whether it holds a key.
    pub has_key: bool,
    /// Whether it holds a certificate.
    pub has_certificate: bool,
}
