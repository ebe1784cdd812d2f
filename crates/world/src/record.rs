//! What cores ask for and report, as records of the trace.

use autoenroll_model::{
    CardOperation, CertificateCheck, ContainerView, Disposition, Effect, EffectResult, EventEntry, Facts, HResult,
    Outcome, ReaderState, ReaderView, Report, RequestEntry, RequestStage, SoftwareOperation, Thumbprint, Trigger,
};
use autoenroll_trace::Kind;

use crate::names::Names;

/// The record of an effect that begins. A submission is told by [`crate::submit`], which knows what is in the request.
pub(crate) fn effect(effect: &Effect, names: &Names) -> (Kind, Facts) {
    let op = |name: &str| Facts::new().with("op", name);
    let certificates =
        |list: &[Thumbprint]| -> Vec<String> { list.iter().map(|thumbprint| names.certificate(thumbprint)).collect() };
    let certificate = |name: &str, thumbprint| op(name).with("certificate", names.certificate(thumbprint));
    match effect {
        Effect::ReadSettings => (Kind::Effect, op("read-settings")),
        Effect::WriteDirectoryCache(cache) => {
            let facts = op("write-directory-cache").with("controller", cache.dc.as_str());
            (Kind::Effect, facts.with("usn", i64::try_from(cache.usn).unwrap_or(i64::MAX)))
        }
        Effect::BindDirectory => (Kind::Directory, op("bind")),
        Effect::ReadTrust => (Kind::Directory, op("read-trust")),
        Effect::WriteTrust { store, .. } => (Kind::Effect, op("write-trust").with("store", store.as_str())),
        Effect::ReadPrincipal => (Kind::Directory, op("read-principal")),
        Effect::RemovePublished(list) => {
            (Kind::Directory, op("remove-published").with("certificates", certificates(list)))
        }
        Effect::ReadTemplates => (Kind::Directory, op("read-templates")),
        Effect::ReadEnrollmentServices => (Kind::Directory, op("read-authorities")),
        Effect::GetPolicies(server) => (Kind::Effect, op("get-policies").with("url", server.url.as_str())),
        Effect::ReadStores => (Kind::Effect, op("read-stores")),
        Effect::AddCertificate(stored) => (Kind::Effect, certificate("add-certificate", &stored.thumbprint)),
        Effect::ArchiveCertificate(thumbprint) => (Kind::Effect, certificate("archive-certificate", thumbprint)),
        Effect::DeleteCertificate(thumbprint) => (Kind::Effect, certificate("delete-certificate", thumbprint)),
        Effect::PutRequest(entry) => {
            let facts = op("put-request").with("template", entry.template.as_str());
            (Kind::Effect, facts.with("stage", stage(entry)))
        }
        Effect::RemoveRequest(_) => (Kind::Effect, op("remove-request")),
        Effect::Inspect(list) => (Kind::Effect, op("inspect").with("certificates", certificates(list))),
        Effect::ReadReaders => (Kind::Effect, op("read-readers")),
        Effect::Card { card, pin, operation } => {
            let (word, container) = card_operation(operation);
            let mut facts = op(word).with("card", names.text(&card.0));
            if let CardOperation::Generate { algorithm, key_spec, .. } = operation {
                facts.set("key", algorithm.as_str());
                facts.set("key-spec", key_spec.as_str());
            }
            let facts = facts.with_some("container", container.map(|name| names.container(name)));
            (Kind::Card, facts.with("pin", pin.is_some()))
        }
        Effect::Software { provider, operation } => {
            let (word, container) = software_operation(operation);
            let mut facts = op(word).with("provider", provider.as_str());
            if let SoftwareOperation::Generate { algorithm, key_spec, exportable, .. } = operation {
                facts.set("key", algorithm.as_str());
                facts.set("key-spec", key_spec.as_str());
                facts.set("exportable", *exportable);
            }
            (Kind::Software, facts.with_some("container", container.map(|name| names.container(name))))
        }
        Effect::Submit(submission) => (Kind::Effect, op("submit").with("ca", submission.ca.as_str())),
        Effect::Retrieve { ca, request_id, .. } => {
            (Kind::Effect, op("retrieve").with("ca", ca.as_str()).with("request-id", *request_id))
        }
        Effect::ReadExchangeCertificate { ca, .. } => {
            (Kind::Effect, op("read-exchange-certificate").with("ca", ca.as_str()))
        }
    }
}

/// The word of a card operation, and the container it names.
pub(crate) fn card_operation(operation: &CardOperation) -> (&'static str, Option<&str>) {
    match operation {
        CardOperation::Describe => ("describe", None),
        CardOperation::VerifyPin => ("verify-pin", None),
        CardOperation::Generate { overwrite, .. } => ("generate", overwrite.as_deref()),
        CardOperation::Sign { container, .. } => ("sign", Some(container)),
        CardOperation::ReadCertificate { container } => ("read-certificate", Some(container)),
        CardOperation::WriteCertificate { container, .. } => ("write-certificate", Some(container)),
        CardOperation::SetDefault { container } => ("set-default", Some(container)),
        CardOperation::Delete { container } => ("delete", Some(container)),
    }
}

fn software_operation(operation: &SoftwareOperation) -> (&'static str, Option<&str>) {
    match operation {
        SoftwareOperation::Generate { .. } => ("generate", None),
        SoftwareOperation::Sign { container, .. } => ("sign", Some(container)),
        SoftwareOperation::Archive { container, .. } => ("archive", Some(container)),
        SoftwareOperation::Delete { container } => ("delete", Some(container)),
    }
}

/// The record of an effect that has ended; `began` are the facts of its beginning.
pub(crate) fn effect_done(effect: &Effect, began: &Facts, result: &EffectResult, names: &Names) -> (Kind, Facts) {
    let kind = if matches!(effect, Effect::Card { .. }) { Kind::CardDone } else { Kind::EffectDone };
    match effect {
        Effect::Submit(_) => (kind, outcome(&began.clone().with("op", "submit"), result, names)),
        _ => (kind, outcome(began, result, names)),
    }
}

/// What became of something, whoever asked for it; `began` are the facts of its beginning.
pub(crate) fn outcome(began: &Facts, result: &EffectResult, names: &Names) -> Facts {
    let mut facts = Facts::new();
    for name in ["op", "card", "ca"] {
        if let Some(fact) = began.get(name) {
            facts.set(name, fact.clone());
        }
    }
    facts.set("code", code_of(result));
    result_facts(&mut facts, result, names);
    facts
}

/// What a result says, as far as decisions can depend on it.
fn result_facts(facts: &mut Facts, result: &EffectResult, names: &Names) {
    match result {
        EffectResult::WrongPin { tries_left: Some(tries) } => facts.set("tries-left", *tries),
        EffectResult::Directory(root) => facts.set("controller", root.dc.as_str()),
        EffectResult::Templates(list) => {
            facts.set("templates", list.iter().map(|template| template.name.as_str()).collect::<Vec<_>>());
        }
        EffectResult::Policy(response) => {
            facts.set("not-changed", response.not_changed);
            let offered = response.templates.iter().map(|offered| offered.template.name.as_str());
            facts.set("templates", offered.collect::<Vec<_>>());
        }
        EffectResult::EnrollmentServices(list) => {
            facts.set("cas", list.iter().map(|authority| authority.name.as_str()).collect::<Vec<_>>());
        }
        EffectResult::Stores(stores) => {
            let held = stores.my.iter().map(|stored| names.certificate(&stored.thumbprint));
            facts.set("certificates", held.collect::<Vec<_>>());
            let requests = stores.requests.iter().map(|entry| format!("{}: {}", entry.template, stage(entry)));
            facts.set("requests", requests.collect::<Vec<_>>());
        }
        EffectResult::Checks(checks) => {
            let told = |check: &CertificateCheck| {
                let revoked = if check.revoked { ", revoked" } else { "" };
                let key = if check.key_usable { "" } else { ", no key" };
                format!("{}: {}{revoked}{key}", names.certificate(&check.thumbprint), check.chain)
            };
            facts.set("checks", checks.iter().map(told).collect::<Vec<_>>());
        }
        EffectResult::Readers(readers) => {
            let told = |view: &ReaderView| match &view.holds {
                ReaderState::Empty => format!("{}: empty", view.reader),
                ReaderState::Card { serial, .. } => format!("{}: {}", view.reader, names.text(&serial.0)),
                ReaderState::Unusable(code) => format!("{}: {code}", view.reader),
            };
            facts.set("readers", readers.iter().map(told).collect::<Vec<_>>());
        }
        EffectResult::Card(description) => {
            let container = |container: &ContainerView| names.container(&container.name);
            facts.set("containers", description.containers.iter().map(container).collect::<Vec<_>>());
            if let Some(default) = description.default_container() {
                facts.set("default-container", container(default));
            }
            facts.set("free-containers", description.free_containers);
            if let Some(tries) = description.tries_left {
                facts.set("tries-left", tries);
            }
        }
        EffectResult::Generated { key, .. } => facts.set("container", names.container(&key.container)),
        EffectResult::Reply(reply) => facts.set("disposition", disposition(reply.disposition)),
        _ => {}
    }
}

/// The code that a result stands for.
fn code_of(result: &EffectResult) -> HResult {
    match result {
        EffectResult::Failed(code) => *code,
        // X6.2.0x8010006B
        EffectResult::WrongPin { .. } => HResult::SCARD_W_WRONG_CHV,
        EffectResult::Reply(reply) => match reply.disposition {
            Disposition::Issued | Disposition::Pending => HResult::S_OK,
            Disposition::Denied(code) | Disposition::Failed(code) => code,
        },
        _ => HResult::S_OK,
    }
}

const fn disposition(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Issued => "issued",
        Disposition::Pending => "pending",
        Disposition::Denied(_) => "denied",
        Disposition::Failed(_) => "failed",
    }
}

/// The word of a request's stage.
pub(crate) const fn stage(entry: &RequestEntry) -> &'static str {
    match &entry.stage {
        RequestStage::Prepared if entry.given_up => "given-up",
        RequestStage::Prepared => "prepared",
        RequestStage::Pending { .. } => "pending",
        RequestStage::Issued { .. } => "issued",
    }
}

pub(crate) fn trigger(trigger: &Trigger) -> Facts {
    let facts = Facts::new().with("trigger", trigger.cause.as_str());
    let facts = facts.with_some("refresh", trigger.refresh.map(|refresh| refresh.as_str()));
    facts.with_some("changed", trigger.changed.then_some(true))
}

/// The record of a report.
pub(crate) fn report(report: &Report, names: &Names) -> (Kind, Facts) {
    match report {
        Report::RunStarted { trigger: cause } => (Kind::RunStarted, trigger(cause)),
        Report::TriggerHeld { trigger: cause, kept } => (Kind::TriggerHeld, trigger(cause).with("kept", *kept)),
        Report::RunEnded => (Kind::RunEnded, Facts::new()),
        Report::ItemStarted { template, action, interactive } => {
            let facts = Facts::new().with("template", template.as_str()).with("action", action.as_str());
            (Kind::ItemStarted, facts.with("interactive", *interactive))
        }
        Report::ItemEnded { template, action, outcome } => {
            let facts = Facts::new().with("template", template.as_str()).with("action", action.as_str());
            let facts = match outcome {
                Outcome::Enrolled { thumbprint, key } => facts
                    .with("outcome", "enrolled")
                    .with("certificate", names.certificate(thumbprint))
                    .with("provider", key.provider.as_str())
                    .with("container", names.container(&key.container))
                    .with_some("card", key.card.as_ref().map(|card| names.text(&card.0))),
                Outcome::Pending => facts.with("outcome", "pending"),
                Outcome::Failed(code) => facts.with("outcome", "failed").with("code", code.to_string()),
                Outcome::Postponed => facts.with("outcome", "postponed"),
            };
            (Kind::ItemEnded, facts)
        }
    }
}

/// The record of an event-log entry.
pub(crate) fn event(entry: &EventEntry, names: &Names) -> Facts {
    let mut facts = Facts::new()
        .with("source", entry.source.as_str())
        .with("id", entry.id)
        .with("severity", entry.severity.as_str());
    for (name, fact) in names.translate(&entry.facts).iter() {
        facts.set(name, fact.clone());
    }
    facts
}
