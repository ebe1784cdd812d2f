use super::*;
use crate::ldif::{self, Change};
use alloc::vec;

fn read(file: &str) -> (Option<Template>, Vec<AttributeError>) {
    let ldif = ldif::parse(file.as_bytes());
    assert_eq!(ldif.errors, vec![]);
    let Change::Add(entry) = &ldif.records[0].change else { panic!("a record of content") };
    from_entry(entry)
}

const USER: &str = "\
dn: CN=CorpUser,CN=Certificate Templates
objectClass: pKICertificateTemplate
cn: CorpUser
displayName: Corp User
flags: 131642
revision: 100
pKIDefaultKeySpec: 1
pKIKeyUsage:: oAA=
pKIMaxIssuingDepth: -1
pKICriticalExtensions: 2.5.29.15
pKIExpirationPeriod:: AEA5hy7h/v8=
pKIOverlapPeriod:: AICmCv/e//8=
pKIExtendedKeyUsage: 1.3.6.1.5.5.7.3.2
pKIExtendedKeyUsage: 1.3.6.1.4.1.311.20.2.2
pKIDefaultCSPs: 2,Second Provider
pKIDefaultCSPs: 1, First Provider
msPKI-RA-Signature: 1
msPKI-RA-Application-Policies: 1.3.6.1.4.1.311.20.2.1
msPKI-Enrollment-Flag: 41
msPKI-Private-Key-Flag: 16842768
msPKI-Certificate-Name-Flag: -1509949440
msPKI-Minimal-Key-Size: 2048
msPKI-Template-Schema-Version: 2
msPKI-Template-Minor-Revision: 3
msPKI-Cert-Template-OID: 1.3.6.1.4.1.311.21.8.7388455.1.2
msPKI-Certificate-Application-Policy: 1.3.6.1.5.5.7.3.2
msPKI-Supersede-Templates: User
";

#[test]
fn a_template_is_read_from_its_attributes() {
    let (template, errors) = read(USER);
    let template = template.unwrap();
    assert_eq!(errors, vec![]);
    assert_eq!((template.name.as_str(), template.display_name.as_str()), ("CorpUser", "Corp User"));
    assert_eq!(template.oid.as_ref().map(Oid::as_str), Some("1.3.6.1.4.1.311.21.8.7388455.1.2"));
    assert_eq!((template.schema, template.revision, template.minor), (Some(2), 100, 3));
    assert_eq!(template.validity, Duration::days(365));
    assert_eq!(template.renewal_period, Duration::days(42));
    assert_eq!(template.key_usage, KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT);
    assert_eq!(template.name_flags.bits(), 0xA600_0000);
    assert!(template.enrollment(EnrollmentFlags::AUTO_ENROLLMENT));
    assert_eq!(template.max_issuing_depth, -1);
    assert_eq!(template.key_spec, KeySpec::Exchange);
    assert_eq!(template.ra_application_policies.len(), 1);
    assert_eq!(template.eku.len(), 2);
    assert_eq!(template.supersedes, ["User"]);
    let providers: Vec<_> =
        template.providers.iter().map(|provider| (provider.order, provider.name.as_str())).collect();
    assert_eq!(providers, [(2, "Second Provider"), (1, "First Provider")]);
    assert_eq!(template.security, SecurityDescriptor { owner: None, dacl: Some(vec![]) });
    let entry = to_entry(&template);
    assert!(entry.is_a("pkiCertificateTemplate") && !entry.is_a("pKIEnrollmentService"));
    assert_eq!(from_entry(&entry), (Some(template), vec![]));
}

#[test]
fn version_3_packs_its_settings_into_the_ra_policies() {
    let packed = "msPKI-RA-Application-Policies: msPKI-RA-Application-Policies`PZPWSTR`1.2.3,1.2.4`\
                  msPKI-Asymmetric-Algorithm`PZPWSTR`ECDSA_P256`msPKI-Hash-Algorithm`PZPWSTR`SHA256`\
                  msPKI-Key-Usage`DWORD`2`msPKI-Symmetric-Algorithm`PZPWSTR`3DES`\
                  msPKI-Symmetric-Key-Length`DWORD`168`msPKI-Key-Security-Descriptor`PZPWSTR`D:P`";
    let (template, errors) = read(&format!("dn: CN=a\ncn: a\n{packed}\n"));
    assert_eq!(errors, vec![]);
    let template = template.unwrap();
    assert_eq!(
        template.cng,
        Some(CngSettings {
            asymmetric_algorithm: Some("ECDSA_P256".into()),
            hash_algorithm: Some("SHA256".into()),
            key_usage: Some(2),
            symmetric_algorithm: Some("3DES".into()),
            symmetric_key_length: Some(168),
            key_security: Some("D:P".into()),
        })
    );
    assert_eq!(template.ra_application_policies.len(), 2);
    assert_eq!(from_entry(&to_entry(&template)), (Some(template), vec![]));
}

#[test]
fn a_bare_template_is_of_version_1_and_grants_nothing() {
    let (template, errors) = read("dn: CN=a\ncn: a\n");
    let template = template.unwrap();
    assert_eq!(errors, vec![]);
    assert_eq!((template.schema, template.schema_version(), template.enrollment_flags), (None, 1, None));
    assert_eq!(template.security.dacl, Some(vec![]));
}

#[test]
fn periods_are_those_of_the_specification() {
    let check = |encoded: &str, span: Duration| {
        let (template, errors) = read(&format!("dn: CN=a\ncn: a\npKIExpirationPeriod:: {encoded}\n"));
        assert_eq!((template.unwrap().validity, errors), (span, vec![]));
    };
    check("AEAepOhl+v8=", Duration::days(5 * 365));
    check("AMAb13/6//8=", Duration::days(7));
    check("AAAAAAAAAIA=", Duration(u64::MAX));
    assert_eq!(period(Duration::days(365)), *b"\x00\x40\x39\x87\x2E\xE1\xFE\xFF");
    assert_eq!(period(Duration::days(42)), *b"\x00\x80\xA6\x0A\xFF\xDE\xFF\xFF");
}

#[test]
fn what_cannot_be_understood_is_reported_and_left_out() {
    let file = "\
dn: CN=a
cn: a
flags: many
revision: 4294967296
pKIDefaultKeySpec: 3
pKIKeyUsage:: AAAA
pKIExpirationPeriod: 1y
pKIOverlapPeriod:: AEA5hy7h/n8=
pKIDefaultCSPs: no number
pKIExtendedKeyUsage: clientAuth
pKIExtendedKeyUsage: 1.3.6.1.5.5.7.3.2
msPKI-RA-Application-Policies: msPKI-Key-Usage`DWORD`all`Novelty`DWORD`1`odd
nTSecurityDescriptor:: AQ==
";
    let (template, errors) = read(file);
    let template = template.unwrap();
    assert_eq!(template.eku.len(), 1);
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "msPKI-RA-Application-Policies is `msPKI-Key-Usage`DWORD`all`Novelty`DWORD`1`odd`; expected name`type`value` again and again",
            "msPKI-RA-Application-Policies is `all`; expected a number of 32 bits",
            "msPKI-RA-Application-Policies is `Novelty`; expected the name of a setting of [MS-CRTD] 2.23.2",
            "revision is `4294967296`; expected a number of 32 bits",
            "flags is `many`; expected a number of 32 bits",
            "pKIDefaultKeySpec is `3`; expected 1 or 2",
            "pKIDefaultCSPs is `no number`; expected a number, a comma and the name of a provider",
            "pKIExpirationPeriod is `1y`; expected eight octets of a negative number, little endian",
            "pKIOverlapPeriod: expected eight octets of a negative number, little endian",
            "pKIKeyUsage is `\0\0\0`; expected one or two octets of X.509 key usage",
            "pKIExtendedKeyUsage is `clientAuth`; expected an object identifier",
            "nTSecurityDescriptor is `\u{1}`; expected a self-relative security descriptor",
        ]
    );
    assert_eq!(read("dn: CN=a\nflags: 0\n").0, None);
}

#[test]
fn an_enrollment_service_is_read() {
    let entry = Entry(vec![
        ("cn".into(), b"CA1".to_vec()),
        ("dNSHostName".into(), b"ca1.corp".to_vec()),
        ("cACertificate".into(), vec![0x30, 0]),
        ("certificateTemplates".into(), b"User".to_vec()),
        ("certificateTemplates".into(), b"Machine".to_vec()),
    ]);
    let (authority, errors) = authority_from_entry(&entry);
    let authority = authority.unwrap();
    assert_eq!(errors, vec![]);
    assert_eq!((authority.name.as_str(), authority.host.as_deref()), ("CA1", Some("ca1.corp")));
    assert_eq!(
        (authority.certificate, authority.templates),
        (vec![0x30, 0], vec!["User".to_string(), "Machine".into()])
    );
    let (none, errors) = authority_from_entry(&Entry::default());
    assert_eq!((none, errors.len()), (None, 2));
}
