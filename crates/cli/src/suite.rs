//! Which scenarios are meant, and where their text and fixtures come from.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use autoenroll_model::{Profile, UnknownWord, WindowsVersion};
use autoenroll_scenario::{
    Checked, Instead, Library, LoadError, Loader, MAX_BYTES, Scenario, check_under, is_scenario_or_fixture,
};

use crate::arguments::Selection;
use crate::catalogue::Catalogue;
use crate::console::one_line;
use crate::{Failure, embedded, outline, parallel};

/// Endings of scenario files.
const ENDINGS: &[&str] = &["toml", "json"];
/// How deep directories are searched.
const MOST_DEPTH: usize = 32;

/// A story that can be played: a scenario, or one variant of it.
#[derive(Clone, Debug)]
pub struct Story {
    /// The name of the scenario, with the variant in brackets where there are several.
    pub name: String,
    /// The variant, where there are several.
    pub variant: Option<String>,
    /// What it shows, in one line.
    pub title: String,
    /// The profile it is played under.
    pub profile: String,
    /// The requirements it shows.
    pub covers: Vec<String>,
    /// The file it came from.
    pub(crate) source: Source,
    /// The story itself.
    pub scenario: Scenario,
}

/// The stories of the whole suite, sorted by name.
///
/// # Errors
/// When one of them, or a fixture, has errors: a fault of this program.
pub fn suite() -> Result<Vec<Story>, String> {
    good_stories(&Selection::default(), None).map_err(|failure| failure.to_string())
}

/// The scenario of the suite with that name, and the variant in brackets where it has several.
///
/// # Errors
/// When there is none of that name, or it has errors.
pub fn story(name: &str) -> Result<Story, String> {
    one(name, None, None, None).map_err(|failure| failure.to_string())
}

/// What is selected when files of it have errors: nothing of it is played.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    /// The files with errors, by the names of their scenarios.
    pub(crate) files: Vec<(String, Checked)>,
    /// The stories of the other files.
    pub(crate) others: Vec<Story>,
}

/// One of what is not played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unplayed<'a> {
    /// A file with errors, by the name of its scenario.
    Broken(&'a str, &'a Checked),
    /// Nothing is wrong with it.
    Fine(&'a Story),
}

/// Why a story in which nothing is wrong is not played.
pub(crate) const NOT_RUN: &str = "not run: another file has errors";

impl Broken {
    /// Everything that is selected, in the order of the scenarios' names.
    pub(crate) fn in_order(&self) -> Vec<Unplayed<'_>> {
        let files = self.files.iter().map(|(name, checked)| (name, Unplayed::Broken(name, checked)));
        let others = self.others.iter().map(|story| (&story.source.name, Unplayed::Fine(story)));
        let mut all: Vec<(&String, Unplayed<'_>)> = files.chain(others).collect();
        all.sort_by_key(|(name, _)| *name);
        all.into_iter().map(|(_, one)| one).collect()
    }
}

/// The stories that the arguments name, under another profile where one is given; or the files that have errors.
///
/// # Errors
/// When a name is none, a file cannot be read, or nothing is left.
pub(crate) fn stories(selection: &Selection, profile: Option<&str>) -> Result<Result<Vec<Story>, Broken>, Failure> {
    stories_with(selection, &instead(profile, None)?)
}

/// What stands in place of what the files name.
///
/// # Errors
/// When there is no such profile.
pub(crate) fn instead(profile: Option<&str>, world: Option<&str>) -> Result<Instead, Failure> {
    Ok(Instead { profile: profile.map(named_profile).transpose()?, world: world.map(str::to_owned) })
}

/// The stories that the arguments name, with other things in place of what the files name.
fn stories_with(selection: &Selection, instead: &Instead) -> Result<Result<Vec<Story>, Broken>, Failure> {
    let catalogue = Catalogue::embedded();
    let library = Library::read(&Fixtures::of(selection)?);
    let (mut stories, mut files) = (Vec::new(), Vec::new());
    let sources = select(selection)?;
    let work = |source: &Source| check_under(instead, &source.path, &source.bytes, &library, catalogue);
    parallel::in_order(&sources, parallel::jobs(None), work, |at, checked| {
        let source = &sources[at];
        let checked =
            checked.map_err(|panic| Failure::Bench(format!("{}: the bench panicked: {panic}", source.path)))?;
        if checked.found.has_errors() {
            files.push((source.name.clone(), checked));
        } else {
            source.has_all_wanted(checked.scenarios.iter().filter_map(|scenario| scenario.variant.as_deref()))?;
            let scenarios = checked.scenarios.into_iter().filter(|scenario| source.wants(scenario.variant.as_deref()));
            stories.extend(scenarios.map(|scenario| Story::new(source, scenario)));
        }
        Ok::<(), Failure>(())
    })?;
    Ok(if files.is_empty() { Ok(stories) } else { Err(Broken { files, others: stories }) })
}

/// As [`stories`], for commands that cannot do anything with broken files.
///
/// # Errors
/// Also when a file has errors.
pub(crate) fn good_stories(selection: &Selection, profile: Option<&str>) -> Result<Vec<Story>, Failure> {
    good_stories_with(selection, &instead(profile, None)?)
}

fn good_stories_with(selection: &Selection, instead: &Instead) -> Result<Vec<Story>, Failure> {
    stories_with(selection, instead)?.map_err(|Broken { files, .. }| {
        let problems: String = files.iter().map(|(_, checked)| checked.found.render(&checked.files, false)).collect();
        Failure::Usage(format!("files have errors\n\n{}", problems.trim_end()))
    })
}

/// What a list says about a story; as [`Story`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) profile: String,
    pub(crate) covers: Vec<String>,
}

impl From<Story> for Listed {
    fn from(story: Story) -> Self {
        let Story { name, title, profile, covers, .. } = story;
        Self { name, title, profile, covers }
    }
}

/// The stories that the arguments name, for lists. Those of the suite are not read: nothing is wrong with them, unless
/// it is with fixtures that are not its own.
///
/// # Errors
/// As [`good_stories`].
pub(crate) fn listed(selection: &Selection) -> Result<Vec<Listed>, Failure> {
    let sources = select(selection)?;
    let inside = |source: &Source| source.file.is_none().then(|| outline::of(&source.path)).flatten();
    let outlines: Option<Vec<_>> = sources.iter().map(|source| Some((source, inside(source)?))).collect();
    let Some(outlines) = outlines.filter(|_| selection.fixtures.is_none()) else {
        return Ok(good_stories(selection, None)?.into_iter().map(Listed::from).collect());
    };
    let mut listed = Vec::new();
    for (source, outline) in outlines {
        let stories = outline.stories();
        source.has_all_wanted(stories.iter().filter_map(|(variant, _)| *variant))?;
        listed.extend(stories.into_iter().filter(|(variant, _)| source.wants(*variant)).map(|(variant, profile)| {
            Listed {
                name: story_name(source, variant),
                title: outline.title.to_owned(),
                profile: profile.unwrap_or(Profile::NAMES[0]).to_owned(),
                covers: outline.covers.iter().map(|id| (*id).to_owned()).collect(),
            }
        }));
    }
    Ok(listed)
}

/// The name of the scenario, with the variant in brackets where there are several.
fn story_name(source: &Source, variant: Option<&str>) -> String {
    variant.map_or_else(|| source.name.clone(), |variant| format!("{}[{variant}]", source.name))
}

/// The one story that a command is about, in one of its variants.
///
/// # Errors
/// As [`good_stories`]; also when the name means several stories, or there is no such variant.
pub(crate) fn one(
    scenario: &str,
    variant: Option<&str>,
    fixtures: Option<&Path>,
    profile: Option<&str>,
) -> Result<Story, Failure> {
    one_with(scenario, variant, fixtures, &instead(profile, None)?)
}

/// As [`one`], with other things in place of what the file names.
///
/// # Errors
/// As [`one`].
pub(crate) fn one_with(
    scenario: &str,
    variant: Option<&str>,
    fixtures: Option<&Path>,
    instead: &Instead,
) -> Result<Story, Failure> {
    let selection = Selection {
        scenarios: vec![scenario.to_owned()],
        fixtures: fixtures.map(Path::to_owned),
        ..Selection::default()
    };
    let stories = good_stories_with(&selection, instead)?;
    let names = |stories: &[Story]| stories.iter().map(|story| story.name.clone()).collect::<Vec<_>>().join(", ");
    let (mut meant, others): (Vec<Story>, Vec<Story>) =
        stories.into_iter().partition(|story| variant.is_none() || story.variant.as_deref() == variant);
    match (meant.pop(), meant.as_slice()) {
        (Some(story), []) => Ok(story),
        (None, _) => Err(Failure::Usage(format!("there is no such variant; there are {}", names(&others)))),
        (Some(last), _) => {
            meant.push(last);
            Err(Failure::Usage(format!("say which one: {}", names(&meant))))
        }
    }
}

pub(crate) fn named_profile(name: &str) -> Result<WindowsVersion, Failure> {
    let unknown = |_| format!("there is no profile `{name}`; there are {}", Profile::NAMES.join(", "));
    name.parse().map_err(|error: UnknownWord| Failure::Usage(unknown(error)))
}

impl Story {
    fn new(source: &Source, scenario: Scenario) -> Self {
        let about = &scenario.document.about;
        let variant = scenario.variant.clone();
        Self {
            name: story_name(source, variant.as_deref()),
            variant,
            title: about.title.value.clone(),
            profile: scenario.spec.profile.name.clone(),
            covers: about.covers.iter().map(|id| id.value.clone()).collect(),
            source: source.clone(),
            scenario,
        }
    }

    /// The file that it came from, in the common layout where it has one.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let Source { path, bytes, .. } = &self.source;
        autoenroll_scenario::format(path, bytes).map_or_else(|_| bytes.to_vec(), String::into_bytes)
    }

    /// What names it on a command line: its file or its name in the suite, with the variant in brackets where there are
    /// several; in quotes where a shell wants them.
    pub(crate) fn argument(&self) -> String {
        let name = match &self.variant {
            Some(variant) if self.source.file.is_some() => format!("{}[{variant}]", self.source.path),
            None if self.source.file.is_some() => self.source.path.clone(),
            _ => self.name.clone(),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        if name.bytes().all(is_plain) { name } else { format!("'{}'", name.replace('\'', r"'\''")) }
    }
}

/// A scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The name of the scenario: its path without ending.
    pub(crate) name: String,
    /// The path, for messages.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// The file on disk; `None` inside this program. Its name need not be a text.
    pub(crate) file: Option<PathBuf>,
    /// The variants that are meant; `None` means all.
    pub(crate) variants: Option<BTreeSet<String>>,
}

impl Source {
    /// A file that is nowhere, by its name and its text.
    pub(crate) fn of_text(name: &str, text: String) -> Self {
        Self {
            name: name.to_owned(),
            path: name.to_owned(),
            bytes: Cow::Owned(text.into_bytes()),
            file: None,
            variants: None,
        }
    }

    fn wants(&self, variant: Option<&str>) -> bool {
        match (&self.variants, variant) {
            (Some(variants), Some(variant)) => variants.contains(variant),
            (Some(_), None) => false,
            (None, _) => true,
        }
    }

    /// Whether each of the variants that are meant is one of these.
    fn has_all_wanted<'a>(&self, known: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        let known: Vec<&str> = known.collect();
        let missing = self.variants.iter().flatten().find(|variant| !known.contains(&variant.as_str()));
        let there_are = match known.as_slice() {
            [] => "it has no variants".to_owned(),
            some => format!("it has {}", some.join(", ")),
        };
        match missing {
            Some(variant) => Err(Failure::Usage(format!("{} has no variant `{variant}`; {there_are}", self.name))),
            None => Ok(()),
        }
    }

    /// Named twice, it is meant with the variants of both; named once without any, it is meant as a whole.
    fn also(&mut self, before: &Self) {
        self.variants = match (self.variants.take(), &before.variants) {
            (Some(own), Some(others)) => Some(own.union(others).cloned().collect()),
            _ => None,
        };
    }
}

/// The scenarios that the arguments name, sorted by name, each once.
///
/// # Errors
/// When a name is none, a file cannot be read, or nothing is left.
pub(crate) fn select(selection: &Selection) -> Result<Vec<Source>, Failure> {
    let mut chosen: BTreeMap<(String, Option<PathBuf>, String), Source> = BTreeMap::new();
    let mut choose = |mut source: Source| {
        let key = (source.name.clone(), source.file.clone(), source.path.clone());
        if let Some(before) = chosen.get(&key) {
            source.also(before);
        }
        chosen.insert(key, source)
    };
    if selection.scenarios.is_empty() {
        embedded_sources().for_each(|source| drop(choose(source)));
    }
    for argument in &selection.scenarios {
        for source in named(argument)? {
            choose(source);
        }
    }
    let mut chosen: Vec<Source> = chosen.into_values().collect();
    tell_apart(&mut chosen);
    chosen.retain(|source| wanted(&source.name, &selection.filter));
    if chosen.is_empty() {
        return Err(Failure::Usage("no scenario is selected; `autoenroll list` lists those of the suite".to_owned()));
    }
    Ok(chosen)
}

/// `a.toml` and `a.json` are two scenarios, and so are a file and a scenario of the suite by one name: the files are
/// called by their whole path then.
fn tell_apart(sources: &mut [Source]) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for source in sources.iter() {
        *names.entry(source.name.clone()).or_default() += 1;
    }
    for source in sources.iter_mut().filter(|source| source.file.is_some() && names[&source.name] > 1) {
        source.name.clone_from(&source.path);
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
}

fn wanted(name: &str, filters: &[String]) -> bool {
    filters.is_empty() || filters.iter().any(|text| name.contains(text.as_str()))
}

/// What one argument names: a file, all files below a directory, or scenarios of the suite; one file or scenario also
/// with a variant in brackets, as `autoenroll list` prints it.
pub(crate) fn named(argument: &str) -> Result<Vec<Source>, Failure> {
    let (name, variant) = match argument.strip_suffix(']').and_then(|text| text.rsplit_once('[')) {
        Some((name, variant)) if !Path::new(argument).exists() => (name, Some(variant)),
        _ => (argument, None),
    };
    let mut sources = whole(name)?;
    match (variant, sources.as_mut_slice()) {
        (None, _) => {}
        (Some(variant), [source]) => source.variants = Some(BTreeSet::from([variant.to_owned()])),
        (Some(_), several) => {
            let names: Vec<&str> = several.iter().map(|source| source.name.as_str()).collect();
            return Err(Failure::Usage(format!("say which one `{name}` is: {}", names.join(", "))));
        }
    }
    Ok(sources)
}

/// What an argument without a variant names.
fn whole(argument: &str) -> Result<Vec<Source>, Failure> {
    let path = Path::new(argument);
    if path.is_dir() {
        let mut paths = Vec::new();
        list(path, 0, &mut paths)?;
        paths.sort();
        return paths.iter().map(|path| from_disk(path)).collect();
    }
    if path.exists() {
        return Ok(vec![own_language(from_disk(path)?)?]);
    }
    let found: Vec<Source> = embedded_sources().filter(|source| source.name.starts_with(argument)).collect();
    // A full name means that scenario alone, even where another one's name goes on after it.
    if let Some(exact) = found.iter().find(|source| source.name == argument) {
        return Ok(vec![exact.clone()]);
    }
    match with_ending(argument) {
        Some(path) => Ok(vec![own_language(from_disk(&path)?)?]),
        None if found.is_empty() => Err(Failure::Usage(format!(
            "there is no file `{argument}` and no scenario whose name begins so; {}",
            nearest(argument).unwrap_or_else(|| "`autoenroll list` lists the suite".to_owned())
        ))),
        None => Ok(found),
    }
}

/// The file, unless it is one of other people's programs.
fn own_language(source: Source) -> Result<Source, Failure> {
    no_export(&source.path, &source.bytes).map(|()| source)
}

/// A file that `import` reads is no scenario with a hundred mistakes.
///
/// # Errors
/// When it is one.
pub(crate) fn no_export(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let what = match autoenroll_import::Format::of(bytes) {
        Some(format) => format.name(),
        None if autoenroll_import::policy_file(name, bytes, None).is_some() => "a report of Group Policy",
        None => return Ok(()),
    };
    // A text of a scenario may quote any of them.
    if is_scenario_or_fixture(bytes) {
        return Ok(());
    }
    Err(Failure::Usage(format!("{name} is no scenario: it looks like {what}; `autoenroll import` makes a world of it")))
}

/// The file that an argument names without its ending.
fn with_ending(argument: &str) -> Option<PathBuf> {
    let files = ENDINGS.iter().map(|ending| PathBuf::from(format!("{argument}.{ending}")));
    files.filter(|_| !argument.is_empty() && !argument.ends_with(['/', '\\'])).find(|path| path.is_file())
}

/// What a name that is none may mean: a file beside it, or a scenario of the suite, by its whole name or its last part.
fn nearest(argument: &str) -> Option<String> {
    let asked = Path::new(argument);
    let folder = asked.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut files: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| ENDINGS.iter().any(|ending| found == *ending)));
    let mut names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    names.iter_mut().for_each(|name| *name = name.trim_start_matches("./").to_owned());
    names.sort();
    let suite: Vec<String> = embedded_sources().map(|source| source.name).collect();
    let ends: Vec<&str> = suite.iter().filter_map(|name| name.rsplit('/').next()).collect();
    let near =
        |names: &mut dyn Iterator<Item = &str>| autoenroll_scenario::suggestion(argument, names).map(str::to_owned);
    let by_end = || {
        let end = ends.iter().find(|end| **end == argument).map(|end| (*end).to_owned());
        let end = end.or_else(|| near(&mut ends.iter().copied()))?;
        suite.iter().find(|name| name.rsplit('/').next() == Some(&end)).cloned()
    };
    let meant = near(&mut names.iter().map(String::as_str)).or_else(|| near(&mut suite.iter().map(String::as_str)));
    let meant = meant.or_else(by_end)?;
    Some(format!("did you mean `{meant}`?"))
}

fn embedded_sources() -> impl Iterator<Item = Source> {
    embedded::below("scenarios").filter_map(|(path, bytes)| {
        let name = path.strip_prefix("scenarios/")?.rsplit_once('.')?.0.to_owned();
        Some(Source { name, path: path.to_owned(), bytes: Cow::Borrowed(bytes), file: None, variants: None })
    })
}

/// Whether the suite has a scenario of that name.
pub(crate) fn has(name: &str) -> bool {
    embedded_sources().any(|source| source.name == name)
}

pub(crate) fn from_disk(path: &Path) -> Result<Source, Failure> {
    let shown = one_line(&path.display().to_string());
    let unreadable = |error: io::Error| Failure::Usage(format!("{shown} cannot be read: {error}"));
    let bytes = Cow::Owned(read_file(path).map_err(unreadable)?);
    Ok(Source {
        name: one_line(&path.with_extension("").display().to_string()),
        path: shown,
        bytes,
        file: Some(path.to_owned()),
        variants: None,
    })
}

/// What a selection reads from disk: scenarios and fixtures. What cannot be read is left out; it is being written, or
/// will be told when it is run.
pub(crate) fn on_disk(selection: &Selection) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for argument in selection.scenarios.iter().map(Path::new) {
        if argument.is_dir() {
            // What could be listed before it failed is there.
            let _incomplete = list(argument, 0, &mut paths);
        } else {
            let with_ending = argument.to_str().filter(|_| !argument.exists()).and_then(with_ending);
            paths.push(with_ending.unwrap_or_else(|| argument.to_path_buf()));
        }
    }
    paths.extend(Fixtures::of(selection).into_iter().flat_map(|fixtures| fixtures.own.into_values()));
    // Pipes can be read only once: they are left to the run.
    let files = paths.into_iter().filter(|path| path.is_file());
    files.filter_map(|path| read_file(&path).ok().map(|bytes| (path, bytes))).collect()
}

/// A file, or the beginning of one that is too large: one byte more than allowed, so that the parser says so.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn list(directory: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be listed: {error}", directory.display()));
    if depth > MOST_DEPTH {
        return Err(Failure::Usage(format!("{} is nested deeper than {MOST_DEPTH} directories", directory.display())));
    }
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // Links to directories are not followed: they may lead in a circle.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            list(&path, depth + 1, paths)?;
        } else if path.extension().is_some_and(|found| ENDINGS.iter().any(|ending| found == *ending)) {
            paths.push(path);
        }
    }
    Ok(())
}

/// The fixtures inside this program, and before them those of a directory, where one is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixtures {
    /// The files of the directory, by their paths below it.
    own: BTreeMap<String, PathBuf>,
}

impl Fixtures {
    /// Those for a selection of scenarios.
    ///
    /// # Errors
    /// When it names a directory that is none, or that cannot be listed.
    pub(crate) fn of(selection: &Selection) -> Result<Self, Failure> {
        Self::below(selection.fixtures.as_deref())
    }

    /// Those of a directory, before those inside the program.
    ///
    /// # Errors
    /// When it is no directory, or cannot be listed.
    pub(crate) fn below(directory: Option<&Path>) -> Result<Self, Failure> {
        let Some(directory) = directory else { return Ok(Self::default()) };
        if !directory.is_dir() {
            return Err(Failure::Usage(format!("{} is no directory of fixtures", directory.display())));
        }
        let mut files = vec![directory.join("oids.toml")];
        for folder in ["worlds", "templates", "cards"].map(|folder| directory.join(folder)) {
            if folder.is_dir() {
                list(&folder, 0, &mut files)?;
            }
        }
        let own = files.into_iter().filter(|file| file.is_file()).filter_map(|file| {
            let parts: Option<Vec<&str>> =
                file.strip_prefix(directory).ok()?.iter().map(|part| part.to_str()).collect();
            // A name that is not UTF-8 cannot stand in a scenario.
            Some((parts?.join("/"), file))
        });
        Ok(Self { own: own.collect() })
    }

    /// Whether there is a world of that name.
    pub(crate) fn has_world(&self, name: &str) -> bool {
        self.list("worlds").iter().any(|known| known == name)
    }
}

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        let bytes = match self.own.get(path) {
            Some(file) => {
                let unreadable = |error: io::Error| LoadError::Unreadable { reason: error.to_string() };
                Cow::Owned(read_file(file).map_err(unreadable)?)
            }
            None => Cow::Borrowed(embedded::file(&format!("fixtures/{path}")).ok_or(LoadError::Missing)?),
        };
        String::from_utf8(bytes.into_owned()).map_err(|error| LoadError::Unreadable { reason: error.to_string() })
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let inside = embedded::below("fixtures").filter_map(|(path, _)| path.strip_prefix("fixtures/"));
        let paths: BTreeSet<&str> = inside.chain(self.own.keys().map(String::as_str)).collect();
        let name = |path: &str| Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".toml")?.to_owned());
        paths.into_iter().filter_map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_scenario::check;

    use super::*;

    #[test]
    fn fixtures_are_handed_out_by_path_and_listed_by_folder() {
        assert!(Fixtures::default().load("requirements/triggers.toml").is_ok_and(|text| text.contains("R008")));
        assert_eq!(Fixtures::default().load("requirements/none.toml"), Err(LoadError::Missing));
        assert!(Fixtures::default().list("requirements").contains(&"triggers".to_owned()));
        assert_eq!(Fixtures::default().list("nowhere"), Vec::<String>::new());
    }

    /// `--profile X` is `profile = "X"`: templates are looked up for it, and the switches of the file still count.
    #[test]
    fn naming_the_own_profile_as_an_option_changes_nothing() {
        let library = Library::read(&Fixtures::default());
        let catalogue = Catalogue::embedded();
        let mut compared = 0;
        for source in embedded_sources() {
            for own in check(&source.path, &source.bytes, &library, catalogue).scenarios {
                let profile = own.spec.profile.name.parse().unwrap();
                let instead = Instead { profile: Some(profile), world: None };
                let named = check_under(&instead, &source.path, &source.bytes, &library, catalogue);
                assert!(!named.found.has_errors(), "{}: {:?}", source.path, named.found);
                let same = named.scenarios.into_iter().find(|other| other.variant == own.variant).unwrap();
                assert_eq!(same.spec, own.spec, "{} {:?}", source.path, own.variant);
                assert_eq!(same.steps, own.steps, "{} {:?}", source.path, own.variant);
                compared += 1;
            }
        }
        assert!(compared > 500, "{compared} scenarios");
    }
}
