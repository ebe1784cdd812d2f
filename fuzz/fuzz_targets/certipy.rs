//! JSON that certipy's `find` printed: what is read can be written as a world.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("certipy", input));
