//! What an issued certificate says: validity, key and extensions as the template wants them
//! ([MS-WCCE] 3.2.1.4.2.1.4.7, 3.2.2.6.2.1.4.4 and .5).

use autoenroll_keys::{PublicKey, Seed, draw};
use autoenroll_model::{EnrollmentFlags, FileTime, GeneralFlags, KeyUsage, NameFlags, Oid, PrincipalObject, Template};
use autoenroll_wire::{BasicConstraints, Extension, SmimeCapability, TemplateReference, oids};
use der::Encode;
use der::asn1::{Ia5String, ObjectIdentifier};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax, CrlDistributionPoints};

use crate::config::CaConfig;
use crate::encode::{CertificateContent, EncodeError};
use crate::hierarchy::CaIdentity;
use crate::names::CertificateNames;
use crate::request::VerifiedRequest;

/// Everything an issued certificate follows from.
pub(crate) struct Issuance<'a> {
    pub(crate) identity: &'a CaIdentity,
    pub(crate) config: &'a CaConfig,
    pub(crate) template: &'a Template,
    /// The template that the certificate names.
    pub(crate) named: &'a Template,
    pub(crate) caller: &'a PrincipalObject,
    pub(crate) request: &'a VerifiedRequest,
    pub(crate) names: CertificateNames,
    /// Issuance policies that the certificate is to have.
    pub(crate) policies: Vec<Oid>,
    pub(crate) serial: Vec<u8>,
    pub(crate) now: FileTime,
}

impl Issuance<'_> {
    /// The certificate's content.
    pub(crate) fn content(&self) -> Result<CertificateContent, EncodeError> {
        let (not_before, not_after) = self.validity();
        let wrong_key = self.config.faults.wrong_key;
        let public_key = if wrong_key { self.public_key().spki_der() } else { self.request.public_key.clone() };
        Ok(CertificateContent {
            serial: self.serial.clone(),
            issuer: self.identity.subject().to_vec(),
            not_before,
            not_after,
            subject: self.names.subject.to_der(),
            public_key,
            extensions: self.extensions()?,
        })
    }

    /// The key that is certified: the request's, unless the CA is broken.
    fn public_key(&self) -> &PublicKey {
        if self.config.faults.wrong_key { self.identity.public_key() } else { &self.request.key }
    }

    /// From now, less the clock skew, for as long as the template says; cut off at the CA's maximum and at the end of
    /// the CA certificate. Whole seconds.
    fn validity(&self) -> (FileTime, FileTime) {
        let whole = |time: FileTime| FileTime::from_unix_seconds(time.unix_seconds());
        let not_before = whole(self.now - self.config.clock_skew);
        let length = self.template.validity.min(self.config.max_validity);
        (not_before, whole((not_before + length).min(self.identity.not_after())))
    }

    /// Extensions in the order in which AD CS writes them: those of the request's kind first, then the CA's own.
    fn extensions(&self) -> Result<Vec<Extension>, EncodeError> {
        let template = self.template;
        let mut list = Vec::new();
        list.extend(self.template_extension());
        if !template.eku.is_empty() {
            list.push(Extension::extended_key_usage(&template.eku));
        }
        if template.key_usage != KeyUsage::empty() {
            // W3.1.key-usage
            list.push(Extension::key_usage(template.key_usage).critical(false));
        }
        // Application policies repeat the extended key usage in Microsoft's own extension ([MS-WCCE] 2.2.2.7.7.3);
        // version 1 templates have no such attribute.
        if template.schema_version() >= 2 && !template.application_policies.is_empty() {
            list.push(Extension::application_policies(&template.application_policies));
        }
        if !self.policies.is_empty() {
            list.push(Extension::certificate_policies(&self.policies));
        }
        list.extend(self.basic_constraints());
        // F3.2.2.0x1
        if template.enrollment(EnrollmentFlags::INCLUDE_SYMMETRIC_ALGORITHMS) {
            let wanted = self.request.extensions.get(oids::SMIME_CAPABILITIES).cloned();
            list.push(wanted.unwrap_or_else(|| Extension::smime_capabilities(&SmimeCapability::windows_2003())));
        }
        list.push(Extension::subject_key_identifier(&self.public_key().key_identifier()));
        list.push(Extension::authority_key_identifier(&self.identity.public_key().key_identifier()));
        list.extend(self.revocation_information()?);
        list.extend(self.names.alternative.clone());
        list.extend(self.sid());

        // `pKICriticalExtensions` decides ([MS-CRTD] 2.7), except where RFC 5280 4.2.1.6 does: with an empty subject
        // the alternative name must be critical.
        for extension in &mut list {
            extension.critical = template.critical_extensions.contains(&extension.oid)
                || (extension.oid.as_str() == oids::SUBJECT_ALT_NAME && self.names.subject.is_empty());
        }
        Ok(list)
    }

    /// Version 1 templates are named where they ask for it or the request did; later ones always by identifier and
    /// version of the CA's copy.
    fn template_extension(&self) -> Option<Extension> {
        let template = self.named;
        let reference = match (&template.oid, template.schema_version()) {
            (Some(_), 2..) => TemplateReference::of(template),
            _ => {
                // F3.2.1.0x200
                let named = template.flags.contains(GeneralFlags::ADD_TEMPLATE_NAME)
                    || self.request.extensions.get(oids::ENROLL_CERTTYPE).is_some();
                named.then(|| TemplateReference::Name(template.name.clone()))?
            }
        };
        Some(Extension::template(&reference))
    }

    fn basic_constraints(&self) -> Option<Extension> {
        let template = self.template;
        // B3.5, F3.2.1.0x80, F3.2.1.0x800
        if template.flags.intersects(GeneralFlags::IS_CA | GeneralFlags::IS_CROSS_CA) {
            // -1 is no limit ([MS-CRTD] 2.14): no pathLenConstraint.
            let path_length = u32::try_from(template.max_issuing_depth).ok();
            return Some(Extension::basic_constraints(BasicConstraints { ca: true, path_length }));
        }
        template
            // F3.2.2.0x8000
            .enrollment(EnrollmentFlags::INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS)
            .then(|| Extension::basic_constraints(BasicConstraints { ca: false, path_length: None }))
    }

    /// CRL distribution points and authority information access, or OCSP no-check in their place.
    fn revocation_information(&self) -> Result<Vec<Extension>, EncodeError> {
        let template = self.template;
        let ocsp_signing = template.application_policies.iter().any(|oid| oid.as_str() == oids::OCSP_SIGNING);
        // F3.2.2.0x1000
        if template.enrollment(EnrollmentFlags::ADD_OCSP_NOCHECK) && ocsp_signing {
            let value = autoenroll_wire::asn1::null();
            return Ok(vec![Extension { oid: oids::known(oids::OCSP_NOCHECK), critical: false, value }]);
        }
        // F3.2.2.0x4000
        // The issuers' certificates stay: they are no revocation information.
        let silent = template.enrollment(EnrollmentFlags::NO_REVOCATION_INFO_IN_ISSUED_CERTS);
        let mut list = Vec::new();
        if !silent {
            list.extend(distribution_points(&self.config.crl_urls)?);
        }
        let ocsp_urls = if silent { &[] } else { self.config.ocsp_urls.as_slice() };
        list.extend(information_access(&self.config.issuer_urls, ocsp_urls)?);
        Ok(list)
    }

    /// The requester's SID. Where the enrollee supplies the subject, the request supplies the SID as well, or there is
    /// none.
    fn sid(&self) -> Option<Extension> {
        // F3.2.2.0x80000
        if !self.config.sid_extension || self.template.enrollment(EnrollmentFlags::NO_SECURITY_EXTENSION) {
            return None;
        }
        if self.template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT) {
            return self.request.extensions.get(oids::NTDS_CA_SECURITY_EXT).cloned();
        }
        // O3.3.ntds-ca-security
        Some(Extension::sid(&self.caller.sid))
    }
}

fn distribution_points(urls: &[String]) -> Result<Option<Extension>, EncodeError> {
    if urls.is_empty() {
        return Ok(None);
    }
    let point = DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(
            urls.iter().map(|url| uri(url)).collect::<Result<_, _>>()?,
        )),
        reasons: None,
        crl_issuer: None,
    };
    let value = CrlDistributionPoints(vec![point]).to_der()?;
    Ok(Some(Extension { oid: oids::known(oids::CRL_DISTRIBUTION_POINTS), critical: false, value }))
}

fn information_access(issuer: &[String], ocsp: &[String]) -> Result<Option<Extension>, EncodeError> {
    /// id-ad-caIssuers and id-ad-ocsp (RFC 5280 4.2.2.1).
    const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
    const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
    let at = |access_method, url: &String| Ok(AccessDescription { access_method, access_location: uri(url)? });
    let issuer = issuer.iter().map(|url| at(CA_ISSUERS, url));
    let list = issuer.chain(ocsp.iter().map(|url| at(OCSP, url))).collect::<Result<Vec<_>, EncodeError>>()?;
    if list.is_empty() {
        return Ok(None);
    }
    let value = AuthorityInfoAccessSyntax(list).to_der()?;
    Ok(Some(Extension { oid: oids::known(oids::AUTHORITY_INFO_ACCESS), critical: false, value }))
}

fn uri(url: &str) -> Result<GeneralName, EncodeError> {
    Ok(GeneralName::UniformResourceIdentifier(Ia5String::new(url)?))
}

/// The serial number of the certificate for a request, in AD CS's default form ([MS-WCCE] 3.2.1.4.2.1.4.6.1): four
/// octets drawn, the index of the CA certificate, the number of the request.
pub(crate) fn serial(seed: &Seed, identity: &CaIdentity, request: u32) -> Vec<u8> {
    let drawn = draw(seed, "ca", "serial", identity.name(), request.into());
    let mut serial = vec![drawn[0] & 0x7F, drawn[1], drawn[2], drawn[3], 0, 0];
    serial.extend(request.to_be_bytes());
    serial[0] = match serial[0] {
        0 => 0x61,
        low @ 1..=0x0F => low ^ 0x10,
        high => high,
    };
    serial
}
