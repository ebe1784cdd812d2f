//! What cores ask for: each effect begins with a record, is carried out when its latency is over, and ends with a
//! record and an input. Cards are in `transact`, CAs in `submit`.

use crate::spec::ComputerRole;
use autoenroll_ca::Ca;
use autoenroll_model::{
    Context, CoreFactory, Duration, Effect, EffectId, EffectResult, Facts, HResult, Input, PolicyResponse,
    PolicyServer, PolicyTemplate, Right, SecurityDescriptor, Shared, Sid, SoftwareOperation, Template, Thumbprint,
    Token, access_check,
};
use autoenroll_trace::{Kind, RecordId};
use autoenroll_wire::thumbprint;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::LocalEffect;
use crate::error::WorldError;
use crate::hosts::{CaHost, CardHost};
use crate::queue::Event;
use crate::record;
use crate::session::{PendingEffect, SessionId};
use crate::stores::PrincipalStores;
use crate::world::World;
use autoenroll_invariants::{Beyond, Invariant};

/// `X509AuthUsername` of an end point ([MS-XCEP] 3.1.4.1.3.5).
pub(crate) const AUTH_USER_NAME: u32 = 4;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Begins an effect: records it and puts its end, or its transaction into the queue of a reader.
    pub(crate) fn begin_effect(
        &mut self,
        id: SessionId,
        principal: &str,
        effect: EffectId,
        body: Effect,
        because: Vec<RecordId>,
    ) -> RecordId {
        let body = Arc::new(body);
        let (kind, facts) = match &*body {
            Effect::Submit(submission) => self.request_record(principal, submission),
            other => record::effect(other, &self.names),
        };
        let beyond = self.beyond_begun(principal, &body);
        let record = self.record_with(principal, kind, facts.clone(), because, &beyond);
        let pending =
            PendingEffect { effect: body.clone(), record, began: facts, abandoned: false, readers: BTreeMap::new() };
        let Some(session) = self.sessions.get_mut(&id) else { return record };
        if session.effects.insert(effect, Box::new(pending)).is_some() {
            let reason = "an effect is asked for under the id of one that is not answered";
            self.violation(principal, Invariant::Contract, reason, vec![record]);
        }
        let waits_for_readers = match &*body {
            _ if self.failing(principal, &body).is_some() => false,
            Effect::Card { card, pin, operation } => {
                self.enqueue_card_operation(id, effect, card, *pin, operation, record)
            }
            Effect::ReadReaders => self.enqueue_identification(id, effect, record),
            _ => false,
        };
        if !waits_for_readers && let Some(latency) = self.latency_of(&body) {
            self.queue.put(self.now() + latency, Event::Effect(id, effect));
        }
        record
    }

    /// The core no longer wants an answer. What has begun is carried out all the same; a transaction that still waits
    /// for its reader is not begun.
    pub(crate) fn abandon_effect(
        &mut self,
        id: SessionId,
        principal: &str,
        effect: EffectId,
        because: Vec<RecordId>,
    ) -> RecordId {
        let found = self.sessions.get_mut(&id).and_then(|session| session.effects.get_mut(&effect));
        let Some(pending) = found else {
            return self.violation(principal, Invariant::Contract, "an effect is abandoned that is not open", because);
        };
        pending.abandoned = true;
        let mut facts = Facts::new();
        if let Some(op) = pending.began.get("op") {
            facts.set("op", op.clone());
        }
        let because = because.into_iter().chain([pending.record]).collect();
        let waited = matches!(*pending.effect, Effect::Card { .. } | Effect::ReadReaders);
        let record = pending.record;
        self.provider_leaves(id, effect, &[record]);
        if let Some(reader) = self.readers.at_work_for(id, effect).cloned() {
            self.no_touch_comes(&reader, record);
        }
        self.readers.cancel(id, effect);
        let mut beyond = Beyond::Nothing;
        if waited
            && !self.readers.work_for(id, effect)
            && let Some(session) = self.sessions.get_mut(&id)
        {
            session.effects.remove(&effect);
            beyond = Beyond::NotBegun;
        }
        self.record_with(principal, Kind::EffectAbandoned, facts, because, &beyond)
    }

    /// An effect's latency is over.
    pub(crate) fn finish_effect(&mut self, id: SessionId, effect: EffectId) -> Result<(), WorldError> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(pending) = session.effects.remove(&effect) else { return Ok(()) };
        let principal = session.principal.clone();
        let result = self.perform(id, &principal, &pending);
        self.end_effect(id, effect, &pending, result)
    }

    /// Records the end of an effect and tells the core, unless it no longer wants to know.
    pub(crate) fn complete(&mut self, id: SessionId, effect: EffectId, result: EffectResult) -> Result<(), WorldError> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let Some(pending) = session.effects.remove(&effect) else { return Ok(()) };
        self.end_effect(id, effect, &pending, result)
    }

    fn end_effect(
        &mut self,
        id: SessionId,
        effect: EffectId,
        pending: &PendingEffect,
        result: EffectResult,
    ) -> Result<(), WorldError> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if !session.desktop.providers.is_empty() {
            session.desktop.providers.remove(&effect);
        }
        let principal = session.principal.clone();
        let (kind, facts) = record::effect_done(&pending.effect, &pending.began, &result, &self.names);
        let causes = std::iter::once(pending.record).chain(self.blame(&principal, &pending.effect, &result)).collect();
        let beyond = self.beyond_done(&principal, &pending.effect, &result);
        let record = self.record_with(&principal, kind, facts, causes, &beyond);
        if pending.abandoned {
            return Ok(());
        }
        self.deliver(id, Input::EffectDone { effect, result }, vec![record])
    }

    /// How long an effect takes; `None` when it never comes to an end.
    fn latency_of(&self, effect: &Effect) -> Option<Duration> {
        match effect {
            Effect::BindDirectory
            | Effect::ReadTrust
            | Effect::ReadPrincipal
            | Effect::RemovePublished(_)
            | Effect::ReadTemplates
            | Effect::ReadEnrollmentServices => Some(self.directory.latency),
            Effect::Submit(submission) => self.authority_latency(&submission.ca),
            Effect::Retrieve { ca, .. } | Effect::ReadExchangeCertificate { ca, .. } => self.authority_latency(ca),
            _ => Some(Duration::ZERO),
        }
    }

    /// With which code an effect fails, when a change of the world wants it so.
    pub(crate) fn failing(&self, principal: &str, effect: &Effect) -> Option<HResult> {
        self.failing.get(&LocalEffect::of(effect)?)?.get(principal).copied()
    }

    /// Carries an effect out.
    fn perform(&mut self, id: SessionId, principal: &str, pending: &PendingEffect) -> EffectResult {
        if let Some(code) = self.failing(principal, &pending.effect) {
            return EffectResult::Failed(code);
        }
        let outcome = match &*pending.effect {
            Effect::BindDirectory
            | Effect::ReadTrust
            | Effect::ReadPrincipal
            | Effect::RemovePublished(_)
            | Effect::ReadTemplates
            | Effect::ReadEnrollmentServices => self.perform_directory(id, principal, pending),
            Effect::Submit(submission) => self.submit(id, principal, submission, pending),
            Effect::Retrieve { ca, host, request_id } => self
                .enrollment_server(principal, ca, host)
                .map_err(|code| self.way_failed(ca, host, code, pending.record))
                .and_then(|()| self.retrieve(principal, ca, *request_id, pending.record))
                .map(EffectResult::Reply),
            Effect::ReadExchangeCertificate { ca, host } => self
                .enrollment_server(principal, ca, host)
                .map_err(|code| self.way_failed(ca, host, code, pending.record))
                .and_then(|()| self.exchange_certificate(principal, ca, pending.record))
                .map(EffectResult::ExchangeCertificate),
            Effect::GetPolicies(server) => self.policies(id, principal, server),
            Effect::Inspect(thumbprints) => Ok(EffectResult::Checks(self.inspect(id, principal, thumbprints))),
            Effect::Software { provider, operation } => {
                Ok(self.perform_software(principal, provider, operation, pending.record))
            }
            // It would wait for a reader if the card were in one.
            Effect::Card { .. } => Err(HResult::SCARD_E_NO_SMARTCARD),
            Effect::ReadReaders => Ok(Self::readers_found(pending)),
            _ => self.perform_local(id, principal, pending),
        };
        outcome.unwrap_or_else(EffectResult::Failed)
    }

    fn perform_directory(
        &mut self,
        id: SessionId,
        principal: &str,
        pending: &PendingEffect,
    ) -> Result<EffectResult, HResult> {
        if !self.is_member(id) {
            return Err(HResult::ERROR_NO_SUCH_DOMAIN);
        }
        match &*pending.effect {
            Effect::BindDirectory => {
                let computer = self.sessions.get(&id).and_then(|session| self.computers.get(&*session.computer));
                let site = computer.and_then(|computer| computer.site.as_deref());
                self.directory.root(site).map(EffectResult::Directory)
            }
            Effect::ReadTrust => self.directory.trust().map(EffectResult::Trust),
            Effect::ReadEnrollmentServices => self.directory.authorities().map(EffectResult::EnrollmentServices),
            Effect::ReadPrincipal => {
                self.directory.principal(principal, self.groups_of(id)).map(Arc::new).map(EffectResult::Principal)
            }
            Effect::ReadTemplates => {
                self.directory.object(principal).map_err(|_| HResult::ERROR_NO_SUCH_DOMAIN)?;
                let session = self.sessions.get(&id).ok_or(HResult::E_UNEXPECTED)?;
                self.directory.templates(&session.token).map(EffectResult::Templates)
            }
            Effect::RemovePublished(thumbprints) => {
                let wanted = |der: &[u8]| thumbprints.contains(&thumbprint(der));
                self.directory.remove_certificates(principal, wanted)?;
                Ok(EffectResult::Done)
            }
            _ => Err(HResult::E_UNEXPECTED),
        }
    }

    /// What a policy server answers ([MS-XCEP] 3.1.4.1): what the directory holds, with the caller's permissions
    /// resolved, or that nothing has changed since it last asked.
    fn policies(&mut self, id: SessionId, principal: &str, server: &PolicyServer) -> Result<EffectResult, HResult> {
        let url = server.url.as_str();
        // The caller has no window: without stored credentials a name and a password cannot be had.
        // V1.3.password
        let stored = |it: &Shared<PrincipalStores>| it.settings.stored_credentials.iter().any(|known| known == url);
        if server.auth_flags == AUTH_USER_NAME && !self.stores.get(principal).is_some_and(stored) {
            return Err(HResult::NTE_SILENT_CONTEXT);
        }
        let service = self.policy_services.iter().find(|service| service.url == url && service.reachable);
        // X6.1.0x80094015
        let service = service.ok_or(HResult::CERTSRV_E_NO_POLICY_SERVER)?;
        if let Some(failure) = service.failure {
            return Err(failure);
        }
        let (next_update_hours, priorities) = (service.next_update_hours, service.priorities.clone());
        self.directory.object(principal).map_err(|_| HResult::E_ACCESSDENIED)?;
        let session = self.sessions.get_mut(&id).ok_or(HResult::E_UNEXPECTED)?;
        let token = session.token.clone();
        let usn = self.directory.usn();
        let not_changed = session.policies_seen.insert(url.to_owned(), usn) == Some(usn);
        let mut response =
            PolicyResponse { not_changed, next_update_hours, templates: Vec::new(), authorities: Vec::new() };
        if !not_changed {
            self.resolve_policies(&mut response, &token, &priorities)?;
        }
        self.hosts.cas.policies(principal, response).map(EffectResult::Policy)
    }

    /// Puts what the directory holds into the answer of a policy server, with the permissions of whoever has that
    /// token. CAs have the priority that the server gives them, 1 otherwise.
    pub(crate) fn resolve_policies(
        &self,
        response: &mut PolicyResponse,
        token: &Token,
        priorities: &[(String, u32)],
    ) -> Result<(), HResult> {
        // The answer says what the caller may do, not why: it has no access control list.
        let withheld = SecurityDescriptor { owner: None, dacl: Some(Vec::new()) };
        let resolved = |template: Arc<Template>| PolicyTemplate {
            enroll: access_check(&template.security, token, Right::Enroll),
            autoenroll: access_check(&template.security, token, Right::AutoEnroll),
            template: Template { security: withheld.clone(), ..Template::clone(&template) },
        };
        response.templates = self.directory.templates(token)?.into_iter().map(resolved).collect();
        response.authorities = self.directory.authorities()?;
        for authority in &mut response.authorities {
            let permitted = |ca: &Ca| access_check(&ca.config().rights, token, Right::Enroll);
            authority.enroll_permission = self.hosts.cas.ca(&authority.name, permitted);
            let priority = priorities.iter().find(|(name, _)| *name == authority.name).map(|(_, priority)| *priority);
            authority.priority = Some(priority.unwrap_or(1));
            // The protocol has no word for sites.
            authority.site = None;
            let servers = self.authorities.get(&authority.name).map(|ca| &ca.spec.enrollment_servers);
            authority.uris = servers.into_iter().flatten().map(|server| server.uri.clone()).collect();
        }
        Ok(())
    }

    /// Settings and stores of the machine itself.
    fn perform_local(
        &mut self,
        id: SessionId,
        principal: &str,
        pending: &PendingEffect,
    ) -> Result<EffectResult, HResult> {
        let session = self.sessions.get(&id).ok_or(HResult::E_UNEXPECTED)?;
        let (context, computer) = (session.context, session.computer.clone());
        let because = vec![pending.record];
        let stores = self.stores.get_mut(principal).ok_or(HResult::E_UNEXPECTED)?;
        match &*pending.effect {
            Effect::ReadSettings => {
                let providers = self.computers.get(&*computer).map_or(&[][..], |computer| &computer.providers);
                let settings = session.applied.settings(context, &stores.settings, providers);
                return Ok(EffectResult::Settings(Arc::new(settings)));
            }
            Effect::ReadStores => return Ok(EffectResult::Stores(stores.share())),
            Effect::WriteDirectoryCache(cache) => stores.set_directory_cache(cache.clone()),
            Effect::WriteTrust { store, certificates } => {
                if context == Context::User {
                    return Err(HResult::E_ACCESSDENIED);
                }
                let machine = self.computers.get_mut(&*computer).ok_or(HResult::E_UNEXPECTED)?;
                let (added, removed) = machine.trust.set(*store, certificates);
                if added.is_empty() && removed.is_empty() {
                    return Ok(EffectResult::Done);
                }
                let named = |list: &[Vec<u8>]| -> Vec<String> { list.iter().map(|der| self.root_name(der)).collect() };
                let facts = Facts::new().with("op", "write").with("store", store.as_str());
                let facts = facts.with("added", named(&added)).with("removed", named(&removed));
                self.record(principal, Kind::Store, facts, because);
            }
            Effect::AddCertificate(stored) => {
                stores.add(stored.clone());
                let facts = self.certificate_facts(&stored.thumbprint).with("archived", stored.archived);
                let facts = facts.with_some("auto-enroll", stored.auto_enroll.as_deref());
                let mut all = Facts::new().with("op", "add").with("store", "my");
                for (name, fact) in facts.iter() {
                    all.set(name, fact.clone());
                }
                self.record(principal, Kind::Store, all, because);
            }
            Effect::ArchiveCertificate(thumbprint) => {
                let beyond = self.beyond_retired(id, principal, thumbprint);
                let stores = self.stores.get_mut(principal).ok_or(HResult::E_UNEXPECTED)?;
                stores.archive(thumbprint)?;
                let facts = self.certificate_facts(thumbprint);
                self.record_with(principal, Kind::Archived, facts, because, &beyond);
            }
            Effect::DeleteCertificate(thumbprint) => {
                let beyond = self.beyond_retired(id, principal, thumbprint);
                let stores = self.stores.get_mut(principal).ok_or(HResult::E_UNEXPECTED)?;
                stores.delete(thumbprint)?;
                let facts = self.certificate_facts(thumbprint);
                self.record_with(principal, Kind::Deleted, facts, because, &beyond);
            }
            Effect::PutRequest(entry) => {
                stores.put_request(entry.clone());
                let facts = Facts::new().with("op", "put").with("store", "request");
                let facts = facts.with("template", entry.template.as_str()).with("stage", record::stage(entry));
                let beyond = self.beyond_put(principal, entry);
                self.record_with(principal, Kind::Store, facts, because, &beyond);
            }
            Effect::RemoveRequest(key_id) => {
                let template = stores.request(key_id).map(|entry| entry.template.clone());
                stores.remove_request(key_id)?;
                let facts = Facts::new().with("op", "remove").with("store", "request");
                self.record(principal, Kind::Store, facts.with_some("template", template), because);
            }
            _ => return Err(HResult::E_UNEXPECTED),
        }
        Ok(EffectResult::Done)
    }

    fn perform_software(
        &mut self,
        principal: &str,
        provider: &str,
        operation: &SoftwareOperation,
        because: RecordId,
    ) -> EffectResult {
        let count = self.containers.entry((principal.to_owned(), provider.to_owned())).or_default();
        let seed = self.seed.below(principal, "software key", provider, *count);
        if matches!(operation, SoftwareOperation::Generate { .. } | SoftwareOperation::Archive { .. }) {
            *count += 1;
        }
        let Some(stores) = self.stores.get_mut(principal) else { return EffectResult::Failed(HResult::E_UNEXPECTED) };
        let result = stores.keys.execute(provider, operation, &seed);
        if let EffectResult::Generated { key, .. } = &result {
            self.names.add_container(&key.container, principal);
            let facts = Facts::new().with("op", "new-key").with("provider", provider);
            let facts = facts.with("container", self.names.container(&key.container));
            self.record(principal, Kind::Store, facts, vec![because]);
        }
        result
    }

    /// Name and template of a certificate.
    pub(crate) fn certificate_facts(&self, thumbprint: &Thumbprint) -> Facts {
        Facts::new()
            .with("certificate", self.names.certificate(thumbprint))
            .with_some("template", self.names.template(thumbprint))
    }

    /// The name of a CA certificate; of an unknown one the thumbprint.
    pub(crate) fn root_name(&self, der: &[u8]) -> String {
        let found = self.roots.iter().find(|(_, known)| known.as_slice() == der);
        found.map_or_else(|| thumbprint(der).0, |(name, _)| name.clone())
    }

    fn is_member(&self, id: SessionId) -> bool {
        self.role_of(id) != ComputerRole::Standalone
    }

    fn groups_of(&self, id: SessionId) -> &[Sid] {
        self.sessions.get(&id).map_or(&[], |session| &*session.groups)
    }
}
