//! `autoenroll fixtures`: what a scenario can name without describing it.

use serde_json::json;
use toml::Table;

use crate::arguments::{Fixtures, Format};
use crate::console::{Colour, Console};
use crate::{Exit, Failure, embedded};

pub(crate) fn run(arguments: &Fixtures, console: &mut Console<'_>) -> Result<Exit, Failure> {
    for (kind, folder, use_as) in [
        ("world", "fixtures/worlds", "extends = \"…\""),
        ("card", "fixtures/cards", "atr = \"…\""),
        ("template", "fixtures/templates", "based-on = \"…\""),
    ] {
        let names = names(kind, folder)?;
        match arguments.format {
            Format::Text => {
                writeln!(console.out, "{}", console.paint(Colour::Yellow, &format!("{kind}s, for {use_as}")))?;
                let width = names.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                for (name, about) in names {
                    writeln!(console.out, "{}", format!("  {name:<width$}  {about}").trim_end())?;
                }
                writeln!(console.out)?;
            }
            Format::Json => {
                for (name, about) in names {
                    writeln!(console.out, "{}", json!({ "kind": kind, "name": name, "about": about }))?;
                }
            }
        }
    }
    Ok(Exit::Ok)
}

/// Names and descriptions. Worlds and cards are a file each; templates stand many in a file.
fn names(kind: &str, folder: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut names = Vec::new();
    for (path, bytes) in embedded::below(folder) {
        let broken = |error: String| Failure::Bench(format!("{path}: {error}"));
        let text = std::str::from_utf8(bytes).map_err(|error| broken(error.to_string()))?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| broken(error.to_string()))?;
        let word =
            |table: &Table, key: &str| table.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        if kind == "template" {
            let templates = table.get("template").and_then(|list| list.as_array()).into_iter().flatten();
            names.extend(
                templates
                    .filter_map(|template| template.as_table())
                    .map(|template| (word(template, "name"), word(template, "display-name"))),
            );
        } else {
            let name = path.trim_start_matches(folder).trim_start_matches('/').trim_end_matches(".toml");
            let about = word(&table, "about");
            names.push((name.to_owned(), if about.is_empty() { first_comment(text) } else { about }));
        }
    }
    Ok(names)
}

/// A world has no word about itself, but a comment at its beginning: the first sentence of that.
fn first_comment(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with("# ")).map_while(|line| line.strip_prefix("# "));
    let comment = lines.collect::<Vec<_>>().join(" ");
    comment.split_once(". ").map_or(comment.clone(), |(sentence, _)| format!("{sentence}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_described_by_its_first_sentence() {
        assert_eq!(first_comment("#:schema x\n# One thing\n# and another. More.\n[world]\n"), "One thing and another.");
        assert_eq!(first_comment("[world]\n"), "");
    }
}
