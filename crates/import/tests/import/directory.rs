//! A directory as `ldapsearch` prints it.

use crate::scenario::{oids, story, told};
use autoenroll_import::{Base, Import, ldif};
use autoenroll_model::{Ace, AceEffect, Right, SecurityDescriptor, Sid, rights};
use autoenroll_wire::ldif::Entry;
use autoenroll_wire::{Certificate, security_descriptor};

const DOMAIN: &str = "S-1-5-21-397955417-626881126-188441444";

fn sid(sid: &str) -> Sid {
    sid.parse().expect("a constant")
}

/// One entry of each kind of right, and a mask without a word.
fn security() -> SecurityDescriptor {
    let entry = |effect, mask, right: Option<Right>, trustee: &str| Ace {
        object: right.and_then(Right::guid).map(|guid| guid.parse().expect("a constant of the model")),
        ..Ace::new(effect, sid(trustee), mask)
    };
    let (allow, deny) = (AceEffect::Allow, AceEffect::Deny);
    let admins = format!("{DOMAIN}-512");
    let users = format!("{DOMAIN}-513");
    let entries = vec![
        entry(deny, rights::CONTROL_ACCESS, Some(Right::Enroll), &format!("{DOMAIN}-1105")),
        entry(allow, rights::FULL, None, &admins),
        entry(allow, Right::Read.mask(), None, Sid::AUTHENTICATED_USERS),
        entry(allow, rights::CONTROL_ACCESS, Some(Right::Enroll), &users),
        entry(allow, rights::CONTROL_ACCESS, Some(Right::AutoEnroll), &users),
        entry(allow, rights::WRITE_PROPERTY | rights::CONTROL_ACCESS, Some(Right::AutoEnroll), Sid::EVERYONE),
        Ace { inherited: true, inherit_only: true, ..entry(allow, rights::GENERIC_ALL, None, &admins) },
        Ace { conditional: true, ..entry(allow, 0x0002_0094, None, &users) },
    ];
    SecurityDescriptor { owner: Some(sid(&admins)), dacl: Some(entries) }
}

/// What `ldapsearch -LLL -E '!1.2.840.113556.1.4.801=::MAMCAQc='` prints, with a bit of everything.
fn directory() -> String {
    let services = "CN=Public Key Services,CN=Services,CN=Configuration,DC=lab,DC=test";
    let mut file = String::from("# extended LDIF\n#\n# LDAPv3\n\n");
    let mut template = Entry::default();
    for (name, value) in [
        ("objectClass", "top"),
        ("objectClass", "pKICertificateTemplate"),
        ("cn", "LabUser"),
        ("displayName", "Lab User"),
        ("distinguishedName", "CN=LabUser,CN=Certificate Templates,…"),
        ("whenCreated", "20260302080000.0Z"),
        ("flags", "131642"),
        ("revision", "100"),
        ("pKIDefaultKeySpec", "1"),
        ("pKIMaxIssuingDepth", "0"),
        ("pKICriticalExtensions", "2.5.29.15"),
        ("pKIExtendedKeyUsage", "1.3.6.1.5.5.7.3.2"),
        ("pKIExtendedKeyUsage", "1.3.6.1.4.1.99999.1"),
        ("pKIDefaultCSPs", "3,Microsoft Base Smart Card Crypto Provider"),
        ("pKIDefaultCSPs", "1,Microsoft Enhanced Cryptographic Provider v1.0"),
        ("msPKI-RA-Signature", "0"),
        ("msPKI-Enrollment-Flag", "1048873"),
        ("msPKI-Private-Key-Flag", "16842768"),
        ("msPKI-Certificate-Name-Flag", "2785017856"),
        ("msPKI-Minimal-Key-Size", "2048"),
        ("msPKI-Template-Schema-Version", "2"),
        ("msPKI-Template-Minor-Revision", "3"),
        ("msPKI-Cert-Template-OID", "1.3.6.1.4.1.311.21.8.99999999999.1"),
        ("msPKI-Supersede-Templates", "User"),
        ("msPKI-Certificate-Application-Policy", "1.3.6.1.5.5.7.3.2"),
        ("msPKI-Certificate-Application-Policy", "client authentication"),
        ("extensionName", "by hand"),
    ] {
        template.push(name, value);
    }
    template.push("pKIKeyUsage", [0xA0]);
    template.push("pKIExpirationPeriod", (-315_360_000_000_000_i64).to_le_bytes());
    template.push("pKIOverlapPeriod", (-36_288_000_000_001_i64).to_le_bytes());
    template.push("nTSecurityDescriptor", security_descriptor::to_bytes(&security()));
    file += &template.to_ldif(&format!("CN=LabUser,CN=Certificate Templates,{services}"));
    file += &template.to_ldif(&format!("CN=LabUser,CN=Certificate Templates,{services}"));

    // Asks for what the bench does not model, and has the identity of another template; a third one has none.
    for (cn, oid) in [("LabPostQuantum", "1.3.6.1.4.1.311.21.8.99999999999.1"), ("LabBroken", "1.3.6.1.4.x")] {
        let mut other = Entry::default();
        for (name, value) in [
            ("objectClass", "pKICertificateTemplate"),
            ("cn", cn),
            ("msPKI-Template-Schema-Version", "4"),
            ("msPKI-Private-Key-Flag", "8192"),
            ("msPKI-RA-Application-Policies", "msPKI-Asymmetric-Algorithm`PZPWSTR`ML-DSA:65`"),
            ("msPKI-Cert-Template-OID", oid),
        ] {
            other.push(name, value);
        }
        file += &other.to_ldif(&format!("CN={cn},CN=Certificate Templates,{services}"));
    }
    let mut nameless = Entry::default();
    for (name, value) in [
        ("objectClass", "pKICertificateTemplate"),
        ("cn", "LabNameless"),
        ("msPKI-Template-Schema-Version", "2"),
        ("whenCreated", "20260302080000.0Z"),
    ] {
        nameless.push(name, value);
    }
    file += &nameless.to_ldif(&format!("CN=LabNameless,CN=Certificate Templates,{services}"));

    let mut authority = Entry::default();
    for (name, value) in [
        ("objectClass", "top"),
        ("objectClass", "pKIEnrollmentService"),
        ("cn", "Lab CA"),
        ("dNSHostName", "ca.lab.test"),
        ("certificateTemplates", "LabUser"),
        ("certificateTemplates", "WebServer"),
        ("msPKI-Site-Name", "Lab-Site"),
        ("msPKI-Enrollment-Servers", "1\n4\n0\nhttps://ca.lab.test/ces\n0"),
    ] {
        authority.push(name, value);
    }
    authority.push("cACertificate", certificate());
    file += &authority.to_ldif(&format!("CN=Lab CA,CN=Enrollment Services,{services}"));
    for (name, container) in
        [("Lab CA", ",CN=AIA"), ("Lab CA", ",CN=Certification Authorities"), ("NTAuthCertificates", "")]
    {
        let mut trusted = Entry::default();
        trusted.push("objectClass", "certificationAuthority");
        trusted.push("cACertificate;binary", certificate());
        trusted.push("cACertificate;binary", [0]);
        file += &trusted.to_ldif(&format!("CN={name}{container},{services}"));
    }
    file += &format!("dn: {services}\nobjectClass: container\ncn: Public Key Services\n\n");
    file +=
        &format!("dn: CN=1.1,CN=OID,{services}\nobjectClass: msPKI-Enterprise-Oid\nmsPKI-Cert-Template-OID: 1.2.3\n\n");
    file += "dn: CN=alice,CN=Users,DC=lab,DC=test\nobjectClass: user\ncn: alice\n\n";
    file += &format!(
        "dn: CN=LabUser,CN=Certificate Templates,{services}\nchangetype: modify\nreplace: flags\nflags: 1\n-\n\n"
    );
    file += "not a line of LDIF\n\n# search result\nsearch: 2\nresult: 0 Success\n";
    file
}

/// A P-256 CA certificate for ten years, made once with `openssl req -x509`.
fn certificate() -> Vec<u8> {
    let der = include_bytes!("lab-ca.der").to_vec();
    assert_eq!(Certificate::parse(&der).expect("a certificate").subject.to_string(), "CN=Lab CA");
    der
}

#[test]
fn a_directory_becomes_a_world() {
    let import = ldif(directory().as_bytes());
    let world = import.to_world(None, &oids());
    let spec = story(&world.text).spec;
    assert_eq!(spec.domain.sid.as_str(), DOMAIN);
    let [template, _, broken, nameless] = spec.templates.as_slice() else { panic!("four templates") };
    assert_eq!((&broken.template.oid, broken.template.malformed_oid.as_deref()), (&None, Some("1.3.6.1.4.x")));
    assert_eq!(nameless.template.oid, None);
    assert_eq!(template.template.security.dacl, security().dacl);
    let [ca] = spec.authorities.as_slice() else { panic!("one CA") };
    assert_eq!((ca.templates.as_slice(), ca.host.as_deref()), (["LabUser".to_owned()].as_slice(), Some("ca.lab.test")));
    assert_eq!(spec.domain.trust.ntauth, ["Lab CA"]);
    insta::assert_snapshot!("directory", told(&import, &world));
}

#[test]
fn the_encoding_of_the_file_does_not_matter() {
    let text = "dn: CN=Büro,CN=Certificate Templates,CN=X\ncn: Büro\nflags: 1\n";
    let name = |bytes: &[u8]| ldif(bytes).templates.first().map(|one| one.template.name.clone());
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin_1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for bytes in [text.as_bytes(), &utf16, &latin_1, text.replace('\n', "\r\n").as_bytes()] {
        assert_eq!(name(bytes).as_deref(), Some("Büro"));
    }
}

#[test]
fn an_empty_file_is_an_empty_world() {
    let import = ldif(b"");
    assert_eq!(import, Import::default());
    let base = Base { name: "contoso".to_owned(), ..Base::default() };
    assert_eq!(import.to_world(Some(&base), &oids()).text, "scenario = 1\n\n[world]\nextends = \"contoso\"\n");
    assert_eq!(import.to_templates(&oids()).text, "");
}
