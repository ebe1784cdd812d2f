//! Group Policy from Registry.pol, value by value. What the command does with files and folders is in the tests of the
//! command.

use crate::scenario::{oids, story, told};
use autoenroll_import::{Finding, Half, Import, registry_pol};
use autoenroll_model::Duration;
use autoenroll_wire::registry_pol::{Data, Setting, to_bytes};

const AUTO_ENROLLMENT: &str = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment";
const SERVERS: &str = r"Software\Policies\Microsoft\Cryptography\PolicyServers";
const LDAP: &str = r"SOFTWARE\Policies\Microsoft\Cryptography\PolicyServers\37c9dc30f207f27f61a2f7c3aed598a6e2920b54";
const ACRS: &str = r"Software\Policies\Microsoft\SystemCertificates\ACRS\CTLs\37C9DC30F207F27F61A2F7C3AED598A6E2920B54";
const SYSTEM: &str = r"Software\Policies\Microsoft\Windows\System";
const BACKGROUND: &str = r"Software\Microsoft\Windows\CurrentVersion\Policies\System";

/// Key, value, data.
type Row<'a> = (&'a str, &'a str, Data);

fn file(settings: &[Row]) -> Vec<u8> {
    let setting = |(key, value, data): &Row| Setting { key: (*key).into(), value: (*value).into(), data: data.clone() };
    to_bytes(&settings.iter().map(setting).collect::<Vec<_>>())
}

fn text(text: &str) -> Data {
    Data::Text(text.into())
}

/// What the consoles of Windows Server write for a machine with the LDAP policy, and a few more.
fn machine() -> Import {
    let settings = [
        (AUTO_ENROLLMENT, "AEPolicy", Data::Dword(7)),
        (AUTO_ENROLLMENT, "OfflineExpirationPercent", Data::Dword(10)),
        (AUTO_ENROLLMENT, "OfflineExpirationStoreNames", text("MY")),
        (SERVERS, "", text("{6B8D0C4E-52F1-4A9B-8C3D-2F7E9A1B5C60}")),
        (SERVERS, "Flags", Data::Dword(0)),
        (LDAP, "URL", text("LDAP:")),
        (LDAP, "PolicyID", text("{6B8D0C4E-52F1-4A9B-8C3D-2F7E9A1B5C60}")),
        (LDAP, "FriendlyName", text("Active Directory Enrollment Policy")),
        (LDAP, "Flags", Data::Dword(0x14)),
        (LDAP, "AuthFlags", Data::Dword(2)),
        (LDAP, "Cost", Data::Dword(0x7FFF_FFFD)),
        (SYSTEM, "GroupPolicyRefreshTime", Data::Dword(0)),
        (SYSTEM, "GroupPolicyRefreshTimeOffset", Data::Dword(30)),
        (ACRS, "Blob", Data::Other { kind: 3, octets: vec![0x30, 0] }),
        (r"Software\Policies\Other", "Value", Data::Other { kind: 3, octets: vec![1, 2] }),
    ];
    registry_pol(&file(&settings), Half::Machine)
}

#[test]
fn both_halves_are_a_policy() {
    let mut import = machine();
    let user =
        [(AUTO_ENROLLMENT, "AEPolicy", Data::Dword(0x8000)), (SYSTEM, "GroupPolicyRefreshTime", Data::Dword(60))];
    import.add(registry_pol(&file(&user), Half::User));
    let world = import.to_world(None, &oids());
    let policy = story(&world.text).spec.policy;
    assert_eq!((policy.ae_policy, policy.machine_ae_policy), (Some(0x8000), Some(7)));
    assert_eq!(policy.policy_servers.iter().map(|server| server.url.as_str()).collect::<Vec<_>>(), ["LDAP:"]);
    insta::assert_snapshot!("registry_pol", told(&import, &world));
}

#[test]
fn a_half_that_sets_nothing_is_no_policy() {
    let import = registry_pol(&file(&[]), Half::User);
    let world = import.to_world(None, &oids());
    assert_eq!(story(&world.text).spec.policy.ae_policy, None);
    assert_eq!(world.findings.iter().map(|finding| finding.attribute.as_str()).collect::<Vec<_>>(), ["machine"]);
}

/// Whether policy is refreshed in the background, and how often at a domain controller, the half for computers says for
/// all.
#[test]
fn what_only_computers_are_told_counts_in_their_half_only() {
    let settings = [
        (SYSTEM, "GroupPolicyRefreshTimeDC", Data::Dword(15)),
        (SYSTEM, "GroupPolicyRefreshTimeOffsetDC", Data::Dword(3)),
        (BACKGROUND, "DisableBkGndGroupPolicy", Data::Dword(1)),
    ];
    let check = |machine: &[Row], user: &[Row], expected: (Duration, bool), left_out: &[&str]| {
        let mut import = registry_pol(&file(machine), Half::Machine);
        import.add(registry_pol(&file(user), Half::User));
        let world = import.to_world(None, &oids());
        let policy = story(&world.text).spec.policy;
        assert_eq!((policy.dc_interval, policy.gp_background), expected);
        assert_eq!(world.findings.iter().map(|finding| finding.attribute.as_str()).collect::<Vec<_>>(), left_out);
    };
    let unset = (Duration::minutes(5), true);
    let set = (Duration::minutes(15), false);
    let all = ["GroupPolicyRefreshTimeDC", "GroupPolicyRefreshTimeOffsetDC", "DisableBkGndGroupPolicy"];
    let offset = "GroupPolicyRefreshTimeOffsetDC";
    check(&settings, &[], set, &[offset]);
    check(&[], &settings, unset, &all);
    let background = [(BACKGROUND, "DisableBkGndGroupPolicy", Data::Dword(0))];
    check(&settings, &background, set, &[offset, "DisableBkGndGroupPolicy"]);
}

/// A certificate that policy distributes is called by its subject, wherever it stands among the properties.
#[test]
fn certificates_of_policy_are_called_by_their_subjects() {
    let element = |kind: u32, octets: &[u8]| {
        let length = u32::try_from(octets.len()).expect("small");
        [&kind.to_le_bytes()[..], &1_u32.to_le_bytes(), &length.to_le_bytes(), octets].concat()
    };
    let ca = include_bytes!("lab-ca.der");
    let key = r"Software\Policies\Microsoft\SystemCertificates\Root\Certificates\AA";
    let check = |octets: Vec<u8>, expected: &str| {
        let settings = [(key, "Blob", Data::Other { kind: 3, octets })];
        let found = registry_pol(&file(&settings), Half::Machine).to_world(None, &oids()).findings;
        let shown = found.iter().find(|finding| finding.attribute == "Blob").expect("it is told");
        assert_eq!(shown.value.get(..expected.len()), Some(expected), "{shown}");
    };
    let cut = |octets: Vec<u8>| octets[..octets.len() - 1].to_vec();
    check(element(0x20, ca), "Lab CA");
    check([element(3, &[7; 20]), element(0x20, ca)].concat(), "Lab CA");
    check(element(3, &[7; 20]), "type 3: 0x0300");
    check(cut(element(0x20, ca)), "type 3: 0x2000");
    check(element(0x20, &ca[1..]), "type 3: 0x2000");
    check(vec![0x20, 0, 0], "type 3: 0x200000");
    check([&0x21_u32.to_le_bytes()[..], &[1, 0, 0, 0], &u32::MAX.to_le_bytes()].concat(), "type 3: 0x2100");
}

#[test]
fn what_cannot_be_taken_over_is_told() {
    let check = |settings: &[(&str, &str, Data)], expected: &str| {
        let found = registry_pol(&file(settings), Half::Machine).to_world(None, &oids()).findings;
        let about = |finding: &&Finding| finding.attribute != "user";
        assert_eq!(found.iter().filter(about).map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    };
    check(
        &[(AUTO_ENROLLMENT, "AEPolicy", text("7"))],
        &format!("Registry.pol: {AUTO_ENROLLMENT}: AEPolicy `7`: could not be read; expected REG_DWORD"),
    );
    check(
        &[(AUTO_ENROLLMENT, "OfflineExpirationPercent", Data::Dword(101))],
        &format!(
            "Registry.pol: {AUTO_ENROLLMENT}: OfflineExpirationPercent `0x65`: could not be read; expected at most 100 per cent"
        ),
    );
    check(
        &[(LDAP, "URL", text("LDAP:"))],
        &format!(
            "Registry.pol: {LDAP}: PolicyID: could not be read; expected URL and PolicyID in every key of a policy server"
        ),
    );
    check(
        &[(SYSTEM, "GroupPolicyRefreshTime", Data::Dword(64_801))],
        &format!(
            "Registry.pol: {SYSTEM}: GroupPolicyRefreshTime `0xfd21`: could not be read; expected at most 64,800 minutes \
             ([MS-GPOL] 3.2.1.14)"
        ),
    );
    let broken = registry_pol(b"PReg\x02\0\0\0", Half::Machine);
    assert_eq!(
        broken.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "Registry.pol: file: could not be read; expected a file of [MS-GPREG] 2.2.1 (Registry.pol at octet 0: the file begins with PReg, version 1)"
        ]
    );
}
