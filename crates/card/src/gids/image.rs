//! A GIDS application as bytes: stage of life, files, PIN, and how much was drawn.

use alloc::sync::Arc;

use autoenroll_apdu::gids::{Fcp, KeyReference};
use autoenroll_apdu::tlv::Tag;

use super::personalise::gids_algorithm;
use super::{AdminKey, Content, File, Gids, Pin};
use crate::chip::Chip;
use crate::form::{ImageError, Reader, Writer, content};
use crate::look::LifeCycle;

impl Gids {
    /// All but the chip and the session.
    pub(crate) fn write_image(&self, out: &mut Writer) {
        let Self { chip: _, life_cycle, files, pin, generations, challenges, volatile: _ } = self;
        out.raw(&[match life_cycle {
            LifeCycle::Creation => 0,
            LifeCycle::Operational => 1,
            LifeCycle::Terminated => 2,
        }]);
        out.count(files.all().count());
        files.all().for_each(|file| write_file(file, out));
        out.optional(pin.value());
        out.raw(&[pin.retries_left]);
        out.count(generations.len());
        for (key, n) in generations {
            out.raw(&[key.0]);
            out.raw(&n.to_be_bytes());
        }
        out.raw(&challenges.to_be_bytes());
    }

    /// What [`Gids::write_image`] wrote.
    pub(crate) fn read_image(chip: Arc<Chip>, read: &mut Reader<'_>) -> Result<Self, ImageError> {
        let tries = chip.profile.pin.tries();
        let mut gids = Self::new(chip);
        gids.life_cycle = match read.byte()? {
            0 => LifeCycle::Creation,
            1 => LifeCycle::Operational,
            2 => LifeCycle::Terminated,
            _ => return Err(content("its stage of life")),
        };
        for _ in 0..read.count()? {
            gids.files.insert(read_file(read)?);
        }
        gids.pin = Pin::new(read.optional()?.map(<[u8]>::to_vec), read.byte()?.min(tries));
        for _ in 0..read.count()? {
            gids.generations.insert(KeyReference(read.byte()?), read.drawn()?);
        }
        gids.challenges = read.drawn()?;
        Ok(gids)
    }
}

fn write_file(file: &File, out: &mut Writer) {
    out.bytes(&file.fcp.encode());
    out.flags(&[file.active]);
    match &file.content {
        Content::Objects(objects) => {
            out.count(objects.len());
            for (tag, value) in objects {
                out.raw(&tag.number().to_be_bytes());
                out.bytes(value);
            }
        }
        Content::AdminKey(key) => out.optional(key.as_ref().map(|key| &key.bytes()[..])),
        Content::UserKey { key, .. } => out.key(key.as_ref()),
    }
}

fn read_file(read: &mut Reader<'_>) -> Result<File, ImageError> {
    let fcp = Fcp::parse(read.bytes()?).map_err(|_| content("the parameters of a file"))?;
    let mut file = File::new(fcp).ok_or(content("the parameters of a file"))?;
    [file.active] = read.flags()?;
    match &mut file.content {
        Content::Objects(objects) => {
            for _ in 0..read.count()? {
                let tag = Tag::from_number(read.count()?).ok_or(content("the tag of an object"))?;
                objects.insert(tag, read.bytes()?.to_vec());
            }
        }
        Content::AdminKey(key) => {
            let bytes = read.optional()?.map(<[u8; AdminKey::LEN]>::try_from).transpose();
            *key = bytes.map_err(|_| content("its admin key"))?.map(AdminKey::new);
        }
        Content::UserKey { algorithm, key } => {
            *key = read.key()?;
            if key.as_ref().is_some_and(|key| gids_algorithm(key.algorithm()) != *algorithm) {
                return Err(content("a key in the file of another kind"));
            }
        }
    }
    Ok(file)
}
