//! LDIF of a directory: what is read can be written as a world, as templates, and as LDIF again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("ldif", input));
