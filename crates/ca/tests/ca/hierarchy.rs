//! CA certificates.

use autoenroll_ca::{CaDescription, CaIdentity, HierarchyError};
use autoenroll_keys::{KeyAlgorithm, Seed};
use autoenroll_model::Duration;
use autoenroll_wire::{Certificate, oids};

use crate::lab::{issuing, root, seed, start};

#[test]
fn a_chain_ends_at_its_root() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa4096] {
        let (root, issuing) = (root(algorithm), issuing(algorithm));
        assert_eq!(issuing.chain(), [issuing.certificate(), root.certificate()]);
        assert_eq!((root.is_root(), issuing.is_root()), (true, false));
        let certificates = issuing.chain().into_iter().map(|der| Certificate::parse(&der).unwrap());
        let [leaf, top] = certificates.collect::<Vec<_>>().try_into().unwrap();
        assert!(top.is_self_issued());
        assert_eq!(leaf.issuer_der, top.subject_der);
        assert_eq!(leaf.authority_key_identifier(), top.subject_key_identifier());
        assert_eq!(top.key_identifier().unwrap(), root.public_key().key_identifier());
        for certificate in [&leaf, &top] {
            assert!(certificate.is_ca());
            assert_eq!(certificate.extensions.get(oids::CERTSRV_CA_VERSION).unwrap().value, [2, 1, 0]);
        }
        assert_eq!(leaf.extensions.basic_constraints().unwrap().unwrap().path_length, Some(0));
        assert_eq!(leaf.subject.to_string(), "CN=Contoso CA,O=Contoso");
    }
}

#[test]
fn a_certificate_ends_with_its_issuer() {
    let root = root(KeyAlgorithm::P256);
    let check = |begin: Duration, validity: Duration| {
        let description = CaDescription { validity, ..CaDescription::new("Sub CA", start() + begin) };
        let below = root.subordinate(&seed(), description).unwrap();
        assert_eq!(Certificate::parse(below.certificate()).unwrap().not_after, below.not_after());
        below.not_after()
    };
    assert_eq!(check(Duration::ZERO, Duration::days(10)), start() + Duration::days(10));
    assert_eq!(check(Duration::ZERO, Duration::days(36_500)), root.not_after());
}

#[test]
fn one_seed_gives_one_hierarchy() {
    let make = |seed: u64| CaIdentity::root(&Seed::from(seed), CaDescription::new("Root", start())).unwrap();
    assert_eq!(make(1).certificate(), make(1).certificate());
    assert_ne!(make(1).certificate(), make(2).certificate());
}

#[test]
fn a_name_outside_of_ascii_is_utf_8() {
    let root = CaIdentity::root(&seed(), CaDescription::new("Zertifizierungsstelle für Prüfer", start())).unwrap();
    let subject = Certificate::parse(root.certificate()).unwrap().subject;
    assert_eq!(subject.to_string(), "CN=Zertifizierungsstelle für Prüfer");
    assert_eq!(subject.rdns[0][0].value[0], 0x0C, "UTF8String");
}

#[test]
fn what_cannot_be_a_ca_says_why() {
    let nameless = CaIdentity::root(&seed(), CaDescription::new("", start())).unwrap_err();
    assert_eq!(nameless, HierarchyError::NoName);
    let root = root(KeyAlgorithm::P256);
    let late = root.subordinate(&seed(), CaDescription::new("Late", root.not_after())).unwrap_err();
    assert_eq!(late, HierarchyError::IssuerExpired { not_after: root.not_after() });
}
