//! Certificate templates and enrollment services as directory objects ([MS-CRTD] 2, [MS-WCCE] 2.2.2.11.2).
//!
//! Reading keeps what can be understood: an attribute that cannot counts as absent and is reported beside the result.

use crate::{flags, ldif::Entry, security_descriptor};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use autoenroll_model::{
    CngSettings, Duration, EnrollmentFlags, EnrollmentService, GeneralFlags, KeySpec, KeyUsage, NameFlags, Oid,
    PrivateKeyFlags, ProviderPreference, SecurityDescriptor, Template,
};
use core::fmt;

/// An attribute of a directory object that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeError {
    /// Its name.
    pub attribute: &'static str,
    /// Its value, when it is text.
    pub found: Option<String>,
    /// The form a value must have, in words that follow "expected".
    pub expected: &'static str,
}

impl fmt::Display for AttributeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{} is `{found}`; expected {}", self.attribute, self.expected),
            None => write!(f, "{}: expected {}", self.attribute, self.expected),
        }
    }
}

impl core::error::Error for AttributeError {}

/// Reads a template, an object of class `pKICertificateTemplate`; none when it has no name. An absent number counts as
/// 0, an absent list as empty, and an absent security descriptor, as most exports have it, grants nothing.
#[must_use]
pub fn from_entry(entry: &Entry) -> (Option<Template>, Vec<AttributeError>) {
    let mut object = Object { entry, errors: Vec::new() };
    let template = read_template(&mut object);
    (template, object.errors)
}

fn read_template(object: &mut Object<'_>) -> Option<Template> {
    let name = object.text("cn").or_else(|| object.text("name"));
    let Some(name) = name else {
        object.error("cn", None, "the name of the template");
        return None;
    };
    // R029
    let (ra_application_policies, cng) = object.ra_application_policies();
    let identity = object.text("msPKI-Cert-Template-OID");
    let oid: Option<Oid> = identity.as_deref().and_then(|text| text.trim().parse().ok());
    Some(Template {
        display_name: object.text("displayName").unwrap_or_else(|| name.clone()),
        name,
        malformed_oid: identity.filter(|_| oid.is_none()),
        oid,
        schema: object.number("msPKI-Template-Schema-Version"),
        revision: object.number("revision").unwrap_or_default(),
        minor: object.number("msPKI-Template-Minor-Revision").unwrap_or_default(),
        flags: GeneralFlags::from_bits_retain(object.number("flags").unwrap_or_default()),
        enrollment_flags: object.number("msPKI-Enrollment-Flag").map(EnrollmentFlags::from_bits_retain),
        private_key_flags: PrivateKeyFlags::from_bits_retain(
            object.number("msPKI-Private-Key-Flag").unwrap_or_default(),
        ),
        name_flags: NameFlags::from_bits_retain(object.number("msPKI-Certificate-Name-Flag").unwrap_or_default()),
        ra_signatures: object.number("msPKI-RA-Signature").unwrap_or_default(),
        ra_application_policies,
        ra_policies: object.oids("msPKI-RA-Policies"),
        cng,
        key_spec: object.key_spec(),
        minimal_key_size: object.number("msPKI-Minimal-Key-Size").unwrap_or_default(),
        providers: object.providers(),
        validity: object.period("pKIExpirationPeriod"),
        renewal_period: object.period("pKIOverlapPeriod"),
        key_usage: object.key_usage(),
        eku: object.oids("pKIExtendedKeyUsage"),
        application_policies: object.oids("msPKI-Certificate-Application-Policy"),
        certificate_policies: object.oids("msPKI-Certificate-Policy"),
        critical_extensions: object.oids("pKICriticalExtensions"),
        supersedes: object.texts("msPKI-Supersede-Templates"),
        max_issuing_depth: object.number("pKIMaxIssuingDepth").unwrap_or_default() as i32,
        security: object.security(),
    })
}

/// Reads an enrollment service, an object of class `pKIEnrollmentService`; none when it has no name or no certificate.
#[must_use]
pub fn authority_from_entry(entry: &Entry) -> (Option<EnrollmentService>, Vec<AttributeError>) {
    let mut object = Object { entry, errors: Vec::new() };
    let certificate = entry.value("cACertificate");
    let name = object.text("cn");
    for (attribute, absent) in [("cn", name.is_none()), ("cACertificate", certificate.is_none())] {
        if absent {
            object.error(attribute, None, "a value: without one the service cannot be used");
        }
    }
    let authority = name.zip(certificate).map(|(name, certificate)| EnrollmentService {
        name,
        host: object.text("dNSHostName"),
        certificate: certificate.to_vec(),
        templates: object.texts("certificateTemplates"),
        enroll_permission: None,
        priority: None,
        site: object.text("msPKI-Site-Name"),
        uris: Vec::new(),
    });
    (authority, object.errors)
}

struct Object<'a> {
    entry: &'a Entry,
    errors: Vec<AttributeError>,
}

impl Object<'_> {
    fn error(&mut self, attribute: &'static str, value: Option<&[u8]>, expected: &'static str) {
        let found = value.and_then(|value| core::str::from_utf8(value).ok()).map(String::from);
        self.errors.push(AttributeError { attribute, found, expected });
    }

    /// Every value that `read` understands; the others are reported.
    fn list<T>(
        &mut self,
        attribute: &'static str,
        expected: &'static str,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Vec<T> {
        let entry = self.entry;
        let mut values = Vec::new();
        for value in entry.values(attribute) {
            match read(value) {
                Some(value) => values.push(value),
                None => self.error(attribute, Some(value), expected),
            }
        }
        values
    }

    fn first<T>(
        &mut self,
        attribute: &'static str,
        expected: &'static str,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        self.list(attribute, expected, read).into_iter().next()
    }

    fn texts(&mut self, attribute: &'static str) -> Vec<String> {
        self.list(attribute, "text", |value| core::str::from_utf8(value).ok().map(String::from))
    }

    fn text(&mut self, attribute: &'static str) -> Option<String> {
        self.texts(attribute).into_iter().next()
    }

    fn oids(&mut self, attribute: &'static str) -> Vec<Oid> {
        self.list(attribute, "an object identifier", |value| core::str::from_utf8(value).ok()?.trim().parse().ok())
    }

    /// The directory prints 32 bits as a signed number; hand-written files have unsigned ones, too.
    fn number(&mut self, attribute: &'static str) -> Option<u32> {
        self.first(attribute, "a number of 32 bits", |value| {
            let number: i64 = core::str::from_utf8(value).ok()?.trim().parse().ok()?;
            u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(|number| number as u32))
        })
    }

    fn key_spec(&mut self) -> KeySpec {
        let spec = self.first("pKIDefaultKeySpec", "1 or 2", |value| match value {
            b"1" => Some(KeySpec::Exchange),
            b"2" => Some(KeySpec::Signature),
            _ => None,
        });
        spec.unwrap_or(KeySpec::Exchange)
    }

    fn key_usage(&mut self) -> KeyUsage {
        // W3.1.key-usage
        let usage = self.first("pKIKeyUsage", "one or two octets of X.509 key usage", |value| match value {
            [low] => Some(u16::from(*low)),
            [low, high] => Some(u16::from_le_bytes([*low, *high])),
            _ => None,
        });
        KeyUsage::from_bits_retain(usage.unwrap_or_default())
    }

    /// [MS-CRTD] 2.11, 2.15: a negative count of 100 ns in eight octets, little endian. A longer time than a duration
    /// holds, like the smallest number, which stands for never, becomes the longest span.
    fn period(&mut self, attribute: &'static str) -> Duration {
        let period = self.first(attribute, "eight octets of a negative number, little endian", |value| {
            // W3.1.periods
            let ticks = i64::from_le_bytes(value.try_into().ok()?);
            (ticks <= 0).then(|| Duration(ticks.unsigned_abs().saturating_mul(Duration::TICK.0)))
        });
        period.unwrap_or_default()
    }

    /// [MS-CRTD] 2.8.
    fn providers(&mut self) -> Vec<ProviderPreference> {
        // W3.1.providers
        self.list("pKIDefaultCSPs", "a number, a comma and the name of a provider", |value| {
            let (order, name) = core::str::from_utf8(value).ok()?.split_once(',')?;
            Some(ProviderPreference { order: order.trim().parse().ok()?, name: name.trim().to_string() })
        })
    }

    /// [MS-CRTD] 2.23: object identifiers, or triplets of name, type and value that may hold a list of them.
    fn ra_application_policies(&mut self) -> (Vec<Oid>, Option<CngSettings>) {
        const ATTRIBUTE: &str = "msPKI-RA-Application-Policies";
        let entry = self.entry;
        let packed = entry.texts(ATTRIBUTE).find(|value| value.contains('`'));
        let Some(packed) = packed else { return (self.oids(ATTRIBUTE), None) };
        let fields: Vec<_> = packed.strip_suffix('`').unwrap_or(packed).split('`').collect();
        // W3.1.cng
        let (triplets, rest) = fields.as_chunks::<3>();
        if !rest.is_empty() {
            self.error(ATTRIBUTE, Some(packed.as_bytes()), "name`type`value` again and again");
        }
        let mut policies = Vec::new();
        let mut cng = CngSettings::default();
        for [name, _, value] in triplets {
            let text = || Some(value.to_string());
            match *name {
                ATTRIBUTE => policies.extend(self.policies(ATTRIBUTE, value)),
                "msPKI-Asymmetric-Algorithm" => cng.asymmetric_algorithm = text(),
                "msPKI-Hash-Algorithm" => cng.hash_algorithm = text(),
                "msPKI-Symmetric-Algorithm" => cng.symmetric_algorithm = text(),
                "msPKI-Key-Security-Descriptor" => cng.key_security = text(),
                "msPKI-Key-Usage" => cng.key_usage = self.dword(ATTRIBUTE, value),
                "msPKI-Symmetric-Key-Length" => cng.symmetric_key_length = self.dword(ATTRIBUTE, value),
                _ => self.error(ATTRIBUTE, Some(name.as_bytes()), "the name of a setting of [MS-CRTD] 2.23.2"),
            }
        }
        (policies, Some(cng))
    }

    fn policies(&mut self, attribute: &'static str, list: &str) -> Vec<Oid> {
        let mut policies = Vec::new();
        for oid in list.split(',').map(str::trim).filter(|oid| !oid.is_empty()) {
            match oid.parse() {
                Ok(oid) => policies.push(oid),
                Err(_) => self.error(attribute, Some(oid.as_bytes()), "an object identifier"),
            }
        }
        policies
    }

    fn dword(&mut self, attribute: &'static str, value: &str) -> Option<u32> {
        let number = value.trim().parse().ok();
        if number.is_none() {
            self.error(attribute, Some(value.as_bytes()), "a number of 32 bits");
        }
        number
    }

    fn security(&mut self) -> SecurityDescriptor {
        let security = self.first("nTSecurityDescriptor", "a self-relative security descriptor", |value| {
            security_descriptor::from_bytes(value).ok()
        });
        security.unwrap_or(SecurityDescriptor { owner: None, dacl: Some(Vec::new()) })
    }
}

/// The attributes of a template, as the directory holds them; [`from_entry`] reads the same template back.
#[must_use]
pub fn to_entry(template: &Template) -> Entry {
    let mut entry = Entry::default();
    entry.push("objectClass", "top");
    entry.push("objectClass", "pKICertificateTemplate");
    entry.push("cn", template.name.as_str());
    entry.push("displayName", template.display_name.as_str());
    push_numbers(&mut entry, template);
    entry.push("pKIKeyUsage", template.key_usage.bits().to_le_bytes());
    entry.push("pKIExpirationPeriod", period(template.validity));
    entry.push("pKIOverlapPeriod", period(template.renewal_period));
    for provider in &template.providers {
        entry.push("pKIDefaultCSPs", format!("{},{}", provider.order, provider.name));
    }
    for (attribute, list) in [
        ("msPKI-Cert-Template-OID", template.oid.as_slice()),
        ("msPKI-RA-Policies", &template.ra_policies),
        ("pKIExtendedKeyUsage", &template.eku),
        ("msPKI-Certificate-Application-Policy", &template.application_policies),
        ("msPKI-Certificate-Policy", &template.certificate_policies),
        ("pKICriticalExtensions", &template.critical_extensions),
    ] {
        list.iter().for_each(|oid| entry.push(attribute, oid.as_str()));
    }
    template.malformed_oid.iter().for_each(|text| entry.push("msPKI-Cert-Template-OID", text.as_str()));
    template.supersedes.iter().for_each(|name| entry.push("msPKI-Supersede-Templates", name.as_str()));
    push_ra_application_policies(&mut entry, template);
    entry.push("nTSecurityDescriptor", security_descriptor::to_bytes(&template.security));
    entry
}

/// Numbers as the directory prints them: 32 bits, signed.
fn push_numbers(entry: &mut Entry, template: &Template) {
    let key_spec = flags::key_spec(template.key_spec);
    for (attribute, number) in [
        ("msPKI-Template-Schema-Version", template.schema),
        ("revision", Some(template.revision)),
        ("msPKI-Template-Minor-Revision", Some(template.minor)),
        ("flags", Some(template.flags.bits())),
        ("msPKI-Enrollment-Flag", template.enrollment_flags.map(|flags| flags.bits())),
        ("msPKI-Private-Key-Flag", Some(template.private_key_flags.bits())),
        ("msPKI-Certificate-Name-Flag", Some(template.name_flags.bits())),
        ("msPKI-RA-Signature", Some(template.ra_signatures)),
        ("msPKI-Minimal-Key-Size", Some(template.minimal_key_size)),
        ("pKIDefaultKeySpec", Some(key_spec)),
        ("pKIMaxIssuingDepth", Some(template.max_issuing_depth as u32)),
    ] {
        if let Some(number) = number {
            entry.push(attribute, (number as i32).to_string());
        }
    }
}

fn period(span: Duration) -> [u8; 8] {
    let ticks = i64::try_from(span.ticks()).unwrap_or(i64::MAX);
    (-ticks).to_le_bytes()
}

fn push_ra_application_policies(entry: &mut Entry, template: &Template) {
    const ATTRIBUTE: &str = "msPKI-RA-Application-Policies";
    let Some(cng) = &template.cng else {
        template.ra_application_policies.iter().for_each(|oid| entry.push(ATTRIBUTE, oid.as_str()));
        return;
    };
    let policies = template.ra_application_policies.iter().map(Oid::as_str).collect::<Vec<_>>().join(",");
    let policies = (!policies.is_empty()).then_some(policies);
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let mut packed = String::new();
    // In the alphabetical order in which Windows writes them.
    for (name, kind, value) in [
        ("msPKI-Asymmetric-Algorithm", "PZPWSTR", cng.asymmetric_algorithm.clone()),
        ("msPKI-Hash-Algorithm", "PZPWSTR", cng.hash_algorithm.clone()),
        ("msPKI-Key-Security-Descriptor", "PZPWSTR", cng.key_security.clone()),
        ("msPKI-Key-Usage", "DWORD", number(cng.key_usage)),
        (ATTRIBUTE, "PZPWSTR", policies),
        ("msPKI-Symmetric-Algorithm", "PZPWSTR", cng.symmetric_algorithm.clone()),
        ("msPKI-Symmetric-Key-Length", "DWORD", number(cng.symmetric_key_length)),
    ] {
        if let Some(value) = value {
            packed += &format!("{name}`{kind}`{value}`");
        }
    }
    // Settings that say nothing are no value.
    if !packed.is_empty() {
        entry.push(ATTRIBUTE, packed);
    }
}

#[cfg(test)]
mod tests;
