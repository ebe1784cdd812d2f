//! A card at a terminal: inserted and pulled by typing, its conversation shown.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_card::{CardState, LifeCycle};

use crate::stay::lock;
use crate::{
    EMPTY_FOR, Ended, Exchange, InsertError, InsertedCard, Pcscd, PcscdError, PcscdOptions, SharedCard, insert,
};

/// Serves a card in the reader that [`ServeOptions::reader`] names, doing what `commands` says line by line:
///
/// * `insert`, `pull`: into the reader and out of it;
/// * `state`: what is on the card, without asking it;
/// * `quit`.
///
/// A card is said to be inserted when the daemon behind the driver has taken it, so that programs see it. After the
/// last line a card that is in the reader is served until the driver closes the connection, so that standard input may
/// be `/dev/null`. What the driver wants is written to `out` as it happens, PINs and keys blanked, and how the card
/// came out of the reader. Errors that another line can mend are written there, too. A pcscd of its own is announced by
/// a line that a shell understands, `export PCSCLITE_CSOCK_NAME=...`: programs started there see the card, and no
/// others.
///
/// # Errors
/// When pcscd does not come up, the card cannot be inserted at the start, or `commands` or `out` fail.
pub fn serve(
    card: &SharedCard,
    options: &ServeOptions,
    commands: impl BufRead,
    out: impl Write + Send + 'static,
) -> Result<(), ServeError> {
    let out = Arc::new(Mutex::new(out));
    // Lives as long as the card is served.
    let pcscd;
    let driver = match &options.reader {
        ServedIn::Driver(driver) => *driver,
        ServedIn::OwnPcscd(wanted) => {
            pcscd = Pcscd::start(wanted)?;
            let (variable, socket) = pcscd.client_environment();
            write_line(&out, &format_args!("export {variable}={}", socket.display()))?;
            pcscd.slots()[0].driver()
        }
    };
    let mut console = CardConsole { card, driver, trace: options.trace, inserted: None, emptied: None, out };
    if options.inserted {
        console.insert()?;
    }
    for line in commands.lines() {
        match line?.trim() {
            "" => {}
            "insert" => console.insert_again()?,
            "pull" => console.pull()?,
            "state" => console.tell_state()?,
            "quit" => return Ok(()),
            other => console.say(&format!("{other:?} is none of: insert, pull, state, quit"))?,
        }
    }
    if let Some(inserted) = console.inserted.take() {
        // Its observer tells how it came out.
        inserted.wait();
    }
    Ok(())
}

/// How a card is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// The driver to connect to, or a pcscd of its own.
    pub reader: ServedIn,
    /// Whether the card is in the reader at the start.
    pub inserted: bool,
    /// Whether power, reset and commands are shown.
    pub trace: bool,
}

impl Default for ServeOptions {
    /// In the first reader that Debian's package of vpcd describes, inserted, with trace.
    fn default() -> Self {
        Self { reader: ServedIn::Driver(SocketAddr::from(([127, 0, 0, 1], 35_963))), inserted: true, trace: true }
    }
}

/// The reader of a served card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServedIn {
    /// One whose driver, vpcd, listens there.
    Driver(SocketAddr),
    /// The first one of a pcscd that is started for this card and stopped with it.
    OwnPcscd(PcscdOptions),
}

/// Why serving a card ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServeError {
    /// There is no pcscd.
    Pcscd(PcscdError),
    /// The card could not be inserted at the start.
    Insert(InsertError),
    /// Commands could not be read, or output not written.
    Console(io::ErrorKind),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcscd(error) => write!(f, "{error}"),
            Self::Insert(error) => write!(f, "{error}"),
            Self::Console(kind) => write!(f, "standard input or output: {kind}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<PcscdError> for ServeError {
    fn from(error: PcscdError) -> Self {
        Self::Pcscd(error)
    }
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::Console(error.kind())
    }
}

/// How long to wait for a driver.
const DRIVER_WITHIN: Duration = Duration::from_secs(2);

/// How long the daemon may take to take the card; it takes 3 s at worst.
const TAKEN_WITHIN: Duration = Duration::from_secs(8);

/// The card and its reader, as the commands from standard input act on them.
struct CardConsole<'a, W> {
    card: &'a SharedCard,
    driver: SocketAddr,
    trace: bool,
    inserted: Option<InsertedCard>,
    /// When a card was pulled last.
    emptied: Option<Instant>,
    /// Shared with the thread that talks to the driver.
    out: Arc<Mutex<W>>,
}

impl<W: Write + Send + 'static> CardConsole<'_, W> {
    fn insert(&mut self) -> Result<(), ServeError> {
        // The thread of a connection that is over may still be writing its last line.
        self.inserted = None;
        if let Some(emptied) = self.emptied {
            // Otherwise the daemon might not see that the card was out.
            thread::sleep(EMPTY_FOR.saturating_sub(emptied.elapsed()));
        }
        let (out, trace) = (Arc::clone(&self.out), self.trace);
        let mut polled = false;
        let observe = move |exchange: &Exchange| {
            // A driver asks for the answer to reset several times a second, to see whether the card is there: the first
            // in a row says all.
            let again = polled && matches!(exchange, Exchange::AnswerToReset(_));
            polled = matches!(exchange, Exchange::AnswerToReset(_));
            let shown = match exchange {
                // Who pulled it says so.
                Exchange::Out(Ended::Pulled) => false,
                Exchange::Out(_) => true,
                _ => trace && !again,
            };
            if shown {
                // The reader of the trace may have gone; the card is served all the same.
                let _unread = write_line(&out, exchange);
            }
        };
        let inserted =
            insert(Arc::clone(self.card), self.driver, DRIVER_WITHIN, observe).map_err(ServeError::Insert)?;
        let taken = inserted.wait_until_taken(TAKEN_WITHIN);
        let waits = !taken && inserted.is_in();
        self.inserted = Some(inserted);
        if taken {
            self.say("inserted")?;
        } else if waits {
            self.say("the driver has the card, but no program sees it: the daemon has not taken its answer to reset")?;
        }
        Ok(())
    }

    fn insert_again(&mut self) -> Result<(), ServeError> {
        if self.inserted.as_ref().is_some_and(InsertedCard::is_in) {
            return Ok(self.say("the card is in the reader already")?);
        }
        match self.insert() {
            Err(ServeError::Insert(error)) => Ok(self.say(&error.to_string())?),
            other => other,
        }
    }

    fn pull(&mut self) -> io::Result<()> {
        match self.inserted.take() {
            Some(inserted) => {
                let was_in = inserted.is_in();
                inserted.pull();
                self.emptied = Some(Instant::now());
                self.say(if was_in { "pulled" } else { NOT_IN })
            }
            None => self.say(NOT_IN),
        }
    }

    fn tell_state(&self) -> io::Result<()> {
        let state = lock(self.card).look();
        self.say(describe_state(&state).trim_end())
    }

    fn say(&self, text: &str) -> io::Result<()> {
        write_line(&self.out, &text)
    }
}

const NOT_IN: &str = "the card is not in the reader";

/// One line, or one exchange, as a whole: two threads write.
fn write_line(out: &Mutex<impl Write>, line: &impl fmt::Display) -> io::Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(out, "{line}")?;
    out.flush()
}

fn describe_state(state: &CardState) -> String {
    let id = state.card_id.map_or("none".to_owned(), |id| id.iter().map(|byte| format!("{byte:02x}")).collect());
    let life_cycle = match state.life_cycle {
        LifeCycle::Creation => "being initialised",
        LifeCycle::Operational => "operational",
        LifeCycle::Terminated => "terminated",
    };
    let mut text = format!(
        "card id {id}, {}\nPIN: {} of {} tries left{}\n",
        life_cycle,
        state.pin.tries_left,
        state.pin.limit,
        if state.user { ", presented" } else { "" },
    );
    if let Some(puk) = state.puk {
        text += &format!("PUK: {} of {} tries left\n", puk.tries_left, puk.limit);
    }
    text += &format!("{} bytes and {} containers free\n", state.free_bytes, state.free_containers);
    for container in &state.containers {
        let bits = container.exchange_bits.max(container.signature_bits);
        let default = if container.default { ", default" } else { "" };
        let certificate = match container.certificate.as_ref().map(|certificate| certificate.der()) {
            None => "no certificate".to_owned(),
            Some(None) => "a damaged certificate".to_owned(),
            Some(Some(der)) => format!("a certificate of {} bytes", der.len()),
        };
        text += &format!("container {} {:?}: {bits} bits, {certificate}{default}\n", container.index, container.name);
    }
    text
}
