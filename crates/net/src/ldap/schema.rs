//! The schema: attributes and classes by their real names and object identifiers ([MS-ADA1] to [MS-ADA3], [MS-ADSC]),
//! and the subschema entry, without which clients built on python's ldap3 refuse to ask for anything.
//!
//! It knows more attributes than any object here has: clients look up what they are going to ask for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// An attribute of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AttributeType {
    /// `lDAPDisplayName`.
    pub(super) name: &'static str,
    /// `attributeID`.
    pub(super) oid: &'static str,
    /// How values are compared.
    pub(super) syntax: Syntax,
    /// It has at most one value.
    pub(super) single: bool,
}

/// How values of an attribute are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Text, in any case.
    Text,
    /// An object identifier or the name of one.
    Oid,
    /// A distinguished name.
    Name,
    /// Octets.
    Octets,
    /// A security descriptor.
    Security,
    /// 32 bits, signed.
    Integer,
    /// 64 bits, signed.
    Large,
    /// Generalized time.
    Time,
    /// `TRUE` or `FALSE`.
    Flag,
}

use Syntax::{Flag, Integer, Large, Name, Octets, Oid, Security, Text, Time};

impl Syntax {
    /// The identifier of the syntax, as the subschema names it.
    const fn oid(self) -> &'static str {
        match self {
            Text => "1.3.6.1.4.1.1466.115.121.1.15",
            Oid => "1.3.6.1.4.1.1466.115.121.1.38",
            Name => "1.3.6.1.4.1.1466.115.121.1.12",
            Octets => "1.3.6.1.4.1.1466.115.121.1.40",
            Security => "1.2.840.113556.1.4.907",
            Integer => "1.3.6.1.4.1.1466.115.121.1.27",
            Large => "1.2.840.113556.1.4.906",
            Time => "1.3.6.1.4.1.1466.115.121.1.24",
            Flag => "1.3.6.1.4.1.1466.115.121.1.7",
        }
    }
}

/// A class of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Class {
    /// `lDAPDisplayName`.
    pub(super) name: &'static str,
    /// `governsID`.
    pub(super) oid: &'static str,
    /// The class that it extends.
    pub(super) above: &'static str,
    /// The common name of its `defaultObjectCategory`.
    pub(super) category: &'static str,
}

/// The attribute of a name, in any case, or of an object identifier.
pub(super) fn attribute(named: &str) -> Option<&'static AttributeType> {
    static BY_NAME: LazyLock<BTreeMap<String, &'static AttributeType>> = LazyLock::new(|| {
        let names = ATTRIBUTES.iter().map(|it| (it.name.to_ascii_lowercase(), it));
        names.chain(ATTRIBUTES.iter().map(|it| (it.oid.to_owned(), it))).collect()
    });
    BY_NAME.get(&named.to_ascii_lowercase()).copied()
}

/// The class of a name, in any case.
pub(super) fn class(named: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name.eq_ignore_ascii_case(named))
}

/// A class and those that it extends, the most general first.
pub(super) fn lineage(of: &'static Class) -> Vec<&'static str> {
    let mut names = vec![of.name];
    let mut at = of;
    while let Some(above) = class(at.above).filter(|above| above.name != at.name) {
        names.push(above.name);
        at = above;
    }
    names.reverse();
    names
}

/// The values of `attributeTypes` (RFC 4512 4.1.2).
pub(super) fn attribute_types() -> impl Iterator<Item = String> {
    ATTRIBUTES.iter().map(|it| {
        let single = if it.single { " SINGLE-VALUE" } else { "" };
        format!("( {} NAME '{}' SYNTAX '{}'{single} )", it.oid, it.name, it.syntax.oid())
    })
}

/// The values of `objectClasses` (RFC 4512 4.1.1). Each class allows every attribute: what objects have is for the
/// world to say, and no client here writes any.
pub(super) fn object_classes() -> impl Iterator<Item = String> {
    let mut all = String::new();
    for it in ATTRIBUTES.iter().filter(|it| it.name != "objectClass") {
        let between = if all.is_empty() { "" } else { " $ " };
        let _infallible = write!(all, "{between}{}", it.name);
    }
    CLASSES.iter().map(move |it| match it.name {
        "top" => format!("( {} NAME 'top' ABSTRACT MUST objectClass MAY ( {all} ) )", it.oid),
        name => format!("( {} NAME '{name}' SUP {} STRUCTURAL )", it.oid, it.above),
    })
}

const fn cl(name: &'static str, oid: &'static str, above: &'static str, category: &'static str) -> Class {
    Class { name, oid, above, category }
}

const fn at(name: &'static str, oid: &'static str, syntax: Syntax, single: bool) -> AttributeType {
    AttributeType { name, oid, syntax, single }
}

const CLASSES: &[Class] = &[
    cl("top", "2.5.6.0", "top", "Top"),
    cl("certificationAuthority", "2.5.6.16", "top", "Certification-Authority"),
    cl("computer", "1.2.840.113556.1.3.30", "user", "Computer"),
    cl("configuration", "1.2.840.113556.1.5.12", "top", "Configuration"),
    cl("container", "1.2.840.113556.1.3.23", "top", "Container"),
    cl("cRLDistributionPoint", "2.5.6.19", "top", "CRL-Distribution-Point"),
    cl("crossRef", "1.2.840.113556.1.3.11", "top", "Cross-Ref"),
    cl("crossRefContainer", "1.2.840.113556.1.5.7000.53", "top", "Cross-Ref-Container"),
    cl("dMD", "1.2.840.113556.1.3.9", "top", "DMD"),
    cl("domain", "1.2.840.113556.1.5.66", "top", "Domain"),
    cl("domainDNS", "1.2.840.113556.1.5.67", "domain", "Domain-DNS"),
    cl("foreignSecurityPrincipal", "1.2.840.113556.1.5.76", "top", "Foreign-Security-Principal"),
    cl("group", "1.2.840.113556.1.5.8", "top", "Group"),
    cl("groupPolicyContainer", "1.2.840.113556.1.5.157", "container", "Group-Policy-Container"),
    cl("msPKI-Enterprise-Oid", "1.2.840.113556.1.5.196", "top", "ms-PKI-Enterprise-Oid"),
    cl("msPKI-PrivateKeyRecoveryAgent", "1.2.840.113556.1.5.223", "top", "ms-PKI-Private-Key-Recovery-Agent"),
    cl("organizationalPerson", "2.5.6.7", "person", "Person"),
    cl("organizationalUnit", "2.5.6.5", "top", "Organizational-Unit"),
    cl("person", "2.5.6.6", "top", "Person"),
    cl("pKICertificateTemplate", "1.2.840.113556.1.5.177", "top", "PKI-Certificate-Template"),
    cl("pKIEnrollmentService", "1.2.840.113556.1.5.178", "top", "PKI-Enrollment-Service"),
    cl("sitesContainer", "1.2.840.113556.1.5.107", "top", "Sites-Container"),
    cl("subSchema", "2.5.20.1", "top", "SubSchema"),
    cl("trustedDomain", "1.2.840.113556.1.5.34", "top", "Trusted-Domain"),
    cl("user", "1.2.840.113556.1.5.9", "organizationalPerson", "Person"),
];

const ATTRIBUTES: &[AttributeType] = &[
    at("accountExpires", "1.2.840.113556.1.4.159", Large, true),
    at("adminCount", "1.2.840.113556.1.4.150", Integer, true),
    at("adminDisplayName", "1.2.840.113556.1.2.194", Text, true),
    at("altSecurityIdentities", "1.2.840.113556.1.4.867", Text, false),
    at("attributeID", "1.2.840.113556.1.2.30", Oid, true),
    at("attributeTypes", "2.5.21.5", Text, false),
    at("authorityRevocationList", "2.5.4.38", Octets, false),
    at("badPasswordTime", "1.2.840.113556.1.4.49", Large, true),
    at("badPwdCount", "1.2.840.113556.1.4.12", Integer, true),
    at("cACertificate", "2.5.4.37", Octets, false),
    at("cACertificateDN", "1.2.840.113556.1.4.697", Text, true),
    at("cAConnect", "1.2.840.113556.1.4.687", Text, true),
    at("canonicalName", "1.2.840.113556.1.4.916", Text, false),
    at("cAWEBURL", "1.2.840.113556.1.4.688", Text, true),
    at("certificateRevocationList", "2.5.4.39", Octets, true),
    at("certificateTemplates", "1.2.840.113556.1.4.823", Text, false),
    at("cn", "2.5.4.3", Text, true),
    at("company", "1.2.840.113556.1.2.146", Text, true),
    at("createTimeStamp", "2.5.18.1", Time, true),
    at("crossCertificatePair", "2.5.4.40", Octets, false),
    at("dc", "0.9.2342.19200300.100.1.25", Text, true),
    at("deltaRevocationList", "2.5.4.53", Octets, false),
    at("department", "1.2.840.113556.1.2.141", Text, true),
    at("description", "2.5.4.13", Text, false),
    at("displayName", "1.2.840.113556.1.2.13", Text, true),
    at("distinguishedName", "2.5.4.49", Name, true),
    at("dITContentRules", "2.5.21.2", Text, false),
    at("dNSHostName", "1.2.840.113556.1.4.619", Text, true),
    at("dnsRoot", "1.2.840.113556.1.4.28", Text, false),
    at("dSCorePropagationData", "1.2.840.113556.1.4.1357", Time, false),
    at("enrollmentProviders", "1.2.840.113556.1.4.825", Text, true),
    at("flags", "1.2.840.113556.1.4.38", Integer, true),
    at("givenName", "2.5.4.42", Text, true),
    at("gPLink", "1.2.840.113556.1.4.891", Text, true),
    at("gPOptions", "1.2.840.113556.1.4.892", Integer, true),
    at("groupType", "1.2.840.113556.1.4.750", Integer, true),
    at("homeDirectory", "1.2.840.113556.1.4.44", Text, true),
    at("info", "1.2.840.113556.1.2.81", Text, true),
    at("instanceType", "1.2.840.113556.1.2.1", Integer, true),
    at("isCriticalSystemObject", "1.2.840.113556.1.4.868", Flag, true),
    at("isDeleted", "1.2.840.113556.1.2.48", Flag, true),
    at("lastLogon", "1.2.840.113556.1.4.52", Large, true),
    at("lastLogonTimestamp", "1.2.840.113556.1.4.1696", Large, true),
    at("lDAPDisplayName", "1.2.840.113556.1.2.460", Text, true),
    at("location", "1.2.840.113556.1.4.222", Text, true),
    at("lockoutTime", "1.2.840.113556.1.4.662", Large, true),
    at("logonCount", "1.2.840.113556.1.4.169", Integer, true),
    at("mail", "0.9.2342.19200300.100.1.3", Text, true),
    at("managedBy", "1.2.840.113556.1.4.653", Name, true),
    at("member", "2.5.4.31", Name, false),
    at("memberOf", "1.2.840.113556.1.2.102", Name, false),
    at("modifyTimeStamp", "2.5.18.2", Time, true),
    at("ms-DS-MachineAccountQuota", "1.2.840.113556.1.4.1411", Integer, true),
    at("msDS-AllowedToActOnBehalfOfOtherIdentity", "1.2.840.113556.1.4.2182", Security, true),
    at("msDS-AllowedToDelegateTo", "1.2.840.113556.1.4.1787", Text, false),
    at("msDS-Behavior-Version", "1.2.840.113556.1.4.1459", Integer, true),
    at("msDS-OIDToGroupLink", "1.2.840.113556.1.4.2051", Name, true),
    at("msDS-OIDToGroupLinkBl", "1.2.840.113556.1.4.2052", Name, false),
    at("msDS-SupportedEncryptionTypes", "1.2.840.113556.1.4.1963", Integer, true),
    at("msPKI-Cert-Template-OID", "1.2.840.113556.1.4.1436", Text, true),
    at("msPKI-Certificate-Application-Policy", "1.2.840.113556.1.4.1674", Text, false),
    at("msPKI-Certificate-Name-Flag", "1.2.840.113556.1.4.1432", Integer, true),
    at("msPKI-Certificate-Policy", "1.2.840.113556.1.4.1439", Text, false),
    at("msPKI-Enrollment-Flag", "1.2.840.113556.1.4.1430", Integer, true),
    at("msPKI-Enrollment-Servers", "1.2.840.113556.1.4.2076", Text, false),
    at("msPKI-Minimal-Key-Size", "1.2.840.113556.1.4.1433", Integer, true),
    at("msPKI-OID-Attribute", "1.2.840.113556.1.4.1671", Integer, true),
    at("msPKI-OID-CPS", "1.2.840.113556.1.4.1672", Text, false),
    at("msPKI-OID-User-Notice", "1.2.840.113556.1.4.1673", Text, false),
    at("msPKI-OIDLocalizedName", "1.2.840.113556.1.4.1712", Text, false),
    at("msPKI-Private-Key-Flag", "1.2.840.113556.1.4.1431", Integer, true),
    at("msPKI-RA-Application-Policies", "1.2.840.113556.1.4.1675", Text, false),
    at("msPKI-RA-Policies", "1.2.840.113556.1.4.1438", Text, false),
    at("msPKI-RA-Signature", "1.2.840.113556.1.4.1429", Integer, true),
    at("msPKI-Site-Name", "1.2.840.113556.1.4.2077", Text, true),
    at("msPKI-Supersede-Templates", "1.2.840.113556.1.4.1437", Text, false),
    at("msPKI-Template-Minor-Revision", "1.2.840.113556.1.4.1435", Integer, true),
    at("msPKI-Template-Schema-Version", "1.2.840.113556.1.4.1434", Integer, true),
    at("name", "1.2.840.113556.1.4.1", Text, true),
    at("nCName", "1.2.840.113556.1.2.16", Name, true),
    at("nETBIOSName", "1.2.840.113556.1.4.87", Text, true),
    at("nTSecurityDescriptor", "1.2.840.113556.1.2.281", Security, true),
    at("objectCategory", "1.2.840.113556.1.4.782", Name, true),
    at("objectClass", "2.5.4.0", Oid, false),
    at("objectClasses", "2.5.21.6", Text, false),
    at("objectGUID", "1.2.840.113556.1.4.2", Octets, true),
    at("objectSid", "1.2.840.113556.1.4.146", Octets, true),
    at("objectVersion", "1.2.840.113556.1.2.76", Integer, true),
    at("operatingSystem", "1.2.840.113556.1.4.363", Text, true),
    at("operatingSystemVersion", "1.2.840.113556.1.4.364", Text, true),
    at("ou", "2.5.4.11", Text, false),
    at("pKICriticalExtensions", "1.2.840.113556.1.4.1330", Text, false),
    at("pKIDefaultCSPs", "1.2.840.113556.1.4.1334", Text, false),
    at("pKIDefaultKeySpec", "1.2.840.113556.1.4.1327", Integer, true),
    at("pKIEnrollmentAccess", "1.2.840.113556.1.4.1335", Security, false),
    at("pKIExpirationPeriod", "1.2.840.113556.1.4.1331", Octets, true),
    at("pKIExtendedKeyUsage", "1.2.840.113556.1.4.1333", Text, false),
    at("pKIKeyUsage", "1.2.840.113556.1.4.1328", Octets, true),
    at("pKIMaxIssuingDepth", "1.2.840.113556.1.4.1329", Integer, true),
    at("pKIOverlapPeriod", "1.2.840.113556.1.4.1332", Octets, true),
    at("primaryGroupID", "1.2.840.113556.1.4.98", Integer, true),
    at("proxyAddresses", "1.2.840.113556.1.2.210", Text, false),
    at("pwdLastSet", "1.2.840.113556.1.4.96", Large, true),
    at("revision", "1.2.840.113556.1.4.145", Integer, true),
    at("rightsGuid", "1.2.840.113556.1.4.340", Text, true),
    at("sAMAccountName", "1.2.840.113556.1.4.221", Text, true),
    at("sAMAccountType", "1.2.840.113556.1.4.302", Integer, true),
    at("schemaIDGUID", "1.2.840.113556.1.4.148", Octets, true),
    at("scriptPath", "1.2.840.113556.1.4.62", Text, true),
    at("servicePrincipalName", "1.2.840.113556.1.4.771", Text, false),
    at("showInAdvancedViewOnly", "1.2.840.113556.1.2.169", Flag, true),
    at("sIDHistory", "1.2.840.113556.1.4.609", Octets, false),
    at("signatureAlgorithms", "1.2.840.113556.1.4.824", Text, true),
    at("sn", "2.5.4.4", Text, true),
    at("structuralObjectClass", "2.5.21.9", Oid, false),
    at("subSchemaSubEntry", "2.5.18.10", Name, false),
    at("systemFlags", "1.2.840.113556.1.4.375", Integer, true),
    at("telephoneNumber", "2.5.4.20", Text, true),
    at("title", "2.5.4.12", Text, true),
    at("tokenGroups", "1.2.840.113556.1.4.1301", Octets, false),
    at("userAccountControl", "1.2.840.113556.1.4.8", Integer, true),
    at("userCertificate", "2.5.4.36", Octets, false),
    at("userPrincipalName", "1.2.840.113556.1.4.656", Text, true),
    at("userSMIMECertificate", "2.16.840.1.113730.3.140", Octets, false),
    at("uSNChanged", "1.2.840.113556.1.2.120", Large, true),
    at("uSNCreated", "1.2.840.113556.1.2.19", Large, true),
    at("whenChanged", "1.2.840.113556.1.2.3", Time, true),
    at("whenCreated", "1.2.840.113556.1.2.2", Time, true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_by_identifier() {
        let check = |named: &str, expected: Option<&str>| assert_eq!(attribute(named).map(|it| it.name), expected);
        check("OBJECTguid", Some("objectGUID"));
        check("2.5.4.36", Some("userCertificate"));
        check("mspki-cert-template-oid", Some("msPKI-Cert-Template-OID"));
        check("nothing", None);
        assert_eq!(lineage(class("COMPUTER").unwrap()), ["top", "person", "organizationalPerson", "user", "computer"]);
    }

    #[test]
    fn no_name_and_no_identifier_stands_twice() {
        let mut seen: Vec<&str> = ATTRIBUTES.iter().flat_map(|it| [it.name, it.oid]).collect();
        seen.extend(CLASSES.iter().flat_map(|it| [it.name, it.oid]));
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    /// What crashed or stopped clients that are built on ldap3 when it was otherwise.
    #[test]
    fn the_subschema_has_what_clients_look_for() {
        let types: Vec<String> = attribute_types().collect();
        let guid = "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE )";
        assert!(types.iter().any(|it| it == guid));
        for name in
            ["msPKI-Certificate-Policy", "msPKI-RA-Application-Policies", "msDS-OIDToGroupLink", "sAMAccountType"]
        {
            assert!(types.iter().any(|it| it.contains(&format!("'{name}'"))), "{name}");
        }
        let classes: Vec<String> = object_classes().collect();
        for name in ["pKICertificateTemplate", "pKIEnrollmentService", "msPKI-Enterprise-Oid", "domain"] {
            assert!(classes.iter().any(|it| it.contains(&format!("'{name}'"))), "{name}");
        }
    }
}
