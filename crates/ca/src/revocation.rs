//! Why a certificate is revoked.

autoenroll_model::words! {
    /// CRLReason (RFC 5280 5.3.1), those that a CA manager can choose.
    pub enum RevocationReason as "revocation reason" {
        /// 0.
        Unspecified = "unspecified",
        /// 1.
        KeyCompromise = "key-compromise",
        /// 2.
        CaCompromise = "ca-compromise",
        /// 3.
        AffiliationChanged = "affiliation-changed",
        /// 4.
        Superseded = "superseded",
        /// 5.
        CessationOfOperation = "cessation-of-operation",
        /// 6; the only one that can be taken back.
        CertificateHold = "certificate-hold",
    }
}
