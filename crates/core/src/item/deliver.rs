//! State S12: the certificate goes to its card, to MY, and what it replaces goes.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use autoenroll_model::{
    Action, CardOperation, CardSerial, CertificateCheck, Effect, Facts, HResult, KeyPlace, LifecycleEvent, Outcome,
    RequestStage,
};

use super::card::{describe, is_stale, pin_no_longer_right};
use super::key::lose_key;
use super::refuse::refuse;
use super::state::{Certified, Job, Next, Purpose, Step};
use crate::events::{self, Detail};
use crate::frame::{Frame, code_fact};
use crate::halt::Halt;
use crate::install::{self, Housekeeping};
use crate::judge::{Subject, Unfit};
use crate::known::{Asked, Inventory, IssuedRequest, Item, Settled, Task};
use crate::reported::CardFailure;
use crate::rules;

/// The driver, which has cryptography and a network, inspects the certificate before it is put anywhere.
pub(super) fn inspect(job: &Job, frame: &mut Frame, certified: Certified) -> Next {
    let thumbprint = certified.issued.certificate.thumbprint();
    job.ask(frame, Effect::Inspect(alloc::vec![thumbprint]), Step::Inspect(certified))
}

/// The certificate is inspected. When it cannot be, its entry stays, and the next run looks at it again.
pub(super) fn inspected(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    certified: Certified,
    result: Result<Vec<CertificateCheck>, HResult>,
) -> Result<Next, Halt> {
    let checks = match result {
        Ok(checks) => checks,
        Err(code) => return job.fails(frame, rules::NEW_CERTIFICATE_NOT_INSPECTED, code),
    };
    match fault(job, frame, &certified, checks.first()) {
        None => {
            job.inspected = true;
            deliver(job, frame, certified)
        }
        Some(unfit) => refuse(job, frame, held, certified.entry, unfit),
    }
}

/// Why a certificate that came from a CA may not be put where it belongs; it is judged as those of the stores are.
fn fault(job: &mut Job, frame: &mut Frame, certified: &Certified, check: Option<&CertificateCheck>) -> Option<Unfit> {
    let view = &certified.issued.certificate;
    let judged = Subject::new(view, certified.key()).judge(frame, check);
    let name = String::from(job.name());
    let code = judged.err().map_or(HResult::S_OK, |unfit| unfit.code);
    let facts = code_fact(code).with("certificate", view.thumbprint().0);
    if !job.decide(frame, rules::NEW_CERTIFICATE_REFUSED, &name, judged.is_err(), facts) {
        return None;
    }
    let unfit = judged.err().unwrap_or(Unfit { code, lasting: false });
    let untrusted =
        matches!(code, HResult::CERT_E_UNTRUSTEDROOT | HResult::CERT_E_UNTRUSTEDCA | HResult::CERT_E_CHAINING);
    let detail = if untrusted { Detail::Untrusted } else { Detail::NotInstalled };
    events::detail(frame, detail, &name, code_fact(code));
    Some(unfit)
}

/// To the card first, then to MY. What arrives from a pending request and belongs on a card needs the user again.
fn deliver(job: &mut Job, frame: &mut Frame, certified: Certified) -> Result<Next, Halt> {
    let Some(card) = certified.key().card.clone() else { return install(job, frame, certified) };
    if job.item.action() != Action::Retrieve {
        if !certified.keep_default && is_stale(job, frame, &card)? {
            return Ok(describe(job, frame, Purpose::Write(certified), card));
        }
        return write_card(job, frame, card, certified);
    }
    let name = String::from(job.name());
    job.applies(frame, rules::PENDING_FOR_CARD, &name, Facts::new())?;
    job.applies(frame, rules::PENDING_CARD_ARRIVES, &name, Facts::new())?;
    let task = Task::Resume(IssuedRequest { entry: certified.entry, issued: certified.issued, judged: true });
    let because = job.because;
    let item = Item { task, interactive: true, reasons: alloc::vec![because], because, ..job.item.clone() };
    Ok(Next::Arrived(item))
}

/// What was issued in an earlier run: a key on a card wants its card first.
pub(super) fn resume(job: &mut Job, frame: &mut Frame, held: &Inventory, request: IssuedRequest) -> Result<Next, Halt> {
    let judged = request.judged;
    if let RequestStage::Issued { ca, request_id, .. } = &request.entry.stage {
        // What has come in this run had waited at its CA; of what came before, the entry does not say it.
        let settled = judged.then_some(Settled::Issued);
        job.asked = Some(Asked { ca: ca.clone(), request_id: Some(*request_id), settled });
    }
    let certified = Certified::from(request);
    if !judged {
        let check = held.check(&certified.issued.certificate.thumbprint());
        if let Some(unfit) = fault(job, frame, &certified, check) {
            return refuse(job, frame, held, certified.entry, unfit);
        }
    }
    let thumbprint = certified.issued.certificate.thumbprint();
    if held.is_installed(&thumbprint) {
        // To the card first, then to MY: what is there is everywhere. Only what it replaces may still be there too.
        job.applies(frame, rules::UNFINISHED_REQUEST, &thumbprint.0, Facts::new().with("stage", "installed"))?;
        return retire(job, frame, held, certified);
    }
    if certified.key().card.is_some() {
        return Ok(Next::FindCard(Purpose::Write(certified)));
    }
    install(job, frame, certified)
}

/// Nothing is written before the certificate has been inspected behind the last prompt: however quickly the user
/// answers, its issuer may have revoked it before, and a long time may have gone by.
// MC1.judged-again
pub(super) fn write_card(
    job: &mut Job,
    frame: &mut Frame,
    card: CardSerial,
    certified: Certified,
) -> Result<Next, Halt> {
    if !job.inspected {
        let thumbprint = certified.issued.certificate.thumbprint();
        job.applies(frame, rules::NEW_CERTIFICATE_LOOKED_AT_AGAIN, &thumbprint.0, Facts::new())?;
        return Ok(inspect(job, frame, certified));
    }
    let container = certified.key().container.clone();
    let certificate = certified.issued.certificate.raw.clone();
    let operation = CardOperation::WriteCertificate { container, certificate };
    Ok(job.ask_card(frame, card.clone(), operation, Step::WriteCard(card, certified)))
}

/// The certificate is on the card; its container becomes the default one, unless the user wanted the old one to stay.
pub(super) fn card_written(
    job: &mut Job,
    frame: &mut Frame,
    card: CardSerial,
    certified: Certified,
    result: Result<(), CardFailure>,
) -> Result<Next, Halt> {
    if let Err(failure) = result {
        return card_failed(job, frame, failure);
    }
    let container = certified.key().container.clone();
    let name = String::from(job.name());
    let facts = Facts::new().with("container", container.as_str());
    // P7.7
    if job.decide(frame, rules::DEFAULT_CONTAINER, &name, !certified.keep_default, facts) {
        let operation = CardOperation::SetDefault { container };
        return Ok(job.ask_card(frame, card.clone(), operation, Step::SetDefault(card, certified)));
    }
    install(job, frame, certified)
}

pub(super) fn default_set(
    job: &mut Job,
    frame: &mut Frame,
    certified: Certified,
    result: Result<(), CardFailure>,
) -> Result<Next, Halt> {
    match result {
        Ok(()) => install(job, frame, certified),
        Err(CardFailure::Code(code @ HResult::SCARD_E_UNSUPPORTED_FEATURE)) => {
            let name = String::from(job.name());
            job.applies(frame, rules::DEFAULT_NOT_MOVED, &name, code_fact(code))?;
            // What is in the old container has not given way.
            job.removes = None;
            install(job, frame, certified)
        }
        Err(failure) => card_failed(job, frame, failure),
    }
}

fn card_failed(job: &mut Job, frame: &mut Frame, failure: CardFailure) -> Result<Next, Halt> {
    match failure {
        CardFailure::Code(code) => write_failed(job, frame, code),
        CardFailure::WrongPin(card) => pin_no_longer_right(job, frame, &card),
    }
}

/// The certificate could not be put where it belongs. Its entry stays, and the next run resumes there.
fn write_failed(job: &mut Job, frame: &mut Frame, code: HResult) -> Result<Next, Halt> {
    events::detail(frame, Detail::NotInstalled, job.name(), code_fact(code));
    job.fails(frame, rules::CERTIFICATE_NOT_WRITTEN, code)
}

fn install(job: &mut Job, frame: &mut Frame, certified: Certified) -> Result<Next, Halt> {
    let stored = install::stored(frame, &job.item.name, certified.key(), &certified.issued.certificate)?;
    Ok(job.ask(frame, Effect::AddCertificate(stored), Step::Install(certified)))
}

/// The certificate is in MY: what it replaces goes, and then its entry in REQUEST, which is all that knows of that. A
/// core that ends in between finds the entry again.
// MC1.retired-first
pub(super) fn installed(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    certified: Certified,
    result: Result<(), HResult>,
) -> Result<Next, Halt> {
    if let Err(code) = result {
        return write_failed(job, frame, code);
    }
    let replaced = job.removes.take().filter(|(card, container)| {
        certified.key().card.as_ref() == Some(card) && certified.key().container != *container
    });
    let Some((card, container)) = replaced else { return retire(job, frame, held, certified) };
    let operation = CardOperation::Delete { container: container.clone() };
    Ok(job.ask_card(frame, card.clone(), operation, Step::RemoveReplaced { card, container, certified }))
}

/// What the new certificate replaces on its card is gone, and takes its own certificate along; or it is left there
/// beside the new one, which is in its place all the same.
pub(super) fn replaced_removed(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    container: String,
    certified: Certified,
    result: Result<(), CardFailure>,
) -> Result<Next, Halt> {
    let name = String::from(job.name());
    match result {
        Ok(()) => lose_key(job, frame, held, &KeyPlace { container, ..certified.key().clone() })?,
        Err(CardFailure::Code(code)) => job.applies(frame, rules::LEFTOVER_NOT_REMOVED, &name, code_fact(code))?,
        Err(CardFailure::WrongPin(card)) => {
            frame.pins.remove(&card);
            let facts = code_fact(HResult::SCARD_W_WRONG_CHV);
            job.applies(frame, rules::LEFTOVER_NOT_REMOVED, &name, facts)?;
        }
    }
    retire(job, frame, held, certified)
}

fn retire(job: &mut Job, frame: &mut Frame, held: &Inventory, certified: Certified) -> Result<Next, Halt> {
    let rest = install::retirements(frame, held, &job.item.name, &job.item.retires)?;
    Ok(next_retired(job, frame, certified, rest.into()))
}

/// The entry is gone, and the item done. Somebody may have deleted it by hand before.
pub(super) fn entry_removed(
    job: &mut Job,
    frame: &mut Frame,
    certified: Certified,
    result: Result<(), HResult>,
) -> Result<Next, Halt> {
    match result {
        Ok(()) | Err(HResult::CRYPT_E_NOT_FOUND) => succeed(job, frame, certified),
        Err(code) => write_failed(job, frame, code),
    }
}

fn next_retired(job: &Job, frame: &mut Frame, certified: Certified, mut rest: VecDeque<Housekeeping>) -> Next {
    match rest.pop_front() {
        Some(now) => job.ask(frame, now.effect(), Step::Retire { certified, now, rest }),
        None => {
            let effect = Effect::RemoveRequest(certified.entry.key_id.clone());
            job.ask(frame, effect, Step::RemoveEntry(certified))
        }
    }
}

/// A certificate that was replaced is archived or deleted, or not: the new one is there all the same.
pub(super) fn retired(
    job: &mut Job,
    frame: &mut Frame,
    certified: Certified,
    now: Housekeeping,
    rest: VecDeque<Housekeeping>,
    result: Result<(), HResult>,
) -> Result<Next, Halt> {
    now.done(frame, result)?;
    Ok(next_retired(job, frame, certified, rest))
}

/// Everything is where it belongs: only now is success logged.
fn succeed(job: &mut Job, frame: &mut Frame, certified: Certified) -> Result<Next, Halt> {
    let thumbprint = certified.issued.certificate.thumbprint();
    let name = String::from(job.name());
    let facts = Facts::new().with("certificate", thumbprint.0.as_str());
    job.applies(frame, rules::CERTIFICATE_WRITTEN, &name, facts)?;
    events::succeeded(frame, &job.item, job.asked.as_ref(), &certified.issued.ca, &thumbprint)?;
    // E5.5.1006
    events::life_cycle(frame, LifecycleEvent::Installed, &thumbprint);
    // E5.5.1008
    events::life_cycle(frame, LifecycleEvent::KeyAssociated, &thumbprint);
    if let Some(old) = job.item.retires.first().filter(|_| job.item.renews()) {
        // E5.5.1001
        events::replaced(frame, old, &thumbprint);
    }
    Ok(Next::End(Outcome::Enrolled { thumbprint, key: certified.entry.key }))
}
