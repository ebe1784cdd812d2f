//! Whom and what the steps name.

use std::collections::BTreeSet;

use autoenroll_trace::Kind;

use crate::Code;
use crate::defaults::StepDefaults;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, Pattern, PromptAnswer, Step, StepKind};
use crate::lower::{Context, NameKind, WorldNames, changes};
use crate::shape::LookAt;
use crate::source::{Span, Spanned};

/// The principals that take part in a story: who logs on, boots, or is refreshed.
pub(super) fn principals(steps: &[Step]) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        let name = match &step.kind {
            StepKind::Action(
                ActionStep::Logon { user: name, .. } | ActionStep::Boot(name) | ActionStep::Pulse(name),
            ) => name,
            StepKind::Action(ActionStep::GpRefresh { principal, .. }) => principal,
            _ => continue,
        };
        if known.insert(&name.value) {
            list.push(name.value.clone());
        }
    }
    list
}

/// Who takes part in a story.
pub(super) struct TakingPart<'a> {
    principals: &'a [String],
    /// The users among them.
    users: Vec<String>,
}

impl<'a> TakingPart<'a> {
    pub(super) fn of(principals: &'a [String], names: &WorldNames) -> Self {
        Self { principals, users: principals.iter().filter(|name| names.users.has(name)).cloned().collect() }
    }
}

/// Checks the names of a step and fills in what is clear without being said.
pub(super) fn check(
    step: &Step,
    cx: &Context<'_>,
    taking_part: &TakingPart<'_>,
    found: &mut Diagnostics,
) -> StepDefaults {
    let mut defaults = StepDefaults::default();
    let whose = whose(step);
    // An action need not say who: any user's click or answer fits.
    let done_by_users = |kind: Kind| matches!(kind, Kind::Click | Kind::Answer);
    match &step.who {
        Some(who) if whose == Some(Whose::User) || kind_of(step).is_some_and(done_by_users) => {
            is_user(step, cx, who, taking_part, found);
        }
        Some(who) => has_actor(cx, who, found),
        None => {}
    }
    if let Some(whose) = whose {
        defaults.who = who(step, whose, cx, taking_part, found);
    }
    match &step.kind {
        StepKind::Action(action) => check_action(step, action, cx, &mut defaults, found),
        StepKind::Prompt { answer, .. } => {
            if let Some(given) = &answer.value {
                check_answer(given, answer.span, cx, found);
            }
        }
        StepKind::Expect(pattern) | StepKind::Never(pattern) => {
            check_pattern(step, pattern, found);
        }
        StepKind::State { look, of, .. } => {
            defaults.of = looked_at(step, look.value, of.as_ref(), cx, taking_part, found)
        }
        StepKind::Wait(_) | StepKind::Do(_) => {}
    }
    defaults
}

fn check_pattern(step: &Step, pattern: &Pattern, found: &mut Diagnostics) {
    let another = match pattern.kind.value {
        Kind::Prompt | Kind::PromptChanged if matches!(step.kind, StepKind::Expect(_)) => {
            Some("the verb for it is `prompt`")
        }
        Kind::Violation => Some("it ends every run by itself"),
        _ => None,
    };
    if let Some(help) = another {
        let message = format!("`{}` is not expected like other records", pattern.kind.value);
        found.push(Diagnostic::error(Code::UseAnotherVerb, message, pattern.kind.span).help(help));
    }
}

/// Whom a step concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A user who sees a desktop.
    User,
    /// A user or a computer.
    Principal,
}

/// Whom a step concerns, when it concerns one of those who take part.
fn whose(step: &Step) -> Option<Whose> {
    let of_kind = |kind: Kind| {
        let personal = on_desktop(kind) || personal(kind);
        personal.then_some(if on_desktop(kind) { Whose::User } else { Whose::Principal })
    };
    match &step.kind {
        StepKind::Prompt { .. } | StepKind::Action(ActionStep::Click(_) | ActionStep::Reply { .. }) => {
            Some(Whose::User)
        }
        _ => of_kind(kind_of(step)?),
    }
}

/// The kind of record that a step names.
fn kind_of(step: &Step) -> Option<Kind> {
    match &step.kind {
        StepKind::Expect(pattern) | StepKind::Never(pattern) => Some(pattern.kind.value),
        _ => step.on.as_ref().map(|on| on.kind.value),
    }
}

/// Whose step it is: as said, or the only one who takes part; otherwise it must be said.
fn who(
    step: &Step,
    whose: Whose,
    cx: &Context<'_>,
    taking_part: &TakingPart<'_>,
    found: &mut Diagnostics,
) -> Option<String> {
    if let Some(who) = &step.who {
        return Some(who.value.clone());
    }
    let taking_part = match whose {
        Whose::User => &taking_part.users,
        Whose::Principal => taking_part.principals,
    };
    match taking_part {
        [only] => Some(only.clone()),
        [] => cx.names.users.first().filter(|_| cx.names.users.len() == 1).map(|user| user.value.clone()),
        several => {
            let message = match whose {
                Whose::User => "more than one user takes part; say who is meant",
                Whose::Principal => "more than one principal takes part; say who is meant",
            };
            found.push(Diagnostic::error(Code::WhoIsMeant, message, step.verb.span).help(one_of(several)));
            None
        }
    }
}

fn one_of(names: &[String]) -> String {
    let written: Vec<String> = names.iter().map(|name| format!("who = \"{name}\"")).collect();
    format!("write {}", written.join(" or "))
}

/// Only users have a desktop: balloons, icons and prompts are never a computer's.
fn is_user(
    step: &Step,
    cx: &Context<'_>,
    who: &Spanned<String>,
    taking_part: &TakingPart<'_>,
    found: &mut Diagnostics,
) {
    if !cx.names.computers.has(&who.value) {
        cx.names.has(NameKind::User, borrowed(who), found);
        return;
    }
    let help = match taking_part.users.as_slice() {
        [] => "leave `who` out".to_owned(),
        [only] => format!("leave `who` out, or write who = \"{only}\""),
        several => one_of(several),
    };
    let message = match &step.kind {
        StepKind::Prompt { .. } => format!("{} is a computer; only users are asked", who.value),
        StepKind::Action(ActionStep::Click(_)) => format!("{} is a computer; only users click", who.value),
        StepKind::Action(ActionStep::Reply { .. }) => format!("{} is a computer; only users answer", who.value),
        _ => format!("{} is a computer; only users have a desktop", who.value),
    };
    found.push(Diagnostic::error(Code::WhoIsMeant, message, who.span).help(help));
}

/// Kinds of records that are about what a user sees.
const fn on_desktop(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Balloon
            | Kind::BalloonHidden
            | Kind::Icon
            | Kind::IconHidden
            | Kind::Prompt
            | Kind::PromptChanged
            | Kind::PromptWithdrawn
    )
}

/// Other kinds of records that belong to one principal.
const fn personal(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Trigger
            | Kind::TriggerHeld
            | Kind::RunStarted
            | Kind::RunEnded
            | Kind::ItemStarted
            | Kind::ItemEnded
            | Kind::Event
    )
}

/// `who` names what records are about: people, computers, cards, CAs, or the world.
fn has_actor(cx: &Context<'_>, who: &Spanned<String>, found: &mut Diagnostics) {
    let actor = |thing| cx.names.knows(thing, &who.value);
    if who.value != "world" && !actor(NameKind::Principal) && !actor(NameKind::Card) && !actor(NameKind::Ca) {
        cx.names.has(NameKind::Principal, borrowed(who), found);
    }
}

fn check_action(
    step: &Step,
    action: &ActionStep,
    cx: &Context<'_>,
    defaults: &mut StepDefaults,
    found: &mut Diagnostics,
) {
    match action {
        ActionStep::Boot(computer) | ActionStep::Shutdown(computer) => {
            cx.names.has(NameKind::Computer, borrowed(computer), found);
        }
        ActionStep::Crash(principal)
        | ActionStep::EndCore(principal)
        | ActionStep::Pulse(principal)
        | ActionStep::GpRefresh { principal, .. } => {
            cx.names.has(NameKind::Principal, borrowed(principal), found);
        }
        ActionStep::Logon { user, computer, with } => {
            cx.names.has(NameKind::User, borrowed(user), found);
            if let Some(with) = with {
                cx.names.has(NameKind::Card, borrowed(&with.card), found);
            }
            defaults.computer = match computer {
                Some(computer) => {
                    cx.names.has(NameKind::Computer, borrowed(computer), found).then(|| computer.value.clone())
                }
                None => cx.names.only(NameKind::Computer, "computer", step.span, found),
            };
        }
        ActionStep::Logoff(user) | ActionStep::Lock(user) | ActionStep::Unlock(user) => {
            cx.names.has(NameKind::User, borrowed(user), found);
        }
        ActionStep::Click(_) => {}
        ActionStep::Insert { card, reader, computer } => {
            cx.names.has(NameKind::Card, borrowed(card), found);
            defaults.reader = reader_of(cx, reader.as_ref(), computer.as_ref(), step.span, found);
        }
        ActionStep::Remove(card) => {
            cx.names.has(NameKind::Card, borrowed(card), found);
        }
        ActionStep::Swap { card, to, reader, computer } => {
            cx.names.has(NameKind::Card, borrowed(card), found);
            cx.names.has(NameKind::Card, borrowed(to), found);
            defaults.reader = reader_of(cx, reader.as_ref(), computer.as_ref(), step.span, found);
        }
        ActionStep::Reply { with, .. } => {
            check_answer(&with.value, with.span, cx, found);
        }
        ActionStep::Change { change, of, set } => {
            let word = Spanned::new(change.value, change.span);
            defaults.changes = changes(cx, word, of.as_ref().map(borrowed), &set.value, step.span, found);
        }
        ActionStep::Ca { of, .. } => {
            defaults.of = match of {
                Some(ca) => cx.names.has(NameKind::Ca, borrowed(ca), found).then(|| ca.value.clone()),
                None => cx.names.only(NameKind::Ca, "of", step.span, found),
            };
        }
    }
}

fn reader_of(
    cx: &Context<'_>,
    reader: Option<&Spanned<String>>,
    computer: Option<&Spanned<String>>,
    span: Span,
    found: &mut Diagnostics,
) -> Option<(String, String)> {
    cx.names.reader(reader.map(borrowed), computer.map(borrowed), span, found)
}

fn check_answer(answer: &PromptAnswer, span: Span, cx: &Context<'_>, found: &mut Diagnostics) {
    match answer {
        PromptAnswer::Card(card) => {
            cx.names.has(NameKind::Card, Spanned::new(card.as_str(), span), found);
        }
        PromptAnswer::Word(_) | PromptAnswer::Pin(_) => {}
    }
}

/// What a `state` step looks at: as said, or the only one there is.
fn looked_at(
    step: &Step,
    look: LookAt,
    of: Option<&Spanned<String>>,
    cx: &Context<'_>,
    taking_part: &TakingPart<'_>,
    found: &mut Diagnostics,
) -> Option<String> {
    let thing = match look {
        LookAt::Card => NameKind::Card,
        LookAt::Store | LookAt::Requests | LookAt::Directory => NameKind::Principal,
        LookAt::Ca => NameKind::Ca,
        LookAt::Desktop => NameKind::User,
        LookAt::Trust => NameKind::Computer,
    };
    match (of, thing, taking_part.principals, taking_part.users.as_slice()) {
        (Some(of), ..) => cx.names.has(thing, borrowed(of), found).then(|| of.value.clone()),
        (None, NameKind::Principal, [only], _) | (None, NameKind::User, _, [only]) => Some(only.clone()),
        (None, ..) => cx.names.only(thing, "of", step.span, found),
    }
}

fn borrowed(name: &Spanned<String>) -> Spanned<&str> {
    Spanned::new(name.value.as_str(), name.span)
}
