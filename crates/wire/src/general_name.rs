//! Alternative names of a subject (RFC 5280 4.2.1.6), with Microsoft's two other-name forms.

use crate::{
    Name, WireError,
    asn1::{self, Reader, Tlv, tag},
    oids,
};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{Guid, Oid};

/// One alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneralName {
    /// User principal name, an otherName ([MS-WCCE] 2.2.2.7.5).
    Upn(String),
    /// `objectGUID` of a domain controller, an otherName ([MS-WCCE] 2.2.2.7.6).
    DirectoryGuid(Guid),
    /// dNSName.
    Dns(String),
    /// rfc822Name.
    Rfc822(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// iPAddress: 4 or 16 octets.
    Ip(Vec<u8>),
    /// directoryName.
    Directory(Name),
    /// Another otherName; the value is DER.
    Other {
        /// Its type.
        oid: Oid,
        /// The content of its `[0]`, DER.
        value: Vec<u8>,
    },
    /// Any other choice, DER.
    Unknown(Vec<u8>),
}

/// DER of GeneralNames.
#[must_use]
pub fn to_der(names: &[GeneralName]) -> Vec<u8> {
    asn1::sequence(&names.iter().map(GeneralName::to_der).collect::<Vec<_>>())
}

/// Reads DER of GeneralNames.
///
/// # Errors
/// When it is none, or a UPN, GUID or character string within is malformed.
pub fn from_der(der: &[u8]) -> Result<Vec<GeneralName>, WireError> {
    let names = asn1::single("alternative names", der)?.expect(tag::SEQUENCE)?.reader().all()?;
    names.into_iter().map(GeneralName::read).collect()
}

impl GeneralName {
    fn to_der(&self) -> Vec<u8> {
        let other =
            |dotted: &[u8], value: &[u8]| asn1::tlv(tag::constructed(0), &[dotted, &asn1::explicit(0, value)].concat());
        match self {
            // O3.3.subject-alt-names
            GeneralName::Upn(upn) => other(&asn1::oid_dotted(oids::NT_PRINCIPAL_NAME), &asn1::utf8_string(upn)),
            GeneralName::DirectoryGuid(guid) => {
                other(&asn1::oid_dotted(oids::NTDS_REPLICATION), &asn1::octet_string(&mixed_endian(guid.0)))
            }
            GeneralName::Other { oid, value } => other(&asn1::oid(oid), value),
            GeneralName::Rfc822(text) => asn1::tlv(tag::context(1), text.as_bytes()),
            GeneralName::Dns(text) => asn1::tlv(tag::context(2), text.as_bytes()),
            GeneralName::Directory(name) => asn1::explicit(4, &name.to_der()),
            GeneralName::Uri(text) => asn1::tlv(tag::context(6), text.as_bytes()),
            GeneralName::Ip(octets) => asn1::tlv(tag::context(7), octets),
            GeneralName::Unknown(der) => der.clone(),
        }
    }

    fn read(name: Tlv<'_>) -> Result<GeneralName, WireError> {
        const OTHER_NAME: u8 = tag::constructed(0);
        const RFC822_NAME: u8 = tag::context(1);
        const DNS_NAME: u8 = tag::context(2);
        const DIRECTORY_NAME: u8 = tag::constructed(4);
        const URI: u8 = tag::context(6);
        const IP_ADDRESS: u8 = tag::context(7);
        // IA5String by the standard; Windows writes what it has.
        let text = || {
            let text = core::str::from_utf8(name.content);
            text.map(String::from).map_err(|_| name.invalid("the name is not ASCII or UTF-8"))
        };
        Ok(match name.tag {
            OTHER_NAME => GeneralName::read_other(name.reader())?,
            RFC822_NAME => GeneralName::Rfc822(text()?),
            DNS_NAME => GeneralName::Dns(text()?),
            DIRECTORY_NAME => GeneralName::Directory(Name::read(name.reader().read()?)?),
            URI => GeneralName::Uri(text()?),
            IP_ADDRESS => GeneralName::Ip(name.content.to_vec()),
            _ => GeneralName::Unknown(name.raw.to_vec()),
        })
    }

    fn read_other(mut reader: Reader<'_>) -> Result<GeneralName, WireError> {
        let oid = reader.read()?.oid()?;
        let value = reader.expect(tag::constructed(0))?.reader().read()?;
        Ok(match oid.as_str() {
            oids::NT_PRINCIPAL_NAME => GeneralName::Upn(value.text()?),
            oids::NTDS_REPLICATION => {
                let octets = value.expect(tag::OCTET_STRING)?.content;
                let octets = octets.try_into().map_err(|_| value.invalid("a GUID has 16 octets"))?;
                GeneralName::DirectoryGuid(Guid(mixed_endian(octets)))
            }
            _ => GeneralName::Other { oid, value: value.raw.to_vec() },
        })
    }
}

/// Swaps between the order in which a GUID is printed and the order in which Windows stores it: the first three fields are
/// little endian there ([MS-DTYP] 2.3.4.2). Its own inverse.
pub(crate) fn mixed_endian(guid: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = guid;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternative_names_are_those_of_windows() {
        let check = |name: GeneralName, wire: &[u8]| {
            assert_eq!(name.to_der(), wire);
            assert_eq!(from_der(&to_der(core::slice::from_ref(&name))), Ok(alloc::vec![name]));
        };
        check(
            GeneralName::Upn("a@b".into()),
            b"\xA0\x13\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x14\x02\x03\xA0\x05\x0C\x03a@b",
        );
        check(
            GeneralName::DirectoryGuid("00112233-4455-6677-8899-aabbccddeeff".parse().unwrap()),
            b"\xA0\x1F\x06\x09\x2B\x06\x01\x04\x01\x82\x37\x19\x01\xA0\x12\x04\x10\
              \x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF",
        );
        check(GeneralName::Dns("dc1.corp".into()), b"\x82\x08dc1.corp");
        check(GeneralName::Rfc822("a@b".into()), b"\x81\x03a@b");
        check(GeneralName::Uri("urn:x".into()), b"\x86\x05urn:x");
        check(GeneralName::Ip(alloc::vec![127, 0, 0, 1]), b"\x87\x04\x7F\x00\x00\x01");
        check(
            GeneralName::Directory("CN=a".parse().unwrap()),
            b"\xA4\x0E\x30\x0C\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x13\x01a",
        );
        check(
            GeneralName::Other { oid: oids::known("1.2.3"), value: asn1::null() },
            b"\xA0\x08\x06\x02\x2A\x03\xA0\x02\x05\x00",
        );
        check(GeneralName::Unknown(b"\x88\x01\x2A".to_vec()), b"\x88\x01\x2A");
    }

    #[test]
    fn a_guid_of_another_length_is_refused() {
        let wire = b"\x30\x11\xA0\x0F\x06\x09\x2B\x06\x01\x04\x01\x82\x37\x19\x01\xA0\x02\x04\x00";
        assert!(from_der(wire).unwrap_err().to_string().contains("a GUID has 16 octets"));
    }

    use alloc::string::ToString;
}
