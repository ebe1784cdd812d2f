//! What services answer: clients read it, or say what it is.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("service_answer", input));
