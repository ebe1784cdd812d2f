//! What form a table has to have, which depends on the way to it and on what stands beside it.

use autoenroll_model::DecisionPoint;
use autoenroll_trace::Kind;

use crate::shape::{
    ANSWER, CARD_FILE, CARD_PIN, FactSchema, FactType, Key, LookAt, MODIFIERS, ROOT, RecordSchema, SEQUENCE, Shape,
    TEMPLATE_FILE, VERBS, ValueType, Verb, answer_words, change_named, choices_of, example_answer, facts_of,
    modifiers_of, prompt_schema, record_schema, state_schema, verb_named,
};
use crate::tree::Table;
use crate::vocabulary::{Word, fact_word, key_word, modifier_word, verb_word, word};

/// A key that may stand in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWord {
    /// The key and what it means.
    pub word: Word,
    /// How its value begins.
    pub opening: Opening,
    /// Whether a table without it is an error.
    pub needed: bool,
}

/// How a value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With a quotation mark.
    Text,
    /// With a bracket.
    List,
    /// With a brace.
    Table,
    /// With what it says: a number, an instant, true or false.
    Plain,
}

/// A word that a key takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueWord {
    /// The word and what it means.
    pub word: Word,
    /// Whether it stands in quotation marks.
    pub is_text: bool,
}

/// What stands beside a key in its table.
pub(super) trait Beside {
    /// Whether the table has that key.
    fn has(&self, key: &str) -> bool;
    /// The text under that key.
    fn text(&self, key: &str) -> Option<&str>;
}

impl Beside for Table {
    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }
}

/// What form a table has to have.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Fixed keys.
    Shape(&'static Shape),
    /// A step of a timeline or a sequence.
    Step,
    /// Facts: those of these lists; of a decision others too.
    Facts(Vec<&'static [FactSchema]>),
    /// An answer to a prompt, where it is known to which.
    Answer(Option<DecisionPoint>),
    /// The arguments of this sequence.
    Arguments(Option<String>),
    /// Free keys; the key that the table stands under, and what each of its own takes.
    Map(&'static str, ValueType),
    /// Sequences by their names.
    Sequences,
}

/// What a key takes.
enum Takes {
    Type(ValueType),
    Facts(Vec<FactType>),
    Answer(Option<DecisionPoint>),
}

impl Form {
    /// That of a whole file: a scenario or a world, or a fixture that is neither.
    pub(super) fn root(keys: &dyn Beside) -> Self {
        match keys.has("scenario") {
            false if keys.has("atr") => Self::Shape(&CARD_FILE),
            false if keys.has("template") => Self::Shape(&TEMPLATE_FILE),
            _ => Self::Shape(&ROOT),
        }
    }

    /// That of a table under a key, alone or in a list; `None` where no table may stand.
    pub(super) fn inner(&self, key: &str, beside: &dyn Beside) -> Option<Self> {
        match self {
            Self::Shape(shape) => {
                let key = shape.key(key)?;
                of_type(key.name, key.value_type, beside)
            }
            Self::Step => match modifier_named(key)?.value_type {
                ValueType::Facts => Some(Self::Facts(facts_beside(beside))),
                ValueType::Answer if beside.has("logon") => Some(Self::Shape(&CARD_PIN)),
                ValueType::Answer if beside.has("do") => Some(Self::Arguments(beside.text("do").map(str::to_owned))),
                ValueType::Answer => Some(Self::Answer(point_beside(beside))),
                value_type => of_type("", value_type, beside),
            },
            Self::Map(of, value_type) => of_type(of, *value_type, beside),
            Self::Sequences => Some(Self::Shape(&SEQUENCE)),
            Self::Facts(_) | Self::Answer(_) | Self::Arguments(_) => None,
        }
    }

    /// The keys that it may have, those that it needs first.
    pub(super) fn keys(&self, beside: &dyn Beside) -> Vec<KeyWord> {
        let mut keys = match self {
            Self::Shape(shape) => shape.keys.iter().map(|key| of_shape(shape, key)).collect(),
            Self::Step => of_step(beside),
            Self::Facts(lists) => of_facts(lists),
            Self::Answer(point) => {
                let offered = |key: &&Key| {
                    point.is_none_or(|point| choices_of(point).iter().any(|choice| choice.as_str() == key.name))
                };
                ANSWER.keys.iter().filter(offered).map(|key| of_shape(&ANSWER, key)).collect()
            }
            Self::Arguments(_) | Self::Map(..) | Self::Sequences => Vec::new(),
        };
        keys.sort_by_key(|key| !key.needed);
        keys
    }

    /// A key that it may have, or that stands in it though it should not.
    pub(super) fn key(&self, name: &str, beside: &dyn Beside) -> Option<KeyWord> {
        let of_steps = || match self {
            Self::Step => verb_named(name).map(of_verb).or_else(|| modifier_named(name).map(of_modifier)),
            _ => None,
        };
        self.keys(beside).into_iter().find(|key| key.word.name == name).or_else(of_steps)
    }

    /// The words that a key of it takes.
    pub(super) fn values(&self, key: &str, beside: &dyn Beside) -> Vec<ValueWord> {
        match self.takes(key, beside) {
            Some(Takes::Type(value_type)) => of_value(key, value_type),
            Some(Takes::Facts(types)) => types.into_iter().flat_map(|fact_type| of_fact(key, fact_type)).collect(),
            Some(Takes::Answer(point)) => answers(point),
            None => Vec::new(),
        }
    }

    /// The types of a fact of it.
    pub(super) fn fact_types(&self, name: &str) -> Vec<FactType> {
        let Self::Facts(lists) = self else { return Vec::new() };
        let named = lists.iter().flat_map(|list| *list).filter(|fact| fact.name == name);
        named.map(|fact| fact.fact_type).collect()
    }

    fn takes(&self, key: &str, beside: &dyn Beside) -> Option<Takes> {
        match self {
            Self::Shape(shape) => Some(Takes::Type(shape.key(key)?.value_type)),
            Self::Step => {
                let verb = verb_named(key).map(|verb| verb.value_type);
                match verb.or_else(|| modifier_named(key).map(|modifier| modifier.value_type))? {
                    ValueType::Answer if beside.has("logon") || beside.has("do") => None,
                    ValueType::Answer => Some(Takes::Answer(point_beside(beside))),
                    value_type => Some(Takes::Type(value_type)),
                }
            }
            Self::Facts(_) => Some(Takes::Facts(self.fact_types(key))),
            Self::Map(_, value_type) => Some(Takes::Type(*value_type)),
            Self::Answer(_) | Self::Arguments(_) | Self::Sequences => None,
        }
    }
}

fn of_type(key: &'static str, value_type: ValueType, beside: &dyn Beside) -> Option<Form> {
    match value_type {
        ValueType::Table(shape) | ValueType::Named(shape) | ValueType::Tables(shape) => Some(Form::Shape(shape)),
        ValueType::OrNone(inner) | ValueType::List(inner) => of_type(key, *inner, beside),
        ValueType::Map(inner) => Some(Form::Map(key, *inner)),
        ValueType::ChangeSet => Some(Form::Shape(&change_named(beside.text("change")?)?.set)),
        ValueType::Steps | ValueType::SequenceSteps => Some(Form::Step),
        ValueType::Sequences => Some(Form::Sequences),
        _ => None,
    }
}

/// The decision point of the prompt that a step sees or answers.
fn point_beside(beside: &dyn Beside) -> Option<DecisionPoint> {
    beside.text("prompt").or_else(|| beside.text("reply"))?.parse().ok()
}

/// The facts that a step may name.
fn facts_beside(beside: &dyn Beside) -> Vec<&'static [FactSchema]> {
    if let Some(look) = beside.text("state").and_then(|look| look.parse::<LookAt>().ok()) {
        return vec![state_schema(look).facts];
    }
    if beside.has("prompt") {
        // What the prompt itself says is named more often than what all prompts have.
        return facts_of(Kind::Prompt, point_beside(beside)).into_iter().rev().collect();
    }
    let kind = ["on", "expect", "never"].into_iter().find_map(|key| beside.text(key)?.parse::<Kind>().ok());
    kind.map(|kind| facts_of(kind, None)).unwrap_or_default()
}

fn of_shape(shape: &Shape, key: &Key) -> KeyWord {
    let word = key_word(key, &format!("key of {}", shape.name));
    KeyWord { word, opening: opening(key.value_type), needed: key.required }
}

/// Verbs while there is none, then what belongs to the verb.
fn of_step(beside: &dyn Beside) -> Vec<KeyWord> {
    let Some(verb) = VERBS.iter().find(|verb| beside.has(verb.word)) else {
        return VERBS.iter().map(of_verb).chain(MODIFIERS.iter().map(of_modifier)).collect();
    };
    let allowed = modifiers_of(verb, beside.has("on"));
    let named = allowed.into_iter().filter_map(modifier_named);
    named.map(|modifier| KeyWord { needed: verb.needs.contains(&modifier.name), ..of_modifier(modifier) }).collect()
}

fn of_verb(verb: &'static Verb) -> KeyWord {
    KeyWord { word: verb_word(verb), opening: opening(verb.value_type), needed: false }
}

fn of_modifier(modifier: &'static Key) -> KeyWord {
    KeyWord { word: modifier_word(modifier), opening: opening(modifier.value_type), needed: false }
}

/// Each fact once, in the sense in which it comes first.
fn of_facts(lists: &[&'static [FactSchema]]) -> Vec<KeyWord> {
    let mut keys: Vec<KeyWord> = Vec::new();
    for fact in lists.iter().flat_map(|list| *list) {
        if !keys.iter().any(|known| known.word.name == fact.name) {
            let opening = match fact.fact_type {
                FactType::Number | FactType::Flag | FactType::Any => Opening::Plain,
                FactType::List(_) => Opening::List,
                _ => Opening::Text,
            };
            keys.push(KeyWord { word: fact_word(fact), opening, needed: false });
        }
    }
    keys
}

const fn opening(value_type: ValueType) -> Opening {
    match value_type {
        ValueType::Number(..) | ValueType::Flag | ValueType::Instant | ValueType::Fact => Opening::Plain,
        ValueType::OrNone(inner) => opening(*inner),
        ValueType::Words(_)
        | ValueType::List(_)
        | ValueType::Named(_)
        | ValueType::Tables(_)
        | ValueType::Steps
        | ValueType::SequenceSteps => Opening::List,
        ValueType::Table(_)
        | ValueType::Map(_)
        | ValueType::Facts
        | ValueType::ChangeSet
        | ValueType::Sequences
        | ValueType::Arguments => Opening::Table,
        // An answer is a word more often than a table.
        _ => Opening::Text,
    }
}

fn of_value(key: &str, value_type: ValueType) -> Vec<ValueWord> {
    match value_type {
        ValueType::Word(words) | ValueType::Words(words) => {
            words().into_iter().map(|name| text(name, &meaning(key, name))).collect()
        }
        ValueType::Flag => vec![plain("true", ""), plain("false", "")],
        ValueType::OrNone(inner) => {
            of_value(key, *inner).into_iter().chain([plain("false", "There is none.")]).collect()
        }
        ValueType::List(inner) => of_value(key, *inner),
        ValueType::Answer => answers(None),
        _ => Vec::new(),
    }
}

fn of_fact(name: &str, fact_type: FactType) -> Vec<ValueWord> {
    match fact_type {
        FactType::Word(words) => words().into_iter().map(|word| text(word, &meaning(name, word))).collect(),
        FactType::Flag => vec![plain("true", ""), plain("false", "")],
        FactType::List(inner) => of_fact(name, *inner),
        _ => Vec::new(),
    }
}

/// The answers that a prompt takes, as they are written.
fn answers(point: Option<DecisionPoint>) -> Vec<ValueWord> {
    let Some(point) = point else { return answer_words().into_iter().map(|name| text(name, "")).collect() };
    let offered = choices_of(point).iter().map(|choice| example_answer(*choice));
    let written = offered.map(|answer| match answer.trim_matches('"') {
        word if word.len() < answer.len() => text(word, ""),
        table => plain(table, "What the user gives."),
    });
    written.chain([text("hold", "The prompt stays open.")]).collect()
}

/// What a word means that has a table of its own.
fn meaning(key: &str, name: &str) -> String {
    fn of<T>(schema: &RecordSchema<T>) -> &'static str {
        schema.doc
    }
    let text = match key {
        "expect" | "never" | "on" => name.parse().ok().map(|kind: Kind| of(record_schema(kind))),
        "prompt" | "reply" | "point" => name.parse().ok().map(|point: DecisionPoint| of(prompt_schema(point))),
        "state" => name.parse().ok().map(|look: LookAt| of(state_schema(look))),
        "change" => change_named(name).map(|change| change.set.name),
        _ => None,
    };
    text.unwrap_or_default().to_owned()
}

fn text(name: &str, meaning: &str) -> ValueWord {
    ValueWord { word: word(name, "value", meaning, Vec::new()), is_text: true }
}

fn plain(name: &str, meaning: &str) -> ValueWord {
    ValueWord { word: word(name, "value", meaning, Vec::new()), is_text: false }
}

fn modifier_named(name: &str) -> Option<&'static Key> {
    MODIFIERS.iter().find(|modifier| modifier.name == name)
}
