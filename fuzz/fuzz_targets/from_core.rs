//! A line that a core says: what is read is written and read again as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("from_core", input));
