//! What a command means, in one line, for people who read traces.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use crate::gids::{AID, Algorithm, Condition, Fcp, FileId, FileKind, KeyReference, Padding, tag};
use crate::tlv::{self, Tag, TlvError};
use crate::{Command, ins, piv};

/// Says what a command is: `VERIFY PIN`, `GET DATA A010/DF23 mscp\cmapfile`, `GENERATE key 81 rsa-2048`; in terms of
/// PIV where it can be no other's, such as `GET DATA 5FC105 certificate 9A`, else in those of GIDS. Never shows PINs
/// or keys. A piece of a chain that is not the last ends in `...`.
#[must_use]
pub fn describe(command: &Command) -> String {
    let text = piv::describe(command).unwrap_or_else(|| of_gids(command));
    if command.is_chained() { text + " ..." } else { text }
}

fn of_gids(command: &Command) -> String {
    match command.ins {
        ins::SELECT => select(command),
        ins::VERIFY => verify(command),
        ins::CHANGE_REFERENCE_DATA => match (command.p1, command.p2) {
            (0x00, 0x80) => "CHANGE PIN".into(),
            (0x01, 0x80) => "SET PIN".into(),
            (0x01, 0x81) => "SET PUK".into(),
            _ => parameters("CHANGE REFERENCE DATA", command),
        },
        ins::RESET_RETRY_COUNTER => match (command.p1, command.p2) {
            (0x02, 0x80) => "UNBLOCK PIN".into(),
            _ => parameters("RESET RETRY COUNTER", command),
        },
        ins::MANAGE_SECURITY_ENVIRONMENT => manage_security_environment(command),
        ins::PERFORM_SECURITY_OPERATION => match command.p1p2() {
            0x9E9A => format!("SIGN {} bytes", command.data.len()),
            0x8086 => format!("DECIPHER {} bytes", command.data.len()),
            _ => parameters("PERFORM SECURITY OPERATION", command),
        },
        ins::GENERAL_AUTHENTICATE => authenticate(command),
        ins::GENERATE_ASYMMETRIC_KEY_PAIR => generate(command),
        ins::GET_DATA => get_data(command),
        ins::PUT_DATA => put_data(command),
        ins::CREATE_FILE => create_file(command),
        ins::ACTIVATE_FILE => "ACTIVATE FILE".into(),
        ins::DELETE_FILE => "DELETE FILE".into(),
        ins::TERMINATE_DF => "TERMINATE".into(),
        ins::GET_RESPONSE => format!("GET RESPONSE {} bytes", command.le.unwrap_or(256)),
        ins::READ_BINARY => parameters("READ BINARY", command),
        ins::GET_DATA_SIMPLE => parameters("GET DATA", command),
        other => parameters(&format!("INS {other:02X}"), command),
    }
}

fn parameters(name: &str, command: &Command) -> String {
    format!("{name} P1P2 {:04X}, {} bytes", command.p1p2(), command.data.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02X}");
        out
    })
}

fn select(command: &Command) -> String {
    let answer = match command.p2 {
        0x04 => ", control parameters",
        0x08 => ", management data",
        _ => "",
    };
    match (command.p1, command.data.as_slice()) {
        (0x04, aid) if aid.starts_with(&AID) => format!("SELECT GIDS{answer}"),
        (0x04, aid) => format!("SELECT application {}", hex(aid)),
        (0x00, &[0x3F, 0xFF]) => format!("SELECT 3FFF application{answer}"),
        (0x00, &[high, low]) => format!("SELECT {}{answer}", file_name(FileId(u16::from_be_bytes([high, low])))),
        (p1, data) => format!("SELECT P1 {p1:02X} {}", hex(data)),
    }
}

fn verify(command: &Command) -> String {
    match (command.p2, command.data.is_empty()) {
        (0x80 | 0x00, true) => "VERIFY PIN status".into(),
        (0x80 | 0x00, false) => "VERIFY PIN".into(),
        (0x82, _) => "LOG OUT".into(),
        _ => parameters("VERIFY", command),
    }
}

/// One-byte value of the first object with this tag.
fn byte(value: &[u8], tag: Tag) -> Option<u8> {
    match tlv::find(value, tag) {
        Ok(Some(&[byte])) => Some(byte),
        _ => None,
    }
}

fn manage_security_environment(command: &Command) -> String {
    let reference = byte(&command.data, tag::PRIVATE_REFERENCE).or(byte(&command.data, tag::SECRET_REFERENCE));
    let purpose = match command.p2 {
        0xA4 => "authentication",
        0xB6 => "signing",
        0xB8 => "deciphering",
        _ => return parameters("MANAGE SECURITY ENVIRONMENT", command),
    };
    let Some(reference) = reference else { return parameters("MANAGE SECURITY ENVIRONMENT", command) };
    match byte(&command.data, tag::ALGORITHM) {
        Some(algorithm) => format!("CHOOSE key {reference:02X} for {purpose}, {}", algorithm_name(algorithm)),
        None => format!("CHOOSE key {reference:02X} for {purpose}"),
    }
}

fn algorithm_name(byte: u8) -> String {
    match (Padding::from_byte(byte), Algorithm::from_byte(byte)) {
        (Some(padding), Some(algorithm)) => format!("{} {}", padding.name(), algorithm.name()),
        _ => format!("algorithm {byte:02X}"),
    }
}

fn authenticate(command: &Command) -> String {
    let inner = tlv::read_only(&command.data, tag::AUTHENTICATION).and_then(tlv::read);
    let text = match inner {
        Ok((object, _)) if object.tag == tag::CHALLENGE && object.value.is_empty() => "challenge, please",
        Ok((object, _)) if object.tag == tag::CHALLENGE => "challenge from host",
        Ok((object, _)) if object.tag == tag::RESPONSE => "response",
        _ => return parameters("AUTHENTICATE", command),
    };
    format!("AUTHENTICATE {text}")
}

fn generate(command: &Command) -> String {
    let fields = tlv::read_only(&command.data, tag::GENERATE).ok();
    let field = |tag| fields.and_then(|value| byte(value, tag));
    match (field(tag::SECRET_REFERENCE), field(tag::ALGORITHM)) {
        (Some(reference), Some(number)) => match Algorithm::from_byte(number) {
            Some(algorithm) => format!("GENERATE key {reference:02X} {}", algorithm.name()),
            None => format!("GENERATE key {reference:02X} algorithm {number:02X}"),
        },
        _ => parameters("GENERATE", command),
    }
}

fn get_data(command: &Command) -> String {
    let file = FileId(command.p1p2());
    if let Some(reference) = key_reference(&command.data) {
        return format!("GET DATA public key {reference}");
    }
    match tlv::read_only(&command.data, tag::TAG_LIST) {
        Ok([]) => format!("GET DATA {} all", file_name(file)),
        Ok(list) => match Tag::read(list) {
            Ok((tag, _)) => format!("GET DATA {}", object_name(file, tag)),
            Err(_) => parameters("GET DATA", command),
        },
        Err(_) => parameters("GET DATA", command),
    }
}

fn put_data(command: &Command) -> String {
    let file = FileId(command.p1p2());
    if file == FileId::APPLICATION {
        return match key_reference(&command.data) {
            Some(KeyReference::ADMIN) => "PUT KEY 80 admin key".into(),
            Some(reference) => format!("PUT KEY {reference}"),
            // Its first piece says of what.
            None => format!("PUT DATA {file} continued"),
        };
    }
    match tlv::read(&command.data) {
        Ok((object, [])) => format!("PUT DATA {}, {} bytes", object_name(file, object.tag), object.value.len()),
        // The first piece of a chain holds only the start of the value; the later ones have no tag at all.
        Err(TlvError::ValueTooShort { tag, .. }) if command.is_chained() => {
            format!("PUT DATA {}", object_name(file, tag))
        }
        _ => format!("PUT DATA {file}, {} bytes", command.data.len()),
    }
}

fn create_file(command: &Command) -> String {
    let Ok(fcp) = Fcp::parse(&command.data) else { return parameters("CREATE FILE", command) };
    match &fcp.kind {
        FileKind::Objects => format!("CREATE FILE {}", file_name(fcp.id)),
        FileKind::Key(templates) => {
            let algorithm = templates.first().and_then(|template| Algorithm::from_byte(template.algorithm));
            let name = algorithm.map_or("", Algorithm::name);
            format!("CREATE FILE {} {name}", file_name(fcp.id)).trim_end().to_string()
        }
    }
}

/// The key that a template 70 addresses, also when the template is cut off by chaining.
fn key_reference(data: &[u8]) -> Option<KeyReference> {
    let (found, rest) = Tag::read(data).ok()?;
    if found != tag::KEY_TEMPLATE {
        return None;
    }
    let skip = match *rest.first()? {
        0x81 => 2,
        0x82 => 3,
        _ => 1,
    };
    match rest.get(skip..)? {
        &[0x84, 0x01, reference, ..] => Some(KeyReference(reference)),
        _ => None,
    }
}

fn object_name(file: FileId, tag: Tag) -> String {
    let name = match (file, tag) {
        (FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE) => " master file",
        (FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP) => " key map",
        (FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID) => " cardid",
        (FileId::EVERYONE_READ_USER_WRITE, tag::CARD_APPS) => " cardapps",
        (FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE) => " cardcf",
        (FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP) => " mscp\\cmapfile",
        (FileId::APPLICATION, tag::PIN_STATUS | tag::PIN_STATUS_ALTERNATE) => " PIN status",
        (FileId::APPLICATION, tag::PUK_STATUS) => " PUK status",
        _ => "",
    };
    format!("{file}/{tag}{name}")
}

fn file_name(file: FileId) -> String {
    match file.key_reference() {
        Some(KeyReference::ADMIN) => format!("{file} admin key"),
        Some(reference) => format!("{file} key {reference}"),
        None if file == FileId::EF_ATR => format!("{file} EF.ATR"),
        None => format!("{file}"),
    }
}

/// What a condition byte asks for, in words.
impl core::fmt::Display for Condition {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match (self.admits(false, false), self.admits(true, false), self.admits(false, true)) {
            (true, _, _) => f.write_str("anyone"),
            (_, true, true) => f.write_str("user or admin"),
            (_, true, false) => f.write_str("user"),
            (_, false, true) => f.write_str("admin"),
            _ if self.admits(true, true) => f.write_str("user and admin"),
            _ => f.write_str("no one"),
        }
    }
}
