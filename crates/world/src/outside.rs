//! What programs outside of the world ask of its directory and CAs, over protocols that somebody else speaks for them.
//!
//! They meet the same CAs, by the same code, as the cores of the world do: a request leaves the same records, counts
//! for the same rules, and its certificate gets a name that steps can use. Only that nobody has to be logged on.

use autoenroll_ca::{Ca, RequestState};
use autoenroll_model::{
    CaReply, CoreFactory, Facts, Guid, HResult, KeyPlace, PolicyResponse, PrincipalObject, Settings, Sid,
    StoredCertificate, Submission, Token,
};
use autoenroll_trace::{Kind, RecordId};
use autoenroll_wire::{Certificate, Request};

use crate::error::Unknown;
use crate::hosts::{CaHost, CardHost};
use crate::spec::{EnrollmentServerSpec, PolicyServiceSpec};
use crate::world::World;

/// Who asks, as far as a protocol could prove it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A user or computer of the directory, by its name in the world.
    Account(String),
    /// Somebody who proved nothing.
    Anonymous,
}

impl Caller {
    /// The name under which records have it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Account(name) => name,
            Self::Anonymous => "anonymous",
        }
    }
}

/// A certificate in MY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCertificate {
    /// Its name in facts.
    pub name: String,
    /// Its template, where that is known.
    pub template: Option<String>,
    /// DER.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8, where a software provider has it.
    pub key: Option<Vec<u8>>,
}

/// ANONYMOUS LOGON ([MS-DTYP] 2.4.2.4).
const ANONYMOUS: &str = "S-1-5-7";
/// NETWORK ([MS-DTYP] 2.4.2.4).
const NETWORK: &str = "S-1-5-2";

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Sends a request to a CA. The host of the submission does not matter: the way was somebody else's business.
    ///
    /// # Errors
    /// The code with which the call fails when no CA answers; a CA that refuses does answer.
    pub fn submit_from_outside(&mut self, caller: &Caller, submission: &Submission) -> Result<CaReply, HResult> {
        let name = caller.name().to_owned();
        let direct = Submission { host: String::new(), ..submission.clone() };
        let (kind, facts) = self.request_record(&name, &direct);
        let asked = facts.text("template").map(str::to_owned);
        let because = self.record(&name, kind, facts, Vec::new());
        self.answers(&submission.ca, because)?;
        let object = self.caller_object(caller);
        self.hand_over(&name, object, &direct, because, asked.as_deref())
    }

    /// Asks a CA for the outcome of an earlier request.
    ///
    /// # Errors
    /// The code with which the call fails when no CA answers.
    pub fn retrieve_from_outside(&mut self, caller: &Caller, ca: &str, request_id: u32) -> Result<CaReply, HResult> {
        let facts = Facts::new().with("op", "retrieve").with("ca", ca).with("request-id", request_id);
        let because = self.record(caller.name(), Kind::Effect, facts, Vec::new());
        self.answers(ca, because)?;
        self.retrieve(caller.name(), ca, request_id, because)
    }

    /// The certificate to which private keys are encrypted for archival, DER.
    ///
    /// # Errors
    /// The code with which the call fails when no CA answers, or it archives no keys.
    pub fn exchange_certificate_from_outside(&mut self, caller: &Caller, ca: &str) -> Result<Vec<u8>, HResult> {
        let facts = Facts::new().with("op", "read-exchange-certificate").with("ca", ca);
        let because = self.record(caller.name(), Kind::Effect, facts, Vec::new());
        self.answers(ca, because)?;
        self.exchange_certificate(caller.name(), ca, because)
    }

    /// What a policy server tells that caller: what the directory lets it see, and what it may do with it. `service` is
    /// the server of the world that is asked; `None` is one that the world does not describe.
    ///
    /// # Errors
    /// The code with which the server answers.
    pub fn policies_from_outside(
        &mut self,
        caller: &Caller,
        service: Option<&PolicyServiceSpec>,
    ) -> Result<PolicyResponse, HResult> {
        let url = service.map(|service| service.url.as_str());
        let facts = Facts::new().with("op", "get-policies").with_some("url", url);
        self.record(caller.name(), Kind::Effect, facts, Vec::new());
        if let Some(failure) = service.and_then(|service| service.failure) {
            return Err(failure);
        }
        let token = Token::of(&self.caller_object(caller)?);
        let mut response = PolicyResponse {
            not_changed: false,
            next_update_hours: service.and_then(|service| service.next_update_hours),
            templates: Vec::new(),
            authorities: Vec::new(),
        };
        let priorities = service.map(|service| service.priorities.as_slice()).unwrap_or_default();
        self.resolve_policies(&mut response, &token, priorities)?;
        Ok(response)
    }

    /// The policy servers that the world describes.
    #[must_use]
    pub fn policy_services(&self) -> &[PolicyServiceSpec] {
        &self.policy_services
    }

    /// The enrollment web services that the world describes in front of a CA; none for a CA that it does not know.
    #[must_use]
    pub fn enrollment_servers(&self, ca: &str) -> &[EnrollmentServerSpec] {
        self.authorities.get(ca).map(|ca| ca.spec.enrollment_servers.as_slice()).unwrap_or_default()
    }

    /// The certificate of a CA and those above it, DER, the root last.
    ///
    /// # Errors
    /// When there is no such CA.
    pub fn authority_chain(&self, ca: &str) -> Result<Vec<Vec<u8>>, Unknown> {
        self.hosts.cas.ca(ca, |ca| ca.identity().chain()).ok_or_else(|| self.unknown_authority(ca))
    }

    /// A new revocation list of a CA, DER. Each has the next number, so whoever serves it keeps it.
    ///
    /// # Errors
    /// When there is no such CA.
    pub fn revocation_list(&mut self, ca: &str) -> Result<Vec<u8>, Unknown> {
        let wall = self.wall();
        let list = self.hosts.cas.ca_mut(ca, |ca| ca.publish_crl(wall));
        list.ok_or_else(|| self.unknown_authority(ca))
    }

    /// How many certificates a CA has revoked: another number means that the last list is out of date.
    #[must_use]
    pub fn revoked_count(&self, ca: &str) -> usize {
        let revoked =
            |ca: &Ca| ca.database().rows().filter(|row| matches!(row.state, RequestState::Revoked { .. })).count();
        self.hosts.cas.ca(ca, revoked).unwrap_or_default()
    }

    /// The account that a certificate stands for: the requester of exactly this certificate, issued by a CA of the
    /// world, within its validity and not revoked. A serial number or a name alone proves nothing.
    #[must_use]
    pub fn account_of_certificate(&self, der: &[u8]) -> Option<String> {
        let (now, certificate) = (self.wall(), Certificate::parse(der).ok()?);
        if now < certificate.not_before || certificate.not_after < now {
            return None;
        }
        let requester = |ca: &Ca| -> Option<Sid> {
            let row = ca.database().by_serial(&certificate.serial)?;
            let exactly = row.state == RequestState::Issued && row.certificate.as_deref() == Some(der);
            exactly.then(|| row.requester.sid.clone())
        };
        let mut names = self.authorities.keys();
        let sid = names.find_map(|ca| self.hosts.cas.ca(ca, requester).flatten())?;
        self.directory.name_of_sid(&sid)
    }

    /// Whom a renewal that nobody else vouches for comes from: the account of the certificate that it names and is
    /// signed by ([MS-WSTEP] 3.1.1.1.4). Whether that signature is good the CA finds out.
    #[must_use]
    pub fn account_of_renewal(&self, request: &[u8]) -> Option<String> {
        let request = Request::parse(request).ok()?;
        let named = request.attributes().ok()?.renewal_certificate().ok()??;
        let signs = request.messages().any(|message| message.certificates.contains(&named));
        signs.then(|| self.account_of_certificate(&named))?
    }

    /// What the machine of a principal is set to, as its core would read it; `None` while nobody is logged on.
    #[must_use]
    pub fn settings_outside(&self, principal: &str) -> Option<Settings> {
        let session = self.sessions.get(&self.session_of(principal)?)?;
        let (own, providers) =
            (&self.stores.get(principal)?.settings, &self.computers.get(&*session.computer)?.providers);
        Some(session.applied.settings(session.context, own, providers))
    }

    /// What is in MY of a principal and not archived.
    #[must_use]
    pub fn kept_certificates(&self, principal: &str) -> Vec<KeptCertificate> {
        let Some(stores) = self.stores.get(principal) else { return Vec::new() };
        let key = |place: &KeyPlace| {
            let found = stores.keys.iter().find(|(provider, name, _)| {
                place.card.is_none() && *provider == place.provider && *name == place.container
            });
            found.map(|(_, _, container)| container.key.pkcs8_der())
        };
        let current = stores.stores().my.iter().filter(|stored| !stored.archived);
        let kept = |stored: &StoredCertificate| KeptCertificate {
            name: self.names.certificate(&stored.thumbprint),
            template: self.names.template(&stored.thumbprint).map(str::to_owned),
            certificate: stored.certificate.clone(),
            key: stored.key.as_ref().and_then(key),
        };
        current.map(kept).collect()
    }

    /// Makes sure that a CA does not hang: somebody outside waits for an answer that would never come.
    fn answers(&mut self, ca: &str, because: RecordId) -> Result<(), HResult> {
        let hangs = self.authorities.get(ca).is_some_and(|authority| authority.answers() && authority.spec.hangs);
        match hangs {
            true => Err(self.ca_failed(ca, HResult::RPC_S_SERVER_UNAVAILABLE, because)),
            false => Ok(()),
        }
    }

    /// The object of a caller with the groups of its token.
    fn caller_object(&self, caller: &Caller) -> Result<PrincipalObject, HResult> {
        match caller {
            Caller::Account(name) => {
                let object = self.directory.object(name).map_err(|_unknown| HResult::E_ACCESSDENIED)?;
                Ok(PrincipalObject { groups: self.directory.token_groups(name), ..object.clone() })
            }
            Caller::Anonymous => {
                let sid = |text: &str| -> Sid { text.parse().expect("a well-formed constant") };
                Ok(PrincipalObject {
                    dn: String::new(),
                    sid: sid(ANONYMOUS),
                    groups: vec![sid(Sid::EVERYONE), sid(NETWORK)],
                    guid: Guid([0; 16]),
                    upn: None,
                    mail: None,
                    dns: None,
                    certificates: Vec::new(),
                })
            }
        }
    }
}
