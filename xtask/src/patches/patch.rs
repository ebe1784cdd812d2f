//! A patch: what is wrong, which scenario has to notice it, and a unified diff.

use std::collections::BTreeMap;

/// A change of the sources that makes something wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The name of its file, without the ending.
    pub(crate) name: String,
    /// What is wrong, in a sentence.
    pub(crate) wrong: String,
    /// The scenario that has to notice it.
    pub(crate) scenario: String,
    hunks: Vec<Hunk>,
}

/// One place that is changed. Both texts are whole lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hunk {
    file: String,
    old: String,
    new: String,
}

/// The line of the head that says what is wrong.
const WRONG: &str = "Subject: ";
/// The line of the head that names the scenario.
const SCENARIO: &str = "Scenario: ";

/// The line of the head that says what the suite makes of a bug that is kept for the explorer to find.
const SUITE: &str = "Suite: ";

impl Patch {
    /// Reads a patch that no scenario has to notice: it has a line `Suite: ` in place of `Scenario: `.
    ///
    /// # Errors
    /// As for [`Patch::parse`].
    pub(crate) fn parse_unnoticed(name: &str, text: &str) -> Result<Self, String> {
        Self::parse_with(name, text, SUITE)
    }

    /// Reads a patch: lines of text, among them `Subject: ` and `Scenario: `, and after them a unified diff.
    ///
    /// # Errors
    /// When something is missing, or the diff changes nothing.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        Self::parse_with(name, text, SCENARIO)
    }

    fn parse_with(name: &str, text: &str, noticed: &str) -> Result<Self, String> {
        let diff = text.find("\n--- ").map(|at| at + 1).ok_or("there is no diff, which begins with `--- a/FILE`")?;
        let (head, diff) = text.split_at(diff);
        let field = |field: &str| {
            let found = head.lines().find_map(|line| line.strip_prefix(field)).map(str::trim).filter(|v| !v.is_empty());
            found.map(str::to_owned).ok_or_else(|| format!("no line before the diff begins with `{field}`"))
        };
        let (wrong, scenario) = (field(WRONG)?, field(noticed)?);
        if !wrong.ends_with('.') {
            return Err(format!("`{WRONG}{wrong}` is no sentence, which ends with a full stop"));
        }
        let hunks = hunks(diff)?;
        Ok(Self { name: name.to_owned(), wrong, scenario, hunks })
    }

    /// The file of the scenario, from the root of the workspace.
    pub(crate) fn scenario_file(&self) -> String {
        format!("scenarios/{}.toml", self.scenario)
    }

    /// The texts of all files that the patch changes, as they are afterwards. A hunk is applied where its old lines
    /// are; its line numbers do not count, so that the patch still fits when something above has grown.
    ///
    /// # Errors
    /// When the old lines of a hunk are not in its file exactly once.
    pub(crate) fn apply(
        &self,
        read: impl Fn(&str) -> Result<String, String>,
    ) -> Result<BTreeMap<String, String>, String> {
        let mut changed: BTreeMap<String, String> = BTreeMap::new();
        for Hunk { file, old, new } in &self.hunks {
            let text = match changed.remove(file) {
                Some(text) => text,
                None => read(file)?,
            };
            let begins_line = |at: &usize| *at == 0 || text[..*at].ends_with('\n');
            let places: Vec<usize> = text.match_indices(old).map(|(at, _)| at).filter(begins_line).collect();
            let [place] = places.as_slice() else {
                let first = old.lines().next().unwrap_or_default();
                return Err(format!(
                    "the patch no longer applies: the lines that begin with `{}` are in {file} {} times, not once",
                    first.trim(),
                    places.len()
                ));
            };
            let after = format!("{}{new}{}", &text[..*place], &text[place + old.len()..]);
            changed.insert(file.clone(), after);
        }
        Ok(changed)
    }
}

/// The hunks of a unified diff.
fn hunks(diff: &str) -> Result<Vec<Hunk>, String> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut file = String::new();
    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("+++ ") {
            file = path.strip_prefix("b/").ok_or_else(|| format!("`{line}` does not begin with `+++ b/`"))?.to_owned();
        } else if line.starts_with("@@ ") {
            hunks.push(Hunk { file: file.clone(), ..Hunk::default() });
        } else if !["--- ", "diff ", "index "].iter().any(|begin| line.starts_with(begin)) {
            let hunk = hunks.last_mut().ok_or_else(|| format!("`{line}` stands before the first hunk"))?;
            let (mark, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
            if !matches!(mark, " " | "-" | "+") {
                return Err(format!("`{line}` is no line of a unified diff"));
            }
            let targets = [(mark != "+").then_some(&mut hunk.old), (mark != "-").then_some(&mut hunk.new)];
            for target in targets.into_iter().flatten() {
                target.push_str(rest);
                target.push('\n');
            }
        }
    }
    match hunks.iter().find(|hunk| hunk.old == hunk.new || hunk.old.is_empty()) {
        _ if hunks.is_empty() => Err("the diff has no hunks".to_owned()),
        Some(hunk) => Err(format!("a hunk for {} changes nothing, or says nothing of its place", hunk.file)),
        None => Ok(hunks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Subject: One is two.\n\nSome more text.\nScenario: a/b\n\ndiff --git a/x.rs b/x.rs\n\
                        --- a/x.rs\n+++ b/x.rs\n@@ -7,3 +7,3 @@ fn one\n fn one() {\n-    1\n+    2\n }\n";

    fn applied(text: &str, source: &str) -> Result<String, String> {
        let patch = Patch::parse("one-is-two", text)?;
        let mut changed =
            patch.apply(|file| if file == "x.rs" { Ok(source.to_owned()) } else { Err("no file".into()) })?;
        changed.remove("x.rs").ok_or_else(|| "x.rs is not changed".to_owned())
    }

    #[test]
    fn a_patch_says_what_is_wrong_and_who_has_to_notice() {
        let patch = Patch::parse("one-is-two", GOOD).unwrap();
        let head = (patch.name.as_str(), patch.wrong.as_str(), patch.scenario_file());
        assert_eq!(head, ("one-is-two", "One is two.", "scenarios/a/b.toml".to_owned()));
    }

    #[test]
    fn it_applies_where_its_old_lines_are() {
        let check = |source: &str, expected: Result<&str, &str>| {
            assert_eq!(applied(GOOD, source).as_deref().map_err(String::as_str), expected, "{source}");
        };
        let once = "fn one() {\n    1\n}\n";
        check(once, Ok("fn one() {\n    2\n}\n"));
        check(&format!("// above\n{once}// below\n"), Ok("// above\nfn one() {\n    2\n}\n// below\n"));
        let times = |times| {
            let lines = "the lines that begin with `fn one() {` are in x.rs";
            format!("the patch no longer applies: {lines} {times} times, not once")
        };
        check("fn one() {\n    3\n}\n", Err(&times(0)));
        check(&format!("pub {once}"), Err(&times(0)));
        check(&once.repeat(2), Err(&times(2)));
    }

    #[test]
    fn several_hunks_change_one_file() {
        let two = format!("{GOOD}@@ -1 +1 @@\n-// above\n+// over\n");
        assert_eq!(applied(&two, "// above\nfn one() {\n    1\n}\n").unwrap(), "// over\nfn one() {\n    2\n}\n");
    }

    #[test]
    fn what_is_no_patch_is_told() {
        let check = |text: &str, expected: &str| assert_eq!(Patch::parse("x", text).unwrap_err(), expected, "{text}");
        check("Subject: x.\n", "there is no diff, which begins with `--- a/FILE`");
        check(&GOOD.replace("Subject: ", ""), "no line before the diff begins with `Subject: `");
        check(&GOOD.replace("Scenario: a/b", ""), "no line before the diff begins with `Scenario: `");
        check(&GOOD.replace("two.", "two"), "`Subject: One is two` is no sentence, which ends with a full stop");
        check(&GOOD.replace("+    2", "+    1"), "a hunk for x.rs changes nothing, or says nothing of its place");
        check(&GOOD.replace("@@ -7,3 +7,3 @@ fn one\n", ""), "` fn one() {` stands before the first hunk");
        check(&GOOD.replace("+++ b/", "+++ "), "`+++ x.rs` does not begin with `+++ b/`");
    }
}
