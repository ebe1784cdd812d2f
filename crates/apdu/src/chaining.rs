//! Long commands and long answers: command chaining (class bit 0x10) and GET RESPONSE (61xx), for both sides.
//!
//! | side | long command | long answer |
//! | --- | --- | --- |
//! | host | [`pieces`], [`encode_chain`] | [`Collector`] |
//! | card | [`Chain`] | [`Outgoing`] |

use alloc::vec::Vec;

use crate::{Command, Response, StatusWord, ins};

/// Longest data field that a [`Chain`] puts together: what one extended APDU could have carried.
const CHAIN_LIMIT: usize = 65_535;

/// Longest answer that a [`Collector`] accepts.
const ANSWER_LIMIT: usize = 131_072;

/// Cuts a command into a chain whose commands carry at most `chunk` data bytes (1 to 255; others are brought into that
/// range). All but the last have class bit 0x10 and no Le. OpenSC uses chunks of 255, Windows 240.
#[must_use]
pub fn pieces(command: &Command, chunk: u8) -> Vec<Command> {
    let chunk = usize::from(chunk.max(1));
    if command.data.len() <= chunk {
        return alloc::vec![command.clone()];
    }
    let mut all: Vec<Command> = command
        .data
        .chunks(chunk)
        .map(|data| Command::new(command.cla | 0x10, command.ins, command.p1, command.p2).with_data(data))
        .collect();
    if let Some(last) = all.last_mut() {
        last.cla = command.cla;
        last.le = command.le;
    }
    all
}

/// [`pieces`] as bytes. Le is brought into 1 to 256, so that every piece is a short APDU.
#[must_use]
pub fn encode_chain(command: &Command, chunk: u8) -> Vec<Vec<u8>> {
    let short = |mut piece: Command| {
        piece.le = piece.le.map(|le| le.clamp(1, 256));
        piece.encode().expect("a piece has at most 255 data bytes and Le was clamped")
    };
    pieces(command, chunk).into_iter().map(short).collect()
}

/// GET RESPONSE for `le` bytes (1 to 256).
#[must_use]
pub const fn get_response(le: u32) -> Command {
    Command::new(0x00, ins::GET_RESPONSE, 0, 0).with_le(le)
}

/// The card's side of command chaining: puts the pieces together again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chain {
    begun: Option<Command>,
}

/// What [`Chain::push`] made of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainStep {
    /// A piece was taken in; answer 9000 and wait for the next.
    More,
    /// The command is complete: chained bit cleared, data joined.
    Whole(Command),
    /// Another command came where the rest of the chain was expected; the chain is forgotten. Answer 6883.
    Broken,
    /// The joined data would exceed 65,535 bytes; the chain is forgotten. Answer 6700.
    TooLong,
}

impl Chain {
    /// Takes the next command in.
    pub fn push(&mut self, mut command: Command) -> ChainStep {
        let last = !command.is_chained();
        command.cla &= !0x10;
        if let Some(mut begun) = self.begun.take() {
            let same = (begun.cla, begun.ins, begun.p1, begun.p2) == (command.cla, command.ins, command.p1, command.p2);
            if !same {
                return ChainStep::Broken;
            }
            if begun.data.len() + command.data.len() > CHAIN_LIMIT {
                return ChainStep::TooLong;
            }
            begun.data.append(&mut command.data);
            begun.le = command.le;
            command = begun;
        }
        if last {
            return ChainStep::Whole(command);
        }
        self.begun = Some(command);
        ChainStep::More
    }

    /// Whether a chain has begun and not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.begun.is_some()
    }
}

/// The card's side of GET RESPONSE: what of an answer is still to be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Outgoing {
    rest: Vec<u8>,
}

impl Outgoing {
    /// Begins a new answer and gives its first part, at most `le` bytes; an absent Le counts as 256 (hosts of GIDS
    /// cards leave it out and expect the data). What does not fit waits for [`Outgoing::next`] and is announced by
    /// 61xx.
    pub fn begin(&mut self, response: Response, le: Option<u32>) -> Response {
        self.rest.clear();
        if !response.sw.is_ok() {
            return response;
        }
        self.rest = response.data;
        self.cut(le)
    }

    /// Answers GET RESPONSE; `None` when nothing is waiting.
    pub fn next(&mut self, le: Option<u32>) -> Option<Response> {
        if self.rest.is_empty() { None } else { Some(self.cut(le)) }
    }

    /// Forgets what was not fetched.
    pub fn clear(&mut self) {
        self.rest.clear();
    }

    fn cut(&mut self, le: Option<u32>) -> Response {
        let wanted = usize::try_from(le.unwrap_or(256)).unwrap_or(usize::MAX);
        let rest = self.rest.split_off(wanted.min(self.rest.len()));
        let data = core::mem::replace(&mut self.rest, rest);
        let sw = if self.rest.is_empty() { StatusWord::OK } else { StatusWord::more(self.rest.len()) };
        Response { data, sw }
    }
}

/// The host's side of GET RESPONSE: asks until the whole answer is there, and repeats a command whose Le the card
/// corrected (6Cxx).
///
/// A plain value, so that a suspended exchange can be cloned and compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Collector {
    command: Command,
    data: Vec<u8>,
    corrected: bool,
}

/// What [`Collector::feed`] wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// Send this command and feed its answer.
    Ask(Command),
    /// The whole answer, with the last status word.
    Done(Response),
    /// The card keeps announcing data without end or without sending any: treat it as faulty.
    Endless {
        /// Bytes collected so far.
        found: usize,
    },
}

impl Collector {
    /// For the answers to `command` (the last one, if it was a chain).
    #[must_use]
    pub const fn new(command: Command) -> Self {
        Self { command, data: Vec::new(), corrected: false }
    }

    /// Takes in one answer.
    pub fn feed(&mut self, response: Response) -> Collected {
        if let Some(le) = response.sw.exact_le().filter(|_| !self.corrected && self.data.is_empty()) {
            self.corrected = true;
            let mut again = self.command.clone();
            again.le = Some(le);
            return Collected::Ask(again);
        }
        let progress = !response.data.is_empty() || self.data.is_empty();
        self.data.extend_from_slice(&response.data);
        match response.sw.remaining() {
            None => Collected::Done(Response { data: core::mem::take(&mut self.data), sw: response.sw }),
            Some(le) if progress && self.data.len() <= ANSWER_LIMIT => Collected::Ask(get_response(le)),
            Some(_) => Collected::Endless { found: self.data.len() },
        }
    }
}
