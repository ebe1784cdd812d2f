//! Which texts of a file name something, and what.

use super::form::{Beside, Form};
use crate::shape::{FactType, ValueType};
use SymbolKind as K;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    /// A user.
    User,
    /// A computer.
    Computer,
    /// A group.
    Group,
    /// A card.
    Card,
    /// A container on a card.
    Container,
    /// A reader of a computer.
    Reader,
    /// A provider of a computer.
    Provider,
    /// A CA.
    Ca,
    /// A root besides the CAs.
    Root,
    /// A template.
    Template,
    /// A certificate.
    Certificate,
    /// A request.
    Request,
    /// A domain controller.
    Controller,
    /// A policy service.
    PolicyService,
    /// A sequence of steps.
    Sequence,
    /// A parameter of a sequence.
    Parameter,
    /// What a step binds.
    Binding,
    /// A variant of the story.
    Variant,
    /// A world that others extend.
    World,
    /// A kind of card.
    CardKind,
    /// A default template.
    DefaultTemplate,
    /// A name of an object identifier.
    Oid,
    /// A requirement of the catalogue.
    Requirement,
    /// A switch of the profile.
    Switch,
}

impl SymbolKind {
    /// In words, as messages have it.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            K::User => "user",
            K::Computer => "computer",
            K::Group => "group",
            K::Card => "card",
            K::Container => "container",
            K::Reader => "reader",
            K::Provider => "provider",
            K::Ca => "CA",
            K::Root => "extra root",
            K::Template => "template",
            K::Certificate => "certificate",
            K::Request => "request",
            K::Controller => "domain controller",
            K::PolicyService => "policy service",
            K::Sequence => "sequence",
            K::Parameter => "parameter",
            K::Binding => "binding",
            K::Variant => "variant",
            K::World => "world",
            K::CardKind => "kind of card",
            K::DefaultTemplate => "default template",
            K::Oid => "object identifier",
            K::Requirement => "requirement",
            K::Switch => "switch",
        }
    }
}

/// What a text is to what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// It gives the name. In a world that extends another, the same name is the same thing.
    Defines(SymbolKind),
    /// It refers to something of one of these kinds.
    Refers(&'static [SymbolKind]),
}

impl Naming {
    /// The kinds of what is named.
    #[must_use]
    pub const fn kinds(&self) -> &[SymbolKind] {
        match self {
            Self::Defines(kind) => std::slice::from_ref(kind),
            Self::Refers(kinds) => kinds,
        }
    }
}

const PRINCIPAL: Naming = Naming::Refers(&[K::User, K::Computer]);
const MEMBER: Naming = Naming::Refers(&[K::User, K::Computer, K::Group]);
const USER: Naming = Naming::Refers(&[K::User]);
const COMPUTER: Naming = Naming::Refers(&[K::Computer]);
const GROUP: Naming = Naming::Refers(&[K::Group]);
const CARD: Naming = Naming::Refers(&[K::Card]);
const CONTAINER: Naming = Naming::Refers(&[K::Container]);
const READER: Naming = Naming::Refers(&[K::Reader]);
const PROVIDER: Naming = Naming::Refers(&[K::Provider]);
const CA: Naming = Naming::Refers(&[K::Ca]);
const ROOT: Naming = Naming::Refers(&[K::Ca, K::Root]);
const TEMPLATE: Naming = Naming::Refers(&[K::Template]);
const CERTIFICATE: Naming = Naming::Refers(&[K::Certificate, K::Request]);
const CONTROLLER: Naming = Naming::Refers(&[K::Controller]);

/// Tables by their names in `shape`, their keys, and what texts under these name.
const OF_TABLES: &[(&str, &str, Naming)] = &[
    ("a scenario", "covers", Naming::Refers(&[K::Requirement])),
    ("a sequence", "parameters", Naming::Defines(K::Parameter)),
    ("a variant", "name", Naming::Defines(K::Variant)),
    ("a world", "extends", Naming::Refers(&[K::World])),
    ("a domain controller", "name", Naming::Defines(K::Controller)),
    ("the trust containers", "roots", ROOT),
    ("the trust containers", "ca", ROOT),
    ("the trust containers", "ntauth", ROOT),
    ("the trust containers", "extra-roots", Naming::Defines(K::Root)),
    ("the policy", "automatic-requests", TEMPLATE),
    ("a policy service", "name", Naming::Defines(K::PolicyService)),
    ("an access control entry", "trustee", MEMBER),
    ("a template", "name", Naming::Defines(K::Template)),
    ("a template", "based-on", Naming::Refers(&[K::DefaultTemplate])),
    ("a template", "providers", PROVIDER),
    ("a template", "supersedes", TEMPLATE),
    ("a default template", "name", Naming::Defines(K::DefaultTemplate)),
    ("a CA", "name", Naming::Defines(K::Ca)),
    ("a CA", "templates", TEMPLATE),
    ("a group", "name", Naming::Defines(K::Group)),
    ("a group", "members", MEMBER),
    ("a user", "name", Naming::Defines(K::User)),
    ("a user", "groups", GROUP),
    ("a computer", "name", Naming::Defines(K::Computer)),
    ("a computer", "groups", GROUP),
    ("a computer", "readers", Naming::Defines(K::Reader)),
    ("a provider", "name", Naming::Defines(K::Provider)),
    ("a kind of card", "name", Naming::Defines(K::CardKind)),
    ("a kind of card", "provider", PROVIDER),
    ("a directory cache", "controller", CONTROLLER),
    ("a card", "name", Naming::Defines(K::Card)),
    ("a card", "atr", Naming::Refers(&[K::CardKind])),
    ("a card", "reader", READER),
    ("a card", "computer", COMPUTER),
    ("a container", "name", Naming::Defines(K::Container)),
    ("a container", "holds", CERTIFICATE),
    ("a certificate", "name", Naming::Defines(K::Certificate)),
    ("a certificate", "template", TEMPLATE),
    ("a certificate", "of", PRINCIPAL),
    ("a certificate", "ca", CA),
    ("a certificate", "card", CARD),
    ("a certificate", "container", CONTAINER),
    ("a request", "name", Naming::Defines(K::Request)),
    ("a request", "template", TEMPLATE),
    ("a request", "of", PRINCIPAL),
    ("a request", "ca", CA),
    ("a request", "replaces", CERTIFICATE),
    ("a request", "card", CARD),
    ("a request", "container", CONTAINER),
    ("a logon with a card", "card", CARD),
    ("an answer", "card", CARD),
    ("a changed template", "providers", PROVIDER),
    ("a changed template", "supersedes", TEMPLATE),
    ("a changed policy", "automatic-requests", TEMPLATE),
    ("a changed CA", "offer", TEMPLATE),
    ("a changed CA", "withdraw", TEMPLATE),
    ("a changed group", "add", MEMBER),
    ("a changed group", "remove", MEMBER),
    ("a changed trust container", "add", ROOT),
    ("a changed trust container", "remove", ROOT),
    ("a changed store", "delete", Naming::Refers(&[K::Certificate, K::Request, K::Ca, K::Root])),
    ("a changed store", "delete-request", TEMPLATE),
];

/// Keys of steps, and what texts under them name; `of` depends on the verb.
const OF_STEPS: &[(&str, Naming)] = &[
    ("boot", COMPUTER),
    ("shutdown", COMPUTER),
    ("crash", PRINCIPAL),
    ("end-core", PRINCIPAL),
    ("logon", USER),
    ("logoff", USER),
    ("lock", USER),
    ("unlock", USER),
    ("pulse", PRINCIPAL),
    ("gp-refresh", PRINCIPAL),
    ("insert", CARD),
    ("remove", CARD),
    ("swap", CARD),
    ("to", CARD),
    ("do", Naming::Refers(&[K::Sequence])),
    ("who", PRINCIPAL),
    ("as", Naming::Defines(K::Binding)),
    ("reader", READER),
    ("computer", COMPUTER),
    ("request", CERTIFICATE),
    ("certificate", CERTIFICATE),
    ("only", Naming::Refers(&[K::Variant])),
];

/// Facts that are texts for the reader, and name something all the same.
const OF_FACTS: &[(&str, Naming)] = &[
    ("container", CONTAINER),
    ("default-container", CONTAINER),
    ("reader", READER),
    ("controller", CONTROLLER),
    ("rule", Naming::Refers(&[K::Requirement])),
    ("auto-enroll", TEMPLATE),
];

/// What a text names that stands under a key, alone or in a list. `under` is the key that the table stands under.
pub(super) fn of_value(form: &Form, under: &str, key: &str, beside: &dyn Beside) -> Option<Naming> {
    match form {
        // A CA's own older copy of a template has the name of the template.
        Form::Shape(shape) if under == "stale-template" && (shape.name, key) == ("a template", "name") => {
            Some(TEMPLATE)
        }
        Form::Shape(shape) if (shape.name, key) == ("a change", "of") => of_change(beside.text("change")?),
        Form::Shape(shape) => {
            let row = OF_TABLES.iter().find(|row| (row.0, row.1) == (shape.name, key));
            let by_type = || of_type(shape.key(key)?.value_type);
            row.map(|(_, _, naming)| *naming).or_else(by_type)
        }
        Form::Step if key == "of" => of_step(beside),
        Form::Step => OF_STEPS.iter().find(|row| row.0 == key).map(|(_, naming)| *naming),
        Form::Facts(_) => {
            let types = form.fact_types(key);
            types.iter().find_map(|fact_type| of_fact(*fact_type)).or_else(|| {
                let is_text = types.iter().any(|fact_type| matches!(fact_type, FactType::Text));
                OF_FACTS.iter().find(|row| row.0 == key && is_text).map(|(_, naming)| *naming)
            })
        }
        Form::Answer(_) => (key == "card").then_some(CARD),
        Form::Arguments(_) | Form::Map(..) | Form::Sequences => None,
    }
}

/// What the keys of a table name.
pub(super) fn of_key(form: &Form) -> Option<Naming> {
    match form {
        Form::Map("allow" | "deny", _) => Some(MEMBER),
        Form::Map("priority", _) => Some(CA),
        Form::Map("switches", _) => Some(Naming::Refers(&[K::Switch])),
        Form::Sequences => Some(Naming::Defines(K::Sequence)),
        Form::Arguments(_) => Some(Naming::Refers(&[K::Parameter])),
        _ => None,
    }
}

const fn of_type(value_type: ValueType) -> Option<Naming> {
    match value_type {
        ValueType::Oid => Some(Naming::Refers(&[K::Oid])),
        ValueType::OrNone(inner) | ValueType::List(inner) => of_type(*inner),
        _ => None,
    }
}

const fn of_fact(fact_type: FactType) -> Option<Naming> {
    match fact_type {
        FactType::Template => Some(TEMPLATE),
        FactType::Ca => Some(CA),
        FactType::Card => Some(CARD),
        FactType::Principal => Some(PRINCIPAL),
        FactType::Provider => Some(PROVIDER),
        FactType::Certificate => Some(CERTIFICATE),
        FactType::List(inner) => of_fact(*inner),
        _ => None,
    }
}

fn of_step(beside: &dyn Beside) -> Option<Naming> {
    if let Some(look) = beside.text("state") {
        return match look {
            "card" => Some(CARD),
            "store" | "requests" | "directory" => Some(PRINCIPAL),
            "ca" => Some(CA),
            "desktop" => Some(USER),
            "trust" => Some(COMPUTER),
            _ => None,
        };
    }
    match beside.text("change") {
        Some(change) => of_change(change),
        None => beside.has("ca").then_some(CA),
    }
}

fn of_change(change: &str) -> Option<Naming> {
    match change {
        "template" => Some(TEMPLATE),
        "ca" => Some(CA),
        "directory" => Some(CONTROLLER),
        "policy-service" => Some(Naming::Refers(&[K::PolicyService])),
        "principal" | "settings" | "store" | "effect" => Some(PRINCIPAL),
        "group" => Some(GROUP),
        "card" => Some(CARD),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::shapes;
    use crate::shape::{
        ANSWER, CARD_PIN, CHANGES, LookAt, MODIFIERS, PROMPTS, RECORDS, STATES, Shape, TEMPLATE_FILE, VERBS,
    };
    use crate::tree::{Entry, Node, Table, Value};
    use crate::{Span, Spanned};

    #[test]
    fn every_row_is_about_something_that_exists() {
        let mut all: Vec<&Shape> = shapes();
        all.extend([&ANSWER, &CARD_PIN]);
        all.extend(CHANGES.iter().map(|change| &change.set));
        all.extend(TEMPLATE_FILE.keys.iter().filter_map(|key| crate::reference::inner(key.value_type)));
        for (name, key, _) in OF_TABLES {
            assert!(all.iter().any(|shape| shape.name == *name && shape.key(key).is_some()), "{name} {key}");
        }
        for (key, _) in OF_STEPS {
            let is_verb = VERBS.iter().any(|verb| verb.word == *key);
            assert!(is_verb || MODIFIERS.iter().any(|modifier| modifier.name == *key), "{key}");
        }
        let of_records = RECORDS.iter().flat_map(|schema| schema.facts);
        let facts = of_records.chain(PROMPTS.iter().flat_map(|schema| schema.facts));
        let facts: Vec<&str> = facts.chain(STATES.iter().flat_map(|it| it.facts)).map(|fact| fact.name).collect();
        for (name, _) in OF_FACTS {
            assert!(facts.contains(name), "{name}");
        }
    }

    /// What `of` names is known for whatever can be looked at and changed; a trust container is a word.
    #[test]
    fn of_names_something_in_every_step_that_has_it() {
        let step = |verb: &str, word: &str| {
            let node = Node { value: Value::Text(word.to_owned()), span: Span::default() };
            Table(vec![Entry { key: Spanned::without_span(verb.to_owned()), node }])
        };
        for look in LookAt::WORDS {
            assert!(of_value(&Form::Step, "steps", "of", &step("state", look)).is_some(), "{look}");
        }
        for change in CHANGES.iter().filter(|change| change.of.is_some() && change.word != "trust") {
            assert!(of_value(&Form::Step, "steps", "of", &step("change", change.word)).is_some(), "{}", change.word);
        }
        assert_eq!(of_value(&Form::Step, "steps", "of", &step("ca", "stop")), Some(CA));
    }
}
