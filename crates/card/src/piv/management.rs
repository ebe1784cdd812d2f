//! The management key, which enciphers single blocks.

use alloc::vec::Vec;
use core::fmt;

use aes::{Aes128, Aes192, Aes256};
use autoenroll_apdu::piv::Cipher;
use cbc::cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

/// The management key that a card comes with: 01 to 08 again and again, as many bytes as its algorithm takes.
pub const DEFAULT_MANAGEMENT_KEY: [u8; 32] =
    [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

/// The management key: three DES keys, or one of AES.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ManagementKey {
    cipher: Cipher,
    key: Vec<u8>,
}

impl fmt::Debug for ManagementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagementKey({:?})", self.cipher)
    }
}

impl ManagementKey {
    /// A key of the length that the algorithm takes; `None` for another one.
    pub(super) fn new(cipher: Cipher, key: &[u8]) -> Option<Self> {
        (key.len() == cipher.key_len()).then(|| Self { cipher, key: key.to_vec() })
    }

    pub(super) fn default_of(cipher: Cipher) -> Self {
        Self { cipher, key: DEFAULT_MANAGEMENT_KEY[..cipher.key_len()].to_vec() }
    }

    /// The key itself: for looking in, not for hosts.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.key
    }

    pub(super) const fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// Whether it is what cards come with.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default_of(self.cipher)
    }

    /// Enciphers one block; what is no block becomes nothing.
    pub(super) fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        match self.cipher {
            Cipher::TripleDes => encrypt::<TdesEde3>(&self.key, block),
            Cipher::Aes128 => encrypt::<Aes128>(&self.key, block),
            Cipher::Aes192 => encrypt::<Aes192>(&self.key, block),
            Cipher::Aes256 => encrypt::<Aes256>(&self.key, block),
        }
    }
}

fn encrypt<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
    let mut text = block.to_vec();
    match (C::new_from_slice(key), text.as_mut_slice().try_into()) {
        (Ok(cipher), Ok(block)) => cipher.encrypt_block(block),
        _ => text.clear(),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 appendix C, and three times the same DES key over the first sample of SP 800-17.
    #[test]
    fn published_samples() {
        let ascending: [u8; 32] = core::array::from_fn(|i| i as u8);
        let text: [u8; 16] = core::array::from_fn(|i| (i * 0x11) as u8);
        let check = |cipher: Cipher, first: [u8; 4]| {
            let key = ManagementKey::new(cipher, &ascending[..cipher.key_len()]).unwrap();
            assert_eq!(key.encrypt(&text)[..4], first, "{cipher:?}");
            assert_eq!(ManagementKey::new(cipher, &ascending[..cipher.key_len() - 1]), None);
        };
        check(Cipher::Aes128, [0x69, 0xC4, 0xE0, 0xD8]);
        check(Cipher::Aes192, [0xDD, 0xA9, 0x7C, 0xA4]);
        check(Cipher::Aes256, [0x8E, 0xA2, 0xB7, 0xCA]);
        let des = ManagementKey::new(Cipher::TripleDes, &[1; 24]).unwrap();
        assert_eq!(des.encrypt(&[0x95, 0xF8, 0xA5, 0xE5, 0xDD, 0x31, 0xD9, 0x00])[0], 0x80);
    }
}
