//! Documents: links lead somewhere, commands name packages and chores that exist.

use std::path::Path;

use super::crates::Member;
use super::{files, read};

/// Documents beside those in `docs`.
const TOP: &[&str] = &["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md"];

pub(super) fn check(root: &Path, members: &[Member]) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for path in TOP.iter().map(|path| (*path).to_owned()).chain(files(root, "docs", ".md")?) {
        let text = read(root, &path)?;
        let directory = Path::new(&path).parent().unwrap_or(Path::new(""));
        for link in links(&text) {
            if !root.join(directory).join(&link).exists() {
                findings.push(format!("{path}: the link to {link} leads nowhere"));
            }
        }
        findings.extend(commands(&text).filter_map(|line| check_command(&path, line, members)));
    }
    Ok(findings)
}

/// Targets of links to files of this repository, without their fragments.
fn links(text: &str) -> Vec<String> {
    let mut inside_code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        inside_code ^= fence;
        !inside_code && !fence
    });
    // Every second piece between backticks is code.
    let prose = lines.map(|line| line.split('`').step_by(2).collect::<String>());
    let target = |rest: &str| rest.split([')', '#']).next().unwrap_or_default().to_owned();
    let targets = prose.flat_map(|line| line.split("](").skip(1).map(target).collect::<Vec<_>>());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

/// Lines of `sh` code.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        if line.starts_with("```") {
            inside = *line == "```sh";
            return false;
        }
        inside
    })
}

fn check_command(path: &str, line: &str, members: &[Member]) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let package = words.iter().position(|word| matches!(*word, "-p" | "--package")).and_then(|at| words.get(at + 1));
    match package {
        Some(name) if !members.iter().any(|member| member.package == *name) => {
            Some(format!("{path}: `{line}` names the package {name}, which does not exist"))
        }
        _ if words.starts_with(&["cargo", "xtask"]) => {
            let chore = words.get(2).copied().unwrap_or_default();
            (!crate::knows_chore(chore))
                .then(|| format!("{path}: `{line}` names the chore {chore}, which does not exist"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text = "See [a](docs/a.md#x), [b](https://example.com) and [c](#here), `x](e)`.\n```toml\n[x](y)\n```\n[d](d.md)\n";
        assert_eq!(links(text), ["docs/a.md", "d.md"]);
    }

    #[test]
    fn commands_name_what_exists() {
        let members = [Member { package: "autoenroll-cli".into(), ..Member::default() }];
        let check = |line: &str| check_command("README.md", line, &members);
        assert_eq!(check("cargo run -p autoenroll-cli -- run"), None);
        assert_eq!(check("cargo xtask tidy"), None);
        assert!(check("cargo run -p autoenroll -- run").is_some());
        assert!(check("cargo xtask dance").is_some());
        assert_eq!(commands("```sh\na\n```\nb\n```\nc\n```\n").collect::<Vec<_>>(), ["a"]);
    }
}
