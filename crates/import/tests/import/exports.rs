//! Templates that real Windows consoles exported, where a copy of them lies beside the project, and what becomes of
//! them.
#![expect(clippy::disallowed_methods, reason = "the test reads files that are not part of the project")]

use crate::scenario::{oids, template_of};
use autoenroll_import::{Finding, Import, Reason, ldif};
use autoenroll_wire::ldif::{self as wire_ldif, Change, Entry};
use std::collections::BTreeMap;
use std::{fs, path::Path};

/// Each export by its file name; empty, with a word to the reader of the test's output, where there is no copy.
fn exports() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/templates");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no real templates beside the project: nothing is checked here");
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let ldf = paths.filter(|path| path.extension().is_some_and(|extension| extension == "ldf"));
    ldf.map(|path| (path.display().to_string(), fs::read(&path).expect("a listed file can be read"))).collect()
}

/// Attributes that the directory keeps for itself.
const NOT_TAKEN_OVER: [&str; 5] =
    ["distinguishedName", "instanceType", "name", "objectCategory", "showInAdvancedViewOnly"];

/// The attributes of the only object in a file, in alphabetical order, without those that are not taken over. Key usage
/// counts without zeros at its end: consoles write it in one octet or two.
fn attributes(ldif: &[u8]) -> Vec<(String, Vec<u8>)> {
    let file = wire_ldif::parse(ldif);
    assert_eq!(file.errors, []);
    let [record] = file.records.as_slice() else { panic!("one record") };
    let Change::Add(Entry(attributes)) = &record.change else { panic!("an object") };
    let mut attributes = attributes.clone();
    attributes.retain(|(name, _)| !NOT_TAKEN_OVER.contains(&name.as_str()));
    for (_, usage) in attributes.iter_mut().filter(|(name, _)| name == "pKIKeyUsage") {
        usage.truncate(usage.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1));
    }
    attributes.sort();
    attributes
}

#[test]
fn every_export_comes_back_as_it_was() {
    for (name, bytes) in exports() {
        let import = ldif(&bytes);
        for finding in &import.findings {
            let known = match &finding.reason {
                Reason::NoRule(_) => NOT_TAKEN_OVER.contains(&finding.attribute.as_str()),
                Reason::Unsaid(_) => finding.attribute == "nTSecurityDescriptor",
                _ => false,
            };
            assert!(known, "{name}: {finding}");
        }
        let again = import.to_ldif("{ConfigNC}");
        assert_eq!(attributes(again.as_bytes()), attributes(&bytes), "{name}");
        let templates = |import: &Import| import.templates.iter().map(|one| one.template.clone()).collect::<Vec<_>>();
        assert_eq!(templates(&ldif(again.as_bytes())), templates(&import), "{name}: import of the export");
    }
}

/// By way of the scenario language, the same attributes come back as well: nothing that a template says needs another
/// word.
#[test]
fn every_export_can_be_said_in_a_scenario() {
    // What is taken over and beyond the bench, such as DSA keys, is said all the same.
    let lost = |found: &&Finding| !matches!(found.reason, Reason::Kept(_));
    for (name, bytes) in exports() {
        let import = ldif(&bytes);
        let world = import.to_world(None, &oids());
        assert_eq!(
            world.findings.iter().filter(lost).map(|found| found.attribute.as_str()).collect::<Vec<_>>(),
            ["certificateTemplates", "msPKI-Cert-Template-OID"],
            "{name}"
        );
        let [mut imported] = <[_; 1]>::try_from(import.templates).expect("one template");
        imported.template = template_of(&world.text, &imported.template.name);
        let again = Import { templates: vec![imported], ..Import::default() }.to_ldif("{ConfigNC}");
        assert_eq!(attributes(again.as_bytes()), attributes(&bytes), "{name}\n{}", world.text);
    }
}
