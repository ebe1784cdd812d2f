//! Key archival: the certificate that clients encrypt private keys to, and opening what they send
//! ([MS-WCCE] 3.2.2.6.2.1.2.2).

use core::fmt;
use std::sync::OnceLock;

use aes::Aes256;
use autoenroll_keys::{KeyAlgorithm, KeyError, PrivateKey, RsaComponents, Seed, SignatureAlgorithm, draw};
use autoenroll_model::{Duration, FileTime, KeyUsage};
use autoenroll_wire::asn1::{self, Tlv, tag};
use autoenroll_wire::{Certificate, Extension, Name, SignerId, WireError, oids};
use cbc::Decryptor;
use cbc::cipher::{Block, BlockModeDecrypt, KeyIvInit};
use des::TdesEde3;

use crate::encode::{self, CertificateContent, EncodeError};
use crate::hierarchy::CaIdentity;

/// The CA's exchange key with its current certificate.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// What its key is drawn from.
    seed: Seed,
    /// RSA-2048, the only kind of key that can be encrypted to here. Few stories need it.
    key: OnceLock<PrivateKey>,
    current: Option<Certificate>,
    /// How many certificates there have been.
    made: u64,
}

/// Why an archived key cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveError {
    /// No exchange certificate was given out before.
    NoCertificate,
    /// The message is malformed.
    Wire(WireError),
    /// None of the recipients is the current exchange certificate.
    NotForUs,
    /// The content is encrypted with something other than triple DES or AES-256, or its padding is wrong.
    Cipher,
    /// The exchange key does not open it, or the numbers within are no key.
    Key(KeyError),
    /// The content is no PRIVATEKEYBLOB of an RSA key.
    Blob,
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("the CA has given out no exchange certificate"),
            Self::Wire(error) => error.fmt(f),
            Self::NotForUs => f.write_str("not encrypted to the current exchange certificate"),
            Self::Cipher => f.write_str("the content is not encrypted with des-EDE3-CBC or aes256-CBC"),
            Self::Key(error) => error.fmt(f),
            Self::Blob => f.write_str("the content is no PRIVATEKEYBLOB of an RSA key"),
        }
    }
}

impl From<WireError> for ArchiveError {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<KeyError> for ArchiveError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl Exchange {
    pub(crate) fn new(seed: &Seed, identity: &CaIdentity) -> Self {
        let seed = seed.below("ca", "exchange key", identity.name(), 0);
        Self { seed, key: OnceLock::new(), current: None, made: 0 }
    }

    fn key(&self) -> &PrivateKey {
        self.key.get_or_init(|| PrivateKey::from_seed(KeyAlgorithm::Rsa2048, &self.seed))
    }

    /// The current certificate; a new one of the same key when there is none or it has ended.
    pub(crate) fn certificate(
        &mut self,
        seed: &Seed,
        identity: &CaIdentity,
        algorithm: SignatureAlgorithm,
        now: FileTime,
    ) -> Result<Vec<u8>, EncodeError> {
        match &self.current {
            Some(current) if now < current.not_after => Ok(current.raw.clone()),
            _ => {
                let content = self.content(seed, identity, now);
                let der = encode::certificate(&content, identity.private_key(), algorithm)?;
                self.current = Some(Certificate::parse(&der)?);
                self.made += 1;
                Ok(der)
            }
        }
    }

    /// What the template CAExchange says ([MS-CRTD] note 42): a week, key encipherment, one purpose.
    fn content(&self, seed: &Seed, identity: &CaIdentity, now: FileTime) -> CertificateContent {
        let drawn = draw(seed, "ca", "exchange serial", identity.name(), self.made);
        let mut serial = drawn[..10].to_vec();
        serial[0] = serial[0] & 0x3F | 0x40;
        let purpose = [oids::known(oids::CA_EXCHANGE)];
        CertificateContent {
            serial,
            issuer: identity.subject().to_vec(),
            not_before: now,
            not_after: (now + Duration::days(7)).min(identity.not_after()),
            subject: Name::default().with(oids::COMMON_NAME, &format!("{}-Xchg", identity.name())).to_der(),
            public_key: self.key().public().spki_der(),
            extensions: vec![
                Extension::extended_key_usage(&purpose),
                Extension::key_usage(KeyUsage::KEY_ENCIPHERMENT),
                Extension::application_policies(&purpose),
                Extension::subject_key_identifier(&self.key().public().key_identifier()),
                Extension::authority_key_identifier(&identity.public_key().key_identifier()),
            ],
        }
    }

    /// The private key in an EnvelopedData message (RFC 5652 6) for the current certificate.
    pub(crate) fn open(&self, enveloped: &[u8]) -> Result<PrivateKey, ArchiveError> {
        let current = self.current.as_ref().ok_or(ArchiveError::NoCertificate)?;
        let message = Enveloped::read(enveloped)?;
        let for_us = |(id, key): &(SignerId, Vec<u8>)| id.names(current).then(|| key.clone());
        let transported = message.recipients.iter().find_map(for_us).ok_or(ArchiveError::NotForUs)?;
        let content_key = self.key().decrypt_pkcs1(&transported)?;
        let content = match message.cipher {
            Cipher::TripleDes => decrypt::<Decryptor<TdesEde3>>(&content_key, &message.vector, message.content)?,
            Cipher::Aes256 => decrypt::<Decryptor<Aes256>>(&content_key, &message.vector, message.content)?,
        };
        private_key(&content)
    }
}

/// What matters of an EnvelopedData message.
struct Enveloped {
    /// Each recipient, and the content key encrypted to it.
    recipients: Vec<(SignerId, Vec<u8>)>,
    cipher: Cipher,
    vector: Vec<u8>,
    content: Vec<u8>,
}

/// How the content is encrypted. [MS-WCCE] names no algorithm: Windows Server 2003 uses triple DES, others AES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    TripleDes,
    Aes256,
}

impl Enveloped {
    fn read(content_info: &[u8]) -> Result<Self, ArchiveError> {
        /// des-EDE3-CBC (RFC 3370 5.1).
        const DES_EDE3_CBC: &str = "1.2.840.113549.3.7";
        /// id-aes256-CBC (RFC 3565 4.1).
        const AES256_CBC: &str = "2.16.840.1.101.3.4.1.42";
        let mut reader = asn1::single("enveloped key", content_info)?.expect(tag::SEQUENCE)?.reader();
        let kind = reader.read()?;
        if kind.oid()?.as_str() != oids::ENVELOPED_DATA {
            return Err(kind.invalid("the content is not EnvelopedData").into());
        }
        let mut reader = reader.expect(tag::constructed(0))?.reader().sequence()?;
        reader.expect(tag::INTEGER)?;
        reader.optional(tag::constructed(0))?;
        let recipients = reader.expect(tag::SET)?.reader().all()?;
        // Other kinds of recipient begin with a context tag.
        let transported = recipients.into_iter().filter(|recipient| recipient.tag == tag::SEQUENCE);
        let recipients = transported.map(recipient).collect::<Result<_, _>>()?;

        let mut content = reader.sequence()?;
        content.read()?.oid()?;
        let mut algorithm = content.sequence()?;
        let cipher = match algorithm.read()?.oid()?.as_str() {
            DES_EDE3_CBC => Cipher::TripleDes,
            AES256_CBC => Cipher::Aes256,
            _ => return Err(ArchiveError::Cipher),
        };
        let vector = algorithm.expect(tag::OCTET_STRING)?.content.to_vec();
        let content = content.expect(tag::context(0))?.content.to_vec();
        Ok(Self { recipients, cipher, vector, content })
    }
}

/// KeyTransRecipientInfo (RFC 5652 6.2.1).
fn recipient(info: Tlv<'_>) -> Result<(SignerId, Vec<u8>), WireError> {
    let mut reader = info.reader();
    reader.expect(tag::INTEGER)?;
    let id = reader.read()?;
    let id = if id.tag == tag::context(0) {
        SignerId::KeyIdentifier(id.content.to_vec())
    } else {
        let mut id = id.expect(tag::SEQUENCE)?.reader();
        let issuer = id.expect(tag::SEQUENCE)?.raw.to_vec();
        SignerId::IssuerSerial { issuer, serial: id.expect(tag::INTEGER)?.content.to_vec() }
    };
    reader.expect(tag::SEQUENCE)?;
    Ok((id, reader.expect(tag::OCTET_STRING)?.content.to_vec()))
}

/// Cipher block chaining with the padding of RFC 5652 6.3. Keys and vectors of another length are refused.
fn decrypt<M: BlockModeDecrypt + KeyIvInit>(
    key: &[u8],
    vector: &[u8],
    mut text: Vec<u8>,
) -> Result<Vec<u8>, ArchiveError> {
    let mut mode = M::new_from_slices(key, vector).map_err(|_| ArchiveError::Cipher)?;
    let (blocks, rest) = Block::<M>::slice_as_chunks_mut(&mut text);
    if blocks.is_empty() || !rest.is_empty() {
        return Err(ArchiveError::Cipher);
    }
    mode.decrypt_blocks(blocks);
    let padding = text.last().copied().map_or(0, usize::from);
    let fits = (1..=M::block_size()).contains(&padding);
    let length = text.len().checked_sub(padding).filter(|_| fits).ok_or(ArchiveError::Cipher)?;
    if text.iter().skip(length).any(|octet| usize::from(*octet) != padding) {
        return Err(ArchiveError::Cipher);
    }
    text.truncate(length);
    Ok(text)
}

/// The key of a PRIVATEKEYBLOB, whose numbers are little endian ([MS-WCCE] 2.2.2.9.1).
fn private_key(blob: &[u8]) -> Result<PrivateKey, ArchiveError> {
    let number = |at: usize| {
        let octets = blob.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(octets.try_into().ok()?))
    };
    let bits = number(12).ok_or(ArchiveError::Blob)?;
    if !blob.starts_with(&[0x07, 0x02]) || blob.get(8..12) != Some(b"RSA2") || bits > 16_384 || !bits.is_multiple_of(16)
    {
        return Err(ArchiveError::Blob);
    }
    let (modulus, half) = (bits as usize / 8, bits as usize / 16);
    let part = |at: usize, length: usize| {
        let octets = blob.get(at..at + length).ok_or(ArchiveError::Blob)?;
        Ok::<Vec<u8>, ArchiveError>(octets.iter().rev().copied().collect())
    };
    let primes = 20 + modulus;
    let components = RsaComponents {
        e: part(16, 4)?,
        n: part(20, modulus)?,
        p: part(primes, half)?,
        q: part(primes + half, half)?,
        // Two exponents and the coefficient stand between, each of half the length.
        d: part(primes + 5 * half, modulus)?,
    };
    Ok(PrivateKey::from_rsa_components(&components)?)
}
