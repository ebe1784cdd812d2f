//! The invariants, in a table.

use autoenroll_model::{Profile, Toggle};

autoenroll_model::words! {
    /// A statement that must always hold, by the word that violations in a trace use.
    pub enum Invariant as "invariant" {
        /// Effects, prompts and balloons are named as the core's contract says.
        Contract = "contract",
        /// A PIN attempt is spent only on a PIN that the user gave.
        PinGiven = "pin-given",
        /// A PIN that a card has refused is not presented again.
        PinSpent = "pin-spent",
        /// A retry counter rises only with the right PIN, or when the card is unblocked.
        RetryCounter = "retry-counter",
        /// A default container that holds key and certificate is replaced only after a Yes.
        DefaultContainer = "default-container",
        /// A certificate reported as enrolled is installed.
        Enrolled = "enrolled",
        /// No second request while one is pending.
        DuplicateRequest = "duplicate-request",
        /// Every prompt is answered or withdrawn before its run ends.
        Prompts = "prompts",
        /// No summary without a failure.
        SilentSuccess = "silent-success",
        /// Each failure of an interactive item is told once.
        Summary = "summary",
        /// Every instant ends.
        Quiescence = "rest",
        /// Nothing of a principal begins after its logoff.
        LoggedOff = "logged-off",
        /// An operation leaves its card locked.
        CardLocked = "card-locked",
        /// An answer counts for the card that it was given for.
        AnswerCard = "answer-card",
        /// Nothing valid goes before its replacement is there.
        ReplacedFirst = "replaced-first",
        /// Whether a request had to wait makes no difference to what is replaced.
        ReplacedAll = "replaced-all",
        /// A key that was made is known to an entry, or gone.
        KnownKey = "known-key",
        /// An entry of REQUEST goes for a reason.
        EntryEnds = "entry-ends",
        /// What has been enrolled is not requested again before it is due.
        DueRequest = "due-request",
        /// A run answers for every trigger before it.
        OneRun = "one-run",
        /// An entry that is over is neither taken up nor waited for.
        OverEntry = "over-entry",
        /// What is over stays while its template is unfinished.
        UnfinishedStays = "unfinished-stays",
        /// A renewal is told as one.
        RenewalTold = "renewal-told",
        /// A No is not asked about again.
        AskedOnce = "asked-once",
        /// A PIN is kept as long as the profile says, and used.
        PinKept = "pin-kept",
        /// What a request has left goes before the next one in its place.
        LeftoverGoes = "leftover-goes",
        /// A certificate is judged by what was found out about it.
        Judged = "judged",
        /// What is over goes while nothing of its template is unfinished.
        Tidied = "tidied",
        /// What counts has come so often.
        Counted = "counted",
        /// That nobody may be asked is told where nothing else is wrong.
        OwnReason = "own-reason",
    }
}

autoenroll_model::words! {
    /// How an invariant is known to hold.
    pub enum LawKind as "kind of invariant" {
        /// By what this bench is and what its cores promise: in every run, on every Windows.
        Bench = "bench",
        /// By a public document about Windows.
        Documented = "documented",
        /// By nothing but order: no public source speaks of it, and Windows itself may do otherwise. A switch of
        /// profiles says whether it counts.
        Hygiene = "hygiene",
    }
}

/// What an invariant states, and what it takes to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub invariant: Invariant,
    /// How it is known to hold.
    pub kind: LawKind,
    /// The switch of profiles by which it counts; every law of [`LawKind::Hygiene`] has one, and no other.
    pub switch: Option<&'static str>,
    /// What must hold, in one sentence.
    pub text: &'static str,
    /// Where that is written: ids of requirements, or a document.
    pub source: &'static str,
    /// How much of it a trace alone can tell.
    pub bare: Bare,
    /// What its bench has to tell beside the trace; empty when that is nothing.
    pub beyond: &'static str,
}

/// How much of an invariant a trace alone can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// All of it.
    Whole,
    /// What is reported as broken is broken; something else may be broken as well.
    Part,
    /// Nothing.
    Nothing,
}

impl Statement {
    /// The row of an invariant.
    #[must_use]
    pub fn of(invariant: Invariant) -> &'static Self {
        let row = INVARIANTS.iter().find(|row| row.invariant == invariant);
        row.expect("every invariant has a row; a test of this table sees to it")
    }

    /// Whether it counts under a profile.
    #[must_use]
    pub fn counts(&self, profile: &Profile) -> bool {
        self.switch.is_none_or(|switch| profile.get(switch).is_ok_and(|value| value != Toggle::No.as_str()))
    }
}

const fn whole(invariant: Invariant, text: &'static str, source: &'static str) -> Statement {
    Statement { invariant, kind: LawKind::Bench, switch: None, text, source, bare: Bare::Whole, beyond: "" }
}

const fn part(invariant: Invariant, text: &'static str, source: &'static str, beyond: &'static str) -> Statement {
    Statement { invariant, kind: LawKind::Bench, switch: None, text, source, bare: Bare::Part, beyond }
}

const fn of_kind(kind: LawKind, statement: Statement) -> Statement {
    Statement { kind, ..statement }
}

/// Every invariant, in the order of [`Invariant::ALL`].
pub const INVARIANTS: &[Statement] = &[
    part(
        Invariant::Contract,
        "Each effect ends at most once and after it began; only a balloon that is shown is hidden.",
        "docs/core-protocol.md",
        "the ids that the core uses, outputs that a driver refuses because what they name is not open, and which effects had not begun \
         when they were abandoned",
    ),
    whole(
        Invariant::PinGiven,
        "A PIN attempt is spent only on a PIN that the user gave in this session.",
        "S9.wrong, S9.cached",
    ),
    part(
        Invariant::PinSpent,
        "A PIN that a card has refused is not presented again; the user is asked for another one.",
        "S9.wrong",
        "which PIN a command presents; only more refusals than PINs are noticed",
    ),
    part(
        Invariant::RetryCounter,
        "The retry counter of a card rises only with the right PIN, or when an administrator unblocks the card.",
        "K8.4.card-counter, K8.4.unblock",
        "the counter, but where the card refuses a PIN",
    ),
    part(
        Invariant::DefaultContainer,
        "A default container that holds key and certificate is replaced only after a Yes to `card.replace-default`, unless its certificate was \
         written by work that has not ended well, or it became the default in the very instant in which it is replaced.",
        "S8.occupied, S8q.yes, S8q.no",
        "what the containers hold, but for those that the user is asked about or that are written",
    ),
    part(
        Invariant::Enrolled,
        "A certificate reported as enrolled is in MY and not archived, MY names its key, and on a card its container holds both.",
        "R089, R090",
        "whether the key that MY names is there and belongs to the certificate",
    ),
    part(
        Invariant::DuplicateRequest,
        "No certificate of a template is requested while an earlier request for it is pending in the same store.",
        "R060, N9.per-computer",
        "requests that were pending before it began",
    ),
    whole(
        Invariant::Prompts,
        "Every prompt is answered or withdrawn before its run ends, and only a prompt that is open changes or closes.",
        "docs/core-protocol.md",
    ),
    whole(Invariant::SilentSuccess, "A summary opens only when something failed.", "R097, S14.silent"),
    part(
        Invariant::Summary,
        "Each failure of an interactive item is told in a summary once, before the run ends, unless the user logs off.",
        "R096, S14.summary, P7.31",
        "the profile's switch `cancelled`; whether a summary names items that the user cancelled is not judged",
    ),
    Statement {
        invariant: Invariant::Quiescence,
        kind: LawKind::Bench,
        switch: None,
        text: "Every instant ends: its events and outputs do not go on for ever without a record that says something new.",
        source: "ARCHITECTURE.md",
        bare: Bare::Nothing,
        beyond: "the events of an instant, of which not every one leaves a record",
    },
    whole(
        Invariant::LoggedOff,
        "After somebody has logged off, nothing begins for them before they log on again: no run, prompt, effect or request.",
        "IN1.logged-off",
    ),
    part(
        Invariant::CardLocked,
        "When a card operation has ended, its card has dropped the PIN, or was reset.",
        "IN1.card-locked",
        "whether a card was reset that could not be spoken to any more",
    ),
    whole(
        Invariant::AnswerCard,
        "A PIN is presented only to a card that it was given for, and only a container that a Yes was about is overwritten.",
        "IN1.answer-card",
    ),
    of_kind(
        LawKind::Documented,
        part(
            Invariant::ReplacedFirst,
            "A valid certificate is archived or deleted only when the one that replaces it is in MY; its container is emptied only \
             after a Yes to just that container.",
            "IN1.replaced-first",
            "whether a certificate that goes is valid, and what was on cards before it began",
        ),
    ),
    part(
        Invariant::ReplacedAll,
        "What a certificate was requested to replace is archived or deleted when it is enrolled, whether it had to wait or not, and no \
         valid certificate of another template.",
        "IN1.replaced-all",
        "whether a certificate that goes is valid",
    ),
    Statement {
        invariant: Invariant::KnownKey,
        kind: LawKind::Hygiene,
        switch: Some("known-keys"),
        text: "When a run ends, each key that its core has made is named by an entry of MY or REQUEST, or gone; but for one that was \
               made when the session ended.",
        source: "IN1.known-key",
        bare: Bare::Nothing,
        beyond: "which keys exist, and what MY and REQUEST name",
    },
    whole(
        Invariant::EntryEnds,
        "An entry leaves REQUEST only when its certificate is in MY, its CA has not issued, or a rule gives it up.",
        "IN1.entry-ends",
    ),
    of_kind(
        LawKind::Documented,
        whole(
            Invariant::DueRequest,
            "While MY has the certificate of a template that was reported as enrolled, another is requested only by a rule that makes it \
             due.",
            "IN1.due-request",
        ),
    ),
    whole(
        Invariant::OneRun,
        "A run answers for every trigger that came before it: none of them starts another.",
        "IN1.one-run, R013",
    ),
    whole(
        Invariant::OverEntry,
        "An entry of REQUEST whose certificate can never be good is neither taken up again nor in the way of another request.",
        "IN1.over-entry",
    ),
    whole(
        Invariant::UnfinishedStays,
        "When a template's item ends without a certificate, nothing of that template is tidied away in the same run.",
        "IN1.unfinished-stays, R088",
    ),
    whole(
        Invariant::RenewalTold,
        "The event log tells the certificate of a renewal as a renewal, whether it had to wait or not.",
        "IN1.renewal-told",
    ),
    whole(
        Invariant::AskedOnce,
        "After a No the user is not asked about the same default container again for the same item and provider, while no card comes or \
         goes.",
        "IN1.asked-once",
    ),
    part(
        Invariant::PinKept,
        "A PIN that was given before is presented no longer than the profile keeps it, and no operation that wants one goes without.",
        "IN1.pin-kept",
        "the profile's switch `pin-cache`",
    ),
    Statement {
        invariant: Invariant::LeftoverGoes,
        kind: LawKind::Bench,
        switch: None,
        text: "A new key is made only where earlier requests for its template have left nothing that could be removed, and no entry waits \
               for the end of a key that a certificate has.",
        source: "IN1.leftover-goes",
        bare: Bare::Nothing,
        beyond: "which entries REQUEST has, and which keys exist",
    },
    whole(
        Invariant::Judged,
        "A certificate that was found not to be good is not installed, and one that was found to be good is not refused but for its \
         dates.",
        "IN1.judged",
    ),
    part(
        Invariant::Tidied,
        "At the end of a run that keeps the store clean no certificate is left that was over and of whose template nothing is \
         unfinished, in the profiles that remove certificates without a replacement.",
        "IN1.tidied",
        "the profile's switch `removal`, and which certificates have expired",
    ),
    whole(
        Invariant::Counted,
        "A card that is gone, or a renewal of a machine that has another name, counts as failing only after three times in a row.",
        "IN1.counted",
    ),
    whole(
        Invariant::OwnReason,
        "An item whose CAs have failed is told to fail because nobody may be asked only where none of them has said anything else.",
        "IN1.own-reason",
    ),
];
