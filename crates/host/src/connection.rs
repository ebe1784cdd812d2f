//! What a reader driver and a card say to each other over one connection.
//!
//! Each message is a length of two bytes, big endian, and that many bytes. One byte is a control code: 0 power off, 1
//! power on, 2 reset, none of which is answered, and 4, answered by the answer to reset. Anything longer is a command
//! APDU. (vsmartcard, `vpcd.h`.)

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use autoenroll_apdu::{Response, StatusWord};

use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::stay::{Disturbance, SharedCard, Stay, lock};

/// A connection to the driver.
pub(crate) struct Connection<'a, O> {
    card: &'a SharedCard,
    socket: &'a TcpStream,
    stay: &'a Stay,
    observe: &'a mut O,
    /// How often the driver has asked for the answer to reset of a card that it has not powered.
    unpowered_looks: usize,
}

/// So often a driver looks for a card that it does not power before it is clear that it takes the card for another one,
/// whose going it has not noticed. A card that is new to it is powered after the first look.
const UNPOWERED_LOOKS: usize = 4;

/// So long a driver is silent before it is clear that it waits for an answer. It looks for the card every 400 ms,
/// except while it does: to a command of no byte, of which it tells the card nothing, or of one byte, which the card
/// has taken for a control code.
const QUIET: Duration = Duration::from_secs(3);

/// Largest message that the length field carries.
const MOST_BYTES: usize = 65_535;

impl<'a, O: FnMut(&Exchange)> Connection<'a, O> {
    pub(crate) fn new(card: &'a SharedCard, socket: &'a TcpStream, stay: &'a Stay, observe: &'a mut O) -> Self {
        Self { card, socket, stay, observe, unpowered_looks: 0 }
    }

    /// Answers until one side leaves.
    pub(crate) fn run(mut self) -> Ended {
        let mut message = vec![0; MOST_BYTES];
        let mut spoken = false;
        loop {
            let length = match self.read_length() {
                Ok(Some(length)) => usize::from(length),
                Ok(None) => return Ended::Closed,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ended::Quiet,
                Err(error) => return Ended::Broken(error.kind()),
            };
            // Before its first word a driver may have another card.
            if !spoken && let Err(error) = self.socket.set_read_timeout(Some(QUIET)) {
                return Ended::Broken(error.kind());
            }
            spoken = true;
            if let Err(error) = self.read(&mut message[..length]) {
                return Ended::Broken(error.kind());
            }
            match self.answer(&message[..length]) {
                Ok(Some(answer)) => {
                    if let Err(error) = self.write(&answer) {
                        return Ended::Broken(error.kind());
                    }
                    if message[..length] == [ATR] && lock(self.card).is_powered() {
                        self.stay.taken();
                    }
                }
                Ok(None) => {}
                Err(ended) => return ended,
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

    /// [`io::ErrorKind::WouldBlock`] when nothing came in time, [`io::ErrorKind::TimedOut`] when not all of it did.
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let mut read = 0;
        while read < bytes.len() {
            // The driver sends length and body in two writes. Its kernel holds the second until the first is
            // acknowledged, and ours would take 40 ms to do so. The kernel forgets this wish after every read.
            rustix::net::sockopt::set_tcp_quickack(self.socket, true)?;
            match self.socket.read(&mut bytes[read..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => read += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && read > 0 => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn answer(&mut self, message: &[u8]) -> Result<Option<Vec<u8>>, Ended> {
        let mut card = lock(self.card);
        let powered = card.is_powered();
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
            [ATR] if card.profile().quirks.mute => return Err(Ended::Mute),
            [ATR] => Exchange::AnswerToReset(card.profile().atr.as_bytes().to_vec()),
            // One byte that is no control code reached us as a command of one byte.
            command => {
                let mut response = match self.stay.disturbance() {
                    Some(Disturbance::Status(status)) => Response::status(status).encode(),
                    Some(Disturbance::Pull) => return Err(Ended::Torn),
                    None => card.transmit(command),
                };
                if response.len() > MOST_BYTES {
                    response = Response::status(StatusWord::WRONG_LENGTH).encode();
                }
                drop(card);
                (self.observe)(&Exchange::apdu(command, &response));
                // A response of length 0 would block the driver for good.
                return if response.is_empty() { Err(Ended::NoPower) } else { Ok(Some(response)) };
            }
        };
        drop(card);
        (self.observe)(&exchange);
        let Exchange::AnswerToReset(atr) = exchange else { return Ok(None) };
        if !powered && !self.stay.is_taken() {
            self.unpowered_looks += 1;
            if self.unpowered_looks >= UNPOWERED_LOOKS {
                return Err(Ended::Mistaken);
            }
        }
        Ok(Some(atr))
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
