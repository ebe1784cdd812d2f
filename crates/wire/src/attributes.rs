//! Attributes of a request ([MS-WCCE] 2.2.2.7): what the client says about itself, the key and the template.

use crate::{
    Extensions, WireError,
    algorithm::{hash_identifier, hash_of, oid_of},
    asn1::{self, Tlv, tag},
    oids,
};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{ExtensionsAttribute, HashAlgorithm, Oid};

/// One attribute: a type and values, each kept as DER (RFC 5652 5.3; RFC 2986 4.1 is the same).
///
/// ```text
/// Attribute ::= SEQUENCE {
///     attrType    OBJECT IDENTIFIER,
///     attrValues  SET OF AttributeValue }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its type.
    pub oid: Oid,
    /// DER of each value; Windows attributes have one.
    pub values: Vec<Vec<u8>>,
}

/// Who made a request ([MS-WCCE] 2.2.2.7.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// Kind of client: 2 is the autoenrollment of Server 2003, 6 that of Vista and later, 9 certreq ([MS-WCCE] note 11).
    pub client_id: u32,
    /// DNS name of the machine.
    pub machine: String,
    /// `DOMAIN\user`.
    pub user: String,
    /// Name of the executable.
    pub process: String,
}

/// The provider that keeps the key ([MS-WCCE] 2.2.2.7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CspProvider {
    /// `XCN_AT_KEYEXCHANGE`, `XCN_AT_SIGNATURE` or `XCN_AT_NONE` of [`flags`](crate::flags).
    pub key_spec: u32,
    /// Name of the provider.
    pub name: String,
    /// A signature that no known client fills in.
    pub signature: Vec<u8>,
}

/// Hash of the private key enveloped for archival ([MS-WCCE] 2.2.2.7.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedKeyHash {
    /// The hash function; none when it is unknown here.
    pub algorithm: Option<HashAlgorithm>,
    /// Over the DER of the ContentInfo that holds the EnvelopedData.
    pub hash: Vec<u8>,
}

impl Attribute {
    /// An attribute of one value.
    ///
    /// # Panics
    /// When `oid` is no object identifier in dotted form; those of [`oids`] are.
    #[must_use]
    pub fn new(oid: &'static str, value: Vec<u8>) -> Attribute {
        Attribute { oid: oids::known(oid), values: alloc::vec![value] }
    }

    /// Version of Windows, `major.minor.build.platform` ([MS-WCCE] 2.2.2.7.1).
    #[must_use]
    pub fn os_version(version: &str) -> Attribute {
        // O3.3.os-version
        Attribute::new(oids::OS_VERSION, asn1::ia5_string(version))
    }

    /// Who made the request.
    #[must_use]
    pub fn client_info(client: &ClientInfo) -> Attribute {
        let value = asn1::sequence(&[
            asn1::integer(u64::from(client.client_id)),
            asn1::utf8_string(&client.machine),
            asn1::utf8_string(&client.user),
            asn1::utf8_string(&client.process),
        ]);
        // O3.3.client-info
        Attribute::new(oids::REQUEST_CLIENT_INFO, value)
    }

    /// The provider of the key. An empty signature is written as real clients write it: a BIT STRING of no bits.
    #[must_use]
    pub fn csp_provider(provider: &CspProvider) -> Attribute {
        let value = asn1::sequence(&[
            asn1::integer(u64::from(provider.key_spec)),
            asn1::bmp_string(&provider.name),
            asn1::bit_string(&provider.signature),
        ]);
        // O3.3.csp-provider
        Attribute::new(oids::ENROLLMENT_CSP_PROVIDER, value)
    }

    /// A name and a value, e.g. `CertificateTemplate` and the template's name ([MS-WCCE] 2.2.2.7.10).
    #[must_use]
    pub fn name_value_pair(name: &str, value: &str) -> Attribute {
        let value = asn1::sequence(&[asn1::bmp_string(name), asn1::bmp_string(value)]);
        Attribute::new(oids::ENROLLMENT_NAME_VALUE_PAIR, value)
    }

    /// The certificate to renew, DER ([MS-WCCE] 2.2.2.7.3).
    #[must_use]
    pub fn renewal_certificate(certificate: &[u8]) -> Attribute {
        // O3.3.renewal-certificate
        Attribute::new(oids::RENEWAL_CERTIFICATE, certificate.to_vec())
    }

    /// The private key as EnvelopedData in a ContentInfo, DER ([MS-WCCE] 2.2.2.7.8). It stands in the unsigned attributes of
    /// the message, whose CMC control adds a hash of it.
    #[must_use]
    pub fn archived_key(content_info: &[u8]) -> Attribute {
        // O3.3.archival
        Attribute::new(oids::ARCHIVED_KEY_ATTR, content_info.to_vec())
    }

    /// Hash of the enveloped private key.
    #[must_use]
    pub fn encrypted_key_hash(algorithm: HashAlgorithm, hash: &[u8]) -> Attribute {
        let value = asn1::sequence(&[hash_identifier(algorithm), asn1::octet_string(hash)]);
        // O3.3.archival
        Attribute::new(oids::ENCRYPTED_KEY_HASH, value)
    }

    /// The extensions asked for, under either of the two identifiers that clients use.
    #[must_use]
    pub fn extensions(extensions: &Extensions, under: ExtensionsAttribute) -> Attribute {
        let oid = match under {
            ExtensionsAttribute::Microsoft => oids::CERT_EXTENSIONS,
            ExtensionsAttribute::Pkcs9 => oids::EXTENSION_REQUEST,
        };
        Attribute::new(oid, extensions.to_der())
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        asn1::sequence(&[asn1::oid(&self.oid), asn1::set_of(self.values.clone())])
    }

    pub(crate) fn read(attribute: Tlv<'_>) -> Result<Attribute, WireError> {
        let mut reader = attribute.expect(tag::SEQUENCE)?.reader();
        let oid = reader.read()?.oid()?;
        let values = reader.expect(tag::SET)?.reader().all()?;
        reader.finish()?;
        Ok(Attribute { oid, values: values.into_iter().map(|value| value.raw.to_vec()).collect() })
    }
}

/// The attributes of one request, in their order.
///
/// The typed readers take the first attribute of their type and its first value; they give `Ok(None)` when there is none
/// and an error when it is malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub Vec<Attribute>);

impl Attributes {
    /// The first attribute of a type.
    #[must_use]
    pub fn get(&self, oid: &str) -> Option<&Attribute> {
        self.0.iter().find(|attribute| attribute.oid.as_str() == oid)
    }

    /// Version of Windows.
    ///
    /// # Errors
    /// When the value is no string.
    pub fn os_version(&self) -> Result<Option<String>, WireError> {
        self.value(oids::OS_VERSION, "OS version", Tlv::text)
    }

    /// Who made the request.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn client_info(&self) -> Result<Option<ClientInfo>, WireError> {
        self.value(oids::REQUEST_CLIENT_INFO, "client info", |value| {
            let mut reader = value.expect(tag::SEQUENCE)?.reader();
            Ok(ClientInfo {
                client_id: reader.read()?.number32()?,
                machine: reader.read()?.text()?,
                user: reader.read()?.text()?,
                process: reader.read()?.text()?,
            })
        })
    }

    /// The provider of the key.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn csp_provider(&self) -> Result<Option<CspProvider>, WireError> {
        self.value(oids::ENROLLMENT_CSP_PROVIDER, "CSP provider", |value| {
            let mut reader = value.expect(tag::SEQUENCE)?.reader();
            Ok(CspProvider {
                key_spec: reader.read()?.number32()?,
                name: reader.read()?.text()?,
                signature: reader.read()?.bits()?.0.to_vec(),
            })
        })
    }

    /// Every name and value, in order.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn name_value_pairs(&self) -> Result<Vec<(String, String)>, WireError> {
        let attributes = self.0.iter().filter(|attribute| attribute.oid.as_str() == oids::ENROLLMENT_NAME_VALUE_PAIR);
        let one = |value: &Vec<u8>| {
            let mut reader = asn1::single("name and value", value)?.expect(tag::SEQUENCE)?.reader();
            Ok((reader.read()?.text()?, reader.read()?.text()?))
        };
        attributes.flat_map(|attribute| &attribute.values).map(one).collect()
    }

    /// The certificate to renew, DER; it is not looked into.
    ///
    /// # Errors
    /// When the attribute has no value.
    pub fn renewal_certificate(&self) -> Result<Option<Vec<u8>>, WireError> {
        self.value(oids::RENEWAL_CERTIFICATE, "renewal certificate", |value| Ok(value.raw.to_vec()))
    }

    /// The enveloped private key, DER; it is not looked into.
    ///
    /// # Errors
    /// When the attribute has no value.
    pub fn archived_key(&self) -> Result<Option<Vec<u8>>, WireError> {
        self.value(oids::ARCHIVED_KEY_ATTR, "archived key", |value| Ok(value.raw.to_vec()))
    }

    /// Hash of the enveloped private key.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn encrypted_key_hash(&self) -> Result<Option<EncryptedKeyHash>, WireError> {
        self.value(oids::ENCRYPTED_KEY_HASH, "encrypted key hash", |value| {
            let mut reader = value.expect(tag::SEQUENCE)?.reader();
            let algorithm = hash_of(&oid_of(reader.read()?)?);
            Ok(EncryptedKeyHash { algorithm, hash: reader.expect(tag::OCTET_STRING)?.content.to_vec() })
        })
    }

    /// The extensions asked for, from both identifiers together: Microsoft's first.
    ///
    /// # Errors
    /// When one list is malformed.
    pub fn extensions(&self) -> Result<Extensions, WireError> {
        let mut all = Extensions::default();
        for oid in [oids::CERT_EXTENSIONS, oids::EXTENSION_REQUEST] {
            all.0.extend(self.value(oid, "extensions", Extensions::read)?.unwrap_or_default().0);
        }
        Ok(all)
    }

    /// The DER encoding of the attributes, sorted as DER demands, without the tag around them.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut attributes: Vec<_> = self.0.iter().map(Attribute::to_der).collect();
        attributes.sort();
        attributes.concat()
    }

    pub(crate) fn read(set: Tlv<'_>) -> Result<Attributes, WireError> {
        Ok(Attributes(set.reader().all()?.into_iter().map(Attribute::read).collect::<Result<_, _>>()?))
    }

    fn value<'a, T>(
        &'a self,
        oid: &str,
        what: &'static str,
        read: impl FnOnce(Tlv<'a>) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        let Some(attribute) = self.get(oid) else {
            return Ok(None);
        };
        let value = attribute.values.first().ok_or(WireError::value(what, "an attribute has at least one value"))?;
        asn1::single(what, value).and_then(read).map(Some)
    }
}

#[cfg(test)]
mod tests;
