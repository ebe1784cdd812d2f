//! What is decided before the story is played: the world is built as a run builds it, and the steps are done with cores
//! that say nothing. So a run finds no mistake of a description that this has not found, with its place.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_card::Card;
use autoenroll_model::{
    CoreError, CoreFactory, EnrollmentCore, Identity, Input, KeyAlgorithm, Now, Output, Profile, SimTime,
};
use autoenroll_world::action::{CaAction, Change};
use autoenroll_world::spec::{CardSpec, PolicySpec, ScheduledChange};
use autoenroll_world::{
    ActError, Action, CardHost, Hosts, InProcessCards, InProcessCas, Place, SpecError, SpecErrors, SpecFault, Thing,
    World, WorldSpec,
};

use crate::Code;
use crate::actions::actions;
use crate::bindings::Bindings;
use crate::defaults::StepDefaults;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, Step, StepKind};
use crate::lower::{WorldNames, name_of, unknown};
use crate::source::{Span, Spanned};
use crate::tree::Table;

/// A core that says nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silent;

impl EnrollmentCore for Silent {
    fn handle(&mut self, _: Now, _: Input) -> Result<(), CoreError> {
        Ok(())
    }
    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(None)
    }
    fn deadline(&self) -> Option<SimTime> {
        None
    }
}

impl CoreFactory for Silent {
    type Core = Self;
    fn start(&mut self, _: &Identity) -> Result<Self, CoreError> {
        Ok(Self)
    }
}

type Stage = World<Silent, InProcessCards, InProcessCas>;

/// The worlds that were built for the variants of a file; most of them differ in nothing that is built.
#[derive(Default)]
pub(super) struct Stages(Vec<(WorldSpec, Result<Stage, SpecErrors>)>);

impl Stages {
    /// The world of a description; `None` when it cannot be built, which is told.
    pub(super) fn build(&mut self, spec: &WorldSpec, world: &Table, found: &mut Diagnostics) -> Option<Stage> {
        // What plays a part in the story alone.
        let mut built = spec.clone();
        (built.profile, built.policy, built.changes) = (Profile::server_2003_sp1(), PolicySpec::default(), Vec::new());
        let at = self.0.iter().position(|(known, _)| *known == built).unwrap_or_else(|| {
            let stage = rehearsal(&built);
            self.0.push((built, stage));
            self.0.len() - 1
        });
        match &self.0[at].1 {
            Ok(stage) => Some(stage.clone()),
            Err(errors) => {
                errors.0.iter().for_each(|error| found.push(problem(error, world)));
                None
            }
        }
    }
}

/// The world of a description. CAs sign with the quickest key, and certify it, unless it may depend on the length of a
/// certificate whether it fits on its card, or something is wrong and is to be told of the world as it is described.
fn rehearsal(spec: &WorldSpec) -> Result<Stage, SpecErrors> {
    let mut quick = spec.clone();
    quick.authorities.iter_mut().for_each(|ca| ca.key = KeyAlgorithm::P256);
    if let Ok(stage) = World::quick_rehearsal(quick, Silent, Hosts::in_process())
        && spec.cards.iter().all(|card| has_room(&stage, card))
    {
        return Ok(stage);
    }
    World::rehearsal(spec.clone(), Silent, Hosts::in_process())
}

/// Whether each of a card's certificates could be longer by the longest signature and the longest key: there is room on
/// the card, and a certificate file can say so many bytes.
fn has_room(stage: &Stage, card: &CardSpec) -> bool {
    let fits = |card: &Card| {
        let state = card.look();
        let certificates = state.containers.iter().filter_map(|container| container.certificate.as_ref()?.der());
        let longest = certificates.map(<[u8]>::len).max().unwrap_or(0);
        let free = usize::try_from(state.free_bytes).unwrap_or(0);
        free / MOST_LONGER >= state.containers.len() && longest + MOST_LONGER <= usize::from(u16::MAX)
    };
    stage.hosts().cards.card(&card.name, fits).unwrap_or(false)
}

/// How many bytes a certificate has more than one of P-256 by P-256, at most: signature and key of RSA-4096 have 512
/// and 550 of them, and those of P-256 70 and 91 at least.
const MOST_LONGER: usize = 1_024;

/// A mistake of a description, at the value that is wrong.
fn problem(error: &SpecError, world: &Table) -> Diagnostic {
    let span = place(&error.place, world);
    match &error.fault {
        SpecFault::Unknown(absent) => {
            let known: Vec<_> = absent.known.iter().map(|name| Spanned::without_span(name.clone())).collect();
            let name = Spanned::new(absent.name.as_str(), span);
            unknown(absent.what.as_str(), name, &known.iter().collect::<Vec<_>>())
        }
        SpecFault::Twice => Diagnostic::error(Code::DuplicateName, error.to_string(), span),
        fault => Diagnostic::error(Code::Impossible, error.to_string(), span).help_some(help(fault)),
    }
}

fn help(fault: &SpecFault) -> Option<String> {
    Some(match fault {
        SpecFault::NoOwner => "write `of`, the user or computer whose it is".to_owned(),
        SpecFault::KeyTooShort { minimum, .. } => {
            format!("give the container a longer key, or the template minimal-key-size = {minimum} or less")
        }
        SpecFault::NoProvider { .. } => "a computer's `card-database` says which provider knows which card".to_owned(),
        _ => return None,
    })
}

/// Where a file says what a part of the description comes from.
fn place(place: &Place, world: &Table) -> Span {
    let named = |key: &str, name: &str| world.tables(key).filter(move |table| name_of(table).value == name).last();
    let table = |key: &str| named(key, &place.name);
    let table = match place.of {
        Thing::User => table("user"),
        Thing::Computer => table("computer"),
        Thing::Principal => table("user").or_else(|| table("computer")),
        Thing::Group => table("group"),
        Thing::Member => table("group").or_else(|| table("computer")).or_else(|| table("user")),
        Thing::Card => table("card"),
        Thing::Container => {
            let card = place.on.as_deref().and_then(|card| named("card", card));
            card.and_then(|card| card.tables("container").filter(|inner| name_of(inner).value == place.name).last())
        }
        Thing::Authority => table("ca"),
        Thing::PolicyService => table("policy-service"),
        Thing::Template => table("template"),
        Thing::Certificate => table("certificate"),
        Thing::Request => table("request"),
        Thing::Root | Thing::Reader | Thing::Controller => None,
    };
    let of_table = table.map(|table| match place.key.and_then(|key| table.get(key)) {
        Some(node) => node.span,
        None => name_of(table).span,
    });
    let of_table = of_table.or_else(|| in_a_list(&place.name, world));
    // A CA is a root, too.
    of_table.or_else(|| Some(name_of(named("ca", &place.name)?).span)).unwrap_or_default()
}

/// Roots, readers and controllers are texts of lists, or have nothing but a name.
fn in_a_list(name: &str, world: &Table) -> Option<Span> {
    let domain = world.table("domain");
    let roots =
        domain.and_then(|domain| domain.table("trust")).into_iter().flat_map(|trust| trust.texts("extra-roots"));
    let readers = world.tables("computer").flat_map(|computer| computer.texts("readers"));
    roots.chain(readers).filter(|text| text.value == name).last().map(|text| text.span)
}

/// Does the steps, one after the other, as far as no core is asked, and tells the first one that cannot be done.
pub(super) fn play(
    mut stage: Stage,
    steps: &[(&Step, &StepDefaults)],
    scheduled: &[(ScheduledChange, Span)],
    world: &Table,
    names: &WorldNames,
    found: &mut Diagnostics,
) {
    for (scheduled, span) in scheduled.iter().filter(|(scheduled, _)| is_certain(&scheduled.change)) {
        if let Err(error) = stage.clone().act(&Action::Change(scheduled.change.clone())) {
            found.push(Diagnostic::error(Code::CannotBeDone, error.to_string(), *span));
        }
    }
    let inserted = world.tables("card").filter_map(|card| Some((name_of(card).value, card.get("reader")?.span)));
    let mut known = Known {
        names,
        unclear: BTreeSet::new(),
        inserted: inserted.map(|(card, span)| (card.to_owned(), span)).collect(),
        managed: false,
    };
    for (step, defaults) in steps {
        let StepKind::Action(action) = &step.kind else { continue };
        let Ok(actions) = actions(action, defaults, &Bindings::default()) else {
            known.managed |= matches!(action, ActionStep::Ca { .. });
            continue;
        };
        for (part, one) in actions.iter().enumerate() {
            if known.skips(one) {
                continue;
            }
            let done = stage.act(one);
            let value = value(action, one, part).unwrap_or(step.span);
            if let Err(error) = done
                && known.is_certain(&error)
            {
                found.push(known.problem(&error, value));
                return;
            }
            known.follow(one, value);
        }
    }
}

/// What is known of the story so far, with any core.
struct Known<'a> {
    names: &'a WorldNames,
    /// Users who tried to log on with a card, and their computers: the card decides whether they are logged on.
    unclear: BTreeSet<String>,
    /// Where each card was put into its reader.
    inserted: BTreeMap<String, Span>,
    /// A manager has decided about a request that only the story knows.
    managed: bool,
}

impl Known<'_> {
    /// Whether it is unknown before the story what an action meets.
    fn skips(&mut self, action: &Action) -> bool {
        let is_certificate = |name: &String| self.names.certificates.has(name);
        let is_request = |name: &String| self.names.requests.has(name);
        match action {
            Action::Ca { op: CaAction::Approve { request } | CaAction::Deny { request }, .. } => {
                self.managed |= request.is_none();
                self.managed || !request.as_ref().is_some_and(is_request)
            }
            Action::Ca { op: CaAction::Revoke { certificate }, .. } => !is_certificate(certificate),
            Action::Change(Change::DeleteCertificate { principal, certificate }) => {
                self.unclear.contains(principal) || !is_certificate(certificate)
            }
            _ => false,
        }
    }

    /// Whether an action fails with any core and any card.
    fn is_certain(&self, error: &ActError) -> bool {
        match error {
            ActError::NothingToClick { .. }
            | ActError::NoPrompt { .. }
            | ActError::NotOffered { .. }
            | ActError::World(_) => false,
            ActError::AlreadyLoggedOn { user, .. }
            | ActError::NotLoggedOn { user }
            | ActError::Locked { user }
            | ActError::NotLocked { user } => !self.unclear.contains(user),
            ActError::AlreadyRunning { computer } | ActError::NotRunning { computer } => {
                !self.unclear.contains(computer)
            }
            ActError::Unknown(_)
            | ActError::Exists { .. }
            | ActError::ReaderOccupied { .. }
            | ActError::CardInUse { .. }
            | ActError::NotInserted { .. }
            | ActError::Refused { .. }
            | ActError::Card { .. } => true,
        }
    }

    fn follow(&mut self, action: &Action, value: Span) {
        match action {
            Action::CardLogon { user, computer, .. } => self.unclear.extend([user.clone(), computer.clone()]),
            Action::Insert { card, .. } => {
                self.inserted.insert(card.clone(), value);
            }
            _ => {}
        }
    }

    fn problem(&self, error: &ActError, value: Span) -> Diagnostic {
        let problem = Diagnostic::error(Code::CannotBeDone, error.to_string(), value);
        let put = match error {
            ActError::ReaderOccupied { card, .. } | ActError::CardInUse { card, .. } => self.inserted.get(card),
            _ => None,
        };
        match put {
            Some(span) => problem.label(*span, "it is put there here"),
            None => problem,
        }
    }
}

/// Whether a change can be judged before the story.
const fn is_certain(change: &Change) -> bool {
    !matches!(change, Change::DeleteCertificate { .. })
}

/// The value of a step that says what a part of it is about.
fn value(step: &ActionStep, action: &Action, part: usize) -> Option<Span> {
    Some(match step {
        ActionStep::Boot(name)
        | ActionStep::Shutdown(name)
        | ActionStep::Crash(name)
        | ActionStep::EndCore(name)
        | ActionStep::Logon { user: name, .. }
        | ActionStep::Logoff(name)
        | ActionStep::Lock(name)
        | ActionStep::Unlock(name)
        | ActionStep::Pulse(name)
        | ActionStep::GpRefresh { principal: name, .. }
        | ActionStep::Insert { card: name, .. }
        | ActionStep::Remove(name) => name.span,
        ActionStep::Swap { card, to, .. } => if part == 0 { card } else { to }.span,
        ActionStep::Click(on) => on.span,
        ActionStep::Reply { point, .. } => point.span,
        ActionStep::Change { set, .. } => {
            let key = match action {
                Action::Change(Change::ResetPin { .. }) => "pin",
                Action::Change(Change::DeleteCertificate { .. }) => "delete",
                _ => return None,
            };
            set.value.get(key)?.span
        }
        ActionStep::Ca { request, certificate, .. } => request.as_ref().or(certificate.as_ref())?.span,
    })
}
