//! A run as a sequence diagram of Mermaid, for documents whose reader draws such diagrams.
//!
//! Participants are lanes, so that no name of a scenario is ever an id; in a message every character that means
//! something to Mermaid or to HTML stands as its code.

use autoenroll_model::SimTime;

use crate::lane::Lane;
use crate::lost;
use crate::rows::Rows;
use crate::run::{Run, Words};
use crate::shell::visible;
use crate::text::cut;

/// Bytes of a diagram: readers refuse one of more than 50,000.
const MOST_BYTES: usize = 45_000;

/// The diagram. The same run is the same diagram to the byte; a longer story ends with how much is left out.
#[must_use]
pub fn mermaid(run: &Run<'_>, words: &dyn Words) -> String {
    let rows = Rows::of(run, words);
    let lanes: Vec<Lane> = Lane::ALL.into_iter().filter(|lane| rows.list.iter().any(|row| row.lane == *lane)).collect();
    let mut text = "sequenceDiagram\n".to_owned();
    for lane in &lanes {
        text += &format!("    participant {} as {}\n", id(*lane), lane.title());
    }
    let across = match (lanes.first(), lanes.last()) {
        (Some(first), Some(last)) if first != last => format!("{},{}", id(*first), id(*last)),
        (Some(only), _) => id(*only).to_owned(),
        _ => return text + "    participant nobody as Nothing that people would see\n",
    };
    let mut last: Option<SimTime> = None;
    for (at, row) in rows.list.iter().enumerate() {
        let mut part = String::new();
        if let Some((_, count)) = rows.left_out.filter(|(before, _)| *before == at) {
            part += &format!("    Note over {across}: {count} more are left out here\n");
        }
        part += &lost(run, &rows, at, &across);
        if last.replace(row.record.at) != Some(row.record.at) {
            part += &format!("    Note over {across}: {}\n", escaped(&format!("{} ({})", row.record.at, row.wall)));
        }
        let cause = row.because.first().and_then(|cause| rows.list.get(*cause)).map_or(row.lane, |cause| cause.lane);
        let arrow = if row.fails { "-x" } else { "->>" };
        part += &format!("    {}{arrow}{}: {}\n", id(cause), id(row.lane), escaped(&row.sentence));
        if text.len() + part.len() > MOST_BYTES {
            text += &format!("    Note over {across}: {} more are left out here\n", rows.list.len() - at);
            break;
        }
        text += &part;
    }
    let rest = lost(run, &rows, rows.list.len(), &across);
    if text.len() + rest.len() <= MOST_BYTES { text + &rest } else { text }
}

/// Points of no return behind so many rows.
fn lost(run: &Run<'_>, rows: &Rows, count: usize, across: &str) -> String {
    let told = |what: &str| format!("    Note over {across}: {}\n", escaped(&format!("no return: {}", cut(what))));
    lost::behind(run, rows, count).map(|(_, loss)| told(&loss.what)).collect()
}

/// What a lane is called in a diagram.
const fn id(lane: Lane) -> &'static str {
    match lane {
        Lane::Policy => "policy",
        Lane::Core => "core",
        Lane::Desktop => "desktop",
        Lane::Card => "card",
        Lane::Store => "store",
        Lane::Ca => "ca",
        Lane::Directory => "directory",
        Lane::Log => "log",
    }
}

/// A text as Mermaid shows it: letters, digits and what nobody gives a meaning to as they are, everything else as its
/// code.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        let is_plain =
            c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '(' | ')' | '/' | ':' | '=' | '?' | '_');
        if is_plain { shown.push(c) } else { shown += &format!("#{};", u32::from(c)) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_means_anything_to_mermaid() {
        for (text, expected) in [
            ("alice logs on at WKS01", "alice logs on at WKS01"),
            ("a; b", "a#59; b"),
            ("#35;", "#35;35#59;"),
            ("<b>%%{init}", "#60;b#62;#37;#37;#123;init#125;"),
            ("x\n    core->>core: y", "x#10;    core-#62;#62;core: y"),
            ("a\u{202e}b", "a#92;u#123;202e#125;b"),
            ("```", "#96;#96;#96;"),
        ] {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }
}
