//! Numbers of the enrollment interface, by the names that the Windows SDK publishes (certcli.h, certenroll.h).
//!
//! The third set of numbers, dispositions, has an enumeration: [`Disposition`](autoenroll_model::Disposition).

use autoenroll_model::KeySpec;

/// `dwFlags`, RequestType: the CA finds out the form of the request ([MS-WCCE] 3.2.1.4.3.1.1).
pub const CR_IN_FORMATANY: u32 = 0x0000_0000;
/// `dwFlags`, RequestType: PKCS #10.
pub const CR_IN_PKCS10: u32 = 0x0000_0100;
/// `dwFlags`, RequestType: Netscape's KEYGEN.
pub const CR_IN_KEYGEN: u32 = 0x0000_0200;
/// `dwFlags`, RequestType: PKCS #7 or CMS around another form.
pub const CR_IN_PKCS7: u32 = 0x0000_0300;
/// `dwFlags`, RequestType: CMC full request.
pub const CR_IN_CMC: u32 = 0x0000_0400;
/// `dwFlags`, RequestType: the answer to a challenge of key attestation.
pub const CR_IN_CHALLENGERESPONSE: u32 = 0x0000_0500;
/// The bits of `dwFlags` that hold the RequestType.
pub const CR_IN_FORMATMASK: u32 = 0x0000_FF00;

/// `dwFlags`, Flags, bit Y: respond with a CMC full response instead of certificates in a CMS ([MS-WCCE] 3.2.1.4.3.1.1).
pub const CR_IN_FULLRESPONSE: u32 = 0x0004_0000;
/// `dwFlags`, Flags, bit X: put the revocation lists into the response.
pub const CR_IN_CRLS: u32 = 0x0008_0000;
/// `dwFlags`, Flags, bit Z: renew on behalf of another user.
pub const CR_IN_ROBO: u32 = 0x0020_0000;
/// `dwFlags`, ExtendedFlags, bit A: a request of certificate transparency.
pub const CR_IN_CERTIFICATETRANSPARENCY: u32 = 0x0400_0000;
/// `dwFlags`, ExtendedFlags, bit B: a request to pre-sign a certificate.
pub const CR_IN_PRESIGN: u32 = 0x0800_0000;

/// `KeySpec` of the CSP provider attribute: a key of a key storage provider ([MS-WCCE] 2.2.2.7.2).
pub const XCN_AT_NONE: u32 = 0;
/// `KeySpec` of the CSP provider attribute: a key for key exchange, which may sign as well.
pub const XCN_AT_KEYEXCHANGE: u32 = 1;
/// `KeySpec` of the CSP provider attribute: a key that only signs.
pub const XCN_AT_SIGNATURE: u32 = 2;

/// The number of a key spec in requests and templates.
#[must_use]
pub const fn key_spec(spec: KeySpec) -> u32 {
    match spec {
        KeySpec::Exchange => XCN_AT_KEYEXCHANGE,
        KeySpec::Signature => XCN_AT_SIGNATURE,
    }
}
