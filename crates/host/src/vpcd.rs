//! A card in a reader of vpcd.
//!
//! vpcd listens; the card connects. The card is in the reader while the connection is up and it gives its answer to
//! reset; closing the connection pulls it. The daemon behind the driver looks every 400 ms whether there is a card, and
//! powers one that is new to it.

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use autoenroll_card::Card;

use crate::Exchange;
use crate::connection::Connection;

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

/// Puts a card into the reader whose driver listens at `driver`, waiting for the driver up to `within`. `observe` is
/// told everything that driver and card say to each other, in a thread of its own, and how the card came out.
///
/// The driver takes the connection at once, the daemon the card later: see [`InsertedCard::wait_until_taken`]. Where
/// driver and card no longer understand each other, but the card would still be in a real reader, it goes out for
/// [`EMPTY_FOR`], so that the daemon sees that, and is put in again: see [`Ended::comes_back`].
///
/// # Errors
/// When no driver listens there.
pub fn insert(
    card: SharedCard,
    driver: SocketAddr,
    within: Duration,
    mut observe: impl FnMut(&Exchange) + Send + 'static,
) -> Result<InsertedCard, InsertError> {
    let broken = |error: io::Error| InsertError { driver, error: error.kind() };
    let socket = connect(driver, within).map_err(broken)?;
    let stay = Arc::new(Stay::new(socket.try_clone().map_err(broken)?));
    let thread = {
        let stay = Arc::clone(&stay);
        thread::spawn(move || {
            let ended = stay.serve(&card, driver, socket, &mut observe);
            observe(&Exchange::Out(ended));
            stay.set(Power::Ended);
            ended
        })
    };
    Ok(InsertedCard { thread: Some(thread), stay })
}

fn connect(driver: SocketAddr, within: Duration) -> io::Result<TcpStream> {
    let start = Instant::now();
    let socket = loop {
        match TcpStream::connect_timeout(&driver, within.max(Duration::from_millis(1))) {
            Ok(socket) => break socket,
            Err(error) if start.elapsed() >= within => return Err(error),
            Err(_) => thread::sleep(CONNECT_AGAIN),
        }
    };
    // A driver that does not take an answer is not waited for.
    socket.set_write_timeout(Some(WRITE_WITHIN))?;
    Ok(socket)
}

/// How long a reader is kept empty so that the daemon sees it: two of its looks, and some more.
///
/// A daemon that was refused an answer by a card that was pulled has lost the connection without having looked; a card
/// that is in at its next look is the same one to it, and is not powered again.
pub const EMPTY_FOR: Duration = Duration::from_secs(1);

/// How long to wait before connecting again to a driver that does not listen yet.
const CONNECT_AGAIN: Duration = Duration::from_millis(2);

/// How long a driver that listened before may take to take a card that comes back.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// How long a driver may take to read an answer.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// A card in a reader; dropping it pulls the card.
#[derive(Debug)]
pub struct InsertedCard {
    /// `None` once it was waited for.
    thread: Option<JoinHandle<Ended>>,
    stay: Arc<Stay>,
}

/// How a card came out of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was pulled.
    Pulled,
    /// The driver closed the connection.
    Closed,
    /// The driver broke off in the middle of a message, or did not take an answer.
    Broken(io::ErrorKind),
    /// The card gives no answer to reset.
    Mute,
    /// A command came while the card had no power, so that it did not answer. vpcd cannot be told so; it would wait for
    /// ever.
    NoPower,
    /// The daemon takes the card for the one before, whose going it has not noticed, and does not power it.
    Mistaken,
    /// The driver is silent: it waits for the answer to a command of no byte or of one, which it cannot tell the card.
    /// Or the daemon is stopped.
    Quiet,
}

impl Ended {
    /// Whether the card is put in again by itself.
    #[must_use]
    pub const fn comes_back(self) -> bool {
        matches!(self, Self::NoPower | Self::Mistaken | Self::Quiet)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pulled => "it was pulled",
            Self::Closed => "the driver closed the connection",
            Self::Broken(kind) => return write!(f, "the connection to the driver broke: {kind}"),
            Self::Mute => "it gives no answer to reset, so that the daemon takes it for no card at all",
            Self::NoPower => "it cannot answer a command without power; it is put in again",
            Self::Mistaken => "the daemon has not noticed that the card before went out; it is put in again",
            Self::Quiet => {
                "the driver has been silent for 3 s; a command of less than two bytes, which it cannot pass on, makes \
                 it wait for ever; the card is put in again"
            }
        })
    }
}

/// Why a card could not be put into a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsertError {
    /// Where the driver should listen.
    pub driver: SocketAddr,
    /// What the system says.
    pub error: io::ErrorKind,
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no reader driver at {}: {}; is pcscd running, with vpcd at that port?", self.driver, self.error)
    }
}

impl std::error::Error for InsertError {}

impl InsertedCard {
    /// Pulls the card, in the middle of a command if need be.
    pub fn pull(mut self) -> Ended {
        self.close()
    }

    /// Whether the card is in the reader, or about to come back.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.stay.power() != Power::Ended
    }

    /// Waits until the daemon has powered the card and taken its answer to reset, so that programs see it; whether it
    /// did. It takes about 400 ms; about 3 s when the daemon has not noticed that another card went out.
    #[must_use]
    pub fn wait_until_taken(&self, within: Duration) -> bool {
        self.stay.wait(within, |power| power != Power::Never) == Power::Seen
    }

    /// Waits until the card is out for good.
    pub fn wait(mut self) -> Ended {
        self.join()
    }

    fn close(&mut self) -> Ended {
        self.stay.pull();
        self.join()
    }

    fn join(&mut self) -> Ended {
        let ended = self.thread.take().map(JoinHandle::join);
        // Only an observer can panic, and its panic is told by its own thread.
        ended.and_then(Result::ok).unwrap_or(Ended::Closed)
    }
}

impl Drop for InsertedCard {
    fn drop(&mut self) {
        self.close();
    }
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
}

/// Whether the daemon has powered the card and taken its answer to reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    Never,
    Seen,
    Ended,
}

impl Stay {
    fn new(socket: TcpStream) -> Self {
        Self { state: Mutex::new(StayState { socket, power: Power::Never, pulled: false }), changed: Condvar::new() }
    }

    fn serve<O: FnMut(&Exchange)>(
        &self,
        card: &SharedCard,
        driver: SocketAddr,
        mut socket: TcpStream,
        observe: &mut O,
    ) -> Ended {
        loop {
            let ended = Connection::new(card, &socket, self, observe).run();
            // Dropping this half does not close the connection while the stay holds the other one. The driver may have
            // closed first.
            let _already_closed = socket.shutdown(Shutdown::Both);
            lock(card).power_off();
            if self.lock().pulled {
                return Ended::Pulled;
            }
            if !ended.comes_back() {
                return ended;
            }
            observe(&Exchange::Out(ended));
            socket = match self.come_back(driver) {
                Ok(socket) => socket,
                Err(ended) => return ended,
            };
        }
    }

    fn come_back(&self, driver: SocketAddr) -> Result<TcpStream, Ended> {
        let broken = |error: io::Error| Ended::Broken(error.kind());
        self.lock().power = Power::Never;
        let waited = self.changed.wait_timeout_while(self.lock(), EMPTY_FOR, |state| !state.pulled);
        let pulled = waited.unwrap_or_else(PoisonError::into_inner).0.pulled;
        if pulled {
            return Err(Ended::Pulled);
        }
        let socket = connect(driver, BACK_WITHIN).map_err(broken)?;
        let other_half = socket.try_clone().map_err(broken)?;
        let mut state = self.lock();
        if state.pulled {
            return Err(Ended::Pulled);
        }
        state.socket = other_half;
        Ok(socket)
    }

    fn pull(&self) {
        let mut state = self.lock();
        state.pulled = true;
        // The driver may have closed first.
        let _already_closed = state.socket.shutdown(Shutdown::Both);
        drop(state);
        self.changed.notify_all();
    }

    /// The daemon has taken the card.
    pub(crate) fn taken(&self) {
        self.set(Power::Seen);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.power() == Power::Seen
    }

    fn set(&self, power: Power) {
        self.lock().power = power;
        self.changed.notify_all();
    }

    fn power(&self) -> Power {
        self.lock().power
    }

    fn wait(&self, within: Duration, done: impl Fn(Power) -> bool) -> Power {
        let waited = self.changed.wait_timeout_while(self.lock(), within, |state| !done(state.power));
        waited.unwrap_or_else(PoisonError::into_inner).0.power
    }

    fn lock(&self) -> MutexGuard<'_, StayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
