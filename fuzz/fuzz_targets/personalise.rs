//! What a card is personalised with: PIN, container name, certificate.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("personalise", input));
