//! Signatures with a key in a slot.

use autoenroll_apdu::piv::{Mechanism, commands, tag};
use autoenroll_apdu::tlv;
use autoenroll_keys::{PublicKey, digest, digest_info};
use autoenroll_model::{HResult, KeyAlgorithm, SignatureAlgorithm};
use autoenroll_wire::Certificate;

use super::certificate::unpack;
use super::containers::{Container, find};
use super::generate::mechanism;
use super::transaction::PivTransaction;
use crate::script::Halt;

/// Hashes the message and has the card sign it. For RSA the host pads (RFC 8017 9.2), for the card does nothing but raw
/// RSA; for P-256 the card signs the first 256 bits of the hash (FIPS 186-5 6.4.1) and gives an ECDSA-Sig-Value.
pub(crate) fn sign(
    card: &mut PivTransaction<'_>,
    container: &str,
    algorithm: SignatureAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, Halt> {
    let container = find(card, container)?;
    let mechanism = mechanism_of(card, &container)?;
    let hash = digest(algorithm.hash(), message);
    let octets = usize::from(mechanism.bits()) / 8;
    let is_rsa = !matches!(mechanism, Mechanism::P256 | Mechanism::P384);
    let block = match (algorithm.is_rsa(), is_rsa) {
        (true, true) => padded(&digest_info(algorithm.hash(), &hash), octets),
        (false, false) => Some(hash[..hash.len().min(octets)].to_vec()),
        _ => None,
    };
    let block = block.ok_or(Halt::Failed(HResult::NTE_BAD_ALGID))?;
    let answer = card.ask_key(&commands::use_key(container.slot, mechanism, &block))?;
    let template = tlv::read_only(&answer, tag::DYNAMIC_AUTHENTICATION);
    let signature = template.ok().and_then(|template| tlv::find(template, tag::RESPONSE).ok().flatten());
    signature.map(<[u8]>::to_vec).ok_or(Halt::Failed(HResult::NTE_FAIL))
}

/// `00 01 FF … 00 DigestInfo`, as long as the modulus; `None` when there is no room for eight bytes of filling.
fn padded(digest_info: &[u8], octets: usize) -> Option<Vec<u8>> {
    let filling = octets.checked_sub(digest_info.len() + 3).filter(|filling| *filling >= 8)?;
    let mut block = vec![0x00, 0x01];
    block.resize(2 + filling, 0xFF);
    block.push(0x00);
    block.extend_from_slice(digest_info);
    Some(block)
}

/// The algorithm of a container's key: as the record says, and without one as its certificate does.
fn mechanism_of(card: &mut PivTransaction<'_>, container: &Container) -> Result<Mechanism, Halt> {
    if let Some(bits) = container.bits {
        let known = Mechanism::ALL.into_iter().find(|mechanism| mechanism.bits() == bits);
        return known.ok_or(Halt::Failed(HResult::NTE_BAD_ALGID));
    }
    let object = card.read(container.slot.certificate())?;
    let der = object.and_then(|object| unpack(&object)).ok_or(Halt::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE))?;
    let certificate = Certificate::parse(&der).map_err(|_| Halt::Failed(HResult::NTE_FAIL))?;
    let key = PublicKey::from_spki_der(&certificate.public_key).ok();
    let algorithm: Option<KeyAlgorithm> = key.and_then(|key| key.algorithm());
    algorithm.map(mechanism).ok_or(Halt::Failed(HResult::NTE_BAD_ALGID))
}
