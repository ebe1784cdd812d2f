//! Every name of a world, and messages for texts that are none.

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
    pub(crate) users: Vec<Spanned<String>>,
    pub(crate) computers: Vec<Spanned<String>>,
    pub(crate) groups: Vec<Spanned<String>>,
    pub(crate) cards: Vec<Spanned<String>>,
    pub(crate) cas: Vec<Spanned<String>>,
    pub(crate) extra_roots: Vec<Spanned<String>>,
    pub(crate) policy_services: Vec<Spanned<String>>,
    pub(crate) templates: Vec<Spanned<String>>,
    pub(crate) certificates: Vec<Spanned<String>>,
    pub(crate) requests: Vec<Spanned<String>>,
    pub(crate) controllers: Vec<Spanned<String>>,
    /// Computer and reader.
    pub(crate) readers: Vec<(String, Spanned<String>)>,
    /// Card and container.
    pub(crate) containers: Vec<(String, Spanned<String>)>,
    /// Identifiers of users, computers and groups.
    pub(crate) sids: Vec<(String, Sid)>,
    /// Where the scheduled changes stand, which have no names.
    pub(crate) changes: Vec<Span>,
}

impl WorldNames {
    /// Gathers the names of a complete world.
    pub(crate) fn of(world: &Table) -> Self {
        let names = |key: &str| -> Vec<Spanned<String>> {
            world.tables(key).filter_map(|table| Some(table.text("name")?.map(str::to_owned))).collect()
        };
        let inner = |key: &str, of: fn(&Table) -> Vec<Spanned<String>>| {
            let pairs = world.tables(key).filter_map(move |table| {
                let name = table.text("name")?.value.to_owned();
                Some(of(table).into_iter().map(move |inner| (name.clone(), inner)))
            });
            pairs.flatten().collect()
        };
        let domain = world.table("domain").cloned().unwrap_or_default();
        let trust = domain.table("trust").cloned().unwrap_or_default();
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
            containers: inner("card", |table| {
                table.tables("container").filter_map(|inner| Some(inner.text("name")?.map(str::to_owned))).collect()
            }),
            sids: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Every name of a kind.
    pub(crate) fn all(&self, thing: NameKind) -> Vec<&Spanned<String>> {
        let lists: &[&Vec<Spanned<String>>] = match thing {
            NameKind::User => &[&self.users],
            NameKind::Computer => &[&self.computers],
            NameKind::Principal => &[&self.users, &self.computers],
            NameKind::Group => &[&self.groups],
            NameKind::Member => &[&self.users, &self.computers, &self.groups],
            NameKind::Card => &[&self.cards],
            NameKind::Ca => &[&self.cas],
            NameKind::Root => &[&self.cas, &self.extra_roots],
            NameKind::Template => &[&self.templates],
            NameKind::Certificate => &[&self.certificates, &self.requests],
            NameKind::Controller => &[&self.controllers],
            NameKind::PolicyService => &[&self.policy_services],
        };
        lists.iter().flat_map(|list| list.iter()).collect()
    }

    /// Whether something of that kind has that name; otherwise says so.
    pub(crate) fn has(&self, thing: NameKind, name: Spanned<&str>, found: &mut Diagnostics) -> bool {
        let all = self.all(thing);
        if all.iter().any(|known| known.value == name.value) {
            return true;
        }
        found.push(unknown(thing.describe(), name, &all));
        false
    }

    /// The only one of a kind, for steps that do not say which; otherwise says that they must.
    pub(crate) fn only(&self, thing: NameKind, key: &str, span: Span, found: &mut Diagnostics) -> Option<String> {
        match self.all(thing).as_slice() {
            [only] => Some(only.value.clone()),
            [] => {
                let message = format!("this world has no {}", thing.describe());
                found.push(Diagnostic::error(Code::UnknownName, message, span));
                None
            }
            several => {
                let names: Vec<&str> = several.iter().map(|name| name.value.as_str()).collect();
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
        let candidates: Vec<&(String, Spanned<String>)> = self.readers.iter().filter(|(at, _)| there(at)).collect();
        let Some(reader) = reader else {
            return match candidates.as_slice() {
                [(computer, reader)] => Some((computer.clone(), reader.value.clone())),
                [] => {
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
        let matching: Vec<_> = candidates.iter().filter(|(_, name)| name.value == reader.value).collect();
        match matching.as_slice() {
            [(computer, reader)] => Some((computer.clone(), reader.value.clone())),
            [] => {
                let known: Vec<&Spanned<String>> = candidates.iter().map(|(_, name)| name).collect();
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
