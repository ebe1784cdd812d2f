//! The form of the language as data: which tables there are, which keys they have, what each key takes. The reader, the
//! JSON Schema and the reference are all made from these tables, so they cannot disagree.

mod check;
mod records;
mod settings;
mod tables;
mod verbs;

pub(crate) use check::{check_root, check_shape, check_step, is_world, missing_keys, parameter_of, unknown_word};
pub(crate) use records::{
    FactSchema, FactType, PROMPTS, RECORDS, RecordSchema, STATES, choices_of, example_answer, facts_of, prompt_schema,
    record_schema, state_schema,
};
pub use records::{LookAt, listed_facts, unlisted_facts};
use settings::Defaulted;
pub(crate) use tables::{ANSWER, CARD_FILE, CARD_PIN, ROOT, SEQUENCE, TEMPLATE_FILE, TOUCH_RULES, WORLD, answer_words};
pub(crate) use verbs::{CHANGES, MODIFIERS, VERBS, Verb, VerbKind, change_named, modifiers_of, verb_named};

/// A kind of table.
#[derive(Debug)]
pub(crate) struct Shape {
    /// With article, for messages: `a template`.
    pub(crate) name: &'static str,
    /// What it describes.
    pub(crate) doc: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

impl Shape {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) value_type: ValueType,
    /// Whether a table without it is an error.
    pub(crate) required: bool,
    /// What it means, without the default that comes from `default`.
    pub(crate) doc: &'static str,
    /// The row of the simulator that has its default; `None` when `doc` says what holds without the key.
    pub(crate) default: Option<&'static dyn Defaulted>,
}

impl Key {
    /// What it means, with its default.
    pub(crate) fn text(&self) -> String {
        match self.default.and_then(Defaulted::default_text) {
            Some(default) => format!("{}; {default} unless said here.", self.doc.trim_end_matches('.')),
            None => self.doc.to_owned(),
        }
    }
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ValueType {
    /// A text that is not empty.
    Text,
    /// One of some words.
    Word(fn() -> Vec<&'static str>),
    /// A list of some words.
    Words(fn() -> Vec<&'static str>),
    /// A whole number within bounds.
    Number(i64, i64),
    /// True or false.
    Flag,
    /// A length of time.
    Duration,
    /// A length of time in whole minutes, that many at most.
    Minutes(u32),
    /// An instant of the wall clock.
    Instant,
    /// A length of time since the start, an instant, or a time of the day.
    Time,
    /// A length of time before the start, or an instant.
    Past,
    /// An object identifier, dotted or by a name of `fixtures/oids.toml`.
    Oid,
    /// A security identifier.
    Sid,
    /// A GUID.
    Guid,
    /// Bytes in hexadecimal.
    Hex,
    /// Another kind, or `false` for "there is none".
    OrNone(&'static ValueType),
    /// A list.
    List(&'static ValueType),
    /// A table.
    Table(&'static Shape),
    /// A list of tables that are told apart by their `name`; worlds merge them.
    Named(&'static Shape),
    /// A list of tables without names; worlds append them.
    Tables(&'static Shape),
    /// A table whose keys are free.
    Map(&'static ValueType),
    /// Facts: a table of texts, numbers, flags and lists of them.
    Facts,
    /// A text, number, instant, flag, or list of them.
    Fact,
    /// An answer to a prompt.
    Answer,
    /// The table of a `change`; its keys depend on what changes.
    ChangeSet,
    /// The steps of a timeline.
    Steps,
    /// Sequences of steps by their names.
    Sequences,
    /// The steps of a sequence, in which `"$name"` may stand for any value.
    SequenceSteps,
    /// What a sequence is done with: texts, numbers, flags and instants.
    Arguments,
}

impl ValueType {
    /// What it takes, for messages.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Word(words) => format!("one of {}", words().join(", ")),
            Self::Words(words) => format!("a list, each element {}", Self::Word(words).describe()),
            Self::Number(..) => "a whole number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Duration => "a duration like \"8h\"".to_owned(),
            Self::Minutes(most) => format!("whole minutes like \"90m\", at most {most}"),
            Self::Instant => "an instant like 2026-03-02T08:00:00Z".to_owned(),
            Self::Time => "a duration like \"8h\", an instant, or a time of the day like \"09:00\"".to_owned(),
            Self::Past => "a duration like \"8h\", or an instant".to_owned(),
            Self::Oid => "an object identifier, or its name".to_owned(),
            Self::Sid => "a security identifier".to_owned(),
            Self::Guid => "a GUID".to_owned(),
            Self::Hex => "bytes in hexadecimal".to_owned(),
            Self::OrNone(value_type) => format!("{}, or false for none", value_type.describe()),
            Self::List(value_type) => format!("a list, each element {}", value_type.describe()),
            Self::Table(shape) => format!("a table, {}", shape.name),
            Self::Named(shape) | Self::Tables(shape) => format!("a list of tables, each {}", shape.name),
            Self::Map(_) | Self::Facts | Self::ChangeSet => "a table".to_owned(),
            Self::Fact => "a text, a number, an instant, true or false, or a list of them".to_owned(),
            Self::Answer => {
                "an answer: a word such as \"yes\", or { pin = \"1234\" }, or { card = \"alice-card\" }".to_owned()
            }
            Self::Steps | Self::SequenceSteps => "a list of steps".to_owned(),
            Self::Sequences => "tables by name, each a sequence".to_owned(),
            Self::Arguments => "a table, each value a text, a number, an instant, true or false".to_owned(),
        }
    }
}
