//! A small world: a root and an issuing CA, templates, people, and a client that builds requests as Windows does.

use autoenroll_ca::{Ca, CaConfig, CaDescription, CaIdentity};
use autoenroll_csp::{SoftwareContainer, SoftwareKeys};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm, draw};
use autoenroll_model::{
    Duration, EffectResult, ExtensionsAttribute, FileTime, HashAlgorithm, KeySpec, Oid, PrincipalObject,
    SecurityDescriptor, SoftwareOperation, Submission, Template,
};
use autoenroll_wire::cms::{SignerId, UnsignedMessage, UnsignedSigner};
use autoenroll_wire::{
    Attribute, Certificate, ClientInfo, CspProvider, Extension, Extensions, Name, TemplateReference, UnsignedRequest,
    cmc, digest, oids,
};

/// Name of the issuing CA.
pub const CA: &str = "Contoso Issuing CA";

/// 2026-03-02T08:00:00Z.
#[must_use]
pub fn start() -> FileTime {
    FileTime::from_unix_seconds(1_772_438_400)
}

fn seed() -> Seed {
    Seed::from(1)
}

/// An issuing CA below a root, with these templates.
///
/// # Panics
/// Never: names and times fit.
#[must_use]
pub fn ca(algorithm: KeyAlgorithm, templates: Vec<Template>) -> Ca {
    let describe = |name: &str, path_length| CaDescription {
        algorithm,
        organization: "Contoso".into(),
        path_length,
        ..CaDescription::new(name, start() - Duration::days(30))
    };
    let root = CaIdentity::root(&seed(), describe("Contoso Root CA", None)).expect("a name and times that fit");
    let issuing = root.subordinate(&seed(), describe(CA, Some(0))).expect("the root is valid");
    let names: Vec<&str> = templates.iter().map(|template| template.name.as_str()).collect();
    let mut config = CaConfig::new("ca1.contoso.test", &names);
    config.key_archival = true;
    Ca::new(seed(), issuing, config, templates)
}

/// A user for whom the directory knows everything.
///
/// # Panics
/// Never: the constants are well-formed.
#[must_use]
pub fn alice() -> PrincipalObject {
    PrincipalObject {
        dn: "CN=Alice Adams,OU=Staff,DC=contoso,DC=test".into(),
        sid: "S-1-5-21-1004336348-1177238915-682003330-1104".parse().expect("a constant"),
        groups: vec!["S-1-5-11".parse().expect("a constant")],
        guid: "00112233-4455-6677-8899-aabbccddeeff".parse().expect("a constant"),
        upn: Some("alice@contoso.test".into()),
        mail: Some("alice.adams@contoso.test".into()),
        dns: Some("wks01.contoso.test".into()),
        certificates: Vec::new(),
    }
}

/// A descriptor that lets every authenticated user do everything, or no one anything.
///
/// # Panics
/// Never: the constants are well-formed.
#[must_use]
pub fn security(open: bool) -> SecurityDescriptor {
    let owner = "S-1-5-21-1004336348-1177238915-682003330-519".parse().expect("a constant");
    let authenticated_users = "S-1-5-11".parse().expect("a constant");
    let mut descriptor = SecurityDescriptor::full_control(&authenticated_users);
    descriptor.owner = Some(owner);
    if !open {
        descriptor.dacl = Some(Vec::new());
    }
    descriptor
}

/// A version 2 template for users that refuses nothing.
#[must_use]
pub fn template(name: &str) -> Template {
    Template { security: security(true), ..Template::permissive(name) }
}

/// Which of the forms of [MS-WCCE] 2.2.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A bare PKCS #10.
    Pkcs10,
    /// A CMS message around a PKCS #10, signed by other keys only.
    Cms,
    /// A CMC full request.
    Cmc,
}

/// A key with its certificate.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Private key of the certificate.
    pub key: PrivateKey,
    /// DER.
    pub certificate: Vec<u8>,
}

/// A request to be.
#[derive(Clone, Debug)]
pub struct Ask {
    /// PKCS #10 alone or a message around it.
    pub form: Form,
    /// The key to be certified.
    pub key: PrivateKey,
    /// The hash of RSA signatures.
    pub hash: HashAlgorithm,
    /// The subject; mostly empty.
    pub subject: Name,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// Under which attribute they stand.
    pub under: ExtensionsAttribute,
    /// Name and value pairs beside the request.
    pub submitted: Vec<(String, String)>,
    /// `dwFlags`.
    pub flags: u32,
    /// The certificate that is renewed, whose key signs.
    pub renews: Option<Holder>,
    /// Others that sign.
    pub co_signers: Vec<Holder>,
    /// The exchange certificate of the CA, where the key is to be archived.
    pub archive_to: Option<Vec<u8>>,
    /// A hash stands in place of the signature of the PKCS #10 (RFC 5272 C.1).
    pub null_signature: bool,
}

impl Ask {
    /// A request for a template, as its version wants it: PKCS #10 for version 1, CMC later ([MS-WCCE] 3.1.2.4.2.1).
    #[must_use]
    pub fn for_template(template: &Template, key: PrivateKey) -> Self {
        let (form, reference) = match (&template.oid, template.schema_version()) {
            (Some(oid), 2..) => {
                let (major, minor) = (Some(template.revision), Some(template.minor));
                (Form::Cmc, TemplateReference::Oid { oid: oid.clone(), major, minor })
            }
            _ => (Form::Pkcs10, TemplateReference::Name(template.name.clone())),
        };
        Self {
            form,
            key,
            hash: HashAlgorithm::Sha256,
            subject: Name::default(),
            extensions: vec![Extension::template(&reference)],
            under: ExtensionsAttribute::Microsoft,
            submitted: Vec::new(),
            flags: 0,
            renews: None,
            co_signers: Vec::new(),
            archive_to: None,
            null_signature: false,
        }
    }

    /// What goes to the CA.
    #[must_use]
    pub fn submission(&self) -> Submission {
        Submission {
            ca: CA.into(),
            host: "ca1.contoso.test".into(),
            flags: self.flags,
            attributes: self.submitted.clone(),
            request: self.request(),
        }
    }

    /// The request, DER.
    ///
    /// # Panics
    /// When a certificate of a holder is malformed, or a key cannot sign.
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        let enveloped = self.archive_to.as_ref().map(|certificate| enveloped(&self.key, certificate));
        let unsigned = UnsignedRequest {
            subject: self.subject.clone(),
            public_key: self.key.public().spki_der(),
            attributes: self.attributes(enveloped.as_deref()),
            algorithm: self.algorithm(&self.key),
        };
        let request = if self.null_signature {
            unsigned.without_signature().expect("the public key is DER")
        } else {
            unsigned.signed(&self.sign(&self.key, &unsigned.tbs())).expect("the public key is DER")
        };
        let mut keys = Vec::new();
        let mut message = match self.form {
            Form::Pkcs10 => return request.raw,
            Form::Cms => UnsignedMessage::new(oids::DATA, request.raw.clone()),
            Form::Cmc => {
                keys.push(self.key.clone());
                let id = request.key_identifier().expect("the public key is DER");
                let mut signer = UnsignedSigner::new(SignerId::KeyIdentifier(id.to_vec()), self.algorithm(&self.key));
                if let Some(enveloped) = &enveloped {
                    signer = signer.with_unsigned_attribute(Attribute::archived_key(enveloped));
                }
                cmc::full_request_unsigned(&request, vec![Attribute::client_info(&client())]).with_signer(signer)
            }
        };
        for holder in self.renews.iter().chain(&self.co_signers) {
            let id = Certificate::parse(&holder.certificate).expect("a certificate of this laboratory").signer_id();
            message = message
                .with_certificate(&holder.certificate)
                .with_signer(UnsignedSigner::new(id, self.algorithm(&holder.key)));
            keys.push(holder.key.clone());
        }
        while let Some((signer, tbs)) = message.next_tbs() {
            message.sign(signer, self.sign(&keys[signer], &tbs));
        }
        message.finish().expect("every signer has signed").raw
    }

    fn attributes(&self, enveloped: Option<&[u8]>) -> Vec<Attribute> {
        let provider = CspProvider {
            key_spec: 1,
            name: "Microsoft Enhanced Cryptographic Provider v1.0".into(),
            signature: Vec::new(),
        };
        let mut attributes = vec![
            Attribute::os_version("5.2.3790.2"),
            Attribute::client_info(&client()),
            Attribute::csp_provider(&provider),
        ];
        if !self.extensions.is_empty() {
            attributes.push(Attribute::extensions(&Extensions(self.extensions.clone()), self.under));
        }
        attributes.extend(self.renews.as_ref().map(|holder| Attribute::renewal_certificate(&holder.certificate)));
        if let Some(enveloped) = enveloped {
            let hash = digest(HashAlgorithm::Sha1, enveloped);
            attributes.push(Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &hash));
        }
        attributes
    }

    fn algorithm(&self, key: &PrivateKey) -> SignatureAlgorithm {
        SignatureAlgorithm::of(key.algorithm(), self.hash)
    }

    fn sign(&self, key: &PrivateKey, message: &[u8]) -> Vec<u8> {
        key.sign(self.algorithm(key), message).expect("the algorithm is one of the key's")
    }
}

/// A key of a name's own.
#[must_use]
pub fn key(name: &str, algorithm: KeyAlgorithm) -> PrivateKey {
    PrivateKey::from_pool(algorithm, &draw(&seed(), "oracles", "key", name, 0))
}

/// An object identifier.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn oid(dotted: &str) -> Oid {
    dotted.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn client() -> ClientInfo {
    ClientInfo {
        client_id: 2,
        machine: "wks01.contoso.test".into(),
        user: r"CONTOSO\alice".into(),
        process: "winlogon.exe".into(),
    }
}

/// The key as a software provider packs it for the exchange certificate of a CA.
fn enveloped(key: &PrivateKey, exchange_certificate: &[u8]) -> Vec<u8> {
    let mut keys = SoftwareKeys::default();
    let container =
        SoftwareContainer { key: key.clone(), key_spec: KeySpec::Exchange, exportable: false, protected: false };
    keys.insert("provider", "container", container);
    let operation = SoftwareOperation::Archive {
        container: "container".into(),
        exchange_certificate: exchange_certificate.to_vec(),
    };
    match keys.execute("provider", &operation, &Seed::from([7; 32])) {
        EffectResult::ArchivedKey(enveloped) => enveloped,
        other => panic!("the provider does not archive: {other:?}"),
    }
}
