//! A reader as PC/SC shows it.

use std::ffi::CString;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_apdu::{Response, StatusWord};
use autoenroll_csp::{CardAnswer, Operation, Step, step};
use autoenroll_model::HResult;
use autoenroll_world::CardGone;
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State};

use crate::pcsc::card_gone;

/// A reader. Every call has a limit, because PC/SC has none: another program's transaction, a card that is silent or a
/// daemon that is stopped would be waited for without end. A call that takes longer leaves its thread behind.
#[derive(Debug)]
pub struct Reader {
    jobs: Sender<Job>,
}

type Job = Box<dyn FnOnce(&mut CardHandle) + Send>;

/// How long one command may take. Generating a key is the slowest, and virtual cards have theirs in store.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How long letting go of a card may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

impl Reader {
    /// The reader with that name, which need not be there yet. Nothing is asked of the daemon before the first call.
    ///
    /// # Errors
    /// [`HResult::SCARD_E_UNKNOWN_READER`] for a name that no reader can have.
    pub fn open(name: &str) -> Result<Self, CardGone> {
        let name = CString::new(name).map_err(|_| CardGone(HResult::SCARD_E_UNKNOWN_READER))?;
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || {
            let mut handle = CardHandle { name, context: None, card: None };
            for job in queue {
                job(&mut handle);
            }
        });
        Ok(Self { jobs })
    }

    /// Waits for a card and connects to it; its answer to reset.
    ///
    /// # Errors
    /// [`HResult::SCARD_E_NO_SMARTCARD`] when none came in time.
    pub fn connect(&self, within: Duration) -> Result<Vec<u8>, CardGone> {
        self.ask(within + ANSWER_WITHIN, move |handle| handle.connect(within))
    }

    /// Lets go of the card, and waits until it is out.
    ///
    /// # Errors
    /// [`HResult::SCARD_E_TIMEOUT`] when it is still in after that time.
    pub fn wait_until_empty(&self, within: Duration) -> Result<(), CardGone> {
        self.ask(within + ANSWER_WITHIN, move |handle| handle.wait_until_empty(within))
    }

    /// Lets go of the card as it is.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub fn disconnect(&self) -> Result<(), CardGone> {
        self.ask(ANSWER_WITHIN, |handle| {
            handle.disconnect();
            Ok(())
        })
    }

    /// Sends one command APDU and waits for the response APDU, which has at least its two status bytes.
    ///
    /// Less than two bytes are not sent, because the driver would wait for ever for the answer to them; they get the
    /// card's own refusal, 6700.
    ///
    /// # Errors
    /// Whatever PC/SC says, see [`card_gone`]. A card that was pulled in the middle of a command is
    /// [`HResult::SCARD_W_REMOVED_CARD`], although pcscd calls it a success.
    pub fn transmit(&self, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let apdu = apdu.to_vec();
        self.ask(ANSWER_WITHIN, move |handle| transmit(handle.connected()?, &apdu))
    }

    /// Resets the card; its answer to reset.
    ///
    /// # Errors
    /// When it is gone.
    pub fn reset(&self) -> Result<Vec<u8>, CardGone> {
        self.ask(ANSWER_WITHIN, |handle| {
            let card = handle.connected()?;
            card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard).map_err(card_gone)?;
            atr(card)
        })
    }

    /// Performs an operation of the CSP as one transaction; how it ended, never [`Step::Send`]. When the card goes in
    /// the middle, the operation itself says how that ends.
    ///
    /// # Errors
    /// When there is no card to begin with.
    pub fn perform(&self, operation: &Operation) -> Result<Step, CardGone> {
        let operation = operation.clone();
        self.ask(ANSWER_WITHIN, move |handle| {
            let transaction = handle.connected()?.transaction().map_err(card_gone)?;
            let mut answers = Vec::new();
            // An operation has an end, whatever the card answers.
            while let Step::Send(command) = step(&operation, &answers) {
                let answer = match command.encode() {
                    Ok(apdu) => transmit(&transaction, &apdu)
                        .map_or_else(|gone| CardAnswer::CardGone(gone.0), CardAnswer::Response),
                    Err(_) => CardAnswer::CardGone(HResult::SCARD_E_UNSUPPORTED_FEATURE),
                };
                answers.push(answer);
            }
            Ok(step(&operation, &answers))
        })
    }

    fn ask<R: Send + 'static>(
        &self,
        within: Duration,
        job: impl FnOnce(&mut CardHandle) -> Result<R, CardGone> + Send + 'static,
    ) -> Result<R, CardGone> {
        let (reply, answer) = mpsc::sync_channel(1);
        let job = move |handle: &mut CardHandle| {
            // The caller may no longer wait.
            let _too_late = reply.send(job(handle));
        };
        self.jobs.send(Box::new(job)).map_err(|_| CardGone(HResult::E_UNEXPECTED))?;
        match answer.recv_timeout(within) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(CardGone(HResult::SCARD_E_TIMEOUT)),
            // The library met something that it does not know, and its thread is no more.
            Err(RecvTimeoutError::Disconnected) => Err(CardGone(HResult::E_UNEXPECTED)),
        }
    }
}

/// Lets go of the card before it can be pulled and another one be put in: a farewell that pcscd reads in the middle of
/// that would make it miss the new card.
impl Drop for Reader {
    fn drop(&mut self) {
        // A daemon that does not answer is not waited for.
        let _unheard = self.ask(GOODBYE_WITHIN, |handle| {
            handle.disconnect();
            Ok(())
        });
    }
}

/// What the thread of a reader holds.
struct CardHandle {
    name: CString,
    context: Option<Context>,
    card: Option<Card>,
}

impl CardHandle {
    fn context(&mut self) -> Result<Context, CardGone> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let context = Context::establish(Scope::User).map_err(card_gone)?;
        Ok(self.context.insert(context).clone())
    }

    fn connected(&mut self) -> Result<&mut Card, CardGone> {
        self.card.as_mut().ok_or(CardGone(HResult::SCARD_E_NO_SMARTCARD))
    }

    fn connect(&mut self, within: Duration) -> Result<Vec<u8>, CardGone> {
        self.disconnect();
        let context = self.context()?;
        let end = Instant::now() + within;
        loop {
            self.wait_for(State::PRESENT, end, HResult::SCARD_E_NO_SMARTCARD)?;
            match context.connect(&self.name, ShareMode::Shared, Protocols::ANY) {
                Ok(card) => return atr(self.card.insert(card)),
                // The daemon has seen it, but not yet powered it, or it was out again in between.
                Err(Error::NoSmartcard | Error::UnpoweredCard | Error::UnresponsiveCard | Error::RemovedCard)
                    if Instant::now() < end =>
                {
                    thread::sleep(AGAIN);
                }
                Err(error) => return Err(card_gone(error)),
            }
        }
    }

    fn wait_until_empty(&mut self, within: Duration) -> Result<(), CardGone> {
        let waited = self.wait_for(State::EMPTY, Instant::now() + within, HResult::SCARD_E_TIMEOUT);
        self.disconnect();
        waited
    }

    /// Waits until the reader is in that state; `late` when it is not in time.
    fn wait_for(&mut self, state: State, end: Instant, late: HResult) -> Result<(), CardGone> {
        let context = self.context()?;
        let mut readers = [ReaderState::new(self.name.clone(), State::UNAWARE)];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match context.get_status_change(left, &mut readers) {
                Ok(()) => {}
                Err(Error::Timeout) => return Err(CardGone(late)),
                Err(error) => return Err(card_gone(error)),
            }
            let seen = readers[0].event_state();
            if seen.contains(state) {
                return Ok(());
            }
            if seen.intersects(State::UNKNOWN | State::UNAVAILABLE) {
                return Err(CardGone(HResult::SCARD_E_NO_READERS_AVAILABLE));
            }
            readers[0].sync_current_state();
        }
    }

    /// Leaves the card as it is: resetting it, as dropping the handle would, is done only on request.
    fn disconnect(&mut self) {
        if let Some(card) = self.card.take() {
            // A card that is gone needs no farewell.
            let _gone = card.disconnect(Disposition::LeaveCard);
        }
    }
}

/// How long to wait before connecting again.
const AGAIN: Duration = Duration::from_millis(2);

fn transmit(card: &Card, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
    if apdu.len() < 2 {
        return Ok(Response::status(StatusWord::WRONG_LENGTH).encode());
    }
    let mut response = vec![0; LONGEST_RESPONSE];
    let response = card.transmit(apdu, &mut response).map_err(card_gone)?;
    // What pcscd says when the card is pulled in the middle of a command.
    if response.len() < 2 { Err(CardGone(HResult::SCARD_W_REMOVED_CARD)) } else { Ok(response.to_vec()) }
}

/// Largest response that PC/SC takes (`MAX_BUFFER_SIZE_EXTENDED`).
const LONGEST_RESPONSE: usize = 65_548;

fn atr(card: &Card) -> Result<Vec<u8>, CardGone> {
    card.status2_owned().map(|status| status.atr().to_vec()).map_err(card_gone)
}
