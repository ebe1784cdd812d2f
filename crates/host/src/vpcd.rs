//! A card in a reader of vpcd.
//!
//! vpcd listens; the card connects. Each message is a length of two bytes, big endian, and that many bytes. One byte is a
//! control code: 0 power off, 1 power on, 2 reset, none of which is answered, and 4, answered by the answer to reset.
//! Anything longer is a command APDU. Closing the connection pulls the card. (vsmartcard, `vpcd.h`.)

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use autoenroll_apdu::{Response, StatusWord};
use autoenroll_card::Card;

use crate::Exchange;

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

/// Puts a card into the reader whose driver listens at `driver`, waiting for the driver up to `within`. `observe` is told
/// everything that driver and card say to each other, in a thread of its own.
///
/// The daemon behind the driver looks every 400 ms whether there is a card: see [`InsertedCard::wait_for_power`].
///
/// # Errors
/// When no driver listens there.
pub fn insert(
    card: SharedCard,
    driver: SocketAddr,
    within: Duration,
    observe: impl FnMut(&Exchange) + Send + 'static,
) -> Result<InsertedCard, InsertError> {
    let start = Instant::now();
    let socket = loop {
        match TcpStream::connect_timeout(&driver, within.max(Duration::from_millis(1))) {
            Ok(socket) => break socket,
            Err(error) if start.elapsed() >= within => return Err(InsertError { driver, error: error.kind() }),
            Err(_) => thread::sleep(CONNECT_AGAIN),
        }
    };
    let broken = |error: io::Error| InsertError { driver, error: error.kind() };
    let served = socket.try_clone().map_err(broken)?;
    // A driver that does not take an answer is not waited for.
    served.set_write_timeout(Some(WRITE_WITHIN)).map_err(broken)?;
    let powered = Arc::new(Powered::default());
    let thread = {
        let powered = Arc::clone(&powered);
        thread::spawn(move || {
            let ended = Connection { card: &card, socket: &served, powered: &powered, observe }.run();
            lock(&card).power_off();
            powered.set(Power::Ended);
            // Dropping this half does not close the connection while the handle holds the other one.
            let _already_closed = served.shutdown(Shutdown::Both);
            ended
        })
    };
    Ok(InsertedCard { socket, thread: Some(thread), powered })
}

/// How long to wait before connecting again to a driver that does not listen yet.
const CONNECT_AGAIN: Duration = Duration::from_millis(2);

/// How long a driver may take to read an answer.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Largest response that the length field carries.
const MOST_BYTES: usize = 65_535;

/// A card in a reader; dropping it pulls the card.
#[derive(Debug)]
pub struct InsertedCard {
    socket: TcpStream,
    /// `None` once it was waited for.
    thread: Option<JoinHandle<Ended>>,
    powered: Arc<Powered>,
}

/// How a card came out of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was pulled, or the driver closed the connection: they look alike from here.
    Closed,
    /// The driver broke off in the middle of a message, or did not take an answer.
    Broken(io::ErrorKind),
    /// The card did not answer: it is mute, or without power. vpcd cannot be told so; it would wait for ever.
    NoAnswer,
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

    /// Whether the driver still has the card.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.powered.get() != Power::Ended
    }

    /// Waits until the daemon has noticed the card and powered it for the first time; whether it did. It takes about 400 ms
    /// at most, unless the card is mute.
    #[must_use]
    pub fn wait_for_power(&self, within: Duration) -> bool {
        self.powered.wait(within, |power| power != Power::Never) == Power::Seen
    }

    /// Waits until the card is out.
    pub fn wait(mut self) -> Ended {
        self.join()
    }

    fn close(&mut self) -> Ended {
        // The driver may have closed first.
        let _already_closed = self.socket.shutdown(Shutdown::Both);
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

/// One stay of a card in a reader.
struct Connection<'a, O> {
    card: &'a SharedCard,
    socket: &'a TcpStream,
    powered: &'a Powered,
    observe: O,
}

impl<O: FnMut(&Exchange)> Connection<'_, O> {
    fn run(mut self) -> Ended {
        let mut message = vec![0; MOST_BYTES];
        loop {
            let length = match self.read_length() {
                Ok(Some(length)) => usize::from(length),
                Ok(None) => return Ended::Closed,
                Err(error) => return Ended::Broken(error.kind()),
            };
            if let Err(error) = self.read(&mut message[..length]) {
                return Ended::Broken(error.kind());
            }
            match self.answer(&message[..length]) {
                Ok(Some(answer)) if answer.is_empty() => return Ended::NoAnswer,
                Ok(Some(answer)) => {
                    if let Err(error) = self.write(&answer) {
                        return Ended::Broken(error.kind());
                    }
                }
                Ok(None) => {}
                Err(NoAnswer) => return Ended::NoAnswer,
            }
        }
    }

    /// `None` when the connection was closed, which is only right between two messages.
    fn read_length(&mut self) -> io::Result<Option<u16>> {
        let mut length = [0; 2];
        match self.read(&mut length) {
            Ok(()) => Ok(Some(u16::from_be_bytes(length))),
            Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let mut read = 0;
        while read < bytes.len() {
            // The driver sends length and body in two writes. Its kernel holds the second until the first is acknowledged,
            // and ours would take 40 ms to do so. The kernel forgets this wish after every read.
            rustix::net::sockopt::set_tcp_quickack(self.socket, true)?;
            match self.socket.read(&mut bytes[read..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, NoAnswer> {
        let mut card = lock(self.card);
        let exchange = match message {
            [POWER_OFF] => {
                card.power_off();
                Exchange::PowerOff
            }
            [POWER_ON] => {
                card.power_on();
                Exchange::PowerOn
            }
            [RESET] => {
                card.reset();
                Exchange::Reset
            }
            [ATR] if card.profile().quirks.mute => return Err(NoAnswer),
            [ATR] => Exchange::AnswerToReset(card.profile().atr.as_bytes().to_vec()),
            // One byte that is no control code reached us as a command of one byte.
            command => {
                let mut response = card.transmit(command);
                if response.len() > MOST_BYTES {
                    response = Response::status(StatusWord::WRONG_LENGTH).encode();
                }
                drop(card);
                (self.observe)(&Exchange::apdu(command, &response));
                return Ok(Some(response));
            }
        };
        drop(card);
        (self.observe)(&exchange);
        match exchange {
            Exchange::AnswerToReset(atr) => Ok(Some(atr)),
            Exchange::PowerOn => {
                self.powered.set(Power::Seen);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// One write for length and body, so that nothing is held back on the way to the driver.
    fn write(&mut self, answer: &[u8]) -> io::Result<()> {
        let length = u16::try_from(answer.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut message = Vec::with_capacity(answer.len() + 2);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(answer);
        self.socket.write_all(&message)
    }
}

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const ATR: u8 = 4;

/// The card stays silent.
struct NoAnswer;

/// Whether the daemon has powered the card, for those who wait for it.
#[derive(Debug, Default)]
struct Powered {
    power: Mutex<Power>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Power {
    #[default]
    Never,
    Seen,
    Ended,
}

impl Powered {
    fn set(&self, power: Power) {
        *self.power.lock().unwrap_or_else(PoisonError::into_inner) = power;
        self.changed.notify_all();
    }

    fn get(&self) -> Power {
        *self.power.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, within: Duration, done: impl Fn(Power) -> bool) -> Power {
        let power = self.power.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(power, within, |power| !done(*power));
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
