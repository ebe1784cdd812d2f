//! The JSON Schema and the reference are what the reader's tables say, and the schema's keys are those that the reader
//! takes.

use autoenroll_model::SWITCHES;
use autoenroll_scenario::{Code, json_schema, parse, reference};
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../fixtures/schemas/scenario-1.json");
const REFERENCE: &str = include_str!("../../../docs/scenario-language.md");
const CHORE: &str = "run cargo run -p autoenroll-scenario --example regenerate";

#[test]
fn the_committed_schema_is_up_to_date() {
    let committed: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    assert!(committed == json_schema(), "{CHORE}");
}

#[test]
fn the_reference_is_up_to_date() {
    for (name, part) in reference() {
        let whole = format!("<!-- {name}: generated -->\n{part}<!-- {name}: end -->");
        assert!(REFERENCE.contains(&whole), "the part `{name}` differs: {CHORE}");
    }
}

/// What answers lead to is written by hand, as it is the core's business; that nothing is left out is not.
#[test]
fn the_reference_says_what_every_answer_leads_to() {
    let (_, rest) = REFERENCE.split_once("### Answers\n").expect("there is such a part");
    let (answers, _) = rest.split_once("\n### ").expect("another part follows");
    let (_, prompts) = reference().into_iter().find(|(name, _)| *name == "prompts").expect("it lists prompts");
    let mut rows = 0;
    for row in prompts.lines().skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [prompt, .., offers] = cells.as_slice() else { continue };
        for offer in offers.split('`').filter(|offer| !offer.trim().is_empty()) {
            rows += 1;
            assert!(answers.contains(&format!("\n| {prompt} | `{offer}` | ")), "{prompt} {offer}");
        }
    }
    assert_eq!(answers.lines().filter(|line| line.starts_with("| `")).count(), rows, "rows for no answer");
    for name in ["replace-no", "replace-yes", "pin-cache", "insert-prompt", "cancelled"] {
        let switch = SWITCHES.iter().find(|switch| switch.name == name).expect("it is a switch");
        for word in switch.values.iter().copied().chain([name]) {
            assert!(answers.contains(&format!("`{word}`")), "{name}: {word}");
        }
    }
}

#[test]
fn schema_and_reader_accept_the_same_keys() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let mut walk = Walk { schema: &schema, keys: 0, tables: 0 };
    walk.object(&schema, &mut Vec::new());
    // Enough to know that the walk went everywhere.
    assert!(walk.keys > 250 && walk.tables > 30, "{} keys in {} tables", walk.keys, walk.tables);
}

/// Goes through every object of the schema with the way to it.
struct Walk<'a> {
    schema: &'a Value,
    keys: usize,
    tables: usize,
}

impl Walk<'_> {
    fn object(&mut self, object: &Value, way: &mut Vec<String>) {
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
        self.tables += 1;
        assert!(unknown_keys(way, "unheard-of"), "{way:?} takes any key");
        for (key, value) in properties {
            self.keys += 1;
            assert!(!unknown_keys(way, key), "the reader refuses {way:?} {key}");
            way.push(key.clone());
            self.value(value, way);
            way.pop();
        }
    }

    fn value(&mut self, value: &Value, way: &mut Vec<String>) {
        if way.len() > 12 {
            return;
        }
        if let Some(name) = value.get("$ref").and_then(Value::as_str) {
            // Facts are free, so there are no keys to compare.
            if name != "#/$defs/fact" {
                let target = self.schema.pointer(&name[1..]).expect("the reference leads somewhere");
                self.value(&target.clone(), way);
            }
        } else if let Some(items) = value.get("items") {
            way.push("[]".to_owned());
            self.value(items, way);
            way.pop();
        } else if let Some(several) = value.get("anyOf").and_then(Value::as_array) {
            // The sets of changes share a place and are told apart by a word, which `of_changes` covers.
            if way.last().is_none_or(|key| key != "set") {
                several.iter().for_each(|one| self.value(one, way));
            }
        } else {
            self.object(value, way);
        }
    }
}

/// Whether the reader calls a key unknown at the end of a way of keys.
fn unknown_keys(way: &[String], key: &str) -> bool {
    let mut document = json!({ key: "x" });
    for part in way.iter().rev() {
        document = match part.as_str() {
            "[]" => json!([document]),
            name => json!({ name: document }),
        };
    }
    if let Some(root) = document.as_object_mut() {
        root.entry("scenario").or_insert(json!(1));
    }
    let text = document.to_string();
    let parsed = parse("walk.json", text.as_bytes());
    let span = text.rfind(&format!("\"{key}\"")).expect("the key is in the text");
    parsed.found.list().iter().any(|problem| problem.code == Code::UnknownKey && problem.span.start == span)
}

#[test]
fn every_change_of_the_schema_is_one_of_the_reader() {
    let changes =
        reference().into_iter().find(|(name, _)| *name == "changes").map(|(_, part)| part).unwrap_or_default();
    for line in changes.lines().skip(2).take_while(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let word = cells[0].trim_matches('`');
        for key in cells[2].split(' ').map(|key| key.trim_matches('`')) {
            let step = json!({ "change": word, "of": "x", "set": { key: 1 } });
            let text = json!({ "scenario": 1, "title": "t", "timeline": { "steps": [step] } }).to_string();
            let parsed = parse("change.json", text.as_bytes());
            assert!(!parsed.found.list().iter().any(|problem| problem.code == Code::UnknownKey), "{word} {key}");
        }
    }
}
