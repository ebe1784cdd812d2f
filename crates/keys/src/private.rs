//! Private keys: from the pool or imported, to sign and to decrypt.

use crate::memory::{self, Operation, Question};
use crate::secret::{Numbers, Secret};
use crate::{
    KeyAlgorithm, KeyError, KeyMode, PublicKey, RsaComponents, Seed, SignatureAlgorithm, digest, ecdsa_der_from_raw,
    p256_key, pkcs1, pool, rsa_key, symbolic,
};
use alloc::vec::Vec;
use core::fmt;
use rsa::PrivateKey as RsaPrivateKey;

/// A private key; cheap to clone. Two are equal when their public keys are. `Debug` shows the public key only.
#[derive(Clone)]
pub struct PrivateKey {
    algorithm: KeyAlgorithm,
    public: PublicKey,
    /// None for a symbolic key: there is nothing that its public half does not give away.
    secret: Option<Secret>,
}

impl PrivateKey {
    /// The key of a seed, of the kind that the seed is for: [`from_pool`](Self::from_pool), or a symbolic one, which
    /// takes a few hashes.
    #[must_use]
    pub fn from_seed(algorithm: KeyAlgorithm, seed: &Seed) -> PrivateKey {
        match seed.keys() {
            KeyMode::Real => PrivateKey::from_pool(algorithm, seed.bytes()),
            KeyMode::Symbolic => {
                let public = PublicKey::symbolic(algorithm, seed.bytes());
                PrivateKey { algorithm, public, secret: None }
            }
        }
    }

    /// The real key that `entropy` picks: for RSA two primes of the committed pool of that size, e = 65537; for P-256
    /// the scalar that a hash of the entropy gives. With optimised arithmetic RSA-2048 takes 0.7 ms, RSA-4096 2.5 ms.
    ///
    /// Two entropies may pick the same RSA key: there are 523,776 of 1,024 and of 2,048 bits, 2,016 of 3,072 and of
    /// 4,096.
    #[must_use]
    pub fn from_pool(algorithm: KeyAlgorithm, entropy: &[u8; 32]) -> PrivateKey {
        let pool = match algorithm {
            KeyAlgorithm::Rsa1024 => &pool::PRIMES_512,
            KeyAlgorithm::Rsa2048 => &pool::PRIMES_1024,
            KeyAlgorithm::Rsa3072 => &pool::PRIMES_1536,
            KeyAlgorithm::Rsa4096 => &pool::PRIMES_2048,
            KeyAlgorithm::P256 => {
                let question = || Question::new(Operation::P256Key, &[entropy]);
                let secret = memory::secret(question, || Secret::p256(p256_key::from_entropy(entropy)));
                return PrivateKey::with_secret(algorithm, secret);
            }
        };
        let pair = pool.pair(entropy);
        let secret = memory::secret(|| pool.question(pair), || Secret::rsa(pool.key(pair)));
        PrivateKey::with_secret(algorithm, secret)
    }

    /// An RSA key from its numbers, as a key import hands them over. Those of a symbolic key make a symbolic key.
    ///
    /// # Errors
    /// [`KeyError::UnsupportedSize`] for a modulus that is no [`KeyAlgorithm`]'s, [`KeyError::InconsistentPrivateKey`]
    /// when n is not p times q, or d does not belong to e.
    pub fn from_rsa_components(components: &RsaComponents) -> Result<PrivateKey, KeyError> {
        if symbolic::is_modulus(&components.n) {
            return PrivateKey::from_symbolic_components(components);
        }
        let key = rsa_key::from_components(components)?;
        let bits = rsa_key::modulus_bits(&key);
        let algorithm = rsa_key::algorithm(bits).ok_or(KeyError::UnsupportedSize { bits })?;
        Ok(PrivateKey::with_secret(algorithm, Secret::rsa(key)))
    }

    fn from_symbolic_components(components: &RsaComponents) -> Result<PrivateKey, KeyError> {
        let public = PublicKey::from_rsa_parts(&components.n, &components.e)?;
        let algorithm = public.algorithm().ok_or(KeyError::UnsupportedSize { bits: public.bits() })?;
        let expected = symbolic::components(&components.n);
        let same = expected.d == components.d && expected.p == components.p && expected.q == components.q;
        if same && public.mode() == KeyMode::Symbolic {
            Ok(PrivateKey { algorithm, public, secret: None })
        } else {
            Err(KeyError::InconsistentPrivateKey)
        }
    }

    /// An RSA key from its two primes, with e = 65537, as PIV cards are given it. A symbolic key has none that belong
    /// together.
    ///
    /// # Errors
    /// [`KeyError::InconsistentPrivateKey`] when they make no key, [`KeyError::UnsupportedSize`] when their product is
    /// no [`KeyAlgorithm`]'s modulus.
    pub fn from_rsa_primes(p: &[u8], q: &[u8]) -> Result<PrivateKey, KeyError> {
        let key = rsa_key::from_primes(p, q)?;
        let bits = rsa_key::modulus_bits(&key);
        let algorithm = rsa_key::algorithm(bits).ok_or(KeyError::UnsupportedSize { bits })?;
        Ok(PrivateKey::with_secret(algorithm, Secret::rsa(key)))
    }

    /// A P-256 key from its scalar, big endian.
    ///
    /// # Errors
    /// [`KeyError::InconsistentPrivateKey`] when the scalar is zero or not below the order of the curve.
    pub fn from_p256_scalar(scalar: &[u8; 32]) -> Result<PrivateKey, KeyError> {
        let key = p256_key::from_scalar(scalar)?;
        Ok(PrivateKey::with_secret(KeyAlgorithm::P256, Secret::p256(key)))
    }

    fn with_secret(algorithm: KeyAlgorithm, secret: Secret) -> PrivateKey {
        let public = match &secret.0 {
            Numbers::Rsa(key) => PublicKey::from_rsa_private(key),
            Numbers::P256(key) => PublicKey::from_p256_private(key),
        };
        PrivateKey { algorithm, public, secret: Some(secret) }
    }

    /// The kind of key.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Hashes and signs a message. The same message gives the same signature: RSASSA-PKCS1-v1_5 has no randomness,
    /// ECDSA takes its nonce from key and message (RFC 6979). An ECDSA signature is DER, as X.509 carries it.
    ///
    /// # Errors
    /// [`KeyError::WrongKey`] when the algorithm is not one of this key.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let hash = digest(algorithm.hash(), message);
        if algorithm.is_rsa() {
            self.sign_digest_info(&pkcs1::digest_info(algorithm.hash(), &hash))
        } else {
            Ok(ecdsa_der_from_raw(&self.sign_p256_prehash(&hash)?))
        }
    }

    /// Pads the bytes as PKCS #1 block type 1 and applies the RSA private key; what they are is not looked into (a
    /// DigestInfo, or the 36 octets of SSL 3.0).
    ///
    /// # Errors
    /// [`KeyError::TooLong`] when fewer than eight octets of padding remain, [`KeyError::WrongKey`] on a P-256 key.
    pub fn sign_digest_info(&self, content: &[u8]) -> Result<Vec<u8>, KeyError> {
        let modulus = self.public.rsa_modulus().ok_or(self.wrong_key())?;
        self.raw_rsa(&pkcs1::signature_block(content, modulus.len())?)
    }

    /// ECDSA over a hash that the caller made: r and s, 32 octets each, the nonce of RFC 6979 with SHA-256.
    ///
    /// # Errors
    /// [`KeyError::HashLength`] unless the hash has 20 to 64 octets, [`KeyError::WrongKey`] on an RSA key.
    pub fn sign_p256_prehash(&self, hash: &[u8]) -> Result<[u8; 64], KeyError> {
        let Some(secret) = &self.secret else {
            let point = self.public.p256_point().ok_or(self.wrong_key())?;
            p256_key::check_hash_length(hash)?;
            return Ok(symbolic::sign_prehash(point, hash));
        };
        let Numbers::P256(key) = &secret.0 else { return Err(self.wrong_key()) };
        let question = || Question::new(Operation::P256Signature, &[&self.public.subject_public_key(), hash]);
        let mut is_new = false;
        let sign = || {
            is_new = true;
            Ok(p256_key::sign_prehash(key, hash)?.to_vec())
        };
        let signature = memory::octets(question, sign)?.try_into().expect("r and s have 32 octets each");
        if is_new {
            self.public.has_signed(hash, &ecdsa_der_from_raw(&signature));
        }
        Ok(signature)
    }

    /// Elliptic-curve Diffie-Hellman (SP 800-56A 5.7.1.2): the abscissa of the point that this key and another's public
    /// point, compressed or not, agree on. A symbolic key agrees with nobody.
    ///
    /// # Errors
    /// [`KeyError::InvalidPublicKey`] when the point is not on the curve, [`KeyError::WrongKey`] on an RSA key or a
    /// symbolic one.
    pub fn agree_p256(&self, point: &[u8]) -> Result<[u8; 32], KeyError> {
        match self.secret.as_ref().map(|secret| &secret.0) {
            Some(Numbers::P256(key)) => p256_key::agree(key, point),
            _ => Err(self.wrong_key()),
        }
    }

    /// The RSA private operation over a whole block, without any padding.
    ///
    /// # Errors
    /// [`KeyError::BlockOutOfRange`] unless the block is as long as the modulus and below it, [`KeyError::WrongKey`] on
    /// a P-256 key.
    pub fn raw_rsa(&self, block: &[u8]) -> Result<Vec<u8>, KeyError> {
        if self.secret.is_none() {
            return symbolic::apply_private(self.public.rsa_modulus().ok_or(self.wrong_key())?, block);
        }
        let key = self.rsa().ok_or(self.wrong_key())?;
        let question = || Question::new(Operation::RsaPrivate, &[&self.public.subject_public_key(), block]);
        let mut is_new = false;
        let apply = || {
            is_new = true;
            rsa_key::apply_private(key, block)
        };
        let result = memory::octets(question, apply)?;
        if is_new {
            self.public.has_made(block, &result);
        }
        Ok(result)
    }

    /// Decrypts PKCS #1 v1.5 encryption. Wrong padding is an error, as a smart card reports it, not the synthetic
    /// plaintext that libraries give against Bleichenbacher's attack.
    ///
    /// # Errors
    /// [`KeyError::Padding`], and those of [`raw_rsa`](Self::raw_rsa).
    pub fn decrypt_pkcs1(&self, ciphertext: &[u8]) -> Result<Vec<u8>, KeyError> {
        pkcs1::open_encryption_block(&self.raw_rsa(ciphertext)?)
    }

    /// Decrypts RSAES-OAEP with SHA-1 and no label. No message is encrypted so to a symbolic key: all are refused.
    ///
    /// # Errors
    /// [`KeyError::BlockOutOfRange`], [`KeyError::Padding`], [`KeyError::WrongKey`] on a P-256 key.
    pub fn decrypt_oaep_sha1(&self, ciphertext: &[u8]) -> Result<Vec<u8>, KeyError> {
        if self.secret.is_none() {
            return self.raw_rsa(ciphertext).and(Err(KeyError::Padding));
        }
        rsa_key::decrypt_oaep_sha1(self.rsa().ok_or(self.wrong_key())?, ciphertext)
    }

    /// The numbers of an RSA key, for an export; none for a P-256 key.
    #[must_use]
    pub fn rsa_components(&self) -> Option<RsaComponents> {
        match &self.secret {
            Some(_) => self.rsa().map(rsa_key::components),
            None => self.public.rsa_modulus().map(symbolic::components),
        }
    }

    /// The scalar of a P-256 key, big endian, for an export; none for an RSA key or a symbolic one.
    #[must_use]
    pub fn p256_scalar(&self) -> Option<[u8; 32]> {
        match &self.secret.as_ref()?.0 {
            Numbers::P256(key) => Some(key.to_bytes().into()),
            Numbers::Rsa(_) => None,
        }
    }

    /// DER of the PKCS #8 PrivateKeyInfo.
    ///
    /// # Panics
    /// Never: a key that exists encodes.
    #[must_use]
    pub fn pkcs8_der(&self) -> Vec<u8> {
        use rsa::pkcs8::EncodePrivateKey;
        let Some(secret) = &self.secret else {
            return self.public.symbolic_pkcs8().expect("a key that exists encodes");
        };
        let document = match &secret.0 {
            Numbers::Rsa(key) => key.to_pkcs8_der(),
            Numbers::P256(key) => key.to_pkcs8_der(),
        };
        document.expect("a key that exists encodes").as_bytes().to_vec()
    }

    fn rsa(&self) -> Option<&RsaPrivateKey> {
        match &self.secret.as_ref()?.0 {
            Numbers::Rsa(key) => Some(key),
            Numbers::P256(_) => None,
        }
    }

    fn wrong_key(&self) -> KeyError {
        KeyError::WrongKey { found: self.algorithm }
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.public == other.public
    }
}

impl Eq for PrivateKey {}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.public)
    }
}

#[cfg(test)]
mod tests;
