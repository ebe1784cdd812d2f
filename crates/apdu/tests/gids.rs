//! GIDS layouts against the bytes that Microsoft's pages print and hosts send, and the texts of traces.

use autoenroll_apdu::gids::{
    AccessMode, Algorithm, CardCacheFile, CertificateFile, CertificateFileError, Condition, ContainerFlags,
    ContainerMap, ContainerName, ContainerNameError, ContainerRecord, Fcp, FcpError, FileId, FileName, FileNameError,
    KeyKind, KeyMap, KeyMapRecord, KeyReference, LayoutError, MasterFile, MasterFileRecord, Padding, SecurityAttribute,
    certificate_file_name, commands, tag,
};
use autoenroll_apdu::tlv::Tag;
use autoenroll_apdu::{Command, describe, pieces, redact, redact_bytes};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// "Data objects on a GIDS card after the filesystem is created", DF1F.
const MASTER_FILE: &str = "
    01 6d 73 63 70 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 a0 00 00 00 00 00
    00 00 00 00 00 00 63 61 72 64 69 64 00 00 00 00 00 20 df 00 00 12 a0 00 00 00 00 00 00 00 00 00
    00 00 63 61 72 64 61 70 70 73 00 00 00 21 df 00 00 10 a0 00 00 00 00 00 00 00 00 00 00 00 63 61
    72 64 63 66 00 00 00 00 00 22 df 00 00 10 a0 00 00 6d 73 63 70 00 00 00 00 00 63 6d 61 70 66 69
    6c 65 00 00 00 23 df 00 00 10 a0 00 00";

#[test]
fn the_initial_master_file_is_the_published_one() {
    assert_eq!(MasterFile::initial().encode(), hex(MASTER_FILE));
    assert_eq!(MasterFile::parse(&hex(MASTER_FILE)), Ok(MasterFile::initial()));
    assert_eq!(MasterFile::initial().find("mscp", "cmapfile"), Some((FileId(0xA010), tag::CONTAINER_MAP)));
    assert_eq!(MasterFile::initial().find("mscp", ""), None, "a directory holds no object");
}

#[test]
fn the_next_certificate_goes_to_the_first_free_tag() {
    let mut master = MasterFile::initial();
    let free = |master: &MasterFile| master.free_object(FileId::EVERYONE_READ_USER_WRITE).map(Tag::number);
    assert_eq!(free(&master), Some(0xDF24));
    for number in 0xDF24..=0xDF7F {
        master.0.push(MasterFileRecord {
            directory: FileName::new("mscp").unwrap(),
            name: certificate_file_name(KeyKind::Exchange, (number & 0x7F) as u8),
            object: Tag::from_number(number),
            file: FileId::EVERYONE_READ_USER_WRITE,
        });
    }
    assert_eq!(free(&master), None);
    master.0.remove(7);
    assert_eq!(free(&master), Some(0xDF26));
}

#[test]
fn a_master_file_that_is_none() {
    let check = |bytes: &[u8], error| assert_eq!(MasterFile::parse(bytes), Err(error));
    let layout = "master file";
    check(&[], LayoutError::Version { layout, found: None });
    check(&[2], LayoutError::Version { layout, found: Some(2) });
    check(&[1, 0], LayoutError::Length { layout, record: 28, found: 1 });
    let mut bytes = hex(MASTER_FILE);
    bytes[1] = 0x80;
    check(&bytes, LayoutError::Name { layout, record: 0 });
    let mut bytes = hex(MASTER_FILE);
    bytes[1 + 28 + 26] = 1;
    check(&bytes, LayoutError::Number { layout, record: 1, found: 0x0001_A012 });
}

#[test]
fn a_container_record_has_86_bytes() {
    let record = ContainerRecord {
        name: ContainerName::new("Slot0").unwrap(),
        flags: ContainerFlags::Default,
        signature_bits: 0,
        exchange_bits: 2048,
    };
    let mut expected = hex("53006C006F0074003000");
    expected.resize(80, 0);
    expected.extend(hex("03 00 0000 0008"));
    assert_eq!(record.encode().to_vec(), expected);
    assert_eq!(ContainerRecord::parse(&record.encode()), Some(record));
    assert_eq!(ContainerRecord::parse(&[0; 86]), Some(ContainerRecord::default()));
    assert_eq!(ContainerMap::parse(&[]), Ok(ContainerMap::default()));
    assert_eq!(
        ContainerMap::parse(&[0; 85]),
        Err(LayoutError::Length { layout: "container map", record: 86, found: 85 })
    );
    let mut unpaired = [0; 86];
    unpaired[1] = 0xD8;
    assert_eq!(ContainerMap::parse(&unpaired), Err(LayoutError::Name { layout: "container map", record: 0 }));
}

#[test]
fn a_container_name_has_at_most_39_units() {
    assert!(ContainerName::new(&"x".repeat(39)).is_ok());
    assert_eq!(ContainerName::new(&"x".repeat(40)), Err(ContainerNameError::TooLong { found: 40 }));
    assert_eq!(ContainerName::new(&"\u{1F600}".repeat(20)), Err(ContainerNameError::TooLong { found: 40 }));
    assert_eq!(ContainerName::new("a\\b"), Err(ContainerNameError::Character { found: '\\' }));
    assert_eq!(ContainerName::new("a\0"), Err(ContainerNameError::Character { found: '\0' }));
    assert_eq!(FileName::new("ninechars"), Err(FileNameError::TooLong { found: 9 }));
    assert_eq!(FileName::new("a b"), Err(FileNameError::Character { position: 1 }));
}

#[test]
fn the_default_flag_counts_only_with_the_valid_flag_and_is_moved_whole() {
    let flags = [0x00, 0x01, 0x02, 0x03, 0xFF].map(ContainerFlags::from_byte);
    use ContainerFlags::{Default, Free, Valid};
    assert_eq!(flags, [Free, Valid, Free, Default, Default]);
    let record = |flags| ContainerRecord { flags, ..ContainerRecord::default() };
    let mut map = ContainerMap(vec![record(Default), record(Free), record(Valid)]);
    map.set_default(1);
    assert_eq!(map.default_index(), Some(0), "a free record cannot be the default");
    map.set_default(2);
    assert_eq!(map.0.iter().map(|r| r.flags).collect::<Vec<_>>(), [Valid, Free, Default]);
}

#[test]
fn a_key_map_record_has_12_bytes() {
    let used = KeyMapRecord::Used { algorithm: 7, kind: KeyKind::Exchange, file: KeyReference::FIRST.file() };
    let bytes = hex("01 01000000 07 9A 81B0 FFFF 0000 000000000000000000000000");
    let map = KeyMap(vec![used, KeyMapRecord::Free]);
    assert_eq!(KeyMap::parse(&bytes), Ok(map.clone()));
    assert_eq!(map.encode(), bytes);
}

#[test]
fn the_card_cache_file_counts_and_wraps() {
    let file = CardCacheFile::parse(&hex("00 FF FFFF 0100")).unwrap();
    assert_eq!(file, CardCacheFile { version: 0, pins: 0xFF, containers: 0xFFFF, files: 1 });
    assert_eq!(file.pin_changed().container_changed().file_changed().encode().to_vec(), hex("00 00 0000 0200"));
    assert!(CardCacheFile::parse(&[0; 5]).is_err());
}

#[test]
fn a_certificate_file_has_a_four_byte_header() {
    let file = CertificateFile { certificate_len: 0x0321, zlib: &[0x78, 0x9C] };
    assert_eq!(file.encode(), hex("0100 2103 789C"));
    assert_eq!(CertificateFile::parse(&file.encode()), Ok(file));
    assert_eq!(CertificateFile::parse(&hex("30820321")), Err(CertificateFileError::Marker { found: [0x30, 0x82] }));
    assert_eq!(CertificateFile::parse(&[1, 0, 1]), Err(CertificateFileError::TooShort { found: 3 }));
    assert_eq!(certificate_file_name(KeyKind::Exchange, 0).as_str(), "kxc00");
    assert_eq!(certificate_file_name(KeyKind::Signature, 10).as_str(), "ksc0A");
}

#[test]
fn file_control_parameters_are_those_of_the_published_profile() {
    let expected = [
        "620C 820139 8302A000 8C03033000",
        "620C 820139 8302A010 8C03033000",
        "620C 820139 8302A011 8C030330FF",
        "620C 820139 8302A012 8C03032000",
        "620C 820139 8302A013 8C03033030",
        "620C 820139 8302A014 8C03032020",
    ];
    for (fcp, bytes) in commands::object_files().iter().zip(expected) {
        assert_eq!(fcp.encode(), hex(bytes));
        assert_eq!(Fcp::parse(&hex(bytes)), Ok(fcp.clone()));
    }
    let admin = "621A 820118 8302B080 8C04870020FF A50B A409 800102 830180 9501C0";
    assert_eq!(commands::admin_key_file().encode(), hex(admin));
    assert_eq!(Fcp::parse(&hex(admin)), Ok(commands::admin_key_file()));
    let exchange = commands::user_key_file(KeyReference::FIRST, Algorithm::Rsa2048, KeyKind::Exchange);
    let bytes = "6247 820118 8302B081 8C058F10101000 A537
        B809 800107 830181 950140  B809 800187 830181 950140  B809 800147 830181 950140
        B609 800117 830181 950140  B609 800157 830181 950140";
    assert_eq!(exchange.encode(), hex(bytes));
    let signature = commands::user_key_file(KeyReference::FIRST, Algorithm::Rsa1024, KeyKind::Signature);
    assert_eq!(signature.encode().len(), 0x28);
}

#[test]
fn file_control_parameters_that_are_none() {
    let check = |bytes: &str, error| assert_eq!(Fcp::parse(&hex(bytes)), Err(error), "{bytes}");
    let tag = |number| Tag::from_number(number).unwrap();
    check("6207 820139 8302A000", FcpError::Missing { tag: tag(0x8C) });
    check("620C 820138 83023FFF 8C03033000", FcpError::Value { tag: tag(0x82) });
    check("620B 820139 8301A0 8C03033000", FcpError::Value { tag: tag(0x83) });
    check("620B 820139 8302A000 8C020330", FcpError::Conditions { expected: 2, found: 1 });
    check("6209 820139 8302A000 8C00", FcpError::Value { tag: tag(0x8C) });
    check("620E 820118 8302B081 8C03033000 A500", FcpError::Value { tag: tag(0xA5) });
    check("6210 820118 8302B081 8C03033000 A502 B500", FcpError::Value { tag: tag(0xA5) });
    check("6210 820118 8302B081 8C03033000 A502 B600", FcpError::Missing { tag: tag(0x80) });
}

#[test]
fn conditions_stand_from_the_high_bit_to_the_low() {
    let key = commands::user_key_file(KeyReference::FIRST, Algorithm::Rsa2048, KeyKind::Exchange).security;
    let modes = [AccessMode::Delete, AccessMode::Generate, AccessMode::Use, AccessMode::Write, AccessMode::Read];
    let user = Some(Condition::USER);
    assert_eq!(modes.map(|mode| key.condition(mode)), [None, user, user, user, Some(Condition::ALWAYS)]);
    let all = [Condition(1), Condition(2), Condition(3), Condition(4), Condition(5), Condition(6), Condition(7)];
    let attribute = SecurityAttribute::new(0xFF, &all).unwrap();
    assert_eq!(attribute.condition(AccessMode::Delete), Some(Condition(1)));
    assert_eq!(attribute.condition(AccessMode::Terminate), Some(Condition(2)));
    assert_eq!(attribute.condition(AccessMode::Activate), Some(Condition(3)));
    assert_eq!(attribute.condition(AccessMode::Read), Some(Condition(7)));
    assert_eq!(attribute.encode(), [0xFF, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn condition_bytes_admit_whom_they_name() {
    let check = |byte, words: &str| assert_eq!(Condition(byte).to_string(), words, "{byte:02X}");
    for byte in [0x00, 0x01] {
        check(byte, "anyone");
    }
    for byte in [0x10, 0x11, 0x90] {
        check(byte, "user");
    }
    for byte in [0x20, 0xA0, 0xA1] {
        check(byte, "admin");
    }
    check(0x30, "user or admin");
    check(0xB0, "user and admin");
    for byte in [0xFF, 0x02, 0x12, 0x32, 0x40, 0x80] {
        check(byte, "no one");
    }
}

#[test]
fn algorithm_bytes_join_padding_and_algorithm() {
    assert_eq!(Padding::Pkcs1Sign.with(Algorithm::Rsa2048), 0x57);
    assert_eq!(Padding::from_byte(0x47), Some(Padding::Pkcs1Decipher));
    assert_eq!(Padding::from_byte(0x20), None);
    assert_eq!(Algorithm::from_byte(0x8C), Some(Algorithm::Ecc256));
    assert_eq!(Algorithm::from_byte(0x05), None);
    assert_eq!(KeyReference::of_container(0), Some(KeyReference::FIRST));
    assert_eq!(KeyReference::of_container(0x7F), None);
    assert_eq!(FileId(0xB081).key_reference(), Some(KeyReference::FIRST));
    assert_eq!(FileId(0xA010).key_reference(), None);
}

/// One command of every kind, as a host sends it.
fn everyday_commands() -> Vec<Command> {
    use commands::*;
    let key = KeyReference::FIRST;
    let mut all = vec![
        select_application(),
        Command::new(0, 0xA4, 4, 0x0C).with_data(hex("A000000308000010000100")),
        select_file(FileId::APPLICATION),
        select_file(KeyReference::FIRST.file()),
        select_file(FileId::ADMIN_KEY),
        Command::new(0, 0xA4, 0x00, 0x04).with_data(hex("A010")),
        Command::new(0, 0xA4, 0x08, 0x00).with_data(hex("2F00")),
        get_data(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE),
        get_data(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP),
        get_data(FileId::EVERYONE_READ_ADMIN_WRITE, tag::CARD_ID),
        get_data(FileId::APPLICATION, tag::PIN_STATUS),
        get_data(FileId::APPLICATION, tag::PUK_STATUS),
        get_all_data(FileId::EF_ATR),
        read_public_key(key),
        put_data(FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE, &[0; 6]),
    ];
    let certificate = Command::new(0, 0xDB, 0xA0, 0x10).with_data([&hex("DF2482012C")[..], &[7; 300]].concat());
    all.extend(pieces(&certificate, 240));
    all.extend([
        set_pin(b"12345678"),
        verify(b"12345678"),
        verify_status(),
        deauthenticate(),
        change_pin(b"12345678", b"87654321"),
        unblock_pin(b"12345678"),
        choose_admin_key(),
        authenticate(tag::CHALLENGE, &[]),
        authenticate(tag::CHALLENGE, &[7; 16]),
        authenticate(tag::RESPONSE, &[7; 40]),
        set_admin_key(&[7; 24]),
        create_file(&object_files()[1]),
        create_file(&user_key_file(key, Algorithm::Rsa2048, KeyKind::Exchange)),
        activate_file(),
        generate_key(key, Algorithm::Rsa2048),
    ]);
    all.extend(pieces(&import_key(key, &[7; 300]), 255));
    all.extend([
        choose_signature_key(key, Padding::Pkcs1Sign, Algorithm::Rsa2048),
        sign(&[7; 51]),
        choose_decipher_key(key, Padding::OaepDecipher, Algorithm::Rsa2048),
        decipher(&[7; 128]),
        delete_file(),
        terminate(),
        autoenroll_apdu::get_response(44),
        Command::new(0, 0xCA, 0xDF, 0x30).with_le(5),
        Command::new(0x80, 0xF2, 0, 0),
    ]);
    all
}

#[test]
fn traces_show_what_a_command_is_and_no_secret() {
    let rows: Vec<String> = everyday_commands()
        .iter()
        .map(|command| {
            let shown = redact(command);
            let bytes: Vec<String> = shown.encode().unwrap().iter().map(|byte| format!("{byte:02X}")).collect();
            let cut = if bytes.len() > 24 { format!("{} ..", bytes[..24].concat()) } else { bytes.concat() };
            format!("{:<60} {cut}", describe(command))
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn redaction_keeps_lengths_and_blanks_every_byte_of_a_secret() {
    let check = |bytes: &str, shown: &str| assert_eq!(redact_bytes(&hex(bytes)), hex(shown), "{bytes}");
    check("00200080 04 31323334", "00200080 04 FFFFFFFF");
    check("00200080 04 31323334 00", "00200080 04 FFFFFFFF 00");
    check("00200080 000004 31323334 0000", "00200080 000004 FFFFFFFF 0000");
    check("00240080 02 3132", "00240080 02 FFFF");
    check("002C0280 02 3132", "002C0280 02 FFFF");
    check("00200080", "00200080");
    check("00200080 00", "00200080 00");
    // Not a command: the length field lies.
    check("00200080 09 3132", "00200080 FFFFFF");
    check("00DB3FFF 09 3132", "00DB3FFF FFFFFF");
    check("00A40400 09 3132", "00A40400 09 3132");
    check("00DB3FFF 0B 7009 840180 A504 8702 3132", "00DB3FFF 0B 7009 840180 A504 8702 FFFF");
    // A later piece of a chain.
    check("00DB3FFF 02 3132", "00DB3FFF 02 FFFF");
    check("00DBA010 03 DF2300", "00DBA010 03 DF2300");
    check("00", "00");
}

proptest! {
    #[test]
    fn a_container_record_reads_back(name in "[^\\\\\\x00]{0,19}", flags in 0..4u8, s in any::<u16>(), x in any::<u16>()) {
        let record = ContainerRecord {
            name: ContainerName::new(&name).unwrap(),
            flags: ContainerFlags::from_byte(flags),
            signature_bits: s,
            exchange_bits: x,
        };
        prop_assert_eq!(ContainerRecord::parse(&record.encode()), Some(record));
    }

    #[test]
    fn layouts_and_texts_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = MasterFile::parse(&bytes);
        let _ = ContainerMap::parse(&bytes);
        let _ = KeyMap::parse(&bytes);
        let _ = Fcp::parse(&bytes);
        let _ = CertificateFile::parse(&bytes);
        if let Ok(command) = Command::parse(&bytes) {
            prop_assert!(!describe(&command).is_empty());
        }
    }

    #[test]
    fn every_instruction_has_a_text(ins in any::<u8>(), p in any::<u16>(), data in proptest::collection::vec(any::<u8>(), 0..40)) {
        let [p1, p2] = p.to_be_bytes();
        prop_assert!(!describe(&Command::new(0, ins, p1, p2).with_data(data)).is_empty());
    }
}
