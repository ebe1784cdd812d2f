//! The fixtures, read once and shared by all scenarios that are checked with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoenroll_model::Oid;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document;
use crate::loader::{LoadError, Loader};
use crate::shape::{CARD_FILE, TEMPLATE_FILE, check_root, check_shape, missing_keys};
use crate::source::{FileId, Files, SourceFile, Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::Table;

/// All fixtures of a [`Loader`], as they were when it was read. Any number of scenarios can be checked with one
/// library, also at the same time: they share its texts, and what is wrong with a fixture is told to each scenario that
/// uses it.
#[derive(Debug)]
pub struct Library {
    files: Arc<[SourceFile]>,
    worlds: FixtureFolder,
    cards: FixtureFolder,
    /// The default templates of Windows Server 2003, and those of later versions.
    templates: [Fixture; 2],
    /// Other files of templates, in the order of their names: the user's own.
    own_templates: Vec<Fixture>,
    oids: Vec<(String, Oid)>,
    /// What is wrong with `oids.toml`.
    oid_problems: Diagnostics,
}

/// The files of default templates.
const GENERATIONS: [&str; 2] = ["win2003", "later"];

/// The fixtures that are told apart by the names of their files.
#[derive(Debug)]
struct FixtureFolder {
    /// What each of them is, for messages.
    what: &'static str,
    /// Where they are below `fixtures/`.
    path: &'static str,
    /// Each fixture by its name, or why it cannot be read.
    fixtures: BTreeMap<String, Result<Fixture, String>>,
}

/// A fixture and what is wrong with its form.
#[derive(Debug, Default)]
struct Fixture {
    root: Table,
    found: Diagnostics,
}

impl Library {
    /// Reads every world, template and kind of card, and the names of object identifiers. Default templates and names
    /// of object identifiers may be missing: nothing can be based on them then.
    #[must_use]
    pub fn read(loader: &dyn Loader) -> Self {
        let mut reader = FixtureReader { loader, files: Vec::new() };
        let worlds = reader.folder("world", "worlds", |root, whole, found| check_root(root, whole, false, found));
        let oids = reader.alone("oids.toml", |_, _, _| {});
        let mut templates = |name: &str| reader.alone(name, |root, _, found| check_shape(&TEMPLATE_FILE, root, found));
        let own = loader.list("templates").into_iter().filter(|name| !GENERATIONS.contains(&name.as_str()));
        let own_templates = own.map(|name| templates(&format!("templates/{name}.toml"))).collect();
        let templates = GENERATIONS.map(|name| templates(&format!("templates/{name}.toml")));
        let cards = reader.folder("kind of card", "cards", |root, whole, found| {
            check_shape(&CARD_FILE, root, found);
            missing_keys(&CARD_FILE, root, whole, found);
        });
        let Fixture { root, found: mut oid_problems } = oids;
        let oids = read_oids(&root, &mut oid_problems);
        Self { files: reader.files.into(), worlds, cards, templates, own_templates, oids, oid_problems }
    }

    /// The text of a scenario, and those of the fixtures.
    pub(crate) fn files_with(&self, files: Files) -> Files {
        files.with_fixtures(Arc::clone(&self.files))
    }

    /// The world of that name.
    pub(crate) fn world(&self, name: Spanned<&str>, found: &mut Diagnostics) -> Option<&Table> {
        self.worlds.named(name, found)
    }

    /// The kind of card of that name.
    pub(crate) fn card(&self, name: Spanned<&str>, found: &mut Diagnostics) -> Option<&Table> {
        self.cards.named(name, found)
    }

    /// Files of the user's own templates.
    pub(crate) fn own_templates(&self, found: &mut Diagnostics) -> Vec<&Table> {
        self.own_templates.iter().for_each(|fixture| found.extend(fixture.found.clone()));
        self.own_templates.iter().map(|fixture| &fixture.root).collect()
    }

    /// The files of default templates: those of Windows Server 2003, and those of later versions.
    pub(crate) fn templates(&self, found: &mut Diagnostics) -> [&Table; 2] {
        self.templates.each_ref().map(|fixture| {
            found.extend(fixture.found.clone());
            &fixture.root
        })
    }

    /// What is wrong with the names of object identifiers.
    pub(crate) fn oid_problems(&self) -> Diagnostics {
        self.oid_problems.clone()
    }

    /// An object identifier, dotted or by its name.
    pub(crate) fn oid(&self, text: Spanned<&str>, found: &mut Diagnostics) -> Option<Oid> {
        if let Ok(oid) = text.value.parse() {
            return Some(oid);
        }
        if let Some((_, oid)) = self.oids.iter().find(|(name, _)| name == text.value) {
            return Some(oid.clone());
        }
        if !text.value.starts_with(|c: char| c.is_ascii_lowercase()) {
            // Reported as malformed by the reader.
            return None;
        }
        let message = format!("there is no object identifier named `{}`", text.value);
        let help = match suggestion(text.value, self.oids.iter().map(|(name, _)| name.as_str())) {
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None => "write the dotted form, or a name of fixtures/oids.toml".to_owned(),
        };
        found.push(Diagnostic::error(Code::UnknownName, message, text.span).help(help));
        None
    }
}

impl FixtureFolder {
    /// The fixture of that name. Without one, the problem is reported at the name.
    fn named(&self, name: Spanned<&str>, found: &mut Diagnostics) -> Option<&Table> {
        let Self { what, path, fixtures } = self;
        match fixtures.get(name.value) {
            Some(Ok(fixture)) => {
                if fixture.found.has_errors() {
                    let message = format!("the {what} `{}` is broken itself", name.value);
                    found.push(Diagnostic::error(Code::BrokenFixture, message, name.span));
                }
                found.extend(fixture.found.clone());
                Some(&fixture.root)
            }
            Some(Err(reason)) => {
                let message = unreadable(&format!("{path}/{}.toml", name.value), reason);
                found.push(Diagnostic::error(Code::Unreadable, message, name.span));
                None
            }
            None => {
                let known: Vec<&str> = fixtures.keys().map(String::as_str).collect();
                let help = match suggestion(name.value, known.iter().copied()) {
                    Some(suggestion) => format!("did you mean `{suggestion}`?"),
                    None if known.is_empty() => format!("there are no files in fixtures/{path}"),
                    None => format!("there are {}", known.join(", ")),
                };
                let message = format!("there is no {what} `{}`", name.value);
                found.push(Diagnostic::error(Code::UnknownFixture, message, name.span).help(help));
                None
            }
        }
    }
}

/// A library in the making.
struct FixtureReader<'a> {
    loader: &'a dyn Loader,
    files: Vec<SourceFile>,
}

impl FixtureReader<'_> {
    /// All files of a folder.
    fn folder(
        &mut self,
        what: &'static str,
        path: &'static str,
        form: impl Fn(&Table, Span, &mut Diagnostics),
    ) -> FixtureFolder {
        let mut fixtures = BTreeMap::new();
        for name in self.loader.list(path) {
            let file = format!("{path}/{name}.toml");
            match self.loader.load(&file) {
                Ok(text) => drop(fixtures.insert(name, Ok(self.put(&file, text, &form)))),
                Err(LoadError::Unreadable { reason }) => drop(fixtures.insert(name, Err(reason))),
                // It was deleted after it was listed.
                Err(LoadError::Missing) => {}
            }
        }
        FixtureFolder { what, path, fixtures }
    }

    /// A file that no scenario names; empty when it is missing.
    fn alone(&mut self, path: &str, form: impl Fn(&Table, Span, &mut Diagnostics)) -> Fixture {
        match self.loader.load(path) {
            Ok(text) => self.put(path, text, form),
            Err(LoadError::Missing) => Fixture::default(),
            Err(LoadError::Unreadable { reason }) => {
                let mut fixture = self.put(path, String::new(), |_, _, _| {});
                let span = Span { file: FileId::fixture(self.files.len() - 1), start: 0, end: 0 };
                fixture.found.push(Diagnostic::error(Code::Unreadable, unreadable(path, &reason), span));
                fixture
            }
        }
    }

    fn put(&mut self, path: &str, text: String, form: impl Fn(&Table, Span, &mut Diagnostics)) -> Fixture {
        let mut found = Diagnostics::new();
        let root = document::tree(FileId::fixture(self.files.len()), &text, form, &mut found);
        self.files.push(SourceFile { name: format!("fixtures/{path}"), text });
        Fixture { root, found }
    }
}

fn unreadable(path: &str, reason: &str) -> String {
    format!("fixtures/{path} cannot be read: {reason}")
}

fn read_oids(root: &Table, found: &mut Diagnostics) -> Vec<(String, Oid)> {
    let mut names = Vec::new();
    for entry in root.0.iter().filter_map(|table| table.node.as_table()).flat_map(|table| &table.0) {
        let Some(dotted) = entry.node.as_text() else { continue };
        match dotted.parse() {
            Ok(oid) => names.push((entry.key.value.clone(), oid)),
            Err(error) => found.push(Diagnostic::error(Code::Malformed, format!("{error}"), entry.node.span)),
        }
    }
    names
}
