//! The public sources that the requirement catalogue cites, as `fixtures/sources.toml` has them.

use autoenroll_model::WindowsVersion;
use serde::Serialize;

/// A public text, or several of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// How a citation of it begins.
    pub(crate) name: &'static str,
    /// Who speaks.
    pub(crate) kind: Kind,
    /// The Windows versions that it speaks of, in words.
    pub(crate) about: &'static str,
    /// The first profile that it speaks of; that of the oldest version when absent.
    since: Option<WindowsVersion>,
    /// The last profile that it speaks of; that of the newest version when absent.
    until: Option<WindowsVersion>,
}

impl Source {
    /// Whether it speaks of that version.
    pub(crate) fn speaks_of(&self, version: WindowsVersion) -> bool {
        self.since.is_none_or(|since| since <= version) && self.until.is_none_or(|until| version <= until)
    }
}

/// Who speaks in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Who made the thing.
    Document,
    /// Somebody who saw it from outside.
    Observation,
}

/// All sources, as they stand in `fixtures/sources.toml`. The build reads the file.
pub(crate) static ALL: &[Source] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The one that a citation names: of those with which it begins, the one with the longest name.
pub(crate) fn of(citation: &str) -> Option<&'static Source> {
    ALL.iter().filter(|source| citation.starts_with(source.name)).max_by_key(|source| source.name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts() {
        let name = |citation| of(citation).map(|source| source.name);
        assert_eq!(name("[MS-WCCE] 3.1.1"), Some("[MS-"));
        assert_eq!(name("[MS-WCCE] note 65"), Some("[MS-WCCE] note 65"));
        assert_eq!(name("hearsay"), None);
    }

    #[test]
    fn a_source_speaks_of_the_versions_between_its_first_and_its_last() {
        let speaks = |citation| {
            let source = of(citation).unwrap();
            let versions = WindowsVersion::ALL.iter().filter(|version| source.speaks_of(**version));
            versions.map(|version| version.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(speaks("TechNet cc737159"), ["server-2003-sp1"]);
        assert_eq!(speaks("[MS-XCEP] 7"), ["windows-7-sp1", "windows-10-22h2", "server-2025"]);
        assert_eq!(speaks("RFC 5280 6.1.3").len(), WindowsVersion::ALL.len());
    }
}
