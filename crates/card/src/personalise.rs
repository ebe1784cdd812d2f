//! Laying out an initialised card without APDUs: the same file system that the commands would have made.

use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::gids::{
    Algorithm, CardCacheFile, CertificateFile, ContainerFlags, ContainerMap, ContainerName, ContainerRecord, Fcp,
    FileId, FileName, KeyKind, KeyMap, KeyMapRecord, KeyReference, LayoutError, MasterFile, MasterFileRecord,
    certificate_file_name, commands, tag,
};
use autoenroll_apdu::tlv::Tag;
use autoenroll_keys::{KeyAlgorithm, PrivateKey, PublicKey, compressed};

use crate::gids::{AdminKey, File, key_cost};
use crate::{Card, LifeCycle};

/// What a card is given before it is handed out.
#[derive(Clone)]
pub struct Personalisation {
    /// The PIN, of a length that the profile allows.
    pub pin: Vec<u8>,
    /// The admin key: three DES keys.
    pub admin_key: [u8; 24],
    /// The card identifier; the serial of the chip when it is `None`.
    pub card_id: Option<[u8; 16]>,
    /// Containers that are on the card already, from index 0 on.
    pub containers: Vec<ContainerSpec>,
}

/// A container to lay out.
#[derive(Clone)]
pub struct ContainerSpec {
    /// As hosts will see it in the container map.
    pub name: ContainerName,
    /// What its key is for.
    pub kind: KeyKind,
    /// Where its key comes from.
    pub key: KeySource,
    /// Its certificate, DER, at most 65,535 bytes.
    pub certificate: Option<Vec<u8>>,
    /// Whether it becomes the default container; every other one then loses the flag.
    pub default: bool,
}

/// Where a key comes from.
#[derive(Clone)]
pub enum KeySource {
    /// The card generates it, as it would on command.
    Generate(KeyAlgorithm),
    /// It is imported.
    Import(PrivateKey),
}

/// Why a card could not be laid out. What was written before the error stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonaliseError {
    /// The card has files already, or is not in the creation state.
    NotBlank,
    /// The card has no file system: personalise it first.
    NotInitialised,
    /// The PIN has a length that the profile does not allow.
    PinLength {
        /// Its length in bytes.
        found: usize,
    },
    /// The card does not have the key's algorithm.
    Algorithm {
        /// The algorithm asked for.
        found: KeyAlgorithm,
    },
    /// No container is free.
    NoFreeContainer,
    /// Not enough memory.
    NoSpace {
        /// Bytes needed.
        needed: usize,
        /// Bytes free.
        free: usize,
    },
    /// No container in use has this index.
    NoContainer {
        /// Where in the container map it was looked for.
        index: u8,
    },
    /// The certificate is longer than its file can state.
    CertificateTooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// The file system on the card is not what it should be.
    Layout(LayoutError),
}

impl fmt::Display for PersonaliseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBlank => f.write_str("the card is not blank; personalise a new one"),
            Self::NotInitialised => f.write_str("the card has no file system; personalise it first"),
            Self::PinLength { found } => write!(f, "the profile allows no PIN of {found} bytes"),
            Self::Algorithm { found } => write!(f, "the profile has no {found} keys"),
            Self::NoFreeContainer => f.write_str("the card holds no further container"),
            Self::NoSpace { needed, free } => write!(f, "{needed} bytes are needed, {free} are free"),
            Self::NoContainer { index } => write!(f, "there is no container {index}"),
            Self::CertificateTooLong { found } => {
                write!(f, "a certificate of {found} bytes; at most 65535 can be stored")
            }
            Self::Layout(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for PersonaliseError {}

impl From<LayoutError> for PersonaliseError {
    fn from(error: LayoutError) -> Self {
        Self::Layout(error)
    }
}

impl Personalisation {
    /// A card without containers, whose identifier is the serial of the chip.
    #[must_use]
    pub fn new(pin: &[u8], admin_key: [u8; 24]) -> Self {
        Self { pin: pin.to_vec(), admin_key, card_id: None, containers: Vec::new() }
    }

    /// The same with one more container.
    #[must_use]
    pub fn with_container(mut self, container: ContainerSpec) -> Self {
        self.containers.push(container);
        self
    }
}

impl ContainerSpec {
    /// A key-exchange container with a generated key, without certificate, not the default.
    #[must_use]
    pub const fn generated(name: ContainerName, algorithm: KeyAlgorithm) -> Self {
        Self { name, kind: KeyKind::Exchange, key: KeySource::Generate(algorithm), certificate: None, default: false }
    }
}

impl Card {
    /// Initialises a blank card and makes it operational: what a host's initialisation leaves behind.
    ///
    /// # Errors
    /// When the card is not blank, or does not take what it is given.
    pub fn personalise(&mut self, with: &Personalisation) -> Result<(), PersonaliseError> {
        let gids = &mut self.gids;
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
        self.gids.set_admin_key(AdminKey::new(with.admin_key));
        let readable = FileId::EVERYONE_READ_USER_WRITE;
        self.write(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, MasterFile::initial().encode())?;
        self.write(readable, tag::CARD_APPS, b"mscp\0\0\0\0".to_vec())?;
        self.write(readable, tag::CARD_CACHE, CardCacheFile::default().encode().to_vec())?;
        self.write(readable, tag::CONTAINER_MAP, Vec::new())?;
        let card_id = with.card_id.unwrap_or(self.serial());
        self.write(FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID, card_id.to_vec())?;
        self.gids.life_cycle = LifeCycle::Operational;
        with.containers.iter().try_for_each(|container| self.add_container(container).map(drop))
    }

    /// Adds a container in the first free record of the container map; gives its index and public key. The card cache
    /// file counts one change of a container and one of a file.
    ///
    /// # Errors
    /// When the card has no file system, no free container, no room, or not the algorithm.
    pub fn add_container(&mut self, spec: &ContainerSpec) -> Result<(u8, PublicKey), PersonaliseError> {
        let algorithm = match &spec.key {
            KeySource::Generate(algorithm) => *algorithm,
            KeySource::Import(key) => key.algorithm(),
        };
        if !self.profile().algorithms.contains(&algorithm) {
            return Err(PersonaliseError::Algorithm { found: algorithm });
        }
        let mut containers = ContainerMap::parse(self.object(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP)?)?;
        let free = containers.0.iter().position(|record| !record.flags.is_valid());
        let slot = free.unwrap_or(containers.0.len());
        let index = u8::try_from(slot).map_err(|_| PersonaliseError::NoFreeContainer)?;
        let reference = KeyReference::of_container(index).ok_or(PersonaliseError::NoFreeContainer)?;
        if self.gids.files.user_keys() >= usize::from(self.profile().capacity.containers) {
            return Err(PersonaliseError::NoFreeContainer);
        }

        self.create(commands::user_key_file(reference, gids_algorithm(algorithm), spec.kind))?;
        self.need(key_cost(algorithm))?;
        let public = match &spec.key {
            KeySource::Generate(_) => self.gids.generate_key(reference, algorithm),
            KeySource::Import(key) => {
                self.gids.set_key(reference, key.clone());
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
        if spec.default && !self.profile().quirks.ignores_default_flag {
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
    ///
    /// # Errors
    /// When there is no such container, or no room.
    pub fn store_certificate(&mut self, container: u8, der: &[u8]) -> Result<(), PersonaliseError> {
        let length = u16::try_from(der.len());
        let certificate_len = length.map_err(|_| PersonaliseError::CertificateTooLong { found: der.len() })?;
        let containers = ContainerMap::parse(self.object(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP)?)?;
        let none = PersonaliseError::NoContainer { index: container };
        let record = containers.0.get(usize::from(container)).filter(|record| record.flags.is_valid()).ok_or(none)?;
        let kind = if record.signature_bits > 0 { KeyKind::Signature } else { KeyKind::Exchange };
        let name = certificate_file_name(kind, container);

        let mut master = MasterFile::parse(self.object(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE)?)?;
        let full = PersonaliseError::NoSpace { needed: der.len(), free: self.gids.free_bytes() };
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
    ///
    /// # Errors
    /// When the card takes no PIN of that length; nothing is changed then.
    pub fn reset_pin(&mut self, pin: &[u8]) -> Result<(), PersonaliseError> {
        if !self.profile().pin.allows(pin.len()) {
            return Err(PersonaliseError::PinLength { found: pin.len() });
        }
        self.gids.set_pin(pin);
        Ok(())
    }

    /// Sets the retry counter, at most to its limit: a card whose PIN was tried before. 0 blocks it.
    pub fn set_tries_left(&mut self, tries: u8) {
        self.gids.pin.retries_left = tries.min(self.profile().pin.tries());
    }

    fn create(&mut self, fcp: Fcp) -> Result<(), PersonaliseError> {
        self.need(fcp.encode().len())?;
        let mut file = File::new(fcp).ok_or(PersonaliseError::NotInitialised)?;
        if self.gids.files.get(file.fcp.id).is_some() {
            return Err(PersonaliseError::NoFreeContainer);
        }
        file.active = true;
        self.gids.files.insert(file);
        Ok(())
    }

    fn need(&self, needed: usize) -> Result<(), PersonaliseError> {
        let free = self.gids.free_bytes();
        if needed > free { Err(PersonaliseError::NoSpace { needed, free }) } else { Ok(()) }
    }

    fn object(&self, file: FileId, object: Tag) -> Result<&[u8], PersonaliseError> {
        self.gids.files.object(file, object).ok_or(PersonaliseError::NotInitialised)
    }

    fn write(&mut self, file: FileId, object: Tag, value: Vec<u8>) -> Result<(), PersonaliseError> {
        let objects = self.gids.files.objects_mut(file).ok_or(PersonaliseError::NotInitialised)?;
        let old = objects.insert(object, value);
        let all = usize::try_from(self.gids.chip.profile.capacity.bytes).unwrap_or(usize::MAX);
        let used = self.gids.files.used_bytes();
        if used <= all {
            return Ok(());
        }
        // Undone, so that the card is never fuller than it can be.
        if let Some(objects) = self.gids.files.objects_mut(file) {
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
pub(crate) const fn gids_algorithm(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Rsa1024 => Algorithm::Rsa1024,
        KeyAlgorithm::Rsa2048 => Algorithm::Rsa2048,
        KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
        KeyAlgorithm::Rsa4096 => Algorithm::Rsa4096,
        KeyAlgorithm::P256 => Algorithm::Ecc256,
    }
}
