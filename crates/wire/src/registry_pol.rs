//! Registry.pol: the registry settings of one half of a Group Policy object ([MS-GPREG] 2.2.1).

use crate::{Problem, WireError, text};
use alloc::string::String;
use alloc::vec::Vec;

const WHAT: &str = "Registry.pol";
/// The most settings of one file. All policies of a large organisation are a hundredth of it.
pub const MAX_SETTINGS: usize = 100_000;
/// The longest key or name of a value, in units of UTF-16: that of a value in a registry (Microsoft Learn, registry
/// element size limits).
pub const MAX_NAME: usize = 16_383;
/// `PReg`, and version 1.
const HEADER: &[u8] = b"PReg\x01\x00\x00\x00";

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Key below HKEY_LOCAL_MACHINE or HKEY_CURRENT_USER.
    pub key: String,
    /// Name of the value. Names that begin with `**` are orders, such as `**Del.Name`, which deletes a value (Microsoft
    /// Learn, registry policy file format).
    pub value: String,
    /// Type and data.
    pub data: Data,
}

/// Type and data of a registry value ([MS-GPREG] 2.2.1, [MS-RRP] 3.1.1.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// REG_SZ, 1.
    Text(String),
    /// REG_DWORD, 4.
    Dword(u32),
    /// Any other type, or data that are not well-formed in theirs.
    Other {
        /// Number of the type.
        kind: u32,
        /// The data as the file has them.
        octets: Vec<u8>,
    },
}

const REG_SZ: u32 = 1;
const REG_DWORD: u32 = 4;

/// Reads a whole file.
///
/// # Errors
/// When the header is another one, an entry is not `[key;value;type;size;data]`, or there are more than
/// [`MAX_SETTINGS`].
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Setting>, WireError> {
    let mut rest = Rest { bytes, offset: 0 };
    if rest.take(HEADER.len())? != HEADER {
        return Err(WireError {
            what: WHAT,
            offset: 0,
            problem: Problem::Value("the file begins with PReg, version 1"),
        });
    }
    let mut settings = Vec::new();
    while !rest.bytes.is_empty() {
        if settings.len() == MAX_SETTINGS {
            let problem = Problem::Value("a file has 100,000 settings at most");
            return Err(WireError { what: WHAT, offset: rest.offset, problem });
        }
        rest.character(b'[')?;
        let key = rest.text()?;
        rest.character(b';')?;
        let value = rest.text()?;
        rest.character(b';')?;
        let kind = rest.number()?;
        rest.character(b';')?;
        let size = rest.number()?;
        rest.character(b';')?;
        let octets = rest.take(size as usize)?;
        rest.character(b']')?;
        settings.push(Setting { key, value, data: Data::read(kind, octets) });
    }
    Ok(settings)
}

/// Writes a whole file.
#[must_use]
pub fn to_bytes(settings: &[Setting]) -> Vec<u8> {
    let mut bytes = HEADER.to_vec();
    for setting in settings {
        let (kind, data) = setting.data.write();
        bytes.extend(b"[\0");
        bytes.extend(terminated(&setting.key));
        bytes.extend(b";\0");
        bytes.extend(terminated(&setting.value));
        for number in [kind, data.len() as u32] {
            bytes.extend(b";\0");
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b";\0");
        bytes.extend(data);
        bytes.extend(b"]\0");
    }
    bytes
}

impl Data {
    fn read(kind: u32, octets: &[u8]) -> Data {
        let data = match (kind, octets) {
            (REG_DWORD, [a, b, c, d]) => Some(Data::Dword(u32::from_le_bytes([*a, *b, *c, *d]))),
            (REG_SZ, _) => text::utf16(octets, u16::from_le_bytes)
                .and_then(|text| text.strip_suffix('\0').map(String::from))
                .map(Data::Text),
            _ => None,
        };
        data.unwrap_or_else(|| Data::Other { kind, octets: octets.to_vec() })
    }

    fn write(&self) -> (u32, Vec<u8>) {
        match self {
            Data::Text(text) => (REG_SZ, terminated(text)),
            Data::Dword(number) => (REG_DWORD, number.to_le_bytes().to_vec()),
            Data::Other { kind, octets } => (*kind, octets.clone()),
        }
    }
}

/// UTF-16, little endian, with a terminating zero.
fn terminated(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

struct Rest<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(WireError {
            what: WHAT,
            offset: self.offset + self.bytes.len(),
            problem: Problem::End,
        })?;
        self.bytes = rest;
        self.offset += length;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, WireError> {
        let octets = self.take(4)?;
        Ok(octets.iter().rev().fold(0, |number, octet| (number << 8) | u32::from(*octet)))
    }

    fn character(&mut self, expected: u8) -> Result<(), WireError> {
        let offset = self.offset;
        if self.take(2)? == [expected, 0] {
            return Ok(());
        }
        let rule = "an entry is [key;value;type;size;data] in UTF-16, with a zero behind key and value";
        Err(WireError { what: WHAT, offset, problem: Problem::Value(rule) })
    }

    fn text(&mut self) -> Result<String, WireError> {
        let length = self.bytes.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]);
        let offset = self.offset;
        if length.is_some_and(|length| length > MAX_NAME) {
            let problem = Problem::Value("a name has 16,383 characters at most");
            return Err(WireError { what: WHAT, offset, problem });
        }
        let octets = self.take(2 * length.unwrap_or(self.bytes.len()))?;
        self.take(2)?;
        let rule = "a name is UTF-16 with a zero behind it";
        text::utf16(octets, u16::from_le_bytes).ok_or(WireError { what: WHAT, offset, problem: Problem::Value(rule) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use proptest::prelude::*;

    const KEY: &str = "Software\\Policies\\Microsoft\\Cryptography\\AutoEnrollment";

    fn policy() -> Setting {
        Setting { key: KEY.into(), value: "AEPolicy".into(), data: Data::Dword(7) }
    }

    #[test]
    fn an_entry_has_the_form_of_the_specification() {
        let short = Setting { key: "K".into(), value: "V".into(), data: Data::Dword(7) };
        let bytes = to_bytes(core::slice::from_ref(&short));
        assert_eq!(bytes, b"PReg\x01\0\0\0[\0K\0\0\0;\0V\0\0\0;\0\x04\0\0\0;\0\x04\0\0\0;\0\x07\0\0\0]\0");
        assert_eq!(from_bytes(&bytes), Ok(vec![short]));
        assert_eq!(from_bytes(HEADER), Ok(vec![]));
    }

    #[test]
    fn data_that_are_not_of_their_type_are_kept() {
        let odd = [
            Data::Text("LDAP:".into()),
            Data::Text(String::new()),
            Data::Other { kind: REG_SZ, octets: vec![] },
            Data::Other { kind: REG_SZ, octets: b"x\0".to_vec() },
            Data::Other { kind: REG_DWORD, octets: vec![1] },
            Data::Other { kind: 3, octets: b"]\0[\0;\0".to_vec() },
        ];
        let settings: Vec<_> = odd.into_iter().map(|data| Setting { data, ..policy() }).collect();
        assert_eq!(from_bytes(&to_bytes(&settings)), Ok(settings));
    }

    #[test]
    fn other_files_are_refused_with_the_place() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(from_bytes(bytes).unwrap_err().to_string(), expected);
        check(b"", "Registry.pol at octet 0: ends too early");
        check(b"PReg\x02\0\0\0", "Registry.pol at octet 0: the file begins with PReg, version 1");
        check(
            b"PReg\x01\0\0\0x\0",
            "Registry.pol at octet 8: an entry is [key;value;type;size;data] in UTF-16, with a zero behind key and value",
        );
        check(b"PReg\x01\0\0\0[\0K\0", "Registry.pol at octet 12: ends too early");
        check(b"PReg\x01\0\0\0[\0\0\xD8\0\0", "Registry.pol at octet 10: a name is UTF-16 with a zero behind it");
        let many = vec![Setting { key: String::new(), value: String::new(), data: Data::Dword(0) }; MAX_SETTINGS + 1];
        let bytes = to_bytes(&many);
        assert_eq!(from_bytes(&to_bytes(&many[1..])).unwrap().len(), MAX_SETTINGS);
        let last = 8 + 28 * MAX_SETTINGS;
        check(&bytes, &alloc::format!("Registry.pol at octet {last}: a file has 100,000 settings at most"));
        let long = |length| to_bytes(&[Setting { value: "x".repeat(length), ..policy() }]);
        assert_eq!(from_bytes(&long(MAX_NAME)).unwrap()[0].value.len(), MAX_NAME);
        check(&long(MAX_NAME + 1), "Registry.pol at octet 124: a name has 16,383 characters at most");
        let bytes = to_bytes(&[policy()]);
        let end = bytes.len();
        check(&bytes[..end - 1], &alloc::format!("Registry.pol at octet {}: ends too early", end - 1));
    }

    proptest! {
        #[test]
        fn settings_read_back(key in "[^\0]*", value in "[^\0]*", number: u32, octets: Vec<u8>) {
            let settings = vec![
                Setting { key: key.clone(), value: value.clone(), data: Data::Dword(number) },
                Setting { key, value: String::new(), data: Data::Text(value) },
                Setting { data: Data::Other { kind: 7, octets }, ..policy() },
            ];
            prop_assert_eq!(from_bytes(&to_bytes(&settings)), Ok(settings));
        }

        #[test]
        fn damaged_files_never_panic(position: usize, octet: u8) {
            let mut bytes = to_bytes(&[policy()]);
            let position = position % bytes.len();
            bytes[position] = octet;
            let _ = from_bytes(&bytes);
        }
    }
}
