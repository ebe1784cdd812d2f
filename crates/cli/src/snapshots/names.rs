//! The names of snapshots: of a story, and of its file.

use std::path::{Component, Path};

use sha2::{Digest as _, Sha256};

use crate::Failure;
use crate::console::one_line;
use crate::suite::Story;

/// What the name of an accepted snapshot ends with.
pub(crate) const ACCEPTED: &str = ".snap";
/// What the name of a pending snapshot ends with: it waits for `autoenroll review`.
pub(crate) const PENDING: &str = ".snap.new";

/// The longest name of a file, without its ending. File systems take 255 bytes, and some archives less.
const LONGEST: usize = 120;

/// How a story is named in a snapshot. It does not depend on how the file was named on the command line, nor on where
/// the directories lie that hold both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoryName {
    /// The path of its file without `.toml`, or its name in the suite; with the variant in brackets.
    pub(crate) story: String,
    /// The path of its file; `None` in the suite.
    pub(crate) file: Option<String>,
}

impl StoryName {
    /// The name of a story in snapshots below `base`: paths begin there.
    ///
    /// # Errors
    /// When it comes from a pipe or a device, which has no lasting name.
    pub(crate) fn of(story: &Story, base: &Path) -> Result<Self, Failure> {
        let Some(file) = &story.source.file else { return Ok(Self { story: story.name.clone(), file: None }) };
        let path = &story.source.path;
        if !file.is_file() {
            return Err(Failure::Usage(format!("{path} is no file, so its snapshot would have no lasting name")));
        }
        let parent = file.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let directory = parent
            .canonicalize()
            .map_err(|error| Failure::Usage(format!("the directory of {path} cannot be found: {error}")))?;
        let file = one_line(&relative(&directory.join(file.file_name().unwrap_or_default()), base));
        let name = file.strip_suffix(".toml").unwrap_or(&file);
        let story = match &story.variant {
            Some(variant) => format!("{name}[{}]", one_line(variant)),
            None => name.to_owned(),
        };
        Ok(Self { story, file: Some(file) })
    }
}

/// A path as seen from a directory, with slashes; both are absolute.
fn relative(path: &Path, base: &Path) -> String {
    let (path, base): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (path.components().collect(), base.components().collect());
    let common = path.iter().zip(&base).take_while(|(one, other)| one == other).count();
    if common == 0 {
        // Another drive.
        return path.iter().collect::<std::path::PathBuf>().display().to_string();
    }
    let up = base[common..].iter().map(|_| "..".to_owned());
    let down = path[common..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The name of a story's file without its ending: small letters, digits, `-`, `_` and `@`, which every file system
/// keeps as they are. A name that has others, or that is too long, or means a device on Windows, ends with a hash, so
/// that two names remain two.
pub(crate) fn stem(story: &str) -> String {
    let (name, variant) = match story.strip_suffix(']').and_then(|story| story.rsplit_once('[')) {
        Some((name, variant)) => (name, Some(variant)),
        None => (story, None),
    };
    let (mut text, mut is_plain) = portable(name);
    is_plain &= !name.contains("__") && !name.contains("_/") && !name.contains("/_");
    if let Some(variant) = variant {
        let (part, is_part_plain) = portable(variant);
        is_plain &= is_part_plain && !variant.contains('/');
        // Behind the one sign that no name has.
        text = format!("{text}@{part}");
    }
    if is_plain && !text.is_empty() && text.len() <= LONGEST && !is_device(&text) {
        return text;
    }
    let hash = Sha256::digest(story.as_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    text.truncate(LONGEST - hash.len() - 1);
    format!("{text}-{hash}")
}

/// A part of a name with other characters in place of those that some file system does not keep, and whether there were
/// none. A slash is two `_`.
fn portable(part: &str) -> (String, bool) {
    let (mut text, mut is_plain) = (String::with_capacity(part.len()), true);
    for c in part.chars() {
        match c {
            'a'..='z' | '0'..='9' | '-' | '_' => text.push(c),
            '/' => text.push_str("__"),
            other => {
                is_plain = false;
                text.push(if other.is_ascii_alphanumeric() { other.to_ascii_lowercase() } else { '_' });
            }
        }
    }
    (text, is_plain)
}

/// Names that mean devices on Windows, whatever ending they have:
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
fn is_device(name: &str) -> bool {
    matches!(name, "con" | "prn" | "aux" | "nul")
        || ["com", "lpt"].iter().any(|port| {
            name.strip_prefix(port)
                .is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_readable_and_others_have_a_hash() {
        let check = |story: &str, expected: &str| {
            let found = stem(story);
            let as_expected = match expected.strip_suffix('#') {
                Some(begin) => found.strip_prefix(begin).is_some_and(|hash| hash.len() == 8),
                None => found == expected,
            };
            assert!(as_expected, "{story}: {found}, expected {expected}");
        };
        check("founding/second-provider", "founding__second-provider");
        check("founding/balloon-clicked[on-icon]", "founding__balloon-clicked@on-icon");
        check("a_b", "a_b");
        check("A_b", "a_b-#");
        check("a__b", "a__b-#");
        check("a_/b", "a___b-#");
        check("a/_b", "a___b-#");
        check("a@b", "a_b-#");
        check("../a", "____a-#");
        check("v1.2", "v1_2-#");
        check("con", "con-#");
        check("com7", "com7-#");
        check("com77", "com77");
        check("com77/con", "com77__con");
        check("größe und \"x\": <y>|*?", "gr__e_und__x____y____-#");
        check("a[b/c]", "a@b__c-#");
        check("", "-#");
        check(&"a".repeat(300), &format!("{}-#", "a".repeat(LONGEST - 9)));
    }

    #[test]
    fn different_names_remain_different() {
        let names =
            ["a/b", "a__b", "A/b", "a/B", "a[b]", "a@b", "a[B]", "a b", "a\u{a0}b", "a.b", "ä", "ö", "a_/b", "a/_b"];
        let mut stems: Vec<String> = names.iter().map(|name| stem(name).to_lowercase()).collect();
        stems.sort();
        stems.dedup();
        assert_eq!(stems.len(), names.len(), "{stems:?}");
    }

    #[test]
    fn a_path_is_told_from_the_base() {
        let check = |path: &str, base: &str, expected: &str| {
            assert_eq!(relative(Path::new(path), Path::new(base)), expected);
        };
        check("/p/stories/a.toml", "/p", "stories/a.toml");
        check("/p/a.toml", "/p/stories", "../a.toml");
        check("/q/a.toml", "/p/stories/deep", "../../../q/a.toml");
        check("/a.toml", "/", "a.toml");
    }
}
