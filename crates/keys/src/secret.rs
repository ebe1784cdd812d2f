//! The secret half of a key, as the libraries that compute with it have it.

use alloc::sync::Arc;
use core::fmt;

use p256::ecdsa::SigningKey;
use rsa::PrivateKey as RsaPrivateKey;

/// The secret half of a key: what a [`Memory`](crate::Memory) keeps. Cheap to clone; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(pub(crate) Numbers);

#[derive(Clone)]
pub(crate) enum Numbers {
    Rsa(Arc<RsaPrivateKey>),
    P256(Arc<SigningKey>),
}

impl Secret {
    pub(crate) fn rsa(key: RsaPrivateKey) -> Self {
        Self(Numbers::Rsa(Arc::new(key)))
    }

    pub(crate) fn p256(key: SigningKey) -> Self {
        Self(Numbers::P256(Arc::new(key)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
