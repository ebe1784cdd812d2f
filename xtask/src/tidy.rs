//! What no compiler checks: the crate list, the floors, the length of files, forbidden words, links, commands in the
//! README, where requirements are fulfilled, circles of imports, and patches and mutants that no longer apply.

mod circles;
mod crates;
mod documents;
mod requirements;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

/// Checks the repository at `root` and returns everything that is wrong with it, in the order of the files.
///
/// # Errors
/// When a file that must be there cannot be read.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let members = crates::read_members(root)?;
    let mut findings = crates::check(&members);
    findings.extend(documents::check(root, &members)?);
    findings.extend(sources::check(root, &members)?);
    findings.extend(circles::check(root, &members)?);
    findings.extend(requirements::check(root)?);
    findings.extend(crate::patches::check(root)?);
    findings.extend(crate::mutants::check(root)?);
    Ok(findings)
}

/// Runs the chore.
///
/// # Errors
/// When something is untidy.
pub(crate) fn run() -> Result<(), String> {
    let findings = check(&crate::root())?;
    if findings.is_empty() {
        return Ok(());
    }
    Err(format!("{} findings:\n  {}", findings.len(), findings.join("\n  ")))
}

/// The text of a file below the root.
pub(crate) fn read(root: &Path, path: &str) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|error| format!("{path} cannot be read: {error}"))
}

/// Every file below a directory whose name ends so, as paths from the root, sorted.
pub(crate) fn files(root: &Path, directory: &str, ending: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(directory)];
    while let Some(directory) = open.pop() {
        let unreadable = |error: std::io::Error| format!("{} cannot be listed: {error}", directory.display());
        if !root.join(&directory).exists() {
            continue;
        }
        for entry in fs::read_dir(root.join(&directory)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = directory.join(entry.file_name());
            if entry.file_type().map_err(unreadable)?.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        assert_eq!(super::check(&crate::root()).unwrap(), Vec::<String>::new());
    }
}
