//! Steps: their verbs, the modifiers that belong to them, and what depends on the word after the verb.

use autoenroll_model::{Choice, DecisionPoint};

use super::super::{
    CARD_PIN, Key, MODIFIERS, VERBS, ValueType, Verb, VerbKind, change_named, choices_of, example_answer, modifiers_of,
    verb_named,
};
use super::{check_shape, check_value, missing_keys};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::suggestion::{meant_key, suggestion};
use crate::tree::{Entry, Node, Table, Value};

/// What a manager does at a CA, as a word after `ca`.
const CA_WORK: [&str; 3] = ["approve", "deny", "revoke"];

/// Checks one step: its verb, the modifiers that belong to it, and their values.
pub(crate) fn check_step(step: &Node, found: &mut Diagnostics) {
    let Value::Table(table) = &step.value else {
        let message = format!("a step is a table with a verb, not {}", step.value.describe());
        found.push(Diagnostic::error(Code::WrongType, message, step.span));
        return;
    };
    let verbs: Vec<&Entry> = table.0.iter().filter(|entry| verb_named(&entry.key.value).is_some()).collect();
    let unknown: Vec<&Entry> = table.0.iter().filter(|entry| is_unknown(&entry.key.value)).collect();
    for entry in &unknown {
        let words = VERBS.iter().map(|verb| verb.word).chain(MODIFIERS.iter().map(|modifier| modifier.name));
        let help = match meant_key(&entry.key.value).or_else(|| suggestion(&entry.key.value, words)) {
            Some("ca") if CA_WORK.contains(&entry.key.value.as_str()) => format!("write ca = \"{}\"", entry.key.value),
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None => format!("the verbs are {}", VERBS.iter().map(|verb| verb.word).collect::<Vec<_>>().join(", ")),
        };
        let message = format!("a step has no key `{}`", entry.key.value);
        found.push(Diagnostic::error(Code::UnknownKey, message, entry.key.span).help(help));
    }
    for entry in &table.0 {
        if let Some(verb) = verb_named(&entry.key.value) {
            let key =
                Key { name: verb.word, value_type: verb.value_type, required: true, doc: verb.doc, default: None };
            check_value(&key, verb.value_type, &entry.node, found);
        } else if let Some(modifier) = modifier_named(&entry.key.value) {
            match answer_problem(modifier, table, &entry.node) {
                Some(problem) => found.push(problem),
                None if modifier.name == "with" && table.get("logon").is_some() => {
                    let value_type = ValueType::Table(&CARD_PIN);
                    check_value(&Key { value_type, ..*modifier }, value_type, &entry.node, found);
                    if let Value::Table(with) = &entry.node.value {
                        missing_keys(&CARD_PIN, with, entry.node.span, found);
                    }
                }
                None if modifier.name == "with" && table.get("do").is_some() => {
                    let value_type = ValueType::Arguments;
                    check_value(&Key { value_type, ..*modifier }, value_type, &entry.node, found);
                }
                None => check_value(modifier, modifier.value_type, &entry.node, found),
            }
        }
    }
    let &[entry] = verbs.as_slice() else {
        if let [first, second, ..] = verbs.as_slice() {
            let message = format!("this step has two verbs, `{}` and `{}`", first.key.value, second.key.value);
            let problem =
                Diagnostic::error(Code::TwoVerbs, message, second.key.span).label(first.key.span, "first here");
            found.push(problem.help("write two steps; the clock stands still between them"));
        } else if unknown.is_empty() {
            let message = "this step has no verb";
            found.push(Diagnostic::error(Code::NoVerb, message, step.span));
        }
        return;
    };
    let Some(verb) = verb_named(&entry.key.value) else { return };
    check_modifiers(verb, table, step.span, &unknown, found);
    if let Some((change, set)) = table.text("change").zip(table.table("set")) {
        check_change(change.value, set, table.entry("of"), step.span, found);
    }
}

fn check_modifiers(verb: &Verb, table: &Table, span: Span, unknown: &[&Entry], found: &mut Diagnostics) {
    let on = table.entry("on");
    for entry in table.0.iter().filter(|entry| modifier_named(&entry.key.value).is_some()) {
        let name = entry.key.value.as_str();
        if name == "on" && verb.kind != VerbKind::Action {
            let message = format!("`on` needs something to do, and `{}` does nothing", verb.word);
            let help = "say what is done the moment the record appears, for example `remove = \"alice-card\"`";
            found.push(Diagnostic::error(Code::OnNeedsAction, message, entry.key.span).help(help));
            continue;
        }
        if !modifiers_of(verb, on.is_some()).contains(&name) {
            let mut all: Vec<&str> = verb.kind.times().iter().chain(verb.modifiers).copied().collect();
            all.push("only");
            let message = format!("`{name}` says nothing about `{}`", verb.word);
            let help = match meant(name, &all) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if all == ["only"] => format!("`{}` takes no other key than `only`", verb.word),
                None => format!("`{}` takes {}", verb.word, all.join(", ")),
            };
            found.push(Diagnostic::error(Code::NotForVerb, message, entry.key.span).help(help));
        }
    }
    for (one, other) in [("at", "after"), ("until", "within")] {
        if let Some((first, second)) = table.entry(one).zip(table.entry(other)) {
            let message = format!("`{one}` and `{other}` both say the same end of the interval");
            let problem = Diagnostic::error(Code::TwoTimes, message, second.key.span);
            found.push(problem.label(first.key.span, "first here"));
        }
    }
    for need in verb.needs {
        let typo = unknown.iter().any(|entry| suggestion(&entry.key.value, [*need]).is_some());
        if table.get(need).is_none() && !typo {
            let message = format!("`{}` needs `{need}`", verb.word);
            let hold = (*need == "answer").then(|| "to leave the prompt open, write answer = \"hold\"".to_owned());
            found.push(Diagnostic::error(Code::MissingKey, message, span).help_some(hold));
        }
    }
    if verb.kind == VerbKind::Absence && table.get("until").is_none() && table.get("within").is_none() {
        let message = "`never` needs `until` or `within`: it guards from the previous step to there";
        found.push(Diagnostic::error(Code::NothingGuarded, message, span));
    }
}

/// The modifier that says of this verb what the one that was written says of others.
fn meant(given: &str, value_type: &[&'static str]) -> Option<&'static str> {
    let alike = [["who", "of"], ["answer", "with"], ["until", "at"], ["within", "after"]];
    let other = alike.into_iter().find_map(|pair| match pair {
        [one, other] if one == given => Some(other),
        [one, other] if other == given => Some(one),
        _ => None,
    })?;
    value_type.contains(&other).then_some(other)
}

/// An answer that is none at all, told in the words of the prompt that it is for.
fn answer_problem(modifier: &Key, step: &Table, node: &Node) -> Option<Diagnostic> {
    let ValueType::Answer = modifier.value_type else { return None };
    let point: DecisionPoint = step.text("prompt").or_else(|| step.text("reply"))?.value.parse().ok()?;
    let offers = choices_of(point);
    let (given, message) = match &node.value {
        Value::Text(text) if super::answer_words().contains(&text.as_str()) => return None,
        Value::Text(text) => (text.clone(), format!("`{point}` does not take the answer `{text}`")),
        Value::Number(number) => (number.to_string(), format!("`{point}` does not take the answer {number}")),
        Value::Table(table) => {
            let pin = table.get("pin").filter(|_| table.0.len() == 1)?;
            let Value::Number(number) = pin.value else { return None };
            let problem = Diagnostic::error(Code::WrongType, "a PIN is a text, not a number", pin.span);
            return Some(problem.help(format!("put it in quotes: {{ pin = \"{number}\" }}")));
        }
        _ => return None,
    };
    let words = offers.iter().chain([&Choice::Close]).map(|offer| offer.as_str());
    let digits = given.bytes().all(|byte| byte.is_ascii_digit());
    let help = match suggestion(&given, words.chain(["hold"]))
        .filter(|suggestion| !["pin", "card"].contains(suggestion))
    {
        Some(suggestion) => format!("did you mean \"{suggestion}\"?"),
        None if offers.contains(&Choice::Pin) && digits => format!("write {} = {{ pin = \"{given}\" }}", modifier.name),
        None if offers.contains(&Choice::Card) => format!("write {} = {{ card = \"{given}\" }}", modifier.name),
        None => {
            let shown: Vec<String> = offers.iter().map(|offer| example_answer(*offer)).collect();
            format!("it offers {}", shown.join(", "))
        }
    };
    Some(Diagnostic::error(Code::UnknownWord, message, node.span).help(help))
}

/// Checks what a change sets, which depends on what changes, and whether `of` is needed.
pub(super) fn check_change(word: &str, set: &Table, of: Option<&Entry>, span: Span, found: &mut Diagnostics) {
    let Some(change) = change_named(word) else { return };
    check_shape(&change.set, set, found);
    match (change.of, of) {
        (None, Some(of)) => {
            let message = format!("there is only one {word}; `of` names nothing");
            found.push(Diagnostic::error(Code::NotForVerb, message, of.key.span));
        }
        (Some(what), None) if !["ca", "directory"].contains(&word) => {
            let message = format!("`change = \"{word}\"` needs `of`: {what}");
            found.push(Diagnostic::error(Code::MissingKey, message, span));
        }
        _ => {}
    }
    if set.0.is_empty() {
        let message = "nothing is set".to_owned();
        found.push(Diagnostic::error(Code::Empty, message, span));
    }
}

fn modifier_named(name: &str) -> Option<&'static Key> {
    MODIFIERS.iter().find(|modifier| modifier.name == name)
}

fn is_unknown(name: &str) -> bool {
    verb_named(name).is_none() && modifier_named(name).is_none()
}
