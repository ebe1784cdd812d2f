//! What the scenarios inside the command say about themselves, as the build has read it: lists of the suite check none
//! of them, because the build of the suite's tests does.

/// A scenario of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Path from the root of the repository.
    path: &'static str,
    /// What it shows, in one line.
    pub(crate) title: &'static str,
    /// The profile that it names.
    profile: Option<&'static str>,
    /// The requirements it shows.
    pub(crate) covers: &'static [&'static str],
    /// Its variants, each with the profile that it names.
    variants: &'static [(&'static str, Option<&'static str>)],
}

/// Every scenario, sorted by path.
static OUTLINES: &[Outline] = include!(concat!(env!("OUT_DIR"), "/outlines.rs"));

/// That of a scenario inside the command, by its path from the root of the repository.
pub(crate) fn of(path: &str) -> Option<&'static Outline> {
    OUTLINES.binary_search_by_key(&path, |outline| outline.path).ok().map(|at| &OUTLINES[at])
}

impl Outline {
    /// Its stories: the variant of each, where there are several, and the profile that it names.
    pub(crate) fn stories(&self) -> Vec<(Option<&'static str>, Option<&'static str>)> {
        match self.variants {
            [] => vec![(None, self.profile)],
            several => several.iter().map(|(name, profile)| (Some(*name), profile.or(self.profile))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Selection;
    use crate::suite;

    #[test]
    fn an_outline_says_what_checking_the_scenario_says() {
        let selection = Selection::default();
        let checked = suite::good_stories(&selection, None).unwrap();
        let checked: Vec<suite::Listed> = checked.into_iter().map(suite::Listed::from).collect();
        assert_eq!(suite::listed(&selection).unwrap(), checked);
        assert!(OUTLINES.is_sorted_by_key(|outline| outline.path));
    }
}
