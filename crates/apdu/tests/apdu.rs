//! Commands, responses, chaining, TLV and ATR: each table row is one fact of ISO 7816.

use autoenroll_apdu::{
    Atr, AtrError, Chain, ChainStep, Collected, Collector, Command, CommandError, EncodeError, Outgoing, Response,
    ResponseTooShort, StatusWord, encode_chain, get_response, pieces,
    tlv::{self, Tag, TlvError},
};
use proptest::prelude::*;

fn header() -> Command {
    Command::new(0x00, 0xCB, 0x3F, 0xFF)
}

#[test]
fn the_four_cases_short_and_extended() {
    let long = [0x5A; 300];
    #[rustfmt::skip]
    let check: &[(&[&[u8]], Command)] = &[
        (&[b"\x00\xCB\x3F\xFF"], header()),
        (&[b"\x00\xCB\x3F\xFF\x08"], header().with_le(8)),
        (&[b"\x00\xCB\x3F\xFF\x00"], header().with_le(256)),
        (&[b"\x00\xCB\x3F\xFF\x02\x5C\x00"], header().with_data([0x5C, 0])),
        (&[b"\x00\xCB\x3F\xFF\x02\x5C\x00\x00"], header().with_data([0x5C, 0]).with_le(256)),
        (&[b"\x00\xCB\x3F\xFF\x00\x01\x2C"], header().with_le(300)),
        (&[b"\x00\xCB\x3F\xFF\x00\x00\x00"], header().with_le(65_536)),
        (&[b"\x00\xCB\x3F\xFF\x00\x01\x2C", &long], header().with_data(long)),
        (&[b"\x00\xCB\x3F\xFF\x00\x01\x2C", &long, b"\x00\x10"], header().with_data(long).with_le(16)),
        (&[b"\x00\xCB\x3F\xFF\x00\x00\x02\x5C\x00\x10\x00"], header().with_data([0x5C, 0]).with_le(4096)),
    ];
    for (bytes, command) in check {
        let bytes = bytes.concat();
        assert_eq!(Command::parse(&bytes), Ok(command.clone()), "{bytes:02X?}");
        assert_eq!(command.encode(), Ok(bytes));
    }
}

#[test]
fn an_extended_form_that_need_not_be_reads_too() {
    let command = header().with_data([1, 2]).with_le(5);
    assert_eq!(Command::parse(b"\x00\xCB\x3F\xFF\x00\x00\x02\x01\x02\x00\x05"), Ok(command));
}

#[test]
fn what_is_no_command() {
    let check = |bytes: &[u8], error| assert_eq!(Command::parse(bytes), Err(error), "{bytes:02X?}");
    check(b"", CommandError::HeaderTooShort { found: 0 });
    check(b"\x00\xA4\x04", CommandError::HeaderTooShort { found: 3 });
    check(b"\x00\xA4\x04\x00\x02\x3F", CommandError::LengthMismatch { lc: 2, found: 1 });
    check(b"\x00\xA4\x04\x00\x02\x3F\x00\x00\x00", CommandError::LengthMismatch { lc: 2, found: 4 });
    check(b"\x00\xA4\x04\x00\x00\x01", CommandError::LengthMismatch { lc: 0, found: 1 });
    check(b"\x00\xA4\x04\x00\x00\x00\x00\x01", CommandError::ExtendedLcZero);
    check(b"\x00\xA4\x04\x00\x00\x00\x02\x01", CommandError::LengthMismatch { lc: 2, found: 1 });
    check(b"\x00\xA4\x04\x00\x00\x00\x02\x01\x01\x00", CommandError::LengthMismatch { lc: 2, found: 3 });
}

#[test]
fn what_cannot_be_written_as_one_command() {
    let check = |command: Command, error| assert_eq!(command.encode(), Err(error));
    check(header().with_data(vec![0; 65_536]), EncodeError::DataTooLong { found: 65_536 });
    check(header().with_le(0), EncodeError::LeOutOfRange { found: 0 });
    check(header().with_le(65_537), EncodeError::LeOutOfRange { found: 65_537 });
    assert!(header().with_data(vec![0; 65_535]).with_le(65_536).encode().is_ok());
}

#[test]
fn responses_read_and_write() {
    let response = Response { data: vec![0xDF, 0x23, 0x00], sw: StatusWord::OK };
    assert_eq!(Response::parse(b"\xDF\x23\x00\x90\x00"), Ok(response.clone()));
    assert_eq!(response.encode(), b"\xDF\x23\x00\x90\x00");
    assert_eq!(Response::parse(b"\x90"), Err(ResponseTooShort { found: 1 }));
    assert_eq!(Response::parse(b""), Err(ResponseTooShort { found: 0 }));
}

#[test]
fn status_words_carry_counters_and_lengths() {
    assert_eq!(StatusWord::retries_left(2), StatusWord(0x63C2));
    assert_eq!(StatusWord::retries_left(99), StatusWord(0x63CF));
    assert_eq!(StatusWord(0x63C0).retries(), Some(0));
    assert_eq!(StatusWord(0x6300).retries(), None);
    assert_eq!(StatusWord::more(5), StatusWord(0x6105));
    assert_eq!(StatusWord::more(256), StatusWord(0x6100));
    assert_eq!(StatusWord(0x6100).remaining(), Some(256));
    assert_eq!(StatusWord(0x6C10).exact_le(), Some(16));
    assert_eq!(StatusWord(0x63C1).describe(), "verification failed, 1 try left");
    assert_eq!(StatusWord::SECURITY_STATUS.describe(), "security status not satisfied");
    assert_eq!(StatusWord(0x9001).describe(), "not a status word of ISO 7816-4");
}

#[test]
fn iso_status_words_are_those_of_its_tables() {
    for sw in [0x9000, 0x6100, 0x6285, 0x63C0, 0x6700, 0x6883, 0x6982, 0x6A80, 0x6A8A, 0x6B00, 0x6D00, 0x6F00] {
        assert!(StatusWord(sw).is_iso(), "{sw:04X}");
    }
    for sw in [0x0000, 0x6000, 0x6701, 0x6880, 0x6989, 0x6A8B, 0x6D01, 0x7000, 0x9001, 0x9F10, 0xFFFF] {
        assert!(!StatusWord(sw).is_iso(), "{sw:04X}");
    }
}

#[test]
fn a_long_command_is_cut_as_its_host_cuts_it() {
    let command = header().with_data(vec![7; 256]).with_le(256);
    let lengths = |chunk| pieces(&command, chunk).iter().map(|p| (p.cla, p.data.len(), p.le)).collect::<Vec<_>>();
    assert_eq!(lengths(255), [(0x10, 255, None), (0x00, 1, Some(256))]);
    assert_eq!(lengths(240), [(0x10, 240, None), (0x00, 16, Some(256))]);
    assert_eq!(pieces(&header(), 255), [header()]);
    assert_eq!(encode_chain(&header().with_data([9]), 255), [b"\x00\xCB\x3F\xFF\x01\x09"]);
}

#[test]
fn a_chain_that_changes_its_header_is_broken() {
    let mut chain = Chain::default();
    let piece = Command::new(0x10, 0xDB, 0x3F, 0xFF).with_data([1]);
    assert_eq!(chain.push(piece.clone()), ChainStep::More);
    assert!(chain.is_open());
    assert_eq!(chain.push(Command::new(0x00, 0xDB, 0xA0, 0x10)), ChainStep::Broken);
    assert_eq!(chain.push(piece.clone()), ChainStep::More, "a broken chain is forgotten");
    let whole = Command::new(0x00, 0xDB, 0x3F, 0xFF).with_data([1, 2]);
    assert_eq!(chain.push(Command::new(0x00, 0xDB, 0x3F, 0xFF).with_data([2])), ChainStep::Whole(whole));
    let big = Command::new(0x10, 0xDB, 0x3F, 0xFF).with_data(vec![0; 40_000]);
    assert_eq!(chain.push(big.clone()), ChainStep::More);
    assert_eq!(chain.push(big), ChainStep::TooLong);
}

#[test]
fn a_long_answer_is_fetched_in_parts() {
    let mut outgoing = Outgoing::default();
    let answer: Vec<u8> = (0..=255).chain(0..=43).collect();
    let first = outgoing.begin(Response::ok(answer.clone()), Some(256));
    assert_eq!((first.data.len(), first.sw), (256, StatusWord(0x612C)));
    let mut collector = Collector::new(header());
    assert_eq!(collector.feed(first), Collected::Ask(get_response(44)));
    let second = outgoing.next(Some(44)).unwrap();
    assert_eq!(second.sw, StatusWord::OK);
    assert_eq!(collector.feed(second), Collected::Done(Response::ok(answer)));
    assert_eq!(outgoing.next(Some(1)), None);
}

#[test]
fn a_missing_le_counts_as_256_and_a_failure_has_no_data() {
    let mut outgoing = Outgoing::default();
    assert_eq!(outgoing.begin(Response::ok([1, 2]), None), Response::ok([1, 2]));
    let failure = Response { data: vec![1], sw: StatusWord::TERMINATED };
    assert_eq!(outgoing.begin(failure.clone(), None), failure);
    outgoing.begin(Response::ok([1, 2, 3]), Some(1));
    outgoing.clear();
    assert_eq!(outgoing.next(None), None);
}

#[test]
fn a_collector_corrects_le_once_and_ends_with_a_card_that_does_not() {
    let mut collector = Collector::new(header());
    assert_eq!(collector.feed(Response::status(StatusWord(0x6C10))), Collected::Ask(header().with_le(16)));
    let again = Response::status(StatusWord(0x6C10));
    assert_eq!(collector.feed(again.clone()), Collected::Done(again));

    let mut collector = Collector::new(header());
    let more = |data: &[u8]| Response { data: data.to_vec(), sw: StatusWord(0x6100) };
    assert_eq!(collector.feed(more(&[1])), Collected::Ask(get_response(256)));
    assert_eq!(collector.feed(more(&[])), Collected::Endless { found: 1 });

    let mut collector = Collector::new(header());
    let rounds = (0..10_000).find(|_| matches!(collector.feed(more(&[0; 256])), Collected::Endless { .. }));
    assert_eq!(rounds, Some(512));
}

#[test]
fn tags_are_one_to_three_bytes() {
    for (number, len) in [(0x62, 1), (0xDF20, 2), (0x5F2F, 2), (0x7F49, 2), (0x5F_C105, 3), (0x5F_FF03, 3)] {
        let tag = Tag::from_number(number);
        assert_eq!(tag.map_or(0, Tag::width), len, "{number:X}");
    }
    for number in [0x00, 0x1F, 0x5F, 0x7FC1, 0x4F20, 0x0100_0000] {
        assert_eq!(Tag::from_number(number), None, "{number:X}");
    }
    assert_eq!(Tag::read(b"\x1F\x81\x81\x01"), Err(TlvError::TagTooLong));
    assert_eq!(Tag::read(b"\x5F"), Err(TlvError::BadTag));
    assert_eq!(Tag::read(b"\x00"), Err(TlvError::BadTag));
}

#[test]
fn lengths_are_definite() {
    let tag = Tag::from_number(0x53).unwrap();
    let check = |bytes: &[u8], error| assert_eq!(tlv::read(bytes), Err(error), "{bytes:02X?}");
    check(b"\x53", TlvError::LengthMissing { tag });
    check(b"\x53\x82\x01", TlvError::LengthMissing { tag });
    check(b"\x53\x80", TlvError::LengthForm { tag, found: 0x80 });
    check(b"\x53\x84\x00\x00\x00\x01\x00", TlvError::LengthForm { tag, found: 0x84 });
    check(b"\x53\x02\x01", TlvError::ValueTooShort { tag, expected: 2, found: 1 });
    let (object, rest) = tlv::read(b"\x53\x82\x00\x01\xAA\xBB").unwrap();
    assert_eq!((object.value, rest), (&b"\xAA"[..], &b"\xBB"[..]));
    for (len, field) in [(127, 1), (128, 2), (255, 2), (256, 3), (65_535, 3), (65_536, 4)] {
        let encoded = tlv::encode(tag, &vec![0; len]);
        assert_eq!(encoded.len(), 1 + field + len);
        assert_eq!(encoded.len(), tlv::encoded_len(tag, len));
    }
}

#[test]
fn an_answer_to_reset_must_be_sound() {
    let good = b"\x3B\x88\x80\x01GIDSVSC1\x1A";
    let atr = Atr::t1(b"GIDSVSC1");
    assert_eq!(Atr::parse(atr.as_bytes()), Ok(atr.clone()));
    assert_eq!(atr.as_bytes()[..12], good[..12]);
    assert_eq!(Atr::t1(b"AB").to_string(), "3B 82 80 01 41 42 00");
    let check = |bytes: &[u8], error| assert_eq!(Atr::parse(bytes), Err(error), "{bytes:02X?}");
    check(b"\x3B", AtrError::Length { found: 1 });
    check(&[0x3B; 34], AtrError::Length { found: 34 });
    check(b"\x3C\x00", AtrError::Convention { found: 0x3C });
    check(b"\x3B\x02\x41", AtrError::Structure { expected: 4, found: 3 });
    check(b"\x3B\x80", AtrError::Structure { expected: 3, found: 2 });
    check(b"\x3B\x80\x80\x01\x02", AtrError::CheckByte { expected: 0x01, found: 0x02 });
    assert!(Atr::parse(b"\x3B\x04\x51\xFF\x08\x00").is_ok(), "T=0 only: no check byte");
    assert!(Atr::parse(b"\x3B\x80\x80\x01\x01").is_ok());
    assert!(Atr::parse(b"\x3B\x95\x13\x81\x01\x80\x73\xFF\x01\x00\x0B").is_ok());
}

prop_compose! {
    fn any_command()(
        header in any::<[u8; 4]>(),
        data in proptest::collection::vec(any::<u8>(), 0..600),
        le in proptest::option::of(1..=65_536u32),
    ) -> Command {
        let mut command = Command::new(header[0], header[1], header[2], header[3]).with_data(data);
        command.le = le;
        command
    }
}

proptest! {
    #[test]
    fn a_command_reads_back(command in any_command()) {
        prop_assert_eq!(Command::parse(&command.encode().unwrap()), Ok(command));
    }

    #[test]
    fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Command::parse(&bytes);
        let _ = tlv::read_all(&bytes);
        let _ = Atr::parse(&bytes);
        let _ = Response::parse(&bytes);
        prop_assert_eq!(autoenroll_apdu::redact_bytes(&bytes).len(), bytes.len());
    }

    #[test]
    fn a_chain_joins_what_was_cut(mut command in any_command(), chunk in 1..=255u8) {
        command.cla &= !0x10;
        let mut chain = Chain::default();
        let steps: Vec<_> = pieces(&command, chunk).into_iter().map(|piece| chain.push(piece)).collect();
        let (last, before) = steps.split_last().unwrap();
        prop_assert!(before.iter().all(|step| *step == ChainStep::More));
        prop_assert_eq!(last, &ChainStep::Whole(command));
    }

    #[test]
    fn an_answer_is_collected_whole(data in proptest::collection::vec(any::<u8>(), 0..3000), le in 1..=256u32) {
        let mut outgoing = Outgoing::default();
        let mut collector = Collector::new(header().with_le(le));
        let mut response = outgoing.begin(Response::ok(data.clone()), Some(le));
        let done = loop {
            match collector.feed(response) {
                Collected::Ask(command) => response = outgoing.next(command.le).unwrap(),
                other => break other,
            }
        };
        prop_assert_eq!(done, Collected::Done(Response::ok(data)));
    }

    #[test]
    fn tlv_reads_back(objects in proptest::collection::vec((1..0xFFFFu32, proptest::collection::vec(any::<u8>(), 0..300)), 0..5)) {
        let objects: Vec<_> = objects.into_iter().filter_map(|(n, v)| Some((Tag::from_number(n)?, v))).collect();
        let mut bytes = Vec::new();
        objects.iter().for_each(|(tag, value)| tlv::write(&mut bytes, *tag, value));
        let read: Vec<_> = tlv::read_all(&bytes).unwrap().iter().map(|o| (o.tag, o.value.to_vec())).collect();
        prop_assert_eq!(read, objects);
    }
}
