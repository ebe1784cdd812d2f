//! Facts that steps name: whether anything states them, and whether their values can come at all. Without this a misspelt fact would
//! let a `never` step pass for ever.

use autoenroll_model::{Choice, DecisionPoint, Fact};
use autoenroll_trace::Kind;

use super::code_fact::{self, code_problem};
use super::providers::Providers;
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Deed, LookAt, Pattern, Reply, Step, Wanted, WantedFact, What};
use crate::instant;
use crate::lower::{Names, Thing};
use crate::nearest::nearest;
use crate::shape::{PROMPTS, Said, Says, Told, choices_of, look_of, prompt_of, record_of, unknown_word, written};
use crate::source::{Span, Spanned};

/// What values of facts may name.
pub(super) struct Known<'a> {
    /// The names of the world.
    pub(super) names: &'a Names,
    /// Its providers.
    pub(super) providers: &'a Providers,
    /// What steps bind.
    pub(super) bound: Vec<&'a str>,
}

/// Checks what a step says about records, states and answers.
pub(super) fn check(step: &Step, known: &Known<'_>, found: &mut Diagnostics) {
    if let Some(on) = &step.on {
        of_record(on.kind.value, None, &on.facts, known, found);
    }
    match &step.what {
        What::Prompt { point, pattern, answer } => {
            of_record(Kind::Prompt, Some(point.value), &pattern.facts, known, found);
            if let Some(reply) = &answer.value {
                is_offered(*point, reply, answer.span, found);
            }
        }
        What::Act(Deed::Reply { point, with }) => is_offered(*point, &with.value, with.span, found),
        What::Expect(Pattern { kind, facts, .. }) | What::Never(Pattern { kind, facts, .. }) => {
            of_record(kind.value, None, facts, known, found);
        }
        What::State { look, facts, exact, .. } => {
            let told = look_of(look.value);
            if facts.is_empty() && !exact {
                found.push(nothing_checked(told, look.span));
            }
            of_facts(&format!("state of `{}`", told.what), &[told.facts], false, facts, known, found);
        }
        What::Act(_) | What::Wait(_) => {}
    }
}

fn nothing_checked(told: &Told<LookAt>, span: Span) -> Diagnostic {
    let facts: Vec<&str> = told.facts.iter().map(|said| said.name).collect();
    let message = format!("this look at `{}` names no fact, so it checks nothing", told.what);
    Diagnostic::warning(Code::NothingChecked, message, span).help(format!("it has {}", facts.join(", ")))
}

/// The facts that what a step binds can have; `None` when it may have any.
pub(super) fn bound(step: &Step) -> Option<Vec<&'static str>> {
    let lists = match &step.what {
        What::Prompt { point, pattern, .. } => lists(Kind::Prompt, Some(point.value), &pattern.facts),
        What::Expect(pattern) if pattern.kind.value != Kind::Decision => {
            lists(pattern.kind.value, None, &pattern.facts)
        }
        _ => return None,
    };
    Some(lists.into_iter().flatten().map(|said| said.name).collect())
}

fn of_record(
    kind: Kind,
    point: Option<DecisionPoint>,
    facts: &[WantedFact],
    known: &Known<'_>,
    found: &mut Diagnostics,
) {
    let lists = lists(kind, point, facts);
    of_facts(&format!("record `{kind}`"), &lists, kind == Kind::Decision, facts, known, found);
}

/// Facts of the kind, and those of the decision point for prompts: of the one that is named, or of all.
fn lists(kind: Kind, point: Option<DecisionPoint>, facts: &[WantedFact]) -> Vec<&'static [Said]> {
    let mut lists = vec![record_of(kind).facts];
    if matches!(kind, Kind::Prompt | Kind::PromptChanged) {
        let said = || facts.iter().find(|fact| fact.name.value == "point").map(|fact| &fact.value.value);
        let named = point.or_else(|| match said()? {
            Wanted::Is(Fact::Text(point)) => point.parse().ok(),
            _ => None,
        });
        match named {
            Some(point) => lists.push(prompt_of(point).facts),
            None => lists.extend(PROMPTS.iter().map(|told| told.facts)),
        }
    }
    lists
}

fn of_facts(
    whose: &str,
    lists: &[&'static [Said]],
    open: bool,
    facts: &[WantedFact],
    known: &Known<'_>,
    found: &mut Diagnostics,
) {
    for fact in facts {
        let said: Vec<&Said> =
            lists.iter().flat_map(|list| *list).filter(|said| said.name == fact.name.value).collect();
        if said.is_empty() {
            if !open {
                found.push(no_such_fact(whose, lists, &fact.name));
            }
            continue;
        }
        // A fact that several decision points have is right when it is for one of them.
        let problems = |said: &&Said| {
            let mut own = Diagnostics::new();
            of_value(&fact.name.value, said.says, &fact.value.value, fact.value.span, known, &mut own);
            own
        };
        let all: Vec<Diagnostics> = said.iter().map(problems).collect();
        if all.iter().all(Diagnostics::has_errors)
            && let Some(first) = all.into_iter().next()
        {
            found.extend(first);
        }
    }
}

fn no_such_fact(whose: &str, lists: &[&'static [Said]], name: &Spanned<String>) -> Diagnostic {
    let known: Vec<&str> = lists.iter().flat_map(|list| *list).map(|said| said.name).collect();
    let help = match nearest(&name.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    Diagnostic::error(Code::NoSuchFact, format!("no {whose} has a fact `{}`", name.value), name.span).help(help)
}

fn of_value(name: &str, says: Says, wanted: &Wanted, span: Span, known: &Known<'_>, found: &mut Diagnostics) {
    match (says, wanted) {
        (Says::Instant | Says::Any, Wanted::Instant(_)) => {}
        (says, Wanted::Instant(instant)) => {
            let quoted = matches!(says, Says::Text).then(|| format!("put it in quotes: \"{instant}\""));
            found.push(wrong_type(name, says, "an instant", span).help_some(quoted));
        }
        // What is bound is known when the story is played.
        (_, Wanted::Bound(_)) | (Says::Any, _) => {}
        (Says::List(says), Wanted::List(elements)) => {
            elements.iter().for_each(|element| of_value(name, *says, element, span, known, found));
        }
        (Says::List(says), Wanted::Is(Fact::List(elements))) => {
            elements.iter().for_each(|element| of_plain(name, *says, element, span, known, found));
        }
        (says, Wanted::Is(fact)) => of_plain(name, says, fact, span, known, found),
        (says, Wanted::List(_)) => found.push(wrong_type(name, says, "a list", span)),
    }
}

fn of_plain(name: &str, says: Says, fact: &Fact, span: Span, known: &Known<'_>, found: &mut Diagnostics) {
    let has = |thing, text: &str, found: &mut Diagnostics| {
        let missing = !known.names.all(thing).iter().any(|name| name.value == text);
        match undollared(text, known).filter(|_| missing) {
            Some(help) => found.push(nothing_named(thing.describe(), text, span).help(help)),
            None => drop(known.names.has(thing, Spanned::new(text, span), found)),
        }
    };
    match (says, fact) {
        (Says::Any, _)
        | (Says::Text, Fact::Text(_))
        | (Says::Number, Fact::Number(_))
        | (Says::Flag, Fact::Flag(_)) => {}
        (Says::Word(words), Fact::Text(text)) => {
            push_some(unknown_word(name, &words(), text, span), found);
        }
        (Says::Instant, Fact::Text(text)) => push_some(instant_problem(text, span), found),
        (Says::Provider, Fact::Text(text)) => push_some(known.providers.problem(Spanned::new(text, span)), found),
        (Says::Code, Fact::Text(text)) => push_some(code_problem(text, span), found),
        (Says::Template, Fact::Text(text)) => has(Thing::Template, text, found),
        (Says::Ca, Fact::Text(text)) => has(Thing::Ca, text, found),
        (Says::Card, Fact::Text(text)) => has(Thing::Card, text, found),
        (Says::Principal, Fact::Text(text)) => has(Thing::Principal, text, found),
        (Says::Certificate, Fact::Text(text)) => push_some(certificate_problem(text, span, known), found),
        (says, fact) => found.push(wrong_type(name, says, described(fact), span).help_some(rewritten(says, fact))),
    }
}

/// A certificate of the world, or what a CA will name one: template and request id.
fn certificate_problem(text: &str, span: Span, known: &Known<'_>) -> Option<Diagnostic> {
    let names = known.names;
    let given = names.all(Thing::Certificate);
    let later = text.rsplit_once('#').is_some_and(|(template, id)| {
        let templates = names.all(Thing::Template);
        id.parse::<u32>().is_ok() && (template == "request" || templates.iter().any(|known| known.value == template))
    });
    if later || given.iter().any(|known| known.value == text) {
        return None;
    }
    let near = nearest(text, given.iter().map(|known| known.value.as_str()));
    let help = match (undollared(text, known), near) {
        (Some(help), _) => help,
        (None, Some(near)) => format!("did you mean `{near}`?"),
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
fn rewritten(says: Says, fact: &Fact) -> Option<String> {
    match (says, fact) {
        (Says::Code, Fact::Number(number)) => code_fact::of_number(*number).map(|code| format!("write \"{code}\"")),
        (Says::Number, Fact::Text(text)) if text.parse::<i64>().is_ok() => {
            Some(format!("leave the quotes out: {text}"))
        }
        (Says::Text, Fact::Number(number)) => Some(format!("put it in quotes: \"{number}\"")),
        (Says::Flag, Fact::Text(text)) if ["true", "false"].contains(&text.as_str()) => {
            Some(format!("leave the quotes out: {text}"))
        }
        (Says::List(_), Fact::Text(text)) => Some(format!("write a list: [\"{text}\"]")),
        _ => None,
    }
}

/// What a step binds, without the dollar sign that refers to it.
fn undollared(text: &str, known: &Known<'_>) -> Option<String> {
    let name = text.split('.').next().unwrap_or(text);
    known.bound.contains(&name).then(|| format!("a step binds `{name}`: write \"${text}\""))
}

fn nothing_named(what: &str, text: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("there is no {what} `{text}`"), span)
}

fn is_offered(point: Spanned<DecisionPoint>, reply: &Reply, span: Span, found: &mut Diagnostics) {
    let word = match reply {
        Reply::Word(word) => *word,
        Reply::Pin(_) => Choice::Pin,
        Reply::Card(_) => Choice::Card,
    };
    let offers = choices_of(point.value);
    // Every window can be closed.
    if offers.contains(&word) || word == Choice::Close {
        return;
    }
    let shown: Vec<String> = offers.iter().map(|offer| written(*offer)).collect();
    let message = format!("`{}` does not offer `{word}`", point.value);
    found.push(Diagnostic::error(Code::NotOffered, message, span).help(format!("it offers {}", shown.join(", "))));
}

fn push_some(problem: Option<Diagnostic>, found: &mut Diagnostics) {
    if let Some(problem) = problem {
        found.push(problem);
    }
}

fn wrong_type(name: &str, says: Says, found: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::WrongType, format!("the fact `{name}` is {}, not {found}", says.describe()), span)
}

const fn described(fact: &Fact) -> &'static str {
    match fact {
        Fact::Text(_) => "a text",
        Fact::Number(_) => "a number",
        Fact::Flag(_) => "true or false",
        Fact::List(_) => "a list",
    }
}
