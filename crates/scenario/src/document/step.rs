//! From a table to a step.

use autoenroll_model::{Duration, Fact};
use autoenroll_trace::Kind;

use super::{
    ActionStep, CardPin, ExpectedFact, ExpectedValue, NameOrReference, On, Pattern, PromptAnswer, Reference, Step,
    StepBegin, StepEnd, StepKind, Time,
};
use crate::instant;
use crate::shape::{change_named, verb_named};
use crate::source::Spanned;
use crate::tree::{Node, Table, Value};

/// A step; `None` when its verb or what the verb needs could not be understood.
pub(crate) fn read(node: &Node) -> Option<Step> {
    let table = node.as_table()?;
    let mut verbs = table.0.iter().filter_map(|entry| Some((verb_named(&entry.key.value)?, entry)));
    let (verb, entry) = verbs.next()?;
    if verbs.next().is_some() {
        return None;
    }
    let begin = match (when(table, "at"), duration(table, "after")) {
        (Some(at), _) => StepBegin::At(at),
        (None, Some(after)) => StepBegin::After(after),
        (None, None) => StepBegin::Now,
    };
    let end = when(table, "until").map(StepEnd::Until).or_else(|| duration(table, "within").map(StepEnd::Within));
    let on = word::<Kind>(table, "on").map(|kind| On { kind, facts: table.table("facts").map_or(vec![], facts) });
    Some(Step {
        span: node.span,
        verb: Spanned::new(verb.word, entry.key.span),
        begin,
        end,
        on,
        who: name(table, "who"),
        only: table.texts("only").map(|text| text.map(str::to_owned)).collect(),
        used: None,
        kind: kind(verb.word, table)?,
    })
}

fn kind(verb: &'static str, table: &Table) -> Option<StepKind> {
    match verb {
        "wait" => duration(table, "wait").map(StepKind::Wait),
        "do" => Some(StepKind::Do(table.clone())),
        "expect" => Some(StepKind::Expect(pattern(table, word(table, "expect")?))),
        "never" => Some(StepKind::Never(pattern(table, word(table, "never")?))),
        "prompt" => {
            let point = word(table, "prompt")?;
            let pattern = pattern(table, Spanned::new(Kind::Prompt, point.span));
            let node = table.get("answer")?;
            let answer = match node.as_text() {
                Some("hold") => None,
                _ => Some(answer(node)?),
            };
            Some(StepKind::Prompt { point, pattern, answer: Spanned::new(answer, node.span) })
        }
        "state" => Some(StepKind::State {
            look: word(table, "state")?,
            of: name(table, "of"),
            facts: table.table("facts").map_or(vec![], facts),
            exact: table.flag("exact").unwrap_or(false),
        }),
        _ => action(verb, table).map(StepKind::Action),
    }
}

fn action(verb: &'static str, table: &Table) -> Option<ActionStep> {
    let object = || name(table, verb);
    let reader = || name(table, "reader");
    let computer = || name(table, "computer");
    Some(match verb {
        "boot" => ActionStep::Boot(object()?),
        "shutdown" => ActionStep::Shutdown(object()?),
        "crash" => ActionStep::Crash(object()?),
        "end-core" => ActionStep::EndCore(object()?),
        "logon" => {
            let with = match table.get("with") {
                Some(node) => Some(card_pin(node.as_table()?)?),
                None => None,
            };
            ActionStep::Logon { user: object()?, computer: computer(), with }
        }
        "logoff" => ActionStep::Logoff(object()?),
        "lock" => ActionStep::Lock(object()?),
        "unlock" => ActionStep::Unlock(object()?),
        "pulse" => ActionStep::Pulse(object()?),
        "gp-refresh" => ActionStep::GpRefresh { principal: object()?, forced: table.flag("forced").unwrap_or(false) },
        "click" => ActionStep::Click(word(table, "click")?),
        "insert" => ActionStep::Insert { card: object()?, reader: reader(), computer: computer() },
        "remove" => ActionStep::Remove(object()?),
        "swap" => ActionStep::Swap { card: object()?, to: name(table, "to")?, reader: reader(), computer: computer() },
        "reply" => {
            let node = table.get("with")?;
            ActionStep::Reply { point: word(table, "reply")?, with: Spanned::new(answer(node)?, node.span) }
        }
        "change" => {
            let change = table.text("change")?;
            let set = table.get("set")?;
            ActionStep::Change {
                change: Spanned::new(change_named(change.value)?.word, change.span),
                of: name(table, "of"),
                set: Spanned::new(set.as_table()?.clone(), set.span),
            }
        }
        "ca" => ActionStep::Ca {
            op: word(table, "ca")?,
            of: name(table, "of"),
            request: named(table, "request"),
            certificate: named(table, "certificate"),
        },
        _ => return None,
    })
}

fn pattern(table: &Table, kind: Spanned<Kind>) -> Pattern {
    Pattern {
        kind,
        facts: table.table("facts").map_or(vec![], facts),
        exact: table.flag("exact").unwrap_or(false),
        bind: name(table, "as"),
    }
}

fn facts(table: &Table) -> Vec<ExpectedFact> {
    let fact = |entry: &crate::tree::Entry| {
        let value = Spanned::new(wanted(&entry.node)?, entry.node.span);
        Some(ExpectedFact { name: entry.key.clone(), value })
    };
    table.0.iter().filter_map(fact).collect()
}

fn wanted(node: &Node) -> Option<ExpectedValue> {
    Some(match &node.value {
        Value::Text(text) => match reference(text) {
            NameOrReference::Name(text) => ExpectedValue::Literal(text.into()),
            NameOrReference::Reference(reference) => ExpectedValue::Reference(reference),
        },
        Value::Number(number) => ExpectedValue::Literal(Fact::Number(*number)),
        Value::Flag(flag) => ExpectedValue::Literal(Fact::Flag(*flag)),
        Value::Instant(text) => ExpectedValue::Instant(instant::parse(text)?),
        Value::List(list) => {
            let elements: Vec<ExpectedValue> = list.iter().map(wanted).collect::<Option<_>>()?;
            let plain = |element: &ExpectedValue| match element {
                ExpectedValue::Literal(fact) => Some(fact.clone()),
                _ => None,
            };
            match elements.iter().map(plain).collect() {
                Some(facts) => ExpectedValue::Literal(Fact::List(facts)),
                None => ExpectedValue::List(elements),
            }
        }
        _ => return None,
    })
}

/// `$new` and `$new.ca` refer; `$$` begins a text with one dollar sign.
pub(crate) fn reference(text: &str) -> NameOrReference {
    match text.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') => NameOrReference::Name(rest.to_owned()),
        Some(rest) => {
            let (name, fact) = match rest.split_once('.') {
                Some((name, fact)) => (name, Some(fact.to_owned())),
                None => (rest, None),
            };
            NameOrReference::Reference(Reference { name: name.to_owned(), fact })
        }
        None => NameOrReference::Name(text.to_owned()),
    }
}

fn card_pin(table: &Table) -> Option<CardPin> {
    Some(CardPin { card: name(table, "card")?, pin: table.text("pin")?.value.to_owned() })
}

fn answer(node: &Node) -> Option<PromptAnswer> {
    match &node.value {
        Value::Text(text) => text.parse().ok().map(PromptAnswer::Word),
        Value::Table(table) => {
            let pin = table.text("pin").map(|pin| PromptAnswer::Pin(pin.value.to_owned()));
            pin.or_else(|| table.text("card").map(|card| PromptAnswer::Card(card.value.to_owned())))
        }
        _ => None,
    }
}

fn name(table: &Table, key: &str) -> Option<Spanned<String>> {
    table.text(key).map(|text| text.map(str::to_owned))
}

fn named(table: &Table, key: &str) -> Option<Spanned<NameOrReference>> {
    table.text(key).map(|text| text.map(reference))
}

fn word<T: std::str::FromStr>(table: &Table, key: &str) -> Option<Spanned<T>> {
    let text = table.text(key)?;
    Some(Spanned::new(text.value.parse().ok()?, text.span))
}

fn duration(table: &Table, key: &str) -> Option<Spanned<Duration>> {
    word(table, key)
}

/// A span since the start, an instant, or a time of the day.
pub(crate) fn when(table: &Table, key: &str) -> Option<Spanned<Time>> {
    let node = table.get(key)?;
    let value = match &node.value {
        Value::Text(text) => match (text.parse(), text.parse()) {
            (Ok(duration), _) => Time::Since(duration),
            (_, Ok(time)) => Time::OfDay(time),
            _ => Time::Clock(instant::parse(text)?),
        },
        Value::Instant(text) => Time::Clock(instant::parse(text)?),
        _ => return None,
    };
    Some(Spanned::new(value, node.span))
}
