//! Group Policy that `import` reads: folders of objects, and single files.

use std::fs;
use std::io;
use std::path::Path;

use autoenroll_import::{Finding, Half, Import, POLICY_FILES, Reason, policy_file, policy_folder};

use crate::console::one_line;
use crate::{Failure, file};

/// How deep folders are looked into. An object of SYSVOL has its files three folders deep, a backup four.
const MOST_DEPTH: usize = 32;
/// How many files and folders are looked at. The SYSVOL of a large organisation has a tenth of it.
const MOST_ENTRIES: usize = 100_000;
/// How files are named that programs write of a directory. Group Policy has none of them.
const EXPORTS: [&str; 3] = ["json", "ldif", "ldf"];
/// So many of them are told by name.
const MOST_TOLD: usize = 8;
/// The most bytes of all files that are read of one folder.
const MOST_BYTES: u64 = 32 << 20;

/// Reads a folder with Group Policy objects: a copy of SYSVOL or a part of it, or backups.
///
/// # Errors
/// When there is no policy in it, it or a file cannot be read, or it has more than is read.
pub(crate) fn of_folder(path: &Path, half: Option<Half>) -> Result<Import, Failure> {
    let mut listing = Listing { files: Vec::new(), exports: Vec::new(), entries: 0 };
    listing.list(path, "", 0)?;
    let mut left = MOST_BYTES;
    let read = |name: &str| {
        let file = path.join(name);
        let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be read: {error}", file.display()));
        let bytes = match file::read(&file, left) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let most = MOST_BYTES >> 20;
                return Err(Failure::Usage(format!(
                    "{} has more than {most} MiB of policies; name fewer folders",
                    path.display()
                )));
            }
            read => read.map_err(unreadable)?,
        };
        left = left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes)
    };
    let mut import = policy_folder(&shown(path), &listing.files, half, read)?;
    import.findings.extend(listing.exports_told(path));
    let nothing = "has no Group Policy in it: no Registry.pol, GPT.INI, Backup.xml, bkupInfo.xml or gpreport.xml";
    something(path, import, nothing)
}

/// Reads a file that `import` was given, when it is one of Group Policy.
///
/// # Errors
/// When nothing of it can be taken over.
pub(crate) fn of_file(path: &Path, bytes: &[u8], half: Option<Half>) -> Result<Option<Import>, Failure> {
    let Some(import) = policy_file(&shown(path), bytes, half) else { return Ok(None) };
    if !import.policy.is_empty() {
        return Ok(Some(import));
    }
    let malformed = import.findings.iter().find_map(|finding| match &finding.reason {
        Reason::Malformed(expected) => Some(expected),
        _ => None,
    });
    let looks_like = match malformed {
        Some(expected) => format!("a damaged Registry.pol or report of Group Policy; expected {expected}"),
        None => "a report of Group Policy without settings for computers or users".to_owned(),
    };
    let nothing = format!("{}: nothing of it can be taken over: it looks like {looks_like}", path.display());
    Err(Failure::Usage(one_line(&nothing)))
}

/// What was read, or why that is nothing.
fn something(path: &Path, import: Import, nothing: &str) -> Result<Import, Failure> {
    if !import.policy.is_empty() {
        return Ok(import);
    }
    let findings: Vec<String> = import.findings.iter().map(|finding| one_line(&finding.to_string())).collect();
    let is_unread = import.findings.iter().all(|finding| matches!(finding.reason, Reason::Unread(_)));
    let nothing = is_unread.then(|| format!("{} {nothing}", path.display()));
    Err(Failure::Usage(nothing.into_iter().chain(findings).collect::<Vec<_>>().join("; ")))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

struct Listing {
    /// Paths below the folder, with slashes.
    files: Vec<String>,
    /// Paths of files that look by name like exports of a directory.
    exports: Vec<String>,
    entries: usize,
}

impl Listing {
    fn list(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), Failure> {
        let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be listed: {error}", folder.display()));
        let too = |what: String| Failure::Usage(format!("{} {what}", folder.display()));
        if depth > MOST_DEPTH {
            return Err(too(format!("is nested deeper than {MOST_DEPTH} directories")));
        }
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(too(format!("is where more than {MOST_ENTRIES} files and directories were met")));
            }
            // A name that is no text is none that is looked for.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(unreadable)?;
            let whole = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            // Links to directories are not followed: they may lead in a circle.
            if kind.is_dir() {
                self.list(&entry.path(), &whole, depth + 1)?;
            } else if is_wanted(&name) {
                // Pipes and devices have no end, and a link may lead to one.
                if !fs::metadata(entry.path()).is_ok_and(|of| of.is_file()) {
                    return Err(Failure::Usage(format!("{} is no regular file", entry.path().display())));
                }
                self.files.push(whole);
            } else if is_export(&name) {
                self.exports.push(whole);
            }
        }
        Ok(())
    }

    /// What was not read although the user may have meant it.
    fn exports_told(&mut self, folder: &Path) -> Vec<Finding> {
        let reason = Reason::Unread("is not read: of a folder, Group Policy alone is; name the file to import it");
        let finding = |value: String| Finding {
            object: shown(folder),
            attribute: "file".to_owned(),
            value,
            reason: reason.clone(),
        };
        self.exports.sort();
        let mut told: Vec<Finding> = self.exports.iter().take(MOST_TOLD).cloned().map(finding).collect();
        if let Some(more) = self.exports.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
            told.push(finding(format!("and {more} more")));
        }
        told
    }
}

fn is_export(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| EXPORTS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

fn is_wanted(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".sambabackup").unwrap_or(&name);
    POLICY_FILES.contains(&name)
}
