//! A new key on the card.

use autoenroll_apdu::gids::ContainerName;
use autoenroll_apdu::piv::{Mechanism, PivContainer, Slot, commands, tag};
use autoenroll_apdu::tlv;
use autoenroll_keys::PublicKey;
use autoenroll_model::{EffectResult, HResult, KeyAlgorithm, KeyPlace, KeySpec};

use super::containers::{self, flag, mark_default};
use super::transaction::PivTransaction;
use crate::script::Halt;

/// The key to make.
#[derive(Clone, Copy)]
pub(crate) struct KeyParameters {
    mechanism: Mechanism,
    key_spec: KeySpec,
    default: bool,
}

impl KeyParameters {
    pub(crate) const fn new(algorithm: KeyAlgorithm, key_spec: KeySpec, default: bool) -> Self {
        Self { mechanism: mechanism(algorithm), key_spec, default }
    }
}

/// How PIV calls an algorithm.
pub(super) const fn mechanism(algorithm: KeyAlgorithm) -> Mechanism {
    match algorithm {
        KeyAlgorithm::Rsa1024 => Mechanism::Rsa1024,
        KeyAlgorithm::Rsa2048 => Mechanism::Rsa2048,
        KeyAlgorithm::Rsa3072 => Mechanism::Rsa3072,
        KeyAlgorithm::Rsa4096 => Mechanism::Rsa4096,
        KeyAlgorithm::P256 => Mechanism::P256,
    }
}

/// CryptoAPI's numbers of keys, which records state.
const AT_KEYEXCHANGE: u8 = 1;
const AT_SIGNATURE: u8 = 2;

/// The minidriver's number of the user's PIN.
const ROLE_USER: u8 = 1;

/// No container has the same key for agreement.
const NO_AGREEMENT: u8 = 0xFF;

/// Generates a key in the first free slot of its kind, or in that of the container named by `overwrite`, and enters it
/// in the container map. Key before record: cut short between them, a key is left that nothing names, and its slot is
/// as good as free. A failure that leaves the card in the reader leaves no container behind either.
pub(crate) fn generate(
    card: &mut PivTransaction<'_>,
    parameters: KeyParameters,
    overwrite: Option<&str>,
) -> Result<EffectResult, Halt> {
    let listed = containers::list(card)?;
    let name = overwrite.unwrap_or(&card.target.new_key.container).to_owned();
    let found = listed.iter().find(|container| container.name == name);
    let (slot, was_default) = match (found, overwrite) {
        (Some(old), Some(_)) => (old.slot, old.default),
        (None, Some(_)) => return Err(Halt::Failed(HResult::SCARD_E_NO_KEY_CONTAINER)),
        // K8.3.never-overwrite
        (Some(_), None) => return Err(Halt::Failed(HResult::NTE_EXISTS)),
        (None, None) => {
            let taken: Vec<Slot> = listed.iter().map(|container| container.slot).collect();
            let free = free_slot(card, parameters.key_spec, &taken)?;
            // X6.3.0x80090023
            (free.ok_or(Halt::Failed(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL))?, false)
        }
    };
    let record_name = ContainerName::new(&name).map_err(|_| Halt::Failed(HResult::E_INVALIDARG))?;
    card.authenticate()?;
    let has_certificate = found.is_some_and(|old| old.has_certificate);
    let made = make(card, parameters, slot, record_name, has_certificate, was_default);
    let public_key = match made {
        Err(Halt::Failed(why)) => match containers::release(card, slot) {
            Ok(()) | Err(Halt::Failed(_)) => return Err(full(why)),
            Err(halt) => return Err(halt),
        },
        made => made?,
    };
    let key = KeyPlace { container: name, ..card.target.new_key.clone() };
    Ok(EffectResult::Generated { key, public_key: public_key.spki_der() })
}

/// The old certificate goes first, for it must not meet the new key; then the key; then its record.
fn make(
    card: &mut PivTransaction<'_>,
    parameters: KeyParameters,
    slot: Slot,
    name: ContainerName,
    has_certificate: bool,
    was_default: bool,
) -> Result<PublicKey, Halt> {
    if has_certificate {
        card.write(slot.certificate(), &[])?;
    }
    let touch = card.target.minidriver.new_key_touch;
    let answer = card.ask_key(&commands::generate(slot, parameters.mechanism, touch))?;
    let public_key = public_key(&answer, parameters.mechanism).ok_or(Halt::Failed(HResult::NTE_FAIL))?;
    let mut map = card.map()?;
    map.0.retain(|record| record.slot != slot);
    map.0.push(PivContainer {
        name,
        slot,
        key_spec: if parameters.key_spec == KeySpec::Signature { AT_SIGNATURE } else { AT_KEYEXCHANGE },
        bits: parameters.mechanism.bits(),
        flags: flag::VALID,
        pin: ROLE_USER,
        agreement: NO_AGREEMENT,
        thumbprint: [0; 20],
    });
    if parameters.default || was_default {
        let last = map.0.len() - 1;
        mark_default(&mut map.0, last);
    }
    card.write_map(&map)?;
    Ok(public_key)
}

/// The slots that a new key may get, in their order: for an exchange key 9A, then 9D, then those of retired keys; for a
/// signature key 9C, then those of retired keys.
// K8.7.slots
pub(super) fn slots_for(key_spec: KeySpec) -> impl Iterator<Item = Slot> {
    let named: &[Slot] = match key_spec {
        KeySpec::Exchange => &[Slot::AUTHENTICATION, Slot::KEY_MANAGEMENT],
        KeySpec::Signature => &[Slot::SIGNATURE],
    };
    named.iter().copied().chain(Slot::retired())
}

/// The first slot of its kind that no container has and that holds no certificate; `None` when the card takes no more.
fn free_slot(card: &mut PivTransaction<'_>, key_spec: KeySpec, taken: &[Slot]) -> Result<Option<Slot>, Halt> {
    if taken.len() >= usize::from(card.target.max_containers) {
        return Ok(None);
    }
    for slot in slots_for(key_spec).filter(|slot| !taken.contains(slot)) {
        if !card.holds(slot.certificate())? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// A card without room for what belongs to a key has none for another container.
fn full(code: HResult) -> Halt {
    Halt::Failed(match code {
        HResult::SCARD_E_WRITE_TOO_MANY => HResult::NTE_TOKEN_KEYSET_STORAGE_FULL,
        other => other,
    })
}

/// The key in the answer: `7F49 { 81 modulus, 82 exponent }` or `7F49 { 86 point }`.
fn public_key(answer: &[u8], mechanism: Mechanism) -> Option<PublicKey> {
    let value = tlv::read_only(answer, tag::PUBLIC_KEY).ok()?;
    let field = |tag| tlv::find(value, tag).ok().flatten();
    let key = match mechanism {
        Mechanism::P256 => PublicKey::from_p256_point(field(tag::POINT)?),
        Mechanism::P384 => return None,
        _ => PublicKey::from_rsa_parts(field(tag::MODULUS)?, field(tag::EXPONENT)?),
    };
    key.ok()
}
