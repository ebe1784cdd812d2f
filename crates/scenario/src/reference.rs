//! The parts of the reference documentation that list verbs, modifiers and keys, made from the tables that the reader
//! uses.

use std::fmt::Write as _;

use crate::shape::{
    CHANGES, FactSchema, FactType, Key, MODIFIERS, PROMPTS, RECORDS, ROOT, RecordSchema, SEQUENCE, STATES, Shape,
    VERBS, ValueType,
};
use crate::shape::{choices_of, example_answer};

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
            verb.kind.times().iter().chain(verb.modifiers).map(|modifier| format!("`{modifier}`")).collect();
        let value_type = cell(&brief(verb.value_type));
        let _ = writeln!(text, "| `{}` | {value_type} | {} | {} |", verb.word, modifiers.join(" "), cell(verb.doc));
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
    for schema in RECORDS {
        let _ = writeln!(text, "| `{}` | {} | {} |", schema.subject, schema.doc, names(schema.facts));
    }
    text
}

fn prompts() -> String {
    let mut text = String::from("| prompt | meaning | facts | answers |\n| --- | --- | --- | --- |\n");
    for schema in PROMPTS {
        let answers: Vec<String> =
            choices_of(schema.subject).iter().map(|offer| format!("`{}`", example_answer(*offer))).collect();
        let answers = answers.join(" ");
        let _ = writeln!(text, "| `{}` | {} | {} | {answers} |", schema.subject, schema.doc, names(schema.facts));
    }
    text
}

fn states() -> String {
    let mut text = String::from("| state | meaning | facts |\n| --- | --- | --- |\n");
    for schema in STATES {
        let _ = writeln!(text, "| `{}` | {} | {} |", schema.subject, schema.doc, names(schema.facts));
    }
    text
}

/// Every fact once, with everything that states it in this sense.
fn facts() -> String {
    let mut all: Vec<(FactSchema, Vec<String>)> = Vec::new();
    let mut add = |of: String, facts: &[FactSchema]| {
        for fact_schema in facts {
            let same = |known: &FactSchema| {
                (known.name, known.doc, value_of(known.fact_type))
                    == (fact_schema.name, fact_schema.doc, value_of(fact_schema.fact_type))
            };
            match all.iter_mut().find(|(known, _)| same(known)) {
                Some((_, whose)) => whose.push(of.clone()),
                None => all.push((*fact_schema, vec![of.clone()])),
            }
        }
    };
    let code = |schema: &dyn std::fmt::Display| format!("`{schema}`");
    RECORDS.iter().for_each(|RecordSchema { subject, facts, .. }| add(code(subject), facts));
    PROMPTS.iter().for_each(|RecordSchema { subject, facts, .. }| add(code(subject), facts));
    STATES.iter().for_each(|RecordSchema { subject, facts, .. }| add(format!("state `{subject}`"), facts));
    all.sort_by_key(|(fact_schema, _)| fact_schema.name);
    let mut text = String::from("| fact | value | meaning | of |\n| --- | --- | --- | --- |\n");
    for (fact_schema, whose) in all {
        let value = cell(&value_of(fact_schema.fact_type));
        let _ =
            writeln!(text, "| `{}` | {value} | {} | {} |", fact_schema.name, cell(fact_schema.doc), whose.join(" "));
    }
    text
}

fn names(facts: &[FactSchema]) -> String {
    facts.iter().map(|fact_schema| format!("`{}`", fact_schema.name)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn value_of(fact_type: FactType) -> String {
    match fact_type {
        FactType::Word(words) => quoted(&words()),
        FactType::List(fact_type) => format!("list: {}", value_of(*fact_type)),
        other => other.describe(),
    }
}

fn tables() -> String {
    let mut text = String::new();
    for shape in shapes() {
        let (_, noun) = shape.name.split_once(' ').unwrap_or(("", shape.name));
        let _ = writeln!(text, "### {}\n\n{}\n", capital(noun), shape.doc);
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
    let _ = writeln!(text, "| `{}`{needed} | {} | {} |", key.name, cell(&brief(key.value_type)), cell(&key.text()));
}

pub(crate) fn inner(value_type: ValueType) -> Option<&'static Shape> {
    match value_type {
        ValueType::Table(shape) | ValueType::Named(shape) | ValueType::Tables(shape) => Some(shape),
        ValueType::Sequences => Some(&SEQUENCE),
        ValueType::OrNone(value_type) | ValueType::List(value_type) | ValueType::Map(value_type) => inner(*value_type),
        _ => None,
    }
}

/// Every table that can be reached from a whole file, each once.
pub(crate) fn shapes() -> Vec<&'static Shape> {
    let mut found: Vec<&'static Shape> = vec![&ROOT];
    let mut next = 0;
    while let Some(shape) = found.get(next).copied() {
        next += 1;
        for inner in shape.keys.iter().filter_map(|key| inner(key.value_type)) {
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
    for (name, words) in keys.filter_map(|key| Some((key.name, words_of(key.value_type)?))) {
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

fn words_of(value_type: ValueType) -> Option<Vec<&'static str>> {
    match value_type {
        ValueType::Word(words) | ValueType::Words(words) => Some(words()),
        ValueType::OrNone(value_type) | ValueType::List(value_type) | ValueType::Map(value_type) => {
            words_of(*value_type)
        }
        _ => None,
    }
}

/// What a key takes, with long lists of words cut: they stand in full under Words, kinds of records under Records.
pub(crate) fn brief(value_type: ValueType) -> String {
    match value_type {
        ValueType::Word(words) => few(&words()),
        ValueType::Words(words) => format!("list of: {}", few(&words())),
        ValueType::List(value_type) => format!("list: {}", brief(*value_type)),
        ValueType::Map(value_type) => format!("table, each value {}", brief(*value_type)),
        ValueType::Number(least, most) if most <= 0xFFFF => format!("number, {least} to {most}"),
        ValueType::Number(..) => "number".to_owned(),
        ValueType::OrNone(value_type) => format!("{}, or `false`", brief(*value_type)),
        ValueType::Table(shape) => format!("table: {}", shape.name),
        ValueType::Named(shape) => format!("list of tables by name: {}", shape.name),
        ValueType::Tables(shape) => format!("list of tables: {}", shape.name),
        other => other.describe(),
    }
}

/// More words than these are cut in a cell.
const FEW: usize = 12;

fn few(words: &[&str]) -> String {
    if words.len() <= FEW { quoted(words) } else { format!("{} …", quoted(&words[..FEW])) }
}

pub(crate) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(noun: &str) -> String {
    let mut letters = noun.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
