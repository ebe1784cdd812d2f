//! A finding as a scenario file: it says what came, so that it fails for the broken law alone, and passes once that is
//! mended.

use autoenroll_core::InProcess;
use autoenroll_invariants::Statement;
use autoenroll_model::{Choice, DecisionPoint, Evidence};
use autoenroll_scenario::{
    ActionStep, Document, FailureKind, Level, Library, PromptAnswer, Requirements, RunReport, Scenario, Spanned, Step,
    StepBegin, StepKind, Verdict, bless, check, parse, print, run,
};
use autoenroll_world::{Hosts, Invariant};

use crate::law::{Broken, is_hygiene};
use crate::story::{Story, step};

/// Rounds in which what came is written down; each names everything that the one before left unnamed.
const MOST_ROUNDS: usize = 6;

/// What files are checked with.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The fixtures.
    pub library: &'a Library,
    /// The requirement catalogue.
    pub requirements: &'a (dyn Requirements + Sync),
}

/// A scenario file of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The text.
    pub text: String,
    /// How many steps it has.
    pub steps: usize,
    /// Whether the same law breaks when the file is run as any other.
    pub confirmed: bool,
}

/// Writes a finding down. `origin` says how it was found.
#[must_use]
pub fn found_file(story: &Story, broken: &Broken, origin: &str, bench: Bench<'_>) -> FoundFile {
    let mut document = story.document(&title(&broken.law));
    document.about.level = Level::May;
    document.about.evidence = Some(Evidence::Inferred);
    document.about.summary = Some(format!("{origin}: {}.", broken.reason));
    let text = with_what_comes(&document, bench);
    let steps = parse("found.toml", text.as_bytes()).document.steps.len();
    let broke = play(&text, bench).and_then(|(_, report)| breaks(&report));
    let confirmed = broke.as_deref() == Some(broken.law.as_str());
    FoundFile { text, steps, confirmed }
}

/// A scenario file of a story in which nothing breaks, with that title: it says what comes.
#[must_use]
pub fn story_file(story: &Story, title: &str, bench: Bench<'_>) -> String {
    let mut document = story.document(title);
    document.about.level = Level::May;
    document.about.evidence = Some(Evidence::Inferred);
    with_what_comes(&document, bench)
}

/// A document as a file, with what comes in it written down.
fn with_what_comes(document: &Document, bench: Bench<'_>) -> String {
    let mut text = print(document);
    for _ in 0..MOST_ROUNDS {
        let Some((scenario, report)) = play(&text, bench) else { break };
        let named = bless(&text, &[(&scenario, &report)], true).text;
        let next = print(&tidied(&parse("found.toml", named.as_bytes()).document, &report));
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// Runs a file; `None` when it has mistakes.
#[must_use]
pub fn play(text: &str, bench: Bench<'_>) -> Option<(Scenario, RunReport)> {
    let checked = check("found.toml", text.as_bytes(), bench.library, bench.requirements);
    let scenario = checked.scenarios.into_iter().next()?;
    let report = run(&scenario, InProcess::new(), Hosts::in_process(), bench.requirements);
    Some((scenario, report))
}

fn breaks(report: &RunReport) -> Option<String> {
    match &report.verdict {
        Verdict::Violated { records, .. } => {
            let laws = records.iter().filter_map(|id| report.trace.get(*id)?.text("invariant"));
            laws.map(str::to_owned).find(|law| !is_hygiene(law))
        }
        Verdict::Error(autoenroll_scenario::RunError::World(error)) => Some(Broken::stopped(error, report.end).law),
        Verdict::Error(_) | Verdict::Passed | Verdict::Failed(_) => None,
    }
}

/// The law in words.
fn title(law: &str) -> String {
    match law.parse::<Invariant>() {
        Ok(invariant) => Statement::of(invariant).text.trim_end_matches('.').to_owned(),
        Err(_) if law == "panic" => "Nothing panics".to_owned(),
        Err(_) if law == "budget" => "A story comes to an end within its budget".to_owned(),
        Err(_) => "A core keeps its contract".to_owned(),
    }
}

/// A prompt and the answer that follows at once are one step, and what is open at the end is closed.
fn tidied(document: &Document, report: &RunReport) -> Document {
    let mut steps: Vec<Step> = Vec::new();
    for step in &document.steps {
        if let Some(answer) = answer_at_once(steps.last(), step)
            && let Some(Step { kind: StepKind::Prompt { answer: open, .. }, .. }) = steps.last_mut()
        {
            *open = Spanned::without_span(Some(answer));
            continue;
        }
        steps.push(step.clone());
    }
    let failures = match &report.verdict {
        Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures.as_slice(),
        Verdict::Passed | Verdict::Error(_) => &[],
    };
    for failure in failures {
        if let FailureKind::PromptLeftOpen { who, point } = &failure.kind {
            // A card that waits for a touch cannot be closed.
            let ends = if *point == DecisionPoint::CardTouch { Choice::Touch } else { Choice::Close };
            let with = Spanned::without_span(PromptAnswer::Word(ends));
            let kind = ActionStep::Reply { point: Spanned::without_span(*point), with };
            let mut close = step("reply", StepKind::Action(kind));
            close.who = Some(Spanned::without_span(who.clone()));
            steps.push(close);
        }
    }
    Document { steps, ..document.clone() }
}

/// The answer that a step gives to the prompt that the step before it holds.
fn answer_at_once(before: Option<&Step>, step: &Step) -> Option<PromptAnswer> {
    let StepKind::Prompt { point, answer, .. } = &before?.kind else { return None };
    let StepKind::Action(ActionStep::Reply { point: replied, with }) = &step.kind else { return None };
    let same_user = before?.who.is_none() || before?.who == step.who;
    let at_once = step.begin == StepBegin::Now && step.on.is_none() && answer.value.is_none() && same_user;
    (at_once && point.value == replied.value).then(|| with.value.clone())
}
