//! Answers of a policy server: what is read can be written as a world that loads.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("xcep", input));
