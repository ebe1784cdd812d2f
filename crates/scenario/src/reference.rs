//! The parts of the reference documentation that list verbs, modifiers and keys, made from the tables that the reader uses.

use std::fmt::Write as _;

use crate::shape::{CHANGES, Key, LOOKS, MODIFIERS, PROMPTS, RECORDS, ROOT, Said, Says, Shape, Takes, Told, VERBS};
use crate::shape::{choices_of, written};

/// The generated parts in Markdown, by the names under which `docs/scenario-language.md` holds them.
#[must_use]
pub fn reference() -> Vec<(&'static str, String)> {
    vec![
        ("verbs", verbs()),
        ("modifiers", modifiers()),
        ("changes", changes()),
        ("records", records()),
        ("prompts", prompts()),
        ("states", states()),
        ("facts", facts()),
        ("tables", tables()),
        ("words", long_words()),
        ("codes", codes()),
    ]
}

fn verbs() -> String {
    let mut text = String::from("| verb | takes | modifiers | meaning |\n| --- | --- | --- | --- |\n");
    for verb in VERBS {
        let modifiers: Vec<String> =
            verb.does.times().iter().chain(verb.modifiers).map(|modifier| format!("`{modifier}`")).collect();
        let takes = cell(&brief(verb.takes));
        let _ = writeln!(text, "| `{}` | {takes} | {} | {} |", verb.word, modifiers.join(" "), cell(verb.about));
    }
    text.push_str("\nAn example of each:\n\n```toml\nsteps = [\n");
    for verb in VERBS {
        let _ = writeln!(text, "  {},", verb.example);
    }
    text.push_str("]\n```\n");
    text
}

fn modifiers() -> String {
    let mut text = String::from("| modifier | takes | meaning |\n| --- | --- | --- |\n");
    for key in MODIFIERS {
        row(&mut text, key);
    }
    text
}

/// The changes in one table, and for each the keys of its `set`.
fn changes() -> String {
    let mut text = String::from("| change | of | keys of `set` |\n| --- | --- | --- |\n");
    for change in CHANGES {
        let keys: Vec<String> = change.set.keys.iter().map(|key| format!("`{}`", key.name)).collect();
        let _ = writeln!(text, "| `{}` | {} | {} |", change.word, change.of.unwrap_or("-"), keys.join(" "));
    }
    for change in CHANGES {
        let _ = writeln!(text, "\n#### Change of `{}`\n\n| key | takes | meaning |\n| --- | --- | --- |", change.word);
        change.set.keys.iter().for_each(|key| row(&mut text, key));
    }
    text
}

fn records() -> String {
    let mut text = String::from("| record | meaning | facts |\n| --- | --- | --- |\n");
    for told in RECORDS {
        let _ = writeln!(text, "| `{}` | {} | {} |", told.what, told.about, names(told.facts));
    }
    text
}

fn prompts() -> String {
    let mut text = String::from("| prompt | meaning | facts | answers |\n| --- | --- | --- | --- |\n");
    for told in PROMPTS {
        let answers: Vec<String> = choices_of(told.what).iter().map(|offer| format!("`{}`", written(*offer))).collect();
        let answers = answers.join(" ");
        let _ = writeln!(text, "| `{}` | {} | {} | {answers} |", told.what, told.about, names(told.facts));
    }
    text
}

fn states() -> String {
    let mut text = String::from("| state | meaning | facts |\n| --- | --- | --- |\n");
    for told in LOOKS {
        let _ = writeln!(text, "| `{}` | {} | {} |", told.what, told.about, names(told.facts));
    }
    text
}

/// Every fact once, with everything that states it in this sense.
fn facts() -> String {
    let mut all: Vec<(Said, Vec<String>)> = Vec::new();
    let mut add = |of: String, facts: &[Said]| {
        for said in facts {
            let same = |known: &Said| {
                (known.name, known.about, value_of(known.says)) == (said.name, said.about, value_of(said.says))
            };
            match all.iter_mut().find(|(known, _)| same(known)) {
                Some((_, whose)) => whose.push(of.clone()),
                None => all.push((*said, vec![of.clone()])),
            }
        }
    };
    let code = |told: &dyn std::fmt::Display| format!("`{told}`");
    RECORDS.iter().for_each(|Told { what, facts, .. }| add(code(what), facts));
    PROMPTS.iter().for_each(|Told { what, facts, .. }| add(code(what), facts));
    LOOKS.iter().for_each(|Told { what, facts, .. }| add(format!("state `{what}`"), facts));
    all.sort_by_key(|(said, _)| said.name);
    let mut text = String::from("| fact | value | meaning | of |\n| --- | --- | --- | --- |\n");
    for (said, whose) in all {
        let value = cell(&value_of(said.says));
        let _ = writeln!(text, "| `{}` | {value} | {} | {} |", said.name, cell(said.about), whose.join(" "));
    }
    text
}

fn names(facts: &[Said]) -> String {
    facts.iter().map(|said| format!("`{}`", said.name)).collect::<Vec<_>>().join(" ")
}

fn value_of(says: Says) -> String {
    match says {
        Says::Word(words) => quoted(&words()),
        Says::List(says) => format!("list: {}", value_of(*says)),
        other => other.describe(),
    }
}

fn tables() -> String {
    let mut text = String::new();
    for shape in shapes() {
        let (_, noun) = shape.name.split_once(' ').unwrap_or(("", shape.name));
        let _ = writeln!(text, "### {}\n\n{}\n", capital(noun), shape.about);
        text.push_str("| key | takes | meaning |\n| --- | --- | --- |\n");
        shape.keys.iter().for_each(|key| row(&mut text, key));
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn codes() -> String {
    let mut text = String::from("| code | meaning |\n| --- | --- |\n");
    for code in crate::Code::ALL {
        let _ = writeln!(text, "| `{code}` | {} |", code.explanation().title);
    }
    text
}

fn row(text: &mut String, key: &Key) {
    let needed = if key.required { " **needed**" } else { "" };
    let _ = writeln!(text, "| `{}`{needed} | {} | {} |", key.name, cell(&brief(key.takes)), cell(key.about));
}

fn inner(takes: Takes) -> Option<&'static Shape> {
    match takes {
        Takes::Table(shape) | Takes::Named(shape) | Takes::Tables(shape) => Some(shape),
        Takes::OrNone(takes) | Takes::List(takes) | Takes::Map(takes) => inner(*takes),
        _ => None,
    }
}

/// Every table that can be reached from a whole file, each once.
fn shapes() -> Vec<&'static Shape> {
    let mut found: Vec<&'static Shape> = vec![&ROOT];
    let mut next = 0;
    while let Some(shape) = found.get(next).copied() {
        next += 1;
        for inner in shape.keys.iter().filter_map(|key| inner(key.takes)) {
            if !found.iter().any(|known| std::ptr::eq(*known, inner)) {
                found.push(inner);
            }
        }
    }
    found
}

/// The lists of words that the tables above cut short, each once, with the keys that take them.
fn long_words() -> String {
    let changes = CHANGES.iter().flat_map(|change| change.set.keys);
    let keys = shapes().into_iter().flat_map(|shape| shape.keys).chain(changes);
    let mut lists: Vec<(Vec<&'static str>, Vec<&'static str>)> = Vec::new();
    for (name, words) in keys.filter_map(|key| Some((key.name, words_of(key.takes)?))) {
        if words.len() <= FEW {
            continue;
        }
        match lists.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => lists.push((words, vec![name])),
        }
    }
    let mut text = String::from("| key | words |\n| --- | --- |\n");
    for (words, names) in lists {
        let _ = writeln!(text, "| {} | {} |", quoted(&names), quoted(&words));
    }
    text
}

fn words_of(takes: Takes) -> Option<Vec<&'static str>> {
    match takes {
        Takes::Word(words) => Some(words()),
        Takes::OrNone(takes) | Takes::List(takes) | Takes::Map(takes) => words_of(*takes),
        _ => None,
    }
}

/// What a key takes, with long lists of words cut: they stand in full under Words, kinds of records under Records.
fn brief(takes: Takes) -> String {
    match takes {
        Takes::Word(words) => few(&words()),
        Takes::List(Takes::Word(words)) => format!("list of: {}", few(&words())),
        Takes::List(takes) => format!("list: {}", brief(*takes)),
        Takes::Map(takes) => format!("table, each value {}", brief(*takes)),
        Takes::Number(least, most) if most <= 0xFFFF => format!("number, {least} to {most}"),
        Takes::Number(..) => "number".to_owned(),
        Takes::OrNone(takes) => format!("{}, or `false`", brief(*takes)),
        Takes::Table(shape) => format!("table: {}", shape.name),
        Takes::Named(shape) => format!("list of tables by name: {}", shape.name),
        Takes::Tables(shape) => format!("list of tables: {}", shape.name),
        other => other.describe(),
    }
}

/// More words than these are cut in a cell.
const FEW: usize = 12;

fn few(words: &[&str]) -> String {
    if words.len() <= FEW { quoted(words) } else { format!("{} …", quoted(&words[..FEW])) }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
