//! Software providers: keys that the machine keeps in its own files.

use std::collections::BTreeMap;

use autoenroll_keys::{PrivateKey, Seed, SignatureAlgorithm};
use autoenroll_model::{EffectResult, HResult, KeyPlace, KeySpec, SoftwareOperation};

use crate::entropy::{self, purpose};
use crate::{archive, container_name};

/// The containers of every software provider of one principal. Plain data: who drops it has lost the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoftwareKeys(BTreeMap<(String, String), SoftwareContainer>);

/// One container with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoftwareContainer {
    /// Both halves; the private one is given out only when exportable, or enveloped for archival.
    pub key: PrivateKey,
    /// What it is for.
    pub key_spec: KeySpec,
    /// It may be exported.
    pub exportable: bool,
    /// Strong key protection: each use asks the user. This crate does not ask; prompts are the core's.
    pub protected: bool,
}

impl SoftwareKeys {
    /// Carries out an operation of a provider. The seed decides the key and the name of a new container, or how an
    /// archived key is encrypted; the other operations do not look at it.
    ///
    /// Failures: `NTE_BAD_KEYSET` when there is no such container, `NTE_EXISTS` when the seed has named one before,
    /// `NTE_BAD_ALGID` when the key does not sign so; for archival `NTE_NOT_SUPPORTED` when either key is not RSA, and
    /// `ERROR_INVALID_DATA` when the exchange certificate is none.
    pub fn execute(&mut self, provider: &str, operation: &SoftwareOperation, seed: &Seed) -> EffectResult {
        let outcome = match operation {
            SoftwareOperation::Generate { algorithm, key_spec, exportable, protected } => {
                let key = PrivateKey::from_seed(*algorithm, &entropy::key(seed));
                let container =
                    SoftwareContainer { key, key_spec: *key_spec, exportable: *exportable, protected: *protected };
                self.generated(provider, container_name(&purpose(seed, "container")), container)
            }
            SoftwareOperation::Sign { container, algorithm, message } => {
                self.find(provider, container).and_then(|found| sign(found, *algorithm, message))
            }
            // Archival is what a key is made archivable for; whether it may be exported otherwise does not matter.
            SoftwareOperation::Archive { container, exchange_certificate } => self
                .find(provider, container)
                .and_then(|found| archive::envelope(&found.key, exchange_certificate, seed))
                .map(EffectResult::ArchivedKey),
            SoftwareOperation::Delete { container } => match self.0.remove(&place(provider, container)) {
                Some(_) => Ok(EffectResult::Done),
                None => Err(HResult::NTE_BAD_KEYSET),
            },
        };
        outcome.unwrap_or_else(EffectResult::Failed)
    }

    /// Puts a container there, in place of one of the same name.
    pub fn insert(&mut self, provider: &str, name: &str, container: SoftwareContainer) {
        self.0.insert(place(provider, name), container);
    }

    /// A container by provider and name.
    #[must_use]
    pub fn get(&self, provider: &str, name: &str) -> Option<&SoftwareContainer> {
        self.0.get(&place(provider, name))
    }

    /// All containers as (provider, name, container), in that order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &SoftwareContainer)> {
        self.0.iter().map(|((provider, name), container)| (provider.as_str(), name.as_str(), container))
    }

    fn find(&self, provider: &str, name: &str) -> Result<&SoftwareContainer, HResult> {
        // X6.3.0x80090016
        self.get(provider, name).ok_or(HResult::NTE_BAD_KEYSET)
    }

    fn generated(
        &mut self,
        provider: &str,
        name: String,
        container: SoftwareContainer,
    ) -> Result<EffectResult, HResult> {
        if self.get(provider, &name).is_some() {
            return Err(HResult::NTE_EXISTS);
        }
        let public_key = container.key.public().spki_der();
        self.insert(provider, &name, container);
        let key = KeyPlace { provider: provider.to_owned(), container: name, card: None };
        Ok(EffectResult::Generated { key, public_key })
    }
}

fn sign(container: &SoftwareContainer, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<EffectResult, HResult> {
    if container.key.public().is_rsa() != algorithm.is_rsa() {
        return Err(HResult::NTE_BAD_ALGID);
    }
    container.key.sign(algorithm, message).map(EffectResult::Signature).map_err(|_| HResult::NTE_FAIL)
}

fn place(provider: &str, name: &str) -> (String, String) {
    (provider.to_owned(), name.to_owned())
}

#[cfg(test)]
mod tests {
    use autoenroll_keys::{KeyAlgorithm, PublicKey};

    use super::*;

    const PROVIDER: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

    fn generate(keys: &mut SoftwareKeys, algorithm: KeyAlgorithm, entropy: u8) -> EffectResult {
        let operation =
            SoftwareOperation::Generate { algorithm, key_spec: KeySpec::Signature, exportable: true, protected: false };
        keys.execute(PROVIDER, &operation, &Seed::from([entropy; 32]))
    }

    #[test]
    fn keys_are_made_sign_and_go() {
        let mut keys = SoftwareKeys::default();
        for (entropy, algorithm, signature) in [
            (1, KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha1),
            (2, KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha256),
            (3, KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha512),
            (4, KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256),
            (5, KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha384),
        ] {
            let EffectResult::Generated { key, public_key } = generate(&mut keys, algorithm, entropy) else {
                panic!("{algorithm} was not generated");
            };
            assert_eq!((key.provider.as_str(), &key.card), (PROVIDER, &None));
            let container = key.container;
            assert_eq!(keys.get(PROVIDER, &container).map(|found| found.exportable), Some(true));
            let sign = SoftwareOperation::Sign {
                container: container.clone(),
                algorithm: signature,
                message: b"message".to_vec(),
            };
            let EffectResult::Signature(octets) = keys.execute(PROVIDER, &sign, &Seed::default()) else {
                panic!("{algorithm} did not sign");
            };
            let public = PublicKey::from_spki_der(&public_key).unwrap();
            assert_eq!(public.verify(signature, b"message", &octets), Ok(()));

            let delete = SoftwareOperation::Delete { container };
            let gone = EffectResult::Failed(HResult::NTE_BAD_KEYSET);
            assert_eq!(keys.execute("Another provider", &delete, &Seed::default()), gone);
            assert_eq!(keys.execute(PROVIDER, &delete, &Seed::default()), EffectResult::Done);
            assert_eq!(keys.execute(PROVIDER, &sign, &Seed::default()), gone);
        }
        assert_eq!(keys, SoftwareKeys::default());
    }

    #[test]
    fn the_same_entropy_names_the_same_container() {
        let mut keys = SoftwareKeys::default();
        let first = generate(&mut keys, KeyAlgorithm::Rsa1024, 1);
        assert_eq!(first, generate(&mut SoftwareKeys::default(), KeyAlgorithm::Rsa1024, 1));
        assert_eq!(generate(&mut keys, KeyAlgorithm::Rsa1024, 1), EffectResult::Failed(HResult::NTE_EXISTS));
        assert_ne!(first, generate(&mut keys, KeyAlgorithm::Rsa1024, 2));
        assert_eq!(keys.iter().count(), 2);
    }

    #[test]
    fn a_key_signs_only_with_its_own_algorithm() {
        let mut keys = SoftwareKeys::default();
        let EffectResult::Generated { key, .. } = generate(&mut keys, KeyAlgorithm::P256, 1) else {
            panic!("not generated");
        };
        let operation = SoftwareOperation::Sign {
            container: key.container,
            algorithm: SignatureAlgorithm::RsaSha1,
            message: vec![],
        };
        let expected = EffectResult::Failed(HResult::NTE_BAD_ALGID);
        assert_eq!(keys.execute(PROVIDER, &operation, &Seed::default()), expected);
    }
}
