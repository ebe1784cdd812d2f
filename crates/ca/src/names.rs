//! Subject and alternative name of a certificate, from the directory or from the request ([MS-WCCE] 3.2.2.6.2.1.4.5.9).

use autoenroll_model::{Facts, GeneralFlags, Guid, NameFlags, Oid, PrincipalObject, Template};
use autoenroll_wire::{Extension, GeneralName, Name, oids};

use crate::judge::{Judge, Refusal};
use crate::rules;

/// Whom a certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateNames {
    pub(crate) subject: Name,
    /// The subject alternative name extension.
    pub(crate) alternative: Option<Extension>,
}

/// What the request says about names; counts only where the template lets the enrollee supply them.
pub(crate) struct Supplied<'a> {
    pub(crate) subject: &'a Name,
    /// The alternative name extension asked for; that of the old certificate when a previous approval stands.
    pub(crate) alternative: Option<&'a Extension>,
}

/// The names that the template wants.
pub(crate) fn names(
    judge: &mut Judge<'_>,
    template: &Template,
    caller: &PrincipalObject,
    supplied: &Supplied<'_>,
    enforce_lengths: bool,
) -> Result<CertificateNames, Refusal> {
    // F3.2.4.0x1
    let names = if template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT) {
        judge.require(&rules::NAME_SUPPLIED, !supplied.subject.is_empty(), Facts::new())?;
        CertificateNames { subject: supplied.subject.clone(), alternative: supplied.alternative.cloned() }
    } else {
        from_directory(judge, template, caller)?
    };
    let named = !names.subject.is_empty() || names.alternative.is_some();
    judge.require(&rules::NAME_ANY, named, Facts::new().with("subject", names.subject.to_string()))?;
    if enforce_lengths {
        let too_long = too_long(&names.subject);
        let facts = Facts::new().with_some("attribute", too_long.as_ref().map(ToString::to_string));
        judge.require(&rules::NAME_LENGTHS, too_long.is_none(), facts)?;
    }
    Ok(names)
}

/// The longest values of attributes, in characters (RFC 5280 appendix A.1). Others, such as domain components, have no
/// bound.
const LONGEST: &[(&str, usize)] = &[
    (oids::COMMON_NAME, 64),
    (oids::SERIAL_NUMBER, 64),
    (oids::COUNTRY, 2),
    (oids::LOCALITY, 128),
    (oids::STATE, 128),
    (oids::ORGANIZATION, 64),
    (oids::ORGANIZATIONAL_UNIT, 64),
    (oids::TITLE, 64),
    (oids::EMAIL_ADDRESS, 255),
];

/// The type of the first attribute that is longer than its bound.
fn too_long(name: &Name) -> Option<Oid> {
    let attributes = name.rdns.iter().flatten();
    let exceeds = |(oid, text): &(&Oid, String)| {
        LONGEST.iter().any(|(bounded, longest)| oid.as_str() == *bounded && text.chars().count() > *longest)
    };
    let texts = attributes.filter_map(|attribute| Some((&attribute.oid, attribute.text()?)));
    texts.into_iter().find(exceeds).map(|(oid, _)| oid.clone())
}

fn from_directory(
    judge: &mut Judge<'_>,
    template: &Template,
    caller: &PrincipalObject,
) -> Result<CertificateNames, Refusal> {
    // Every attribute that the flags need is looked for before a name is built: an attribute that is missing refuses
    // the request, and is not left out of the name.
    let flags = template.name_flags;
    let machine = template.flags.contains(GeneralFlags::MACHINE_TYPE);
    let common_name = flags.intersects(NameFlags::SUBJECT_REQUIRE_COMMON_NAME | NameFlags::SUBJECT_REQUIRE_DNS_AS_CN);
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DNS) || (machine && common_name) {
        // X6.1.0x8009480F
        require(judge, &rules::NAME_DNS, caller.dns.as_deref(), "dns", caller)?;
    }
    if flags.intersects(NameFlags::SUBJECT_REQUIRE_EMAIL | NameFlags::SUBJECT_ALT_REQUIRE_EMAIL) {
        // X6.1.0x80094812
        require(judge, &rules::NAME_MAIL, caller.mail.as_deref(), "mail", caller)?;
    }
    if flags.intersects(NameFlags::SUBJECT_ALT_REQUIRE_UPN | NameFlags::SUBJECT_ALT_REQUIRE_SPN) {
        // X6.1.0x8009480D
        require(judge, &rules::NAME_UPN, caller.upn.as_deref(), "upn", caller)?;
    }
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DIRECTORY_GUID) {
        let known = caller.guid != Guid([0; 16]);
        // X6.1.0x8009480E
        judge.require(&rules::NAME_GUID, known, Facts::new().with("principal", caller.dn.as_str()))?;
    }

    // A name that cannot be read is empty, which NAME_PATH refuses.
    let path = caller.dn.parse::<Name>().unwrap_or_default();
    let wants_path = flags.intersects(
        NameFlags::SUBJECT_REQUIRE_DIRECTORY_PATH
            | NameFlags::SUBJECT_REQUIRE_COMMON_NAME
            | NameFlags::SUBJECT_REQUIRE_DNS_AS_CN
            | NameFlags::SUBJECT_ALT_REQUIRE_DOMAIN_DNS,
    );
    if wants_path {
        judge.require(&rules::NAME_PATH, !path.is_empty(), Facts::new().with("principal", caller.dn.as_str()))?;
    }
    // F3.2.4.0x80000000
    let mut subject = if flags.contains(NameFlags::SUBJECT_REQUIRE_DIRECTORY_PATH) {
        path.clone()
    } else if common_name {
        // F3.2.4.0x10000000, F3.2.4.0x40000000
        let cn = if machine { caller.dns.clone() } else { path.common_name() };
        cn.map_or_else(Name::default, |cn| Name::default().with(oids::COMMON_NAME, &cn))
    } else {
        Name::default()
    };
    // F3.2.4.0x20000000
    if let (true, Some(mail)) = (flags.contains(NameFlags::SUBJECT_REQUIRE_EMAIL), &caller.mail) {
        subject = subject.with(oids::EMAIL_ADDRESS, mail);
    }
    Ok(CertificateNames { subject, alternative: alternative(judge, flags, caller, &path)? })
}

/// Refuses when the directory object lacks the value.
fn require(
    judge: &mut Judge<'_>,
    rule: &rules::PolicyRule,
    value: Option<&str>,
    name: &'static str,
    caller: &PrincipalObject,
) -> Result<(), Refusal> {
    let facts = Facts::new().with("principal", caller.dn.as_str()).with_some(name, value);
    judge.require(rule, value.is_some_and(|value| !value.is_empty()), facts)
}

/// The alternative names that the flags ask for, in a fixed order: GUID, UPN, mail, DNS name, domain.
fn alternative(
    judge: &mut Judge<'_>,
    flags: NameFlags,
    caller: &PrincipalObject,
    path: &Name,
) -> Result<Option<Extension>, Refusal> {
    let mut names = Vec::new();
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DIRECTORY_GUID) {
        // F3.2.4.0x1000000
        names.push(GeneralName::DirectoryGuid(caller.guid));
    }
    if flags.intersects(NameFlags::SUBJECT_ALT_REQUIRE_UPN | NameFlags::SUBJECT_ALT_REQUIRE_SPN) {
        // F3.2.4.0x800000, F3.2.4.0x2000000
        names.extend(caller.upn.clone().map(GeneralName::Upn));
    }
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_EMAIL) {
        // F3.2.4.0x4000000
        names.extend(caller.mail.clone().map(GeneralName::Rfc822));
    }
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DNS) {
        // F3.2.4.0x8000000
        names.extend(caller.dns.clone().map(GeneralName::Dns));
    }
    // F3.2.4.0x400000
    if flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DOMAIN_DNS) {
        let mut components: Vec<_> = path.texts(oids::DOMAIN_COMPONENT).collect();
        components.reverse();
        let domain = components.join(".");
        let facts = Facts::new().with("principal", caller.dn.as_str()).with("domain", domain.as_str());
        judge.require(&rules::NAME_DOMAIN, !domain.is_empty(), facts)?;
        names.push(GeneralName::Dns(domain));
    }
    Ok(Some(names).filter(|names| !names.is_empty()).map(|names| Extension::subject_alt_name(&names)))
}
