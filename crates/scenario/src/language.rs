//! The language as editors need it: what may stand at a place, what a word there means, and which texts name what. All
//! of it from the tables that the reader uses, as the reference is.

mod form;
mod naming;
mod symbols;
mod walk;

pub use form::{KeyWord, Opening, ValueWord};
pub use naming::{Naming, SymbolKind};
pub use symbols::{Mention, Symbol, mentions, symbols};
pub use walk::{WordAt, word_at};

use form::{Beside, Form};

/// A table of a file, found or half written: how it is reached from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The tables on the way, the root first and the table itself last. An element of a list stands under the key of
    /// the list.
    pub levels: Vec<Level>,
}

/// A table on the way to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The key that it stands under, in the table before; empty for the root.
    pub key: String,
    /// Its keys, each with its value where that is a text.
    pub entries: Vec<(String, Option<String>)>,
}

impl Place {
    /// The keys that may stand in the table and do not yet, those that it needs first.
    #[must_use]
    pub fn keys(&self) -> Vec<KeyWord> {
        let Some((form, level)) = self.form() else { return Vec::new() };
        form.keys(level).into_iter().filter(|key| !level.has(&key.word.name)).collect()
    }

    /// The words that a key of the table takes; none where it takes anything.
    #[must_use]
    pub fn values(&self, key: &str) -> Vec<ValueWord> {
        self.form().map(|(form, level)| form.values(key, level)).unwrap_or_default()
    }

    /// What a text under a key of the table names.
    #[must_use]
    pub fn naming(&self, key: &str) -> Option<Naming> {
        let (form, level) = self.form()?;
        naming::of_value(&form, &level.key, key, level)
    }

    /// What the keys of the table name, where they are names.
    #[must_use]
    pub fn key_naming(&self) -> Option<Naming> {
        naming::of_key(&self.form()?.0)
    }

    /// The sequence whose arguments the table holds.
    #[must_use]
    pub fn sequence(&self) -> Option<String> {
        match self.form()?.0 {
            Form::Arguments(name) => name,
            _ => None,
        }
    }

    /// Whether the table is a step, or in one: there texts may refer to what steps bind.
    #[must_use]
    pub fn is_in_a_step(&self) -> bool {
        self.levels.iter().any(|level| level.key == "steps")
    }

    fn form(&self) -> Option<(Form, &Level)> {
        let mut levels = self.levels.iter();
        let mut level = levels.next()?;
        let mut form = Form::root(level);
        for next in levels {
            form = form.inner(&next.key, level)?;
            level = next;
        }
        Some((form, level))
    }
}

impl Beside for Level {
    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(name, _)| name == key).and_then(|(_, text)| text.as_deref())
    }
}
