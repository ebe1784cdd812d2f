//! Every name of a world, and messages for texts that are none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use autoenroll_model::Sid;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::Table;

/// A kind of thing that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameKind {
    User,
    Computer,
    Principal,
    Group,
    Member,
    Card,
    Ca,
    Root,
    Template,
    Certificate,
    Controller,
    PolicyService,
}

impl NameKind {
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Computer => "computer",
            Self::Principal => "user or computer",
            Self::Group => "group",
            Self::Member => "user, computer or group",
            Self::Card => "card",
            Self::Ca => "CA",
            Self::Root => "CA or extra root",
            Self::Template => "template",
            Self::Certificate => "certificate",
            Self::Controller => "domain controller",
            Self::PolicyService => "policy service",
        }
    }
}

/// The names of a world, by kind, each with the place where it is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorldNames {
    pub(crate) users: NameList,
    pub(crate) computers: NameList,
    pub(crate) groups: NameList,
    pub(crate) cards: NameList,
    pub(crate) cas: NameList,
    pub(crate) extra_roots: NameList,
    pub(crate) policy_services: NameList,
    pub(crate) templates: NameList,
    pub(crate) certificates: NameList,
    pub(crate) requests: NameList,
    pub(crate) controllers: NameList,
    /// Computer and reader.
    pub(crate) readers: Vec<(String, Spanned<String>)>,
    /// Identifiers of users, computers and groups.
    pub(crate) sids: BTreeMap<String, Sid>,
    /// Where the scheduled changes stand, which have no names.
    pub(crate) changes: Vec<Span>,
}

/// Names in the order in which they are given, and found without looking through all of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameList {
    list: Vec<Spanned<String>>,
    known: BTreeSet<String>,
}

impl NameList {
    /// Whether it has that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }
}

impl FromIterator<Spanned<String>> for NameList {
    fn from_iter<I: IntoIterator<Item = Spanned<String>>>(names: I) -> Self {
        let list: Vec<Spanned<String>> = names.into_iter().collect();
        let known = list.iter().map(|name| name.value.clone()).collect();
        Self { list, known }
    }
}

impl Deref for NameList {
    type Target = [Spanned<String>];

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl WorldNames {
    /// Gathers the names of a complete world.
    pub(crate) fn of(world: &Table) -> Self {
        let names = |key: &str| -> NameList {
            world.tables(key).filter_map(|table| Some(table.text("name")?.map(str::to_owned))).collect()
        };
        let inner = |key: &str, of: fn(&Table) -> Vec<Spanned<String>>| {
            let pairs = world.tables(key).filter_map(move |table| {
                let name = table.text("name")?.value.to_owned();
                Some(of(table).into_iter().map(move |inner| (name.clone(), inner)))
            });
            pairs.flatten().collect()
        };
        let nothing = Table::default();
        let domain = world.table("domain").unwrap_or(&nothing);
        let trust = domain.table("trust").unwrap_or(&nothing);
        Self {
            users: names("user"),
            computers: names("computer"),
            groups: names("group"),
            cards: names("card"),
            cas: names("ca"),
            extra_roots: trust.texts("extra-roots").map(|text| text.map(str::to_owned)).collect(),
            policy_services: names("policy-service"),
            templates: names("template"),
            certificates: names("certificate"),
            requests: names("request"),
            controllers: domain.tables("controller").filter_map(|t| Some(t.text("name")?.map(str::to_owned))).collect(),
            readers: inner("computer", |table| table.texts("readers").map(|text| text.map(str::to_owned)).collect()),
            sids: BTreeMap::new(),
            changes: Vec::new(),
        }
    }

    /// Every name of a kind.
    pub(crate) fn all(&self, thing: NameKind) -> impl Iterator<Item = &Spanned<String>> {
        self.lists(thing).into_iter().flat_map(|list| list.iter())
    }

    /// Whether something of that kind has that name.
    pub(crate) fn knows(&self, thing: NameKind, name: &str) -> bool {
        self.lists(thing).into_iter().any(|list| list.has(name))
    }

    fn lists(&self, thing: NameKind) -> impl IntoIterator<Item = &NameList> {
        let lists = match thing {
            NameKind::User => [Some(&self.users), None, None],
            NameKind::Computer => [Some(&self.computers), None, None],
            NameKind::Principal => [Some(&self.users), Some(&self.computers), None],
            NameKind::Group => [Some(&self.groups), None, None],
            NameKind::Member => [Some(&self.users), Some(&self.computers), Some(&self.groups)],
            NameKind::Card => [Some(&self.cards), None, None],
            NameKind::Ca => [Some(&self.cas), None, None],
            NameKind::Root => [Some(&self.cas), Some(&self.extra_roots), None],
            NameKind::Template => [Some(&self.templates), None, None],
            NameKind::Certificate => [Some(&self.certificates), Some(&self.requests), None],
            NameKind::Controller => [Some(&self.controllers), None, None],
            NameKind::PolicyService => [Some(&self.policy_services), None, None],
        };
        lists.into_iter().flatten()
    }

    /// Whether something of that kind has that name; otherwise says so.
    pub(crate) fn has(&self, thing: NameKind, name: Spanned<&str>, found: &mut Diagnostics) -> bool {
        if self.knows(thing, name.value) {
            return true;
        }
        found.push_with(|| unknown(thing.describe(), name, &self.all(thing).collect::<Vec<_>>()));
        false
    }

    /// The only one of a kind, for steps that do not say which; otherwise says that they must.
    pub(crate) fn only(&self, thing: NameKind, key: &str, span: Span, found: &mut Diagnostics) -> Option<String> {
        let mut all = self.all(thing);
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only.value.clone()),
            (None, _) => {
                let message = format!("this world has no {}", thing.describe());
                found.push(Diagnostic::error(Code::UnknownName, message, span));
                None
            }
            (Some(_), Some(_)) => {
                let names: Vec<&str> = self.all(thing).map(|name| name.value.as_str()).collect();
                let message = format!("there is more than one {}; say which with `{key}`", thing.describe());
                let help = format!("there are {}", names.join(", "));
                found.push(Diagnostic::error(Code::MissingKey, message, span).help(help));
                None
            }
        }
    }

    /// Computer and reader of a step or card: both as given, or the only ones there are.
    pub(crate) fn reader(
        &self,
        reader: Option<Spanned<&str>>,
        computer: Option<Spanned<&str>>,
        span: Span,
        found: &mut Diagnostics,
    ) -> Option<(String, String)> {
        if let Some(computer) = computer
            && !self.has(NameKind::Computer, computer, found)
        {
            return None;
        }
        let there = |at: &str| computer.is_none_or(|computer| computer.value == at);
        let candidates = || self.readers.iter().filter(|(at, _)| there(at));
        let Some(reader) = reader else {
            let mut all = candidates();
            return match (all.next(), all.next()) {
                (Some((computer, reader)), None) => Some((computer.clone(), reader.value.clone())),
                (None, _) => {
                    found.push(Diagnostic::error(Code::UnknownName, "this world has no reader", span));
                    None
                }
                _ => {
                    let message = "there is more than one reader; say which with `reader`";
                    found.push(Diagnostic::error(Code::MissingKey, message, span));
                    None
                }
            };
        };
        let mut matching = candidates().filter(|(_, name)| name.value == reader.value);
        match (matching.next(), matching.next()) {
            (Some((computer, reader)), None) => Some((computer.clone(), reader.value.clone())),
            (None, _) => {
                let known: Vec<&Spanned<String>> = candidates().map(|(_, name)| name).collect();
                found.push(unknown("reader", reader, &known));
                None
            }
            _ => {
                let message =
                    format!("more than one computer has a reader `{}`; say which with `computer`", reader.value);
                found.push(Diagnostic::error(Code::MissingKey, message, reader.span));
                None
            }
        }
    }
}

/// Nothing has that name; with the nearest name and where it is given.
pub(crate) fn unknown(what: &str, name: Spanned<&str>, known: &[&Spanned<String>]) -> Diagnostic {
    let message = format!("there is no {what} `{}`", name.value);
    let problem = Diagnostic::error(Code::UnknownName, message, name.span);
    match suggestion(name.value, known.iter().map(|known| known.value.as_str())) {
        Some(suggestion) => {
            let given = known.iter().find(|known| known.value == suggestion).map(|known| known.span);
            let problem = problem.help(format!("did you mean `{suggestion}`?"));
            match given.filter(|span| *span != Span::default()) {
                Some(span) => problem.label(span, "a similar name is given here"),
                None => problem,
            }
        }
        None if known.is_empty() => problem.help("there is none at all"),
        None if known.len() == 1 => problem.help(format!("there is only `{}`", known[0].value)),
        None => {
            let names: Vec<&str> = known.iter().take(12).map(|known| known.value.as_str()).collect();
            problem.help(format!("there are {}{}", names.join(", "), if known.len() > 12 { ", …" } else { "" }))
        }
    }
}
