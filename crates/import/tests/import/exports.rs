//! Templates that real Windows consoles exported, where a copy of them lies beside the project, and what becomes of
//! them.
#![expect(clippy::disallowed_methods, reason = "the test reads files that are not part of the project")]

use crate::scenario::{oids, template_of};
use autoenroll_import::{Finding, Format, Half, Import, Reason, ldif, read};
use autoenroll_model::hex;
use autoenroll_wire::ldif::{self as wire_ldif, Change, Entry};
use serde_json::{Map, Value};
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

/// The same objects in the JSON of PowerShell and of certipy are the same templates.
#[test]
fn every_export_is_the_same_in_json() {
    for (name, bytes) in exports() {
        let file = wire_ldif::parse(&bytes);
        let [record] = file.records.as_slice() else { panic!("one record") };
        let Change::Add(entry) = &record.change else { panic!("an object") };
        let expected = ldif(&bytes);
        let [expected] = expected.templates.as_slice() else { panic!("one template") };

        let mut powershell = Map::new();
        let mut certipy = Map::new();
        for attribute in entry.0.iter().map(|(name, _)| name).filter(|name| *name != "objectClass") {
            let values: Vec<Value> = entry.values(attribute).map(|value| of_powershell(attribute, value)).collect();
            powershell.insert(attribute.clone(), values.into());
            certipy.insert(attribute.clone(), entry.values(attribute).map(hex::encode).collect());
        }
        for (object, format) in [(powershell, Format::PowerShell), (certipy, Format::CertipyTemplate)] {
            let mut object = object;
            if format == Format::CertipyTemplate {
                object.retain(|name, _| !["cn", "name", "displayName"].contains(&name.as_str()));
            }
            let text = Value::Object(object).to_string();
            assert_eq!(Format::of(text.as_bytes()), Some(format), "{name}");
            let import = read(&expected.template.name, text.as_bytes(), Half::User).expect("a template");
            let [read] = import.templates.as_slice() else { panic!("one template") };
            let mut read = read.template.clone();
            if format == Format::CertipyTemplate {
                read.display_name.clone_from(&expected.template.display_name);
            }
            assert_eq!(read, expected.template, "{name} as {format}");
        }
    }
}

/// A value as PowerShell writes it: numbers as numbers, octets as a list of them.
fn of_powershell(attribute: &str, value: &[u8]) -> Value {
    if ["pKIKeyUsage", "pKIExpirationPeriod", "pKIOverlapPeriod"].contains(&attribute) {
        return value.to_vec().into();
    }
    let text = String::from_utf8(value.to_vec()).expect("text");
    text.parse::<i64>().map_or(Value::String(text), Value::from)
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
