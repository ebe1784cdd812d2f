//! What `certipy find -json` printed, versions 4.8.2 and 5.1.0, about the same directory.

use crate::scenario::{oids, story};
use autoenroll_import::{Import, certipy};

const FOUR: &str = include_str!("certipy-find/find-4.json");
const FIVE: &str = include_str!("certipy-find/find-5.json");

#[test]
fn both_versions_say_the_same() {
    let (four, five) = (certipy(FOUR.as_bytes()), certipy(FIVE.as_bytes()));
    assert_eq!(four.authorities, five.authorities);
    assert_eq!(five.templates.len(), 3);
    for (four, five) in four.templates.iter().zip(five.templates) {
        let mut five = five.template;
        // Version 4 does not print it.
        five.schema = None;
        assert_eq!(four.template, five);
    }
}

#[test]
fn what_it_says_is_a_world() {
    let import = certipy(FIVE.as_bytes());
    let world = import.to_world(None, &oids());
    assert_eq!(story(&world.text).spec.templates.len(), 3);
    insta::assert_snapshot!("certipy", crate::scenario::told(&import, &world));
}

#[test]
fn other_files_are_refused() {
    let check = |text: &str, expected: &[&str]| {
        let Import { templates, findings, .. } = certipy(text.as_bytes());
        let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!((templates.len(), found.iter().map(String::as_str).collect::<Vec<_>>().as_slice()), (0, expected));
    };
    check("[]", &["certipy: file: could not be read; expected an object"]);
    check("{", &["certipy: file: could not be read; expected JSON (EOF while parsing an object at line 1 column 1)"]);
    check(r#"{"Certificate Templates": "[!] Could not find any certificate templates"}"#, &[]);
    check(
        r#"{"Certificate Templates": {"0": {}}}"#,
        &["0: Template Name: could not be read; expected the name of the template"],
    );
    check(r#"{"Issuance Policies": {}}"#, &["certipy: Issuance Policies: enrollment does not depend on it"]);
}

#[test]
fn words_and_numbers_that_are_not_known_are_told() {
    let text = r#"{"Certificate Templates": {"0": {
        "Template Name": "T", "Enrollment Flag": ["AutoEnrollment", "Dance", 1048576], "Extended Key Usage": ["Juggling", "1.2.3"],
        "Validity Period": "a while", "Renewal Period": "", "Schema Version": "two", "Colour": "red"}}}"#;
    let import = certipy(text.as_bytes());
    let template = &import.templates[0].template;
    assert_eq!(template.enrollment_flags.map(|flags| flags.bits()), Some(0x0010_0020));
    assert_eq!(template.eku, ["1.2.3".parse().unwrap()]);
    assert!(import.templates[0].says("pKIOverlapPeriod") && !import.templates[0].says("pKIExpirationPeriod"));
    let found: Vec<String> = import.findings.iter().map(ToString::to_string).collect();
    let expected = [
        "T: Enrollment Flag `\"Dance\"`: is not known here, and left out",
        "T: Extended Key Usage `Juggling`: is not known here, and left out",
        "T: Validity Period `\"a while\"`: could not be read; expected a period like 1 year or 6 weeks",
        "T: Schema Version `\"two\"`: could not be read; expected a number",
        "T: Colour `\"red\"`: is not known here, and left out",
    ];
    assert_eq!(found[..5], expected);
}
