//! `autoenroll import` as people use it: files of every format in, a world, findings and an exit code out; and the
//! world is played.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, Ran, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// Files that programs wrote, or of their documented shape with other names.
const FILES: &str = "crates/import/tests/import/files";

/// What a story has to add to play a world that is imported.
#[derive(Clone, Copy)]
enum Needs {
    /// Nothing: everything is in the files.
    Nothing,
    /// A CA that issues the template; the files have none.
    Ca,
    /// A CA, and somebody who may enroll.
    CaAndRight,
    /// Somebody who may enroll.
    Right,
}

/// A format.
struct Row {
    /// Of its snapshot.
    name: &'static str,
    files: &'static [&'static str],
    /// The template that a story enrolls.
    template: &'static str,
    needs: Needs,
    /// What the story says of the template besides, because the format does not, or the story's machine could not.
    template_keys: &'static str,
}

const ROWS: &[Row] = &[
    Row { name: "ldif", files: &["contoso.ldif"], template: "ContosoUser", needs: Needs::Nothing, template_keys: "" },
    Row {
        name: "adcstemplate",
        files: &["adcstemplate.json"],
        template: "ContosoUser",
        needs: Needs::CaAndRight,
        template_keys: "",
    },
    Row {
        name: "adcstemplate-list",
        files: &["adcstemplate-list.json"],
        template: "ContosoNameless",
        needs: Needs::CaAndRight,
        template_keys: "oid = \"1.3.6.1.4.1.99999.5\"",
    },
    Row {
        name: "certipy-find-4",
        files: &["certipy-find-4.json"],
        template: "ContosoUser",
        needs: Needs::Right,
        template_keys: "schema = 2",
    },
    Row {
        name: "certipy-find-5",
        files: &["certipy-find-5.json"],
        template: "ContosoUser",
        needs: Needs::Right,
        template_keys: "",
    },
    Row {
        name: "certipy-template-4",
        files: &["certipy-4/ContosoUser.json"],
        template: "ContosoUser",
        needs: Needs::Ca,
        template_keys: "schema = 2",
    },
    Row {
        name: "certipy-template-5",
        files: &["certipy-5/ContosoUser.json"],
        template: "ContosoUser",
        needs: Needs::Ca,
        template_keys: "schema = 2",
    },
    Row {
        name: "sharphound",
        files: &["sharphound-certtemplates.json", "sharphound-enterprisecas.json"],
        template: "CONTOSOUSER",
        needs: Needs::Right,
        template_keys: "ra-signatures = 0\nra-application-policies = []\nra-policies = []",
    },
    Row {
        name: "certihound",
        files: &["certihound-enterprisecas.json", "certihound-certtemplates.json"],
        template: "ContosoUser",
        needs: Needs::Nothing,
        template_keys: "",
    },
    Row {
        name: "certutil-dstemplate",
        files: &["certutil-dstemplate.txt"],
        template: "ContosoUser",
        needs: Needs::Ca,
        template_keys: "",
    },
    Row {
        name: "certutil-template",
        files: &["certutil-template.txt"],
        template: "ContosoUser",
        needs: Needs::Ca,
        template_keys: "",
    },
    Row {
        name: "xcep",
        files: &["xcep.xml"],
        template: "ContosoUser",
        needs: Needs::Right,
        template_keys: "ra-signatures = 0\nra-application-policies = []\n\
            providers = [\"Microsoft Enhanced Cryptographic Provider v1.0\"]",
    },
];

impl Row {
    fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| root().join(FILES).join(file)).collect()
    }

    /// A story that enrolls its template in the world `mine`.
    fn story(&self) -> String {
        let Self { template, template_keys, .. } = self;
        let right = "allow = { alice = [\"enroll\", \"autoenroll\"] }";
        let (ca, right) = match self.needs {
            Needs::Nothing => (false, ""),
            Needs::Ca => (true, ""),
            Needs::CaAndRight => (true, right),
            Needs::Right => (false, right),
        };
        let ca = if ca {
            format!("[[world.ca]]\nname = \"Contoso Issuing CA\"\ntemplates = [\"{template}\"]\n")
        } else {
            String::new()
        };
        format!(
            "scenario = 1\ntitle = \"imported\"\nprofile = \"windows-10-22h2\"\n[world]\nextends = \"mine\"\n\
             [[world.group]]\nname = \"Domain Users\"\nsid = \"S-1-5-21-397955417-626881126-188441444-513\"\n\
             {ca}[[world.template]]\nname = \"{template}\"\n{template_keys}\n{right}\n[timeline]\n\
             steps = [{{ logon = \"alice\" }}, {{ expect = \"issued\", facts = {{ template = \"{template}\" }} }}]\n"
        )
    }
}

fn import(arguments: &[&str], files: &[PathBuf]) -> Ran {
    let mut command = Autoenroll::new(PROGRAM, ["import"]);
    for argument in arguments {
        command = command.arg(argument);
    }
    files.iter().fold(command, |command, file| command.arg(file)).run()
}

fn code(exit: Exit) -> Option<i32> {
    Some(i32::from(exit.code()))
}

/// World, findings and exit code of every format.
#[test]
fn every_format_is_a_world_and_findings() {
    for row in ROWS {
        let ran = import(&[], &row.paths());
        assert_eq!(ran.code, code(Exit::Ok), "{}: {}", row.name, ran.err);
        insta::assert_snapshot!(row.name, format!("{}\n--- standard error\n{}", ran.out, ran.err));
    }
}

/// In the domain of a world that is there already, a story enrolls a template of the files.
#[test]
fn every_format_is_played() {
    for row in ROWS {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("import-{}", row.name));
        fs::create_dir_all(directory.join("worlds")).unwrap();
        let ran = import(&["--extends", "contoso"], &row.paths());
        assert_eq!(ran.code, code(Exit::Ok), "{}: {}", row.name, ran.err);
        fs::write(directory.join("worlds/mine.toml"), &ran.out).unwrap();
        fs::write(directory.join("story.toml"), row.story()).unwrap();
        let play = |command: &str| {
            let command = Autoenroll::new(PROGRAM, [command]).arg(directory.join("story.toml"));
            command.arg("--fixtures").arg(&directory).run()
        };
        for command in ["check", "run"] {
            let ran = play(command);
            let story = fs::read_to_string(directory.join("worlds/mine.toml")).unwrap();
            assert_eq!(ran.code, code(Exit::Ok), "{} {command}: {}{}\n{story}", row.name, ran.out, ran.err);
        }
    }
}

/// A file of templates holds the same attributes, and is checked before it is printed as well.
#[test]
fn every_format_is_a_file_of_templates() {
    for row in ROWS {
        let ran = import(&["--to", "templates"], &row.paths());
        assert_eq!(ran.code, code(Exit::Ok), "{}: {}", row.name, ran.err);
        assert!(ran.out.starts_with("[[template]]\nname = "), "{}: {}", row.name, ran.out);
        assert!(ran.out.contains(&format!("name = \"{}\"", row.template)), "{}: {}", row.name, ran.out);
    }
}

/// A file of templates stands beside the default ones, whatever it is called, and templates are based on it.
#[test]
fn a_file_of_templates_is_used() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-based-on");
    fs::create_dir_all(directory.join("templates")).unwrap();
    let own = import(&["--to", "templates"], &[root().join(FILES).join("contoso.ldif")]).out;
    let story = directory.join("story.toml");
    let run = |profile: &str, bases: &[&str]| {
        let copy = |base: &&str| {
            format!(
                "[[world.template]]\nname = \"My{base}\"\nbased-on = \"{base}\"\nallow = {{ alice = [\"enroll\", \"autoenroll\"] }}\n"
            )
        };
        let copies: String = bases.iter().map(copy).collect();
        let text = format!(
            "scenario = 1\ntitle = \"t\"\nprofile = \"{profile}\"\n[world]\nextends = \"contoso\"\n{copies}[timeline]\n\
             steps = [{{ logon = \"alice\" }}, {{ expect = \"issued\", facts = {{ template = \"MyContosoUser\" }} }}]\n"
        );
        fs::write(&story, text).unwrap();
        Autoenroll::new(PROGRAM, ["run"]).arg(&story).arg("--fixtures").arg(&directory).run()
    };
    for profile in ["server-2003-sp1", "windows-10-22h2"] {
        for name in ["mine", "deeper/mine"] {
            let file = directory.join(format!("templates/{name}.toml"));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &own).unwrap();
            let ran = run(profile, &["ContosoUser", "SmartcardLogon"]);
            assert_eq!(ran.code, code(Exit::Ok), "{profile} {name}: {}{}", ran.out, ran.err);
            fs::remove_file(&file).unwrap();
        }
        let ran = run(profile, &["ContosoUser"]);
        assert_eq!(ran.code, code(Exit::Usage), "{profile}: {}{}", ran.out, ran.err);
    }
    // A broken one is told.
    fs::write(directory.join("templates/mine.toml"), "[[template]]\nname = 5\n").unwrap();
    let ran = run("windows-10-22h2", &["SmartcardLogon"]);
    assert_eq!(ran.code, code(Exit::Usage), "{}{}", ran.out, ran.err);
    assert!(format!("{}{}", ran.out, ran.err).contains("templates/mine.toml:2"), "{}{}", ran.out, ran.err);
    // Its own templates are judged before they are printed, not those of the directory.
    let ran = import(
        &["--to", "templates", "--fixtures", &directory.display().to_string()],
        &[root().join(FILES).join("contoso.ldif")],
    );
    assert_eq!((ran.code, ran.out == own), (code(Exit::Ok), true), "{}", ran.err);
    // A CA alone makes none.
    let path = directory.join("ca.ldif");
    fs::write(&path, "dn: CN=A CA,CN=Enrollment Services,CN=X\ncn: A CA\n").unwrap();
    let ran = import(&["--to", "templates"], &[path]);
    assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{}", ran.err);
    assert!(ran.err.contains("no template was read"), "{}", ran.err);
}

/// A text as bytes.
type Encode = fn(&str) -> Vec<u8>;

/// The same text in any encoding is the same world.
#[test]
fn the_encoding_of_a_file_does_not_matter() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-encodings");
    for row in ROWS {
        let expected = import(&[], &row.paths());
        let encodings: [(&str, Encode); 4] = [
            ("utf-8-bom", |text| [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            ("utf-16-le", |text| {
                [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
            }),
            ("utf-16-be", |text| {
                [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
            }),
            ("crlf", |text| text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()),
        ];
        for (name, encode) in encodings {
            let mut paths = Vec::new();
            for path in row.paths() {
                let folder = directory.join(format!("{}-{name}", row.name));
                fs::create_dir_all(&folder).unwrap();
                let to = folder.join(path.file_name().unwrap());
                fs::write(&to, encode(&text_of(&path))).unwrap();
                paths.push(to);
            }
            let ran = import(&[], &paths);
            assert_eq!(
                (ran.code, &ran.out, &ran.err),
                (expected.code, &expected.out, &expected.err),
                "{} {name}",
                row.name
            );
        }
    }
}

/// The text of a fixture: some are in UTF-16, or have a byte order mark.
fn text_of(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => {
            let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
            String::from_utf16(&units).unwrap()
        }
        _ => String::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}').to_owned(),
    }
}

/// A file of which nothing can be taken over ends the command, and one sentence says what it looks like.
#[test]
fn what_is_no_import_is_one_sentence() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-nothing");
    let certificate = fs::read(root().join("crates/import/tests/import/lab-ca.der")).unwrap();
    let rows: &[(&str, &[u8], &str)] = &[
        ("empty.ldif", b"", "an empty file"),
        ("blank.ldif", b" \r\n\n", "an empty file"),
        ("ca.cer", &certificate, "a certificate in DER"),
        ("ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n", "PEM: certificate"),
        ("key.pem", b"-----BEGIN RSA PRIVATE KEY-----\nMIIB\n", "PEM: rsa private key"),
        ("user.pfx", b"\x30\x82\x09\x00\x02\x01\x03\x30\x82", "a PFX (PKCS #12)"),
        ("request.p7", b"\x30\x82\x09\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "a message of CMS (PKCS #7)"),
        ("bloodhound.zip", b"PK\x03\x04\x14\x00", "a zip archive: unpack it, and name the files in it"),
        ("log.evtx", b"ElfFile\0\0\0", "an event log of Windows: `autoenroll observe` reads it"),
        ("page.html", b"<!DOCTYPE html>\n<html><body>dn: x</body></html>", "an HTML page"),
        ("log.xml", b"<Events><Event/></Events>", "event logs of Windows: `autoenroll observe` reads them"),
        ("report.xml", b"<?xml version=\"1.0\"?><GPO><Name/></GPO>", "XML of `GPO`"),
        ("cut.xml", b"<a><b>", "damaged XML"),
        (
            "users.json",
            b"{\"data\":[],\"meta\":{\"type\":\"users\",\"count\":0}}",
            "a BloodHound file of `users`: `certtemplates` and `enterprisecas` are read",
        ),
        (
            "empty.json",
            b"{\"data\":[],\"meta\":{\"type\":\"certtemplates\",\"count\":0}}",
            "a BloodHound file without an object that has a name",
        ),
        ("other.json", b"{\"one\":1,\"two\":2}", "JSON of no format known here with `one`, `two`"),
        ("list.json", b"[1, 2]", "JSON of no format known here"),
        (
            "cut.json",
            b"{\"Certificate Templates\": {",
            "damaged JSON (EOF while parsing an object at line 1 column 27)",
        ),
        (
            "nothing.json",
            b"{\"Certificate Templates\": \"[!] Could not find any certificate templates\"}",
            "JSON of `certipy find` that found neither templates nor CAs",
        ),
        (
            "certipy.txt",
            b"Certificate Authorities\n  0\n    CA Name : Lab CA\n",
            "text of `certipy find`: `certipy find -json` prints what is read",
        ),
        (
            "failed.txt",
            b"CertUtil: -dsTemplate command FAILED: 0x80070002\n",
            "text of certutil without a template: `certutil -v -dsTemplate` prints what is read",
        ),
        ("world.toml", b"scenario = 1\n[world]\n", "a scenario or a world already"),
        ("notes.txt", b"Dear all,\nfind attached\n", "text of no format known here that begins with `Dear all,`"),
        (
            "users.ldif",
            b"dn: CN=alice,CN=Users,DC=test\nobjectClass: user\ncn: alice\n",
            "LDIF without templates, CAs or trusted certificates",
        ),
        ("none.ldif", b"# extended LDIF\n\n# search result\nsearch: 2\nresult: 0 Success\n", "LDIF without templates"),
        (
            "nameless.ldif",
            b"dn: OU=x\nobjectClass: pKICertificateTemplate\nflags: 1\n",
            "LDIF without templates, CAs or trusted certificates (OU=x: cn: could not be read; expected a name; without one \
              the object is left out)",
        ),
        ("damaged.pol", b"PReg\x02\0\0\0", "a damaged Registry.pol or report"),
        (
            "none.xml",
            b"<GetPoliciesResponse xmlns=\"http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy\"/>",
            "an answer of a policy server (XCEP) without policies and CAs",
        ),
        (
            "entity.xml",
            b"<!DOCTYPE x [<!ENTITY a \"a\">]><GetPoliciesResponse>&a;</GetPoliciesResponse>",
            "an answer of a policy server (XCEP) without policies and CAs (XCEP: file: could not be read; expected XML (XML \
              with DTD detected))",
        ),
    ];
    for (name, bytes, looks_like) in rows {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        // A good file beside it does not hide it.
        for files in [vec![path.clone()], vec![root().join(FILES).join("contoso.ldif"), path.clone()]] {
            let ran = import(&[], &files);
            assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{name}: {}", ran.err);
            let expected =
                format!("autoenroll: {}: nothing of it can be taken over: it looks like {looks_like}", path.display());
            assert!(ran.err.starts_with(&expected) && ran.err.lines().count() == 1, "{name}\n{expected}\n{}", ran.err);
        }
    }
}

/// A text as a file, with what the world must have, what must be found, and what neither must have.
struct Case {
    name: &'static str,
    file: &'static str,
    arguments: &'static [&'static str],
    text: &'static str,
    world: &'static [&'static str],
    findings: &'static [&'static str],
    never: &'static [&'static str],
}

const CASE: Case = Case { name: "", file: "x.ldif", arguments: &[], text: "", world: &[], findings: &[], never: &[] };

const CASES: &[Case] = &[
    Case {
        name: "a CA without a certificate",
        text: "dn: CN=A CA,CN=Enrollment Services,CN=X\nobjectClass: pKIEnrollmentService\ncn: A CA\ndNSHostName: a.test\n\
            certificateTemplates: T\n\ndn: CN=T,CN=Certificate Templates,CN=X\nobjectClass: pKICertificateTemplate\ncn: T\n",
        world: &["name = \"A CA\"\nhost = \"a.test\"\ntemplates = [\"T\"]"],
        findings: &["A CA: cACertificate: not said by the source; a CA of a world has its own"],
        ..CASE
    },
    Case {
        name: "a CA that has no certificate in its directory",
        text: "dn: CN=A CA,CN=Enrollment Services,CN=X\nobjectClass: pKIEnrollmentService\ncn: A CA\nwhenCreated: 1\n",
        world: &["name = \"A CA\"\nhost = false\ntemplates = []"],
        findings: &[
            "A CA: cACertificate: the object has none; a client passes over such a service",
            "A CA: certificateTemplates: not said by the source; the CA issues no template",
        ],
        ..CASE
    },
    Case {
        name: "a CA without a name and a host",
        text: "dn: CN=A\\, B,CN=Enrollment Services,CN=X\ncertificateTemplates: T\n",
        world: &["name = \"A, B\"\ntemplates = []"],
        findings: &[
            "A, B: dNSHostName: not said by the source",
            "CN=A\\, B,CN=Enrollment Services,CN=X: cn: the source does not say it; `A, B` is what else calls the object",
            "A, B: certificateTemplates `T`: no template of that name is imported",
        ],
        never: &["host ="],
        ..CASE
    },
    Case {
        name: "a template whose name is empty",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\nobjectClass: pKICertificateTemplate\ncn:\nflags: 1\n",
        world: &["[[world.template]]\nname = \"T\""],
        findings: &["cn: the source does not say it; `T` is what else calls the object"],
        ..CASE
    },
    Case {
        name: "an object with few attributes",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\nmsPKI-Enrollment-Flag: 32\nmsPKI-Template-Schema-Version: 2\n",
        world: &["name = \"T\"\nschema = 2\nenrollment-flags = [\"auto-enrollment\"]\n"],
        findings: &[
            "T: displayName, flags, revision, pKIDefaultKeySpec, pKIKeyUsage, pKIMaxIssuingDepth, pKIExpirationPeriod, \
             pKIOverlapPeriod, msPKI-RA-Signature, msPKI-Private-Key-Flag, msPKI-Certificate-Name-Flag, \
             msPKI-Minimal-Key-Size, msPKI-Template-Minor-Revision, pKICriticalExtensions, pKIExtendedKeyUsage, \
             pKIDefaultCSPs, msPKI-Supersede-Templates, msPKI-RA-Policies, msPKI-RA-Application-Policies, \
             msPKI-Certificate-Policy, msPKI-Certificate-Application-Policy: not said by the source",
            "T: msPKI-Cert-Template-OID: the bench derives one from the name",
        ],
        never: &["validity", "revision =", "general-flags", "\noid ="],
        ..CASE
    },
    Case {
        name: "a template that has no identity in its directory",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\nobjectClass: pKICertificateTemplate\ncn: T\nwhenCreated: 1\n\
            msPKI-Template-Schema-Version: 2\n",
        world: &["oid = false"],
        findings: &["T: msPKI-Cert-Template-OID: the object has none, so that the template is no candidate"],
        ..CASE
    },
    Case {
        name: "an identity that is none",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\nmsPKI-Template-Schema-Version: 2\n\
            msPKI-Cert-Template-OID: 1.3.x\n",
        world: &["malformed-oid = \"1.3.x\""],
        findings: &["T: msPKI-Cert-Template-OID `1.3.x`: is no object identifier"],
        ..CASE
    },
    Case {
        name: "an empty identity",
        file: "x.json",
        text: "{\"name\": \"T\", \"msPKI-Cert-Template-OID\": \"\", \"msPKI-Template-Schema-Version\": 2}",
        world: &["oid = false"],
        ..CASE
    },
    Case {
        name: "a number that is none is as good as absent",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\nrevision: many\n",
        findings: &[
            "T: revision `many`: could not be read; expected a number of 32 bits",
            "flags, revision, pKIDefault",
        ],
        never: &["revision ="],
        ..CASE
    },
    Case {
        name: "continuations, base64, comments, search references and results",
        text: "# extended LDIF\n#\n# LDAPv3\nversion: 1\n\n# T,\n# more\ndn: CN=T,CN=Certificate Temp\n lates,CN=X\ncn:: VA==\n\
            displayName: a long\n  name\n\nref: ldap://other.test/CN=X\n\n# search result\nsearch: 2\nresult: 0 Success\n",
        world: &["name = \"T\"\ndisplay-name = \"a long name\""],
        never: &["LDIF: could not"],
        ..CASE
    },
    Case {
        name: "the CA of the world that is extended goes on issuing what it issued there",
        arguments: &["--extends", "contoso"],
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\n",
        world: &[
            "extends = \"contoso\"",
            "[[world.ca]]\nname = \"Contoso Issuing CA\"\ntemplates = [\"SmartcardLogon\"]\n",
        ],
        findings: &[
            "T: certificateTemplates: no CA of the files issues it; nobody does until `templates` of a CA names it",
        ],
        ..CASE
    },
    Case {
        name: "what the world that is extended has already",
        arguments: &["--extends", "contoso"],
        text: "dn: CN=SmartcardLogon,CN=Certificate Templates,CN=X\ncn: SmartcardLogon\n\n\
            dn: CN=Contoso Issuing CA,CN=Enrollment Services,CN=X\ncn: Contoso Issuing CA\n\
            certificateTemplates: SmartcardLogon\n",
        world: &["name = \"Contoso Issuing CA\"\ntemplates = [\"SmartcardLogon\"]\n"],
        findings: &[
            "Contoso Issuing CA: CA: the world that is extended has a CA of that name",
            "SmartcardLogon: template: the world that is extended has a template of that name",
        ],
        never: &["no CA of the files issues it"],
        ..CASE
    },
    Case {
        name: "certipy had no words for a period",
        file: "x.json",
        text: "{\"Certificate Templates\": {\"0\": {\"Template Name\": \"T\", \"Validity Period\": \"\"}}}",
        findings: &["T: pKIExpirationPeriod: certipy had no words for the period"],
        never: &["validity ="],
        ..CASE
    },
    Case {
        name: "certipy does not know a word, a number, a purpose, a key",
        file: "x.json",
        text: "{\"Certificate Templates\": {\"0\": {\"Template Name\": \"T\", \"Enrollment Flag\": [\"AutoEnrollment\", \
            \"Dance\", 16], \"Extended Key Usage\": [\"Juggling\", \"1.2.3\"], \"Validity Period\": \"a while\", \
            \"Schema Version\": \"two\", \"Colour\": \"red\"}, \"1\": {}}, \"Issuance Policies\": {}}",
        world: &[
            "enrollment-flags = [\"auto-enrollment-check-user-ds-certificate\", \"auto-enrollment\"]\neku = [\"1.2.3\"]",
        ],
        findings: &[
            "T: Enrollment Flag `\"Dance\"`: is not known here",
            "T: Extended Key Usage `Juggling`: is not known here",
            "T: Validity Period `\"a while\"`: could not be read; expected a period like 1 year or 6 weeks",
            "T: Schema Version `\"two\"`: could not be read; expected a number",
            "T: Colour `\"red\"`: is not known here",
            "1: Template Name: could not be read",
            "certipy: Issuance Policies: is not known here",
        ],
        never: &["does not depend", "validity ="],
        ..CASE
    },
    Case {
        name: "whose purposes a collector of BloodHound means",
        file: "x.json",
        text: "{\"data\": [{\"Properties\": {\"name\": \"ONE@X\", \"authorizedsignatures\": 0, \"applicationpolicies\": [\"1.2.1\"], \
            \"certificateapplicationpolicy\": [\"1.2.2\"]}}, {\"Properties\": {\"name\": \"TWO@X\", \"authorizedsignatures\": 1, \
            \"applicationpolicies\": [\"1.2.3\"]}}, {\"Properties\": {\"name\": \"THREE@X\", \"authorizedsignatures\": 0, \
            \"applicationpolicies\": [\"1.2.4\"]}}], \"meta\": {\"type\": \"certtemplates\"}}",
        world: &[
            "ra-application-policies = [\"1.2.1\"]\napplication-policies = [\"1.2.2\"]",
            "ra-signatures = 1\nra-application-policies = [\"1.2.3\"]",
            "name = \"THREE\"\napplication-policies = [\"1.2.4\"]",
        ],
        findings: &[
            "TWO: applicationpolicies `[\"1.2.3\"]`: is taken for what the registration authority's certificate must be for",
        ],
        never: &["ONE: applicationpolicies", "THREE: applicationpolicies"],
        ..CASE
    },
    Case {
        name: "a CA of PowerShell",
        file: "x.json",
        text: "[{\"cn\": \"A CA\", \"dNSHostName\": \"a.test\", \"certificateTemplates\": [\"T\"], \"cACertificate\": []},\n\
            {\"name\": \"T\", \"msPKI-RA-Signature\": 0, \"pKIKeyUsage\": 160}]",
        world: &["name = \"A CA\"\nhost = \"a.test\"\ntemplates = [\"T\"]"],
        findings: &["A CA: cACertificate: not said by the source"],
        ..CASE
    },
    Case {
        name: "a CA names a template in another case",
        text: "dn: CN=A CA,CN=Enrollment Services,CN=X\nobjectClass: pKIEnrollmentService\ncn: A CA\n\
            certificateTemplates: CORPUSER\ncertificateTemplates: corpuser\n\n\
            dn: CN=CorpUser,CN=Certificate Templates,CN=X\ncn: CorpUser\nmsPKI-Supersede-Templates: OLD\n\n\
            dn: CN=Old,CN=Certificate Templates,CN=X\ncn: Old\n",
        world: &["name = \"A CA\"\ntemplates = [\"CorpUser\"]\n", "name = \"CorpUser\"\nsupersedes = [\"Old\"]\n"],
        never: &["no template of that name", "CorpUser: certificateTemplates"],
        ..CASE
    },
    Case {
        name: "two templates, and two CAs, of one name",
        file: "x.json",
        text: "[{\"cn\": \"UserA\", \"pKIKeyUsage\": 160, \"flags\": 1}, {\"cn\": \"USERA\", \"pKIKeyUsage\": 160, \"flags\": 2}, \
            {\"cn\": \"\u{c4} CA\", \"cACertificate\": [], \"certificateTemplates\": [\"usera\"]}, \
            {\"cn\": \"\u{e4} ca\", \"cACertificate\": [], \"certificateTemplates\": [\"UserA\"]}]",
        world: &["name = \"UserA\"\n", "name = \"\u{c4} CA\"\ntemplates = [\"UserA\"]"],
        findings: &[
            "USERA: template: `UserA` was read before and is taken, and this is left out: names count without regard to case",
            "\u{e4} ca: CA: `\u{c4} CA` was read before and is taken",
        ],
        never: &["name = \"USERA\"", "name = \"\u{e4} ca\""],
        ..CASE
    },
    Case {
        name: "what the world that is extended has in another case",
        arguments: &["--extends", "contoso"],
        text: "dn: CN=SMARTCARDLOGON,CN=Certificate Templates,CN=X\ncn: SMARTCARDLOGON\n\n\
            dn: CN=contoso issuing ca,CN=Enrollment Services,CN=X\ncn: contoso issuing ca\n\
            certificateTemplates: SmartCardLogon\n",
        world: &["name = \"Contoso Issuing CA\"\ntemplates = [\"SmartcardLogon\"]\n", "name = \"SmartcardLogon\"\n"],
        findings: &[
            "SMARTCARDLOGON: cn: is `SmartcardLogon` of the world that is extended, and is written so",
            "contoso issuing ca: cn: is `Contoso Issuing CA` of the world that is extended",
            "Contoso Issuing CA: CA: the world that is extended has a CA of that name",
        ],
        never: &["no CA of the files issues it", "name = \"SMARTCARDLOGON\"", "name = \"contoso issuing ca\""],
        ..CASE
    },
    Case {
        name: "a CA of the world that is extended issues it",
        arguments: &["--extends", "contoso"],
        text: "dn: CN=MyCA,CN=Enrollment Services,CN=X\ncn: MyCA\ncertificateTemplates: CorpUser\n\n\
            dn: CN=SmartcardLogon,CN=Certificate Templates,CN=X\ncn: SmartcardLogon\n",
        world: &["name = \"Contoso Issuing CA\"\ntemplates = [\"SmartcardLogon\"]\n"],
        findings: &[
            "SmartcardLogon: certificateTemplates: no CA of the files issues it; `Contoso Issuing CA` of the world that is \
             extended does",
        ],
        never: &["nobody does"],
        ..CASE
    },
    Case {
        name: "a schema version that no client knows",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\nmsPKI-Template-Schema-Version: 9\n",
        world: &["schema = 9\n"],
        findings: &[
            "T: msPKI-Template-Schema-Version `9`: is known to no client, so that the template is no candidate (R034)",
        ],
        never: &["R036"],
        ..CASE
    },
    Case {
        name: "no schema version",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\n",
        findings: &[
            "T: msPKI-Template-Schema-Version: not there, which means 1 ([MS-CRTD] 2.16), and version 1 is not autoenrolled \
             (R036); that verdict rests on it",
        ],
        never: &["schema ="],
        ..CASE
    },
];

/// The longest period that a duration holds.
const LONGEST: &str = "validity = \"213503d23h34m33s709ms551us615ns\"";

/// 1,000 years in every format that has periods.
const LONG: &[Case] = &[
    Case {
        name: "LDIF",
        text: "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\npKIExpirationPeriod:: AACiN8Cdn/s=\n",
        ..CASE
    },
    Case {
        name: "certipy find",
        file: "x.json",
        text: "{\"Certificate Templates\": {\"0\": {\"Template Name\": \"T\", \"Validity Period\": \"1000 years\"}}}",
        ..CASE
    },
    Case {
        name: "certipy template",
        file: "T.json",
        text: "{\"flags\": 1, \"pKIExpirationPeriod\": 31536000000, \"pKIMaxIssuingDepth\": 0}",
        ..CASE
    },
    Case {
        name: "PowerShell",
        file: "x.json",
        text: "{\"cn\": \"T\", \"pKIExpirationPeriod\": [0, 0, 162, 55, 192, 157, 159, 251], \"pKIMaxIssuingDepth\": 0}",
        ..CASE
    },
    Case {
        name: "BloodHound",
        file: "x.json",
        text: "{\"data\": [{\"Properties\": {\"name\": \"T@X\", \"validityperiod\": \"1000 years\"}}], \
            \"meta\": {\"type\": \"certtemplates\"}}",
        ..CASE
    },
    Case {
        name: "certutil -dsTemplate",
        file: "x.txt",
        text: "[T]\n  cn = \"T\"\n  pKIExpirationPeriod = 1000 Years\n",
        ..CASE
    },
    Case {
        name: "certutil -template",
        file: "x.txt",
        text: "  Template[0]:\n  TemplatePropCommonName = T\n  TemplatePropValidityPeriod = 1000 Years\n",
        ..CASE
    },
    Case {
        name: "XCEP",
        file: "x.xml",
        text: "<GetPoliciesResponse xmlns=\"http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy\"><response>\
            <policies><policy><attributes><commonName>T</commonName><certificateValidity><validityPeriodSeconds>31536000000\
            </validityPeriodSeconds></certificateValidity></attributes></policy></policies></response></GetPoliciesResponse>",
        ..CASE
    },
];

impl Case {
    fn check(&self, world: &[&str], findings: &[&str]) {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("import-case-{}", self.name.replace(' ', "-")));
        let path = directory.join(self.file);
        fs::write(&path, self.text).unwrap();
        let ran = import(self.arguments, &[path]);
        assert_eq!(ran.code, code(Exit::Ok), "{}: {}", self.name, ran.err);
        for expected in self.world.iter().chain(world) {
            assert!(ran.out.contains(expected), "{}: the world lacks {expected}\n{}", self.name, ran.out);
        }
        for expected in self.findings.iter().chain(findings) {
            let there = ran.err.lines().any(|line| line.contains(expected));
            assert!(there, "{}: nothing found says {expected}\n{}", self.name, ran.err);
        }
        for never in self.never {
            assert!(
                !ran.out.contains(never) && !ran.err.contains(never),
                "{}: {never}\n{}{}",
                self.name,
                ran.out,
                ran.err
            );
        }
    }
}

#[test]
fn what_is_absent_or_broken_is_told_and_stays_so() {
    CASES.iter().for_each(|case| case.check(&[], &[]));
}

/// Objects of two formats, of which one writes names in capitals, are one template whatever the order of the files.
#[test]
fn names_of_several_files_count_without_regard_to_case() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-case");
    let capitals =
        "{\"data\": [{\"Properties\": {\"name\": \"CORPUSER@X\"}}], \"meta\": {\"type\": \"certtemplates\"}}";
    let authority = "dn: CN=A CA,CN=Enrollment Services,CN=X\ncn: A CA\ncertificateTemplates: CorpUser\n";
    let template = "dn: CN=CorpUser,CN=Certificate Templates,CN=X\ncn: CorpUser\n";
    let put = |name: &str, text: &str| {
        fs::write(directory.join(name), text).unwrap();
        directory.join(name)
    };
    let (capitals, authority) = (put("capitals.json", capitals), put("authority.ldif", authority));
    let template = put("template.ldif", template);
    let rows: [(&[&PathBuf], &str, Option<&str>); 4] = [
        (&[&capitals, &authority], "CORPUSER", None),
        (&[&authority, &capitals], "CORPUSER", None),
        (&[&authority, &template, &capitals], "CorpUser", Some("CORPUSER: template: `CorpUser` was read before")),
        (&[&capitals, &template, &authority], "CORPUSER", Some("CorpUser: template: `CORPUSER` was read before")),
    ];
    for (files, name, twice) in rows {
        let ran = import(&[], &files.iter().map(|file| (*file).clone()).collect::<Vec<_>>());
        assert_eq!(ran.code, code(Exit::Ok), "{}", ran.err);
        assert!(ran.out.contains(&format!("templates = [\"{name}\"]")), "{files:?}\n{}{}", ran.out, ran.err);
        assert_eq!(ran.out.matches("[[world.template]]").count(), 1, "{files:?}\n{}", ran.out);
        assert_eq!(ran.err.contains("was read before"), twice.is_some(), "{files:?}\n{}", ran.err);
        assert!(twice.is_none_or(|twice| ran.err.contains(twice)), "{files:?}\n{}", ran.err);
        assert!(!ran.err.contains("no template of that name"), "{files:?}\n{}", ran.err);
        let ran = import(&["--to", "templates"], &files.iter().map(|file| (*file).clone()).collect::<Vec<_>>());
        assert_eq!((ran.code, ran.out.matches("[[template]]").count()), (code(Exit::Ok), 1), "{}{}", ran.out, ran.err);
    }
}

/// Which rule passes over a template, by what its directory says of its schema version.
#[test]
fn a_schema_version_is_judged_as_clients_do() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-schema");
    fs::create_dir_all(directory.join("worlds")).unwrap();
    for (version, rule) in [
        ("msPKI-Template-Schema-Version: 9\n", Some("R034")),
        ("msPKI-Template-Schema-Version: 5\n", Some("R034")),
        ("msPKI-Template-Schema-Version: -1\n", Some("R034")),
        ("msPKI-Template-Schema-Version: 0\n", Some("R034")),
        ("msPKI-Template-Schema-Version: 1\n", Some("R036")),
        ("", Some("R036")),
        ("msPKI-Template-Schema-Version: 4\n", None),
    ] {
        let path = directory.join("x.ldif");
        let text = format!("dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\nmsPKI-Enrollment-Flag: 32\n{version}");
        fs::write(&path, text).unwrap();
        let ran = import(&["--extends", "contoso"], &[path]);
        assert_eq!(ran.code, code(Exit::Ok), "{version}: {}", ran.err);
        fs::write(directory.join("worlds/mine.toml"), &ran.out).unwrap();
        let plan = Autoenroll::new(PROGRAM, ["plan", "mine", "--format", "json", "--fixtures"]);
        let ran = plan.arg(&directory).run();
        let line = ran.out.lines().find(|line| line.contains("\"alice\"") && line.contains("\"T\""));
        let line = line.unwrap_or_else(|| panic!("{version}: {}{}", ran.out, ran.err));
        for other in ["R034", "R036"] {
            assert_eq!(line.contains(&format!("\"{other}\"")), rule == Some(other), "{version}: {line}");
        }
    }
}

/// What `import` reads is no scenario to other commands, and what it writes is a world to all.
#[test]
fn other_commands_say_what_a_file_is() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-elsewhere");
    let one = |ran: Ran, command: &str, file: &Path, words: &str| {
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, code(Exit::Usage), "{command} {}: {said}", file.display());
        assert_eq!(said.matches(words).count(), 1, "{command} {}: {said}", file.display());
        assert!(said.lines().count() <= 12, "{command} {}: {said}", file.display());
        assert!(said.matches("error[").count() <= 1, "{command} {}: {said}", file.display());
    };
    for file in ROWS.iter().flat_map(Row::paths).chain([root().join("tests/policies/without-zeros.pol")]) {
        for command in ["check", "run", "plan", "fmt", "show", "explain"] {
            let ran = Autoenroll::new(PROGRAM, [command]).arg(&file).run();
            one(ran, command, &file, "is no scenario: it looks like ");
        }
    }
    for file in ROWS.iter().flat_map(Row::paths) {
        let ran = Autoenroll::new(PROGRAM, ["fmt", "-"]).input(text_of(&file)).run();
        one(ran, "fmt -", &file, "is no scenario: it looks like ");
    }
    let world = directory.join("mine.toml");
    let ran = import(&["--extends", "contoso"], &[root().join(FILES).join("contoso.ldif")]);
    fs::write(&world, &ran.out).unwrap();
    for command in ["run", "show", "explain"] {
        let ran = Autoenroll::new(PROGRAM, [command]).arg(&world).run();
        one(ran, command, &world, "this is a world, and tells no story");
    }
    let ran = Autoenroll::new(PROGRAM, ["diff"]).arg(&world).arg("--profile").arg("windows-7-sp1").run();
    one(ran, "diff", &world, "this is a world, and tells no story");
    let check = |file: &Path| Autoenroll::new(PROGRAM, ["check"]).arg(file).run();
    let ran = check(&world);
    assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Ok), "1 file: all good\n"), "{}", ran.err);
    let broken = directory.join("broken.toml");
    fs::write(&broken, "scenario = 1\n[world]\nextends = \"nowhere\"\n").unwrap();
    let ran = check(&broken);
    assert_eq!(ran.code, code(Exit::Usage), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("error[AE0301]") && !ran.out.contains("AE0202"), "{}", ran.out);
}

/// A pipe or a device that is named is refused at once; what a shell opens for the command is read.
#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_is_refused() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-pipe");
    let pipe = directory.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink(&pipe, directory.join("link")).unwrap();
    for file in [pipe, directory.join("link"), PathBuf::from("/dev/zero")] {
        let ran = import(&[], std::slice::from_ref(&file));
        assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{}", ran.err);
        let said = format!("autoenroll: {} cannot be read: it is no regular file\n", file.display());
        assert_eq!(ran.err, said);
    }
    let text = "dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\n";
    let ran = Autoenroll::new(PROGRAM, ["import", "/dev/stdin"]).input(text).run();
    assert_eq!(ran.code, code(Exit::Ok), "{}", ran.err);
    assert!(ran.out.contains("name = \"T\""), "{}", ran.out);
    let script = format!("'{PROGRAM}' import <(printf '%s' '{text}')");
    let ran = std::process::Command::new("bash").arg("-c").arg(script).output().unwrap();
    assert!(String::from_utf8_lossy(&ran.stdout).contains("name = \"T\""), "{ran:?}");
}

/// A file of this language has a bound, and what would be larger is the user's to make smaller.
#[test]
fn a_world_that_is_too_large_is_one_sentence() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-large");
    let path = directory.join("x.ldif");
    let long = "x".repeat(1_000);
    let object = |at: usize| format!("dn: CN=T{at},CN=Certificate Templates,CN=X\ncn: T{at}\ndisplayName: {long}\n\n");
    fs::write(&path, (0..1_100).map(object).collect::<String>()).unwrap();
    for (to, what) in [("world", "a world"), ("templates", "a file of templates")] {
        let ran = import(&["--to", to], std::slice::from_ref(&path));
        assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{}", ran.err);
        assert!(ran.err.contains(&format!("makes {what} of ")) && ran.err.contains("name fewer files"), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn periods_are_read_in_one_way() {
    let told = [
        "pKIExpirationPeriod `0x0000a237c09d9ffb`: is longer than a duration can be: the longest, 584 years, is taken",
    ];
    LONG.iter().for_each(|case| case.check(&[LONGEST], &told));
}

#[test]
fn a_world_that_cannot_be_extended_is_a_usage_error() {
    let file = [root().join(FILES).join("contoso.ldif")];
    let ran = import(&["--extends", "nowhere"], &file);
    assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{}", ran.err);
    assert!(ran.err.contains("--extends nowhere: AE0301: there is no world `nowhere`"), "{}", ran.err);

    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-extends");
    fs::create_dir_all(directory.join("worlds")).unwrap();
    let own = "scenario = 1\n[[world.template]]\nname = \"Own\"\n[[world.ca]]\nname = \"Own CA\"\n";
    fs::write(directory.join("worlds/own.toml"), own).unwrap();
    let ran = import(&["--extends", "own", "--fixtures", &directory.display().to_string()], &file);
    assert_eq!(ran.code, code(Exit::Ok), "{}", ran.err);
    assert!(ran.out.contains("name = \"Own CA\"\ntemplates = [\"Own\"]\n"), "{}", ran.out);
    let ran = import(&["--fixtures", "no/such/folder"], &file);
    assert_eq!(ran.code, code(Exit::Usage), "{}", ran.err);
}

/// Files beside the project that programs wrote, by the ending of their names: how `import`, and then `check` of a
/// story in the world, end; and what is found of each.
const BESIDE: &[(&str, &str, Exit, &[&str])] = &[
    (
        "data/tamemycerts/templates",
        ".ldf",
        Exit::Ok,
        &[
            "the directory keeps it for itself; no rule of enrollment reads it",
            "repeats cn",
            "without an access control list every principal reads the template and none enrolls",
            "no CA of the files issues it",
            "the bench derives one from the name",
            "is beyond the bench",
            "Windows has it for a card or a TPM",
        ],
    ),
    (
        "data/tamemycerts/requests",
        ".der",
        Exit::Usage,
        &["it looks like a request for a certificate", "it looks like a message of CMS"],
    ),
    ("data", ".json", Exit::Usage, &["it looks like JSON of no format known here"]),
    (
        "peers/samba",
        ".ldif",
        Exit::Ok,
        &[
            "without an access control list",
            "templates carry their object identifier themselves",
            "is not known here, and left out",
            "repeats the subject of cACertificate",
            "names enrollment over HTTPS",
            "has its own key and certificate",
        ],
    ),
    (
        "peers/samples",
        "GetPolicies.resp.xml",
        Exit::Ok,
        &[
            "the right of whoever asked the server",
            "the rights of whoever asked the server",
            "a policy server has no access control list",
            "not said by the source",
            "has its own key and certificate",
        ],
    ),
    ("peers/samples", "wstep.resp.xml", Exit::Usage, &["it looks like XML of `Envelope`"]),
];

#[test]
fn files_beside_the_project_are_imported_and_checked() {
    let beside = root().join("../shared");
    if !beside.exists() {
        eprintln!("no files beside the project: nothing is checked here");
        return;
    }
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-beside");
    fs::create_dir_all(directory.join("worlds")).unwrap();
    let story =
        "scenario = 1\ntitle = \"imported\"\n[world]\nextends = \"mine\"\n[timeline]\nsteps = [{ wait = \"1m\" }]\n";
    fs::write(directory.join("story.toml"), story).unwrap();
    for (folder, ending, exit, known) in BESIDE {
        let entries = fs::read_dir(beside.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
        assert!(!files.is_empty(), "{folder} has no {ending}");
        for file in files {
            let ran = import(&[], std::slice::from_ref(&file));
            assert_eq!(ran.code, code(*exit), "{}: {}", file.display(), ran.err);
            for line in ran.err.lines() {
                assert!(known.iter().any(|known| line.contains(known)), "{}: {line}", file.display());
            }
            if *exit != Exit::Ok {
                assert_eq!((ran.out.as_str(), ran.err.lines().count()), ("", 1), "{}", file.display());
                continue;
            }
            fs::write(directory.join("worlds/mine.toml"), &ran.out).unwrap();
            let templates = ran.out.matches("[[world.template]]").count();
            let check = Autoenroll::new(PROGRAM, ["check"]).arg(directory.join("story.toml"));
            let ran = check.arg("--fixtures").arg(&directory).run();
            assert_eq!(ran.code, code(Exit::Ok), "{}: {}{}", file.display(), ran.out, ran.err);
            planned(&directory, &file, templates);
        }
    }
}

/// With the people of `contoso`, a plan says what becomes of each template for each of them. Nobody is in the world
/// that the file alone makes.
fn planned(directory: &Path, file: &Path, templates: usize) {
    let ran = import(&["--extends", "contoso"], &[file.to_path_buf()]);
    assert_eq!(ran.code, code(Exit::Ok), "{}: {}", file.display(), ran.err);
    fs::write(directory.join("worlds/peopled.toml"), &ran.out).unwrap();
    let plan =
        |world: &str| Autoenroll::new(PROGRAM, ["plan", "--format", "json", world, "--fixtures"]).arg(directory).run();
    let ran = plan("mine");
    assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Usage), ""), "{}: {}", file.display(), ran.err);
    let ran = plan("peopled");
    assert_eq!(ran.code, code(Exit::Ok), "{}: {}{}", file.display(), ran.out, ran.err);
    // A user and a computer; contoso has a template of its own.
    let said = ran.out.lines().filter(|line| line.contains("\"verdict\":")).count();
    assert_eq!(said, 2 * (templates + 1), "{}: {}", file.display(), ran.out);
}

/// What is written is read before it is printed. Two names that are one in print make no world.
#[test]
fn a_world_that_does_not_load_is_not_printed() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "import-unloadable");
    let path = directory.join("x.json");
    fs::write(
        &path,
        r#"[{"cn": "A\u0001", "pKIKeyUsage": 1, "flags": 1, "pKIMaxIssuingDepth": 0},
        {"cn": "A\u0002", "pKIKeyUsage": 1, "flags": 1, "pKIMaxIssuingDepth": 0}]"#,
    )
    .unwrap();
    for (to, what) in [("world", "world"), ("templates", "file of templates")] {
        let ran = import(&["--to", to], std::slice::from_ref(&path));
        assert_eq!((ran.code, ran.out.as_str()), (code(Exit::Bench), ""), "{}", ran.err);
        let expected = format!("what was read makes no {what} that loads, and is not written: AE");
        assert!(ran.err.contains(&expected) && ran.err.lines().count() == 1, "{}", ran.err);
    }
    // One alone is told.
    fs::write(&path, r#"{"cn": "A\u0001", "pKIKeyUsage": 1, "flags": 1, "pKIMaxIssuingDepth": 0}"#).unwrap();
    let ran = import(&[], &[path]);
    assert_eq!(ran.code, code(Exit::Ok), "{}", ran.err);
    assert!(
        ran.out.contains("name = \"A\u{fffd}\"") && ran.err.contains("has no control characters"),
        "{}{}",
        ran.out,
        ran.err
    );
}

/// The page about formats has a row for each.
#[test]
fn every_format_is_documented() {
    let page = fs::read_to_string(root().join("docs/import.md")).unwrap();
    for format in autoenroll_import::Format::all() {
        assert!(page.contains(&format!("\n| {format} |")), "docs/import.md has no row for {format}");
    }
}
