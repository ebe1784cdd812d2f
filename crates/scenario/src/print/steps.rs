//! Steps as tables, in the order in which people write them: when, who does or sees what, the rest.

use autoenroll_model::Fact;

use crate::document::{
    ActionStep, CardPin, ExpectedFact, ExpectedValue, NameOrReference, On, Pattern, PromptAnswer, Reference, Step,
    StepBegin, StepEnd, StepKind, Time,
};
use crate::source::{Span, Spanned};
use crate::tree::{Entry, Node, Table, Value};

/// The table of a step.
pub(crate) fn step(step: &Step) -> Table {
    let mut rows = Rows(Table::default());
    match &step.begin {
        StepBegin::Now => {}
        StepBegin::At(when) => rows.put("at", time(when.value)),
        StepBegin::After(duration) => rows.text("after", &duration.value.to_string()),
    }
    match &step.end {
        None => {}
        Some(StepEnd::Until(when)) => rows.put("until", time(when.value)),
        Some(StepEnd::Within(duration)) => rows.text("within", &duration.value.to_string()),
    }
    if let Some(On { kind, facts }) = &step.on {
        rows.text("on", kind.value.as_str());
        rows.facts(facts);
    }
    kind(step.verb.value, &step.kind, &mut rows);
    rows.text_some("who", step.who.as_ref());
    if !step.only.is_empty() {
        let only = step.only.iter().map(|name| node(Value::Text(name.value.clone()))).collect();
        rows.put("only", Value::List(only));
    }
    rows.0
}

fn kind(verb: &'static str, kind: &StepKind, rows: &mut Rows) {
    match kind {
        StepKind::Action(action) => self::action(verb, action, rows),
        StepKind::Do(table) => {
            for key in [verb, "with"] {
                if let Some(node) = table.get(key) {
                    rows.put(key, node.value.clone());
                }
            }
        }
        StepKind::Wait(duration) => rows.text(verb, &duration.value.to_string()),
        StepKind::Expect(pattern) | StepKind::Never(pattern) => {
            rows.text(verb, pattern.kind.value.as_str());
            self::pattern(pattern, rows);
        }
        StepKind::Prompt { point, pattern, answer } => {
            rows.text(verb, point.value.as_str());
            self::pattern(pattern, rows);
            match &answer.value {
                Some(answer) => rows.put("answer", self::answer(answer)),
                None => rows.text("answer", "hold"),
            }
        }
        StepKind::State { look, of, facts, exact } => {
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

fn action(verb: &'static str, action: &ActionStep, rows: &mut Rows) {
    match action {
        ActionStep::Boot(name)
        | ActionStep::Shutdown(name)
        | ActionStep::Crash(name)
        | ActionStep::EndCore(name)
        | ActionStep::Logoff(name)
        | ActionStep::Lock(name)
        | ActionStep::Unlock(name)
        | ActionStep::Pulse(name)
        | ActionStep::Remove(name) => rows.text(verb, &name.value),
        ActionStep::Logon { user, computer, with } => {
            rows.text(verb, &user.value);
            rows.text_some("computer", computer.as_ref());
            if let Some(CardPin { card, pin }) = with {
                let mut given = Rows(Table::default());
                given.text("card", &card.value);
                given.text("pin", pin);
                rows.put("with", Value::Table(given.0));
            }
        }
        ActionStep::GpRefresh { principal, forced } => {
            rows.text(verb, &principal.value);
            rows.flag("forced", *forced);
        }
        ActionStep::Click(on) => rows.text(verb, on.value.as_str()),
        ActionStep::Insert { card, reader, computer } => {
            rows.text(verb, &card.value);
            rows.text_some("reader", reader.as_ref());
            rows.text_some("computer", computer.as_ref());
        }
        ActionStep::Swap { card, to, reader, computer } => {
            rows.text(verb, &card.value);
            rows.text("to", &to.value);
            rows.text_some("reader", reader.as_ref());
            rows.text_some("computer", computer.as_ref());
        }
        ActionStep::Reply { point, with } => {
            rows.text(verb, point.value.as_str());
            rows.put("with", answer(&with.value));
        }
        ActionStep::Change { change, of, set } => {
            rows.text(verb, change.value);
            rows.text_some("of", of.as_ref());
            rows.put("set", Value::Table(set.value.clone()));
        }
        ActionStep::Ca { op, of, request, certificate } => {
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

fn time(when: Time) -> Value {
    match when {
        Time::Since(duration) => Value::Text(duration.to_string()),
        Time::Clock(instant) => Value::Instant(instant.to_string()),
        Time::OfDay(time) => Value::Text(time.to_string()),
    }
}

/// An answer to a prompt.
pub(crate) fn answer(answer: &PromptAnswer) -> Value {
    let given = |key: &str, text: &str| {
        let mut rows = Rows(Table::default());
        rows.text(key, text);
        Value::Table(rows.0)
    };
    match answer {
        PromptAnswer::Word(word) => Value::Text(word.to_string()),
        PromptAnswer::Pin(pin) => given("pin", pin),
        PromptAnswer::Card(card) => given("card", card),
    }
}

fn fact_table(facts: &[ExpectedFact]) -> Value {
    let mut rows = Rows(Table::default());
    facts.iter().for_each(|fact| rows.put(&fact.name.value, wanted(&fact.value.value)));
    Value::Table(rows.0)
}

fn wanted(wanted: &ExpectedValue) -> Value {
    match wanted {
        ExpectedValue::Literal(fact) => of_fact(fact),
        ExpectedValue::Instant(instant) => Value::Instant(instant.to_string()),
        ExpectedValue::Reference(reference) => Value::Text(written(&NameOrReference::Reference(reference.clone()))),
        ExpectedValue::List(elements) => {
            Value::List(elements.iter().map(|element| node(self::wanted(element))).collect())
        }
    }
}

/// A fact as a value; a dollar sign that begins a text is doubled.
pub(crate) fn of_fact(fact: &Fact) -> Value {
    match fact {
        Fact::Text(text) => Value::Text(written(&NameOrReference::Name(text.to_string()))),
        Fact::Number(number) => Value::Number(*number),
        Fact::Flag(flag) => Value::Flag(*flag),
        Fact::List(list) => Value::List(list.iter().map(|fact| node(of_fact(fact))).collect()),
    }
}

fn written(named: &NameOrReference) -> String {
    match named {
        NameOrReference::Name(text) if text.starts_with('$') => format!("${text}"),
        NameOrReference::Name(text) => text.clone(),
        NameOrReference::Reference(Reference { name, fact: None }) => format!("${name}"),
        NameOrReference::Reference(Reference { name, fact: Some(fact) }) => format!("${name}.{fact}"),
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

    fn facts(&mut self, facts: &[ExpectedFact]) {
        if !facts.is_empty() {
            self.put("facts", fact_table(facts));
        }
    }
}
