//! What the bits of `AEPolicy` allow a run to do.

bitflags::bitflags! {
    /// The effective autoenrollment policy, `AEPolicy` ([MS-CAESO] 4.4.5.1). Each bit works alone, except that
    /// [`DISABLED`](Self::DISABLED) outweighs the others. [MS-CAESO] gives the bits no names; these say what they allow.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct AePolicy: u32 {
        /// New enrollments, and certificates of a newer version of their template.
        const ENROLL = 0x0001;
        /// Renew, archive and delete certificates; clean up `userCertificate`.
        const MANAGE = 0x0002;
        /// Fetch the results of pending requests.
        const RETRIEVE = 0x0004;
        /// A run does nothing at all.
        const DISABLED = 0x8000;
        const _ = !0;
    }
}
