//! Texts as long as a page shows them.

use autoenroll_model::{Fact, Facts};

/// Characters of a sentence, a name or a fact.
const MOST_CHARACTERS: usize = 240;

/// A text as long as a page shows it.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A fact without quotes.
pub(crate) fn plain(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.to_string(),
        Fact::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Fact::Flag(_) | Fact::Number(_) => fact.to_string(),
    }
}

/// All facts but some, as a page shows them.
pub(crate) fn facts(facts: &Facts, without: &[&str]) -> String {
    let shown = facts.iter().filter(|(name, _)| !without.contains(name));
    let long = |text: &str| text.len() > 72 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let one = |(name, fact): (&str, &Fact)| match plain(fact) {
        text if long(&text) => format!("{name} {}… ({} bytes)", &text[..24], text.len() / 2),
        text => format!("{name} {text}"),
    };
    cut(&shown.map(one).collect::<Vec<_>>().join(", "))
}

/// Lines of a text whose words are not broken where they fit a line.
pub(crate) fn broken(text: &str, width: usize) -> usize {
    let (mut lines, mut taken) = (1, 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if taken > 0 && taken + 1 + length > width {
            lines += 1;
            taken = length;
        } else {
            taken += length + usize::from(taken > 0);
        }
        while taken > width {
            lines += 1;
            taken -= width.saturating_sub(2).max(1);
        }
    }
    lines
}
