//! What a CA answers beside the certificate ([MS-WCCE] 3.2.1.4.2.1.4.8).

use autoenroll_keys::{HashAlgorithm, SignatureAlgorithm};
use autoenroll_wire::asn1::{self, tag};
use autoenroll_wire::cmc::{AddAttributes, Control, PkiResponse};
use autoenroll_wire::cms::{UnsignedMessage, UnsignedSigner, certs_only};
use autoenroll_wire::{Attribute, Attributes, Certificate, digest, oids};

use crate::database::{RequestState, Row};
use crate::hierarchy::CaIdentity;

/// The certificate and its chain, in a message without content or signers.
pub(crate) fn certificates(identity: &CaIdentity, certificate: &[u8]) -> Vec<u8> {
    let mut list = vec![certificate.to_vec()];
    list.extend(identity.chain());
    certs_only(&list).expect("certificates that were made here are DER").raw
}

/// A full CMC response, signed by the CA: status, and hash and chain of the certificate if there is one, with the hash
/// of the private key archived for it.
pub(crate) fn full(
    identity: &CaIdentity,
    algorithm: SignatureAlgorithm,
    row: &Row,
    certificate: Option<&[u8]>,
) -> Vec<u8> {
    let own = Certificate::parse(identity.certificate()).expect("the CA certificate was made here");
    let mut controls = vec![status(row)];
    if let Some(certificate) = certificate {
        let hash = digest(HashAlgorithm::Sha1, certificate);
        let mut attributes = vec![Attribute::new(oids::ISSUED_CERT_HASH, asn1::octet_string(&hash))];
        attributes.extend(row.archived_key_hash.clone());
        let attributes = AddAttributes { data_reference: 0, body_parts: vec![1], attributes: Attributes(attributes) };
        controls.push(attributes.to_control(2));
    }
    let mut message = UnsignedMessage::new(oids::PKI_RESPONSE, PkiResponse { controls }.to_der());
    for one in certificate.map(<[u8]>::to_vec).into_iter().chain(identity.chain()) {
        message = message.with_certificate(&one);
    }
    message = message.with_signer(UnsignedSigner::new(own.signer_id(), algorithm));
    while let Some((signer, tbs)) = message.next_tbs() {
        let signature = identity.private_key().sign(algorithm, &tbs);
        message.sign(signer, signature.expect("the algorithm was chosen for this key"));
    }
    message.finish().expect("the only signer has signed").raw
}

/// CMCStatusInfo (RFC 2797 5.1). A pending request is told its number and when it came; the number is four octets,
/// little endian, which no document says.
fn status(row: &Row) -> Control {
    let (status, pending) = match row.state {
        RequestState::Issued | RequestState::Revoked { .. } => (0, None),
        RequestState::Denied(_) | RequestState::Failed(_) => (2, None),
        RequestState::Pending => (3, Some(row.submitted)),
    };
    let pending = pending.map(|submitted| {
        let text = submitted.to_string();
        let digits: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
        let time = asn1::tlv(tag::GENERALIZED_TIME, format!("{digits}Z").as_bytes());
        asn1::sequence(&[asn1::octet_string(&row.id.to_le_bytes()), time])
    });
    let value = asn1::sequence(&[
        asn1::integer(status),
        asn1::sequence(&[asn1::integer(1)]),
        asn1::utf8_string(&row.message),
        pending.unwrap_or_default(),
    ]);
    Control { body_part: 1, oid: oids::known(oids::CMC_STATUS_INFO), values: vec![value] }
}
