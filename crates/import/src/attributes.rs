//! Attributes of directory objects: which of them are understood, what the others are for, and what of an object an
//! import has lost.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_wire::ldif::Entry;

use crate::finding::{Finding, Reason, shown};

/// How the values of an attribute are compared: the directory writes some of them in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// To the letter.
    Text,
    /// A whole number of 32 bits, signed or not.
    Number,
    /// Octets; zeros at the end do not count.
    Bits,
    /// Octets.
    Octets,
    /// `number,name`.
    Provider,
    /// Object identifiers, or triplets in any order.
    Triplets,
    /// A security descriptor, which is looked at elsewhere.
    Security,
}

/// Attributes of a template that are understood.
pub(crate) const TEMPLATE: &[(&str, Values)] = &[
    ("objectClass", Values::Text),
    ("cn", Values::Text),
    ("displayName", Values::Text),
    ("flags", Values::Number),
    ("revision", Values::Number),
    ("pKIDefaultKeySpec", Values::Number),
    ("pKIKeyUsage", Values::Bits),
    ("pKIMaxIssuingDepth", Values::Number),
    ("pKICriticalExtensions", Values::Text),
    ("pKIExpirationPeriod", Values::Octets),
    ("pKIOverlapPeriod", Values::Octets),
    ("pKIExtendedKeyUsage", Values::Text),
    ("pKIDefaultCSPs", Values::Provider),
    ("msPKI-RA-Signature", Values::Number),
    ("msPKI-Enrollment-Flag", Values::Number),
    ("msPKI-Private-Key-Flag", Values::Number),
    ("msPKI-Certificate-Name-Flag", Values::Number),
    ("msPKI-Minimal-Key-Size", Values::Number),
    ("msPKI-Template-Schema-Version", Values::Number),
    ("msPKI-Template-Minor-Revision", Values::Number),
    ("msPKI-Cert-Template-OID", Values::Text),
    ("msPKI-Supersede-Templates", Values::Text),
    ("msPKI-RA-Policies", Values::Text),
    ("msPKI-RA-Application-Policies", Values::Triplets),
    ("msPKI-Certificate-Policy", Values::Text),
    ("msPKI-Certificate-Application-Policy", Values::Text),
    ("nTSecurityDescriptor", Values::Security),
];

/// Attributes of an enrollment service that are understood.
pub(crate) const AUTHORITY: &[(&str, Values)] = &[
    ("objectClass", Values::Text),
    ("cn", Values::Text),
    ("dNSHostName", Values::Text),
    ("cACertificate", Values::Octets),
    ("certificateTemplates", Values::Text),
    ("msPKI-Site-Name", Values::Text),
    ("nTSecurityDescriptor", Values::Security),
];

const OF_THE_DIRECTORY: &str = "the directory keeps it for itself; no rule of enrollment reads it";

/// What other attributes are for, as far as that is known.
const OTHERS: &[(&str, &str)] = &[
    ("distinguishedName", OF_THE_DIRECTORY),
    ("name", "repeats cn"),
    ("instanceType", OF_THE_DIRECTORY),
    ("objectCategory", OF_THE_DIRECTORY),
    ("objectGUID", OF_THE_DIRECTORY),
    ("showInAdvancedViewOnly", OF_THE_DIRECTORY),
    ("whenCreated", OF_THE_DIRECTORY),
    ("whenChanged", OF_THE_DIRECTORY),
    ("uSNCreated", OF_THE_DIRECTORY),
    ("uSNChanged", OF_THE_DIRECTORY),
    ("dSCorePropagationData", OF_THE_DIRECTORY),
    ("systemFlags", OF_THE_DIRECTORY),
    ("Created", OF_THE_DIRECTORY),
    ("Modified", OF_THE_DIRECTORY),
    ("createTimeStamp", OF_THE_DIRECTORY),
    ("modifyTimeStamp", OF_THE_DIRECTORY),
    ("CanonicalName", OF_THE_DIRECTORY),
    ("sDRightsEffective", OF_THE_DIRECTORY),
    ("ProtectedFromAccidentalDeletion", OF_THE_DIRECTORY),
    ("pKIEnrollmentAccess", "is not used ([MS-CRTD] 2.10)"),
    ("cACertificateDN", "repeats the subject of cACertificate"),
    (
        "msPKI-Enrollment-Servers",
        "names enrollment over HTTPS, and the CAs of a world are asked directly; see docs/limits.md",
    ),
];

/// Every template of a directory has these.
const ALWAYS: [&str; 15] = [
    "displayName",
    "flags",
    "revision",
    "pKIDefaultKeySpec",
    "pKIKeyUsage",
    "pKIMaxIssuingDepth",
    "pKIExpirationPeriod",
    "pKIOverlapPeriod",
    "msPKI-RA-Signature",
    "msPKI-Enrollment-Flag",
    "msPKI-Private-Key-Flag",
    "msPKI-Certificate-Name-Flag",
    "msPKI-Minimal-Key-Size",
    "msPKI-Template-Schema-Version",
    "msPKI-Template-Minor-Revision",
];

/// Names of attributes that a source does not say; none when it says all. Lists may be empty in the directory: they
/// count only when the source shows by others that it is a part of the object.
pub(crate) fn absent(said: &BTreeSet<String>, whole: bool) -> Option<String> {
    let absent = |name: &&str| !said.contains(&name.to_ascii_lowercase());
    let always: Vec<&str> = ALWAYS.into_iter().filter(absent).collect();
    if always.is_empty() {
        return None;
    }
    let mut names = always;
    if !whole {
        let told = ["objectClass", "cn", "msPKI-Cert-Template-OID", "nTSecurityDescriptor"];
        let lists =
            TEMPLATE.iter().map(|(name, _)| *name).filter(|name| !ALWAYS.contains(name) && !told.contains(name));
        names.extend(lists.filter(absent));
    }
    Some(names.join(", "))
}

/// Why a value that was read is not the same when it is written again.
pub(crate) fn not_kept(attribute: &str) -> Reason {
    let period = ["pKIExpirationPeriod", "pKIOverlapPeriod"].iter().any(|name| name.eq_ignore_ascii_case(attribute));
    if period {
        Reason::Replaced("is longer than a duration can be: the longest, 584 years, is taken")
    } else {
        Reason::NoWord("cannot be kept beside the other values of the attribute")
    }
}

/// How the values of an attribute of a template or an enrollment service are written, by its name in any case.
pub(crate) fn kind(attribute: &str) -> Option<(&'static str, Values)> {
    TEMPLATE.iter().chain(AUTHORITY).copied().find(|(name, _)| name.eq_ignore_ascii_case(attribute))
}

/// A finding for each value of an attribute that is not understood.
pub(crate) fn not_understood(object: &str, entry: &Entry, understood: &[(&str, Values)]) -> Vec<Finding> {
    let unknown = |name: &str| !understood.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let found = entry.0.iter().map(|(name, value)| (bare(name), value)).filter(|(name, _)| unknown(name));
    found.map(|(name, value)| Finding::new(object, name, shown(value), why(name))).collect()
}

fn why(name: &str) -> Reason {
    let known = OTHERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(Reason::Unknown, |(_, why)| Reason::NoRule(why))
}

/// Values of understood attributes that stand in `source` and not in `again`, each as often as it is missing.
pub(crate) fn missing(source: &Entry, again: &Entry, understood: &[(&str, Values)]) -> Vec<(String, Vec<u8>)> {
    let mut missing = Vec::new();
    for (name, values) in understood.iter().filter(|(_, values)| *values != Values::Security) {
        let mut there: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for value in again.values(name) {
            *there.entry(values.canonical(value)).or_default() += 1;
        }
        for value in source.values(name) {
            match there.get_mut(&values.canonical(value)) {
                Some(count @ 1..) => *count -= 1,
                _ => missing.push(((*name).to_owned(), value.to_vec())),
            }
        }
    }
    missing
}

/// The name of an attribute without its options (`;binary`).
pub(crate) fn bare(name: &str) -> &str {
    name.split(';').next().unwrap_or_default()
}

impl Values {
    /// Whether a value is octets, not text.
    pub(crate) const fn are_octets(self) -> bool {
        matches!(self, Self::Bits | Self::Octets | Self::Security)
    }

    fn canonical(self, value: &[u8]) -> Vec<u8> {
        let text = || std::str::from_utf8(value).map(str::trim).unwrap_or_default();
        match self {
            Self::Text | Self::Octets | Self::Security => value.to_vec(),
            Self::Number => match text().parse::<i64>() {
                Ok(number) => (number as u32).to_string().into_bytes(),
                Err(_) => value.to_vec(),
            },
            Self::Bits => {
                let length = value.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
                value[..length].to_vec()
            }
            Self::Provider => match text().split_once(',') {
                Some((order, name)) => format!("{},{}", order.trim(), name.trim()).into_bytes(),
                None => value.to_vec(),
            },
            Self::Triplets => {
                let fields: Vec<&str> = text().trim_end_matches('`').split('`').collect();
                let (triplets, rest) = fields.as_chunks::<3>();
                let mut triplets: Vec<String> = triplets.iter().map(|triplet| triplet.join("`")).collect();
                triplets.sort();
                [triplets.join("`"), rest.join("`")].join("|").into_bytes()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_what_they_mean() {
        let check = |values: Values, one: &[u8], other: &[u8], equal: bool| {
            assert_eq!(values.canonical(one) == values.canonical(other), equal, "{values:?}");
        };
        check(Values::Number, b"-1509949440", b"2785017856", true);
        check(Values::Number, b"1", b"2", false);
        check(Values::Number, b"x", b"y", false);
        check(Values::Bits, b"\xA0", b"\xA0\0", true);
        check(Values::Bits, b"\xA0", b"\xA1", false);
        check(Values::Provider, b"1, Base", b"1,Base", true);
        check(Values::Triplets, b"a`D`1`b`D`2`", b"b`D`2`a`D`1`", true);
        check(Values::Triplets, b"a`D`1`b`D`2`", b"a`D`1`b`D`3`", false);
        check(Values::Triplets, b"1.2.3", b"1.2.4", false);
        check(Values::Text, b"A", b"a", false);
    }

    #[test]
    fn a_value_is_missing_as_often_as_it_is() {
        let entry = |values: &[&str]| Entry(values.iter().map(|v| ("cn".to_owned(), v.as_bytes().to_vec())).collect());
        let lost = missing(&entry(&["a", "a", "b"]), &entry(&["a"]), TEMPLATE);
        assert_eq!(lost, [("cn".to_owned(), b"a".to_vec()), ("cn".to_owned(), b"b".to_vec())]);
    }
}
