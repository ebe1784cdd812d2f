//! A card at a terminal: inserted and pulled by typing, its conversation shown.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_apdu::StatusWord;
use autoenroll_card::PersonaliseError;

use crate::kept::Keeper;
use crate::show::{Where, describe, introduce};
use crate::stay::lock;
use crate::{
    Disturbance, EMPTY_FOR, Ended, Exchange, InsertError, InsertedCard, Pcscd, PcscdError, PcscdOptions, SharedCard,
    insert,
};

/// Serves a card in the reader that [`ServeOptions::reader`] names, doing what `commands` says line by line:
///
/// * `insert`, `pull`: into the reader and out of it;
/// * `state`: what is on the card, and its PIN, without asking it;
/// * `unblock`, `unblock PIN`: all tries are back, as whoever has the admin key or the PUK gives them; with another
///   PIN;
/// * `fault 6F00`, `fault pull`: something goes wrong with the next command; `fault none` takes that back;
/// * `help`: these words;
/// * `quit`.
///
/// The first lines say how programs find the card, and which one it is. With [`ServeOptions::keep`] a file has the card
/// as it is before a program is told that something was written on it.
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
    let keeper = options.keep.clone().map(|path| Arc::new(Mutex::new(Keeper::new(path))));
    let mut console = CardConsole { card, driver, trace: options.trace, keeper, inserted: None, emptied: None, out };
    // A file that cannot be written is known before there is anything to lose.
    console.keep_first()?;
    console.say(&introduce(&lock(card)))?;
    if options.inserted {
        console.insert()?;
    }
    for line in commands.lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["insert"] => console.insert_again()?,
            ["pull"] => console.pull()?,
            ["state"] => console.tell_state()?,
            ["unblock"] => console.unblock(None)?,
            ["unblock", pin] => console.unblock(Some(pin))?,
            ["fault", fault] => console.fault(fault)?,
            ["help"] => console.say(HELP)?,
            ["quit"] => return Ok(()),
            _ => console.say(&format!("{:?} is none of: {WORDS}", line.trim()))?,
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
    /// The file that has the card from now on; see [`kept`](crate::kept()).
    pub keep: Option<PathBuf>,
}

impl Default for ServeOptions {
    /// In the first reader that Debian's package of vpcd describes, inserted, with trace, not kept.
    fn default() -> Self {
        Self {
            reader: ServedIn::Driver(SocketAddr::from(([127, 0, 0, 1], 35_963))),
            inserted: true,
            trace: true,
            keep: None,
        }
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
    /// The card cannot be kept in the file.
    Keep {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::ErrorKind,
    },
    /// Commands could not be read, or output not written.
    Console(io::ErrorKind),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcscd(error) => write!(f, "{error}"),
            Self::Insert(error) => write!(f, "{error}"),
            Self::Keep { path, error } => write!(f, "the card cannot be kept in {}: {error}", path.display()),
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
    keeper: Option<Arc<Mutex<Keeper>>>,
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
        let (card, keeper) = (Arc::clone(self.card), self.keeper.clone());
        let mut polled = false;
        let observe = move |exchange: &Exchange| {
            if let (Exchange::Apdu { .. }, Some(keeper)) = (exchange, &keeper) {
                keep(keeper, &card, &out);
            }
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
        match &self.inserted {
            Some(inserted) if inserted.is_in() => return Ok(self.say("the card is in the reader already")?),
            // It came out by itself, perhaps a moment ago.
            Some(_) => self.emptied = Some(Instant::now()),
            None => {}
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
        let is_in = self.inserted.as_ref().is_some_and(InsertedCard::is_in);
        let told = describe(&lock(self.card), if is_in { Where::In } else { Where::Out });
        self.say(told.trim_end())
    }

    /// Gives all tries back, with another PIN when there is one.
    fn unblock(&self, pin: Option<&str>) -> io::Result<()> {
        let mut card = lock(self.card);
        if card.look().puk.is_some_and(|puk| puk.tries_left == 0) {
            drop(card);
            return self.say(PUK_BLOCKED);
        }
        let same = card.pin().map(<[u8]>::to_vec);
        let Some(pin) = pin.map(|pin| pin.as_bytes().to_vec()).or(same).filter(|_| card.pin().is_some()) else {
            drop(card);
            return self.say("there is no PIN to unblock: the card is not initialised");
        };
        let set = card.reset_pin(&pin);
        let lengths = card.profile().pin.lengths();
        drop(card);
        match set {
            Ok(()) => {}
            Err(PersonaliseError::PinLength { found }) => {
                let (shortest, longest) = (lengths.start(), lengths.end());
                return self.say(&format!("a PIN of {found} bytes; this card takes {shortest} to {longest}"));
            }
            Err(error) => return self.say(&error.to_string()),
        }
        if let Some(keeper) = &self.keeper {
            keep(keeper, self.card, &self.out);
        }
        self.say("unblocked")
    }

    fn fault(&self, word: &str) -> io::Result<()> {
        let status = u16::from_str_radix(word, 16).ok().map(StatusWord).filter(|sw| word.len() == 4 && sw.is_iso());
        let disturbance = match (word, status) {
            ("none", _) => None,
            ("pull", _) => Some(Disturbance::Pull),
            (_, Some(status)) => Some(Disturbance::Status(status)),
            _ => return self.say(&format!("{word:?} is none of: a status word such as 6F00, pull, none")),
        };
        match self.inserted.as_ref().filter(|inserted| inserted.is_in()) {
            Some(inserted) => {
                inserted.disturb(disturbance);
                self.say(match disturbance {
                    None => "the next command is carried out",
                    Some(Disturbance::Pull) => "the next command pulls the card",
                    Some(Disturbance::Status(_)) => "the next command is not carried out, and answered so",
                })
            }
            None => self.say(NOT_IN),
        }
    }

    fn keep_first(&self) -> Result<(), ServeError> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = keeper.keep(&lock(self.card));
        kept.map_err(|error| ServeError::Keep { path: keeper.path().to_owned(), error: error.kind() })
    }

    fn say(&self, text: &str) -> io::Result<()> {
        write_line(&self.out, &text)
    }
}

const WORDS: &str = "insert, pull, state, unblock, fault, help, quit";

const HELP: &str = "\
insert         into the reader
pull           out of it
state          what is on the card, what opens it, and whether it has power
unblock        all tries of the PIN are back, as the admin key gives them, on a PIV card the PUK
unblock PIN    the same, with another PIN
fault 6F00     the next command is not carried out, and answered with this status word
fault pull     the next command is not carried out: the card is pulled meanwhile
fault none     nothing of the kind
help           these words
quit           the end; so is the end of the input, when the card is out of the reader";

/// Writes what may have been written on the card to its file. The card goes on when that fails: what it answers is
/// right, and the file has it as it was before.
fn keep(keeper: &Mutex<Keeper>, card: &SharedCard, out: &Mutex<impl Write>) {
    let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = keeper.keep(&lock(card));
    if let Err(error) = kept {
        let told = format!("not kept in {}: {error}; the file has the card as it was before", keeper.path().display());
        // The reader of the trace may have gone.
        let _unread = write_line(out, &told);
    }
}

const PUK_BLOCKED: &str = "the PUK is blocked, which alone unblocks the PIN; once the PIN is blocked as well, \
                           `yubico-piv-tool -a reset` makes the card as it came from its makers";

const NOT_IN: &str = "the card is not in the reader";

/// One line, or one exchange, as a whole: two threads write.
fn write_line(out: &Mutex<impl Write>, line: &impl fmt::Display) -> io::Result<()> {
    let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(out, "{line}")?;
    out.flush()
}
