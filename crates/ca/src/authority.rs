//! The CA as clients and its manager meet it: submit, retrieve, approve, deny, revoke.

use core::fmt;
use std::sync::Arc;

use autoenroll_keys::{KeyAlgorithm, Seed, SignatureAlgorithm};
use autoenroll_model::{
    CaReply, Decision, Decisions, Disposition, EnrollmentFlags, EnrollmentService, Facts, FileTime, GeneralFlags,
    HResult, PrincipalObject, Right, Sid, Submission, Template, Token, access_check,
};
use autoenroll_wire::flags::CR_IN_FULLRESPONSE;

use crate::archive::Exchange;
use crate::config::CaConfig;
use crate::content::{Issuance, serial};
use crate::database::{Database, RequestState, Row, Shelf};
use crate::encode::{self, CrlContent};
use crate::envelope::Envelope;
use crate::hierarchy::CaIdentity;
use crate::judge::{Judge, Refusal};
use crate::policy::PolicyModule;
use crate::request::VerifiedRequest;
use crate::revocation::RevocationReason;
use crate::trust::Trust;
use crate::{response, rules};

/// An enterprise CA. Several stand side by side; a clone is a CA of its own with the same past.
#[derive(Clone, Debug)]
pub struct Ca {
    identity: Arc<CaIdentity>,
    config: CaConfig,
    seed: Seed,
    templates: Vec<Arc<Template>>,
    trust: Trust,
    exchange: Exchange,
    suspended: bool,
    database: Database,
    decisions: Decisions,
    publications: Vec<Publication>,
    crls: u32,
}

/// An issued certificate that the CA appends to the requester's `userCertificate` (CT_FLAG_PUBLISH_TO_DS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The requester's account, whatever its name is by now.
    pub account: Sid,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
}

/// Why the manager's action was not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagerError {
    /// There is no request of that number.
    UnknownRequest {
        /// The number.
        id: u32,
    },
    /// Only a pending request can be approved or denied.
    NotPending {
        /// The request.
        id: u32,
        /// How it stands.
        state: RequestState,
    },
    /// No certificate of that serial number was issued here and is still valid.
    UnknownCertificate {
        /// The serial number, big endian.
        serial: Vec<u8>,
    },
}

impl ManagerError {
    /// The code that the administration interface returns ([MS-CSRA]).
    #[must_use]
    pub const fn code(&self) -> HResult {
        match self {
            Self::UnknownRequest { .. } => HResult::CERTSRV_E_PROPERTY_EMPTY,
            Self::NotPending { .. } => HResult::CERTSRV_E_BAD_REQUESTSTATUS,
            Self::UnknownCertificate { .. } => HResult::CERTSRV_E_NO_REQUEST,
        }
    }
}

impl fmt::Display for ManagerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownRequest { id } => write!(f, "the CA has no request {id}"),
            Self::NotPending { id, state } => write!(f, "request {id} is not pending but {state}"),
            Self::UnknownCertificate { serial } => {
                let serial = autoenroll_model::hex::encode(serial);
                write!(f, "the CA has issued no certificate {serial} that could be revoked")
            }
        }
    }
}

impl core::error::Error for ManagerError {}

impl Ca {
    /// A CA with an empty database. `templates` is its copy of the directory's; the configuration names those it
    /// issues.
    #[must_use]
    pub fn new(seed: Seed, identity: CaIdentity, config: CaConfig, templates: Vec<Template>) -> Self {
        let trust = Trust::new(&identity);
        let exchange = Exchange::new(&seed, &identity);
        Self {
            identity: Arc::new(identity),
            config,
            seed,
            templates: templates.into_iter().map(Arc::new).collect(),
            trust,
            exchange,
            suspended: false,
            database: Database::default(),
            decisions: Decisions::new(),
            publications: Vec::new(),
            crls: 0,
        }
    }

    /// From now on, the database keeps the rows of resolved requests on a shelf.
    pub fn shelve(&mut self, shelf: Arc<dyn Shelf>) {
        self.database.shelve(shelf);
    }

    /// Takes a request ([MS-WCCE] 3.2.1.4.2.1, with the enterprise rules of 3.2.2.6.2.1). The caller is who the
    /// transport says it is; names in the certificate come from its directory object.
    ///
    /// A request that does not even reach the database (wrong CA name, no right to request, CA suspended) has number 0
    /// in the reply; every other one has a row, with the reason if it was refused. `CR_IN_FULLRESPONSE` in the flags,
    /// and nothing else, makes the response a full CMC response.
    pub fn submit(&mut self, now: FileTime, caller: &PrincipalObject, submission: &Submission) -> CaReply {
        if let Err(refusal) = self.admit(caller, submission) {
            return Self::nothing(0, refusal);
        }
        let id = self.database.next_id();
        let mut row = Row::new(id, now, caller, submission);
        match self.understand(now, &row) {
            Ok(request) => {
                row.understood = Some(request);
                self.decide(now, &mut row, None);
            }
            Err((message, refusal)) => row.fail(now, message, &refusal),
        }
        let reply = self.reply(&row);
        self.store(row);
        reply
    }

    /// Tells how a request stands ([MS-WCCE] 3.2.1.4.2.1.3). A revoked one comes back as failed with CRYPT_E_REVOKED,
    /// because a disposition of 6 has no place of its own in the reply.
    pub fn retrieve(&mut self, request_id: u32) -> CaReply {
        let known = self.database.row(request_id);
        let mut judge = Judge::new(&mut self.decisions, format!("request {request_id}"));
        // X6.1.0x80094004
        let held = judge.require(&rules::KNOWN, known.is_some(), Facts::new());
        match (held, known) {
            (Ok(()), Some(row)) => self.reply(&row),
            (Ok(()), None) => Self::nothing(request_id, Refusal::by(&rules::KNOWN, &Facts::new())),
            (Err(refusal), _) => Self::nothing(request_id, refusal),
        }
    }

    /// Resubmits a pending request with the manager's approval: the policy module looks at it once more, with the
    /// templates, the rights and the time of now, and it is issued or denied.
    ///
    /// # Errors
    /// [`ManagerError::UnknownRequest`], [`ManagerError::NotPending`].
    pub fn approve(&mut self, now: FileTime, officer: &str, id: u32) -> Result<Disposition, ManagerError> {
        let mut row = self.pending(id)?;
        self.decide(now, &mut row, Some(officer));
        let disposition = row.state.disposition();
        self.store(row);
        Ok(disposition)
    }

    /// Denies a pending request.
    ///
    /// # Errors
    /// [`ManagerError::UnknownRequest`], [`ManagerError::NotPending`].
    pub fn deny(&mut self, now: FileTime, officer: &str, id: u32) -> Result<(), ManagerError> {
        let mut row = self.pending(id)?;
        // X6.1.0x80094014
        row.state = RequestState::Denied(HResult::CERTSRV_E_ADMIN_DENIED_REQUEST);
        row.resolved = Some(now);
        row.message = format!("Denied by {officer}");
        row.understood = None;
        self.store(row);
        Ok(())
    }

    /// Revokes a certificate by serial number. It is on the next revocation list.
    ///
    /// # Errors
    /// [`ManagerError::UnknownCertificate`], also when it is revoked already.
    pub fn revoke(&mut self, now: FileTime, serial: &[u8], reason: RevocationReason) -> Result<(), ManagerError> {
        match self.database.by_serial(serial).filter(|row| row.state == RequestState::Issued) {
            Some(row) => {
                self.database
                    .put(Row { state: RequestState::Revoked { at: now, reason }, ..Arc::unwrap_or_clone(row) });
                Ok(())
            }
            None => Err(ManagerError::UnknownCertificate { serial: serial.to_vec() }),
        }
    }

    /// Since when, and why, a certificate is revoked.
    #[must_use]
    pub fn revocation(&self, serial: &[u8]) -> Option<(FileTime, RevocationReason)> {
        self.database.revocation(serial)
    }

    /// A new revocation list of everything revoked until now, DER. Each has the next number.
    ///
    /// # Panics
    /// Never: serial numbers and dates that were put into certificates can be put into a list.
    pub fn publish_crl(&mut self, now: FileTime) -> Vec<u8> {
        self.crls = self.crls.saturating_add(1);
        let content = CrlContent {
            issuer: self.identity.subject().to_vec(),
            key_identifier: self.identity.public_key().key_identifier().to_vec(),
            number: self.crls,
            this_update: now,
            next_update: now + self.config.crl_period,
            revoked: self.database.revoked().collect(),
        };
        encode::crl(&content, self.identity.private_key(), self.algorithm())
            .expect("serial numbers and dates of certificates fit into a list")
    }

    /// The certificate to which clients encrypt private keys for archival (GetCAProperty, CR_PROP_CAXCHGCERT), DER. A
    /// new one is made when the last has ended.
    ///
    /// # Panics
    /// Never: its content holds nothing that could not be encoded.
    pub fn exchange_certificate(&mut self, now: FileTime) -> Vec<u8> {
        let algorithm = self.algorithm();
        let certificate = self.exchange.certificate(&self.seed, &self.identity, algorithm, now);
        certificate.expect("an exchange certificate holds nothing from outside")
    }

    /// What the directory publishes about this CA.
    #[must_use]
    pub fn authority(&self) -> EnrollmentService {
        EnrollmentService {
            name: self.identity.name().to_string(),
            host: Some(self.config.host.clone()),
            certificate: self.identity.certificate().to_vec(),
            templates: self.config.templates.clone(),
            enroll_permission: None,
            priority: None,
            site: None,
            uris: Vec::new(),
        }
    }

    /// Name, key and certificate.
    #[must_use]
    pub fn identity(&self) -> &CaIdentity {
        &self.identity
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &CaConfig {
        &self.config
    }

    /// The configuration, to change it; requests taken before are not looked at again.
    pub const fn config_mut(&mut self) -> &mut CaConfig {
        &mut self.config
    }

    /// The CA's copy of the templates.
    #[must_use]
    pub fn templates(&self) -> &[Arc<Template>] {
        &self.templates
    }

    /// Replaces the CA's copy of the templates, as directory replication does in its own time.
    pub fn set_templates(&mut self, templates: impl IntoIterator<Item = impl Into<Arc<Template>>>) {
        self.templates = templates.into_iter().map(Into::into).collect();
    }

    /// Trusts certificates that another CA issued when they sign a request: as co-signers, or as the certificate
    /// renewed. Whether such a CA has revoked them this one does not know.
    pub fn trust(&mut self, other: &CaIdentity) {
        self.trust.add(other);
    }

    /// Suspends the CA, as during a restore, or resumes it: a suspended one refuses every request.
    pub const fn suspend(&mut self, suspended: bool) {
        self.suspended = suspended;
    }

    /// The requests taken so far.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// The decisions made since the last call.
    pub fn take_decisions(&mut self) -> Vec<Decision> {
        self.decisions.take()
    }

    /// Certificates issued since the last call that belong into directory objects.
    pub fn take_publications(&mut self) -> Vec<Publication> {
        core::mem::take(&mut self.publications)
    }

    /// Inverts one rule, to see whether a scenario notices.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub fn flipping(mut self, rule: Option<autoenroll_model::Rule>) -> Self {
        self.decisions = Decisions::flipping(rule);
        self
    }

    /// What is looked at before a request gets a number.
    fn admit(&mut self, caller: &PrincipalObject, submission: &Submission) -> Result<(), Refusal> {
        let mut judge = Judge::new(&mut self.decisions, caller.dn.clone());
        // R081
        let addressed = submission.ca.eq_ignore_ascii_case(self.identity.name());
        let facts = Facts::new().with("addressed", submission.ca.as_str()).with("name", self.identity.name());
        judge.require(&rules::AUTHORITY, addressed, facts)?;
        // X6.1.0x80094006
        judge.require(&rules::RUNNING, !self.suspended, Facts::new())?;
        let allowed = access_check(&self.config.rights, &Token::of(caller), Right::Enroll);
        // X6.1.0x80094011
        judge.require(&rules::CA_RIGHT, allowed, Facts::new().with("caller", caller.dn.as_str()))
    }

    /// Form and signatures of a request; the text is the beginning of the disposition message.
    fn understand(&mut self, now: FileTime, row: &Row) -> Result<VerifiedRequest, (&'static str, Refusal)> {
        let mut judge = Judge::new(&mut self.decisions, format!("request {}", row.id));
        let envelope =
            Envelope::open(&mut judge, self.identity.public_key().mode(), row.flags, &row.request, &row.attributes)
                .map_err(|refusal| ("Error parsing request", refusal))?;
        let mut request = envelope
            .verify(&mut judge, &self.trust, &self.database, now)
            .map_err(|refusal| ("Error verifying request signature or signing certificate", refusal))?;
        // At once, because the exchange certificate may have ended when the manager approves.
        if let (Some(archived), true) = (&mut request.archived_key, self.config.key_archival) {
            archived.opened = Some(self.exchange.open(&archived.enveloped));
        }
        Ok(request)
    }

    /// The policy module, and what follows from its decision; `officer` is the manager who approved the request, if one
    /// did.
    fn decide(&mut self, now: FileTime, row: &mut Row, officer: Option<&str>) {
        let Some(request) = row.understood.take() else { return };
        let mut judge = Judge::new(&mut self.decisions, format!("request {}", row.id));
        let policy = PolicyModule {
            config: &self.config,
            templates: &self.templates,
            ca_not_after: self.identity.not_after(),
            caller: &row.requester,
            request: &request,
            now,
            approved: officer.is_some(),
        };
        let granted = match policy.decide(&mut judge) {
            Ok(granted) => granted,
            Err(refusal) => return row.deny(now, &refusal),
        };
        row.template = Some(granted.template.name.clone());
        row.archived_key = granted.archived_key;
        row.archived_key_hash = request.archived_key.as_ref().and_then(|key| key.hash.clone());
        if granted.pending {
            row.message = "Taken under submission".to_string();
            row.understood = Some(request);
            return;
        }
        let issuance = Issuance {
            identity: &self.identity,
            config: &self.config,
            template: granted.template,
            named: self.named_template(granted.template),
            caller: &row.requester,
            request: &request,
            names: granted.names,
            policies: granted.policies,
            serial: serial(&self.seed, &self.identity, row.id),
            now,
        };
        let algorithm = signature_algorithm(&self.identity, &self.config);
        let serial = issuance.serial.clone();
        let template = granted.template;
        let certificate = issuance
            .content()
            .and_then(|content| encode::certificate(&content, self.identity.private_key(), algorithm));
        match certificate {
            Ok(certificate) => {
                // F3.2.2.0x8, P7.22, R093
                if template.enrollment(EnrollmentFlags::PUBLISH_TO_DS) {
                    let account = row.requester.sid.clone();
                    self.publications.push(Publication { account, certificate: certificate.clone() });
                }
                row.transient = template.flags.contains(GeneralFlags::DO_NOT_PERSIST_IN_DB);
                row.issue(now, serial, certificate, officer);
            }
            Err(error) => row.fail(now, "Error constructing certificate", &Refusal::unencodable(&error)),
        }
    }

    /// The template that a certificate names: its own, unless the CA is broken.
    fn named_template<'a>(&'a self, template: &'a Template) -> &'a Template {
        let another = |other: &&Arc<Template>| other.name != template.name && other.oid.is_some();
        let wrong = self.templates.iter().find(another).filter(|_| self.config.faults.wrong_template);
        wrong.map_or(template, |wrong| wrong)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        signature_algorithm(&self.identity, &self.config)
    }

    fn pending(&self, id: u32) -> Result<Row, ManagerError> {
        let row = self.database.row(id).ok_or(ManagerError::UnknownRequest { id })?;
        match row.state {
            RequestState::Pending => Ok(Arc::unwrap_or_clone(row)),
            state => Err(ManagerError::NotPending { id, state }),
        }
    }

    fn store(&mut self, row: Row) {
        if row.transient {
            self.database.remove(row.id);
        } else {
            self.database.put(row);
        }
    }

    /// How a request stands, as the client is told.
    fn reply(&mut self, row: &Row) -> CaReply {
        let mut judge = Judge::new(&mut self.decisions, format!("request {}", row.id));
        let facts = Facts::new().with("message", row.message.as_str());
        let tells = judge.holds(&rules::MESSAGE, !row.message.is_empty(), facts);
        let issued = row.certificate.clone().filter(|_| row.state == RequestState::Issued);
        // Q3.8.full-response
        let full = row.flags & CR_IN_FULLRESPONSE != 0;
        let response = match &issued {
            certificate if full => Some(response::full(&self.identity, self.algorithm(), row, certificate.as_deref())),
            Some(certificate) => Some(response::certificates(&self.identity, certificate)),
            None => None,
        };
        let sent = |bytes: Vec<u8>| if self.config.faults.garbage { GARBAGE.to_vec() } else { bytes };
        CaReply {
            request_id: row.id,
            disposition: row.state.disposition(),
            certificate: issued.map(sent),
            response: response.map(sent),
            message: if tells { row.message.clone() } else { String::new() },
        }
    }

    /// The reply to what has no row.
    fn nothing(request_id: u32, refusal: Refusal) -> CaReply {
        CaReply {
            request_id,
            disposition: Disposition::Failed(refusal.code),
            certificate: None,
            response: None,
            message: refusal.reason,
        }
    }
}

/// What a broken CA sends in place of a certificate.
pub const GARBAGE: &[u8] = b"no certificate";

/// How a CA signs certificates, revocation lists and responses.
fn signature_algorithm(identity: &CaIdentity, config: &CaConfig) -> SignatureAlgorithm {
    if identity.public_key().is_rsa() {
        SignatureAlgorithm::of(KeyAlgorithm::Rsa2048, config.hash)
    } else {
        SignatureAlgorithm::EcdsaSha256
    }
}
