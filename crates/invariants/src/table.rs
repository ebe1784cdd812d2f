//! The invariants, in a table.

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
    }
}

/// What an invariant states, and what it takes to judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub invariant: Invariant,
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
}

const fn whole(invariant: Invariant, text: &'static str, source: &'static str) -> Statement {
    Statement { invariant, text, source, bare: Bare::Whole, beyond: "" }
}

const fn part(invariant: Invariant, text: &'static str, source: &'static str, beyond: &'static str) -> Statement {
    Statement { invariant, text, source, bare: Bare::Part, beyond }
}

/// Every invariant, in the order of [`Invariant::ALL`].
pub const INVARIANTS: &[Statement] = &[
    part(
        Invariant::Contract,
        "Each effect ends at most once and after it began; only a balloon that is shown is hidden.",
        "docs/core-protocol.md",
        "the ids that the core uses, and outputs that a driver refuses because what they name is not open",
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
        "A default container that holds key and certificate is replaced only after a Yes to `card.replace-default`.",
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
        text: "Every instant ends: 10,000 events and outputs of one instant do not go by without a record that says something new.",
        source: "ARCHITECTURE.md",
        bare: Bare::Nothing,
        beyond: "the events of an instant, of which not every one leaves a record",
    },
];
