//! Certificates: one object for each slot, its hash in the container map.

use autoenroll_apdu::piv::CertificateObject;
use autoenroll_keys::sha1;
use autoenroll_model::HResult;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::containers::{find, find_record};
use super::transaction::PivTransaction;
use crate::minidriver::Refusal;
use crate::script::Halt;

/// Longest certificate that is inflated.
const LONGEST: usize = 65_535;

/// The certificate of a container, DER.
pub(crate) fn read(card: &mut PivTransaction<'_>, name: &str) -> Result<Vec<u8>, Halt> {
    let container = find(card, name)?;
    let object = card.read(container.slot.certificate())?;
    let object = object.ok_or(Halt::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE))?;
    unpack(&object).ok_or(Halt::Failed(HResult::NTE_FAIL))
}

/// Stores the certificate of a container as it is, and its hash in the container map. Certificate before hash: cut
/// short between them, the map says nothing of a certificate that is there, and hosts look for themselves.
pub(crate) fn write(card: &mut PivTransaction<'_>, name: &str, certificate: &[u8]) -> Result<(), Halt> {
    let container = find(card, name)?;
    // K8.7.refuses
    if container.has_certificate && card.target.minidriver.refuses.contains(&Refusal::ReplaceCertificate) {
        return Err(Halt::Failed(HResult::SCARD_E_UNSUPPORTED_FEATURE));
    }
    card.authenticate()?;
    let object = CertificateObject { certificate, gzip: false }.encode();
    card.write(container.slot.certificate(), &object)?;
    if container.bits.is_none() {
        return Ok(());
    }
    let (mut map, at) = find_record(card, name)?;
    map.0[at].thumbprint = sha1(certificate);
    card.write_map(&map)
}

/// The certificate in an object; `None` when the object is damaged.
pub(super) fn unpack(object: &[u8]) -> Option<Vec<u8>> {
    let object = CertificateObject::parse(object)?;
    if object.gzip { gunzip(object.certificate) } else { Some(object.certificate.to_vec()) }
}

/// One member of a gzip file (RFC 1952 2.3) without optional fields. The length at its end is compared, the check value
/// is not.
fn gunzip(file: &[u8]) -> Option<Vec<u8>> {
    let (body, length) = file.strip_prefix(&[0x1F, 0x8B, 0x08, 0x00])?.get(6..)?.split_last_chunk::<4>()?;
    let (deflate, _check) = body.split_last_chunk::<4>()?;
    let inflated = decompress_to_vec_with_limit(deflate, LONGEST).ok()?;
    (inflated.len() == usize::try_from(u32::from_le_bytes(*length)).ok()?).then_some(inflated)
}
