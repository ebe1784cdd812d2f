//! What a template can ask for and this bench does not model. `docs/limits.md` has all limits, those too that no
//! word of the language can ask about.

use alloc::vec::Vec;

use crate::Template;

/// Something that a template asks for, and what happens instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The flag's word, or the beginning of the algorithm's name.
    pub asks: &'static str,
    /// What the bench does instead.
    pub instead: &'static str,
}

impl Limit {
    /// The limit that a flag of a template runs into.
    #[must_use]
    pub fn of_flag(word: &str) -> Option<&'static Self> {
        FLAGS.iter().find(|limit| limit.asks == word)
    }

    /// The limit that an algorithm of the CNG settings runs into.
    #[must_use]
    pub fn of_algorithm(name: &str) -> Option<&'static Self> {
        let known = matches!(name, "RSA" | "ECDSA_P256" | "ECDH_P256");
        ALGORITHMS.iter().find(|limit| !known && name.starts_with(limit.asks))
    }
}

impl Template {
    /// What of it is beyond the bench, each with the value that asks for it.
    #[must_use]
    pub fn limits(&self) -> Vec<(&str, &'static Limit)> {
        let words = self.private_key_flags.words().chain(self.enrollment_flags.unwrap_or_default().words());
        let flags = words.filter_map(|word| Some((word, Limit::of_flag(word)?)));
        let algorithm = self.cng.as_ref().and_then(|cng| cng.asymmetric_algorithm.as_deref());
        let algorithm = algorithm.and_then(|name| Some((name, Limit::of_algorithm(name)?)));
        flags.chain(algorithm).collect()
    }
}

const NO_ATTESTATION: &str =
    "there is no TPM: keys are not attested, and a CA whose template requires it refuses with 0x8009481A";

const FLAGS: &[Limit] = &[
    Limit { asks: "ek-trust-on-use", instead: NO_ATTESTATION },
    Limit { asks: "ek-validate-cert", instead: NO_ATTESTATION },
    Limit { asks: "ek-validate-key", instead: NO_ATTESTATION },
    Limit { asks: "attest-preferred", instead: NO_ATTESTATION },
    Limit { asks: "attest-required", instead: NO_ATTESTATION },
    Limit { asks: "attestation-without-policy", instead: NO_ATTESTATION },
    Limit {
        asks: "require-alternate-signature-algorithm",
        instead: "PSS is not built: requests and certificates are signed with PKCS #1 v1.5",
    },
    Limit {
        asks: "hello-logon-key",
        instead: "there is no Windows Hello container: the key is one of the first provider of the template",
    },
    Limit {
        asks: "allow-enroll-on-behalf-of",
        instead: "there is no enrollment on behalf of others: principals enroll for themselves only",
    },
    Limit {
        asks: "publish-to-kra-container",
        instead: "there is no container of key recovery agents: nothing is published there",
    },
];

/// The last is for every other name.
const ALGORITHMS: &[Limit] = &[
    Limit {
        asks: "ML-DSA",
        instead: "there are no ML-DSA keys, nor requests signed without a hash: the item fails with 0x80090008",
    },
    Limit { asks: "", instead: "keys are RSA or P-256: the item fails with 0x80090008" },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EnrollmentFlags, PrivateKeyFlags};

    #[test]
    fn each_flag_of_a_limit_is_a_flag_of_templates() {
        for limit in FLAGS {
            let known = PrivateKeyFlags::from_word(limit.asks).is_some();
            assert!(known || EnrollmentFlags::from_word(limit.asks).is_some(), "{}", limit.asks);
        }
    }

    #[test]
    fn what_the_bench_has_is_no_limit() {
        let check = |name: &str, asks: Option<&str>| {
            assert_eq!(Limit::of_algorithm(name).map(|limit| limit.asks), asks, "{name}");
        };
        check("RSA", None);
        check("ECDSA_P256", None);
        check("ML-DSA:65", Some("ML-DSA"));
        check("ECDSA_P384", Some(""));
        assert_eq!(Limit::of_flag("exportable-key"), None);
    }
}
