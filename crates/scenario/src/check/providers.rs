//! Names of providers: those that templates list and computers have. Real templates list providers that are installed
//! nowhere, so only a name that looks like a slip gets a warning.

use autoenroll_world::WorldSpec;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, Step, StepKind};
use crate::library::Library;
use crate::source::Spanned;
use crate::suggestion::{distance, suggestion};
use crate::tree::Table;

/// Edits that make a name look like a slip of an installed one. The names of real providers differ by more.
const SLIP: usize = 2;

/// The providers of a world.
#[derive(Debug, Default)]
pub(super) struct Providers {
    installed: Vec<String>,
    listed: Vec<String>,
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
        let computers = spec.computers.iter();
        let installed: Vec<String> = computers
            .flat_map(|computer| computer.installed(version).into_iter().map(|provider| provider.name))
            .collect();
        let by_default: Vec<&str> = library
            .templates(&mut Diagnostics::new())
            .into_iter()
            .chain(library.own_templates(&mut Diagnostics::new()))
            .flat_map(|root| root.tables("template"))
            .flat_map(|template| template.texts("providers").map(|name| name.value))
            .collect();
        let templates = spec.templates.iter().flat_map(|spec| &spec.template.providers);
        let mut listed: Vec<String> = templates.map(|provider| provider.name.clone()).collect();
        for name in written(world, steps) {
            if version.device_key_storage().contains(&name.value) && !installed.iter().any(|known| known == name.value)
            {
                found.push(left_out(name));
            }
            let suggestion = installed.iter().find(|known| is_slip(name.value, known));
            if let Some(suggestion) = suggestion.filter(|_| !installed.iter().any(|known| known == name.value))
                && !by_default.contains(&name.value)
            {
                let message = format!("no computer has the provider `{}` installed", name.value);
                let problem = Diagnostic::warning(Code::NotInstalled, message, name.span);
                found.push(problem.help(format!("did you mean \"{suggestion}\"?")));
            }
            listed.push(name.value.to_owned());
        }
        Self { installed, listed }
    }

    /// Nothing could ever name this provider.
    pub(super) fn problem(&self, name: Spanned<&str>) -> Option<Diagnostic> {
        let known = || self.installed.iter().chain(&self.listed).map(String::as_str);
        if known().any(|known| known == name.value) {
            return None;
        }
        let mut names: Vec<&str> = known().collect();
        names.sort_unstable();
        names.dedup();
        let help = match suggestion(name.value, known()) {
            Some(suggestion) => format!("did you mean \"{suggestion}\"?"),
            None if names.is_empty() => "there is none at all".to_owned(),
            None => format!("there are {}", names.join(", ")),
        };
        let message = format!("no template lists a provider `{}`, and no computer has it", name.value);
        Some(Diagnostic::error(Code::UnknownName, message, name.span).help(help))
    }
}

/// A provider that this Windows has, and that a world has only when it says so.
// K8.6.built-in
fn left_out(name: Spanned<&str>) -> Diagnostic {
    let message = format!("no computer of this world has the provider `{}`, though Windows has it", name.value);
    let problem = Diagnostic::warning(Code::NotInstalled, message, name.span);
    problem.help("it needs a card or a TPM; list it as a `provider` of the computer, and a `card-type` for its cards")
}

fn is_slip(name: &str, known: &str) -> bool {
    distance(&name.to_lowercase(), &known.to_lowercase()) <= SLIP
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
