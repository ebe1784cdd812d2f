//! What `certipy find -json` printed: a summary of templates and CAs for people.

use autoenroll_model::{Oid, Right, Sid};
use autoenroll_wire::ldif::Entry;
use serde_json::{Map, Value};

use crate::finding::{Finding, Reason};
use crate::flag_words::{self, Words};
use crate::object::{Whole, template_object};
use crate::world::same_name;
use crate::{Import, ImportedAuthority, period};

pub(crate) fn read(root: &Map<String, Value>) -> Import {
    let mut import = Import::default();
    // Where nothing was found, certipy prints a sentence in place of the object.
    for (number, template) in objects(root, TEMPLATES) {
        Reader { import: &mut import, name: number.clone(), granted: Vec::new() }.template(template);
    }
    for (number, authority) in objects(root, AUTHORITIES) {
        Reader { import: &mut import, name: number.clone(), granted: Vec::new() }.authority(authority);
    }
    for (key, _) in root.iter().filter(|(key, _)| ![TEMPLATES, AUTHORITIES].contains(&key.as_str())) {
        import.findings.push(Finding::new("certipy", key, "", Reason::Unknown));
    }
    for authority in &import.authorities {
        for template in &authority.authority.templates {
            if !import.templates.iter().any(|known| same_name(&known.template.name, template)) {
                let reason = Reason::Conflict("no template of that name is in the file");
                import.findings.push(Finding::new(&authority.authority.name, "certificateTemplates", template, reason));
            }
        }
    }
    import
}

/// Keys of a file that certipy printed.
pub(crate) const TEMPLATES: &str = "Certificate Templates";
pub(crate) const AUTHORITIES: &str = "Certificate Authorities";

fn objects<'a>(root: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let found = root.get(key).and_then(Value::as_object);
    found.into_iter().flatten().filter_map(|(number, value)| Some((number, value.as_object()?)))
}

/// Keys that only repeat others, or say what certipy thinks of them.
const REPEATED: &[&str] = &[
    "Enabled",
    "Client Authentication",
    "Enrollment Agent",
    "Any Purpose",
    "Enrollee Supplies Subject",
    "Requires Manager Approval",
    "Requires Key Archival",
    "Linked Groups",
    "Template Created",
    "Template Last Modified",
];

/// What becomes of a key.
#[derive(Clone, Copy)]
enum Key {
    Text(&'static str),
    Number(&'static str),
    Period(&'static str),
    Flags(&'static str, fn() -> Words),
    Purposes(&'static str),
}

/// Keys of a template, with the attribute that each says.
const KEYS: &[(&str, Key)] = &[
    ("Display Name", Key::Text("displayName")),
    ("Certificate Name Flag", Key::Flags("msPKI-Certificate-Name-Flag", flag_words::name_flags)),
    ("Enrollment Flag", Key::Flags("msPKI-Enrollment-Flag", flag_words::enrollment_flags)),
    ("Private Key Flag", Key::Flags("msPKI-Private-Key-Flag", flag_words::private_key_flags)),
    ("Extended Key Usage", Key::Purposes("pKIExtendedKeyUsage")),
    ("RA Application Policies", Key::Purposes("msPKI-RA-Application-Policies")),
    // Version 4 calls them so.
    ("Application Policies", Key::Purposes("msPKI-RA-Application-Policies")),
    ("Issuance Policies", Key::Purposes("msPKI-Certificate-Policy")),
    ("Authorized Signatures Required", Key::Number("msPKI-RA-Signature")),
    ("Schema Version", Key::Number("msPKI-Template-Schema-Version")),
    ("Minimum RSA Key Length", Key::Number("msPKI-Minimal-Key-Size")),
    ("Validity Period", Key::Period("pKIExpirationPeriod")),
    ("Renewal Period", Key::Period("pKIOverlapPeriod")),
];

struct Reader<'a> {
    import: &'a mut Import,
    /// The name of the object, its number until it is known.
    name: String,
    /// Who may enroll, as far as certipy prints identifiers.
    granted: Vec<(Sid, Right)>,
}

impl Reader<'_> {
    fn find(&mut self, attribute: &str, value: impl Into<String>, reason: Reason) {
        self.import.findings.push(Finding::new(&self.name, attribute, value, reason));
    }

    fn template(&mut self, source: &Map<String, Value>) {
        let Some(name) = source.get("Template Name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            return self.find("Template Name", "", Reason::Malformed("the name of the template".to_owned()));
        };
        self.name = name.to_owned();
        let mut entry = Entry::default();
        entry.push("cn", name);
        for (key, value) in source {
            match KEYS.iter().find(|(known, _)| known == key) {
                Some((_, what)) => self.attribute(&mut entry, key, *what, value),
                None => self.other(key, value),
            }
        }
        let name = self.name.clone();
        let granted = std::mem::take(&mut self.granted);
        if let Some(imported) = template_object(self.import, &name, &entry, Whole::Part, NO_LIST) {
            imported.granted = granted;
        }
    }

    fn attribute(&mut self, entry: &mut Entry, key: &str, what: Key, value: &Value) {
        match what {
            Key::Text(attribute) => match value.as_str() {
                Some(text) => entry.push(attribute, text),
                None => self.find(key, value.to_string(), Reason::Malformed("a text".to_owned())),
            },
            Key::Number(attribute) => {
                match value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|n| u32::try_from(n).ok()) {
                    Some(number) => entry.push(attribute, flag_words::printed(number)),
                    None => self.find(key, value.to_string(), Reason::Malformed("a number".to_owned())),
                }
            }
            Key::Period(attribute) => match value.as_str().map(|text| (text, period::of_text(text))) {
                Some((_, Some(octets))) => entry.push(attribute, octets),
                // Version 4 prints nothing for a period of minutes and seconds, version 5 for no time at all.
                Some(("", None)) => {
                    let reason = Reason::Unsaid("certipy had no words for the period; the world's default holds");
                    self.find(attribute, "", reason);
                }
                _ => {
                    let reason = Reason::Malformed("a period like 1 year or 6 weeks".to_owned());
                    self.find(key, value.to_string(), reason);
                }
            },
            Key::Flags(attribute, words) => {
                let bits = self.flags(key, value, &words());
                entry.push(attribute, flag_words::printed(bits));
            }
            Key::Purposes(attribute) => self.purposes(entry, key, attribute, value),
        }
    }

    /// Version 5 prints numbers, one for each flag; version 4 the constants of [MS-CRTD] like `SubjectAltRequireUpn`.
    fn flags(&mut self, key: &str, value: &Value, words: &Words) -> u32 {
        let mut bits = 0;
        for flag in list(value) {
            let number = flag.as_u64().and_then(|number| u32::try_from(number).ok());
            match number.or_else(|| flag_words::bits(words, flag.as_str()?)) {
                Some(bit) => bits |= bit,
                None => self.find(key, flag.to_string(), Reason::Unknown),
            }
        }
        bits
    }

    /// Purposes, or the packed settings of versions 3 and 4 as the directory has them.
    fn purposes(&mut self, entry: &mut Entry, key: &str, attribute: &str, value: &Value) {
        for purpose in list(value) {
            let text = purpose.as_str().unwrap_or_default();
            let dotted = dotted(text);
            if text.contains('`') || dotted.parse::<Oid>().is_ok() {
                entry.push(attribute, dotted);
            } else {
                self.find(key, purpose.as_str().map_or_else(|| purpose.to_string(), str::to_owned), Reason::Unknown);
            }
        }
    }

    fn other(&mut self, key: &str, value: &Value) {
        match key {
            "Template Name" => {}
            "Certificate Authorities" => self.offered_by(value),
            "Permissions" => self.permissions(value),
            known if REPEATED.contains(&known) || known.starts_with('[') => {}
            _ => self.find(key, value.to_string(), Reason::Unknown),
        }
    }

    /// The template names its CAs; the CAs do not name their templates.
    fn offered_by(&mut self, value: &Value) {
        for ca in list(value).iter().filter_map(|ca| ca.as_str()).filter(|ca| !ca.is_empty()) {
            let known = self.import.authorities.iter().position(|known| same_name(&known.authority.name, ca));
            let at = known.unwrap_or_else(|| {
                self.import.authorities.push(ImportedAuthority::named(ca));
                self.import.authorities.len() - 1
            });
            if let Some(known) = self.import.authorities.get_mut(at) {
                known.authority.templates.push(self.name.clone());
            }
        }
    }

    /// Names, whose accounts depend on a directory that is not here, and identifiers where certipy found no name.
    fn permissions(&mut self, value: &Value) {
        let kinds = value.as_object().into_iter().flatten().filter_map(|(_, rights)| rights.as_object());
        for (right, principals) in kinds.flatten() {
            let texts = list(principals).iter().filter_map(Value::as_str);
            let (sids, names): (Vec<&str>, Vec<&str>) =
                texts.partition(|text| right == "Enrollment Rights" && text.parse::<Sid>().is_ok());
            self.granted.extend(sids.iter().filter_map(|sid| Some((sid.parse().ok()?, Right::Enroll))));
            if !names.is_empty() {
                self.find(right, names.join(", "), Reason::NoWord("certipy has no whole list; say `allow` or `acl`"));
            }
        }
    }

    fn authority(&mut self, source: &Map<String, Value>) {
        let Some(name) = source.get("CA Name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            return self.find("CA Name", "", Reason::Malformed("the name of the CA".to_owned()));
        };
        self.name = name.to_owned();
        let host = source.get("DNS Name").and_then(Value::as_str).map(str::to_owned);
        let known = self.import.authorities.iter().position(|known| same_name(&known.authority.name, name));
        let at = known.unwrap_or_else(|| {
            self.import.authorities.push(ImportedAuthority::named(name));
            self.import.authorities.len() - 1
        });
        if let Some(known) = self.import.authorities.get_mut(at) {
            known.host_said = host.is_some();
            known.authority.host = host;
        }
        for (key, value) in source.iter().filter(|(key, _)| !matches!(key.as_str(), "CA Name" | "DNS Name")) {
            let reason = Reason::Replaced("a CA of a world has its own certificate, rights and settings");
            self.find(key, value.to_string(), reason);
        }
    }
}

const NO_LIST: &str = "certipy prints neither Read, AutoEnroll nor denials, and most accounts without their SID: every \
    principal reads the template, and who is granted nothing here does not enroll; say `allow`";

/// The values of a key: a single one stands alone.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// The object identifier of a purpose that is called by its name; any other text as it is.
pub(crate) fn dotted(purpose: &str) -> &str {
    PURPOSES.iter().find(|(name, _)| *name == purpose).map_or(purpose, |(_, dotted)| dotted)
}

/// Purposes as certipy names them; Windows consoles use the same words.
const PURPOSES: &[(&str, &str)] = &[
    ("Server Authentication", "1.3.6.1.5.5.7.3.1"),
    ("Client Authentication", "1.3.6.1.5.5.7.3.2"),
    ("Code Signing", "1.3.6.1.5.5.7.3.3"),
    ("Secure Email", "1.3.6.1.5.5.7.3.4"),
    ("Time Stamping", "1.3.6.1.5.5.7.3.8"),
    ("OCSP Signing", "1.3.6.1.5.5.7.3.9"),
    ("IP security IKE intermediate", "1.3.6.1.5.5.8.2.2"),
    ("IP security end system", "1.3.6.1.5.5.7.3.5"),
    ("IP security tunnel termination", "1.3.6.1.5.5.7.3.6"),
    ("IP security use", "1.3.6.1.5.5.7.3.7"),
    ("Smart Card Logon", "1.3.6.1.4.1.311.20.2.2"),
    ("Certificate Request Agent", "1.3.6.1.4.1.311.20.2.1"),
    ("Encrypting File System", "1.3.6.1.4.1.311.10.3.4"),
    ("File Recovery", "1.3.6.1.4.1.311.10.3.4.1"),
    ("Microsoft Trust List Signing", "1.3.6.1.4.1.311.10.3.1"),
    ("Qualified Subordination", "1.3.6.1.4.1.311.10.3.10"),
    ("Document Signing", "1.3.6.1.4.1.311.10.3.12"),
    ("Key Recovery", "1.3.6.1.4.1.311.10.3.11"),
    ("Key Recovery Agent", "1.3.6.1.4.1.311.21.6"),
    ("Private Key Archival", "1.3.6.1.4.1.311.21.5"),
    ("Directory Service Email Replication", "1.3.6.1.4.1.311.21.19"),
    ("PKINIT Client Authentication", "1.3.6.1.5.2.3.4"),
    ("KDC Authentication", "1.3.6.1.5.2.3.5"),
    ("Remote Desktop Authentication", "1.3.6.1.4.1.311.54.1.2"),
    ("Lifetime Signing", "1.3.6.1.4.1.311.10.3.13"),
    ("Any Purpose", "2.5.29.37.0"),
    ("Endorsement Key Certificate", "2.23.133.8.1"),
    ("Attestation Identity Key Certificate", "2.23.133.8.3"),
    ("Document Encryption", "1.3.6.1.4.1.311.80.1"),
    ("CTL Usage", "1.3.6.1.4.1.311.20.1"),
];
