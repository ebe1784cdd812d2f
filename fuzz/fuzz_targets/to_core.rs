//! Lines that a bench says to the own core: it answers each, and says why where it ends.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("to_core", input));
