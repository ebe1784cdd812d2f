//! A request to a CA, PKCS #10, CMS or CMC: what is issued is for the key that the request proves.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("request", input));
