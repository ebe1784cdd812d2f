//! State S10: a key, and the entry in REQUEST that knows of it before anything is submitted.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    CardOperation, CardSerial, Choice, DecisionPoint, DefaultFlag, Effect, EnrollmentFlags, Facts, HResult,
    KeyAlgorithm, KeyPlace, PrivateKeyFlags, ProviderKind, RequestEntry, RequestStage, SoftwareOperation, hex,
};
use autoenroll_wire::{Certificate, key_identifier};

use super::card::{describe, is_default_another, is_gone, pin_no_longer_right};
use super::state::{Card, Job, Leftovers, NewKey, Next, Purpose, Question, State, Step};
use crate::events::{self, Detail};
use crate::frame::{Frame, code_fact};
use crate::halt::Halt;
use crate::known::{Inventory, Kind, NewRequest, Orphan, SigningCertificate, Task};
use crate::reported::{CardFailure, GeneratedKey, Reported};
use crate::request::{self, Unbuilt};
use crate::rules;

/// S5: the provider whose turn it is. Without any the item fails.
pub(super) fn choose_provider(job: &mut Job, frame: &mut Frame) -> Result<Next, Halt> {
    // X6.3.0x80090019
    let Some(provider) = job.item.providers.get(job.provider).cloned() else {
        // A template without a list has no provider that could be missing.
        if !job.request().template.template.providers.is_empty() {
            events::detail(frame, Detail::NoProvider, job.name(), Facts::new());
        }
        return Ok(Next::fail(HResult::NTE_KEYSET_NOT_DEF));
    };
    let facts = Facts::new().with("kind", provider.kind.as_str());
    if provider.kind == ProviderKind::Card {
        job.applies(frame, rules::CARD_PROVIDER, &provider.name, facts)?;
        return Ok(Next::FindCard(Purpose::NewKey));
    }
    job.applies(frame, rules::SOFTWARE_PROVIDER, &provider.name, facts)?;
    if !is_protected(job.request()) {
        return Ok(Next::MakeKey(None));
    }
    let facts = Facts::new().with("provider", provider.name.as_str()).with("template", job.name());
    let prompt = frame.prompt(DecisionPoint::KeyProtect, facts, &[Choice::Ok, Choice::Cancel], &[job.because]);
    Ok(Next::Wait(State::Asks { question: Question::Consent, prompt, recheck: None }))
}

/// S5': the user consents to a protected key, or does not.
pub(super) fn consented(job: &mut Job, frame: &mut Frame, consents: bool) -> Result<Next, Halt> {
    let provider = job.provider().name.clone();
    if consents {
        job.applies(frame, rules::KEY_PROTECTION_OK, &provider, Facts::new())?;
        return Ok(Next::MakeKey(None));
    }
    job.applies(frame, rules::KEY_PROTECTION_CANCELLED, &provider, Facts::new())?;
    Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER))
}

fn is_protected(request: &NewRequest) -> bool {
    request.template.template.private_key_flags.contains(PrivateKeyFlags::STRONG_KEY_PROTECTION_REQUIRED)
}

/// Removes what earlier requests for the template left behind, then generates. A default container that the user wants
/// to keep stays, whatever is in it.
pub(super) fn make(job: &mut Job, frame: &mut Frame, card: Option<Card>) -> Result<Next, Halt> {
    let Task::Request(request) = &mut job.item.task else { unreachable!("a key is made for a new request only") };
    let orphans = core::mem::take(&mut request.orphans);
    let mut effects = VecDeque::new();
    let kept = card.as_ref().filter(|card| card.keep_default).and_then(|card| card.description.default_container());
    let kept = kept.map(|container| container.name.clone());
    for Orphan { entry, owns_key } in orphans {
        let here = entry.key.card.is_none() || entry.key.card.as_ref() == card.as_ref().map(|card| &card.serial);
        let mut facts = Facts::new()
            .with("stage", "prepared")
            .with("container", entry.key.container.as_str())
            .with("card-here", here);
        let stays = here && entry.key.card.is_some() && kept.as_ref() == Some(&entry.key.container);
        if stays {
            facts.set("kept", true);
        }
        // While its card is away, the entry is all that knows of the key.
        if !job.decide(frame, rules::UNFINISHED_REQUEST, &entry.template, here && !stays || !owns_key, facts) {
            continue;
        }
        if here && owns_key {
            effects.push_back(job.delete_container(&entry.key));
        }
        effects.push_back(Effect::RemoveRequest(entry.key_id));
    }
    next_orphan(job, frame, card, Leftovers(effects))
}

fn next_orphan(job: &mut Job, frame: &mut Frame, card: Option<Card>, leftovers: Leftovers) -> Result<Next, Halt> {
    match leftovers.0.front().cloned() {
        Some(effect) => Ok(job.ask(frame, effect, Step::RemoveOrphans { card, leftovers })),
        None => match card {
            Some(card) if is_default_another(job, frame, &card)? => {
                Ok(describe(job, frame, Purpose::NewKey, card.serial))
            }
            card => generate(job, frame, card),
        },
    }
}

pub(super) fn orphan_removed(
    job: &mut Job,
    frame: &mut Frame,
    card: Option<Card>,
    leftovers: Leftovers,
    reported: Reported,
) -> Result<Next, Halt> {
    match leftovers.removed(job, frame, reported)? {
        Ok(rest) => next_orphan(job, frame, card, rest),
        Err(card) => pin_no_longer_right(job, frame, &card),
    }
}

/// Removes what a failed request leaves behind; then the item fails.
pub(super) fn clean_up(job: &Job, frame: &mut Frame, leftovers: Leftovers, code: HResult) -> Next {
    match leftovers.0.front().cloned() {
        Some(effect) => job.ask(frame, effect, Step::CleanUp { leftovers, code }),
        None => Next::fail(code),
    }
}

impl Leftovers {
    /// The first effect is done, or not. A key that could not be deleted keeps its entry, which is all that knows of
    /// it, unless the provider says that there is no such key. A card that refuses a PIN that it took before is
    /// returned: nothing more is asked of it.
    pub(super) fn removed(
        mut self,
        job: &mut Job,
        frame: &mut Frame,
        reported: Reported,
    ) -> Result<Result<Self, CardSerial>, Halt> {
        let effect = self.0.pop_front().expect("the effect that was under way is the first of the list");
        let result = match &effect {
            Effect::Card { card, .. } => reported.done_by_card(card)?,
            _ => reported.done()?.map_err(CardFailure::Code),
        };
        let code = match result {
            Ok(()) => {
                job.has_removed(&effect);
                return Ok(Ok(self));
            }
            Err(CardFailure::Code(code)) => code,
            Err(CardFailure::WrongPin(card)) => return Ok(Err(card)),
        };
        let name = String::from(job.name());
        if is_gone(code) {
            let facts = Facts::new().with("stage", "prepared").with("card-here", false);
            job.applies(frame, rules::UNFINISHED_REQUEST, &name, facts)?;
        } else {
            job.applies(frame, rules::LEFTOVER_NOT_REMOVED, &name, code_fact(code))?;
        }
        let key_is_left = !matches!(effect, Effect::RemoveRequest(_)) && code != HResult::NTE_BAD_KEYSET;
        if key_is_left && matches!(self.0.front(), Some(Effect::RemoveRequest(_))) {
            self.0.pop_front();
        }
        Ok(Ok(self))
    }
}

fn generate(job: &mut Job, frame: &mut Frame, card: Option<Card>) -> Result<Next, Halt> {
    let request = job.request().clone();
    let template = &request.template.template;
    let name = template.name.as_str();
    let algorithm = match request::key_algorithm(frame, template) {
        Ok(algorithm) => algorithm,
        Err(Unbuilt::Failed(code)) => return unsupported(job, frame, code),
        Err(Unbuilt::Inverted(inverted)) => return Err(inverted.into()),
    };
    let renewed = if let Kind::Renew(old) = &request.kind { Some(old) } else { None };
    let wanted = renewed.is_some() && template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL);
    let obeyed = frame.profile().same_key_renewal.is_yes();
    let same = wanted && job.decide(frame, rules::SAME_KEY_RENEWAL, name, obeyed, Facts::new());
    let facts = Facts::new().with("action", job.item.action().as_str());
    let fresh = job.decide(frame, rules::FRESH_KEY, name, !same, facts);
    if !fresh && let Some(old) = renewed {
        if card.as_ref().is_some_and(|card| card.description.dialogs.replace) {
            job.was_not_asked_by_provider();
        }
        return reuse(job, frame, old, algorithm, card.is_some_and(|card| card.keep_default));
    }
    let key_spec = template.key_spec;
    // A key on a card cannot leave it, so none is made that is to be archived, and nothing gives way to it.
    let archival = card.is_some() && template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL);
    if archival && job.decide(frame, rules::KEY_ARCHIVAL, name, archival, Facts::new()) {
        return Ok(Next::fail(HResult::NTE_NOT_SUPPORTED));
    }
    if let Some(Card { serial, keep_default, overwrite, .. }) = card {
        let early = frame.profile().default_flag == DefaultFlag::AtGenerate;
        let make_default =
            !keep_default && job.decide(frame, rules::DEFAULT_AT_GENERATE, &serial.0, early, Facts::new());
        let operation = CardOperation::Generate { algorithm, key_spec, make_default, overwrite };
        let step = Step::Generate { card: Some(serial.clone()), algorithm, keep_default };
        return Ok(job.ask_card(frame, serial, operation, step));
    }
    // F3.2.3.0x10
    let exportable = template.private_key_flags.contains(PrivateKeyFlags::EXPORTABLE_KEY);
    let exportable = job.decide(frame, rules::EXPORTABLE, name, exportable, Facts::new());
    let protected = is_protected(&request);
    let operation = SoftwareOperation::Generate { algorithm, key_spec, exportable, protected };
    let effect = Effect::Software { provider: job.provider().name.clone(), operation };
    Ok(job.ask(frame, effect, Step::Generate { card: None, algorithm, keep_default: false }))
}

pub(super) fn generated(
    job: &mut Job,
    frame: &mut Frame,
    held: &Inventory,
    algorithm: KeyAlgorithm,
    keep_default: bool,
    result: Result<GeneratedKey, CardFailure>,
) -> Result<Next, Halt> {
    let name = String::from(job.name());
    match result {
        Ok(GeneratedKey { place, public_key }) => {
            let facts = Facts::new().with("container", place.container.as_str());
            job.applies(frame, rules::KEY_MADE, &name, facts)?;
            lose_key(job, frame, held, &place)?;
            write_ahead(job, frame, place, public_key, algorithm, keep_default)
        }
        Err(CardFailure::WrongPin(card)) => pin_no_longer_right(job, frame, &card),
        Err(CardFailure::Code(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL)) => {
            card_full(job, frame, algorithm, keep_default)
        }
        Err(CardFailure::Code(
            code @ (HResult::NTE_BAD_LEN | HResult::NTE_BAD_ALGID | HResult::SCARD_E_UNSUPPORTED_FEATURE),
        )) => unsupported(job, frame, code),
        Err(CardFailure::Code(code)) => {
            let rule = if is_gone(code) { rules::CARD_REMOVED_AT_KEY } else { rules::KEY_NOT_MADE };
            events::detail(frame, Detail::NoRequest, &name, code_fact(code));
            job.fails(frame, rule, code)
        }
    }
}

/// A certificate whose container has been overwritten or removed has lost its key: the new one takes its place too.
pub(super) fn lose_key(job: &mut Job, frame: &mut Frame, held: &Inventory, place: &KeyPlace) -> Result<(), Halt> {
    let lost = held.managed.iter().filter(|certificate| certificate.key.as_ref() == Some(place));
    for certificate in lost {
        let facts = Facts::new().with("container", place.container.as_str());
        job.applies(frame, rules::KEY_OVERWRITTEN, &certificate.thumbprint.0, facts)?;
        if !job.item.retires.contains(&certificate.thumbprint) {
            job.item.retires.push(certificate.thumbprint.clone());
        }
    }
    Ok(())
}

/// The card has no room for one more key: a renewal may use the old one, where template and profile know that
/// ([MS-CRTD] 2.26, 0x80).
fn card_full(job: &mut Job, frame: &mut Frame, algorithm: KeyAlgorithm, keep_default: bool) -> Result<Next, Halt> {
    let code = HResult::NTE_TOKEN_KEYSET_STORAGE_FULL;
    let facts = Facts::new().with("code", code.to_string());
    let request = job.request().clone();
    let template = &request.template.template;
    let renewed = if let Kind::Renew(old) = &request.kind { Some(old) } else { None };
    // F3.2.2.0x2000
    let flag = EnrollmentFlags::ENABLE_KEY_REUSE_ON_NT_TOKEN_KEYSET_STORAGE_FULL;
    let reuses = renewed.is_some() && !job.closed && frame.profile().key_reuse.is_yes() && template.enrollment(flag);
    if job.decide(frame, rules::CARD_FULL_REUSE, &template.name, reuses, facts.clone())
        && let Some(old) = renewed
    {
        return reuse(job, frame, old, algorithm, keep_default);
    }
    job.applies(frame, rules::CARD_FULL, &template.name, facts)?;
    events::detail(frame, Detail::NoRequest, &template.name, code_fact(code));
    Ok(Next::fail(code))
}

/// A length, algorithm or feature that the provider does not have.
fn unsupported(job: &mut Job, frame: &mut Frame, code: HResult) -> Result<Next, Halt> {
    events::detail(frame, Detail::NoRequest, job.name(), code_fact(code));
    job.fails(frame, rules::KEY_UNSUPPORTED, code)
}

/// The new certificate gets the key of the old one.
fn reuse(
    job: &Job,
    frame: &mut Frame,
    old: &SigningCertificate,
    algorithm: KeyAlgorithm,
    keep_default: bool,
) -> Result<Next, Halt> {
    let Ok(view) = Certificate::parse(&old.certificate) else { return Ok(Next::fail(HResult::CRYPT_E_NOT_FOUND)) };
    match request::algorithm_of_reused(&old.certificate, algorithm) {
        Ok(algorithm) => write_ahead(job, frame, old.key.clone(), view.public_key, algorithm, keep_default),
        Err(code) => Ok(Next::fail(code)),
    }
}

/// The entry that survives a crash, before anything can have been submitted.
fn write_ahead(
    job: &Job,
    frame: &mut Frame,
    place: KeyPlace,
    public_key: Vec<u8>,
    algorithm: KeyAlgorithm,
    keep_default: bool,
) -> Result<Next, Halt> {
    let Ok(key_id) = key_identifier(&public_key) else { return Ok(Next::fail(HResult::ERROR_INVALID_DATA)) };
    let entry = RequestEntry {
        key_id: hex::encode(&key_id),
        template: job.item.name.clone(),
        key: place,
        algorithm,
        created: frame.now.wall,
        stage: RequestStage::Prepared,
        replaces: job.item.retires.first().cloned(),
        renewal: job.item.renews(),
        also_replaces: job.item.retires.iter().skip(1).cloned().collect(),
        given_up: false,
    };
    let key = NewKey { entry: entry.clone(), public_key, keep_default };
    Ok(job.ask(frame, Effect::PutRequest(entry), Step::WriteAhead(key)))
}

/// The entry is written, or not: then nothing would know of the key, so it is deleted.
pub(super) fn noted(job: &mut Job, frame: &mut Frame, key: NewKey, result: Result<(), HResult>) -> Result<Next, Halt> {
    let Err(code) = result else { return Ok(Next::BeginRequest(key)) };
    job.fails(frame, rules::REQUEST_NOT_NOTED, code)?;
    let leftovers = if is_own(job, &key.entry.key) { [job.delete_container(&key.entry.key)].into() } else { [].into() };
    Ok(clean_up(job, frame, Leftovers(leftovers), code))
}

/// Whether the key is the request's own, and not that of the certificate that is renewed.
pub(super) fn is_own(job: &Job, key: &KeyPlace) -> bool {
    job.item.renewed().is_none_or(|old| old.key != *key)
}
