//! LDIF (RFC 2849): records of a directory, as `ldapsearch` prints them and `ldifde` exports them.
//!
//! Values from URLs are refused, not fetched. Reading does not stop at the first error: it gives back every record that
//! could be read, and what was wrong with the others.

use crate::text;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

mod base64;

pub use base64::{decode as from_base64, encode as to_base64};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ldif {
    /// Records, in their order.
    pub records: Vec<Record>,
    /// Lines that could not be read; what else the record says is there.
    pub errors: Vec<LdifError>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number of its first line, counted from 1.
    pub line: usize,
    /// Distinguished name, as it is written.
    pub dn: String,
    /// What it says of the object.
    pub change: Change,
}

/// What a record says of its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The object has these attributes: a record of content, or `changetype: add`.
    Add(Entry),
    /// `changetype: modify`, step by step.
    Modify(Vec<Modification>),
    /// `changetype: delete`.
    Delete,
    /// `changetype: modrdn` or `moddn`, with its lines as attributes.
    Rename(Entry),
}

/// One step of a modification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modification {
    /// What happens to the values.
    pub kind: ModificationKind,
    /// Of which attribute.
    pub attribute: String,
    /// Those to add or delete, or all that the attribute has afterwards; octets, base64 decoded.
    pub values: Vec<Vec<u8>>,
}

/// What a modification does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModificationKind {
    /// Adds values.
    Add,
    /// Deletes these values, or all when there are none.
    Delete,
    /// Puts these values in place of all.
    Replace,
}

/// The attributes of one object, in their order. Names are compared without regard to case, and options (`;binary`) do
/// not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry(pub Vec<(String, Vec<u8>)>);

impl Entry {
    /// Every value of an attribute.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(found, _): &&(String, Vec<u8>)| {
            found.split(';').next().is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        self.0.iter().filter(named).map(|(_, value)| value.as_slice())
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// Every value of an attribute that is text; others are left out.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(|value| core::str::from_utf8(value).ok())
    }

    /// The first value of an attribute that is text.
    #[must_use]
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.texts(name).next()
    }

    /// Whether the object is of a class, e.g. `pKICertificateTemplate`.
    #[must_use]
    pub fn is_a(&self, class: &str) -> bool {
        self.texts("objectClass").any(|found| found.eq_ignore_ascii_case(class))
    }

    /// Adds a value.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push((name.to_string(), value.into()));
    }

    /// The entry as a record of content, folded to 76 characters, with a blank line behind it.
    #[must_use]
    pub fn to_ldif(&self, dn: &str) -> String {
        let lines = core::iter::once(("dn", dn.as_bytes()))
            .chain(self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        let mut ldif = String::new();
        for (name, value) in lines {
            let line = match core::str::from_utf8(value) {
                Ok(text) if is_safe(text) => format!("{name}: {text}"),
                _ => format!("{name}:: {}", base64::encode(value)),
            };
            fold(&mut ldif, &line);
        }
        ldif.push('\n');
        ldif
    }
}

/// RFC 2849, SAFE-STRING, and no blank at the end.
fn is_safe(value: &str) -> bool {
    value.bytes().all(|octet| octet.is_ascii() && !matches!(octet, 0 | b'\n' | b'\r'))
        && !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ')
}

fn fold(ldif: &mut String, line: &str) {
    let mut rest = line;
    let mut width = 76;
    loop {
        let (now, later) = rest.split_at(rest.floor_char_boundary(width));
        ldif.push_str(now);
        ldif.push('\n');
        if later.is_empty() {
            return;
        }
        ldif.push(' ');
        (rest, width) = (later, 75);
    }
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdifError {
    /// Its number, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LdifProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LdifProblem {
    /// A record does not begin with `dn:`.
    NoName,
    /// There is no colon.
    NoColon,
    /// The value is not base64.
    NotBase64,
    /// The value is at a URL.
    Url,
    /// A name that is not UTF-8.
    NameNotText,
    /// A changetype that RFC 2849 does not know.
    UnknownChange(String),
    /// A step of a modification that is none of add, delete, replace.
    UnknownModification(String),
    /// A line in a step of a modification that names another attribute than the step.
    OtherAttribute(String),
}

impl fmt::Display for LdifError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            LdifProblem::NoName => f.write_str("a record begins with `dn:`"),
            LdifProblem::NoColon => f.write_str("write it as `attribute: value`"),
            LdifProblem::NotBase64 => f.write_str("after `::` comes base64"),
            LdifProblem::Url => f.write_str("values from URLs are not fetched; write the value in base64 after `::`"),
            LdifProblem::NameNotText => f.write_str("a distinguished name is UTF-8"),
            LdifProblem::UnknownChange(found) => {
                write!(f, "unknown changetype `{found}`; expected add, modify, delete, modrdn or moddn")
            }
            LdifProblem::UnknownModification(found) => {
                write!(f, "unknown modification `{found}`; expected add, delete or replace")
            }
            LdifProblem::OtherAttribute(found) => {
                write!(f, "`{found}` is not the attribute of this modification; end it with a line `-`")
            }
        }
    }
}

impl core::error::Error for LdifError {}

/// Reads a file, in UTF-8, in UTF-16 with or without a byte order mark, or otherwise in Latin-1.
#[must_use]
pub fn parse(bytes: &[u8]) -> Ldif {
    let text = decode(bytes);
    let mut ldif = Ldif::default();
    let mut record = Vec::new();
    for line in logical_lines(&text).into_iter().chain([Line { number: 0, text: String::new() }]) {
        if !line.text.is_empty() {
            record.push(line);
        } else if !record.is_empty() {
            read_record(&mut ldif, &record);
            record.clear();
        }
    }
    ldif
}

fn decode(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], order| text::utf16(bytes, order);
    let decoded = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => core::str::from_utf8(rest).ok().map(String::from),
        [_, 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => utf16(bytes, u16::from_be_bytes),
        _ => core::str::from_utf8(bytes).ok().map(String::from),
    };
    decoded.unwrap_or_else(|| text::latin_1(bytes))
}

/// A line with its continuations.
struct Line {
    number: usize,
    text: String,
}

/// Lines with their continuations, without comments; an empty one ends a record.
fn logical_lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, physical) in text.split('\n').enumerate() {
        let physical = physical.strip_suffix('\r').unwrap_or(physical);
        match (physical.strip_prefix(' '), lines.last_mut()) {
            (Some(continuation), Some(last)) if !last.text.is_empty() => last.text.push_str(continuation),
            _ => lines.push(Line { number: index + 1, text: physical.to_string() }),
        }
    }
    lines.retain(|line| !line.text.starts_with('#'));
    lines
}

/// What may stand where no record is: the version of the file, and what `ldapsearch` adds behind the last one.
const NO_RECORD: [&str; 8] =
    ["version", "search", "result", "text", "matcheddn", "ref", "control", "pagedresultscookie"];

fn read_record(ldif: &mut Ldif, lines: &[Line]) {
    let (mut attributes, mut separators) = (Vec::new(), Vec::new());
    for line in lines {
        if line.text == "-" {
            separators.push(attributes.len());
            continue;
        }
        match read_line(line) {
            Ok((name, value)) => attributes.push((line.number, name, value)),
            Err(problem) => ldif.errors.push(LdifError { line: line.number, problem }),
        }
    }
    let preamble = |(_, name, _): &(usize, String, Vec<u8>)| NO_RECORD.contains(&name.to_ascii_lowercase().as_str());
    let skipped = attributes.iter().take_while(|line| preamble(line)).count();
    let Some((line, name, dn)) = attributes.get(skipped).cloned() else { return };
    let mut error = |line, problem| ldif.errors.push(LdifError { line, problem });
    if !name.eq_ignore_ascii_case("dn") {
        return error(line, LdifProblem::NoName);
    }
    let Ok(dn) = String::from_utf8(dn) else { return error(line, LdifProblem::NameNotText) };
    let body = &attributes[skipped + 1..];
    let (change, body) = match body {
        [(line, name, value), rest @ ..] if name.eq_ignore_ascii_case("changetype") => {
            let kind = String::from_utf8_lossy(value).to_ascii_lowercase();
            (Some((*line, kind)), rest)
        }
        _ => (None, body),
    };
    let entry = || Entry(body.iter().map(|(_, name, value)| (name.clone(), value.clone())).collect());
    let change = match change.as_ref().map(|(line, kind)| (*line, kind.as_str())) {
        None | Some((_, "add")) => Change::Add(entry()),
        Some((_, "delete")) => Change::Delete,
        Some((_, "modrdn" | "moddn")) => Change::Rename(entry()),
        Some((_, "modify")) => {
            let body_start = attributes.len() - body.len();
            let ends: Vec<_> = separators.iter().map(|end| end.saturating_sub(body_start)).collect();
            Change::Modify(read_modifications(body, &ends, &mut ldif.errors))
        }
        Some((line, other)) => return error(line, LdifProblem::UnknownChange(other.to_string())),
    };
    ldif.records.push(Record { line, dn, change });
}

/// Splits the lines at `ends`, the places of the lines `-`; a file may leave the last one out.
fn read_modifications(
    lines: &[(usize, String, Vec<u8>)],
    ends: &[usize],
    errors: &mut Vec<LdifError>,
) -> Vec<Modification> {
    let mut modifications = Vec::new();
    let mut start = 0;
    for end in ends.iter().copied().chain([lines.len()]) {
        let step = lines.get(start..end).unwrap_or_default();
        start = end;
        let [(line, kind, attribute), values @ ..] = step else { continue };
        let kind = match kind.to_ascii_lowercase().as_str() {
            "add" => ModificationKind::Add,
            "delete" => ModificationKind::Delete,
            "replace" => ModificationKind::Replace,
            _ => {
                errors.push(LdifError { line: *line, problem: LdifProblem::UnknownModification(kind.clone()) });
                continue;
            }
        };
        let attribute = String::from_utf8_lossy(attribute).into_owned();
        let mut modification = Modification { kind, attribute, values: Vec::new() };
        for (line, name, value) in values {
            if name.eq_ignore_ascii_case(&modification.attribute) {
                modification.values.push(value.clone());
            } else {
                errors.push(LdifError { line: *line, problem: LdifProblem::OtherAttribute(name.clone()) });
            }
        }
        modifications.push(modification);
    }
    modifications
}

fn read_line(line: &Line) -> Result<(String, Vec<u8>), LdifProblem> {
    let (name, value) = line.text.split_once(':').ok_or(LdifProblem::NoColon)?;
    let value = if let Some(encoded) = value.strip_prefix(':') {
        base64::decode(encoded.trim_matches(' ')).ok_or(LdifProblem::NotBase64)?
    } else if value.starts_with('<') {
        return Err(LdifProblem::Url);
    } else {
        value.trim_start_matches(' ').as_bytes().to_vec()
    };
    Ok((name.trim_matches(' ').to_string(), value))
}

#[cfg(test)]
mod tests;
