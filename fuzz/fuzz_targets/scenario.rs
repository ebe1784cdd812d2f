//! Scenario and fixture files, TOML or JSON: whatever they say, problems have a code and a place, and what can be read
//! can be formatted.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("scenario", input));
