use super::*;
use alloc::vec;
use proptest::prelude::*;

/// The records of a file in short form, and its errors.
fn summary(file: &str) -> String {
    let ldif = parse(file.as_bytes());
    let show = |entry: &Entry| {
        let lines = entry.0.iter().map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value)));
        lines.collect::<String>()
    };
    let mut text = String::new();
    for record in &ldif.records {
        let change = match &record.change {
            Change::Add(entry) => format!("add{}", show(entry)),
            Change::Modify(steps) => format!("modify {steps:?}"),
            Change::Delete => "delete".into(),
            Change::Rename(entry) => format!("rename{}", show(entry)),
        };
        text += &format!("{} {}: {change}\n", record.line, record.dn);
    }
    for error in &ldif.errors {
        text += &format!("{error}\n");
    }
    text
}

#[test]
fn the_output_of_ldapsearch_is_read() {
    let file = "\
# extended LDIF
#
# LDAPv3
# filter: (objectClass=pKICertificateTemplate) and a comment that goes
  on in the next line

version: 1

# User, Certificate Templates
dn: CN=User,CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Confi
 guration,DC=corp
cn: User
displayName:: QmVudXR6ZXLDpA==
empty:
pKIKeyUsage;binary:: oAA=

# search reference
ref: ldap://child.corp/CN=Configuration

# search result
search: 2
result: 0 Success

# numResponses: 2
";
    assert_eq!(
        summary(file),
        "10 CN=User,CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=corp: \
         add cn=User displayName=Benutzerä empty= pKIKeyUsage;binary=\u{FFFD}\0\n"
    );
}

#[test]
fn the_export_of_ldifde_is_read() {
    let file = "dn: CN=a\r\nchangetype: add\r\ncn:   a b \r\n\r\ndn: CN=b\r\nChangeType: ADD\r\nflags: -1\r\n\r\n";
    assert_eq!(summary(file), "1 CN=a: add cn=a b \n5 CN=b: add flags=-1\n");
}

#[test]
fn changes_of_every_kind_are_read() {
    let file = "\
dn: CN=a
changetype: modify
replace: flags
flags: 1
-
add: certificateTemplates
certificateTemplates: User
certificateTemplates: Machine
-
delete: description

dn: CN=b
changetype: delete

dn: CN=c
changetype: modrdn
newrdn: CN=d
deleteoldrdn: 1
";
    let step = |kind, attribute: &str, values: &[&str]| Modification {
        kind,
        attribute: attribute.into(),
        values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
    };
    let ldif = parse(file.as_bytes());
    assert_eq!(ldif.errors, vec![]);
    assert_eq!(
        ldif.records[0].change,
        Change::Modify(vec![
            step(ModificationKind::Replace, "flags", &["1"]),
            step(ModificationKind::Add, "certificateTemplates", &["User", "Machine"]),
            step(ModificationKind::Delete, "description", &[]),
        ])
    );
    assert_eq!(ldif.records[1].change, Change::Delete);
    assert_eq!(ldif.records.len(), 3);
}

#[test]
fn what_is_wrong_is_said_and_the_rest_is_read() {
    let file = "\
dn: CN=a
jpegPhoto:< file:///etc/passwd
no colon here
cn:: %%%
cn: a

cn: without a name

dn: CN=b
changetype: increment

dn:: /w==

dn: CN=c
changetype: modify
reverse: x
x: 1
-
add: y
z: 1
";
    assert_eq!(
        summary(file),
        "1 CN=a: add cn=a\n\
         14 CN=c: modify [Modification { kind: Add, attribute: \"y\", values: [] }]\n\
         line 2: values from URLs are not fetched; write the value in base64 after `::`\n\
         line 3: write it as `attribute: value`\n\
         line 4: after `::` comes base64\n\
         line 7: a record begins with `dn:`\n\
         line 10: unknown changetype `increment`; expected add, modify, delete, modrdn or moddn\n\
         line 12: a distinguished name is UTF-8\n\
         line 16: unknown modification `reverse`; expected add, delete or replace\n\
         line 20: `z` is not the attribute of this modification; end it with a line `-`\n"
    );
}

#[test]
fn every_encoding_gives_the_same_text() {
    let file = "dn: CN=Müller\ncn: Müller\n";
    let little: Vec<u8> = file.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = file.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let expected = parse(file.as_bytes());
    assert_eq!(expected.records[0].dn, "CN=Müller");
    for (encoding, bytes) in [
        ("UTF-8 with mark", [b"\xEF\xBB\xBF", file.as_bytes()].concat()),
        ("UTF-16LE with mark", [b"\xFF\xFE".as_slice(), &little].concat()),
        ("UTF-16BE with mark", [b"\xFE\xFF".as_slice(), &big].concat()),
        ("UTF-16LE", little),
        ("UTF-16BE", big),
        ("Latin-1", b"dn: CN=M\xFCller\ncn: M\xFCller\n".to_vec()),
    ] {
        assert_eq!(parse(&bytes), expected, "{encoding}");
    }
}

#[test]
fn attributes_are_found_without_regard_to_case_and_options() {
    let entry = Entry(vec![("userCertificate;binary".into(), vec![1]), ("CN".into(), b"a".to_vec())]);
    assert_eq!(entry.value("usercertificate"), Some([1].as_slice()));
    assert_eq!(entry.text("cn"), Some("a"));
    assert_eq!(entry.text("mail"), None);
}

#[test]
fn long_lines_are_folded_between_characters() {
    let name = "ä".repeat(60);
    let ldif = Entry(vec![(name.clone(), b"x".to_vec())]).to_ldif("CN=a");
    assert!(ldif.lines().all(|line| line.len() <= 76), "{ldif}");
    assert_eq!(parse(ldif.as_bytes()).records[0].change, Change::Add(Entry(vec![(name, b"x".to_vec())])));
}

#[test]
fn base64_is_that_of_rfc_4648() {
    for (octets, text) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
    {
        assert_eq!(base64::encode(octets.as_bytes()), text);
        assert_eq!(base64::decode(text).as_deref(), Some(octets.as_bytes()));
        assert_eq!(base64::decode(text.trim_end_matches('=')).as_deref(), Some(octets.as_bytes()));
    }
    for wrong in ["Z", "Zg===", "Z g=", "Zm9v!"] {
        assert_eq!(base64::decode(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn entries_read_back(
        dn in "CN=[ -~äß]*",
        values in proptest::collection::vec(("[a-z][a-z0-9-]{0,20}", any::<Vec<u8>>()), 0..6),
    ) {
        let values: Vec<_> = values.into_iter().filter(|(name, _)| name != "changetype").collect();
        let entry = Entry(values);
        let ldif = parse(entry.to_ldif(&dn).as_bytes());
        prop_assert_eq!(ldif.errors, vec![]);
        prop_assert_eq!(ldif.records, vec![Record { line: 1, dn, change: Change::Add(entry) }]);
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        bytes: Vec<u8>,
        lines in "((dn|cn|changetype|add|-|version):?:?<? ?[a-z=]*\r?\n){0,12}",
    ) {
        let _ = parse(&bytes);
        for record in parse(lines.as_bytes()).records {
            prop_assert!(record.line > 0);
        }
    }
}
