//! Cards that wait for a touch: a key of a PIV card may ask for one before it is used. The card has the command by then
//! and answers nothing until it is touched, or has waited long enough, and its reader is taken for as long.

use autoenroll_apdu::gids::KeyReference;
use autoenroll_apdu::piv::{Slot, TouchRule};
use autoenroll_apdu::{Command, ins};
use autoenroll_card::{Card, ContainerState};
use autoenroll_model::{Choice, CoreFactory, DecisionPoint, Duration, EffectId, Facts};
use autoenroll_trace::{Kind, RecordId};

use crate::desktop::Prompt;
use crate::hosts::{CaHost, CardHost};
use crate::queue::Event;
use crate::readers::{CardClient, Reader, Touch};
use crate::rules;
use crate::session::SessionId;
use crate::spec::ReaderName;
use crate::world::World;

/// How long a card waits, and how long it remembers a touch for keys that allow it.
// U4.6.wait
const WAIT: Duration = Duration::seconds(15);

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Whether a card waits before it carries a command out. When it does not, the card is told what it would know by
    /// itself: whether somebody touches it.
    // U4.6.touch
    pub(crate) fn waits_for_touch(
        &mut self,
        reader: &ReaderName,
        card: &str,
        command: &Command,
        (client, touch): (CardClient, Touch),
        began: RecordId,
    ) -> bool {
        let Some(slot) = key_in_use(command) else { return false };
        let rule = self.hosts.cards.card(card, |card| card.touch_rule(slot)).flatten();
        let Some(rule) = rule.filter(|rule| *rule != TouchRule::Never) else { return false };
        let touched = match (touch, client) {
            (Touch::Waits, _) => return true,
            (Touch::Over { touched }, _) => touched,
            (Touch::NotAsked, CardClient::Core { session, effect }) => {
                if self.wants_no_touch(card, rule, began) {
                    true
                } else {
                    self.wait_for_touch(reader, card, slot, session, effect);
                    return true;
                }
            }
            // Who logs on has the card at hand.
            (Touch::NotAsked, CardClient::Provider { .. } | CardClient::Logon(_)) => true,
        };
        self.hosts.cards.card_mut(card, |card| card.set_touched(touched));
        false
    }

    /// Whether a key that has a rule for touching can do without one now.
    fn wants_no_touch(&mut self, card: &str, rule: TouchRule, because: RecordId) -> bool {
        let last = self.cards.get(card).and_then(|state| state.touched);
        let lately = last.is_some_and(|last| self.now() < last + WAIT);
        let decisions = &mut self.decisions;
        let cached =
            rule == TouchRule::Cached && decisions.decide(rules::TOUCH_CACHED.rule(), card, lately, Facts::new()).holds;
        let wanted = !cached && decisions.decide(rules::TOUCH.rule(), card, true, Facts::new()).holds;
        self.record_decisions(&[because]);
        !wanted
    }

    fn wait_for_touch(&mut self, reader: &ReaderName, card: &str, slot: Slot, id: SessionId, effect: EffectId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let principal = session.principal.clone();
        let Some(transaction) = self.readers.get_mut(reader).and_then(Reader::current) else { return };
        transaction.touch = Touch::Waits;
        let began = transaction.record;
        let serial = self.names.serial(card).unwrap_or_default().to_owned();
        let in_slot = |container: &ContainerState| {
            container.key.as_ref().is_some_and(|key| key.reference == KeyReference(slot.byte()))
        };
        let look = |card: &Card| card.look().containers.into_iter().find(in_slot).map(|container| container.name);
        let container = self.hosts.cards.card(card, look).flatten();
        let facts = Facts::new().with("card", serial).with_some("container", container);
        let choices = vec![Choice::Touch];
        let point = DecisionPoint::CardTouch;
        let mut shown = Facts::new().with("point", point.as_str());
        for (name, fact) in self.names.translate(&facts).iter() {
            shown.set(name, fact.clone());
        }
        shown.set("offers", vec![Choice::Touch.as_str()]);
        let record = self.record(&principal, Kind::Prompt, shown, vec![began]);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.desktop.touches.insert(effect, Prompt { point, facts, offers: choices, record });
        }
        self.queue.put(self.now() + WAIT, Event::Touch(reader.clone(), began));
    }

    /// The user touches the card that waits for it.
    pub(crate) fn touched(&mut self, id: SessionId, effect: EffectId) {
        let Some(reader) = self.readers.at_work_for(id, effect).cloned() else { return };
        let now = self.now();
        if let Some(transaction) = self.readers.get_mut(&reader).and_then(Reader::current) {
            transaction.touch = Touch::Over { touched: true };
            if let Some(state) = self.cards.get_mut(&transaction.card) {
                state.touched = Some(now);
            }
        }
        self.schedule_reader(&reader);
    }

    /// A card has waited long enough, if it still waits in the transaction of that record.
    pub(crate) fn touch_is_late(&mut self, reader: &ReaderName, began: RecordId) {
        let current = self.readers.get_mut(reader).and_then(Reader::current);
        if current.is_some_and(|transaction| transaction.record == began) {
            self.no_touch_comes(reader, began);
        }
    }

    /// A card that waits in a reader waits no more: it has given up, or is gone.
    pub(crate) fn no_touch_comes(&mut self, reader: &ReaderName, because: RecordId) {
        let Some(transaction) = self.readers.get_mut(reader).and_then(Reader::current) else { return };
        if transaction.touch != Touch::Waits {
            return;
        }
        transaction.touch = Touch::Over { touched: false };
        if let CardClient::Core { session, effect } = transaction.client {
            self.touch_withdrawn(session, effect, &[because]);
        }
        self.schedule_reader(reader);
    }

    /// Nobody is wanted to touch a card any more.
    pub(crate) fn touch_withdrawn(&mut self, id: SessionId, effect: EffectId, because: &[RecordId]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(Prompt { point, record, .. }) = session.desktop.touches.remove(&effect) else { return };
        let principal = session.principal.clone();
        let causes = because.iter().copied().chain([record]).collect();
        self.record(&principal, Kind::PromptWithdrawn, Facts::new().with("point", point.as_str()), causes);
    }
}

/// The slot whose private key a command uses; `None` for the pieces of a chain before the last.
fn key_in_use(command: &Command) -> Option<Slot> {
    /// The bit of CLA that says that more follows.
    const CHAINED: u8 = 0x10;
    let uses = command.ins == ins::GENERAL_AUTHENTICATE && command.cla & CHAINED == 0;
    Slot::from_byte(command.p2).filter(|_| uses)
}
