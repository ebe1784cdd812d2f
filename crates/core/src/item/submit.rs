//! State S11: the request is built, signed, and submitted to one CA after the other.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    CaReply, CardOperation, Disposition, Effect, Facts, HResult, Outcome, PrivateKeyFlags, RequestEntry, RequestStage,
    SoftwareOperation, Submission, Template, hex,
};
use autoenroll_wire::{Certificate, TemplateReference, key_identifier};

use super::card::pin_no_longer_right;
use super::key::{clean_up, is_own};
use super::refuse::drop_request;
use super::state::{Certified, Job, Leftovers, NewKey, Next, Purpose, Step, Submitting, Unsigned};
use crate::events::{self, Detail};
use crate::frame::{Frame, code_fact};
use crate::halt::Halt;
use crate::known::{Asked, BestFirst, Ca, Issued, Known, PendingRequest, Settled, Task};
use crate::reported::CardFailure;
use crate::request::{Built, FinishedRequest, RequestBuilder, RequestKey, SignerKey, Unbuilt};
use crate::rules;

/// The key is there and its entry is written. Where it is to be archived, the CA's exchange certificate comes first
/// ([MS-WCCE] 3.1.2.4.2.2.2.8).
pub(super) fn begin(job: &mut Job, frame: &mut Frame, key: NewKey) -> Result<Next, Halt> {
    let flags = job.request().template.template.private_key_flags;
    let archival = flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL);
    // None is made on a card to be archived: this one is old, and the renewal that keeps it goes without.
    let leaves = key.entry.key.card.is_none();
    let name = String::from(job.name());
    let cas = job.request().cas.clone();
    if !archival || !job.decide(frame, rules::KEY_ARCHIVAL, &name, leaves, Facts::new()) {
        return build(job, frame, key, cas, None);
    }
    Ok(read_exchange(job, frame, key, cas))
}

fn read_exchange(job: &Job, frame: &mut Frame, key: NewKey, cas: BestFirst<Ca>) -> Next {
    let Ca { name, host, .. } = cas.first.clone();
    job.ask(frame, Effect::ReadExchangeCertificate { ca: name, host }, Step::ReadExchange(key, cas))
}

/// The CA's exchange certificate: the key is enveloped to it. Without one the next CA is asked; without any the item
/// fails, and its
/// entry waits for the next run.
pub(super) fn exchange_read(
    job: &mut Job,
    frame: &mut Frame,
    key: NewKey,
    cas: BestFirst<Ca>,
    result: Result<Vec<u8>, HResult>,
) -> Result<Next, Halt> {
    match result {
        Ok(exchange_certificate) => {
            let container = key.entry.key.container.clone();
            let operation = SoftwareOperation::Archive { container, exchange_certificate };
            let effect = Effect::Software { provider: key.entry.key.provider.clone(), operation };
            Ok(job.ask(frame, effect, Step::Archive(key, cas)))
        }
        Err(code) => {
            let asked = Asked { ca: cas.first.name.clone(), request_id: None, settled: None };
            job.asked = Some(asked.clone());
            match cas.next() {
                Some(cas) => {
                    next_ca(job, frame, &asked, &cas, code)?;
                    Ok(read_exchange(job, frame, key, cas))
                }
                None => key_unusable(job, frame, code),
            }
        }
    }
}

/// The next of the CAs is asked. Another way to the same CA is not another CA, so only the rule tells of it.
fn next_ca(job: &mut Job, frame: &mut Frame, asked: &Asked, cas: &BestFirst<Ca>, code: HResult) -> Result<(), Halt> {
    let name = String::from(job.name());
    job.applies(frame, rules::NEXT_CA, &name, code_fact(code))?;
    if cas.first.name != asked.ca {
        events::next_ca(frame, job.because, &job.item, asked, code);
    }
    Ok(())
}

pub(super) fn key_archived(
    job: &mut Job,
    frame: &mut Frame,
    key: NewKey,
    cas: BestFirst<Ca>,
    result: Result<Vec<u8>, HResult>,
) -> Result<Next, Halt> {
    match result {
        Ok(blob) => build(job, frame, key, cas, Some(blob)),
        Err(code) => key_unusable(job, frame, code),
    }
}

/// The new key cannot be used for its request. Its entry stays, so that the next run removes both.
fn key_unusable(job: &mut Job, frame: &mut Frame, code: HResult) -> Result<Next, Halt> {
    events::detail(frame, Detail::NoRequest, job.name(), code_fact(code));
    job.fails(frame, rules::KEY_NOT_USABLE, code)
}

fn build(
    job: &mut Job,
    frame: &mut Frame,
    key: NewKey,
    cas: BestFirst<Ca>,
    archived: Option<Vec<u8>>,
) -> Result<Next, Halt> {
    let before = frame.decisions_made();
    let request_key = RequestKey {
        provider: &key.entry.key.provider,
        public_key: &key.public_key,
        algorithm: key.entry.algorithm,
        archived,
    };
    match RequestBuilder::new(frame, job.request(), request_key) {
        Ok(builder) => {
            job.because = frame.decisions_since(before).last().unwrap_or(job.because);
            Ok(Next::Sign(Unsigned { key, builder: Box::new(builder), cas }))
        }
        Err(Unbuilt::Failed(code)) => {
            events::detail(frame, Detail::NoRequest, job.name(), code_fact(code));
            Ok(Next::fail(code))
        }
        Err(Unbuilt::Inverted(inverted)) => Err(inverted.into()),
    }
}

/// Signs what the builder wants signed next. A key on a card that has not taken its PIN yet makes its provider ask for
/// both, at the moment when it is to sign: in its only reader, one card may follow another.
pub(super) fn sign(job: &Job, frame: &mut Frame, unsigned: Unsigned) -> Next {
    let signer = unsigned.builder.signer();
    let algorithm = signer.algorithm;
    let key = match signer.key {
        SignerKey::New => unsigned.key.entry.key.clone(),
        SignerKey::Existing(key) => key,
    };
    let Some(card) = key.card.clone() else {
        let message = unsigned.builder.to_be_signed();
        let operation = SoftwareOperation::Sign { container: key.container, algorithm, message };
        return job.ask(frame, Effect::Software { provider: key.provider, operation }, Step::Sign(None, unsigned));
    };
    if !job.pins.contains_key(&card) {
        return Next::FindCard(Purpose::Sign { request: unsigned, key });
    }
    let message = unsigned.builder.to_be_signed();
    let operation = CardOperation::Sign { container: key.container, algorithm, message };
    job.ask_card(frame, card.clone(), operation, Step::Sign(Some(card), unsigned))
}

pub(super) fn signed(
    job: &mut Job,
    frame: &mut Frame,
    unsigned: Unsigned,
    result: Result<Vec<u8>, CardFailure>,
) -> Result<Next, Halt> {
    let Unsigned { key, builder, cas } = unsigned;
    let signature = match result {
        Ok(signature) => signature,
        Err(CardFailure::Code(code)) => return key_unusable(job, frame, code),
        Err(CardFailure::WrongPin(card)) => return pin_no_longer_right(job, frame, &card),
    };
    match builder.signed(signature) {
        Ok(Built::Wants(builder)) => Ok(Next::Sign(Unsigned { key, builder, cas })),
        Ok(Built::Finished(request)) => Ok(submit(job, frame, Submitting { key, request, cas, earlier: None })),
        Err(code) => Ok(Next::fail(code)),
    }
}

fn submit(job: &Job, frame: &mut Frame, submitting: Submitting) -> Next {
    let FinishedRequest { flags, der, .. } = submitting.request.clone();
    let Ca { name, host, .. } = submitting.cas.first.clone();
    let submission = Submission { ca: name, host, flags, attributes: Vec::new(), request: der };
    job.ask(frame, Effect::Submit(submission), Step::Submit(submitting))
}

/// The CA has answered ([MS-WCCE] 3.2.1.4.2.1.3). The number alone counts, never the message beside it.
pub(super) fn replied(
    job: &mut Job,
    frame: &mut Frame,
    known: &Known,
    submitting: Submitting,
    result: Result<CaReply, HResult>,
) -> Result<Next, Halt> {
    let request_id = result.as_ref().ok().map(|reply| reply.request_id);
    job.asked = Some(Asked { ca: submitting.cas.first.name.clone(), request_id, settled: None });
    let reply = match result {
        Ok(reply) => reply,
        Err(code) => return refused(job, frame, submitting, code),
    };
    // What the CA itself has answered, it answers by every way.
    let asked = submitting.cas.first.name.clone();
    let mut submitting = submitting;
    submitting.cas.others.retain(|ca| ca.name != asked);
    let name = String::from(job.name());
    let ca = submitting.cas.first.clone();
    let facts = Facts::new().with("ca", ca.name.as_str()).with("request-id", reply.request_id);
    let code = match reply.disposition {
        Disposition::Issued | Disposition::Pending => None,
        Disposition::Denied(code) | Disposition::Failed(code) => Some(code),
    };
    let answered = job.decide(frame, rules::DISPOSITION, &name, code.is_none(), facts.clone());
    match (reply.disposition, answered) {
        (Disposition::Issued, true) => {
            job.applies(frame, rules::ISSUED, &name, facts)?;
            let NewKey { entry, keep_default, .. } = submitting.key;
            take_certificate(job, frame, known, Answer { entry, ca: ca.name, reply, keep_default })
        }
        (Disposition::Pending, true) => {
            job.applies(frame, rules::PENDING, &name, facts)?;
            job.applies(frame, rules::PENDING_REMEMBERED, &name, Facts::new().with("request-id", reply.request_id))?;
            let stage = RequestStage::Pending { ca: ca.name, host: ca.host, request_id: reply.request_id };
            let entry = RequestEntry { stage, ..submitting.key.entry };
            Ok(job.ask(frame, Effect::PutRequest(entry), Step::NotePending))
        }
        _ => refused(job, frame, submitting, code.unwrap_or(HResult::E_UNEXPECTED)),
    }
}

/// The CA did not issue: the next CA, or failure, which removes the key and its entry.
fn refused(job: &mut Job, frame: &mut Frame, submitting: Submitting, code: HResult) -> Result<Next, Halt> {
    let name = String::from(job.name());
    job.applies(frame, rules::REQUEST_DENIED, &name, code_fact(code))?;
    let Submitting { key, request, cas, earlier } = submitting;
    let mut code = code;
    if let Some(earlier) = earlier {
        let facts = code_fact(code).with("earlier", earlier.to_string());
        let silent = code == HResult::NTE_SILENT_CONTEXT;
        if silent && job.decide(frame, rules::SILENT_CA, &name, silent, facts) {
            code = earlier;
        }
    }
    // Another CA has another exchange certificate, so an archived key is enveloped anew ([MS-WCCE] 3.1.1.4.3.6); any
    // other request
    // goes on as it is ([MS-XCEP] 3.1.4.1.3.5).
    if let Some(cas) = cas.next().filter(|_| !job.closed) {
        let asked = job.asked.clone().expect("only a CA that was asked refuses");
        next_ca(job, frame, &asked, &cas, code)?;
        return Ok(if request.archives_key {
            read_exchange(job, frame, key, cas)
        } else {
            submit(job, frame, Submitting { key, request, cas, earlier: Some(code) })
        });
    }
    let RequestEntry { key, key_id, .. } = key.entry;
    let mut effects = VecDeque::new();
    if is_own(job, &key) {
        effects.push_back(job.delete_container(&key));
    }
    effects.push_back(Effect::RemoveRequest(key_id));
    Ok(clean_up(job, frame, Leftovers(effects), code))
}

/// The entry says that the request is pending. Where it cannot, the next run takes the key for one that never reached a
/// CA.
pub(super) fn pending_noted(job: &mut Job, frame: &mut Frame, result: Result<(), HResult>) -> Result<Next, Halt> {
    match result {
        Ok(()) => Ok(Next::End(Outcome::Pending)),
        Err(code) => job.fails(frame, rules::REQUEST_NOT_NOTED, code),
    }
}

/// The entry says that the certificate is issued. Where it cannot, it is not put anywhere: a crash would lose it.
pub(super) fn issue_noted(
    job: &mut Job,
    frame: &mut Frame,
    certified: Certified,
    result: Result<(), HResult>,
) -> Result<Next, Halt> {
    match result {
        Ok(()) => Ok(Next::Inspect(certified)),
        Err(code) => job.fails(frame, rules::REQUEST_NOT_NOTED, code),
    }
}

/// Asks the CA that has the request under submission ([MS-WCCE] 3.1.1.4.3.7).
pub(super) fn retrieve(job: &Job, frame: &mut Frame, pending: PendingRequest) -> Next {
    let PendingRequest { ca: Ca { name, host, .. }, request_id, .. } = pending.clone();
    job.ask(frame, Effect::Retrieve { ca: name, host, request_id }, Step::Retrieve(pending))
}

/// The answer to the question about a pending request. When there is none, it is asked again in the next run.
pub(super) fn retrieved(
    job: &mut Job,
    frame: &mut Frame,
    known: &Known,
    pending: PendingRequest,
    result: Result<CaReply, HResult>,
) -> Result<Next, Halt> {
    let PendingRequest { entry, ca, request_id } = pending;
    let name = String::from(job.name());
    let settled = result.as_ref().ok().and_then(|reply| match reply.disposition {
        Disposition::Issued => Some(Settled::Issued),
        Disposition::Pending => None,
        Disposition::Denied(_) | Disposition::Failed(_) => Some(Settled::Denied),
    });
    job.asked = Some(Asked { ca: ca.name.clone(), request_id: Some(request_id), settled });
    let reply = match result {
        Ok(reply) => reply,
        Err(code) => {
            let facts = Facts::new().with("ca", ca.name.as_str()).with("code", code.to_string());
            job.applies(frame, rules::PENDING_NOT_ANSWERED, &name, facts)?;
            return Ok(Next::fail(code));
        }
    };
    let facts = Facts::new().with("ca", ca.name.as_str()).with("request-id", reply.request_id);
    match reply.disposition {
        Disposition::Issued => {
            job.applies(frame, rules::PENDING_OUTCOME, &name, facts.with("outcome", "issued"))?;
            take_certificate(job, frame, known, Answer { entry, ca: ca.name, reply, keep_default: false })
        }
        Disposition::Pending => Ok(Next::End(Outcome::Pending)),
        Disposition::Denied(code) | Disposition::Failed(code) => {
            job.applies(frame, rules::PENDING_OUTCOME, &name, facts.with("outcome", "denied"))?;
            drop_request(job, frame, &known.held, entry, code)
        }
    }
}

/// A CA's answer that a certificate is issued.
struct Answer {
    entry: RequestEntry,
    ca: String,
    reply: CaReply,
    keep_default: bool,
}

/// Issued: the certificate must be what was asked for, and the entry must say that it exists before anything else is
/// done with it.
fn take_certificate(job: &mut Job, frame: &mut Frame, known: &Known, answer: Answer) -> Result<Next, Halt> {
    let Answer { entry, ca, reply, keep_default } = answer;
    let certificate = match asked_for(job, known, &entry, reply.certificate) {
        Ok(certificate) => certificate,
        Err(code) => {
            let name = String::from(job.name());
            job.applies(frame, rules::NOT_WHAT_WAS_ASKED_FOR, &name, code_fact(code))?;
            events::detail(frame, Detail::NotInstalled, &name, code_fact(code));
            return drop_request(job, frame, &known.held, entry, code);
        }
    };
    let stage =
        RequestStage::Issued { ca: ca.clone(), request_id: reply.request_id, certificate: certificate.raw.clone() };
    let entry = RequestEntry { stage, ..entry };
    let certified = Certified { entry: entry.clone(), issued: Issued { ca, certificate }, keep_default };
    Ok(job.ask(frame, Effect::PutRequest(entry), Step::NoteIssued(certified)))
}

/// The certificate, when it is one, for the key and of the template of the request.
fn asked_for(
    job: &Job,
    known: &Known,
    entry: &RequestEntry,
    certificate: Option<Vec<u8>>,
) -> Result<Arc<Certificate>, HResult> {
    let certificate = certificate.ok_or(HResult::CRYPT_E_NOT_FOUND)?;
    let view = Certificate::parse(&certificate).map_err(|_| HResult::ERROR_INVALID_DATA)?;
    // A certificate for another key than the one that asked could not be used here.
    if !key_identifier(&view.public_key).is_ok_and(|key_id| hex::encode(&key_id) == entry.key_id) {
        return Err(HResult::CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY);
    }
    let template = match &job.item.task {
        Task::Request(request) => Some(&request.template.template),
        Task::Retrieve(_) | Task::Resume(_) => {
            known.gathered.policy.named(&entry.template).map(|entry| &entry.template)
        }
    };
    // A template that has left the directory cannot be compared with.
    if template.is_some_and(|template| !is_of(&view, template)) {
        return Err(HResult::CERTSRV_E_TEMPLATE_CONFLICT);
    }
    Ok(Arc::new(view))
}

/// Whether a certificate's extension names the template ([MS-WCCE] 2.2.2.7.7.1, 2.2.2.7.7.2).
fn is_of(view: &Certificate, template: &Template) -> bool {
    view.template().is_some_and(|named| match named {
        TemplateReference::Oid { oid, .. } => template.oid.as_ref() == Some(&oid),
        TemplateReference::Name(name) => template.name == name,
    })
}
