//! The public sources that the requirement catalogue cites, as `fixtures/sources.toml` has them.

use autoenroll_model::WindowsVersion;
use serde::{Deserialize, Serialize};

use crate::embedded;

/// A public text, or several of one origin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    /// How a citation of it begins.
    pub(crate) name: String,
    /// Who speaks.
    pub(crate) kind: Kind,
    /// The Windows versions that it speaks of, in words.
    pub(crate) about: String,
    /// The first profile that it speaks of; that of the oldest version when absent.
    #[serde(default)]
    since: Option<WindowsVersion>,
    /// The last profile that it speaks of; that of the newest version when absent.
    #[serde(default)]
    until: Option<WindowsVersion>,
}

impl Source {
    /// Whether it speaks of that version.
    pub(crate) fn speaks_of(&self, version: WindowsVersion) -> bool {
        self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version <= until)
    }
}

/// Who speaks in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Who made the thing.
    Document,
    /// Somebody who saw it from outside.
    Observation,
}

#[derive(Deserialize)]
struct File {
    source: Vec<Source>,
}

/// All sources.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    /// Where they are listed.
    const PATH: &str = "fixtures/sources.toml";

    /// Those inside this program.
    ///
    /// # Errors
    /// When the file is missing or does not have its form: a fault of this program, whose tests read the same file.
    pub(crate) fn read() -> Result<Self, String> {
        let path = Self::PATH;
        let (_, table) = embedded::tables(path).next().ok_or_else(|| format!("{path} is missing"))?;
        let file: File = serde_json::from_str(table).map_err(|error| format!("{path}: {error}"))?;
        Ok(Self(file.source))
    }

    /// The one that a citation names: of those with which it begins, the one with the longest name.
    pub(crate) fn of(&self, citation: &str) -> Option<&Source> {
        let begins = |source: &&Source| citation.starts_with(&source.name);
        self.0.iter().filter(begins).max_by_key(|source| source.name.len())
    }

    /// All of them.
    #[cfg(test)]
    pub(crate) fn all(&self) -> &[Source] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts() {
        let sources = Sources::read().unwrap();
        let name = |citation| sources.of(citation).map(|source| source.name.as_str());
        assert_eq!(name("[MS-WCCE] 3.1.1"), Some("[MS-"));
        assert_eq!(name("[MS-WCCE] note 65"), Some("[MS-WCCE] note 65"));
        assert_eq!(name("hearsay"), None);
    }

    #[test]
    fn a_source_speaks_of_the_versions_between_its_first_and_its_last() {
        let sources = Sources::read().unwrap();
        let speaks = |citation| {
            let source = sources.of(citation).unwrap();
            let of = WindowsVersion::ALL.iter().filter(|version| source.speaks_of(**version));
            of.map(|version| version.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(speaks("TechNet cc737159"), ["server-2003-sp1"]);
        assert_eq!(speaks("[MS-XCEP] 7"), ["windows-7-sp1", "windows-10-22h2", "server-2025"]);
        assert_eq!(speaks("RFC 5280 6.1.3").len(), WindowsVersion::ALL.len());
    }
}
