//! From a document to scenarios that can be run: one for each variant.

mod bindings;
mod code_fact;
mod covers;
mod facts;
mod limits;
mod no_steps;
mod providers;
mod rehearsal;
mod shared_oid;
mod step_actions;
mod superseding;
mod time;
mod timeline;
mod unread;
mod unused_certificate;

use autoenroll_model::{Profile, SwitchError, WindowsVersion};
use autoenroll_world::WorldSpec;

use providers::Providers;
use rehearsal::Stages;
use unread::Unread;

pub use covers::{ByPrefix, Catalogue, Requirement, Requirements, requirement_ids};
pub use step_actions::StepActions;
pub use time::LONGEST;

use crate::Code;
use crate::defaults::StepDefaults;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Document, Parsed, Step, beginning, parse, parse_world};
use crate::library::Library;
use crate::lower;
use crate::merge;
use crate::sequences;
use crate::sequences::Expanded;
use crate::shape::{WORLD, missing_keys};
use crate::source::{FileId, Files, Span, Spanned};
use crate::tree::Table;

/// A story that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The document it came from.
    pub document: Document,
    /// The variant, when the document has several.
    pub variant: Option<String>,
    /// What exists.
    pub spec: WorldSpec,
    /// What happens and what must be seen, in this variant.
    pub steps: Vec<Step>,
    /// The names that steps leave out because there is only one.
    pub(crate) defaults: Vec<StepDefaults>,
    /// The principals that take part: who logs on, boots, is pulsed or refreshed.
    pub principals: Vec<String>,
    /// Where the scheduled changes of the world stand, in their order.
    pub(crate) changes: Vec<Span>,
    /// The texts that places refer to.
    pub files: Files,
}

/// What checking found out.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The document as it is written.
    pub document: Document,
    /// One scenario for each variant, in their order, when nothing is wrong; one when there are no variants.
    pub scenarios: Vec<Scenario>,
    /// The texts that places refer to.
    pub files: Files,
    /// All problems.
    pub found: Diagnostics,
}

/// Reads and checks a scenario. The name is what messages show, a path as the user wrote it.
#[must_use]
pub fn check(name: &str, bytes: &[u8], library: &Library, requirements: &dyn Requirements) -> Checked {
    check_parsed(parse(name, bytes), library, requirements)
}

/// What stands in place of what a file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instead {
    /// The profile of the file and of its variants: templates are looked up for it, and the switches that the file sets
    /// still count.
    pub profile: Option<WindowsVersion>,
    /// The world that the file extends; what the file itself says of its world still counts.
    pub world: Option<String>,
}

/// As [`check()`], with something in place of what the file names, as if it were written there.
#[must_use]
pub fn check_under(
    instead: &Instead,
    name: &str,
    bytes: &[u8],
    library: &Library,
    requirements: &dyn Requirements,
) -> Checked {
    let mut parsed = parse(name, bytes);
    if let Some(profile) = instead.profile {
        parsed.document.set_profile(profile);
    }
    if let Some(world) = &instead.world {
        parsed.document.set_world(world);
    }
    check_parsed(parsed, library, requirements)
}

/// As [`check()`], of a world: the file of a fixture, which tells no story. The scenario that comes of it has no steps.
/// The profile is the one that is handed over, or that of the file; for a file that names none it is `windows-10-22h2`,
/// because a world of one's own is about machines of today, where a scenario without a profile is about those of 2003.
#[must_use]
pub fn check_world(
    profile: Option<WindowsVersion>,
    name: &str,
    bytes: &[u8],
    library: &Library,
    requirements: &dyn Requirements,
) -> Checked {
    let mut parsed = parse_world(name, bytes);
    let of_today = || parsed.document.about.profile.is_none().then_some(WindowsVersion::Windows10_22h2);
    if let Some(profile) = profile.or_else(of_today) {
        parsed.document.set_profile(profile);
    }
    check_parsed(parsed, library, requirements)
}

/// Checks what was read.
#[must_use]
pub fn check_parsed(parsed: Parsed, library: &Library, requirements: &dyn Requirements) -> Checked {
    let Parsed { document, files, mut found, root } = parsed;
    let files = library.files_with(files);
    if root.0.is_empty() {
        return Checked { document, scenarios: Vec::new(), files, found };
    }
    covers::check(&document.about.covers, requirements, &mut found);
    let unread = Unread::of(&root, &found);
    let mut scenarios = Vec::new();
    let variants: Vec<Option<&Table>> = match document.vary.as_slice() {
        [] => vec![None],
        several => several.iter().map(Some).collect(),
    };
    let mut meant = Diagnostics::new();
    let base = merge::complete(&document.world, library, &mut meant);
    let mut worlds = Vec::new();
    // What is built from half a description is wrong for reasons that are told already.
    let mut stages = (!found.has_errors() && !meant.has_errors()).then(Stages::default);
    let expanded = sequences::expand(&document, library, &mut meant);
    let common = Common { document: &document, expanded: &expanded, unread: &unread, files: &files, library };
    for variant in variants {
        let mut own = Diagnostics::new();
        let world = match variant.and_then(|variant| variant.table("world")) {
            Some(world) => merge::over(base.clone(), world, &WORLD, &mut own),
            None => base.clone(),
        };
        let scenario = of_variant(&common, variant, &world, &mut stages, &mut own);
        scenarios.push(scenario);
        worlds.push(world);
        meant.extend(own);
    }
    unused_certificate::check(&worlds, &mut meant);
    shared_oid::check(&worlds, &mut meant);
    superseding::check(&worlds, &mut meant);
    no_steps::check(&document, &root, &expanded, &mut meant);
    limits::check(&worlds, &expanded.steps, &mut meant);
    report_unknown_variants(&document, &mut meant);
    meant.keep(|problem| unread.leaves(problem));
    expanded.place(&mut meant);
    found.extend(meant);
    found.sort();
    if found.has_errors() {
        scenarios.clear();
    }
    Checked { document, scenarios, files, found }
}

/// What the variants of a file have in common.
struct Common<'a> {
    document: &'a Document,
    expanded: &'a Expanded,
    unread: &'a Unread,
    files: &'a Files,
    library: &'a Library,
}

fn of_variant(
    common: &Common<'_>,
    variant: Option<&Table>,
    world: &Table,
    stages: &mut Option<Stages>,
    found: &mut Diagnostics,
) -> Scenario {
    let Common { document, expanded, unread, files, library } = *common;
    missing_keys(&WORLD, world, beginning(FileId::OWN), found);
    let name = variant.and_then(|variant| variant.text("name")).map(|name| name.value.to_owned());
    let profile = profile(document, variant, found);
    let lower::Lowered { spec, names, templates } = lower::spec(world, profile, library, found);
    let stages = stages.as_mut().filter(|_| !found.has_errors());
    let stage = stages.and_then(|stages| stages.build(&spec, world, found));
    let here = |step: &&Step| step.only.is_empty() || step.only.iter().any(|only| Some(&only.value) == name.as_ref());
    let steps: Vec<Step> = expanded.steps.iter().filter(here).cloned().collect();
    let principals = timeline::principals(&steps);
    let taking_part = timeline::TakingPart::of(&principals, &names);
    let mut cx = lower::Context {
        world,
        names,
        fixtures: library,
        domain: spec.domain.clone(),
        templates,
        placed: lower::Placed::default(),
    };
    let providers = Providers::of(world, &spec, &steps, library, found);
    let bound = steps.iter().filter_map(bindings::binding).map(|name| name.value.as_str());
    let bound = bound.chain(unread.bindings.iter().map(String::as_str)).collect();
    let known = facts::Known { names: &cx.names, providers: &providers, bound };
    steps.iter().for_each(|step| facts::check(step, &known, found));
    let defaults: Vec<_> = steps.iter().map(|step| timeline::check(step, &cx, &taking_part, found)).collect();
    // What a sequence does that is not known may be what the rest builds on.
    if expanded.whole {
        time::check(&steps, &spec, world, found);
        bindings::check(&steps, &unread.bindings, found);
    }
    let changes = std::mem::take(&mut cx.names.changes);
    if let Some(stage) = stage.filter(|_| !found.has_errors()) {
        let steps: Vec<_> = steps.iter().zip(&defaults).collect();
        let scheduled: Vec<_> = spec.changes.iter().cloned().zip(changes.iter().copied()).collect();
        rehearsal::play(stage, &steps, &scheduled, world, &cx.names, found);
    }
    let (document, files) = (document.clone(), files.clone());
    Scenario { document, variant: name, spec, steps, defaults, principals, changes, files }
}

/// The profile with the switches of the file and of the variant.
fn profile(document: &Document, variant: Option<&Table>, found: &mut Diagnostics) -> Profile {
    let of_variant = variant.and_then(|variant| variant.text("profile")).map(|name| name.value);
    let of_file = document.about.profile.as_ref().map(|name| name.value.as_str());
    let named = of_variant.or(of_file).and_then(Profile::named);
    let mut profile = named.unwrap_or_else(Profile::server_2003_sp1);
    let own = variant.map(crate::document::switches).unwrap_or_default();
    for (switch, value) in document.about.switches.iter().chain(&own) {
        if let Err(error) = profile.set(&switch.value, &value.value) {
            found.push(switch_problem(&error, switch, value));
        }
    }
    profile
}

fn switch_problem(error: &SwitchError, switch: &Spanned<String>, value: &Spanned<String>) -> Diagnostic {
    match error {
        SwitchError::Unknown { .. } => {
            let names = autoenroll_model::SWITCHES.iter().map(|switch| switch.name);
            let help = match crate::suggestion::suggestion(&switch.value, names) {
                Some(suggestion) => format!("did you mean `{suggestion}`?"),
                None => "`autoenroll profiles` lists them".to_owned(),
            };
            let message = format!("there is no switch `{}`", switch.value);
            Diagnostic::error(Code::SwitchValue, message, switch.span).help(help)
        }
        SwitchError::Value { expected, .. } => {
            let message = format!("`{}` is not a value of the switch `{}`", value.value, switch.value);
            Diagnostic::error(Code::SwitchValue, message, value.span).help(format!("it takes {}", expected.join(", ")))
        }
    }
}

fn report_unknown_variants(document: &Document, found: &mut Diagnostics) {
    let names: Vec<Spanned<String>> =
        document.vary.iter().filter_map(|variant| Some(variant.text("name")?.map(str::to_owned))).collect();
    for only in document.steps.iter().flat_map(|step| &step.only) {
        if !names.contains(only) {
            let known: Vec<_> = names.iter().collect();
            let name = Spanned::new(only.value.as_str(), only.span);
            found.push(lower::unknown("variant", name, &known));
        }
    }
}
