//! Replays an operation over the answers so far, until the first command that has none.

use std::slice;

use autoenroll_apdu::{Collected, Collector, Command, Response, pieces};
use autoenroll_model::HResult;

/// Hands out the answers one by one. Operations are written as if it were the card; `?` leaves them where the answers
/// end.
pub(crate) struct Script<'a> {
    answers: slice::Iter<'a, CardAnswer>,
    /// Commands that may still be sent.
    left: usize,
}

/// What came back for one command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CardAnswer {
    /// The bytes of the response APDU. Fewer than two mean that the card has gone: readers report a card that is pulled
    /// in the middle of a command as success without data.
    Response(Vec<u8>),
    /// The reader said that the card is gone, was reset or is mute, in one of several ways; with the code to report.
    CardGone(HResult),
}

impl CardAnswer {
    /// What a reader's failure to transmit means. PC/SC stacks report a pulled card in several ways, depending on who
    /// notices first; they are one [`CardAnswer::CardGone`].
    ///
    /// | code of the reader | reported as |
    /// | --- | --- |
    /// | `SCARD_W_RESET_CARD`, `SCARD_W_UNRESPONSIVE_CARD` | the same |
    /// | any other: `SCARD_E_NOT_TRANSACTED`, `SCARD_E_NO_SMARTCARD`, ... | `SCARD_W_REMOVED_CARD` |
    #[must_use]
    pub const fn not_transmitted(code: HResult) -> Self {
        Self::CardGone(match code {
            // X6.2.0x80100068
            HResult::SCARD_W_RESET_CARD | HResult::SCARD_W_UNRESPONSIVE_CARD => code,
            // X6.2.0x80100069
            _ => HResult::SCARD_W_REMOVED_CARD,
        })
    }
}

/// Why an operation stops.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// There is no answer to this command yet.
    Send(Command),
    /// The card has gone: nothing more can be sent, not even to clean up.
    Gone(HResult),
    /// The card refused the PIN; with the attempts left, if it tells.
    WrongPin(Option<u8>),
    /// The operation failed while the card is still there.
    Failed(HResult),
}

/// Most commands one operation sends. The longest thing written, a file of 64 KiB, takes 274.
const MOST_COMMANDS: usize = 1_024;

/// Data bytes of one command of a chain: what Windows sends.
const CHUNK: u8 = 0xF0;

impl<'a> Script<'a> {
    pub(crate) fn new(answers: &'a [CardAnswer]) -> Self {
        Self { answers: answers.iter(), left: MOST_COMMANDS }
    }

    /// One command APDU and its response APDU.
    pub(crate) fn transmit(&mut self, command: &Command) -> Result<Response, Halt> {
        // Only a card that answers nonsense for ever gets here.
        self.left = self.left.checked_sub(1).ok_or(Halt::Failed(HResult::NTE_FAIL))?;
        match self.answers.next() {
            None => Err(Halt::Send(command.clone())),
            Some(CardAnswer::CardGone(code)) => Err(Halt::Gone(*code)),
            Some(CardAnswer::Response(bytes)) => {
                Response::parse(bytes).map_err(|_| Halt::Gone(HResult::SCARD_W_REMOVED_CARD))
            }
        }
    }

    /// One command of any length and its whole answer, with command chaining and GET RESPONSE.
    pub(crate) fn exchange(&mut self, command: &Command) -> Result<Response, Halt> {
        let mut chain = pieces(command, CHUNK);
        let mut next = chain.pop().expect("a command has at least one piece");
        for piece in &chain {
            let response = self.transmit(piece)?;
            if !response.sw.is_ok() {
                return Ok(response);
            }
        }
        let mut collector = Collector::new(next.clone());
        loop {
            match collector.feed(self.transmit(&next)?) {
                Collected::Ask(command) => next = command,
                Collected::Done(response) => return Ok(response),
                Collected::Endless { .. } => return Err(Halt::Failed(HResult::NTE_FAIL)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_apdu::StatusWord;

    use super::*;

    #[test]
    fn a_chain_ends_where_the_card_refuses_a_piece() {
        let command = Command::new(0x00, 0xDB, 0xA0, 0x10).with_data([0; 500]);
        let answers = [[0x90, 0x00], [0x6A, 0x84]].map(|sw| CardAnswer::Response(sw.to_vec()));
        let mut script = Script::new(&answers);
        assert_eq!(script.exchange(&command), Ok(Response::status(StatusWord::NO_SPACE)));

        let next = Command::new(0x10, 0xDB, 0xA0, 0x10).with_data([0; 240]);
        let mut script = Script::new(&answers[..1]);
        assert_eq!(script.exchange(&command), Err(Halt::Send(next)));
    }
}
