use super::*;
use alloc::string::ToString;
use proptest::prelude::*;

#[test]
fn directory_names_read_and_print() {
    let check = |text: &str, printed: &str| {
        let name: Name = text.parse().unwrap();
        assert_eq!(name.to_string(), printed, "{text}");
        let der = name.to_der();
        assert_eq!(Name::from_der(&der).map(|read| read.to_der()), Ok(der));
    };
    check("", "");
    check("CN=Alice,OU=Staff,OU=Users,DC=corp,DC=example", "CN=Alice,OU=Staff,OU=Users,DC=corp,DC=example");
    check(" cn = Alice ; Dc=corp", "CN=Alice,DC=corp");
    check("CN=Smith\\, John+OU=A,DC=corp", "CN=Smith\\, John+OU=A,DC=corp");
    check("CN=\"Smith, John\",DC=corp", "CN=Smith\\, John,DC=corp");
    check("CN=L\\C3\\BCbeck,ST=SH,C=DE", "CN=Lübeck,S=SH,C=DE");
    check("CN=trailing\\ ,E=a@b", "CN=trailing\\ ,E=a@b");
    check("CN=\\#1", "CN=\\#1");
    check("OID.2.5.4.3=x,1.2.3.4=y", "CN=x,1.2.3.4=y");
    check("CN=#0500", "CN=#0500");
    check("CN=", "CN=");
}

#[test]
fn what_is_no_name_is_refused() {
    let check = |text: &str, expected: &str| assert_eq!(text.parse::<Name>().unwrap_err().to_string(), expected);
    check("Alice", "`Alice` in a distinguished name: write it as TYPE=value");
    check("CN=a,,DC=b", "`` in a distinguished name: write it as TYPE=value");
    check(
        "FOO=a",
        "`FOO=a` in a distinguished name: unknown attribute type; write CN, OU, DC, O, C, E, ... or a dotted identifier",
    );
    check("CN=a\\", "`CN=a\\` in a distinguished name: a backslash comes before a special character or two hex digits");
    check("CN=#05", "`CN=#05` in a distinguished name: after # comes a DER value in hex");
}

#[test]
fn string_types_are_those_of_a_windows_ca() {
    let name: Name = "CN=Zoë,OU=Staff,E=a@b.example,C=DE,DC=corp".parse().unwrap();
    let tags: Vec<u8> = name.rdns.iter().rev().map(|rdn| rdn[0].value[0]).collect();
    assert_eq!(
        tags,
        [tag::UTF8_STRING, tag::PRINTABLE_STRING, tag::IA5_STRING, tag::PRINTABLE_STRING, tag::IA5_STRING]
    );
}

#[test]
fn attributes_are_found_by_type() {
    let name: Name = "CN=Alice,OU=b,OU=a,DC=corp".parse().unwrap();
    assert_eq!(name.common_name().as_deref(), Some("Alice"));
    assert!(name.texts(oids::ORGANIZATIONAL_UNIT).eq(["a", "b"]));
    assert_eq!(
        Name::default().with(oids::DOMAIN_COMPONENT, "corp").with(oids::COMMON_NAME, "x").to_string(),
        "CN=x,DC=corp"
    );
}

proptest! {
    #[test]
    fn printed_names_read_back(values in proptest::collection::vec(".*", 1..5)) {
        let mut name = Name::default();
        for value in &values {
            name = name.with(oids::COMMON_NAME, value);
        }
        prop_assert_eq!(name.to_string().parse::<Name>(), Ok(name.clone()));
        prop_assert_eq!(Name::from_der(&name.to_der()), Ok(name));
    }
}

#[test]
fn values_are_escaped() {
    let values = [
        ("User", "User"),
        ("a,b+c", "a\\,b\\+c"),
        (" a ", "\\ a\\ "),
        ("#1 #2", "\\#1 #2"),
        ("a;b<c>\"d\\", "a\\;b\\<c\\>\\\"d\\\\"),
        ("\t", "\\09"),
        ("Ü", "Ü"),
    ];
    for (value, expected) in values {
        assert_eq!(escaped(value), expected);
        let name: Name = format!("CN={expected}").parse().unwrap();
        assert_eq!(name.rdns[0][0].text().as_deref(), Some(value), "{expected}");
    }
}
