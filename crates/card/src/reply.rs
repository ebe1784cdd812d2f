//! What a handler gives back.

use alloc::vec::Vec;

use crate::Mark;

/// A command carried out: its mark, and the data to answer with.
pub(crate) struct Reply {
    pub(crate) mark: Mark,
    pub(crate) data: Vec<u8>,
}

/// What a handler gives back: a reply, or the mark of the refusal.
pub(crate) type HandlerResult = Result<Reply, Mark>;

/// A reply with data.
pub(crate) fn reply(mark: Mark, data: Vec<u8>) -> HandlerResult {
    Ok(Reply { mark, data })
}

/// A reply without data.
pub(crate) fn done(mark: Mark) -> HandlerResult {
    reply(mark, Vec::new())
}
