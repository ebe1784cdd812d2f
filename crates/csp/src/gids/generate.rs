//! A new key on the card.
//!
//! The order of writes is the one that the GidsApplet project recorded from a Windows minidriver: claim a record of the
//! container map, make the key file and the key, enter it in the key map, state the key size in the container map. Each
//! change of a file or key is counted in the card cache file before it is made.

use autoenroll_apdu::StatusWord;
use autoenroll_apdu::gids::{
    Algorithm, ContainerFlags, ContainerMap, ContainerName, ContainerRecord, KeyKind, KeyMap, KeyMapRecord,
    KeyReference, MasterFile, commands, tag,
};
use autoenroll_apdu::tlv;
use autoenroll_keys::PublicKey;
use autoenroll_model::{EffectResult, HResult, KeyAlgorithm, KeyPlace, KeySpec};

use super::transaction::{CardTransaction, key_record};
use super::{certificate, container};
use crate::script::Halt;

/// The key to make.
#[derive(Clone, Copy)]
pub(crate) struct KeyParameters {
    algorithm: Algorithm,
    kind: KeyKind,
    default: bool,
}

impl KeyParameters {
    pub(crate) const fn new(algorithm: KeyAlgorithm, key_spec: KeySpec, default: bool) -> Self {
        let algorithm = match algorithm {
            KeyAlgorithm::Rsa1024 => Algorithm::Rsa1024,
            KeyAlgorithm::Rsa2048 => Algorithm::Rsa2048,
            KeyAlgorithm::Rsa3072 => Algorithm::Rsa3072,
            KeyAlgorithm::Rsa4096 => Algorithm::Rsa4096,
            KeyAlgorithm::P256 => Algorithm::Ecc256,
        };
        let kind = match key_spec {
            KeySpec::Exchange => KeyKind::Exchange,
            KeySpec::Signature => KeyKind::Signature,
        };
        Self { algorithm, kind, default }
    }
}

/// Generates a key in a new container, or in the one named by `overwrite`. A failure that leaves the card in the reader
/// leaves no container behind either.
pub(crate) fn generate(
    card: &mut CardTransaction<'_>,
    parameters: KeyParameters,
    overwrite: Option<&str>,
    new_key: &KeyPlace,
) -> Result<EffectResult, Halt> {
    let container = overwrite.unwrap_or(&new_key.container);
    let mut plan = Plan::read(card, parameters, container, overwrite.is_some())?;
    let public_key = plan.carry_out(card).map_err(full)?.spki_der();
    Ok(EffectResult::Generated { key: KeyPlace { container: container.to_owned(), ..new_key.clone() }, public_key })
}

/// What the card holds and which record the key goes to.
struct Plan {
    parameters: KeyParameters,
    name: ContainerName,
    index: u8,
    reference: KeyReference,
    /// The new key file is on the card.
    created: bool,
    /// The container map as it was, and as it shall be.
    before: ContainerMap,
    map: ContainerMap,
    keys: KeyMap,
    master: MasterFile,
}

impl Plan {
    fn read(
        card: &mut CardTransaction<'_>,
        parameters: KeyParameters,
        name: &str,
        overwrite: bool,
    ) -> Result<Self, Halt> {
        let map = card.container_map()?;
        let keys = card.key_map()?;
        let master = card.master_file()?;
        let index = match (map.find(name), overwrite) {
            (Some(index), true) => index,
            (None, true) => return Err(Halt::Failed(HResult::SCARD_E_NO_KEY_CONTAINER)),
            // K8.3.never-overwrite
            (Some(_), false) => return Err(Halt::Failed(HResult::NTE_EXISTS)),
            (None, false) => free_record(&map),
        };
        let index = u8::try_from(index).ok();
        let reference = index.and_then(|index| free_reference(&keys, index));
        let (Some(index), Some(reference)) = (index, reference) else {
            // X6.3.0x80090023
            return Err(Halt::Failed(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL));
        };
        let name = ContainerName::new(name).map_err(|_| Halt::Failed(HResult::E_INVALIDARG))?;
        let mut before = map;
        before.0.resize(before.0.len().max(usize::from(index) + 1), ContainerRecord::default());
        let map = before.clone();
        Ok(Self { parameters, name, index, reference, created: false, before, map, keys, master })
    }

    fn carry_out(&mut self, card: &mut CardTransaction<'_>) -> Result<PublicKey, Halt> {
        // An old certificate must not meet the new key. On a fresh record there is one only if a deletion was cut
        // short.
        certificate::remove(card, &mut self.master, self.index)?;
        self.claim_record(card)?;
        let made = self.make_key(card).and_then(|()| self.finish_record(card)).and_then(|()| self.read_key(card));
        match made {
            Err(Halt::Failed(why)) => match self.undo(card) {
                Ok(()) | Err(Halt::Failed(_)) => Err(Halt::Failed(why)),
                Err(halt) => Err(halt),
            },
            made => made,
        }
    }

    /// Until the key map names the key file, nothing but this plan does.
    fn undo(&mut self, card: &mut CardTransaction<'_>) -> Result<(), Halt> {
        container::release(card, self.before.clone(), self.master.clone(), self.index)?;
        if self.created { card.delete_key_file(self.reference.file()) } else { Ok(()) }
    }

    /// The name, valid, without key size: other readers pass such a record over.
    fn claim_record(&mut self, card: &mut CardTransaction<'_>) -> Result<(), Halt> {
        let record =
            ContainerRecord { name: self.name.clone(), flags: ContainerFlags::Valid, ..ContainerRecord::default() };
        self.map.0[usize::from(self.index)] = record;
        card.files_change()?;
        card.write_container_map(&self.map)
    }

    fn make_key(&mut self, card: &mut CardTransaction<'_>) -> Result<(), Halt> {
        let at = usize::from(self.index);
        // The counter goes up before the change, so that a host that reads in between does not keep what it read.
        card.containers_change()?;
        if let KeyMapRecord::Used { file, .. } = key_record(&self.keys, self.index) {
            card.delete_key_file(file)?;
        }
        let create = commands::create_file(&commands::user_key_file(
            self.reference,
            self.parameters.algorithm,
            self.parameters.kind,
        ));
        let created = card.exchange(&create)?;
        if created.sw == StatusWord::FILE_EXISTS {
            // No record refers to it: it is what an operation left that was cut short.
            card.delete_key_file(self.reference.file())?;
            card.ask_key(&create)?;
        } else if !created.sw.is_ok() {
            return Err(card.key_refused(created.sw));
        }
        self.created = true;
        // A file takes nothing before ACTIVATE FILE (ISO 7816-9).
        card.ask_key(&commands::activate_file())?;
        self.generate_key(card)?;

        self.keys.0.resize(self.keys.0.len().max(self.map.0.len()), KeyMapRecord::Free);
        self.keys.0[at] = KeyMapRecord::Used {
            algorithm: self.parameters.algorithm.number(),
            kind: self.parameters.kind,
            file: self.reference.file(),
        };
        card.write_key_map(&self.keys)
    }

    /// The command has no Le: some cards answer with the public key all the same, which is left where it is.
    fn generate_key(&self, card: &mut CardTransaction<'_>) -> Result<(), Halt> {
        let generated = card.transmit(&commands::generate_key(self.reference, self.parameters.algorithm))?;
        match (generated.sw, generated.sw.remaining()) {
            (StatusWord::OK, _) | (_, Some(_)) => Ok(()),
            (sw, None) => Err(card.key_refused(sw)),
        }
    }

    /// The key size, and the default flag with the same write.
    fn finish_record(&mut self, card: &mut CardTransaction<'_>) -> Result<(), Halt> {
        let at = usize::from(self.index);
        let bits = self.parameters.algorithm.bits();
        match self.parameters.kind {
            KeyKind::Exchange => self.map.0[at].exchange_bits = bits,
            KeyKind::Signature => self.map.0[at].signature_bits = bits,
        }
        if self.parameters.default || self.before.default_index() == Some(at) {
            self.map.set_default(at);
        }
        card.files_change()?;
        card.write_container_map(&self.map)
    }

    fn read_key(&self, card: &mut CardTransaction<'_>) -> Result<PublicKey, Halt> {
        let answer = card.ask_key(&commands::read_public_key(self.reference))?;
        public_key(&answer, self.parameters.algorithm).ok_or(Halt::Failed(HResult::NTE_FAIL))
    }
}

/// The first record that is not in use, or the one after the last. A record whose making was cut short is in use.
fn free_record(map: &ContainerMap) -> usize {
    map.0.iter().position(|record| !record.flags.is_valid()).unwrap_or(map.0.len())
}

/// The key reference for a container: the one that goes with its index, unless another container has it.
fn free_reference(keys: &KeyMap, index: u8) -> Option<KeyReference> {
    let taken = |reference: KeyReference| {
        keys.0.iter().enumerate().any(|(at, record)| {
            at != usize::from(index) && matches!(record, KeyMapRecord::Used { file, .. } if *file == reference.file())
        })
    };
    let usual = KeyReference::of_container(index)?;
    let all = (0..).map_while(KeyReference::of_container);
    core::iter::once(usual).chain(all).find(|reference| !taken(*reference))
}

/// A card without room for what belongs to a key has none for another container.
fn full(halt: Halt) -> Halt {
    match halt {
        Halt::Failed(HResult::SCARD_E_WRITE_TOO_MANY) => Halt::Failed(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL),
        other => other,
    }
}

/// The key in the answer to GET DATA of a public key: `7F49 { 81 modulus, 82 exponent }` or `7F49 { 86 point }`.
fn public_key(answer: &[u8], algorithm: Algorithm) -> Option<PublicKey> {
    let value = tlv::read_only(answer, tag::PUBLIC_KEY).ok()?;
    let field = |tag| tlv::find(value, tag).ok().flatten();
    let key = if algorithm.is_rsa() {
        PublicKey::from_rsa_parts(field(tag::MODULUS)?, field(tag::EXPONENT)?)
    } else {
        PublicKey::from_p256_point(field(tag::POINT)?)
    };
    key.ok()
}
