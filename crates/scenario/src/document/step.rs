//! From a table to a step.

use autoenroll_model::{Duration, Fact};
use autoenroll_trace::Kind;

use super::{Begin, Deed, End, Named, On, Pattern, Reference, Reply, Step, Wanted, WantedFact, What, When};
use crate::instant;
use crate::shape::{change_named, verb_named};
use crate::source::Spanned;
use crate::tree::{Node, Table, Value};

/// A step; `None` when its verb or what the verb needs could not be understood.
pub(super) fn read(node: &Node) -> Option<Step> {
    let table = node.as_table()?;
    let mut verbs = table.0.iter().filter_map(|entry| Some((verb_named(&entry.key.value)?, entry)));
    let (verb, entry) = verbs.next()?;
    if verbs.next().is_some() {
        return None;
    }
    let begin = match (when(table, "at"), duration(table, "after")) {
        (Some(at), _) => Begin::At(at),
        (None, Some(after)) => Begin::After(after),
        (None, None) => Begin::Now,
    };
    let end = when(table, "until").map(End::Until).or_else(|| duration(table, "within").map(End::Within));
    let on = word::<Kind>(table, "on").map(|kind| On { kind, facts: table.table("facts").map_or(vec![], facts) });
    Some(Step {
        span: node.span,
        verb: Spanned::new(verb.word, entry.key.span),
        begin,
        end,
        on,
        who: name(table, "who"),
        only: table.texts("only").map(|text| text.map(str::to_owned)).collect(),
        what: what(verb.word, table)?,
    })
}

fn what(verb: &'static str, table: &Table) -> Option<What> {
    match verb {
        "wait" => duration(table, "wait").map(What::Wait),
        "expect" => Some(What::Expect(pattern(table, word(table, "expect")?))),
        "never" => Some(What::Never(pattern(table, word(table, "never")?))),
        "prompt" => {
            let point = word(table, "prompt")?;
            let pattern = pattern(table, Spanned::new(Kind::Prompt, point.span));
            let node = table.get("answer")?;
            let answer = match node.as_text() {
                Some("hold") => None,
                _ => Some(reply(node)?),
            };
            Some(What::Prompt { point, pattern, answer: Spanned::new(answer, node.span) })
        }
        "state" => Some(What::State {
            look: word(table, "state")?,
            of: name(table, "of"),
            facts: table.table("facts").map_or(vec![], facts),
            exact: table.flag("exact").unwrap_or(false),
        }),
        _ => deed(verb, table).map(What::Act),
    }
}

fn deed(verb: &'static str, table: &Table) -> Option<Deed> {
    let object = || name(table, verb);
    let reader = || name(table, "reader");
    let computer = || name(table, "computer");
    Some(match verb {
        "boot" => Deed::Boot(object()?),
        "shutdown" => Deed::Shutdown(object()?),
        "crash" => Deed::Crash(object()?),
        "logon" => Deed::Logon { user: object()?, computer: computer() },
        "logoff" => Deed::Logoff(object()?),
        "lock" => Deed::Lock(object()?),
        "unlock" => Deed::Unlock(object()?),
        "pulse" => Deed::Pulse(object()?),
        "gp-refresh" => Deed::GpRefresh { principal: object()?, forced: table.flag("forced").unwrap_or(false) },
        "click" => Deed::Click(word(table, "click")?),
        "insert" => Deed::Insert { card: object()?, reader: reader(), computer: computer() },
        "remove" => Deed::Remove(object()?),
        "swap" => Deed::Swap { card: object()?, to: name(table, "to")?, reader: reader(), computer: computer() },
        "reply" => {
            let node = table.get("with")?;
            Deed::Reply { point: word(table, "reply")?, with: Spanned::new(reply(node)?, node.span) }
        }
        "change" => {
            let change = table.text("change")?;
            let set = table.get("set")?;
            Deed::Change {
                change: Spanned::new(change_named(change.value)?.word, change.span),
                of: name(table, "of"),
                set: Spanned::new(set.as_table()?.clone(), set.span),
            }
        }
        "ca" => Deed::Ca {
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

fn facts(table: &Table) -> Vec<WantedFact> {
    let fact = |entry: &crate::tree::Entry| {
        let value = Spanned::new(wanted(&entry.node)?, entry.node.span);
        Some(WantedFact { name: entry.key.clone(), value })
    };
    table.0.iter().filter_map(fact).collect()
}

fn wanted(node: &Node) -> Option<Wanted> {
    Some(match &node.value {
        Value::Text(text) => match reference(text) {
            Named::Is(text) => Wanted::Is(Fact::Text(text)),
            Named::Bound(reference) => Wanted::Bound(reference),
        },
        Value::Number(number) => Wanted::Is(Fact::Number(*number)),
        Value::Flag(flag) => Wanted::Is(Fact::Flag(*flag)),
        Value::Instant(text) => Wanted::Instant(instant::parse(text)?),
        Value::List(list) => {
            let elements: Vec<Wanted> = list.iter().map(wanted).collect::<Option<_>>()?;
            let plain = |element: &Wanted| match element {
                Wanted::Is(fact) => Some(fact.clone()),
                _ => None,
            };
            match elements.iter().map(plain).collect() {
                Some(facts) => Wanted::Is(Fact::List(facts)),
                None => Wanted::List(elements),
            }
        }
        _ => return None,
    })
}

/// `$new` and `$new.ca` refer; `$$` begins a text with one dollar sign.
pub(crate) fn reference(text: &str) -> Named {
    match text.strip_prefix('$') {
        Some(rest) if rest.starts_with('$') => Named::Is(rest.to_owned()),
        Some(rest) => {
            let (name, fact) = match rest.split_once('.') {
                Some((name, fact)) => (name, Some(fact.to_owned())),
                None => (rest, None),
            };
            Named::Bound(Reference { name: name.to_owned(), fact })
        }
        None => Named::Is(text.to_owned()),
    }
}

fn reply(node: &Node) -> Option<Reply> {
    match &node.value {
        Value::Text(text) => text.parse().ok().map(Reply::Word),
        Value::Table(table) => {
            let pin = table.text("pin").map(|pin| Reply::Pin(pin.value.to_owned()));
            pin.or_else(|| table.text("card").map(|card| Reply::Card(card.value.to_owned())))
        }
        _ => None,
    }
}

fn name(table: &Table, key: &str) -> Option<Spanned<String>> {
    table.text(key).map(|text| text.map(str::to_owned))
}

fn named(table: &Table, key: &str) -> Option<Spanned<Named>> {
    table.text(key).map(|text| text.map(reference))
}

fn word<T: std::str::FromStr>(table: &Table, key: &str) -> Option<Spanned<T>> {
    let text = table.text(key)?;
    Some(Spanned::new(text.value.parse().ok()?, text.span))
}

fn duration(table: &Table, key: &str) -> Option<Spanned<Duration>> {
    word(table, key)
}

/// A span since the start, or an instant.
fn when(table: &Table, key: &str) -> Option<Spanned<When>> {
    let node = table.get(key)?;
    let value = match &node.value {
        Value::Text(text) => match text.parse() {
            Ok(duration) => When::Since(duration),
            Err(_) => When::Clock(instant::parse(text)?),
        },
        Value::Instant(text) => When::Clock(instant::parse(text)?),
        _ => return None,
    };
    Some(Spanned::new(value, node.span))
}
