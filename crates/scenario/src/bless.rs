//! Writes what came into what was expected: only the values that differ, in place, everything else byte for byte as it was.

mod missing;
mod splice;

use autoenroll_model::Fact;
use autoenroll_trace::Record;

use crate::check::Scenario;
use crate::document::{Step, What, parse};
use crate::instant;
use crate::print::{Style, of_fact, value};
use crate::run::{Difference, Failure, FailureKind, RunReport, Verdict};
use crate::source::{FileId, Place};

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
    let style = Style::of(text);
    let mut edits: Vec<Edit> = Vec::new();
    let mut refused: Vec<Refusal> = Vec::new();
    for (scenario, report) in runs {
        let doubt = if steps { missing::first_in_doubt(scenario, report) } else { None };
        for (step, differences) in &report.differences {
            for difference in differences {
                match edit_of(text, difference, style) {
                    _ if doubt.is_some_and(|doubt| doubt <= *step) => refuse(unanswered(difference), &mut refused),
                    Ok(edit) if content(edit.place, runs) => refuse(disagree(text, &edit), &mut refused),
                    Ok(edit) => push(edit, &mut edits, &mut refused),
                    Err(refusal) => refuse(refusal, &mut refused),
                }
            }
        }
        for failure in failures(report) {
            match &failure.kind {
                FailureKind::Unexpected { record } | FailureKind::AskedInstead { record, held: None, .. } => {
                    if let Some(record) = report.trace.get(*record).filter(|_| !steps) {
                        refuse(unnamed(failure, record), &mut refused);
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
    if steps {
        let (inserted, not_inserted) = missing::insert(text, runs, style);
        edits.extend(inserted);
        not_inserted.into_iter().for_each(|refusal| refuse(refusal, &mut refused));
    }
    // By place only: what is inserted at one place stays in its order.
    edits.sort_by_key(|edit| edit.place);
    finish(text, edits, refused)
}

fn failures(report: &RunReport) -> &[Failure] {
    match &report.verdict {
        Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures,
        Verdict::Passed | Verdict::Error(_) => &[],
    }
}

fn finish(text: &str, edits: Vec<Edit>, mut refused: Vec<Refusal>) -> Blessed {
    let blessed = applied(text, &edits);
    let sound = |text: &String| !parse("blessed", text.as_bytes()).found.has_errors();
    match blessed {
        Some(blessed) if edits.is_empty() || sound(&blessed) => Blessed { text: blessed, edits, refused },
        _ => {
            let reason = "the new text would not be a scenario any more; change it by hand".to_owned();
            refuse(Refusal { place: edits[0].place, reason }, &mut refused);
            Blessed { text: text.to_owned(), edits: Vec::new(), refused }
        }
    }
}

/// The text with its changes; `None` when they get in each other's way.
fn applied(text: &str, edits: &[Edit]) -> Option<String> {
    let mut blessed = String::new();
    let mut at = 0;
    for edit in edits {
        blessed.push_str(text.get(at..edit.place.start)?);
        blessed.push_str(&edit.text);
        at = edit.place.end;
    }
    blessed.push_str(text.get(at..)?);
    Some(blessed)
}

/// Whether some variant has what is written there: its step came, and this does not differ.
fn content(place: Place, runs: &[(&Scenario, &RunReport)]) -> bool {
    runs.iter().any(|(scenario, report)| {
        let there = |step: &Step| step.place.start <= place.start && place.end <= step.place.end;
        let Some(at) = scenario.steps.iter().position(there) else { return false };
        let looked = matches!(scenario.steps[at].what, What::State { .. }) && report.left[at].is_some();
        let mut differences = report.differences.iter().filter(|(step, _)| *step == at).flat_map(|(_, list)| list);
        (looked || report.matched[at].is_some()) && !differences.any(|difference| difference.place == Some(place))
    })
}

fn disagree(text: &str, edit: &Edit) -> Refusal {
    let written = text.get(edit.place.start..edit.place.end).unwrap_or_default();
    let reason =
        format!("variants disagree: {written} here and {} there; give each its own step with `only`", edit.text);
    Refusal { place: edit.place, reason }
}

/// Variants share their text: two that want different values at one place cannot both have their way.
fn push(edit: Edit, edits: &mut Vec<Edit>, refused: &mut Vec<Refusal>) {
    let same_place = |known: &&Edit| known.place == edit.place;
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
        None => edits.push(edit),
    }
}

fn refuse(refusal: Refusal, refused: &mut Vec<Refusal>) {
    if !refused.contains(&refusal) {
        refused.push(refusal);
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
    let text = match found {
        // What is written as an instant stays one.
        Fact::Text(instant) if instant::parse(written).is_some() && instant::parse(instant).is_some() => {
            instant.clone()
        }
        found => value(&of_fact(found), style),
    };
    Ok(Edit { place, text })
}

fn unanswered(difference: &Difference) -> Refusal {
    let reason = format!("{difference}; a prompt before this is open at the end; answer it and bless again");
    Refusal { place: difference.place.unwrap_or_default(), reason }
}

fn unnamed(failure: &Failure, record: &Record) -> Refusal {
    let reason = format!("no step names the {} at {}; bless with steps to insert one", record.kind, record.at);
    Refusal { place: failure.place, reason }
}
