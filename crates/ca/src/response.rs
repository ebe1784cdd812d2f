//! What a CA answers beside the certificate ([MS-WCCE] 3.2.1.4.2.1.4.8).

use autoenroll_keys::SignatureAlgorithm;
use autoenroll_wire::Certificate;
use autoenroll_wire::cmc::{self, Status};
use autoenroll_wire::cms::{UnsignedSigner, certs_only};

use crate::database::{RequestState, Row};
use crate::hierarchy::CaIdentity;

/// The certificate and its chain, in a message without content or signers.
pub(crate) fn certificates(identity: &CaIdentity, certificate: &[u8]) -> Vec<u8> {
    let mut list = vec![certificate.to_vec()];
    list.extend(identity.chain());
    certs_only(&list).expect("certificates that were made here are DER").raw
}

/// A full CMC response, signed by the CA: status, and hash and chain of the certificate if there is one.
pub(crate) fn full(
    identity: &CaIdentity,
    algorithm: SignatureAlgorithm,
    row: &Row,
    certificate: Option<&[u8]>,
) -> Vec<u8> {
    let status = match row.state {
        RequestState::Issued | RequestState::Revoked { .. } => Status::Success,
        RequestState::Pending => Status::Pending,
        RequestState::Denied(_) | RequestState::Failed(_) => Status::Failed,
    };
    let own = Certificate::parse(identity.certificate()).expect("the CA certificate was made here");
    let mut message = cmc::full_response(status, &row.message, certificate);
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
