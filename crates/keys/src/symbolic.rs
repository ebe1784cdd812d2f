//! Symbolic keys: they look like keys and sign like keys, and everything about them is a hash of their public half.
//!
//! Whoever knows the public key can sign with it. That costs a few hashes instead of a modular exponentiation, which is
//! what long simulations want, and proves nothing: programs of others refuse these signatures, and cannot encrypt
//! anything that such a key opens. A public key shows by its form that it is symbolic: all octets of a modulus but the
//! first 32 follow from these, and a point has an ordinate that follows from its abscissa and is on no curve.

use crate::entropy::derive;
use crate::{KeyAlgorithm, KeyError, RsaComponents};
use alloc::vec::Vec;
use der::{
    Encode, Sequence,
    asn1::{BitStringRef, OctetStringRef, UintRef},
};
use rsa::pkcs1::RsaPrivateKey;

/// Octets of a modulus that are drawn, and of a block that carry its hash to the others.
const DRAWN: usize = 32;

/// e = 65537, as all keys of the pools have it.
pub(crate) const EXPONENT: [u8; 3] = [1, 0, 1];

/// A modulus of that many bits: odd, with its first bit set.
pub(crate) fn modulus(algorithm: KeyAlgorithm, seed: &[u8; 32]) -> Vec<u8> {
    let mut drawn = derive("symbolic modulus", &[algorithm.as_str().as_bytes(), seed]);
    drawn[0] |= 0x80;
    let mut modulus = drawn.to_vec();
    modulus.extend(stream("symbolic modulus octets", &[&drawn], algorithm.bits() as usize / 8 - DRAWN));
    if let Some(last) = modulus.last_mut() {
        *last |= 1;
    }
    modulus
}

/// Whether [`modulus`] can have made it.
pub(crate) fn is_modulus(modulus: &[u8]) -> bool {
    let Some((drawn, rest)) = modulus.split_at_checked(DRAWN).filter(|(_, rest)| rest.len() >= DRAWN) else {
        return false;
    };
    // A real key is found out by the first block.
    let begins = rest.starts_with(&block("symbolic modulus octets", &[drawn], 0));
    let Some((last, between)) = rest.split_last().filter(|_| begins) else { return false };
    let expected = stream("symbolic modulus octets", &[drawn], rest.len());
    drawn[0] >= 0x80 && expected.starts_with(between) && expected.last().is_some_and(|expected| *last == expected | 1)
}

/// The point `04 x y` of a key.
pub(crate) fn point(seed: &[u8; 32]) -> [u8; 65] {
    let mut abscissa = derive("symbolic point", &[seed]);
    // Below the prime of the field, as coordinates are.
    abscissa[0] &= 0x7F;
    let mut point = [4; 65];
    point[1..33].copy_from_slice(&abscissa);
    point[33..].copy_from_slice(&ordinate(&abscissa));
    point
}

/// Whether [`point`] can have made it.
pub(crate) fn is_point(point: &[u8]) -> bool {
    match point.split_first() {
        Some((4, coordinates)) if coordinates.len() == 64 && coordinates[0] < 0x80 => {
            coordinates[32..] == ordinate(&coordinates[..32])
        }
        _ => false,
    }
}

fn ordinate(abscissa: &[u8]) -> [u8; 32] {
    let mut ordinate = derive("symbolic point ordinate", &[abscissa]);
    ordinate[0] &= 0x7F;
    ordinate
}

/// The private operation over a block that is as long as the modulus and below it. Its result is below the modulus, and
/// [`apply_public`] gives the block again.
///
/// The last octets are masked, and the others with what follows from these, so that all of a signature follows from the
/// hash at the end of its block. A block whose first bit is set is its own image: no mask keeps it below the modulus.
pub(crate) fn apply_private(modulus: &[u8], number: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut result = below(modulus, number)?;
    if result[0] < 0x80 {
        mask_tail(modulus, &mut result);
        mask_head(modulus, &mut result);
    }
    Ok(result)
}

/// The public operation, the inverse of [`apply_private`].
pub(crate) fn apply_public(modulus: &[u8], number: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut result = below(modulus, number)?;
    if result[0] < 0x80 {
        mask_head(modulus, &mut result);
        mask_tail(modulus, &mut result);
    }
    Ok(result)
}

fn below(modulus: &[u8], number: &[u8]) -> Result<Vec<u8>, KeyError> {
    if number.len() == modulus.len() && number < modulus { Ok(number.to_vec()) } else { Err(KeyError::BlockOutOfRange) }
}

fn mask_tail(modulus: &[u8], number: &mut [u8]) {
    let start = number.len() - DRAWN;
    mask(&mut number[start..], &derive("symbolic tail", &[&modulus[..DRAWN]]));
}

fn mask_head(modulus: &[u8], number: &mut [u8]) {
    let (head, tail) = number.split_at_mut(number.len() - DRAWN);
    let mut octets = stream("symbolic head", &[&modulus[..DRAWN], tail], head.len());
    octets[0] &= 0x7F;
    mask(head, &octets);
}

fn mask(octets: &mut [u8], with: &[u8]) {
    octets.iter_mut().zip(with).for_each(|(octet, with)| *octet ^= with);
}

/// r and s over a hash of 20 to 64 octets.
pub(crate) fn sign_prehash(point: &[u8; 65], hash: &[u8]) -> [u8; 64] {
    let mut raw = [0; 64];
    for (number, half) in raw.chunks_mut(DRAWN).zip(["symbolic r", "symbolic s"]) {
        number.copy_from_slice(&derive(half, &[point, hash]));
        // Only numbers that begin so can reach the order of the curve.
        if number.starts_with(&[0xFF; 4]) {
            number[0] = 0x7F;
        }
    }
    raw
}

/// The numbers of a key, each of the length that it has in a real one; that they belong together, no arithmetic shows.
pub(crate) fn components(modulus: &[u8]) -> RsaComponents {
    let [d, p, q, ..] = numbers(modulus);
    RsaComponents { n: modulus.to_vec(), e: EXPONENT.to_vec(), d, p, q }
}

/// d, p, q, d mod p-1, d mod q-1 and 1/q mod p.
fn numbers(modulus: &[u8]) -> [Vec<u8>; 6] {
    let (all, half) = (modulus.len(), modulus.len() / 2);
    let prime = (half, 0xC0, 0xFF);
    let below = (half, 0x40, 0x7F);
    let shapes = [(all, 0x40, 0x7F), prime, prime, below, below, below];
    let mut index = 0_u8;
    shapes.map(|(length, first, mask)| {
        let mut number = stream("symbolic number", &[&modulus[..DRAWN], &[index]], length);
        index += 1;
        number[0] = number[0] & mask | first;
        number[length - 1] |= 1;
        number
    })
}

/// DER of the RSAPrivateKey (RFC 8017 A.1.2).
pub(crate) fn rsa_private_key(modulus: &[u8]) -> der::Result<Vec<u8>> {
    let [d, p, q, dp, dq, qinv] = &numbers(modulus);
    RsaPrivateKey {
        modulus: UintRef::new(modulus)?,
        public_exponent: UintRef::new(&EXPONENT)?,
        private_exponent: UintRef::new(d)?,
        prime1: UintRef::new(p)?,
        prime2: UintRef::new(q)?,
        exponent1: UintRef::new(dp)?,
        exponent2: UintRef::new(dq)?,
        coefficient: UintRef::new(qinv)?,
        other_prime_infos: None,
    }
    .to_der()
}

/// DER of the ECPrivateKey (RFC 5915 3) without the parameters, which stand beside it in PKCS #8.
pub(crate) fn ec_private_key(point: &[u8; 65]) -> der::Result<Vec<u8>> {
    let scalar = derive("symbolic scalar", &[point]);
    let key = EcPrivateKey {
        version: 1,
        private_key: OctetStringRef::new(&scalar)?,
        public_key: BitStringRef::from_bytes(point)?,
    };
    key.to_der()
}

#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    private_key: &'a OctetStringRef,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    public_key: BitStringRef<'a>,
}

fn stream(domain: &str, parts: &[&[u8]], length: usize) -> Vec<u8> {
    let mut octets: Vec<u8> =
        (0..length.div_ceil(DRAWN) as u64).flat_map(|index| block(domain, parts, index)).collect();
    octets.truncate(length);
    octets
}

fn block(domain: &str, parts: &[&[u8]], index: u64) -> [u8; 32] {
    let index = index.to_be_bytes();
    let parts: Vec<&[u8]> = parts.iter().copied().chain([index.as_slice()]).collect();
    derive(domain, &parts)
}
