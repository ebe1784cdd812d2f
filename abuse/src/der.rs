//! Damaged DER whose frame still fits: values are changed, left out, doubled, exchanged or wrapped, and every length
//! around them is written anew.

use crate::dice::{Dice, damage as damage_bytes};

/// A value, and what is in it where that is DER as well.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    tag: u8,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Octets(Vec<u8>),
    /// The octet before the first value that a BIT STRING has, and the values.
    Values(Option<u8>, Vec<Node>),
}

/// So deep values are looked into.
const DEEPEST: usize = 24;

/// Changes a message in a few ways; `other` is a message of which parts may be taken. What is no DER is damaged as
/// bytes.
#[must_use]
pub fn damage(dice: &mut Dice, message: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    let Some(mut nodes) = read(message, 0).filter(|_| !dice.one_in(4)) else {
        (0..dice.changes()).for_each(|_| damage_bytes(dice, &mut bytes, other));
        return bytes;
    };
    let others = read(other, 0).unwrap_or_default();
    for _ in 0..dice.changes() {
        change(dice, &mut nodes, &others);
    }
    let mut written = Vec::new();
    nodes.iter().for_each(|node| write(node, &mut written));
    written
}

fn change(dice: &mut Dice, nodes: &mut Vec<Node>, others: &[Node]) {
    let foreign = pick(dice, others);
    let Some(list) = some_list(dice, nodes) else { return };
    let at = dice.below(list.len());
    let Some(node) = list.get_mut(at) else {
        list.extend(foreign);
        return;
    };
    match dice.below(10) {
        0 => drop(list.remove(at)),
        1 => {
            let node = node.clone();
            let times = if dice.one_in(20) { 500 } else { 1 };
            list.splice(at..at, vec![node; times]);
        }
        2 => {
            let to = dice.below(list.len());
            list.swap(at, to);
        }
        3 => {
            node.tag =
                dice.one([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x1E, 0x30, 0x31, 0x80, 0xA0, 0xA1])
        }
        4 => {
            let inner = node.clone();
            *node = Node { tag: dice.one([0x30, 0x31, 0xA0, 0x04]), content: Content::Values(None, vec![inner]) };
        }
        5 => {
            if let Some(foreign) = foreign {
                *node = foreign;
            }
        }
        6 => node.content = Content::Octets(Vec::new()),
        _ => match &mut node.content {
            Content::Octets(octets) => damage_bytes(dice, octets, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
            Content::Values(_, values) => values.reverse(),
        },
    }
}

/// A list of values somewhere in the message; deeper ones as well as the first.
fn some_list<'a>(dice: &mut Dice, mut nodes: &'a mut Vec<Node>) -> Option<&'a mut Vec<Node>> {
    for _ in 0..DEEPEST {
        let inner: Vec<usize> = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| matches!(&node.content, Content::Values(_, values) if !values.is_empty()))
            .map(|(at, _)| at)
            .collect();
        if inner.is_empty() || dice.one_in(6) {
            break;
        }
        let at = *dice.of(&inner)?;
        let Content::Values(_, values) = &mut nodes[at].content else { return None };
        nodes = values;
    }
    Some(nodes)
}

fn pick(dice: &mut Dice, mut nodes: &[Node]) -> Option<Node> {
    loop {
        let node = dice.of(nodes)?;
        match &node.content {
            Content::Values(_, values) if !values.is_empty() && !dice.one_in(4) => nodes = values,
            _ => return Some(node.clone()),
        }
    }
}

/// All values of these octets; `None` when they are not exactly some values.
fn read(mut octets: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !octets.is_empty() {
        let (tag, content, rest) = split(octets)?;
        octets = rest;
        let inside = |octets: &[u8]| {
            let wanted = depth < DEEPEST && octets.len() >= 2;
            wanted.then(|| read(octets, depth + 1)).flatten()
        };
        let values = match (tag, content) {
            (0x03, [unused, inner @ ..]) => inside(inner).map(|values| Content::Values(Some(*unused), values)),
            (0x04, inner) => inside(inner).map(|values| Content::Values(None, values)),
            (tag, inner) if tag & 0x20 != 0 => inside(inner).map(|values| Content::Values(None, values)),
            _ => None,
        };
        nodes.push(Node { tag, content: values.unwrap_or_else(|| Content::Octets(content.to_vec())) });
    }
    Some(nodes)
}

fn split(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = octets.split_first()?;
    let (first, rest) = rest.split_first()?;
    if tag & 0x1F == 0x1F {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn write(node: &Node, to: &mut Vec<u8>) {
    let mut content = Vec::new();
    match &node.content {
        Content::Octets(octets) => content.extend(octets),
        Content::Values(unused, values) => {
            content.extend(unused);
            values.iter().for_each(|value| write(value, &mut content));
        }
    }
    to.push(node.tag);
    match content.len() {
        length @ 0..0x80 => to.push(length as u8),
        length => {
            let octets = length.to_be_bytes();
            let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
            to.push(0x80 | octets.len() as u8);
            to.extend(octets);
        }
    }
    to.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEQUENCE { INTEGER 1, BIT STRING { SEQUENCE { OID, NULL } }, OCTET STRING }
    const MESSAGE: &[u8] = b"\x30\x12\x02\x01\x01\x03\x09\x00\x30\x06\x06\x02\x2a\x03\x05\x00\x04\x02\xff\xff";

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let nodes = read(MESSAGE, 0).unwrap();
        let mut written = Vec::new();
        nodes.iter().for_each(|node| write(node, &mut written));
        assert_eq!(written, MESSAGE);
        assert_eq!(read(&MESSAGE[..9], 0), None);
    }

    #[test]
    fn most_damage_keeps_the_frame() {
        let all: Vec<Vec<u8>> = (0..400).map(|case| damage(&mut Dice::new(4, case), MESSAGE, MESSAGE)).collect();
        assert!(all.iter().filter(|message| *message != MESSAGE).count() > 350);
        assert!(all.iter().filter(|message| read(message, 0).is_some()).count() > 250);
    }
}
