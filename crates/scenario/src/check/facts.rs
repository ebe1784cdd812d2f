//! Facts that steps name: whether anything states them, and whether their values can come at all. Without this a
//! misspelt fact would let a `never` step pass for ever.

use std::collections::BTreeSet;

use autoenroll_model::{Choice, DecisionPoint, Fact};
use autoenroll_trace::Kind;

use super::code_fact::{self, code_problem};
use super::providers::Providers;
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, ExpectedFact, ExpectedValue, Pattern, PromptAnswer, Step, StepKind};
use crate::instant;
use crate::lower::{NameKind, WorldNames};
use crate::shape::{
    FactSchema, FactType, LookAt, RECORDS, RecordSchema, choices_of, example_answer, facts_of, state_schema,
    unknown_word,
};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;

/// What values of facts may name.
pub(super) struct Known<'a> {
    /// The names of the world.
    pub(super) names: &'a WorldNames,
    /// Its providers.
    pub(super) providers: &'a Providers,
    /// What steps bind.
    pub(super) bound: BTreeSet<&'a str>,
}

/// Checks what a step says about records, states and answers.
pub(super) fn check(step: &Step, known: &Known<'_>, found: &mut Diagnostics) {
    if let Some(on) = &step.on {
        of_record(on.kind.value, None, &on.facts, known, found);
    }
    match &step.kind {
        StepKind::Prompt { point, pattern, answer } => {
            of_record(Kind::Prompt, Some(point.value), &pattern.facts, known, found);
            if let Some(given) = &answer.value {
                is_offered(*point, given, answer.span, found);
            }
        }
        StepKind::Action(ActionStep::Reply { point, with }) => is_offered(*point, &with.value, with.span, found),
        StepKind::Expect(Pattern { kind, facts, .. }) | StepKind::Never(Pattern { kind, facts, .. }) => {
            of_record(kind.value, None, facts, known, found);
        }
        StepKind::State { look, facts, exact, .. } => {
            let schema = state_schema(look.value);
            if facts.is_empty() && !exact {
                found.push(nothing_checked(schema, look.span));
            }
            of_facts(&format!("state of `{}`", schema.subject), &[schema.facts], false, facts, known, found);
        }
        StepKind::Action(_) | StepKind::Wait(_) | StepKind::Do(_) => {}
    }
}

fn nothing_checked(schema: &RecordSchema<LookAt>, span: Span) -> Diagnostic {
    let facts: Vec<&str> = schema.facts.iter().map(|fact_schema| fact_schema.name).collect();
    let message = format!("this look at `{}` names no fact, so it checks nothing", schema.subject);
    Diagnostic::warning(Code::NothingChecked, message, span).help(format!("it has {}", facts.join(", ")))
}

/// The facts that what a step binds can have; `None` when it may have any.
pub(super) fn bound(step: &Step) -> Option<Vec<&'static str>> {
    let lists = match &step.kind {
        StepKind::Prompt { point, pattern, .. } => lists(Kind::Prompt, Some(point.value), &pattern.facts),
        StepKind::Expect(pattern) if pattern.kind.value != Kind::Decision => {
            lists(pattern.kind.value, None, &pattern.facts)
        }
        _ => return None,
    };
    Some(lists.into_iter().flatten().map(|fact_schema| fact_schema.name).collect())
}

fn of_record(
    kind: Kind,
    point: Option<DecisionPoint>,
    facts: &[ExpectedFact],
    known: &Known<'_>,
    found: &mut Diagnostics,
) {
    let lists = lists(kind, point, facts);
    of_facts(&format!("record `{kind}`"), &lists, kind == Kind::Decision, facts, known, found);
}

/// Facts of the kind, and those of the decision point for prompts: of the one that is named, or of all.
fn lists(kind: Kind, point: Option<DecisionPoint>, facts: &[ExpectedFact]) -> Vec<&'static [FactSchema]> {
    let named_point = || facts.iter().find(|fact| fact.name.value == "point").map(|fact| &fact.value.value);
    let named = point.or_else(|| match named_point()? {
        ExpectedValue::Literal(Fact::Text(point)) => point.parse().ok(),
        _ => None,
    });
    facts_of(kind, named)
}

fn of_facts(
    whose: &str,
    lists: &[&'static [FactSchema]],
    open: bool,
    facts: &[ExpectedFact],
    known: &Known<'_>,
    found: &mut Diagnostics,
) {
    for fact in facts {
        let fact_schema: Vec<&FactSchema> =
            lists.iter().flat_map(|list| *list).filter(|fact_schema| fact_schema.name == fact.name.value).collect();
        if fact_schema.is_empty() {
            if !open {
                found.push(no_such_fact(whose, lists, &fact.name));
            }
            continue;
        }
        // A fact that several decision points have is right when it is for one of them.
        let problems = |fact_schema: &&FactSchema| {
            let mut own = Diagnostics::new();
            of_value(&fact.name.value, fact_schema.fact_type, &fact.value.value, fact.value.span, known, &mut own);
            own
        };
        let all: Vec<Diagnostics> = fact_schema.iter().map(problems).collect();
        if all.iter().all(Diagnostics::has_errors)
            && let Some(first) = all.into_iter().next()
        {
            found.extend(first);
        }
    }
}

fn no_such_fact(whose: &str, lists: &[&'static [FactSchema]], name: &Spanned<String>) -> Diagnostic {
    let known: Vec<&str> = lists.iter().flat_map(|list| *list).map(|fact_schema| fact_schema.name).collect();
    let help = match suggestion(&name.value, known.iter().copied()) {
        _ if elsewhere(&name.value).is_some() => elsewhere(&name.value).unwrap_or_default(),
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None if !stating(&name.value).is_empty() => format!("it is a fact of {}", stating(&name.value)),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    Diagnostic::error(Code::NoSuchFact, format!("no {whose} has a fact `{}`", name.value), name.span).help(help)
}

/// Where to look for what is told elsewhere than people look first.
fn elsewhere(name: &str) -> Option<String> {
    let text = match name {
        "renewal" | "renewed" | "is-renewal" => {
            "a renewal is told by `renews` of its `request`, and by `action` of `item-started` and `item-ended`"
        }
        "renews" => {
            "it is a fact of the `request`, which comes before: { expect = \"request\", facts = { renews = ... } }"
        }
        "requester" => {
            "`issued`, `pending` and `denied` state the `requester`; for other records write who = \"alice\""
        }
        "user" | "principal" | "actor" | "owner" => "whose record it is says `who`, beside `facts`: who = \"alice\"",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The records that state a fact of that name, when they are few.
fn stating(name: &str) -> String {
    let states = |schema: &&RecordSchema<Kind>| schema.facts.iter().any(|fact| fact.name == name);
    let kinds: Vec<String> = RECORDS.iter().filter(states).map(|schema| format!("`{}`", schema.subject)).collect();
    if kinds.len() > 6 { String::new() } else { kinds.join(", ") }
}

fn of_value(
    name: &str,
    fact_type: FactType,
    wanted: &ExpectedValue,
    span: Span,
    known: &Known<'_>,
    found: &mut Diagnostics,
) {
    match (fact_type, wanted) {
        (FactType::Instant | FactType::Any, ExpectedValue::Instant(_)) => {}
        (fact_type, ExpectedValue::Instant(instant)) => {
            let quoted = matches!(fact_type, FactType::Text).then(|| format!("put it in quotes: \"{instant}\""));
            found.push(wrong_type(name, fact_type, "an instant", span).help_some(quoted));
        }
        // What is bound is known when the story is played.
        (_, ExpectedValue::Reference(_)) | (FactType::Any, _) => {}
        (FactType::List(fact_type), ExpectedValue::List(elements)) => {
            elements.iter().for_each(|element| of_value(name, *fact_type, element, span, known, found));
        }
        (FactType::List(fact_type), ExpectedValue::Literal(Fact::List(elements))) => {
            elements.iter().for_each(|element| of_plain(name, *fact_type, element, span, known, found));
        }
        (fact_type, ExpectedValue::Literal(fact)) => of_plain(name, fact_type, fact, span, known, found),
        (fact_type, ExpectedValue::List(_)) => found.push(wrong_type(name, fact_type, "a list", span)),
    }
}

fn of_plain(name: &str, fact_type: FactType, fact: &Fact, span: Span, known: &Known<'_>, found: &mut Diagnostics) {
    let has = |thing, text: &str, found: &mut Diagnostics| {
        if known.names.knows(thing, text) {
            return;
        }
        match undollared(text, known) {
            Some(help) => found.push(nothing_named(thing.describe(), text, span).help(help)),
            None => drop(known.names.has(thing, Spanned::new(text, span), found)),
        }
    };
    match (fact_type, fact) {
        (FactType::Any, _)
        | (FactType::Text, Fact::Text(_))
        | (FactType::Number, Fact::Number(_))
        | (FactType::Flag, Fact::Flag(_)) => {}
        (FactType::Word(words), Fact::Text(text)) => {
            push_some(unknown_word(name, &words(), text, span), found);
        }
        (FactType::Instant, Fact::Text(text)) => push_some(instant_problem(text, span), found),
        (FactType::Provider, Fact::Text(text)) => push_some(known.providers.problem(Spanned::new(text, span)), found),
        (FactType::Code, Fact::Text(text)) => push_some(code_problem(text, span), found),
        (FactType::Template, Fact::Text(text)) => has(NameKind::Template, text, found),
        (FactType::Ca, Fact::Text(text)) => has(NameKind::Ca, text, found),
        (FactType::Card, Fact::Text(text)) => has(NameKind::Card, text, found),
        (FactType::Principal, Fact::Text(text)) => has(NameKind::Principal, text, found),
        (FactType::Certificate, Fact::Text(text)) => push_some(certificate_problem(text, span, known), found),
        (fact_type, fact) => {
            found.push(wrong_type(name, fact_type, described(fact), span).help_some(rewritten(fact_type, fact)))
        }
    }
}

/// A certificate of the world, or what a CA will name one: template and request id.
fn certificate_problem(text: &str, span: Span, known: &Known<'_>) -> Option<Diagnostic> {
    let names = known.names;
    let later = text.rsplit_once('#').is_some_and(|(template, id)| {
        id.parse::<u32>().is_ok() && (template == "request" || names.knows(NameKind::Template, template))
    });
    if later || names.knows(NameKind::Certificate, text) {
        return None;
    }
    let suggestion = suggestion(text, names.all(NameKind::Certificate).map(|known| known.value.as_str()));
    let help = match (undollared(text, known), suggestion) {
        (Some(help), _) => help,
        (None, Some(suggestion)) => format!("did you mean `{suggestion}`?"),
        (None, None) => {
            "what is issued in the story is named after its template and request id: `ContosoUser#1`".to_owned()
        }
    };
    Some(nothing_named("certificate or request", text, span).help(help))
}

/// An instant as records state it, or another way to write one.
fn instant_problem(text: &str, span: Span) -> Option<Diagnostic> {
    let meant = instant::parse(text).map(|instant| instant.to_string());
    if meant.as_deref() == Some(text) {
        return None;
    }
    let message = match meant {
        Some(_) => format!("records state instants in UTC, never as `{text}`"),
        None => format!("`{text}` is not an instant with an offset from UTC"),
    };
    let help = format!("write it like {}", meant.as_deref().unwrap_or("2026-03-02T08:00:00Z"));
    Some(Diagnostic::error(Code::NotAnInstant, message, span).help(help))
}

/// The value in the form that the fact has, when only the form is wrong.
fn rewritten(fact_type: FactType, fact: &Fact) -> Option<String> {
    match (fact_type, fact) {
        (FactType::Code, Fact::Number(number)) => code_fact::of_number(*number).map(|code| format!("write \"{code}\"")),
        (FactType::Number, Fact::Text(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("leave the quotes out: {text}"))
        }
        (FactType::Text, Fact::Number(number)) => Some(format!("put it in quotes: \"{number}\"")),
        (FactType::Flag, Fact::Text(text)) if ["true", "false"].contains(&text.as_str()) => {
            Some(format!("leave the quotes out: {text}"))
        }
        (FactType::List(_), Fact::Text(text)) => Some(format!("write a list: [\"{text}\"]")),
        _ => None,
    }
}

/// What a step binds, without the dollar sign that refers to it.
fn undollared(text: &str, known: &Known<'_>) -> Option<String> {
    let name = text.split('.').next().unwrap_or(text);
    known.bound.contains(name).then(|| format!("a step binds `{name}`: write \"${text}\""))
}

fn nothing_named(what: &str, text: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("there is no {what} `{text}`"), span)
}

fn is_offered(point: Spanned<DecisionPoint>, answer: &PromptAnswer, span: Span, found: &mut Diagnostics) {
    let word = match answer {
        PromptAnswer::Word(word) => *word,
        PromptAnswer::Pin(_) => Choice::Pin,
        PromptAnswer::Card(_) => Choice::Card,
    };
    let offers = choices_of(point.value);
    // Every window can be closed; a card that waits for a touch is none.
    let closes = word == Choice::Close && point.value != DecisionPoint::CardTouch;
    if offers.contains(&word) || closes {
        return;
    }
    let shown: Vec<String> = offers.iter().map(|offer| example_answer(*offer)).collect();
    let message = format!("`{}` does not offer `{word}`", point.value);
    found.push(Diagnostic::error(Code::NotOffered, message, span).help(format!("it offers {}", shown.join(", "))));
}

fn push_some(problem: Option<Diagnostic>, found: &mut Diagnostics) {
    if let Some(problem) = problem {
        found.push(problem);
    }
}

fn wrong_type(name: &str, fact_type: FactType, found: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongType, format!("the fact `{name}` is {}, not {found}", fact_type.describe()), span)
}

const fn described(fact: &Fact) -> &'static str {
    match fact {
        Fact::Text(_) => "a text",
        Fact::Number(_) => "a number",
        Fact::Flag(_) => "true or false",
        Fact::List(_) => "a list",
    }
}
