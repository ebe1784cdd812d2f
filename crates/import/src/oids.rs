//! Readable names of object identifiers.

use autoenroll_model::Oid;

/// Names of object identifiers, as scenarios may write them: the content of `fixtures/oids.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidNames(Vec<(String, Oid)>);

impl OidNames {
    /// Reads the tables of the fixture; what is no name with a dotted identifier is passed over.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let root: toml::Table = text.parse().unwrap_or_default();
        let tables = root.values().filter_map(toml::Value::as_table);
        let names = tables.flatten().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.parse().ok()?)));
        Self(names.collect())
    }

    /// The name, or the dotted form where there is none.
    #[must_use]
    pub fn name<'a>(&'a self, oid: &'a Oid) -> &'a str {
        self.0.iter().find(|(_, known)| known == oid).map_or(oid.as_str(), |(name, _)| name)
    }
}
