//! The same certificate by three encoders that share no code: the CA's (x509-cert), `rcgen`, and `autoenroll-wire`.

use autoenroll_keys::{KeyAlgorithm, PrivateKey, SignatureAlgorithm};
use autoenroll_model::{FileTime, NameFlags, Template};
use autoenroll_wire::{Certificate, Extension, UnsignedCertificate, oids};
use rcgen::{
    CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, Issuer, KeyIdMethod, KeyUsagePurpose, OtherNameValue, PublicKeyData, SanType,
    SerialNumber,
};

use crate::lab::{Ask, alice, ca_with, issuing, pool_key, start, template};

/// A key as `rcgen` takes it.
struct Key<'a>(&'a PrivateKey, Vec<u8>);

impl<'a> Key<'a> {
    fn new(key: &'a PrivateKey) -> Self {
        Self(key, key.public().subject_public_key())
    }
}

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.1
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        if self.0.public().is_rsa() { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 }
    }
}

impl rcgen::SigningKey for Key<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign(crate::lab::algorithm(self.0), message).unwrap())
    }
}

/// What the CA issues for a template whose names `rcgen` can express: one attribute of each type.
fn issue(ca: KeyAlgorithm, key: &PrivateKey) -> Certificate {
    let name_flags = NameFlags::SUBJECT_REQUIRE_COMMON_NAME
        | NameFlags::SUBJECT_ALT_REQUIRE_UPN
        | NameFlags::SUBJECT_ALT_REQUIRE_EMAIL;
    let user = Template { name_flags, ..template("User") };
    let ask = Ask { key: key.clone(), ..Ask::for_template(&user) };
    let reply = ca_with(ca, vec![user]).submit(start(), &alice(), &ask.submission());
    Certificate::parse(&reply.certificate.unwrap()).unwrap()
}

fn printable(text: &str) -> DnValue {
    DnValue::PrintableString(text.try_into().unwrap())
}

fn since_1970(time: FileTime) -> std::time::Duration {
    std::time::Duration::from_secs(time.unix_seconds().try_into().unwrap())
}

/// Names, dates, serial number and issuer as in the certificate; extensions are the caller's.
fn params(certificate: &Certificate) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(&certificate.serial));
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(certificate.not_before);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(certificate.not_after);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, printable("Alice Adams"));
    params
}

fn sign(params: &CertificateParams, ca: KeyAlgorithm, key: &PrivateKey) -> Certificate {
    let identity = issuing(ca);
    let mut above = CertificateParams::default();
    above.distinguished_name = DistinguishedName::new();
    above.distinguished_name.push(DnType::OrganizationName, printable("Contoso"));
    above.distinguished_name.push(DnType::CommonName, printable("Contoso CA"));
    above.key_identifier_method = KeyIdMethod::PreSpecified(identity.public_key().key_identifier().to_vec());
    let issuer = Issuer::new(above, Key::new(identity.private_key()));
    Certificate::parse(params.signed_by(&Key::new(key), &issuer).unwrap().der()).unwrap()
}

fn custom(extension: &Extension) -> CustomExtension {
    let arcs: Vec<u64> = extension.oid.as_str().split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut custom = CustomExtension::from_oid_content(&arcs, extension.value.clone());
    custom.set_criticality(extension.critical);
    custom
}

const KEYS: [(KeyAlgorithm, KeyAlgorithm); 3] = [
    (KeyAlgorithm::P256, KeyAlgorithm::P256),
    (KeyAlgorithm::P256, KeyAlgorithm::Rsa2048),
    (KeyAlgorithm::Rsa2048, KeyAlgorithm::P256),
];

#[test]
fn rcgen_encodes_the_same_certificate() {
    for (ca, key) in KEYS {
        let key = pool_key("alice", key);
        let ours = issue(ca, &key);
        let mut params = params(&ours);
        params.custom_extensions = ours.extensions.0.iter().map(custom).collect();
        assert_eq!(sign(&params, ca, &key).raw, ours.raw, "{ca} issues for {:?}", key.public());
    }
}

#[test]
fn rcgen_encodes_the_same_extensions() {
    let key = pool_key("alice", KeyAlgorithm::P256);
    let ours = issue(KeyAlgorithm::P256, &key);
    let mut params = params(&ours);
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = vec![
        SanType::OtherName((
            vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3],
            OtherNameValue::Utf8String("alice@contoso.com".into()),
        )),
        SanType::Rfc822Name("alice.adams@contoso.com".try_into().unwrap()),
    ];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 2]),
    ];
    params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec!["http://ca01.contoso.com/ca.crl".into()] }];
    let theirs = sign(&params, KeyAlgorithm::P256, &key);
    for oid in [
        oids::AUTHORITY_KEY_IDENTIFIER,
        oids::SUBJECT_ALT_NAME,
        oids::KEY_USAGE,
        oids::EXTENDED_KEY_USAGE,
        oids::CRL_DISTRIBUTION_POINTS,
    ] {
        assert!(ours.extensions.get(oid).is_some(), "{oid}");
        assert_eq!(ours.extensions.get(oid), theirs.extensions.get(oid), "{oid}");
    }
    assert_eq!(
        (&ours.subject_der, &ours.issuer_der, &ours.public_key),
        (&theirs.subject_der, &theirs.issuer_der, &theirs.public_key)
    );
}

#[test]
fn wire_encodes_the_same_certificate() {
    for (ca, key) in KEYS {
        let ours = issue(ca, &pool_key("alice", key));
        let algorithm = match ca {
            KeyAlgorithm::P256 => SignatureAlgorithm::EcdsaSha256,
            _ => SignatureAlgorithm::RsaSha256,
        };
        let unsigned = UnsignedCertificate {
            serial: ours.serial.clone(),
            issuer_der: ours.issuer_der.clone(),
            not_before: ours.not_before,
            not_after: ours.not_after,
            subject_der: ours.subject_der.clone(),
            public_key: ours.public_key.clone(),
            extensions: ours.extensions.clone(),
            algorithm,
        };
        assert_eq!(unsigned.tbs(), ours.signed);
    }
}
