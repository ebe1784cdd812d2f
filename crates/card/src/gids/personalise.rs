//! Laying out an initialised GIDS application: the same file system that commands would have made.

use alloc::vec::Vec;

use autoenroll_apdu::gids::{
    Algorithm, CardCacheFile, CertificateFile, ContainerFlags, ContainerMap, ContainerRecord, Fcp, FileId, FileName,
    KeyKind, KeyMap, KeyMapRecord, KeyReference, MasterFile, MasterFileRecord, certificate_file_name, commands, tag,
};
use autoenroll_apdu::tlv::Tag;
use autoenroll_keys::{KeyAlgorithm, PublicKey, compressed};

use super::{AdminKey, File, Gids, key_cost};
use crate::LifeCycle;
use crate::personalise::{ContainerSpec, KeySource, Personalisation, PersonaliseError};

impl Gids {
    /// Initialises a blank card and makes it operational: what a host's initialisation leaves behind.
    pub(crate) fn personalise(&mut self, with: &Personalisation) -> Result<(), PersonaliseError> {
        let gids = &mut *self;
        if gids.life_cycle != LifeCycle::Creation || gids.files.used_bytes() > 0 || gids.pin.is_set() {
            return Err(PersonaliseError::NotBlank);
        }
        if !gids.chip.profile.pin.allows(with.pin.len()) {
            return Err(PersonaliseError::PinLength { found: with.pin.len() });
        }
        gids.set_pin(&with.pin);
        for fcp in commands::object_files() {
            self.create(fcp)?;
        }
        self.create(commands::admin_key_file())?;
        self.need(AdminKey::LEN)?;
        self.set_admin_key(AdminKey::new(with.admin_key));
        let readable = FileId::EVERYONE_READ_USER_WRITE;
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, MasterFile::initial().encode())?;
        self.write(readable, tag::CARD_APPS, b"mscp\0\0\0\0".to_vec())?;
        self.write(readable, tag::CARD_CACHE, CardCacheFile::default().encode().to_vec())?;
        self.write(readable, tag::CONTAINER_MAP, Vec::new())?;
        let card_id = with.card_id.unwrap_or(self.chip.serial);
        self.write(FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID, card_id.to_vec())?;
        self.life_cycle = LifeCycle::Operational;
        with.containers.iter().try_for_each(|container| self.add_container(container).map(drop))
    }

    /// Adds a container in the first free record of the container map; gives its index and public key. The card cache
    /// file counts one change of a container and one of a file.
    pub(crate) fn add_container(&mut self, spec: &ContainerSpec) -> Result<(u8, PublicKey), PersonaliseError> {
        let algorithm = match &spec.key {
            KeySource::Generate(algorithm) => *algorithm,
            KeySource::Import(key) => key.algorithm(),
        };
        if !self.chip.profile.algorithms.contains(&algorithm) {
            return Err(PersonaliseError::Algorithm { found: algorithm });
        }
        let mut containers = ContainerMap::parse(self.object(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP)?)?;
        let free = containers.0.iter().position(|record| !record.flags.is_valid());
        let slot = free.unwrap_or(containers.0.len());
        let index = u8::try_from(slot).map_err(|_| PersonaliseError::NoFreeContainer)?;
        let reference = KeyReference::of_container(index).ok_or(PersonaliseError::NoFreeContainer)?;
        if self.files.user_keys() >= usize::from(self.chip.profile.capacity.containers) {
            return Err(PersonaliseError::NoFreeContainer);
        }

        self.create(commands::user_key_file(reference, gids_algorithm(algorithm), spec.kind))?;
        self.need(key_cost(algorithm))?;
        let public = match &spec.key {
            KeySource::Generate(_) => self.generate_key(reference, algorithm),
            KeySource::Import(key) => {
                self.set_key(reference, key.clone());
                key.public().clone()
            }
        };

        if slot == containers.0.len() {
            containers.0.push(ContainerRecord::default());
        }
        let bits = gids_algorithm(algorithm).bits();
        containers.0[slot] = ContainerRecord {
            name: spec.name.clone(),
            flags: ContainerFlags::Valid,
            signature_bits: if spec.kind == KeyKind::Signature { bits } else { 0 },
            exchange_bits: if spec.kind == KeyKind::Exchange { bits } else { 0 },
        };
        if spec.default && !self.chip.profile.quirks.ignores_default_flag {
            containers.set_default(slot);
        }
        let mut key_map = match self.object(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP) {
            Ok(bytes) => KeyMap::parse(bytes)?,
            Err(_) => KeyMap::default(),
        };
        key_map.0.resize(containers.0.len(), KeyMapRecord::Free);
        key_map.0[slot] = KeyMapRecord::Used {
            algorithm: gids_algorithm(algorithm).number(),
            kind: spec.kind,
            file: reference.file(),
        };
        self.write(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP, containers.encode())?;
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP, key_map.encode())?;
        self.count(|cache| cache.container_changed().file_changed())?;
        if let Some(der) = &spec.certificate {
            self.store_certificate(index, der)?;
        }
        Ok((index, public))
    }

    /// Stores the certificate of a container, compressed, under the first free tag; replaces the one it has. The card
    /// cache file counts one change of a file.
    pub(crate) fn store_certificate(&mut self, container: u8, der: &[u8]) -> Result<(), PersonaliseError> {
        let length = u16::try_from(der.len());
        let certificate_len = length.map_err(|_| PersonaliseError::CertificateTooLong { found: der.len() })?;
        let containers = ContainerMap::parse(self.object(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP)?)?;
        let none = PersonaliseError::NoContainer { index: container };
        let record = containers.0.get(usize::from(container)).filter(|record| record.flags.is_valid()).ok_or(none)?;
        let kind = if record.signature_bits > 0 { KeyKind::Signature } else { KeyKind::Exchange };
        let name = certificate_file_name(kind, container);

        let mut master = MasterFile::parse(self.object(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE)?)?;
        let full = PersonaliseError::NoSpace { needed: der.len(), free: self.free_bytes() };
        let (file, object) = match master.find("mscp", name.as_str()) {
            Some(place) => place,
            None => {
                let file = FileId::EVERYONE_READ_USER_WRITE;
                let object = master.free_object(file).ok_or(full)?;
                let directory = FileName::new("mscp").expect("four letters are a file name");
                master.0.push(MasterFileRecord { directory, name, object: Some(object), file });
                (file, object)
            }
        };
        let zlib = compressed(der, miniz_oxide::deflate::compress_to_vec_zlib);
        self.write(file, object, CertificateFile { certificate_len, zlib: &zlib }.encode())?;
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, master.encode())?;
        self.count(CardCacheFile::file_changed)
    }

    /// Sets another PIN, as RESET RETRY COUNTER does after admin authentication: all attempts are back.
    pub(crate) fn reset_pin(&mut self, pin: &[u8]) -> Result<(), PersonaliseError> {
        if !self.chip.profile.pin.allows(pin.len()) {
            return Err(PersonaliseError::PinLength { found: pin.len() });
        }
        self.set_pin(pin);
        Ok(())
    }

    /// Sets the retry counter, at most to its limit: a card whose PIN was tried before. 0 blocks it.
    pub(crate) fn set_tries_left(&mut self, tries: u8) {
        self.pin.retries_left = tries.min(self.chip.profile.pin.tries());
    }

    fn create(&mut self, fcp: Fcp) -> Result<(), PersonaliseError> {
        self.need(fcp.encode().len())?;
        let mut file = File::new(fcp).ok_or(PersonaliseError::NotInitialised)?;
        if self.files.get(file.fcp.id).is_some() {
            return Err(PersonaliseError::NoFreeContainer);
        }
        file.active = true;
        self.files.insert(file);
        Ok(())
    }

    fn need(&self, needed: usize) -> Result<(), PersonaliseError> {
        let free = self.free_bytes();
        if needed > free { Err(PersonaliseError::NoSpace { needed, free }) } else { Ok(()) }
    }

    fn object(&self, file: FileId, object: Tag) -> Result<&[u8], PersonaliseError> {
        self.files.object(file, object).ok_or(PersonaliseError::NotInitialised)
    }

    fn write(&mut self, file: FileId, object: Tag, value: Vec<u8>) -> Result<(), PersonaliseError> {
        let objects = self.files.objects_mut(file).ok_or(PersonaliseError::NotInitialised)?;
        let old = objects.insert(object, value);
        let all = usize::try_from(self.chip.profile.capacity.bytes).unwrap_or(usize::MAX);
        let used = self.files.used_bytes();
        if used <= all {
            return Ok(());
        }
        // Undone, so that the card is never fuller than it can be.
        if let Some(objects) = self.files.objects_mut(file) {
            match old {
                Some(old) => objects.insert(object, old),
                None => objects.remove(&object),
            };
        }
        Err(PersonaliseError::NoSpace { needed: used - all, free: 0 })
    }

    fn count(&mut self, change: impl Fn(CardCacheFile) -> CardCacheFile) -> Result<(), PersonaliseError> {
        let file = FileId::EVERYONE_READ_USER_WRITE;
        let cache = CardCacheFile::parse(self.object(file, tag::CARD_CACHE)?)?;
        self.write(file, tag::CARD_CACHE, change(cache).encode().to_vec())
    }
}

/// How GIDS calls a key algorithm.
pub(super) const fn gids_algorithm(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Rsa1024 => Algorithm::Rsa1024,
        KeyAlgorithm::Rsa2048 => Algorithm::Rsa2048,
        KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
        KeyAlgorithm::Rsa4096 => Algorithm::Rsa4096,
        KeyAlgorithm::P256 => Algorithm::Ecc256,
    }
}
