//! Signatures with a key on the card.

use autoenroll_apdu::gids::{Algorithm, Padding, commands};
use autoenroll_keys::{HashAlgorithm, digest_info, ecdsa_der_from_raw};
use autoenroll_model::{HResult, SignatureAlgorithm};

use crate::script::Halt;
use crate::transaction::{Transaction, key_of};

/// Hashes the message and has the card sign it. For RSA the card pads the DigestInfo that the host built; for P-256 it signs
/// the bare hash and gives r and s, which become an ECDSA-Sig-Value.
pub(crate) fn sign(
    card: &mut Transaction<'_>,
    container: &str,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, Halt> {
    let (_, index) = card.find_container(container)?;
    let (reference, algorithm_byte, _) = key_of(&card.key_map()?, index)?;
    let key_algorithm = Algorithm::from_byte(algorithm_byte).ok_or(Halt::Failed(HResult::NTE_BAD_ALGID))?;

    let hash = HashAlgorithm::of(algorithm);
    let digest = hash.digest(message);
    let (padding, input) = match (algorithm, key_algorithm) {
        (SignatureAlgorithm::RsaSha1 | SignatureAlgorithm::RsaSha256, key) if key.is_rsa() => {
            (Padding::Pkcs1Sign, digest_info(hash, &digest))
        }
        (SignatureAlgorithm::EcdsaSha256, Algorithm::Ecc256) => (Padding::RawSign, digest),
        _ => return Err(Halt::Failed(HResult::NTE_BAD_ALGID)),
    };
    card.ask_key(&commands::choose_signature_key(reference, padding, key_algorithm))?;
    let signature = card.ask_key(&commands::sign(&input))?;
    match algorithm {
        SignatureAlgorithm::RsaSha1 | SignatureAlgorithm::RsaSha256 => Ok(signature),
        SignatureAlgorithm::EcdsaSha256 => {
            let raw = <&[u8; 64]>::try_from(signature.as_slice()).map_err(|_| Halt::Failed(HResult::NTE_FAIL))?;
            Ok(ecdsa_der_from_raw(raw))
        }
    }
}
