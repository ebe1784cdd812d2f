//! The results of `observe` for programs.

use std::path::PathBuf;

use autoenroll_observe::{Comparison, Difference, Pair, Seen};
use autoenroll_trace::Record;
use serde_json::{Value, json};

use super::entry;
use crate::catalogue::Catalogue;

/// A record of the timeline as a trace has it, and where it comes from. Readers of traces pass over the rest.
pub(super) fn of_seen(seen: &Seen, record: &Record, files: &[PathBuf], catalogue: &Catalogue) -> Value {
    let mut line = json!(record);
    if let Value::Object(fields) = &mut line {
        fields.insert("time".to_owned(), json!(seen.time.to_string()));
        fields.insert("entry".to_owned(), json!(entry(seen, catalogue)));
        fields.insert("file".to_owned(), json!(files.get(seen.origin.file).map(|path| path.display().to_string())));
        fields.insert("channel".to_owned(), json!(seen.origin.channel));
        fields.insert("event-record".to_owned(), json!(seen.origin.record));
    }
    line
}

/// An event of the log beside its prediction. Every line has every field.
pub(super) fn of_pair(pair: &Pair<'_>, comparison: &Comparison<'_>) -> Value {
    json!({
        "verdict": if pair.differences.is_empty() { "agrees" } else { "differs" },
        "time": pair.seen.time.to_string(),
        "at": comparison.at(pair.seen),
        "actor": pair.seen.actor,
        "facts": pair.seen.facts,
        "predicted": pair.predicted,
        "differences": pair.differences.iter().map(of_difference).collect::<Vec<_>>(),
    })
}

fn of_difference(difference: &Difference) -> Value {
    let Difference { what, predicted, found, rules } = difference;
    json!({ "what": what.as_str(), "predicted": predicted, "found": found, "rules": rules })
}

/// What is predicted and not in the log.
pub(super) fn of_unknown(record: &Record) -> Value {
    json!({
        "verdict": "unknown",
        "time": null,
        "at": null,
        "actor": null,
        "facts": null,
        "predicted": record,
        "differences": [],
    })
}

/// The last line.
pub(super) fn sums(comparison: &Comparison<'_>) -> Value {
    let identities = comparison.identities.iter();
    json!({
        "agree": comparison.pairs.iter().filter(|pair| pair.differences.is_empty()).count(),
        "differ": comparison.pairs.iter().filter(|pair| !pair.differences.is_empty()).count(),
        "unknown": comparison.unknown.len(),
        "outside": comparison.outside,
        "start": comparison.start.map(|start| start.to_string()),
        "identities": identities
            .map(|(log, story)| json!({ "log": log.to_string(), "story": story.to_string() }))
            .collect::<Vec<_>>(),
    })
}
