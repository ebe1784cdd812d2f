//! Cards that other hosts wrote, or left half written.

use autoenroll_apdu::gids::{
    ContainerFlags, ContainerMap, ContainerName, ContainerRecord, FileId, KeyKind, KeyMap, KeyMapRecord, KeyReference,
    MasterFile, commands, tag,
};
use autoenroll_apdu::{Command, Response, encode_chain};
use autoenroll_model::{CardOperation, EffectResult, HResult, KeyAlgorithm, SignatureAlgorithm};

use crate::reader::{PIN, Reader, generate, overwrite, read_certificate, set_default, summary, write_certificate};

/// Another host: sends commands after the PIN.
fn write(reader: &mut Reader, all: &[Command]) {
    reader.card.power_on();
    for command in [commands::select_application(), commands::verify(PIN.as_bytes())].iter().chain(all) {
        for piece in encode_chain(command, 0xFF) {
            let response = Response::parse(&reader.card.transmit(&piece)).unwrap();
            assert!(response.sw.is_ok() || response.sw.remaining().is_some(), "{command:?}: {:?}", response.sw);
        }
    }
}

fn record(name: &str, flags: ContainerFlags, exchange_bits: u16) -> ContainerRecord {
    ContainerRecord { name: ContainerName::new(name).unwrap(), flags, signature_bits: 0, exchange_bits }
}

fn put_map(records: &[ContainerRecord]) -> Command {
    let map = ContainerMap(records.to_vec());
    commands::put_data(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP, &map.encode())
}

fn put_keys(records: &[KeyMapRecord]) -> Command {
    commands::put_data(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP, &KeyMap(records.to_vec()).encode())
}

/// What OpenSC sends for `pkcs15-init --generate-key rsa/1024 --label Slot0`, in its order: a zeroed record first, the
/// finished one before the key is generated, the default flag on the first container ever.
fn opensc_key() -> Vec<Command> {
    let key = KeyReference::FIRST;
    let algorithm = autoenroll_apdu::gids::Algorithm::Rsa1024;
    let used = KeyMapRecord::Used { algorithm: algorithm.number(), kind: KeyKind::Exchange, file: key.file() };
    vec![
        put_map(&[ContainerRecord::default()]),
        commands::create_file(&commands::user_key_file(key, algorithm, KeyKind::Exchange)),
        commands::activate_file(),
        put_keys(&[used]),
        put_map(&[record("Slot0", ContainerFlags::Default, 1024)]),
        commands::generate_key(key, algorithm),
    ]
}

#[test]
fn a_card_made_by_opensc_is_as_good_as_any() {
    let mut reader = Reader::with("gids");
    write(&mut reader, &opensc_key());
    assert_eq!(summary(&reader.describe()), "[0 Slot0 default key] free 15, tries 3");

    assert_eq!(reader.run(write_certificate("Slot0", b"certificate")), EffectResult::Done);
    assert_eq!(reader.run(read_certificate("Slot0")), EffectResult::Certificate(b"certificate".to_vec()));
    let sign = CardOperation::Sign {
        container: "Slot0".into(),
        algorithm: SignatureAlgorithm::RsaSha1,
        message: b"message".to_vec(),
    };
    assert!(matches!(reader.run(sign), EffectResult::Signature(_)));
    let second = reader.generate();
    reader.run(set_default(&second));
    assert_eq!(summary(&reader.describe()), "[0 Slot0 key cert, 1 01010101 default key] free 14, tries 3");
}

#[test]
fn opensc_interrupted_at_any_command_leaves_a_card_that_can_be_described() {
    let after = |commands: usize| {
        let mut reader = Reader::with("gids");
        write(&mut reader, &opensc_key()[..commands]);
        let seen = summary(&reader.describe());
        assert!(matches!(reader.run(generate(KeyAlgorithm::Rsa1024)), EffectResult::Generated { .. }), "{commands}");
        seen
    };
    let seen: Vec<String> = (0..=6).map(after).collect();
    insta::assert_snapshot!(seen.join("\n"), @"
    [] free 16, tries 3
    [] free 16, tries 3
    [] free 16, tries 3
    [] free 16, tries 3
    [] free 16, tries 3
    [0 Slot0 default key] free 15, tries 3
    [0 Slot0 default key] free 15, tries 3
    ");
}

#[test]
fn containers_without_key_size_are_passed_over() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    let mut map = ContainerMap(vec![record(&first, ContainerFlags::Valid, 1024)]);
    map.0.push(record("half made", ContainerFlags::Valid, 0));
    map.0.push(ContainerRecord::default());
    write(&mut reader, &[put_map(&map.0)]);

    assert_eq!(summary(&reader.describe()), "[0 01010101 key] free 14, tries 3");
    assert_eq!(reader.run(set_default("half made")), EffectResult::Failed(HResult::NTE_NO_KEY));
    reader.generate();
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 2 02020202 key] free 13, tries 3");
    assert!(matches!(reader.run(overwrite("half made")), EffectResult::Generated { .. }));
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 1 half mad key, 2 02020202 key] free 13, tries 3");
}

/// OpenSC adds no key to a card whose key map has not as many records as its container map.
#[test]
fn the_key_map_is_as_long_as_the_container_map() {
    let mut reader = Reader::with("gids");
    write(&mut reader, &[put_map(&vec![ContainerRecord::default(); 2])]);
    reader.generate();
    let keys = KeyMap::parse(&reader.object(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP)).unwrap();
    assert!(matches!(keys.0[..], [KeyMapRecord::Used { .. }, KeyMapRecord::Free]), "{keys:?}");
}

/// A map that flags two containers, a key map that is too short, a master file that names a certificate that was never written.
#[test]
fn contradictions_are_read_one_way() {
    let mut reader = Reader::with("gids");
    let (first, second) = (reader.generate(), reader.generate());
    reader.run(write_certificate(&second, b"certificate"));
    let both = [&first, &second].map(|name| record(name, ContainerFlags::Default, 1024));
    let keys = reader.card.look().containers[0].key.clone().unwrap();
    let used = KeyMapRecord::Used { algorithm: 0x06, kind: keys.kind, file: keys.reference.file() };
    let empty = commands::put_data(
        FileId::EVERYONE_READ_USER_WRITE,
        MasterFile::initial().free_object(FileId::EVERYONE_READ_USER_WRITE).unwrap(),
        &[],
    );
    write(&mut reader, &[put_map(&both), put_keys(&[used]), empty]);

    assert_eq!(summary(&reader.describe()), "[0 01010101 default key, 1 02020202] free 14, tries 3");
    let no_key = EffectResult::Failed(HResult::NTE_NO_KEY);
    assert_eq!(reader.run(write_certificate(&second, b"certificate")), no_key);
}

/// A key map may give a container another key file than the one of its index; that file is not taken for a new key.
#[test]
fn a_key_of_another_container_is_left_alone() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    let used = KeyMapRecord::Used { algorithm: 0x06, kind: KeyKind::Exchange, file: KeyReference::FIRST.file() };
    let moved = [ContainerRecord::default(), record(&first, ContainerFlags::Valid, 1024)];
    write(&mut reader, &[put_map(&moved), put_keys(&[KeyMapRecord::Free, used])]);
    let key = reader.card.look().containers[0].key.clone();

    reader.generate();
    let containers = reader.card.look().containers;
    assert_eq!(summary(&reader.describe()), "[0 02020202 key, 1 01010101 key] free 14, tries 3");
    assert_eq!(containers[1].key, key);
    assert_ne!(containers[0].key, key);
}

#[test]
fn files_that_are_none_make_the_card_unusable_but_nothing_worse() {
    let check = |file: FileId, object, value: &[u8]| {
        let mut reader = Reader::with("gids");
        reader.generate();
        write(&mut reader, &[commands::put_data(file, object, value)]);
        let result = reader.run_with(CardOperation::Describe, None);
        assert_eq!(result, EffectResult::Failed(HResult::NTE_FAIL), "{file}/{object}");
    };
    check(FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE, &[0; 5]);
    check(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP, &[1; 87]);
    check(FileId::USER_CREATE_DELETE_DIR, tag::KEY_MAP, &[2]);
    check(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE, &[]);
}
