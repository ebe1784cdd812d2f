//! Which signing certificates a CA believes.

use std::sync::Arc;

use autoenroll_keys::PublicKey;
use autoenroll_model::{Facts, FileTime, Shared};
use autoenroll_wire::{Certificate, SignedWith};

use crate::database::Database;
use crate::hierarchy::CaIdentity;
use crate::judge::{Judge, Refusal};
use crate::rules;

/// The CAs whose certificates may sign requests: the CA itself, and those it was told to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    own: Issuer,
    others: Shared<Vec<Arc<Issuer>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Issuer {
    /// DER of its name.
    subject: Vec<u8>,
    key: PublicKey,
}

impl Issuer {
    fn of(identity: &CaIdentity) -> Self {
        Self { subject: identity.subject().to_vec(), key: identity.public_key().clone() }
    }

    /// By name and by signature: a CA's name alone proves nothing, and two CAs may have one name.
    fn issued(&self, certificate: &Certificate) -> bool {
        match certificate.signed_with {
            SignedWith::Key(algorithm) if certificate.issuer_der == self.subject => {
                self.key.verify(algorithm, &certificate.signed, &certificate.signature).is_ok()
            }
            _ => false,
        }
    }
}

impl Trust {
    pub(crate) fn new(own: &CaIdentity) -> Self {
        Self { own: Issuer::of(own), others: Shared::default() }
    }

    pub(crate) fn add(&mut self, other: &CaIdentity) {
        self.others.push(Arc::new(Issuer::of(other)));
    }

    /// Judges issuer, validity and revocation. Only the CA's own database says what is revoked.
    pub(crate) fn judge(
        &self,
        judge: &mut Judge<'_>,
        certificate: &Certificate,
        database: &Database,
        now: FileTime,
    ) -> Result<(), Refusal> {
        let facts = || Facts::new().with("certificate", certificate.thumbprint().0);
        let own = self.own.issued(certificate);
        let trusted = own || self.others.iter().any(|issuer| issuer.issued(certificate));
        // X6.1.0x800B0109
        judge.require(&rules::SIGNER_ISSUER, trusted, facts().with("issuer", certificate.issuer.to_string()))?;
        let valid = certificate.not_before <= now && now <= certificate.not_after;
        // X6.1.0x800B0101
        judge.require(&rules::SIGNER_TIME, valid, facts().with("not-after", certificate.not_after.to_string()))?;
        // What another CA has revoked is not known here: a serial number means something only to its issuer (RFC 5280
        // 4.1.2.2).
        let revoked = own && database.revocation(&certificate.serial).is_some();
        // X6.1.0x80092010
        judge.require(&rules::SIGNER_REVOKED, !revoked, facts())
    }
}
