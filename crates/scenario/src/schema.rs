//! The JSON Schema of the format, made from the tables that the reader uses.

use serde_json::{Map, Value, json};

use crate::shape::{ANSWER, CHANGES, Key, MODIFIERS, ROOT, SEQUENCE, Shape, VERBS, ValueType, answer_words};

/// The JSON Schema (draft 2020-12) of scenario files, version 1. Editors complete and validate with it; it accepts the
/// same keys as the reader and says nothing about what names refer to.
#[must_use]
pub fn json_schema() -> Value {
    let mut definitions = Map::new();
    let mut root = object(&ROOT, &mut definitions);
    define("step", &mut definitions, step);
    define("sequence-step", &mut definitions, sequence_step);
    define("fact", &mut definitions, |_| fact());
    define("answer", &mut definitions, answer);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "scenario-1.json",
        "title": "autoenroll scenario, version 1",
    });
    let mut all = head.as_object().cloned().unwrap_or_default();
    all.append(&mut root);
    all.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(all)
}

/// Makes a definition once; the empty one that stands in meanwhile ends recursion.
fn define(name: &str, definitions: &mut Map<String, Value>, make: impl FnOnce(&mut Map<String, Value>) -> Value) {
    if !definitions.contains_key(name) {
        definitions.insert(name.to_owned(), Value::Null);
        let made = make(definitions);
        definitions.insert(name.to_owned(), made);
    }
}

fn object(shape: &Shape, definitions: &mut Map<String, Value>) -> Map<String, Value> {
    // A world file has no title and no timeline, and an overriding table says only what differs, so only what every
    // table of its kind must say is required here.
    let always = |key: &&Key| key.required && ["scenario", "name", "steps"].contains(&key.name);
    let required: Vec<&str> = shape.keys.iter().filter(always).map(|key| key.name).collect();
    let mut all = Map::new();
    all.insert("type".to_owned(), json!("object"));
    all.insert("description".to_owned(), json!(shape.doc));
    all.insert("additionalProperties".to_owned(), json!(false));
    if !required.is_empty() {
        all.insert("required".to_owned(), json!(required));
    }
    all.insert("properties".to_owned(), Value::Object(properties(shape.keys, definitions)));
    all
}

fn properties(keys: &[Key], definitions: &mut Map<String, Value>) -> Map<String, Value> {
    keys.iter().map(|key| (key.name.to_owned(), described(key.value_type, &key.text(), definitions))).collect()
}

fn described(value_type: ValueType, doc: &str, definitions: &mut Map<String, Value>) -> Value {
    let mut value = value(value_type, definitions);
    if let Some(all) = value.as_object_mut() {
        all.insert("description".to_owned(), json!(doc));
    }
    value
}

/// A table by reference, so that each stands in the schema once.
fn table(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Value {
    let name = shape.name.split_once(' ').map_or(shape.name, |(_, noun)| noun).replace(' ', "-");
    define(&name, definitions, |definitions| Value::Object(object(shape, definitions)));
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn value(value_type: ValueType, definitions: &mut Map<String, Value>) -> Value {
    match value_type {
        ValueType::Text | ValueType::Oid | ValueType::Sid | ValueType::Guid | ValueType::Hex => {
            json!({ "type": "string", "minLength": 1 })
        }
        ValueType::Word(words) => json!({ "enum": words() }),
        ValueType::Words(words) => json!({ "type": "array", "items": { "enum": words() } }),
        ValueType::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        ValueType::Flag => json!({ "type": "boolean" }),
        ValueType::Duration | ValueType::Minutes(_) => {
            json!({ "type": "string", "pattern": "^([0-9]+(w|d|h|m|s|ms|us|ns))+$" })
        }
        ValueType::Instant | ValueType::Time | ValueType::Past => json!({ "type": "string" }),
        ValueType::OrNone(value_type) => json!({ "anyOf": [value(*value_type, definitions), { "const": false }] }),
        ValueType::List(value_type) => json!({ "type": "array", "items": value(*value_type, definitions) }),
        ValueType::Table(shape) => table(shape, definitions),
        ValueType::Named(shape) | ValueType::Tables(shape) => {
            json!({ "type": "array", "items": table(shape, definitions) })
        }
        ValueType::Map(value_type) => {
            json!({ "type": "object", "additionalProperties": value(*value_type, definitions) })
        }
        ValueType::Facts => json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/fact" } }),
        ValueType::Fact => json!({ "$ref": "#/$defs/fact" }),
        ValueType::Answer => json!({ "$ref": "#/$defs/answer" }),
        ValueType::ChangeSet => {
            let sets: Vec<Value> =
                CHANGES.iter().map(|change| Value::Object(object(&change.set, definitions))).collect();
            json!({ "anyOf": sets })
        }
        ValueType::Steps => json!({ "type": "array", "items": { "$ref": "#/$defs/step" } }),
        ValueType::SequenceSteps => {
            json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/sequence-step" } })
        }
        ValueType::Sequences => json!({ "type": "object", "additionalProperties": table(&SEQUENCE, definitions) }),
        ValueType::Arguments => {
            let plain = json!({ "type": ["string", "integer", "boolean"] });
            json!({ "type": "object", "additionalProperties": plain })
        }
    }
}

fn fact() -> Value {
    let fact = json!({ "$ref": "#/$defs/fact" });
    json!({ "anyOf": [
        { "type": "string" }, { "type": "integer" }, { "type": "boolean" }, { "type": "array", "items": fact },
    ] })
}

fn answer(definitions: &mut Map<String, Value>) -> Value {
    json!({ "anyOf": [{ "enum": answer_words() }, Value::Object(object(&ANSWER, definitions))] })
}

fn step(definitions: &mut Map<String, Value>) -> Value {
    let mut keys = Map::new();
    for verb in VERBS {
        keys.insert(verb.word.to_owned(), described(verb.value_type, verb.doc, definitions));
    }
    keys.append(&mut properties(MODIFIERS, definitions));
    // What it takes depends on the verb.
    let with = keys.get_mut("with").and_then(Value::as_object_mut);
    let answer = with.map(|with| std::mem::take(with).into_iter().partition(|(key, _)| key == "description"));
    let (described, answer): (Map<String, Value>, Map<String, Value>) = answer.unwrap_or_default();
    keys.insert("with".to_owned(), Value::Object(described));
    let arguments = value(ValueType::Arguments, definitions);
    let forms: Vec<Value> = VERBS
        .iter()
        .map(|verb| {
            let needed: Vec<&str> = [verb.word].iter().chain(verb.needs).copied().collect();
            match (verb.word, verb.modifiers.contains(&"with")) {
                (_, false) => json!({ "required": needed }),
                ("do", true) => json!({ "required": needed, "properties": { "with": arguments } }),
                (_, true) => json!({ "required": needed, "properties": { "with": answer } }),
            }
        })
        .collect();
    json!({
        "type": "object",
        "description": "One step: a verb, and what says more about it.",
        "additionalProperties": false,
        "properties": keys,
        "oneOf": forms,
    })
}

/// A step in which a parameter may stand for any value.
fn sequence_step(definitions: &mut Map<String, Value>) -> Value {
    let mut step = step(definitions);
    let parameter = json!({ "type": "string", "pattern": "^\\$" });
    if let Some(keys) = step.get_mut("properties").and_then(Value::as_object_mut) {
        // Of a change, values inside may be parameters too.
        keys.insert("set".to_owned(), json!({ "type": "object", "description": "What it becomes." }));
        keys.remove("only");
        for value in keys.values_mut() {
            *value = json!({ "anyOf": [value.take(), parameter] });
        }
    }
    for form in step.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(with) = form.pointer_mut("/properties/with") {
            *with = json!({ "anyOf": [with.take(), parameter] });
        }
    }
    step
}
