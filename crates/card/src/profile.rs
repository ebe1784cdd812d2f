//! What makes one kind of card differ from another, as data.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use core::fmt;

use autoenroll_apdu::Atr;
use autoenroll_apdu::piv::Cipher;
use autoenroll_keys::KeyAlgorithm;

/// A kind of card.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CardProfile {
    /// Name by which scenarios and traces call the kind.
    pub name: Cow<'static, str>,
    /// Answer to reset. Windows chooses the provider by it.
    pub atr: Atr,
    /// The application on it.
    pub applet: Applet,
    /// How much fits on it.
    pub capacity: Capacity,
    /// Rules for the PIN.
    pub pin: PinPolicy,
    /// Algorithms it can generate, import and use keys of.
    pub algorithms: BTreeSet<KeyAlgorithm>,
    /// Where it departs from the specification.
    pub quirks: Quirks,
    /// What its provider, which the answer to reset chooses, asks by itself.
    pub dialogs: Dialogs,
}

/// Keys of a PIV card: one in each slot.
const PIV_SLOTS: u8 = 24;

/// Most bytes of a PIN of a PIV card.
pub const LONGEST_PIV_PIN: u8 = 8;

/// The application of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applet {
    /// Microsoft's Generic Identity Device Specification.
    Gids,
    /// Personal Identity Verification, NIST SP 800-73-4.
    Piv(PivOptions),
}

/// What the makers of a PIV card decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PivOptions {
    /// Whether the global PIN, reference 00, exists and satisfies what the application's own PIN does. The discovery
    /// object says so.
    pub global_pin: bool,
    /// The algorithm of the management key that the card comes with.
    pub management: Cipher,
}

impl Default for PivOptions {
    /// No global PIN; a triple DES key, which every client knows.
    fn default() -> Self {
        Self { global_pin: false, management: Cipher::TripleDes }
    }
}

/// How much fits on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capacity {
    /// Number of user keys, and so of containers. At most 126 can be addressed.
    pub containers: u8,
    /// Bytes for files, data objects and keys together.
    pub bytes: u32,
    /// Bytes of the largest data object, tag and length not counted.
    pub object_bytes: u32,
}

impl Default for Capacity {
    /// 16 containers, 64 KiB, objects of up to 8 KiB.
    fn default() -> Self {
        Self { containers: 16, bytes: 65_536, object_bytes: 8_192 }
    }
}

/// Rules for the PIN: lengths in bytes, and wrong tries before it is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PinPolicy {
    min: u8,
    max: u8,
    tries: u8,
}

/// Why numbers are not a [`PinPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinPolicyError {
    /// The shortest PIN must have at least one byte and not be longer than the longest, which has at most 127: old and
    /// new PIN together must fit one short APDU.
    Lengths {
        /// Shortest length asked for.
        min: u8,
        /// Longest length asked for.
        max: u8,
    },
    /// The retry counter must be 1 to 15, so that 63Cx can state it.
    Tries {
        /// Tries asked for.
        found: u8,
    },
}

impl fmt::Display for PinPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths { min, max } => {
                write!(f, "PIN lengths {min} to {max}: they must satisfy 1 <= shortest <= longest <= 127")
            }
            Self::Tries { found } => write!(f, "{found} PIN tries: there must be 1 to 15"),
        }
    }
}

impl core::error::Error for PinPolicyError {}

impl PinPolicy {
    /// PINs of `min` to `max` bytes, blocked after `tries` wrong ones.
    ///
    /// # Errors
    /// When the numbers are outside the bounds that [`PinPolicyError`] states.
    pub const fn new(min: u8, max: u8, tries: u8) -> Result<Self, PinPolicyError> {
        if min == 0 || min > max || max > 127 {
            return Err(PinPolicyError::Lengths { min, max });
        }
        // K8.4.limit
        if tries == 0 || tries > 15 {
            return Err(PinPolicyError::Tries { found: tries });
        }
        Ok(Self { min, max, tries })
    }

    /// Whether a PIN may have this many bytes.
    #[must_use]
    pub fn allows(self, length: usize) -> bool {
        (usize::from(self.min)..=usize::from(self.max)).contains(&length)
    }

    /// The shortest and the longest PIN, in bytes.
    #[must_use]
    pub const fn lengths(self) -> core::ops::RangeInclusive<u8> {
        self.min..=self.max
    }

    /// Wrong tries before the PIN is blocked.
    #[must_use]
    pub const fn tries(self) -> u8 {
        self.tries
    }
}

impl Default for PinPolicy {
    /// 4 to 16 bytes, 3 tries: what the common GIDS applet has.
    fn default() -> Self {
        Self { min: 4, max: 16, tries: 3 }
    }
}

/// What the provider of a card asks the user in dialogs of its own; the default is nothing. The card has no part in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dialogs {
    /// Whether what is in an occupied default container may be replaced.
    pub replace: bool,
    /// The PIN.
    pub pin: bool,
}

/// Where a card departs from the specification; the default is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quirks {
    /// Drops the default flag from every container record written, and reports success all the same.
    pub ignores_default_flag: bool,
    /// Does not answer to reset: a dead card, or one put in upside down.
    pub mute: bool,
}

impl CardProfile {
    /// A GIDS card with everything at its default: RSA of 1024 and 2048 bits, which is what the Windows inbox driver
    /// uses.
    #[must_use]
    pub fn gids() -> Self {
        Self {
            name: Cow::Borrowed("gids"),
            atr: Atr::t1(b"AUTOENRL"),
            applet: Applet::Gids,
            capacity: Capacity::default(),
            pin: PinPolicy::default(),
            algorithms: [KeyAlgorithm::Rsa1024, KeyAlgorithm::Rsa2048].into(),
            quirks: Quirks::default(),
            dialogs: Dialogs::default(),
        }
    }

    /// A PIV card: PINs of 6 to 8 digits, three tries, RSA of 1024 and 2048 bits and the curves P-256 and P-384 (which
    /// a PIV card has wherever it has P-256).
    ///
    /// The historical bytes of its answer to reset are those of ISO 7816-4 8.1.1: card capabilities (selection by full
    /// and by partial name, units of one byte, command chaining, extended lengths) and `AENPIV` as the issuer's own.
    #[must_use]
    pub fn piv() -> Self {
        Self {
            name: Cow::Borrowed("piv"),
            atr: Atr::t1(b"\x80\x73\xC0\x01\xC0\x66AENPIV"),
            applet: Applet::Piv(PivOptions::default()),
            capacity: Capacity { containers: PIV_SLOTS, ..Capacity::default() },
            pin: PinPolicy { min: 6, max: LONGEST_PIV_PIN, tries: 3 },
            algorithms: [KeyAlgorithm::Rsa1024, KeyAlgorithm::Rsa2048, KeyAlgorithm::P256].into(),
            ..Self::gids()
        }
    }

    /// All profiles built in.
    ///
    /// | name | what is special |
    /// | --- | --- |
    /// | `gids` | nothing |
    /// | `gids-full` | RSA up to 4096 bits, and P-256 |
    /// | `gids-small` | two containers, 6,000 bytes |
    /// | `gids-no-default` | ignores the default flag |
    /// | `mute` | does not answer |
    /// | `piv` | the PIV application |
    /// | `piv-full` | PIV with RSA up to 4096 bits, a global PIN and an AES-192 management key |
    #[must_use]
    pub fn built_in() -> [Self; 7] {
        let gids = Self::gids();
        [
            Self {
                name: Cow::Borrowed("gids-full"),
                atr: Atr::t1(b"AUTOENRF"),
                algorithms: KeyAlgorithm::ALL.iter().copied().collect(),
                ..gids.clone()
            },
            Self {
                name: Cow::Borrowed("gids-small"),
                atr: Atr::t1(b"AUTOENRS"),
                capacity: Capacity { containers: 2, bytes: 6_000, object_bytes: 2_048 },
                ..gids.clone()
            },
            Self {
                name: Cow::Borrowed("gids-no-default"),
                atr: Atr::t1(b"AUTOENRD"),
                quirks: Quirks { ignores_default_flag: true, ..Quirks::default() },
                ..gids.clone()
            },
            Self { name: Cow::Borrowed("mute"), quirks: Quirks { mute: true, ..Quirks::default() }, ..gids.clone() },
            gids,
            Self::piv(),
            Self {
                name: Cow::Borrowed("piv-full"),
                atr: Atr::t1(b"\x80\x73\xC0\x01\xC0\x66AENPIF"),
                applet: Applet::Piv(PivOptions { global_pin: true, management: Cipher::Aes192 }),
                algorithms: KeyAlgorithm::ALL.iter().copied().collect(),
                ..Self::piv()
            },
        ]
    }

    /// The built-in profile with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::built_in().into_iter().find(|profile| profile.name == name)
    }
}
