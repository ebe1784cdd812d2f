//! The object identifiers of an answer: each once, with its group and a number by which the answer refers to it
//! ([MS-XCEP] 3.1.4.1.3.16).

use autoenroll_model::Oid;

use super::Writer;

/// What an identifier identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Hash = 1,
    Encryption = 2,
    PublicKey = 3,
    Extension = 6,
    Usage = 7,
    Policy = 8,
    Template = 9,
}

/// Those of one answer.
#[derive(Debug, Default)]
pub(super) struct Oids(Vec<(String, Group, String)>);

impl Oids {
    /// The number of an identifier.
    pub(super) fn reference(&mut self, oid: &Oid, group: Group, name: &str) -> usize {
        self.dotted(oid.as_str(), group, name)
    }

    /// The number of an algorithm by its name of CNG; `None` for a name that has no identifier.
    pub(super) fn algorithm(&mut self, name: &str, group: Group) -> Option<usize> {
        let known = ALGORITHMS.iter().find(|(known, of, _)| *known == name && *of == group);
        known.map(|(name, group, oid)| self.dotted(oid, *group, name))
    }

    fn dotted(&mut self, oid: &str, group: Group, name: &str) -> usize {
        let same = |(known, of, called): &(String, Group, String)| known == oid && *of == group && called == name;
        let known = self.0.iter().position(same);
        known.unwrap_or_else(|| {
            self.0.push((oid.to_owned(), group, name.to_owned()));
            self.0.len() - 1
        })
    }

    pub(super) fn elements(&self) -> Vec<String> {
        let element = |(reference, (oid, group, name)): (usize, &(String, Group, String))| {
            let mut writer = Writer::default();
            writer.element("oID", &[], |writer| {
                writer.text("value", oid);
                writer.text("group", *group as u32);
                writer.text("oIDReferenceID", reference);
                writer.text("defaultName", name);
            });
            writer.finish()
        };
        self.0.iter().enumerate().map(element).collect()
    }
}

/// The name that CNG has for the algorithm of an identifier: curves have two, so the name that goes with it counts.
pub(super) fn algorithm_name(oid: &Oid, called: &str) -> Option<&'static str> {
    let mut known = ALGORITHMS.iter().filter(|(_, _, dotted)| *dotted == oid.as_str()).map(|(name, _, _)| *name);
    let first = known.clone().next();
    known.find(|name| *name == called).or(first)
}

/// Algorithms by the names of CNG.
const ALGORITHMS: &[(&str, Group, &str)] = &[
    ("RSA", Group::PublicKey, "1.2.840.113549.1.1.1"),
    ("DSA", Group::PublicKey, "1.2.840.10040.4.1"),
    ("ECDSA_P256", Group::PublicKey, "1.2.840.10045.3.1.7"),
    ("ECDSA_P384", Group::PublicKey, "1.3.132.0.34"),
    ("ECDSA_P521", Group::PublicKey, "1.3.132.0.35"),
    ("ECDH_P256", Group::PublicKey, "1.2.840.10045.3.1.7"),
    ("ECDH_P384", Group::PublicKey, "1.3.132.0.34"),
    ("ECDH_P521", Group::PublicKey, "1.3.132.0.35"),
    ("MD5", Group::Hash, "1.2.840.113549.2.5"),
    ("SHA1", Group::Hash, "1.3.14.3.2.26"),
    ("SHA256", Group::Hash, "2.16.840.1.101.3.4.2.1"),
    ("SHA384", Group::Hash, "2.16.840.1.101.3.4.2.2"),
    ("SHA512", Group::Hash, "2.16.840.1.101.3.4.2.3"),
    ("DES", Group::Encryption, "1.3.14.3.2.7"),
    ("3DES", Group::Encryption, "1.2.840.113549.3.7"),
    ("AES", Group::Encryption, "2.16.840.1.101.3.4.1.2"),
];
