//! Memory of what was computed: the same question has the same answer for ever, and most questions of a suite come
//! again.

use alloc::boxed::Box;
use alloc::vec::Vec;

use once_cell::race::OnceBox;

use crate::{KeyError, Secret, entropy};

/// Remembers answers. One is handed in with [`remember`], for a whole process; this crate itself remembers nothing,
/// because it knows neither threads nor how much may be kept.
pub trait Memory: Send + Sync {
    /// The secret half of a key that this question was answered with before, or what `make` gives now.
    fn secret(&self, question: Question, make: &mut dyn FnMut() -> Secret) -> Secret;

    /// The octets that this question was answered with before, or what `make` gives now.
    ///
    /// # Errors
    /// Those of `make`, now or before.
    fn octets(&self, question: Question, make: &mut dyn FnMut() -> Octets) -> Octets;
}

/// A signature, or another block that a key gives.
pub type Octets = Result<Vec<u8>, KeyError>;

/// All that determines an answer: SHA-256 over the operation and what it is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    hash: [u8; 32],
    operation: Operation,
}

impl Question {
    pub(crate) fn new(operation: Operation, parts: &[&[u8]]) -> Self {
        Self { hash: entropy::derive(operation.as_str(), parts), operation }
    }

    /// What is to be computed.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }
}

/// What costs more than a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// An RSA key from two primes.
    RsaKey,
    /// The RSA private operation: a signature, or a decryption.
    RsaPrivate,
    /// The RSA public operation: a verification.
    RsaPublic,
    /// A P-256 key from entropy.
    P256Key,
    /// An ECDSA signature.
    P256Signature,
    /// The verification of one.
    P256Verification,
    /// The zlib stream of a certificate.
    Compression,
}

impl Operation {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaKey => "rsa key",
            Self::RsaPrivate => "rsa private operation",
            Self::RsaPublic => "rsa public operation",
            Self::P256Key => "p-256 from entropy",
            Self::P256Signature => "p-256 signature",
            Self::P256Verification => "p-256 verification",
            Self::Compression => "compression",
        }
    }
}

static MEMORY: OnceBox<Box<dyn Memory>> = OnceBox::new();

/// From now on answers of this process are remembered there. The first call counts; whether it is one, is returned.
pub fn remember(memory: Box<dyn Memory>) -> bool {
    MEMORY.set(Box::new(memory)).is_ok()
}

pub(crate) fn secret(question: impl FnOnce() -> Question, mut make: impl FnMut() -> Secret) -> Secret {
    match MEMORY.get() {
        Some(memory) => memory.secret(question(), &mut make),
        None => make(),
    }
}

/// The compression level of a certificate on a card: zlib's default, whose stream begins 78 9C.
const LEVEL: u8 = 6;

/// A certificate, compressed as cards keep it, with the function that makes a zlib stream of some level. All callers
/// hand in the same one, and it is called once in a process that remembers. What is longer than 2,048 bytes is
/// compressed every time: what is remembered keeps its bounds.
pub fn compressed(certificate: &[u8], compress: impl Fn(&[u8], u8) -> Vec<u8>) -> Vec<u8> {
    let compress = || compress(certificate, LEVEL);
    if certificate.len() > 2_048 {
        return compress();
    }
    octets(|| Question::new(Operation::Compression, &[certificate]), || Ok(compress()))
        .expect("a memory gives what it was given, and no compression fails")
}

/// What another operation has shown to be the answer.
pub(crate) fn know(question: impl FnOnce() -> Question, answer: &[u8]) {
    if let Some(memory) = MEMORY.get() {
        let _known = memory.octets(question(), &mut || Ok(answer.to_vec()));
    }
}

pub(crate) fn octets(question: impl FnOnce() -> Question, mut make: impl FnMut() -> Octets) -> Octets {
    match MEMORY.get() {
        Some(memory) => memory.octets(question(), &mut make),
        None => make(),
    }
}
