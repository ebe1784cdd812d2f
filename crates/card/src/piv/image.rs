//! A PIV application as bytes: PIN, PUK and management key, objects, keys, and how much was drawn.

use alloc::sync::Arc;

use autoenroll_apdu::piv::{Cipher, PinRule, Slot, TouchRule};
use autoenroll_apdu::tlv::Tag;
use autoenroll_keys::P384Key;

use super::key::{Key, SlotKey};
use super::pin::Reference;
use super::{ManagementKey, Piv};
use crate::chip::Chip;
use crate::form::{ImageError, Reader, Writer, content};
use crate::profile::PivOptions;

impl Piv {
    /// All but the chip, the session, and who touches the card.
    pub(crate) fn write_image(&self, out: &mut Writer) {
        // The options are in the profile of the chip.
        let Self {
            chip: _,
            options: _,
            pin,
            puk,
            global,
            management,
            objects,
            keys,
            generations,
            drawn,
            touched: _,
            session: _,
        } = self;
        [Some(pin), Some(puk), global.as_ref()].into_iter().flatten().for_each(|held| held.write_image(out));
        out.raw(&[management.cipher() as u8]);
        out.bytes(management.bytes());
        out.count(objects.len());
        for (tag, value) in objects {
            out.raw(&tag.number().to_be_bytes());
            out.bytes(value);
        }
        out.count(keys.len());
        for (slot, SlotKey { key, pin, touch, imported }) in keys {
            out.raw(&[slot.byte(), *pin as u8, *touch as u8]);
            out.flags(&[*imported]);
            match key {
                Key::Pooled(key) => {
                    out.flags(&[false]);
                    out.key(Some(key));
                }
                Key::P384(key) => {
                    out.flags(&[true]);
                    out.raw(&key.scalar());
                }
            }
        }
        out.count(generations.len());
        for (slot, n) in generations {
            out.raw(&[slot.byte()]);
            out.raw(&n.to_be_bytes());
        }
        out.raw(&drawn.to_be_bytes());
    }

    /// What [`Piv::write_image`] wrote.
    pub(crate) fn read_image(chip: Arc<Chip>, options: PivOptions, read: &mut Reader<'_>) -> Result<Self, ImageError> {
        let mut piv = Self::new(chip, options);
        piv.pin = Reference::read_image(read)?;
        piv.puk = Reference::read_image(read)?;
        if let Some(global) = &mut piv.global {
            *global = Reference::read_image(read)?;
        }
        let cipher = Cipher::from_byte(read.byte()?).ok_or(content("the algorithm of its management key"))?;
        piv.management = ManagementKey::new(cipher, read.bytes()?).ok_or(content("its management key"))?;
        for _ in 0..read.count()? {
            let tag = Tag::from_number(read.count()?).filter(|tag| super::objects::is_writable(*tag));
            piv.objects.insert(tag.ok_or(content("the tag of an object"))?, read.bytes()?.to_vec());
        }
        for _ in 0..read.count()? {
            let slot = read_slot(read)?;
            let rules = (PinRule::from_byte(read.byte()?, slot), TouchRule::from_byte(read.byte()?));
            let (Some(pin), Some(touch)) = rules else { return Err(content("the rules of a key")) };
            let [imported, is_p384] = read.flags()?;
            let key = if is_p384 {
                P384Key::from_scalar(&read.array::<{ P384Key::LEN }>()?).ok().map(Key::P384)
            } else {
                read.key()?.map(Key::Pooled)
            };
            // A symbolic P-256 key has no numbers, and is gone.
            if let Some(key) = key {
                piv.keys.insert(slot, SlotKey { key, pin, touch, imported });
            }
        }
        for _ in 0..read.count()? {
            piv.generations.insert(read_slot(read)?, read.drawn()?);
        }
        piv.drawn = read.drawn()?;
        Ok(piv)
    }
}

fn read_slot(read: &mut Reader<'_>) -> Result<Slot, ImageError> {
    Slot::from_byte(read.byte()?).ok_or(content("a slot"))
}
