//! The admin key, which enciphers with three-key triple DES: cipher block chaining with a zero vector and without
//! padding.

use alloc::vec::Vec;
use core::fmt;

use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use des::TdesEde3;

/// The admin key: three DES keys.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AdminKey([u8; Self::LEN]);

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey")
    }
}

impl AdminKey {
    pub(crate) const LEN: usize = 24;

    pub(crate) const fn new(key: [u8; Self::LEN]) -> Self {
        Self(key)
    }

    /// The key itself: for looking in, not for hosts.
    pub(crate) const fn bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Enciphers whole blocks of eight bytes; what is left over at the end stays as it is.
    pub(super) fn encrypt(&self, text: &[u8]) -> Vec<u8> {
        let mut cipher = cbc::Encryptor::<TdesEde3>::new(&self.0.into(), &[0; 8].into());
        let mut text = text.to_vec();
        for block in text.as_chunks_mut::<8>().0 {
            cipher.encrypt_block(block.into());
        }
        text
    }

    /// Deciphers whole blocks of eight bytes; what is left over at the end stays as it is.
    pub(super) fn decrypt(&self, text: &[u8]) -> Vec<u8> {
        let mut cipher = cbc::Decryptor::<TdesEde3>::new(&self.0.into(), &[0; 8].into());
        let mut text = text.to_vec();
        for block in text.as_chunks_mut::<8>().0 {
            cipher.decrypt_block(block.into());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::AdminKey;

    #[test]
    fn the_key_check_value_of_the_published_sample_key() {
        let key = AdminKey::new(core::array::from_fn(|i| (i % 8 + 1) as u8));
        assert_eq!(key.encrypt(&[0; 8])[..3], [0xB0, 0x73, 0xDC]);
    }

    #[test]
    fn deciphering_undoes_enciphering() {
        let key = AdminKey::new(core::array::from_fn(|i| i as u8));
        let text: [u8; 40] = core::array::from_fn(|i| i as u8);
        assert_eq!(key.decrypt(&key.encrypt(&text)), text);
    }
}
