//! Looking into a PIV application: slots as containers.

use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_apdu::gids::{KeyKind, KeyReference, LayoutError};
use autoenroll_apdu::piv::{
    CertificateObject, PivContainer, PivContainerMap, Slot, guid_of_chuid, nameless_container, tag,
};

use super::Piv;
use super::pin::Reference;
use crate::look::{CardState, CertificateState, ContainerState, KeyState, LifeCycle, PinState};

/// Longest certificate that is inflated.
const LONGEST_CERTIFICATE: usize = 65_535;

/// Flag of the default container in the container map.
const DEFAULT: u8 = 0x02;

/// CryptoAPI's number of a signature key.
pub(super) const AT_SIGNATURE: u8 = 2;

impl Piv {
    /// What is on the card and what its session has proved. A slot with a key is a container; its index is the place of
    /// the slot among all, and its name that of the container map, or the one that it has without.
    pub(crate) fn look(&self) -> CardState {
        let mut faults = Vec::new();
        let records = self.container_map().unwrap_or_else(|fault| {
            faults.push(fault);
            PivContainerMap::default()
        });
        let guid = self.objects.get(&tag::CHUID).and_then(|chuid| guid_of_chuid(chuid));
        let slots = (0..=u8::MAX).zip(Slot::all()).filter(|(_, slot)| self.keys.contains_key(slot));
        let containers: Vec<ContainerState> = slots
            .map(|(index, slot)| {
                let record = records.0.iter().find(|record| record.slot == slot);
                self.container(index, slot, record, &guid.unwrap_or_default())
            })
            .collect();
        let used = u8::try_from(self.keys.len()).unwrap_or(u8::MAX);
        CardState {
            life_cycle: LifeCycle::Operational,
            blank: self.is_blank(),
            card_id: guid,
            pin: pin_state(&self.pin),
            puk: Some(pin_state(&self.puk)),
            user: self.session.user(),
            admin: self.session.admin,
            default_container: containers.iter().find(|container| container.default).map(|container| container.index),
            containers,
            free_containers: self.chip.profile.capacity.containers.saturating_sub(used),
            free_bytes: u32::try_from(self.free_bytes()).unwrap_or(u32::MAX),
            faults,
        }
    }

    /// The PIN itself.
    pub(crate) fn pin(&self) -> &[u8] {
        self.pin.value()
    }

    /// The PUK itself.
    pub(crate) fn puk(&self) -> &[u8] {
        self.puk.value()
    }

    /// The management key itself.
    pub(crate) fn management_key(&self) -> &[u8] {
        self.management.bytes()
    }

    /// Whether it is as it came from its makers, whatever it has drawn.
    fn is_blank(&self) -> bool {
        let new = Self::new(Arc::clone(&self.chip), self.options);
        let Self { pin, puk, global, management, objects, keys, .. } = self;
        objects.is_empty()
            && keys.is_empty()
            && (pin, puk, global, management) == (&new.pin, &new.puk, &new.global, &new.management)
    }

    /// The container map; empty when there is none.
    pub(super) fn container_map(&self) -> Result<PivContainerMap, LayoutError> {
        let Some(value) = self.objects.get(&tag::CONTAINER_MAP) else { return Ok(PivContainerMap::default()) };
        let fault = LayoutError::Length { layout: "PIV container map", record: PivContainer::LEN, found: value.len() };
        PivContainerMap::parse(value).ok_or(fault)
    }

    fn container(&self, index: u8, slot: Slot, record: Option<&PivContainer>, guid: &[u8; 16]) -> ContainerState {
        let held = self.keys.get(&slot);
        let signature = record.map_or(slot == Slot::SIGNATURE, |record| record.key_spec == AT_SIGNATURE);
        let bits = held.map_or(0, |held| held.key.mechanism().bits());
        let kind = if signature { KeyKind::Signature } else { KeyKind::Exchange };
        ContainerState {
            index,
            name: record.map_or_else(|| nameless_container(guid, slot), |record| record.name.as_str().into()),
            default: record.is_some_and(|record| record.flags & DEFAULT != 0),
            exchange_bits: if signature { 0 } else { bits },
            signature_bits: if signature { bits } else { 0 },
            key: held.map(|held| KeyState {
                reference: KeyReference(slot.byte()),
                kind,
                public: held.key.public().cloned(),
            }),
            certificate: self.objects.get(&slot.certificate()).map(|object| certificate(object)),
            listed: record.is_some() || self.objects.contains_key(&slot.certificate()),
        }
    }
}

const fn pin_state(held: &Reference) -> PinState {
    PinState { set: true, tries_left: held.tries_left, limit: held.limit }
}

fn certificate(object: &[u8]) -> CertificateState {
    let der = CertificateObject::parse(object)
        .and_then(|object| if object.gzip { gunzip(object.certificate) } else { Some(object.certificate.to_vec()) });
    der.map_or(CertificateState::Damaged, CertificateState::Der)
}

/// Inflates one member of a gzip file (RFC 1952) without the optional fields of its header; the check value is not
/// computed, the length is.
fn gunzip(file: &[u8]) -> Option<Vec<u8>> {
    let (body, length) = file.strip_prefix(&[0x1F, 0x8B, 0x08, 0x00])?.get(6..)?.split_last_chunk::<4>()?;
    let deflate = body.get(..body.len().checked_sub(4)?)?;
    let der = miniz_oxide::inflate::decompress_to_vec_with_limit(deflate, LONGEST_CERTIFICATE).ok()?;
    (der.len() == usize::try_from(u32::from_le_bytes(*length)).ok()?).then_some(der)
}
