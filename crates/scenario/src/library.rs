//! The fixtures, read once and shared by all scenarios that are checked with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use autoenroll_model::Oid;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document;
use crate::document::Parsed;
use crate::loader::{LoadError, Loader};
use crate::shape::{CARD_FILE, TEMPLATE_FILE, check_root, check_shape, missing_keys};
use crate::source::{FileId, Files, SourceFile, Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::{Entry, Table, Value};

/// All fixtures of a [`Loader`], as they were when it was read. Any number of scenarios can be checked with one
/// library, also at the same time: they share its texts, and what is wrong with a fixture is told to each scenario that
/// uses it. The text of a fixture is looked into when the first of them does.
#[derive(Debug)]
pub struct Library {
    files: Arc<[SourceFile]>,
    worlds: FixtureFolder,
    cards: FixtureFolder,
    /// The default templates of Windows Server 2003, and those of later versions.
    templates: [Fixture; 2],
    /// Other files of templates, in the order of their names: the user's own.
    own_templates: Vec<Fixture>,
    oids: Fixture,
    /// What `oids.toml` says.
    oid_names: OnceLock<OidNames>,
    /// The providers that default templates and the user's own list.
    default_providers: OnceLock<BTreeSet<String>>,
    /// Worlds with everything that the worlds they extend have, where nothing is wrong with them.
    complete_worlds: BTreeMap<String, OnceLock<Option<Table>>>,
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

/// A fixture.
#[derive(Debug)]
struct Fixture {
    /// The number of its text; `None` where there is no such file.
    file: Option<usize>,
    form: Form,
    content: OnceLock<Content>,
}

/// What a fixture says and what is wrong with its form.
#[derive(Debug, Default)]
struct Content {
    root: Table,
    found: Diagnostics,
}

/// What form a fixture has to have.
#[derive(Clone, Copy, Debug)]
enum Form {
    World,
    Card,
    Templates,
    Oids,
}

/// Names of object identifiers, and what is wrong with them.
#[derive(Debug)]
struct OidNames {
    names: Vec<(String, Oid)>,
    found: Diagnostics,
}

impl Library {
    /// Reads every world, template and kind of card, and the names of object identifiers. Default templates and names
    /// of object identifiers may be missing: nothing can be based on them then.
    #[must_use]
    pub fn read(loader: &dyn Loader) -> Self {
        let mut reader = FixtureReader { loader, files: Vec::new() };
        let worlds = reader.folder("world", "worlds", Form::World);
        let oids = reader.alone("oids.toml", Form::Oids);
        let own = loader.list("templates").into_iter().filter(|name| !GENERATIONS.contains(&name.as_str()));
        let mut templates = |name: &str| reader.alone(&format!("templates/{name}.toml"), Form::Templates);
        let own_templates = own.map(|name| templates(&name)).collect();
        let templates = GENERATIONS.map(templates);
        let cards = reader.folder("kind of card", "cards", Form::Card);
        let complete_worlds = worlds.fixtures.keys().map(|name| (name.clone(), OnceLock::new())).collect();
        Self {
            files: reader.files.into(),
            worlds,
            cards,
            templates,
            own_templates,
            oids,
            oid_names: OnceLock::new(),
            default_providers: OnceLock::new(),
            complete_worlds,
        }
    }

    /// The text of a scenario, and those of the fixtures.
    pub(crate) fn files_with(&self, files: Files) -> Files {
        files.with_fixtures(Arc::clone(&self.files))
    }

    /// The world of that name.
    pub(crate) fn world(&self, name: Spanned<&str>, found: &mut Diagnostics) -> Option<&Table> {
        self.worlds.named(name, &self.files, found)
    }

    /// The kind of card of that name.
    pub(crate) fn card(&self, name: Spanned<&str>, found: &mut Diagnostics) -> Option<&Table> {
        self.cards.named(name, &self.files, found)
    }

    /// A world with everything that the worlds it extends have, as `complete` makes it for the first who asks; `None`
    /// where there is no such world, or something is wrong with it.
    pub(crate) fn complete_world(&self, name: &str, complete: impl FnOnce() -> Option<Table>) -> Option<&Table> {
        self.complete_worlds.get(name)?.get_or_init(complete).as_ref()
    }

    /// Files of the user's own templates.
    pub(crate) fn own_templates(&self, found: &mut Diagnostics) -> Vec<&Table> {
        self.own_templates.iter().map(|fixture| self.used(fixture, found)).collect()
    }

    /// The files of default templates: those of Windows Server 2003, and those of later versions.
    pub(crate) fn templates(&self, found: &mut Diagnostics) -> [&Table; 2] {
        self.templates.each_ref().map(|fixture| self.used(fixture, found))
    }

    fn used<'a>(&self, fixture: &'a Fixture, found: &mut Diagnostics) -> &'a Table {
        let content = fixture.content(&self.files);
        found.extend(content.found.clone());
        &content.root
    }

    /// Every world that can be read, with its file.
    pub(crate) fn world_files(&self) -> impl Iterator<Item = (&str, FileId)> {
        self.worlds.files()
    }

    /// Every kind of card that can be read, with its file.
    pub(crate) fn card_files(&self) -> impl Iterator<Item = (&str, FileId)> {
        self.cards.files()
    }

    /// All files of templates, as they are written.
    pub(crate) fn all_templates(&self) -> impl Iterator<Item = &Table> {
        self.templates.iter().chain(&self.own_templates).map(|fixture| &fixture.content(&self.files).root)
    }

    /// The names of object identifiers, as they are written.
    pub(crate) fn oid_entries(&self) -> impl Iterator<Item = &Entry> {
        let tables = self.oids.content(&self.files).root.0.iter().filter_map(|table| table.node.as_table());
        tables.flat_map(|table| &table.0)
    }

    /// The providers that default templates and the user's own list.
    pub(crate) fn default_providers(&self) -> &BTreeSet<String> {
        self.default_providers.get_or_init(|| {
            let files = self.templates.iter().chain(&self.own_templates).map(|fixture| fixture.content(&self.files));
            let templates = files.flat_map(|content| content.root.tables("template"));
            templates.flat_map(|template| template.texts("providers")).map(|name| name.value.to_owned()).collect()
        })
    }

    /// What is wrong with the names of object identifiers.
    pub(crate) fn oid_problems(&self) -> Diagnostics {
        self.oid_names().found.clone()
    }

    fn oid_names(&self) -> &OidNames {
        self.oid_names.get_or_init(|| {
            let Content { root, found } = self.oids.content(&self.files);
            let mut found = found.clone();
            OidNames { names: read_oids(root, &mut found), found }
        })
    }

    /// An object identifier, dotted or by its name.
    pub(crate) fn oid(&self, text: Spanned<&str>, found: &mut Diagnostics) -> Option<Oid> {
        if let Ok(oid) = text.value.parse() {
            return Some(oid);
        }
        let names = &self.oid_names().names;
        if let Some((_, oid)) = names.iter().find(|(name, _)| name == text.value) {
            return Some(oid.clone());
        }
        if !text.value.starts_with(|c: char| c.is_ascii_lowercase()) {
            // Reported as malformed by the reader.
            return None;
        }
        let message = format!("there is no object identifier named `{}`", text.value);
        let help = match suggestion(text.value, names.iter().map(|(name, _)| name.as_str())) {
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None => "write the dotted form, or a name of fixtures/oids.toml".to_owned(),
        };
        found.push(Diagnostic::error(Code::UnknownName, message, text.span).help(help));
        None
    }
}

/// What is wrong with a file of a kind of card or of templates; `None` for a file of another kind. A scenario that uses
/// it is told the same.
#[must_use]
pub fn check_fixture(parsed: &Parsed) -> Option<Diagnostics> {
    let form = Form::of(&parsed.root)?;
    let mut found = Diagnostics::new();
    document::tree(
        FileId::OWN,
        parsed.files.text(FileId::OWN),
        |root, whole, found| form.check(root, whole, found),
        &mut found,
    );
    found.sort();
    Some(found)
}

impl FixtureFolder {
    /// Those that can be read, each with its file.
    fn files(&self) -> impl Iterator<Item = (&str, FileId)> {
        let file = |fixture: &Result<Fixture, String>| Some(FileId::fixture(fixture.as_ref().ok()?.file?));
        self.fixtures.iter().filter_map(move |(name, fixture)| Some((name.as_str(), file(fixture)?)))
    }

    /// The fixture of that name. Without one, the problem is reported at the name.
    fn named<'a>(&'a self, name: Spanned<&str>, files: &[SourceFile], found: &mut Diagnostics) -> Option<&'a Table> {
        let Self { what, path, fixtures } = self;
        match fixtures.get(name.value) {
            Some(Ok(fixture)) => {
                let content = fixture.content(files);
                if content.found.has_errors() {
                    let message = format!("the {what} `{}` is broken itself", name.value);
                    found.push(Diagnostic::error(Code::BrokenFixture, message, name.span));
                }
                found.extend(content.found.clone());
                Some(&content.root)
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

impl Fixture {
    /// What it says, among these files.
    fn content(&self, files: &[SourceFile]) -> &Content {
        self.content.get_or_init(|| {
            let Some((number, file)) = self.file.and_then(|number| Some((number, files.get(number)?))) else {
                return Content::default();
            };
            let mut found = Diagnostics::new();
            let form = |root: &Table, whole, found: &mut Diagnostics| self.form.check(root, whole, found);
            let root = document::tree(FileId::fixture(number), &file.text, form, &mut found);
            Content { root, found }
        })
    }
}

impl Form {
    /// That of a file that is no scenario and no world.
    fn of(root: &Table) -> Option<Self> {
        let is_list = |key: &str| root.get(key).is_some_and(|node| matches!(node.value, Value::List(_)));
        match root.get("scenario") {
            Some(_) => None,
            None if root.get("atr").is_some() => Some(Self::Card),
            None if is_list("template") => Some(Self::Templates),
            None => None,
        }
    }

    fn check(self, root: &Table, whole: Span, found: &mut Diagnostics) {
        match self {
            Self::World => check_root(root, whole, false, found),
            Self::Card => {
                check_shape(&CARD_FILE, root, found);
                missing_keys(&CARD_FILE, root, whole, found);
            }
            Self::Templates => check_shape(&TEMPLATE_FILE, root, found),
            Self::Oids => {}
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
    fn folder(&mut self, what: &'static str, path: &'static str, form: Form) -> FixtureFolder {
        let mut fixtures = BTreeMap::new();
        for name in self.loader.list(path) {
            let file = format!("{path}/{name}.toml");
            match self.loader.load(&file) {
                Ok(text) => drop(fixtures.insert(name, Ok(self.put(&file, text, form)))),
                Err(LoadError::Unreadable { reason }) => drop(fixtures.insert(name, Err(reason))),
                // It was deleted after it was listed.
                Err(LoadError::Missing) => {}
            }
        }
        FixtureFolder { what, path, fixtures }
    }

    /// A file that no scenario names; empty when it is missing.
    fn alone(&mut self, path: &str, form: Form) -> Fixture {
        match self.loader.load(path) {
            Ok(text) => self.put(path, text, form),
            Err(LoadError::Missing) => Fixture { file: None, form, content: OnceLock::new() },
            Err(LoadError::Unreadable { reason }) => {
                let fixture = self.put(path, String::new(), form);
                let span = Span { file: FileId::fixture(self.files.len() - 1), start: 0, end: 0 };
                let found = [Diagnostic::error(Code::Unreadable, unreadable(path, &reason), span)];
                let content = Content { root: Table::default(), found: found.into_iter().collect() };
                Fixture { content: OnceLock::from(content), ..fixture }
            }
        }
    }

    fn put(&mut self, path: &str, text: String, form: Form) -> Fixture {
        self.files.push(SourceFile { name: format!("fixtures/{path}"), text });
        Fixture { file: Some(self.files.len() - 1), form, content: OnceLock::new() }
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
