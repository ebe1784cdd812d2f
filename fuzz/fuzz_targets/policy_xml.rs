//! What lies beside a Registry.pol: XML of backups and reports, GPT.INI.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| autoenroll_abuse::readers::Reader::survives("policy_xml", input));
