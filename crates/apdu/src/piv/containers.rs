//! The container map of minidrivers for PIV cards: object 5FFF10, which no standard knows.

use alloc::vec::Vec;

use super::Slot;
use crate::gids::ContainerName;
use crate::tlv::{self, Tag};

/// Tag of the map inside its object.
const MAP: Tag = Tag::of(0x81);

/// One record, 107 bytes: name in UTF-16LE (80), slot, kind of key, bits (LE16), flags, PIN, container of the agreement
/// key, SHA-1 of the certificate (20). Source: yubico-piv-tool, `ykpiv.h`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PivContainer {
    /// Its name.
    pub name: ContainerName,
    /// The slot of its key.
    pub slot: Slot,
    /// What the key is for, as CryptoAPI numbers it: 1 key exchange, 2 signature.
    pub key_spec: u8,
    /// Bits of the key.
    pub bits: u16,
    /// Flags, as in the container map of GIDS: 1 valid, 2 default.
    pub flags: u8,
    /// Number of the PIN that the key asks for.
    pub pin: u8,
    /// The container of the same key for agreement; FF when there is none.
    pub agreement: u8,
    /// SHA-1 of the certificate; zeros when there is none.
    pub thumbprint: [u8; 20],
}

/// The records of a map, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PivContainerMap(pub Vec<PivContainer>);

impl PivContainer {
    /// Bytes of one record.
    pub const LEN: usize = 107;

    /// Reads one record; `None` when its name is no name of a container, or its slot none.
    #[must_use]
    pub fn parse(row: &[u8; Self::LEN]) -> Option<Self> {
        let (name, rest) = row.split_first_chunk::<{ ContainerName::FIELD }>()?;
        let (&[slot, key_spec, b0, b1, flags, pin, agreement], thumbprint) = rest.split_first_chunk::<7>()?;
        Some(Self {
            name: ContainerName::from_field(name)?,
            slot: Slot::from_byte(slot)?,
            key_spec,
            bits: u16::from_le_bytes([b0, b1]),
            flags,
            pin,
            agreement,
            thumbprint: thumbprint.try_into().ok()?,
        })
    }

    /// Writes the record.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let [b0, b1] = self.bits.to_le_bytes();
        let mut row = self.name.to_field().to_vec();
        row.extend_from_slice(&[self.slot.byte(), self.key_spec, b0, b1, self.flags, self.pin, self.agreement]);
        row.extend_from_slice(&self.thumbprint);
        row
    }
}

impl PivContainerMap {
    /// Reads the value of the object; `None` when it is not a whole number of records, or one of them is none.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let map = tlv::read_only(value, MAP).ok()?;
        let (rows, rest) = map.as_chunks::<{ PivContainer::LEN }>();
        rest.is_empty().then(|| rows.iter().map(PivContainer::parse).collect::<Option<_>>()).flatten().map(Self)
    }

    /// Writes the value of the object.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let rows: Vec<u8> = self.0.iter().flat_map(PivContainer::encode).collect();
        tlv::encode(MAP, &rows)
    }
}
