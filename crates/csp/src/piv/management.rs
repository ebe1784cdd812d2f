//! The management key, without which nothing is written, and what a minidriver makes of a card that nobody has set up.

use aes::{Aes128, Aes192, Aes256};
use autoenroll_apdu::StatusWord;
use autoenroll_apdu::piv::{Cipher, commands, reference, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_model::HResult;
use cbc::cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use super::transaction::PivTransaction;
use crate::minidriver::FirstUse;
use crate::script::Halt;

/// The management key that cards come with, as many bytes of it as its algorithm takes.
const USUAL_KEY: [u8; 32] =
    [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

/// The PUK that cards come with.
const USUAL_PUK: &[u8] = b"12345678";

/// A PUK that no card comes with.
const WRONG_PUK: &[u8] = b"00000000";

/// Most tries that a PUK has.
const MOST_TRIES: u8 = 15;

/// Flags of what is noted of PUK and management key (Yubico SDK documentation: PIV PIN-only mode).
const PUK_IS_BLOCKED: u8 = 0x01;
const KEY_IS_PROTECTED: u8 = 0x02;

impl PivTransaction<'_> {
    /// Proves the management key: the usual one, or the one that is kept on the card behind the PIN. The card says
    /// which it is; one that cannot say has a triple DES key.
    // K8.7.management-key
    pub(super) fn authenticate(&mut self) -> Result<(), Halt> {
        if self.managed {
            return Ok(());
        }
        let (cipher, usual) = self.management_key()?;
        let usual_key = &USUAL_KEY[..cipher.key_len()];
        let key = if usual { usual_key.to_vec() } else { self.protected_key()? };
        let answer = self.ask(&commands::challenge(cipher))?;
        let template = tlv::read_only(&answer, tag::DYNAMIC_AUTHENTICATION);
        let challenge = template.ok().and_then(|template| tlv::find(template, tag::CHALLENGE).ok().flatten());
        let response = challenge.and_then(|challenge| encrypt(cipher, &key, challenge));
        let response = response.ok_or(Halt::Failed(HResult::NTE_FAIL))?;
        self.ask(&commands::respond(cipher, &response))?;
        self.managed = true;
        // K8.7.first-use
        if usual && self.target.minidriver.first_use.contains(&FirstUse::ProtectManagementKey) {
            self.protect_management_key(cipher)?;
        }
        Ok(())
    }

    /// The algorithm of the management key, and whether it is the usual one.
    fn management_key(&mut self) -> Result<(Cipher, bool), Halt> {
        let response = self.exchange(&commands::metadata(reference::MANAGEMENT))?;
        if !response.sw.is_ok() {
            return Ok((Cipher::TripleDes, true));
        }
        let field = |tag: Tag| match tlv::find(&response.data, tag) {
            Ok(Some(&[byte])) => Some(byte),
            _ => None,
        };
        let cipher =
            field(tag::METADATA_ALGORITHM).and_then(Cipher::from_byte).ok_or(Halt::Failed(HResult::NTE_FAIL))?;
        Ok((cipher, field(tag::METADATA_DEFAULT) != Some(0)))
    }

    /// The key that a minidriver has put behind the PIN. A card on which there is none has one that only its issuer
    /// knows.
    fn protected_key(&mut self) -> Result<Vec<u8>, Halt> {
        let printed = self.read(tag::PRINTED)?;
        let protected = printed.as_deref().and_then(|value| tlv::find(value, tag::PROTECTED).ok().flatten());
        let key = protected.and_then(|inner| tlv::find(inner, tag::PROTECTED_KEY).ok().flatten());
        key.map(<[u8]>::to_vec).ok_or(Halt::Failed(HResult::SCARD_W_SECURITY_VIOLATION))
    }

    /// The card gets its new key last: cut short before that, the usual one is still there, and the next operation
    /// begins anew.
    fn protect_management_key(&mut self, cipher: Cipher) -> Result<(), Halt> {
        let key = &self.target.entropy[..cipher.key_len()];
        self.write(tag::PRINTED, &tlv::encode(tag::PROTECTED, &tlv::encode(tag::PROTECTED_KEY, key)))?;
        let blocks = self.target.minidriver.first_use.contains(&FirstUse::BlockPuk);
        let blocked = blocks && self.block_usual_puk()?;
        let flags = if blocked { KEY_IS_PROTECTED | PUK_IS_BLOCKED } else { KEY_IS_PROTECTED };
        self.write(tag::ADMIN_DATA, &tlv::encode(tag::ADMIN_NOTES, &tlv::encode(tag::ADMIN_FLAGS, &[flags])))?;
        self.ask(&commands::set_management_key(cipher, key)).map(|_| ())
    }

    /// Whether the PUK is blocked now, as the usual one is. Another PUK loses a try by the question.
    fn block_usual_puk(&mut self) -> Result<bool, Halt> {
        let change = |old| commands::change_puk(old, USUAL_PUK).expect("both have eight bytes");
        let sw = self.exchange(&change(USUAL_PUK))?.sw;
        if !sw.is_ok() {
            return Ok(sw == StatusWord::BLOCKED);
        }
        for _ in 0..=MOST_TRIES {
            let sw = self.exchange(&change(WRONG_PUK))?.sw;
            match sw.retries() {
                Some(0) => return Ok(true),
                Some(_) => {}
                None if sw == StatusWord::BLOCKED => return Ok(true),
                None => return Err(self.refused(sw)),
            }
        }
        Ok(false)
    }
}

/// Enciphers one block; `None` for what is no block, or no key of the algorithm.
fn encrypt(cipher: Cipher, key: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    match cipher {
        Cipher::TripleDes => encrypt_with::<TdesEde3>(key, block),
        Cipher::Aes128 => encrypt_with::<Aes128>(key, block),
        Cipher::Aes192 => encrypt_with::<Aes192>(key, block),
        Cipher::Aes256 => encrypt_with::<Aes256>(key, block),
    }
}

fn encrypt_with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Option<Vec<u8>> {
    let cipher = C::new_from_slice(key).ok()?;
    let mut text = block.to_vec();
    cipher.encrypt_block(text.as_mut_slice().try_into().ok()?);
    Some(text)
}
