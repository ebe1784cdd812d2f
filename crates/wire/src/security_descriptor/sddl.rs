//! SDDL as programs print it ([MS-DTYP] 2.5.1).

use super::LETTERS;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use autoenroll_model::{Ace, AceEffect, SecurityDescriptor, Sid};
use core::fmt;

/// A part of SDDL that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SddlError {
    /// The part.
    pub found: String,
    /// What it should be, in words that follow "expected".
    pub expected: &'static str,
}

impl fmt::Display for SddlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: expected {}", self.found, self.expected)
    }
}

impl core::error::Error for SddlError {}

/// Reads SDDL: owner and discretionary list. Group, auditing and how children inherit are read over, as in
/// [`super::from_bytes`]. Aliases such as `DA` are accounts of a domain, whose identifier is `domain`, or that of the
/// first account of a domain in the text. Entries that cannot be read are left out and reported. None when the text has
/// neither owner nor list.
#[must_use]
pub fn from_sddl(text: &str, domain: Option<&str>) -> (Option<SecurityDescriptor>, Vec<SddlError>) {
    let domain = domain.or_else(|| domain_in(text));
    let mut errors = Vec::new();
    let mut descriptor = None;
    let (mut rest, mut group) = (text.trim(), false);
    while let Some((section, content, after)) = section(rest) {
        rest = after;
        let read = |descriptor: &mut Option<SecurityDescriptor>| {
            descriptor.get_or_insert(SecurityDescriptor { owner: None, dacl: None }).clone()
        };
        match section {
            'O' => {
                let owner = trustee(content, domain);
                if owner.is_none() {
                    errors.push(error(content, TRUSTEE));
                }
                descriptor = Some(SecurityDescriptor { owner, ..read(&mut descriptor) });
            }
            'D' => {
                let dacl = list(content, domain, &mut errors);
                descriptor = Some(SecurityDescriptor { dacl, ..read(&mut descriptor) });
            }
            _ => group = true,
        }
    }
    if descriptor.is_none() && !group {
        errors.push(error(text, "a security descriptor such as O:BAD:(A;;GA;;;BA)"));
    }
    (descriptor, errors)
}

const TRUSTEE: &str = "a SID, or an alias of [MS-DTYP] 2.5.1.1 whose domain is known";

fn error(found: &str, expected: &'static str) -> SddlError {
    SddlError { found: found.to_string(), expected }
}

/// The first section: its letter, its content, and what follows it. A letter before a colon begins a section, unless it
/// stands in an entry.
fn section(text: &str) -> Option<(char, &str, &str)> {
    let mut depth = 0_u32;
    let mut starts = Vec::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        match (c, before) {
            ('(', _) => depth += 1,
            (')', _) => depth = depth.saturating_sub(1),
            (':', Some((start, letter @ ('O' | 'G' | 'D' | 'S')))) if depth == 0 => {
                starts.push((start, letter, at + 1))
            }
            _ => {}
        }
        if starts.len() == 2 {
            break;
        }
        before = Some((at, c));
    }
    let (_, letter, from) = *starts.first()?;
    let end = starts.get(1).map_or(text.len(), |(start, ..)| *start);
    Some((letter, text.get(from..end)?.trim(), text.get(end..)?))
}

/// The entries of a list; none for a list that grants everything.
fn list(content: &str, domain: Option<&str>, errors: &mut Vec<SddlError>) -> Option<Vec<Ace>> {
    if content.starts_with("NO_ACCESS_CONTROL") {
        return None;
    }
    let mut entries = Vec::new();
    let mut rest = content;
    while let Some(start) = rest.find('(') {
        let inner = &rest[start + 1..];
        let end = closing(inner);
        match entry(&inner[..end], domain) {
            Ok(Some(ace)) => entries.push(ace),
            Ok(None) => {}
            Err(expected) => errors.push(error(&format!("({})", &inner[..end]), expected)),
        }
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    Some(entries)
}

/// Where the parenthesis that is open closes; conditions have more of them.
fn closing(text: &str) -> usize {
    let mut depth = 1_u32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// An entry; none for a type that neither allows nor denies access.
fn entry(text: &str, domain: Option<&str>) -> Result<Option<Ace>, &'static str> {
    let fields: Vec<&str> = text.splitn(7, ';').map(str::trim).collect();
    let [kind, flags, mask, object, _, who, ..] = fields.as_slice() else {
        return Err("type;flags;rights;object;inherited object;trustee");
    };
    let (effect, conditional) = match *kind {
        "A" | "OA" => (AceEffect::Allow, false),
        "D" | "OD" => (AceEffect::Deny, false),
        "XA" | "ZA" => (AceEffect::Allow, true),
        "XD" | "ZD" => (AceEffect::Deny, true),
        "AU" | "OU" | "AL" | "OL" | "XU" | "ML" | "RA" | "SP" | "TL" | "FL" => return Ok(None),
        _ => return Err("a type of entry of [MS-DTYP] 2.5.1.1"),
    };
    let object = match *object {
        "" => None,
        text => Some(text.parse().map_err(|_| "a GUID")?),
    };
    let (pairs, _) = flags.as_bytes().as_chunks::<2>();
    Ok(Some(Ace {
        effect,
        mask: mask_of(mask).ok_or("rights of [MS-DTYP] 2.5.1.1")?,
        object,
        trustee: trustee(who, domain).ok_or(TRUSTEE)?,
        inherited: pairs.contains(b"ID"),
        inherit_only: pairs.contains(b"IO"),
        conditional,
    }))
}

fn mask_of(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bit = |pair: &[u8; 2]| match pair {
        // Rights of files, which stand for several each.
        b"FA" => Some(0x001F_01FF),
        b"FR" => Some(0x0012_0089),
        b"FW" => Some(0x0012_0116),
        b"FX" => Some(0x0012_00A0),
        _ => LETTERS.iter().find(|(_, letters)| letters.as_bytes() == pair).map(|(bit, _)| *bit),
    };
    let mask = pairs.iter().try_fold(0, |mask, pair| Some(mask | bit(pair)?))?;
    rest.is_empty().then_some(mask)
}

fn trustee(text: &str, domain: Option<&str>) -> Option<Sid> {
    if text.starts_with("S-") {
        return text.parse().ok();
    }
    if let Some((_, sid)) = ALIASES.iter().find(|(alias, _)| *alias == text) {
        return sid.parse().ok();
    }
    let (_, relative) = OF_THE_DOMAIN.iter().find(|(alias, _)| *alias == text)?;
    format!("{}-{relative}", domain?).parse().ok()
}

/// The domain of the first account of one.
fn domain_in(text: &str) -> Option<&str> {
    let found = text.match_indices("S-1-5-21-").filter_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !matches!(c, 'S' | '-' | '0'..='9')).unwrap_or(rest.len());
        let (domain, _) = rest[..end].rsplit_once('-')?;
        (domain.split('-').count() == 7).then_some(domain)
    });
    found.into_iter().next()
}

/// Aliases of identifiers that are the same everywhere.
const ALIASES: &[(&str, &str)] = &[
    ("WD", "S-1-1-0"),
    ("CO", "S-1-3-0"),
    ("CG", "S-1-3-1"),
    ("OW", "S-1-3-4"),
    ("NU", "S-1-5-2"),
    ("IU", "S-1-5-4"),
    ("SU", "S-1-5-6"),
    ("AN", "S-1-5-7"),
    ("ED", "S-1-5-9"),
    ("PS", "S-1-5-10"),
    ("AU", "S-1-5-11"),
    ("RC", "S-1-5-12"),
    ("SY", "S-1-5-18"),
    ("LS", "S-1-5-19"),
    ("NS", "S-1-5-20"),
    ("BA", "S-1-5-32-544"),
    ("BU", "S-1-5-32-545"),
    ("BG", "S-1-5-32-546"),
    ("PU", "S-1-5-32-547"),
    ("AO", "S-1-5-32-548"),
    ("SO", "S-1-5-32-549"),
    ("PO", "S-1-5-32-550"),
    ("BO", "S-1-5-32-551"),
    ("RE", "S-1-5-32-552"),
    ("RU", "S-1-5-32-554"),
    ("RD", "S-1-5-32-555"),
    ("NO", "S-1-5-32-556"),
    ("IS", "S-1-5-32-568"),
    ("CD", "S-1-5-32-574"),
];

/// Relative identifiers of accounts of the domain; those of the forest's first domain (EA, SA, RO) are in the only one.
const OF_THE_DOMAIN: &[(&str, u32)] = &[
    ("RO", 498),
    ("LA", 500),
    ("LG", 501),
    ("DA", 512),
    ("DU", 513),
    ("DG", 514),
    ("DC", 515),
    ("DD", 516),
    ("CA", 517),
    ("SA", 518),
    ("EA", 519),
    ("PA", 520),
    ("CN", 522),
    ("AP", 525),
    ("KA", 526),
    ("EK", 527),
    ("RS", 553),
];

#[cfg(test)]
mod tests {
    use super::super::{from_bytes, to_bytes, to_sddl};
    use super::*;
    use autoenroll_model::rights;

    /// As certutil prints the list of a default template.
    const PRINTED: &str = "O:LAG:S-1-5-21-11-22-33-519D:PAI(OA;;RPWPCR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;DA)\
        (A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;S-1-5-21-11-22-33-519)(D;IDIO;0x100;;;AU)(AU;;FA;;;WD)S:AI(AU;SA;CR;;;WD)";

    #[test]
    fn what_certutil_prints_is_read() {
        let (read, errors) = from_sddl(PRINTED, None);
        assert_eq!(errors, []);
        let read = read.expect("it has both");
        assert_eq!(
            to_sddl(&read),
            "O:S-1-5-21-11-22-33-500D:(OA;;RPWPCR;0e10c968-78fb-11d2-90d4-00c04f79dc55;;S-1-5-21-11-22-33-512)\
             (A;;CCDCLCSWRPWPDTLOSDRCWDWO;;;S-1-5-21-11-22-33-519)(D;IOID;CR;;;AU)"
        );
        assert_eq!(from_sddl(&to_sddl(&read), None), (Some(read.clone()), Vec::new()));
        assert_eq!(from_bytes(&to_bytes(&read)), Ok(read));
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_told() {
        let check = |text: &str, entries: Option<usize>, expected: &[&str]| {
            let (read, errors) = from_sddl(text, None);
            let found: Vec<&str> = errors.iter().map(|error| error.found.as_str()).collect();
            assert_eq!(found, expected, "{text}");
            assert_eq!(read.and_then(|read| read.dacl).map(|list| list.len()), entries, "{text}");
        };
        check("D:", Some(0), &[]);
        check("D:NO_ACCESS_CONTROL", None, &[]);
        check("O:BA", None, &[]);
        check("D:(A;;CR;;;DA)(A;;CR;;;AU)", Some(1), &["(A;;CR;;;DA)"]);
        check(
            "D:(A;;CRX;;;AU)(A;;ZZ;;;AU)(Q;;CR;;;AU)(A;;CR)",
            Some(0),
            &["(A;;CRX;;;AU)", "(A;;ZZ;;;AU)", "(Q;;CR;;;AU)", "(A;;CR)"],
        );
        check("D:(XA;;CR;;;AU;(Member_of {SID(BA)}))(A;;CR;;;AU", Some(2), &[]);
        check("Authenticated Users", None, &["Authenticated Users"]);
        check("O:XYD:(A;;CR;x;;AU)", Some(0), &["XY", "(A;;CR;x;;AU)"]);
    }

    #[test]
    fn generic_rights_are_kept() {
        let (read, _) = from_sddl("D:(A;;GA;;;BA)", None);
        assert_eq!(read.and_then(|read| read.dacl).map(|list| list[0].mask), Some(rights::GENERIC_ALL));
    }
}
