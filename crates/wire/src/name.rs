//! Distinguished names: as the directory writes them, and as certificates hold them.

use crate::{
    WireError,
    asn1::{self, Tlv, tag},
    oids, text,
};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{Oid, hex};
use core::fmt;

/// An X.501 name. The order is that of the certificate, root first: `DC=example` before `DC=corp` before `CN=Alice`;
/// the text form is that of the directory, leaf first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Relative names, root first.
    pub rdns: Vec<Rdn>,
}

/// A relative distinguished name; nearly always of one attribute.
pub type Rdn = Vec<NameAttribute>;

/// One attribute of a name. Its value is kept as DER, so that a name read from a certificate is written back unchanged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameAttribute {
    /// Type of the attribute.
    pub oid: Oid,
    /// DER of the value.
    pub value: Vec<u8>,
}

impl Name {
    /// Reads DER of a Name.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_der(der: &[u8]) -> Result<Name, WireError> {
        Name::read(asn1::single("name", der)?)
    }

    pub(crate) fn read(name: Tlv<'_>) -> Result<Name, WireError> {
        let mut rdns = Vec::new();
        for set in name.expect(tag::SEQUENCE)?.reader().all()? {
            let attributes = set.expect(tag::SET)?.reader().all()?;
            rdns.push(attributes.into_iter().map(NameAttribute::read).collect::<Result<_, _>>()?);
        }
        Ok(Name { rdns })
    }

    /// DER of the Name.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let rdns: Vec<_> = self
            .rdns
            .iter()
            .map(|rdn| {
                asn1::set_of(
                    rdn.iter()
                        .map(|attribute| asn1::sequence(&[&asn1::oid(&attribute.oid), &attribute.value]))
                        .collect(),
                )
            })
            .collect();
        asn1::sequence(&rdns)
    }

    /// Whether there is no name at all: the empty SEQUENCE that clients send when the CA shall fill the subject in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// Adds a relative name below the others.
    ///
    /// # Panics
    /// When `oid` is no object identifier in dotted form; those of [`oids`] are.
    #[must_use]
    pub fn with(mut self, oid: &'static str, value: &str) -> Name {
        self.rdns.push(alloc::vec![NameAttribute::new(oids::known(oid), value)]);
        self
    }

    /// Texts of every attribute of a type, root first; values that are no strings are left out.
    pub fn texts<'a>(&'a self, oid: &'a str) -> impl Iterator<Item = String> + 'a {
        self.rdns
            .iter()
            .flatten()
            .filter(move |attribute| attribute.oid.as_str() == oid)
            .filter_map(NameAttribute::text)
    }

    /// The common name nearest the leaf.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.texts(oids::COMMON_NAME).last()
    }
}

impl NameAttribute {
    /// An attribute whose string type is the one that a Windows CA chooses: IA5String for domain components and e-mail
    /// addresses, otherwise PrintableString where the text allows it and UTF8String where not. Text outside of ASCII,
    /// which IA5String cannot hold, becomes a UTF8String under any type.
    #[must_use]
    pub fn new(oid: Oid, value: &str) -> NameAttribute {
        let value = match oid.as_str() {
            oids::DOMAIN_COMPONENT | oids::EMAIL_ADDRESS if value.is_ascii() => asn1::ia5_string(value),
            oids::DOMAIN_COMPONENT | oids::EMAIL_ADDRESS => asn1::utf8_string(value),
            _ if text::is_printable(value) => asn1::printable_string(value),
            _ => asn1::utf8_string(value),
        };
        NameAttribute { oid, value }
    }

    fn read(attribute: Tlv<'_>) -> Result<NameAttribute, WireError> {
        let mut reader = attribute.expect(tag::SEQUENCE)?.reader();
        let oid = reader.read()?.oid()?;
        let value = reader.read()?.raw.to_vec();
        reader.finish()?;
        Ok(NameAttribute { oid, value })
    }

    /// The value as text; none when it is not a well-formed character string.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        asn1::single("name", &self.value).ok()?.text().ok()
    }
}

/// As the directory writes names: leaf first, `CN=Alice,OU=Staff,DC=corp,DC=example`, with the escapes of RFC 4514.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rdn) in self.rdns.iter().rev().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            for (index, attribute) in rdn.iter().enumerate() {
                if index > 0 {
                    f.write_str("+")?;
                }
                write!(f, "{attribute}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for NameAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match short_name(&self.oid) {
            Some(short) => write!(f, "{short}=")?,
            None => write!(f, "{}=", self.oid)?,
        }
        match self.text() {
            Some(text) => f.write_str(&escaped(&text)),
            None => write!(f, "#{}", hex::encode(&self.value)),
        }
    }
}

/// A value as it stands in a distinguished name (RFC 4514 2.4): `Doe, John` is `Doe\\, John`.
#[must_use]
pub fn escaped(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        match character {
            '\0'..='\x1F' => escaped.push_str(&format!("\\{:02X}", u32::from(character))),
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => escaped.extend(['\\', character]),
            '#' if index == 0 => escaped.extend(['\\', character]),
            ' ' if index == 0 || index == last => escaped.extend(['\\', character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Attribute types that have a short name, which is their name in [`oids::NAMES`].
const SHORT: [&str; 14] = [
    oids::COMMON_NAME,
    oids::SURNAME,
    oids::SERIAL_NUMBER,
    oids::COUNTRY,
    oids::LOCALITY,
    oids::STATE,
    oids::STREET,
    oids::ORGANIZATION,
    oids::ORGANIZATIONAL_UNIT,
    oids::TITLE,
    oids::GIVEN_NAME,
    oids::INITIALS,
    oids::EMAIL_ADDRESS,
    oids::DOMAIN_COMPONENT,
];

fn short_name(oid: &Oid) -> Option<&'static str> {
    SHORT.contains(&oid.as_str()).then(|| oids::name(oid)).flatten()
}

/// The type of a keyword of either case: a short name, `ST`, `EMAIL`, or a dotted form, with `OID.` before it or not.
fn attribute_type(keyword: &str) -> Option<Oid> {
    let upper = keyword.to_ascii_uppercase();
    let short = match upper.as_str() {
        "ST" => "S",
        "EMAIL" | "EMAILADDRESS" => "E",
        other => other,
    };
    let known = SHORT.iter().map(|dotted| oids::known(dotted)).find(|oid| short_name(oid) == Some(short));
    known.or_else(|| upper.strip_prefix("OID.").unwrap_or(&upper).parse().ok())
}

/// A text that is no distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    /// The relative name that could not be read, as it was written.
    pub found: String,
    /// What is wrong with it.
    pub rule: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in a distinguished name: {}", self.found, self.rule)
    }
}

impl core::error::Error for NameError {}

/// Reads a name as the directory writes it, leaf first (RFC 4514). Blanks around separators do not matter, a value may
/// be quoted, `;` separates as `,` does.
impl core::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        if text.trim().is_empty() {
            return Ok(Name::default());
        }
        let mut rdns: Vec<Rdn> = Vec::new();
        for relative in split(text, &[',', ';']) {
            rdns.push(split(relative, &['+']).into_iter().map(parse_attribute).collect::<Result<_, _>>()?);
        }
        rdns.reverse();
        Ok(Name { rdns })
    }
}

/// Splits at separators that are neither escaped nor quoted.
fn split<'a>(text: &'a str, separators: &[char]) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut escaped, mut quoted) = (false, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted && separators.contains(&character) => {
                parts.push(&text[start..index]);
                start = index + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse_attribute(text: &str) -> Result<NameAttribute, NameError> {
    let error = |rule| NameError { found: text.trim().into(), rule };
    let (keyword, value) = text.split_once('=').ok_or_else(|| error("write it as TYPE=value"))?;
    let oid = attribute_type(keyword.trim())
        .ok_or_else(|| error("unknown attribute type; write CN, OU, DC, O, C, E, ... or a dotted identifier"))?;
    let value = trim_blanks(value);
    if let Some(digits) = value.strip_prefix('#') {
        let value = hex::decode(digits).filter(|der| asn1::single("name", der).is_ok());
        return Ok(NameAttribute { oid, value: value.ok_or_else(|| error("after # comes a DER value in hex"))? });
    }
    let value =
        unescape(value).ok_or_else(|| error("a backslash comes before a special character or two hex digits"))?;
    Ok(NameAttribute::new(oid, &value))
}

/// Takes spaces away on both sides, but for one that is escaped at the end.
fn trim_blanks(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let end = value.trim_end_matches(' ');
    let backslashes = end.len() - end.trim_end_matches('\\').len();
    if backslashes % 2 == 1 { value.get(..=end.len()).unwrap_or(end) } else { end }
}

fn unescape(value: &str) -> Option<String> {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let mut octets = Vec::new();
    let mut rest = quoted.unwrap_or(value).bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'\\' => {
                let first = rest.next()?;
                if first.is_ascii_hexdigit() {
                    let second = rest.next()?;
                    octets.extend(hex::decode(core::str::from_utf8(&[first, second]).ok()?)?);
                } else {
                    octets.push(first);
                }
            }
            b'"' if quoted.is_none() => return None,
            _ => octets.push(octet),
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests;
