//! Providers and fields of Windows in the words of the bench.
//!
//! Field names are those that public pages show: gradenegger.eu (pages on single events, such as 10 and 86), the event
//! pages of detection-wiki (samples of 6, 1001 and 1004), and event XML in public posts. Where a field has no name, or
//! one that is not known here, its place counts: the order is that of the message's inserts, which libyal/winevt-kb
//! lists.

use autoenroll_model::{EventSource, Facts, HResult};
use autoenroll_trace::Kind;

use crate::event::{Field, LoggedEvent};

/// Providers of the client begin so; what follows is the source in the words of the bench.
const CLIENT: &str = "Microsoft-Windows-CertificateServicesClient";
const MICROSOFT: &str = "Microsoft-Windows-";
/// The machine's own account, as events name it; in which letters differs from provider to provider.
pub(crate) const LOCAL_SYSTEM: &str = "local system";

/// What an event is in the bench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An event of the client. The source is none where the bench has no such provider.
    Client(Option<EventSource>),
    /// Something that may start a run, with its facts beside the computer.
    Surroundings(Kind, Facts),
}

/// Whether an event is told at all.
pub(crate) fn is_told(event: &LoggedEvent) -> bool {
    meaning(event).is_some()
}

/// What an event means here; `None` when it has nothing to do with certificates.
pub(crate) fn meaning(event: &LoggedEvent) -> Option<Meaning> {
    let none = Facts::new;
    match (event.provider.as_str(), event.id) {
        // XP and 2003.
        ("AutoEnrollment", _) => Some(Meaning::Client(Some(EventSource::AutoEnrollment))),
        (provider, _) if provider.starts_with(CLIENT) => {
            Some(Meaning::Client(provider.strip_prefix(MICROSOFT).and_then(|source| source.parse().ok())))
        }
        // Every version since NT writes these two when the log service starts and stops.
        ("EventLog", 6005) => Some(Meaning::Surroundings(Kind::Boot, none())),
        ("EventLog", 6006) => Some(Meaning::Surroundings(Kind::Shutdown, none())),
        ("Microsoft-Windows-Winlogon", 7001) => Some(Meaning::Surroundings(Kind::Logon, none())),
        ("Microsoft-Windows-Winlogon", 7002) => Some(Meaning::Surroundings(Kind::Logoff, none())),
        // Policy of a computer and of a user, without a change and with one (Microsoft Learn, Group Policy events).
        ("Microsoft-Windows-GroupPolicy", 1500 | 1501) => Some(Meaning::Surroundings(Kind::GpRefresh, none())),
        ("Microsoft-Windows-GroupPolicy", 1502 | 1503) => {
            Some(Meaning::Surroundings(Kind::GpRefresh, none().with("changed", true)))
        }
        _ => None,
    }
}

/// The source of an event of the client, in the words of the bench, also of one that the bench does not have.
pub(crate) fn source(provider: &str) -> &str {
    provider.strip_prefix(MICROSOFT).unwrap_or(provider)
}

/// The entry of the requirement catalogue that an event of that source and number has, if there is one.
#[must_use]
pub fn rule_of(source: EventSource, id: u16) -> String {
    let section = match source {
        EventSource::ClientAutoEnrollment => 2,
        EventSource::AutoEnrollment => 3,
        EventSource::ClientCertEnroll => 4,
        EventSource::LifecycleUser | EventSource::LifecycleSystem => 5,
    };
    format!("E5.{section}.{id}")
}

/// A fact that a field may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    Context,
    Template,
    RequestId,
    Ca,
    Code,
    Certificate,
    NewCertificate,
    Store,
    Url,
    /// A thumbprint or a name, as its value shows.
    Object,
    /// What the bench does not name.
    Nothing,
}

/// Names of fields by their last parts, in small letters.
const NAMES: &[(&str, Fact)] = &[
    ("context", Fact::Context),
    ("templatename", Fact::Template),
    ("template.name", Fact::Template),
    ("template", Fact::Template),
    ("certificatetemplate", Fact::Template),
    ("requestid", Fact::RequestId),
    ("requestnumber", Fact::RequestId),
    ("ca", Fact::Ca),
    ("caname", Fact::Ca),
    ("caconfig", Fact::Ca),
    ("certificateauthority", Fact::Ca),
    ("certificationauthority", Fact::Ca),
    ("errorcode", Fact::Code),
    ("error", Fact::Code),
    ("hresult", Fact::Code),
    ("errormsg", Fact::Code),
    ("errormessage", Fact::Code),
    ("objid", Fact::Object),
    ("oldcertificatedetails.thumbprint", Fact::Certificate),
    ("newcertificatedetails.thumbprint", Fact::NewCertificate),
    ("certificatedetails.thumbprint", Fact::Certificate),
    ("thumbprint", Fact::Certificate),
    ("storename", Fact::Store),
    ("ldapstore", Fact::Url),
    ("url", Fact::Url),
    // Certificates are told by their thumbprints; the account stands in for the context.
    ("processname", Fact::Nothing),
    ("accountname", Fact::Nothing),
    ("action", Fact::Nothing),
];

/// What the values of an event are by their places.
fn places(source: EventSource, id: u16) -> &'static [Fact] {
    use EventSource::{AutoEnrollment, ClientAutoEnrollment, ClientCertEnroll};
    use Fact::{Ca, Certificate, Code, Context, RequestId, Store, Template, Url};
    match (source, id) {
        (AutoEnrollment, 13 | 16) => &[Context, Template, Code],
        (AutoEnrollment, 15) | (ClientAutoEnrollment, 6 | 15) => &[Context, Code],
        (AutoEnrollment, 19 | 20) => &[Context, Template, Ca],
        (ClientAutoEnrollment, 1) => &[Context, Store, Url, Code],
        (ClientAutoEnrollment, 64) => &[Context, Certificate],
        (ClientCertEnroll, 9 | 13 | 16 | 17 | 18) => &[Context, Template, RequestId, Ca, Code],
        (ClientCertEnroll, 14 | 19..=22 | 32) => &[Context, Template, RequestId, Ca],
        (ClientCertEnroll, 30 | 35..=56) => &[Context, Template],
        _ => &[Context],
    }
}

/// The facts of a client's event that its fields say, in the order in which the bench states them. A field that says
/// that it has no value (`N/A`), or one of another form, is no fact: the log does not say it.
pub(crate) fn facts(source: Option<EventSource>, event: &LoggedEvent) -> Facts {
    let places = source.map_or(&[Fact::Context][..], |source| places(source, event.id));
    let lifecycle = matches!(source, Some(EventSource::LifecycleUser | EventSource::LifecycleSystem));
    let mut said: Vec<(Fact, &str)> = Vec::new();
    for (at, field) in event.fields.iter().enumerate() {
        let place = if lifecycle { None } else { places.get(at).copied() };
        // A place says more than a name that stands for several things.
        let named = named(field).filter(|fact| *fact != Fact::Object || place.is_none());
        if let Some(fact) = named.or(place) {
            said.push((fact, field.value.trim()));
        }
    }
    let value = |wanted: Fact| said.iter().find(|(fact, text)| *fact == wanted && is_said(text)).map(|(_, text)| *text);
    let object = value(Fact::Object);
    let context = if lifecycle { account(event) } else { value(Fact::Context).map(str::to_owned) };
    let thumbprints =
        |fact: Fact| said.iter().filter(move |(known, _)| *known == fact).find_map(|(_, text)| hash(text));
    let codes = said.iter().filter(|(fact, _)| *fact == Fact::Code).find_map(|(_, text)| code(text));
    // The classic source has the code in a text of any place.
    let template = value(Fact::Template).or_else(|| object.filter(|text| hash(text).is_none()));
    Facts::new()
        .with_some("context", context.map(|name| if is_machine(&name) { LOCAL_SYSTEM.to_owned() } else { name }))
        // Events of certificates name their templates too; the bench does not state them there.
        .with_some("template", template.filter(|_| !lifecycle))
        .with_some("ca", value(Fact::Ca).map(ca))
        .with_some("request-id", value(Fact::RequestId).and_then(|text| text.parse::<u32>().ok()))
        .with_some("code", codes.map(|code| code.to_string()))
        .with_some("store", value(Fact::Store))
        .with_some("url", value(Fact::Url))
        .with_some("certificate", thumbprints(Fact::Certificate).or_else(|| object.and_then(hash)))
        .with_some("new-certificate", thumbprints(Fact::NewCertificate))
}

fn named(field: &Field) -> Option<Fact> {
    let name = field.name.to_ascii_lowercase();
    let ends = |known: &str| {
        let before = name.strip_suffix(known);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    NAMES.iter().find(|(known, _)| ends(known)).map(|(_, fact)| *fact)
}

/// Whether a value is one.
fn is_said(text: &str) -> bool {
    !text.is_empty() && text != "N/A" && text != "-"
}

/// Whose certificate an event of the life cycle is about: its context is `Machine` or `User`, its account has a name.
fn account(event: &LoggedEvent) -> Option<String> {
    let field = |name: &str| {
        let of_name = |field: &&Field| field.name.eq_ignore_ascii_case(name) && is_said(&field.value);
        event.fields.iter().find(of_name).map(|field| field.value.as_str())
    };
    match field("Context") {
        Some(context) if context.eq_ignore_ascii_case("machine") => Some(LOCAL_SYSTEM.to_owned()),
        _ => field("AccountName").map(str::to_owned),
    }
}

/// Whether a context is the machine's.
pub(crate) fn is_machine(context: &str) -> bool {
    context.eq_ignore_ascii_case(LOCAL_SYSTEM)
}

/// The name of a CA, without that of its computer: `ca01.contoso.test\Contoso Issuing CA`.
fn ca(text: &str) -> &str {
    text.rsplit('\\').next().unwrap_or(text)
}

/// The first HRESULT of a text, such as `0x800706ba (WIN32: 1722)` behind a message.
fn code(text: &str) -> Option<HResult> {
    text.match_indices("0x").find_map(|(at, _)| {
        let digits = text.get(at + 2..at + 10)?;
        let ends = text[at + 10..].chars().next().is_none_or(|next| !next.is_ascii_hexdigit());
        if ends { u32::from_str_radix(digits, 16).ok().map(HResult) } else { None }
    })
}

/// A thumbprint as the bench writes it, from hexadecimal digits with blanks or colons between them.
fn hash(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).map(|c| c.to_ascii_lowercase()).collect();
    (digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_texts() {
        let check = |text: &str, expected: Option<u32>| assert_eq!(code(text).map(|code| code.0), expected, "{text}");
        check("0x8007054b", Some(0x8007_054B));
        check("No server. 0x800706ba (WIN32: 1722)", Some(0x8007_06BA));
        check("0x 0x1 0x80094012", Some(0x8009_4012));
        check("0x800940120", None);
        check("0x8009ü401", None);
        check("", None);
    }

    #[test]
    fn thumbprints_are_read_in_every_form() {
        let plain = "00112233445566778899aabbccddeeff00112233";
        assert_eq!(hash(plain).as_deref(), Some(plain));
        assert_eq!(hash("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF 00 11 22 33").as_deref(), Some(plain));
        assert_eq!(hash("ContosoUser"), None);
    }

    #[test]
    fn each_source_has_a_section_of_the_catalogue() {
        let all = EventSource::ALL.iter().map(|source| rule_of(*source, 19)).collect::<Vec<_>>();
        assert_eq!(all, ["E5.3.19", "E5.2.19", "E5.4.19", "E5.5.19", "E5.5.19"]);
    }
}
