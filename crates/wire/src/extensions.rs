//! Extensions of certificates and requests: those of X.509 that templates speak of, and Microsoft's.

use crate::{
    WireError,
    asn1::{self, Tlv, tag},
    general_name::{self, GeneralName},
    oids,
};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use autoenroll_model::{KeyUsage, Oid, Sid, Template};

/// One extension (RFC 5280 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its type.
    pub oid: Oid,
    /// Whether it must be understood.
    pub critical: bool,
    /// DER of its value: the content of the OCTET STRING.
    pub value: Vec<u8>,
}

/// How a request or a certificate names its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateReference {
    /// By name: version 1.
    Name(String),
    /// By object identifier and version: version 2 and later.
    Oid {
        /// `msPKI-Cert-Template-OID`.
        oid: Oid,
        /// `revision`; when it is absent, so is the minor version.
        major: Option<u32>,
        /// `msPKI-Template-Minor-Revision`.
        minor: Option<u32>,
    },
}

impl TemplateReference {
    /// How that template is named: version 1 by name, later ones by identifier and their versions.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        match (&template.oid, template.schema_version()) {
            (Some(oid), 2..) => {
                Self::Oid { oid: oid.clone(), major: Some(template.revision), minor: Some(template.minor) }
            }
            _ => Self::Name(template.name.clone()),
        }
    }
}

/// Basic constraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// How many CAs may stand below it.
    pub path_length: Option<u32>,
}

/// One S/MIME capability (RFC 8551 2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmimeCapability {
    /// The algorithm.
    pub oid: Oid,
    /// Key length in bits, of algorithms that have several.
    pub key_bits: Option<u32>,
}

/// What a Windows XP or Server 2003 client says it can decrypt: RC2 and RC4 of 128 bits, DES, triple DES.
pub const SMIME_CAPABILITIES_2003: [(&str, Option<u32>); 4] = [
    ("1.2.840.113549.3.2", Some(128)),
    ("1.2.840.113549.3.4", Some(128)),
    ("1.3.14.3.2.7", None),
    ("1.2.840.113549.3.7", None),
];

impl Extension {
    fn new(oid: &'static str, critical: bool, value: Vec<u8>) -> Extension {
        Extension { oid: oids::known(oid), critical, value }
    }

    /// Marks it critical or not.
    #[must_use]
    pub fn critical(mut self, critical: bool) -> Extension {
        self.critical = critical;
        self
    }

    /// What a template says by itself that its certificates shall have, and what clients ask for therefore: its
    /// reference, usages and policies ([MS-WCCE] 3.1.2.4.2.2). None is critical yet.
    #[must_use]
    pub fn of_template(template: &Template) -> Vec<Extension> {
        let mut list = Vec::from([Extension::template(&TemplateReference::of(template))]);
        if !template.eku.is_empty() {
            list.push(Extension::extended_key_usage(&template.eku));
        }
        if !template.key_usage.is_empty() {
            list.push(Extension::key_usage(template.key_usage));
        }
        if !template.application_policies.is_empty() {
            list.push(Extension::application_policies(&template.application_policies));
        }
        if !template.certificate_policies.is_empty() {
            list.push(Extension::certificate_policies(&template.certificate_policies));
        }
        list
    }

    /// The template of a request or certificate. The name is a BMPString: [MS-WCCE] 2.2.2.7.7.1 prints another type,
    /// but every Windows client sends this one.
    #[must_use]
    pub fn template(template: &TemplateReference) -> Extension {
        match template {
            // O3.3.certificate-type
            TemplateReference::Name(name) => Extension::new(oids::ENROLL_CERTTYPE, false, asn1::bmp_string(name)),
            TemplateReference::Oid { oid, major, minor } => {
                let version = [major.as_ref(), major.and(minor.as_ref())];
                let version = version.into_iter().flatten().map(|number| asn1::integer(u64::from(*number)));
                let parts: Vec<_> = core::iter::once(asn1::oid(oid)).chain(version).collect();
                // O3.3.certificate-template
                Extension::new(oids::CERTIFICATE_TEMPLATE, false, asn1::sequence(&parts))
            }
        }
    }

    /// Key usage (RFC 5280 4.2.1.3), critical.
    #[must_use]
    pub fn key_usage(usage: KeyUsage) -> Extension {
        let [low, high] = usage.bits().to_le_bytes();
        let octets: &[u8] = match (low, high) {
            (0, 0) => &[],
            (_, 0) => &[low],
            _ => &[low, high],
        };
        let unused = octets.last().map_or(0, |last| last.trailing_zeros() as u8);
        Extension::new(oids::KEY_USAGE, true, asn1::tlv(tag::BIT_STRING, &[&[unused], octets].concat()))
    }

    /// Extended key usage (RFC 5280 4.2.1.12).
    #[must_use]
    pub fn extended_key_usage(usages: &[Oid]) -> Extension {
        let usages: Vec<_> = usages.iter().map(asn1::oid).collect();
        Extension::new(oids::EXTENDED_KEY_USAGE, false, asn1::sequence(&usages))
    }

    /// Application policies, Microsoft's extended key usage in the form of certificate policies ([MS-WCCE]
    /// 2.2.2.7.7.3).
    #[must_use]
    pub fn application_policies(policies: &[Oid]) -> Extension {
        // O3.3.application-policies
        Extension::new(oids::APPLICATION_CERT_POLICIES, false, policies_der(policies))
    }

    /// Certificate policies without qualifiers (RFC 5280 4.2.1.4).
    #[must_use]
    pub fn certificate_policies(policies: &[Oid]) -> Extension {
        Extension::new(oids::CERTIFICATE_POLICIES, false, policies_der(policies))
    }

    /// Basic constraints; critical for a CA, as RFC 5280 4.2.1.9 demands.
    #[must_use]
    pub fn basic_constraints(constraints: BasicConstraints) -> Extension {
        let ca = constraints.ca.then(|| asn1::boolean(true));
        let path_length = constraints.path_length.map(|length| asn1::integer(u64::from(length)));
        let parts: Vec<_> = ca.into_iter().chain(path_length).collect();
        Extension::new(oids::BASIC_CONSTRAINTS, constraints.ca, asn1::sequence(&parts))
    }

    /// Subject alternative names.
    #[must_use]
    pub fn subject_alt_name(names: &[GeneralName]) -> Extension {
        Extension::new(oids::SUBJECT_ALT_NAME, false, general_name::to_der(names))
    }

    /// The subject's security identifier ([MS-WCCE] 2.2.2.7.7.4).
    #[must_use]
    pub fn sid(sid: &Sid) -> Extension {
        let text = asn1::octet_string(sid.as_str().as_bytes());
        let other = [asn1::oid_dotted(oids::NTDS_OBJECTSID), asn1::explicit(0, &text)].concat();
        let names = asn1::sequence(&[asn1::tlv(tag::constructed(0), &other)]);
        // O3.3.ntds-ca-security
        Extension::new(oids::NTDS_CA_SECURITY_EXT, false, names)
    }

    /// S/MIME capabilities (RFC 4262).
    #[must_use]
    pub fn smime_capabilities(capabilities: &[SmimeCapability]) -> Extension {
        let one = |capability: &SmimeCapability| {
            let bits = capability.key_bits.map(|bits| asn1::integer(u64::from(bits)));
            let parts: Vec<_> = core::iter::once(asn1::oid(&capability.oid)).chain(bits).collect();
            asn1::sequence(&parts)
        };
        let all: Vec<_> = capabilities.iter().map(one).collect();
        Extension::new(oids::SMIME_CAPABILITIES, false, asn1::sequence(&all))
    }

    /// Subject key identifier.
    #[must_use]
    pub fn subject_key_identifier(identifier: &[u8]) -> Extension {
        Extension::new(oids::SUBJECT_KEY_IDENTIFIER, false, asn1::octet_string(identifier))
    }

    /// Authority key identifier, of the key alone.
    #[must_use]
    pub fn authority_key_identifier(identifier: &[u8]) -> Extension {
        let value = asn1::sequence(&[asn1::tlv(tag::context(0), identifier)]);
        Extension::new(oids::AUTHORITY_KEY_IDENTIFIER, false, value)
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        let critical = self.critical.then(|| asn1::boolean(true));
        let parts: Vec<_> =
            core::iter::once(asn1::oid(&self.oid)).chain(critical).chain([asn1::octet_string(&self.value)]).collect();
        asn1::sequence(&parts)
    }

    fn read(extension: Tlv<'_>) -> Result<Extension, WireError> {
        let mut reader = extension.expect(tag::SEQUENCE)?.reader();
        let oid = reader.read()?.oid()?;
        let critical =
            reader.optional(tag::BOOLEAN)?.is_some_and(|value| value.content.iter().any(|octet| *octet != 0));
        let value = reader.expect(tag::OCTET_STRING)?.content.to_vec();
        reader.finish()?;
        Ok(Extension { oid, critical, value })
    }
}

fn policies_der(policies: &[Oid]) -> Vec<u8> {
    asn1::sequence(&policies.iter().map(|policy| asn1::sequence(&[asn1::oid(policy)])).collect::<Vec<_>>())
}

/// The extensions of one certificate or request, in their order.
///
/// The typed readers give `Ok(None)` when the extension is absent and an error when it is there but malformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions(pub Vec<Extension>);

impl Extensions {
    /// Reads DER of Extensions, a SEQUENCE OF Extension.
    ///
    /// # Errors
    /// When it is none; the values of the extensions are not looked into.
    pub fn from_der(der: &[u8]) -> Result<Extensions, WireError> {
        Extensions::read(asn1::single("extensions", der)?)
    }

    pub(crate) fn read(list: Tlv<'_>) -> Result<Extensions, WireError> {
        let list = list.expect(tag::SEQUENCE)?.reader().all()?;
        Ok(Extensions(list.into_iter().map(Extension::read).collect::<Result<_, _>>()?))
    }

    /// DER of Extensions.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        asn1::sequence(&self.0.iter().map(Extension::to_der).collect::<Vec<_>>())
    }

    /// The first extension of a type, one of [`oids`] or any dotted form.
    #[must_use]
    pub fn get(&self, oid: &str) -> Option<&Extension> {
        self.0.iter().find(|extension| extension.oid.as_str() == oid)
    }

    /// The template by name. Besides the BMPString that Windows writes, any other string, and the SEQUENCE of one that
    /// [MS-WCCE] 2.2.2.7.7.1 prints, is accepted.
    ///
    /// # Errors
    /// When the value is neither.
    pub fn template_name(&self) -> Result<Option<String>, WireError> {
        self.value(oids::ENROLL_CERTTYPE, "template name", |value| match value.tag {
            tag::SEQUENCE => value.reader().read()?.text(),
            _ => value.text(),
        })
    }

    /// The template by object identifier and version.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn template_oid(&self) -> Result<Option<TemplateReference>, WireError> {
        self.value(oids::CERTIFICATE_TEMPLATE, "certificate template", |value| {
            let mut reader = value.expect(tag::SEQUENCE)?.reader();
            let oid = reader.read()?.oid()?;
            let mut number = || reader.optional(tag::INTEGER)?.map(Tlv::number32).transpose();
            Ok(TemplateReference::Oid { oid, major: number()?, minor: number()? })
        })
    }

    /// The template, by object identifier when there are both.
    ///
    /// # Errors
    /// When the value that counts is malformed.
    pub fn template(&self) -> Result<Option<TemplateReference>, WireError> {
        match self.template_oid()? {
            Some(template) => Ok(Some(template)),
            None => Ok(self.template_name()?.map(TemplateReference::Name)),
        }
    }

    /// Key usage.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, WireError> {
        self.value(oids::KEY_USAGE, "key usage", |value| {
            let (octets, _) = value.bits()?;
            let octet = |index: usize| octets.get(index).copied().unwrap_or(0);
            Ok(KeyUsage::from_bits_retain(u16::from_le_bytes([octet(0), octet(1)])))
        })
    }

    /// Extended key usages.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn extended_key_usage(&self) -> Result<Option<Vec<Oid>>, WireError> {
        self.value(oids::EXTENDED_KEY_USAGE, "extended key usage", |value| {
            value.expect(tag::SEQUENCE)?.reader().all()?.into_iter().map(Tlv::oid).collect()
        })
    }

    /// Application policies.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn application_policies(&self) -> Result<Option<Vec<Oid>>, WireError> {
        self.value(oids::APPLICATION_CERT_POLICIES, "application policies", read_policies)
    }

    /// Certificate policies, without their qualifiers.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn certificate_policies(&self) -> Result<Option<Vec<Oid>>, WireError> {
        self.value(oids::CERTIFICATE_POLICIES, "certificate policies", read_policies)
    }

    /// Basic constraints.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, WireError> {
        self.value(oids::BASIC_CONSTRAINTS, "basic constraints", |value| {
            let mut reader = value.expect(tag::SEQUENCE)?.reader();
            let ca = reader.optional(tag::BOOLEAN)?.is_some_and(|value| value.content.iter().any(|octet| *octet != 0));
            let path_length = reader.optional(tag::INTEGER)?.map(Tlv::number32).transpose()?;
            Ok(BasicConstraints { ca, path_length })
        })
    }

    /// Subject alternative names; none when the extension is absent.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn subject_alt_names(&self) -> Result<Vec<GeneralName>, WireError> {
        self.get(oids::SUBJECT_ALT_NAME).map_or(Ok(Vec::new()), |extension| general_name::from_der(&extension.value))
    }

    /// The subject's security identifier, from the extension of the May 2022 updates.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn sid(&self) -> Result<Option<Sid>, WireError> {
        self.value(oids::NTDS_CA_SECURITY_EXT, "security identifier extension", |value| {
            let mut names = value.expect(tag::SEQUENCE)?.reader();
            let mut other = names.expect(tag::constructed(0))?.reader();
            let oid = other.read()?;
            if oid.oid()?.as_str() != oids::NTDS_OBJECTSID {
                return Err(oid.invalid("the other name is not szOID_NTDS_OBJECTSID"));
            }
            let text = other.expect(tag::constructed(0))?.reader().expect(tag::OCTET_STRING)?;
            let sid = core::str::from_utf8(text.content).ok().and_then(|text| text.parse().ok());
            sid.ok_or(text.invalid("the text is not a security identifier"))
        })
    }

    /// S/MIME capabilities; parameters that are no number are left out.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn smime_capabilities(&self) -> Result<Option<Vec<SmimeCapability>>, WireError> {
        self.value(oids::SMIME_CAPABILITIES, "S/MIME capabilities", |value| {
            let one = |capability: Tlv<'_>| {
                let mut reader = capability.expect(tag::SEQUENCE)?.reader();
                let oid = reader.read()?.oid()?;
                let key_bits = reader.optional(tag::INTEGER)?.map(Tlv::number32).transpose()?;
                Ok(SmimeCapability { oid, key_bits })
            };
            value.expect(tag::SEQUENCE)?.reader().all()?.into_iter().map(one).collect()
        })
    }

    /// Subject key identifier.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn subject_key_identifier(&self) -> Result<Option<Vec<u8>>, WireError> {
        self.value(oids::SUBJECT_KEY_IDENTIFIER, "subject key identifier", |value| {
            Ok(value.expect(tag::OCTET_STRING)?.content.to_vec())
        })
    }

    /// The key of the authority key identifier; none when only the issuer's name and serial number are given.
    ///
    /// # Errors
    /// When the value is malformed.
    pub fn authority_key_identifier(&self) -> Result<Option<Vec<u8>>, WireError> {
        let key = self.value(oids::AUTHORITY_KEY_IDENTIFIER, "authority key identifier", |value| {
            let key = value.expect(tag::SEQUENCE)?.reader().optional(tag::context(0))?;
            Ok(key.map(|key| key.content.to_vec()))
        })?;
        Ok(key.flatten())
    }

    fn value<'a, T>(
        &'a self,
        oid: &str,
        what: &'static str,
        read: impl FnOnce(Tlv<'a>) -> Result<T, WireError>,
    ) -> Result<Option<T>, WireError> {
        self.get(oid).map(|extension| read(asn1::single(what, &extension.value)?)).transpose()
    }
}

fn read_policies(value: Tlv<'_>) -> Result<Vec<Oid>, WireError> {
    let policies = value.expect(tag::SEQUENCE)?.reader().all()?;
    policies.into_iter().map(|policy| policy.expect(tag::SEQUENCE)?.reader().read()?.oid()).collect()
}

impl SmimeCapability {
    /// The capabilities of [`SMIME_CAPABILITIES_2003`].
    #[must_use]
    pub fn windows_2003() -> Vec<SmimeCapability> {
        let one = |(oid, key_bits): (&'static str, Option<u32>)| SmimeCapability { oid: oids::known(oid), key_bits };
        SMIME_CAPABILITIES_2003.into_iter().map(one).collect()
    }
}

impl core::fmt::Display for TemplateReference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            TemplateReference::Name(name) => f.pad(name),
            TemplateReference::Oid { oid, major: None, .. } => f.pad(oid.as_str()),
            TemplateReference::Oid { oid, major: Some(major), minor } => {
                let minor = minor.map_or(String::from("-"), |minor| minor.to_string());
                write!(f, "{oid} {major}.{minor}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
