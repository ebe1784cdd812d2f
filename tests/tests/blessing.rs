//! Blessing, over the scenarios of the suite: what is taken out of a story comes back, and nothing else changes.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;

use autoenroll_cli::{Catalogue, Exit, Fixtures};
use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::{Duration, Fact, SimTime};
use autoenroll_scenario::{
    Blessed, Document, ExpectedFact, ExpectedValue, FailureKind, Library, RunReport, Scenario, Span, Step, StepBegin,
    StepEnd, StepKind, Verdict, bless, check, parse, run,
};
use autoenroll_tests::{Autoenroll, root, scratch};
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::Hosts;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
const FOUNDING_STORY: &str = "scenarios/founding/second-provider.toml";

/// A file of the suite.
struct File {
    name: String,
    text: String,
    document: Document,
}

impl File {
    fn new(name: &str, text: String) -> Self {
        let document = parse(name, text.as_bytes()).document;
        Self { name: name.to_owned(), text, document }
    }

    fn written(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }
}

/// All files of the suite, by name.
fn files() -> Vec<File> {
    let mut folders = vec![root().join("scenarios")];
    let mut texts = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.insert(
                    path.strip_prefix(root()).unwrap().display().to_string(),
                    fs::read_to_string(path).unwrap(),
                );
            }
        }
    }
    texts.into_iter().map(|(name, text)| File::new(&name, text)).collect()
}

/// The founding story and about one in so many of the others. Each is chosen by its own text, so that a new file does
/// not choose others than before.
fn sample<T>(all: Vec<T>, one_in: u64, text: impl Fn(&T) -> (&str, &str)) -> Vec<T> {
    let chosen = |one: &T| {
        let (name, what) = text(one);
        let bytes = name.bytes().chain(what.bytes());
        let hash =
            bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
        name == FOUNDING_STORY || (hash >> 32).is_multiple_of(one_in)
    };
    all.into_iter().filter(chosen).collect()
}

/// What scenarios are checked against, read once.
struct Bench {
    fixtures: Library,
    catalogue: &'static Catalogue,
}

/// The variants of a file, played.
struct Played {
    runs: Vec<(Scenario, RunReport)>,
}

impl Bench {
    fn new() -> Self {
        Self { fixtures: Library::read(&Fixtures::default()), catalogue: Catalogue::embedded() }
    }

    /// `None` when the file has errors, because a later step refers to what was taken out.
    fn play(&self, file: &File) -> Option<Played> {
        let checked = check(&file.name, file.text.as_bytes(), &self.fixtures, self.catalogue);
        let one = |scenario: Scenario| {
            let report = run(&scenario, OwnCores::new(), Hosts::in_process(), self.catalogue);
            (scenario, report)
        };
        let runs = checked.scenarios.into_iter().map(one).collect();
        (!checked.found.has_errors()).then_some(Played { runs })
    }

    /// The file played; nothing is wrong but that records are unnamed.
    fn lacks_steps_only(&self, file: &File) -> Option<Played> {
        let played = self.play(file)?;
        let unnamed = |kind: &FailureKind| matches!(kind, FailureKind::Unexpected { .. });
        (played.unnamed() > 0 && played.failures().all(unnamed)).then_some(played)
    }

    /// Blessed once the story passes, and goes as it went before; blessed again nothing changes.
    #[track_caller]
    fn put_back(&self, cut: &File, before: &Played) {
        let Blessed { text, refused, .. } = before.blessed(&cut.text, true);
        let whole = File::new(&cut.name, text);
        let File { name, text, .. } = &whole;
        let Some(after) = self.play(&whole) else { panic!("{name}: what was blessed has errors\n{text}") };
        assert!(after.passed() && refused.is_empty(), "{name}: {}{text}", after.shown());
        assert_eq!(after.traces(), before.traces(), "{name}: another story\n{text}");
        assert_eq!(comments(text), comments(&cut.text), "{name}");
        let again = after.blessed(text, true);
        assert_eq!((again.text.as_str(), again.edits.len()), (text.as_str(), 0), "{name}");
    }
}

impl Played {
    fn passed(&self) -> bool {
        self.runs.iter().all(|(_, report)| report.verdict == Verdict::Passed)
    }

    fn failures(&self) -> impl Iterator<Item = &FailureKind> {
        self.runs
            .iter()
            .flat_map(|(_, report)| match &report.verdict {
                Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures.as_slice(),
                Verdict::Passed | Verdict::Error(_) => &[],
            })
            .map(|failure| &failure.kind)
    }

    /// What no step names.
    fn unnamed(&self) -> usize {
        self.failures().filter(|kind| matches!(kind, FailureKind::Unexpected { .. })).count()
    }

    fn blessed(&self, text: &str, steps: bool) -> Blessed {
        let runs: Vec<_> = self.runs.iter().map(|(scenario, report)| (scenario, report)).collect();
        bless(text, &runs, steps)
    }

    fn traces(&self) -> Vec<&Trace> {
        self.runs.iter().map(|(_, report)| &report.trace).collect()
    }

    fn shown(&self) -> String {
        self.runs.iter().map(|(scenario, report)| report.render(&scenario.files, false)).collect()
    }
}

/// A step that the story needs, but that does nothing: what must be named is named, no user answers.
fn is_seen_only(step: &Step) -> bool {
    match &step.kind {
        StepKind::Prompt { answer, .. } => answer.value.is_none(),
        StepKind::Expect(pattern) => match pattern.kind.value {
            Kind::Balloon => true,
            Kind::Event => pattern.facts.iter().any(|fact| fact.value.value == ExpectedValue::Literal("error".into())),
            _ => false,
        },
        _ => false,
    }
}

fn answers(step: &Step) -> bool {
    matches!(&step.kind, StepKind::Prompt { answer, .. } if answer.value.is_some())
}

/// Changes of a text: what is replaced, and by what.
type Changes = Vec<(Range<usize>, String)>;

fn changed(text: &str, mut changes: Changes) -> String {
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    changes.into_iter().for_each(|(range, by)| text.replace_range(range, &by));
    text
}

/// Takes a step out of the text, with its comma and without the comment behind it.
fn taken_out(text: &str, step: &Step) -> Range<usize> {
    let rest = text[step.span.end..].trim_start();
    let end = rest.strip_prefix(',').map_or(step.span.end, |rest| text.len() - rest.len());
    step.span.start..end
}

/// What gives the step after `gone` the time that it has now. `None` where that cannot be said.
fn kept_in_time(file: &File, gone: &Step, played: &Played) -> Option<Changes> {
    if gone.begin == StepBegin::Now && gone.end.is_none() {
        return Some(Vec::new());
    }
    let Some(next) = file.document.steps.iter().find(|step| step.span.start > gone.span.start) else {
        return Some(Vec::new());
    };
    let times = played.runs.iter().map(|(scenario, report)| {
        let index = scenario.steps.iter().position(|step| step.span == gone.span)?;
        Some(report.trace.get(report.matched[index]?)?.at().since(SimTime::START))
    });
    let times: BTreeSet<Option<Duration>> = times.collect();
    let time = times.first().copied().flatten().filter(|_| times.len() == 1 && next.only.is_empty())?;
    let value = |span: Span, duration: Duration| (span.start..span.end, format!("\"{duration}\""));
    // The word before the value changes too: what counted from the step that is gone counts from the start.
    let word = |span: Span, from: &str, to: &str, duration: Duration| {
        let start = file.text[..span.start].rfind(from).unwrap_or(span.start);
        (start..span.end, format!("{to} = \"{duration}\""))
    };
    let first = |text: String| (next.span.start + 1..next.span.start + 1, format!(" {text},"));
    let mut changes = Vec::new();
    match (&gone.begin, &gone.end) {
        (StepBegin::After(before), None) => {
            match (&next.begin, &next.kind) {
                (_, StepKind::Wait(duration)) => changes.push(value(duration.span, before.value + duration.value)),
                (_, StepKind::Never(_)) => return None,
                (StepBegin::Now, _) => changes.push(first(format!("after = \"{}\"", before.value))),
                (StepBegin::After(duration), _) => changes.push(value(duration.span, before.value + duration.value)),
                (StepBegin::At(_), _) => {}
            }
            if let Some(StepEnd::Within(duration)) = &next.end {
                changes.push(value(duration.span, before.value + duration.value));
            }
        }
        _ => {
            match (&next.begin, &next.kind) {
                (_, StepKind::Wait(_) | StepKind::Never(_)) => return None,
                (StepBegin::Now, _) => changes.push(first(format!("at = \"{time}\""))),
                (StepBegin::After(duration), _) => {
                    changes.push(word(duration.span, "after", "at", time + duration.value))
                }
                (StepBegin::At(_), _) => {}
            }
            if let Some(StepEnd::Within(duration)) = &next.end {
                changes.push(word(duration.span, "within", "until", time + duration.value));
            }
        }
    }
    Some(changes)
}

/// All comments, in their order.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| Some(&line[line.find("# ")?..])).collect()
}

/// The file without a step, what follows at the time that it has now.
fn without(file: &File, step: &Step, played: &Played) -> Option<File> {
    let mut changes = kept_in_time(file, step, played)?;
    changes.push((taken_out(&file.text, step), String::new()));
    Some(File::new(&file.name, changed(&file.text, changes)))
}

/// All steps of that kind of all files.
fn steps(files: &[File], is: fn(&Step) -> bool) -> Vec<(&File, &Step)> {
    let of = |file: &'_ File| -> Vec<usize> {
        (0..file.document.steps.len()).filter(|at| is(&file.document.steps[*at])).collect()
    };
    files.iter().flat_map(|file| of(file).into_iter().map(move |at| (file, &file.document.steps[at]))).collect()
}

/// The values that steps expect, as they are written, and others in their place.
fn expected_values(file: &File) -> Vec<(Span, String)> {
    let facts = file.document.steps.iter().flat_map(|step| match &step.kind {
        StepKind::Expect(pattern) | StepKind::Prompt { pattern, .. } => pattern.facts.as_slice(),
        StepKind::State { facts, .. } => facts,
        _ => &[],
    });
    let other = |fact: &ExpectedFact| {
        let other = match &fact.value.value {
            ExpectedValue::Literal(Fact::Number(number)) => (number + 1).to_string(),
            ExpectedValue::Literal(Fact::Flag(flag)) => (!flag).to_string(),
            ExpectedValue::Literal(Fact::Text(_)) => "\"otherwise\"".to_owned(),
            _ => return None,
        };
        Some((fact.value.span, other))
    };
    facts.filter_map(other).collect()
}

#[test]
fn one_value_that_is_edited_is_the_one_that_is_blessed() {
    let bench = Bench::new();
    let mut count = 0;
    for file in sample(files(), 13, |file| (&file.name, "")) {
        let matched =
            |played: &Played| played.runs.iter().map(|(_, report)| report.matched.clone()).collect::<Vec<_>>();
        let before = matched(&bench.play(&file).unwrap());
        let edited = expected_values(&file).into_iter().filter_map(|(span, other)| {
            let edited = File::new(&file.name, changed(&file.text, vec![(span.start..span.end, other)]));
            let played = bench.play(&edited)?;
            // Where the steps match as before, and not another record that differs as little, or no one at all.
            (!played.passed() && matched(&played) == before).then_some((edited, played))
        });
        for (edited, played) in edited.take(2) {
            for steps in [false, true] {
                let blessed = played.blessed(&edited.text, steps);
                assert_eq!(blessed.text, file.text, "{:?}", blessed.refused);
                assert_eq!((blessed.edits.len(), blessed.refused.len()), (1, 0), "{}", file.name);
            }
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} values could be edited");
}

#[test]
fn blessing_the_suite_changes_no_byte() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "bless-suite");
    let files = files();
    let copy = |file: &File| directory.join(&file.name);
    for file in &files {
        fs::create_dir_all(copy(file).parent().unwrap()).unwrap();
        fs::write(copy(file), &file.text).unwrap();
    }
    let written = fs::metadata(copy(&files[0])).unwrap().modified().unwrap();
    for bless in ["--bless", "--bless=steps"] {
        let ran = Autoenroll::new(PROGRAM, ["run", bless]).arg(&directory).run();
        assert_eq!(ran.code, Some(i32::from(Exit::Ok.code())), "{}{}", ran.out, ran.err);
        assert_eq!(ran.out.lines().filter(|line| line.starts_with("same ")).count(), files.len(), "{}", ran.out);
        assert!(files.iter().all(|file| fs::read(copy(file)).unwrap() == file.text.as_bytes()));
    }
    assert_eq!(fs::metadata(copy(&files[0])).unwrap().modified().unwrap(), written, "files are not even written");
}

#[test]
fn a_step_that_is_taken_out_is_put_back_where_it_stood() {
    let (bench, files) = (Bench::new(), files());
    let mut count = 0;
    for (file, step) in sample(steps(&files, is_seen_only), 6, |(file, step)| (&file.name, file.written(step.span))) {
        let played = bench.play(file).unwrap();
        if let Some(cut) = without(file, step, &played)
            && let Some(before) = bench.lacks_steps_only(&cut)
        {
            bench.put_back(&cut, &before);
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} steps could be taken out");
}

#[test]
fn steps_that_are_taken_out_together_are_put_back_in_one_round() {
    let bench = Bench::new();
    let mut count = 0;
    for file in sample(files(), 8, |file| (&file.name, "")) {
        let mut played = bench.play(&file).unwrap();
        let (mut cut, mut before) = (None, usize::MAX);
        // From the end, so that the steps that are still to go stay where they are.
        loop {
            let now = cut.as_ref().unwrap_or(&file);
            let mut steps = now.document.steps.iter().rev();
            let Some(step) = steps.find(|step| is_seen_only(step) && step.span.start < before) else { break };
            before = step.span.start;
            if let Some(next) = without(now, step, &played)
                && let Some(next_played) = bench.lacks_steps_only(&next)
            {
                (cut, played) = (Some(next), next_played);
                count += 1;
            }
        }
        if let Some(cut) = cut {
            bench.put_back(&cut, &played);
        }
    }
    assert!(count >= 20, "only {count} steps could be taken out");
}

#[test]
fn a_prompt_that_is_put_back_waits_for_its_answer() {
    let (bench, files) = (Bench::new(), files());
    let mut count = 0;
    for (file, step) in sample(steps(&files, answers), 13, |(file, step)| (&file.name, file.written(step.span))) {
        let StepKind::Prompt { point, answer, .. } = &step.kind else { continue };
        let played = bench.play(file).unwrap();
        let Some(cut) = without(file, step, &played) else { continue };
        let Some(before) = bench.play(&cut) else { continue };
        let once = before.blessed(&cut.text, true);
        // Where the story goes on without an answer, other prompts come, or other records pass for those that are
        // expected.
        let [edit] = once.edits.as_slice() else { continue };
        let differs = before.failures().any(|kind| matches!(kind, FailureKind::Differs { .. }));
        if before.runs.len() > 1 || differs || !edit.text.contains(&format!("prompt = \"{}\"", point.value)) {
            continue;
        }
        // No user has answered: the story stops there, and blessing it again changes nothing.
        let after = bench.play(&File::new(&file.name, once.text.clone())).unwrap();
        assert!(!after.passed() && after.unnamed() == 0, "{}: {}", file.name, after.shown());
        assert_eq!(after.blessed(&once.text, true).text, once.text, "{}", file.name);
        let said = edit.text.replace("answer = \"hold\"", &format!("answer = {}", file.written(answer.span)));
        let answered = changed(&cut.text, vec![(edit.span.start..edit.span.end, said)]);
        let answered = File::new(&file.name, answered);
        let after = bench.play(&answered).unwrap();
        assert!(after.passed(), "{}: {}{}", file.name, after.shown(), answered.text);
        assert_eq!(after.traces(), played.traces(), "{}: another story", file.name);
        count += 1;
    }
    assert!(count >= 10, "only {count} prompts could be taken out");
}
