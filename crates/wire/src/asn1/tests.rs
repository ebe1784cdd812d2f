use super::*;
use alloc::string::ToString;
use alloc::vec;
use proptest::prelude::*;

#[test]
fn lengths_take_the_shortest_form() {
    let check = |length: usize, header: &[u8]| {
        let value = octet_string(&vec![0xAB; length]);
        assert_eq!(&value[..header.len()], header);
        assert_eq!(single("test", &value).unwrap().content.len(), length);
    };
    check(0, b"\x04\x00");
    check(127, b"\x04\x7F");
    check(128, b"\x04\x81\x80");
    check(255, b"\x04\x81\xFF");
    check(256, b"\x04\x82\x01\x00");
    check(70_000, b"\x04\x83\x01\x11\x70");
}

#[test]
fn errors_say_what_and_where() {
    let check = |bytes: &[u8], expected: &str| {
        let outcome = Reader::new("list", bytes).sequence().and_then(Reader::all).unwrap_err();
        assert_eq!(outcome.to_string(), expected);
    };
    check(b"", "list at octet 0: ends too early");
    check(b"\x30", "list at octet 0: ends too early");
    check(b"\x31\x00", "list at octet 0: expected tag 30, found 31");
    check(b"\x30\x03\x02\x02\x01", "list at octet 2: ends too early");
    check(b"\x30\x80", "list at octet 0: the length is indefinite or longer than four octets; DER is needed");
    check(
        b"\x30\x03\x02\x85\x01",
        "list at octet 2: the length is indefinite or longer than four octets; DER is needed",
    );
    check(b"\x30\x84\xFF\xFF\xFF\xFF", "list at octet 0: ends too early");
    check(b"\x30\x03\x7F\x01\x01", "list at octet 2: tags above 30 have no place in these messages");
    assert_eq!(
        single("one", b"\x05\x00\x00").unwrap_err().to_string(),
        "one at octet 2: more follows where it should end"
    );
}

#[test]
fn numbers_are_minimal_and_bounded() {
    let check = |number: u64, wire: &[u8]| {
        assert_eq!(integer(number), wire);
        assert_eq!(single("test", wire).unwrap().number(), Ok(number));
    };
    check(0, b"\x02\x01\x00");
    check(127, b"\x02\x01\x7F");
    check(128, b"\x02\x02\x00\x80");
    check(u64::MAX, b"\x02\x09\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    for wrong in
        [b"\x02\x00".as_slice(), b"\x02\x01\x80", b"\x02\x0A\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", b"\x04\x01\x01"]
    {
        assert!(single("test", wrong).unwrap().number().is_err(), "{wrong:?}");
    }
    assert!(single("test", &integer(1 << 32)).unwrap().number32().is_err());
}

#[test]
fn object_identifiers_have_arcs_of_any_size() {
    let check = |dotted: &str, wire: &[u8]| {
        assert_eq!(oid(&dotted.parse().unwrap()), wire);
        assert_eq!(single("test", wire).unwrap().oid().unwrap().as_str(), dotted);
    };
    check("0.0", b"\x06\x01\x00");
    check("1.39", b"\x06\x01\x4F");
    check("2.0", b"\x06\x01\x50");
    check("2.999.1", b"\x06\x03\x88\x37\x01");
    check("1.3.6.1.4.1.311.21.7", b"\x06\x09\x2B\x06\x01\x04\x01\x82\x37\x15\x07");
    // A universally unique identifier as an arc (X.667): 128 bits.
    check(
        "2.25.329800735698586629295641978511506172918",
        b"\x06\x14\x69\x83\xF0\x9D\xA7\xEB\xCF\xDE\xE0\xC7\xA1\xA7\xB2\xC0\x94\x8C\xC8\xF9\xD7\x76".as_slice(),
    );
    // The longest arcs of 63 bits, and the shortest of 70.
    check("1.2.9223372036854775807", b"\x06\x0A\x2A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F");
    check("1.2.9223372036854775808", b"\x06\x0B\x2A\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00");
    // Cut off, without arcs, of another type, and with arcs that begin with zeros.
    let wrong: [&[u8]; 5] =
        [b"\x06\x02\x2B\x86", b"\x06\x00", b"\x0C\x01\x2B", b"\x06\x03\x2B\x80\x01", b"\x06\x02\x80\x01"];
    for wrong in wrong {
        assert!(single("test", wrong).unwrap().oid().is_err(), "{wrong:?}");
    }
}

#[test]
fn strings_of_every_type_are_read() {
    let check = |wire: &[u8], expected: Option<&str>| {
        assert_eq!(single("test", wire).unwrap().text().ok().as_deref(), expected, "{wire:?}");
    };
    check(b"\x0C\x03\xE2\x82\xAC", Some("€"));
    check(b"\x13\x02DE", Some("DE"));
    check(b"\x14\x01\xE9", Some("é"));
    check(b"\x1E\x04\x00\x55\x20\xAC", Some("U€"));
    check(b"\x1C\x04\x00\x00\x20\xAC", Some("€"));
    check(b"\x1E\x03\x00\x55\x20", None);
    check(b"\x1E\x02\xD8\x00", None);
    check(b"\x0C\x01\xE9", None);
    check(b"\x16\x01\xE9", None);
    check(b"\x1C\x04\x00\x11\x00\x00", None);
    check(b"\x04\x01a", None);
}

#[test]
fn sets_are_sorted_and_bits_counted() {
    assert_eq!(set_of(vec![integer(2), integer(1)]), b"\x31\x06\x02\x01\x01\x02\x01\x02");
    assert_eq!(single("test", b"\x03\x02\x05\xA0").unwrap().bits(), Ok((b"\xA0".as_slice(), 5)));
    assert_eq!(single("test", b"\x03\x01\x00").unwrap().bits(), Ok((b"".as_slice(), 0)));
    assert_eq!(single("test", b"\x03\x00").unwrap().bits(), Ok((b"".as_slice(), 0)));
    assert!(single("test", b"\x03\x01\x01").unwrap().bits().is_err());
    assert!(single("test", b"\x03\x02\x08\xA0").unwrap().bits().is_err());
}

proptest! {
    #[test]
    fn what_is_read_is_given_back(bytes: Vec<u8>) {
        let mut reader = Reader::new("test", &bytes);
        let mut seen = Vec::new();
        while let Ok(value) = reader.read() {
            let _ = (value.oid(), value.text(), value.bits(), value.number(), value.time());
            seen.extend_from_slice(value.raw);
        }
        prop_assert!(bytes.starts_with(&seen));
    }

    #[test]
    fn object_identifiers_read_back(first in 0..3_u8, arcs in proptest::collection::vec(0..u128::MAX, 1..6)) {
        let second = if first < 2 { arcs[0] % 40 } else { arcs[0] };
        let mut dotted = alloc::format!("{first}.{second}");
        for arc in &arcs[1..] {
            dotted += &alloc::format!(".{arc}");
        }
        let oid_value: Oid = dotted.parse().unwrap();
        prop_assert_eq!(single("test", &oid(&oid_value)).unwrap().oid(), Ok(oid_value));
    }
}
