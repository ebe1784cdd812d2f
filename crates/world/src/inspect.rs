//! What only cryptography and the network can tell about a certificate: its chain.

use autoenroll_keys::PublicKey;
use autoenroll_model::{FileTime, HResult, TrustStore};
use autoenroll_wire::{Certificate, SignedWith};

use crate::stores::TrustStores;

/// A chain is never longer: a CA hierarchy has three or four floors, and rings of cross certificates must end
/// somewhere.
const MOST_ISSUERS: usize = 8;

/// Builds the chain of a certificate at a wall time. `reachable` are CA certificates that the certificate's own
/// pointers lead to; they help to find issuers, but only the machine's Root store is trusted. Whether the certificate
/// itself has expired is not judged, only its issuers.
pub(crate) fn chain(certificate: &Certificate, trust: &TrustStores, reachable: &[Vec<u8>], wall: FileTime) -> HResult {
    let mut current = certificate.clone();
    for _ in 0..MOST_ISSUERS {
        if current.is_self_issued() && signed_by(&current, &current) {
            let trusted = trust.get(TrustStore::Root).contains(&current.raw);
            // X6.1.0x800B0109
            return if trusted { HResult::S_OK } else { HResult::CERT_E_UNTRUSTEDROOT };
        }
        let known = trust.get(TrustStore::Root).iter().chain(trust.get(TrustStore::Ca)).chain(reachable);
        let parsed = known.filter_map(|der| Certificate::parse(der).ok());
        let Some(issuer) = parsed.into_iter().find(|issuer| issuer.is_ca() && signed_by(&current, issuer)) else {
            return HResult::CERT_E_CHAINING;
        };
        if wall < issuer.not_before || wall > issuer.not_after {
            // X6.1.0x800B0101
            return HResult::CERT_E_EXPIRED;
        }
        current = issuer;
    }
    HResult::CERT_E_CHAINING
}

/// Whether `issuer` has signed `certificate`: name and signature.
pub(crate) fn signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    match certificate.signed_with {
        SignedWith::Key(algorithm) if certificate.issuer_der == issuer.subject_der => {
            PublicKey::from_spki_der(&issuer.public_key)
                .is_ok_and(|key| key.verify(algorithm, &certificate.signed, &certificate.signature).is_ok())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_ca::{CaDescription, CaIdentity};
    use autoenroll_keys::Seed;
    use autoenroll_model::{Certificates, Duration};

    use super::*;

    #[test]
    fn a_chain_ends_in_the_root_store_or_nowhere() {
        let start = FileTime::from_unix_seconds(1_772_438_400);
        let root = CaIdentity::root(&Seed::from(1), CaDescription::new("Root", start)).unwrap();
        let years =
            |years: u64| CaDescription { validity: Duration::days(365 * years), ..CaDescription::new("Sub", start) };
        let sub = root.subordinate(&Seed::from(1), years(2)).unwrap();
        let leaf = sub.subordinate(&Seed::from(1), CaDescription::new("Leaf", start)).unwrap();
        let leaf = Certificate::parse(leaf.certificate()).unwrap();
        let (root, sub) = (root.certificate().to_vec(), sub.certificate().to_vec());

        let check = |roots: &[&Vec<u8>], reachable: &[&Vec<u8>], at: FileTime, expected: HResult| {
            let mut trust = TrustStores::default();
            trust.set(TrustStore::Root, &Certificates(roots.iter().map(|der| (*der).clone()).collect()));
            let reachable: Vec<_> = reachable.iter().map(|der| (*der).clone()).collect();
            assert_eq!(chain(&leaf, &trust, &reachable, at), expected);
        };
        let year = start + Duration::days(365);
        check(&[&root], &[&sub], year, HResult::S_OK);
        check(&[&root], &[], year, HResult::CERT_E_CHAINING);
        check(&[], &[&sub, &root], year, HResult::CERT_E_UNTRUSTEDROOT);
        check(&[], &[&sub], year, HResult::CERT_E_CHAINING);
        check(&[&root], &[&sub], start + Duration::days(900), HResult::CERT_E_EXPIRED);
        check(&[&sub], &[], year, HResult::CERT_E_CHAINING);
    }
}
