//! The reference of the core protocol: its JSON Schema as tables for people.

use serde_json::{Map, Value};

/// The types that a reader meets first, in that order; the others follow in the order of their names.
const FIRST: &[&str] = &[
    "ToCore",
    "FromCore",
    "Identity",
    "Now",
    "Input",
    "Trigger",
    "TriggerCause",
    "PolicyRefresh",
    "Answer",
    "NumberedOutput",
    "Cause",
    "OutputBody",
    "Report",
    "Effect",
    "CardOperation",
    "SoftwareOperation",
    "EffectResult",
    "CoreError",
];

/// Tables of every type of the schema, each under its heading; types that are one value come last, in one table.
#[must_use]
pub fn reference(schema: &Value) -> String {
    let Some(definitions) = schema["$defs"].as_object() else { return String::new() };
    let later = definitions.keys().map(String::as_str).filter(|name| !FIRST.contains(name));
    let (mut text, mut simple) = (String::new(), String::new());
    for name in FIRST.iter().copied().chain(later) {
        let definition = &definitions[name];
        let about = description(definition);
        match table(name, definition) {
            Some(table) => text.push_str(&format!("### {name}\n\n{}{table}\n", paragraph(about))),
            None => simple.push_str(&format!(
                "| <a id=\"{}\"></a>`{name}` | {} | {} |\n",
                name.to_lowercase(),
                type_of(definition),
                cell(about)
            )),
        }
    }
    format!("{text}### Simple types\n\n| type | is | meaning |\n| --- | --- | --- |\n{simple}")
}

/// The table of a type that has parts; none of a type that is one value.
fn table(name: &str, definition: &Value) -> Option<String> {
    if let Some(variants) = definition["oneOf"].as_array() {
        if variants.iter().all(is_word) {
            let rows =
                variants.iter().map(|word| format!("| {} | {} |\n", code(&word["const"]), cell(description(word))));
            return Some(format!("| word | meaning |\n| --- | --- |\n{}", rows.collect::<String>()));
        }
        return Some(if name == "Effect" || name.ends_with("Operation") {
            effects(variants)
        } else {
            choices(variants)
        });
    }
    let rows = fields(definition.as_object()?)?;
    let rows = rows.into_iter().map(|row| format!("| `{}` | {} | {} |\n", row.name, row.kind, row.about));
    Some(format!("| field | type | meaning |\n| --- | --- | --- |\n{}", rows.collect::<String>()))
}

/// Variants, each followed by its fields.
fn choices(variants: &[Value]) -> String {
    let mut text = "| one of | with | meaning |\n| --- | --- | --- |\n".to_owned();
    for variant in variants {
        let about = cell(description(variant));
        let (name, value) = variant_of(variant);
        text.push_str(&format!("| `{name}` | {} | {about} |\n", value.map(held).unwrap_or_default()));
        push_fields(&mut text, value, "|");
    }
    text
}

/// Effects, with their results and what it means when they fail; both stand in their descriptions.
fn effects(variants: &[Value]) -> String {
    let mut text = "| effect | with | meaning | result | failure |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for variant in variants {
        let (about, failure) = description(variant).split_once("Failure: ").unwrap_or((description(variant), ""));
        let (about, result) = about.split_once('→').unwrap_or((about, ""));
        let (name, value) = variant_of(variant);
        let with = value.map(held).unwrap_or_default();
        text.push_str(&format!("| `{name}` | {with} | {} | {} | {} |\n", cell(about), cell(result), cell(failure)));
        push_fields(&mut text, value, "| | |");
    }
    text
}

/// The fields of a variant that has some of its own.
fn push_fields(text: &mut String, value: Option<&Value>, end: &str) {
    let fields = value.and_then(Value::as_object).and_then(fields).unwrap_or_default();
    for field in fields {
        text.push_str(&format!("| | `{}`: {} | {} {end}\n", field.name, field.kind, field.about));
    }
}

/// What a variant holds, where it holds one value.
fn held(value: &Value) -> String {
    if value["properties"].is_object() { String::new() } else { type_of(value) }
}

/// A field of an object.
struct Field<'a> {
    name: &'a str,
    kind: String,
    about: String,
}

fn fields(object: &Map<String, Value>) -> Option<Vec<Field<'_>>> {
    let required: Vec<&str> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let field = |(name, value): (&'_ String, &Value)| {
        let kind = type_of(value);
        let kind = if required.contains(&name.as_str()) { kind } else { format!("{kind}; may be absent") };
        (kind, cell(description(value)))
    };
    let properties = object.get("properties")?.as_object()?;
    Some(
        properties
            .iter()
            .map(|(name, value)| {
                let (kind, about) = field((name, value));
                Field { name, kind, about }
            })
            .collect(),
    )
}

/// The name of a variant, and what it holds.
fn variant_of(variant: &Value) -> (&str, Option<&Value>) {
    match variant["properties"].as_object().and_then(|properties| properties.iter().next()) {
        Some((name, value)) => (name, Some(value)),
        None => (variant["const"].as_str().unwrap_or_default(), None),
    }
}

fn is_word(variant: &Value) -> bool {
    variant["const"].is_string()
}

/// A type in words, with links to those that have a place of their own.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    if let Some(items) = schema["prefixItems"].as_array() {
        return format!("list of {} values: {}", items.len(), items.iter().map(type_of).collect::<Vec<_>>().join(", "));
    }
    match &schema["type"] {
        Value::Array(types) => {
            let each = types.iter().map(|kind| {
                let mut one = schema.clone();
                one["type"] = kind.clone();
                type_of(&one)
            });
            each.collect::<Vec<_>>().join(" or ")
        }
        Value::String(kind) => match kind.as_str() {
            "array" => format!("list of {}", type_of(&schema["items"])),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => format!("integer, {} to {}", schema["minimum"], schema["maximum"]),
            "null" => "`null`".to_owned(),
            "object" => format!("object of {}", type_of(&schema["additionalProperties"])),
            "string" => match (schema["pattern"].as_str(), &schema["maxLength"]) {
                (Some(pattern), most) => {
                    let most = most.as_u64().map(|most| format!(", at most {most} characters")).unwrap_or_default();
                    format!("text, `{}`{most}", pattern.replace('|', "\\|"))
                }
                (None, _) => "text".to_owned(),
            },
            other => other.to_owned(),
        },
        _ => String::new(),
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn code(value: &Value) -> String {
    format!("`{}`", value.as_str().unwrap_or_default())
}

fn paragraph(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text}\n\n") }
}

/// A text as a cell: one line, no bars.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
