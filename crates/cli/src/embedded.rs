//! The files inside the command: all scenarios and fixtures of the repository, so that one binary is the whole suite.

/// Paths from the root of the repository, sorted, with the bytes of each file.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The bytes of a file, by its path from the root of the repository.
pub(crate) fn file(path: &str) -> Option<&'static [u8]> {
    FILES.binary_search_by_key(&path, |(path, _)| *path).ok().map(|at| FILES[at].1)
}

/// Every file below a directory, sorted by path.
pub(crate) fn below(directory: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let prefix = format!("{directory}/");
    FILES.iter().copied().filter(move |(path, _)| path.starts_with(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_and_found() {
        assert!(FILES.is_sorted_by_key(|(path, _)| *path));
        assert!(file("fixtures/requirements/triggers.toml").is_some());
        assert_eq!(file("fixtures/requirements/README.md"), None);
        assert!(below("fixtures/requirements").count() > 10);
    }
}
