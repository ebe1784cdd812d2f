//! Security descriptors in their binary form ([MS-DTYP] 2.4.6), and as SDDL for people to read.
//!
//! Only what an access check looks at is kept: owner and discretionary list. Group, auditing and the flags that say how
//! children inherit are read over, and written empty.

use crate::{Problem, WireError, general_name::mixed_endian, sid};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{Ace, AceEffect, Guid, SecurityDescriptor, Sid};

mod sddl;

pub use sddl::{SddlError, from_sddl};

const WHAT: &str = "security descriptor";

/// SE_DACL_PRESENT.
const DACL_PRESENT: u16 = 0x0004;
/// SE_SELF_RELATIVE.
const SELF_RELATIVE: u16 = 0x8000;
/// INHERIT_ONLY_ACE.
const INHERIT_ONLY: u8 = 0x08;
/// INHERITED_ACE.
const INHERITED: u8 = 0x10;
/// ACE_OBJECT_TYPE_PRESENT.
const OBJECT_TYPE_PRESENT: u32 = 1;
/// ACE_INHERITED_OBJECT_TYPE_PRESENT.
const INHERITED_OBJECT_TYPE_PRESENT: u32 = 2;

/// Reads the self-relative form. Entries of types that neither allow nor deny access are passed over.
///
/// # Errors
/// When an offset or a size leads out of the bytes, or an entry is too short for its type.
pub fn from_bytes(bytes: &[u8]) -> Result<SecurityDescriptor, WireError> {
    let header = Bytes { bytes, offset: 0 };
    if header.u8(0)? != 1 {
        return Err(header.error(0, Problem::Value("the revision of a security descriptor is 1")));
    }
    let control = header.u16(2)?;
    let owner = match header.u32(4)? {
        0 => None,
        offset => Some(header.skip(offset as usize)?.sid()?),
    };
    let dacl = match header.u32(16)? {
        0 => None,
        _ if control & DACL_PRESENT == 0 => None,
        offset => Some(read_acl(header.skip(offset as usize)?)?),
    };
    Ok(SecurityDescriptor { owner, dacl })
}

/// [MS-DTYP] 2.4.5.
fn read_acl(acl: Bytes<'_>) -> Result<Vec<Ace>, WireError> {
    let (size, count) = (acl.u16(2)?, acl.u16(4)?);
    let acl = acl.first(usize::from(size))?;
    let mut rest = acl.skip(8)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let size = rest.u16(2)?;
        if size < 4 {
            return Err(rest.error(2, Problem::Value("an access control entry has at least 4 octets")));
        }
        entries.extend(read_ace(rest.first(usize::from(size))?)?);
        rest = rest.skip(usize::from(size))?;
    }
    Ok(entries)
}

/// [MS-DTYP] 2.4.4.
fn read_ace(ace: Bytes<'_>) -> Result<Option<Ace>, WireError> {
    let Some((effect, of_object, conditional)) = entry_kind(ace.u8(0)?) else { return Ok(None) };
    let flags = ace.u8(1)?;
    let mask = ace.u32(4)?;
    let (object, trustee) = if of_object {
        let present = ace.u32(8)?;
        let mut at = 12;
        let mut object = None;
        if present & OBJECT_TYPE_PRESENT != 0 {
            object = Some(ace.guid(at)?);
            at += 16;
        }
        if present & INHERITED_OBJECT_TYPE_PRESENT != 0 {
            at += 16;
        }
        (object, ace.skip(at)?.sid()?)
    } else {
        (None, ace.skip(8)?.sid()?)
    };
    Ok(Some(Ace {
        effect,
        mask,
        object,
        trustee,
        inherited: flags & INHERITED != 0,
        inherit_only: flags & INHERIT_ONLY != 0,
        conditional,
    }))
}

/// Effect, whether the entry may name an object type, and whether it carries a condition.
fn entry_kind(kind: u8) -> Option<(AceEffect, bool, bool)> {
    Some(match kind {
        0x00 => (AceEffect::Allow, false, false),
        0x01 => (AceEffect::Deny, false, false),
        0x05 => (AceEffect::Allow, true, false),
        0x06 => (AceEffect::Deny, true, false),
        0x09 => (AceEffect::Allow, false, true),
        0x0A => (AceEffect::Deny, false, true),
        0x0B => (AceEffect::Allow, true, true),
        0x0C => (AceEffect::Deny, true, true),
        _ => return None,
    })
}

/// Writes the self-relative form. A condition is not kept by the model, so a conditional entry is written without one.
#[must_use]
pub fn to_bytes(descriptor: &SecurityDescriptor) -> Vec<u8> {
    const HEADER: u32 = 20;
    let owner = descriptor.owner.as_ref().map(sid::to_bytes).unwrap_or_default();
    let dacl = descriptor.dacl.as_deref().map(acl_bytes);
    let owner_offset = if owner.is_empty() { 0 } else { HEADER };
    let dacl_offset = if dacl.is_some() { HEADER + owner.len() as u32 } else { 0 };
    let mut bytes = Vec::from([1, 0]);
    bytes.extend((SELF_RELATIVE | DACL_PRESENT).to_le_bytes());
    for offset in [owner_offset, 0, 0, dacl_offset] {
        bytes.extend(offset.to_le_bytes());
    }
    bytes.extend(owner);
    bytes.extend(dacl.unwrap_or_default());
    bytes
}

/// An access control list of revision 4, the one that has object entries. Entries beyond 64 KiB do not fit into a list
/// and are left out.
fn acl_bytes(entries: &[Ace]) -> Vec<u8> {
    let (mut content, mut count) = (Vec::new(), 0_u16);
    for entry in entries.iter().map(ace_bytes) {
        if 8 + content.len() + entry.len() > usize::from(u16::MAX) {
            break;
        }
        content.extend(entry);
        count += 1;
    }
    let mut bytes = Vec::from([4, 0]);
    bytes.extend((8 + content.len() as u16).to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(content);
    bytes
}

fn ace_bytes(ace: &Ace) -> Vec<u8> {
    let kind = match (ace.effect, ace.object, ace.conditional) {
        (AceEffect::Allow, None, false) => 0x00,
        (AceEffect::Deny, None, false) => 0x01,
        (AceEffect::Allow, Some(_), false) => 0x05,
        (AceEffect::Deny, Some(_), false) => 0x06,
        (AceEffect::Allow, None, true) => 0x09,
        (AceEffect::Deny, None, true) => 0x0A,
        (AceEffect::Allow, Some(_), true) => 0x0B,
        (AceEffect::Deny, Some(_), true) => 0x0C,
    };
    let flags = if ace.inherited { INHERITED } else { 0 } | if ace.inherit_only { INHERIT_ONLY } else { 0 };
    let mut body = Vec::from(ace.mask.to_le_bytes());
    if let Some(object) = ace.object {
        body.extend(OBJECT_TYPE_PRESENT.to_le_bytes());
        body.extend(mixed_endian(object.0));
    }
    body.extend(sid::to_bytes(&ace.trustee));
    let mut bytes = Vec::from([kind, flags]);
    bytes.extend((4 + body.len() as u16).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// Bytes and where they stand in the whole descriptor.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Bytes<'a> {
    fn error(&self, at: usize, problem: Problem) -> WireError {
        WireError { what: WHAT, offset: self.offset + at, problem }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], WireError> {
        let octets = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        octets.copied().ok_or_else(|| self.error(at, Problem::End))
    }

    fn u8(&self, at: usize) -> Result<u8, WireError> {
        self.array::<1>(at).map(|[octet]| octet)
    }

    fn u16(&self, at: usize) -> Result<u16, WireError> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, WireError> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn guid(&self, at: usize) -> Result<Guid, WireError> {
        self.array(at).map(|octets| Guid(mixed_endian(octets)))
    }

    fn sid(&self) -> Result<Sid, WireError> {
        let sid = sid::read(self.bytes).map(|(sid, _)| sid);
        sid.ok_or_else(|| self.error(0, Problem::Value("a security identifier is expected")))
    }

    fn first(&self, length: usize) -> Result<Bytes<'a>, WireError> {
        let bytes = self.bytes.get(..length).ok_or_else(|| self.error(self.bytes.len(), Problem::End))?;
        Ok(Bytes { bytes, ..*self })
    }

    fn skip(&self, length: usize) -> Result<Bytes<'a>, WireError> {
        let bytes = self.bytes.get(length..).ok_or_else(|| self.error(self.bytes.len(), Problem::End))?;
        Ok(Bytes { bytes, offset: self.offset + length })
    }
}

/// SDDL ([MS-DTYP] 2.5.1) of owner and discretionary list, e.g. `O:BAD:(A;;RPLCRC;;;AU)`. No list is
/// `D:NO_ACCESS_CONTROL`; a conditional entry shows as `XA` or `XD` without its condition.
#[must_use]
pub fn to_sddl(descriptor: &SecurityDescriptor) -> String {
    let owner = descriptor.owner.as_ref().map(|owner| format!("O:{}", trustee(owner))).unwrap_or_default();
    let entries = match &descriptor.dacl {
        None => String::from("NO_ACCESS_CONTROL"),
        Some(entries) => entries.iter().map(ace_sddl).collect(),
    };
    format!("{owner}D:{entries}")
}

fn ace_sddl(ace: &Ace) -> String {
    let kind = match (ace.effect, ace.object.is_some(), ace.conditional) {
        (AceEffect::Allow, false, false) => "A",
        (AceEffect::Deny, false, false) => "D",
        (AceEffect::Allow, true, false) => "OA",
        (AceEffect::Deny, true, false) => "OD",
        (AceEffect::Allow, false, true) => "XA",
        (AceEffect::Deny, false, true) => "XD",
        (AceEffect::Allow, true, true) => "ZA",
        (AceEffect::Deny, true, true) => "ZD",
    };
    let flags = [("IO", ace.inherit_only), ("ID", ace.inherited)];
    let flags: String = flags.iter().filter(|(_, set)| *set).map(|(word, _)| *word).collect();
    let object = ace.object.map(|object| format!("{object}")).unwrap_or_default();
    format!("({kind};{flags};{};{object};;{})", rights(ace.mask), trustee(&ace.trustee))
}

/// Letters of rights, in the order in which Windows prints them.
const LETTERS: [(u32, &str); 17] = [
    (0x0000_0001, "CC"),
    (0x0000_0002, "DC"),
    (0x0000_0004, "LC"),
    (0x0000_0008, "SW"),
    (0x0000_0010, "RP"),
    (0x0000_0020, "WP"),
    (0x0000_0040, "DT"),
    (0x0000_0080, "LO"),
    (0x0000_0100, "CR"),
    (0x0001_0000, "SD"),
    (0x0002_0000, "RC"),
    (0x0004_0000, "WD"),
    (0x0008_0000, "WO"),
    (0x1000_0000, "GA"),
    (0x2000_0000, "GX"),
    (0x4000_0000, "GW"),
    (0x8000_0000, "GR"),
];

/// Rights in the order in which Windows prints them; in hexadecimal when a bit has no letters.
fn rights(mask: u32) -> String {
    let set = || LETTERS.iter().filter(|(bit, _)| mask & bit != 0);
    if set().fold(0, |bits, (bit, _)| bits | bit) == mask {
        set().map(|(_, letters)| *letters).collect()
    } else {
        format!("{mask:#x}")
    }
}

/// The two-letter alias of an identifier that has one everywhere, or the identifier itself.
fn trustee(sid: &Sid) -> &str {
    match sid.as_str() {
        "S-1-1-0" => "WD",
        "S-1-3-0" => "CO",
        "S-1-5-9" => "ED",
        "S-1-5-10" => "PS",
        "S-1-5-11" => "AU",
        "S-1-5-18" => "SY",
        "S-1-5-32-544" => "BA",
        "S-1-5-32-545" => "BU",
        other => other,
    }
}

#[cfg(test)]
mod tests;
