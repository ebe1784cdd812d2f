//! A card in a reader of vpcd.
//!
//! vpcd listens; the card connects. The card is in the reader while the connection is up and it gives its answer to
//! reset; closing the connection pulls it. The daemon behind the driver looks every 400 ms whether there is a card, and
//! powers one that is new to it.

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::stay::{Disturbance, Power, SharedCard, Stay, lock};

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
            let ended = serve(&stay, &card, driver, socket, &mut observe);
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

    /// Makes something go wrong with the next command, once; `None` takes that back.
    pub fn disturb(&self, disturbance: Option<Disturbance>) {
        self.stay.disturb(disturbance);
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

/// One connection after the other, until the card is out for good.
fn serve<O: FnMut(&Exchange)>(
    stay: &Stay,
    card: &SharedCard,
    driver: SocketAddr,
    mut socket: TcpStream,
    observe: &mut O,
) -> Ended {
    loop {
        let ended = Connection::new(card, &socket, stay, observe).run();
        // Dropping this half does not close the connection while the stay holds the other one. The driver may have
        // closed first.
        let _already_closed = socket.shutdown(Shutdown::Both);
        lock(card).power_off();
        if stay.is_pulled() {
            return Ended::Pulled;
        }
        if !ended.comes_back() {
            return ended;
        }
        observe(&Exchange::Out(ended));
        socket = match come_back(stay, driver) {
            Ok(socket) => socket,
            Err(ended) => return ended,
        };
    }
}

/// Leaves the reader empty for a while and connects again.
fn come_back(stay: &Stay, driver: SocketAddr) -> Result<TcpStream, Ended> {
    let broken = |error: io::Error| Ended::Broken(error.kind());
    if stay.is_pulled_within(EMPTY_FOR) {
        return Err(Ended::Pulled);
    }
    let socket = connect(driver, BACK_WITHIN).map_err(broken)?;
    if stay.goes_on(socket.try_clone().map_err(broken)?) { Ok(socket) } else { Err(Ended::Pulled) }
}
