//! What a user can be asked, and can answer.

use serde::{Deserialize, Serialize};

use crate::{CardSerial, PinId, words};

words! {
    /// A decision point. These names never change: scenarios match them and their facts, never the wording of a dialog,
    /// which belongs to the CSP.
    pub enum DecisionPoint as "decision point" {
        /// The wizard's first page: start now or be reminded later. Facts: `items`.
        WizardStart = "wizard.start",
        /// Insert a card of a provider. Facts: `provider`, `reader` (`empty` or `wrong card`), for a card that is known
        /// by its key also `card`.
        CardInsert = "card.insert",
        /// Choose among several cards of a provider. Facts: `provider`, `cards`.
        CardSelect = "card.select",
        /// The default container is occupied: replace it? Facts: `provider`, `card`, `container`.
        CardReplaceDefault = "card.replace-default",
        /// Give the PIN. Facts: `card`, `tries-left`.
        PinEnter = "pin.enter",
        /// Touch the card, which waits for it before it uses a key; no dialog, and no core asks for it. Facts: `card`,
        /// `container`.
        CardTouch = "card.touch",
        /// Consent to the creation of a strongly protected software key. Facts: `provider`, `template`.
        KeyProtect = "key.protect",
        /// What failed. Facts: `failures`.
        Summary = "summary",
    }
}

/// What the user does with a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Begin.
    Start,
    /// Later.
    Remind,
    /// Show what is to be enrolled.
    Details,
    /// Close the window. Every prompt can be closed.
    Close,
    /// Go on.
    Ok,
    /// Do not.
    Cancel,
    /// Agree.
    Yes,
    /// Refuse.
    No,
    /// This card.
    Card(CardSerial),
    /// This PIN.
    Pin(PinId),
}

impl Answer {
    /// The word under which a prompt offers this answer.
    #[must_use]
    pub const fn offer(&self) -> Choice {
        match self {
            Self::Start => Choice::Start,
            Self::Remind => Choice::Remind,
            Self::Details => Choice::Details,
            Self::Close => Choice::Close,
            Self::Ok => Choice::Ok,
            Self::Cancel => Choice::Cancel,
            Self::Yes => Choice::Yes,
            Self::No => Choice::No,
            Self::Card(_) => Choice::Card,
            Self::Pin(_) => Choice::Pin,
        }
    }
}

words! {
    /// An answer that a prompt offers.
    pub enum Choice as "answer" {
        /// Begin.
        Start = "start",
        /// Later.
        Remind = "remind",
        /// Show what is to be enrolled.
        Details = "details",
        /// Close the window.
        Close = "close",
        /// Go on.
        Ok = "ok",
        /// Do not.
        Cancel = "cancel",
        /// Agree.
        Yes = "yes",
        /// Refuse.
        No = "no",
        /// Choose a card.
        Card = "card",
        /// Give the PIN.
        Pin = "pin",
        /// Touch the card.
        Touch = "touch",
    }
}

/// Names a prompt within its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PromptId(pub u32);

/// Names a balloon within its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct BalloonId(pub u32);
