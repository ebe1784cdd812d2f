//! certipy reads flags, periods and names of every template as we do, and our CA answers its requests as the
//! specification asks.

use crate::suite;
use autoenroll_import::{Format, Half, Import, ldif, read};
use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::{Disposition, HResult, PrivateKeyFlags, Submission, Template};
use autoenroll_oracles::lab::{self, Ask, alice, ca, key, start, template};
use autoenroll_oracles::templates::{Generation, directory};
use autoenroll_oracles::tools;
use autoenroll_wire::Certificate;
use std::path::Path;

/// What certipy prints about a directory.
fn printed(name: &str, directory: &Import) -> Option<Import> {
    let mut command = tools::python("certipy_find.py")?;
    let file = suite::new_folder(&format!("certipy-{name}")).join("directory.ldif");
    std::fs::write(&file, directory.to_ldif("CN=Configuration,DC=contoso,DC=test"))
        .expect("the folder was made for this");
    let said = tools::printed(command.arg(&file));
    let json = said.find('{').map_or("", |start| &said[start..]);
    assert_eq!(Format::of(json.as_bytes()), Some(Format::CertipyFind));
    let import = read(name, json.as_bytes(), Half::User).unwrap_or_else(|error| panic!("{error}\n{said}"));
    assert_eq!(import.templates.len(), directory.templates.len(), "{said}");
    Some(import)
}

/// Compares what certipy prints with what the directory has.
fn agree(name: &str, directory: &Import) {
    let Some(said) = printed(name, directory) else { return };
    for (ours, theirs) in directory.templates.iter().zip(&said.templates) {
        let (ours, theirs) = (&ours.template, &theirs.template);
        assert_eq!(theirs.name, ours.name);
        assert_eq!(theirs.display_name, ours.display_name);
        assert_eq!(theirs.validity, ours.validity, "{}", ours.name);
        assert_eq!(theirs.renewal_period, ours.renewal_period, "{}", ours.name);
        assert_eq!(theirs.name_flags, ours.name_flags, "{}", ours.name);
        assert_eq!(
            theirs.enrollment_flags.unwrap_or_default(),
            ours.enrollment_flags.unwrap_or_default(),
            "{}",
            ours.name
        );
        // The nibbles of versions are no flags to certipy: it prints them as a number, or not at all.
        let named = |flags: PrivateKeyFlags| flags.bits() & !0x0F0F_0000;
        assert_eq!(named(theirs.private_key_flags), named(ours.private_key_flags), "{}", ours.name);
        assert_eq!(theirs.eku, ours.eku, "{}", ours.name);
        assert_eq!(theirs.ra_application_policies, ours.ra_application_policies, "{}", ours.name);
        assert_eq!(theirs.cng, ours.cng, "{}", ours.name);
        assert_eq!(theirs.ra_signatures, ours.ra_signatures, "{}", ours.name);
        assert_eq!(theirs.minimal_key_size, ours.minimal_key_size, "{}", ours.name);
    }
    let offers = |import: &Import| {
        let mut list: Vec<_> = import
            .authorities
            .iter()
            .map(|one| (one.authority.name.clone(), one.authority.host.clone(), one.authority.templates.clone()))
            .collect();
        list.iter_mut().for_each(|(.., templates)| templates.sort());
        list
    };
    assert_eq!(offers(&said), offers(directory));
}

#[test]
fn certipy_reads_the_default_templates_as_we_do() {
    agree("win2003", &directory(Generation::Win2003));
    agree("later", &directory(Generation::Later));
}

#[test]
fn certipy_reads_the_exports_as_we_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/templates");
    if !folder.exists() {
        eprintln!("no real templates beside the project: nothing is checked here");
        return;
    }
    let mut directory = Import::default();
    for content in suite::files(&folder, ".ldf").values() {
        directory.add(ldif(content));
    }
    // certipy takes no template without an access control list.
    for imported in &mut directory.templates {
        imported.template.security = lab::security(true);
        imported.said.insert("ntsecuritydescriptor".to_owned());
    }
    agree("exports", &directory);
}

/// What `certipy template` saves of a template is what the directory has, as far as it saves it.
#[test]
fn certipy_saves_templates_as_we_read_them() {
    let Some(mut command) = tools::python("certipy_template.py") else { return };
    let directory = directory(Generation::Later);
    let folder = suite::new_folder("certipy-template");
    let file = folder.join("directory.ldif");
    std::fs::write(&file, directory.to_ldif("CN=Configuration,DC=contoso,DC=test"))
        .expect("the folder was made for this");
    let _ = tools::printed(command.arg(&file).arg(&folder));
    for ours in &directory.templates {
        let name = &ours.template.name;
        let bytes = std::fs::read(folder.join(format!("{name}.json"))).expect("certipy wrote it");
        assert_eq!(Format::of(&bytes), Some(Format::CertipyTemplate), "{name}");
        let import = read(name, &bytes, Half::User).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [theirs] = &import.templates[..] else { panic!("one template") };
        let saved = Template {
            oid: None,
            schema: None,
            revision: 0,
            minor: 0,
            display_name: name.clone(),
            ..ours.template.clone()
        };
        assert_eq!(theirs.template, saved);
    }
}

/// What is asked of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Issue,
    /// By the policy.
    Deny(HResult),
    /// Before the policy is asked.
    Fail(HResult),
}

/// Requests of certipy, by the name of their file, the template in the attribute beside them, and the answer with its
/// source.
const ANSWERS: &[(&str, &str, Answer, &str)] = &[
    ("plain.req", "User", Answer::Issue, "[MS-WCCE] 3.2.1.4.2.1.4.1.1"),
    // The signed attributes lack the content type that RFC 3852 11.1 demands. A real CA takes it all the same.
    ("renewal.req", "User", Answer::Issue, "P7.46, against [MS-WCCE] 3.2.1.4.2.1.4.2.1"),
    ("compliant-renewal.req", "User", Answer::Issue, "[MS-WCCE] 3.2.1.4.2.1.4.2.1"),
    (
        "on-behalf.req",
        "User",
        Answer::Fail(HResult::CERTSRV_E_RESTRICTEDOFFICER),
        "[MS-WCCE] 3.2.2.6.2.1.2.1: the signer is no enrollment agent",
    ),
    (
        "compliant-on-behalf.req",
        "User",
        Answer::Fail(HResult::CERTSRV_E_RESTRICTEDOFFICER),
        "[MS-WCCE] 3.2.2.6.2.1.2.1, as above",
    ),
    ("archival.req", "Encryption", Answer::Issue, "[MS-WCCE] 3.2.2.6.2.1.2.2"),
    ("archival.req", "User", Answer::Deny(HResult::CERTSRV_E_ARCHIVED_KEY_UNEXPECTED), "[MS-ERREF]"),
    ("plain.req", "Encryption", Answer::Deny(HResult::CERTSRV_E_ARCHIVED_KEY_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.5.7"),
];

#[test]
fn the_ca_answers_certipy_as_the_specification_asks() {
    let Some(mut command) = tools::python("certipy_requests.py") else { return };
    let user = template("User");
    let archiving =
        Template { private_key_flags: PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL, ..template("Encryption") };
    let mut ca = ca(KeyAlgorithm::Rsa2048, vec![user.clone(), archiving]);
    let old = key("old", KeyAlgorithm::Rsa2048);
    let reply = ca.submit(start(), &alice(), &Ask::for_template(&user, old.clone()).submission());
    let folder = suite::new_folder("certipy-requests");
    let exchange = ca.exchange_certificate(start());
    for (name, content) in
        [("old.key", old.pkcs8_der()), ("old.cer", reply.certificate.expect("issued")), ("exchange.cer", exchange)]
    {
        std::fs::write(folder.join(name), content).expect("the folder was made for this");
    }
    let _ = tools::printed(command.arg(&folder));

    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (name, template, expected, source) in ANSWERS {
        let submission = Submission {
            attributes: vec![("CertificateTemplate".into(), (*template).into())],
            request: read(name),
            ..Ask::for_template(&user, old.clone()).submission()
        };
        let reply = ca.submit(start(), &alice(), &submission);
        let answer = match reply.disposition {
            Disposition::Issued => Answer::Issue,
            Disposition::Denied(code) => Answer::Deny(code),
            Disposition::Failed(code) => Answer::Fail(code),
            Disposition::Pending => panic!("{name}: nothing waits here"),
        };
        assert_eq!(answer, *expected, "{name} for {template} ({source}): {}", reply.message);
        if let (Disposition::Issued, "archival.req") = (reply.disposition, *name) {
            let row = ca.database().row(reply.request_id).expect("it was issued");
            assert_eq!(row.archived_key, Some(read("archived.key")), "the key that certipy made");
        }
        if let Some(certificate) = reply.certificate {
            let certificate = Certificate::parse(&certificate).expect("our own");
            assert_eq!(certificate.upn().as_deref(), Some("alice@contoso.test"), "{name}");
        }
    }
}
