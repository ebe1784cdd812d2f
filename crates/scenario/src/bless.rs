//! Writes what came into what was expected: only the values that differ, in place, everything else byte for byte as it was.

use autoenroll_trace::{Kind, Record};

use crate::check::Scenario;
use crate::document::parse;
use crate::print::{Style, of_fact, value};
use crate::run::{Difference, Failure, FailureKind, RunReport, Verdict};
use crate::source::{FileId, Place};
use crate::tree::{Entry, Node, Table, Value};

/// The file that a scenario itself is; the others are fixtures, which nobody blesses.
const OWN: FileId = FileId(0);

/// A file with what came written into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blessed {
    /// The new text; the old one when nothing was changed.
    pub text: String,
    /// What was changed, in the order of places.
    pub edits: Vec<Edit>,
    /// What could not be changed.
    pub refused: Vec<Refusal>,
}

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty where something is inserted.
    pub place: Place,
    /// By what.
    pub text: String,
}

/// Something that blessing does not write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub place: Place,
    /// Why, and what to do.
    pub reason: String,
}

/// Writes what came in these runs of one file's variants into the text of the file. `steps` also inserts steps for what no step
/// names. A text that does not parse any more afterwards would be a fault of this function and is refused as a whole.
#[must_use]
pub fn bless(text: &str, runs: &[(&Scenario, &RunReport)], steps: bool) -> Blessed {
    let style = if text.trim_start().starts_with('{') { Style::Json } else { Style::Toml };
    let mut edits: Vec<Edit> = Vec::new();
    let mut refused: Vec<Refusal> = Vec::new();
    for (scenario, report) in runs {
        for (_, differences) in &report.differences {
            for difference in differences {
                match edit_of(text, difference, style) {
                    Ok(edit) => push(edit, &mut edits, &mut refused),
                    Err(refusal) => refuse(refusal, &mut refused),
                }
            }
        }
        for failure in failures(report) {
            match &failure.kind {
                FailureKind::Unexpected { record } => {
                    if let Some(record) = report.trace.get(*record) {
                        match insertion(text, scenario, failure, record, style).filter(|_| steps) {
                            Some(edit) => push(edit, &mut edits, &mut refused),
                            None => refuse(unnamed(failure, record), &mut refused),
                        }
                    }
                }
                // Written by the differences of the step.
                FailureKind::Differs { .. } | FailureKind::StateDiffers { .. } => {}
                _ => {
                    let reason =
                        format!("{}; blessing changes values only", failure.to_diagnostic(&report.trace).message);
                    refuse(Refusal { place: failure.place, reason }, &mut refused);
                }
            }
        }
    }
    edits.sort();
    finish(text, edits, refused)
}

fn failures(report: &RunReport) -> &[Failure] {
    match &report.verdict {
        Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures,
        Verdict::Passed | Verdict::Error(_) => &[],
    }
}

fn finish(text: &str, edits: Vec<Edit>, mut refused: Vec<Refusal>) -> Blessed {
    let mut blessed = String::new();
    let mut at = 0;
    for edit in &edits {
        blessed.push_str(&text[at..edit.place.start]);
        blessed.push_str(&edit.text);
        at = edit.place.end;
    }
    blessed.push_str(&text[at..]);
    if !edits.is_empty() && parse("blessed", blessed.as_bytes()).found.has_errors() {
        let reason = "the new text would not be a scenario any more; change it by hand".to_owned();
        refuse(Refusal { place: edits[0].place, reason }, &mut refused);
        return Blessed { text: text.to_owned(), edits: Vec::new(), refused };
    }
    Blessed { text: blessed, edits, refused }
}

/// Variants share their text: two that want different values at one place cannot both have their way.
fn push(edit: Edit, edits: &mut Vec<Edit>, refused: &mut Vec<Refusal>) {
    let same_place = |known: &&Edit| known.place == edit.place && !edit.place_is_empty();
    match edits.iter().find(same_place) {
        Some(known) if known.text != edit.text => {
            let reason = format!(
                "variants disagree: {} here and {} there; give each its own step with `only`",
                known.text, edit.text
            );
            refuse(Refusal { place: edit.place, reason }, refused);
            edits.retain(|known| known.place != edit.place);
        }
        Some(_) => {}
        None if refused.iter().any(|refusal| refusal.place == edit.place) => {}
        None if edits.contains(&edit) => {}
        None => edits.push(edit),
    }
}

fn refuse(refusal: Refusal, refused: &mut Vec<Refusal>) {
    if !refused.contains(&refusal) {
        refused.push(refusal);
    }
}

impl Edit {
    const fn place_is_empty(&self) -> bool {
        self.place.start == self.place.end
    }
}

fn edit_of(text: &str, difference: &Difference, style: Style) -> Result<Edit, Refusal> {
    let place = difference.place.unwrap_or_default();
    let refusal = |reason: &str| Err(Refusal { place, reason: format!("{difference}; {reason}") });
    let Some(found) = &difference.found else { return refusal("take the fact out by hand") };
    if difference.place.is_none() {
        return refusal("write the fact into the step by hand, or leave `exact` out");
    }
    let Some(written) = text.get(place.start..place.end).filter(|_| place.file == OWN) else {
        return refusal("it stands in another file");
    };
    if written.contains("\"$") && !written.contains("\"$$") || written.starts_with("'$") {
        return refusal("it refers to what another step bound");
    }
    Ok(Edit { place, text: value(&of_fact(found), style) })
}

fn unnamed(failure: &Failure, record: &Record) -> Refusal {
    let reason = format!("no step names the {} at {}; bless with steps to insert one", record.kind, record.at);
    Refusal { place: failure.place, reason }
}

/// A step that names an unnamed record, before the step that the failure points at.
fn insertion(text: &str, scenario: &Scenario, failure: &Failure, record: &Record, style: Style) -> Option<Edit> {
    let place = failure.place;
    let before = text.get(..place.start).filter(|_| place.file == OWN)?;
    let mut table = Table::default();
    let mut put = |key: &str, value: Value| {
        let node = Node { value, place: Place::default() };
        table.0.push(Entry { key: crate::Placed::nowhere(key.to_owned()), node });
    };
    // Without a time the step would have to match when the one before it did, which nobody knows here.
    let time = record.at.since(autoenroll_model::SimTime::START);
    put("at", Value::Text(time.to_string()));
    let mut facts = Table::default();
    let point = record.facts.text("point");
    let told = record.facts.iter().filter(|(name, _)| !["point", "offers"].contains(name));
    for (name, fact) in told {
        let node = Node { value: of_fact(fact), place: Place::default() };
        facts.0.push(Entry { key: crate::Placed::nowhere(name.to_owned()), node });
    }
    match (record.kind, point) {
        (Kind::Prompt | Kind::PromptChanged, Some(point)) => put("prompt", Value::Text(point.to_owned())),
        (kind, _) => put("expect", Value::Text(kind.as_str().to_owned())),
    }
    if !facts.0.is_empty() {
        put("facts", Value::Table(facts));
    }
    if matches!(record.kind, Kind::Prompt | Kind::PromptChanged) {
        put("answer", Value::Text("hold".to_owned()));
    }
    if scenario.principals.len() > 1 {
        put("who", Value::Text(record.actor.clone()));
    }
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indentation: String = before[line..].chars().take_while(|c| *c == ' ').collect();
    let step = format!("{},\n{indentation}", value(&Value::Table(table), style));
    Some(Edit { place: Place { end: place.start, ..place }, text: step })
}
