//! `autoenroll fmt`: gives files the common layout.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use autoenroll_scenario::{FormatError, MAX_BYTES, format, is_scenario_or_fixture};
use similar::TextDiff;

use crate::arguments::{Fmt, STANDARD_INPUT};
use crate::console::{Colour, Console};
use crate::suite::{self, Source};
use crate::{Exit, Failure, file};

/// So long the shortest difference is searched for.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &Fmt, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match arguments.paths.as_slice() {
        [only] if only == STANDARD_INPUT => standard_input(arguments.check, console),
        several if several.iter().any(|path| path == STANDARD_INPUT) => {
            Err(Failure::Usage("`-` is standard input, and stands alone".to_owned()))
        }
        paths => files(&select(paths)?, arguments.check, console),
    }
}

/// Formats every file that can be read; the others are reported and stay as they are.
fn files(sources: &[Source], check: bool, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (mut changed, mut broken) = (0, 0);
    for source in sources {
        match format(&source.path, &source.bytes) {
            Err(FormatError::Unreadable { found, files }) => {
                broken += 1;
                write!(console.out, "{}", found.render(&files, console.colour))?;
            }
            Err(FormatError::Differs) => return Err(fault(&source.path)),
            Ok(new) if new.as_bytes() == &*source.bytes => {}
            Ok(new) => {
                changed += 1;
                if check {
                    show_difference(&source.path, &source.bytes, &new, console)?;
                } else {
                    let path = source.file.as_deref().unwrap_or(Path::new(&source.path));
                    file::replace(path, &source.bytes, new.as_bytes())
                        .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", source.path)))?;
                    writeln!(console.out, "{}  {}", console.paint(Colour::Green, "formatted"), source.path)?;
                }
            }
        }
    }
    let all = if sources.len() == 1 { "1 file".to_owned() } else { format!("{} files", sources.len()) };
    let count = if changed == 0 { "none".to_owned() } else { changed.to_string() };
    let errors = if broken == 0 { String::new() } else { format!(", {broken} with errors") };
    writeln!(console.out, "{all}: {count} {}{errors}", if check { "would change" } else { "changed" })?;
    Ok(match (broken, changed) {
        (0, 0) => Exit::Ok,
        (0, _) if check => Exit::Failed,
        (0, _) => Exit::Ok,
        _ => Exit::Usage,
    })
}

/// Writes to standard output what standard input would be, or with `check` the difference. Nothing else is written
/// there, because an editor takes it for the document.
fn standard_input(check: bool, console: &mut Console<'_>) -> Result<Exit, Failure> {
    const NAME: &str = "standard input";
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the parser says so.
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let unreadable = |error: io::Error| Failure::Usage(format!("{NAME} cannot be read: {error}"));
    io::stdin().take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    suite::no_export(NAME, &bytes)?;
    let new = match format(NAME, &bytes) {
        Ok(new) => new,
        Err(FormatError::Unreadable { found, files }) => {
            return Err(Failure::Usage(format!("{NAME} has errors\n\n{}", found.render(&files, false).trim_end())));
        }
        Err(FormatError::Differs) => return Err(fault(NAME)),
    };
    if !check {
        console.out.write_all(new.as_bytes())?;
        Ok(Exit::Ok)
    } else if new.as_bytes() == bytes {
        Ok(Exit::Ok)
    } else {
        show_difference(NAME, &bytes, &new, console)?;
        Ok(Exit::Failed)
    }
}

fn fault(path: &str) -> Failure {
    Failure::Bench(format!(
        "{path} stays as it is: formatted, it would say something else, which is a fault of this program"
    ))
}

/// The files that are meant, each once, sorted by path. From a directory only those of this language are taken: beside
/// them stand files of other programs, which have layouts of their own. A file that is named is taken whatever it is.
fn select(paths: &[String]) -> Result<Vec<Source>, Failure> {
    let mut chosen = BTreeMap::new();
    for path in paths {
        let is_directory = Path::new(path).is_dir();
        for source in suite::named(path)? {
            if source.file.is_none() {
                return Err(Failure::Usage(format!(
                    "{} is inside this program; name its file to format it",
                    source.name
                )));
            }
            if !is_directory || is_scenario_or_fixture(&source.bytes) {
                chosen.insert(source.file.clone(), source);
            }
        }
    }
    if chosen.is_empty() {
        return Err(Failure::Usage(format!("there is neither a scenario nor a fixture below {}", paths.join(", "))));
    }
    Ok(chosen.into_values().collect())
}

/// A unified difference, as `patch` takes it; in a file with tens of thousands of changed lines not the shortest.
fn show_difference(path: &str, old: &[u8], new: &str, console: &mut Console<'_>) -> io::Result<()> {
    let old = String::from_utf8_lossy(old);
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(&*old, new);
    let difference = difference.unified_diff().header(path, path).to_string();
    for line in difference.split_inclusive('\n') {
        let colour = match line.as_bytes() {
            [b'-', ..] => Colour::Red,
            [b'+', ..] => Colour::Green,
            [b'@', ..] => Colour::Dim,
            _ => {
                write!(console.out, "{line}")?;
                continue;
            }
        };
        writeln!(console.out, "{}", console.paint(colour, line.trim_end_matches('\n')))?;
    }
    Ok(())
}
