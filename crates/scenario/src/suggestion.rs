//! The valid name that is nearest to a wrong one.

/// The candidate that needs the fewest edits, when that is few enough for the wrong name to be a slip: a third of its
/// length, at least one. Of several equally near ones the first counts. Failing that, the only candidate that begins
/// with the wrong name.
#[must_use]
pub fn suggestion<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (wrong.chars().count() / 3).max(1);
    let lower = wrong.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    let mut longer = Vec::new();
    for candidate in candidates {
        if wrong.len() >= 4 && candidate.starts_with(wrong) {
            longer.push(candidate);
        }
        // Only what is nearer than the best so far counts.
        let most = best.map_or(most, |(fewest, _)| fewest.saturating_sub(1));
        if let Some(edits) = distance_within(most, &lower, &candidate.to_lowercase())
            && best.is_none_or(|(fewest, _)| edits < fewest)
        {
            best = Some((edits, candidate));
        }
    }
    match (best, longer.as_slice()) {
        (Some((_, candidate)), _) => Some(candidate),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// What other languages and programs call what this one has: the language's word for an author's intent.
const INTENTS: &[(&str, &[&str])] = &[
    (
        "expect",
        &["assert", "assert-that", "expects", "should", "verify", "ensure", "must", "require", "see", "seen", "await"],
    ),
    ("state", &["look", "inspect", "check", "validate", "examine", "query"]),
    ("never", &["not", "absent", "forbid", "refute", "assert-not", "expect-not", "no", "unexpected"]),
    ("wait", &["sleep", "delay", "pause", "advance", "tick", "skip"]),
    ("do", &["run", "call", "use", "perform", "sequence", "include", "steps", "execute"]),
    ("logon", &["login", "log-on", "log-in", "signin", "sign-in"]),
    ("logoff", &["logout", "log-off", "log-out", "signout", "sign-out"]),
    ("boot", &["start", "power-on", "restart", "reboot", "startup"]),
    ("shutdown", &["power-off", "poweroff", "halt"]),
    ("gp-refresh", &["gpupdate", "group-policy", "refresh"]),
    ("pulse", &["enroll", "autoenroll", "certutil", "trigger"]),
    ("click", &["press", "tap"]),
    ("insert", &["plug", "plug-in", "put"]),
    ("remove", &["eject", "pull", "unplug", "withdraw"]),
    ("prompt", &["ask", "asked", "dialog", "question", "pin"]),
    ("answer", &["enter", "type", "input", "choose", "response"]),
    ("change", &["modify", "update", "alter"]),
    ("ca", &["approve", "deny", "revoke", "issue"]),
    ("at", &["when", "time"]),
    ("after", &["later", "delayed"]),
    ("until", &["before", "deadline"]),
    ("within", &["timeout", "max", "in"]),
    ("who", &["user", "actor", "principal", "as-user", "by"]),
    ("as", &["bind", "save", "store-as", "name", "id", "capture"]),
    ("facts", &["where", "match", "matching", "having", "fields"]),
    ("with", &["args", "arguments", "parameters", "params"]),
    ("only", &["if", "variant", "variants"]),
];

/// The key of a step that an author means who writes it as other languages do; nothing for other words.
pub(crate) fn meant_key(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace('_', "-");
    INTENTS.iter().find(|(_, words)| words.contains(&wrong.as_str())).map(|(key, _)| *key)
}

/// How many characters of a word count, so that a file of one enormous word stays cheap.
const COUNTED: usize = 64;

/// Optimal string alignment: insertions, deletions, replacements, and neighbours that changed places. `None` when more
/// than `most` are needed.
pub(crate) fn distance_within(most: usize, left: &str, right: &str) -> Option<usize> {
    let length = |word: &str| word.chars().take(COUNTED).count();
    if length(left).abs_diff(length(right)) > most {
        return None;
    }
    let left: Vec<char> = left.chars().take(COUNTED).collect();
    let right: Vec<char> = right.chars().take(COUNTED).collect();
    // The rows of the previous two characters, and the one that is being filled.
    let mut rows = [[0; COUNTED + 1]; 3];
    (0..=right.len()).for_each(|j| rows[0][j] = j);
    for i in 1..=left.len() {
        let (row, above, before) = (i % 3, (i - 1) % 3, (i + 1) % 3);
        rows[row][0] = i;
        let mut fewest = i;
        for j in 1..=right.len() {
            let same = usize::from(left[i - 1] != right[j - 1]);
            let mut edits = (rows[above][j] + 1).min(rows[row][j - 1] + 1).min(rows[above][j - 1] + same);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                edits = edits.min(rows[before][j - 2] + 1);
            }
            rows[row][j] = edits;
            fewest = fewest.min(edits);
        }
        // A change of places looks two rows back, at a number that is at most one below those of this row.
        if fewest > most + 1 {
            return None;
        }
    }
    Some(rows[left.len() % 3][right.len()]).filter(|edits| *edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{MODIFIERS, VERBS};

    #[test]
    fn an_intent_has_one_word_and_that_is_a_key_of_steps() {
        let keys: Vec<&str> =
            VERBS.iter().map(|verb| verb.word).chain(MODIFIERS.iter().map(|modifier| modifier.name)).collect();
        let mut known = Vec::new();
        for (key, words) in INTENTS {
            assert!(keys.contains(key), "{key}");
            for word in *words {
                assert!(!keys.contains(word) && !known.contains(word), "{word}");
                assert_eq!(meant_key(word), Some(*key));
                known.push(word);
            }
        }
        assert_eq!(meant_key("Log_In"), Some("logon"));
        assert_eq!(meant_key("clik"), None);
    }

    #[test]
    fn the_nearest_name_is_found_and_far_ones_are_not() {
        let words = ["template", "providers", "published", "card.insert", "yes", "no"];
        let check = |wrong: &str, expected: Option<&str>| assert_eq!(suggestion(wrong, words), expected, "{wrong}");
        check("tempalte", Some("template"));
        check("provider", Some("providers"));
        check("Published", Some("published"));
        check("card-insert", Some("card.insert"));
        check("yse", Some("yes"));
        check("card.", Some("card.insert"));
        check("p", None);
        check("maybe", None);
        check("", None);
        check("xyzzy", None);
    }
}
