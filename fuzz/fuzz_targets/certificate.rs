//! An X.509 certificate, its names and extensions.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("certificate", input));
