//! Signatures with a key on the card.

use autoenroll_apdu::gids::{Algorithm, Padding, commands};
use autoenroll_keys::{digest, digest_info, ecdsa_der_from_raw};
use autoenroll_model::{HResult, SignatureAlgorithm};

use super::transaction::{CardTransaction, key_of};
use crate::script::Halt;

/// Hashes the message and has the card sign it. For RSA the card pads the DigestInfo that the host built; for P-256 it
/// signs the bare hash, of which it takes the first 256 bits (FIPS 186-5 6.4.1), and gives r and s, which become an
/// ECDSA-Sig-Value.
pub(crate) fn sign(
    card: &mut CardTransaction<'_>,
    container: &str,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, Halt> {
    let (_, index) = card.find_container(container)?;
    let (reference, algorithm_byte, _) = key_of(&card.key_map()?, index)?;
    let key_algorithm = Algorithm::from_byte(algorithm_byte).ok_or(Halt::Failed(HResult::NTE_BAD_ALGID))?;

    let hash = digest(algorithm.hash(), message);
    let (padding, input) = match (algorithm.is_rsa(), key_algorithm) {
        (true, key) if key.is_rsa() => (Padding::Pkcs1Sign, digest_info(algorithm.hash(), &hash)),
        (false, Algorithm::Ecc256) => (Padding::RawSign, hash),
        _ => return Err(Halt::Failed(HResult::NTE_BAD_ALGID)),
    };
    card.ask_key(&commands::choose_signature_key(reference, padding, key_algorithm))?;
    let signature = card.ask_key(&commands::sign(&input))?;
    if algorithm.is_rsa() {
        return Ok(signature);
    }
    let raw = <&[u8; 64]>::try_from(signature.as_slice()).map_err(|_| Halt::Failed(HResult::NTE_FAIL))?;
    Ok(ecdsa_der_from_raw(raw))
}
