//! certihound writes files for BloodHound CE; what they say is what the directory has.

use std::collections::BTreeSet;

use crate::suite;
use autoenroll_import::{Format, Half, Import, read};
use autoenroll_model::Right;
use autoenroll_oracles::templates::{Generation, directory};
use autoenroll_oracles::tools;

#[test]
fn files_of_bloodhound_say_what_the_directory_has() {
    let Some(mut command) = tools::python("certihound_export.py") else { return };
    let directory = directory(Generation::Later);
    let folder = suite::new_folder("certihound");
    let file = folder.join("directory.ldif");
    std::fs::write(&file, directory.to_ldif("CN=Configuration,DC=contoso,DC=test"))
        .expect("the folder was made for this");
    let _ = tools::printed(command.arg(&file).arg(&folder));

    let mut import = Import::default();
    for kind in ["certtemplates", "enterprisecas"] {
        let bytes = std::fs::read(folder.join(format!("exported_{kind}.json"))).expect("certihound wrote it");
        assert_eq!(Format::of(&bytes), Some(Format::BloodHound));
        import.add(read(kind, &bytes, Half::User).expect("it has objects"));
    }
    assert_eq!(import.templates.len(), directory.templates.len());
    for (theirs, ours) in import.templates.iter().zip(&directory.templates) {
        let granted: BTreeSet<Right> = theirs.granted.iter().map(|(_, right)| *right).collect();
        let (theirs, ours) = (&theirs.template, &ours.template);
        assert_eq!(theirs.name, ours.name);
        assert_eq!(theirs.display_name, ours.display_name);
        assert_eq!(theirs.schema.unwrap_or(1), ours.schema_version(), "{}", ours.name);
        assert_eq!(theirs.oid, ours.oid, "{}", ours.name);
        // certihound writes 0 for what is absent.
        assert_eq!(theirs.enrollment_flags, Some(ours.enrollment_flags.unwrap_or_default()), "{}", ours.name);
        assert_eq!(theirs.name_flags, ours.name_flags, "{}", ours.name);
        assert_eq!(theirs.ra_signatures, ours.ra_signatures, "{}", ours.name);
        assert_eq!(theirs.eku, ours.eku, "{}", ours.name);
        assert_eq!(theirs.validity, ours.validity, "{}", ours.name);
        assert_eq!(theirs.renewal_period, ours.renewal_period, "{}", ours.name);
        assert!(granted.contains(&Right::Enroll), "{}: {granted:?}", ours.name);
    }
    let ([theirs], [ours]) = (&import.authorities[..], &directory.authorities[..]) else { panic!("one CA") };
    assert_eq!(theirs.authority.name, ours.authority.name);
    assert_eq!(theirs.authority.host, ours.authority.host);
    let names = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&theirs.authority.templates), names(&ours.authority.templates));
}
