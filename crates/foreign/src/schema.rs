//! The JSON Schema of the protocol, generated from the types. It is committed as
//! `fixtures/schemas/core-protocol-2.json`, because the command prints it and need not be able to make it.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::protocol::{FromCore, ToCore, VERSION};

/// The schema of every message of both sides. Names are those of JSON, and so are the names in descriptions.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let (to_core, from_core) = (generator.subschema_for::<ToCore>(), generator.subschema_for::<FromCore>());
    let mut definitions = generator.take_definitions(true);
    // A list of alternatives that are all texts and no two of them equal is easier to read as it stands.
    definitions.values_mut().for_each(plain);
    definitions.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("autoenroll core protocol {VERSION}"),
        "description": "One message: one JSON object on one line. Fields that a reader does not know are ignored.",
        "oneOf": [to_core, from_core],
        "$defs": definitions,
    })
}

/// Descriptions without Rust: names as JSON has them, `null` for what is absent.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = describe(text);
            }
            drop_formats(fields);
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

/// Bounds say what `uint32` and its like say, to everybody.
fn drop_formats(fields: &mut Map<String, Value>) {
    let (least, most): (Value, Value) = match fields.get("format").and_then(Value::as_str) {
        Some("uint8") => (0.into(), u8::MAX.into()),
        Some("uint16") => (0.into(), u16::MAX.into()),
        Some("uint32") => (0.into(), u32::MAX.into()),
        Some("uint64") => (0.into(), u64::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        _ => return,
    };
    fields.shift_remove("format");
    fields.insert("minimum".to_owned(), least);
    fields.insert("maximum".to_owned(), most);
}

/// A description of Rust as one of JSON: links become the words of JSON, lines become one.
fn describe(text: &str) -> String {
    let paragraphs: Vec<String> =
        text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mut described = String::new();
    for (at, part) in paragraphs.join("\n\n").split('`').enumerate() {
        // Every second part stands between backquotes.
        if at % 2 == 0 {
            let part = if at == 0 { part } else { part.strip_prefix(']').unwrap_or(part) };
            described.push_str(part.strip_suffix('[').unwrap_or(part));
        } else {
            let word = match part.rsplit_once("::") {
                Some((_, name)) => kebab(name),
                None if part == "None" => "null".to_owned(),
                None => part.to_owned(),
            };
            described.push_str(&format!("`{word}`"));
        }
    }
    described
}

/// `EffectDone` and `gp_triggers` as JSON writes them.
fn kebab(name: &str) -> String {
    let mut word = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            word.push('-');
        }
        word.push(if letter == '_' { '-' } else { letter.to_ascii_lowercase() });
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_name_what_json_names() {
        assert_eq!(
            describe("Report with [`Input::EffectDone`];\n`None` when `gp_triggers` is off.\n\nFailure: [MS-CRTD]."),
            "Report with `effect-done`; `null` when `gp_triggers` is off.\n\nFailure: [MS-CRTD]."
        );
        assert_eq!(describe("See [`Profile::gp_triggers`]."), "See `gp-triggers`.");
    }
}
