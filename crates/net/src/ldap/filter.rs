//! Filters (RFC 4511 4.5.1.7) with the matching rules of [MS-ADTS] 3.1.1.3.4.4.
//!
//! A term about an attribute that the schema does not know, or with a value that the attribute cannot have, is neither
//! true nor false, and stays so under `!`.

use std::collections::BTreeSet;

use autoenroll_model::Sid;
use autoenroll_wire::sid;
use rasn_ldap::{AttributeValueAssertion, Filter as Sent, MatchingRuleAssertion, SubstringChoice, SubstringFilter};

use super::dn;
use super::schema::{self, AttributeType, Syntax};
use super::tree::{Object, Tree};
use crate::bounds;

/// A filter whose names and values are understood.
#[derive(Debug)]
pub(super) enum Filter {
    /// All hold; without terms it is true (RFC 4526).
    And(Vec<Self>),
    /// One holds; without terms it is false.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// There is a value.
    Present(&'static AttributeType),
    /// A value is like this.
    Equal(&'static AttributeType, Wanted),
    /// A value is this or behind it.
    AtLeast(&'static AttributeType, Wanted),
    /// A value is this or before it.
    AtMost(&'static AttributeType, Wanted),
    /// A text begins, goes on and ends so.
    Like(&'static AttributeType, Vec<Part>),
    /// All of these bits are set: 1.2.840.113556.1.4.803.
    AllBits(&'static AttributeType, i64),
    /// One of these bits is set: 1.2.840.113556.1.4.804.
    AnyBit(&'static AttributeType, i64),
    /// The object of this name is reached from value to value: 1.2.840.113556.1.4.1941.
    Reaches(&'static AttributeType, String),
    /// Neither true nor false.
    Undefined,
}

/// The value of a term, in the form in which its attribute is compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// In lower case.
    Text(String),
    /// In normal form.
    Name(String),
    /// As they are.
    Octets(Vec<u8>),
    /// Signed.
    Number(i64),
}

/// A part of a text, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It begins so.
    First(String),
    /// It has this, behind the parts before.
    Inside(String),
    /// It ends so.
    Last(String),
}

/// The filter asks for more than is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooMuch {
    /// It nests too deep.
    Depth,
    /// It has too many terms.
    Terms,
}

impl Filter {
    /// Understands a filter.
    ///
    /// # Errors
    /// When it is deeper or longer than [`bounds`] allow.
    pub(super) fn of(sent: &Sent) -> Result<Self, TooMuch> {
        let mut terms = 0;
        understand(sent, 1, &mut terms)
    }

    /// Whether it holds for an object; `None` when it is undefined.
    pub(super) fn holds(&self, object: &Object, tree: &Tree) -> Option<bool> {
        let any =
            |of: &AttributeType, is: &dyn Fn(&[u8]) -> bool| object.values(of).iter().any(|value| is(value.as_ref()));
        Some(match self {
            Self::And(terms) => return all(terms.iter().map(|term| term.holds(object, tree))),
            Self::Or(terms) => return all(terms.iter().map(|term| Some(!term.holds(object, tree)?))).map(|all| !all),
            Self::Not(term) => !term.holds(object, tree)?,
            Self::Present(of) => !object.values(of).is_empty() || is_computed(of),
            Self::Equal(of, wanted) => any(of, &|value| equal(of, value, wanted)),
            Self::AtLeast(of, wanted) => any(of, &|value| order(of, value, wanted).is_some_and(|it| it.is_ge())),
            Self::AtMost(of, wanted) => any(of, &|value| order(of, value, wanted).is_some_and(|it| it.is_le())),
            Self::Like(of, parts) => any(of, &|value| text(value).is_some_and(|value| like(&value, parts))),
            Self::AllBits(of, bits) => any(of, &|value| number(value).is_some_and(|value| value & bits == *bits)),
            Self::AnyBit(of, bits) => any(of, &|value| number(value).is_some_and(|value| value & bits != 0)),
            Self::Reaches(of, key) => reaches(object, of, key, tree),
            Self::Undefined => return None,
        })
    }
}

/// The conjunction: false when one is false, otherwise undefined when one is undefined.
fn all(terms: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(true);
    for term in terms {
        match term {
            Some(false) => return Some(false),
            Some(true) => {}
            None => found = None,
        }
    }
    found
}

fn understand(sent: &Sent, depth: usize, terms: &mut usize) -> Result<Filter, TooMuch> {
    *terms += 1;
    if depth > bounds::FILTER_DEPTH {
        return Err(TooMuch::Depth);
    }
    if *terms > bounds::FILTER_TERMS {
        return Err(TooMuch::Terms);
    }
    let mut each = |list: Vec<&Sent>| -> Result<Vec<Filter>, TooMuch> {
        list.into_iter().map(|term| understand(term, depth + 1, terms)).collect()
    };
    Ok(match sent {
        Sent::And(list) => Filter::And(each(list.to_vec())?),
        Sent::Or(list) => Filter::Or(each(list.to_vec())?),
        Sent::Not(term) => Filter::Not(Box::new(understand(term, depth + 1, terms)?)),
        Sent::EqualityMatch(term) | Sent::ApproxMatch(term) => equality(term),
        Sent::Substrings(term) => substrings(term),
        Sent::GreaterOrEqual(term) => compared(term, Filter::AtLeast),
        Sent::LessOrEqual(term) => compared(term, Filter::AtMost),
        Sent::Present(name) => named(name).map_or(Filter::Undefined, Filter::Present),
        Sent::ExtensibleMatch(term) => extensible(term),
        _ => Filter::Undefined,
    })
}

/// The attribute of a description; its options do not count.
fn named(description: &str) -> Option<&'static AttributeType> {
    schema::attribute(description.split(';').next().unwrap_or_default().trim())
}

fn equality(term: &AttributeValueAssertion) -> Filter {
    let value = term.assertion_value.as_ref();
    if term.attribute_desc.eq_ignore_ascii_case("anr") {
        return ambiguous_name(value);
    }
    let Some(of) = named(&term.attribute_desc) else { return Filter::Undefined };
    wanted(of, value).map_or(Filter::Undefined, |wanted| Filter::Equal(of, wanted))
}

/// Ambiguous name resolution ([MS-ADTS] 3.1.1.3.1.3.4): an attribute that names somebody begins so.
fn ambiguous_name(value: &[u8]) -> Filter {
    let Some(value) = text(value) else { return Filter::Undefined };
    let names = ["sAMAccountName", "cn", "name", "displayName", "givenName", "sn", "mail"];
    let begins = |of| Filter::Like(of, vec![Part::First(value.clone())]);
    Filter::Or(names.into_iter().filter_map(schema::attribute).map(begins).collect())
}

fn compared(term: &AttributeValueAssertion, make: fn(&'static AttributeType, Wanted) -> Filter) -> Filter {
    let Some(of) = named(&term.attribute_desc) else { return Filter::Undefined };
    match wanted(of, term.assertion_value.as_ref()) {
        Some(wanted @ (Wanted::Number(_) | Wanted::Text(_))) => make(of, wanted),
        _ => Filter::Undefined,
    }
}

fn substrings(term: &SubstringFilter) -> Filter {
    let Some(of) = named(&term.r#type).filter(|of| of.syntax == Syntax::Text) else { return Filter::Undefined };
    let part = |sent: &SubstringChoice| match sent {
        SubstringChoice::Initial(value) => text(value.as_ref()).map(Part::First),
        SubstringChoice::Any(value) => text(value.as_ref()).map(Part::Inside),
        SubstringChoice::Final(value) => text(value.as_ref()).map(Part::Last),
        _ => None,
    };
    let parts: Option<Vec<Part>> = term.substrings.iter().map(part).collect();
    parts.map_or(Filter::Undefined, |parts| Filter::Like(of, parts))
}

fn extensible(term: &MatchingRuleAssertion) -> Filter {
    let of = term.r#type.as_ref().and_then(|name| named(name));
    let (Some(of), value) = (of, term.match_value.as_ref()) else { return Filter::Undefined };
    let rule = term.matching_rule.as_ref().map(|rule| rule.as_str());
    let is_number = matches!(of.syntax, Syntax::Integer | Syntax::Large);
    let found = match rule {
        None => wanted(of, value).map(|wanted| Filter::Equal(of, wanted)),
        Some("1.2.840.113556.1.4.803") if is_number => number(value).map(|bits| Filter::AllBits(of, bits)),
        Some("1.2.840.113556.1.4.804") if is_number => number(value).map(|bits| Filter::AnyBit(of, bits)),
        Some("1.2.840.113556.1.4.1941") if of.syntax == Syntax::Name => {
            std::str::from_utf8(value).ok().and_then(dn::normal).map(|key| Filter::Reaches(of, key))
        }
        Some(_) => None,
    };
    found.unwrap_or(Filter::Undefined)
}

/// A value as its attribute is compared; `None` when the attribute cannot have it.
fn wanted(of: &AttributeType, value: &[u8]) -> Option<Wanted> {
    match of.syntax {
        Syntax::Text | Syntax::Oid | Syntax::Time | Syntax::Flag => text(value).map(Wanted::Text),
        Syntax::Integer | Syntax::Large => number(value).map(Wanted::Number),
        Syntax::Name if of.name == "objectCategory" => category(value),
        Syntax::Name => std::str::from_utf8(value).ok().and_then(dn::normal).map(Wanted::Name),
        Syntax::Octets | Syntax::Security => {
            // A security identifier may be written as text ([MS-ADTS] 3.1.1.3.1.2.5).
            let text = std::str::from_utf8(value).ok().filter(|text| text.starts_with("S-1-"));
            let written = text.and_then(|text| text.parse::<Sid>().ok()).filter(|_| of.name == "objectSid");
            Some(Wanted::Octets(written.map_or_else(|| value.to_vec(), |it| sid::to_bytes(&it))))
        }
    }
}

/// A category is meant by its distinguished name, or by the name of a class that is of it.
fn category(value: &[u8]) -> Option<Wanted> {
    let value = std::str::from_utf8(value).ok()?;
    match schema::class(value) {
        Some(class) => Some(Wanted::Text(class.category.to_lowercase())),
        None => dn::normal(value).map(Wanted::Name),
    }
}

fn equal(of: &AttributeType, value: &[u8], wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Octets(wanted) => value == wanted,
        Wanted::Number(wanted) => number(value) == Some(*wanted),
        Wanted::Name(wanted) => std::str::from_utf8(value).ok().and_then(dn::normal).as_ref() == Some(wanted),
        Wanted::Text(wanted) if of.syntax == Syntax::Name => {
            let first = text(value).and_then(|it| Some(it.split(',').next()?.strip_prefix("cn=")?.to_owned()));
            first.as_ref() == Some(wanted)
        }
        Wanted::Text(wanted) => match std::str::from_utf8(value) {
            Ok(value) if value.is_ascii() && wanted.is_ascii() => value.eq_ignore_ascii_case(wanted),
            Ok(value) => value.to_lowercase() == *wanted,
            Err(_) => false,
        },
    }
}

fn order(of: &AttributeType, value: &[u8], wanted: &Wanted) -> Option<std::cmp::Ordering> {
    match wanted {
        Wanted::Number(wanted) => number(value).map(|value| value.cmp(wanted)),
        Wanted::Text(wanted) if of.syntax != Syntax::Name => text(value).map(|value| value.as_str().cmp(wanted)),
        _ => None,
    }
}

fn like(value: &str, parts: &[Part]) -> bool {
    let mut rest = value;
    for part in parts {
        let found = match part {
            Part::First(begin) => rest.strip_prefix(begin.as_str()),
            Part::Inside(inside) => rest.find(inside.as_str()).map(|at| &rest[at + inside.len()..]),
            Part::Last(end) => rest.ends_with(end.as_str()).then_some(""),
        };
        let Some(found) = found else { return false };
        rest = found;
    }
    true
}

/// Whether the object of a name is reached, over any number of values.
fn reaches(from: &Object, of: &AttributeType, key: &str, tree: &Tree) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(object) = open.pop() {
        let next = object.values(of).iter().filter_map(|value| dn::normal(std::str::from_utf8(value.as_ref()).ok()?));
        for next in next {
            if next == key {
                return true;
            }
            if seen.insert(next.clone()) {
                open.extend(tree.get(&next));
            }
        }
    }
    false
}

/// Attributes that every object has and none stores.
fn is_computed(of: &AttributeType) -> bool {
    matches!(of.name, "canonicalName" | "createTimeStamp" | "modifyTimeStamp" | "structuralObjectClass")
}

fn text(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value).ok().map(str::to_lowercase)
}

fn number(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}
