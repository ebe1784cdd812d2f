//! Files, what they hold, and how much room it takes.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use autoenroll_apdu::gids::{AccessMode, Algorithm, Condition, CrtTemplate, Fcp, FileId, FileKind, KeyReference};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_keys::{KeyAlgorithm, PrivateKey};

use super::AdminKey;

/// All elementary files, by identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FileSystem(BTreeMap<FileId, File>);

/// One elementary file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct File {
    /// Control parameters, as CREATE FILE gave them.
    pub(crate) fcp: Fcp,
    /// Whether ACTIVATE FILE was done. Until then nothing else is allowed.
    pub(crate) active: bool,
    pub(crate) content: Content,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Objects(BTreeMap<Tag, Vec<u8>>),
    AdminKey(Option<AdminKey>),
    UserKey { algorithm: Algorithm, key: Option<PrivateKey> },
}

impl Hash for Content {
    fn hash<H: Hasher>(&self, state: &mut H) {
        core::mem::discriminant(self).hash(state);
        match self {
            Self::Objects(objects) => objects.hash(state),
            Self::AdminKey(key) => key.hash(state),
            // A private key is known by its public half.
            Self::UserKey { algorithm, key } => (algorithm, key.as_ref().map(PrivateKey::public)).hash(state),
        }
    }
}

impl File {
    /// A new file, not activated. `None` when the control parameters contradict themselves: a key file whose identifier
    /// is no key's, an authentication key other than the admin key, or templates for several algorithms.
    pub(crate) fn new(fcp: Fcp) -> Option<Self> {
        let reference = fcp.id.key_reference();
        let content = match &fcp.kind {
            FileKind::Objects => reference.is_none().then(|| Content::Objects(BTreeMap::new()))?,
            FileKind::Key(templates) if reference? == KeyReference::ADMIN => {
                let all = templates.iter().all(|crt| crt.template == CrtTemplate::Authentication);
                all.then_some(Content::AdminKey(None))?
            }
            FileKind::Key(templates) => {
                let algorithm = Algorithm::from_byte(templates.first()?.algorithm)?;
                let fits = |byte| Algorithm::from_byte(byte) == Some(algorithm);
                let all =
                    templates.iter().all(|crt| crt.template != CrtTemplate::Authentication && fits(crt.algorithm));
                all.then_some(Content::UserKey { algorithm, key: None })?
            }
        };
        let reserved = [FileId::APPLICATION, FileId::EF_ATR, FileId(0x3F00), FileId(0x0000), FileId(0xFFFF)];
        (!reserved.contains(&fcp.id)).then_some(Self { fcp, active: false, content })
    }

    /// The condition on an access mode. What the control parameters do not speak of is allowed to no one.
    pub(crate) fn condition(&self, mode: AccessMode) -> Condition {
        self.fcp.security.condition(mode).unwrap_or(Condition::NEVER)
    }

    /// Whether the key may be used so: its templates have one of this kind with this algorithm byte.
    pub(crate) fn permits(&self, template: CrtTemplate, algorithm: u8) -> bool {
        match &self.fcp.kind {
            FileKind::Objects => false,
            FileKind::Key(all) => all.iter().any(|crt| crt.template == template && crt.algorithm == algorithm),
        }
    }

    fn used_bytes(&self) -> usize {
        let content = match &self.content {
            Content::Objects(objects) => objects.iter().map(|(tag, value)| object_cost(*tag, value.len())).sum(),
            Content::AdminKey(key) => key.as_ref().map_or(0, |_| AdminKey::LEN),
            Content::UserKey { key, .. } => key.as_ref().map_or(0, |key| key_cost(key.algorithm())),
        };
        self.fcp.encode().len() + content
    }
}

/// Bytes that a data object takes: tag and length included.
pub(crate) const fn object_cost(tag: Tag, length: usize) -> usize {
    tlv::encoded_len(tag, length)
}

/// Bytes of card memory that a key takes: for RSA the modulus and the five half-length numbers of the Chinese remainder
/// form, for P-256 scalar and point.
pub(crate) const fn key_cost(algorithm: KeyAlgorithm) -> usize {
    match algorithm {
        KeyAlgorithm::P256 => 32 + 65,
        rsa => rsa.bits() as usize / 8 * 7 / 2,
    }
}

impl FileSystem {
    pub(crate) fn get(&self, id: FileId) -> Option<&File> {
        self.0.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: FileId) -> Option<&mut File> {
        self.0.get_mut(&id)
    }

    /// All files, by identifier.
    pub(crate) fn all(&self) -> impl Iterator<Item = &File> {
        self.0.values()
    }

    pub(crate) fn insert(&mut self, file: File) {
        self.0.insert(file.fcp.id, file);
    }

    pub(crate) fn remove(&mut self, id: FileId) {
        self.0.remove(&id);
    }

    /// Number of user key files.
    pub(crate) fn user_keys(&self) -> usize {
        self.0.values().filter(|file| matches!(file.content, Content::UserKey { .. })).count()
    }

    /// Bytes taken by everything.
    pub(crate) fn used_bytes(&self) -> usize {
        self.0.values().map(File::used_bytes).sum()
    }

    /// Value of a data object, whatever the access conditions: for looking in, not for hosts.
    pub(crate) fn object(&self, file: FileId, tag: Tag) -> Option<&[u8]> {
        match &self.get(file)?.content {
            Content::Objects(objects) => objects.get(&tag).map(Vec::as_slice),
            _ => None,
        }
    }

    /// Data objects of a file, whatever the access conditions: for personalisation, not for hosts.
    pub(crate) fn objects_mut(&mut self, file: FileId) -> Option<&mut BTreeMap<Tag, Vec<u8>>> {
        match &mut self.get_mut(file)?.content {
            Content::Objects(objects) => Some(objects),
            _ => None,
        }
    }
}
