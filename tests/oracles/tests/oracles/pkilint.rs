//! pkilint finds nothing wrong with any certificate, except what a document asks for.

use crate::suite;
use autoenroll_oracles::tools;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    allowed: Vec<Allowed>,
}

/// A finding that a document asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    code: String,
    /// The part of the certificate that it may be found in; anywhere where there is none.
    #[serde(default)]
    within: String,
    source: String,
    why: String,
}

#[test]
fn pkilint_finds_only_what_documents_ask_for() {
    let Some(mut command) = tools::python("lint.py") else { return };
    let allowed: Table = toml::from_str(include_str!("../../pkilint-allowed.toml")).expect("a table of findings");
    let printed = tools::printed(command.arg(suite::folder()));
    let (mut used, mut linted) = (BTreeSet::new(), BTreeSet::new());
    for line in printed.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [name, "DONE", _] => drop(linted.insert((*name).to_owned())),
            // Says how a key identifier was computed, and the like.
            [_, "INFO", ..] => {}
            [_, _, code, path] => {
                let known = allowed.allowed.iter().position(|one| one.code == *code && path.starts_with(&one.within));
                used.insert(known.unwrap_or_else(|| panic!("{line}")));
            }
            _ => panic!("not understood: {line}"),
        }
    }
    assert_eq!(linted, suite::files(suite::folder(), ".cer.der").into_keys().collect());
    for (number, entry) in allowed.allowed.iter().enumerate() {
        assert!(used.contains(&number), "{} is never found; take the entry out", entry.code);
        assert!(!entry.source.is_empty() && !entry.why.is_empty(), "{} lacks its source", entry.code);
    }
}

#[test]
fn pkilint_would_find_a_missing_key_identifier() {
    let Some(mut command) = tools::python("lint.py") else { return };
    let folder = suite::new_folder("pkilint");
    let mut certificate =
        suite::files(suite::folder(), "rsa-cmc.cer.der").remove("rsa-cmc.cer.der").expect("there is one");
    // The identifier of the subject key becomes one of an unknown extension.
    let identifier =
        certificate.windows(5).position(|octets| octets == [0x06, 0x03, 0x55, 0x1D, 0x0E]).expect("the extension");
    certificate[identifier + 4] = 0x7F;
    std::fs::write(folder.join("damaged.cer.der"), certificate).expect("the folder was made for this");
    let printed = tools::printed(command.arg(&folder));
    assert!(printed.starts_with("damaged.cer.der WARNING pkix.certificate_skid_end_entity_missing "), "{printed}");
}
