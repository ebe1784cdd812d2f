//! Compares a tree with the tables: unknown keys, missing keys, wrong types, unknown words.

mod duration;
mod sequence;
mod step;

use std::collections::BTreeMap;
use std::str::FromStr;

use autoenroll_model::{Duration, Guid, Oid, Sid};

use super::verbs::FACT;
use super::{ANSWER, Key, ROOT, Shape, ValueType, WORLD, answer_words};
use crate::Code;
use crate::clock::ClockTime;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::{Node, Table, Value};
use sequence::check_sequences;
pub(crate) use sequence::parameter_of;
use step::check_change;
pub(crate) use step::check_step;

/// Checks a whole file but for missing keys of the world, which an extended world may supply.
pub(crate) fn check_root(root: &Table, whole: Span, is_story: bool, found: &mut Diagnostics) {
    check_version(root, whole, found);
    check_shape(&ROOT, root, found);
    if is_story && is_world(root) {
        let message = "this is a world, and tells no story: it has neither `title` nor `timeline`";
        let help = "`autoenroll plan FILE` says what comes of it; a scenario extends it: `extends` in its `world`";
        found.push(Diagnostic::error(Code::MissingKey, message, whole).help(help));
    } else if is_story {
        for name in ["title", "timeline"] {
            if root.get(name).is_none() && !has_likely_typo(&ROOT, root, name) {
                let message = format!("a scenario needs `{name}`");
                found.push(Diagnostic::error(Code::MissingKey, message, whole));
            }
        }
    }
    // Not `world`: another file may have what is missing there.
    for entry in root.0.iter().filter(|entry| ["timeline", "vary"].contains(&entry.key.value.as_str())) {
        let Some(key) = ROOT.key(&entry.key.value) else { continue };
        match (key.value_type, &entry.node.value) {
            (ValueType::Table(shape), Value::Table(table)) => missing_keys(shape, table, entry.node.span, found),
            (ValueType::Named(_), Value::List(variants)) => {
                for variant in variants.iter().filter(|v| v.as_table().is_some_and(|table| table.get("name").is_none()))
                {
                    found.push(Diagnostic::error(Code::MissingKey, "a variant needs `name`", variant.span));
                }
            }
            _ => {}
        }
    }
}

/// Whether a file is a world, for others to extend: it tells no story.
pub(crate) fn is_world(root: &Table) -> bool {
    let says = |key: &str| root.get(key).is_some();
    says("world") && !says("title") && !says("timeline") && !says("vary")
}

fn check_version(root: &Table, whole: Span, found: &mut Diagnostics) {
    let Some(entry) = root.entry("scenario") else {
        let message = "the file does not say its format version";
        found.push(Diagnostic::error(Code::FormatVersion, message, whole).help("begin it with `scenario = 1`"));
        return;
    };
    match entry.node.value {
        Value::Number(1) => {
            let first = root.0.iter().find(|entry| entry.key.value != "$schema");
            if first.is_some_and(|first| first.key.value != "scenario") {
                let message = "`scenario = 1` stands first, so that every reader knows the format before anything else";
                found.push(Diagnostic::error(Code::FormatVersion, message, entry.key.span));
            }
        }
        Value::Number(other) => {
            let message = format!("this is format version {other}; this program reads version 1");
            found.push(Diagnostic::error(Code::FormatVersion, message, entry.node.span));
        }
        // A value of another type is reported with the other keys.
        _ => {}
    }
}

/// Reports required keys that a table lacks, at `span`, also in the tables inside. For a world this is done after
/// merging.
pub(crate) fn missing_keys(shape: &Shape, table: &Table, span: Span, found: &mut Diagnostics) {
    for key in shape.keys.iter().filter(|key| key.required && table.get(key.name).is_none()) {
        if !has_likely_typo(shape, table, key.name) {
            let message = format!("{} needs `{}`", named(shape, table), key.name);
            found.push(Diagnostic::error(Code::MissingKey, message, span));
        }
    }
    for entry in &table.0 {
        let Some(key) = shape.key(&entry.key.value) else { continue };
        missing_in(key.value_type, &entry.node, found);
    }
}

fn missing_in(value_type: ValueType, node: &Node, found: &mut Diagnostics) {
    match (value_type, &node.value) {
        (ValueType::Table(shape), Value::Table(table)) => missing_keys(shape, table, node.span, found),
        (ValueType::Named(shape) | ValueType::Tables(shape), Value::List(list)) => {
            for element in list {
                if let Value::Table(table) = &element.value {
                    missing_keys(shape, table, element.span, found);
                }
            }
        }
        (ValueType::OrNone(value_type), _) => missing_in(*value_type, node, found),
        _ => {}
    }
}

/// `a template` or, when it says its name, `the template "User"`.
fn named(shape: &Shape, table: &Table) -> String {
    match table.text("name") {
        Some(name) => {
            let noun = shape.name.split_once(' ').map_or(shape.name, |(_, noun)| noun);
            format!("the {noun} `{}`", name.value)
        }
        None => shape.name.to_owned(),
    }
}

/// Whether the table has an unknown key that must be a misspelling of `wanted`: one message is enough then.
fn has_likely_typo(shape: &Shape, table: &Table, wanted: &str) -> bool {
    let unknown = table.0.iter().filter(|entry| shape.key(&entry.key.value).is_none());
    unknown.into_iter().any(|entry| suggestion(&entry.key.value, [wanted]).is_some())
}

/// Checks keys and values of a table, but not whether keys are missing.
pub(crate) fn check_shape(shape: &Shape, table: &Table, found: &mut Diagnostics) {
    for entry in &table.0 {
        match shape.key(&entry.key.value) {
            // The version has its own messages.
            Some(key) if key.name == "scenario" && matches!(entry.node.value, Value::Number(_)) => {}
            Some(key) => check_value(key, key.value_type, &entry.node, found),
            None => unknown_key(shape, &entry.key, found),
        }
    }
}

fn unknown_key(shape: &Shape, key: &Spanned<String>, found: &mut Diagnostics) {
    let names: Vec<&str> = shape.keys.iter().map(|key| key.name).collect();
    // Three containers, and a key that was written one level too high or too low is a common slip.
    let elsewhere =
        [&ROOT, &WORLD].into_iter().find(|other| !std::ptr::eq(*other, shape) && other.key(&key.value).is_some());
    let help = match (suggestion(&key.value, names.iter().copied()), elsewhere) {
        (Some(suggestion), _) => format!("did you mean `{suggestion}`?"),
        (None, Some(other)) => format!("`{}` is a key of {}", key.value, other.name),
        (None, None) if names.len() > 16 => {
            format!("{} has {}, …; docs/scenario-language.md has them all", shape.name, names[..12].join(", "))
        }
        (None, None) => format!("{} has {}", shape.name, names.join(", ")),
    };
    let message = format!("{} has no key `{}`", shape.name, key.value);
    found.push(Diagnostic::error(Code::UnknownKey, message, key.span).help(help));
}

/// Checks one value against what a key takes.
fn check_value(key: &Key, value_type: ValueType, node: &Node, found: &mut Diagnostics) {
    let problem = match (value_type, &node.value) {
        (_, Value::Fraction(example_answer)) => {
            let message = format!("`{}` takes {}, not the fraction {example_answer}", key.name, value_type.describe());
            Some(Diagnostic::error(Code::Fraction, message, node.span))
        }
        (ValueType::OrNone(_), Value::Flag(false)) => None,
        (ValueType::OrNone(value_type), _) => return check_value(key, *value_type, node, found),
        (ValueType::Text, Value::Text(text)) if text.is_empty() => {
            Some(Diagnostic::error(Code::Empty, format!("`{}` must not be empty", key.name), node.span))
        }
        // A summary has lines; every other text is part of some line that a person reads.
        (ValueType::Text, Value::Text(text)) if key.name != "summary" && text.contains(char::is_control) => {
            let message = format!("`{}` has a control character: {text:?}", key.name);
            let problem = Diagnostic::error(Code::Malformed, message, node.span);
            Some(problem.help("names and titles are one line of printable text"))
        }
        (ValueType::Text, Value::Text(_)) | (ValueType::Flag, Value::Flag(_)) => None,
        (ValueType::Word(words), Value::Text(text)) => unknown_word(key.name, &words(), text, node.span),
        (ValueType::Number(least, most), Value::Number(number)) => (*number < least || *number > most).then(|| {
            let message = format!("`{}` is {number}; it is at least {least} and at most {most}", key.name);
            Diagnostic::error(Code::OutOfRange, message, node.span)
        }),
        (ValueType::Duration | ValueType::Time | ValueType::Past, Value::Text(text)) => {
            duration_problem(key.name, value_type, text, node.span)
        }
        (ValueType::Minutes(most), Value::Text(text)) => minutes_problem(key.name, value_type, most, text, node.span),
        (ValueType::Duration | ValueType::Minutes(_), Value::Number(number)) => Some(
            Diagnostic::error(Code::NotADuration, format!("`{}` is a number without a unit", key.name), node.span)
                .help(format!("write \"{number}s\" for seconds, \"{number}h\" for hours")),
        ),
        (ValueType::Time, Value::Instant(text)) if duration::time_of_day(text).is_some() => {
            let problem =
                Diagnostic::error(Code::NotAnInstant, format!("`{text}` is a time without quotes"), node.span);
            Some(problem.help(duration::moments(text)))
        }
        (ValueType::Instant | ValueType::Time | ValueType::Past, Value::Text(text) | Value::Instant(text)) => {
            crate::instant::parse(text).is_none().then(|| not_an_instant(text, node.span))
        }
        (ValueType::Oid, Value::Text(text)) => malformed(key.name, text, node.span, oid_problem(text)),
        (ValueType::Sid, Value::Text(text)) => malformed(key.name, text, node.span, problem_of::<Sid>(text)),
        (ValueType::Guid, Value::Text(text)) => malformed(key.name, text, node.span, problem_of::<Guid>(text)),
        (ValueType::Hex, Value::Text(text)) => {
            let well_formed = crate::instant::hex(text).is_some_and(|bytes| !bytes.is_empty());
            let problem = (!well_formed).then(|| "write two hexadecimal digits a byte; blanks are fine".to_owned());
            malformed(key.name, text, node.span, problem)
        }
        (ValueType::Words(words), Value::List(list)) => {
            list.iter().for_each(|element| check_value(key, ValueType::Word(words), element, found));
            None
        }
        (ValueType::List(value_type), Value::List(list)) => {
            list.iter().for_each(|element| check_value(key, *value_type, element, found));
            None
        }
        (ValueType::Table(shape), Value::Table(table)) => {
            check_shape(shape, table, found);
            None
        }
        (ValueType::Named(shape) | ValueType::Tables(shape), Value::List(list)) => {
            check_tables(key, shape, matches!(value_type, ValueType::Named(_)), list, found);
            None
        }
        (ValueType::Map(value_type), Value::Table(table)) => {
            table.0.iter().for_each(|entry| check_value(key, *value_type, &entry.node, found));
            None
        }
        (ValueType::Facts, Value::Table(table)) => {
            table.0.iter().for_each(|entry| check_value(key, FACT, &entry.node, found));
            None
        }
        (ValueType::Fact, Value::Text(_) | Value::Number(_) | Value::Flag(_)) => None,
        (ValueType::Fact, Value::Instant(text)) => {
            crate::instant::parse(text).is_none().then(|| not_an_instant(text, node.span))
        }
        (ValueType::Fact, Value::List(list)) => {
            list.iter().for_each(|element| check_value(key, FACT, element, found));
            None
        }
        (ValueType::Answer, Value::Text(text)) => unknown_word(key.name, &answer_words(), text, node.span),
        (ValueType::Answer, Value::Table(table)) => {
            check_shape(&ANSWER, table, found);
            (table.0.len() != 1 && table.0.iter().all(|entry| ANSWER.key(&entry.key.value).is_some())).then(|| {
                let message = "an answer is one thing: a PIN or a card";
                Diagnostic::error(Code::Exclusive, message, node.span)
            })
        }
        // Its keys depend on the word beside it; they are checked where that word is known.
        (ValueType::ChangeSet, Value::Table(_)) => None,
        (ValueType::Sequences, Value::Table(table)) => {
            check_sequences(table, found);
            None
        }
        // Checked with the parameters beside it.
        (ValueType::SequenceSteps, Value::List(_)) => None,
        (ValueType::Arguments, Value::Table(table)) => {
            let plain =
                |value: &Value| matches!(value, Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::Instant(_));
            for entry in table.0.iter().filter(|entry| !plain(&entry.node.value)) {
                let message = format!("`{}` is given {}", entry.key.value, entry.node.value.describe());
                let problem = Diagnostic::error(Code::WrongType, message, entry.node.span);
                found.push(problem.help("a sequence is done with texts, numbers, instants, true and false"));
            }
            None
        }
        (ValueType::Steps, Value::List(list)) => {
            list.iter().for_each(|step| check_step(step, found));
            None
        }
        _ => {
            let message = format!("`{}` takes {}, not {}", key.name, value_type.describe(), node.value.describe());
            Some(Diagnostic::error(Code::WrongType, message, node.span).help_some(requoted(value_type, &node.value)))
        }
    };
    if let Some(problem) = problem {
        found.push(problem);
    }
}

/// The value with quotes, or without them, when only they are wrong.
fn requoted(value_type: ValueType, value: &Value) -> Option<String> {
    match (value_type, value) {
        (ValueType::Text | ValueType::Hex, Value::Number(number)) => Some(format!("put it in quotes: \"{number}\"")),
        (ValueType::Number(..), Value::Text(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("leave the quotes out: {text}"))
        }
        (ValueType::Flag, Value::Text(text)) if ["true", "false"].contains(&text.as_str()) => {
            Some(format!("leave the quotes out: {text}"))
        }
        _ => None,
    }
}

/// A text that is none of the words.
pub(crate) fn unknown_word(key: &str, words: &[&str], text: &str, span: Span) -> Option<Diagnostic> {
    if words.contains(&text) {
        return None;
    }
    let help = match suggestion(text, words.iter().copied()) {
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None => format!("it takes {}", words.join(", ")),
    };
    Some(Diagnostic::error(Code::UnknownWord, format!("`{key}` does not take the word `{text}`"), span).help(help))
}

fn duration_problem(key: &str, value_type: ValueType, text: &str, span: Span) -> Option<Diagnostic> {
    let error = Duration::from_str(text).err()?;
    let or_instant = matches!(value_type, ValueType::Time | ValueType::Past);
    if matches!(value_type, ValueType::Time) {
        if ClockTime::from_str(text).is_ok() {
            return None;
        }
        if duration::time_of_day(text).is_some() {
            let message = format!("`{text}` is neither a duration nor a time of the day");
            return Some(Diagnostic::error(Code::NotADuration, message, span).help(duration::moments(text)));
        }
    }
    if or_instant && (text.contains('T') || meant_instant(text).is_some()) {
        return crate::instant::parse(text).is_none().then(|| not_an_instant(text, span));
    }
    let mut meant = duration::meant(text).map(|duration| format!("write \"{duration}\""));
    let moment =
        [("after", "at"), ("within", "until")].into_iter().find_map(|(one, other)| (one == key).then_some(other));
    if let Some((help, (moment, time))) = meant.as_mut().zip(moment.zip(duration::time_of_day(text))) {
        *help += &format!(" for that long, {moment} = \"{time}\" for the time of the day");
    }
    let both = or_instant.then(|| format!("it takes {}", value_type.describe()));
    Some(Diagnostic::error(Code::NotADuration, error.to_string(), span).help_some(meant.or(both)))
}

/// A registry value that counts minutes can say nothing in between, and nothing beyond its bound.
fn minutes_problem(key: &str, value_type: ValueType, most: u32, text: &str, span: Span) -> Option<Diagnostic> {
    let Ok(duration) = Duration::from_str(text) else { return duration_problem(key, value_type, text, span) };
    let fits = duration.0 % Duration::MINUTE.0 == 0 && duration.0 / Duration::MINUTE.0 <= u64::from(most);
    let message = format!("`{key}` is a registry value of whole minutes, at most {most}; it cannot be {text}");
    (!fits).then(|| Diagnostic::error(Code::OutOfRange, message, span).help("write it like \"90m\""))
}

fn not_an_instant(text: &str, span: Span) -> Diagnostic {
    let message = format!("`{text}` is not an instant with an offset from UTC");
    let meant = meant_instant(text).unwrap_or_else(|| "2026-03-02T08:00:00Z".to_owned());
    Diagnostic::error(Code::NotAnInstant, message, span).help(format!("write it like {meant}"))
}

/// The instant of an author who left out the offset, or the time of the day too.
fn meant_instant(text: &str) -> Option<String> {
    let longer = [format!("{text}Z"), format!("{text}T00:00:00Z")];
    longer.into_iter().find(|instant| crate::instant::parse(instant).is_some())
}

fn malformed(key: &str, text: &str, span: Span, problem: Option<String>) -> Option<Diagnostic> {
    problem.map(|help| Diagnostic::error(Code::Malformed, format!("`{text}` is malformed as `{key}`"), span).help(help))
}

fn problem_of<T: FromStr>(text: &str) -> Option<String>
where
    T::Err: std::fmt::Display,
{
    T::from_str(text).err().map(|error| error.to_string())
}

/// Names of object identifiers are looked up where the fixtures are at hand; here only what cannot be a name is an
/// error.
fn oid_problem(text: &str) -> Option<String> {
    let name = text.starts_with(|c: char| c.is_ascii_lowercase());
    if name { None } else { problem_of::<Oid>(text) }
}

fn check_tables(key: &Key, shape: &'static Shape, by_name: bool, list: &[Node], found: &mut Diagnostics) {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    for element in list {
        let Value::Table(table) = &element.value else {
            let message = format!("`{}` takes tables, each {}, not {}", key.name, shape.name, element.value.describe());
            found.push(Diagnostic::error(Code::WrongType, message, element.span));
            continue;
        };
        check_shape(shape, table, found);
        if let Some((change, set)) = table.text("change").zip(table.table("set")) {
            check_change(change.value, set, table.entry("of"), element.span, found);
        }
        let Some(name) = table.text("name").filter(|_| by_name) else { continue };
        if let Some(first) = names.get(name.value) {
            let message = format!("`{}` is {} already", name.value, shape.name);
            let problem = Diagnostic::error(Code::DuplicateName, message, name.span);
            found.push(problem.label(*first, "first here"));
        } else {
            names.insert(name.value, name.span);
        }
    }
}
