//! Laying out a PIV application: what its issuer and a minidriver would have written.

use autoenroll_apdu::gids::KeyKind;
use autoenroll_apdu::piv::{
    CertificateObject, PivContainer, Slot, TouchRule, card_capabilities, chuid, key_history, tag,
};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_keys::{KeyAlgorithm, PublicKey, sha1};

use alloc::vec::Vec;

use super::key::{self, Key, SlotKey};
use super::look::AT_SIGNATURE;
use super::{ManagementKey, Piv};
use crate::personalise::{ContainerSpec, KeySource, Personalisation, PersonaliseError};

/// The day on which cards of this project expire.
const EXPIRES: [u8; 8] = *b"20991231";

/// CryptoAPI's number of an exchange key.
const AT_KEYEXCHANGE: u8 = 1;

/// The minidriver's number of the user's PIN.
const ROLE_USER: u8 = 1;

/// No container has the same key for agreement.
const NO_AGREEMENT: u8 = 0xFF;

impl Piv {
    /// PIN, management key, and the objects that say which card it is. The management key is as long as its algorithm
    /// takes: the 24 bytes given, cut or begun again.
    pub(crate) fn personalise(&mut self, with: &Personalisation) -> Result<(), PersonaliseError> {
        if !self.objects.is_empty() || !self.keys.is_empty() {
            return Err(PersonaliseError::NotBlank);
        }
        self.reset_pin(&with.pin)?;
        let cipher = self.management.cipher();
        let key: Vec<u8> = with.admin_key.iter().copied().cycle().take(cipher.key_len()).collect();
        if let Some(key) = ManagementKey::new(cipher, &key) {
            self.management = key;
        }
        let guid = with.card_id.unwrap_or(self.chip.serial);
        let mut card = [0; 14];
        card.copy_from_slice(&guid[..14]);
        self.write(tag::CHUID, chuid(&guid, &EXPIRES))?;
        self.write(tag::CARD_CAPABILITIES, card_capabilities(&card))?;
        self.write(tag::KEY_HISTORY, key_history(0, 0))?;
        with.containers.iter().try_for_each(|container| self.add_container(container).map(drop))
    }

    /// A key in the first free slot of its kind, and its record in the container map.
    pub(crate) fn add_container(&mut self, spec: &ContainerSpec) -> Result<(u8, PublicKey), PersonaliseError> {
        let algorithm: KeyAlgorithm = match &spec.key {
            KeySource::Generate(algorithm) => *algorithm,
            KeySource::Import(key) => key.algorithm(),
        };
        let mechanism = key::mechanism(algorithm);
        if !key::is_supported(&self.chip.profile, mechanism) {
            return Err(PersonaliseError::Algorithm { found: algorithm });
        }
        let named: &[Slot] = match spec.kind {
            KeyKind::Exchange => &[Slot::AUTHENTICATION, Slot::KEY_MANAGEMENT],
            KeyKind::Signature => &[Slot::SIGNATURE],
        };
        let mut slots = named.iter().copied().chain(Slot::retired());
        let slot = slots.find(|slot| !self.keys.contains_key(slot)).ok_or(PersonaliseError::NoFreeContainer)?;
        let index = (0..=u8::MAX).zip(Slot::all()).find(|(_, other)| *other == slot);
        let (index, _) = index.ok_or(PersonaliseError::NoFreeContainer)?;
        if self.keys.len() >= usize::from(self.chip.profile.capacity.containers) {
            return Err(PersonaliseError::NoFreeContainer);
        }
        if !self.has_room(slot, mechanism) {
            return Err(PersonaliseError::NoSpace { needed: key::cost(mechanism), free: self.free_bytes() });
        }
        let (key, imported) = match &spec.key {
            KeySource::Generate(_) => (self.next_key(slot, mechanism), false),
            KeySource::Import(key) => (Key::Pooled(key.clone()), true),
        };
        let public = key.public().cloned().ok_or(PersonaliseError::Algorithm { found: algorithm })?;
        self.keys.insert(slot, SlotKey::of(slot, key, imported));

        let mut map = self.container_map()?;
        let default = spec.default && !self.chip.profile.quirks.ignores_default_flag;
        if default {
            map.0.iter_mut().for_each(|record| record.flags &= 0x01);
        }
        map.0.push(PivContainer {
            name: spec.name.clone(),
            slot,
            key_spec: if spec.kind == KeyKind::Signature { AT_SIGNATURE } else { AT_KEYEXCHANGE },
            bits: mechanism.bits(),
            flags: if default { 0x03 } else { 0x01 },
            pin: ROLE_USER,
            agreement: NO_AGREEMENT,
            thumbprint: [0; 20],
        });
        self.write(tag::CONTAINER_MAP, map.encode())?;
        if let Some(der) = &spec.certificate {
            self.store_certificate(index, der)?;
        }
        Ok((index, public))
    }

    /// The certificate of a slot with a key, its hash in the container map, and the number of retired keys.
    pub(crate) fn store_certificate(&mut self, container: u8, der: &[u8]) -> Result<(), PersonaliseError> {
        if der.len() > usize::from(u16::MAX) {
            return Err(PersonaliseError::CertificateTooLong { found: der.len() });
        }
        let slot = Slot::all().nth(usize::from(container)).filter(|slot| self.keys.contains_key(slot));
        let slot = slot.ok_or(PersonaliseError::NoContainer { index: container })?;
        self.write(slot.certificate(), CertificateObject { certificate: der, gzip: false }.encode())?;
        let mut map = self.container_map()?;
        if let Some(record) = map.0.iter_mut().find(|record| record.slot == slot) {
            record.thumbprint = sha1(der);
            self.write(tag::CONTAINER_MAP, map.encode())?;
        }
        let retired = Slot::retired().filter(|slot| self.objects.contains_key(&slot.certificate())).count();
        self.write(tag::KEY_HISTORY, key_history(u8::try_from(retired).unwrap_or(u8::MAX), 0))
    }

    pub(crate) fn reset_pin(&mut self, pin: &[u8]) -> Result<(), PersonaliseError> {
        if !self.chip.profile.pin.allows(pin.len()) {
            return Err(PersonaliseError::PinLength { found: pin.len() });
        }
        let value = self.acceptable_pin(pin).ok_or(PersonaliseError::PinDigits)?;
        self.pin.set(value);
        // A right PUK has its tries back; one that is blocked stays so.
        if self.puk.tries_left > 0 {
            self.puk.tries_left = self.puk.limit;
        }
        Ok(())
    }

    /// When the key in a slot asks to be touched.
    pub(crate) fn touch_rule(&self, slot: Slot) -> Option<TouchRule> {
        self.keys.get(&slot).map(|held| held.touch)
    }

    pub(crate) fn set_touch_rule(&mut self, container: u8, rule: TouchRule) -> Result<(), PersonaliseError> {
        let slot = Slot::all().nth(usize::from(container));
        let held = slot.and_then(|slot| self.keys.get_mut(&slot));
        held.ok_or(PersonaliseError::NoContainer { index: container })?.touch = rule;
        Ok(())
    }

    pub(crate) fn set_puk(&mut self, puk: &[u8], tries: u8) -> Result<(), PersonaliseError> {
        let value = self.acceptable_puk(puk).ok_or(PersonaliseError::Puk { found: puk.len() })?;
        self.puk.set(value);
        self.puk.tries_left = tries.min(self.puk.limit);
        Ok(())
    }

    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        self.pin.tries_left = tries.min(self.pin.limit);
    }

    /// Writes an object if it fits.
    fn write(&mut self, object: Tag, value: Vec<u8>) -> Result<(), PersonaliseError> {
        let freed = self.objects.get(&object).map_or(0, |old| tlv::encoded_len(object, old.len()));
        let (needed, free) = (tlv::encoded_len(object, value.len()), self.free_bytes() + freed);
        if needed > free {
            return Err(PersonaliseError::NoSpace { needed, free });
        }
        self.objects.insert(object, value);
        Ok(())
    }
}
