//! Lists what is embedded in the command: scenarios and fixtures, sorted by path, what the suite's scenarios say about
//! themselves, the requirement catalogue, and the places of the sources that name a requirement. The command reads none
//! of it at its start.
//!
//! A list of `include_bytes!` instead of a crate that embeds directories: it is this short, takes only the files that
//! are wanted, and their order is ours.

mod catalogue;
mod outline;
mod scan;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::scan::Place;

/// Directories below the root of the workspace.
const DIRECTORIES: &[&str] = &["fixtures", "scenarios"];
/// Keys are embedded where they are used, in `autoenroll-keys`; documents are for readers of the repository.
const ENDINGS: &[&str] = &["toml", "json"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let mut paths = Vec::new();
    for directory in DIRECTORIES {
        println!("cargo::rerun-if-changed={}", root.join(directory).display());
        list(&root.join(directory), ENDINGS, &mut paths)?;
    }
    let named = by_name(&root, paths)?;
    let mut list = String::from("&[\n");
    for (name, path) in &named {
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    list.push(']');
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("embedded.rs"), list)?;
    fs::write(Path::new(&out).join("requirements.rs"), catalogue::requirements(&root, &named)?)?;
    fs::write(Path::new(&out).join("sources.rs"), catalogue::sources(&root)?)?;
    fs::write(Path::new(&out).join("outlines.rs"), outline::outlines(&root, &named)?)?;
    fs::write(Path::new(&out).join("places.rs"), places_of(&root)?)?;
    println!("cargo::rustc-env=SOURCES={:016x}", fingerprint(&root, named)?);
    Ok(())
}

/// Files by their paths from the root, with slashes, and as they are opened.
fn by_name(root: &Path, paths: Vec<PathBuf>) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut named = Vec::new();
    for path in paths {
        let parts: Vec<_> =
            path.strip_prefix(root)?.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        named.push((parts.join("/"), path.display().to_string()));
    }
    // By name, not by path: paths sort by their parts, and the list is searched by name.
    named.sort();
    Ok(named)
}

/// Tells programs of one version apart: FNV-1a (RFC 9923) over what is embedded, the sources of all crates, and which
/// versions of others they are built with. It is the same on every machine.
fn fingerprint(root: &Path, embedded: Vec<(String, String)>) -> Result<u64, Box<dyn Error>> {
    let mut paths = vec![root.join("Cargo.lock")];
    println!("cargo::rerun-if-changed={}", paths[0].display());
    // That the directory is watched is said where the places of requirements are listed.
    list(&root.join("crates"), &["rs", "toml"], &mut paths)?;
    let is_part = |name: &str| !name.contains("/tests/") && !name.contains("/benches/");
    let sources = by_name(root, paths)?.into_iter().filter(|(name, _)| is_part(name));
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in u64::try_from(bytes.len())?.to_le_bytes().iter().chain(bytes) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok::<(), Box<dyn Error>>(())
    };
    for (name, path) in embedded.into_iter().chain(sources) {
        add(name.as_bytes())?;
        add(&fs::read(path)?)?;
    }
    Ok(hash)
}

/// The list of places as the command includes it.
fn places_of(root: &Path) -> Result<String, Box<dyn Error>> {
    for directory in scan::DIRECTORIES {
        println!("cargo::rerun-if-changed={}", root.join(directory).display());
    }
    let mut list = String::from("&[\n");
    for Place { id, file, line, rule } in scan::places(root)? {
        writeln!(list, "    Place {{ id: {id:?}, file: {file:?}, line: {line}, rule: {rule} }},")?;
    }
    list.push(']');
    Ok(list)
}

fn list(directory: &Path, endings: &[&str], paths: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, endings, paths)?;
        } else if path.extension().is_some_and(|found| endings.iter().any(|ending| found == *ending)) {
            paths.push(path);
        }
    }
    Ok(())
}
