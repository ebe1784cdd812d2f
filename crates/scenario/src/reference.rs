//! The parts of the reference documentation that list verbs, modifiers and keys, made from the tables that the reader uses.

use std::fmt::Write as _;

use crate::shape::{CHANGES, Key, MODIFIERS, ROOT, Shape, Takes, VERBS};

/// The generated parts in Markdown, by the names under which `docs/scenario-language.md` holds them.
#[must_use]
pub fn reference() -> Vec<(&'static str, String)> {
    vec![
        ("verbs", verbs()),
        ("modifiers", modifiers()),
        ("changes", changes()),
        ("tables", tables()),
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

fn changes() -> String {
    let mut text = String::from("| change | of | keys of `set` |\n| --- | --- | --- |\n");
    for change in CHANGES {
        let keys: Vec<String> = change.set.keys.iter().map(|key| format!("`{}`", key.name)).collect();
        let _ = writeln!(text, "| `{}` | {} | {} |", change.word, change.of.unwrap_or("-"), keys.join(" "));
    }
    text
}

/// Every table that can be reached from a whole file, each once.
fn tables() -> String {
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
    let mut text = String::new();
    for shape in found {
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

/// What a key takes, with long lists of words cut: the schema has them all.
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

fn few(words: &[&str]) -> String {
    let shown: Vec<String> = words.iter().take(8).map(|word| format!("`{word}`")).collect();
    format!("{}{}", shown.join(" "), if words.len() > 8 { " …" } else { "" })
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
