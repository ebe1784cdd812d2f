//! Whether a certificate is good. One judgement holds for those of the stores and for one that has just come from a CA.

use alloc::string::ToString;

use autoenroll_model::{CertificateCheck, Facts, FileTime, HResult, KeyPlace, Thumbprint};
use autoenroll_wire::Certificate;

use crate::frame::Frame;
use crate::known::ManagedCertificate;
use crate::rules;

/// Why a certificate is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// What chain building or the provider says of it.
    pub(crate) code: HResult,
    /// It never becomes good again: its life is over, it is revoked, or its key is gone.
    pub(crate) lasting: bool,
}

/// What of a certificate is judged.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    thumbprint: Thumbprint,
    not_before: FileTime,
    not_after: FileTime,
    key: Option<&'a KeyPlace>,
}

impl<'a> Subject<'a> {
    /// A certificate that has come from a CA, with the key that it was requested for.
    pub(crate) fn new(view: &Certificate, key: &'a KeyPlace) -> Self {
        let (not_before, not_after) = (view.not_before, view.not_after);
        Self { thumbprint: view.thumbprint(), not_before, not_after, key: Some(key) }
    }

    /// Judges it by its dates and by what was found out about it.
    ///
    /// # Errors
    /// Why it is not good.
    pub(crate) fn judge(&self, frame: &mut Frame, check: Option<&CertificateCheck>) -> Result<(), Unfit> {
        let subject = self.thumbprint.0.as_str();
        let now = frame.now.wall;
        let revoked = is_revoked(check);
        let over = self.time(now, check);
        let facts = Facts::new().with("not-after", self.not_after.to_string()).with("revoked", revoked);
        if frame.decide(rules::EXPIRED_OR_REVOKED, subject, over.is_err(), facts).holds {
            return Err(over.err().unwrap_or(Unfit { code: HResult::CERT_E_EXPIRED, lasting: false }));
        }
        let mut usable = check.is_some_and(|check| check.key_usable);
        if self.key.is_some_and(|key| key.card.is_some()) {
            usable = frame.decide(rules::KEY_ON_ABSENT_CARD, subject, usable, Facts::new()).holds;
        }
        let chain = chain_of(check);
        let use_of = usability(chain, usable);
        let facts = Facts::new().with("chain", chain.to_string()).with("key-usable", usable);
        if frame.decide(rules::UNUSABLE_CERTIFICATE, subject, use_of.is_err(), facts).holds {
            return Err(use_of.err().unwrap_or(Unfit { code: HResult::CERT_E_CHAINING, lasting: false }));
        }
        Ok(())
    }

    /// The same without a decision, to foresee it.
    pub(crate) fn foresee(&self, now: FileTime, check: Option<&CertificateCheck>) -> Result<(), Unfit> {
        let usable = check.is_some_and(|check| check.key_usable);
        self.time(now, check).and_then(|()| usability(chain_of(check), usable))
    }

    /// Expired, revoked, or not yet valid; a chain that is built at that time says the same.
    fn time(&self, now: FileTime, check: Option<&CertificateCheck>) -> Result<(), Unfit> {
        if is_revoked(check) {
            return Err(Unfit { code: HResult::CRYPT_E_REVOKED, lasting: true });
        }
        let expired = now >= self.not_after;
        if expired || now < self.not_before {
            // X6.1.0x800B0101
            return Err(Unfit { code: HResult::CERT_E_EXPIRED, lasting: expired });
        }
        Ok(())
    }
}

impl<'a> From<&'a ManagedCertificate> for Subject<'a> {
    fn from(certificate: &'a ManagedCertificate) -> Self {
        Self {
            thumbprint: certificate.thumbprint.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            key: certificate.key.as_ref(),
        }
    }
}

fn is_revoked(check: Option<&CertificateCheck>) -> bool {
    check.is_some_and(|check| check.revoked)
}

/// Of a certificate that was not inspected no chain is known.
fn chain_of(check: Option<&CertificateCheck>) -> HResult {
    check.map_or(HResult::CERT_E_CHAINING, |check| check.chain)
}

fn usability(chain: HResult, key_usable: bool) -> Result<(), Unfit> {
    if chain != HResult::S_OK {
        return Err(Unfit { code: chain, lasting: false });
    }
    if key_usable { Ok(()) } else { Err(Unfit { code: HResult::NTE_BAD_KEYSET, lasting: true }) }
}
