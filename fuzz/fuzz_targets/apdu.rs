//! A command or response APDU, an answer to reset, BER-TLV, a file of a GIDS card.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("apdu", input));
