//! Templates that real Windows consoles exported, where a copy of them lies beside the project.
#![expect(clippy::disallowed_methods, reason = "the test reads files that are not part of the project")]

use autoenroll_wire::{
    ldif::{self, Change},
    template,
};
use std::{fs, path::Path};

#[test]
fn every_export_is_read_and_written_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/templates");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no real templates beside the project: nothing is checked here");
        return;
    };
    let mut seen = 0;
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        let name = path.display();
        let ldif = ldif::parse(&fs::read(&path).expect("a listed file can be read"));
        assert_eq!(ldif.errors, [], "{name}");
        for record in &ldif.records {
            let Change::Add(entry) = &record.change else { panic!("{name}: {:?}", record.change) };
            let (read, errors) = template::from_entry(entry);
            assert_eq!(errors, [], "{name}");
            let read = read.unwrap_or_else(|| panic!("{name} has no name"));
            assert!(read.schema_version() >= 2 && !read.eku.is_empty() && read.validity.0 > 0, "{name}");
            assert_eq!(template::from_entry(&template::to_entry(&read)), (Some(read), vec![]), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 0, "the folder holds templates");
}
