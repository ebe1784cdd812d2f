//! What a user sees, and the PINs a user has given.

use std::collections::BTreeMap;

use autoenroll_model::{BalloonId, Choice, DecisionPoint, Effect, EffectId, Facts, PinId, PromptId};
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
    /// Providers of cards that have something to ask, by the effect that waits for it.
    pub(crate) providers: BTreeMap<EffectId, ProviderWork>,
    /// Cards that wait for a touch, by the effect for which they were asked to use a key.
    pub(crate) touches: BTreeMap<EffectId, Prompt>,
    /// PINs that providers keep for this process, by card.
    pub(crate) kept_pins: BTreeMap<String, KeptPin>,
    vault: Vault,
}

/// A provider that has to ask before it does what a core wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProviderWork {
    /// What it does on the card by itself, with the facts of its beginning.
    pub(crate) running: Option<(Effect, Facts)>,
    /// What it asks.
    pub(crate) prompt: Option<Prompt>,
    /// The default container may be replaced, or holds nothing.
    pub(crate) may_replace: bool,
}

/// A PIN that a provider keeps for its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeptPin {
    pub(crate) pin: PinId,
    /// The insertion of the card that took it; a card that was out since then asks anew.
    pub(crate) insertion: u32,
}

/// Whose prompt it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The core's.
    Core(PromptId),
    /// That of a card's provider, which asks before it does what the core wants.
    Provider(EffectId),
    /// That of a card itself, which waits for a touch.
    Card(EffectId),
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

    /// A run ends, and with it the wizard; providers forget their PINs.
    pub(crate) fn end_run(&mut self) {
        self.wizard = false;
        self.kept_pins.clear();
    }

    /// Closes a prompt.
    pub(crate) fn close(&mut self, id: PromptId) -> Option<Prompt> {
        self.prompts.remove(&id)
    }

    /// Closes whose prompt it is.
    pub(crate) fn close_of(&mut self, asker: Asker) -> Option<Prompt> {
        match asker {
            Asker::Core(id) => self.close(id),
            Asker::Provider(effect) => self.providers.get_mut(&effect).and_then(|work| work.prompt.take()),
            Asker::Card(effect) => self.touches.remove(&effect),
        }
    }

    /// The open prompt of a decision point, the earliest of the core's when there are several.
    pub(crate) fn find(&self, point: DecisionPoint) -> Option<(Asker, &Prompt)> {
        self.prompts().find(|(_, prompt)| prompt.point == point)
    }

    /// The open prompts: the core's in the order of their ids, then those of providers, then those of cards.
    pub(crate) fn prompts(&self) -> impl Iterator<Item = (Asker, &Prompt)> {
        let own = self.prompts.iter().map(|(id, prompt)| (Asker::Core(*id), prompt));
        let open = self.providers.iter().filter_map(|(effect, work)| Some((*effect, work.prompt.as_ref()?)));
        let touches = self.touches.iter().map(|(effect, prompt)| (Asker::Card(*effect), prompt));
        own.chain(open.map(|(effect, prompt)| (Asker::Provider(effect), prompt))).chain(touches)
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

    /// Every PIN that this user gave.
    pub(crate) fn pins(&self) -> impl Iterator<Item = (PinId, &Pin)> {
        self.vault.pins.iter().map(|(id, pin)| (*id, pin))
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
        assert_eq!(desktop.find(DecisionPoint::PinEnter).map(|(id, _)| id), Some(Asker::Core(PromptId(2))));
        assert_eq!(desktop.find(DecisionPoint::Summary), None);
        assert!(desktop.close(PromptId(2)).is_some() && desktop.close(PromptId(2)).is_none());
    }
}
