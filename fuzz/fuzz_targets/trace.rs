//! A trace file, as `autoenroll check-trace` reads it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("trace", input));
