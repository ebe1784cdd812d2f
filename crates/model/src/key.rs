//! How every party names keys: algorithm, place, provider.

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
            // K3.4.smart-card
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
        /// PKCS #1 v1.5 over SHA-384.
        RsaSha384 = "rsa-sha384",
        /// PKCS #1 v1.5 over SHA-512.
        RsaSha512 = "rsa-sha512",
        /// ECDSA over SHA-1.
        EcdsaSha1 = "ecdsa-sha1",
        /// ECDSA over SHA-256.
        EcdsaSha256 = "ecdsa-sha256",
        /// ECDSA over SHA-384.
        EcdsaSha384 = "ecdsa-sha384",
        /// ECDSA over SHA-512.
        EcdsaSha512 = "ecdsa-sha512",
    }
}

impl SignatureAlgorithm {
    /// How a key signs over a hash: PKCS #1 v1.5 or ECDSA, as the key is.
    #[must_use]
    pub const fn of(key: KeyAlgorithm, hash: HashAlgorithm) -> Self {
        match (key, hash) {
            (KeyAlgorithm::P256, HashAlgorithm::Sha1) => Self::EcdsaSha1,
            (KeyAlgorithm::P256, HashAlgorithm::Sha256) => Self::EcdsaSha256,
            (KeyAlgorithm::P256, HashAlgorithm::Sha384) => Self::EcdsaSha384,
            (KeyAlgorithm::P256, HashAlgorithm::Sha512) => Self::EcdsaSha512,
            (_, HashAlgorithm::Sha1) => Self::RsaSha1,
            (_, HashAlgorithm::Sha256) => Self::RsaSha256,
            (_, HashAlgorithm::Sha384) => Self::RsaSha384,
            (_, HashAlgorithm::Sha512) => Self::RsaSha512,
        }
    }

    /// The hash that is signed.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::RsaSha1 | Self::EcdsaSha1 => HashAlgorithm::Sha1,
            Self::RsaSha256 | Self::EcdsaSha256 => HashAlgorithm::Sha256,
            Self::RsaSha384 | Self::EcdsaSha384 => HashAlgorithm::Sha384,
            Self::RsaSha512 | Self::EcdsaSha512 => HashAlgorithm::Sha512,
        }
    }

    /// Whether an RSA key signs; otherwise one of P-256 does.
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512)
    }
}

words! {
    /// The hash of a signature.
    pub enum HashAlgorithm as "hash algorithm" {
        /// SHA-1, 20 octets.
        Sha1 = "sha1",
        /// SHA-256, 32 octets.
        Sha256 = "sha256",
        /// SHA-384, 48 octets.
        Sha384 = "sha384",
        /// SHA-512, 64 octets.
        Sha512 = "sha512",
    }
}

/// Names a card: the 16 bytes of its card id in lower-case hex. Scenarios use the card's name, never this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct CardSerial(pub String);

impl fmt::Display for CardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a private key is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Provider {
    /// Name as templates list it.
    pub name: String,
    /// Where it keeps keys.
    pub kind: ProviderKind,
}

/// A PIN that the user gave, held by the driver. The core passes the id on and never sees the digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PinId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_hash_make_the_signature() {
        for key in KeyAlgorithm::ALL.iter().copied() {
            for hash in HashAlgorithm::ALL.iter().copied() {
                let algorithm = SignatureAlgorithm::of(key, hash);
                assert_eq!((algorithm.is_rsa(), algorithm.hash()), (key != KeyAlgorithm::P256, hash), "{algorithm}");
                let kind = if algorithm.is_rsa() { "rsa" } else { "ecdsa" };
                assert_eq!(algorithm.as_str(), alloc::format!("{kind}-{hash}"));
            }
        }
    }
}
