//! What comes to the LDAP port of a world: what goes back is messages, and nobody writes without a password.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("ldap", input));
