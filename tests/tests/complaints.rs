//! The commonest complaints, each with its fault planted in a scenario: the answer of `explain` or `plan` holds the id
//! of the rule, the object, and what to change.

use std::fs;

use autoenroll_tests::{Autoenroll, root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// The scenario below `complaints`, the question about it, and what the answer holds: rule, object, what to change.
const COMPLAINTS: &[(&str, &str, [&str; 3])] = &[
    (
        "a-template-is-skipped",
        "plan NAME --why alice CorpUser",
        [
            "skipped by R041",
            "entry 1 denies it to Contractors, of which it is a member through Temps",
            "take away the entry of CorpUser that denies",
        ],
    ),
    (
        "a-template-is-skipped",
        "explain NAME",
        [
            "R041 yes",
            "entry 1 denies it to Contractors, of which it is a member through Temps",
            "take away the entry of CorpUser that denies",
        ],
    ),
    (
        "enrolled-twice",
        "explain NAME",
        ["R050 yes", "CorpUser#1, enrolled before, is not in this store", "let the user's certificates roam"],
    ),
    ("not-renewed", "explain NAME", ["R004 no for manage", "R053 yes for old", "set bit 0x2 of AEPolicy"]),
    ("not-renewed", "plan NAME", ["but not renewed (R004)", "CorpUser keeps what it has", "set bit 0x2 of AEPolicy"]),
    (
        "0x80094800",
        "explain NAME",
        [
            "CA3.7.1.not-offered no",
            "Contoso Issuing CA no longer issues the template CorpUser",
            "at Contoso Issuing CA: add CorpUser to the templates that it issues",
        ],
    ),
    (
        "0x8009480F",
        "explain NAME",
        ["CA3.2.4.dns no", "CN=WKS01,CN=Computers", "in the directory: give WKS01 the attribute dNSHostName"],
    ),
    (
        "0x8009480F",
        "plan NAME --why WKS01 CorpComputer",
        [
            "CA3.2.4.dns",
            "CorpComputer for WKS01: fails from Contoso Issuing CA",
            "in the directory: give WKS01 the attribute dNSHostName",
        ],
    ),
    (
        "0x80094012",
        "explain NAME",
        [
            "CA3.7.3.template no",
            "which this run does not know yet: templates come from the cache (R030)",
            "in CorpUser: grant Enroll to alice",
        ],
    ),
    (
        "event-6",
        "explain NAME",
        ["R020 yes for directory", "0x8007054B ERROR_NO_SUCH_DOMAIN", "let the client reach the directory"],
    ),
    ("event-6", "plan NAME", ["not looked at by R020", "0x8007054B", "let the client reach the directory"]),
    (
        "event-13",
        "explain NAME",
        [
            "S11.denied yes",
            "Contoso Issuing CA cannot be reached",
            "let Contoso Issuing CA be reached: start its service",
        ],
    ),
    ("event-47", "explain NAME", ["R042 no", "CorpUser", "let a CA that the client can use issue CorpUser"]),
    ("event-47", "plan NAME --why alice CorpUser", ["skipped by R042", "CorpUser", "issue CorpUser"]),
    ("event-64", "explain NAME", ["R054 yes", "for old", "clear skip-auto-renewal, 0x40000"]),
    ("event-64", "plan NAME", ["but not renewed (R054)", "CorpUser", "clear skip-auto-renewal, 0x40000"]),
    (
        "event-82",
        "explain NAME",
        ["S11.denied yes", "https://ces.contoso.test/", "let https://ces.contoso.test/ accept the client"],
    ),
    ("the-prompt-never-comes", "explain NAME", ["R064 yes", "CorpComputer", "let CorpComputer do without a user"]),
    (
        "the-prompt-never-comes",
        "plan NAME --why WKS01 CorpComputer",
        ["R064", "CorpComputer for WKS01: fails", "let CorpComputer do without a user"],
    ),
    // Chosen by somebody who had not built the answers.
    ("no-mail", "explain NAME", ["CA3.2.4.mail no", "CN=bob,CN=Users", "the attribute mail"]),
    ("no-mail", "plan NAME", ["CA3.2.4.mail", "CorpMail fails from Contoso Issuing CA", "the attribute mail"]),
    ("two-signatures", "explain NAME", ["R045 no", "CorpSigned", "lower msPKI-RA-Signature of CorpSigned from 2 to 1"]),
    (
        "two-signatures",
        "plan NAME --why alice CorpSigned",
        ["skipped by R045", "CorpSigned for alice", "lower msPKI-RA-Signature of CorpSigned from 2 to 1"],
    ),
];

#[test]
fn each_complaint_is_answered_with_rule_object_and_what_to_change() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut wrong = Vec::new();
    for (name, question, parts) in COMPLAINTS {
        let name = format!("complaints/{name}");
        let arguments = question.split_whitespace().map(|word| if word == "NAME" { name.as_str() } else { word });
        let ran = Autoenroll::new(PROGRAM, arguments).run();
        let text = words(&ran.out);
        let lacks: Vec<&&str> = parts.iter().filter(|part| !text.contains(&words(part))).collect();
        if ran.code != Some(0) || !lacks.is_empty() {
            wrong.push(format!("{name}: {question}: lacks {lacks:?}\n{}{}", ran.out, ran.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each complaint has a section of its own, and a row above.
#[test]
fn every_complaint_has_a_section_and_a_question() {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let mut names: Vec<String> = fs::read_dir(root().join("scenarios/complaints"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names.len(), 14, "{names:?}");
    for name in names {
        assert!(COMPLAINTS.iter().any(|(asked, ..)| *asked == name), "{name} is not asked about");
        assert!(page.contains(&format!(" complaints/{name} ")), "docs/troubleshooting.md has nothing about {name}");
    }
}
