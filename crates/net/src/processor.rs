//! The cryptography of TLS, where the processor has what it is written for: without, its first use would end the
//! process.

use std::fmt;

use rustls::crypto::CryptoProvider;

/// The processor lacks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorLacks(Vec<&'static str>);

impl fmt::Display for ProcessorLacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lacks = self.0.join(", ");
        write!(f, "TLS needs a processor that has {lacks}, as most since 2014 have, and this one has not")
    }
}

impl std::error::Error for ProcessorLacks {}

/// The cryptography of TLS.
///
/// # Errors
/// When the processor lacks instructions that it is written in.
pub(crate) fn provider() -> Result<CryptoProvider, ProcessorLacks> {
    let lacks = missing(&features());
    if lacks.is_empty() { Ok(rustls_graviola::default_provider()) } else { Err(ProcessorLacks(lacks)) }
}

/// What is needed, and whether this processor has it. The list is that of the README of `graviola`.
#[cfg(target_arch = "x86_64")]
fn features() -> [(&'static str, bool); 8] {
    use std::arch::is_x86_feature_detected as has;
    [
        ("aes", has!("aes")),
        ("ssse3", has!("ssse3")),
        ("avx", has!("avx")),
        ("avx2", has!("avx2")),
        ("adx", has!("adx")),
        ("bmi1", has!("bmi1")),
        ("bmi2", has!("bmi2")),
        ("pclmulqdq", has!("pclmulqdq")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn features() -> [(&'static str, bool); 4] {
    use std::arch::is_aarch64_feature_detected as has;
    [("aes", has!("aes")), ("sha2", has!("sha2")), ("pmull", has!("pmull")), ("neon", has!("neon"))]
}

fn missing(features: &[(&'static str, bool)]) -> Vec<&'static str> {
    features.iter().filter(|(_, has)| !has).map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(&[("aes", true), ("adx", false), ("bmi2", false)]), ["adx", "bmi2"]);
        let told = ProcessorLacks(vec!["adx", "bmi2"]).to_string();
        let expected = "TLS needs a processor that has adx, bmi2, as most since 2014 have, and this one has not";
        assert_eq!(told, expected);
        assert!(provider().is_ok(), "these tests could not run");
    }
}
