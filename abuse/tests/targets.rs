//! Every reader has a fuzz target, seeds and a line in the documents, and holds for its seeds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::fs;

use autoenroll_abuse::case::root;
use autoenroll_abuse::readers::READERS;

/// The target that has no reader here: it knows the secrets of its card.
const CARD: &str = "card_apdu";

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_reader_is_a_fuzz_target_with_seeds_and_documented() {
    let readers: BTreeSet<String> =
        READERS.iter().map(|reader| reader.name.to_owned()).chain([CARD.to_owned()]).collect();
    assert_eq!(names("fuzz/fuzz_targets"), readers);
    assert_eq!(names("fuzz/seeds"), readers);
    let manifest: toml::Table = text("fuzz/Cargo.toml").parse().unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let bins: BTreeSet<String> = bins.iter().map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(bins, readers);
    let workspace: toml::Table = text("Cargo.toml").parse().unwrap();
    let mut profiles = workspace["profile"].as_table().unwrap().clone();
    profiles.remove("stripped").expect("archives are built with it, and no target");
    profiles.remove("mutants").expect("mutants are judged with it, and no target");
    assert_eq!(manifest["profile"].as_table(), Some(&profiles), "dependencies are compiled twice");
    let readme = text("fuzz/README.md");
    for reader in READERS {
        let row = format!("| `{}` | {} |", reader.name, reader.of);
        assert!(readme.contains(&row), "fuzz/README.md has no row {row}");
        let target = text(&format!("fuzz/fuzz_targets/{}.rs", reader.name));
        assert!(target.contains(&format!("Reader::survives(\"{}\", input)", reader.name)), "{target}");
    }
}

#[test]
fn every_reader_holds_for_its_seeds_and_takes_one_of_them() {
    for reader in READERS {
        let mut taken = 0;
        for entry in fs::read_dir(root().join("fuzz/seeds").join(reader.name)).unwrap() {
            let path = entry.unwrap().path();
            let read = (reader.read)(&fs::read(&path).unwrap());
            taken += usize::from(read.unwrap_or_else(|broken| panic!("{}: {broken}", path.display())));
        }
        assert!(taken > 0, "{} takes none of its seeds", reader.name);
    }
}
