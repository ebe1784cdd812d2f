//! How what came differs from what was accepted.

use std::time::Duration;

use similar::TextDiff;

use super::snapshot::Snapshot;

/// How long a shortest difference is looked for; after that the next best is shown.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many lines stand around a change.
const AROUND: usize = 2;
/// How many lines of a difference the results of a run show; `autoenroll review` shows all.
pub(crate) const MOST_LINES: usize = 60;

/// The difference in lines: those of the head first, then the timeline as a unified difference; nothing when both are
/// the same. The version that made a snapshot does not count.
pub(crate) fn lines(accepted: &Snapshot, came: &Snapshot) -> Vec<String> {
    let (old, new) = (&accepted.name, &came.name);
    let heads = [
        ("story", old.story.as_str(), new.story.as_str()),
        ("profile", &accepted.profile, &came.profile),
        ("layer", accepted.layer.as_str(), came.layer.as_str()),
        ("verdict", accepted.verdict(), came.verdict()),
    ];
    let changed = heads.into_iter().filter(|(_, old, new)| old != new);
    let mut lines: Vec<String> =
        changed.flat_map(|(key, old, new)| [format!("-{key}: {old}"), format!("+{key}: {new}")]).collect();
    let is_same = accepted.timeline.trim_end() == came.timeline.trim_end();
    if accepted.layer != came.layer {
        // Every record of the larger layer would be a difference.
        lines.push(format!(
            "(nothing else is compared: `--snapshot-layer {}` makes the same layer)",
            accepted.layer.as_str()
        ));
    } else if !is_same {
        lines.extend(unified(&accepted.timeline, &came.timeline));
    } else if lines.is_empty() && accepted.digest != came.digest {
        lines.extend([format!("-digest: {}", accepted.digest), format!("+digest: {}", came.digest)]);
        lines.push(
            "(the timelines are the same: what differs are long values, of which they show the beginning)".to_owned(),
        );
    }
    lines
}

/// A unified difference, without the names of files.
fn unified(old: &str, new: &str) -> Vec<String> {
    let whole = |text: &str| format!("{}\n", text.trim_end());
    let (old, new) = (whole(old), whole(new));
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(&old, &new);
    let text = difference.unified_diff().context_radius(AROUND).to_string();
    text.lines().map(str::to_owned).collect()
}

/// The first lines, and how many more there are.
pub(crate) fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("… {more} more lines"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::layer::Layer;
    use super::super::names::StoryName;
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            name: StoryName { story: "a".to_owned(), file: None },
            profile: "windows-10-22h2".to_owned(),
            layer: Layer::People,
            passed: true,
            digest: "00".to_owned(),
            timeline: "one\ntwo\nthree\nfour\n".to_owned(),
        }
    }

    #[test]
    fn what_differs_is_said_and_nothing_else() {
        let check = |change: fn(&mut Snapshot), expected: &[&str]| {
            let mut came = snapshot();
            change(&mut came);
            assert_eq!(lines(&snapshot(), &came), expected);
        };
        check(|_| {}, &[]);
        check(|came| came.timeline.truncate("one\ntwo\nthree\nfour".len()), &[]);
        check(|came| came.timeline.push_str("\n\n"), &[]);
        check(
            |came| came.timeline = came.timeline.replace("four", "five"),
            &["@@ -2,3 +2,3 @@", " two", " three", "-four", "+five"],
        );
        check(
            |came| {
                came.profile = "server-2025".to_owned();
                came.passed = false;
            },
            &["-profile: windows-10-22h2", "+profile: server-2025", "-verdict: passed", "+verdict: failed"],
        );
        let told = "(the timelines are the same: what differs are long values, of which they show the beginning)";
        check(|came| came.digest = "01".to_owned(), &["-digest: 00", "+digest: 01", told]);
        let told = "(nothing else is compared: `--snapshot-layer people` makes the same layer)";
        check(
            |came| {
                came.layer = Layer::Work;
                came.timeline = "else\n".to_owned();
            },
            &["-layer: people", "+layer: work", told],
        );
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long: Vec<String> = (0..100).map(|line| line.to_string()).collect();
        let short = shortened(long);
        assert_eq!((short.len(), short.last().map(String::as_str)), (MOST_LINES + 1, Some("… 40 more lines")));
    }
}
