//! What comes over the sockets of a world that is served: LDAP, SOAP, NTLM; and what services answer to clients of
//! ours. Each case meets a world of its own.

use std::sync::{Arc, LazyLock};

use autoenroll_cli::story;
use autoenroll_model::hex;
use autoenroll_net::client::{self, Credentials};
use autoenroll_net::http::{Answer, Ask, Connection, Web};
use autoenroll_net::ldap::{self, Directory};
use autoenroll_net::{Accounts, Live, Pace, Passwords};
use autoenroll_trace::Kind;
use autoenroll_wire::ldif::to_base64;
use autoenroll_wire::{Certificate, Request};
use autoenroll_world::spec::WorldSpec;

use crate::recorded::STORY;

/// Everybody's password.
pub const PASSWORD: &str = "secret";
/// Who asks.
pub const USER: &str = "alice";

static WORLD: LazyLock<WorldSpec> =
    LazyLock::new(|| story(STORY).expect("the story is one of the suite").scenario.spec.clone());

/// The world of the story, as it is at its beginning, with its clock at rest.
fn live() -> Result<(Arc<Live>, Accounts), String> {
    let live = Live::new(WORLD.clone(), Pace::Frozen).map_err(|error| error.to_string())?;
    let passwords = Passwords { common: Some(PASSWORD.to_owned()), ..Passwords::default() };
    Ok((Arc::new(live), Accounts { passwords }))
}

/// The path of the policy server.
pub const POLICY: &str = "/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP";

/// The path of the enrollment web service of the first CA.
#[must_use]
pub fn enrollment() -> String {
    let name = WORLD.authorities.first().map(|ca| ca.name.replace(' ', "%20")).unwrap_or_default();
    format!("/{name}_CES_UsernamePassword/service.svc/CES")
}

/// How [`USER`] proves who it is.
#[must_use]
pub fn credentials() -> Credentials {
    Credentials::UserName { name: USER.to_owned(), password: PASSWORD.to_owned() }
}

/// An answer to a question that came over HTTPS.
fn answered(web: &Web, connection: &mut Connection, path: &str, ask: Ask) -> Answer {
    let host = "ca01.contoso.test".to_owned();
    web.answer(connection, &Ask { path: path.to_owned(), host, encrypted: true, ..ask })
}

/// What each service answers to a body, as clients send it; for whoever makes first inputs.
///
/// # Errors
/// When there is no world, or an answer is no text.
pub fn services(body: &[u8]) -> Result<[(u16, String); 2], String> {
    let (live, accounts) = live()?;
    told(&Web::new(live, accounts), body)
}

fn told(web: &Web, body: &[u8]) -> Result<[(u16, String); 2], String> {
    let one = |path: &str| {
        let content_type = Some("application/soap+xml; charset=utf-8".to_owned());
        let ask = Ask { method: "POST".to_owned(), content_type, body: body.to_vec(), ..Ask::default() };
        let answer = answered(web, &mut Connection::default(), path, ask);
        let text = String::from_utf8(answer.body).map_err(|_| format!("{path} answers with no text"))?;
        Ok::<_, String>((answer.status, text))
    };
    Ok([one(POLICY)?, one(&enrollment())?])
}

/// Policy server and enrollment web service answer with a message or a fault that a client can read, and what is issued
/// is for the key of a request that they got.
pub(crate) fn soap(bytes: &[u8]) -> Result<bool, String> {
    let (live, accounts) = live()?;
    let web = Web::new(live, accounts);
    let [(policy, policies), (enrollment, enrolled)] = told(&web, bytes)?;
    if ![policy, enrollment].iter().all(|status| [200, 500].contains(status)) {
        return Err(format!("the statuses are {policy} and {enrollment}"));
    }
    if (policy == 200) != client::read_whole_policies(&policies).is_ok() {
        return Err(format!("with the status {policy} a policy server answers {policies}"));
    }
    let read = client::read_enrollment(&enrolled).map_err(|error| format!("{error}: {enrolled}"))?;
    if (enrollment == 200) == matches!(read, client::Answered::Refused { .. }) {
        return Err(format!("with the status {enrollment} an enrollment web service answers {enrolled}"));
    }
    for (request, certificate) in issued(&web)? {
        let request = Request::parse(&request).map_err(|error| format!("issued for what is no request: {error}"))?;
        let certificate = Certificate::parse(&certificate).map_err(|error| format!("the certificate: {error}"))?;
        if certificate.public_key != request.pkcs10().public_key {
            return Err("the certificate has another key than the request".to_owned());
        }
    }
    Ok(policy == 200 || enrollment == 200)
}

/// A request, and the certificate that came of it, DER.
type Issued = (Vec<u8>, Vec<u8>);

/// Requests from which certificates came, with those.
fn issued(web: &Web) -> Result<Vec<Issued>, String> {
    let found = web.live().with(|world| {
        let octets = |kind: Kind, fact: &str| {
            let records = world.trace().of(kind).map(|record| record.unpack());
            records.filter_map(|record| hex::decode(record.facts.text(fact)?)).collect::<Vec<_>>()
        };
        (octets(Kind::Request, "request"), octets(Kind::Issued, "der"))
    });
    let (requests, certificates) = found.map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Ok(Vec::new());
    }
    if requests.len() != certificates.len() {
        return Err(format!("{} requests, {} certificates", requests.len(), certificates.len()));
    }
    Ok(requests.into_iter().zip(certificates).collect())
}

/// Whatever comes in place of the answer to a challenge, nobody is let in by it: no answer fits a challenge that it was
/// not made for.
pub(crate) fn ntlm(bytes: &[u8]) -> Result<bool, String> {
    let (live, accounts) = live()?;
    let (web, mut connection) = (Web::new(live, accounts), Connection::default());
    let mut says = |octets: &[u8]| {
        let authorization = Some(format!("NTLM {}", to_base64(octets)));
        answered(&web, &mut connection, "/certsrv/", Ask { method: "GET".to_owned(), authorization, ..Ask::default() })
    };
    let challenged = |answer: &Answer| answer.headers.iter().any(|(_, value)| value.starts_with("NTLM "));
    if !challenged(&says(NEGOTIATE)) {
        return Err("whoever begins gets no challenge".to_owned());
    }
    let answer = says(bytes);
    if answer.status != 401 {
        return Err(format!("the status is {}", answer.status));
    }
    Ok(challenged(&answer))
}

/// The first message of NTLM.
pub const NEGOTIATE: &[u8] =
    b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\x63\x45\0\0\0\x0f";

/// What comes back is whole messages of LDAP, and nothing in the directory becomes another for somebody who did not say
/// who it is.
pub(crate) fn ldap(bytes: &[u8]) -> Result<bool, String> {
    let (live, accounts) = live()?;
    let before = live.with(|world| world.published().usn()).map_err(|error| error.to_string())?;
    let directory = Directory::new(live.clone(), accounts).map_err(|error| error.to_string())?;
    let heard = ldap::converse(&directory, bytes).map_err(|error| format!("the conversation: {error}"))?;
    let after = live.with(|world| world.published().usn()).map_err(|error| error.to_string())?;
    let knows = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
    if before != after && !knows {
        return Err("somebody without a password has written".to_owned());
    }
    let mut rest = heard.as_slice();
    while !rest.is_empty() {
        let length = message_length(rest).filter(|length| *length <= rest.len());
        rest = &rest[length.ok_or_else(|| format!("no message: {}", hex::encode(rest)))?..];
    }
    Ok(!heard.is_empty())
}

/// The length of the BER SEQUENCE at the beginning.
fn message_length(octets: &[u8]) -> Option<usize> {
    let [0x30, first, rest @ ..] = octets else { return None };
    match *first {
        short @ 0..=0x7F => Some(2 + usize::from(short)),
        long => {
            let count = usize::from(long & 0x7F);
            let octets = rest.get(..count).filter(|octets| octets.len() <= 4)?;
            let length = octets.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
            Some(2 + count + length)
        }
    }
}

/// What a service answered, read by clients of ours.
pub(crate) fn service_answer(bytes: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(false) };
    let (few, whole) = (client::read_policies(text), client::read_whole_policies(text));
    if few.is_err() && whole.is_ok() {
        return Err(format!("read whole, and not in part: {few:?}"));
    }
    Ok(few.is_ok() || client::read_enrollment(text).is_ok())
}

/// Messages of LDAP, one after the other in one conversation: for whoever makes first inputs.
#[must_use]
pub fn conversations() -> Vec<(&'static str, Vec<u8>)> {
    let tlv = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        [&[tag][..], &if length < 0x80 { vec![length] } else { vec![0x81, length] }, &content].concat()
    };
    let message = |op: &[u8]| tlv(0x30, &[b"\x02\x01\x01", op]);
    let text = |text: &str| tlv(0x04, &[text.as_bytes()]);
    let bind = |password: &str| {
        let (name, password) = (text(&format!("{USER}@contoso.test")), tlv(0x80, &[password.as_bytes()]));
        message(&tlv(0x60, &[b"\x02\x01\x03", &name, &password]))
    };
    let search = |base: &str, scope: u8, filter: &[u8]| {
        let fixed = [0x0A, 1, scope, 0x0A, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0];
        message(&tlv(0x63, &[&text(base), &fixed, filter, &tlv(0x30, &[&text("cn"), &text("flags")])]))
    };
    let equal = |name: &str, value: &str| tlv(0xA3, &[&text(name), &text(value)]);
    let present = tlv(0x87, &[b"objectClass"]);
    let bits = [tlv(0x81, &[b"1.2.840.113556.1.4.803"]), tlv(0x82, &[b"flags"]), tlv(0x83, &[b"1"])];
    let bits = tlv(0xA9, &[&bits[0], &bits[1], &bits[2]]);
    let part = tlv(0xA4, &[&text("cn"), &tlv(0x30, &[&tlv(0x80, &[b"Con"]), &tlv(0x82, &[b"r"])])]);
    let both = tlv(0xA0, &[&tlv(0xA2, &[&equal("cn", "x")]), &tlv(0xA1, &[&bits, &part, &present])]);
    let templates = "CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=contoso,DC=test";
    let ask = message(&tlv(0x77, &[&tlv(0x80, &[b"1.3.6.1.4.1.4203.1.11.3"])]));
    vec![
        ("root", search("", 0, &present)),
        ("templates", [bind(PASSWORD), search(templates, 1, &both)].concat()),
        ("account", [bind(PASSWORD), search("DC=contoso,DC=test", 2, &equal("sAMAccountName", USER)), ask].concat()),
        ("wrong", [bind("wrong"), message(b"\x42\x00")].concat()),
    ]
}
