//! HRESULTs by number and name.

use alloc::string::ToString;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fact, Text};

/// A failure code. Prints as `0x8010006C SCARD_W_CHV_BLOCKED`; unknown ones as the number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct HResult(pub u32);

impl HResult {
    /// The symbolic name, when it is one that this bench can produce.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(code, _)| *code == self).map(|(_, name)| *name)
    }

    /// The code of a symbolic name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(code, _)| *code)
    }
}

impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "0x{:08X} {name}", self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

/// The code with its name, as it prints.
impl From<HResult> for Fact {
    fn from(code: HResult) -> Self {
        // Most effects end well.
        const WELL: Text = Text::new_static("0x00000000 S_OK");
        if code == HResult::S_OK { Self::Text(WELL) } else { code.to_string().into() }
    }
}

impl core::error::Error for HResult {}

macro_rules! hresults {
    ($( $(#[$meta:meta])* $name:ident = $code:literal; )*) => {
        impl HResult { $( $(#[$meta])* pub const $name: Self = Self($code); )* }
        /// Every named code.
        pub const NAMES: &[(HResult, &str)] = &[ $( (HResult::$name, stringify!($name)), )* ];
    };
}

hresults! {
    /// Success.
    S_OK = 0x0000_0000;
    /// A driver gave an answer that does not fit the question.
    E_UNEXPECTED = 0x8000_FFFF;
    /// Access denied.
    E_ACCESSDENIED = 0x8007_0005;
    /// Malformed request.
    ERROR_INVALID_DATA = 0x8007_000D;
    /// Wrong CA name, or another argument that is not one.
    E_INVALIDARG = 0x8007_0057;
    /// The domain does not exist or cannot be contacted.
    ERROR_NO_SUCH_DOMAIN = 0x8007_054B;
    /// The LDAP server is down.
    ERROR_DS_SERVER_DOWN = 0x8007_203A;
    /// Time-out of the network.
    ERROR_SEM_TIMEOUT = 0x8007_0079;
    /// The CA's host is down.
    RPC_S_SERVER_UNAVAILABLE = 0x8007_06BA;

    /// Subject name in the request unusable.
    CERTSRV_E_BAD_REQUESTSUBJECT = 0x8009_4001;
    /// Request row unknown.
    CERTSRV_E_NO_REQUEST = 0x8009_4002;
    /// The request is not in the state the operation needs.
    CERTSRV_E_BAD_REQUESTSTATUS = 0x8009_4003;
    /// A status query found nothing.
    CERTSRV_E_PROPERTY_EMPTY = 0x8009_4004;
    /// The CA certificate is broken.
    CERTSRV_E_INVALID_CA_CERTIFICATE = 0x8009_4005;
    /// The CA is being restored.
    CERTSRV_E_SERVER_SUSPENDED = 0x8009_4006;
    /// Enrollment agent not allowed for this subject or template.
    CERTSRV_E_RESTRICTEDOFFICER = 0x8009_4009;
    /// The CA cannot archive keys.
    CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED = 0x8009_400A;
    /// No recovery agent certificate is valid.
    CERTSRV_E_NO_VALID_KRA = 0x8009_400B;
    /// Archival blob in the wrong place.
    CERTSRV_E_BAD_REQUEST_KEY_ARCHIVAL = 0x8009_400C;
    /// Renewal attribute without a usable certificate.
    CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE = 0x8009_400E;
    /// No Request right on the CA.
    CERTSRV_E_ENROLL_DENIED = 0x8009_4011;
    /// No Enroll right on the template.
    CERTSRV_E_TEMPLATE_DENIED = 0x8009_4012;
    /// The domain controller cannot sign LDAP.
    CERTSRV_E_DOWNLEVEL_DC_SSL_OR_UPGRADE = 0x8009_4013;
    /// The manager denied the request.
    CERTSRV_E_ADMIN_DENIED_REQUEST = 0x8009_4014;
    /// No enrollment policy server found.
    CERTSRV_E_NO_POLICY_SERVER = 0x8009_4015;
    /// The CA does not issue this template.
    CERTSRV_E_UNSUPPORTED_CERT_TYPE = 0x8009_4800;
    /// No template in the request.
    CERTSRV_E_NO_CERT_TYPE = 0x8009_4801;
    /// The request's identifiers name several templates.
    CERTSRV_E_TEMPLATE_CONFLICT = 0x8009_4802;
    /// Subject alternative name missing.
    CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED = 0x8009_4803;
    /// Archival required but absent.
    CERTSRV_E_ARCHIVED_KEY_REQUIRED = 0x8009_4804;
    /// S/MIME extension missing.
    CERTSRV_E_SMIME_REQUIRED = 0x8009_4805;
    /// Caller differs from the certificate's subject.
    CERTSRV_E_BAD_RENEWAL_SUBJECT = 0x8009_4806;
    /// The request's template version is newer than the CA's copy.
    CERTSRV_E_BAD_TEMPLATE_VERSION = 0x8009_4807;
    /// The template lacks a signature policy.
    CERTSRV_E_TEMPLATE_POLICY_REQUIRED = 0x8009_4808;
    /// A co-signature is required and none is there.
    CERTSRV_E_SIGNATURE_POLICY_REQUIRED = 0x8009_4809;
    /// Too few co-signatures.
    CERTSRV_E_SIGNATURE_COUNT = 0x8009_480A;
    /// The co-signing certificate lacks EKU or policy.
    CERTSRV_E_SIGNATURE_REJECTED = 0x8009_480B;
    /// The co-signing certificate lacks the issuance policy.
    CERTSRV_E_ISSUANCE_POLICY_REQUIRED = 0x8009_480C;
    /// The directory object has no user principal name.
    CERTSRV_E_SUBJECT_UPN_REQUIRED = 0x8009_480D;
    /// The directory object has no GUID.
    CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED = 0x8009_480E;
    /// The directory object has no DNS host name.
    CERTSRV_E_SUBJECT_DNS_REQUIRED = 0x8009_480F;
    /// Archival not wanted.
    CERTSRV_E_ARCHIVED_KEY_UNEXPECTED = 0x8009_4810;
    /// Key too short.
    CERTSRV_E_KEY_LENGTH = 0x8009_4811;
    /// The directory object has no e-mail address.
    CERTSRV_E_SUBJECT_EMAIL_REQUIRED = 0x8009_4812;
    /// The CA is configured with an unknown template.
    CERTSRV_E_UNKNOWN_CERT_TYPE = 0x8009_4813;
    /// Renewal period longer than validity.
    CERTSRV_E_CERT_TYPE_OVERLAP = 0x8009_4814;
    /// More than one co-signature required.
    CERTSRV_E_TOO_MANY_SIGNATURES = 0x8009_4815;
    /// Same-key renewal with another key.
    CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY = 0x8009_4816;
    /// Endorsement certificate bad.
    CERTSRV_E_INVALID_EK = 0x8009_4817;
    /// Attestation missing.
    CERTSRV_E_KEY_ATTESTATION = 0x8009_481A;

    /// Wrong request format.
    CRYPT_E_INVALID_MSG_TYPE = 0x8009_1004;
    /// Object or property absent.
    CRYPT_E_NOT_FOUND = 0x8009_2004;
    /// Unsigned message.
    CRYPT_E_NO_SIGNER = 0x8009_200E;
    /// Certificate revoked.
    CRYPT_E_REVOKED = 0x8009_2010;
    /// Revocation cannot be checked.
    CRYPT_E_NO_REVOCATION_CHECK = 0x8009_2012;
    /// Revocation list offline.
    CRYPT_E_REVOCATION_OFFLINE = 0x8009_2013;
    /// Certificate outside its validity.
    CERT_E_EXPIRED = 0x800B_0101;
    /// Root not trusted.
    CERT_E_UNTRUSTEDROOT = 0x800B_0109;
    /// Chain incomplete.
    CERT_E_CHAINING = 0x800B_010A;
    /// Certificate explicitly revoked.
    CERT_E_REVOKED = 0x800B_010C;
    /// CA not trusted for this use.
    CERT_E_UNTRUSTEDCA = 0x800B_0112;

    /// Cancelled by the system.
    SCARD_E_CANCELLED = 0x8010_0002;
    /// Reader name unknown.
    SCARD_E_UNKNOWN_READER = 0x8010_0009;
    /// Time-out.
    SCARD_E_TIMEOUT = 0x8010_000A;
    /// Another process holds the card.
    SCARD_E_SHARING_VIOLATION = 0x8010_000B;
    /// No card in the reader.
    SCARD_E_NO_SMARTCARD = 0x8010_000C;
    /// Card name not recognised.
    SCARD_E_UNKNOWN_CARD = 0x8010_000D;
    /// Reader or card not ready.
    SCARD_E_NOT_READY = 0x8010_0010;
    /// Resource manager not running.
    SCARD_E_NO_SERVICE = 0x8010_001D;
    /// Resource manager stopped.
    SCARD_E_SERVICE_STOPPED = 0x8010_001E;
    /// No primary provider for the card.
    SCARD_E_ICC_INSTALLATION = 0x8010_0020;
    /// The card cannot do it.
    SCARD_E_UNSUPPORTED_FEATURE = 0x8010_0022;
    /// Directory on the card not found.
    SCARD_E_DIR_NOT_FOUND = 0x8010_0023;
    /// File on the card not found.
    SCARD_E_FILE_NOT_FOUND = 0x8010_0024;
    /// Write larger than the object.
    SCARD_E_WRITE_TOO_MANY = 0x8010_0028;
    /// PIN of a wrong shape.
    SCARD_E_INVALID_CHV = 0x8010_002A;
    /// Certificate not on the card.
    SCARD_E_NO_SUCH_CERTIFICATE = 0x8010_002C;
    /// Certificate could not be obtained.
    SCARD_E_CERTIFICATE_UNAVAILABLE = 0x8010_002D;
    /// No reader.
    SCARD_E_NO_READERS_AVAILABLE = 0x8010_002E;
    /// Container missing.
    SCARD_E_NO_KEY_CONTAINER = 0x8010_0030;
    /// Read-only card.
    SCARD_E_READ_ONLY_CARD = 0x8010_0034;
    /// ATR conflict.
    SCARD_W_UNSUPPORTED_CARD = 0x8010_0065;
    /// No answer to reset.
    SCARD_W_UNRESPONSIVE_CARD = 0x8010_0066;
    /// No power.
    SCARD_W_UNPOWERED_CARD = 0x8010_0067;
    /// Reset by another program.
    SCARD_W_RESET_CARD = 0x8010_0068;
    /// Card removed.
    SCARD_W_REMOVED_CARD = 0x8010_0069;
    /// Access denied by the card.
    SCARD_W_SECURITY_VIOLATION = 0x8010_006A;
    /// Wrong PIN.
    SCARD_W_WRONG_CHV = 0x8010_006B;
    /// PIN attempts used up.
    SCARD_W_CHV_BLOCKED = 0x8010_006C;
    /// Cancelled by the user.
    SCARD_W_CANCELLED_BY_USER = 0x8010_006E;
    /// No PIN presented.
    SCARD_W_CARD_NOT_AUTHENTICATED = 0x8010_006F;

    /// Key size refused.
    NTE_BAD_LEN = 0x8009_0004;
    /// A signature does not verify.
    NTE_BAD_SIGNATURE = 0x8009_0006;
    /// Algorithm refused.
    NTE_BAD_ALGID = 0x8009_0008;
    /// Container empty.
    NTE_NO_KEY = 0x8009_000D;
    /// Container exists already.
    NTE_EXISTS = 0x8009_000F;
    /// Access denied by the key.
    NTE_PERM = 0x8009_0010;
    /// Provider broken.
    NTE_BAD_PROVIDER = 0x8009_0013;
    /// Container missing.
    NTE_BAD_KEYSET = 0x8009_0016;
    /// Provider not installed.
    NTE_KEYSET_NOT_DEF = 0x8009_0019;
    /// Provider library failed.
    NTE_PROVIDER_DLL_FAIL = 0x8009_001D;
    /// Internal error of the provider.
    NTE_FAIL = 0x8009_0020;
    /// A user is needed and none may be asked.
    NTE_SILENT_CONTEXT = 0x8009_0022;
    /// No room for another container.
    NTE_TOKEN_KEYSET_STORAGE_FULL = 0x8009_0023;
    /// Not supported.
    NTE_NOT_SUPPORTED = 0x8009_0029;
    /// User input needed.
    NTE_UI_REQUIRED = 0x8009_002E;

    /// No domain controller for a logon. This one and those that follow are NTSTATUS values ([MS-ERREF] 2.3.1), which
    /// logons end with.
    STATUS_NO_LOGON_SERVERS = 0xC000_005E;
    /// Logon failure.
    STATUS_LOGON_FAILURE = 0xC000_006D;
    /// The certificate has no user principal name, or another one than the account.
    STATUS_PKINIT_NAME_MISMATCH = 0xC000_02F9;
    /// The certificate of the card is revoked.
    STATUS_SMARTCARD_CERT_REVOKED = 0xC000_0389;
    /// The CA of the card's certificate is not trusted for logon.
    STATUS_ISSUING_CA_UNTRUSTED = 0xC000_038A;
    /// The certificate of the card is not trusted.
    STATUS_PKINIT_CLIENT_FAILURE = 0xC000_038C;
    /// The certificate of the card has expired.
    STATUS_SMARTCARD_CERT_EXPIRED = 0xC000_038D;
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn codes_and_names_are_unique() {
        for (at, (code, name)) in NAMES.iter().enumerate() {
            assert!(NAMES[..at].iter().all(|(other, known)| other != code && known != name), "{name}");
            assert_eq!(HResult::from_name(name), Some(*code));
        }
        assert_eq!(HResult::SCARD_W_CHV_BLOCKED.to_string(), "0x8010006C SCARD_W_CHV_BLOCKED");
        assert_eq!(HResult(1).to_string(), "0x00000001");
    }
}
