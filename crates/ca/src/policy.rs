//! The policy module: whether a well-formed request may become a certificate ([MS-WCCE] 3.2.2.6.2.1.4). The rules stand
//! in [`crate::RULES`], in the order in which they are decided here.

use std::sync::Arc;

use autoenroll_keys::PrivateKey;
use autoenroll_model::{
    EnrollmentFlags, Facts, FileTime, NameFlags, Oid, PrincipalObject, PrivateKeyFlags, Right, Template, Token,
    access_check,
};
use autoenroll_wire::{GeneralName, TemplateReference, oids};

use crate::config::{Approval, CaConfig};
use crate::judge::{Judge, Refusal};
use crate::names::{CertificateNames, Supplied, names};
use crate::request::{SignerCertificate, VerifiedRequest};
use crate::rules;

/// What the policy module looks at.
pub(crate) struct PolicyModule<'a> {
    pub(crate) config: &'a CaConfig,
    /// The CA's copy of the templates, which may be older than the directory.
    pub(crate) templates: &'a [Arc<Template>],
    /// End of the CA certificate.
    pub(crate) ca_not_after: FileTime,
    pub(crate) caller: &'a PrincipalObject,
    pub(crate) request: &'a VerifiedRequest,
    pub(crate) now: FileTime,
    /// The manager has approved the request: it does not wait again.
    pub(crate) approved: bool,
}

/// What the policy module granted: the request is issued, or waits for the manager.
pub(crate) struct Granted<'a> {
    pub(crate) template: &'a Template,
    pub(crate) names: CertificateNames,
    /// Issuance policies of the certificate.
    pub(crate) policies: Vec<Oid>,
    /// The private key to archive, PKCS #8.
    pub(crate) archived_key: Option<Vec<u8>>,
    /// The request waits for the manager.
    pub(crate) pending: bool,
}

impl<'a> PolicyModule<'a> {
    /// The enterprise policy algorithm ([MS-WCCE] 3.2.2.6.2.1.4), in its order: the first rule that fails is the code
    /// that the client gets.
    pub(crate) fn decide(&self, judge: &mut Judge<'_>) -> Result<Granted<'a>, Refusal> {
        let template = self.template(judge)?;
        self.version(judge, template)?;
        self.renewal_template(judge, template)?;
        let waived = self.previous_approval(judge, template);
        self.template_right(judge, template, waived)?;
        let mut archived_key = None;
        // Attributes of version 2 and later, of which a version 1 template has none ([MS-CRTD] 2.16).
        if template.schema_version() >= 2 {
            self.ca_version(judge, template)?;
            self.overlap(judge, template)?;
            // [MS-WCCE] 3.2.2.6.2.1.4.5.1 to .4: not asked for again where the old certificate stands for them.
            if !waived {
                self.ra_signatures(judge, template)?;
            }
            self.key(judge, template)?;
            archived_key = self.archival(judge, template)?;
        }
        let policies = self.issuance_policies(judge, template)?;
        let names = self.names(judge, template, waived)?;
        // No certificate outlives its CA: a CA that has expired has no validity left to give.
        let facts = Facts::new().with("not-after", self.ca_not_after.to_string());
        judge.require(&rules::VALIDITY, self.now < self.ca_not_after, facts)?;
        Ok(Granted { template, names, policies, archived_key, pending: self.pending(judge, template, waived) })
    }

    /// Every identifier in the request must mean one and the same template, which this CA issues.
    fn template(&self, judge: &mut Judge<'_>) -> Result<&'a Template, Refusal> {
        let identifiers = &self.request.template_identifiers;
        let mapped: Vec<_> = identifiers.iter().filter_map(|identifier| self.find(identifier)).collect();
        let facts = Facts::new().with("identifiers", identifiers.iter().map(ToString::to_string).collect::<Vec<_>>());
        let known = !identifiers.is_empty() && mapped.len() == identifiers.len();
        // X6.1.0x80094800
        judge.require(&rules::TEMPLATE_NONE, known, facts.clone())?;
        let Some(template) = mapped.first().copied() else {
            return Err(Refusal::by(&rules::TEMPLATE_NONE, &facts));
        };
        let one = mapped.iter().all(|other| other.name == template.name);
        // X6.1.0x80094802
        judge.require(&rules::TEMPLATE_SEVERAL, one, facts)?;
        // Names of templates compare without regard to case, as names of directory objects do.
        let offered = self.config.templates.iter().any(|name| name.eq_ignore_ascii_case(&template.name));
        // X6.1.0x80094800
        judge.require(&rules::TEMPLATE_OFFERED, offered, Facts::new().with("template", template.name.as_str()))?;
        Ok(template)
    }

    fn find(&self, identifier: &TemplateReference) -> Option<&'a Template> {
        self.templates.iter().map(|template| &**template).find(|template| match identifier {
            TemplateReference::Name(name) => template.name.eq_ignore_ascii_case(name),
            TemplateReference::Oid { oid, .. } => template.oid.as_ref() == Some(oid),
        })
    }

    /// Major and minor are compared each for itself, as the specification reads; a request without them counts as 0.0.
    fn version(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        if template.schema_version() < 2 {
            return Ok(());
        }
        // Only the extension of version 2 carries versions ([MS-WCCE] 2.2.2.7.7.2); both are optional there.
        let requested = self.request.template_identifiers.iter().find_map(|identifier| match identifier {
            TemplateReference::Oid { major, minor, .. } => Some((major.unwrap_or(0), minor.unwrap_or(0))),
            TemplateReference::Name(_) => None,
        });
        let (major, minor) = requested.unwrap_or((0, 0));
        let facts = |requested: u32, copy: u32| Facts::new().with("requested", requested).with("copy", copy);
        // R084, X6.1.0x80094807
        judge.require(&rules::VERSION_MAJOR, major <= template.revision, facts(major, template.revision))?;
        // P7.25, P7.26
        judge.require(&rules::VERSION_MINOR, minor <= template.minor, facts(minor, template.minor))
    }

    /// A renewal keeps to the template of the certificate that it renews ([MS-WCCE] 3.2.2.6.2.1.2.3).
    fn renewal_template(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        let Some(old) = &self.request.renews else { return Ok(()) };
        let reference = old.template.as_ref();
        let same = reference.and_then(|reference| self.find(reference)).is_some_and(|of| of.name == template.name);
        let facts = Facts::new()
            .with("template", template.name.as_str())
            .with_some("old-template", reference.map(ToString::to_string));
        judge.require(&rules::RENEWAL_TEMPLATE, same, facts)
    }

    /// Whether the old certificate of a renewal stands for the approval that it was issued with ([MS-WCCE]
    /// 3.2.2.6.2.1.4.8): it names the template by identifier, and the subject that the new one will have.
    fn previous_approval(&self, judge: &mut Judge<'_>, template: &Template) -> bool {
        let Some(old) = &self.request.renews else { return false };
        // F3.2.2.0x40
        if !template.enrollment(EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT) {
            return false;
        }
        let by_oid = matches!((&old.template, &template.oid),
            (Some(TemplateReference::Oid { oid, .. }), Some(current)) if oid == current);
        let (named, how) = if template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT) {
            let supplied = !self.request.subject.is_empty();
            (supplied && self.request.subject == old.subject, "subject")
        } else {
            (self.names_caller(old), "alternative-name")
        };
        let facts = Facts::new().with("template", by_oid).with(how, named);
        judge.holds(&rules::PREVIOUS_APPROVAL, by_oid && named, facts)
    }

    /// Whether the certificate has a UPN or an e-mail address, and every one of them is the caller's.
    fn names_caller(&self, old: &SignerCertificate) -> bool {
        let is = |own: &Option<String>, name: &str| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let judged: Vec<bool> = old
            .alternative_names
            .iter()
            .filter_map(|name| match name {
                GeneralName::Upn(upn) => Some(is(&self.caller.upn, upn)),
                GeneralName::Rfc822(mail) => Some(is(&self.caller.mail, mail)),
                _ => None,
            })
            .collect();
        !judged.is_empty() && judged.iter().all(|right| *right)
    }

    fn template_right(&self, judge: &mut Judge<'_>, template: &Template, waived: bool) -> Result<(), Refusal> {
        let key_based = EnrollmentFlags::ALLOW_PREVIOUS_APPROVAL_KEYBASEDRENEWAL_VALIDATE_REENROLLMENT;
        // F3.2.2.0x10000: the old key alone authorises such a renewal, so the caller needs no right ([MS-WCCE]
        // 3.2.2.6.2.1.4.5.6); that is safe only where the names come from the old certificate.
        if self.request.renews.is_some() && template.enrollment(key_based) {
            let supplied = template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT);
            let facts = Facts::new().with("previous-approval", waived).with("enrollee-supplies-subject", supplied);
            if judge.holds(&rules::KEY_BASED, waived && supplied, facts) {
                return Ok(());
            }
        }
        let allowed = access_check(&template.security, &Token::of(self.caller), Right::Enroll);
        let facts = Facts::new().with("template", template.name.as_str()).with("caller", self.caller.dn.as_str());
        // R085, X6.1.0x80094012
        judge.require(&rules::TEMPLATE_RIGHT, allowed, facts)
    }

    /// The nibble under mask 0x000F0000 of the private key flags ([MS-WCCE] 3.2.2.6.2.1.4.5.7).
    fn ca_version(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        // F3.2.3.0xf0000
        let wanted = template.private_key_flags.ca_version();
        let facts = Facts::new().with("wanted", wanted).with("version", self.config.version);
        judge.require(&rules::CA_VERSION, wanted <= self.config.version, facts)
    }

    /// A renewal period longer than the validity would make every new certificate due at once ([MS-WCCE] note 82).
    fn overlap(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        if self.request.renews.is_none() {
            return Ok(());
        }
        let facts = Facts::new()
            .with("renewal-period", template.renewal_period.to_string())
            .with("validity", template.validity.to_string());
        // T2.4.overlap, X6.1.0x80094814
        judge.require(&rules::OVERLAP, template.renewal_period <= template.validity, facts)
    }

    /// `msPKI-RA-Signature`, `msPKI-RA-Policies` and `msPKI-RA-Application-Policies` ([MS-WCCE] 3.2.2.6.2.1.4.5.1, .3,
    /// .4). Not each co-signer has all policies: it suffices that each policy is with one of them.
    fn ra_signatures(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        let wanted = template.ra_signatures;
        if wanted == 0 {
            return Ok(());
        }
        let signers = &self.request.co_signers;
        let facts = Facts::new().with("wanted", wanted).with("found", signers.len());
        // X6.1.0x80094809
        judge.require(&rules::RA_NONE, !signers.is_empty(), facts.clone())?;
        // X6.1.0x8009480A
        judge.require(&rules::RA_COUNT, signers.len() >= wanted as usize, facts)?;
        let missing = |wanted: &[Oid], of: fn(&SignerCertificate) -> &[Oid]| -> Vec<String> {
            let absent = |oid: &&Oid| !signers.iter().any(|signer| of(signer).contains(oid));
            wanted.iter().filter(absent).map(ToString::to_string).collect()
        };
        let policies = missing(&template.ra_policies, |signer| &signer.policies);
        // X6.1.0x8009480B
        judge.require(&rules::RA_POLICY, policies.is_empty(), Facts::new().with("missing", policies))?;
        let usages = missing(&template.ra_application_policies, |signer| &signer.usages);
        judge.require(&rules::RA_USAGE, usages.is_empty(), Facts::new().with("missing", usages))
    }

    /// `msPKI-Minimal-Key-Size` and what the private key flags demand ([MS-WCCE] 3.2.2.6.2.1.4.5.2, .7).
    fn key(&self, judge: &mut Judge<'_>, template: &Template) -> Result<(), Refusal> {
        let key = &self.request.key;
        let facts = Facts::new().with("bits", key.bits()).with("minimum", template.minimal_key_size);
        // X6.1.0x80094811
        judge.require(&rules::KEY_LENGTH, key.bits() >= template.minimal_key_size, facts)?;
        if let (Some(old), true) = (&self.request.renews, self.keeps_key(template)) {
            // X6.1.0x80094816
            judge.require(&rules::SAME_KEY, old.key == *key, Facts::new().with("old-key", format!("{:?}", old.key)))?;
        }
        let demanded = template.private_key_flags.contains(PrivateKeyFlags::ATTEST_REQUIRED);
        judge.require(&rules::ATTESTATION, !demanded, Facts::new())
    }

    fn keeps_key(&self, template: &Template) -> bool {
        // F3.2.3.0x80
        template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL)
    }

    /// A private key must come where one is wanted, and only there; a renewal that keeps its key brings none. What
    /// comes must be the key that is to be certified ([MS-WCCE] 3.2.2.6.2.1.2.2, 3.2.2.6.2.1.4.5.7).
    fn archival(&self, judge: &mut Judge<'_>, template: &Template) -> Result<Option<Vec<u8>>, Refusal> {
        let renewed = self.request.renews.is_some() && self.keeps_key(template);
        // F3.2.3.0x1
        let demanded = template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL);
        let brought = self.request.archived_key.as_ref();
        let facts = Facts::new().with("template", template.name.as_str());
        if demanded && !renewed {
            // X6.1.0x80094804
            judge.require(&rules::ARCHIVAL_MISSING, brought.is_some(), facts.clone())?;
        }
        let Some(brought) = brought else { return Ok(None) };
        // X6.1.0x80094810
        judge.require(&rules::ARCHIVAL_UNEXPECTED, demanded, facts)?;
        // P7.34, X6.1.0x8009400A
        judge.require(&rules::ARCHIVAL_CONFIGURED, self.config.key_archival, Facts::new())?;
        let opened = brought.opened.as_ref().and_then(|opened| opened.as_ref().ok());
        let right = opened.is_some_and(|key| *key.public() == self.request.key);
        let error = brought.opened.as_ref().and_then(|opened| opened.as_ref().err());
        let facts = Facts::new()
            .with("hash-matches", brought.hash.is_some())
            .with("key-matches", right)
            .with_some("error", error.map(ToString::to_string));
        judge.require(&rules::ARCHIVAL_KEY, brought.hash.is_some() && right, facts)?;
        Ok(opened.map(PrivateKey::pkcs8_der))
    }

    /// Issuance policies of the template; with ISSUANCE_POLICIES_FROM_REQUEST those that the request asks for as well
    /// ([MS-WCCE] 3.2.2.6.2.1.4.5.8).
    fn issuance_policies(&self, judge: &mut Judge<'_>, template: &Template) -> Result<Vec<Oid>, Refusal> {
        // F3.2.2.0x20000
        if !template.enrollment(EnrollmentFlags::ISSUANCE_POLICIES_FROM_REQUEST) {
            return Ok(template.certificate_policies.clone());
        }
        let requested = self.request.extensions.certificate_policies().ok().flatten().unwrap_or_default();
        let texts: Vec<_> = requested.iter().map(ToString::to_string).collect();
        let possible = requested.is_empty() || !template.certificate_policies.is_empty();
        judge.require(&rules::ISSUANCE_POLICIES, possible, Facts::new().with("requested", texts))?;
        Ok(template.certificate_policies.iter().filter(|oid| requested.contains(oid)).cloned().collect())
    }

    fn names(&self, judge: &mut Judge<'_>, template: &Template, waived: bool) -> Result<CertificateNames, Refusal> {
        // Names approved before must not change with the renewal, so the old certificate's win over the request's.
        let old = self.request.renews.as_ref().filter(|_| waived);
        let old = old.and_then(|old| old.alternative_name_extension.as_ref());
        let supplied = Supplied {
            subject: &self.request.subject,
            alternative: old.or_else(|| self.request.extensions.get(oids::SUBJECT_ALT_NAME)),
        };
        names(judge, template, self.caller, &supplied, self.config.enforce_name_lengths)
    }

    /// PEND_ALL_REQUESTS ([MS-WCCE] 3.2.2.6.2.1.4.5.6) or the CA's own setting. A resubmitted request has its approval
    /// and must not wait again.
    fn pending(&self, judge: &mut Judge<'_>, template: &Template, waived: bool) -> bool {
        if self.approved {
            return false;
        }
        // F3.2.2.0x2
        let by_template = template.enrollment(EnrollmentFlags::PEND_ALL_REQUESTS) && !waived;
        let by_ca = self.config.approval == Approval::Manager;
        let facts = Facts::new().with("template", by_template).with("ca", by_ca);
        judge.holds(&rules::PENDING, by_template || by_ca, facts)
    }
}
