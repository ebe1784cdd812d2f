//! Keyed entropy, fixture key pools, RSA and P-256 keys.
