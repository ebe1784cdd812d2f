//! Files of BloodHound Community Edition, as SharpHound and other collectors write them: `certtemplates` and
//! `enterprisecas`.

use autoenroll_model::{Oid, Right, Sid};
use autoenroll_wire::ldif::Entry;
use serde_json::{Map, Value};

use crate::certipy::dotted;
use crate::content::Content;
use crate::finding::{Finding, Reason};
use crate::flag_words::{self, Words};
use crate::object::{Whole, relative_name, template_object};
use crate::{Import, ImportedAuthority, period};

/// What kind of objects a file has, when it is one of BloodHound: its `meta` says so.
pub(crate) fn kind<'a>(content: &'a Content<'_>) -> Option<&'a str> {
    let root = content.object()?;
    root.get("data").filter(|data| data.is_array())?;
    root.get("meta")?.get("type")?.as_str()
}

/// Whether a file has templates or CAs.
pub(crate) fn is_readable(content: &Content<'_>) -> bool {
    matches!(kind(content), Some("certtemplates" | "enterprisecas"))
}

pub(crate) fn read(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    let templates = kind(content) == Some("certtemplates");
    let data = content.object().and_then(|root| root.get("data")?.as_array());
    for (at, node) in data.into_iter().flatten().enumerate() {
        let place = format!("data {at}");
        let properties = node.get("Properties").and_then(Value::as_object);
        match (node.as_object(), properties) {
            (Some(node), Some(properties)) if templates => template(&mut import, &place, node, properties),
            (Some(node), Some(properties)) => authority(&mut import, &place, node, properties),
            _ => {
                let reason = Reason::Malformed("an object with `Properties`".to_owned());
                import.findings.push(Finding::new(&place, "node", node.to_string(), reason));
            }
        }
    }
    import
}

/// How a property becomes an attribute.
#[derive(Clone, Copy)]
enum Property {
    Text(&'static str),
    Number(&'static str),
    Period(&'static str),
    Flags(&'static str, fn() -> Words),
    Oids(&'static str),
}

const PROPERTIES: &[(&str, Property)] = &[
    ("displayname", Property::Text("displayName")),
    ("schemaversion", Property::Number("msPKI-Template-Schema-Version")),
    ("oid", Property::Text("msPKI-Cert-Template-OID")),
    ("authorizedsignatures", Property::Number("msPKI-RA-Signature")),
    ("validityperiod", Property::Period("pKIExpirationPeriod")),
    ("renewalperiod", Property::Period("pKIOverlapPeriod")),
    ("certificatenameflag", Property::Flags("msPKI-Certificate-Name-Flag", flag_words::name_flags)),
    ("enrollmentflag", Property::Flags("msPKI-Enrollment-Flag", flag_words::enrollment_flags)),
    ("privatekeyflag", Property::Flags("msPKI-Private-Key-Flag", flag_words::private_key_flags)),
    ("ekus", Property::Oids("pKIExtendedKeyUsage")),
    ("certificateapplicationpolicy", Property::Oids("msPKI-Certificate-Application-Policy")),
    ("certificatepolicy", Property::Oids("msPKI-Certificate-Policy")),
    ("applicationpolicies", Property::Oids("msPKI-RA-Application-Policies")),
    ("issuancepolicies", Property::Oids("msPKI-RA-Policies")),
];

/// Properties that follow from others, or are of the graph.
const OF_THE_GRAPH: &[&str] = &[
    "name",
    "domain",
    "domainsid",
    "distinguishedname",
    "whencreated",
    "isaclprotected",
    "doesanyacegrantownerrights",
    "doesanyinheritedacegrantownerrights",
    "highvalue",
    "system_tags",
    "effectiveekus",
    "enrolleesuppliessubject",
    "requiresmanagerapproval",
    "authenticationenabled",
    "schannelauthenticationenabled",
    "nosecurityextension",
    "subjectaltrequireupn",
    "subjectaltrequiredns",
    "subjectaltrequiredomaindns",
    "subjectaltrequireemail",
    "subjectaltrequirespn",
    "subjectrequireemail",
];

fn text<'a>(properties: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    properties.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// What an object is called: BloodHound writes names in capitals, with the domain behind them; its own case may stand
/// in another property.
fn name_of(properties: &Map<String, Value>, own: &str) -> Option<(String, Case)> {
    let name = text(properties, "name").map(|name| name.rsplit_once('@').map_or(name, |(name, _)| name));
    let place = text(properties, "distinguishedname").and_then(relative_name);
    let same = |other: &String| name.is_none_or(|name| other.to_uppercase() == name.to_uppercase());
    let is_own = |other: &String| same(other) && other.chars().any(char::is_lowercase);
    let own = text(properties, own).map(str::to_owned);
    match own.into_iter().chain(place).find(is_own) {
        Some(own) => Some((own, Case::Own)),
        None => name.map(|name| (name.to_owned(), Case::Capitals)),
    }
}

/// Whether a name is as its directory has it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Own,
    Capitals,
}

fn template(import: &mut Import, place: &str, node: &Map<String, Value>, properties: &Map<String, Value>) {
    let Some((name, case)) = name_of(properties, "displayname") else {
        let reason = Reason::Malformed("the name of the template".to_owned());
        return import.findings.push(Finding::new(place, "name", "", reason));
    };
    if case == Case::Capitals {
        let why = "BloodHound writes names in capitals; the template has another case in its directory".to_owned();
        import.findings.push(Finding::new(&name, "cn", name.as_str(), Reason::Kept(why)));
    }
    let mut entry = Entry::default();
    entry.push("cn", name.as_str());
    for (key, value) in properties {
        match PROPERTIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, property)) => {
                let mut reader = Reader { name: &name, key, findings: &mut import.findings };
                let property = renamed(*property, properties);
                if is_ambiguous(property, value, properties) {
                    reader.find(value, Reason::Kept(AMBIGUOUS.to_owned()));
                }
                reader.attribute(&mut entry, property, value);
            }
            None if value.is_null() || OF_THE_GRAPH.contains(&key.as_str()) => {}
            None => import.findings.push(Finding::new(&name, key, value.to_string(), Reason::Unknown)),
        }
    }
    let granted = granted(import, &name, node);
    let no_list = "BloodHound has no whole list, neither Read nor denials, and AutoEnroll from some collectors only: every \
        principal reads the template, and who is granted nothing here does not enroll; say `allow`";
    if let Some(imported) = template_object(import, &name, &entry, Whole::Part, no_list) {
        imported.guid = node.get("ObjectIdentifier").and_then(Value::as_str).map(str::to_uppercase);
        imported.granted = granted;
    }
}

/// SharpHound has purposes of the certificate and of the registration authority apart; collectors that have only one
/// property mean the certificate's where no signature is asked for.
fn renamed(property: Property, properties: &Map<String, Value>) -> Property {
    let only = !properties.contains_key("certificateapplicationpolicy");
    let signatures = properties.get("authorizedsignatures").and_then(Value::as_u64).unwrap_or_default();
    match property {
        Property::Oids("msPKI-RA-Application-Policies") if only && signatures == 0 => {
            Property::Oids("msPKI-Certificate-Application-Policy")
        }
        property => property,
    }
}

/// What `applicationpolicies` may also be.
const AMBIGUOUS: &str = "is taken for what the registration authority's certificate must be for, as SharpHound means it; \
    without `certificateapplicationpolicy` beside it, it may be what the template's own certificates are for, as certihound \
    0.3.2 writes it";

/// A collector that writes one property for both asks for signatures all the same.
fn is_ambiguous(property: Property, value: &Value, properties: &Map<String, Value>) -> bool {
    matches!(property, Property::Oids("msPKI-RA-Application-Policies"))
        && value.as_array().is_some_and(|purposes| !purposes.is_empty())
        && !properties.contains_key("certificateapplicationpolicy")
}

struct Reader<'a> {
    name: &'a str,
    key: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn find(&mut self, value: &Value, reason: Reason) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.findings.push(Finding::new(self.name, self.key, value, reason));
    }

    fn attribute(mut self, entry: &mut Entry, property: Property, value: &Value) {
        // An empty text is what collectors write for what they do not have.
        if value.is_null() || value.as_str() == Some("") {
            return;
        }
        match property {
            Property::Text(attribute) => match value.as_str() {
                Some(text) => entry.push(attribute, text),
                None => self.find(value, Reason::Malformed("a text".to_owned())),
            },
            Property::Number(attribute) => match value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()) {
                Some(number) => entry.push(attribute, number.to_string()),
                None => self.find(value, Reason::Malformed("a number".to_owned())),
            },
            Property::Period(attribute) => match value.as_str().and_then(period::of_text) {
                Some(octets) => entry.push(attribute, octets),
                None => self.find(value, Reason::Malformed("a period like 1 year or 6 weeks".to_owned())),
            },
            Property::Flags(attribute, words) => {
                let bits = self.flags(value, &words());
                entry.push(attribute, flag_words::printed(bits));
            }
            Property::Oids(attribute) => {
                for value in list(value) {
                    let dotted = dotted(value.as_str().unwrap_or_default());
                    if dotted.parse::<Oid>().is_ok() {
                        entry.push(attribute, dotted);
                    } else {
                        self.find(value, Reason::Malformed("an object identifier".to_owned()));
                    }
                }
            }
        }
    }

    /// A number, words with commas between them, or a list of either.
    fn flags(&mut self, value: &Value, words: &Words) -> u32 {
        let mut bits = 0;
        for one in list(value) {
            let texts: Vec<String> = match one {
                Value::String(text) => text.split([',', '|']).map(|word| word.trim().to_owned()).collect(),
                other => vec![other.to_string()],
            };
            for word in texts.iter().filter(|word| !word.is_empty()) {
                match flag_words::bits(words, word) {
                    Some(bit) => bits |= bit,
                    None => self.find(&Value::String(word.clone()), Reason::Unknown),
                }
            }
        }
        bits
    }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        one => std::slice::from_ref(one),
    }
}

/// Rights of accounts that let them enroll; the others are told, for they change templates and enroll nobody.
fn granted(import: &mut Import, name: &str, node: &Map<String, Value>) -> Vec<(Sid, Right)> {
    let mut granted = Vec::new();
    for ace in node.get("Aces").and_then(Value::as_array).into_iter().flatten() {
        let said = |key: &str| ace.get(key).and_then(Value::as_str).unwrap_or_default();
        let (right, principal) = (said("RightName"), said("PrincipalSID"));
        // Identifiers that are the same everywhere have the domain in front: `CONTOSO.TEST-S-1-5-11`.
        let sid = principal.find("S-1-").and_then(|at| principal.get(at..)?.parse::<Sid>().ok());
        let rights: &[Right] = match right {
            "Enroll" => &[Right::Enroll],
            "AutoEnroll" => &[Right::AutoEnroll],
            // Full control and all extended rights hold both ([MS-CRTD] 2.5).
            "GenericAll" | "AllExtendedRights" => &[Right::Enroll, Right::AutoEnroll],
            _ => {
                let reason = Reason::NoRule("changes the object, and lets nobody enroll");
                import.findings.push(Finding::new(name, right, principal, reason));
                continue;
            }
        };
        match sid {
            Some(sid) => {
                for right in rights {
                    if !granted.contains(&(sid.clone(), *right)) {
                        granted.push((sid.clone(), *right));
                    }
                }
            }
            None => {
                let reason = Reason::Malformed("a SID".to_owned());
                import.findings.push(Finding::new(name, right, principal, reason));
            }
        }
    }
    granted
}

fn authority(import: &mut Import, place: &str, node: &Map<String, Value>, properties: &Map<String, Value>) {
    let Some(name) = text(properties, "caname").map(str::to_owned).or_else(|| Some(name_of(properties, "caname")?.0))
    else {
        let reason = Reason::Malformed("the name of the CA".to_owned());
        return import.findings.push(Finding::new(place, "caname", "", reason));
    };
    let mut imported = ImportedAuthority::named(&name);
    imported.authority.host = text(properties, "dnshostname").map(str::to_owned);
    imported.host_said = imported.authority.host.is_some();
    let guids = node.get("EnabledCertTemplates").and_then(Value::as_array);
    let guids = guids.into_iter().flatten().filter_map(|one| one.get("ObjectIdentifier")?.as_str());
    imported.template_guids = guids.map(str::to_uppercase).collect();
    if !node.contains_key("EnabledCertTemplates") {
        let reason = Reason::Unsaid("not said by the source; the CA issues no template until `templates` names some");
        import.findings.push(Finding::new(&name, "EnabledCertTemplates", "", reason));
    }
    let reason = Reason::Unsaid("BloodHound has neither certificate nor the whole list; a CA of a world has its own");
    import.findings.push(Finding::new(&name, "cACertificate, nTSecurityDescriptor", "", reason));
    import.authorities.push(imported);
}
