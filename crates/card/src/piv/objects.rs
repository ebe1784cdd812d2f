//! GET DATA and PUT DATA.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{AID, tag};
use autoenroll_apdu::tlv::{self, Tag};

use super::Piv;
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

/// P1 P2 of both commands.
const APPLICATION: u16 = 0x3FFF;

impl Piv {
    /// GET DATA (SP 800-73-4 part 2, 3.1.2). What needs the PIN is refused before it is said whether it is there.
    pub(super) fn get_data(&self, command: &Command) -> HandlerResult {
        if command.p1p2() != APPLICATION {
            return Err(Mark::PivGetP1P2);
        }
        let list = tlv::read_only(&command.data, tag::TAG_LIST).map_err(|_| Mark::PivGetSyntax)?;
        let Ok((wanted, [])) = Tag::read(list) else { return Err(Mark::PivGetSyntax) };
        if wanted == tag::DISCOVERY {
            return reply(Mark::PivGetDiscovery, self.discovery_object());
        }
        if needs_pin(wanted) && !self.session.user() {
            return Err(Mark::PivGetRefused);
        }
        let value = self.objects.get(&wanted).ok_or(Mark::PivGetNoObject)?;
        reply(Mark::PivGetObject, tlv::encode(tag::DATA, value))
    }

    /// The discovery object (part 1, 3.3.2): the identifier, and which PINs satisfy access rules. It comes bare.
    fn discovery_object(&self) -> Vec<u8> {
        // 40: the application's PIN; 60, 10: the global PIN as well, the application's first.
        let policy = if self.options.global_pin { [0x60, 0x10] } else { [0x40, 0x00] };
        let mut value = tlv::encode(tag::IDENTIFIER, &AID);
        tlv::write(&mut value, tag::PIN_POLICY, &policy);
        tlv::encode(tag::DISCOVERY, &value)
    }

    /// PUT DATA (part 2, 3.3.2): `5C tag, 53 value`, where an empty value deletes. Any object of three bytes whose tag
    /// begins with 5F is taken, as cards of makers with objects of their own do. The discovery object follows from what
    /// the card has and is not written.
    pub(super) fn put_data(&mut self, command: &Command) -> HandlerResult {
        if command.p1p2() != APPLICATION {
            return Err(Mark::PivPutP1P2);
        }
        if !self.session.admin {
            return Err(Mark::PivPutRefused);
        }
        let (object, value) = match object_to_write(&command.data) {
            Some(parts) => parts,
            None if begins_with(&command.data, tag::DISCOVERY) => return Err(Mark::PivPutTag),
            None => return Err(Mark::PivPutSyntax),
        };
        if !is_writable(object) {
            return Err(Mark::PivPutTag);
        }
        let largest = usize::try_from(self.chip.profile.capacity.object_bytes).unwrap_or(usize::MAX);
        if value.len() > largest {
            return Err(Mark::PivPutTooLarge);
        }
        if value.is_empty() {
            self.objects.remove(&object);
            return done(Mark::PivPutDeleted);
        }
        // The room of the old value counts as free, for it is overwritten in place.
        let freed = self.objects.get(&object).map_or(0, |old| tlv::encoded_len(object, old.len()));
        if tlv::encoded_len(object, value.len()) > self.free_bytes() + freed {
            return Err(Mark::PivPutMemory);
        }
        self.objects.insert(object, value.to_vec());
        done(Mark::PivPutObject)
    }
}

/// Whether an object can be written: those of three bytes that begin with 5F.
pub(super) fn is_writable(object: Tag) -> bool {
    object.number() >> 16 == 0x5F
}

/// Whether an object is read with the PIN alone (part 1, table 2, contact interface).
fn needs_pin(object: Tag) -> bool {
    matches!(object, tag::FINGERPRINTS | tag::FACE | tag::PRINTED | tag::IRIS | tag::PAIRING_CODE)
}

fn begins_with(data: &[u8], expected: Tag) -> bool {
    matches!(Tag::read(data), Ok((found, _)) if found == expected)
}

/// Tag and value of `5C tag, 53 value`.
fn object_to_write(data: &[u8]) -> Option<(Tag, &[u8])> {
    let (list, rest) = tlv::read(data).ok()?;
    let (object, []) = Tag::read(list.value).ok()? else { return None };
    let value = tlv::read_only(rest, tag::DATA).ok()?;
    (list.tag == tag::TAG_LIST).then_some((object, value))
}
