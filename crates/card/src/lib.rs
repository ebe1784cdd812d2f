//! Virtual smart cards: APDU in, APDU out.
//!
//! A [`Card`] is a plain value that answers command APDUs as a GIDS or a PIV smart card does: files and data objects
//! under access conditions, a PIN with a retry counter, an admin key, key generation and use, power and reset. It
//! accepts any bytes and never panics. A test bench may also [`look`](Card::look) into it without any APDU, and lay out
//! an initialised card with [`Personalisation`].
//!
//! What it deliberately lacks: readers and sockets, a clock, randomness of its own (challenges and keys are drawn from
//! a [`Seed`](autoenroll_keys::Seed)), real secrecy, and any idea of who issues certificates. One card holds one
//! application, because a card with both GIDS and PIV is taken for PIV by the Windows class driver. The PIV application
//! has no secure messaging, biometrics, contactless rules or attestation.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod application;
mod card;
mod chip;
mod form;
mod gids;
mod image;
mod look;
mod marks;
mod personalise;
mod piv;
mod profile;
mod reply;

pub use card::Card;
pub use form::ImageError;
pub use look::{CardState, CertificateState, ContainerState, KeyState, LifeCycle, PinState};
pub use marks::{Mark, Marks};
pub use personalise::{ContainerSpec, KeySource, Personalisation, PersonaliseError};
pub use piv::{DEFAULT_GLOBAL_PIN, DEFAULT_MANAGEMENT_KEY, DEFAULT_PIN, DEFAULT_PUK};
pub use profile::{
    Applet, Capacity, CardProfile, Dialogs, LONGEST_PIV_PIN, PinPolicy, PinPolicyError, PivOptions, Quirks,
};
