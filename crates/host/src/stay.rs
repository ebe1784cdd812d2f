//! A card that is in a reader, or was: who works with it, and whether the daemon has taken it.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use autoenroll_apdu::StatusWord;
use autoenroll_card::Card;

/// A card that a reader works with while others look at it.
pub type SharedCard = Arc<Mutex<Card>>;

/// Makes a card one that can be inserted.
#[must_use]
pub fn share(card: Card) -> SharedCard {
    Arc::new(Mutex::new(card))
}

/// The card behind its lock. A thread that panicked with the lock has left the card between two commands at worst.
pub(crate) fn lock(card: &SharedCard) -> MutexGuard<'_, Card> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A card's stay in a reader, over one connection after the other.
#[derive(Debug)]
pub(crate) struct Stay {
    state: Mutex<StayState>,
    changed: Condvar,
}

#[derive(Debug)]
struct StayState {
    /// To close the connection by.
    socket: TcpStream,
    power: Power,
    pulled: bool,
    disturbance: Option<Disturbance>,
}

/// What is to go wrong with the next command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// It is not carried out, and answered with this status word.
    Status(StatusWord),
    /// The card is pulled while it works on it: it is not carried out, and never answered.
    Pull,
}

/// Whether the daemon has powered the card and taken its answer to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    Never,
    Seen,
    Ended,
}

impl Stay {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self {
            state: Mutex::new(StayState { socket, power: Power::Never, pulled: false, disturbance: None }),
            changed: Condvar::new(),
        }
    }

    /// Whether the card is pulled before that time is over; meanwhile it is not in the reader.
    pub(crate) fn is_pulled_within(&self, time: Duration) -> bool {
        self.lock().power = Power::Never;
        let waited = self.changed.wait_timeout_while(self.lock(), time, |state| !state.pulled);
        waited.unwrap_or_else(PoisonError::into_inner).0.pulled
    }

    /// Goes on over another connection; not when the card was pulled meanwhile.
    pub(crate) fn goes_on(&self, socket: TcpStream) -> bool {
        let mut state = self.lock();
        if !state.pulled {
            state.socket = socket;
        }
        !state.pulled
    }

    pub(crate) fn is_pulled(&self) -> bool {
        self.lock().pulled
    }

    pub(crate) fn pull(&self) {
        let mut state = self.lock();
        state.pulled = true;
        // The driver may have closed first.
        let _already_closed = state.socket.shutdown(Shutdown::Both);
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn disturb(&self, disturbance: Option<Disturbance>) {
        self.lock().disturbance = disturbance;
    }

    /// What is to go wrong with the command that has come.
    pub(crate) fn disturbance(&self) -> Option<Disturbance> {
        self.lock().disturbance.take()
    }

    /// The daemon has taken the card.
    pub(crate) fn taken(&self) {
        self.set(Power::Seen);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.power() == Power::Seen
    }

    pub(crate) fn set(&self, power: Power) {
        self.lock().power = power;
        self.changed.notify_all();
    }

    pub(crate) fn power(&self) -> Power {
        self.lock().power
    }

    pub(crate) fn wait(&self, within: Duration, done: impl Fn(Power) -> bool) -> Power {
        let waited = self.changed.wait_timeout_while(self.lock(), within, |state| !done(state.power));
        waited.unwrap_or_else(PoisonError::into_inner).0.power
    }

    fn lock(&self) -> MutexGuard<'_, StayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
