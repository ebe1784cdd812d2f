//! Certificate templates as the directory publishes them ([MS-CRTD]), and the CAs that offer them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{Duration, HashAlgorithm, KeyAlgorithm, SecurityDescriptor};

/// One certificate template ([MS-CRTD] 2). Attribute values as published: nothing is sorted, clamped or defaulted here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Template {
    /// `cn`, the identity of a version 1 template ([MS-CRTD] 2.1).
    pub name: String,
    /// `displayName` ([MS-CRTD] 2.2).
    pub display_name: String,
    /// `msPKI-Cert-Template-OID`, the identity from version 2 on ([MS-CRTD] 2.20).
    pub oid: Option<Oid>,
    /// What that attribute says where it is no object identifier; then [`Self::oid`] is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub malformed_oid: Option<String>,
    /// `msPKI-Template-Schema-Version`; `None` when the attribute is absent, which means 1 ([MS-CRTD] 2.16).
    pub schema: Option<u32>,
    /// `revision`, the major version ([MS-CRTD] 2.6).
    pub revision: u32,
    /// `msPKI-Template-Minor-Revision` ([MS-CRTD] 2.17).
    pub minor: u32,
    /// `flags` ([MS-CRTD] 2.4).
    pub flags: GeneralFlags,
    /// `msPKI-Enrollment-Flag` ([MS-CRTD] 2.26); `None` when the attribute is absent.
    pub enrollment_flags: Option<EnrollmentFlags>,
    /// `msPKI-Private-Key-Flag` ([MS-CRTD] 2.27).
    pub private_key_flags: PrivateKeyFlags,
    /// `msPKI-Certificate-Name-Flag` ([MS-CRTD] 2.28).
    pub name_flags: NameFlags,
    /// `msPKI-RA-Signature`: how many registration authorities must co-sign ([MS-CRTD] 2.18).
    pub ra_signatures: u32,
    /// EKUs that a co-signing certificate must have, from `msPKI-RA-Application-Policies` ([MS-CRTD] 2.23).
    pub ra_application_policies: Vec<Oid>,
    /// Issuance policies that a co-signing certificate must have ([MS-CRTD] 2.22).
    pub ra_policies: Vec<Oid>,
    /// Settings for CNG providers that versions 3 and 4 pack into `msPKI-RA-Application-Policies` ([MS-CRTD] 2.23.2).
    pub cng: Option<CngSettings>,
    /// `pKIDefaultKeySpec` ([MS-CRTD] 2.9).
    pub key_spec: KeySpec,
    /// `msPKI-Minimal-Key-Size` in bits ([MS-CRTD] 2.19).
    pub minimal_key_size: u32,
    /// `pKIDefaultCSPs` in the order received, which is no order ([MS-CRTD] 2.8).
    pub providers: Vec<ProviderPreference>,
    /// `pKIExpirationPeriod`: how long certificates live ([MS-CRTD] 2.11).
    pub validity: Duration,
    /// `pKIOverlapPeriod`: how long before the end renewal begins ([MS-CRTD] 2.15).
    pub renewal_period: Duration,
    /// `pKIKeyUsage`: the X.509 key usage bits ([MS-CRTD] 2.13).
    pub key_usage: KeyUsage,
    /// `pKIExtendedKeyUsage` ([MS-CRTD] 2.12).
    pub eku: Vec<Oid>,
    /// `msPKI-Certificate-Application-Policy` ([MS-CRTD] 2.25).
    pub application_policies: Vec<Oid>,
    /// `msPKI-Certificate-Policy` ([MS-CRTD] 2.24).
    pub certificate_policies: Vec<Oid>,
    /// `pKICriticalExtensions` ([MS-CRTD] 2.7).
    pub critical_extensions: Vec<Oid>,
    /// `msPKI-Supersede-Templates`: names of the templates this one replaces ([MS-CRTD] 2.21).
    pub supersedes: Vec<String>,
    /// `pKIMaxIssuingDepth`; -1 for no limit ([MS-CRTD] 2.14).
    pub max_issuing_depth: i32,
    /// `nTSecurityDescriptor` ([MS-CRTD] 2.5).
    pub security: SecurityDescriptor,
}

/// Nothing at all, not even a name.
impl Default for Template {
    fn default() -> Self {
        Self::empty("")
    }
}

impl Template {
    /// A template of that name and nothing else, to be filled: every attribute is absent, empty or zero, the display
    /// name is the name, the key is for exchange, and the access control list is empty.
    #[must_use]
    pub fn empty(name: &str) -> Self {
        Self {
            name: name.to_string(),
            display_name: name.to_string(),
            oid: None,
            malformed_oid: None,
            schema: None,
            revision: 0,
            minor: 0,
            flags: GeneralFlags::empty(),
            enrollment_flags: None,
            private_key_flags: PrivateKeyFlags::empty(),
            name_flags: NameFlags::empty(),
            ra_signatures: 0,
            ra_application_policies: Vec::new(),
            ra_policies: Vec::new(),
            cng: None,
            key_spec: KeySpec::Exchange,
            minimal_key_size: 0,
            providers: Vec::new(),
            validity: Duration::ZERO,
            renewal_period: Duration::ZERO,
            key_usage: KeyUsage::empty(),
            eku: Vec::new(),
            application_policies: Vec::new(),
            certificate_policies: Vec::new(),
            critical_extensions: Vec::new(),
            supersedes: Vec::new(),
            max_issuing_depth: 0,
            security: SecurityDescriptor { owner: None, dacl: Some(Vec::new()) },
        }
    }

    /// The CNG settings in force: templates before version 3, and later ones of version 4 that keep to the old
    /// providers, have none ([MS-CRTD] 2.23).
    #[must_use]
    pub fn cng_settings(&self) -> Option<&CngSettings> {
        // F3.2.3.0x100
        let legacy = self.private_key_flags.contains(PrivateKeyFlags::USE_LEGACY_PROVIDER);
        let modern = self.schema_version() == 3 || (self.schema_version() >= 4 && !legacy);
        self.cng.as_ref().filter(|_| modern)
    }

    /// The schema version in force: an absent attribute means 1 ([MS-CRTD] 2.16).
    #[must_use]
    pub fn schema_version(&self) -> u32 {
        // W3.1.schema
        self.schema.unwrap_or(1)
    }

    /// Whether an enrollment flag is set; never when the attribute is absent.
    #[must_use]
    pub fn enrollment(&self, flag: EnrollmentFlags) -> bool {
        self.enrollment_flags.is_some_and(|flags| flags.contains(flag))
    }
}

/// A provider and its place in the template's preference ([MS-CRTD] 2.8: `int,name`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ProviderPreference {
    /// Lower is tried earlier.
    pub order: u32,
    /// Name of the CSP or key storage provider.
    pub name: String,
}

/// The CNG half of `msPKI-RA-Application-Policies` ([MS-CRTD] 2.23.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CngSettings {
    /// `msPKI-Asymmetric-Algorithm`, e.g. `RSA`, `ECDH_P256`.
    pub asymmetric_algorithm: Option<String>,
    /// `msPKI-Hash-Algorithm`.
    pub hash_algorithm: Option<String>,
    /// `msPKI-Key-Usage`: 1 decrypt, 2 sign, 4 agree, 0xffffff all.
    pub key_usage: Option<u32>,
    /// `msPKI-Symmetric-Algorithm`.
    pub symmetric_algorithm: Option<String>,
    /// `msPKI-Symmetric-Key-Length` in bits.
    pub symmetric_key_length: Option<u32>,
    /// `msPKI-Key-Security-Descriptor` as SDDL.
    pub key_security: Option<String>,
}

/// An enrollment service as the directory publishes it ([MS-WCCE] 2.2.2.11.2) or a policy server names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct EnrollmentService {
    /// `cn`.
    pub name: String,
    /// `dNSHostName`; entries without one are skipped.
    pub host: Option<String>,
    /// `cACertificate`, DER.
    #[serde(with = "crate::hex")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Bytes"))]
    pub certificate: Vec<u8>,
    /// `certificateTemplates`: the names it issues.
    pub templates: Vec<String>,
    /// Whether the principal may enroll there, when a policy server said so ([MS-XCEP] 3.1.4.1.3.2).
    pub enroll_permission: Option<bool>,
    /// Lower is tried earlier, when a policy server said so ([MS-XCEP] 3.1.4.1.3.5).
    pub priority: Option<u32>,
    /// `msPKI-Site-Name`: the site of the directory whose computers it is for ([MS-ADA2]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Enrollment web services in front of it, when a policy server named any; then requests go through them only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<CaUri>,
}

/// An enrollment web service (CES) in front of a CA ([MS-XCEP] 3.1.4.1.3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CaUri {
    /// Its address.
    pub uri: String,
    /// 1 anonymous, 2 Kerberos, 4 user name and password, 8 certificate.
    pub client_authentication: u32,
    /// Lower is tried earlier.
    pub priority: u32,
    /// It takes renewals only.
    pub renewal_only: bool,
}

crate::words! {
    /// `pKIDefaultKeySpec` ([MS-CRTD] 2.9).
    pub enum KeySpec as "key spec" {
        /// AT_KEYEXCHANGE, 1.
        Exchange = "exchange",
        /// AT_SIGNATURE, 2.
        Signature = "signature",
    }
}

/// An object identifier in dotted form. Arcs may exceed 32 bits: some templates in the field have such.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Oid(String);

impl Oid {
    /// The dotted form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The text is not an object identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidError {
    /// The text that came.
    pub found: String,
}

impl fmt::Display for OidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an object identifier; write numbers and dots, like 1.3.6.1.5.5.7.3.2", self.found)
    }
}

impl core::error::Error for OidError {}

impl core::str::FromStr for Oid {
    type Err = OidError;
    fn from_str(text: &str) -> Result<Self, OidError> {
        text.to_string().try_into()
    }
}

impl TryFrom<String> for Oid {
    type Error = OidError;
    fn try_from(text: String) -> Result<Self, OidError> {
        let bytes = text.as_bytes();
        let well_formed = bytes.len() <= 256 && matches!(bytes, [b'0'..=b'2', b'.', ..]) && has_arcs(bytes);
        if well_formed { Ok(Self(text)) } else { Err(OidError { found: text }) }
    }
}

/// Whether these are decimal numbers without leading zeros, with a full stop between each two.
fn has_arcs(text: &[u8]) -> bool {
    // The digits of the arc so far, and whether the first one is zero.
    let (mut digits, mut zero) = (0, false);
    for byte in text {
        match byte {
            b'.' if digits > 0 => (digits, zero) = (0, false),
            b'0'..=b'9' if !zero => (digits, zero) = (digits + 1, digits == 0 && *byte == b'0'),
            _ => return false,
        }
    }
    digits > 0
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// A flag word: every bit is kept, the named ones have words.
macro_rules! flag_word {
    ($(#[$($meta:tt)*])* $name:ident: $int:ty {
        $( $(#[$($fmeta:tt)*])* $flag:ident = $bit:literal, $word:literal; )*
    }) => {
        bitflags::bitflags! {
            $(#[$($meta)*])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
            pub struct $name: $int {
                $( $(#[$($fmeta)*])* const $flag = $bit; )*
                const _ = !0;
            }
        }

        impl $name {
            /// Every named flag with its word.
            pub const WORDS: &'static [(&'static str, Self)] = &[ $( ($word, Self::$flag), )* ];

            /// The words of the named flags that are set, in order of their bits.
            pub fn words(self) -> impl Iterator<Item = &'static str> {
                Self::WORDS.iter().filter(move |(_, flag)| self.contains(*flag)).map(|(word, _)| *word)
            }

            /// The flag of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, flag)| *flag)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.bits().serialize(serializer)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> crate::schema::Name {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::schema::flags(<$int>::BITS, Self::WORDS.iter().map(|(word, flag)| (flag.bits().into(), *word)))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$int>::deserialize(deserializer).map(Self::from_bits_retain)
            }
        }
    };
}

flag_word! {
    /// `flags` ([MS-CRTD] 2.4).
    GeneralFlags: u32 {
        /// CT_FLAG_ENROLLEE_SUPPLIES_SUBJECT as certutil prints it; not in [MS-CRTD], the name flag counts.
        ENROLLEE_SUPPLIES_SUBJECT = 0x0000_0001, "enrollee-supplies-subject";
        /// CT_FLAG_ADD_EMAIL, reserved.
        ADD_EMAIL = 0x0000_0002, "add-email";
        /// CT_FLAG_ADD_OBJ_GUID as certutil prints it; not in [MS-CRTD], without effect.
        ADD_OBJ_GUID = 0x0000_0004, "add-obj-guid";
        /// CT_FLAG_PUBLISH_TO_DS, reserved here; the enrollment flag of that name counts.
        PUBLISH_TO_DS = 0x0000_0008, "publish-to-ds";
        /// CT_FLAG_EXPORTABLE_KEY, reserved here; the private key flag counts.
        EXPORTABLE_KEY = 0x0000_0010, "exportable-key";
        /// CT_FLAG_AUTO_ENROLLMENT: as the enrollment flag, for version 1.
        AUTO_ENROLLMENT = 0x0000_0020, "auto-enrollment";
        /// CT_FLAG_MACHINE_TYPE: for machines, not users.
        MACHINE_TYPE = 0x0000_0040, "machine-type";
        /// CT_FLAG_IS_CA: for CA certificates.
        IS_CA = 0x0000_0080, "is-ca";
        /// CT_FLAG_ADD_TEMPLATE_NAME: the certificate names the template.
        ADD_TEMPLATE_NAME = 0x0000_0200, "add-template-name";
        /// CT_FLAG_IS_CROSS_CA: for cross certificates.
        IS_CROSS_CA = 0x0000_0800, "is-cross-ca";
        /// CT_FLAG_DONOTPERSISTINDB: the CA need not keep the row.
        DO_NOT_PERSIST_IN_DB = 0x0000_1000, "do-not-persist-in-db";
        /// CT_FLAG_IS_DEFAULT: shipped with Windows.
        IS_DEFAULT = 0x0001_0000, "is-default";
        /// CT_FLAG_IS_MODIFIED: changed since.
        IS_MODIFIED = 0x0002_0000, "is-modified";
    }
}

flag_word! {
    /// `msPKI-Enrollment-Flag` ([MS-CRTD] 2.26).
    EnrollmentFlags: u32 {
        /// Ask for the S/MIME capabilities extension.
        INCLUDE_SYMMETRIC_ALGORITHMS = 0x0000_0001, "include-symmetric-algorithms";
        /// The CA pends every request.
        PEND_ALL_REQUESTS = 0x0000_0002, "pend-all-requests";
        /// The CA publishes to the KRA container.
        PUBLISH_TO_KRA_CONTAINER = 0x0000_0004, "publish-to-kra-container";
        /// The CA appends the certificate to `userCertificate`.
        PUBLISH_TO_DS = 0x0000_0008, "publish-to-ds";
        /// Do not enroll anew while the directory object holds a valid certificate of the template.
        AUTO_ENROLLMENT_CHECK_USER_DS_CERTIFICATE = 0x0000_0010, "auto-enrollment-check-user-ds-certificate";
        /// The template may be autoenrolled.
        AUTO_ENROLLMENT = 0x0000_0020, "auto-enrollment";
        /// A renewal signed by a valid certificate needs no new approval.
        PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT = 0x0000_0040, "previous-approval-validate-reenrollment";
        /// Not used.
        DOMAIN_AUTHENTICATION_NOT_REQUIRED = 0x0000_0080, "domain-authentication-not-required";
        /// Ask the user before enrolling.
        USER_INTERACTION_REQUIRED = 0x0000_0100, "user-interaction-required";
        /// Not used.
        ADD_TEMPLATE_NAME = 0x0000_0200, "add-template-name";
        /// Delete invalid certificates from MY instead of archiving them.
        REMOVE_INVALID_CERTIFICATE_FROM_PERSONAL_STORE = 0x0000_0400, "remove-invalid-certificate-from-personal-store";
        /// Enrollment on behalf of others is allowed.
        ALLOW_ENROLL_ON_BEHALF_OF = 0x0000_0800, "allow-enroll-on-behalf-of";
        /// The CA adds OCSP no-check.
        ADD_OCSP_NOCHECK = 0x0000_1000, "add-ocsp-nocheck";
        /// Reuse the old key when a full card cannot take a new one at renewal.
        ENABLE_KEY_REUSE_ON_NT_TOKEN_KEYSET_STORAGE_FULL = 0x0000_2000,
            "enable-key-reuse-on-nt-token-keyset-storage-full";
        /// The CA omits revocation information.
        NO_REVOCATION_INFO_IN_ISSUED_CERTS = 0x0000_4000, "no-revocation-info-in-issued-certs";
        /// Basic constraints with cA FALSE.
        INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS = 0x0000_8000, "include-basic-constraints-for-ee-certs";
        /// Key-based renewal without the Enroll right.
        ALLOW_PREVIOUS_APPROVAL_KEYBASEDRENEWAL_VALIDATE_REENROLLMENT = 0x0001_0000,
            "allow-previous-approval-keybasedrenewal-validate-reenrollment";
        /// Issuance policies come from the request.
        ISSUANCE_POLICIES_FROM_REQUEST = 0x0002_0000, "issuance-policies-from-request";
        /// Valid, but not renewed automatically.
        SKIP_AUTO_RENEWAL = 0x0004_0000, "skip-auto-renewal";
        /// The CA omits the SID extension.
        NO_SECURITY_EXTENSION = 0x0008_0000, "no-security-extension";
    }
}

flag_word! {
    /// `msPKI-Private-Key-Flag` ([MS-CRTD] 2.27). The version nibbles are read with
    /// [`PrivateKeyFlags::client_version`].
    PrivateKeyFlags: u32 {
        /// The private key is archived at the CA.
        REQUIRE_PRIVATE_KEY_ARCHIVAL = 0x0000_0001, "require-private-key-archival";
        /// The key may be exported.
        EXPORTABLE_KEY = 0x0000_0010, "exportable-key";
        /// Each use of the key asks the user.
        STRONG_KEY_PROTECTION_REQUIRED = 0x0000_0020, "strong-key-protection-required";
        /// PSS signatures.
        REQUIRE_ALTERNATE_SIGNATURE_ALGORITHM = 0x0000_0040, "require-alternate-signature-algorithm";
        /// Renewals keep the key.
        REQUIRE_SAME_KEY_RENEWAL = 0x0000_0080, "require-same-key-renewal";
        /// A version 4 template follows the CSP rules.
        USE_LEGACY_PROVIDER = 0x0000_0100, "use-legacy-provider";
        /// Attestation by trust on use.
        EK_TRUST_ON_USE = 0x0000_0200, "ek-trust-on-use";
        /// Attestation by endorsement certificate.
        EK_VALIDATE_CERT = 0x0000_0400, "ek-validate-cert";
        /// Attestation by endorsement key.
        EK_VALIDATE_KEY = 0x0000_0800, "ek-validate-key";
        /// Attestation is wanted.
        ATTEST_PREFERRED = 0x0000_1000, "attest-preferred";
        /// Attestation is needed.
        ATTEST_REQUIRED = 0x0000_2000, "attest-required";
        /// Attestation without policy OIDs.
        ATTESTATION_WITHOUT_POLICY = 0x0000_4000, "attestation-without-policy";
        /// A Windows Hello key.
        HELLO_LOGON_KEY = 0x0020_0000, "hello-logon-key";
    }
}

impl PrivateKeyFlags {
    /// The least client version, the nibble under mask 0x0F000000 ([MS-WCCE] 3.1.2.4.2.2.2.8); 0 for none.
    #[must_use]
    pub const fn client_version(self) -> u32 {
        (self.bits() >> 24) & 0x0F
    }

    /// The least CA version, the nibble under mask 0x000F0000 ([MS-WCCE] 3.2.2.6.2.1.4.5.7); 0 for none.
    #[must_use]
    pub const fn ca_version(self) -> u32 {
        (self.bits() >> 16) & 0x0F
    }
}

flag_word! {
    /// `msPKI-Certificate-Name-Flag` ([MS-CRTD] 2.28).
    NameFlags: u32 {
        /// The client supplies the subject.
        ENROLLEE_SUPPLIES_SUBJECT = 0x0000_0001, "enrollee-supplies-subject";
        /// A renewal repeats the old certificate's names.
        OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME = 0x0000_0008, "old-cert-supplies-subject-and-alt-name";
        /// The client supplies the alternative name.
        ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME = 0x0001_0000, "enrollee-supplies-subject-alt-name";
        /// DNS name of the domain.
        SUBJECT_ALT_REQUIRE_DOMAIN_DNS = 0x0040_0000, "subject-alt-require-domain-dns";
        /// Service principal name.
        SUBJECT_ALT_REQUIRE_SPN = 0x0080_0000, "subject-alt-require-spn";
        /// Object GUID.
        SUBJECT_ALT_REQUIRE_DIRECTORY_GUID = 0x0100_0000, "subject-alt-require-directory-guid";
        /// User principal name.
        SUBJECT_ALT_REQUIRE_UPN = 0x0200_0000, "subject-alt-require-upn";
        /// E-mail address.
        SUBJECT_ALT_REQUIRE_EMAIL = 0x0400_0000, "subject-alt-require-email";
        /// DNS host name.
        SUBJECT_ALT_REQUIRE_DNS = 0x0800_0000, "subject-alt-require-dns";
        /// DNS host name as common name.
        SUBJECT_REQUIRE_DNS_AS_CN = 0x1000_0000, "subject-require-dns-as-cn";
        /// E-mail address in the subject.
        SUBJECT_REQUIRE_EMAIL = 0x2000_0000, "subject-require-email";
        /// Common name in the subject.
        SUBJECT_REQUIRE_COMMON_NAME = 0x4000_0000, "subject-require-common-name";
        /// The whole distinguished name as subject.
        SUBJECT_REQUIRE_DIRECTORY_PATH = 0x8000_0000, "subject-require-directory-path";
    }
}

flag_word! {
    /// X.509 key usage; the first octet of the bit string is the low byte (`a0 00` is digital signature + key
    /// encipherment).
    KeyUsage: u16 {
        /// digitalSignature.
        DIGITAL_SIGNATURE = 0x0080, "digital-signature";
        /// nonRepudiation.
        NON_REPUDIATION = 0x0040, "non-repudiation";
        /// keyEncipherment.
        KEY_ENCIPHERMENT = 0x0020, "key-encipherment";
        /// dataEncipherment.
        DATA_ENCIPHERMENT = 0x0010, "data-encipherment";
        /// keyAgreement.
        KEY_AGREEMENT = 0x0008, "key-agreement";
        /// keyCertSign.
        CERT_SIGN = 0x0004, "cert-sign";
        /// cRLSign.
        CRL_SIGN = 0x0002, "crl-sign";
        /// encipherOnly.
        ENCIPHER_ONLY = 0x0001, "encipher-only";
        /// decipherOnly.
        DECIPHER_ONLY = 0x8000, "decipher-only";
    }
}

impl KeyUsage {
    /// Whether certificates of this usage only sign: neither encipherment nor key agreement.
    #[must_use]
    pub const fn signature_only(self) -> bool {
        !self.intersects(Self::KEY_ENCIPHERMENT.union(Self::DATA_ENCIPHERMENT).union(Self::KEY_AGREEMENT))
    }
}

impl CngSettings {
    /// The key algorithm these settings ask for at that size, when it is one that keys here can have.
    #[must_use]
    pub fn key_algorithm(&self, minimal_key_size: u32) -> Option<KeyAlgorithm> {
        match self.asymmetric_algorithm.as_deref() {
            None | Some("RSA") => KeyAlgorithm::rsa_at_least(minimal_key_size),
            Some("ECDSA_P256" | "ECDH_P256") => Some(KeyAlgorithm::P256),
            Some(_) => None,
        }
    }

    /// The hash these settings name for signing requests; `Ok(None)` when they name none. The names are those of CNG.
    ///
    /// # Errors
    /// [`UnknownHash`] when nothing here computes the hash of that name.
    pub fn hash(&self) -> Result<Option<HashAlgorithm>, UnknownHash> {
        match self.hash_algorithm.as_deref() {
            None => Ok(None),
            Some("SHA1") => Ok(Some(HashAlgorithm::Sha1)),
            Some("SHA256") => Ok(Some(HashAlgorithm::Sha256)),
            Some("SHA384") => Ok(Some(HashAlgorithm::Sha384)),
            Some("SHA512") => Ok(Some(HashAlgorithm::Sha512)),
            Some(_) => Err(UnknownHash),
        }
    }
}

/// A template names a hash that nothing here computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownHash;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_identifier_is_dotted_numbers_from_0_1_or_2() {
        let check = |text: &str, holds: bool| assert_eq!(text.parse::<Oid>().is_ok(), holds, "{text:?}");
        for text in ["0.0", "1.39", "2.999.0.1", "1.3.6.1.4.1.311.21.8.10"] {
            check(text, true);
        }
        for text in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "1..2",
            "3.1",
            "11.2",
            "01.2",
            "1.02",
            "1.2.",
            "1.2.x",
            "1 .2",
            "-1.2",
            "1.\u{661}",
        ] {
            check(text, false);
        }
        check(&alloc::format!("1.{}", "9".repeat(254)), true);
        check(&alloc::format!("1.{}", "9".repeat(255)), false);
    }
}
