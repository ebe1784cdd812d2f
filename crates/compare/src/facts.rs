//! In which facts two records differ that mean the same.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, Facts};
use autoenroll_trace::Record;

use crate::difference::FactDifference;

/// So many hexadecimal digits in a row are a key, a signature, a thumbprint or a message.
const LONG: usize = 16;

/// Facts that follow from the time of their record alone.
const OF_TIME: &[&str] = &["age", "usn"];

/// Facts that are numbers given in order.
const NUMBERED: &[&str] = &["request-id"];

/// The numbers of certificates, containers and requests of the first, and those of the second that go with them.
#[derive(Debug, Default)]
pub(crate) struct Renaming {
    there: BTreeMap<String, String>,
    back: BTreeMap<String, String>,
}

impl Renaming {
    /// Whether two names may mean the same: each the other's only one so far.
    fn goes(&mut self, first: &str, second: &str) -> bool {
        let there = self.there.entry(first.to_owned()).or_insert_with(|| second.to_owned()).as_str() == second;
        let back = self.back.entry(second.to_owned()).or_insert_with(|| first.to_owned()).as_str() == first;
        there && back
    }
}

/// The facts in which two records differ. Dates may be later by what the records are, and by what all dates are.
pub(crate) fn differences(
    first: &Facts,
    second: &Facts,
    shift: i128,
    offset: i128,
    renaming: &mut Renaming,
) -> Vec<FactDifference> {
    let names = first.iter().map(|(name, _)| name);
    let others = second.iter().map(|(name, _)| name).filter(|name| first.get(name).is_none());
    let mut differ = Vec::new();
    for name in names.chain(others) {
        let (one, other) = (first.get(name), second.get(name));
        let same = match (one, other) {
            (Some(one), Some(other)) => is_same(name, one, other, shift, offset, renaming),
            _ => false,
        };
        if !same {
            differ.push(FactDifference { name: name.to_owned(), first: one.cloned(), second: other.cloned() });
        }
    }
    differ
}

fn is_same(name: &str, first: &Fact, second: &Fact, shift: i128, offset: i128, renaming: &mut Renaming) -> bool {
    if OF_TIME.contains(&name) {
        return true;
    }
    match (first, second) {
        (Fact::Number(one), Fact::Number(other)) if NUMBERED.contains(&name) => {
            renaming.goes(&format!("{name} {one}"), &format!("{name} {other}"))
        }
        (Fact::Text(one), Fact::Text(other)) => is_same_text(one, other, shift, offset, renaming),
        (Fact::List(one), Fact::List(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| is_same(name, one, other, shift, offset, renaming))
        }
        _ => first == second,
    }
}

fn is_same_text(first: &str, second: &str, shift: i128, offset: i128, renaming: &mut Renaming) -> bool {
    if let (Some(one), Some(other)) = (date(first), date(second)) {
        let later = other - one;
        return later == shift + offset || later == offset;
    }
    if is_numbered(first) && without_numbers(first) == without_numbers(second) {
        return renaming.goes(first, second);
    }
    first == second || without_numbers(first) == without_numbers(second) && !is_numbered(first)
}

/// Whether a text has a name with a number: `User#2`, `alice/1`.
fn is_numbered(text: &str) -> bool {
    let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    text.char_indices().any(|(at, c)| matches!(c, '#' | '/') && digit(at + 1))
}

/// A text without what is given in order or made from keys: the digits after `#`, those at the end of a container's
/// name, and long hexadecimal numbers.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hex = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        if hex >= LONG {
            plain.push('…');
            rest = &rest[hex..];
        } else if hex > 0 {
            plain.push_str(&rest[..hex]);
            rest = &rest[hex..];
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
            if matches!(c, '#' | '/') {
                rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            }
        }
    }
    plain
}

/// A date in nanoseconds, when the text is one.
fn date(text: &str) -> Option<i128> {
    if text.len() < 20 || !text.ends_with('Z') || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_nanosecond)
}

/// By how much most dates are later than their records are; 0 when that holds for less than half of them.
pub(crate) fn wall_offset<'a>(pairs: impl Iterator<Item = (&'a Record, &'a Record)>) -> i128 {
    let (mut counts, mut all) = (BTreeMap::<i128, usize>::new(), 0_usize);
    for (first, second) in pairs {
        let shift = i128::from(second.at.0) - i128::from(first.at.0);
        for (name, one) in first.facts.iter() {
            let (Fact::Text(one), Some(Fact::Text(other))) = (one, second.facts.get(name)) else { continue };
            if let (Some(one), Some(other)) = (date(one), date(other)) {
                all += 1;
                // A date that is the same is fixed, whenever its record comes.
                let later = if other == one { 0 } else { other - one - shift };
                *counts.entry(later).or_default() += 1;
            }
        }
    }
    counts.into_iter().find(|(_, count)| *count * 2 > all).map_or(0, |(offset, _)| offset)
}
