//! What the phases of a run hand to each other: policy, templates and CAs, certificates, and the work list.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::sync::atomic::{AtomicU64, Ordering};

use autoenroll_model::{
    Action, CardSerial, Cause, CertificateCheck, Duration, EnrollmentService, FileTime, HResult, KeyPlace, Oid,
    PrincipalObject, Provider, RequestEntry, RequestStage, Settings, SimTime, Stores, Template, Thumbprint,
};
use autoenroll_wire::Certificate;

/// Everything a run knows when it works on certificates.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) gathered: Gathered,
    pub(crate) held: Inventory,
}

/// What a run knows before it reads the stores.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    pub(crate) settings: Arc<Settings>,
    pub(crate) flags: PolicyFlags,
    pub(crate) policy: Arc<EnrollmentPolicy>,
    pub(crate) principal: Arc<PrincipalObject>,
    /// The site of the directory that the computer is in.
    pub(crate) site: Option<String>,
}

/// What the effective policy lets a run do, by the bits of `AEPolicy` ([MS-CAESO] 4.4.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PolicyFlags {
    /// 0x1: new enrollments and template updates.
    pub(crate) enroll: bool,
    /// 0x2: renew, archive, delete, clean the directory.
    pub(crate) manage: bool,
    /// 0x4: fetch what is pending.
    pub(crate) retrieve: bool,
    /// No bit: the machine may have templates that it enrolls for by itself.
    pub(crate) own: bool,
}

impl PolicyFlags {
    /// Policy asks for something.
    pub(crate) const fn asked(self) -> bool {
        self.enroll || self.manage || self.retrieve
    }

    /// There may be something to do.
    pub(crate) const fn any(self) -> bool {
        self.asked() || self.own
    }
}

/// Templates and CAs, as the directory or policy servers describe them in one reading ([MS-XCEP] calls it the same).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EnrollmentPolicy {
    pub(crate) templates: Vec<Arc<TemplateEntry>>,
    pub(crate) services: Vec<EnrollmentService>,
    /// The first template of each name, by its place.
    names: BTreeMap<String, usize>,
    /// The first template of each object identifier.
    oids: BTreeMap<Oid, usize>,
    /// The CAs that issue a template, by its name.
    issuers: BTreeMap<String, Vec<usize>>,
    fingerprint: Fingerprint,
}

/// Tells what a policy says from what another one does, once somebody has asked; until then it is zero. A core keeps
/// the same policy in several places, and each of its states is written down as often as states are compared.
#[derive(Debug, Default)]
struct Fingerprint(AtomicU64);

impl Clone for Fingerprint {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

/// It says nothing that the policy does not.
impl PartialEq for Fingerprint {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Fingerprint {}

/// FNV-1a (RFC 9923) over a text.
struct Fnv(u64);

impl fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let step = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        self.0 = text.bytes().fold(self.0, step);
        Ok(())
    }
}

/// Only its fingerprint, unless all of it is asked for by `{:#?}`: it is never changed.
impl fmt::Debug for EnrollmentPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let Self { templates, services, .. } = self;
            return f
                .debug_struct("EnrollmentPolicy")
                .field("templates", templates)
                .field("services", services)
                .finish_non_exhaustive();
        }
        let mut fingerprint = self.fingerprint.0.load(Ordering::Relaxed);
        if fingerprint == 0 {
            let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
            write!(hash, "{:?}{:?}", self.templates, self.services)?;
            fingerprint = hash.0;
            self.fingerprint.0.store(fingerprint, Ordering::Relaxed);
        }
        write!(f, "EnrollmentPolicy({fingerprint:016x})")
    }
}

impl EnrollmentPolicy {
    fn new(templates: Vec<Arc<TemplateEntry>>, services: Vec<EnrollmentService>) -> Self {
        let (mut names, mut oids) = (BTreeMap::new(), BTreeMap::new());
        for (at, entry) in templates.iter().enumerate() {
            names.entry(entry.template.name.clone()).or_insert(at);
            if let Some(oid) = &entry.template.oid {
                oids.entry(oid.clone()).or_insert(at);
            }
        }
        let mut issuers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, service) in services.iter().enumerate() {
            for name in &service.templates {
                let issuers = issuers.entry(name.clone()).or_default();
                if issuers.last() != Some(&at) {
                    issuers.push(at);
                }
            }
        }
        Self { templates, services, names, oids, issuers, fingerprint: Fingerprint::default() }
    }

    /// Whether it is what those sources come to: they describe nothing twice, and just these very templates and CAs.
    pub(crate) fn is_of(&self, found: &Found) -> bool {
        let same = |one: &TemplateEntry, other: &TemplateEntry| {
            Arc::ptr_eq(&one.template, &other.template) && one.permissions == other.permissions
        };
        self.templates.len() == found.templates.len()
            && self.templates.iter().zip(&found.templates).all(|(one, other)| same(one, other))
            && self.services == found.services
    }

    /// The template of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<TemplateEntry>> {
        self.templates.get(*self.names.get(name)?)
    }

    /// The first template of an object identifier.
    pub(crate) fn of_oid(&self, oid: &Oid) -> Option<&Arc<TemplateEntry>> {
        self.templates.get(*self.oids.get(oid)?)
    }

    /// The CAs that issue a template.
    pub(crate) fn issuers(&self, template: &str) -> impl Iterator<Item = &EnrollmentService> {
        self.issuers.get(template).into_iter().flatten().filter_map(|at| self.services.get(*at))
    }
}

/// What the sources have told, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) templates: Vec<Arc<TemplateEntry>>,
    pub(crate) services: Vec<EnrollmentService>,
}

impl Found {
    /// Policies overlap: what several sources describe counts once, as the first of them describes it.
    pub(crate) fn first_of_each(&self) -> EnrollmentPolicy {
        let (mut templates, mut services) = (self.templates.clone(), self.services.clone());
        let mut seen = BTreeSet::new();
        templates.retain(|entry| seen.insert((entry.template.name.clone(), entry.template.oid.clone())));
        let mut seen = BTreeSet::new();
        services.retain(|service| seen.insert((service.name.clone(), service.host.clone())));
        EnrollmentPolicy::new(templates, services)
    }
}

/// A template, and what a policy server says the principal may do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateEntry {
    pub(crate) template: Arc<Template>,
    /// When a policy server resolved them; otherwise the security descriptor decides.
    pub(crate) permissions: Option<Permissions>,
}

/// Permissions of the caller as a policy server tells them ([MS-XCEP] 3.1.4.1.3.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permissions {
    pub(crate) enroll: bool,
    pub(crate) autoenroll: bool,
}

/// An enrollment policy kept between runs.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PolicyCache {
    pub(crate) read_at: SimTime,
    /// How long it may be used without asking again.
    pub(crate) fresh_for: Duration,
    pub(crate) policy: Arc<EnrollmentPolicy>,
}

/// When it was read is told by decisions as its age; what can happen only depends on until when it is fresh.
impl fmt::Debug for PolicyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fresh_until = self.read_at + self.fresh_for;
        f.debug_struct("PolicyCache").field("fresh_until", &fresh_until).field("policy", &self.policy).finish()
    }
}

impl PolicyCache {
    pub(crate) fn is_fresh(&self, now: SimTime) -> bool {
        now.since(self.read_at) < self.fresh_for
    }
}

/// What MY, REQUEST and the directory object hold.
#[derive(Clone, Debug)]
pub(crate) struct Inventory {
    /// Certificates of a template, in MY and not archived.
    pub(crate) managed: Vec<ManagedCertificate>,
    /// In MY, not archived, of any origin.
    pub(crate) watched: Vec<WatchedCertificate>,
    /// Certificates of a template in the principal's directory object.
    pub(crate) published: Vec<ManagedCertificate>,
    /// MY and REQUEST as they were read.
    pub(crate) stores: Arc<Stores>,
    checks: BTreeMap<Thumbprint, CertificateCheck>,
}

impl Inventory {
    /// What was found, before anything is inspected.
    pub(crate) const fn new(
        managed: Vec<ManagedCertificate>,
        watched: Vec<WatchedCertificate>,
        published: Vec<ManagedCertificate>,
        stores: Arc<Stores>,
    ) -> Self {
        Self { managed, watched, published, stores, checks: BTreeMap::new() }
    }

    /// Takes what was found out about certificates; of two checks of one certificate the first counts.
    pub(crate) fn inspected(&mut self, checks: Vec<CertificateCheck>) {
        for check in checks {
            self.checks.entry(check.thumbprint.clone()).or_insert(check);
        }
    }

    /// All requests.
    pub(crate) fn requests(&self) -> &[RequestEntry] {
        &self.stores.requests
    }

    pub(crate) fn check(&self, thumbprint: &Thumbprint) -> Option<&CertificateCheck> {
        self.checks.get(thumbprint)
    }

    /// Whether a certificate can never be used again: its life is over, or its issuer has revoked it.
    pub(crate) fn is_over(&self, certificate: &ManagedCertificate, now: FileTime) -> bool {
        certificate.has_expired(now) || self.is_revoked(certificate)
    }

    pub(crate) fn is_revoked(&self, certificate: &ManagedCertificate) -> bool {
        self.check(&certificate.thumbprint).is_some_and(|check| check.revoked)
    }

    /// Whether MY has the certificate, not archived.
    pub(crate) fn is_installed(&self, thumbprint: &Thumbprint) -> bool {
        self.watched.iter().any(|certificate| certificate.thumbprint == *thumbprint)
    }

    /// Whether a certificate of MY, archived or not, has the key, as the old one does that was to be renewed with the
    /// same key. Such a key never goes with its request: what it has decrypted or may still have to decrypt would be
    /// lost.
    pub(crate) fn is_certified(&self, key: &KeyPlace) -> bool {
        self.stores.my.iter().any(|stored| stored.key.as_ref() == Some(key))
    }

    /// Whether a request for the template is not finished, apart from those that are over, by their key.
    pub(crate) fn is_outstanding(&self, template: &str, over: &BTreeSet<String>) -> bool {
        let waits = |entry: &RequestEntry| entry.stage != RequestStage::Prepared && !over.contains(&entry.key_id);
        self.requests().iter().any(|entry| entry.template == template && waits(entry))
    }
}

/// A certificate with the extension of a template that the enrollment policy knows.
#[derive(Clone, Debug)]
pub(crate) struct ManagedCertificate {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) template: Arc<TemplateEntry>,
    /// The template's major version when it was issued.
    pub(crate) major: u32,
    pub(crate) not_before: FileTime,
    pub(crate) not_after: FileTime,
    /// Its key only signs, so that losing it loses no data.
    pub(crate) signature_only: bool,
    pub(crate) eku: Vec<String>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Option<KeyPlace>,
}

impl ManagedCertificate {
    pub(crate) fn has_expired(&self, now: FileTime) -> bool {
        now >= self.not_after
    }

    /// Whether it is of that very entry of the policy.
    pub(crate) fn is_of(&self, entry: &Arc<TemplateEntry>) -> bool {
        Arc::ptr_eq(&self.template, entry)
    }
}

/// A certificate of MY, whatever template it is of, whose end is watched.
#[derive(Clone, Debug)]
pub(crate) struct WatchedCertificate {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) not_before: FileTime,
    pub(crate) not_after: FileTime,
}

/// Certificates of a machine that name it as it is no longer called, as seen since it started. Nothing else remembers
/// them, so that a restart counts anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Misnamed(BTreeMap<Thumbprint, Seen>);

/// What became of such a certificate so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) since: SimTime,
    /// The latest failure to replace it, and how often it came in a row.
    pub(crate) failed: Option<(HResult, u8)>,
}

impl Misnamed {
    /// It has a wrong name now, or had it before.
    pub(crate) fn see(&mut self, certificate: &Thumbprint, now: SimTime) -> Seen {
        *self.0.entry(certificate.clone()).or_insert(Seen { since: now, failed: None })
    }

    /// Its name is right.
    pub(crate) fn forget(&mut self, certificate: &Thumbprint) {
        self.0.remove(certificate);
    }

    /// A certificate in its place could not be had.
    pub(crate) fn failed(&mut self, certificate: &Thumbprint, code: HResult) {
        if let Some(seen) = self.0.get_mut(certificate) {
            let before = seen.failed.filter(|(known, _)| *known == code).map_or(0, |(_, times)| times);
            seen.failed = Some((code, before.saturating_add(1)));
        }
    }
}

/// One certificate to be got.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The template's name.
    pub(crate) name: String,
    pub(crate) task: Task,
    /// A user must take part.
    pub(crate) interactive: bool,
    /// Installed providers in order of preference.
    pub(crate) providers: Vec<Provider>,
    /// Certificates that the new one replaces.
    pub(crate) retires: Vec<Thumbprint>,
    /// The certificate among them whose name is no longer the machine's, when that is why.
    pub(crate) misnamed: Option<Thumbprint>,
    /// Why it is on the list.
    pub(crate) reasons: Vec<Cause>,
    /// The one of them that put it there.
    pub(crate) because: Cause,
}

impl Item {
    pub(crate) const fn action(&self) -> Action {
        match &self.task {
            Task::Request(request) => match request.kind {
                Kind::Enroll => Action::Enroll,
                Kind::Reenroll => Action::Reenroll,
                Kind::Renew(_) => Action::Renew,
            },
            Task::Retrieve(_) => Action::Retrieve,
            Task::Resume(_) => Action::Resume,
        }
    }

    /// Whether the new certificate renews an old one, also when its request had to wait at a CA.
    // MC1.renewal
    pub(crate) const fn renews(&self) -> bool {
        match &self.task {
            Task::Request(request) => matches!(request.kind, Kind::Renew(_)),
            Task::Retrieve(pending) => pending.entry.renewal,
            Task::Resume(issued) => issued.entry.renewal,
        }
    }

    /// Whether a key that has to sign the request, of the old certificate or of the one that stands in for a
    /// registration authority, is in that container of that card.
    pub(crate) fn is_signed_by(&self, card: &CardSerial, container: &str) -> bool {
        let Task::Request(request) = &self.task else { return false };
        let signers = self.renewed().into_iter().chain(&request.cosigner);
        signers.into_iter().any(|signer| signer.key.card.as_ref() == Some(card) && signer.key.container == container)
    }

    /// The certificate whose key signs the request of a renewal.
    pub(crate) const fn renewed(&self) -> Option<&SigningCertificate> {
        match &self.task {
            Task::Request(NewRequest { kind: Kind::Renew(old), .. }) => Some(old),
            _ => None,
        }
    }
}

/// What is to be done for an item.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// Make a key and request a certificate for it.
    Request(NewRequest),
    /// Ask a CA for what is pending there.
    Retrieve(PendingRequest),
    /// Put an issued certificate where it belongs.
    Resume(IssuedRequest),
}

/// A request that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest {
    pub(crate) template: Arc<TemplateEntry>,
    /// The CAs that issue the template, best first.
    pub(crate) cas: BestFirst<Ca>,
    pub(crate) kind: Kind,
    /// The certificate that signs as registration authority.
    pub(crate) cosigner: Option<SigningCertificate>,
    /// Entries of this template that never reached a CA.
    pub(crate) orphans: Vec<Orphan>,
}

/// How a new request relates to an old certificate.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// There is none that counts.
    Enroll,
    /// The old one does not sign.
    Reenroll,
    /// The old one signs.
    Renew(SigningCertificate),
}

/// A list with at least one member, in the order in which they are tried.
#[derive(Clone, Debug)]
pub(crate) struct BestFirst<T> {
    pub(crate) first: T,
    pub(crate) others: Vec<T>,
}

impl<T> BestFirst<T> {
    /// The list without its first member; `None` when there is no other.
    pub(crate) fn next(self) -> Option<Self> {
        let mut others = self.others;
        if others.is_empty() {
            return None;
        }
        Some(Self { first: others.remove(0), others })
    }
}

/// A CA by name and host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ca {
    pub(crate) name: String,
    /// `dNSHostName`, or the address of an enrollment web service in front of the CA.
    pub(crate) host: String,
    /// That service takes renewals only.
    pub(crate) renewal_only: bool,
}

/// Kerberos, anonymous, what needs no question because the credentials are stored, then a client certificate and a user
/// name ([MS-CAESO] 4.4.5.3.2.3; Microsoft's primer on the enrollment web services; support article on 0x80090022).
// V1.3.auth-flags
pub(crate) fn auth_rank(authentication: u32, url: &str, stored: &[String]) -> u8 {
    match authentication {
        2 => 0,
        1 => 1,
        // V1.3.stored-credentials
        _ if stored.iter().any(|known| known == url) => 2,
        8 => 3,
        _ => 4,
    }
}

/// A certificate with a key that signs a request for another one.
#[derive(Clone, Debug)]
pub(crate) struct SigningCertificate {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: KeyPlace,
}

/// An entry of the REQUEST store that was written before its request could be sent.
#[derive(Clone, Debug)]
pub(crate) struct Orphan {
    pub(crate) entry: RequestEntry,
    /// No certificate has its key.
    pub(crate) owns_key: bool,
}

/// A request that a CA has under submission.
#[derive(Clone, Debug)]
pub(crate) struct PendingRequest {
    pub(crate) entry: RequestEntry,
    pub(crate) ca: Ca,
    pub(crate) request_id: u32,
}

/// A request whose certificate is not yet where it belongs.
#[derive(Clone, Debug)]
pub(crate) struct IssuedRequest {
    pub(crate) entry: RequestEntry,
    pub(crate) issued: Issued,
    /// It has come in this run, and was judged then.
    pub(crate) judged: bool,
}

/// The CA that was asked last for an item.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) ca: String,
    /// The number that it gave the request; one that cannot be reached gives none.
    pub(crate) request_id: Option<u32>,
    /// What became of the request, when it had waited there.
    pub(crate) settled: Option<Settled>,
}

/// What is found of a request that a CA had under submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Issued,
    Denied,
}

/// A certificate that a CA has issued.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) ca: String,
    pub(crate) certificate: Arc<Certificate>,
}
