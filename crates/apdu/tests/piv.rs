//! PIV layouts, and its commands in words.

use autoenroll_apdu::gids::ContainerName;
use autoenroll_apdu::piv::{
    CertificateObject, Cipher, Mechanism, PivContainer, PivContainerMap, Slot, card_capabilities, chuid, guid_of_chuid,
    key_history, nameless_container,
};
use autoenroll_apdu::{Command, describe, redact_bytes, redact_response};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn commands_in_words_and_without_secrets() {
    let check = |bytes: &str, words: &str, shown: &str| {
        let bytes = hex(bytes);
        assert_eq!(describe(&Command::parse(&bytes).unwrap()), words, "{bytes:02X?}");
        let shown = if shown.is_empty() { bytes.clone() } else { hex(shown) };
        assert_eq!(redact_bytes(&bytes), shown, "{words}");
    };
    check("00A4040005 A000000308", "SELECT PIV", "");
    check("00A4040009 A00000030800001000 00", "SELECT PIV", "");
    check("0020008008 313233343536FFFF", "VERIFY PIN", "0020008008 FFFFFFFFFFFFFFFF");
    check("0020FF80", "LOG OUT", "");
    check("0020FF00", "LOG OUT of the global PIN", "");
    check("0024008102 3131", "CHANGE PUK", "0024008102 FFFF");
    check("0024000002 3131", "CHANGE global PIN", "0024000002 FFFF");
    check("002C008002 3131", "UNBLOCK PIN by PUK", "002C008002 FFFF");
    check("0047009A05 AC03800107", "GENERATE key 9A rsa-2048", "");
    check("0047009A05 AC03800199", "GENERATE key 9A algorithm 99", "");
    check("0047009A02 AC00", "GENERATE key 9A without algorithm", "");
    check("0087039B04 7C028000", "AUTHENTICATE management key witness, please", "");
    check("0087039B08 7C06800101810102", "AUTHENTICATE management key witness and challenge from host", "");
    check("0087039B04 7C028100", "AUTHENTICATE management key challenge, please", "");
    check("0087039B05 7C03820101", "AUTHENTICATE management key response", "");
    check("0087039B02 7C00", "AUTHENTICATE management key template", "");
    check("0087119C07 7C058200810101", "USE key 9C p-256, 7 bytes", "");
    check("00CB3FFF03 5C017E 08", "GET DATA 7E discovery", "");
    check("00CB3FFF05 5C035FC105", "GET DATA 5FC105 certificate 9A", "");
    check("00CB3FFF05 5C035FC120", "GET DATA 5FC120 certificate 95", "");
    check("00CB3FFF05 5C035FFF10", "GET DATA 5FFF10 container map", "");
    check("00CB3FFF05 5C035FFF11", "GET DATA 5FFF11", "");
    check(
        "00DB3FFF09 5C035FC10953020102",
        "PUT DATA 5FC109 printed information, 9 bytes",
        "00DB3FFF09 5C035FC109FFFFFFFF",
    );
    check("10DB3FFF07 5C035FC1055382", "PUT DATA 5FC105 certificate 9A, 7 bytes ...", "10DB3FFF07 5C035FC105FFFF");
    check("10DB3FFF02 0102", "PUT DATA 3FFF continued ...", "10DB3FFF02 FFFF");
    check("00F7009A00", "METADATA 9A", "");
    check("00F8000000", "SERIAL", "");
    check("00FA0305", "SET TRIES of PIN 3, of PUK 5", "");
    check("00FB0000", "RESET application", "");
    check("00FD000000", "VERSION", "");
    check("00FE119A03 060101", "IMPORT key 9A p-256", "00FE119A03 FFFFFF");
    check("00FFFFFF04 039B0101", "SET management key", "00FFFFFF04 FFFFFFFF");
    // These are of GIDS, whatever their instruction.
    check("00CB3FFF04 5C027F71 00", "GET DATA 3FFF/7F71 PIN status", "");
    check("0047000008 AC06800107830181", "GENERATE key 81 rsa-2048", "");
}

#[test]
fn a_management_key_that_is_read_is_not_shown() {
    let check = |command: &str, response: &str, shown: &str| {
        let command = Command::parse(&hex(command)).unwrap();
        assert_eq!(redact_response(&command, &hex(response)), hex(shown), "{command:?}");
    };
    check("00cb3fff055c035fc10900", "5304880289029000", "ffffffffffff9000");
    check("00cb3fff055c035fc10900", "6982", "6982");
    check("00cb3fff055c035fc10900", "", "");
    check("00cb3fff055c035fc10200", "530130019000", "530130019000");
}

#[test]
fn each_slot_has_a_certificate_of_its_own() {
    let slots: Vec<Slot> = Slot::all().collect();
    assert_eq!(slots.len(), 24);
    for slot in slots {
        assert_eq!(Slot::from_byte(slot.byte()), Some(slot));
        assert_eq!(Slot::of_certificate(slot.certificate()), Some(slot));
    }
    let check = |byte: u8| assert_eq!(Slot::from_byte(byte), None, "{byte:02X}");
    [0x00, 0x80, 0x81, 0x96, 0x9B, 0x9F, 0xF9].into_iter().for_each(check);
    assert_eq!(Slot::of_certificate(autoenroll_apdu::piv::tag::CHUID), None);
}

#[test]
fn algorithms_by_number() {
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::from_byte(mechanism as u8), Some(mechanism));
        assert_eq!(Cipher::from_byte(mechanism as u8), None, "no number has two meanings");
    }
    assert_eq!((Cipher::from_byte(0), Cipher::from_byte(3)), (Some(Cipher::TripleDes), Some(Cipher::TripleDes)));
}

#[test]
fn objects() {
    let guid = core::array::from_fn(|i| i as u8);
    let written = chuid(&guid, b"20301231");
    assert_eq!((written.len(), guid_of_chuid(&written)), (59, Some(guid)));
    assert_eq!(guid_of_chuid(&written[..20]), None);
    let card = hex(
        "F015 A000000116FF02 0102030405060708090A0B0C0D0E F10121F20121F300F40100F50110F600F700FA00FB00FC00FD00FE00",
    );
    assert_eq!(card_capabilities(&core::array::from_fn(|i| i as u8 + 1)), card);
    assert_eq!(key_history(2, 1), hex("C10102C20101FE00"));
    let object = CertificateObject { certificate: &[1, 2], gzip: true };
    assert_eq!(object.encode(), hex("70020102710101FE00"));
    assert_eq!(CertificateObject::parse(&object.encode()), Some(object));
    // Without information it is a plain certificate; without certificate it is none.
    assert_eq!(CertificateObject::parse(&hex("700102")), Some(CertificateObject { certificate: &[2], gzip: false }));
    assert_eq!(CertificateObject::parse(&hex("710101")), None);
    assert_eq!(nameless_container(&guid, Slot::AUTHENTICATION), "03020100-0504-0706-0809-0a0b0c5fc105");
}

#[test]
fn the_container_map() {
    let record = |name: &str, slot| PivContainer {
        name: ContainerName::new(name).unwrap(),
        slot,
        key_spec: 1,
        bits: 2048,
        flags: 3,
        pin: 1,
        agreement: 0xFF,
        thumbprint: [7; 20],
    };
    let map = PivContainerMap(vec![record("a", Slot::AUTHENTICATION), record("Schlüssel", Slot::KEY_MANAGEMENT)]);
    let value = map.encode();
    assert_eq!((&value[..5], value.len()), (&hex("8181D66100")[..], 3 + 2 * 107));
    assert_eq!(value[3 + 80..3 + 87], hex("9A 01 0008 03 01 FF"));
    assert_eq!(PivContainerMap::parse(&value), Some(map));
    assert_eq!(PivContainerMap::parse(&PivContainerMap::default().encode()), Some(PivContainerMap::default()));
    let check = |value: &[u8]| assert_eq!(PivContainerMap::parse(value), None);
    check(&[]);
    check(&value[..value.len() - 1]);
    check(&hex("810100"));
    let mut no_slot = value.clone();
    no_slot[83] = 0x9B;
    check(&no_slot);
}
