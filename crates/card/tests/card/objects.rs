//! Data objects under access conditions, and the limits of the card.

use crate::host::{ADMIN_KEY, authenticate, exchange, expect, initialised, logged_in, ok, send};
use autoenroll_apdu::StatusWord;
use autoenroll_apdu::gids::{ContainerFlags, ContainerMap, ContainerRecord, FileId, commands, tag};
use autoenroll_apdu::tlv::Tag;
use autoenroll_card::{Capacity, CardProfile, Mark};

#[test]
fn files_are_read_and_written_under_their_conditions() {
    // File, whether anyone, the user, the admin may write it, and read it.
    let table = [
        (0xA000, [false, true, true], [true, true, true]),
        (0xA010, [false, true, true], [true, true, true]),
        (0xA011, [false, true, true], [false, false, false]),
        (0xA012, [false, false, true], [true, true, true]),
        (0xA013, [false, true, true], [false, true, true]),
        (0xA014, [false, false, true], [false, false, true]),
    ];
    let mut anyone = initialised(CardProfile::gids());
    let mut user = logged_in(CardProfile::gids());
    let mut admin = initialised(CardProfile::gids());
    assert_eq!(authenticate(&mut admin, &ADMIN_KEY), StatusWord::OK);
    let object = Tag::from_number(0xDF40).unwrap();
    for (file, writes, reads) in table {
        let file = FileId(file);
        for (card, (may_write, may_read)) in
            [&mut anyone, &mut user, &mut admin].into_iter().zip(writes.into_iter().zip(reads))
        {
            let written = send(card, &commands::put_data(file, object, &[7])).sw;
            assert_eq!(written, if may_write { StatusWord::OK } else { StatusWord::SECURITY_STATUS }, "write {file}");
            let read = send(card, &commands::get_data(file, object)).sw;
            let found = if may_write { StatusWord::OK } else { StatusWord::REFERENCE_NOT_FOUND };
            assert_eq!(read, if may_read { found } else { StatusWord::SECURITY_STATUS }, "read {file}");
        }
    }
}

#[test]
fn get_data_and_put_data_row_by_row() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00CBA010 04 5C02DF30 00 -> 6A88
         00DBA010 05 DF30020102 -> 9000
         00CBA010 04 5C02DF30 00 -> DF30020102 9000
         00DBA010 04 DF300103 -> 9000 ; replaced
         00CBA010 04 5C02DF30 00 -> DF300103 9000
         00DBA010 03 DF3000 -> 9000 ; emptied
         00CBA010 04 5C02DF30 00 -> DF3000 9000
         00DBA010 03 DF3000 -> 9000 ; deleted
         00CBA010 04 5C02DF30 00 -> 6A88
         00CBA012 02 5C00 00 -> DF201000112233445566778899AABBCCDDEEFF 9000
         00CBA010 02 5C00 00 -> DF21086D73637000000000 DF2206000000000000 DF2300 9000
         00CBA013 02 5C00 00 -> 9000
         00CBA099 04 5C02DF30 00 -> 6A82
         00CB0000 04 5C02DF30 00 -> 6A82
         00CBB080 04 5C02DF30 00 -> 6981
         00CBA010 03 5C02DF 00 -> 6A80
         00CBA010 05 5C03DF30DF 00 -> 6A80 ; half a tag
         00CBA010 06 5C04DF22DF21 00 -> DF2206000000000000 DF21086D73637000000000 9000 ; in the order asked for
         00CBA010 08 5C06DF21DF30DF21 00 -> DF21086D73637000000000 9000 ; what is there, and once
         00CBA010 06 5C04DF30DF31 00 -> 6A88 ; none of them
         00CBA010 00 -> 6A80
         00CBA010 04 5D02DF30 00 -> 6A80
         00DBA099 03 DF3000 -> 6A82
         00DBB080 03 DF3000 -> 6981
         00DBA010 02 DF30 -> 6A80
         00DBA010 04 DF30 0201 -> 6A80
         00DBA010 06 DF3000 DF3100 -> 6A80
         00DBA010 -> 6A80",
    );
}

#[test]
fn what_the_application_tells_about_itself() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00CB3FFF 04 5C027F71 00 -> 7F7106970103930103 9000
         00CB3FFF 04 5C027F72 00 -> 7F7106970103930103 9000
         00CB3FFF 04 5C027F73 00 -> 6A88
         00CB3FFF 03 5C017E 00 -> 6A88
         00CB3FFF 02 5C00 00 -> 6A88
         00CB2F01 02 5C00 00 -> 430195 47039001C0 9000
         00CB2F01 03 5C0143 00 -> 430195 9000
         00CB2F01 04 5C024743 00 -> 47039001C0 430195 9000
         00CB2F01 03 5C0144 00 -> 6A88
         00CB3FFF 0A 7008840181A5037F4980 00 -> 6A88
         00CB3FFF 09 7007840181A5027F49 00 -> 6A80",
    );
}

#[test]
fn a_file_is_of_no_use_before_it_is_activated() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00E00000 0E 620C8201398302A0208C03033000 -> 9000
         00CBA020 02 5C00 00 -> 6985
         00DBA020 03 DF3000 -> 6985
         00E40000 -> 6985
         00440000 -> 9000
         00CBA020 02 5C00 00 -> 9000
         00DBA020 03 DF3000 -> 9000",
    );
}

#[test]
fn an_object_may_be_too_large_and_the_card_full() {
    let profile =
        CardProfile { capacity: Capacity { containers: 2, bytes: 850, object_bytes: 300 }, ..CardProfile::gids() };
    let mut card = logged_in(profile);
    let object = |number| Tag::from_number(number).unwrap();
    let put = |number, len: usize| commands::put_data(FileId(0xA010), object(number), &vec![0; len]);
    assert_eq!(send(&mut card, &put(0xDF30, 301)).sw, StatusWord::NO_SPACE);
    assert!(card.marks().contains(Mark::PutTooLarge));
    ok(&mut card, &put(0xDF30, 300));
    let free = card.look().free_bytes as usize;
    assert!(free > 131 && free < 260, "{free}");
    assert_eq!(send(&mut card, &put(0xDF31, free)).sw, StatusWord::NO_SPACE);
    assert!(card.marks().contains(Mark::PutMemory));
    ok(&mut card, &put(0xDF30, 300));
    // Two bytes of tag and two of length.
    ok(&mut card, &put(0xDF31, free - 4));
    assert_eq!(card.look().free_bytes, 0);
    expect(&mut card, "00E00000 0E 620C8201398302A0208C03033000", "6A84");
    assert!(card.marks().contains(Mark::CreateMemory));
    ok(&mut card, &put(0xDF30, 0));
    expect(&mut card, "00E00000 0E 620C8201398302A0208C03033000", "9000");
}

#[test]
fn a_card_that_ignores_the_default_flag_reports_success() {
    let map = ContainerMap(vec![
        ContainerRecord { flags: ContainerFlags::Valid, ..ContainerRecord::default() },
        ContainerRecord { flags: ContainerFlags::Default, ..ContainerRecord::default() },
    ]);
    let file = FileId::EVERYONE_READ_USER_WRITE;
    let put = commands::put_data(file, tag::CONTAINER_MAP, &map.encode());
    for (profile, default) in [("gids", Some(1)), ("gids-no-default", None)] {
        let mut card = logged_in(CardProfile::named(profile).unwrap());
        ok(&mut card, &put);
        assert_eq!(card.look().default_container, default);
        let stored = ok(&mut card, &commands::get_data(file, tag::CONTAINER_MAP));
        assert_eq!(stored.len(), 2 * 86 + 4);
        assert_eq!(card.look().containers.len(), 2);
    }
}

#[test]
fn looking_reports_what_a_host_wrote_wrongly() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00DBA010 05 DF23020102 -> 9000
         00DBA000 04 DF1F0107 -> 9000
         00DBA000 05 DF20020100 -> 9000",
    );
    let faults: Vec<String> = card.look().faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "container map: 2 bytes are not a whole number of 86-byte records",
            "key map: 1 bytes are not a whole number of 12-byte records",
            "master file: version byte 07, expected 01",
        ]
    );
}
