//! `parse(print(m)) = m`.

mod generated;

use autoenroll_scenario::{format, parse, print};
use generated::any_document;
use proptest::prelude::*;

#[track_caller]
fn round_trip(text: &[u8]) {
    let first = parse("first.toml", text);
    assert!(!first.found.has_errors(), "{}", first.found.render(&first.files, false));
    let printed = print(&first.document);
    let second = parse("second.toml", printed.as_bytes());
    assert_eq!(second.found.render(&second.files, false), "", "{printed}");
    assert!(second.document == first.document, "{printed}");
    assert_eq!(print(&second.document), printed);
    assert_eq!(
        format("second.toml", printed.as_bytes()).as_ref(),
        Ok(&printed),
        "what is printed is in the common layout"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scenarios are the test's data")]
fn every_scenario_survives_printing() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut folders = vec![root];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder was just listed") {
            let path = entry.expect("it can be listed").path();
            match path.extension().and_then(|ending| ending.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("toml") => {
                    round_trip(&std::fs::read(&path).expect("the file was just listed"));
                    count += 1;
                }
                _ => {}
            }
        }
    }
    assert!(count > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_survives_printing(document in any_document()) {
        round_trip(document.to_string().as_bytes());
    }
}
