//! What single steps do in a world, for programs that make up a story step by step.

use std::collections::BTreeMap;

use autoenroll_model::Template;
use autoenroll_world::{Action, WorldSpec};

use super::{profile, timeline};
use crate::actions::actions;
use crate::bindings::Bindings;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Step, StepKind};
use crate::library::Library;
use crate::lower::{self, WorldNames};
use crate::merge;
use crate::shape::WORLD;
use crate::tree::Table;

/// The world of a document, in which steps that are no part of the document yet get their meaning. It is the meaning
/// that [`check`](super::check()) gives them once they are.
pub struct StepActions<'a> {
    world: Table,
    spec: WorldSpec,
    names: WorldNames,
    templates: BTreeMap<String, Template>,
    library: &'a Library,
}

impl<'a> StepActions<'a> {
    /// The world of a document: of its variant, when it has exactly one, and without any otherwise.
    ///
    /// # Errors
    /// When something is wrong with its world, its profile or its switches.
    pub fn of(document: &Document, library: &'a Library) -> Result<Self, Diagnostics> {
        let mut found = Diagnostics::new();
        let variant = match document.vary.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let mut world = merge::complete(&document.world, library, &mut found);
        if let Some(own) = variant.and_then(|variant| variant.table("world")) {
            world = merge::over(world, own, &WORLD, &mut found);
        }
        let profile = profile(document, variant, &mut found);
        let lower::Lowered { spec, names, templates } = lower::spec(&world, profile, library, &mut found);
        if found.has_errors() { Err(found) } else { Ok(Self { world, spec, names, templates, library }) }
    }

    /// What exists.
    #[must_use]
    pub const fn spec(&self) -> &WorldSpec {
        &self.spec
    }

    /// What a step does: nothing when it is no action. It has to say everything, as in a story in which nobody else
    /// takes part.
    ///
    /// # Errors
    /// When it names what does not exist, leaves out what has to be said, or refers to what another step binds.
    pub fn actions(&self, step: &Step) -> Result<Vec<Action>, Diagnostics> {
        let StepKind::Action(action) = &step.kind else { return Ok(Vec::new()) };
        let mut found = Diagnostics::new();
        let cx = lower::Context {
            world: &self.world,
            names: self.names.clone(),
            fixtures: self.library,
            domain: self.spec.domain.clone(),
            templates: self.templates.clone(),
            placed: lower::Placed::default(),
        };
        let defaults = timeline::check(step, &cx, &timeline::TakingPart::of(&[], &self.names), &mut found);
        match actions(action, &defaults, &Bindings::default()) {
            Ok(actions) if !found.has_errors() => Ok(actions),
            _ => Err(found),
        }
    }
}
