//! The parts that can be real or simulated: cards in readers, and CAs.

/// Cards and CAs. The world's own implementation is [`InProcess`].
pub trait Parts {}

/// Virtual cards and CAs in this process; worlds over it can be cloned.
#[derive(Clone, Debug, Default)]
pub struct InProcess {}

impl Parts for InProcess {}
