//! Every rule by which the CA decides, with the code it refuses with.

use autoenroll_model::{HResult, RuleRow};

/// A statement about a request that the CA checks, in the order of [`RULES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRule {
    /// Id, statement and source. An id is `CA`, the section of the protocol description, a suffix.
    pub row: RuleRow,
    /// The code when it does not hold; `None` for a rule that chooses between two ways instead of refusing.
    pub refusal: Option<HResult>,
}

/// NTE_BAD_SIGNATURE. The specification asks for any nonzero error when a signature does not verify.
const NTE_BAD_SIGNATURE: HResult = HResult(0x8009_0006);

macro_rules! rules {
    ($( $name:ident = $id:literal, $refusal:expr, $source:literal, $statement:literal; )*) => {
        $( pub(crate) const $name: PolicyRule = PolicyRule {
            row: RuleRow { id: $id, statement: $statement, source: $source, roles: &[] },
            refusal: $refusal,
        }; )*

        /// Every rule, in the order in which a request meets them. A later one is decided only when all earlier ones
        /// that refuse have held, and only where it applies: renewal rules for renewals, archival rules for archival,
        /// and so on.
        pub const RULES: &[PolicyRule] = &[ $( $name, )* ];
    };
}

rules! {
    // Before the request gets a number.
    AUTHORITY = "CA3.8.authority", Some(HResult::E_INVALIDARG), "[MS-WCCE] 3.2.1.4.2.1.1",
        "the request is addressed to this CA by name, in any case";
    RUNNING = "CA6.1.running", Some(HResult::CERTSRV_E_SERVER_SUSPENDED), "[MS-ERREF]",
        "the CA is not suspended for a restore";
    CA_RIGHT = "CA3.7.3.ca", Some(HResult::CERTSRV_E_ENROLL_DENIED), "[MS-CSRA] 3.1.1.7",
        "the caller has the right to request certificates from this CA";

    // Form and signatures.
    FORM = "CA6.1.form", Some(HResult::ERROR_INVALID_DATA), "[MS-WCCE] 3.2.1.4.2.1.4.1",
        "the request is well-formed";
    TYPE = "CA3.8.type", Some(HResult::CRYPT_E_INVALID_MSG_TYPE), "[MS-WCCE] 3.2.1.4.2.1.4",
        "the request has the form that the flags announce";
    OPTIONS = "CA3.8.options", Some(HResult::E_INVALIDARG), "[MS-WCCE] 3.2.1.4.3.1.1",
        "the flags ask for nothing that this CA lacks: renewal on behalf, revocation lists, transparency, pre-signing";
    SIGNED = "CA6.1.signed", Some(HResult::CRYPT_E_NO_SIGNER), "[MS-WCCE] 3.2.1.4.2.1.4.1.3",
        "the message is signed";
    SIGNERS = "CA6.1.signers", Some(NTE_BAD_SIGNATURE), "[MS-WCCE] 3.2.1.4.2.1.4.1.3",
        "every signature of the message verifies under its signer's certificate";
    POSSESSION = "CA6.1.possession", Some(NTE_BAD_SIGNATURE), "[MS-WCCE] 3.2.1.4.2.1.4.1.1",
        "the signatures prove that the requester holds the private key";
    RENEWAL_CERTIFICATE = "CA3.7.8.certificate", Some(HResult::CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE),
        "[MS-WCCE] 3.2.1.4.2.1.4.2",
        "the renewal attribute holds a certificate, which is among the message's certificates and signed the message";
    SIGNER_ISSUER = "CA6.1.signer-issuer", Some(HResult::CERT_E_UNTRUSTEDROOT), "[MS-WCCE] 3.2.1.4.2.1.4.2",
        "the signing certificates were issued by a CA that this one trusts";
    SIGNER_TIME = "CA6.1.signer-time", Some(HResult::CERT_E_EXPIRED), "RFC 5280 6.1.3",
        "the signing certificates are within their validity";
    SIGNER_REVOKED = "CA6.1.signer-revoked", Some(HResult::CRYPT_E_REVOKED), "RFC 5280 6.1.3",
        "the signing certificates are not revoked";
    ON_BEHALF = "CA6.1.on-behalf", Some(HResult::CERTSRV_E_RESTRICTEDOFFICER), "[MS-WCCE] 3.2.2.6.2.1.2.1",
        "the request asks for a certificate for the caller itself; this CA has no enrollment agents";

    // Which template.
    TEMPLATE_NONE = "CA3.7.1.none", Some(HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE), "[MS-WCCE] 3.2.2.6.2.1.4.1",
        "the request identifies a template that this CA knows";
    TEMPLATE_SEVERAL = "CA3.7.1.several", Some(HResult::CERTSRV_E_TEMPLATE_CONFLICT), "[MS-WCCE] 3.2.2.6.2.1.4.1",
        "all identifiers in the request mean one template";
    TEMPLATE_OFFERED = "CA3.7.1.not-offered", Some(HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE),
        "[MS-WCCE] 3.2.2.6.2.1.4.1",
        "this CA is configured to issue the template";
    VERSION_MAJOR = "CA3.7.2.major", Some(HResult::CERTSRV_E_BAD_TEMPLATE_VERSION), "[MS-WCCE] 3.2.2.6.2.1.4.2",
        "the major version in the request is not above that of the CA's copy";
    VERSION_MINOR = "CA3.7.2.minor", Some(HResult::CERTSRV_E_BAD_TEMPLATE_VERSION), "[MS-WCCE] 3.2.2.6.2.1.4.2",
        "the minor version in the request is not above that of the CA's copy";
    RENEWAL_TEMPLATE = "CA3.7.8.template", Some(HResult::CERTSRV_E_TEMPLATE_CONFLICT), "[MS-WCCE] 3.2.2.6.2.1.2.3",
        "a renewal asks for the template of the old certificate";

    // What was approved before.
    PREVIOUS_APPROVAL = "CA3.7.9", None, "[MS-WCCE] 3.2.2.6.2.1.4.8",
        "the old certificate stands for an approval that need not be repeated";
    KEY_BASED = "CA3.7.9.key-based", None, "[MS-WCCE] 3.2.2.6.2.1.4.5.6",
        "the renewal is authorised by the old key alone";
    TEMPLATE_RIGHT = "CA3.7.3.template", Some(HResult::CERTSRV_E_TEMPLATE_DENIED), "[MS-WCCE] 3.2.2.6.2.1.4.3",
        "the caller may enroll for the template";

    // What the template demands; version 2 and later.
    CA_VERSION = "CA3.2.3.ca-version", Some(HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE), "[MS-WCCE] 3.2.2.6.2.1.4.5.7",
        "the CA is not older than the template demands";
    OVERLAP = "CA6.1.overlap", Some(HResult::CERTSRV_E_CERT_TYPE_OVERLAP), "[MS-WCCE] note 82",
        "a renewal's template has a renewal period shorter than its validity";
    RA_NONE = "CA3.7.4.none", Some(HResult::CERTSRV_E_SIGNATURE_POLICY_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.5.1",
        "where registration authorities must co-sign, one has";
    RA_COUNT = "CA3.7.4.count", Some(HResult::CERTSRV_E_SIGNATURE_COUNT), "[MS-WCCE] 3.2.2.6.2.1.4.5.1",
        "as many registration authorities have co-signed as must";
    RA_POLICY = "CA3.7.4.policy", Some(HResult::CERTSRV_E_SIGNATURE_REJECTED), "[MS-WCCE] 3.2.2.6.2.1.4.5.3",
        "each issuance policy demanded is in a co-signer's certificate";
    RA_USAGE = "CA3.7.4.usage", Some(HResult::CERTSRV_E_SIGNATURE_REJECTED), "[MS-WCCE] 3.2.2.6.2.1.4.5.4",
        "each application policy demanded is in a co-signer's extended key usage";
    KEY_LENGTH = "CA3.7.5", Some(HResult::CERTSRV_E_KEY_LENGTH), "[MS-WCCE] 3.2.2.6.2.1.4.5.2",
        "the key is as long as the template demands";
    SAME_KEY = "CA3.7.7", Some(HResult::CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY), "[MS-WCCE] 3.2.2.6.2.1.4.5.7",
        "a renewal that must keep the key keeps it";
    ATTESTATION = "CA3.2.3.attestation", Some(HResult::CERTSRV_E_KEY_ATTESTATION), "[MS-WCCE] 3.2.2.6.2.1.4.5.7",
        "the template demands no attestation (this CA could verify none)";
    ARCHIVAL_MISSING = "CA3.7.6.missing", Some(HResult::CERTSRV_E_ARCHIVED_KEY_REQUIRED),
        "[MS-WCCE] 3.2.2.6.2.1.4.5.7",
        "a request for a template with key archival carries the private key";
    ARCHIVAL_UNEXPECTED = "CA3.7.6.unexpected", Some(HResult::CERTSRV_E_ARCHIVED_KEY_UNEXPECTED), "[MS-ERREF]",
        "a request carries the private key only for a template with key archival";
    ARCHIVAL_CONFIGURED = "CA3.7.6.configured", Some(HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED),
        "[MS-WCCE] 3.2.2.6.2.1.3",
        "this CA can archive keys";
    ARCHIVAL_KEY = "CA3.7.6.key", Some(HResult::CERTSRV_E_BAD_REQUEST_KEY_ARCHIVAL), "[MS-WCCE] 3.2.2.6.2.1.2.2",
        "the archived key opens with the exchange key, has the hash stated, and is the one to be certified";

    // Names and policies of the certificate.
    ISSUANCE_POLICIES = "CA3.2.2.issuance-policies", Some(HResult::CERTSRV_E_TEMPLATE_CONFLICT),
        "[MS-WCCE] 3.2.2.6.2.1.4.5.8",
        "a template whose issuance policies the request selects has some";
    NAME_SUPPLIED = "CA3.2.4.supplied", Some(HResult::CERTSRV_E_BAD_REQUESTSUBJECT), "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "a request that must supply the subject does";
    NAME_DNS = "CA3.2.4.dns", Some(HResult::CERTSRV_E_SUBJECT_DNS_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.4.1",
        "the directory knows the DNS name that the template wants";
    NAME_MAIL = "CA3.2.4.mail", Some(HResult::CERTSRV_E_SUBJECT_EMAIL_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "the directory knows the e-mail address that the template wants";
    NAME_UPN = "CA3.2.4.upn", Some(HResult::CERTSRV_E_SUBJECT_UPN_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "the directory knows the user principal name that the template wants";
    NAME_GUID = "CA3.2.4.guid", Some(HResult::CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED),
        "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "the directory knows the object GUID that the template wants";
    NAME_PATH = "CA3.2.4.path", Some(HResult::CERTSRV_E_BAD_REQUESTSUBJECT), "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "the caller's distinguished name can be read";
    NAME_DOMAIN = "CA3.2.4.domain", Some(HResult::CERTSRV_E_SUBJECT_DNS_REQUIRED), "[MS-WCCE] 3.2.2.6.2.1.4.5.9",
        "the caller's distinguished name tells the DNS name of its domain";
    NAME_ANY = "CA3.2.4.any", Some(HResult::CERTSRV_E_BAD_REQUESTSUBJECT), "[MS-WCCE] 3.2.1.4.2.1.4.7",
        "the certificate would have a name, in subject or alternative name";
    NAME_LENGTHS = "CA3.2.4.lengths", Some(HResult::CERTSRV_E_BAD_REQUESTSUBJECT), "RFC 5280 appendix A.1",
        "no attribute of the subject is longer than its bound";
    VALIDITY = "CA6.1.ca-certificate", Some(HResult::CERTSRV_E_INVALID_CA_CERTIFICATE), "RFC 5280 6.1.3",
        "the CA's own certificate is valid now";
    PENDING = "CA3.7.10", None, "[MS-WCCE] 3.2.2.6.2.1.4.5.6",
        "the request waits for the CA manager";

    // Later questions about a request that has a number.
    KNOWN = "CA3.7.11.known", Some(HResult::CERTSRV_E_PROPERTY_EMPTY), "[MS-WCCE] 3.2.1.4.3.1.2",
        "there is a request of that number";
    MESSAGE = "CA3.7.12", None, "[MS-WCCE] note 82",
        "the reply carries a disposition message";
}
