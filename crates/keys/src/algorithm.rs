//! Names of key and signature algorithms, and their identifiers on the wire.

use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, str::FromStr};
use der::{Encode, asn1::ObjectIdentifier};
use spki::AlgorithmIdentifierRef;

/// The kinds of key that the bench makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// RSA with a modulus of 1,024 bits: what Windows Server 2003 asks of a smart card unless the template says more.
    Rsa1024,
    /// RSA with a modulus of 2,048 bits.
    Rsa2048,
    /// RSA with a modulus of 3,072 bits.
    Rsa3072,
    /// RSA with a modulus of 4,096 bits.
    Rsa4096,
    /// An elliptic-curve key on NIST P-256.
    P256,
}

impl KeyAlgorithm {
    /// Every key algorithm, smallest RSA key first.
    pub const ALL: [KeyAlgorithm; 5] = [
        KeyAlgorithm::Rsa1024,
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
        KeyAlgorithm::P256,
    ];

    /// Size in bits as templates count it (msPKI-Minimal-Key-Size): the modulus, or the field of the curve.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            KeyAlgorithm::Rsa1024 => 1024,
            KeyAlgorithm::Rsa2048 => 2048,
            KeyAlgorithm::Rsa3072 => 3072,
            KeyAlgorithm::Rsa4096 => 4096,
            KeyAlgorithm::P256 => 256,
        }
    }

    /// Whether the key is an RSA key.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        self != KeyAlgorithm::P256
    }

    /// The RSA key algorithm with a modulus of exactly `bits` bits, if the bench makes such keys.
    #[must_use]
    pub fn rsa(bits: u32) -> Option<KeyAlgorithm> {
        KeyAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.is_rsa() && algorithm.bits() == bits)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyAlgorithm::Rsa1024 => "rsa-1024",
            KeyAlgorithm::Rsa2048 => "rsa-2048",
            KeyAlgorithm::Rsa3072 => "rsa-3072",
            KeyAlgorithm::Rsa4096 => "rsa-4096",
            KeyAlgorithm::P256 => "p-256",
        })
    }
}

/// A name that is no [`KeyAlgorithm`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKeyAlgorithm {
    /// The name as it was written.
    pub found: String,
}

impl fmt::Display for UnknownKeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown key algorithm `{}`; use rsa-1024, rsa-2048, rsa-3072, rsa-4096 or p-256",
            self.found
        )
    }
}

impl core::error::Error for UnknownKeyAlgorithm {}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "rsa-1024" => KeyAlgorithm::Rsa1024,
            "rsa-2048" => KeyAlgorithm::Rsa2048,
            "rsa-3072" => KeyAlgorithm::Rsa3072,
            "rsa-4096" => KeyAlgorithm::Rsa4096,
            "p-256" => KeyAlgorithm::P256,
            _ => return Err(UnknownKeyAlgorithm { found: name.into() }),
        })
    }
}

/// How a message is hashed and signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-1: the default of clients before Windows 10.
    RsaSha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// ECDSA with SHA-256; on the wire `SEQUENCE { r, s }`.
    EcdsaSha256,
}

const RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

impl SignatureAlgorithm {
    /// Every signature algorithm.
    pub const ALL: [SignatureAlgorithm; 3] = [
        SignatureAlgorithm::RsaSha1,
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::EcdsaSha256,
    ];

    /// The object identifier of key and hash together, as certificates and PKCS #10 requests carry it.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            SignatureAlgorithm::RsaSha1 => RSA_SHA1,
            SignatureAlgorithm::RsaSha256 => RSA_SHA256,
            SignatureAlgorithm::EcdsaSha256 => ECDSA_SHA256,
        }
    }

    /// The algorithm with that object identifier.
    #[must_use]
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.oid() == *oid)
    }

    /// DER of the AlgorithmIdentifier: parameters NULL for RSA (RFC 4055 5), absent for ECDSA (RFC 5758 3.2).
    #[must_use]
    pub fn identifier_der(self) -> Vec<u8> {
        let parameters = match self {
            SignatureAlgorithm::EcdsaSha256 => None,
            _ => Some(der::asn1::AnyRef::NULL),
        };
        AlgorithmIdentifierRef {
            oid: self.oid(),
            parameters,
        }
        .to_der()
        .expect("an object identifier and NULL always encode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_read_back() {
        for algorithm in KeyAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        let error = "rsa-512".parse::<KeyAlgorithm>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown key algorithm `rsa-512`; use rsa-1024, rsa-2048, rsa-3072, rsa-4096 or p-256"
        );
    }

    #[test]
    fn identifiers_are_those_of_rfc_3279_and_rfc_5758() {
        let check = |algorithm: SignatureAlgorithm, expected: &[u8]| {
            assert_eq!(algorithm.identifier_der(), expected);
            assert_eq!(
                SignatureAlgorithm::from_oid(&algorithm.oid()),
                Some(algorithm)
            );
        };
        check(
            SignatureAlgorithm::RsaSha1,
            b"\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05\x05\x00",
        );
        check(
            SignatureAlgorithm::RsaSha256,
            b"\x30\x0D\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B\x05\x00",
        );
        check(
            SignatureAlgorithm::EcdsaSha256,
            b"\x30\x0A\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02",
        );
    }
}
