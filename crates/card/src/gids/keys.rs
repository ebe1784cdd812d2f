//! Keys: generate, import, choose, use, read the public half.

use alloc::format;
use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{AccessMode, Algorithm, CrtTemplate, FileId, KeyReference, Padding, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_keys::{KeyAlgorithm, KeyError, PrivateKey, PublicKey, RsaComponents};

use super::{AdminKey, Content, Gids, key_cost};
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

const SEQUENCE: u32 = 0x30;
const INTEGER: u32 = 0x02;

impl Gids {
    /// GENERATE ASYMMETRIC KEY PAIR (ISO 7816-8): `AC { 80 algorithm, 83 key }`. Answers with the public key, which
    /// hosts ignore here and fetch with GET DATA.
    ///
    /// The key comes from the pool: which one, the card's serial, the key reference and the number of keys generated
    /// under that reference decide.
    pub(super) fn generate(&mut self, command: &Command) -> HandlerResult {
        if command.p1p2() != 0 {
            return Err(Mark::GenerateP1P2);
        }
        let template = tlv::read_only(&command.data, tag::GENERATE).map_err(|_| Mark::GenerateSyntax)?;
        let byte = |tag| one_byte(template, tag).ok_or(Mark::GenerateSyntax);
        let (number, reference) = (byte(tag::ALGORITHM)?, KeyReference(byte(tag::SECRET_REFERENCE)?));
        let file = self.files.get(reference.file()).ok_or(Mark::GenerateNoFile)?;
        if !file.active {
            return Err(Mark::GenerateInactive);
        }
        let Content::UserKey { algorithm: made_for, key } = &file.content else { return Err(Mark::GenerateNoFile) };
        if !self.meets(file.condition(AccessMode::Generate)) {
            return Err(Mark::GenerateRefused);
        }
        let algorithm = Algorithm::from_byte(number).filter(|algorithm| algorithm.number() == number);
        let supported = algorithm.and_then(key_algorithm).filter(|kind| self.chip.profile.algorithms.contains(kind));
        let kind = supported.ok_or(Mark::GenerateAlgorithm)?;
        if algorithm != Some(*made_for) {
            return Err(Mark::GenerateMismatch);
        }
        let freed = key.as_ref().map_or(0, |key| key_cost(key.algorithm()));
        if key_cost(kind) > self.free_bytes() + freed {
            return Err(Mark::GenerateMemory);
        }
        reply(Mark::GenerateDone, public_key_object(&self.generate_key(reference, kind)))
    }

    /// Draws the next key for a file that is known to take it, and gives its public half.
    pub(crate) fn generate_key(&mut self, reference: KeyReference, kind: KeyAlgorithm) -> PublicKey {
        let count = self.generations.entry(reference).or_default();
        let seed = self.chip.seed("generate", &format!("{reference}"), *count);
        *count += 1;
        let key = PrivateKey::from_seed(kind, &seed);
        let public = key.public().clone();
        self.set_key(reference, key);
        public
    }

    /// Puts a private key into a user key's file; does nothing to another kind of file.
    pub(crate) fn set_key(&mut self, reference: KeyReference, new: PrivateKey) {
        if let Some(file) = self.files.get_mut(reference.file())
            && let Content::UserKey { key, .. } = &mut file.content
        {
            *key = Some(new);
        }
    }

    /// GET DATA with a key template.
    pub(super) fn get_public_key(&self, reference: KeyReference) -> HandlerResult {
        let file = self.files.get(reference.file()).ok_or(Mark::GetNoKey)?;
        if !file.active {
            return Err(Mark::GetKeyInactive);
        }
        if !self.meets(file.condition(AccessMode::Read)) {
            return Err(Mark::GetKeyRefused);
        }
        match &file.content {
            Content::UserKey { key: Some(key), .. } => reply(Mark::GetKey, public_key_object(key.public())),
            _ => Err(Mark::GetNoKey),
        }
    }

    /// PUT KEY: `70 { 84 key, A5 { 83, 84, 87 value, 88 check value } }`. The check value is not looked at: hosts send
    /// the same one for every key.
    pub(super) fn put_key(&mut self, data: &[u8]) -> HandlerResult {
        let (reference, value) = key_and_value(data).ok_or(Mark::PutKeySyntax)?;
        let file = self.files.get(reference.file()).ok_or(Mark::PutKeyNoFile)?;
        if !file.active {
            return Err(Mark::PutKeyInactive);
        }
        if !self.meets(file.condition(AccessMode::Write)) {
            return Err(Mark::PutKeyRefused);
        }
        match &file.content {
            Content::AdminKey(old) => {
                let new = AdminKey::new(value.try_into().map_err(|_| Mark::PutKeySyntax)?);
                if old.is_none() && AdminKey::LEN > self.free_bytes() {
                    return Err(Mark::PutKeyMemory);
                }
                self.set_admin_key(new);
                done(Mark::PutKeyAdmin)
            }
            Content::UserKey { algorithm, key } => {
                let old = key.as_ref().map_or(0, |key| key_cost(key.algorithm()));
                let kind = key_algorithm(*algorithm).filter(|kind| self.chip.profile.algorithms.contains(kind));
                let kind = kind.filter(|_| algorithm.is_rsa()).ok_or(Mark::PutKeyAlgorithm)?;
                let parts = rsa_private_key(value, kind).ok_or(Mark::PutKeySyntax)?;
                if key_cost(kind) > self.free_bytes() + old {
                    return Err(Mark::PutKeyMemory);
                }
                let key = PrivateKey::from_rsa_components(&parts).map_err(|_| Mark::PutKeyParts)?;
                self.set_key(reference, key);
                done(Mark::PutKeyUser)
            }
            Content::Objects(_) => Err(Mark::PutKeyNoFile),
        }
    }

    /// Puts the admin key into its file; does nothing when there is no such file.
    pub(crate) fn set_admin_key(&mut self, new: AdminKey) {
        if let Some(file) = self.files.get_mut(FileId::ADMIN_KEY)
            && let Content::AdminKey(key) = &mut file.content
        {
            *key = Some(new);
        }
    }

    /// MANAGE SECURITY ENVIRONMENT SET (ISO 7816-4 11.5.11): sets the key for the next operations of one kind. A
    /// refusal also drops the key set before, so that no operation uses a key its host did not mean.
    pub(super) fn manage_security_environment(&mut self, command: &Command) -> HandlerResult {
        let template = match (command.p1, CrtTemplate::from_byte(command.p2)) {
            (0xC1 | 0x81, Some(CrtTemplate::Authentication)) => CrtTemplate::Authentication,
            (0x41, Some(template @ (CrtTemplate::Signature | CrtTemplate::Confidentiality))) => template,
            _ => return Err(Mark::MseP1P2),
        };
        self.volatile.environment.remove(&template);
        if template == CrtTemplate::Authentication {
            self.volatile.challenge = None;
        }
        let (reference, algorithm) = self.check_key_reference(template, &command.data)?;
        self.volatile.environment.insert(template, (reference, algorithm));
        done(if template == CrtTemplate::Authentication { Mark::MseAdmin } else { Mark::MseUser })
    }

    fn check_key_reference(&self, template: CrtTemplate, data: &[u8]) -> Result<(KeyReference, u8), Mark> {
        let admin = template == CrtTemplate::Authentication;
        let reference = if admin { tag::SECRET_REFERENCE } else { tag::PRIVATE_REFERENCE };
        let reference = KeyReference(one_byte(data, reference).ok_or(Mark::MseSyntax)?);
        let file = self.files.get(reference.file()).ok_or(Mark::MseNoFile)?;
        if !file.active {
            return Err(Mark::MseInactive);
        }
        if !self.meets(file.condition(AccessMode::Use)) {
            return Err(Mark::MseRefused);
        }
        // The admin key has one algorithm, so hosts do not name it.
        if admin {
            let fits = matches!(file.content, Content::AdminKey(_));
            return if fits { Ok((reference, 0)) } else { Err(Mark::MseNotPermitted) };
        }
        let algorithm = one_byte(data, tag::ALGORITHM).ok_or(Mark::MseSyntax)?;
        if file.permits(template, algorithm) { Ok((reference, algorithm)) } else { Err(Mark::MseNotPermitted) }
    }

    /// PERFORM SECURITY OPERATION (ISO 7816-8): 9E9A computes a signature, 8086 deciphers. The cryptogram comes bare,
    /// without a padding indicator.
    pub(super) fn perform_security_operation(&mut self, command: &Command) -> HandlerResult {
        let (template, mark) = match command.p1p2() {
            0x9E9A => (CrtTemplate::Signature, Mark::PsoSigned),
            0x8086 => (CrtTemplate::Confidentiality, Mark::PsoDeciphered),
            _ => return Err(Mark::PsoP1P2),
        };
        let set = self.volatile.environment.get(&template).copied();
        let (reference, algorithm) = set.ok_or(Mark::PsoNoKeySet)?;
        let file = self.files.get(reference.file()).ok_or(Mark::PsoNoKeySet)?;
        if !self.meets(file.condition(AccessMode::Use)) {
            return Err(Mark::PsoRefused);
        }
        let Content::UserKey { key: Some(key), .. } = &file.content else { return Err(Mark::PsoNoKey) };
        operate(key, Padding::from_byte(algorithm), &command.data).map_or_else(Err, |output| reply(mark, output))
    }
}

/// One private-key operation.
fn operate(key: &PrivateKey, padding: Option<Padding>, input: &[u8]) -> Result<Vec<u8>, Mark> {
    let block = usize::try_from(key.algorithm().bits() / 8).unwrap_or(usize::MAX);
    let elliptic = key.algorithm() == KeyAlgorithm::P256;
    let result = match padding {
        // No document settles the form of an elliptic-curve signature on GIDS: r and s, as Windows keeps them
        // (inferred).
        Some(Padding::RawSign) if elliptic => key.sign_p256_prehash(input).map(|signature| signature.to_vec()),
        _ if elliptic => return Err(Mark::PsoAlgorithm),
        Some(Padding::Pkcs1Sign) if input.is_empty() => return Err(Mark::PsoLength),
        Some(Padding::Pkcs1Sign) => key.sign_digest_info(input),
        _ if input.len() != block => return Err(Mark::PsoLength),
        Some(Padding::RawSign | Padding::RawDecipher) => key.raw_rsa(input),
        Some(Padding::Pkcs1Decipher) => key.decrypt_pkcs1(input),
        Some(Padding::OaepDecipher) => key.decrypt_oaep_sha1(input),
        None => return Err(Mark::PsoAlgorithm),
    };
    result.map_err(|error| match error {
        KeyError::TooLong { .. } | KeyError::HashLength { .. } => Mark::PsoLength,
        KeyError::Padding => Mark::PsoPadding,
        KeyError::BlockOutOfRange => Mark::PsoBlock,
        _ => Mark::PsoAlgorithm,
    })
}

/// The key algorithm of a GIDS algorithm; `None` for the curves that no card here has.
const fn key_algorithm(algorithm: Algorithm) -> Option<KeyAlgorithm> {
    match algorithm {
        Algorithm::Rsa1024 => Some(KeyAlgorithm::Rsa1024),
        Algorithm::Rsa2048 => Some(KeyAlgorithm::Rsa2048),
        Algorithm::Rsa3072 => Some(KeyAlgorithm::Rsa3072),
        Algorithm::Rsa4096 => Some(KeyAlgorithm::Rsa4096),
        Algorithm::Ecc256 => Some(KeyAlgorithm::P256),
        Algorithm::Ecc192 | Algorithm::Ecc224 | Algorithm::Ecc384 | Algorithm::Ecc521 => None,
    }
}

/// 7F49 { 81 modulus, 82 exponent } or 7F49 { 86 point }.
fn public_key_object(key: &PublicKey) -> Vec<u8> {
    let mut value = Vec::new();
    let parts: [(Tag, Option<&[u8]>); 3] = [
        (tag::MODULUS, key.rsa_modulus()),
        (tag::EXPONENT, key.rsa_exponent()),
        (tag::POINT, key.p256_point().map(|point| &point[..])),
    ];
    for (tag, part) in parts {
        part.into_iter().for_each(|part| tlv::write(&mut value, tag, part));
    }
    tlv::encode(tag::PUBLIC_KEY, &value)
}

/// The key reference and the value of a PUT KEY template.
fn key_and_value(data: &[u8]) -> Option<(KeyReference, &[u8])> {
    let template = tlv::read_only(data, tag::KEY_TEMPLATE).ok()?;
    let reference = one_byte(template, tag::KEY_REFERENCE)?;
    let content = tlv::find(template, tag::KEY_CONTENT).ok()??;
    Some((KeyReference(reference), tlv::find(content, tag::KEY_VALUE).ok()??))
}

/// Reads a PKCS#1 `RSAPrivateKey` (RFC 8017 A.1.2) of this size. Hosts write its numbers without the zero byte that
/// keeps them positive, so they are read as unsigned, by hand. `None` unless it is nine numbers, the second of which
/// has exactly as many bits as the algorithm says and none of which is longer.
fn rsa_private_key(der: &[u8], algorithm: KeyAlgorithm) -> Option<RsaComponents> {
    let body = tlv::read_only(der, Tag::from_number(SEQUENCE)?).ok()?;
    let numbers = tlv::read_all(body).ok()?;
    if numbers.iter().any(|number| number.tag.number() != INTEGER) {
        return None;
    }
    let unsigned = |value: &[u8]| {
        let zeros = value.iter().take_while(|&&byte| byte == 0).count();
        value[zeros..].to_vec()
    };
    let numbers: Vec<Vec<u8>> = numbers.iter().map(|number| unsigned(number.value)).collect();
    let [_version, n, e, d, p, q, _dp, _dq, _qinv] = <[Vec<u8>; 9]>::try_from(numbers).ok()?;
    let bytes = usize::try_from(algorithm.bits() / 8).ok()?;
    let full = n.len() == bytes && n[0] >= 0x80;
    (full && [&e, &d, &p, &q].iter().all(|number| number.len() <= bytes)).then_some(RsaComponents { n, e, d, p, q })
}

/// The one-byte value of the first object with this tag.
fn one_byte(bytes: &[u8], tag: Tag) -> Option<u8> {
    match tlv::find(bytes, tag) {
        Ok(Some(&[byte])) => Some(byte),
        _ => None,
    }
}
