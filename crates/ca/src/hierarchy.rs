//! CA certificates: a root, and the CAs below it.
//!
//! They are made with `rcgen`, without any of its crypto backends: keys come from the fixture pool, signatures from
//! `autoenroll-keys`, and serial numbers are drawn by key, so that one seed gives one hierarchy to the byte.

use core::fmt;

use autoenroll_keys::{KeyAlgorithm, PrivateKey, PublicKey, Seed, SignatureAlgorithm, draw};
use autoenroll_model::{Duration, FileTime};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, IsCa, Issuer,
    KeyIdMethod, KeyUsagePurpose, PublicKeyData, SerialNumber,
};

use crate::encode::{self, EncodeError};

/// A CA as far as its certificate goes: name, key, certificate, and the certificates above it. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaIdentity {
    description: CaDescription,
    key: PrivateKey,
    certificate: Vec<u8>,
    /// DER of the subject as the certificate has it; issued certificates repeat it as their issuer.
    subject: Vec<u8>,
    /// When the certificate ends: the description's end, or the issuer's when that is earlier.
    not_after: FileTime,
    /// Certificates of the issuers, the nearest first, the root last; empty for a root.
    above: Vec<Vec<u8>>,
}

/// What a CA certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaDescription {
    /// CN of the subject: the name under which clients address the CA.
    pub name: String,
    /// O of the subject; none when empty.
    pub organization: String,
    /// Kind of key.
    pub algorithm: KeyAlgorithm,
    /// Begin of validity; counts to the second.
    pub not_before: FileTime,
    /// Length of validity; cut off at the end of the issuer's certificate.
    pub validity: Duration,
    /// How many CAs may follow below; none for no limit.
    pub path_length: Option<u8>,
}

impl CaDescription {
    /// A P-256 CA that is valid for ten years from `not_before`.
    #[must_use]
    pub fn new(name: &str, not_before: FileTime) -> Self {
        Self {
            name: name.to_string(),
            organization: String::new(),
            algorithm: KeyAlgorithm::P256,
            not_before,
            validity: Duration::days(3650),
            path_length: None,
        }
    }
}

/// Why a CA certificate could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HierarchyError {
    /// The CA has no name by which it could be addressed.
    NoName,
    /// The issuer's certificate ends before this one would begin.
    IssuerExpired {
        /// End of the issuer's certificate.
        not_after: FileTime,
    },
    /// The encoder refused the content.
    Encoding(String),
}

impl fmt::Display for HierarchyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoName => f.write_str("a CA needs a common name"),
            Self::IssuerExpired { not_after } => {
                write!(f, "the issuing CA's certificate ends at {not_after}, before the new one begins")
            }
            Self::Encoding(reason) => write!(f, "the CA certificate cannot be encoded: {reason}"),
        }
    }
}

impl core::error::Error for HierarchyError {}

impl From<rcgen::Error> for HierarchyError {
    fn from(error: rcgen::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl From<EncodeError> for HierarchyError {
    fn from(error: EncodeError) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl CaIdentity {
    /// A self-signed root.
    ///
    /// # Errors
    /// [`HierarchyError::NoName`], [`HierarchyError::Encoding`].
    pub fn root(seed: &Seed, description: CaDescription) -> Result<Self, HierarchyError> {
        let key = pool_key(seed, &description);
        let not_after = description.not_before + description.validity;
        let params = params(seed, &description, &key, not_after)?;
        let certificate = params.self_signed(&Signer::new(&key))?.der().to_vec();
        Self::new(description, key, certificate, not_after, Vec::new())
    }

    /// A CA below this one.
    ///
    /// # Errors
    /// [`HierarchyError::NoName`], [`HierarchyError::IssuerExpired`], [`HierarchyError::Encoding`].
    pub fn subordinate(&self, seed: &Seed, description: CaDescription) -> Result<Self, HierarchyError> {
        if description.not_before >= self.not_after {
            return Err(HierarchyError::IssuerExpired { not_after: self.not_after });
        }
        let key = pool_key(seed, &description);
        let not_after = (description.not_before + description.validity).min(self.not_after);
        let mut params = params(seed, &description, &key, not_after)?;
        params.use_authority_key_identifier_extension = true;
        let above = self::params(seed, &self.description, &self.key, self.not_after)?;
        let issuer = Issuer::from_params(&above, Signer::new(&self.key));
        let certificate = params.signed_by(&Signer::new(&key), &issuer)?.der().to_vec();
        Self::new(description, key, certificate, not_after, self.chain())
    }

    fn new(
        description: CaDescription,
        key: PrivateKey,
        certificate: Vec<u8>,
        not_after: FileTime,
        above: Vec<Vec<u8>>,
    ) -> Result<Self, HierarchyError> {
        let subject = encode::subject_of(&certificate)?;
        Ok(Self { description, key, certificate, subject, not_after, above })
    }

    /// CN of the subject.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// What the certificate says.
    #[must_use]
    pub const fn description(&self) -> &CaDescription {
        &self.description
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// When the certificate ends.
    #[must_use]
    pub const fn not_after(&self) -> FileTime {
        self.not_after
    }

    /// The certificate and those above it, the root last; DER.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        core::iter::once(&self.certificate).chain(&self.above).cloned().collect()
    }

    /// Whether this is a root.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.above.is_empty()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.key.public()
    }

    /// The private key, which signs certificates and revocation lists.
    #[must_use]
    pub const fn private_key(&self) -> &PrivateKey {
        &self.key
    }

    /// DER of the subject.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }
}

fn pool_key(seed: &Seed, description: &CaDescription) -> PrivateKey {
    PrivateKey::from_seed(description.algorithm, &seed.below("ca", "key", &description.name, 0))
}

fn params(
    seed: &Seed,
    description: &CaDescription,
    key: &PrivateKey,
    not_after: FileTime,
) -> Result<CertificateParams, HierarchyError> {
    if description.name.is_empty() {
        return Err(HierarchyError::NoName);
    }
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(description.not_before);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(not_after);
    params.serial_number = Some(SerialNumber::from_slice(&serial(seed, description)));
    params.distinguished_name = DistinguishedName::new();
    if !description.organization.is_empty() {
        params.distinguished_name.push(DnType::OrganizationName, dn_value(&description.organization));
    }
    params.distinguished_name.push(DnType::CommonName, dn_value(&description.name));
    params.is_ca =
        IsCa::Ca(description.path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.key_identifier_method = KeyIdMethod::PreSpecified(key.public().key_identifier().to_vec());
    // CA version 0.0 ([MS-WCCE] 3.2.1.4.3.2.39): neither certificate nor key has been renewed.
    params.custom_extensions = vec![CustomExtension::from_oid_content(CA_VERSION, vec![0x02, 0x01, 0x00])];
    Ok(params)
}

/// szOID_CERTSRV_CA_VERSION.
const CA_VERSION: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 21, 1];

/// The last second that certificates can name.
const YEAR_9999: i64 = 253_402_300_799;

fn since_1970(time: FileTime) -> core::time::Duration {
    core::time::Duration::from_secs(time.unix_seconds().clamp(0, YEAR_9999).unsigned_abs())
}

/// Positive, and never with a leading zero octet.
fn serial(seed: &Seed, description: &CaDescription) -> [u8; 16] {
    let drawn = draw(seed, "ca", "certificate serial", &description.name, 0);
    let mut serial = [0; 16];
    serial.copy_from_slice(&drawn[..16]);
    serial[0] = serial[0] & 0x3F | 0x40;
    serial
}

/// PrintableString where it can hold the text, as AD CS encodes names; otherwise UTF8String.
fn dn_value(text: &str) -> DnValue {
    match text.try_into() {
        Ok(printable) => DnValue::PrintableString(printable),
        Err(_) => DnValue::Utf8String(text.to_string()),
    }
}

/// A key in the shape that `rcgen` takes.
struct Signer<'a> {
    key: &'a PrivateKey,
    /// Content of the subjectPublicKey BIT STRING.
    public: Vec<u8>,
}

impl<'a> Signer<'a> {
    fn new(key: &'a PrivateKey) -> Self {
        Self { key, public: key.public().subject_public_key() }
    }
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        if self.key.public().is_rsa() { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 }
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let algorithm =
            if self.key.public().is_rsa() { SignatureAlgorithm::RsaSha256 } else { SignatureAlgorithm::EcdsaSha256 };
        self.key.sign(algorithm, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
