//! Programs of others as oracles: each test is a program, what it was given, and what it has to say.
#![expect(clippy::panic, reason = "everything here is part of a test")]

mod bouncy_castle;
mod certihound;
mod certipy;
mod cryptography;
mod ldapsearch;
mod openssl;
mod pkilint;
mod pyasn1;
mod served;
mod suite;
mod windows_requests;
