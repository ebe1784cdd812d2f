//! What a domain controller makes of a logon with a certificate: [MS-PKCA] 3.1.5.2, RFC 4556 3.2.2.

use autoenroll_keys::PublicKey;
use autoenroll_model::{Certificates, CoreFactory, Facts, FileTime, HResult, RuleRow, StrongMapping, TrustStore};
use autoenroll_wire::Certificate;

use crate::attempt::{Refusal, Signed};
use crate::hosts::{CaHost, CardHost};
use crate::inspect::{Issuers, signed_by};
use crate::rules;
use crate::spec::ComputerRole;
use crate::stores::TrustStores;
use crate::world::World;

autoenroll_model::words! {
    /// By what a certificate names its account.
    pub(super) enum Mapping as "mapping" {
        /// The user principal name.
        Upn = "upn",
        /// The security identifier.
        Sid = "sid",
    }
}

/// [MS-ERREF] 2.3.1 has the codes, RFC 4556 and [MS-PKCA] the errors. Which code a refusal of the controller becomes
/// at the client is concluded from the meaning of the code.
mod refusals {
    use super::{HResult, Refusal};

    pub(super) const NO_CONTROLLER: Refusal = Refusal::of_card(HResult::STATUS_NO_LOGON_SERVERS);
    pub(super) const SIGNATURE: Refusal = Refusal::of_kdc(HResult::STATUS_LOGON_FAILURE, "KDC_ERR_INVALID_SIG");
    pub(super) const TIME: Refusal =
        Refusal::of_kdc(HResult::STATUS_SMARTCARD_CERT_EXPIRED, "KDC_ERR_CLIENT_NOT_TRUSTED");
    pub(super) const CHAIN: Refusal =
        Refusal::of_kdc(HResult::STATUS_PKINIT_CLIENT_FAILURE, "KDC_ERR_CANT_VERIFY_CERTIFICATE");
    pub(super) const REVOKED: Refusal =
        Refusal::of_kdc(HResult::STATUS_SMARTCARD_CERT_REVOKED, "KDC_ERR_REVOKED_CERTIFICATE");
    pub(super) const NTAUTH: Refusal =
        Refusal::of_kdc(HResult::STATUS_ISSUING_CA_UNTRUSTED, "KDC_ERR_CLIENT_NOT_TRUSTED");
    pub(super) const NAME: Refusal =
        Refusal::of_kdc(HResult::STATUS_PKINIT_NAME_MISMATCH, "KDC_ERR_CLIENT_NAME_MISMATCH");
    pub(super) const MISMATCH: Refusal = Refusal::of_kdc(HResult::STATUS_LOGON_FAILURE, "KDC_ERR_CERTIFICATE_MISMATCH");
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Whether a user may log on with a certificate and a signature, and by what it names the account.
    pub(super) fn judge_logon(
        &mut self,
        user: &str,
        computer: &str,
        certificate: &Certificate,
        signed: &Signed,
        signature: &[u8],
    ) -> Result<Mapping, Refusal> {
        let subject = certificate.thumbprint().0;
        let member = self.role_of_computer(computer) != ComputerRole::Standalone;
        let controller = self.directory.controller().ok().filter(|_| member).map(|controller| controller.name.clone());
        let facts = Facts::new().with_some("controller", controller.as_ref());
        self.require(&rules::KDC_ANSWERS, computer, controller.is_some(), facts, refusals::NO_CONTROLLER)?;

        let key = PublicKey::from_spki_der(&certificate.public_key);
        let verifies = key.is_ok_and(|key| key.verify(signed.algorithm, &signed.message, signature).is_ok());
        self.require(&rules::KDC_SIGNATURE, &subject, verifies, Facts::new(), refusals::SIGNATURE)?;
        let facts = Facts::new().with("not-after", certificate.not_after.to_string());
        let current = is_current(certificate, self.wall());
        self.require(&rules::KDC_TIME, &subject, current, facts, refusals::TIME)?;

        let trust = self.trust_of_controller(controller.as_deref());
        let reachable = self.roots.values().chain(self.untrusted_cas.iter());
        let built = Issuers::new(&trust, reachable).chain(certificate, self.wall());
        let facts = Facts::new().with("code", built.to_string());
        self.require(&rules::KDC_CHAIN, &subject, built == HResult::S_OK, facts, refusals::CHAIN)?;
        let valid = !self.is_revoked(certificate);
        self.require(&rules::KDC_REVOCATION, &subject, valid, Facts::new(), refusals::REVOKED)?;
        let issuers = trust.get(TrustStore::NtAuth).iter().filter_map(|der| Certificate::parse(der).ok());
        let listed = issuers.into_iter().any(|issuer| signed_by(certificate, &issuer));
        self.require(&rules::KDC_NTAUTH, &subject, listed, Facts::new(), refusals::NTAUTH)?;
        self.map_to(user, certificate)
    }

    /// By what a certificate names the account of the user.
    fn map_to(&mut self, user: &str, certificate: &Certificate) -> Result<Mapping, Refusal> {
        let subject = certificate.thumbprint().0;
        let (name, account) = (certificate.upn(), self.account_name(user));
        let named = name.is_some() && name == account;
        let facts = Facts::new().with_some("name", name).with_some("account", account);
        self.require(&rules::KDC_NAME, &subject, named, facts, refusals::NAME)?;
        // P7.57
        if self.profile.strong_mapping == StrongMapping::Off {
            return Ok(Mapping::Upn);
        }
        if let Some(sid) = certificate.sid() {
            let own = self.directory.object(user).is_ok_and(|object| object.sid == sid);
            let facts = Facts::new().with("sid", sid.to_string());
            self.require(&rules::KDC_SID, &subject, own, facts, refusals::MISMATCH)?;
            return Ok(Mapping::Sid);
        }
        let weak = self.profile.strong_mapping == StrongMapping::Compatibility;
        let facts = Facts::new().with("strong-mapping", self.profile.strong_mapping.as_str());
        self.require(&rules::KDC_WEAK, &subject, weak, facts, refusals::MISMATCH)?;
        let created = self.directory.created(user);
        let younger = created.is_none_or(|created| certificate.not_before >= created);
        let facts = Facts::new()
            .with("not-before", certificate.not_before.to_string())
            .with_some("created", created.map(|created| created.to_string()));
        self.require(&rules::KDC_BACKDATED, &subject, younger, facts, refusals::MISMATCH)?;
        Ok(Mapping::Upn)
    }

    fn require(
        &mut self,
        rule: &RuleRow,
        subject: &str,
        holds: bool,
        facts: Facts,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        if self.decisions.decide(rule.rule(), subject, holds, facts).holds { Ok(()) } else { Err(refusal) }
    }

    /// The user principal name of an account; one without the attribute is named after account and domain.
    pub(super) fn account_name(&self, user: &str) -> Option<String> {
        let object = self.directory.object(user).ok()?;
        Some(object.upn.clone().unwrap_or_else(|| format!("{user}@{}", self.directory.dns())))
    }

    pub(super) fn role_of_computer(&self, computer: &str) -> ComputerRole {
        self.computers.get(computer).map_or(ComputerRole::Standalone, |computer| computer.role)
    }

    /// The trust stores of a controller: its own where it is a computer of this world, the directory's otherwise.
    fn trust_of_controller(&self, controller: Option<&str>) -> TrustStores {
        if let Some(computer) = controller.and_then(|name| self.computers.get(name)) {
            return computer.trust.clone();
        }
        let mut trust = TrustStores::default();
        for store in TrustStore::ALL {
            trust.set(*store, &Certificates(self.directory.trusted(*store).to_vec()));
        }
        trust
    }
}

/// Whether a certificate is within its validity.
pub(super) fn is_current(certificate: &Certificate, wall: FileTime) -> bool {
    wall >= certificate.not_before && wall <= certificate.not_after
}
