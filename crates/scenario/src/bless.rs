//! Writes what came into what was expected: only the values that differ, in place, everything else byte for byte as it
//! was.

mod missing;
mod splice;

use autoenroll_model::Fact;
use autoenroll_trace::Record;

use crate::Code;
use crate::check::Scenario;
use crate::diagnostic::Diagnostic;
use crate::document::{StepKind, parse};
use crate::instant;
use crate::print::{Style, of_fact, value};
use crate::run::unnamed::one_of;
use crate::run::{Difference, Failure, FailureKind, RunReport, Verdict};
use crate::source::{FileId, Span};

/// The file that a scenario itself is; the others are fixtures, which are not blessed.
const OWN: FileId = FileId(0);

/// A file with what came written into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blessed {
    /// The new text; the old one when nothing was changed.
    pub text: String,
    /// What was changed, in the order of places.
    pub edits: Vec<Edit>,
    /// What the author should know of the changes, in the order of lines.
    pub notes: Vec<Note>,
    /// What could not be changed, at places of the new text.
    pub refused: Vec<Diagnostic>,
}

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is insertion.
    pub span: Span,
    /// By what.
    pub text: String,
    /// The step that is insertion; `None` for every other change.
    pub step: Option<NewStep>,
}

/// A step that is insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// As it is written.
    pub written: String,
    /// Of a prompt that waits for its answer, what can be written in place of `"hold"`.
    pub answers: Vec<String>,
}

/// Something to know of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line of the new text, counted from 1.
    pub line: usize,
    /// What is there now.
    pub text: String,
    /// What to do, where the story waits for its author.
    pub help: Option<String>,
}

impl Blessed {
    /// Whether nothing is left to the author.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.refused.is_empty() && self.notes.iter().all(|note| note.help.is_none())
    }
}

/// Writes what came in these runs of one file's variants into the text of the file. `steps` also inserts steps for what
/// no step names. A text that does not parse any more afterwards would be a fault of this function and is refused as a
/// whole.
#[must_use]
pub fn bless(text: &str, runs: &[(&Scenario, &RunReport)], steps: bool) -> Blessed {
    let style = Style::of(text);
    let mut edits: Vec<Edit> = Vec::new();
    let mut refused: Vec<Diagnostic> = Vec::new();
    let mut guards: Vec<Guard> = Vec::new();
    for (scenario, report) in runs {
        let doubt = if steps { missing::first_in_doubt(scenario, report) } else { None };
        for (step, differences) in &report.differences {
            for difference in differences {
                match edit_of(text, difference, style) {
                    _ if difference.span.is_some_and(|span| is_argument(span, runs)) => {
                        let reason = format!("{difference}; it is given to a sequence, so change it by hand");
                        refuse(differs(reason, difference.span.unwrap_or_default()), &mut refused);
                    }
                    _ if doubt.is_some_and(|doubt| doubt <= *step) => refuse(unanswered(difference), &mut refused),
                    Ok(edit) if content(edit.span, runs) => refuse(disagree(text, &edit), &mut refused),
                    Ok(edit) => push(edit, &mut edits, &mut refused),
                    Err(reason) => refuse(differs(reason, difference.span.unwrap_or_default()), &mut refused),
                }
            }
        }
        for failure in failures(report) {
            match &failure.kind {
                FailureKind::Unexpected { record } | FailureKind::AskedInstead { record, held: None, .. } => {
                    if let Some(record) = report.trace.record(*record).filter(|_| !steps) {
                        refuse(unnamed(failure, &record, report), &mut refused);
                    }
                }
                // Written by the differences of the step.
                FailureKind::Differs { .. } | FailureKind::StateDiffers { .. } => {}
                _ => {
                    let mut problem = failure.to_diagnostic(report);
                    // Only the author knows the answer, and the help says which there are.
                    if !matches!(failure.kind, FailureKind::PromptLeftOpen { .. }) {
                        problem.message +=
                            if steps { "; blessing takes no step out" } else { "; blessing changes values only" };
                    }
                    refuse(problem, &mut refused);
                }
            }
        }
    }
    if steps {
        let insertion = missing::insert(text, runs, style);
        edits.extend(insertion.edits);
        guards = insertion.guards;
        insertion.refused.into_iter().for_each(|problem| refuse(problem, &mut refused));
    }
    // By place only: what is insertion at one place stays in its order.
    edits.sort_by_key(|edit| edit.span);
    finish(text, edits, &guards, refused)
}

fn failures(report: &RunReport) -> &[Failure] {
    match &report.verdict {
        Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures,
        Verdict::Passed | Verdict::Error(_) => &[],
    }
}

/// A `never` that what is insertion before it makes guard less.
struct Guard {
    /// The step.
    span: Span,
    /// What it guards now, and what it guarded.
    text: String,
}

fn finish(text: &str, edits: Vec<Edit>, guards: &[Guard], mut refused: Vec<Diagnostic>) -> Blessed {
    let blessed = applied(text, &edits);
    let sound = |text: &String| !parse("blessed", text.as_bytes()).found.has_errors();
    match blessed {
        Some(blessed) if edits.is_empty() || sound(&blessed) => {
            let notes = notes(&blessed, &edits, guards);
            for problem in &mut refused {
                let related = problem.related.iter_mut().map(|label| &mut label.span);
                related.chain([&mut problem.span]).for_each(|span| *span = moved(*span, &edits));
            }
            Blessed { text: blessed, edits, notes, refused }
        }
        _ => {
            let reason = "the new text would not be a scenario any more; change it by hand".to_owned();
            refuse(differs(reason, edits[0].span), &mut refused);
            Blessed { text: text.to_owned(), edits: Vec::new(), notes: Vec::new(), refused }
        }
    }
}

fn notes(blessed: &str, edits: &[Edit], guards: &[Guard]) -> Vec<Note> {
    let line = |byte: usize| 1 + blessed[..byte].matches('\n').count();
    let (mut notes, mut grown, mut shrunk) = (Vec::new(), 0, 0);
    for edit in edits {
        if let Some(step) = &edit.step {
            let start = edit.span.start + grown - shrunk + edit.text.find(&step.written).unwrap_or_default();
            let answers = Some(one_of(&step.answers)).filter(|answers| !answers.is_empty());
            let help = answers.map(|answers| format!("put {answers} in place of \"hold\" and run again"));
            notes.push(Note { line: line(start), text: format!("added: {}", step.written), help });
        }
        grown += edit.text.len();
        shrunk += edit.span.end - edit.span.start;
    }
    for guard in guards {
        notes.push(Note { line: line(moved(guard.span, edits).start), text: guard.text.clone(), help: None });
    }
    notes.sort_by_key(|note| note.line);
    notes
}

/// Where something stands after the changes.
fn moved(span: Span, edits: &[Edit]) -> Span {
    if span.file != OWN {
        return span;
    }
    let (mut start, mut end) = (span.start, span.end);
    for edit in edits {
        let (grown, shrunk) = (edit.text.len(), edit.span.end - edit.span.start);
        if edit.span.end <= span.start {
            start = start + grown - shrunk;
        }
        // What is insertion at its end comes behind it.
        if edit.span.end < span.end || edit.span.end == span.end && shrunk > 0 || edit.span.end <= span.start {
            end = end + grown - shrunk;
        }
    }
    Span { start, end, ..span }
}

/// The text with its changes; `None` when they get in each other's way.
fn applied(text: &str, edits: &[Edit]) -> Option<String> {
    let mut blessed = String::new();
    let mut at = 0;
    for edit in edits {
        blessed.push_str(text.get(at..edit.span.start)?);
        blessed.push_str(&edit.text);
        at = edit.span.end;
    }
    blessed.push_str(text.get(at..)?);
    Some(blessed)
}

/// Whether some variant, or some line that does the same sequence, has what is written there: its step came, and this
/// does not differ.
fn content(span: Span, runs: &[(&Scenario, &RunReport)]) -> bool {
    runs.iter().any(|(scenario, report)| {
        let has_it = |at: usize| {
            let looked = matches!(scenario.steps[at].kind, StepKind::State { .. }) && report.exits[at].is_some();
            let mut differences = report.differences.iter().filter(|(step, _)| *step == at).flat_map(|(_, list)| list);
            (looked || report.matched[at].is_some()) && !differences.any(|difference| difference.span == Some(span))
        };
        let mut there = (0..scenario.steps.len()).filter(|at| scenario.steps[*at].span.contains(span));
        there.any(has_it)
    })
}

/// Whether a line gives this to a sequence: more than the one expectation may follow from it.
fn is_argument(span: Span, runs: &[(&Scenario, &RunReport)]) -> bool {
    let mut steps = runs.iter().flat_map(|(scenario, _)| &scenario.steps);
    steps.any(|step| step.used.as_ref().is_some_and(|used| used.span.contains(span)))
}

fn differs(reason: String, span: Span) -> Diagnostic {
    Diagnostic::error(Code::Differs, reason, span)
}

/// What to do where runs want different values.
const APART: &str = "give each its own step with `only`";

fn disagree(text: &str, edit: &Edit) -> Diagnostic {
    let written = text.get(edit.span.start..edit.span.end).unwrap_or_default();
    let reason = format!("variants disagree: {written} here and {} there; {APART}", edit.text);
    differs(reason, edit.span)
}

/// Variants share their text: two that want different values at one place cannot both have their way.
fn push(edit: Edit, edits: &mut Vec<Edit>, refused: &mut Vec<Diagnostic>) {
    let same_place = |known: &&Edit| known.span == edit.span;
    match edits.iter().find(same_place) {
        Some(known) if known.text != edit.text => {
            let reason = format!("variants disagree: {} here and {} there; {APART}", known.text, edit.text);
            refuse(differs(reason, edit.span), refused);
            edits.retain(|known| known.span != edit.span);
        }
        Some(_) => {}
        None if refused.iter().any(|refusal| refusal.span == edit.span) => {}
        None => edits.push(edit),
    }
}

fn refuse(problem: Diagnostic, refused: &mut Vec<Diagnostic>) {
    if !refused.contains(&problem) {
        refused.push(problem);
    }
}

fn edit_of(text: &str, difference: &Difference, style: Style) -> Result<Edit, String> {
    let span = difference.span.unwrap_or_default();
    let refusal = |reason: &str| Err(format!("{difference}; {reason}"));
    let Some(found) = &difference.found else { return refusal("take the fact out by hand") };
    if difference.span.is_none() {
        return refusal("write the fact into the step by hand, or leave `exact` out");
    }
    let Some(written) = text.get(span.start..span.end).filter(|_| span.file == OWN) else {
        return refusal("it stands in another file");
    };
    if written.contains("\"$") && !written.contains("\"$$") || written.starts_with("'$") {
        return refusal("it refers to what another step bound");
    }
    let text = match found {
        // What is written as an instant stays one.
        Fact::Text(instant) if instant::parse(written).is_some() && instant::parse(instant).is_some() => {
            instant.to_string()
        }
        found => value(&of_fact(found), style),
    };
    Ok(Edit { span, text, step: None })
}

fn unanswered(difference: &Difference) -> Diagnostic {
    let reason = format!("{difference}; a prompt before this is open at the end; answer it and bless again");
    differs(reason, difference.span.unwrap_or_default())
}

fn unnamed(failure: &Failure, record: &Record, report: &RunReport) -> Diagnostic {
    let at = report.wall().moment(record.at);
    let reason = format!("no step names the {} at {at}; bless with steps to insert one", record.kind);
    Diagnostic::error(Code::Unexpected, reason, failure.span)
}
