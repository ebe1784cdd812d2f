//! Keys as far as everybody must name them: algorithm, place, provider.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::words;

words! {
    /// What a key is.
    pub enum KeyAlgorithm as "key algorithm" {
        /// RSA with a modulus of 1024 bits.
        Rsa1024 = "rsa-1024",
        /// RSA with a modulus of 2048 bits.
        Rsa2048 = "rsa-2048",
        /// RSA with a modulus of 3072 bits.
        Rsa3072 = "rsa-3072",
        /// RSA with a modulus of 4096 bits.
        Rsa4096 = "rsa-4096",
        /// NIST P-256.
        P256 = "p-256",
    }
}

impl KeyAlgorithm {
    /// The smallest RSA key here that has at least that many bits; `None` above 4096.
    #[must_use]
    pub const fn rsa_at_least(bits: u32) -> Option<Self> {
        match bits {
            0..=1024 => Some(Self::Rsa1024),
            1025..=2048 => Some(Self::Rsa2048),
            2049..=3072 => Some(Self::Rsa3072),
            3073..=4096 => Some(Self::Rsa4096),
            _ => None,
        }
    }

    /// Size in bits: of the modulus, or of the field.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa1024 => 1024,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 => 256,
        }
    }
}

words! {
    /// How a message is signed.
    pub enum SignatureAlgorithm as "signature algorithm" {
        /// PKCS #1 v1.5 over SHA-1, what Windows XP and Server 2003 sign requests with.
        RsaSha1 = "rsa-sha1",
        /// PKCS #1 v1.5 over SHA-256.
        RsaSha256 = "rsa-sha256",
        /// ECDSA over SHA-256.
        EcdsaSha256 = "ecdsa-sha256",
    }
}

/// Names a card: the 16 bytes of its card id in lower-case hex. Scenarios use the card's name, never this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardSerial(pub String);

impl fmt::Display for CardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a private key is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyPlace {
    /// Name of the CSP or key storage provider.
    pub provider: String,
    /// Name of the container.
    pub container: String,
    /// The card, when the provider keeps keys on cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardSerial>,
}

words! {
    /// Where a provider keeps its keys.
    pub enum ProviderKind as "provider kind" {
        /// On smart cards: its name stands in the card database.
        Card = "card",
        /// In files of the machine or the user.
        Software = "software",
    }
}

/// A provider that is installed on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Name as templates list it.
    pub name: String,
    /// Where it keeps keys.
    pub kind: ProviderKind,
}

/// A PIN that the user gave, held by the driver. The core passes the id on and never sees the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinId(pub u32);
