//! What the scenarios of the suite say about themselves, as constants of Rust: lists of the suite read none of them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// The outline of each scenario, sorted by path.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn outlines(root: &Path, named: &[(String, String)]) -> Result<String, Box<dyn Error>> {
    let mut list = String::from("&[\n");
    for (name, _) in named.iter().filter(|(name, _)| name.starts_with("scenarios/")) {
        let text = fs::read_to_string(root.join(name))?;
        let table: Table = match name.ends_with(".json") {
            true => serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?,
            false => toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?,
        };
        let texts = |key: &str| table.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let covers: Vec<&str> = texts("covers").iter().filter_map(Value::as_str).collect();
        let title = text_of(&table, "title").unwrap_or_default();
        let profile = text_of(&table, "profile");
        let variants: Vec<(&str, Option<&str>)> = texts("vary")
            .iter()
            .filter_map(Value::as_table)
            .map(|variant| (text_of(variant, "name").unwrap_or_default(), text_of(variant, "profile")))
            .collect();
        writeln!(
            list,
            "    Outline {{ path: {name:?}, title: {title:?}, profile: {profile:?}, covers: &{covers:?}, \
             variants: &{variants:?} }},"
        )?;
    }
    list.push(']');
    Ok(list)
}

fn text_of<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}
