//! Writes what is made from the tables of the language: the JSON Schema, and the tables of the reference.
//!
//! `cargo run -p autoenroll-scenario --example regenerate`, from anywhere.

use std::path::Path;

use autoenroll_scenario::{json_schema, reference};

#[expect(clippy::disallowed_methods, reason = "a chore of the repository writes its files")]
fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema = serde_json::to_string_pretty(&json_schema())? + "\n";
    std::fs::write(root.join("fixtures/schemas/scenario-1.json"), schema)?;
    let path = root.join("docs/scenario-language.md");
    let mut text = std::fs::read_to_string(&path)?;
    for (name, part) in reference() {
        let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->"));
        if let Some((before, rest)) = text.split_once(&begin)
            && let Some((_, after)) = rest.split_once(&end)
        {
            text = format!("{before}{begin}{part}{end}{after}");
        }
    }
    std::fs::write(path, text)
}
