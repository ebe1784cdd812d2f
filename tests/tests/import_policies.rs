//! Group Policy through `autoenroll import`: files and folders in, a world, findings and an exit code out.
//!
//! Of the folders below `tests/policies`, `sysvol` is a copy of an object as Samba 4.17.12 (Debian 12) lays it out,
//! whose Registry.pol were written by that version's `samba.dcerpc.preg`, and `samba-backup` is what the function
//! behind `samba-tool gpo backup` of that version made of it. In `backup-gpo`, the Registry.pol were written by
//! `registrypol` 1.0.1 of PyPI; the rest is in the form in which `Backup-GPO` writes, with other names.
//! `without-zeros.pol` is what `registrypol` writes when its caller does not append the zeros of key and value.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_tests::{Autoenroll, Ran, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

const AE: &str = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment";
const SERVERS: &str = r"Software\Policies\Microsoft\Cryptography\PolicyServers";
const CRYPTOGRAPHY: &str = r"Software\Policies\Microsoft\Cryptography";
const SYSTEM: &str = r"Software\Policies\Microsoft\Windows\System";
const CARDS: &str = r"Software\Policies\Microsoft\Windows\SmartCardCredentialProvider";

fn import(directory: &Path, arguments: &str) -> Ran {
    let arguments = ["import"].into_iter().chain(arguments.split_whitespace());
    Autoenroll::new(PROGRAM, arguments).directory(directory).run()
}

fn samples() -> PathBuf {
    root().join("tests/policies")
}

fn directory(name: &str) -> PathBuf {
    scratch(env!("CARGO_TARGET_TMPDIR"), name)
}

fn put(directory: &Path, name: &str, bytes: &[u8]) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A setting: key, value, number of the type, data. Data of type 4 are a number, of all others a text with its zero.
type Row<'a> = (&'a str, &'a str, u32, &'a str);

/// Registry.pol in the form of [MS-GPREG] 2.2.1.
fn pol(rows: &[Row]) -> Vec<u8> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut bytes = b"PReg\x01\0\0\0".to_vec();
    for (key, value, kind, data) in rows {
        let data = match kind {
            4 => data.parse::<u32>().unwrap().to_le_bytes().to_vec(),
            _ => wide(&format!("{data}\0")),
        };
        bytes.extend(wide(&format!("[{key}\0;{value}\0;")));
        bytes.extend(kind.to_le_bytes());
        bytes.extend(wide(";"));
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(wide(";"));
        bytes.extend(data);
        bytes.extend(wide("]"));
    }
    bytes
}

/// The lines of `[world.policy]`, and its policy servers by their addresses.
fn policy(ran: &Ran) -> Vec<String> {
    let (_, policy) = ran.out.split_once("[world.policy]\n").unwrap_or_default();
    let lines = policy.lines().filter(|line| !line.is_empty());
    let server =
        |line: &&str| ["[[", "key", "policy-id", "flags", "auth-flags", "cost"].iter().any(|it| line.starts_with(it));
    lines.filter(|line| !server(line)).map(str::to_owned).collect()
}

/// A world with that policy, extending contoso, is one that a story can be played in.
fn plays(directory: &Path, arguments: &str) {
    let world = import(directory, &format!("--extends contoso {arguments}"));
    assert_eq!(world.code, Some(0), "{arguments}: {}", world.err);
    put(directory, "fixtures/worlds/mine.toml", world.out.as_bytes());
    let story = "scenario = 1\ntitle = \"A policy of one's own\"\n[world]\nextends = \"mine\"\n[timeline]\n\
                 steps = [{ logon = \"alice\" }, { at = \"1d\", gp-refresh = \"alice\" }]\n";
    put(directory, "story.toml", story.as_bytes());
    let ran = Autoenroll::new(PROGRAM, ["run", "story.toml", "--fixtures", "fixtures"]).directory(directory).run();
    assert_eq!(ran.code, Some(0), "{arguments}\n{}{}\n{}", ran.out, ran.err, world.out);
}

/// Copies a folder of samples, so that what is written beside them is written elsewhere.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_other_programs_wrote() {
    let place = directory("policies-of-others");
    copy(&samples(), &place);
    let samba = [
        "ae-policy = 3",
        "machine-ae-policy = 7",
        "gp-interval = \"1h\"",
        "gp-offset = \"0s\"",
        "expiration-percent = 20",
        "expiration-stores = [\"MY\"]",
        "url = \"LDAP:\"",
    ];
    let object = "sysvol/contoso.test/Policies/{A4B1C3F2-3F0E-4C7A-9B64-0C2F5F6D7E81}";
    let (machine, user) = (format!("{object}/MACHINE/Registry.pol"), format!("{object}/USER/Registry.pol"));
    let rows: [(&str, &str, &[&str]); 7] = [
        ("sysvol", "sysvol", &samba),
        ("object", object, &samba),
        ("backup", "samba-backup", &samba),
        ("halves", &format!("{machine} {user}"), &samba),
        ("swapped", &format!("{user} {machine}"), &samba),
        ("user", &user, &["ae-policy = 3"]),
        // The later backup of the manifest is the one that is applied last; its half for users is disabled.
        (
            "gpo",
            "backup-gpo",
            &["ae-policy = false", "machine-ae-policy = 7", "gp-interval = \"30m\"", "expiration-percent = 10"],
        ),
    ];
    for (name, arguments, expected) in rows {
        let ran = import(&place, arguments);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert_eq!(policy(&ran), expected, "{name}\n{}{}", ran.out, ran.err);
        plays(&place, arguments);
    }
    let findings = import(&place, "backup-gpo").err;
    insta::assert_snapshot!("backup_gpo", findings);
    let refused = import(&place, "without-zeros.pol");
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("Registry.pol at octet 156: an entry is"), "{}", refused.err);
}

/// Objects by their settings, and the policy that they make.
type Merged<'a> = (&'a str, &'a [&'a [Row<'a>]], &'a [&'a str]);

/// Objects in the order of the arguments, each with one Registry.pol for users: what is in force at the end.
#[test]
fn objects_are_merged_value_by_value() {
    let set = |number| (AE, "AEPolicy", 4, number);
    let one = format!(r"{SERVERS}\one");
    let server: [Row; 2] = [(&one, "URL", 1, "https://one"), (&one, "PolicyID", 1, "{1}")];
    let two = format!(r"{SERVERS}\TWO");
    let other: [Row; 2] = [(&two, "URL", 1, "https://two"), (&two, "PolicyID", 1, "{2}")];
    let upper = AE.to_uppercase();
    let rows: &[Merged] = &[
        ("the last one counts", &[&[set("7")], &[set("3")]], &["ae-policy = 3"]),
        ("and the last of one file", &[&[set("7"), set("1")]], &["ae-policy = 1"]),
        ("what a file lacks it leaves as it is", &[&[set("7")], &[]], &["ae-policy = 7"]),
        (
            "each its value",
            &[&[set("7")], &[(AE, "OfflineExpirationPercent", 4, "30")]],
            &["ae-policy = 7", "expiration-percent = 30"],
        ),
        ("names in any case", &[&[set("7")], &[(&upper, "aepolicy", 4, "3")]], &["ae-policy = 3"]),
        ("a value is deleted", &[&[set("7")], &[(AE, "**Del.AEPolicy", 1, " ")]], &["ae-policy = false"]),
        ("in any case", &[&[set("7")], &[(&upper, "**del.aepolicy", 1, " ")]], &["ae-policy = false"]),
        ("another one is not", &[&[set("7")], &[(AE, "**Del.AEPolicy2", 1, " ")]], &["ae-policy = 7"]),
        ("nor one of another key", &[&[set("7")], &[(SERVERS, "**Del.AEPolicy", 1, " ")]], &["ae-policy = 7"]),
        ("deleted and set again", &[&[set("7")], &[(AE, "**Del.AEPolicy", 1, " "), set("3")]], &["ae-policy = 3"]),
        ("set before it was deleted", &[&[(AE, "**Del.AEPolicy", 1, " ")], &[set("3")]], &["ae-policy = 3"]),
        ("all values of a key", &[&[set("7")], &[(AE, "**DelVals.", 1, " ")]], &["ae-policy = false"]),
        (
            "of that key only",
            &[&server, &[(SERVERS, "**DelVals.", 1, " ")]],
            &["ae-policy = false", "url = \"https://one\""],
        ),
        (
            "a list of values",
            &[&[set("7"), (AE, "OfflineExpirationPercent", 4, "30")], &[(AE, "**DeleteValues", 1, "Other;aepolicy")]],
            &["ae-policy = false", "expiration-percent = 30"],
        ),
        (
            "keys, with what is below",
            &[&server, &[(CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS)], &other],
            &["ae-policy = false", "url = \"https://two\""],
        ),
        (
            "keys by their names below the key",
            &[&server, &[(CRYPTOGRAPHY, "**DeleteKeys", 1, "None;POLICYSERVERS")]],
            &["ae-policy = false"],
        ),
        (
            "keys that begin alike stay",
            &[&server, &[(CRYPTOGRAPHY, "**DeleteKeys", 1, &format!(r"{SERVERS}\on"))]],
            &["ae-policy = false", "url = \"https://one\""],
        ),
        ("two servers", &[&server, &other], &["ae-policy = false", "url = \"https://one\"", "url = \"https://two\""]),
        ("soft does not replace", &[&[set("7")], &[(AE, "**soft.AEPolicy", 4, "3")]], &["ae-policy = 7"]),
        ("soft sets what is not there", &[&[(AE, "**soft.AEPolicy", 4, "3")]], &["ae-policy = 3"]),
        ("soft is replaced", &[&[(AE, "**soft.AEPolicy", 4, "3")], &[set("7")]], &["ae-policy = 7"]),
        ("who may write", &[&[set("7"), (AE, "**SecureKey", 4, "1")]], &["ae-policy = 7"]),
    ];
    let place = directory("policies-merged");
    for (name, objects, expected) in rows {
        let mut arguments = String::from("--half user");
        for (number, settings) in objects.iter().enumerate() {
            put(&place, &format!("{number}.pol"), &pol(settings));
            arguments += &format!(" {number}.pol");
        }
        let ran = import(&place, &arguments);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert_eq!(policy(&ran), *expected, "{name}\n{}", ran.err);
        plays(&place, &arguments);
    }
}

/// Two objects, by their settings for computers, and the value in which they contradict each other.
type Pair<'a> = (&'a str, &'a [Row<'a>], &'a [Row<'a>], Option<&'a str>);

/// In a folder nothing says which of two objects counts: a contradiction names both, and is none where the order does
/// not matter.
#[test]
fn contradictions_within_a_folder_name_both_objects() {
    let set = |number| (AE, "AEPolicy", 4, number);
    let server = format!(r"{SERVERS}\one");
    let url = (server.as_str(), "URL", 1, "https://one");
    let rows: &[Pair] = &[
        ("different values", &[set("7")], &[set("3")], Some("AEPolicy")),
        ("the same value", &[set("7")], &[set("7")], None),
        ("other values", &[set("7")], &[(AE, "OfflineExpirationPercent", 4, "30")], None),
        ("set and deleted", &[set("7")], &[(AE, "**Del.AEPolicy", 1, " ")], Some("AEPolicy")),
        ("deleted and set", &[(AE, "**Del.AEPolicy", 1, " ")], &[set("7")], Some("AEPolicy")),
        ("set and emptied", &[set("7")], &[(AE, "**DelVals.", 1, " ")], Some("AEPolicy")),
        ("emptied and set", &[(AE, "**DelVals.", 1, " ")], &[set("7")], Some("AEPolicy")),
        ("a key deleted", &[url], &[(CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS)], Some("URL")),
        ("a deleted key", &[(CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS)], &[url], Some("URL")),
        ("deleted by itself", &[(CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS), url], &[set("7")], None),
        ("soft and set", &[(AE, "**soft.AEPolicy", 4, "3")], &[set("7")], None),
        ("set and soft", &[set("7")], &[(AE, "**soft.AEPolicy", 4, "3")], None),
        ("soft and soft", &[(AE, "**soft.AEPolicy", 4, "3")], &[(AE, "**soft.AEPolicy", 4, "7")], Some("AEPolicy")),
        ("something else", &[(r"Software\X", "Y", 4, "1")], &[(r"Software\X", "Y", 4, "2")], None),
    ];
    let place = directory("policies-contradict");
    for (name, first, second, expected) in rows {
        put(&place, "both/Policies/{A}/Machine/Registry.pol", &pol(first));
        put(&place, "both/Policies/{B}/MACHINE/registry.pol", &pol(second));
        let ran = import(&place, "both");
        let contradiction = ran.err.lines().find(|line| line.contains("contradict each other"));
        assert_eq!(contradiction.is_some(), expected.is_some(), "{name}\n{}", ran.err);
        if let (Some(line), Some(value)) = (contradiction, expected) {
            let names =
                [format!(": {value}: "), "`both/Policies/{A}/Mach".to_owned(), "`both/Policies/{B}/MACH".to_owned()];
            assert!(names.iter().all(|name| line.contains(name)), "{name}: {line}");
        }
        assert!(ran.err.contains("both: order: 2 objects are applied by the names of their folders"), "{}", ran.err);
        // An object that is named after the folder settles what it sets.
        put(&place, "last.pol", &pol(&[set("1"), (CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS)]));
        let settled = import(&place, "both --half machine last.pol");
        assert!(!settled.err.contains("contradict"), "{name}: {}", settled.err);
        assert!(policy(&settled).contains(&"machine-ae-policy = 1".to_owned()), "{name}: {}", settled.out);
        put(&place, "first.pol", &pol(&[(CRYPTOGRAPHY, "**DeleteKeys", 1, SERVERS)]));
        let before = import(&place, "--half machine first.pol both");
        assert_eq!(before.err.contains("contradict"), expected.is_some(), "{name}: {}", before.err);
        // With the order of the arguments nothing is open.
        let named = import(&place, "both/Policies/{A} both/Policies/{B}");
        assert!(!named.err.contains("contradict") && !named.err.contains("order"), "{name}: {}", named.err);
    }
}

/// A file beside settings, the policy, and what is said.
type Beside<'a> = (&'a str, &'a str, Vec<u8>, &'a [&'a str], &'a str);

/// What an object's folder says beside its settings.
#[test]
fn what_a_folder_says_of_an_object() {
    let settings = pol(&[(AE, "AEPolicy", 4, "7")]);
    let core = |options: &str, version: &str| {
        format!(
            "<GroupPolicyBackupScheme xmlns=\"http://www.microsoft.com/GroupPolicy/GPOOperations\"><GroupPolicyObject>\
             <GroupPolicyCoreSettings><ID><![CDATA[{{1}}]]></ID><DisplayName>Lab</DisplayName><Options>{options}</Options>\
             <UserVersionNumber>1</UserVersionNumber><MachineVersionNumber>{version}</MachineVersionNumber>\
             </GroupPolicyCoreSettings></GroupPolicyObject></GroupPolicyBackupScheme>"
        )
    };
    let utf16 = |text: &str| {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>()
    };
    let on = ["ae-policy = false", "machine-ae-policy = 7"];
    let off = ["ae-policy = false", "machine-ae-policy = false"];
    let ini = |text: &str| format!("[General]\r\n{text}\r\n").into_bytes();
    let rows: &[Beside] = &[
        ("a version", "GPT.INI", ini("Version=1"), &on, ""),
        ("no version of this half", "gpt.ini", ini("Version=65536"), &on, "Machine: has the version 0"),
        ("disabled for users", "GPT.INI", ini("Version=1\r\nOptions=1"), &on, ""),
        ("disabled for computers", "GPT.INI", ini("Version=1\r\nOptions=2"), &off, "Machine: is disabled"),
        ("disabled altogether", "GPT.INI", ini("Version=1\r\noptions = 3"), &off, "Machine: is disabled"),
        ("a name", "GPT.INI", ini("Version=0\r\ndisplayName=Lab"), &on, "Lab (object): Machine: has the version 0"),
        ("no name", "GPT.INI", ini("Version=0\r\ndisplayName=New Group Policy Object"), &on, "object: Machine: has"),
        ("a saved object", "Backup.xml", core("0", "65537").into_bytes(), &on, ""),
        (
            "a saved object, disabled",
            "backup.xml",
            core("2", "65537").into_bytes(),
            &off,
            "Lab (object): Machine: is dis",
        ),
        ("a saved object in UTF-16", "BACKUP.XML", utf16(&core("2", "1")), &off, "Lab (object): Machine: is disabled"),
        (
            "a saved object without version",
            "Backup.xml",
            core("0", "0").into_bytes(),
            &on,
            "Machine: has the version 0",
        ),
        ("a damaged one", "Backup.xml", b"<a>".to_vec(), &on, "object/Backup.xml: file: could not be read"),
        ("another file", "Backup.xml", b"<a/>".to_vec(), &on, "expected GroupPolicyCoreSettings"),
        ("damaged information", "bkupInfo.xml", vec![0xFF, 0xFE, 0, 0xD8], &on, "expected UTF-8 or UTF-16"),
    ];
    for (name, file, bytes, expected, finding) in rows {
        let place = directory("policies-folder");
        put(&place, "object/Machine/Registry.pol", &settings);
        put(&place, &format!("object/{file}"), bytes);
        let ran = import(&place, "object");
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.err);
        assert_eq!(policy(&ran), *expected, "{name}\n{}", ran.err);
        assert!(ran.err.contains(finding), "{name}\n{}", ran.err);
        assert_eq!(ran.err.is_empty(), finding.is_empty(), "{name}\n{}", ran.err);
        plays(&place, "object");
    }
}

/// A well-known identifier is a name, and of several backups of an object the newest counts.
#[test]
fn objects_and_their_backups_by_name() {
    let place = directory("policies-backups");
    let information = |time: &str| {
        format!(
            "<BackupInst><GPOGuid>{{31B2F340-016D-11D2-945F-00C04FB984F9}}</GPOGuid><BackupTime>{time}</BackupTime>\
             </BackupInst>"
        )
    };
    for (folder, time, number) in [("{A}", "2026-02-03T09:15:00", "7"), ("{B}", "2025-12-24T09:15:00", "3")] {
        put(&place, &format!("all/{folder}/bkupInfo.xml"), information(time).as_bytes());
        let settings = pol(&[(AE, "AEPolicy", 4, number), (CARDS, "AllowCertificatesWithNoEKU", 4, "1")]);
        put(&place, &format!("all/{folder}/DomainSysvol/GPO/User/registry.pol"), &settings);
    }
    let ran = import(&place, "all");
    assert_eq!(policy(&ran), ["ae-policy = 7", "machine-ae-policy = false"]);
    assert_eq!(
        ran.err,
        format!(
            "all/{{B}}: BackupTime `2025-12-24T09:15:00`: is a backup of `Default Domain Policy` before that of \
             2026-02-03T09:15:00, which counts\n\
             Default Domain Policy (all/{{A}}/DomainSysvol/GPO/User/registry.pol): {CARDS}: AllowCertificatesWithNoEKU \
             `0x1`: is not known here, and left out\n"
        )
    );
}

/// A report, where there is nothing else, and by itself.
#[test]
fn reports() {
    let side = |name: &str, enabled: &str, settings: &str| {
        format!(
            "<{name}><VersionDirectory>1</VersionDirectory><VersionSysvol>1</VersionSysvol><Enabled>{enabled}</Enabled>\
             <ExtensionData><Extension xmlns:q1=\"http://www.microsoft.com/GroupPolicy/Settings/PublicKey\">{settings}\
             </Extension><Name>Public Key</Name></ExtensionData></{name}>"
        )
    };
    let enrollment = |on: &str, renew: &str, update: &str, more: &str| {
        format!(
            "<q1:AutoEnrollmentSettings><q1:EnrollCertificatesAutomatically>{on}</q1:EnrollCertificatesAutomatically>\
             <q1:Options><q1:RenewUpdateRevoke>{renew}</q1:RenewUpdateRevoke><q1:UpdateTemplates>{update}\
             </q1:UpdateTemplates></q1:Options>{more}</q1:AutoEnrollmentSettings>"
        )
    };
    let percent = "<q1:ExpiryNotification>true</q1:ExpiryNotification><q1:NotifyPercent><q1:Present>true</q1:Present>\
                   <q1:Value>25</q1:Value></q1:NotifyPercent>";
    let absent = "<q1:ExpiryNotification>false</q1:ExpiryNotification><q1:NotifyPercent><q1:Present>false</q1:Present>\
                  <q1:Value>10</q1:Value></q1:NotifyPercent>";
    let refresh = format!(
        "<q1:RegistrySetting><q1:KeyPath>{SYSTEM}</q1:KeyPath><q1:AdmSetting>false</q1:AdmSetting><q1:Value>\
         <q1:Name>GroupPolicyRefreshTime</q1:Name><q1:Number>45</q1:Number></q1:Value></q1:RegistrySetting>"
    );
    let report = |computer: &str, user: &str| {
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-16\"?><GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\">\
             <Name>Lab</Name>{computer}{user}</GPO>"
        )
    };
    let rows: &[(&str, String, &[&str])] = &[
        ("all on", side("User", "true", &enrollment("true", "true", "true", "")), &["ae-policy = 7"]),
        ("templates only", side("User", "true", &enrollment("true", "false", "true", "")), &["ae-policy = 1"]),
        ("renewal only", side("User", "true", &enrollment("true", "true", "false", "")), &["ae-policy = 6"]),
        ("neither", side("User", "true", &enrollment("true", "false", "false", "")), &["ae-policy = 0"]),
        ("off", side("User", "true", &enrollment("false", "true", "true", "")), &["ae-policy = 0x8000"]),
        ("disabled", side("User", "false", &enrollment("true", "true", "true", "")), &["ae-policy = false"]),
        (
            "warnings",
            side("User", "true", &enrollment("true", "true", "true", percent)),
            &["ae-policy = 7", "expiration-percent = 25", "expiration-balloons = true"],
        ),
        (
            "no warnings",
            side("User", "true", &enrollment("true", "true", "true", absent)),
            &["ae-policy = 7", "expiration-balloons = false"],
        ),
        ("registry", side("User", "true", &refresh), &["ae-policy = false", "gp-interval = \"45m\""]),
    ];
    let place = directory("policies-reports");
    for (name, user, expected) in rows {
        let utf16 = report("", user).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        put(&place, "one/{X}/gpreport.xml", &utf16);
        put(
            &place,
            "report.xml",
            report("", user).trim_start_matches('\u{feff}').replace("utf-16", "utf-8").as_bytes(),
        );
        let ran = import(&place, "report.xml");
        assert_eq!(
            (ran.code, policy(&ran)),
            (Some(0), expected.iter().map(|it| (*it).to_owned()).collect()),
            "{name}\n{}",
            ran.err
        );
        plays(&place, "report.xml");
        // A folder is whole: the half that the report does not have sets nothing.
        let ran = import(&place, "one");
        assert!(policy(&ran).contains(&"machine-ae-policy = false".to_owned()), "{name}\n{}", ran.out);
        assert_eq!(policy(&ran)[0], expected[0], "{name}");
    }
    // What else a report says of certificates is told by its name.
    let root = "<q1:RootCertificate><q1:IssuedTo>Lab Root</q1:IssuedTo></q1:RootCertificate><q1:EFSSettings/>";
    put(&place, "report.xml", report("", &side("User", "true", root)).replace("utf-16", "utf-8").as_bytes());
    let told = import(&place, "report.xml").err;
    assert!(told.contains("Lab (report.xml): RootCertificate `Lab Root`: is in the report"), "{told}");
    assert!(told.contains("Lab (report.xml): EFSSettings: is in the report"), "{told}");
    // Where there are settings, the report is not asked.
    put(&place, "one/{X}/DomainSysvol/GPO/User/registry.pol", &pol(&[(AE, "AEPolicy", 4, "2")]));
    assert_eq!(policy(&import(&place, "one"))[0], "ae-policy = 2");
}

/// What an import does not take over, by one setting for computers.
#[test]
fn what_is_left_out_is_told() {
    let server = format!(r"{SERVERS}\one");
    let rows: &[(Row, &str)] = &[
        ((AE, "AEPolicy", 1, "7"), "AEPolicy `7`: could not be read; expected REG_DWORD"),
        ((AE, "OfflineExpirationPercent", 4, "101"), "`0x65`: could not be read; expected at most 100 per cent"),
        ((AE, "OfflineExpirationStoreNames", 7, "MY\0CA"), "`type 7: MY, CA`: could not be read; expected REG_SZ"),
        ((AE, "Strange", 4, "1"), "Strange `0x1`: is not known here, and left out"),
        ((AE, "**Strange", 4, "1"), "**Strange `0x1`: is not known here, and left out"),
        ((AE, "**SecureKey", 4, "1"), "**SecureKey `0x1`: says who may write the key"),
        ((AE, "**DeleteValues", 4, "1"), "**DeleteValues `0x1`: could not be read; expected REG_SZ: names with"),
        ((SYSTEM, "GroupPolicyRefreshTime", 4, "64801"), "could not be read; expected at most 64,800 minutes"),
        ((SYSTEM, "GroupPolicyRefreshTimeDC", 4, "64801"), "could not be read; expected at most 64,800 minutes"),
        ((SYSTEM, "GroupPolicyRefreshTimeOffset", 4, "1441"), "could not be read; expected at most 1,440 minutes"),
        ((SYSTEM, "GroupPolicyRefreshTimeOffsetDC", 4, "1"), "have no offset in the bench"),
        ((SYSTEM, "Other", 4, "1"), "other settings `1`: values about something else"),
        ((&server, "URL", 1, "https://one"), "PolicyID: could not be read; expected URL and PolicyID in every key"),
        ((&server, "URL", 1, ""), "URL: could not be read; expected URL and PolicyID in every key"),
        ((SERVERS, "", 1, "{1}"), "(default) `{1}`: which policy is the default one matters to people who choose"),
        (
            (r"Software\Policies\Microsoft\SystemCertificates\Root\Certificates\AA", "Blob", 3, ""),
            "Blob `type 3: 0x0000`: the trust of a world is that of the directory",
        ),
        (
            (r"Software\Microsoft\Cryptography\CertificateTemplateCache", "Timestamp", 3, ""),
            "the cache of templates is filled by clients, and is no policy",
        ),
        ((CARDS, "AllowTimeInvalidCertificates", 4, "1"), "AllowTimeInvalidCertificates `0x1`: is not known here"),
    ];
    let place = directory("policies-left-out");
    for (row, finding) in rows {
        put(&place, "Machine/Registry.pol", &pol(&[*row]));
        let ran = import(&place, "Machine/Registry.pol");
        assert_eq!(policy(&ran), ["machine-ae-policy = false"], "{row:?}\n{}", ran.err);
        let lines: Vec<&str> = ran.err.lines().filter(|line| !line.contains("this half was not imported")).collect();
        let [line] = lines[..] else { panic!("{row:?}\n{}", ran.err) };
        assert!(line.starts_with("Machine/Registry.pol: ") && line.contains(finding), "{row:?}: {line}");
        plays(&place, "Machine/Registry.pol");
    }
}

/// Which half a Registry.pol is of: the option says, or else the folder, or else nothing.
#[test]
fn halves() {
    let place = directory("policies-halves");
    let settings = pol(&[(AE, "AEPolicy", 4, "7")]);
    ["any.pol", "USER/Registry.pol", "machine/registry.pol", "loose/Registry.pol"]
        .iter()
        .for_each(|name| put(&place, name, &settings));
    let (machine, user) = (["machine-ae-policy = 7"], ["ae-policy = 7"]);
    let rows: [(&str, &[&str], bool); 9] = [
        ("any.pol", &user, true),
        ("--half user any.pol", &user, false),
        ("--half machine any.pol", &machine, false),
        ("USER/Registry.pol", &user, false),
        ("machine/registry.pol", &machine, false),
        ("--half user machine/registry.pol", &user, false),
        ("machine", &machine, false),
        ("loose", &user, true),
        ("--half machine loose", &machine, false),
    ];
    for (arguments, expected, guessed) in rows {
        let ran = import(&place, arguments);
        assert_eq!(policy(&ran), expected, "{arguments}\n{}", ran.err);
        assert_eq!(ran.err.contains("half: is taken for users"), guessed, "{arguments}\n{}", ran.err);
    }
}

/// Settings for computers and for users, the line about refreshes, and what is said.
type Both<'a> = (&'a [Row<'a>], &'a [Row<'a>], Option<&'a str>, &'a str);

/// What differs between the halves is one setting of a world.
#[test]
fn a_world_has_one_policy_for_both_halves() {
    let interval = |minutes| (SYSTEM, "GroupPolicyRefreshTime", 4, minutes);
    let rows: &[Both] = &[
        (&[interval("30")], &[interval("30")], Some("gp-interval = \"30m\""), ""),
        (&[interval("30")], &[interval("60")], Some("gp-interval = \"30m\""), "differs between the halves"),
        (&[interval("30")], &[], Some("gp-interval = \"30m\""), "is set for computers only"),
        (&[], &[interval("60")], Some("gp-interval = \"1h\""), "is set for users only"),
        (&[], &[], None, ""),
    ];
    let place = directory("policies-both");
    for (machine, user, expected, finding) in rows {
        put(&place, "object/Machine/Registry.pol", &pol(machine));
        put(&place, "object/User/Registry.pol", &pol(user));
        let ran = import(&place, "object");
        let line = policy(&ran).into_iter().find(|line| line.starts_with("gp-interval"));
        assert_eq!((line.as_deref(), ran.err.is_empty()), (*expected, finding.is_empty()), "{}", ran.err);
        assert!(ran.err.contains(finding), "{}", ran.err);
    }
}

/// Folders in which there is nothing to read, or too much.
#[test]
fn folders_are_read_within_bounds() {
    let place = directory("policies-bounds");
    fs::create_dir_all(place.join("empty/Policies")).unwrap();
    put(&place, "damaged/{A}/Machine/Registry.pol", &pol(&[(AE, "AEPolicy", 4, "7")])[..40]);
    put(&place, &format!("deep/{}Registry.pol", "a/".repeat(33)), b"");
    put(&place, "halves/{A}/Machine/Registry.pol", b"PReg");
    put(&place, "halves/{A}/User/Registry.pol", &pol(&[(AE, "AEPolicy", 4, "7")]));
    put(&place, "reported/{A}/gpreport.xml", b"<GPO");
    put(&place, "report.xml", b"<GPO xmlns='http://www.microsoft.com/GroupPolicy/Settings'/>");
    put(&place, "other.xml", b"<a xmlns='http://www.microsoft.com/GroupPolicy/Settings'/>");
    put(&place, "large/a/Machine/Registry.pol", &vec![0; 32 << 20]);
    put(&place, "large/b/Machine/Registry.pol", b"PReg\x01\0\0\0");
    let rows = [
        ("empty", Some(2), "empty has no Group Policy in it"),
        ("none", Some(2), "none cannot be read"),
        ("deep", Some(2), "is nested deeper than 32 directories"),
        ("large", Some(2), "large has more than 32 MiB of policies"),
        ("reported", Some(2), "reported/{A}/gpreport.xml: file: could not be read; expected a report"),
        (
            "report.xml",
            Some(2),
            "report.xml: nothing of it can be taken over: it looks like a report of Group Policy without settings",
        ),
        (
            "other.xml",
            Some(2),
            "it looks like a damaged Registry.pol or report of Group Policy; expected a report of Group Policy in XML",
        ),
    ];
    for (arguments, code, words) in rows {
        let ran = import(&place, arguments);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{arguments}: {}", ran.err);
        assert!(ran.err.contains(words), "{arguments}: {}", ran.err);
    }
    // What is damaged is not known; the other half is.
    let ran = import(&place, "halves");
    assert_eq!((ran.code, policy(&ran)), (Some(0), vec!["ae-policy = 7".to_owned()]), "{}", ran.err);
    let ran = import(&place, "damaged");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(
        ran.err
            .contains("damaged/{A}/Machine/Registry.pol: file: could not be read; expected a file of [MS-GPREG] 2.2.1")
    );
    assert!(ran.err.contains("at octet"), "{}", ran.err);
}

/// A folder never makes the command wait for a pipe, read a device, or walk in a circle.
#[cfg(unix)]
#[test]
fn only_files_are_read() {
    use std::os::unix::fs::symlink;
    let place = directory("policies-special");
    put(&place, "loop/Machine/Registry.pol", &pol(&[(AE, "AEPolicy", 4, "7")]));
    symlink("..", place.join("loop/Machine/again")).unwrap();
    assert_eq!(policy(&import(&place, "loop")), ["ae-policy = false", "machine-ae-policy = 7"]);
    for (name, target) in [("zero", "/dev/zero"), ("gone", "nowhere")] {
        fs::create_dir_all(place.join(name)).unwrap();
        symlink(target, place.join(name).join("Registry.pol")).unwrap();
        let ran = import(&place, name);
        assert_eq!(ran.code, Some(2), "{}", ran.err);
        assert!(ran.err.contains(&format!("{name}/Registry.pol is no regular file")), "{}", ran.err);
    }
    let pipe = place.join("pipe/Registry.pol");
    fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(import(&place, "pipe").err.contains("pipe/Registry.pol is no regular file"));
}

/// Of a folder, policies alone are read; what else may be meant is told, up to a number.
#[test]
fn exports_in_a_folder_are_told_as_not_read() {
    let place = directory("policies-beside");
    let ldif = b"dn: CN=T,CN=Certificate Templates,CN=X\ncn: T\n";
    put(&place, "all/pol/Machine/Registry.pol", &pol(&[(AE, "AEPolicy", 4, "7")]));
    put(&place, "all/two.json", b"{}");
    put(&place, "all/deep/case.LDIF", ldif);
    put(&place, "all/readme.txt", b"for people");
    let ran = import(&place, "all");
    assert_eq!(
        (ran.code, policy(&ran)),
        (Some(0), vec!["ae-policy = false".to_owned(), "machine-ae-policy = 7".to_owned()]),
        "{}",
        ran.err
    );
    let why = "is not read: of a folder, Group Policy alone is; name the file to import it";
    let told: Vec<&str> = ran.err.lines().filter(|line| line.contains("not read")).collect();
    assert_eq!(told, [format!("all: file `deep/case.LDIF`: {why}"), format!("all: file `two.json`: {why}")]);
    for at in 0..10 {
        put(&place, &format!("exports/{at}.ldf"), ldif);
    }
    let ran = import(&place, "exports");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.lines().count()), (Some(2), "", 1), "{}", ran.err);
    for words in ["exports has no Group Policy in it", "file `0.ldf`: is not read", "file `and 2 more`"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    let ran = import(&place, "all exports/0.ldf");
    assert!(ran.out.contains("name = \"T\"") && ran.code == Some(0), "{}{}", ran.out, ran.err);
    // What is no template is no file of templates.
    let ran = import(&place, "--to templates all/pol");
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(ran.err.contains("no template was read"), "{}", ran.err);
}
