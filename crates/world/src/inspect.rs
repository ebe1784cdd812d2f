//! What only cryptography and the network can tell about a certificate: its chain.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_keys::PublicKey;
use autoenroll_model::{CertificateCheck, CoreFactory, FileTime, HResult, Thumbprint, TrustStore};
use autoenroll_wire::{Certificate, SignedWith, thumbprint};

use crate::hosts::{CaHost, CardHost};
use crate::session::SessionId;
use crate::stores::TrustStores;
use crate::world::World;

/// A chain is never longer: a CA hierarchy has three or four floors, and rings of cross certificates must end
/// somewhere.
const MOST_ISSUERS: usize = 8;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// What cryptography and the network say about certificates of MY, of REQUEST or of the principal's object. Each
    /// store and each CA certificate is read once, however many are asked for.
    pub(crate) fn inspect(&self, id: SessionId, principal: &str, of: &[Thumbprint]) -> Vec<CertificateCheck> {
        let Some(session) = self.sessions.get(&id) else { return Vec::new() };
        let (Some(stores), Some(computer)) = (self.stores.get(principal), self.computers.get(&*session.computer))
        else {
            return Vec::new();
        };
        let reachable = self.roots.values().chain(self.untrusted_cas.iter());
        let issuers = Issuers::new(&computer.trust, reachable);
        let mut found = BTreeMap::new();
        if let Ok(object) = self.directory.object(principal) {
            found.extend(object.certificates.iter().map(|der| (thumbprint(der), (der, None))));
        }
        // MY before REQUEST before what was in it before the object, and of two entries of REQUEST the first.
        found.extend(stores.taken().map(|(key, der)| (thumbprint(der), (der, Some(key)))));
        found.extend(stores.issued().rev().map(|(key, der)| (thumbprint(der), (der, Some(key)))));
        for stored in &stores.stores().my {
            let noted = found.get(&stored.thumbprint).and_then(|(_, key)| *key);
            let key = stored.key.as_ref().or(noted);
            found.insert(stored.thumbprint.clone(), (&stored.certificate, key));
        }
        let check = |of: &Thumbprint| {
            let (der, key) = found.get(of)?;
            let Ok(certificate) = Certificate::parse(der) else {
                let chain = HResult::CERT_E_CHAINING;
                return Some(CertificateCheck { thumbprint: of.clone(), chain, revoked: false, key_usable: false });
            };
            let key_usable = key.is_some_and(|key| match key.card {
                Some(_) => true,
                None => stores
                    .keys
                    .get(&key.provider, &key.container)
                    .is_some_and(|container| container.key.public().spki_der() == certificate.public_key),
            });
            Some(CertificateCheck {
                thumbprint: of.clone(),
                chain: issuers.chain(&certificate, self.wall()),
                revoked: self.is_revoked(&certificate),
                key_usable,
            })
        };
        of.iter().filter_map(check).collect()
    }

    /// Whether the CA that issued a certificate has revoked it.
    pub(crate) fn is_revoked(&self, certificate: &Certificate) -> bool {
        self.roots.iter().any(|(name, der)| {
            let revoked = self.hosts.cas.ca(name, |ca| ca.revocation(&certificate.serial).is_some());
            revoked == Some(true) && Certificate::parse(der).is_ok_and(|ca| signed_by(certificate, &ca))
        })
    }
}

/// The CA certificates that chains are built from.
pub(crate) struct Issuers<'a> {
    /// What the machine's Root store holds: only that is trusted.
    trusted: &'a [Vec<u8>],
    known: Vec<Certificate>,
}

impl<'a> Issuers<'a> {
    /// Those of the machine's stores, and `reachable`: CA certificates that a certificate's own pointers lead to.
    pub(crate) fn new(trust: &'a TrustStores, reachable: impl IntoIterator<Item = &'a Vec<u8>>) -> Self {
        let trusted = trust.get(TrustStore::Root);
        // Most are in a store and reachable, too.
        let mut seen = BTreeSet::new();
        let known = trusted.iter().chain(trust.get(TrustStore::Ca)).chain(reachable);
        let known = known.filter(|der| seen.insert(der.as_slice()));
        Self {
            trusted,
            known: known.filter_map(|der| Certificate::parse(der).ok()).filter(Certificate::is_ca).collect(),
        }
    }

    /// Builds the chain of a certificate at a wall time. Whether the certificate itself has expired is not judged, only
    /// its issuers.
    pub(crate) fn chain(&self, certificate: &Certificate, wall: FileTime) -> HResult {
        let mut current = certificate;
        for _ in 0..MOST_ISSUERS {
            if current.is_self_issued() && signed_by(current, current) {
                // X6.1.0x800B0109
                return if self.trusted.contains(&current.raw) { HResult::S_OK } else { HResult::CERT_E_UNTRUSTEDROOT };
            }
            let Some(issuer) = self.known.iter().find(|issuer| signed_by(current, issuer)) else {
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
            assert_eq!(Issuers::new(&trust, &reachable).chain(&leaf, at), expected);
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
