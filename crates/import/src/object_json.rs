//! Objects of the directory as JSON: what PowerShell makes of them (`Export-ADCSTemplate`, `Get-ADObject |
//! ConvertTo-Json`), and what `certipy template` saves.

use autoenroll_model::hex;
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::security_descriptor::{self, from_sddl};
use serde_json::{Map, Value};

use crate::attributes::{self, Values};
use crate::content::Content;
use crate::finding::{Finding, Reason};
use crate::object::{Whole, object};
use crate::{Import, period};

/// Whether PowerShell made it of an object: the names of LDAP, and one that calls the object.
pub(crate) fn is_powershell(content: &Content<'_>) -> bool {
    let named = |object: &Map<String, Value>| {
        let has = |name: &str| object.keys().any(|key| key.eq_ignore_ascii_case(name));
        (has("name") || has("cn") || has("displayName")) && attributes_of_a_directory(object)
    };
    objects(content).iter().any(|object| named(object))
}

/// Whether certipy saved it: attributes of a template, and nothing that calls it.
pub(crate) fn is_certipy(content: &Content<'_>) -> bool {
    content.object().is_some_and(attributes_of_a_directory)
}

/// At least two names of attributes that nothing else has.
fn attributes_of_a_directory(object: &Map<String, Value>) -> bool {
    let own = |key: &&String| {
        let key = key.to_ascii_lowercase();
        key.starts_with("mspki-") || key.starts_with("pki") || key == "cacertificate" || key == "certificatetemplates"
    };
    object.keys().filter(own).count() > 1
}

/// The object, or each of a list.
fn objects<'a>(content: &'a Content<'_>) -> Vec<&'a Map<String, Value>> {
    match content.value() {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).collect(),
        Some(Value::Object(object)) => vec![object],
        _ => Vec::new(),
    }
}

/// PowerShell: numbers are signed, octets are lists of numbers, a list of one may be a value, and a value a list.
pub(crate) fn powershell(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    for source in objects(content) {
        let text =
            |name: &str| source.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, v)| v.as_str());
        let name = ["cn", "name", "displayName"].iter().find_map(|key| text(key)).unwrap_or_default();
        let dn = text("distinguishedName").unwrap_or(name).to_owned();
        let mut reader = Reader { import: &mut import, object: name, dialect: Dialect::PowerShell };
        let mut entry = reader.entry(source.iter().filter(|(key, _)| !OF_POWERSHELL.contains(&key.as_str())));
        if entry.value("objectClass").is_none() {
            // What was selected of an object may lack its class; what it has shows which it is.
            let service = ["cACertificate", "certificateTemplates"].iter().any(|name| entry.value(name).is_some());
            entry.push("objectClass", if service { "pKIEnrollmentService" } else { "pKICertificateTemplate" });
        }
        // Whoever selects attributes takes all of `*pki*`: an identity that is not there is none.
        let identity =
            ["msPKI-Template-Schema-Version", "msPKI-Enrollment-Flag"].iter().all(|n| entry.value(n).is_some());
        object(&mut import, &dn, &entry, if identity { Whole::Yes } else { Whole::Part });
    }
    import
}

/// Properties that PowerShell adds to an object.
const OF_POWERSHELL: [&str; 8] = [
    "PropertyNames",
    "AddedProperties",
    "RemovedProperties",
    "ModifiedProperties",
    "PropertyCount",
    "PSShowComputerName",
    "PSComputerName",
    "RunspaceId",
];

/// Files of certipy: version 4 writes every value in hexadecimal, version 5 octets only, and periods in seconds.
/// Neither writes what the template is called, its OID, revision and schema version.
pub(crate) fn certipy(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    let Some(source) = content.object() else { return import };
    let dialect = if source.values().all(is_hex) { Dialect::Certipy4 } else { Dialect::Certipy5 };
    let mut reader = Reader { import: &mut import, object: content.name, dialect };
    let mut entry = reader.entry(source.iter());
    entry.push("objectClass", "pKICertificateTemplate");
    object(&mut import, content.name, &entry, Whole::Part);
    import
}

fn is_hex(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().all(is_hex),
        Value::String(text) => text.len() % 2 == 0 && hex::decode(text).is_some(),
        _ => false,
    }
}

/// Who wrote the values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    PowerShell,
    Certipy4,
    Certipy5,
}

struct Reader<'a> {
    import: &'a mut Import,
    object: &'a str,
    dialect: Dialect,
}

impl Reader<'_> {
    fn entry<'v>(&mut self, source: impl Iterator<Item = (&'v String, &'v Value)>) -> Entry {
        let mut entry = Entry::default();
        for (key, value) in source {
            // PowerShell makes objects of what it has no other form for.
            let (name, kind) = attributes::kind(key).unwrap_or((key.as_str(), Values::Text));
            for value in self.values(kind, value) {
                match self.octets(kind, value) {
                    Some(octets) => entry.push(name, octets),
                    None => {
                        let reason = Reason::Malformed(expected(kind).to_owned());
                        self.import.findings.push(Finding::new(self.object, name, value.to_string(), reason));
                    }
                }
            }
        }
        entry
    }

    /// The values of an attribute: each of a list, unless the list is the octets of one.
    fn values<'v>(&self, kind: Values, value: &'v Value) -> Vec<&'v Value> {
        match value {
            Value::Null => Vec::new(),
            // Windows PowerShell wraps lists that came through a property.
            Value::Object(object) if object.len() == 2 && object.contains_key("Count") => {
                object.get("value").map_or_else(Vec::new, |inner| self.values(kind, inner))
            }
            Value::Array(list) if kind.are_octets() && list.first().is_some_and(Value::is_number) => vec![value],
            Value::Array(list) => list.iter().flat_map(|inner| self.values(kind, inner)).collect(),
            one => vec![one],
        }
    }

    fn octets(&self, kind: Values, value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::String(text) => match (self.dialect, text.strip_prefix("HEX:")) {
                (Dialect::Certipy5, Some(digits)) => hex::decode(digits),
                (Dialect::Certipy4, _) => hex::decode(text),
                _ if kind == Values::Security => {
                    from_sddl(text, None).0.map(|read| security_descriptor::to_bytes(&read))
                }
                _ if kind == Values::Octets => period::of_text(text).map(Vec::from),
                _ => Some(text.clone().into_bytes()),
            },
            Value::Number(number) if kind == Values::Octets && self.dialect == Dialect::Certipy5 => {
                number.as_u64().map(|seconds| period::of_seconds(seconds).to_vec())
            }
            Value::Number(number) => Some(number.to_string().into_bytes()),
            Value::Bool(truth) => Some(if *truth { b"TRUE".to_vec() } else { b"FALSE".to_vec() }),
            Value::Array(list) => list.iter().map(|octet| octet.as_u64().and_then(|n| u8::try_from(n).ok())).collect(),
            // An object of .NET: its text form stands beside its parts.
            Value::Object(object) => {
                let sddl = object.get("Sddl").and_then(Value::as_str).filter(|_| kind == Values::Security)?;
                from_sddl(sddl, None).0.map(|read| security_descriptor::to_bytes(&read))
            }
            Value::Null => None,
        }
    }
}

const fn expected(kind: Values) -> &'static str {
    match kind {
        Values::Octets | Values::Bits => "a list of octets",
        Values::Security => "a security descriptor: octets, or an object with `Sddl`",
        Values::Number => "a number",
        Values::Text | Values::Provider | Values::Triplets => "a text",
    }
}
