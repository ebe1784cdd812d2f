//! What a bench knows beside the records of its trace.

use autoenroll_model::PinId;

/// What belongs to a record and is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// Nothing.
    #[default]
    Nothing,
    /// Of an `apdu`.
    Command {
        /// The PIN that its operation presents.
        pin: Option<PinId>,
        /// The card after a command that can have changed it.
        card: Option<CardView>,
    },
    /// Of a `change` by which an administrator alters a card: the card after it.
    Card(CardView),
    /// Of a `card-done`, where the card is in a reader and nobody else works with it.
    Done {
        /// Whether the card still holds on to a PIN that it has taken.
        unlocked: bool,
    },
    /// Of an `effect-abandoned`: it had not begun yet, and no record will tell of its end.
    NotBegun,
    /// Of an `item-ended` with a certificate: whether certificate and key are where they are said to be, or what is
    /// wrong.
    Enrolled(Result<(), String>),
    /// Of `archived` and `deleted`.
    Retired {
        /// Neither expired nor revoked, and its own key is where MY says, not another one in its place.
        valid: bool,
    },
    /// Of `run-ended`: of [`crate::Checkers::keys_awaited_of`] those with a key that no entry of MY or REQUEST names,
    /// on any computer.
    Unclaimed(Vec<KeyAt>),
    /// Of an `effect-done` of `inspect`.
    Inspected {
        /// Certificates that were asked about and whose life is over, by the names that records use.
        expired: Vec<String>,
    },
    /// Of a `store` of an entry that is given up.
    GivenUp {
        /// A certificate of MY has its key, archived or not.
        certified: bool,
    },
    /// Of a `card` or `software` of `generate`: what earlier requests of the principal have left in the same place.
    Leftovers(Vec<Leftover>),
}

/// Where a key is, by the names that records use: its card, empty for one in software, and its container.
pub type KeyAt = (String, String);

/// An entry of REQUEST that was not sent, or is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its template.
    pub template: String,
    /// Its container, by the name that records use.
    pub container: String,
}

/// What invariants see of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardView {
    /// The retry counter of the PIN.
    pub tries: u8,
    /// Whether it has taken a PIN and not dropped it.
    pub unlocked: bool,
    /// The default container: the one flagged as such, or else the first.
    pub default: Option<DefaultContainer>,
}

/// The default container of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultContainer {
    /// Its name, as records have it.
    pub name: String,
    /// The public key in it, as a DER SubjectPublicKeyInfo; `None` without a key.
    pub key: Option<Vec<u8>>,
    /// Whether it holds a certificate.
    pub certificate: bool,
}

impl CardView {
    /// Name and public key of the default container when it holds both key and certificate.
    pub(crate) fn occupied(&self) -> Option<(&str, &[u8])> {
        let default = self.default.as_ref().filter(|default| default.certificate)?;
        Some((&default.name, default.key.as_deref()?))
    }
}
