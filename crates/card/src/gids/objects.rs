//! GET DATA and PUT DATA: data objects in files, and what the application itself tells under 3FFF.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{AccessMode, ContainerFlags, ContainerRecord, FileId, KeyReference, tag};
use autoenroll_apdu::tlv::{self, Tag};

use super::Gids;
use super::files::{Content, object_cost};
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

/// EF.ATR as ISO 7816-4 12.2.2 lays it out. 43: card service data - selection by full name, data objects read with GET
/// DATA, no master file. 47: capabilities - selection by full name and by file identifier, data units of one byte,
/// command chaining and extended lengths.
const EF_ATR: [u8; 8] = [0x43, 0x01, 0x95, 0x47, 0x03, 0x90, 0x01, 0xC0];

impl Gids {
    /// GET DATA (ISO 7816-4 11.4.3) with a tag list, or with a key template for a public key.
    pub(super) fn get_data(&mut self, command: &Command) -> HandlerResult {
        let id = FileId(command.p1p2());
        if id == FileId::APPLICATION && command.data.first() == Some(&0x70) {
            return self.get_public_key(public_key_reference(&command.data).ok_or(Mark::GetSyntax)?);
        }
        let requested = Requested::parse(&command.data).ok_or(Mark::GetSyntax)?;
        match (id, requested.0.as_slice()) {
            (FileId::APPLICATION, [tag::PIN_STATUS | tag::PIN_STATUS_ALTERNATE]) => {
                reply(Mark::GetPinStatus, self.pin_status_object())
            }
            (FileId::APPLICATION, _) => Err(Mark::GetNoStatus),
            (FileId::EF_ATR, _) => {
                let all = tlv::read_all(&EF_ATR).map_err(|_| Mark::GetNoObject)?;
                reply(Mark::GetAtr, requested.of(all.iter().map(|object| (object.tag, object.value)))?)
            }
            _ => self.get_objects(id, &requested),
        }
    }

    fn get_objects(&self, id: FileId, requested: &Requested) -> HandlerResult {
        let file = self.files.get(id).ok_or(Mark::GetNoFile)?;
        if !file.active {
            return Err(Mark::GetInactive);
        }
        let Content::Objects(objects) = &file.content else { return Err(Mark::GetKeyFile) };
        if !self.meets(file.condition(AccessMode::Read)) {
            return Err(Mark::GetRefused);
        }
        let mark = if requested.0.is_empty() { Mark::GetAll } else { Mark::GetObject };
        reply(mark, requested.of(objects.iter().map(|(tag, value)| (*tag, value.as_slice())))?)
    }

    /// 7F71 { 97 tries left, 93 limit }. That 7F73 is not found tells hosts that there is no PUK and the admin key
    /// unblocks.
    fn pin_status_object(&self) -> Vec<u8> {
        let mut value = tlv::encode(tag::RETRIES_LEFT, &[self.pin.retries_left]);
        tlv::write(&mut value, tag::RETRY_LIMIT, &[self.chip.profile.pin.tries()]);
        tlv::encode(tag::PIN_STATUS, &value)
    }

    /// PUT DATA (ISO 7816-4 11.4.4): one data object, which is replaced or created; under 3FFF a key.
    pub(super) fn put_data(&mut self, command: &Command) -> HandlerResult {
        let id = FileId(command.p1p2());
        if id == FileId::APPLICATION {
            return self.put_key(&command.data);
        }
        let Ok((object, [])) = tlv::read(&command.data) else { return Err(Mark::PutSyntax) };
        let file = self.files.get(id).ok_or(Mark::PutNoFile)?;
        if !file.active {
            return Err(Mark::PutInactive);
        }
        let Content::Objects(objects) = &file.content else { return Err(Mark::PutKeyFile) };
        if !self.meets(file.condition(AccessMode::Write)) {
            return Err(Mark::PutRefused);
        }
        let largest = usize::try_from(self.chip.profile.capacity.object_bytes).unwrap_or(usize::MAX);
        if object.value.len() > largest {
            return Err(Mark::PutTooLarge);
        }
        // The room of the old value counts as free, for it is overwritten in place.
        let replaced = objects.get(&object.tag);
        let freed = replaced.map_or(0, |value| object_cost(object.tag, value.len()));
        if object_cost(object.tag, object.value.len()) > self.free_bytes() + freed {
            return Err(Mark::PutMemory);
        }
        // An empty object stays, until an empty value is written over it.
        let delete = object.value.is_empty() && replaced.is_some_and(Vec::is_empty);
        self.write_object(id, object.tag, object.value, delete)
    }

    fn write_object(&mut self, id: FileId, object: Tag, value: &[u8], delete: bool) -> HandlerResult {
        let ignores_default = self.chip.profile.quirks.ignores_default_flag;
        let Some(objects) = self.files.objects_mut(id) else { return Err(Mark::PutKeyFile) };
        if delete {
            objects.remove(&object);
            return done(Mark::PutDeleted);
        }
        let mut value = value.to_vec();
        let map = (id, object) == (FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP);
        let dropped = map && ignores_default && drop_default_flags(&mut value);
        objects.insert(object, value);
        done(if dropped { Mark::PutWithoutDefault } else { Mark::PutObject })
    }
}

/// What a tag list asks for: these objects, `5C L tag tag ..`, or all when it is empty, `5C 00`. No tag is in it twice,
/// so that no answer is larger than the card.
struct Requested(Vec<Tag>);

impl Requested {
    fn parse(data: &[u8]) -> Option<Self> {
        let mut list = tlv::read_only(data, tag::TAG_LIST).ok()?;
        let mut tags = BTreeSet::new();
        let mut in_order = Vec::new();
        while !list.is_empty() {
            let (tag, rest) = Tag::read(list).ok()?;
            list = rest;
            if tags.insert(tag) {
                in_order.push(tag);
            }
        }
        Some(Self(in_order))
    }

    /// The objects asked for, one after the other in the order of the list. Those that are not there are left out; only
    /// when none of them is, nothing is found.
    fn of<'a>(&self, all: impl Iterator<Item = (Tag, &'a [u8])>) -> Result<Vec<u8>, Mark> {
        let mut found = Vec::new();
        if self.0.is_empty() {
            all.for_each(|(tag, value)| tlv::write(&mut found, tag, value));
            return Ok(found);
        }
        let there: BTreeMap<Tag, &[u8]> = all.collect();
        for tag in &self.0 {
            if let Some(value) = there.get(tag) {
                tlv::write(&mut found, *tag, value);
            }
        }
        if found.is_empty() { Err(Mark::GetNoObject) } else { Ok(found) }
    }
}

/// The key in `70 08 84 01 kid A5 03 7F49 80`. Inside A5 stands a header list, not a data object: tag 7F49 and a length
/// byte 80 for "all of it".
fn public_key_reference(data: &[u8]) -> Option<KeyReference> {
    match *tlv::read_only(data, tag::KEY_TEMPLATE).ok()? {
        [0x84, 0x01, reference, 0xA5, 0x03, 0x7F, 0x49, 0x80] => Some(KeyReference(reference)),
        _ => None,
    }
}

/// Turns every default container of the map into a plain one; tells whether there was any.
fn drop_default_flags(map: &mut [u8]) -> bool {
    let mut dropped = false;
    for record in map.as_chunks_mut::<{ ContainerRecord::LEN }>().0 {
        if ContainerFlags::from_byte(record[80]) == ContainerFlags::Default {
            record[80] &= !0x02;
            dropped = true;
        }
    }
    dropped
}
