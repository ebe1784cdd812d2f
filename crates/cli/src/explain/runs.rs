//! What became of each template in each run, runs that say the same told once.

use std::collections::BTreeSet;

use autoenroll_model::{Role, SimTime};
use autoenroll_scenario::{Table, suggestion};
use autoenroll_trace::{Kind, Records};
use autoenroll_world::spec::TemplateSpec;

use super::beside::Beside;
use super::fate::{End, Fate, Run, decided, decides, is, rule, runs};
use super::{logons, wrap};
use crate::Failure;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::remedy;
use crate::suite::Story;

/// How many times are listed at which the same happened.
const MOST_TIMES: usize = 8;

/// Width of the sentences beside a fate.
const WIDTH: usize = 100;

/// Runs that say the same.
struct Group<'a> {
    first: Run<'a>,
    lines: Vec<String>,
    key: Vec<String>,
    again: Vec<SimTime>,
}

/// The name of a template of the story's world.
///
/// # Errors
/// When it is none.
pub(super) fn known<'a>(name: &'a str, story: &Story) -> Result<&'a str, Failure> {
    let names: Vec<&str> = story.scenario.spec.templates.iter().map(|spec| spec.template.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(name);
    }
    let help = match suggestion(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", names.join(", ")),
    };
    Err(Failure::Usage(format!("there is no template `{name}` in {}; {help}", story.name)))
}

/// Which templates are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    /// Those that the story is about.
    Own,
    /// One.
    One(&'a str),
    /// One, with every decision about it.
    Thoroughly(&'a str),
}

/// All runs, and what became of the templates in each.
pub(super) fn all(
    story: &Story,
    trace: &Records,
    wanted: Shown<'_>,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let runs = runs(trace);
    let spec = &story.scenario.spec;
    if runs.is_empty() {
        none(trace, catalogue, console)?;
        return logons::refused(trace, spec, catalogue, console);
    }
    let (shown, left_out) = shown(story, &runs, wanted, catalogue);
    let beside = Beside::new(story, trace, catalogue);
    let width = shown.iter().map(|spec| spec.template.name.chars().count()).max().unwrap_or(0);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let thoroughly = matches!(wanted, Shown::Thoroughly(_));
        let (lines, key) = body(&run, &shown, width, thoroughly, &beside, catalogue);
        match groups.iter_mut().rfind(|group| group.first.actor == run.actor) {
            Some(group) if group.key == key => group.again.push(run.from),
            _ => groups.push(Group { first: run, lines, key, again: Vec::new() }),
        }
    }
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            writeln!(console.out)?;
        }
        writeln!(console.out, "{:>12}  {}", group.first.from.to_string(), heading(&group.first))?;
        for line in &group.lines {
            writeln!(console.out, "{:14}{line}", "")?;
        }
        if !group.again.is_empty() {
            writeln!(console.out, "{:14}the same at {}", "", times(&group.again))?;
        }
    }
    logons::refused(trace, spec, catalogue, console)?;
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        writeln!(console.out, "\nnot shown, because no run was to enroll for it: {names} (--template NAME shows one)")?;
    }
    Ok(())
}

/// The templates that are shown, and the names of those that are not: the story's own ones come first; others of its
/// world count only when some run was to enroll for them.
fn shown<'s>(
    story: &'s Story,
    runs: &[Run<'_>],
    wanted: Shown<'_>,
    catalogue: &Catalogue,
) -> (Vec<&'s TemplateSpec>, Vec<&'s str>) {
    let specs = &story.scenario.spec.templates;
    if let Shown::One(name) | Shown::Thoroughly(name) = wanted {
        return (specs.iter().filter(|spec| spec.template.name == name).collect(), Vec::new());
    }
    let own = own_templates(story);
    let is_own = |spec: &&TemplateSpec| own.contains(&spec.template.name);
    let (mut shown, others): (Vec<&TemplateSpec>, Vec<&TemplateSpec>) = specs.iter().partition(is_own);
    let (wanted, left_out): (Vec<&TemplateSpec>, Vec<&TemplateSpec>) =
        others.into_iter().partition(|spec| runs.iter().any(|run| run.fate(spec, catalogue).wanted));
    shown.extend(wanted);
    if shown.is_empty() {
        return (left_out, Vec::new());
    }
    (shown, left_out.into_iter().map(|spec| spec.template.name.as_str()).collect())
}

/// Names of the templates that the file itself declares or changes.
fn own_templates(story: &Story) -> BTreeSet<String> {
    let names = |world: &Table| -> Vec<String> {
        world.tables("template").filter_map(|table| Some(table.text("name")?.value.to_owned())).collect()
    };
    let document = &story.scenario.document;
    let variants = document.vary.iter().filter_map(|vary| vary.table("world"));
    std::iter::once(&document.world).chain(variants).flat_map(names).collect()
}

/// The lines of a run, and what makes it equal to another.
fn body(
    run: &Run<'_>,
    shown: &[&TemplateSpec],
    width: usize,
    thoroughly: bool,
    beside: &Beside<'_>,
    catalogue: &Catalogue,
) -> (Vec<String>, Vec<String>) {
    let open = if matches!(run.end, End::Open(_)) { run.from.to_string() } else { String::new() };
    if let Some(end) = run.ended_by() {
        let because = run.failed_sources().chain([end]).map(|record| decided(record, catalogue, None));
        let because = because.collect::<Vec<_>>().join("; ");
        let change = remedy::of(end).map(|change| format!("to change it: {change}"));
        let changes = beside.policy_changes(run);
        let keys = [vec![because.clone(), open], changes.clone()].concat();
        let lines = std::iter::once(format!("no template was looked at: {because}")).chain(change).chain(changes);
        return (lines.collect(), keys);
    }
    let (mut lines, mut keys) = (Vec::new(), vec![open]);
    for spec in shown {
        let name = spec.template.name.as_str();
        let Fate { text, key, .. } = run.fate(spec, catalogue);
        lines.push(format!("{name:<width$}  {text}"));
        keys.push(key);
        for sentence in beside.of(run, name) {
            for (at, line) in wrap(&sentence, WIDTH).into_iter().enumerate() {
                let indent = if at == 0 { "  " } else { "    " };
                lines.push(format!("{:<width$}{indent}{line}", ""));
            }
            keys.push(sentence);
        }
        if thoroughly {
            for decision in run.selection(name) {
                lines.push(format!("{:<width$}  {}", "", decided(decision, catalogue, Some(name))));
                keys.push(format!("{} {}", rule(decision), decides(decision)));
            }
        }
    }
    (lines, keys)
}

fn heading(run: &Run<'_>) -> String {
    let Run { actor, trigger, from, end, .. } = run;
    match end {
        End::Ended(at) if at == from => format!("run of {actor} (trigger: {trigger})"),
        End::Ended(at) => format!("run of {actor} (trigger: {trigger}), until {at}"),
        End::CutOff(at) => format!("run of {actor} (trigger: {trigger}), cut off at {at}"),
        End::Open(waits) => format!("run of {actor} (trigger: {trigger}), still open: it {waits}"),
    }
}

fn times(again: &[SimTime]) -> String {
    let listed: Vec<String> = again.iter().take(MOST_TIMES).map(ToString::to_string).collect();
    match again.len().saturating_sub(MOST_TIMES) {
        0 => listed.join(", "),
        more => format!("{} and {more} more times", listed.join(", ")),
    }
}

/// No run started at all: the decisions that refused a trigger say why.
fn none(trace: &Records, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<(), Failure> {
    writeln!(console.out, "no run started in this story")?;
    let mut told = BTreeSet::new();
    for record in trace.records() {
        let refused = record.kind == Kind::Decision && is(record, Role::Trigger) && !decides(record);
        if refused && told.insert((record.actor.as_str(), rule(record))) {
            let why = decided(record, catalogue, None);
            writeln!(console.out, "{:>12}  {}: {why}", record.at.to_string(), record.actor)?;
        }
    }
    Ok(())
}
