//! Records, and what they are about.

use autoenroll_model::{Facts, SimTime, Text, words};
use serde::{Deserialize, Serialize};

/// Names a record within its trace: its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub u32);

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the trace.
    pub id: RecordId,
    /// When.
    pub at: SimTime,
    /// Who did it or whom it happened to: a principal, a computer, a card, a CA, or `world`.
    pub actor: Text,
    /// What it was.
    pub kind: Kind,
    /// The particulars, in the scenario's own names.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// The records that led to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<RecordId>,
}

/// What a record of a decision states first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// By which rule: its fact `rule`.
    pub rule: &'a str,
    /// About what: its fact `subject`.
    pub subject: &'a str,
    /// Whether the rule's statement holds: its fact `outcome`.
    pub outcome: bool,
}

words! {
    /// What a record is about. The words are those that scenarios expect.
    pub enum Kind as "kind of record" {
        /// A computer starts.
        Boot = "boot",
        /// A computer is shut down.
        Shutdown = "shutdown",
        /// A computer or a core is gone without warning.
        Crash = "crash",
        /// A user types the PIN of a card to log on with. Facts: `computer`, `card`.
        CardLogon = "card-logon",
        /// A user logs on. Facts: `computer`; with a card also `card`, `container`, `certificate`, `mapping`.
        Logon = "logon",
        /// A logon with a card is refused. Facts: those of `logon`, `code`, `kdc-error`, `tries-left`.
        LogonFailed = "logon-failed",
        /// A user logs off.
        Logoff = "logoff",
        /// A user locks the workstation.
        Lock = "lock",
        /// A user unlocks it.
        Unlock = "unlock",
        /// A user or an administrator triggers a run by hand.
        Pulse = "pulse",
        /// Group Policy is applied. Facts: `refresh`.
        GpRefresh = "gp-refresh",
        /// A user clicks. Facts: `on`.
        Click = "click",
        /// A card goes into a reader. Facts: `card`, `reader`.
        Insert = "insert",
        /// A card leaves a reader. Facts: `card`, `reader`.
        Remove = "remove",
        /// A user answers a prompt. Facts: `prompt`, `answer`.
        Answer = "answer",
        /// The world changes: directory, template, policy, CA, wall clock. Facts: `what` and more.
        Change = "change",

        /// A trigger reaches a core. Facts: `trigger`, `refresh`.
        Trigger = "trigger",
        /// A trigger came while a run was open. Facts: `trigger`, `kept`.
        TriggerHeld = "trigger-held",
        /// A run starts. Facts: `trigger`, `refresh`.
        RunStarted = "run-started",
        /// A run ends.
        RunEnded = "run-ended",
        /// Work on a certificate begins. Facts: `template`, `action`, `interactive`.
        ItemStarted = "item-started",
        /// Work on a certificate ends. Facts: `template`, `action`, `outcome`, `code`.
        ItemEnded = "item-ended",
        /// A rule decided. Facts: `rule`, `subject`, `outcome` and those it was decided on.
        Decision = "decision",

        /// A balloon appears.
        Balloon = "balloon",
        /// It goes away.
        BalloonHidden = "balloon-hidden",
        /// The icon appears.
        Icon = "icon",
        /// It goes away.
        IconHidden = "icon-hidden",
        /// A prompt opens. Facts: `point` and those of the decision point.
        Prompt = "prompt",
        /// Its facts change.
        PromptChanged = "prompt-changed",
        /// It closes unanswered.
        PromptWithdrawn = "prompt-withdrawn",
        /// An event-log entry. Facts: `source`, `id`, `severity` and its fields.
        Event = "event",

        /// A directory access. Facts: `op`.
        Directory = "directory",
        /// A change of a certificate or request store. Facts: `op`, `store`, `certificate`, `template`.
        Store = "store",
        /// A certificate in MY got the archived property. Facts: `certificate`, `template`.
        Archived = "archived",
        /// A certificate was deleted from MY. Facts: `certificate`, `template`.
        Deleted = "deleted",
        /// Settings or readers were read, or another effect without a kind of its own. Facts: `op`.
        Effect = "effect",
        /// An effect is done or failed. Facts: `op`, `code`.
        EffectDone = "effect-done",
        /// An effect's answer is no longer wanted. Facts: `op`.
        EffectAbandoned = "effect-abandoned",

        /// A card operation begins. Facts: `op`, `card`.
        Card = "card",
        /// A card operation ends. Facts: `op`, `card`, `code`, `tries-left`.
        CardDone = "card-done",
        /// One command and its response. Facts: `card`, `command`, `response`, `meaning`.
        Apdu = "apdu",
        /// An operation of a software provider. Facts: `op`, `provider`.
        Software = "software",

        /// A request reaches a CA. Facts: `ca`, `template`, `format`, `key`, `request`.
        Request = "request",
        /// The CA issues. Facts: `ca`, `request-id`, `template`, `certificate`, `subject`, …
        Issued = "issued",
        /// The CA takes it under submission. Facts: `ca`, `request-id`.
        Pending = "pending",
        /// The CA denies. Facts: `ca`, `request-id`, `code`, `reason`.
        Denied = "denied",
        /// The CA cannot be reached or fails. Facts: `ca`, `code`, `reason`.
        CaFailed = "ca-failed",

        /// An invariant does not hold. Facts: `invariant`, `reason`.
        Violation = "violation",
    }
}
