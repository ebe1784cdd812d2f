//! P-256: scalars from entropy, ECDSA with the nonce of RFC 6979, and the two forms of its signatures.

use crate::{KeyError, entropy};
use alloc::vec::Vec;
use p256::{
    PublicKey,
    ecdh::diffie_hellman,
    ecdsa::{
        DerSignature, Signature, SigningKey, VerifyingKey,
        signature::hazmat::{PrehashSigner, PrehashVerifier},
    },
};

/// The key whose scalar is the first hash of (entropy, attempt) in range. All but one in 2^32 first attempts are, so
/// the bound on attempts is never met.
pub(crate) fn from_entropy(entropy: &[u8; 32]) -> SigningKey {
    (0..=u8::MAX)
        .find_map(|attempt| from_scalar(&entropy::derive("p-256 scalar", &[entropy, &[attempt]])).ok())
        .expect("256 hashes in a row out of range would break SHA-256")
}

pub(crate) fn from_scalar(scalar: &[u8; 32]) -> Result<SigningKey, KeyError> {
    SigningKey::from_slice(scalar).map_err(|_| KeyError::InconsistentPrivateKey)
}

pub(crate) fn public_point(key: &SigningKey) -> [u8; 65] {
    uncompressed_point(key.verifying_key())
}

/// The point `04 x y` from either form of SEC 1 2.3.3.
pub(crate) fn uncompressed(point: &[u8]) -> Result<[u8; 65], KeyError> {
    VerifyingKey::from_sec1_bytes(point).map(|key| uncompressed_point(&key)).map_err(|_| KeyError::InvalidPublicKey)
}

fn uncompressed_point(key: &VerifyingKey) -> [u8; 65] {
    key.to_sec1_point(false).as_bytes().try_into().expect("an uncompressed point of P-256 has 65 octets")
}

pub(crate) fn sign_prehash(key: &SigningKey, hash: &[u8]) -> Result<[u8; 64], KeyError> {
    check_hash_length(hash)?;
    let signature: Signature = key.sign_prehash(hash).map_err(|_| KeyError::HashLength { found: hash.len() })?;
    Ok(signature.to_bytes().into())
}

/// The abscissa of the point that both sides of an elliptic-curve Diffie-Hellman agree on.
pub(crate) fn agree(key: &SigningKey, point: &[u8]) -> Result<[u8; 32], KeyError> {
    let other = PublicKey::from_sec1_bytes(point).map_err(|_| KeyError::InvalidPublicKey)?;
    Ok((*diffie_hellman(key.as_nonzero_scalar(), other.as_affine()).raw_secret_bytes()).into())
}

pub(crate) fn verify_prehash(point: &[u8; 65], hash: &[u8], der: &[u8]) -> Result<(), KeyError> {
    check_hash_length(hash)?;
    let key = VerifyingKey::from_sec1_bytes(point).map_err(|_| KeyError::InvalidPublicKey)?;
    let signature = Signature::from_der(der).map_err(|_| KeyError::BadSignature)?;
    key.verify_prehash(hash, &signature).map_err(|_| KeyError::BadSignature)
}

pub(crate) fn check_hash_length(hash: &[u8]) -> Result<(), KeyError> {
    if (20..=64).contains(&hash.len()) { Ok(()) } else { Err(KeyError::HashLength { found: hash.len() }) }
}

/// `SEQUENCE { r, s }` (RFC 3279 2.2.3) from r and s of 32 octets each, as cards return them.
///
/// A zero r or s is no signature; it becomes the sequence of zero octets `INTEGER 0`, which verifies under no key.
#[must_use]
pub fn ecdsa_der_from_raw(raw: &[u8; 64]) -> Vec<u8> {
    let integer = |octets: &[u8]| {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let digits = &octets[zeros.min(31)..];
        let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
        [&[0x02, (digits.len() + sign.len()) as u8], sign, digits].concat()
    };
    let (r, s) = (integer(&raw[..32]), integer(&raw[32..]));
    [&[0x30, (r.len() + s.len()) as u8], r.as_slice(), &s].concat()
}

/// r and s of 32 octets each, from `SEQUENCE { r, s }`.
///
/// # Errors
/// [`KeyError::BadSignature`] when the bytes are no such sequence of two numbers in range.
pub fn ecdsa_raw_from_der(der: &[u8]) -> Result<[u8; 64], KeyError> {
    let signature = DerSignature::try_from(der).map_err(|_| KeyError::BadSignature)?;
    let signature = Signature::try_from(signature).map_err(|_| KeyError::BadSignature)?;
    Ok(signature.to_bytes().into())
}
