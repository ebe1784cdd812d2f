//! What exists in a world: plain data, every name as the scenario says it.

mod budget;
mod ca;
mod policy;
mod setting;
mod template;

use std::fmt;

use autoenroll_apdu::piv::TouchRule;
use autoenroll_card::CardProfile;
use autoenroll_csp::CardDatabase;
use autoenroll_keys::KeyMode;
use autoenroll_model::{
    DirectoryCache, Duration, FileTime, Guid, HResult, KeyAlgorithm, Profile, Provider, ProviderKind, Sid, TrustStore,
    WindowsVersion,
};
use autoenroll_wire::name::escaped;

use crate::action::Change;

pub use autoenroll_csp::Pin;
pub use budget::{Budget, Quantity};
pub use ca::{CaSpec, EnrollmentServerSpec};
pub use policy::PolicySpec;
pub use setting::{Edit, Field, Setting, SettingValue};
pub use template::{ATTRIBUTES, GENERAL_FLAGS, TemplateSpec};

/// A whole world at its start. Nothing is defaulted silently: scenarios fill in from named fixtures before it comes
/// here.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldSpec {
    /// The only source of everything that looks random.
    pub seed: u64,
    /// Which keys the world has: those of CAs, cards and everybody else. No scenario file says so; symbolic ones are
    /// for simulations of many machines, and the first record of their traces tells.
    pub keys: KeyMode,
    /// What the wall clock shows at the start.
    pub start: FileTime,
    /// The behaviour of every core.
    pub profile: Profile,
    /// How much the scenario may use up.
    pub budget: Budget,
    /// The rule that is inverted, to see whether a scenario notices.
    #[cfg(feature = "planted-bugs")]
    pub flip: Option<autoenroll_model::Rule>,
    /// The domain.
    pub domain: DomainSpec,
    /// Group Policy.
    pub policy: PolicySpec,
    /// Certificate templates of the directory.
    pub templates: Vec<TemplateSpec>,
    /// Certification authorities.
    pub authorities: Vec<CaSpec>,
    /// Certificate enrollment policy servers.
    pub policy_services: Vec<PolicyServiceSpec>,
    /// Groups.
    pub groups: Vec<GroupSpec>,
    /// Users.
    pub users: Vec<UserSpec>,
    /// Computers.
    pub computers: Vec<ComputerSpec>,
    /// Smart cards.
    pub cards: Vec<CardSpec>,
    /// What MY and REQUEST hold at the start.
    pub stores: Vec<StoreSpec>,
    /// What changes by itself later.
    pub changes: Vec<ScheduledChange>,
}

impl WorldSpec {
    /// An empty domain `CONTOSO` (`contoso.com`) with one controller and autoenrollment switched on.
    #[must_use]
    pub fn contoso(profile: Profile) -> Self {
        Self {
            seed: 1,
            keys: KeyMode::Real,
            start: FileTime::from_unix_seconds(1_772_438_400),
            profile,
            budget: Budget::default(),
            #[cfg(feature = "planted-bugs")]
            flip: None,
            domain: DomainSpec::contoso(),
            policy: PolicySpec::default(),
            templates: Vec::new(),
            authorities: Vec::new(),
            policy_services: Vec::new(),
            groups: Vec::new(),
            users: Vec::new(),
            computers: Vec::new(),
            cards: Vec::new(),
            stores: Vec::new(),
            changes: Vec::new(),
        }
    }
}

/// A change that happens by itself, before anything else of its instant.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledChange {
    /// Time since the start.
    pub at: Duration,
    /// What changes.
    pub change: Change,
}

/// The domain and its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec {
    /// NetBIOS name, e.g. `CONTOSO`.
    pub netbios: String,
    /// DNS name, e.g. `contoso.com`.
    pub dns: String,
    /// Domain controllers; the first reachable one is contacted.
    pub controllers: Vec<ControllerSpec>,
    /// The domain's own identifier, without a relative identifier.
    pub sid: Sid,
    /// `objectGUID` of the forest root domain.
    pub forest: Guid,
    /// Content of the trust containers.
    pub trust: TrustSpec,
    /// Whether any controller can be reached.
    pub reachable: bool,
    /// Duration of every directory access.
    pub latency: Duration,
}

impl DomainSpec {
    /// `CONTOSO` with the controller `DC01` and empty trust containers.
    #[must_use]
    pub fn contoso() -> Self {
        Self {
            netbios: "CONTOSO".to_owned(),
            dns: "contoso.com".to_owned(),
            controllers: vec![ControllerSpec { name: "DC01".to_owned(), signs_ldap: true, reachable: true }],
            sid: "S-1-5-21-1004336348-1177238915-682003330".parse().expect("a well-formed constant"),
            forest: "6b8d0c4e-52f1-4a9b-8c3d-2f7e9a1b5c60".parse().expect("a well-formed constant"),
            trust: TrustSpec::default(),
            reachable: true,
            latency: Duration::ZERO,
        }
    }

    /// The distinguished name that an account has unless another is said: of `Doe, John` in `Users` it is
    /// `CN=Doe\, John,CN=Users,DC=contoso,DC=com`.
    #[must_use]
    pub fn dn_of(&self, account: &str, container: &str) -> String {
        format!("CN={},CN={container},{}", escaped(account), self.dn())
    }

    /// The distinguished name of the domain: `DC=contoso,DC=com`.
    #[must_use]
    pub fn dn(&self) -> String {
        self.dns.split('.').map(|label| format!("DC={label}")).collect::<Vec<_>>().join(",")
    }

    /// The identifier of an account of this domain.
    #[must_use]
    pub fn account(&self, relative: u32) -> Sid {
        format!("{}-{relative}", self.sid).parse().expect("one more sub-authority still is an identifier")
    }
}

/// A domain controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerSpec {
    /// Its name.
    pub name: String,
    /// It can sign LDAP (Windows 2000 SP3 and later).
    pub signs_ldap: bool,
    /// It answers.
    pub reachable: bool,
}

/// Content of the trust containers: names of authorities of this world, or of [`TrustSpec::extra_roots`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustSpec {
    /// `CN=Certification Authorities`.
    pub roots: Vec<String>,
    /// `CN=AIA`.
    pub ca: Vec<String>,
    /// `CN=NTAuthCertificates`.
    pub ntauth: Vec<String>,
    /// Names of roots that exist besides the authorities; each gets a certificate of its own.
    pub extra_roots: Vec<String>,
    /// Containers whose content cannot be read.
    pub unreadable: Vec<TrustStore>,
}

/// A certificate enrollment policy server ([MS-XCEP]). It passes on what the directory holds: the templates that the
/// caller can see, with the caller's permissions resolved, and all CAs. Clients find it through
/// [`PolicySpec::policy_servers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyServiceSpec {
    /// Its address.
    pub url: String,
    /// Whether it answers.
    pub reachable: bool,
    /// The code with which it answers every question; `None` for the policy.
    pub failure: Option<HResult>,
    /// `nextUpdateHours`.
    pub next_update_hours: Option<u32>,
    /// Names of CAs with the priority that it gives them, lower is better; 1 for every other CA.
    pub priorities: Vec<(String, u32)>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// Its identifier.
    pub sid: Sid,
    /// Names of users, computers and groups.
    pub members: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserSpec {
    /// Account name.
    pub name: String,
    /// `objectSid`.
    pub sid: Sid,
    /// Distinguished name.
    pub dn: String,
    /// `objectGUID`.
    pub guid: Guid,
    /// `userPrincipalName`.
    pub upn: Option<String>,
    /// `mail`.
    pub mail: Option<String>,
    /// `whenCreated`; `None` before every certificate.
    pub created: Option<Issued>,
    /// Settings at the start.
    pub settings: SettingsSpec,
    /// `userCertificate`; a name that also stands in a store is the same certificate.
    pub published: Vec<CertificateSpec>,
    /// Stores and software keys follow the user to every computer; otherwise they stay where they were made.
    pub roaming: bool,
}

impl UserSpec {
    /// `alice`: `CN=alice,CN=Users,DC=…`, `alice@contoso.com` as principal name and address.
    #[must_use]
    pub fn named(name: &str, relative: u32, domain: &DomainSpec) -> Self {
        Self {
            name: name.to_owned(),
            sid: domain.account(relative),
            dn: domain.dn_of(name, "Users"),
            guid: guid_of(relative, 0x05),
            upn: Some(format!("{name}@{}", domain.dns)),
            mail: Some(format!("{name}@{}", domain.dns)),
            created: None,
            settings: SettingsSpec::default(),
            published: Vec::new(),
            roaming: false,
        }
    }
}

/// A computer.
#[derive(Clone, Debug, PartialEq)]
pub struct ComputerSpec {
    /// Its name.
    pub name: String,
    /// `objectSid`.
    pub sid: Sid,
    /// Distinguished name.
    pub dn: String,
    /// `objectGUID`.
    pub guid: Guid,
    /// `dNSHostName`.
    pub dns: Option<String>,
    /// The site of the directory that it is in.
    pub site: Option<String>,
    /// What it is in the domain.
    pub role: ComputerRole,
    /// Names of its readers.
    pub readers: Vec<String>,
    /// Providers installed, in registry order.
    pub providers: Vec<Provider>,
    /// Known card types.
    pub card_database: CardDatabase,
    /// Settings of the machine context at the start.
    pub settings: SettingsSpec,
    /// `userCertificate` of its object.
    pub published: Vec<CertificateSpec>,
}

impl ComputerSpec {
    /// A domain member `WKS01`, `wks01.contoso.com`, without readers and providers.
    #[must_use]
    pub fn named(name: &str, relative: u32, domain: &DomainSpec) -> Self {
        Self {
            name: name.to_owned(),
            sid: domain.account(relative),
            dn: domain.dn_of(name, "Computers"),
            guid: guid_of(relative, 0x0C),
            dns: Some(format!("{}.{}", name.to_lowercase(), domain.dns)),
            site: None,
            role: ComputerRole::Member,
            readers: Vec::new(),
            providers: Vec::new(),
            card_database: CardDatabase::default(),
            settings: SettingsSpec::default(),
            published: Vec::new(),
        }
    }

    /// Its providers as it runs that version of Windows: those of the description, then what Windows brings along to
    /// keep keys in software. What needs a device is there when the description says so.
    // K8.6.built-in
    #[must_use]
    pub fn installed(&self, version: WindowsVersion) -> Vec<Provider> {
        let listed = |name: &str| self.providers.iter().any(|provider| provider.name == name);
        let built_in = version.software_key_storage().iter().filter(|name| !listed(name));
        let built_in = built_in.map(|name| Provider { name: (*name).to_owned(), kind: ProviderKind::Software });
        self.providers.iter().cloned().chain(built_in).collect()
    }
}

/// A GUID that is stable for an account of a fixture.
fn guid_of(relative: u32, kind: u8) -> Guid {
    let [a, b, c, d] = relative.to_be_bytes();
    Guid([a, b, c, d, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, kind])
}

autoenroll_model::words! {
    /// What a computer is in the domain.
    pub enum ComputerRole as "computer role" {
        /// A member.
        Member = "member",
        /// A domain controller: Group Policy every five minutes.
        DomainController = "domain-controller",
        /// Not joined: nothing triggers.
        Standalone = "standalone",
    }
}

/// Settings of a principal beside Group Policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsSpec {
    /// The locally configured `AEPolicy`.
    pub local_policy: Option<u32>,
    /// `AEExpress` exists.
    pub express: bool,
    /// `AEEventLogLevel`.
    pub log_level: Option<u32>,
    /// `AEDirectoryCache`.
    pub directory_cache: Option<DirectoryCache>,
    /// URLs of policy servers for which the vault holds credentials.
    pub stored_credentials: Vec<String>,
}

/// The administrator key of every card of a world: three DES keys. With it a blocked PIN of a GIDS card is unblocked,
/// and a PIV card is managed. It is the one that cards with a minidriver, and PIV cards, are commonly shipped with.
pub const ADMIN_KEY: [u8; 24] =
    *b"\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08";

/// A smart card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardSpec {
    /// Its name.
    pub name: String,
    /// Its card id; `None` draws one from seed and name.
    pub serial: Option<[u8; 16]>,
    /// The kind of card: answer to reset, which decides whose card it is, application, capacity, PIN rules, algorithms,
    /// quirks.
    pub profile: CardProfile,
    /// Its PIN.
    pub pin: Pin,
    /// PIN attempts left at the start, at most those of the profile; 0 is a blocked card.
    pub tries: u8,
    /// The PUK of a PIV card and its attempts left, at most as many as the PIN has; `None` is the one that cards come
    /// with. GIDS cards have none.
    pub puk: Option<(Pin, u8)>,
    /// Containers, in order of their index.
    pub containers: Vec<CardContainerSpec>,
    /// Where it is at the start.
    pub in_reader: Option<ReaderName>,
}

impl CardSpec {
    /// A card without containers, in no reader, with all PIN attempts left.
    #[must_use]
    pub fn named(name: &str, profile: CardProfile, pin: &str) -> Self {
        Self {
            name: name.to_owned(),
            serial: None,
            tries: profile.pin.tries(),
            profile,
            pin: Pin::new(pin),
            puk: None,
            containers: Vec::new(),
            in_reader: None,
        }
    }
}

/// A reader of a computer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderName {
    /// The computer.
    pub computer: String,
    /// The reader's name there.
    pub reader: String,
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.reader, self.computer)
    }
}

/// A container on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardContainerSpec {
    /// Its name.
    pub name: String,
    /// It carries the default flag.
    pub default: bool,
    /// Its key; `None` for a container without one. A container that holds a certificate has one, RSA-2048 unless said
    /// here.
    pub key: Option<KeyAlgorithm>,
    /// The certificate in it.
    pub holds: Option<CertificateSpec>,
    /// When its key asks to be touched; only those of PIV cards do.
    pub touch: TouchRule,
}

/// What a principal's stores hold at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSpec {
    /// The user or computer.
    pub of: String,
    /// MY.
    pub certificates: Vec<CertificateSpec>,
    /// REQUEST.
    pub requests: Vec<RequestSpec>,
}

/// A certificate that the simulated CA issues for real before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSpec {
    /// Its name in facts. Descriptions of the same name are one certificate: the first one counts, in the order stores,
    /// users, computers, cards.
    pub name: String,
    /// Whose it is. `None` is the principal in whose store or object it stands; on a card alone, the first user.
    pub owner: Option<String>,
    /// Name of its template.
    pub template: String,
    /// Name of the CA that issued it.
    pub ca: String,
    /// When its life began.
    pub issued: Issued,
    /// Its life, when it is not the template's.
    pub lifetime: Option<Duration>,
    /// The template's major version it was issued from, when it is not today's.
    pub revision: Option<u32>,
    /// The template's minor version it was issued from, when it is not today's.
    pub minor: Option<u32>,
    /// It has the archived property.
    pub archived: bool,
    /// Its CA has revoked it.
    pub revoked: bool,
    /// Where its key is.
    pub key: CertificateKey,
    /// It names no template, like a certificate from somewhere else.
    pub foreign: bool,
    /// Its chain.
    pub chain: Chain,
}

impl CertificateSpec {
    /// A certificate of a template, issued that long before the start, with its key in software.
    #[must_use]
    pub fn of(name: &str, template: &str, ca: &str, age: Duration) -> Self {
        Self {
            name: name.to_owned(),
            owner: None,
            template: template.to_owned(),
            ca: ca.to_owned(),
            issued: Issued::Age(age),
            lifetime: None,
            revision: None,
            minor: None,
            archived: false,
            revoked: false,
            key: CertificateKey::Software,
            foreign: false,
            chain: Chain::Ok,
        }
    }
}

/// When a certificate's life began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    /// That long before the start.
    Age(Duration),
    /// Then.
    At(FileTime),
}

/// Where the key of a certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateKey {
    /// With a software provider.
    Software,
    /// On a card, in a container that the card's own description need not name again.
    Card {
        /// The card.
        card: String,
        /// The container.
        container: String,
    },
    /// The store knows no key.
    Missing,
}

autoenroll_model::words! {
    /// What chain building says about a certificate.
    pub enum Chain as "chain" {
        /// Whatever the trust stores say.
        Ok = "ok",
        /// Its root is trusted nowhere.
        Untrusted = "untrusted",
    }
}

/// A request in the REQUEST store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSpec {
    /// Its name, and that of the certificate it may become.
    pub name: String,
    /// The template.
    pub template: String,
    /// The CA that has it under submission.
    pub ca: String,
    /// When it was made.
    pub created: Issued,
    /// Where its key is.
    pub key: CertificateKey,
    /// Name of the certificate it renews or replaces.
    pub replaces: Option<String>,
    /// Whether it renews that certificate.
    pub renewal: bool,
    /// What the CA has made of it since.
    pub decided: RequestDecision,
}

autoenroll_model::words! {
    /// What a CA has made of a request before the start.
    pub enum RequestDecision as "request decision" {
        /// Nothing yet.
        Pending = "pending",
        /// The manager approved.
        Approved = "approved",
        /// The manager denied.
        Denied = "denied",
        /// It is only prepared: the key exists, no CA knows of it.
        Unsent = "unsent",
        /// The CA took it under submission, and its database knows nothing of it any more.
        Forgotten = "forgotten",
    }
}
