//! What `certipy find -json` printed: a summary of templates and CAs for people.

use std::collections::BTreeSet;

use autoenroll_model::{Duration, EnrollmentFlags, EnrollmentService, NameFlags, Oid, PrivateKeyFlags, Template};
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::template;
use serde_json::{Map, Value};

use crate::finding::{Finding, Reason};
use crate::{Import, ImportedAuthority, ImportedTemplate};

pub(crate) fn read(bytes: &[u8]) -> Import {
    let mut import = Import::default();
    let root = match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(root)) => root,
        Ok(_) => return malformed_file(import, "an object".to_owned()),
        Err(error) => return malformed_file(import, format!("JSON ({error})")),
    };
    // Where nothing was found, certipy prints a sentence in place of the object.
    for (number, template) in objects(&root, "Certificate Templates") {
        Reader { import: &mut import, name: number.clone() }.template(template);
    }
    for (number, authority) in objects(&root, "Certificate Authorities") {
        Reader { import: &mut import, name: number.clone() }.authority(authority);
    }
    let known = ["Certificate Templates", "Certificate Authorities"];
    for (key, _) in root.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        import.findings.push(Finding::new("certipy", key, "", Reason::NoRule("enrollment does not depend on it")));
    }
    for authority in &import.authorities {
        for template in &authority.authority.templates {
            if !import.templates.iter().any(|known| known.template.name == *template) {
                let reason = Reason::Conflict("no template of that name is in the file");
                import.findings.push(Finding::new(&authority.authority.name, "certificateTemplates", template, reason));
            }
        }
    }
    import
}

fn malformed_file(mut import: Import, expected: String) -> Import {
    import.findings.push(Finding::new("certipy", "file", "", Reason::Malformed(expected)));
    import
}

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

/// Words and bits of a flag word.
macro_rules! words {
    ($type:ty) => {
        &mut <$type>::WORDS.iter().map(|(word, flag)| (*word, flag.bits()))
    };
}

struct Reader<'a> {
    import: &'a mut Import,
    /// The name of the object, its number until it is known.
    name: String,
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
        let mut template = Template::empty(name);
        let mut said: BTreeSet<String> = ["objectclass", "cn"].map(str::to_owned).into();
        for (key, value) in source {
            let attribute = match key.as_str() {
                "Template Name" => continue,
                "Display Name" => {
                    template.display_name = value.as_str().unwrap_or(name).to_owned();
                    "displayName"
                }
                "Certificate Name Flag" => {
                    template.name_flags = NameFlags::from_bits_retain(self.flags(key, value, words!(NameFlags)));
                    "msPKI-Certificate-Name-Flag"
                }
                "Enrollment Flag" => {
                    let bits = self.flags(key, value, words!(EnrollmentFlags));
                    template.enrollment_flags = Some(EnrollmentFlags::from_bits_retain(bits));
                    "msPKI-Enrollment-Flag"
                }
                "Private Key Flag" => {
                    template.private_key_flags =
                        PrivateKeyFlags::from_bits_retain(self.flags(key, value, words!(PrivateKeyFlags)));
                    "msPKI-Private-Key-Flag"
                }
                "Extended Key Usage" => {
                    template.eku = self.purposes(key, value);
                    "pKIExtendedKeyUsage"
                }
                // Called `Application Policies` by version 4.
                "RA Application Policies" | "Application Policies" => {
                    self.ra_application_policies(key, value, &mut template);
                    "msPKI-RA-Application-Policies"
                }
                "Issuance Policies" => {
                    template.certificate_policies = self.purposes(key, value);
                    "msPKI-Certificate-Policy"
                }
                "Authorized Signatures Required" => {
                    template.ra_signatures = self.number(key, value).unwrap_or_default();
                    "msPKI-RA-Signature"
                }
                "Schema Version" => {
                    template.schema = self.number(key, value);
                    "msPKI-Template-Schema-Version"
                }
                "Minimum RSA Key Length" => {
                    template.minimal_key_size = self.number(key, value).unwrap_or_default();
                    "msPKI-Minimal-Key-Size"
                }
                "Validity Period" => match self.period(key, value) {
                    Some(span) => {
                        template.validity = span;
                        "pKIExpirationPeriod"
                    }
                    None => continue,
                },
                "Renewal Period" => match self.period(key, value) {
                    Some(span) => {
                        template.renewal_period = span;
                        "pKIOverlapPeriod"
                    }
                    None => continue,
                },
                "Certificate Authorities" => {
                    self.offered_by(value);
                    continue;
                }
                "Permissions" => {
                    self.permissions(value);
                    continue;
                }
                known if REPEATED.contains(&known) || known.starts_with('[') => continue,
                _ => {
                    self.find(key, value.to_string(), Reason::Unknown);
                    continue;
                }
            };
            said.insert(attribute.to_ascii_lowercase());
        }
        // Version 4 does not print it, and only version 1 templates can do without.
        if template.schema.is_none() {
            let reason = Reason::Unsaid("this version of certipy does not print it; the template counts as version 1");
            self.find("msPKI-Template-Schema-Version", "", reason);
        }
        let reason = Reason::Unsaid(
            "certipy does not print it; providers, key spec, key usage, critical extensions, versions and OID have to be added",
        );
        self.find("other attributes", "", reason);
        self.import.templates.push(ImportedTemplate { template, said });
    }

    /// Version 5 prints numbers, one for each flag; version 4 the constants of [MS-CRTD] like `SubjectAltRequireUpn`.
    fn flags(&mut self, key: &str, value: &Value, words: &mut dyn Iterator<Item = (&'static str, u32)>) -> u32 {
        /// Name flags without a name in [MS-CRTD] that certipy knows.
        const UNNAMED: [(&str, u32); 3] = [("add-email", 0x2), ("add-obj-guid", 0x4), ("add-directory-path", 0x100)];
        let bare = |word: &str| word.replace(['-', '_'], "").to_ascii_lowercase();
        let words: Vec<(String, u32)> = words.chain(UNNAMED).map(|(word, bit)| (bare(word), bit)).collect();
        let mut bits = 0;
        for flag in list(value) {
            let number = flag.as_u64().and_then(|number| u32::try_from(number).ok());
            let word = bare(flag.as_str().unwrap_or_default());
            let word = word.strip_prefix("ctflag").unwrap_or(&word);
            let named = words.iter().find(|(known, _)| known == word).map(|(_, bit)| *bit);
            match number.or(named) {
                Some(bit) => bits |= bit,
                None if matches!(word, "none" | "attestnone") => {}
                None => self.find(key, flag.to_string(), Reason::Unknown),
            }
        }
        bits
    }

    fn purposes(&mut self, key: &str, value: &Value) -> Vec<Oid> {
        let mut oids = Vec::new();
        for purpose in list(value) {
            let text = purpose.as_str().unwrap_or_default();
            let named = PURPOSES.iter().find(|(name, _)| *name == text).map_or(text, |(_, dotted)| dotted);
            match named.parse() {
                Ok(oid) => oids.push(oid),
                Err(_) => self.find(key, text, Reason::Unknown),
            }
        }
        oids
    }

    /// Purposes, or the packed settings of versions 3 and 4 as the directory has them.
    fn ra_application_policies(&mut self, key: &str, value: &Value, template: &mut Template) {
        let Some(packed) = list(value).iter().filter_map(Value::as_str).find(|value| value.contains('`')) else {
            template.ra_application_policies = self.purposes(key, value);
            return;
        };
        let mut entry = Entry::default();
        entry.push("cn", self.name.as_str());
        entry.push("msPKI-RA-Application-Policies", packed);
        let (read, errors) = template::from_entry(&entry);
        for error in errors {
            self.find(key, error.found.unwrap_or_default(), Reason::Malformed(error.expected.to_owned()));
        }
        if let Some(read) = read {
            template.ra_application_policies = read.ra_application_policies;
            template.cng = read.cng;
        }
    }

    fn number(&mut self, key: &str, value: &Value) -> Option<u32> {
        let number =
            value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|number| u32::try_from(number).ok());
        if number.is_none() {
            self.find(key, value.to_string(), Reason::Malformed("a number".to_owned()));
        }
        number
    }

    /// `1 year`, `6 weeks`, `1800 seconds`; months of 30 and years of 365 days. Nothing for no time at all.
    fn period(&mut self, key: &str, value: &Value) -> Option<Duration> {
        let read = |text: &str| {
            if text.is_empty() {
                return Some(Duration::ZERO);
            }
            let (count, unit) = text.split_once(' ')?;
            let count: u64 = count.parse().ok()?;
            let unit = match unit.trim_end_matches('s') {
                "year" => Duration::days(365),
                "month" => Duration::days(30),
                "week" => Duration::days(7),
                "day" => Duration::DAY,
                "hour" => Duration::HOUR,
                "second" => Duration::SECOND,
                _ => return None,
            };
            Some(Duration(unit.0.checked_mul(count)?))
        };
        let span = value.as_str().and_then(read);
        if span.is_none() {
            self.find(key, value.to_string(), Reason::Malformed("a period like 1 year or 6 weeks".to_owned()));
        }
        span
    }

    /// The template names its CAs; the CAs do not name their templates.
    fn offered_by(&mut self, value: &Value) {
        for ca in list(value).iter().filter_map(|ca| ca.as_str()) {
            let known = self.import.authorities.iter().position(|known| known.authority.name == ca);
            let at = known.unwrap_or_else(|| {
                self.import.authorities.push(authority(ca));
                self.import.authorities.len() - 1
            });
            if let Some(known) = self.import.authorities.get_mut(at) {
                known.authority.templates.push(self.name.clone());
            }
        }
    }

    /// Names, not identifiers: who they are depends on a directory that is not here.
    fn permissions(&mut self, value: &Value) {
        let reason = Reason::NoWord(
            "certipy prints names without SIDs, and neither denials nor AutoEnroll; say `allow` or `acl`",
        );
        let kinds = value.as_object().into_iter().flatten().filter_map(|(_, rights)| rights.as_object());
        for (right, principals) in kinds.flatten() {
            let names: Vec<&str> = list(principals).iter().filter_map(Value::as_str).collect();
            self.find(right, names.join(", "), reason.clone());
        }
    }

    fn authority(&mut self, source: &Map<String, Value>) {
        let Some(name) = source.get("CA Name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
            return self.find("CA Name", "", Reason::Malformed("the name of the CA".to_owned()));
        };
        self.name = name.to_owned();
        let host = source.get("DNS Name").and_then(Value::as_str).map(str::to_owned);
        match self.import.authorities.iter_mut().find(|known| known.authority.name == name) {
            Some(known) => known.authority.host = host,
            None => {
                let mut new = authority(name);
                new.authority.host = host;
                self.import.authorities.push(new);
            }
        }
        for (key, value) in source.iter().filter(|(key, _)| !matches!(key.as_str(), "CA Name" | "DNS Name")) {
            let reason = Reason::Replaced("a CA of a world has its own certificate, rights and settings");
            self.find(key, value.to_string(), reason);
        }
    }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

fn authority(name: &str) -> ImportedAuthority {
    let authority = EnrollmentService {
        name: name.to_owned(),
        host: None,
        certificate: Vec::new(),
        templates: Vec::new(),
        enroll_permission: None,
        priority: None,
        site: None,
        uris: Vec::new(),
    };
    ImportedAuthority { authority, security: None }
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
