//! Keys of the simulated world: keyed entropy, a pool of fixture RSA primes, and RSA and P-256 keys that sign, verify
//! and decrypt.
//!
//! The same seed gives the same keys and the same signatures on every machine. There is no operating-system randomness,
//! no key generation worth the name ([`PrivateKey::from_pool`] puts two committed primes together) and no protection of
//! secrets: every private key made here is public test material. Containers, PINs and providers are floors above.
//!
//! P-384 is for PIV cards alone: [`P384Key`] is a key of its own, which no CA and no request of the bench knows.
//!
//! A seed may ask for symbolic keys ([`KeyMode`]) instead, for simulations too long for arithmetic.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod entropy;
mod error;
mod hash;
mod memory;
mod p256_key;
mod p384_key;
mod pkcs1;
mod pool;
mod private;
mod public;
mod rsa_key;
mod secret;
mod symbolic;

pub use autoenroll_model::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
pub use entropy::{KeyMode, Seed, draw};
pub use error::KeyError;
pub use hash::{digest, sha1, sha256};
pub use memory::{Memory, Octets, Operation, Question, compressed, remember};
pub use p256_key::{ecdsa_der_from_raw, ecdsa_raw_from_der};
pub use p384_key::P384Key;
pub use pkcs1::digest_info;
pub use private::PrivateKey;
pub use public::PublicKey;
pub use rsa_key::RsaComponents;
pub use secret::Secret;
