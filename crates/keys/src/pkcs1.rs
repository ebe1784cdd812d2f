//! Blocks of PKCS #1 v1.5 (RFC 8017 7.2, 8.2, 9.2): what stands around a hash or a message before RSA is applied.

use crate::{HashAlgorithm, KeyError, entropy};
use alloc::vec::Vec;

/// Octets that a block needs beside its content: two leading ones, eight of padding, one zero.
const OVERHEAD: usize = 11;

/// DER of `DigestInfo { algorithm, digest }`: what RSASSA-PKCS1-v1_5 signs (RFC 8017 9.2, note 1).
///
/// `digest` must have the length of the algorithm's hash; the content is not looked into.
#[must_use]
pub fn digest_info(algorithm: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
    let prefix: &[u8] = match algorithm {
        HashAlgorithm::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A\x05\x00\x04\x14",
        HashAlgorithm::Sha256 => b"\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        HashAlgorithm::Sha384 => b"\x30\x41\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        HashAlgorithm::Sha512 => b"\x30\x51\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    };
    [prefix, digest].concat()
}

/// Block type 1, for signatures: `00 01 FF.. 00 content`, `length` octets in all.
pub(crate) fn signature_block(content: &[u8], length: usize) -> Result<Vec<u8>, KeyError> {
    if content.len() + OVERHEAD > length {
        return Err(KeyError::TooLong { found: content.len(), limit: length.saturating_sub(OVERHEAD) });
    }
    let mut block = alloc::vec![0xFF; length];
    block[0] = 0;
    block[1] = 1;
    let start = length - content.len();
    block[start - 1] = 0;
    block[start..].copy_from_slice(content);
    Ok(block)
}

/// Block type 2, for encryption: `00 02 nonzero.. 00 content`; the padding comes from `entropy`, so that the same
/// inputs give the same ciphertext.
pub(crate) fn encryption_block(content: &[u8], length: usize, entropy: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
    let mut block = signature_block(content, length)?;
    block[1] = 2;
    let padding = length - content.len() - 1;
    for (index, octets) in block[2..padding].chunks_mut(32).enumerate() {
        let stream = entropy::derive("pkcs1 padding", &[entropy, &(index as u64).to_be_bytes()]);
        for (octet, drawn) in octets.iter_mut().zip(stream) {
            *octet = drawn.max(1);
        }
    }
    Ok(block)
}

/// The content of a block of type 2.
pub(crate) fn open_encryption_block(block: &[u8]) -> Result<Vec<u8>, KeyError> {
    let [0, 2, rest @ ..] = block else {
        return Err(KeyError::Padding);
    };
    match rest.iter().position(|octet| *octet == 0) {
        Some(zero) if zero >= 8 => Ok(rest[zero + 1..].to_vec()),
        _ => Err(KeyError::Padding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_block_is_filled_to_the_length_of_the_modulus() {
        assert_eq!(signature_block(b"hash", 16), Ok(b"\x00\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00hash".to_vec()));
        assert_eq!(signature_block(b"hashes", 16), Err(KeyError::TooLong { found: 6, limit: 5 }));
        assert_eq!(signature_block(b"", 10), Err(KeyError::TooLong { found: 0, limit: 0 }));
    }

    #[test]
    fn encryption_blocks_open_and_bad_ones_do_not() {
        let block = encryption_block(b"secret", 128, &[3; 32]).unwrap();
        assert!(block[2..121].iter().all(|octet| *octet != 0));
        assert_eq!(open_encryption_block(&block), Ok(b"secret".to_vec()));

        let check = |block: &[u8]| assert_eq!(open_encryption_block(block), Err(KeyError::Padding));
        check(b"");
        check(b"\x00\x01aaaaaaaaaa\x00secret");
        check(b"\x00\x02aaaaaaa\x00secret");
        check(b"\x00\x02aaaaaaaaaaaaaaaaa");
    }
}
