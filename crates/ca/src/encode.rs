//! Certificates and revocation lists as DER: x509-cert's types around what was decided elsewhere.
//!
//! The request's SubjectPublicKeyInfo and the CA's own name are put in as the bytes they came as, because
//! [MS-WCCE] 3.2.1.4.2.1.4.1.1 demands a copy and path building compares names octet by octet.

use core::fmt;
use core::time::Duration;

use autoenroll_keys::{PrivateKey, SignatureAlgorithm};
use autoenroll_model::FileTime;
use autoenroll_wire::{Extension, WireError, asn1, oids, signature_identifier};
use der::asn1::{AnyRef, BitString, ObjectIdentifier, OctetString};
use der::{DateTime, Decode, Encode, Sequence};
use x509_cert::certificate::Version;
use x509_cert::crl::RevokedCert;
use x509_cert::ext::Extensions;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use crate::revocation::RevocationReason;

/// What a certificate says; everything is decided.
#[derive(Clone, Debug)]
pub(crate) struct CertificateContent {
    /// Big endian, positive, without leading zeros; 20 octets at most.
    pub(crate) serial: Vec<u8>,
    /// DER of the issuer's name.
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: FileTime,
    pub(crate) not_after: FileTime,
    /// DER of the subject's name.
    pub(crate) subject: Vec<u8>,
    /// DER of the SubjectPublicKeyInfo.
    pub(crate) public_key: Vec<u8>,
    /// In the order in which they are to stand.
    pub(crate) extensions: Vec<Extension>,
}

/// What a revocation list says.
#[derive(Clone, Debug)]
pub(crate) struct CrlContent {
    /// DER of the issuer's name.
    pub(crate) issuer: Vec<u8>,
    /// Key identifier of the issuer.
    pub(crate) key_identifier: Vec<u8>,
    /// CRLNumber.
    pub(crate) number: u32,
    pub(crate) this_update: FileTime,
    pub(crate) next_update: FileTime,
    /// Serial number, since when and why.
    pub(crate) revoked: Vec<(Vec<u8>, FileTime, RevocationReason)>,
}

/// Something could not be put into DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodeError(String);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<der::Error> for EncodeError {
    fn from(error: der::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<autoenroll_keys::KeyError> for EncodeError {
    fn from(error: autoenroll_keys::KeyError) -> Self {
        Self(error.to_string())
    }
}

impl From<WireError> for EncodeError {
    fn from(error: WireError) -> Self {
        Self(error.to_string())
    }
}

/// TBSCertificate, version 3 (RFC 5280 4.1).
#[derive(Sequence)]
struct Certificate<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: Version,
    serial: SerialNumber,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}

/// TBSCertList, version 2 (RFC 5280 5.1).
#[derive(Sequence)]
struct CertificateList<'a> {
    version: Version,
    signature: AnyRef<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Time,
    #[asn1(optional = "true")]
    revoked: Option<Vec<RevokedCert>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}

/// What RFC 5280 4.1.1 wraps around both.
#[derive(Sequence)]
struct Signed<'a> {
    content: AnyRef<'a>,
    algorithm: AnyRef<'a>,
    signature: BitString,
}

/// A signed certificate, DER.
pub(crate) fn certificate(
    content: &CertificateContent,
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, EncodeError> {
    let identifier = signature_identifier(algorithm);
    let tbs = Certificate {
        version: Version::V3,
        serial: SerialNumber::new(&content.serial)?,
        signature: AnyRef::from_der(&identifier)?,
        issuer: AnyRef::from_der(&content.issuer)?,
        validity: Validity::new(time(content.not_before)?, time(content.not_after)?),
        subject: AnyRef::from_der(&content.subject)?,
        public_key: AnyRef::from_der(&content.public_key)?,
        extensions: extensions(&content.extensions)?,
    };
    sign(&tbs.to_der()?, &identifier, key, algorithm)
}

/// A signed revocation list, DER.
pub(crate) fn crl(
    content: &CrlContent,
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, EncodeError> {
    let identifier = signature_identifier(algorithm);
    let revoked = content.revoked.iter().map(revoked_certificate).collect::<Result<Vec<_>, EncodeError>>()?;
    let tbs = CertificateList {
        version: Version::V2,
        signature: AnyRef::from_der(&identifier)?,
        issuer: AnyRef::from_der(&content.issuer)?,
        this_update: time(content.this_update)?,
        next_update: time(content.next_update)?,
        revoked: Some(revoked).filter(|revoked| !revoked.is_empty()),
        extensions: extensions(&[
            Extension::authority_key_identifier(&content.key_identifier),
            Extension { oid: oids::known(CRL_NUMBER), critical: false, value: asn1::integer(content.number.into()) },
        ])?,
    };
    sign(&tbs.to_der()?, &identifier, key, algorithm)
}

/// id-ce-cRLNumber.
const CRL_NUMBER: &str = "2.5.29.20";
/// id-ce-cRLReasons.
const CRL_REASON: &str = "2.5.29.21";

/// One entry; the reason is left out when it is unspecified (RFC 5280 5.3.1).
fn revoked_certificate(
    (serial, at, reason): &(Vec<u8>, FileTime, RevocationReason),
) -> Result<RevokedCert, EncodeError> {
    let enumerated = asn1::tlv(0x0A, &[*reason as u8]);
    let extension = Extension { oid: oids::known(CRL_REASON), critical: false, value: enumerated };
    let reason = match reason {
        RevocationReason::Unspecified => None,
        _ => Some(extensions(&[extension])?),
    };
    Ok(RevokedCert {
        serial_number: SerialNumber::new(serial)?,
        revocation_date: time(*at)?,
        crl_entry_extensions: reason,
    })
}

fn sign(
    content: &[u8],
    identifier: &[u8],
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, EncodeError> {
    let signature = key.sign(algorithm, content)?;
    let signed = Signed {
        content: AnyRef::from_der(content)?,
        algorithm: AnyRef::from_der(identifier)?,
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(signed.to_der()?)
}

fn extensions(list: &[Extension]) -> Result<Extensions, EncodeError> {
    let one = |extension: &Extension| {
        let extn_id = ObjectIdentifier::new(extension.oid.as_str())
            .map_err(|error| EncodeError(format!("extension {}: {error}", extension.oid)))?;
        let extn_value = OctetString::new(extension.value.as_slice())?;
        Ok(x509_cert::ext::Extension { extn_id, critical: extension.critical, extn_value })
    };
    list.iter().map(one).collect()
}

/// DER of the subject of a certificate.
pub(crate) fn subject_of(certificate: &[u8]) -> Result<Vec<u8>, EncodeError> {
    Ok(x509_cert::Certificate::from_der(certificate)?.tbs_certificate().subject().to_der()?)
}

/// A time in whole seconds; what lies beyond the calendar of certificates is moved to its nearest end.
pub(crate) fn time(instant: FileTime) -> Result<Time, EncodeError> {
    /// 9999-12-31T23:59:59Z.
    const LAST: i64 = 253_402_300_799;
    let seconds = instant.unix_seconds().clamp(0, LAST).unsigned_abs();
    Ok(Time::from(DateTime::from_unix_duration(Duration::from_secs(seconds))?))
}
