//! Logs in every form that Windows and people write them, and what is damaged or too large in them.

use autoenroll_observe::{
    Format, Log, MAX_EVENT, MAX_FIELDS, MAX_PROBLEMS, MAX_VALUE, Problem, ReadError, Timeline, read,
};
use proptest::prelude::*;

/// An event with these fields.
fn event(provider: &str, id: u16, more: &str) -> String {
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
         <EventID>{id}</EventID><Level>2</Level><TimeCreated SystemTime='2026-03-02T08:00:00.1234567Z'/>\
         <EventRecordID>7</EventRecordID><Channel>Application</Channel><Computer>PC042.corp.example</Computer>\
         <Security/></System>{more}</Event>"
    )
}

const CERT_ENROLL: &str = "Microsoft-Windows-CertificateServicesClient-CertEnroll";

fn failed(more: &str) -> String {
    event(CERT_ENROLL, 13, &format!("<EventData><Data Name='Context'>CORP\\bob</Data>{more}</EventData>"))
}

fn log(text: &str) -> Log {
    read(text.as_bytes()).expect("a log")
}

/// The facts of the only event, as records print them.
fn facts(log: Log) -> String {
    let timeline = Timeline::new(&[log]);
    assert_eq!(timeline.seen.len(), 1);
    timeline.seen[0].facts.to_string()
}

const PLAIN: &str = r"source=CertificateServicesClient-CertEnroll id=13 severity=error context=CORP\bob";

#[test]
fn an_event_is_the_same_in_every_encoding_and_with_everything_around_it() {
    let plain = failed("");
    let utf_16 = |unit: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{plain}").encode_utf16().flat_map(unit).collect()
    };
    let forms = [
        plain.clone().into_bytes(),
        format!("\u{feff}{plain}").into_bytes(),
        format!("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{plain}</Events>")
            .into_bytes(),
        format!("<QueryList/>\r\n{plain}\r\n\r\n").into_bytes(),
        plain.replace(" xmlns='http://schemas.microsoft.com/win/2004/08/events/event'", "").into_bytes(),
        utf_16(u16::to_le_bytes, "\u{feff}"),
        utf_16(u16::to_be_bytes, "\u{feff}"),
        utf_16(u16::to_le_bytes, ""),
        utf_16(u16::to_be_bytes, ""),
    ];
    for form in forms {
        let log = read(&form).unwrap();
        assert_eq!((log.format, log.all, log.problems.as_slice()), (Format::Xml, 1, &[][..]));
        assert_eq!(facts(log), PLAIN);
    }
}

#[test]
fn fields_are_known_by_name_by_place_and_by_nesting() {
    let check = |event: &str, expected: &str| assert_eq!(facts(log(event)), expected);
    let named = "<Data Name='TemplateName'>Logon</Data><Data Name='RequestId'>117</Data>\
                 <Data Name='CA'>ca01.corp.example\\Corp CA</Data>\
                 <Data Name='ErrorCode'>Our words. 0x80094012 (-2146877422)</Data>";
    let all =
        format!("{PLAIN} template=Logon ca=\"Corp CA\" request-id=117 code=\"0x80094012 CERTSRV_E_TEMPLATE_DENIED\"");
    check(&failed(named), &all);
    let unnamed: String =
        ["Logon", "117", r"ca01\Corp CA", "0x80094012"].map(|value| format!("<Data>{value}</Data>")).concat();
    check(&failed(&unnamed), &all);
    let strange: String = ["Logon", "117", r"ca01\Corp CA", "0x80094012"]
        .iter()
        .enumerate()
        .map(|(at, value)| format!("<Data Name='p{at}'>{value}</Data>"))
        .collect();
    check(&failed(&strange), &all);
    // What has no value is not said; what is no code is none.
    check(&failed("<Data Name='RequestId'>N/A</Data><Data Name='CA'/><Data Name='ErrorCode'>none</Data>"), PLAIN);
    let classic =
        "<EventData><Data>local system</Data><Data>Domain Controller</Data><Data>0x800706ba</Data></EventData>";
    // What is no thumbprint at the place of one is no template either.
    let near_expiry = "<EventData><Data Name='Context'>CORP\\bob</Data><Data Name='ObjId'>00 11 22</Data></EventData>";
    check(
        &event("Microsoft-Windows-CertificateServicesClient-AutoEnrollment", 64, near_expiry),
        r"source=CertificateServicesClient-AutoEnrollment id=64 severity=error context=CORP\bob",
    );
    check(
        &event("AutoEnrollment", 13, classic)
            .replace("<Level>2</Level>", "")
            .replace("<EventID>", "<EventID Qualifiers='49152'>"),
        "source=AutoEnrollment id=13 severity=error context=\"local system\" template=\"Domain Controller\" \
         code=\"0x800706BA RPC_S_SERVER_UNAVAILABLE\"",
    );
    let old = "00112233445566778899AABBCCDDEEFF00112233";
    let new = "ffeeddccbbaa99887766554433221100ffeeddcc";
    let replaced = |details: &str| {
        let provider = "Microsoft-Windows-CertificateServicesClient-Lifecycle-System";
        event(
            provider,
            1001,
            &format!(
                "<UserData><CertNotificationData Context='Machine' AccountName='CORP\\PC042$'>{details}</CertNotificationData></UserData>"
            ),
        )
    };
    let both = format!(
        "source=CertificateServicesClient-Lifecycle-System id=1001 severity=error context=\"local system\" \
         certificate={} new-certificate={new}",
        old.to_lowercase()
    );
    check(
        &replaced(&format!("<OldCertificateDetails Thumbprint='{old}'/><NewCertificateDetails Thumbprint='{new}'/>")),
        &both,
    );
    check(
        &replaced(&format!(
            "<OldCertificateDetails><Thumbprint>{old}</Thumbprint></OldCertificateDetails>\
             <NewCertificateDetails><Thumbprint>{new}</Thumbprint></NewCertificateDetails>"
        )),
        &both,
    );
}

#[test]
fn what_is_damaged_hides_nothing_else() {
    let check = |text: &str, events: usize, problems: &[Problem]| {
        let log = log(text);
        assert_eq!((log.events.len(), log.problems.as_slice(), log.lost), (events, problems, problems.len()), "{text}");
    };
    let good = failed("");
    let missing = |name: &'static str| Problem::Element { name, found: String::new() };
    check(
        &format!("{good}<Event><System></Event>{good}"),
        2,
        &[Problem::Xml("expected 'System' tag, not 'Event' at 1:16".to_owned())],
    );
    check(&format!("{good}<Event/ ><Event>"), 1, &[Problem::CutOff]);
    check(&format!("{good}{}", &good[..good.len() - 3]), 1, &[Problem::CutOff]);
    check(&format!("<Event></Event>{good}"), 1, &[missing("System")]);
    check(
        &good.replace("<EventID>13", "<EventID>70000"),
        0,
        &[Problem::Element { name: "EventID", found: "70000".to_owned() }],
    );
    check(
        &good.replace("2026-03-02", "2026-13-02"),
        0,
        &[Problem::Element { name: "TimeCreated", found: "2026-13-02T08:00:00.1234567Z".to_owned() }],
    );
    check(&good.replace("bob", "b\u{1}b"), 1, &[Problem::Encoding]);
    let timeless = good.replace("<TimeCreated SystemTime='2026-03-02T08:00:00.1234567Z'/>", "");
    check(&timeless, 0, &[missing("TimeCreated")]);
    check(&timeless.replace(&format!(" Name='{CERT_ENROLL}'"), ""), 0, &[]);
    // A document type can make text grow without bound: none is read.
    let entities = format!("<Event><!DOCTYPE x [<!ENTITY a 'b'>]>{}", &good["<Event".len()..]);
    assert_eq!(log(&entities).events.len(), 0);
}

#[test]
fn bytes_that_are_no_characters_are_said_and_the_rest_is_read() {
    let mut bytes = failed("").into_bytes();
    let at = bytes.windows(3).position(|window| window == b"bob").unwrap();
    bytes[at + 1] = 0xFC;
    let log = read(&bytes).unwrap();
    assert_eq!(log.problems, [Problem::Encoding]);
    assert_eq!(facts(log), PLAIN.replace("bob", "b\u{fffd}b"));
}

#[test]
fn everything_has_a_bound() {
    let long = failed(&format!("<Data>{}</Data>", "x".repeat(MAX_EVENT)));
    assert_eq!(log(&long).problems, [Problem::TooLong]);
    let value = failed(&format!("<Data Name='TemplateName'>{}</Data>", "x".repeat(MAX_VALUE + 1)));
    assert!(facts(log(&value)).ends_with(&format!("template={}", "x".repeat(MAX_VALUE))));
    let fields = log(&failed(&"<Data Name='a'>b</Data>".repeat(2 * MAX_FIELDS)));
    assert_eq!(fields.events[0].fields.len(), MAX_FIELDS);
    let deep = failed("").replace("<EventData>", &format!("<UserData>{}", "<a>".repeat(100_000)));
    assert_eq!(log(&deep).events.len(), 0);
    let many = log(&"<Event></Event>".repeat(3 * MAX_PROBLEMS));
    assert_eq!((many.problems.len(), many.lost), (MAX_PROBLEMS, 3 * MAX_PROBLEMS));
}

#[test]
fn what_is_no_log_says_what_was_expected() {
    for bytes in [&b""[..], b"<Events></Events>", b"hello", b"\xFF\xFE<", b"<EventID>1</EventID>", &[0; 100]] {
        assert_eq!(read(bytes), Err(ReadError::NoEvents), "{bytes:?}");
    }
    #[cfg(not(feature = "evtx"))]
    assert_eq!(read(b"ElfFile\0and more"), Err(ReadError::NoEvtx));
}

#[test]
fn an_event_of_two_files_is_told_once_and_others_in_the_order_of_time() {
    let later = failed("<Data Name='TemplateName'>Later</Data>").replace("08:00:00", "09:00:00");
    let one = log(&format!("{later}{}", failed("")));
    let other = log(&failed(""));
    let timeline = Timeline::new(&[one, other]);
    let told: Vec<String> =
        timeline.trace().unpack().records().iter().map(|record| format!("{} {}", record.at, record.facts)).collect();
    assert_eq!(told, [format!("00:00:00 {PLAIN}"), format!("01:00:00 {PLAIN} template=Later")]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _read = read(&bytes);
    }

    #[test]
    fn no_edit_of_a_log_makes_it_panic(
        at in 0..2000_usize,
        octets in proptest::collection::vec(any::<u8>(), 0..4),
        cut in 0..4_usize,
    ) {
        let mut bytes = (failed("<Data Name='CA'>a\\b</Data>") + &failed("<Data>0x80094012</Data>")).into_bytes();
        let at = at.min(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, octets);
        if let Ok(log) = read(&bytes) {
            let _told = Timeline::new(&[log]).trace();
        }
    }
}
