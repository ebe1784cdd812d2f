//! Names of providers: those that templates list and computers have. Real templates list providers that are installed
//! nowhere, so only a name that looks like a slip gets a warning.

use std::collections::BTreeSet;

use autoenroll_world::WorldSpec;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, Step, StepKind};
use crate::library::Library;
use crate::source::Spanned;
use crate::suggestion::{distance_within, suggestion};
use crate::tree::Table;

/// Edits that make a name look like a slip of an installed one. The names of real providers differ by more.
const SLIP: usize = 2;

/// The providers of a world.
#[derive(Debug, Default)]
pub(super) struct Providers {
    /// Those of computers, and then those that templates list.
    known: Vec<String>,
    names: BTreeSet<String>,
}

impl Providers {
    /// Gathers them from computers, templates, and changes of templates. Warns of slips.
    pub(super) fn of(
        world: &Table,
        spec: &WorldSpec,
        steps: &[Step],
        library: &Library,
        found: &mut Diagnostics,
    ) -> Self {
        let version = spec.profile.version();
        let mut providers = Self::default();
        for provider in spec.computers.iter().flat_map(|computer| computer.installed(version)) {
            providers.add(provider.name);
        }
        let has = providers.names.clone();
        let installed: Vec<String> = in_order_once(&providers.known);
        for provider in spec.templates.iter().flat_map(|spec| &spec.template.providers) {
            providers.add(provider.name.clone());
        }
        let mut no_slips: BTreeSet<&str> = BTreeSet::new();
        for name in written(world, steps) {
            providers.add(name.value.to_owned());
            if has.contains(name.value) {
                continue;
            }
            if version.device_key_storage().contains(&name.value) {
                found.push(left_out(name));
            }
            if no_slips.contains(name.value) {
                continue;
            }
            match installed.iter().find(|known| is_slip(name.value, known)) {
                Some(suggestion) if !library.default_providers().contains(name.value) => {
                    let message = format!("no computer has the provider `{}` installed", name.value);
                    let problem = Diagnostic::warning(Code::NotInstalled, message, name.span);
                    found.push(problem.help(format!("did you mean \"{suggestion}\"?")));
                }
                _ => drop(no_slips.insert(name.value)),
            }
        }
        providers
    }

    fn add(&mut self, name: String) {
        self.names.insert(name.clone());
        self.known.push(name);
    }

    /// Nothing could ever name this provider.
    pub(super) fn problem(&self, name: Spanned<&str>) -> Option<Diagnostic> {
        if self.names.contains(name.value) {
            return None;
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let help = match suggestion(name.value, self.known.iter().map(String::as_str)) {
            Some(suggestion) => format!("did you mean \"{suggestion}\"?"),
            None if names.is_empty() => "there is none at all".to_owned(),
            None => format!("there are {}", names.join(", ")),
        };
        let message = format!("no template lists a provider `{}`, and no computer has it", name.value);
        Some(Diagnostic::error(Code::UnknownName, message, name.span).help(help))
    }
}

/// Each of the names once, where it comes first.
fn in_order_once(names: &[String]) -> Vec<String> {
    let mut known = BTreeSet::new();
    names.iter().filter(|name| known.insert(name.as_str())).cloned().collect()
}

/// A provider that this Windows has, and that a world has only when it says so.
// K8.6.built-in
fn left_out(name: Spanned<&str>) -> Diagnostic {
    let message = format!("no computer of this world has the provider `{}`, though Windows has it", name.value);
    let problem = Diagnostic::warning(Code::NotInstalled, message, name.span);
    problem.help("it needs a card or a TPM; list it as a `provider` of the computer, and a `card-type` for its cards")
}

fn is_slip(name: &str, known: &str) -> bool {
    distance_within(SLIP, &name.to_lowercase(), &known.to_lowercase()).is_some()
}

/// The providers that templates of this file and changes list.
fn written<'a>(world: &'a Table, steps: &'a [Step]) -> Vec<Spanned<&'a str>> {
    let templates = world.tables("template");
    let scheduled = world.tables("change").filter_map(|change| change.table("set"));
    let played = steps.iter().filter_map(|step| match &step.kind {
        StepKind::Action(ActionStep::Change { set, .. }) => Some(&set.value),
        _ => None,
    });
    templates.chain(scheduled).chain(played).flat_map(|table| table.texts("providers")).collect()
}
