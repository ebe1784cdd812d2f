//! Known failures of a client: a line for each behaviour that it is known not to show.
//!
//! The list is strict, so that it shrinks by itself: a line whose behaviour is shown, or does not come any more, is an
//! error.

use std::collections::BTreeSet;

use crate::judge::{Judged, Judgement};

/// Lines of `known-failures.txt`, `STORY | BEHAVIOUR`; empty ones and those that begin with `#` say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(BTreeSet<(String, String)>);

impl Known {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = BTreeSet::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (story, behaviour) = line
                .rsplit_once(" | ")
                .ok_or_else(|| format!("line {}: expected `STORY | BEHAVIOUR`, found `{line}`", at + 1))?;
            if !lines.insert((story.trim().to_owned(), behaviour.trim().to_owned())) {
                return Err(format!("line {}: `{line}` is there twice", at + 1));
            }
        }
        Ok(Self(lines))
    }

    /// Whether that is known of a story.
    #[must_use]
    pub fn has(&self, story: &str, behaviour: &str) -> bool {
        self.0.contains(&(story.to_owned(), behaviour.to_owned()))
    }

    /// The lines about these stories that nothing in them is like.
    pub fn stale<'a>(&'a self, played: &'a [(String, Option<&'a Judged>)]) -> impl Iterator<Item = String> + 'a {
        let is_met = |story: &str, behaviour: &str| {
            played
                .iter()
                .filter(|(name, _)| name == story)
                .any(|(_, judged)| failures(*judged).any(|it| it == behaviour))
        };
        let is_played = |story: &str| played.iter().any(|(name, _)| name == story);
        let stale = self.0.iter().filter(move |(story, it)| is_played(story) && !is_met(story, it));
        stale.map(|(story, behaviour)| format!("{story} | {behaviour}"))
    }

    /// The text of a file that holds exactly what came; lines about other stories stay.
    #[must_use]
    pub fn updated(&self, played: &[(String, Option<&Judged>)], beginning: &str) -> String {
        let others = self.0.iter().filter(|(story, _)| !played.iter().any(|(name, _)| name == story)).cloned();
        let came = played.iter().flat_map(|(name, judged)| failures(*judged).map(move |it| (name.clone(), it)));
        let all: BTreeSet<(String, String)> = others.chain(came).collect();
        let lines = all.into_iter().map(|(story, behaviour)| format!("{story} | {behaviour}\n"));
        beginning.to_owned() + &lines.collect::<String>()
    }
}

/// The keys of what was not shown.
fn failures(judged: Option<&Judged>) -> impl Iterator<Item = String> {
    let behaviours = judged.map(|judged| judged.behaviours.as_slice()).unwrap_or_default();
    let failed = behaviours.iter().filter(|(_, one)| matches!(one, Judgement::NotShown { .. }));
    failed.map(|(behaviour, _)| behaviour.key()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{FileTime, SimTime};

    use super::*;
    use crate::behaviour::{Behaviour, What};

    fn judged(judgement: Judgement) -> Judged {
        let behaviour = Behaviour {
            principal: "alice".to_owned(),
            run: 2,
            at: SimTime::START,
            trigger: "manual".to_owned(),
            template: "User".to_owned(),
            what: What::AsksNothing,
            needs: Vec::new(),
            rules: Vec::new(),
            repeated: false,
        };
        let behaviours = vec![(behaviour, judgement)];
        Judged { start: FileTime::from_unix_seconds(0), behaviours, undone: Vec::new(), said: Vec::new() }
    }

    #[test]
    fn the_list_is_strict_both_ways() {
        let known = Known::parse("# why\n\na[b] | alice 2 asks-nothing User\nother | x\n").unwrap();
        let failed = judged(Judgement::NotShown { found: String::new() });
        let shown = judged(Judgement::Shown);
        let check = |judged: Option<&Judged>, stale: &[&str], updated: &str| {
            let played = [("a[b]".to_owned(), judged)];
            assert_eq!(known.stale(&played).collect::<Vec<_>>(), stale);
            assert_eq!(known.updated(&played, "# why\n"), updated);
        };
        let line = "a[b] | alice 2 asks-nothing User";
        check(Some(&failed), &[], &format!("# why\n{line}\nother | x\n"));
        check(Some(&shown), &[line], "# why\nother | x\n");
        check(None, &[line], "# why\nother | x\n");
        assert!(known.has("a[b]", "alice 2 asks-nothing User") && !known.has("a", "alice 2 asks-nothing User"));
    }

    #[test]
    fn a_line_has_its_form() {
        let check = |text: &str, part: &str| {
            let error = Known::parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check("\nstory: behaviour", "line 2: expected `STORY | BEHAVIOUR`");
        check("a | b\na | b", "line 2: `a | b` is there twice");
    }
}
