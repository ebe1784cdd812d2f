//! What certutil prints of templates, in English: `-v -dsTemplate` the attributes of the object ([MS-CRTD] 3 shows
//! one), `-v -template` the properties that an enrollment policy has ([MS-XCEP] 3.1.4.1.3.7 has the same).

use autoenroll_model::Oid;
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::security_descriptor::{self, from_sddl};

use crate::attributes::{self, Values};
use crate::content::Content;
use crate::finding::{Finding, Reason};
use crate::object::{NO_LIST, Whole, object, template_object};
use crate::{Import, flag_words, period};

/// Whether `certutil -dsTemplate` printed it, with or without `-v`.
pub(crate) fn is_directory(content: &Content<'_>) -> bool {
    let mut lines = content.text.lines().map(str::trim);
    lines.any(|line| section(line).is_some())
        && content.text.lines().filter_map(setting).any(|(name, _)| attributes::kind(name).is_some())
}

/// Whether `certutil -template` printed it.
pub(crate) fn is_policy(content: &Content<'_>) -> bool {
    content.text.contains(PROPERTY) && content.text.lines().filter_map(setting).any(|(name, _)| name == NAME)
}

const PROPERTY: &str = "TemplateProp";
const NAME: &str = "TemplatePropCommonName";

/// The name in brackets.
fn section(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']').filter(|name| !name.contains(['[', ']', '{', '"']))
}

/// `name = rest`, the name of letters, digits and hyphens.
fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once('=')?;
    // Notes of [MS-CRTD] mark names with asterisks.
    let name = name.trim().trim_start_matches('*');
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!name.is_empty() && name.chars().all(word)).then(|| (name, rest.trim()))
}

/// The settings of each object: a name with all text up to the next one.
struct Part<'t> {
    name: String,
    settings: Vec<(&'t str, Vec<&'t str>)>,
}

pub(crate) fn directory(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    let mut parts: Vec<Part<'_>> = Vec::new();
    for line in content.text.lines() {
        if let Some(name) = section(line.trim()) {
            parts.push(Part { name: name.to_owned(), settings: Vec::new() });
        } else if let Some(part) = parts.last_mut() {
            part.line(line);
        }
    }
    for part in parts {
        let mut entry = Entry::default();
        for (name, lines) in &part.settings {
            let (name, kind) = attributes::kind(name).unwrap_or((name, Values::Text));
            for value in quoted(&lines.join("\n"), kind) {
                match octets(kind, &value) {
                    Some(octets) => entry.push(name, octets),
                    None => {
                        let reason = Reason::Malformed("what certutil prints for the attribute".to_owned());
                        import.findings.push(Finding::new(&part.name, name, value, reason));
                    }
                }
            }
        }
        // Sections like `[Version]` are about the text.
        if attributes_of_a_template(&entry) {
            if entry.value("objectClass").is_none() {
                entry.push("objectClass", "pKICertificateTemplate");
            }
            object(&mut import, &part.name, &entry, Whole::Yes);
        }
    }
    import
}

fn attributes_of_a_template(entry: &Entry) -> bool {
    ["cn", "revision", "flags", "msPKI-Enrollment-Flag"].iter().any(|name| entry.value(name).is_some())
}

impl<'t> Part<'t> {
    fn line(&mut self, line: &'t str) {
        match (setting(line), self.settings.last_mut()) {
            (Some((name, rest)), _) => self.settings.push((name, vec![rest])),
            (None, Some((_, lines))) => lines.push(line.trim()),
            (None, None) => {}
        }
    }

    /// The first line of a property.
    fn first(&self, name: &str) -> Option<&'t str> {
        self.lines(name)?.first().copied().filter(|text| !text.is_empty())
    }

    fn lines(&self, name: &str) -> Option<&[&'t str]> {
        self.settings.iter().find(|(known, _)| *known == name).map(|(_, lines)| lines.as_slice())
    }
}

/// Texts in quotation marks; what stands between them is certutil's explanation. Without any, octets and periods stand
/// by themselves.
fn quoted(text: &str, kind: Values) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let inner = &rest[start + 1..];
        let end = inner.find('"').unwrap_or(inner.len());
        let lines: Vec<&str> = inner[..end].lines().map(str::trim).collect();
        values.push(lines.join(if kind == Values::Security { "" } else { " " }));
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    let bare = text.lines().next().unwrap_or_default().trim();
    if values.is_empty() && !bare.is_empty() && bare != "EMPTY" {
        values.push(bare.to_owned());
    }
    values
}

fn octets(kind: Values, value: &str) -> Option<Vec<u8>> {
    match kind {
        Values::Octets => period::of_text(value).map(Vec::from).or_else(|| hexadecimal(value)),
        Values::Bits => hexadecimal(value),
        Values::Security => from_sddl(value, None).0.map(|read| security_descriptor::to_bytes(&read)),
        _ => Some(value.as_bytes().to_vec()),
    }
}

/// `a0 00`.
fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let octets: Option<Vec<u8>> = text.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    octets.filter(|octets| !octets.is_empty())
}

/// What a property holds.
#[derive(Clone, Copy)]
enum Property {
    Text(&'static str),
    /// Hexadecimal, with the decimal number behind it from 10 on.
    Number(&'static str),
    Oid(&'static str),
    Oids(&'static str),
    Names(&'static str),
    Providers,
    Period(&'static str),
    Security,
    Extensions,
    /// A part of the packed settings of version 3 ([MS-CRTD] 2.23.2), with its type there.
    Packed(&'static str, &'static str),
    /// It repeats others.
    Repeated,
}

const PROPERTIES: &[(&str, Property)] = &[
    ("CommonName", Property::Text("cn")),
    ("FriendlyName", Property::Text("displayName")),
    ("EKUs", Property::Oids("pKIExtendedKeyUsage")),
    ("CryptoProviders", Property::Providers),
    ("MajorRevision", Property::Number("revision")),
    ("MinorRevision", Property::Number("msPKI-Template-Minor-Revision")),
    ("SchemaVersion", Property::Number("msPKI-Template-Schema-Version")),
    ("KeySpec", Property::Number("pKIDefaultKeySpec")),
    ("RASignatureCount", Property::Number("msPKI-RA-Signature")),
    ("MinimumKeySize", Property::Number("msPKI-Minimal-Key-Size")),
    ("OID", Property::Oid("msPKI-Cert-Template-OID")),
    ("Supersede", Property::Names("msPKI-Supersede-Templates")),
    ("RACertificatePolicies", Property::Oids("msPKI-RA-Policies")),
    ("RAEKUs", Property::Oids("msPKI-RA-Application-Policies")),
    ("CertificatePolicies", Property::Oids("msPKI-Certificate-Policy")),
    ("V1ApplicationPolicy", Property::Oids("msPKI-Certificate-Application-Policy")),
    ("EnrollmentFlags", Property::Number("msPKI-Enrollment-Flag")),
    ("SubjectNameFlags", Property::Number("msPKI-Certificate-Name-Flag")),
    ("PrivateKeyFlags", Property::Number("msPKI-Private-Key-Flag")),
    ("GeneralFlags", Property::Number("flags")),
    ("SecurityDescriptor", Property::Security),
    ("ValidityPeriod", Property::Period("pKIExpirationPeriod")),
    ("RenewalPeriod", Property::Period("pKIOverlapPeriod")),
    ("Extensions", Property::Extensions),
    ("AsymmetricAlgorithm", Property::Packed("msPKI-Asymmetric-Algorithm", "PZPWSTR")),
    ("HashAlgorithm", Property::Packed("msPKI-Hash-Algorithm", "PZPWSTR")),
    ("KeySecurityDescriptor", Property::Packed("msPKI-Key-Security-Descriptor", "PZPWSTR")),
    ("KeyUsage", Property::Packed("msPKI-Key-Usage", "DWORD")),
    ("SymmetricAlgorithm", Property::Packed("msPKI-Symmetric-Algorithm", "PZPWSTR")),
    ("SymmetricKeyLength", Property::Packed("msPKI-Symmetric-Key-Length", "DWORD")),
    ("Description", Property::Repeated),
];

pub(crate) fn policy(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    let mut parts: Vec<Part<'_>> = Vec::new();
    for line in content.text.lines() {
        if setting(line).is_some_and(|(name, _)| name == NAME) {
            parts.push(Part { name: String::new(), settings: Vec::new() });
        }
        // What comes behind a template, like `Template[1]:`, ends it.
        if line.trim().starts_with("Template[") || line.trim_start().starts_with("CertUtil:") {
            parts.push(Part { name: String::new(), settings: Vec::new() });
        }
        if let Some(part) = parts.last_mut() {
            // A line within a property may have an equals sign, too.
            if setting(line).is_some_and(|(name, _)| name.starts_with(PROPERTY)) {
                part.line(line);
            } else if let Some((_, lines)) = part.settings.last_mut() {
                lines.push(line.trim());
            }
        }
    }
    for part in parts.iter().filter(|part| part.lines(NAME).is_some()) {
        let name = part.first(NAME).unwrap_or_default();
        let mut reader = PolicyReader { name, entry: Entry::default(), packed: String::new(), import: &mut import };
        part.settings.iter().for_each(|(key, lines)| reader.property(key, lines));
        let PolicyReader { mut entry, packed, .. } = reader;
        if !packed.is_empty() {
            let policies: Vec<String> = entry.texts(RA_POLICIES).map(str::to_owned).collect();
            entry.0.retain(|(name, _)| name != RA_POLICIES);
            let policies = if policies.is_empty() {
                String::new()
            } else {
                format!("{RA_POLICIES}`PZPWSTR`{}`", policies.join(","))
            };
            entry.push(RA_POLICIES, packed + &policies);
        }
        // Without -v it prints three properties of each.
        let whole = if entry.value("msPKI-Template-Schema-Version").is_some() { Whole::Yes } else { Whole::Part };
        let _read = template_object(&mut import, name, &entry, whole, NO_LIST);
    }
    import
}

const RA_POLICIES: &str = "msPKI-RA-Application-Policies";

struct PolicyReader<'a, 't> {
    name: &'t str,
    entry: Entry,
    /// Triplets of settings of version 3.
    packed: String,
    import: &'a mut Import,
}

impl PolicyReader<'_, '_> {
    fn find(&mut self, attribute: &str, value: &str, reason: Reason) {
        self.import.findings.push(Finding::new(self.name, attribute, value, reason));
    }

    fn malformed(&mut self, attribute: &str, value: &str, expected: &str) {
        self.find(attribute, value, Reason::Malformed(expected.to_owned()));
    }

    fn property(&mut self, key: &str, lines: &[&str]) {
        let first = lines.first().copied().unwrap_or_default();
        let filled = || lines.iter().copied().filter(|line| !line.is_empty());
        let known = PROPERTIES.iter().find(|(name, _)| key.strip_prefix(PROPERTY) == Some(name));
        let Some((_, property)) = known else { return self.find(key, first, Reason::Unknown) };
        match *property {
            Property::Text(attribute) => self.entry.push(attribute, first),
            Property::Number(attribute) => match number(first) {
                Some(number) => self.entry.push(attribute, flag_words::printed(number)),
                None => self.malformed(key, first, "a number in hexadecimal"),
            },
            // What is no identifier stays what it is.
            Property::Oid(attribute) => {
                filled().take(1).for_each(|line| self.entry.push(attribute, word(line)));
            }
            Property::Oids(attribute) => {
                for oid in filled().map(word).filter(|word| word.parse::<Oid>().is_ok()) {
                    self.entry.push(attribute, oid);
                }
            }
            Property::Names(attribute) => filled().for_each(|name| self.entry.push(attribute, without_number(name))),
            Property::Providers => {
                for (name, order) in filled().map(without_number).zip(1..) {
                    self.entry.push("pKIDefaultCSPs", format!("{order},{name}"));
                }
            }
            Property::Period(attribute) => match period::of_text(first) {
                Some(octets) => self.entry.push(attribute, octets),
                None => self.malformed(key, first, "a period like 1 Years"),
            },
            Property::Security => self.security(key, first),
            Property::Extensions => self.extensions(lines),
            Property::Packed(name, kind) => match (kind, filled().next().map(word)) {
                (_, None) => {}
                ("DWORD", Some(text)) => match number(text) {
                    Some(number) => self.packed += &format!("{name}`{kind}`{number}`"),
                    None => self.malformed(key, text, "a number in hexadecimal"),
                },
                (_, Some(text)) => self.packed += &format!("{name}`{kind}`{text}`"),
            },
            Property::Repeated => {}
        }
    }

    fn security(&mut self, key: &str, text: &str) {
        let (read, errors) = from_sddl(text, None);
        for error in errors {
            self.malformed(key, &error.found, error.expected);
        }
        if let Some(read) = read {
            self.entry.push("nTSecurityDescriptor", security_descriptor::to_bytes(&read));
        }
    }

    /// `2.5.29.15: Flags = 1(Critical), Length = 4`, and for key usage its octets in parentheses behind the words.
    fn extensions(&mut self, lines: &[&str]) {
        let mut current = "";
        for line in lines {
            if let Some((oid, rest)) = line.split_once(": Flags = ") {
                current = oid;
                if rest.contains("(Critical)") {
                    self.entry.push("pKICriticalExtensions", oid);
                }
            } else if current == KEY_USAGE
                && let Some((_, digits)) = line.strip_suffix(')').and_then(|line| line.rsplit_once('('))
                && let Some(octets) = hexadecimal(digits)
            {
                self.entry.push("pKIKeyUsage", octets);
                current = "";
            }
        }
    }
}

const KEY_USAGE: &str = "2.5.29.15";

/// `64 (100)`, `a6000000 (-1509949440)`, `4`.
fn number(text: &str) -> Option<u32> {
    u32::from_str_radix(word(text), 16).ok()
}

fn word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// `0: Microsoft Enhanced Cryptographic Provider v1.0` without its number.
fn without_number(line: &str) -> &str {
    match line.split_once(": ") {
        Some((number, rest)) if number.chars().all(|c| c.is_ascii_digit()) => rest.trim(),
        _ => line,
    }
}
