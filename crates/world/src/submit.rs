//! Requests on their way to a CA, and what becomes of them there.

use std::sync::Arc;

use autoenroll_ca::{Ca, RequestState, RevocationReason};
use autoenroll_keys::{PublicKey, sha256};
use autoenroll_model::{
    CaReply, CoreFactory, Disposition, Duration, EffectResult, EventTable, Facts, HResult, PrincipalObject, Shared,
    Submission, Template, hex,
};
use autoenroll_trace::{Kind, RecordId};
use autoenroll_wire::{Certificate, Request, TemplateReference, flags, thumbprint};

use crate::action::CaAction;
use crate::describe;
use crate::effects::AUTH_USER_NAME;
use crate::error::{ActError, Thing, Unknown};
use crate::hosts::{CaHost, CardHost};
use crate::session::{PendingEffect, SessionId};
use crate::stores::PrincipalStores;
use crate::world::{CaState, World};

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// The record of a submission: a request when a CA takes it, only the attempt when none answers.
    pub(crate) fn request_record(&self, principal: &str, submission: &Submission) -> (Kind, Facts) {
        let facts = Facts::new().with("ca", submission.ca.as_str());
        let url = Some(submission.host.as_str()).filter(|host| is_web_service(host));
        let arrives = self.enrollment_server(principal, &submission.ca, &submission.host).is_ok();
        if !arrives || !self.authorities.get(&submission.ca).is_some_and(CaState::answers) {
            let facts = Facts::new().with("op", "submit").with("ca", submission.ca.as_str()).with_some("url", url);
            return (Kind::Effect, facts);
        }
        let facts = facts.with_some("url", url);
        let digest = hex::encode(&sha256(&submission.request));
        let facts = facts
            .with("request-type", request_type(submission.flags))
            .with("full-response", submission.flags & flags::CR_IN_FULLRESPONSE != 0);
        let described = match Request::parse(&submission.request) {
            Ok(request) => self.describe_request(facts, &request, submission),
            Err(error) => facts.with("format", "unknown").with("reason", error.to_string()),
        };
        (Kind::Request, described.with("request", hex::encode(&submission.request)).with("sha256", digest))
    }

    fn describe_request(&self, facts: Facts, request: &Request, submission: &Submission) -> Facts {
        let attributes = request.attributes().unwrap_or_default();
        let pkcs10 = request.pkcs10();
        let reference = attributes.extensions().ok().and_then(|extensions| extensions.template().ok().flatten());
        let attribute = || {
            let named = submission.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("CertificateTemplate"));
            named.map(|(_, template)| TemplateReference::Name(template.clone()))
        };
        let key = PublicKey::from_spki_der(&pkcs10.public_key).ok().and_then(|key| key.algorithm());
        let renewed = attributes.renewal_certificate().ok().flatten();
        let format = match request {
            Request::Pkcs10(_) => "pkcs10",
            Request::Cms { .. } => "cms-renewal",
            Request::Cmc { .. } => "cmc",
        };
        let facts = facts
            .with_some("template", reference.or_else(attribute).map(|reference| self.template_name(&reference)))
            .with("format", format)
            .with_some("key", key.map(|key| key.as_str()))
            .with_some("renews", renewed.map(|der| self.names.certificate(&thumbprint(&der))));
        describe::request_facts(facts, request, &attributes)
    }

    /// The name of the template that a request or certificate refers to; of an unknown one what the reference says.
    pub(crate) fn template_name(&self, reference: &TemplateReference) -> String {
        match reference {
            TemplateReference::Name(name) => name.clone(),
            TemplateReference::Oid { oid, .. } => {
                let known = self.directory.template_by_oid(oid);
                known.map_or_else(|| oid.to_string(), |template| template.name.clone())
            }
        }
    }

    /// Whether a request gets through the enrollment web service at that address; what is no address is the CA's own
    /// host.
    ///
    /// # Errors
    /// The code with which it fails.
    pub(crate) fn enrollment_server(&self, principal: &str, ca: &str, host: &str) -> Result<(), HResult> {
        if !is_web_service(host) {
            return Ok(());
        }
        let servers = self.authorities.get(ca).map(|ca| ca.spec.enrollment_servers.as_slice()).unwrap_or_default();
        let server = servers.iter().find(|server| server.uri.uri == host && server.reachable);
        let server = server.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)?;
        let stored = |it: &Shared<PrincipalStores>| it.settings.stored_credentials.iter().any(|known| known == host);
        // V1.3.password
        if server.uri.client_authentication == AUTH_USER_NAME && !self.stores.get(principal).is_some_and(stored) {
            return Err(HResult::NTE_SILENT_CONTEXT);
        }
        server.failure.map_or(Ok(()), Err)
    }

    /// Duration of a call to a CA; `None` when it never answers.
    pub(crate) fn authority_latency(&self, ca: &str) -> Option<Duration> {
        match self.authorities.get(ca) {
            Some(authority) if authority.answers() && authority.spec.hangs => None,
            Some(authority) => Some(authority.spec.latency),
            None => Some(Duration::ZERO),
        }
    }

    /// Hands a request to its CA.
    pub(crate) fn submit(
        &mut self,
        id: SessionId,
        principal: &str,
        submission: &Submission,
        pending: &PendingEffect,
    ) -> Result<EffectResult, HResult> {
        let (ca, because) = (submission.ca.as_str(), pending.record);
        let through = self.enrollment_server(principal, ca, &submission.host);
        through.map_err(|code| self.way_failed(ca, &submission.host, code, because))?;
        let groups = self.sessions.get(&id).map(|session| session.groups.to_vec()).unwrap_or_default();
        let caller = self.directory.object(principal).map_err(|_| HResult::E_ACCESSDENIED);
        let caller = caller.map(|object| PrincipalObject { groups, ..object.clone() });
        let asked = pending.began.text("template");
        self.hand_over(principal, caller, submission, because, asked).map(EffectResult::Reply)
    }

    /// Hands a request to its CA on behalf of a caller, and records what becomes of it. `asked` is the template that
    /// the request names.
    pub(crate) fn hand_over(
        &mut self,
        requester: &str,
        caller: Result<PrincipalObject, HResult>,
        submission: &Submission,
        because: RecordId,
        asked: Option<&str>,
    ) -> Result<CaReply, HResult> {
        let ca = submission.ca.as_str();
        self.reach(ca, because)?;
        let caller = caller?;
        self.replicate_templates(ca);
        let wall = self.wall();
        let reply = self.hosts.cas.submit(ca, wall, &caller, submission);
        let reply = reply.map_err(|code| self.ca_failed(ca, code, because))?;
        self.record_reply(ca, requester, &reply, because, asked);
        Ok(reply)
    }

    /// Asks a CA how an earlier request stands.
    pub(crate) fn retrieve(&mut self, caller: &str, ca: &str, id: u32, because: RecordId) -> Result<CaReply, HResult> {
        self.reach(ca, because)?;
        let reply = self.hosts.cas.retrieve(ca, caller, id);
        let reply = reply.map_err(|code| self.ca_failed(ca, code, because))?;
        self.record_ca_decisions(ca, because);
        Ok(reply)
    }

    /// The exchange certificate of a CA that archives keys.
    pub(crate) fn exchange_certificate(
        &mut self,
        caller: &str,
        ca: &str,
        because: RecordId,
    ) -> Result<Vec<u8>, HResult> {
        self.reach(ca, because)?;
        let wall = self.wall();
        self.hosts.cas.exchange_certificate(ca, caller, wall)
    }

    /// Does what a CA administrator does.
    pub(crate) fn manage(&mut self, ca: &str, op: &CaAction) -> Result<(), ActError> {
        if !self.authorities.contains_key(ca) {
            return Err(self.unknown_authority(ca).into());
        }
        match op {
            CaAction::Approve { request } => {
                let id = self.pending_request(ca, request.as_deref())?;
                let record = self.manager_record(ca, "approve", self.names.request_name(ca, id));
                self.replicate_templates(ca);
                let wall = self.wall();
                let outcome = self.hosts.cas.ca_mut(ca, |ca| {
                    ca.approve(wall, "manager", id).map(|_| ca.retrieve(id)).map_err(|error| error.to_string())
                });
                let reply = outcome.unwrap_or_else(|| Err("it is gone".to_owned()));
                let reply = reply.map_err(|reason| ActError::Refused { ca: ca.to_owned(), reason })?;
                let requester = self.requester_of(ca, id);
                self.record_reply(ca, &requester, &reply, record, None);
            }
            CaAction::Deny { request } => {
                let id = self.pending_request(ca, request.as_deref())?;
                let requester = self.requester_of(ca, id);
                let record = self.manager_record(ca, "deny", self.names.request_name(ca, id));
                let wall = self.wall();
                let outcome = self.hosts.cas.ca_mut(ca, |ca| {
                    ca.deny(wall, "manager", id).map(|()| ca.retrieve(id)).map_err(|error| error.to_string())
                });
                let reply = outcome.unwrap_or_else(|| Err("it is gone".to_owned()));
                let reply = reply.map_err(|reason| ActError::Refused { ca: ca.to_owned(), reason })?;
                self.record_reply(ca, &requester, &reply, record, None);
            }
            CaAction::Revoke { certificate } => {
                let found = self.names.find_certificate(certificate);
                let known = || self.names.all_certificates();
                let (_, serial) = found.ok_or_else(|| Unknown {
                    what: Thing::Certificate,
                    name: certificate.clone(),
                    known: known(),
                })?;
                let refused = |reason: String| ActError::Refused { ca: ca.to_owned(), reason };
                let wall = self.wall();
                let outcome = self.hosts.cas.ca_mut(ca, |ca| {
                    ca.revoke(wall, serial, RevocationReason::Unspecified).map_err(|error| error.to_string())
                });
                outcome.unwrap_or_else(|| Err("it is gone".to_owned())).map_err(refused)?;
                self.manager_record(ca, "revoke", Some(certificate.clone()));
            }
            CaAction::Stop | CaAction::Start => {
                let stopped = *op == CaAction::Stop;
                if let Some(authority) = self.authorities.get_mut(ca) {
                    authority.stopped = stopped;
                }
                self.manager_record(ca, if stopped { "stop" } else { "start" }, None);
            }
        }
        Ok(())
    }

    fn manager_record(&mut self, ca: &str, what: &str, subject: Option<String>) -> RecordId {
        let facts = Facts::new().with("what", what).with("ca", ca).with_some("subject", subject);
        self.record(ca, Kind::Change, facts, Vec::new())
    }

    /// The pending request of that name; without a name the only one there is.
    fn pending_request(&self, ca: &str, name: Option<&str>) -> Result<u32, ActError> {
        let pending = |ca: &Ca| -> Vec<u32> {
            let rows = ca.database().unsettled();
            rows.filter(|row| row.state == RequestState::Pending).map(|row| row.id).collect()
        };
        let pending = self.hosts.cas.ca(ca, pending).unwrap_or_default();
        let refused = |reason: String| ActError::Refused { ca: ca.to_owned(), reason };
        match (name, pending.as_slice()) {
            (None, [only]) => Ok(*only),
            (None, []) => Err(refused("no request is pending".to_owned())),
            (None, several) => Err(refused(format!("{} requests are pending; name one", several.len()))),
            (Some(name), _) => match self.names.request_of(name) {
                Some((of, id)) if of == ca => Ok(id),
                _ => {
                    let known = pending.iter().filter_map(|id| self.names.request_name(ca, *id)).collect();
                    Err(Unknown { what: Thing::Request, name: name.to_owned(), known }.into())
                }
            },
        }
    }

    fn template_of_request(&self, ca: &str, id: u32) -> String {
        let template = self.hosts.cas.ca(ca, |ca| ca.database().row(id)?.template.clone());
        template.flatten().unwrap_or_default()
    }

    /// Who asked: an account, which may have got another name meanwhile.
    // CA3.7.11.account
    fn requester_of(&self, ca: &str, id: u32) -> String {
        let account = self.hosts.cas.ca(ca, |ca| ca.database().row(id).map(|row| row.requester.sid.clone())).flatten();
        account.and_then(|account| self.directory.name_of_sid(&account)).unwrap_or_default()
    }

    /// Makes sure that a CA answers.
    fn reach(&mut self, ca: &str, because: RecordId) -> Result<(), HResult> {
        let Some(authority) = self.authorities.get(ca).filter(|authority| authority.answers()) else {
            // X6.1.0x800706BA
            return Err(self.ca_failed(ca, HResult::RPC_S_SERVER_UNAVAILABLE, because));
        };
        // Windows XP protects its calls for integrity only, which the profile of its time shares ([MS-WCCE] note 6).
        let integrity_only = self.profile.events == EventTable::Classic;
        // R081, X6.1.0x80070005
        match authority.spec.requires_privacy && integrity_only {
            true => Err(self.ca_failed(ca, HResult::E_ACCESSDENIED, because)),
            false => Ok(()),
        }
    }

    pub(crate) fn ca_failed(&mut self, ca: &str, code: HResult, because: RecordId) -> HResult {
        self.failed_call(ca, Facts::new().with("ca", ca), code, because)
    }

    /// An enrollment web service of a CA fails; the CA itself was not asked.
    pub(crate) fn way_failed(&mut self, ca: &str, url: &str, code: HResult, because: RecordId) -> HResult {
        self.failed_call(ca, Facts::new().with("ca", ca).with("url", url), code, because)
    }

    fn failed_call(&mut self, ca: &str, facts: Facts, code: HResult, because: RecordId) -> HResult {
        let facts = facts.with("code", code.to_string());
        let causes = std::iter::once(because).chain(self.blame_for_authority(ca)).collect();
        self.record(ca, Kind::CaFailed, facts, causes);
        code
    }

    /// Gives a CA the directory's templates of now, but for those of which it has an older copy.
    fn replicate_templates(&mut self, ca: &str) {
        let Some(authority) = self.authorities.get(ca) else { return };
        let stale = &authority.spec.stale_templates;
        let current = |template: &Arc<Template>| match stale.iter().find(|stale| stale.name == template.name) {
            Some(stale) => Arc::new(stale.clone()),
            None => template.clone(),
        };
        let templates: Vec<Arc<Template>> = self.directory.published_templates().map(current).collect();
        self.hosts.cas.ca_mut(ca, |ca| ca.set_templates(templates));
    }

    fn record_ca_decisions(&mut self, ca: &str, because: RecordId) -> Vec<RecordId> {
        let decisions = self.hosts.cas.ca_mut(ca, Ca::take_decisions).unwrap_or_default();
        decisions.into_iter().map(|decision| self.record_decision(ca, decision, &mut vec![because])).collect()
    }

    /// Records what a CA decided, why, and what it published in the directory. `asked` is the template that the request
    /// names.
    fn record_reply(&mut self, ca: &str, requester: &str, reply: &CaReply, because: RecordId, asked: Option<&str>) {
        let mut causes = self.record_ca_decisions(ca, because);
        causes.insert(0, because);
        let template = self.template_of_request(ca, reply.request_id);
        let facts = Facts::new().with("ca", ca).with("request-id", reply.request_id).with("requester", requester);
        let facts = facts.with_some("template", Some(template.as_str()).filter(|name| !name.is_empty()));
        let record = match reply.disposition {
            Disposition::Issued => {
                let issued = reply.certificate.as_deref().unwrap_or_default();
                let facts = self.name_issued(facts, ca, reply.request_id, &template, issued);
                let facts = describe::response_facts(facts, reply.response.as_deref().unwrap_or_default(), issued);
                self.record(ca, Kind::Issued, facts.with("message", reply.message.as_str()), causes)
            }
            Disposition::Pending => {
                let name = self.names.request(ca, reply.request_id, &template);
                let facts = facts.with("request", name).with("message", reply.message.as_str());
                self.record(ca, Kind::Pending, facts, causes)
            }
            Disposition::Denied(code) | Disposition::Failed(code) => {
                // A CA that denies before it gives a number has no row that says for which template.
                let facts = facts.with_some("template", asked.filter(|_| template.is_empty()));
                let facts = facts.with("code", code.to_string()).with("reason", self.names.sentence(&reply.message));
                self.record(ca, Kind::Denied, facts, causes)
            }
        };
        for publication in self.hosts.cas.ca_mut(ca, Ca::take_publications).unwrap_or_default() {
            let Some(principal) = self.directory.name_of_sid(&publication.account) else { continue };
            self.directory.publish_certificate(&principal, &publication.certificate);
            let name = self.names.certificate(&thumbprint(&publication.certificate));
            let facts = Facts::new().with("op", "publish-certificate").with("principal", principal);
            self.record(ca, Kind::Directory, facts.with("certificate", name), vec![record]);
        }
    }

    /// Names a certificate that was just issued, and states what it says.
    fn name_issued(&mut self, facts: Facts, ca: &str, id: u32, template: &str, der: &[u8]) -> Facts {
        let Ok(certificate) = Certificate::parse(der) else { return facts.with("reason", "no certificate") };
        let template = match (template, certificate.template()) {
            ("", Some(reference)) => self.template_name(&reference),
            (known, _) => known.to_owned(),
        };
        let name = self.names.request(ca, id, &template);
        self.names.add_certificate(&certificate.thumbprint(), &name, Some(&template), &certificate.serial);
        let facts = facts
            .with("template", template)
            .with("certificate", name)
            .with("subject", certificate.subject.to_string())
            .with("serial", certificate.serial_hex())
            .with("not-before", certificate.not_before.to_string())
            .with("not-after", certificate.not_after.to_string());
        describe::certificate_facts(facts, &certificate).with("der", hex::encode(der))
    }

    pub(crate) fn unknown_authority(&self, name: &str) -> Unknown {
        Unknown { what: Thing::Authority, name: name.to_owned(), known: self.authorities.keys().cloned().collect() }
    }
}

/// Whether it is the address of an enrollment web service, and no host name.
fn is_web_service(host: &str) -> bool {
    host.starts_with("https://")
}

/// The form of request that the `dwFlags` of a submission announce ([MS-WCCE] 3.2.1.4.3.1.1).
const fn request_type(dw_flags: u32) -> &'static str {
    match dw_flags & flags::CR_IN_FORMATMASK {
        flags::CR_IN_FORMATANY => "any",
        flags::CR_IN_PKCS10 => "pkcs10",
        flags::CR_IN_KEYGEN => "keygen",
        flags::CR_IN_PKCS7 => "cms",
        flags::CR_IN_CMC => "cmc",
        flags::CR_IN_CHALLENGERESPONSE => "challenge-response",
        _ => "other",
    }
}
