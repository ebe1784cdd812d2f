//! Every reader of foreign bytes, each as one function that a fuzzer calls: what may come of any bytes is an answer,
//! and what is read must hold. `fuzz/fuzz_targets` has one program for each, `fuzz/seeds` its first inputs.

use std::sync::LazyLock;

use autoenroll_apdu::gids::{
    CardCacheFile, CertificateFile, ContainerMap, ContainerName, Fcp, FileId, KeyMap, MasterFile, commands,
};
use autoenroll_apdu::piv::{AID, CertificateObject, PivContainerMap, guid_of_chuid, ins as piv_ins};
use autoenroll_apdu::{Atr, Command, Response, describe, ins, redact_bytes, tlv};
use autoenroll_card::{Card, CardProfile, ContainerSpec, Personalisation};
use autoenroll_core::InProcess as OwnCore;
use autoenroll_foreign::protocol::FromCore;
use autoenroll_foreign::serve;
use autoenroll_import::{Base, Half, Import, OidNames};
use autoenroll_invariants::judge;
use autoenroll_keys::{KeyAlgorithm, PublicKey, Seed, sha256};
use autoenroll_model::{Disposition, Submission};
use autoenroll_scenario::Severity;
use autoenroll_trace::{Detail, TimelineOptions, read_json_lines, render, to_json_lines};
use autoenroll_wire::cmc::{AddAttributes, PkiData, PkiResponse};
use autoenroll_wire::registry_pol::{Data, Setting};
use autoenroll_wire::{
    Certificate, CertificationRequest, Extensions, Name, Request, SignedMessage, general_name, ldif, registry_pol,
    security_descriptor,
};

use crate::bench::Bench;
use crate::parties::Requested;
use crate::recorded::{Recorded, recorded};
use crate::served;

/// A reader.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The name of its fuzz target and of the folder with its seeds.
    pub name: &'static str,
    /// What it reads.
    pub of: &'static str,
    /// What its bytes are made of, for whoever damages them.
    pub form: Form,
    /// Hands it bytes; whether they were read.
    pub read: fn(&[u8]) -> Result<bool, String>,
}

/// What bytes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing in particular.
    Bytes,
    /// One JSON document.
    Json,
    /// A JSON document a line.
    JsonLines,
    /// DER.
    Der,
}

/// All of them.
pub const READERS: &[Reader] = &[
    reader("scenario", "scenario and fixture files, as TOML and JSON", Form::Bytes, scenario),
    reader("ldif", "LDIF of directories", Form::Bytes, ldif_file),
    reader("registry_pol", "Registry.pol of Group Policy", Form::Bytes, registry_pol_file),
    reader("policy_xml", "backups and reports of Group Policy, GPT.INI", Form::Bytes, policy_xml),
    reader("import_json", "JSON of certipy, PowerShell and BloodHound", Form::Json, imported_file),
    reader("certutil", "what certutil prints of templates", Form::Bytes, imported_file),
    reader("xcep", "answers of a policy server", Form::Bytes, imported_file),
    reader("security_descriptor", "security descriptors of templates", Form::Bytes, descriptor),
    reader("request", "PKCS #10, CMS and CMC requests, by a CA", Form::Der, request),
    reader("response", "a CA's responses: CMS and CMC", Form::Der, response),
    reader("certificate", "X.509 certificates", Form::Der, certificate),
    reader("from_core", "the core protocol, what a core says", Form::Json, from_core),
    reader("to_core", "the core protocol, what a bench says", Form::JsonLines, to_core),
    reader("trace", "trace files of other benches", Form::JsonLines, trace),
    reader(
        "apdu",
        "APDUs, answers to reset, BER-TLV, the files of a GIDS card, the objects of a PIV card",
        Form::Bytes,
        apdu,
    ),
    reader("card_image", "a card that was kept in a file", Form::Bytes, card_image),
    reader("personalise", "what a card is personalised with", Form::Bytes, personalise),
    reader("ldap", "what comes to the LDAP port of a world", Form::Der, served::ldap),
    reader("soap", "what comes to its policy and enrollment services", Form::Bytes, served::soap),
    reader("ntlm", "what comes in place of an answer of NTLM", Form::Bytes, served::ntlm),
    reader("service_answer", "what such services answer, read by clients of ours", Form::Bytes, served::service_answer),
];

const fn reader(name: &'static str, of: &'static str, form: Form, read: fn(&[u8]) -> Result<bool, String>) -> Reader {
    Reader { name, of, form, read }
}

impl Reader {
    /// The reader of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        READERS.iter().find(|reader| reader.name == name)
    }

    /// For a fuzzer: bytes for which something does not hold end the process.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn survives(name: &str, bytes: &[u8]) {
        let reader = Self::named(name).expect("a fuzz target has the name of its reader");
        if let Err(broken) = (reader.read)(bytes) {
            unreachable!("{name}: {broken}");
        }
    }
}

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
static RECORDED: LazyLock<Recorded> = LazyLock::new(|| recorded().expect("the story is one of the suite"));

fn scenario(bytes: &[u8]) -> Result<bool, String> {
    let name = if bytes.first() == Some(&b'{') { "fuzz.json" } else { "fuzz.toml" };
    Ok(!BENCH.check(name, bytes, true)?.found.has_errors())
}

fn ldif_file(bytes: &[u8]) -> Result<bool, String> {
    let import = autoenroll_import::ldif(bytes);
    imported(&import)?;
    let again = ldif::parse(import.to_ldif("DC=contoso,DC=test").as_bytes());
    if again.errors.is_empty() && again.records.len() == import.templates.len() + import.authorities.len() {
        return Ok(!import.templates.is_empty());
    }
    Err(format!("the export cannot be read: {:?}", again.errors))
}

fn registry_pol_file(bytes: &[u8]) -> Result<bool, String> {
    let read = registry_pol::from_bytes(bytes);
    if let Ok(settings) = &read
        && registry_pol::from_bytes(&registry_pol::to_bytes(settings)).as_ref() != Ok(settings)
    {
        return Err("written and read again it is not the same".to_owned());
    }
    let import = autoenroll_import::registry_pol(bytes, Half::User);
    imported(&import)?;
    if read.is_err() && import.findings.is_empty() {
        return Err("it cannot be read, and nothing says so".to_owned());
    }
    // Two objects of one folder that say the same contradict each other nowhere.
    let files = ["{A}/Machine/Registry.pol", "{B}/MACHINE/registry.pol"].map(str::to_owned);
    let together = folder(&files, |_| bytes)?;
    let contradictions = together.to_world(None, &OidNames::default()).findings;
    let takes_back = read.iter().flatten().any(|setting| setting.value.starts_with("**"));
    if !takes_back && contradictions.iter().any(|finding| finding.to_string().contains("contradict each other")) {
        return Err("one policy, read twice, contradicts itself".to_owned());
    }
    Ok(read.is_ok())
}

fn policy_xml(bytes: &[u8]) -> Result<bool, String> {
    let settings = registry_pol::to_bytes(&[Setting {
        key: r"Software\Policies\Microsoft\Cryptography\AutoEnrollment".to_owned(),
        value: "AEPolicy".to_owned(),
        data: Data::Dword(7),
    }]);
    let mut read = autoenroll_import::policy_file("report.xml", bytes, None).is_some();
    for name in ["GPT.INI", "bkupInfo.xml", "Backup.xml", "manifest.xml", "{A}/gpreport.xml"] {
        let files = [name.to_owned(), "User/Registry.pol".to_owned(), "{B}/USER/Registry.pol".to_owned()];
        let import = folder(&files, |file| if file == name { bytes } else { &settings })?;
        read |= import.findings.is_empty();
        if import.policy.groups.iter().all(|group| group.objects.len() < 2) {
            return Err(format!("{name} makes objects disappear"));
        }
    }
    Ok(read)
}

fn folder<'a>(files: &[String], content: impl Fn(&str) -> &'a [u8]) -> Result<Import, String> {
    let import =
        autoenroll_import::policy_folder("folder", files, None, |file| Ok::<_, String>(content(file).to_vec()))?;
    imported(&import)?;
    Ok(import)
}

/// A file of any format; one of which nothing is taken over looks like something.
fn imported_file(bytes: &[u8]) -> Result<bool, String> {
    match autoenroll_import::read("fuzz", bytes, Half::User) {
        Ok(import) => imported(&import).map(|()| true),
        Err(nothing) if nothing.looks_like.is_empty() => Err("it looks like nothing".to_owned()),
        Err(_) => Ok(false),
    }
}

/// What was read can be written as a world and as templates, and every finding can be told.
fn imported(import: &Import) -> Result<(), String> {
    let names = OidNames::default();
    let base = Base {
        name: "contoso".to_owned(),
        authorities: vec![("Contoso Issuing CA".to_owned(), vec!["SmartcardLogon".to_owned()])],
        templates: vec!["SmartcardLogon".to_owned()],
    };
    let worlds = [import.to_world(None, &names), import.to_world(Some(&base), &names)];
    for world in &worlds {
        loads(&world.text)?;
    }
    for written in worlds.into_iter().chain([import.to_templates(&names)]) {
        for finding in import.findings.iter().chain(&written.findings) {
            if finding.to_string().is_empty() {
                return Err("a finding says nothing".to_owned());
            }
        }
        if let Err(error) = written.text.parse::<toml::Table>() {
            return Err(format!("what is written is no TOML: {error}\n{}", written.text));
        }
    }
    Ok(())
}

/// A world is read by the language's own reader, as that of a story in which nothing happens.
fn loads(world: &str) -> Result<(), String> {
    let story = world.replacen("scenario = 1\n", "scenario = 1\ntitle = \"imported\"\n", 1);
    let checked = BENCH.check("fuzz.toml", format!("{story}\n[timeline]\nsteps = []\n").as_bytes(), true)?;
    let wrong: Vec<String> = checked
        .found
        .list()
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.message.clone())
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("the world does not load: {wrong:?}\n{world}")) }
}

fn descriptor(bytes: &[u8]) -> Result<bool, String> {
    let Ok(read) = security_descriptor::from_bytes(bytes) else { return Ok(false) };
    let _text = security_descriptor::to_sddl(&read);
    let again = security_descriptor::from_bytes(&security_descriptor::to_bytes(&read));
    // A list of more entries than the form has room for is written cut.
    let fits = read.dacl.as_ref().is_none_or(|entries| entries.len() < 1_000);
    if fits && again.as_ref() != Ok(&read) {
        return Err(format!("written and read again it is {again:?}"));
    }
    Ok(true)
}

/// A CA judges it; what it issues is for the key of the request.
fn request(bytes: &[u8]) -> Result<bool, String> {
    let read = Request::parse(bytes);
    let _parts = (CertificationRequest::parse(bytes), PkiData::from_der(bytes), AddAttributes::from_der(bytes));
    if let Ok(read) = &read {
        let _attributes = (read.attributes(), read.pkcs10().extensions());
        read.messages().for_each(|message| drop(message.to_be_verified().collect::<Vec<_>>()));
    }
    let Requested { ca, caller, submission, now, .. } = &RECORDED.requested;
    let submission = Submission { request: bytes.to_vec(), ..submission.clone() };
    let reply = ca.clone().submit(*now, caller, &submission);
    match (reply.disposition, &reply.certificate) {
        (Disposition::Issued, Some(certificate)) => {
            let certificate = Certificate::parse(certificate).map_err(|error| format!("the certificate: {error}"))?;
            let request = read.map_err(|error| format!("issued for what is no request: {error}"))?;
            let same = certificate.public_key == request.pkcs10().public_key;
            if same { Ok(true) } else { Err("the certificate has another key than the request".to_owned()) }
        }
        (Disposition::Issued, None) => Err("issued without a certificate".to_owned()),
        (_, Some(_)) => Err(format!("{:?} with a certificate", reply.disposition)),
        (_, None) => Ok(false),
    }
}

fn response(bytes: &[u8]) -> Result<bool, String> {
    let inner = PkiResponse::from_der(bytes);
    let read = SignedMessage::parse(bytes);
    if let Ok(message) = &read {
        message.to_be_verified().for_each(drop);
        message.certificates.iter().for_each(|certificate| drop(Certificate::parse(certificate)));
        if let Some(Ok(inner)) = message.content.as_deref().map(PkiResponse::from_der) {
            let _parts = (inner.statuses(), inner.issued_certificate_hash(), inner.to_der());
        }
    }
    Ok(read.is_ok() || inner.is_ok())
}

fn certificate(bytes: &[u8]) -> Result<bool, String> {
    let _parts = (Name::from_der(bytes), Extensions::from_der(bytes), general_name::from_der(bytes));
    let _key = PublicKey::from_spki_der(bytes);
    let Ok(read) = Certificate::parse(bytes) else { return Ok(false) };
    let _said = (read.template(), read.key_usage(), read.extended_key_usage(), read.application_policies());
    let _said = (read.certificate_policies(), read.subject_alt_names(), read.upn(), read.dns_name(), read.mail());
    let _said = (read.sid(), read.is_ca(), read.subject_key_identifier(), read.authority_key_identifier());
    let _said = (read.key_identifier(), read.is_self_issued(), read.serial_hex(), read.thumbprint());
    Ok(true)
}

/// What is read is written as a line that is read as the same.
fn from_core(bytes: &[u8]) -> Result<bool, String> {
    let Ok(read) = serde_json::from_slice::<FromCore>(bytes) else { return Ok(false) };
    let line = serde_json::to_string(&read).map_err(|error| format!("{read:?} cannot be written: {error}"))?;
    match serde_json::from_str::<FromCore>(&line) {
        Ok(again) if again == read => Ok(true),
        other => Err(format!("{line} is read as {other:?}")),
    }
}

/// The own core behind the protocol answers every line with lines, of which the last says why when it ends.
fn to_core(bytes: &[u8]) -> Result<bool, String> {
    let mut said = Vec::new();
    let outcome = serve(&mut OwnCore::new(), "own", &mut &*bytes, &mut said);
    let mut last = None;
    for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let read = serde_json::from_slice::<FromCore>(line);
        last = Some(read.map_err(|error| format!("{}: {error}", String::from_utf8_lossy(line)))?);
    }
    match (&outcome, last) {
        (Err(_), Some(FromCore::Error(_))) | (Ok(()), None | Some(FromCore::Ready { .. } | FromCore::Idle { .. })) => {
            Ok(outcome.is_ok())
        }
        (_, last) => Err(format!("it ends with {outcome:?}, and says last {last:?}")),
    }
}

fn trace(bytes: &[u8]) -> Result<bool, String> {
    let Ok(read) = read_json_lines(bytes) else { return Ok(false) };
    for violation in judge(&read) {
        if read.get(violation.record).is_none() {
            return Err(format!("{violation:?} is at no record"));
        }
    }
    let _timeline = render(&read, TimelineOptions { detail: Detail::Everything, colour: false });
    match read_json_lines(to_json_lines(&read).as_bytes()) {
        Ok(again) if again == read => Ok(true),
        other => Err(format!("written and read again it is another trace: {:?}", other.err())),
    }
}

fn apdu(bytes: &[u8]) -> Result<bool, String> {
    let _parts = (Atr::parse(bytes), Response::parse(bytes), tlv::read(bytes), tlv::read_all(bytes));
    let _files = (Fcp::parse(bytes), MasterFile::parse(bytes), CardCacheFile::parse(bytes));
    let _files = (ContainerMap::parse(bytes), KeyMap::parse(bytes), CertificateFile::parse(bytes));
    let _objects = (PivContainerMap::parse(bytes), CertificateObject::parse(bytes), guid_of_chuid(bytes));
    if redact_bytes(bytes).len() != bytes.len() {
        return Err("redacted it has another length".to_owned());
    }
    let Ok(command) = Command::parse(bytes) else { return Ok(false) };
    if describe(&command).is_empty() {
        return Err("nothing describes it".to_owned());
    }
    // Some lengths can be written in two ways.
    match command.encode().map(|bytes| Command::parse(&bytes)) {
        Ok(Ok(again)) if again == command => Ok(true),
        other => Err(format!("{command:?} is written and read as {other:?}")),
    }
}

/// The checksum is made right, so that what is behind it is reached. What is read is written as the same, and answers.
fn card_image(bytes: &[u8]) -> Result<bool, String> {
    let _as_it_is = Card::from_image(bytes);
    let body = &bytes[..bytes.len().saturating_sub(32)];
    let Ok(mut card) = Card::from_image(&[body, &sha256(body)].concat()) else { return Ok(false) };
    let again = Card::from_image(&card.to_image());
    if again.as_ref() != Ok(&card) {
        return Err("written and read again it is another card".to_owned());
    }
    card.power_on();
    let _state = card.look();
    let select_piv = Command::new(0, ins::SELECT, 0x04, 0x00).with_data(AID);
    let metadata = Command::new(0, piv_ins::GET_METADATA, 0x00, 0x9A).with_le(256);
    let gids = [commands::select_application(), commands::verify(b"1234"), commands::get_all_data(FileId::EF_ATR)];
    for command in gids.into_iter().chain([select_piv, metadata]) {
        if let Ok(apdu) = command.encode() {
            card.transmit(&apdu);
        }
    }
    Ok(true)
}

/// The first bytes say how long PIN and name are; what remains is a certificate.
fn personalise(bytes: &[u8]) -> Result<bool, String> {
    let (lengths, rest) = bytes.split_at(bytes.len().min(3));
    let [kind, pin, name] = [0, 1, 2].map(|at| usize::from(lengths.get(at).copied().unwrap_or_default()));
    let (pin, rest) = rest.split_at(pin.min(rest.len()));
    let (name, rest) = rest.split_at(name.min(rest.len()));
    let profile = if kind < 0x80 { CardProfile::gids() } else { CardProfile::piv() };
    let mut card = Card::new(profile, [7; 16], Seed::from(1));
    let mut with = Personalisation::new(pin, [7; 24]);
    if let Ok(name) = ContainerName::new(&String::from_utf8_lossy(name)) {
        with = with.with_container(ContainerSpec::generated(name, KeyAlgorithm::ALL[kind % KeyAlgorithm::ALL.len()]));
    }
    let fits = card.personalise(&with).is_ok();
    card.power_on();
    let stored = (0..2).filter(|container| card.store_certificate(*container, rest).is_ok()).count() > 0;
    let tries = card.look().pin.tries_left;
    let _ = (card.reset_pin(rest), card.look());
    if card.look().pin.tries_left > tries.max(15) {
        Err("the counter has no bound".to_owned())
    } else {
        Ok(fits && stored)
    }
}
