//! What of a security descriptor an import does not keep.

use autoenroll_model::{SecurityDescriptor, Sid};
use autoenroll_wire::{security_descriptor, sid};

use crate::finding::{Finding, Reason};

/// The descriptor, and a finding for each of its parts that is not kept.
pub(crate) fn read(object: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<SecurityDescriptor> {
    let mut add = |value: String, reason: Reason| findings.push(Finding::new(object, ATTRIBUTE, value, reason));
    let descriptor = match security_descriptor::from_bytes(bytes) {
        Ok(descriptor) => descriptor,
        Err(error) => {
            add(String::new(), Reason::Malformed(format!("a self-relative security descriptor ({error})")));
            return None;
        }
    };
    if let Some(group) = sid_at(bytes, 8) {
        add(format!("G:{group}"), Reason::NoRule("the primary group takes no part in an access check"));
    }
    if u16_at(bytes, 2).is_some_and(|control| control & SACL_PRESENT != 0)
        && u32_at(bytes, 12).is_some_and(|at| at != 0)
    {
        add("S:".to_owned(), Reason::NoRule("auditing decides nothing about access"));
    }
    for entry in entries(bytes) {
        match entry.kind {
            0x00 | 0x01 | 0x05 | 0x06 => {}
            0x09..=0x0C => add(
                entry.shown(),
                Reason::NoWord(
                    "conditions are not evaluated: a conditional entry that allows grants nothing, one that denies denies",
                ),
            ),
            _ => add(entry.shown(), Reason::NoRule("an entry of this type neither allows nor denies access")),
        }
        if entry.flags & INHERITANCE != 0 {
            add(
                entry.shown(),
                Reason::NoRule("how children inherit an entry does not matter: templates have no children"),
            );
        }
    }
    Some(descriptor)
}

const ATTRIBUTE: &str = "nTSecurityDescriptor";
/// SE_SACL_PRESENT.
const SACL_PRESENT: u16 = 0x0010;
/// OBJECT_INHERIT_ACE, CONTAINER_INHERIT_ACE, NO_PROPAGATE_INHERIT_ACE.
const INHERITANCE: u8 = 0x07;

/// Type and flags of an access control entry ([MS-DTYP] 2.4.4.1), and its place in the list.
struct RawEntry {
    number: usize,
    kind: u8,
    flags: u8,
}

impl RawEntry {
    fn shown(&self) -> String {
        format!("entry {} of type {:#04x} with flags {:#04x}", self.number, self.kind, self.flags)
    }
}

/// Headers of the entries of the discretionary list; the descriptor has been read before, so what does not fit ends the
/// list.
fn entries(bytes: &[u8]) -> Vec<RawEntry> {
    let list = u32_at(bytes, 16).filter(|at| *at != 0).and_then(|at| bytes.get(at as usize..)).unwrap_or_default();
    let count = u16_at(list, 4).unwrap_or_default();
    let mut rest = list.get(8..).unwrap_or_default();
    let mut entries = Vec::new();
    for number in 1..=usize::from(count) {
        let (&[kind, flags], Some(size)) = (rest.first_chunk::<2>().unwrap_or(&[0; 2]), u16_at(rest, 2)) else { break };
        entries.push(RawEntry { number, kind, flags });
        rest = rest.get(usize::from(size)..).unwrap_or_default();
    }
    entries
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|octets| u16::from_le_bytes(*octets))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets))
}

/// The identifier to which the offset at a place leads.
fn sid_at(bytes: &[u8], at: usize) -> Option<Sid> {
    let identifier = bytes.get(u32_at(bytes, at).filter(|offset| *offset != 0)? as usize..)?;
    let length = 8 + 4 * usize::from(*identifier.get(1)?);
    sid::from_bytes(identifier.get(..length)?)
}
