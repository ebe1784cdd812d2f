//! Cryptographic service providers, client side: container operations on a smart card turned into APDUs, as the
//! minidriver of its kind sends them, keys in software, and the database that finds a provider for a card's ATR.
//!
//! A card operation is straight-line code over the answers so far ([`step`]): the owner of the reader sends one APDU,
//! adds the answer and asks again. What this crate deliberately lacks: readers, cards, prompts, PIN caches, clocks and
//! randomness - PINs, container names and entropy are handed in.
//!
//! ```
//! use autoenroll_card::{Card, CardProfile, Personalisation};
//! use autoenroll_csp::{CardAnswer, Minidriver, Operation, Step, step};
//! use autoenroll_keys::Seed;
//!
//! let mut card = Card::new(CardProfile::gids(), *b"alice's new card", Seed::from(1));
//! card.personalise(&Personalisation::new(b"1234", [7; 24]))?;
//! card.power_on();
//!
//! let mut answers = Vec::new();
//! let serial = loop {
//!     match step(&Operation::Identify(Minidriver::Gids), &answers) {
//!         Step::Send(command) => answers.push(CardAnswer::Response(card.transmit(&command.encode()?))),
//!         Step::Identified(serial) => break serial,
//!         Step::Done(failure) => panic!("{failure:?}"),
//!     }
//! };
//! assert_eq!(serial.0, "616c6963652773206e65772063617264");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod archive;
mod entropy;
mod gids;
mod minidriver;
mod operation;
mod pin;
mod piv;
mod registry;
mod script;
mod software;
mod status;
mod target;

pub use minidriver::{DefaultContainer, FirstUse, Minidriver, MinidriverSettings, Refusal};
pub use operation::{Operation, Step, container_name, step};
pub use pin::Pin;
pub use registry::{CardDatabase, CardDatabaseError, CardType};
pub use script::CardAnswer;
pub use software::{SoftwareContainer, SoftwareKeys};
pub use target::Target;
