//! A small world for tests: a hierarchy, templates, people, and a client that builds requests.

use autoenroll_ca::{Ca, CaConfig, CaDescription, CaIdentity};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm, draw};
use autoenroll_model::{Duration, ExtensionsAttribute, FileTime, Oid, PrincipalObject, Submission, Template};
use autoenroll_wire::cms::{SignerId, UnsignedMessage, UnsignedSigner};
use autoenroll_wire::{
    Attribute, Certificate, CertificationRequest, Extension, Extensions, Name, TemplateReference, UnsignedRequest,
    asn1, cmc, oids,
};

pub(crate) const ALICE: &str = "S-1-5-21-1-2-3-1104";

/// 2026-03-02T08:00:00Z.
pub(crate) fn start() -> FileTime {
    FileTime::from_unix_seconds(1_772_438_400)
}

pub(crate) fn seed() -> Seed {
    Seed::from(1)
}

/// The root of every lab.
pub(crate) fn root(algorithm: KeyAlgorithm) -> CaIdentity {
    let description = CaDescription {
        algorithm,
        organization: "Contoso".into(),
        ..CaDescription::new("Contoso Root", start() - Duration::days(30))
    };
    CaIdentity::root(&seed(), description).unwrap()
}

/// An issuing CA below that root.
pub(crate) fn issuing(algorithm: KeyAlgorithm) -> CaIdentity {
    let description = CaDescription {
        algorithm,
        organization: "Contoso".into(),
        path_length: Some(0),
        validity: Duration::days(1825),
        ..CaDescription::new("Contoso CA", start() - Duration::days(30))
    };
    root(algorithm).subordinate(&seed(), description).unwrap()
}

/// A P-256 CA that issues the templates given.
pub(crate) fn ca(templates: Vec<Template>) -> Ca {
    ca_with(KeyAlgorithm::P256, templates)
}

pub(crate) fn ca_with(algorithm: KeyAlgorithm, templates: Vec<Template>) -> Ca {
    let names: Vec<_> = templates.iter().map(|template| template.name.clone()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let config = CaConfig::new("ca01.contoso.com", &names);
    Ca::new(seed(), issuing(algorithm), config, templates)
}

/// A user with everything a template can ask for.
pub(crate) fn alice() -> PrincipalObject {
    PrincipalObject {
        dn: "CN=Alice Adams,OU=Staff,DC=contoso,DC=com".into(),
        sid: ALICE.parse().unwrap(),
        groups: vec!["S-1-5-11".parse().unwrap()],
        guid: "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap(),
        upn: Some("alice@contoso.com".into()),
        mail: Some("alice.adams@contoso.com".into()),
        dns: None,
        certificates: Vec::new(),
    }
}

/// A machine.
pub(crate) fn wks01() -> PrincipalObject {
    PrincipalObject {
        dn: "CN=WKS01,CN=Computers,DC=contoso,DC=com".into(),
        sid: "S-1-5-21-1-2-3-1201".parse().unwrap(),
        upn: None,
        mail: None,
        dns: Some("wks01.contoso.com".into()),
        ..alice()
    }
}

pub(crate) fn oid(dotted: &str) -> Oid {
    dotted.parse().unwrap()
}

/// A version 2 user template that refuses nothing.
pub(crate) fn template(name: &str) -> Template {
    Template::permissive(name)
}

/// Which of the forms of [MS-WCCE] 2.2.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Pkcs10,
    Cms,
    Cmc,
}

/// A key with the certificate that it has.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Vec<u8>,
}

/// A request to be; what a test does not set is as a good client would have it.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) form: Form,
    pub(crate) key: PrivateKey,
    pub(crate) subject: Name,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) attributes: Vec<Attribute>,
    /// Name and value pairs beside the request.
    pub(crate) submitted: Vec<(String, String)>,
    pub(crate) flags: u32,
    /// Renews the certificate of this holder, who signs.
    pub(crate) renews: Option<Holder>,
    /// Registration authorities that sign as well.
    pub(crate) co_signers: Vec<Holder>,
    /// Certificates that come along before those of the signers.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// The request within carries a hash in place of a signature.
    pub(crate) null_signature: bool,
    /// Signs the PKCS #10 in place of its own key.
    pub(crate) forger: Option<PrivateKey>,
    /// Signs the message in place of the new key.
    pub(crate) message_forger: Option<PrivateKey>,
    /// An enveloped private key, for archival.
    pub(crate) archived_key: Option<Vec<u8>>,
    /// RegInfo of a CMC request.
    pub(crate) registration_info: Option<String>,
    /// The CA it is addressed to.
    pub(crate) ca: String,
}

impl Ask {
    /// A CMC request with a P-256 key for a version 2 template.
    pub(crate) fn for_template(template: &Template) -> Self {
        let reference = TemplateReference::Oid {
            oid: template.oid.clone().unwrap(),
            major: Some(template.revision),
            minor: Some(template.minor),
        };
        Self { extensions: vec![Extension::template(&reference)], ..Self::bare() }
    }

    /// A CMC request that names no template.
    pub(crate) fn bare() -> Self {
        Self {
            form: Form::Cmc,
            key: key("alice"),
            subject: Name::default(),
            extensions: Vec::new(),
            attributes: vec![Attribute::os_version("5.2.3790.2")],
            submitted: Vec::new(),
            flags: 0,
            renews: None,
            co_signers: Vec::new(),
            certificates: Vec::new(),
            null_signature: false,
            forger: None,
            message_forger: None,
            archived_key: None,
            registration_info: None,
            ca: "Contoso CA".into(),
        }
    }

    pub(crate) fn submission(&self) -> Submission {
        Submission {
            ca: self.ca.clone(),
            host: "ca01.contoso.com".into(),
            flags: self.flags,
            attributes: self.submitted.clone(),
            request: self.request(),
        }
    }

    /// The request, DER.
    pub(crate) fn request(&self) -> Vec<u8> {
        let mut attributes = self.attributes.clone();
        if !self.extensions.is_empty() {
            let extensions = Extensions(self.extensions.clone());
            attributes.push(Attribute::extensions(&extensions, ExtensionsAttribute::Microsoft));
        }
        attributes.extend(self.renews.as_ref().map(|holder| Attribute::renewal_certificate(&holder.certificate)));
        let unsigned = UnsignedRequest {
            subject: self.subject.clone(),
            public_key: self.key.public().spki_der(),
            attributes,
            algorithm: algorithm(&self.key),
        };
        let request = if self.null_signature {
            unsigned.without_signature().unwrap()
        } else {
            let signer = self.forger.as_ref().unwrap_or(&self.key);
            unsigned.signed(&signer.sign(algorithm(signer), &unsigned.tbs()).unwrap()).unwrap()
        };
        let mut keys = Vec::new();
        let mut message = match self.form {
            Form::Pkcs10 => return request.raw,
            Form::Cms => UnsignedMessage::new(oids::DATA, request.raw.clone()),
            Form::Cmc => {
                keys.push(self.message_forger.clone().unwrap_or_else(|| self.key.clone()));
                let id = SignerId::KeyIdentifier(request.key_identifier().unwrap().to_vec());
                let mut signer = UnsignedSigner::new(id, algorithm(&self.key));
                if let Some(enveloped) = &self.archived_key {
                    signer = signer.with_unsigned_attribute(Attribute::archived_key(enveloped));
                }
                self.pki_data(&request).with_signer(signer)
            }
        };
        for certificate in &self.certificates {
            message = message.with_certificate(certificate);
        }
        for holder in self.renews.iter().chain(&self.co_signers) {
            let id = Certificate::parse(&holder.certificate).unwrap().signer_id();
            message = message
                .with_certificate(&holder.certificate)
                .with_signer(UnsignedSigner::new(id, algorithm(&holder.key)));
            keys.push(holder.key.clone());
        }
        while let Some((signer, tbs)) = message.next_tbs() {
            let key = &keys[signer];
            message.sign(signer, key.sign(algorithm(key), &tbs).unwrap());
        }
        message.finish().unwrap().raw
    }

    fn pki_data(&self, request: &CertificationRequest) -> UnsignedMessage {
        let info = self.registration_info.as_ref().map(|text| cmc::Control {
            body_part: 2,
            oid: oid("1.3.6.1.5.5.7.7.18"),
            values: vec![asn1::octet_string(text.as_bytes())],
        });
        let requests = vec![cmc::TaggedRequest::Pkcs10 { body_part: 1, request: request.clone() }];
        let data = cmc::PkiData { controls: info.into_iter().collect(), requests };
        UnsignedMessage::new(oids::PKI_DATA, data.to_der())
    }
}

/// A P-256 key of a name's own.
pub(crate) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pool(KeyAlgorithm::P256, &draw(&seed(), "test", "key", name, 0))
}

pub(crate) fn pool_key(name: &str, algorithm: KeyAlgorithm) -> PrivateKey {
    PrivateKey::from_pool(algorithm, &draw(&seed(), "test", "key", name, 0))
}

pub(crate) fn algorithm(key: &PrivateKey) -> SignatureAlgorithm {
    if key.public().is_rsa() { SignatureAlgorithm::RsaSha256 } else { SignatureAlgorithm::EcdsaSha256 }
}
