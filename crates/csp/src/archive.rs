//! Key archival: a private key in a message that only the CA can open ([MS-WCCE] 3.1.1.4.3.6).

use autoenroll_keys::{PrivateKey, PublicKey, Seed};
use autoenroll_model::HResult;
use autoenroll_wire::asn1::{self, tag};
use autoenroll_wire::{Certificate, WireError, oids};
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use des::TdesEde3;

use crate::entropy::purpose;

/// The private key as a CryptoAPI blob, encrypted to the exchange certificate of a CA: CMS EnvelopedData (RFC 5652 6)
/// in a ContentInfo, with RSA key transport and three-key triple DES, which is what Windows XP and Server 2003 send.
/// The content key, its vector and the padding come from the seed.
pub(crate) fn envelope(key: &PrivateKey, exchange_certificate: &[u8], seed: &Seed) -> Result<Vec<u8>, HResult> {
    let certificate = Certificate::parse(exchange_certificate).map_err(|_| HResult::ERROR_INVALID_DATA)?;
    let recipient = PublicKey::from_spki_der(&certificate.public_key).map_err(|_| HResult::NTE_NOT_SUPPORTED)?;
    let blob = private_key_blob(key).ok_or(HResult::NTE_NOT_SUPPORTED)?;

    let content_key: [u8; 24] = part(&purpose(seed, "content key"));
    let vector: [u8; 8] = part(&purpose(seed, "vector"));
    let transported = recipient.encrypt_pkcs1(&content_key, &purpose(seed, "key transport"));
    let transported = transported.map_err(|_| HResult::NTE_NOT_SUPPORTED)?;
    Ok(enveloped_data(&certificate, &transported, &vector, &encrypt(&content_key, &vector, blob)))
}

/// The PRIVATEKEYBLOB of an RSA key, all numbers little endian ([MS-WCCE] 2.2.2.9.1); `None` for other keys.
fn private_key_blob(key: &PrivateKey) -> Option<Vec<u8>> {
    /// `CALG_RSA_KEYX`.
    const KEY_EXCHANGE: u32 = 0x0000_A400;
    key.rsa_components()?;
    let bits = key.algorithm().bits();
    let bytes = bits as usize / 8;
    let [n, e, d, p, q, dp, dq, qinv] = rsa_numbers(&key.pkcs8_der()).ok()?;

    let mut blob = vec![0x07, 0x02, 0, 0];
    blob.extend_from_slice(&KEY_EXCHANGE.to_le_bytes());
    blob.extend_from_slice(b"RSA2");
    blob.extend_from_slice(&bits.to_le_bytes());
    let fields = [
        (&e, 4),
        (&n, bytes),
        (&p, bytes / 2),
        (&q, bytes / 2),
        (&dp, bytes / 2),
        (&dq, bytes / 2),
        (&qinv, bytes / 2),
        (&d, bytes),
    ];
    for (number, length) in fields {
        let padding = length.checked_sub(number.len())?;
        blob.extend(number.iter().rev());
        blob.resize(blob.len() + padding, 0);
    }
    Some(blob)
}

/// n, e, d, p, q, d mod p-1, d mod q-1 and 1/q mod p, from PKCS #8: big endian, without leading zeros.
fn rsa_numbers(pkcs8: &[u8]) -> Result<[Vec<u8>; 8], WireError> {
    let mut info = asn1::single("private key", pkcs8)?.expect(tag::SEQUENCE)?.reader();
    info.expect(tag::INTEGER)?;
    info.expect(tag::SEQUENCE)?;
    let key = info.expect(tag::OCTET_STRING)?.content;
    let mut key = asn1::single("RSA private key", key)?.expect(tag::SEQUENCE)?.reader();
    key.expect(tag::INTEGER)?;
    let mut numbers = [const { Vec::new() }; 8];
    for number in &mut numbers {
        let content = key.expect(tag::INTEGER)?.content;
        *number = content.strip_prefix(&[0]).unwrap_or(content).to_vec();
    }
    Ok(numbers)
}

/// DES-EDE3-CBC with the padding of RFC 5652 6.3.
fn encrypt(key: &[u8; 24], vector: &[u8; 8], mut text: Vec<u8>) -> Vec<u8> {
    let padding = 8 - text.len() % 8;
    text.resize(text.len() + padding, padding as u8);
    let mut cipher = cbc::Encryptor::<TdesEde3>::new(key.into(), vector.into());
    for block in text.as_chunks_mut::<8>().0 {
        cipher.encrypt_block(block.into());
    }
    text
}

fn enveloped_data(recipient: &Certificate, transported: &[u8], vector: &[u8], content: &[u8]) -> Vec<u8> {
    /// `des-EDE3-CBC` (RFC 3370 5.1).
    const DES_EDE3_CBC: &str = "1.2.840.113549.3.7";
    let oid = |dotted: &'static str| asn1::oid(&oids::known(dotted));
    let serial = asn1::tlv(tag::INTEGER, &recipient.serial);
    let recipient_info = asn1::sequence(&[
        asn1::integer(0),
        asn1::sequence(&[&recipient.issuer_der, &serial]),
        asn1::sequence(&[oid(oids::RSA_ENCRYPTION), asn1::null()]),
        asn1::octet_string(transported),
    ]);
    let content_info = asn1::sequence(&[
        oid(oids::DATA),
        asn1::sequence(&[oid(DES_EDE3_CBC), asn1::octet_string(vector)]),
        asn1::tlv(tag::context(0), content),
    ]);
    let enveloped = asn1::sequence(&[asn1::integer(0), asn1::set_of(vec![recipient_info]), content_info]);
    asn1::sequence(&[oid(oids::ENVELOPED_DATA), asn1::explicit(0, &enveloped)])
}

fn part<const N: usize>(entropy: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| entropy[at])
}

#[cfg(test)]
mod tests {
    use autoenroll_keys::KeyAlgorithm;

    use super::*;

    #[test]
    fn a_blob_has_the_layout_of_cryptoapi() {
        let check = |algorithm: KeyAlgorithm, length: usize| {
            let key = PrivateKey::from_pool(algorithm, &[1; 32]);
            let blob = private_key_blob(&key).unwrap();
            let parts = key.rsa_components().unwrap();
            let bytes = algorithm.bits() as usize / 8;
            assert_eq!(blob.len(), length);
            assert_eq!(blob[..12], *b"\x07\x02\0\0\0\xA4\0\0RSA2");
            assert_eq!(blob[12..20], [algorithm.bits().to_le_bytes(), [1, 0, 1, 0]].concat());
            let reversed = |number: &[u8]| number.iter().rev().copied().collect::<Vec<_>>();
            assert_eq!(blob[20..20 + bytes], reversed(&parts.n));
            assert_eq!(blob[20 + bytes..][..bytes / 2], reversed(&parts.p));
            assert!(blob[20 + bytes * 7 / 2..].starts_with(&reversed(&parts.d)));
        };
        check(KeyAlgorithm::Rsa1024, 20 + 128 * 9 / 2);
        check(KeyAlgorithm::Rsa2048, 20 + 256 * 9 / 2);
        assert_eq!(private_key_blob(&PrivateKey::from_pool(KeyAlgorithm::P256, &[1; 32])), None);
    }

    #[test]
    fn what_is_no_certificate_archives_nothing() {
        let key = PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &[1; 32]);
        assert_eq!(envelope(&key, b"\x30\x00", &Seed::default()), Err(HResult::ERROR_INVALID_DATA));
    }
}
