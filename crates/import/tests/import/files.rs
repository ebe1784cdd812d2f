//! The files of every format: each says the same after it went through LDIF, as far as a template has it.

use std::collections::BTreeSet;

use autoenroll_import::{Format, Half, Import, ldif, read};

/// Files with the format that is recognised.
const FILES: &[(&str, Format, &[u8])] = &[
    ("contoso.ldif", Format::Ldif, include_bytes!("files/contoso.ldif")),
    ("adcstemplate.json", Format::PowerShell, include_bytes!("files/adcstemplate.json")),
    ("adcstemplate-list.json", Format::PowerShell, include_bytes!("files/adcstemplate-list.json")),
    ("certipy-find-4.json", Format::CertipyFind, include_bytes!("files/certipy-find-4.json")),
    ("certipy-find-5.json", Format::CertipyFind, include_bytes!("files/certipy-find-5.json")),
    ("certipy-template-4.json", Format::CertipyTemplate, include_bytes!("files/certipy-4/ContosoUser.json")),
    ("certipy-template-5.json", Format::CertipyTemplate, include_bytes!("files/certipy-5/ContosoUser.json")),
    ("certihound-certtemplates.json", Format::BloodHound, include_bytes!("files/certihound-certtemplates.json")),
    ("certihound-enterprisecas.json", Format::BloodHound, include_bytes!("files/certihound-enterprisecas.json")),
    ("sharphound-certtemplates.json", Format::BloodHound, include_bytes!("files/sharphound-certtemplates.json")),
    ("sharphound-enterprisecas.json", Format::BloodHound, include_bytes!("files/sharphound-enterprisecas.json")),
    ("certutil-dstemplate.txt", Format::CertutilDsTemplate, include_bytes!("files/certutil-dstemplate.txt")),
    ("certutil-template.txt", Format::CertutilTemplate, include_bytes!("files/certutil-template.txt")),
    ("xcep.xml", Format::Xcep, include_bytes!("files/xcep.xml")),
];

/// What a file says.
///
/// # Panics
/// When there is none of that name, or it says nothing.
pub(crate) fn file(name: &str) -> Import {
    let (_, _, bytes) = FILES.iter().find(|(known, ..)| *known == name).expect("a file of the list");
    read(name.trim_end_matches(".json"), bytes, Half::User).expect("it has something")
}

#[test]
fn every_format_has_a_file_and_recognises_it() {
    let mut missing: Vec<Format> = Format::all().filter(|format| *format != Format::RegistryPol).collect();
    for (name, format, bytes) in FILES {
        assert_eq!(Format::of(bytes), Some(*format), "{name}");
        missing.retain(|other| other != format);
    }
    assert_eq!(missing, []);
}

#[test]
fn every_format_says_the_same_after_ldif() {
    for (name, ..) in FILES {
        let import = file(name);
        let again = ldif(import.to_ldif("CN=Configuration,DC=contoso,DC=test").as_bytes());
        assert_eq!(again.templates.len(), import.templates.len(), "{name}");
        for (again, before) in again.templates.iter().zip(&import.templates) {
            // Classes are written always; of lists that are empty nothing is written.
            let said = |said: &BTreeSet<String>| -> BTreeSet<String> {
                said.iter().filter(|name| before.to_entry().value(name).is_some()).cloned().collect()
            };
            assert_eq!(said(&again.said), said(&before.said), "{name}");
            assert_eq!(again.template, before.template, "{name}");
        }
        let authorities = |import: &Import| -> Vec<_> {
            import.authorities.iter().map(|ca| (ca.authority.name.clone(), ca.authority.templates.clone())).collect()
        };
        assert_eq!(authorities(&again), authorities(&import), "{name}");
    }
}
