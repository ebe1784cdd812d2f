//! What must hold in every trace, of this bench or another.
//!
//! Each invariant is a checker with its own state. It reads the records of a trace in order, and with each what its
//! bench knows beside the record: [`Beyond`]. The simulator runs them while a trace grows ([`Checkers::observe`]);
//! [`judge`] runs them over a trace that is there, also one of another bench, as far as a trace alone can tell.
//! [`INVARIANTS`] says what that is.
//!
//! It deliberately lacks anything that makes a trace, and any expectation of a single scenario.
//!
//! Reading order: [`INVARIANTS`], then the checkers by what they watch: `contract`, `pin`, `container`, `enrolled`,
//! `request`, `desktop`, `leaving`, `card`, `replaced`, `leftover`, `run`, `judged`,
//! `tidied`, `failure`.
#![forbid(unsafe_code)]

mod beyond;
mod card;
mod checker;
mod container;
mod contract;
mod desktop;
mod enrolled;
mod failure;
mod judge;
mod judged;
mod leaving;
mod leftover;
mod open;
mod pin;
mod replaced;
mod request;
mod run;
mod session;
mod table;
mod tidied;

use autoenroll_model::{Cancelled, Profile, Toggle};
use autoenroll_trace::{Kind, Record, Trace};

pub use crate::beyond::{Beyond, CardView, DefaultContainer, KeyAt, Leftover};
pub use crate::checker::Violation;
use crate::checker::{Checker, Moment};
pub use crate::judge::{INSTANCES, judge};
pub use crate::table::{Bare, INVARIANTS, Invariant, LawKind, Statement};

/// The rules whose decisions checkers look at; no checker is shown a decision by another.
const DECISIONS: [&[&str]; 11] = [
    container::DECISIONS,
    replaced::IS_OVER,
    replaced::IS_LEFT,
    replaced::SUPERSEDES,
    replaced::MANAGED,
    leftover::ENDS,
    request::DUE,
    run::OVER,
    failure::COUNTED,
    judged::REFUSED,
    tidied::TIDIES,
];

/// The [`sieve`] bits of [`DECISIONS`]: most decisions have none of them, and need not be looked up.
const SIEVE: u64 = {
    let (mut bits, mut list) = (0, 0);
    while list < DECISIONS.len() {
        let mut at = 0;
        while at < DECISIONS[list].len() {
            bits |= sieve(DECISIONS[list][at]);
            at += 1;
        }
        list += 1;
    }
    bits
};

/// One bit of 64 for a rule, by its length and its last two characters, which are mostly digits.
const fn sieve(rule: &str) -> u64 {
    match rule.as_bytes() {
        [.., tens, ones] => 1 << ((5 * *tens as usize + *ones as usize + 8 * rule.len()) % 64),
        _ => 1,
    }
}

/// Kinds of records that come with every run, and that few checkers look at: those of a trigger, of effects that are
/// neither a card's nor a provider's, and of the event log.
const OF_EFFECTS: [Kind; 6] =
    [Kind::Trigger, Kind::GpRefresh, Kind::Directory, Kind::Effect, Kind::EffectDone, Kind::Event];

/// The checkers of all invariants that records can break. What breaks at one record is reported in the order of the
/// fields.
#[derive(Clone, Debug)]
pub struct Checkers {
    /// What does not count.
    left_out: Vec<Invariant>,
    open: open::Open,
    contract: contract::Contract,
    pin_given: pin::PinGiven,
    pin_spent: pin::PinSpent,
    retry_counter: pin::RetryCounter,
    default_container: container::DefaultContainers,
    enrolled: enrolled::Enrolled,
    duplicate_request: request::DuplicateRequest,
    silent_success: desktop::SilentSuccess,
    summary: desktop::Summary,
    prompts: desktop::Prompts,
    logged_off: leaving::LoggedOff,
    card_locked: card::CardLocked,
    answer_card: card::AnswerCard,
    replaced_first: replaced::ReplacedFirst,
    replaced_all: replaced::ReplacedAll,
    known_key: leftover::KnownKey,
    entry_ends: leftover::EntryEnds,
    due_request: request::DueRequest,
    one_run: run::OneRun,
    over_entry: run::OverEntry,
    unfinished_stays: run::UnfinishedStays,
    renewal_told: run::RenewalTold,
    asked_once: desktop::AskedOnce,
    pin_kept: pin::PinKept,
    leftover_goes: leftover::LeftoverGoes,
    judged: judged::Judged,
    tidied: tidied::Tidied,
    counted: failure::Counted,
    own_reason: failure::OwnReason,
}

impl Checkers {
    /// Before the first record. `cancelled` is the profile's switch for items that the user cancelled; without it a
    /// summary may name them or not. `replace_question` is that for the question before an occupied default container
    /// gives way; without it the question is expected, until a decision of the trace says that it is not asked.
    #[must_use]
    pub fn new(cancelled: Option<Cancelled>, replace_question: Option<Toggle>) -> Self {
        Self {
            left_out: Vec::new(),
            open: Default::default(),
            contract: Default::default(),
            pin_given: Default::default(),
            pin_spent: Default::default(),
            retry_counter: Default::default(),
            default_container: container::DefaultContainers::new(replace_question),
            enrolled: Default::default(),
            duplicate_request: Default::default(),
            silent_success: Default::default(),
            summary: desktop::Summary::new(cancelled),
            prompts: Default::default(),
            logged_off: Default::default(),
            card_locked: Default::default(),
            answer_card: Default::default(),
            replaced_first: Default::default(),
            replaced_all: Default::default(),
            known_key: Default::default(),
            entry_ends: Default::default(),
            due_request: Default::default(),
            one_run: Default::default(),
            over_entry: Default::default(),
            unfinished_stays: Default::default(),
            renewal_told: Default::default(),
            asked_once: Default::default(),
            pin_kept: Default::default(),
            leftover_goes: Default::default(),
            judged: Default::default(),
            tidied: Default::default(),
            counted: Default::default(),
            own_reason: Default::default(),
        }
    }

    /// Before the first record of a bench that has this profile, and says beside its records what a trace alone does
    /// not tell: what does not count there is never found.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let left_out = INVARIANTS.iter().filter(|row| !row.counts(profile)).map(|row| row.invariant).collect();
        let pin_kept = pin::PinKept::new(Some(profile.pin_cache));
        let tidied = tidied::Tidied::new(Some(profile.removal));
        let enrolled = enrolled::Enrolled::shown();
        let pin_spent = pin::PinSpent::shown();
        Self {
            left_out,
            pin_spent,
            pin_kept,
            tidied,
            enrolled,
            ..Self::new(Some(profile.cancelled), Some(profile.replace_question))
        }
    }

    /// States how a card is before the first record.
    pub fn card(&mut self, card: &str, view: &CardView) {
        self.retry_counter.see(card, view);
        self.default_container.see(card, view);
    }

    /// States that a CA has a request under submission before the first record.
    pub fn pending(&mut self, ca: &str, request_id: u32, requester: &str, template: &str) {
        self.duplicate_request.pending(ca, request_id.into(), requester, template);
    }

    /// Containers that a principal's core has made and of which nothing was reported yet: only of these does it matter
    /// whether they are [`Beyond::Unclaimed`].
    pub fn keys_awaited_of(&self, principal: &str) -> impl Iterator<Item = &KeyAt> {
        let counts = !self.left_out.contains(&Invariant::KnownKey);
        self.known_key.waits_for(principal).filter(move |_| counts)
    }

    /// Whether any invariant has to do with decisions by that rule. Most decisions need not be shown to
    /// [`Checkers::observe`] at all.
    #[must_use]
    pub fn minds(rule: &str) -> bool {
        SIEVE & sieve(rule) != 0 && DECISIONS.iter().any(|rules| rules.contains(&rule))
    }

    /// Checks a record of `trace`; each record comes once, in order.
    pub fn observe(&mut self, trace: &Trace, record: &Record, beyond: &Beyond) -> Vec<Violation> {
        if record.kind == Kind::Decision && !record.facts.text("rule").is_some_and(Self::minds) {
            return Vec::new();
        }
        let at = Moment { trace, open: &self.open, record, beyond };
        let mut all: [&mut dyn Checker; 29];
        let mut of_decisions: [&mut dyn Checker; 9];
        let mut of_effects: [&mut dyn Checker; 13];
        let checkers: &mut [&mut dyn Checker] = if record.kind == Kind::Decision {
            // Most of what is shown is decisions, and few checkers look at any.
            of_decisions = [
                &mut self.default_container,
                &mut self.replaced_first,
                &mut self.replaced_all,
                &mut self.entry_ends,
                &mut self.due_request,
                &mut self.over_entry,
                &mut self.judged,
                &mut self.tidied,
                &mut self.counted,
            ];
            &mut of_decisions
        } else if OF_EFFECTS.contains(&record.kind) {
            // So is most of the rest what cores ask for.
            of_effects = [
                &mut self.contract,
                &mut self.duplicate_request,
                &mut self.logged_off,
                &mut self.answer_card,
                &mut self.replaced_all,
                &mut self.known_key,
                &mut self.entry_ends,
                &mut self.over_entry,
                &mut self.renewal_told,
                &mut self.leftover_goes,
                &mut self.judged,
                &mut self.tidied,
                &mut self.own_reason,
            ];
            &mut of_effects
        } else {
            all = [
                &mut self.contract,
                &mut self.pin_given,
                &mut self.pin_spent,
                &mut self.retry_counter,
                &mut self.default_container,
                &mut self.enrolled,
                &mut self.duplicate_request,
                &mut self.silent_success,
                &mut self.summary,
                &mut self.prompts,
                &mut self.logged_off,
                &mut self.card_locked,
                &mut self.answer_card,
                &mut self.replaced_first,
                &mut self.replaced_all,
                &mut self.known_key,
                &mut self.entry_ends,
                &mut self.due_request,
                &mut self.one_run,
                &mut self.over_entry,
                &mut self.unfinished_stays,
                &mut self.renewal_told,
                &mut self.asked_once,
                &mut self.pin_kept,
                &mut self.leftover_goes,
                &mut self.judged,
                &mut self.tidied,
                &mut self.counted,
                &mut self.own_reason,
            ];
            &mut all
        };
        let mut found: Vec<Violation> = checkers.iter_mut().filter_map(|checker| checker.check(at)).collect();
        found.retain(|found| !self.left_out.contains(&found.invariant));
        self.open.observe(record, beyond);
        found
    }
}

#[cfg(test)]
mod tests;
