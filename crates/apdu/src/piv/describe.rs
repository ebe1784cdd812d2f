//! What a command of PIV means, in one line.

use alloc::format;
use alloc::string::{String, ToString};

use super::{AID, Mechanism, RID_LEN, Slot, reference, tag};
use crate::Command;
use crate::tlv::{self, Tag};

/// Says what a command is, where it can only be one of PIV; `None` for all others.
pub(crate) fn describe(command: &Command) -> Option<String> {
    use super::ins as maker;
    use crate::command::ins;
    match (command.ins, command.p1, command.p2) {
        (ins::SELECT, 0x04, _) if command.data.starts_with(&AID[..RID_LEN]) => Some("SELECT PIV".into()),
        (ins::VERIFY, 0xFF, reference::PIN) => Some("LOG OUT".into()),
        (ins::VERIFY, 0xFF, reference::GLOBAL_PIN) => Some("LOG OUT of the global PIN".into()),
        (ins::CHANGE_REFERENCE_DATA, 0x00, reference::PUK) => Some("CHANGE PUK".into()),
        (ins::CHANGE_REFERENCE_DATA, 0x00, reference::GLOBAL_PIN) => Some("CHANGE global PIN".into()),
        (ins::RESET_RETRY_COUNTER, 0x00, reference::PIN) => Some("UNBLOCK PIN by PUK".into()),
        (ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0x00, slot) => {
            let slot = Slot::from_byte(slot)?;
            let template = tlv::read_only(&command.data, tag::GENERATE).ok();
            let number = template.and_then(|template| tlv::find(template, tag::MECHANISM).ok().flatten());
            Some(format!("GENERATE key {slot} {}", mechanism(number.and_then(|number| number.first().copied()))))
        }
        (ins::GENERAL_AUTHENTICATE, _, reference::MANAGEMENT) => {
            Some(format!("AUTHENTICATE management key {}", step(&command.data)))
        }
        (ins::GENERAL_AUTHENTICATE, number, slot) => {
            let slot = Slot::from_byte(slot)?;
            Some(format!("USE key {slot} {}, {} bytes", mechanism(Some(number)), command.data.len()))
        }
        (ins::GET_DATA, 0x3F, 0xFF) => Some(format!("GET DATA {}", object(named(&command.data)?))),
        (ins::PUT_DATA, 0x3F, 0xFF) => {
            Some(format!("PUT DATA {}, {} bytes", object(named(&command.data)?), command.data.len()))
        }
        (maker::GET_METADATA, _, which) => Some(format!("METADATA {which:02X}")),
        (maker::GET_SERIAL, ..) => Some("SERIAL".into()),
        (maker::SET_PIN_RETRIES, pin, puk) => Some(format!("SET TRIES of PIN {pin}, of PUK {puk}")),
        (maker::RESET, ..) => Some("RESET application".into()),
        (maker::GET_VERSION, ..) => Some("VERSION".into()),
        (maker::IMPORT_ASYMMETRIC_KEY, number, slot) => {
            Some(format!("IMPORT key {slot:02X} {}", mechanism(Some(number))))
        }
        (maker::SET_MANAGEMENT_KEY, ..) => Some("SET management key".into()),
        _ => None,
    }
}

fn mechanism(byte: Option<u8>) -> String {
    match (byte, byte.and_then(Mechanism::from_byte)) {
        (_, Some(mechanism)) => mechanism.name().into(),
        (Some(byte), None) => format!("algorithm {byte:02X}"),
        (None, None) => "without algorithm".into(),
    }
}

/// Which step of an authentication a template is.
fn step(data: &[u8]) -> &'static str {
    let inner = tlv::read_only(data, tag::DYNAMIC_AUTHENTICATION).unwrap_or_default();
    let part = |tag| tlv::find(inner, tag).ok().flatten();
    match (part(tag::WITNESS), part(tag::CHALLENGE), part(tag::RESPONSE)) {
        (Some([]), None, _) => "witness, please",
        (Some(_), Some(_), _) => "witness and challenge from host",
        (None, Some([]), None) => "challenge, please",
        (None, None, Some(_)) => "response",
        _ => "template",
    }
}

/// The object of PIV that a tag list names, also when what follows is cut off by chaining.
fn named(data: &[u8]) -> Option<Tag> {
    let (_, rest) = Tag::read(data).ok().filter(|(list, _)| *list == tag::TAG_LIST)?;
    let (length, rest) = rest.split_first()?;
    let (found, []) = Tag::read(rest.get(..usize::from(*length))?).ok()? else { return None };
    let known = found == tag::DISCOVERY || found == tag::BIOMETRIC_INFORMATION || found.number() >> 16 == 0x5F;
    known.then_some(found)
}

fn object(object: Tag) -> String {
    let name = match object {
        tag::DISCOVERY => "discovery",
        tag::BIOMETRIC_INFORMATION => "biometric information",
        tag::CHUID => "CHUID",
        tag::FINGERPRINTS => "fingerprints",
        tag::SECURITY_OBJECT => "security object",
        tag::CARD_CAPABILITIES => "card capabilities",
        tag::FACE => "face",
        tag::PRINTED => "printed information",
        tag::KEY_HISTORY => "key history",
        tag::IRIS => "iris",
        tag::PAIRING_CODE => "pairing code",
        tag::CONTAINER_MAP => "container map",
        tag::ADMIN_DATA => "administration data",
        other => match Slot::of_certificate(other) {
            Some(slot) => return format!("{object} certificate {slot}"),
            None => return object.to_string(),
        },
    };
    format!("{object} {name}")
}
