//! Distinguished names (RFC 4514), as far as comparing them needs.

/// A name in a form in which equal names are equal: types and values in lower case, escapes resolved, blanks around
/// separators gone; `None` when it is none.
pub(super) fn normal(name: &str) -> Option<String> {
    let mut normal = String::with_capacity(name.len());
    for (at, part) in split(name)?.into_iter().enumerate() {
        let (kind, value) = part.split_once('=')?;
        let kind = kind.trim();
        let is_type = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if kind.is_empty() || !kind.chars().all(is_type) {
            return None;
        }
        if at > 0 {
            normal.push(',');
        }
        normal.push_str(&kind.to_ascii_lowercase());
        normal.push('=');
        normal.push_str(&value_of(value)?);
    }
    Some(normal)
}

/// The name above a name that is in normal form.
pub(super) fn above(normal: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in normal.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => return Some(&normal[at + 1..]),
            _ => {}
        }
    }
    None
}

/// A value as it stands in a name: what separates is escaped.
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        let first_or_last = at == 0 || at + c.len_utf8() == value.len();
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
            || (c == ' ' && first_or_last)
            || (c == '#' && at == 0)
        {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The parts between commas that are not escaped.
fn split(name: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    if name.trim().is_empty() {
        return Some(parts);
    }
    let (mut begin, mut escaped) = (0, false);
    for (at, c) in name.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | ';' => {
                parts.push(&name[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&name[begin..]);
    (!escaped).then_some(parts)
}

/// A value in lower case, with one way of escaping.
fn value_of(written: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(written.len());
    let mut rest = written.trim_start().as_bytes();
    // A blank at the end counts only when it is escaped.
    let mut solid = 0;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'\\' {
            octets.push(octet);
            solid = if octet == b' ' { solid } else { octets.len() };
            continue;
        }
        let hex = rest.first_chunk::<2>().and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match hex {
            Some(octet) => {
                octets.push(octet);
                rest = &rest[2..];
            }
            None => {
                let (&octet, behind) = rest.split_first()?;
                octets.push(octet);
                rest = behind;
            }
        }
        solid = octets.len();
    }
    octets.truncate(solid);
    let text = String::from_utf8(octets).ok()?;
    Some(escape(&text.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_what_they_say() {
        let check = |name: &str, expected: Option<&str>| assert_eq!(normal(name).as_deref(), expected, "{name}");
        check("", Some(""));
        check("CN=Alice, CN=Users,DC=Contoso , dc=TEST", Some("cn=alice,cn=users,dc=contoso,dc=test"));
        check("cn=Smith\\, John,dc=a", Some("cn=smith\\, john,dc=a"));
        check("cn=Smith\\2C John,dc=a", Some("cn=smith\\, john,dc=a"));
        check("cn=Gr\\c3\\bcn", Some("cn=grün"));
        check("cn=a=b", Some("cn=a\\=b"));
        check("cn", None);
        check("cn=a,,dc=b", None);
        check("=a", None);
        check("cn=a\\", None);
        check("cn=\\ff", None);
        assert_eq!(above("cn=smith\\, john,dc=a"), Some("dc=a"));
        assert_eq!(above("dc=a"), None);
    }
}
