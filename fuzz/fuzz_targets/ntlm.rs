//! What comes in place of an answer of NTLM: it lets nobody in.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("ntlm", input));
