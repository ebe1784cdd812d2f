//! Steps as tables, in the order in which people write them: when, who does or sees what, the rest.

use autoenroll_model::Fact;

use crate::document::{Begin, Deed, End, Named, On, Pattern, Reference, Reply, Step, Wanted, WantedFact, What, When};
use crate::source::{Span, Spanned};
use crate::tree::{Entry, Node, Table, Value};

/// The table of a step.
pub(crate) fn step(step: &Step) -> Table {
    let mut rows = Rows(Table::default());
    match &step.begin {
        Begin::Now => {}
        Begin::At(when) => rows.put("at", time(when.value)),
        Begin::After(duration) => rows.text("after", &duration.value.to_string()),
    }
    match &step.end {
        None => {}
        Some(End::Until(when)) => rows.put("until", time(when.value)),
        Some(End::Within(duration)) => rows.text("within", &duration.value.to_string()),
    }
    if let Some(On { kind, facts }) = &step.on {
        rows.text("on", kind.value.as_str());
        rows.facts(facts);
    }
    what(step.verb.value, &step.what, &mut rows);
    rows.text_some("who", step.who.as_ref());
    if !step.only.is_empty() {
        let only = step.only.iter().map(|name| node(Value::Text(name.value.clone()))).collect();
        rows.put("only", Value::List(only));
    }
    rows.0
}

fn what(verb: &'static str, what: &What, rows: &mut Rows) {
    match what {
        What::Act(deed) => self::deed(verb, deed, rows),
        What::Wait(duration) => rows.text(verb, &duration.value.to_string()),
        What::Expect(pattern) | What::Never(pattern) => {
            rows.text(verb, pattern.kind.value.as_str());
            self::pattern(pattern, rows);
        }
        What::Prompt { point, pattern, answer } => {
            rows.text(verb, point.value.as_str());
            self::pattern(pattern, rows);
            match &answer.value {
                Some(reply) => rows.put("answer", self::reply(reply)),
                None => rows.text("answer", "hold"),
            }
        }
        What::State { look, of, facts, exact } => {
            rows.text(verb, look.value.as_str());
            rows.text_some("of", of.as_ref());
            // A `state` step needs facts, even when there are none.
            rows.put("facts", fact_table(facts));
            rows.flag("exact", *exact);
        }
    }
}

fn pattern(pattern: &Pattern, rows: &mut Rows) {
    rows.facts(&pattern.facts);
    rows.flag("exact", pattern.exact);
    rows.text_some("as", pattern.bind.as_ref());
}

fn deed(verb: &'static str, deed: &Deed, rows: &mut Rows) {
    match deed {
        Deed::Boot(name)
        | Deed::Shutdown(name)
        | Deed::Crash(name)
        | Deed::Logoff(name)
        | Deed::Lock(name)
        | Deed::Unlock(name)
        | Deed::Pulse(name)
        | Deed::Remove(name) => rows.text(verb, &name.value),
        Deed::Logon { user, computer } => {
            rows.text(verb, &user.value);
            rows.text_some("computer", computer.as_ref());
        }
        Deed::GpRefresh { principal, forced } => {
            rows.text(verb, &principal.value);
            rows.flag("forced", *forced);
        }
        Deed::Click(on) => rows.text(verb, on.value.as_str()),
        Deed::Insert { card, reader, computer } => {
            rows.text(verb, &card.value);
            rows.text_some("reader", reader.as_ref());
            rows.text_some("computer", computer.as_ref());
        }
        Deed::Swap { card, to, reader, computer } => {
            rows.text(verb, &card.value);
            rows.text("to", &to.value);
            rows.text_some("reader", reader.as_ref());
            rows.text_some("computer", computer.as_ref());
        }
        Deed::Reply { point, with } => {
            rows.text(verb, point.value.as_str());
            rows.put("with", reply(&with.value));
        }
        Deed::Change { change, of, set } => {
            rows.text(verb, change.value);
            rows.text_some("of", of.as_ref());
            rows.put("set", Value::Table(set.value.clone()));
        }
        Deed::Ca { op, of, request, certificate } => {
            rows.text(verb, op.value.as_str());
            rows.text_some("of", of.as_ref());
            for (name, named) in [("request", request), ("certificate", certificate)] {
                if let Some(named) = named {
                    rows.text(name, &written(&named.value));
                }
            }
        }
    }
}

fn time(when: When) -> Value {
    match when {
        When::Since(duration) => Value::Text(duration.to_string()),
        When::Clock(instant) => Value::Instant(instant.to_string()),
    }
}

/// An answer to a prompt.
pub(crate) fn reply(reply: &Reply) -> Value {
    let given = |key: &str, text: &str| {
        let mut rows = Rows(Table::default());
        rows.text(key, text);
        Value::Table(rows.0)
    };
    match reply {
        Reply::Word(word) => Value::Text(word.to_string()),
        Reply::Pin(pin) => given("pin", pin),
        Reply::Card(card) => given("card", card),
    }
}

fn fact_table(facts: &[WantedFact]) -> Value {
    let mut rows = Rows(Table::default());
    facts.iter().for_each(|fact| rows.put(&fact.name.value, wanted(&fact.value.value)));
    Value::Table(rows.0)
}

fn wanted(wanted: &Wanted) -> Value {
    match wanted {
        Wanted::Is(fact) => of_fact(fact),
        Wanted::Instant(instant) => Value::Instant(instant.to_string()),
        Wanted::Bound(reference) => Value::Text(written(&Named::Bound(reference.clone()))),
        Wanted::List(elements) => Value::List(elements.iter().map(|element| node(self::wanted(element))).collect()),
    }
}

/// A fact as a value; a dollar sign that begins a text is doubled.
pub(crate) fn of_fact(fact: &Fact) -> Value {
    match fact {
        Fact::Text(text) => Value::Text(written(&Named::Is(text.clone()))),
        Fact::Number(number) => Value::Number(*number),
        Fact::Flag(flag) => Value::Flag(*flag),
        Fact::List(list) => Value::List(list.iter().map(|fact| node(of_fact(fact))).collect()),
    }
}

fn written(named: &Named) -> String {
    match named {
        Named::Is(text) if text.starts_with('$') => format!("${text}"),
        Named::Is(text) => text.clone(),
        Named::Bound(Reference { name, fact: None }) => format!("${name}"),
        Named::Bound(Reference { name, fact: Some(fact) }) => format!("${name}.{fact}"),
    }
}

fn node(value: Value) -> Node {
    Node { value, span: Span::default() }
}

/// A table in the making.
struct Rows(Table);

impl Rows {
    fn put(&mut self, key: &str, value: Value) {
        self.0.0.push(Entry { key: Spanned::without_span(key.to_owned()), node: node(value) });
    }

    fn text(&mut self, key: &str, text: &str) {
        self.put(key, Value::Text(text.to_owned()));
    }

    fn text_some(&mut self, key: &str, text: Option<&Spanned<String>>) {
        if let Some(text) = text {
            self.text(key, &text.value);
        }
    }

    fn flag(&mut self, key: &str, flag: bool) {
        if flag {
            self.put(key, Value::Flag(true));
        }
    }

    fn facts(&mut self, facts: &[WantedFact]) {
        if !facts.is_empty() {
            self.put("facts", fact_table(facts));
        }
    }
}
