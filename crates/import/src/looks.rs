//! What a file looks like of which nothing can be taken over, for one sentence that tells people what to do.

use autoenroll_wire::{Certificate, CertificationRequest};

use crate::bloodhound;
use crate::content::Content;
use crate::xcep;

/// Files that begin like nothing else.
const MAGIC: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive: unpack it, and name the files in it"),
    (b"\x1F\x8B", "a gzip archive: unpack it, and name the files in it"),
    (b"ElfFile\0", "an event log of Windows: `autoenroll observe` reads it"),
    (b"regf", "a hive of the registry"),
    (b"MZ", "a program of Windows"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "a database of SQLite"),
    (b"\xD0\xCF\x11\xE0", "an old document of Office"),
];

/// Words with which a text begins, in lower case.
const BEGINNINGS: &[(&str, &str)] = &[
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("windows registry editor", "a .reg file: of Group Policy, Registry.pol is read"),
    ("regedit4", "a .reg file: of Group Policy, Registry.pol is read"),
    ("scenario = 1", "a scenario or a world already"),
    ("certificate authorities\n", "text of `certipy find`: `certipy find -json` prints what is read"),
    ("certificate templates\n", "text of `certipy find`: `certipy find -json` prints what is read"),
];

/// In words that follow "it looks like", for a file that no format recognises.
pub(crate) fn like(content: &Content<'_>) -> String {
    let Content { bytes, text, json, .. } = content;
    let trimmed = text.trim_start();
    if trimmed.is_empty() {
        return "an empty file".to_owned();
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*what).to_owned();
    }
    if let Some(what) = der(bytes) {
        return what.to_owned();
    }
    if let Some(label) = trimmed.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")) {
        return format!("PEM: {}", label.0.to_ascii_lowercase());
    }
    let start: String = trimmed.chars().take(64).collect::<String>().to_ascii_lowercase().replace('\r', "");
    if let Some((_, what)) = BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        return (*what).to_owned();
    }
    match json {
        Some(Err(error)) => return format!("damaged JSON ({error})"),
        Some(Ok(_)) => return json_like(content),
        None => {}
    }
    if xcep::is_xml(trimmed) {
        return match xcep::root(trimmed).as_deref() {
            Some("Event" | "Events") => "event logs of Windows: `autoenroll observe` reads them".to_owned(),
            Some(root) => format!("XML of `{root}`"),
            None => "damaged XML".to_owned(),
        };
    }
    if trimmed.lines().any(|line| line.trim_start().starts_with("CertUtil:")) {
        return "text of certutil without a template: `certutil -v -dsTemplate` prints what is read".to_owned();
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}')) {
        let begins: String = bytes.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
        return format!("a file of no format known here that begins with 0x{begins}");
    }
    let line: String = trimmed.lines().next().unwrap_or_default().chars().take(60).collect();
    format!("text of no format known here that begins with `{}`", line.trim())
}

/// What bytes of DER hold.
fn der(bytes: &[u8]) -> Option<&'static str> {
    if Certificate::parse(bytes).is_ok() {
        return Some("a certificate in DER");
    }
    if CertificationRequest::parse(bytes).is_ok() {
        return Some("a request for a certificate (PKCS #10) in DER");
    }
    // SEQUENCE with a length of two octets, and what is in it.
    let [0x30, 0x82, _, _, inner @ ..] = bytes else { return None };
    Some(match inner {
        [2, 1, 3, 0x30, ..] => "a PFX (PKCS #12)",
        [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, ..] => "a message of CMS (PKCS #7)",
        _ => "DER of no kind known here",
    })
}

fn json_like(content: &Content<'_>) -> String {
    if let Some(kind) = bloodhound::kind(content) {
        return format!("a BloodHound file of `{kind}`: `certtemplates` and `enterprisecas` are read");
    }
    match content.object() {
        Some(root) if root.is_empty() => "an empty object of JSON".to_owned(),
        Some(root) => {
            let keys: Vec<String> = root.keys().take(3).map(|key| format!("`{key}`")).collect();
            format!("JSON of no format known here with {}", keys.join(", "))
        }
        None => "JSON of no format known here".to_owned(),
    }
}
