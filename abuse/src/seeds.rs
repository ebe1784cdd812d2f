//! The first inputs of fuzz targets, made anew from what the suite says: `cargo xtask abuse --write-seeds`.

use std::fs;
use std::path::Path;

use autoenroll_apdu::gids::ContainerName;
use autoenroll_card::{Card, CardProfile, ContainerSpec, Personalisation};
use autoenroll_keys::{KeyAlgorithm, Seed};
use autoenroll_model::SecurityDescriptor;
use autoenroll_net::client::{self, Credentials};
use autoenroll_trace::to_json_line;
use autoenroll_wire::registry_pol::{Data, Setting};
use autoenroll_wire::{Request, SignedMessage, registry_pol, security_descriptor};

use crate::case::root;
use crate::parties::{Requested, Said};
use crate::recorded::{Recorded, STORY, recorded};
use crate::served;

/// So many bytes of a long conversation or trace are enough to begin with.
const ENOUGH: usize = 24 * 1024;

/// An answer to a challenge, with fields of few octets.
const AUTHENTICATE: &[u8] = b"NTLMSSP\0\x03\0\0\0\0\0\0\0\x40\0\0\0\x2c\0\x2c\0\x40\0\0\0\x0e\0\x0e\0\x6c\0\0\0\
\x0a\0\x0a\0\x7a\0\0\0\0\0\0\0\x84\0\0\0\0\0\0\0\x84\0\0\0\x01\x02\0\0\
\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x01\x01\0\0\0\0\0\0\
\0\0\0\0\0\0\0\0\x22\x22\x22\x22\x22\x22\x22\x22\0\0\0\0C\0O\0N\0T\0O\0S\0O\0a\0l\0i\0c\0e\0";

/// A report of Group Policy as `Get-GPOReport -ReportType Xml` writes it.
const REPORT: &str = r#"<GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings"><Name>Lab</Name>
<Computer><VersionDirectory>1</VersionDirectory><VersionSysvol>1</VersionSysvol><Enabled>true</Enabled><ExtensionData>
<Extension xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/PublicKey"><q1:AutoEnrollmentSettings>
<q1:EnrollCertificatesAutomatically>true</q1:EnrollCertificatesAutomatically><q1:Options>
<q1:RenewUpdateRevoke>true</q1:RenewUpdateRevoke><q1:UpdateTemplates>true</q1:UpdateTemplates></q1:Options>
<q1:ExpiryNotification>true</q1:ExpiryNotification><q1:NotifyPercent><q1:Present>true</q1:Present>
<q1:Value>10</q1:Value></q1:NotifyPercent></q1:AutoEnrollmentSettings></Extension></ExtensionData><ExtensionData>
<Extension xmlns:q2="http://www.microsoft.com/GroupPolicy/Settings/Registry"><q2:RegistrySetting>
<q2:KeyPath>Software\Policies\Microsoft\Windows\System</q2:KeyPath><q2:Value><q2:Name>GroupPolicyRefreshTime</q2:Name>
<q2:Number>45</q2:Number></q2:Value></q2:RegistrySetting></Extension></ExtensionData></Computer></GPO>"#;

/// Writes them below a folder, one folder for each reader.
///
/// # Errors
/// When they cannot be made or written.
pub fn write(folder: &Path) -> Result<(), String> {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        made.map_err(|error| format!("{} cannot be written: {error}", path.display()))
    };
    let read = |path: &str| fs::read(root().join(path)).map_err(|error| format!("{path} cannot be read: {error}"));

    put("scenario/second-provider.toml", &read(&format!("scenarios/{STORY}.toml"))?)?;
    put("scenario/mistakes.toml", &read("tests/broken/07-wrong-types.toml")?)?;
    put("scenario/world.toml", &read("fixtures/worlds/contoso.toml")?)?;
    put("scenario/story.json", &read("tests/broken/29-json.json")?)?;

    let file = |name: &str| read(&format!("crates/import/tests/import/files/{name}"));
    for (folder, names) in [
        (
            "import_json",
            &[
                "adcstemplate-list.json",
                "certipy-find-4.json",
                "certipy-find-5.json",
                "certipy-4/ContosoUser.json",
                "certipy-5/ContosoUser.json",
                "sharphound-certtemplates.json",
                "sharphound-enterprisecas.json",
            ][..],
        ),
        ("certutil", &["certutil-dstemplate.txt", "certutil-template.txt"]),
        ("xcep", &["xcep.xml"]),
        ("ldif", &["contoso.ldif"]),
    ] {
        for name in names {
            put(&format!("{folder}/{}", name.replace('/', "-")), &file(name)?)?;
        }
    }
    put("ldif/changes.ldif", b"version: 1\n# comment\n continued\ndn:: Q049QQ==\nchangetype: modify\nadd: cn\ncn: a\n-\nreplace: flags\nflags: 1\n-\n\ndn: CN=A\nchangetype: modrdn\nnewrdn: CN=B\ndeleteoldrdn: 1\n")?;
    put(
        "ldif/utf-16.ldif",
        &"dn: CN=\u{dc}\ncn: \u{dc}\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
    )?;

    let key = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment";
    let setting = |value: &str, data| Setting { key: key.into(), value: value.into(), data };
    let settings = [
        setting("AEPolicy", Data::Dword(7)),
        setting("OfflineExpirationStoreNames", Data::Text("MY".into())),
        setting("**del.AEPolicy", Data::Other { kind: 1, octets: b" \0\0\0".to_vec() }),
    ];
    put("registry_pol/one.pol", &registry_pol::to_bytes(&settings[..1]))?;
    put("registry_pol/several.pol", &registry_pol::to_bytes(&settings))?;
    let backups = "tests/policies/backup-gpo";
    let one = format!("{backups}/{{0B7D4FF6-4728-4D4D-8A11-EE2ABC897AE6}}");
    put("policy_xml/manifest.xml", &read(&format!("{backups}/manifest.xml"))?)?;
    put("policy_xml/information.xml", &read(&format!("{one}/bkupInfo.xml"))?)?;
    put("policy_xml/backup.xml", &read(&format!("{one}/Backup.xml"))?)?;
    put("policy_xml/gpt.ini", b"[General]\r\nVersion=65537\r\nOptions=2\r\ndisplayName=Lab\r\n")?;
    put("policy_xml/report.xml", REPORT.as_bytes())?;

    let Recorded { requested, said, report } = recorded()?;
    let Requested { ca, submission, reply, .. } = requested;
    let Said { to_core, from_core, .. } = said;
    put(
        "security_descriptor/nobody.bin",
        &security_descriptor::to_bytes(&SecurityDescriptor { owner: None, dacl: Some(Vec::new()) }),
    )?;
    for template in ca.templates().iter().take(1) {
        put("security_descriptor/template.bin", &security_descriptor::to_bytes(&template.security))?;
    }

    put("request/cmc.der", &submission.request)?;
    let request = Request::parse(&submission.request).map_err(|error| error.to_string())?;
    put("request/pkcs10.der", &request.pkcs10().raw)?;
    put("response/cmc.der", reply.response.as_deref().unwrap_or_default())?;
    if let Request::Cmc { data, .. } = &request {
        put("request/pki-data.der", &data.to_der())?;
    }
    let certificate = reply.certificate.as_deref().unwrap_or_default();
    put("certificate/issued.der", certificate)?;
    put("certificate/ca.der", ca.identity().certificate())?;
    let refused = SignedMessage::parse(reply.response.as_deref().unwrap_or_default());
    put("response/pki-response.der", refused.ok().and_then(|message| message.content).as_deref().unwrap_or_default())?;

    for (name, said) in served::conversations() {
        put(&format!("ldap/{name}.ber"), &said)?;
    }
    put("ntlm/negotiate.bin", served::NEGOTIATE)?;
    put("ntlm/authenticate.bin", AUTHENTICATE)?;
    let here = |path: &str| format!("https://ca01.contoso.test{path}");
    let (credentials, ces) = (served::credentials(), here(&served::enrollment()));
    let template = [("CertificateTemplate".to_owned(), "ContosoUser".to_owned())];
    for (name, message) in [
        ("policies", client::policies_message(&credentials, &here(served::POLICY))),
        ("cmc", client::enrollment_message(&credentials, &ces, &submission.request, &[])),
        ("pkcs10", client::enrollment_message(&credentials, &ces, &request.pkcs10().raw, &template)),
        ("nobody", client::enrollment_message(&Credentials::Anonymous, &ces, &submission.request, &[])),
    ] {
        put(&format!("soap/{name}.xml"), message.as_bytes())?;
        let [policies, enrolled] = served::services(message.as_bytes())?;
        let (_, answer) = if name == "policies" { policies } else { enrolled };
        put(&format!("service_answer/{name}.xml"), answer.as_bytes())?;
    }

    let enough = |lines: &mut dyn Iterator<Item = String>| {
        let mut text = String::new();
        for line in lines {
            if text.len() + line.len() > ENOUGH {
                break;
            }
            text += &(line + "\n");
        }
        text
    };
    put("to_core/conversation.jsonl", enough(&mut to_core.lines().map(str::to_owned)).as_bytes())?;
    put("to_core/ticks.jsonl", ticks(&to_core).as_bytes())?;
    put("from_core/ready.json", br#"{"ready":{"protocol":2,"core":"sketch 0.1"}}"#)?;
    put("from_core/idle.json", br#"{"idle":{"number":1,"deadline":1000000005}}"#)?;
    let mut words = Vec::new();
    for line in from_core {
        let word: String = serde_json::from_str::<serde_json::Value>(&line)
            .ok()
            .and_then(|value| value["output"]["body"].as_object()?.keys().next().cloned())
            .unwrap_or_default();
        if !word.is_empty() && !words.contains(&word) {
            put(&format!("from_core/{word}.json"), line.as_bytes())?;
            words.push(word);
        }
    }
    put("trace/story.jsonl", enough(&mut report.trace.iter().map(|record| to_json_line(&record.unpack()))).as_bytes())?;

    let apdus: [(&str, &[u8]); 7] = [
        ("select", b"\x00\xA4\x04\x00\x09\xA0\x00\x00\x03\x97\x42\x54\x46\x59\x00"),
        ("verify", b"\x00\x20\x00\x80\x041234"),
        ("chained", b"\x10\xDB\x3F\xFF\x05\x5C\x02\xDF\x1F\x00"),
        ("long", b"\x00\xCB\xA0\x10\x00\x00\x04\x5C\x02\xDF\x1F\x00\x00"),
        ("atr", b"\x3B\x88\x80\x01\x00\x73\xC8\x40\x13\x00\x90\x00\xF1"),
        ("fcp", b"\x62\x08\x82\x01\x39\x83\x02\xA0\x00\x8C\x00"),
        ("tlv", b"\x7F\x49\x04\x81\x02\x01\x02"),
    ];
    for (name, bytes) in apdus {
        put(&format!("apdu/{name}"), bytes)?;
    }
    for (name, first) in [
        ("usual", &b"\x00\x04\x051234Slot0"[..]),
        ("ecc", b"\x04\x08\x0812345678Smartcrd"),
        ("no-pin", b"\x01\x00\x01x"),
    ] {
        put(&format!("personalise/{name}"), &[first, certificate].concat())?;
    }
    let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
    put("card_image/blank.card", &card.to_image())?;
    let slot = ContainerName::new("Slot0").map_err(|error| error.to_string())?;
    let with =
        Personalisation::new(b"1234", [7; 24]).with_container(ContainerSpec::generated(slot, KeyAlgorithm::Rsa1024));
    card.personalise(&with).map_err(|error| error.to_string())?;
    put("card_image/used.card", &card.to_image())?;
    let mut card = Card::new(CardProfile::piv(), [7; 16], Seed::from(1));
    card.personalise(&Personalisation { pin: b"123456".to_vec(), ..with }).map_err(|error| error.to_string())?;
    put("card_image/piv.card", &card.to_image())
}

/// A short conversation: the start and a tick.
fn ticks(to_core: &str) -> String {
    let start = to_core.lines().next().unwrap_or_default();
    format!("{start}\n{}\n", r#"{"handle":{"number":1,"now":{"mono":5,"wall":9},"input":"tick"}}"#)
}
