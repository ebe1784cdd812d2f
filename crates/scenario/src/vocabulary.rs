//! The words of the language, each with what it means: what `autoenroll explain` tells of them. From the tables that
//! the reader uses, as the reference is.

use crate::reference::{brief, inner, quoted, shapes, value_of};
use crate::shape::{
    CHANGES, FactSchema, Key, MODIFIERS, PROMPTS, RECORDS, RecordSchema, STATES, VERBS, Verb, choices_of,
    example_answer,
};

/// One meaning of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub name: String,
    /// What it is: `verb`, `modifier`, `key of a template`, `kind of record`, ...
    pub kind: String,
    /// What it means.
    pub text: String,
    /// What else there is to say, each with a label: what it takes, its facts, an example.
    pub particulars: Vec<(&'static str, String)>,
}

/// Every word in every meaning: verbs, modifiers, kinds of records, decision points, what `state` looks at, what
/// changes, keys of tables, facts. Verbs come first, facts last.
#[must_use]
pub fn vocabulary() -> Vec<Word> {
    let mut words: Vec<Word> = VERBS.iter().map(verb_word).collect();
    words.extend(MODIFIERS.iter().map(modifier_word));
    words.extend(RECORDS.iter().map(|record| told(record, "kind of record", &[])));
    words.extend(PROMPTS.iter().map(|prompt| {
        let answers: Vec<String> = choices_of(prompt.subject).iter().map(|offer| example_answer(*offer)).collect();
        told(prompt, "decision point", &[("answers", answers.join(" "))])
    }));
    words.extend(STATES.iter().map(|state| told(state, "what `state` looks at", &[])));
    for change in CHANGES {
        let keys: Vec<&str> = change.set.keys.iter().map(|key| key.name).collect();
        let particulars = vec![("of", change.of.unwrap_or("-").to_owned()), ("set", quoted(&keys))];
        words.push(word(change.word, "what a `change` changes", change.set.doc, particulars));
        words.extend(change.set.keys.iter().map(|set| key_word(set, &format!("key of a change of `{}`", change.word))));
    }
    for shape in shapes() {
        words.extend(shape.keys.iter().map(|of| key_word(of, &format!("key of {}", shape.name))));
    }
    words.extend(facts());
    words.iter_mut().for_each(|word| word.particulars.retain(|(_, text)| !text.is_empty()));
    words
}

/// A verb.
pub(crate) fn verb_word(verb: &Verb) -> Word {
    let modifiers: Vec<&str> = verb.kind.times().iter().chain(verb.modifiers).copied().collect();
    let particulars = vec![
        ("takes", brief(verb.value_type)),
        ("modifiers", quoted(&modifiers)),
        ("example", verb.example.to_owned()),
    ];
    word(verb.word, "verb", verb.doc, particulars)
}

/// A modifier.
pub(crate) fn modifier_word(modifier: &Key) -> Word {
    let takes = |verb: &&Verb| verb.kind.times().contains(&modifier.name) || verb.modifiers.contains(&modifier.name);
    let verbs: Vec<&str> = VERBS.iter().filter(takes).map(|verb| verb.word).collect();
    let particulars = vec![("takes", brief(modifier.value_type)), ("verbs", quoted(&verbs))];
    Word { particulars, ..key_word(modifier, "modifier") }
}

/// A fact, wherever it is stated.
pub(crate) fn fact_word(fact: &FactSchema) -> Word {
    word(fact.name, "fact", fact.doc, vec![("values", value_of(fact.fact_type))])
}

/// A word of that kind.
pub(crate) fn word(name: &str, kind: &str, text: &str, particulars: Vec<(&'static str, String)>) -> Word {
    Word { name: name.to_owned(), kind: kind.to_owned(), text: text.to_owned(), particulars }
}

/// A key of a table.
pub(crate) fn key_word(key: &Key, kind: &str) -> Word {
    let mut particulars = vec![("takes", brief(key.value_type))];
    if key.required {
        particulars.push(("needed", "always".to_owned()));
    }
    if let Some(shape) = inner(key.value_type) {
        particulars.push(("keys", quoted(&shape.keys.iter().map(|key| key.name).collect::<Vec<_>>())));
    }
    Word { text: key.text(), ..word(key.name, kind, "", particulars) }
}

fn told<T: std::fmt::Display>(schema: &RecordSchema<T>, kind: &str, more: &[(&'static str, String)]) -> Word {
    let facts: Vec<&str> = schema.facts.iter().map(|fact| fact.name).collect();
    let facts = if facts.is_empty() { "none".to_owned() } else { quoted(&facts) };
    let particulars = std::iter::once(("facts", facts)).chain(more.iter().cloned()).collect();
    word(&schema.subject.to_string(), kind, schema.doc, particulars)
}

/// Facts of one name and one meaning are one word, in all records that state them.
fn facts() -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut add = |of: String, facts: &[FactSchema]| {
        for fact in facts {
            let values = value_of(fact.fact_type);
            let same = |known: &&mut Word| {
                known.name == fact.name
                    && known.text == fact.doc
                    && known.particulars.first().is_some_and(|(_, of)| *of == values)
            };
            match words.iter_mut().find(same) {
                Some(known) => known.particulars[1].1 += &format!(" {of}"),
                None => words.push(word(fact.name, "fact", fact.doc, vec![("values", values), ("of", of.clone())])),
            }
        }
    };
    RECORDS.iter().for_each(|schema| add(format!("`{}`", schema.subject), schema.facts));
    PROMPTS.iter().for_each(|schema| add(format!("`{}`", schema.subject), schema.facts));
    STATES.iter().for_each(|schema| add(format!("state `{}`", schema.subject), schema.facts));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_means_something() {
        let words = vocabulary();
        assert!(words.len() > 300, "{}", words.len());
        for Word { name, kind, text, particulars } in &words {
            assert!(!text.is_empty() && !kind.is_empty(), "{name} ({kind})");
            assert!(particulars.iter().all(|(_, text)| !text.is_empty()), "{name} ({kind})");
        }
        let kinds = |name: &str| {
            words.iter().filter(|word| word.name == name).map(|word| word.kind.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(kinds("expect"), ["verb"]);
        assert_eq!(kinds("within"), ["modifier"]);
        assert_eq!(kinds("run-started"), ["kind of record"]);
        assert_eq!(kinds("wizard.start"), ["decision point"]);
        assert_eq!(kinds("enforce-name-lengths"), ["key of a change of `ca`", "key of a CA", "fact"]);
        assert!(
            kinds("card").starts_with(&["kind of record", "what `state` looks at", "what a `change` changes"]),
            "{:?}",
            kinds("card")
        );
    }
}
