//! What comes to policy and enrollment services: an answer or a fault, and certificates for keys of requests alone.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("soap", input));
