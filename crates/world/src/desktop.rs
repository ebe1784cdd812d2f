//! What a user sees, and the PINs a user has given.

use std::collections::BTreeMap;

use autoenroll_model::{BalloonId, Choice, DecisionPoint, Facts, PinId, PromptId};
use autoenroll_trace::RecordId;

use autoenroll_csp::Pin;

/// The desktop of one session. Computers have one too, which stays empty while a machine is asked nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Desktop {
    pub(crate) balloon: Option<BalloonId>,
    pub(crate) icon: bool,
    /// The wizard works on items: it was started, and its run has not ended.
    pub(crate) wizard: bool,
    pub(crate) locked: bool,
    prompts: BTreeMap<PromptId, Prompt>,
    vault: Vault,
}

/// An open prompt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prompt {
    pub(crate) point: DecisionPoint,
    /// As the core stated them: serials and thumbprints are not names yet.
    pub(crate) facts: Facts,
    pub(crate) offers: Vec<Choice>,
    /// The record of its opening or of its last change.
    pub(crate) record: RecordId,
}

impl Desktop {
    /// Opens a prompt; returns what was open under that id, which is a broken contract.
    pub(crate) fn open(&mut self, id: PromptId, prompt: Prompt) -> Option<Prompt> {
        self.prompts.insert(id, prompt)
    }

    pub(crate) fn prompt_mut(&mut self, id: PromptId) -> Option<&mut Prompt> {
        self.prompts.get_mut(&id)
    }

    /// Closes a prompt.
    pub(crate) fn close(&mut self, id: PromptId) -> Option<Prompt> {
        self.prompts.remove(&id)
    }

    /// The open prompt of a decision point, the earliest when there are several.
    pub(crate) fn find(&self, point: DecisionPoint) -> Option<(PromptId, &Prompt)> {
        self.prompts.iter().find(|(_, prompt)| prompt.point == point).map(|(id, prompt)| (*id, prompt))
    }

    /// The open prompts, in the order of their ids.
    pub(crate) fn prompts(&self) -> impl Iterator<Item = (PromptId, &Prompt)> {
        self.prompts.iter().map(|(id, prompt)| (*id, prompt))
    }

    /// Keeps a PIN and names it.
    pub(crate) fn keep_pin(&mut self, pin: Pin) -> PinId {
        self.vault.given += 1;
        let id = PinId(self.vault.given);
        self.vault.pins.insert(id, pin);
        id
    }

    /// The PIN of that id, when this user gave it.
    pub(crate) fn pin(&self, id: PinId) -> Option<&Pin> {
        self.vault.pins.get(&id)
    }
}

/// The digits behind the ids that cores handle. Nothing else knows them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Vault {
    given: u32,
    pins: BTreeMap<PinId, Pin>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_known_by_its_id_alone_and_never_shown() {
        let mut desktop = Desktop::default();
        let first = desktop.keep_pin(Pin::new("1234"));
        let second = desktop.keep_pin(Pin::new("1234"));
        assert_ne!(first, second, "the same digits given twice are two answers");
        assert_eq!(desktop.pin(first).map(Pin::reveal), Some("1234"));
        assert_eq!(desktop.pin(PinId(9)), None);
        assert!(!format!("{desktop:?}").contains("1234"));
    }

    #[test]
    fn of_two_prompts_of_a_point_the_earlier_is_found() {
        let prompt = |record| Prompt {
            point: DecisionPoint::PinEnter,
            facts: Facts::new(),
            offers: vec![Choice::Pin],
            record: RecordId(record),
        };
        let mut desktop = Desktop::default();
        assert_eq!(desktop.open(PromptId(4), prompt(4)), None);
        assert_eq!(desktop.open(PromptId(2), prompt(2)), None);
        assert_eq!(desktop.find(DecisionPoint::PinEnter).map(|(id, _)| id), Some(PromptId(2)));
        assert_eq!(desktop.find(DecisionPoint::Summary), None);
        assert!(desktop.close(PromptId(2)).is_some() && desktop.close(PromptId(2)).is_none());
    }
}
