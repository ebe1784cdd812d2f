//! Cards and CAs that can be looked at after a story: the world keeps one handle, the test the other.

use std::cell::RefCell;
use std::rc::Rc;

use autoenroll_ca::Ca;
use autoenroll_card::Card;
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CaHost, CardGone, CardHost, InProcessCards, InProcessCas};

/// A handle on a host of cards or of CAs.
#[derive(Clone, Debug, Default)]
pub struct Shared<H>(Rc<RefCell<H>>);

impl CardHost for Shared<InProcessCards> {
    fn add_card(&mut self, name: &str, card: Card) {
        self.0.borrow_mut().add_card(name, card);
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        self.0.borrow().card(name, look)
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        self.0.borrow_mut().card_mut(name, change)
    }

    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        self.0.borrow_mut().insert(reader, card)
    }

    fn remove(&mut self, reader: &ReaderName) {
        self.0.borrow_mut().remove(reader);
    }

    fn reset(&mut self, reader: &ReaderName) {
        self.0.borrow_mut().reset(reader);
    }

    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        self.0.borrow_mut().transmit(reader, apdu)
    }
}

impl CaHost for Shared<InProcessCas> {
    fn add_ca(&mut self, ca: Ca) {
        self.0.borrow_mut().add_ca(ca);
    }

    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        self.0.borrow().ca(name, look)
    }

    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        self.0.borrow_mut().ca_mut(name, change)
    }
}
