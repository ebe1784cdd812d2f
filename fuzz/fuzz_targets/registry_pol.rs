//! A Registry.pol: what is read is written and read again as the same, and as a world.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("registry_pol", input));
