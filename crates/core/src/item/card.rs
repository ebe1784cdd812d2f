//! States S6 to S9: a card of the right provider, its default container, its PIN. A key that exists already and has to
//! sign wants the same of its own card, except that its default container stays.

use alloc::vec::Vec;

use autoenroll_model::{
    Answer, CardDescription, CardOperation, CardSerial, Choice, DecisionPoint, DefaultFlag, Effect, Fact, Facts,
    HResult, InsertPrompt, NoReader, PinCache, PinId, ReaderState, ReaderView, ReplaceNo, ReplaceYes,
};

use super::state::{Card, Certified, Job, Next, Purpose, Question, Seen, State, Step};
use crate::events::{self, Detail};
use crate::frame::{Frame, OpenPrompt, code_fact};
use crate::halt::Halt;
use crate::reported::PinFailure;
use crate::rules;

// S6: is there a card?

pub(super) fn find(job: &Job, frame: &mut Frame, purpose: Purpose) -> Next {
    job.ask(frame, Effect::ReadReaders, Step::ReadReaders { purpose, after_ok: false })
}

/// The one card that will do, when only one will: the one that holds a key that exists already.
fn needed<'a>(job: &'a Job, purpose: &'a Purpose) -> Option<&'a CardSerial> {
    match purpose {
        Purpose::Sign { key, .. } => key.card.as_ref(),
        Purpose::Write(certified) => certified.key().card.as_ref(),
        Purpose::NewKey => job.item.renewed().and_then(|old| old.key.card.as_ref()),
    }
}

fn matching(job: &Job, purpose: &Purpose, readers: &[ReaderView]) -> Vec<CardSerial> {
    let wanted = job.provider_name(purpose);
    let needed = needed(job, purpose);
    let of = |view: &ReaderView| match &view.holds {
        ReaderState::Card { provider, serial } => {
            let right = needed.map_or(*provider == wanted, |needed| needed == serial);
            right.then(|| serial.clone())
        }
        ReaderState::Empty | ReaderState::Unusable(_) => None,
    };
    readers.iter().filter_map(of).collect()
}

/// The readers are read: one card is used, several are asked about, none is asked for. When they cannot be read the
/// item fails.
pub(super) fn readers_read(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    after_ok: bool,
    result: Result<Vec<ReaderView>, HResult>,
) -> Result<Next, Halt> {
    let readers = match result {
        Ok(readers) => readers,
        Err(code) => return job.fails_by(frame, rules::READERS_UNREADABLE, "readers", code),
    };
    let cards = matching(job, &purpose, &readers);
    let provider = job.provider_name(&purpose);
    let facts = Facts::new().with("matching", cards.len());
    if after_ok {
        let rule = if cards.is_empty() { rules::INSERT_OK_WRONG_CARD } else { rules::INSERT_OK };
        job.applies(frame, rule, &provider, facts.clone())?;
    }
    match cards.as_slice() {
        [] => {
            job.applies(frame, rules::NO_CARD, &provider, facts)?;
            if readers.is_empty() {
                events::detail(frame, Detail::NoReader, job.name(), Facts::new());
                let fails = frame.profile().no_reader == NoReader::Fail;
                if job.decide(frame, rules::NO_READER, &provider, fails, Facts::new()) {
                    // X6.2.0x8010002E
                    return Ok(Next::fail(HResult::SCARD_E_NO_READERS_AVAILABLE));
                }
            }
            Ok(ask_for_card(job, frame, purpose, &readers))
        }
        [card] => {
            // K8.2.minimal
            job.applies(frame, rules::ONE_CARD, &provider, facts)?;
            Ok(describe(job, frame, purpose, card.clone()))
        }
        [_, _, ..] => {
            job.applies(frame, rules::SEVERAL_CARDS, &provider, facts)?;
            Ok(ask_to_select(job, frame, purpose, cards))
        }
    }
}

// S6a: which of several?

fn ask_to_select(job: &Job, frame: &mut Frame, purpose: Purpose, cards: Vec<CardSerial>) -> Next {
    let facts = select_facts(job, &purpose, &cards);
    let choices = [Choice::Card, Choice::Cancel];
    job.prompt(frame, DecisionPoint::CardSelect, facts, &choices, Question::Select { purpose, cards })
}

fn select_facts(job: &Job, purpose: &Purpose, cards: &[CardSerial]) -> Facts {
    let names: Vec<Fact> = cards.iter().map(|card| card.0.as_str().into()).collect();
    Facts::new().with("provider", job.provider_name(purpose)).with("cards", Fact::List(names))
}

/// A card is selected, or none. One that is not among those shown is no answer: the question is asked again.
pub(super) fn selected(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    cards: Vec<CardSerial>,
    answer: &Answer,
) -> Result<Next, Halt> {
    match answer {
        Answer::Card(card) if cards.contains(card) => {
            job.applies(frame, rules::CARD_SELECTED, &card.0, Facts::new())?;
            Ok(describe(job, frame, purpose, card.clone()))
        }
        Answer::Card(_) => Ok(ask_to_select(job, frame, purpose, cards)),
        _ => {
            let provider = job.provider_name(&purpose);
            job.applies(frame, rules::SELECTION_CANCELLED, &provider, Facts::new())?;
            next_provider(job, frame, &provider)
        }
    }
}

// S7: insert a card.

fn ask_for_card(job: &Job, frame: &mut Frame, purpose: Purpose, readers: &[ReaderView]) -> Next {
    let facts = insert_facts(job, &purpose, readers);
    let choices = [Choice::Ok, Choice::Cancel];
    job.prompt(frame, DecisionPoint::CardInsert, facts, &choices, Question::Insert { purpose })
}

fn insert_facts(job: &Job, purpose: &Purpose, readers: &[ReaderView]) -> Facts {
    // U4.4.wording
    let reader = if readers.is_empty() {
        "none"
    } else if readers.iter().all(|view| view.holds == ReaderState::Empty) {
        "empty"
    } else if matching(job, purpose, readers).is_empty() {
        "wrong card"
    } else {
        "right card"
    };
    Facts::new()
        .with("provider", job.provider_name(purpose))
        .with("reader", reader)
        .with_some("card", needed(job, purpose).map(|card| card.0.as_str()))
}

pub(super) fn insert_answered(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    answer: &Answer,
) -> Result<Next, Halt> {
    if *answer == Answer::Ok {
        return Ok(job.ask(frame, Effect::ReadReaders, Step::ReadReaders { purpose, after_ok: true }));
    }
    let provider = job.provider_name(&purpose);
    if needed(job, &purpose).is_some() {
        return no_other_card(job, frame, &provider);
    }
    job.applies(frame, rules::INSERT_CANCELLED, &provider, Facts::new())?;
    next_provider(job, frame, &provider)
}

/// No other card holds the key: there is nothing to cycle to. The request entry stays for another day.
fn no_other_card(job: &mut Job, frame: &mut Frame, provider: &str) -> Result<Next, Halt> {
    job.applies(frame, rules::CARD_OF_EXISTING_KEY, provider, Facts::new())?;
    Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER))
}

/// S7c: the user does not want this provider's card. The next provider's turn, or the end of the list.
fn next_provider(job: &mut Job, frame: &mut Frame, provider: &str) -> Result<Next, Halt> {
    let next = job.item.providers.get(job.provider + 1).map(|next| next.name.clone());
    let facts = Facts::new().with_some("next", next.as_deref());
    if next.is_none() {
        // X6.2.0x8010006E
        job.applies(frame, rules::PROVIDERS_EXHAUSTED, provider, facts)?;
        return Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER));
    }
    job.applies(frame, rules::NEXT_PROVIDER, provider, facts)?;
    job.provider += 1;
    Ok(Next::ChooseProvider)
}

// Cards come and go while a prompt is open.

/// Whether the question is about what is in a reader.
pub(super) const fn watches_readers(question: &Question) -> bool {
    match question {
        Question::Consent => false,
        Question::Select { .. } | Question::Insert { .. } | Question::Replace { .. } | Question::Pin { .. } => true,
    }
}

/// The readers were read again under an open prompt. When they cannot be read the prompt stays as it is: its answer
/// asks again.
pub(super) fn rechecked(
    job: &mut Job,
    frame: &mut Frame,
    question: Question,
    mut prompt: OpenPrompt,
    result: Result<Vec<ReaderView>, HResult>,
) -> Result<Next, Halt> {
    let Ok(readers) = result else { return Ok(stays(question, prompt)) };
    match question {
        Question::Consent => unreachable!("the readers do not matter to a key in software"),
        Question::Insert { purpose } => {
            let cards = matching(job, &purpose, &readers);
            let causes = job.causes();
            let closes = frame.profile().insert_prompt == InsertPrompt::ClosesItself;
            let facts = Facts::new().with("matching", cards.len());
            let provider = job.provider_name(&purpose);
            if !cards.is_empty() && job.decide(frame, rules::INSERT_PROMPT_CLOSES, &provider, closes, facts) {
                frame.withdraw(&prompt, &causes);
                return Ok(find(job, frame, purpose));
            }
            frame.change_prompt(&mut prompt, insert_facts(job, &purpose, &readers), &causes);
            Ok(stays(Question::Insert { purpose }, prompt))
        }
        Question::Select { purpose, .. } => {
            let cards = matching(job, &purpose, &readers);
            if cards.is_empty() {
                frame.withdraw(&prompt, &job.causes());
                return Ok(ask_for_card(job, frame, purpose, &readers));
            }
            frame.change_prompt(&mut prompt, select_facts(job, &purpose, &cards), &job.causes());
            Ok(stays(Question::Select { purpose, cards }, prompt))
        }
        Question::Replace { purpose, card } if holds(&readers, &card.serial) => {
            Ok(stays(Question::Replace { purpose, card }, prompt))
        }
        Question::Replace { purpose, card } => pulled(job, frame, purpose, &card, &prompt, &readers),
        Question::Pin { purpose, card } if holds(&readers, &card.serial) => {
            Ok(stays(Question::Pin { purpose, card }, prompt))
        }
        Question::Pin { purpose, card } => pulled(job, frame, purpose, &card, &prompt, &readers),
    }
}

const fn stays(question: Question, prompt: OpenPrompt) -> Next {
    Next::Wait(State::Asks { question, prompt, recheck: None })
}

fn holds(readers: &[ReaderView], card: &CardSerial) -> bool {
    readers.iter().any(|view| matches!(&view.holds, ReaderState::Card { serial, .. } if serial == card))
}

/// The card whose prompt is open has been pulled: the prompt is withdrawn and the card asked for again. No retry is
/// spent.
fn pulled(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    card: &Card,
    prompt: &OpenPrompt,
    readers: &[ReaderView],
) -> Result<Next, Halt> {
    job.seen = None;
    job.applies(frame, rules::CARD_PULLED, &card.serial.0, Facts::new())?;
    frame.withdraw(prompt, &[job.because]);
    Ok(ask_for_card(job, frame, purpose, readers))
}

/// How often a card may be gone in the middle of an operation before it counts as one that fails. A card that is
/// listed in its reader
/// and gone whenever it is spoken to would be asked forever.
const MOST_LOSSES: u8 = 3;

/// A card operation failed before anything was written: when the card is gone it is asked for again.
fn failed(job: &mut Job, frame: &mut Frame, purpose: Purpose, card: &CardSerial, code: HResult) -> Result<Next, Halt> {
    if is_gone(code) && job.losses < MOST_LOSSES {
        job.losses += 1;
        job.seen = None;
        job.applies(frame, rules::CARD_PULLED, &card.0, code_fact(code))?;
        return Ok(find(job, frame, purpose));
    }
    job.fails_by(frame, rules::CARD_FAILED, &card.0, code)
}

/// Whether a code says that the card is not there any more, in one of its several ways.
pub(super) const fn is_gone(code: HResult) -> bool {
    matches!(
        code,
        HResult::SCARD_W_REMOVED_CARD
            | HResult::SCARD_W_RESET_CARD
            | HResult::SCARD_W_UNPOWERED_CARD
            | HResult::SCARD_W_UNRESPONSIVE_CARD
            | HResult::SCARD_E_NO_SMARTCARD
    )
}

// S8: the default container.

pub(super) fn describe(job: &Job, frame: &mut Frame, purpose: Purpose, card: CardSerial) -> Next {
    let effect = Effect::Card { card: card.clone(), pin: None, operation: CardOperation::Describe };
    job.ask(frame, effect, Step::Describe { purpose, card })
}

pub(super) fn described(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    serial: CardSerial,
    result: Result<CardDescription, HResult>,
) -> Result<Next, Halt> {
    let description = match (result, &purpose) {
        (Ok(description), _) => description,
        // It was only to say once more what it holds: the write itself fails too.
        (Err(_), Purpose::Write(certified)) if job.seen.as_ref().is_some_and(|seen| seen.again) => {
            return Ok(Next::WriteCard(serial, certified.clone()));
        }
        (Err(code), _) => return failed(job, frame, purpose, &serial, code),
    };
    let card = Card { serial, description, keep_default: false, overwrite: None };
    match purpose {
        Purpose::NewKey | Purpose::Write(_) => default_container(job, frame, purpose, card),
        Purpose::Sign { .. } => ask_for_pin(job, frame, purpose, card),
    }
}

/// A default container that holds credentials is not replaced unasked where the profile has the question, or the
/// provider asks by itself when it makes the key; otherwise the new container goes beside it. A certificate that comes
/// in a later run than its key asks too: another may have become the default in between, and whether an earlier answer
/// meant it is unknown.
fn default_container(job: &mut Job, frame: &mut Frame, purpose: Purpose, card: Card) -> Result<Next, Halt> {
    let default = card.description.default_container();
    let own = match &purpose {
        Purpose::Write(certified) => Some(certified.key().container.as_str()),
        Purpose::NewKey | Purpose::Sign { .. } => None,
    };
    let occupied = default.is_some_and(|container| {
        container.has_key && container.has_certificate && own != Some(container.name.as_str())
    });
    let name = default.map(|container| container.name.clone());
    let facts = Facts::new().with_some("container", name.as_deref());
    let before = job.seen.take().filter(|seen| seen.card == card.serial);
    let again = before.as_ref().is_some_and(|seen| seen.again);
    let before = before.filter(|seen| occupied && seen.container == name);
    let agreed = before.as_ref().is_some_and(|seen| seen.agreed);
    let seen = Seen {
        card: card.serial.clone(),
        at: frame.now.mono,
        answers: job.answers,
        container: name.clone(),
        holds: before.and_then(|seen| seen.holds),
        agreed,
        unsettled: false,
        again,
    };
    job.seen = Some(seen);
    // A default that moved with the key has left behind what is to be removed.
    if own.is_none() || own != name.as_deref() {
        job.removes = None;
    }
    if !occupied {
        job.applies(frame, rules::DEFAULT_EMPTY, &card.serial.0, facts)?;
        return ask_for_pin(job, frame, purpose, card);
    }
    let own = card.description.dialogs.replace && matches!(purpose, Purpose::NewKey);
    if job.decide(frame, rules::PROVIDER_ASKS, &card.serial.0, own, facts.clone()) {
        // No key is made without a Yes to what is there.
        if let Some(seen) = &mut job.seen {
            seen.agreed = true;
        }
        return ask_for_pin(job, frame, purpose, card);
    }
    let asks = frame.profile().replace_question.is_yes();
    if !job.decide(frame, rules::REPLACE_QUESTION, &card.serial.0, asks, facts.clone()) {
        job.seen = None;
        return ask_for_pin(job, frame, purpose, card);
    }
    // A Yes that the provider heard leaves the old container beside the new one.
    let theirs = job.seen.as_ref().is_some_and(|seen| seen.agreed && seen.holds.is_none());
    if frame.profile().replace_yes == ReplaceYes::Overwrite
        && !theirs
        && let Some(container) = name
    {
        let operation = CardOperation::ReadCertificate { container };
        let effect = Effect::Card { card: card.serial.clone(), pin: None, operation };
        return Ok(job.ask(frame, effect, Step::ReadDefault { purpose, card }));
    }
    ask_to_replace(job, frame, purpose, card)
}

/// The certificate in the default container is read where a Yes is the end of it: by its name alone a container is the
/// same when somebody else has made a key in it and has got a certificate since. One that cannot be read stays
/// comparable by the reason.
// MC1.same-certificate
pub(super) fn default_read(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    card: Card,
    result: Result<Vec<u8>, HResult>,
) -> Result<Next, Halt> {
    let again = job.seen.as_ref().is_some_and(|seen| seen.again);
    match (&result, purpose) {
        (Err(code), Purpose::Write(certified)) if is_gone(*code) && again => {
            Ok(Next::WriteCard(card.serial, certified))
        }
        (Err(code), purpose) if is_gone(*code) => failed(job, frame, purpose, &card.serial, *code),
        (_, purpose) => {
            if let Some(seen) = &mut job.seen {
                let holds = Some(result);
                seen.agreed &= seen.holds == holds;
                seen.holds = holds;
            }
            ask_to_replace(job, frame, purpose, card)
        }
    }
}

/// S8q, unless the user has agreed to just this.
fn ask_to_replace(job: &mut Job, frame: &mut Frame, purpose: Purpose, card: Card) -> Result<Next, Halt> {
    if job.seen.as_ref().is_some_and(|seen| seen.agreed) {
        return gives_way(job, frame, purpose, card);
    }
    let name = card.description.default_container().map(|container| container.name.clone());
    let facts = Facts::new().with_some("container", name.as_deref());
    job.applies(frame, rules::DEFAULT_OCCUPIED, &card.serial.0, facts)?;
    let facts = Facts::new()
        .with("provider", job.provider_name(&purpose))
        .with("card", card.serial.0.as_str())
        .with_some("container", name);
    let choices = [Choice::Yes, Choice::No];
    Ok(job.prompt(frame, DecisionPoint::CardReplaceDefault, facts, &choices, Question::Replace { purpose, card }))
}

pub(super) fn replace_answered(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    mut card: Card,
    answer: &Answer,
) -> Result<Next, Halt> {
    let serial = card.serial.0.clone();
    let yes = *answer == Answer::Yes;
    job.applies(frame, if yes { rules::REPLACE_YES } else { rules::REPLACE_NO }, &serial, Facts::new())?;
    if yes {
        return gives_way(job, frame, purpose, card);
    }
    if let Purpose::Write(certified) = purpose {
        // Its key is there already: what is left to decide is which container is the default.
        return ask_for_pin(job, frame, Purpose::Write(Certified { keep_default: true, ..certified }), card);
    }
    let choice = frame.profile().replace_no;
    job.applies(frame, rules::REPLACE_NO_MEANS, &serial, Facts::new().with("replace-no", choice.as_str()))?;
    match choice {
        ReplaceNo::NextProvider => {
            let provider = job.provider_name(&purpose);
            if needed(job, &purpose).is_some() {
                return no_other_card(job, frame, &provider);
            }
            next_provider(job, frame, &provider)
        }
        ReplaceNo::Beside => {
            card.keep_default = true;
            ask_for_pin(job, frame, purpose, card)
        }
        ReplaceNo::Fail => Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER)),
    }
}

/// The user has agreed that what is in the default container gives way. Where that means to overwrite, a key that has
/// to sign the request is not destroyed before, and a key that is there already has its own container: then the old
/// one is removed last.
fn gives_way(job: &mut Job, frame: &mut Frame, purpose: Purpose, mut card: Card) -> Result<Next, Halt> {
    if let Some(seen) = &mut job.seen {
        seen.agreed = true;
    }
    let overwrites = job.seen.as_ref().is_some_and(|seen| seen.holds.is_some());
    let serial = card.serial.0.clone();
    let default = card.description.default_container().map(|container| container.name.clone());
    if let Purpose::NewKey = purpose {
        // P7.38
        let signs = default.as_ref().is_some_and(|container| job.item.is_signed_by(&card.serial, container));
        if job.decide(frame, rules::REPLACE_OVERWRITES, &serial, overwrites && !signs, Facts::new()) {
            card.overwrite = default;
            return ask_for_pin(job, frame, purpose, card);
        }
    }
    if overwrites && let Some(container) = default {
        let facts = Facts::new().with("container", container.as_str());
        job.applies(frame, rules::REMOVED_LAST, &serial, facts)?;
        job.removes = Some((card.serial.clone(), container));
    }
    ask_for_pin(job, frame, purpose, card)
}

/// Whether what the card said of its default container may be out of date before it gives way: it was removed, time
/// has gone by, or somebody was asked something since. However quickly they answer, somebody else may have put a
/// certificate there before. The card is asked once more then.
pub(super) fn is_stale(job: &mut Job, frame: &mut Frame, card: &CardSerial) -> Result<bool, Halt> {
    let (now, answers) = (frame.now.mono, job.answers);
    let Some(seen) = job.seen.as_mut().filter(|seen| seen.card == *card) else { return Ok(false) };
    let fresh = seen.at == now && seen.answers == answers && !seen.unsettled;
    if fresh || !frame.profile().replace_question.is_yes() {
        return Ok(false);
    }
    seen.again = true;
    job.applies(frame, rules::DEFAULT_LOOKED_AT_AGAIN, &card.0, Facts::new())?;
    Ok(true)
}

/// Whether the default container of a card was removed as a leftover, so that another one is the default by now, which
/// a new key would replace unasked.
pub(super) fn is_default_another(job: &mut Job, frame: &mut Frame, card: &Card) -> Result<bool, Halt> {
    let unsettled = job.seen.as_ref().is_some_and(|seen| seen.unsettled);
    Ok(unsettled && new_key_moves(frame, card) && is_stale(job, frame, &card.serial)?)
}

/// Whether a key that is made on the card becomes its default.
fn new_key_moves(frame: &Frame, card: &Card) -> bool {
    let early = frame.profile().default_flag == DefaultFlag::AtGenerate;
    !card.keep_default && (early || card.overwrite.is_some())
}

// S9: the PIN.

fn ask_for_pin(job: &mut Job, frame: &mut Frame, purpose: Purpose, card: Card) -> Result<Next, Halt> {
    let serial = card.serial.0.clone();
    // The card was only asked once more what it holds.
    let again = job.seen.as_mut().is_some_and(|seen| core::mem::take(&mut seen.again));
    if again && job.pins.contains_key(&card.serial) {
        return unlocked(job, frame, purpose, card);
    }
    if card.description.tries_left == Some(0) {
        job.applies(frame, rules::PIN_BLOCKED, &serial, Facts::new().with("tries-left", 0_u8))?;
        return Ok(Next::fail(HResult::SCARD_W_CHV_BLOCKED));
    }
    let own = card.description.dialogs.pin;
    if job.decide(frame, rules::PROVIDER_PIN, &serial, own, Facts::new()) {
        return Ok(verify(job, frame, purpose, card, None));
    }
    // K8.3.pin-cache
    if let Some(pin) = frame.pins.get(&card.serial).copied() {
        let kept = frame.profile().pin_cache != PinCache::Item;
        if job.decide(frame, rules::PIN_CACHE_LIFE, &serial, kept, Facts::new()) {
            job.applies(frame, rules::PIN_CACHED, &serial, Facts::new())?;
            return Ok(verify(job, frame, purpose, card, Some(pin)));
        }
    }
    Ok(open_pin_prompt(job, frame, purpose, card))
}

fn open_pin_prompt(job: &Job, frame: &mut Frame, purpose: Purpose, card: Card) -> Next {
    let facts = Facts::new().with("card", card.serial.0.as_str()).with_some("tries-left", card.description.tries_left);
    let choices = [Choice::Pin, Choice::Cancel];
    job.prompt(frame, DecisionPoint::PinEnter, facts, &choices, Question::Pin { purpose, card })
}

pub(super) fn pin_given(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    card: Card,
    answer: &Answer,
) -> Result<Next, Halt> {
    if let Answer::Pin(pin) = answer {
        return Ok(verify(job, frame, purpose, card, Some(*pin)));
    }
    // X6.2.0x8010006E
    job.applies(frame, rules::PIN_CANCELLED, &card.serial.0, Facts::new())?;
    Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER))
}

/// Without a PIN the card's provider asks for it.
fn verify(job: &Job, frame: &mut Frame, purpose: Purpose, card: Card, pin: Option<PinId>) -> Next {
    let effect = Effect::Card { card: card.serial.clone(), pin, operation: CardOperation::VerifyPin };
    job.ask(frame, effect, Step::Verify { purpose, card, pin })
}

pub(super) fn verified(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    card: Card,
    pin: Option<PinId>,
    result: Result<(), PinFailure>,
) -> Result<Next, Halt> {
    let retries = card.description.tries_left;
    match result {
        Ok(()) => {
            job.applies(frame, rules::PIN_RIGHT, &card.serial.0, Facts::new())?;
            // Its provider has asked.
            job.inspected &= pin.is_some();
            job.pins.insert(card.serial.clone(), pin);
            if let Some(pin) = pin {
                frame.pins.insert(card.serial.clone(), pin);
            }
            unlocked(job, frame, purpose, card)
        }
        // Its provider has asked, and the user has given up.
        Err(PinFailure::Code(HResult::SCARD_W_CANCELLED_BY_USER)) if pin.is_none() => {
            job.applies(frame, rules::PIN_CANCELLED, &card.serial.0, Facts::new())?;
            Ok(Next::fail(HResult::SCARD_W_CANCELLED_BY_USER))
        }
        Err(PinFailure::Code(HResult::SCARD_W_CHV_BLOCKED)) if pin.is_none() => {
            job.applies(frame, rules::PIN_BLOCKED, &card.serial.0, Facts::new().with("tries-left", 0_u8))?;
            Ok(Next::fail(HResult::SCARD_W_CHV_BLOCKED))
        }
        Err(PinFailure::Wrong(retries)) => pin_refused(job, frame, purpose, card, retries),
        Err(PinFailure::Code(HResult::SCARD_W_CHV_BLOCKED)) => pin_refused(job, frame, purpose, card, Some(0)),
        // Too short or too long to be a PIN: the card never saw it, so no retry is spent.
        Err(PinFailure::Code(HResult::SCARD_E_INVALID_CHV)) => pin_refused(job, frame, purpose, card, retries),
        Err(PinFailure::Code(code)) => failed(job, frame, purpose, &card.serial, code),
    }
}

/// The card has taken its PIN: what it was wanted for.
fn unlocked(job: &mut Job, frame: &mut Frame, purpose: Purpose, card: Card) -> Result<Next, Halt> {
    let moves = match &purpose {
        Purpose::NewKey => new_key_moves(frame, &card),
        Purpose::Sign { .. } => false,
        Purpose::Write(certified) => !certified.keep_default,
    };
    if moves && is_stale(job, frame, &card.serial)? {
        return Ok(describe(job, frame, purpose, card.serial));
    }
    Ok(match purpose {
        Purpose::NewKey => Next::MakeKey(Some(card)),
        Purpose::Sign { request, .. } => Next::Sign(request),
        Purpose::Write(certified) => Next::WriteCard(card.serial, certified),
    })
}

fn pin_refused(
    job: &mut Job,
    frame: &mut Frame,
    purpose: Purpose,
    mut card: Card,
    retries: Option<u8>,
) -> Result<Next, Halt> {
    frame.pins.remove(&card.serial);
    card.description.tries_left = retries;
    let facts = Facts::new().with_some("tries-left", retries);
    if retries == Some(0) {
        job.applies(frame, rules::PIN_BLOCKED, &card.serial.0, facts)?;
        return Ok(Next::fail(HResult::SCARD_W_CHV_BLOCKED));
    }
    job.applies(frame, rules::PIN_WRONG, &card.serial.0, facts)?;
    Ok(open_pin_prompt(job, frame, purpose, card))
}

/// A PIN that was right a moment ago is not any more: it was changed meanwhile.
/// It is not presented a second time, for each attempt spends a try.
pub(super) fn pin_no_longer_right(job: &mut Job, frame: &mut Frame, card: &CardSerial) -> Result<Next, Halt> {
    frame.pins.remove(card);
    job.fails_by(frame, rules::PIN_CHANGED, &card.0, HResult::SCARD_W_WRONG_CHV)
}
