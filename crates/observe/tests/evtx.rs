//! Logs as Windows keeps them: of our own making, damaged, and those of others where there are some.

use std::fs;

use autoenroll_observe::{Format, Log, Problem, ReadError, Timeline, read};
use roxmltree::{Document, Node};

/// A folder with .evtx files, such as the `samples` of the repository of the crate `evtx`, which its package lacks.
const SAMPLES: &str = "AUTOENROLL_EVTX_SAMPLES";

const DENIED: &str = include_str!("../../../tests/logs/denied.xml");
const LIFE: &str = include_str!("../../../tests/logs/life-of-a-certificate.xml");
const MACHINE: &str = include_str!("../../../tests/logs/machine.xml");
const PASSED_OVER: &str = include_str!("../../../tests/logs/templates-passed-over.xml");
const SYSTEM: &str = include_str!("../../../tests/logs/system.xml");

const CHUNK: usize = 0x1_0000;
const RECORDS: usize = 0x200;

/// A log of one chunk with these events, by the public description of the format (libyal/libevtx, Windows XML Event
/// Log; [MS-EVEN6] 2.2.12 for the records). Names stand where they are used, and there are no templates.
fn log(events: &[&str]) -> Vec<u8> {
    let mut chunk = vec![0; RECORDS];
    let mut last = 0;
    for (at, event) in events.iter().enumerate() {
        last = chunk.len();
        let number = at as u64 + 1;
        let document = Document::parse(event).expect("it fits");
        chunk.extend([0x2A, 0x2A, 0, 0, 0, 0, 0, 0]);
        chunk.extend(number.to_le_bytes());
        chunk.extend(0x01DC_AA13_0000_0000_u64.to_le_bytes());
        chunk.extend([0x0F, 1, 1, 0]);
        element(document.root_element(), &mut chunk);
        chunk.push(0);
        chunk.resize(chunk.len().next_multiple_of(8) + 4, 0);
        let size = u32::try_from(chunk.len() + 4 - last).expect("it fits").to_le_bytes();
        chunk.extend(size);
        chunk[last + 4..last + 8].copy_from_slice(&size);
    }
    let free = chunk.len();
    assert!(free < CHUNK, "the events fill more than one chunk");
    let (count, checksum) = (events.len() as u64, evtx::checksum_ieee(&chunk[RECORDS..free]));
    chunk.resize(CHUNK, 0);
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    for (at, number) in [1, count, 1, count].into_iter().enumerate() {
        chunk[8 + 8 * at..16 + 8 * at].copy_from_slice(&u64::to_le_bytes(number));
    }
    let (last, free) = (u32::try_from(last).expect("it fits"), u32::try_from(free).expect("it fits"));
    for (at, number) in [128, last, free, checksum].into_iter().enumerate() {
        chunk[40 + 4 * at..44 + 4 * at].copy_from_slice(&u32::to_le_bytes(number));
    }
    let checked: Vec<u8> = [&chunk[..120], &chunk[128..RECORDS]].concat();
    chunk[124..128].copy_from_slice(&evtx::checksum_ieee(&checked).to_le_bytes());

    let mut file = b"ElfFile\0".to_vec();
    for number in [0, 0, count + 1] {
        file.extend(u64::to_le_bytes(number));
    }
    file.extend([128, 0, 0, 0, 1, 0, 3, 0, 0, 0x10, 1, 0]);
    file.resize(120, 0);
    let checksum = evtx::checksum_ieee(&file);
    file.extend([0; 4]);
    file.extend(checksum.to_le_bytes());
    file.resize(0x1000, 0);
    file.extend(chunk);
    file
}

/// An element with its attributes, texts and children, as binary XML.
fn element(node: Node<'_, '_>, chunk: &mut Vec<u8>) {
    let attributes: Vec<_> = node.attributes().collect();
    chunk.push(if attributes.is_empty() { 0x01 } else { 0x41 });
    let size = placeholder(chunk);
    name(node.tag_name().name(), chunk);
    if !attributes.is_empty() {
        let list = placeholder(chunk);
        for (at, attribute) in attributes.iter().enumerate() {
            chunk.push(if at + 1 < attributes.len() { 0x46 } else { 0x06 });
            name(attribute.name(), chunk);
            text(attribute.value(), chunk);
        }
        fill(list, chunk);
    }
    let children =
        node.children().filter(|child| child.is_element() || child.text().is_some_and(|text| !text.trim().is_empty()));
    let children: Vec<_> = children.collect();
    if children.is_empty() {
        chunk.push(0x03);
    } else {
        chunk.push(0x02);
        for child in children {
            match child.text().filter(|_| child.is_text()) {
                Some(value) => text(value, chunk),
                None => element(child, chunk),
            }
        }
        chunk.push(0x04);
    }
    fill(size, chunk);
}

/// A name where it is used: its place in the chunk, then itself.
fn name(name: &str, chunk: &mut Vec<u8>) {
    let place = u32::try_from(chunk.len() + 4).expect("it fits");
    chunk.extend(place.to_le_bytes());
    chunk.extend([0; 4]);
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(unit.into()));
    chunk.extend(u16::try_from(hash & 0xFFFF).expect("it fits").to_le_bytes());
    chunk.extend(u16::try_from(name.encode_utf16().count()).expect("it fits").to_le_bytes());
    chunk.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
}

fn text(value: &str, chunk: &mut Vec<u8>) {
    chunk.extend([0x05, 0x01]);
    chunk.extend(u16::try_from(value.encode_utf16().count()).expect("it fits").to_le_bytes());
    chunk.extend(value.encode_utf16().flat_map(u16::to_le_bytes));
}

fn placeholder(chunk: &mut Vec<u8>) -> usize {
    chunk.extend([0; 4]);
    chunk.len()
}

/// The size of what follows a placeholder.
fn fill(from: usize, chunk: &mut [u8]) {
    let size = u32::try_from(chunk.len() - from).expect("it fits");
    chunk[from - 4..from].copy_from_slice(&size.to_le_bytes());
}

/// The events of a text, one by one.
fn events(text: &str) -> Vec<&str> {
    text.split_inclusive("</Event>").filter_map(|event| event.find("<Event ").map(|at| &event[at..])).collect()
}

#[test]
fn a_log_says_the_same_as_its_export() {
    for text in [DENIED, LIFE, MACHINE, PASSED_OVER, SYSTEM] {
        let (exported, kept) = (read(text.as_bytes()).unwrap(), read(&log(&events(text))).unwrap());
        assert_eq!((kept.format, kept.all, kept.problems.as_slice()), (Format::Evtx, exported.all, &[][..]), "{text}");
        let (exported, kept) = (Timeline::new(&[exported]), Timeline::new(&[kept]));
        assert!(!exported.seen.is_empty());
        assert_eq!(kept.seen, exported.seen, "{text}");
    }
}

#[test]
fn a_damaged_log_is_read_as_far_as_it_goes() {
    let events = events(LIFE);
    let good = log(&events);
    assert!(matches!(read(b"ElfFile\0and nothing else"), Err(ReadError::Evtx(_))));
    let cut = read(&good[..0x1000 + CHUNK / 4]).unwrap();
    assert!(0 < cut.all && cut.all < events.len(), "{} {:?}", cut.all, cut.problems);
    assert_eq!(cut.problems.first(), Some(&Problem::CutOff));
    let mut lost = 0;
    for at in (0x1000..0x1000 + CHUNK).step_by(211) {
        let mut bytes = good.clone();
        bytes[at] ^= 0xFF;
        if let Ok(log) = read(&bytes) {
            lost += log.lost;
            assert!(log.all <= events.len() + 1);
        }
    }
    assert!(lost > 0, "some of so many edits must be noticed");
}

/// Every record of a log of others is an event or a problem; most are events.
#[test]
#[expect(clippy::disallowed_methods, reason = "logs of others are not in this repository")]
fn logs_of_others_are_read_whole() {
    let Some(folder) = std::env::var_os(SAMPLES) else {
        println!("{SAMPLES} names no folder with .evtx files of others; only our own are read");
        return;
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "evtx")).collect();
    let mut whole = 0;
    for path in &files {
        let bytes = fs::read(path).unwrap();
        // A large file may stand there by its name only.
        if bytes.is_empty() {
            continue;
        }
        let log = read(&bytes).unwrap();
        let Log { all, lost, events, problems, .. } = &log;
        println!("{}: {all} events, {lost} lost, {} told {problems:?}", path.display(), events.len());
        assert!(*all > 10 * lost, "{}: {problems:?}", path.display());
        whole += 1;
    }
    assert!(whole > 0, "{SAMPLES} has no .evtx file");
}
