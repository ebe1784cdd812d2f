//! PIV cards: what each operation does, with the minidriver that Windows brings along and with one of a maker; and what
//! is left when the card is pulled.

use autoenroll_apdu::piv::{CertificateObject, Cipher, TouchRule, commands, tag};
use autoenroll_apdu::tlv::Tag;
use autoenroll_apdu::{Command, Response};
use autoenroll_card::Personalisation;
use autoenroll_csp::{DefaultContainer, FirstUse, Minidriver, MinidriverSettings, Operation, Refusal, Step};
use autoenroll_keys::PublicKey;
use autoenroll_model::{CardOperation, CardSerial, EffectResult, HResult, KeyAlgorithm, KeySpec, SignatureAlgorithm};

use cbc::cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use crate::reader::{
    Fault, Reader, certificate, delete, done, generate, generate_default, overwrite, read_certificate, set_default,
    summary, write_certificate,
};

pub(crate) const PIN: &str = "123456";

/// The management key that cards come with.
const USUAL_KEY: [u8; 24] =
    *b"\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08";

fn maker() -> MinidriverSettings {
    MinidriverSettings { driver: Minidriver::PivVendor, ..MinidriverSettings::default() }
}

/// A minidriver that sets cards up by itself.
pub(crate) fn token() -> MinidriverSettings {
    let first_use = [FirstUse::ProtectManagementKey, FirstUse::BlockPuk].into();
    MinidriverSettings { first_use, new_key_touch: TouchRule::Cached, ..maker() }
}

fn reader(minidriver: MinidriverSettings, profile: &str) -> Reader {
    let mut reader = Reader::with_blank(profile);
    reader.card.personalise(&Personalisation::new(PIN.as_bytes(), USUAL_KEY)).unwrap();
    reader.minidriver = minidriver;
    reader
}

fn run(reader: &mut Reader, operation: CardOperation) -> EffectResult {
    reader.run_with(operation, Some(PIN))
}

fn made(reader: &mut Reader, operation: CardOperation) -> (String, PublicKey) {
    match run(reader, operation) {
        EffectResult::Generated { key, public_key } => (key.container, PublicKey::from_spki_der(&public_key).unwrap()),
        other => panic!("not generated: {other:?}"),
    }
}

fn assert_signs(reader: &mut Reader, container: &str, public: &PublicKey, algorithm: SignatureAlgorithm) {
    let container = container.to_owned();
    let sign = CardOperation::Sign { container, algorithm, message: b"message".to_vec() };
    let EffectResult::Signature(octets) = run(reader, sign) else { panic!("{algorithm} did not sign") };
    assert_eq!(public.verify(algorithm, b"message", &octets), Ok(()), "{algorithm}");
}

#[test]
fn a_card_says_who_it_is_by_its_chuid() {
    for driver in [Minidriver::PivInbox, Minidriver::PivVendor] {
        let mut reader = reader(maker(), "piv");
        let serial = autoenroll_model::hex::encode(&reader.card.serial());
        let identify = |reader: &mut Reader| reader.run_into(Fault::None, &Operation::Identify(driver)).0;
        assert_eq!(identify(&mut reader), Step::Identified(CardSerial(serial)));
        let failed = |code| Step::Done(EffectResult::Failed(code));
        assert_eq!(identify(&mut Reader::with_blank("piv")), failed(HResult::SCARD_E_FILE_NOT_FOUND));
        assert_eq!(identify(&mut Reader::with("gids")), failed(HResult::SCARD_E_UNKNOWN_CARD));
    }
}

#[test]
fn keys_get_their_slots_in_order_and_sign() {
    for profile in ["piv", "piv-full"] {
        let mut reader = reader(maker(), profile);
        let signature = CardOperation::Generate {
            algorithm: KeyAlgorithm::Rsa1024,
            key_spec: KeySpec::Signature,
            make_default: false,
            overwrite: None,
        };
        let keys = [generate(KeyAlgorithm::Rsa2048), generate(KeyAlgorithm::P256), signature, generate_default()];
        for key in keys {
            let (container, public) = made(&mut reader, key);
            for algorithm in SignatureAlgorithm::ALL.iter().filter(|other| other.is_rsa() == public.is_rsa()) {
                assert_signs(&mut reader, &container, &public, *algorithm);
            }
        }
        // The places of 9A, 9C, 9D and 82 among the slots.
        let indexes: Vec<u8> = reader.describe().containers.iter().map(|container| container.index).collect();
        assert_eq!(indexes, [0, 1, 2, 4], "{profile}");
        let default = reader.describe().containers.iter().position(|container| container.default);
        assert_eq!(default, Some(3), "{profile}");
    }
}

#[test]
fn certificates_are_read_back_and_replaced() {
    let mut reader = reader(maker(), "piv");
    let (container, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
    let none = EffectResult::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE);
    assert_eq!(run(&mut reader, read_certificate(&container)), none);
    for (length, salt) in [(1, 1), (255, 2), (3_000, 3)] {
        let certificate = certificate(length, salt);
        assert_eq!(run(&mut reader, write_certificate(&container, &certificate)), EffectResult::Done);
        assert_eq!(run(&mut reader, read_certificate(&container)), EffectResult::Certificate(certificate));
    }
    let nobody = EffectResult::Failed(HResult::SCARD_E_NO_KEY_CONTAINER);
    assert_eq!(run(&mut reader, read_certificate("nobody")), nobody);
    assert_eq!(run(&mut reader, set_default("nobody")), nobody);
    assert_eq!(run(&mut reader, overwrite("nobody")), nobody);

    // A key over another takes its certificate along, and keeps name and place.
    let (again, public) = made(&mut reader, overwrite(&container));
    assert_eq!(again, container);
    assert_signs(&mut reader, &container, &public, SignatureAlgorithm::RsaSha512);
    assert_eq!(run(&mut reader, read_certificate(&container)), none);

    assert_eq!(run(&mut reader, delete(&container)), EffectResult::Done);
    assert_eq!(summary(&reader.describe()), "[] free 22, tries 3");
    assert!(reader.card.look().containers.iter().all(|container| !container.listed), "the key is still there");
    let (_, public) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
    let state = reader.card.look();
    assert_eq!(state.containers.len(), 1, "the next one is made over it");
    assert_eq!(state.containers[0].key.as_ref().and_then(|key| key.public.as_ref()), Some(&public));
}

#[test]
fn the_minidriver_of_windows_reads_and_writes_nothing() {
    let mut reader = reader(maker(), "piv");
    let (container, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
    run(&mut reader, write_certificate(&container, b"certificate"));
    reader.minidriver.driver = Minidriver::PivInbox;
    let description = reader.describe();
    assert_eq!(description.free_containers, 0);
    let nameless = description.containers[0].name.clone();
    assert_eq!((description.containers.len(), nameless.ends_with("5fc105")), (1, true), "{nameless}");
    assert_eq!(run(&mut reader, read_certificate(&nameless)), EffectResult::Certificate(b"certificate".to_vec()));
    assert_eq!(run(&mut reader, CardOperation::VerifyPin), EffectResult::Done);
    let before = reader.card.look();
    let unsupported = EffectResult::Failed(HResult::SCARD_E_UNSUPPORTED_FEATURE);
    let writing = [
        generate(KeyAlgorithm::Rsa2048),
        overwrite(&nameless),
        write_certificate(&nameless, b"another"),
        set_default(&nameless),
        delete(&nameless),
    ];
    for operation in writing {
        assert_eq!(run(&mut reader, operation), unsupported);
    }
    assert_eq!(reader.card.look().containers, before.containers);
}

#[test]
fn what_a_maker_refuses_is_not_done() {
    let refusing = |refused: Refusal| {
        let mut reader = reader(MinidriverSettings { refuses: [refused].into(), ..maker() }, "piv");
        let (container, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
        assert_eq!(run(&mut reader, write_certificate(&container, b"certificate")), EffectResult::Done);
        let operation = match refused {
            Refusal::Overwrite => overwrite(&container),
            Refusal::ReplaceCertificate => write_certificate(&container, b"another"),
            Refusal::SetDefault => set_default(&container),
            Refusal::Delete => delete(&container),
        };
        assert_eq!(
            run(&mut reader, operation),
            EffectResult::Failed(HResult::SCARD_E_UNSUPPORTED_FEATURE),
            "{refused}"
        );
        assert_eq!(run(&mut reader, read_certificate(&container)), EffectResult::Certificate(b"certificate".to_vec()));
    };
    Refusal::ALL.iter().copied().for_each(refusing);
}

#[test]
fn the_default_is_the_first_or_the_one_that_is_marked() {
    let default = |rule: DefaultContainer| {
        let mut reader = reader(MinidriverSettings { default_container: rule, ..maker() }, "piv");
        let (first, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
        let (second, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
        assert_eq!(run(&mut reader, set_default(&second)), EffectResult::Done);
        let name = reader.describe().default_container().map(|container| container.name.clone());
        if name == Some(first) { "first" } else { "second" }
    };
    assert_eq!(default(DefaultContainer::First), "first");
    assert_eq!(default(DefaultContainer::Flagged), "second");
}

#[test]
fn a_card_takes_as_many_containers_as_its_kind() {
    let mut reader = reader(maker(), "piv");
    // Signature keys have 9C; exchange keys do not take it, nor 9E.
    for free in (0..22).rev() {
        made(&mut reader, generate(KeyAlgorithm::P256));
        assert_eq!(reader.describe().free_containers, free);
    }
    let full = EffectResult::Failed(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL);
    assert_eq!(run(&mut reader, generate(KeyAlgorithm::P256)), full);
    let unknown = EffectResult::Failed(HResult::NTE_BAD_ALGID);
    let mut empty = self::reader(maker(), "piv");
    assert_eq!(run(&mut empty, generate(KeyAlgorithm::Rsa4096)), unknown);
    assert_eq!(summary(&empty.describe()), "[] free 22, tries 3");
}

/// Another tool writes an object: it proves the usual management key.
fn put(reader: &mut Reader, object: Tag, value: &[u8]) {
    reader.card.power_on();
    let mut send = |command: &Command| {
        let response = Response::parse(&reader.card.transmit(&command.encode().unwrap())).unwrap();
        assert!(response.sw.is_ok(), "{command:?}: {}", response.sw);
        response.data
    };
    send(&commands::select_application());
    let answer = send(&commands::challenge(Cipher::TripleDes));
    let mut block: [u8; 8] = answer[4..].try_into().unwrap();
    TdesEde3::new(&USUAL_KEY.into()).encrypt_block((&mut block).into());
    send(&commands::respond(Cipher::TripleDes, &block));
    send(&commands::put_data(object, value));
}

#[test]
fn what_another_tool_has_left_is_listed_and_kept() {
    let mut reader = reader(maker(), "piv");
    let (container, public) = made(&mut reader, generate(KeyAlgorithm::P256));
    put(&mut reader, tag::CONTAINER_MAP, &[]);
    assert_eq!(summary(&reader.describe()), "[] free 22, tries 3", "a key that nothing names");

    // Its certificate makes it a container again, under the name that card and slot give it.
    made(&mut reader, generate(KeyAlgorithm::P256));
    assert_eq!(reader.describe().containers.len(), 1);
    put(&mut reader, tag::CONTAINER_MAP, &[]);
    let gzip = [&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3][..], &GZIP].concat();
    put(&mut reader, tag::AUTHENTICATION_CERTIFICATE, &CertificateObject { certificate: &gzip, gzip: true }.encode());
    let nameless = reader.describe().containers[0].name.clone();
    assert!(nameless != container && nameless.ends_with("5fc105"), "{nameless}");
    assert_eq!(run(&mut reader, read_certificate(&nameless)), EffectResult::Certificate(b"hello".to_vec()));
    let (_, second) = made(&mut reader, generate(KeyAlgorithm::P256));
    assert_ne!(second, public);
    let indexes: Vec<u8> = reader.describe().containers.iter().map(|container| container.index).collect();
    assert_eq!(indexes, [0, 2], "9A is not free");
}

/// `hello`, deflated, with its check value and length, as gzip writes it.
const GZIP: [u8; 15] = [0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x86, 0xA6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00];

#[test]
fn the_first_use_protects_the_management_key_and_blocks_the_usual_puk() {
    let mut reader = reader(token(), "piv");
    made(&mut reader, generate(KeyAlgorithm::Rsa1024));
    assert_ne!(reader.card.admin_key(), Some(&USUAL_KEY[..]));
    assert_eq!(reader.card.look().puk.map(|puk| puk.tries_left), Some(0));
    let own = reader.card.admin_key().map(<[u8]>::to_vec);
    made(&mut reader, generate(KeyAlgorithm::Rsa1024));
    assert_eq!(reader.card.admin_key().map(<[u8]>::to_vec), own, "once is enough");
    // Without the PIN its key is out of reach.
    let locked = EffectResult::Failed(HResult::SCARD_W_CARD_NOT_AUTHENTICATED);
    assert_eq!(reader.run_with(generate(KeyAlgorithm::Rsa1024), None), locked);

    let mut other = self::reader(token(), "piv-full");
    other.card.set_puk(b"24681357", 3).unwrap();
    made(&mut other, generate(KeyAlgorithm::Rsa1024));
    assert_eq!(other.card.look().puk.map(|puk| puk.tries_left), Some(2), "to ask costs a try");

    // A management key that only its issuer knows.
    let mut issuer = Reader::with_blank("piv");
    issuer.card.personalise(&Personalisation::new(PIN.as_bytes(), [9; 24])).unwrap();
    issuer.minidriver = token();
    let refused = EffectResult::Failed(HResult::SCARD_W_SECURITY_VIOLATION);
    assert_eq!(run(&mut issuer, generate(KeyAlgorithm::Rsa1024)), refused);
}

#[test]
fn a_pin_that_is_none_never_reaches_the_card() {
    let check = |pin: &str, expected: EffectResult| {
        let mut reader = reader(maker(), "piv");
        assert_eq!(reader.run_with(CardOperation::VerifyPin, Some(pin)), expected, "{pin}");
    };
    let no_pin = || EffectResult::Failed(HResult::SCARD_E_INVALID_CHV);
    check("", no_pin());
    check("12345", no_pin());
    check("123456789", no_pin());
    check("12345x", no_pin());
    check("654321", EffectResult::WrongPin { tries_left: Some(2) });
    check(PIN, EffectResult::Done);
}

/// The card is pulled before and after each command of an operation. What the description promises then holds, no PIN
/// try is spent, and the card takes further keys.
#[test]
fn a_card_that_is_pulled_anywhere_is_of_use_afterwards() {
    let start = |minidriver: &MinidriverSettings| {
        let mut reader = reader(maker(), "piv");
        let (first, _) = made(&mut reader, generate_default());
        run(&mut reader, write_certificate(&first, b"certificate 1"));
        let (second, _) = made(&mut reader, generate(KeyAlgorithm::Rsa1024));
        reader.minidriver = minidriver.clone();
        (reader, first, second)
    };
    let operations: [fn(&str, &str) -> CardOperation; 6] = [
        |_, _| generate_default(),
        |first, _| overwrite(first),
        |_, second| write_certificate(second, b"certificate 2"),
        |first, _| write_certificate(first, b"certificate 2"),
        |_, second| set_default(second),
        |first, _| delete(first),
    ];
    // The keys it makes here ask for no touch: nobody is at hand.
    let token = MinidriverSettings { new_key_touch: TouchRule::Never, ..token() };
    for (minidriver, operation) in [maker(), token].iter().flat_map(|it| operations.map(|operation| (it, operation))) {
        let (mut whole, first, second) = start(minidriver);
        let running = whole.perform(operation(&first, &second), Some(PIN));
        let (_, commands) = whole.run_into(Fault::None, &running);
        for at in 1..=commands {
            for fault in [Fault::PulledBefore(at), Fault::PulledAfter(at)] {
                let (mut reader, first, second) = start(minidriver);
                let running = reader.perform(operation(&first, &second), Some(PIN));
                let _ended: EffectResult = done(reader.run_into(fault, &running).0);
                assert_usable(&mut reader);
                made(&mut reader, generate(KeyAlgorithm::Rsa1024));
                assert_usable(&mut reader);
            }
        }
    }
}

fn assert_usable(reader: &mut Reader) {
    let description = reader.describe();
    let state = reader.card.look();
    assert_eq!((state.faults.as_slice(), state.pin.tries_left), (&[][..], 3));
    assert_eq!(description.containers.len(), state.containers.iter().filter(|container| container.listed).count());
    assert!(description.containers.iter().filter(|container| container.default).count() <= 1);
    for container in &description.containers {
        let seen = state.containers.iter().find(|seen| seen.index == container.index).unwrap();
        let public = seen.key.as_ref().and_then(|key| key.public.clone()).expect("a key");
        assert_signs(reader, &container.name, &public, SignatureAlgorithm::RsaSha256);
        match (container.has_certificate, run(reader, read_certificate(&container.name))) {
            (true, EffectResult::Certificate(der)) => assert!(der.starts_with(b"certificate"), "{der:?}"),
            (false, EffectResult::Failed(code)) => assert_eq!(code, HResult::SCARD_E_NO_SUCH_CERTIFICATE),
            (_, read) => panic!("{}: {read:?}", container.name),
        }
    }
}
