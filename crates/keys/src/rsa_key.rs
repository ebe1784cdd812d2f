//! RSA arithmetic over blocks of octets, and the numbers of a key.

use crate::{KeyAlgorithm, KeyError};
use alloc::vec::Vec;
use core::convert::Infallible;
use rsa::{
    BoxedUint, Oaep, PrivateKey as RsaPrivateKey, PublicKey as RsaPublicKey, hazmat,
    rand_core::{TryCryptoRng, TryRng},
    traits::{PrivateKeyParts, PublicKeyParts},
};

/// The numbers of an RSA private key, big endian.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaComponents {
    /// Modulus.
    pub n: Vec<u8>,
    /// Public exponent.
    pub e: Vec<u8>,
    /// Private exponent.
    pub d: Vec<u8>,
    /// First prime.
    pub p: Vec<u8>,
    /// Second prime.
    pub q: Vec<u8>,
}

/// Bounds on the modulus of a foreign key: below, nothing that Windows ever issued; above, a verification costs too
/// much.
const MODULUS_BITS: core::ops::RangeInclusive<u32> = 512..=16_384;

/// Takes the place of the generator for blinding: there is no one to hide timings from, and no randomness to draw.
enum NoBlinding {}

impl TryRng for NoBlinding {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        match *self {}
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        match *self {}
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        match *self {}
    }
}

impl TryCryptoRng for NoBlinding {}

pub(crate) fn from_components(components: &RsaComponents) -> Result<RsaPrivateKey, KeyError> {
    let longest = *MODULUS_BITS.end() as usize / 8;
    let numbers = [&components.n, &components.e, &components.d, &components.p, &components.q];
    if numbers.iter().any(|number| number.len() > longest + 1) {
        return Err(KeyError::InconsistentPrivateKey);
    }
    let [n, e, d, p, q] = numbers.map(|number| BoxedUint::from_be_slice_vartime(number));
    RsaPrivateKey::from_components(n, e, d, alloc::vec![p, q]).map_err(|_| KeyError::InconsistentPrivateKey)
}

/// The key of two primes, e = 65537; numbers that are no primes are found out as far as `n` and `d` show it.
pub(crate) fn from_primes(p: &[u8], q: &[u8]) -> Result<RsaPrivateKey, KeyError> {
    let longest = *MODULUS_BITS.end() as usize / 16;
    if [p, q].iter().any(|prime| prime.len() > longest || prime.last().is_none_or(|octet| octet % 2 == 0)) {
        return Err(KeyError::InconsistentPrivateKey);
    }
    let [p, q] = [p, q].map(BoxedUint::from_be_slice_vartime);
    let key = RsaPrivateKey::from_p_q(p, q, BoxedUint::from(65_537_u64));
    key.and_then(|key| key.validate().map(|()| key)).map_err(|_| KeyError::InconsistentPrivateKey)
}

pub(crate) fn components(key: &RsaPrivateKey) -> RsaComponents {
    let (n, e) = public_parts(key);
    RsaComponents { n, e, d: trimmed(key.d()), p: trimmed(&key.primes()[0]), q: trimmed(&key.primes()[1]) }
}

/// Modulus and exponent, big endian.
pub(crate) fn public_parts(key: &RsaPrivateKey) -> (Vec<u8>, Vec<u8>) {
    (trimmed(key.n()), trimmed(key.e()))
}

fn trimmed(number: &BoxedUint) -> Vec<u8> {
    number.to_be_bytes_trimmed_vartime().to_vec()
}

pub(crate) fn modulus_bits(key: &RsaPrivateKey) -> u32 {
    key.n().bit_width()
}

/// The RSA key algorithm with a modulus of exactly `bits` bits.
pub(crate) fn algorithm(bits: u32) -> Option<KeyAlgorithm> {
    KeyAlgorithm::rsa_at_least(bits).filter(|algorithm| algorithm.bits() == bits)
}

/// Bits of a number without leading zero octets.
pub(crate) fn bits(number: &[u8]) -> u32 {
    number.first().map_or(0, |first| number.len() as u32 * 8 - first.leading_zeros())
}

/// Bounds of [`KeyError::InvalidPublicKey`].
pub(crate) fn check_public(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyError> {
    let odd = |number: &[u8]| number.last().is_some_and(|octet| octet % 2 == 1);
    if odd(modulus) && odd(exponent) && MODULUS_BITS.contains(&bits(modulus)) && (2..=64).contains(&bits(exponent)) {
        Ok(())
    } else {
        Err(KeyError::InvalidPublicKey)
    }
}

/// RSADP and RSASP1 (RFC 8017 5.1.2, 5.2.1).
pub(crate) fn apply_private(key: &RsaPrivateKey, block: &[u8]) -> Result<Vec<u8>, KeyError> {
    let number = number_below(block, key.size(), key.n().as_ref())?;
    let result = hazmat::rsa_decrypt::<NoBlinding>(None, key, &number).map_err(|_| KeyError::BlockOutOfRange)?;
    Ok(octets(&result, key.size()))
}

/// RSAEP and RSAVP1 (RFC 8017 5.1.1, 5.2.2); modulus and exponent passed [`check_public`].
pub(crate) fn apply_public(modulus: &[u8], exponent: &[u8], block: &[u8]) -> Result<Vec<u8>, KeyError> {
    let n = BoxedUint::from_be_slice_vartime(modulus);
    let number = number_below(block, modulus.len(), &n)?;
    let key = RsaPublicKey::new_unchecked(n, BoxedUint::from_be_slice_vartime(exponent));
    let result = hazmat::rsa_encrypt(&key, &number).map_err(|_| KeyError::BlockOutOfRange)?;
    Ok(octets(&result, modulus.len()))
}

pub(crate) fn decrypt_oaep_sha1(key: &RsaPrivateKey, ciphertext: &[u8]) -> Result<Vec<u8>, KeyError> {
    number_below(ciphertext, key.size(), key.n().as_ref())?;
    key.decrypt(Oaep::<sha1::Sha1>::new(), ciphertext).map_err(|_| KeyError::Padding)
}

fn number_below(block: &[u8], length: usize, modulus: &BoxedUint) -> Result<BoxedUint, KeyError> {
    if block.len() != length {
        return Err(KeyError::BlockOutOfRange);
    }
    let number = BoxedUint::from_be_slice(block, modulus.bits_precision()).map_err(|_| KeyError::BlockOutOfRange)?;
    if number < *modulus { Ok(number) } else { Err(KeyError::BlockOutOfRange) }
}

/// Big endian, padded with zeros to `length`.
fn octets(number: &BoxedUint, length: usize) -> Vec<u8> {
    let trimmed = number.to_be_bytes_trimmed_vartime();
    let mut padded = alloc::vec![0; length.saturating_sub(trimmed.len())];
    padded.extend_from_slice(&trimmed);
    padded
}
