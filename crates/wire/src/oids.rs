//! The object identifiers of the protocol, with the names that [MS-WCCE] and the RFCs give them.

use autoenroll_model::Oid;

/// Defines each identifier as a constant in dotted form, and the table of names.
macro_rules! oids {
    ($( $(#[$meta:meta])* $constant:ident = $dotted:literal, $name:literal; )*) => {
        $( $(#[$meta])* pub const $constant: &str = $dotted; )*

        /// (dotted form, name), in the order of this file.
        pub const NAMES: &[(&str, &str)] = &[ $( ($dotted, $name), )* ];
    };
}

/// The name of an identifier, if it is one of this file.
#[must_use]
pub fn name(oid: &Oid) -> Option<&'static str> {
    NAMES.iter().find(|(dotted, _)| *dotted == oid.as_str()).map(|(_, name)| *name)
}

/// The identifier that a constant of this file holds.
///
/// # Panics
/// When the text is no object identifier, which no constant of this file is.
#[must_use]
pub fn known(dotted: &'static str) -> Oid {
    dotted.parse().expect("a constant of this module is an object identifier")
}

oids! {
    // Microsoft: extensions of certificates and requests.
    /// Name of a version 1 template, an extension ([MS-WCCE] 2.2.2.7.7.1).
    ENROLL_CERTTYPE = "1.3.6.1.4.1.311.20.2", "szOID_ENROLL_CERTTYPE_EXTENSION";
    /// Identity of a template from version 2 on, an extension ([MS-WCCE] 2.2.2.7.7.2).
    CERTIFICATE_TEMPLATE = "1.3.6.1.4.1.311.21.7", "szOID_CERTIFICATE_TEMPLATE";
    /// Application policies, an extension ([MS-WCCE] 2.2.2.7.7.3).
    APPLICATION_CERT_POLICIES = "1.3.6.1.4.1.311.21.10", "szOID_APPLICATION_CERT_POLICIES";
    /// The security identifier of the subject, an extension ([MS-WCCE] 2.2.2.7.7.4).
    NTDS_CA_SECURITY_EXT = "1.3.6.1.4.1.311.25.2", "szOID_NTDS_CA_SECURITY_EXT";
    /// `objectSid` within that extension.
    NTDS_OBJECTSID = "1.3.6.1.4.1.311.25.2.1", "szOID_NTDS_OBJECTSID";
    /// `objectGUID` as an alternative name ([MS-WCCE] 2.2.2.7.6).
    NTDS_REPLICATION = "1.3.6.1.4.1.311.25.1", "szOID_NTDS_REPLICATION";
    /// User principal name as an alternative name ([MS-WCCE] 2.2.2.7.5).
    NT_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3", "szOID_NT_PRINCIPAL_NAME";
    /// Version of a CA certificate.
    CERTSRV_CA_VERSION = "1.3.6.1.4.1.311.21.1", "szOID_CERTSRV_CA_VERSION";
    /// Hash of the previous CA certificate.
    CERTSRV_PREVIOUS_CERT_HASH = "1.3.6.1.4.1.311.21.2", "szOID_CERTSRV_PREVIOUS_CERT_HASH";
    /// S/MIME capabilities, an extension of Windows certificates (RFC 4262).
    SMIME_CAPABILITIES = "1.2.840.113549.1.9.15", "szOID_RSA_SMIMECapabilities";

    // Microsoft: attributes of requests.
    /// Extensions of a request, under Microsoft's identifier ([MS-WCCE] 2.2.2.7.7).
    CERT_EXTENSIONS = "1.3.6.1.4.1.311.2.1.14", "szOID_CERT_EXTENSIONS";
    /// The certificate that a request renews ([MS-WCCE] 2.2.2.7.3).
    RENEWAL_CERTIFICATE = "1.3.6.1.4.1.311.13.1", "szOID_RENEWAL_CERTIFICATE";
    /// A name and a value ([MS-WCCE] 2.2.2.7.10).
    ENROLLMENT_NAME_VALUE_PAIR = "1.3.6.1.4.1.311.13.2.1", "szOID_ENROLLMENT_NAME_VALUE_PAIR";
    /// The provider of the key ([MS-WCCE] 2.2.2.7.2).
    ENROLLMENT_CSP_PROVIDER = "1.3.6.1.4.1.311.13.2.2", "szOID_ENROLLMENT_CSP_PROVIDER";
    /// Version of Windows ([MS-WCCE] 2.2.2.7.1).
    OS_VERSION = "1.3.6.1.4.1.311.13.2.3", "szOID_OS_VERSION";
    /// Machine, user and process ([MS-WCCE] 2.2.2.7.4).
    REQUEST_CLIENT_INFO = "1.3.6.1.4.1.311.21.20", "szOID_REQUEST_CLIENT_INFO";
    /// The private key, enveloped to the CA ([MS-WCCE] 2.2.2.7.8).
    ARCHIVED_KEY_ATTR = "1.3.6.1.4.1.311.21.13", "szOID_ARCHIVED_KEY_ATTR";
    /// Hash of the enveloped private key ([MS-WCCE] 2.2.2.7.9).
    ENCRYPTED_KEY_HASH = "1.3.6.1.4.1.311.21.21", "szOID_ENCRYPTED_KEY_HASH";
    /// Hash of the issued certificate, in responses ([MS-WCCE] 2.2.2.7.11).
    ISSUED_CERT_HASH = "1.3.6.1.4.1.311.21.17", "szOID_ISSUED_CERT_HASH";
    /// Control that adds attributes to a request within a CMC message ([MS-WCCE] 2.2.2.6).
    CMC_ADD_ATTRIBUTES = "1.3.6.1.4.1.311.10.10.1", "szOID_CMC_ADD_ATTRIBUTES";

    // Extended key usages.
    /// Enrollment on behalf of others.
    ENROLLMENT_AGENT = "1.3.6.1.4.1.311.20.2.1", "szOID_ENROLLMENT_AGENT";
    /// Smart card logon.
    SMARTCARD_LOGON = "1.3.6.1.4.1.311.20.2.2", "szOID_KP_SMARTCARD_LOGON";
    /// Encrypting File System.
    EFS = "1.3.6.1.4.1.311.10.3.4", "szOID_KP_EFS";
    /// EFS recovery.
    EFS_RECOVERY = "1.3.6.1.4.1.311.10.3.4.1", "szOID_EFS_RECOVERY";
    /// CA exchange.
    CA_EXCHANGE = "1.3.6.1.4.1.311.21.5", "szOID_KP_CA_EXCHANGE";
    /// Key recovery agent.
    KEY_RECOVERY_AGENT = "1.3.6.1.4.1.311.21.6", "szOID_KP_KEY_RECOVERY_AGENT";
    /// Directory e-mail replication.
    DS_EMAIL_REPLICATION = "1.3.6.1.4.1.311.21.19", "szOID_DS_EMAIL_REPLICATION";
    /// Any application policy.
    ANY_APPLICATION_POLICY = "1.3.6.1.4.1.311.10.12.1", "szOID_ANY_APPLICATION_POLICY";
    /// TLS server authentication.
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1", "id-kp-serverAuth";
    /// TLS client authentication.
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2", "id-kp-clientAuth";
    /// Code signing.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3", "id-kp-codeSigning";
    /// Secure e-mail.
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4", "id-kp-emailProtection";
    /// OCSP signing.
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9", "id-kp-OCSPSigning";
    /// Kerberos domain controller (RFC 4556).
    KDC = "1.3.6.1.5.2.3.5", "id-pkinit-KPKdc";

    // X.509 extensions (RFC 5280 4.2).
    /// Subject key identifier.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14", "id-ce-subjectKeyIdentifier";
    /// Key usage.
    KEY_USAGE = "2.5.29.15", "id-ce-keyUsage";
    /// Subject alternative name.
    SUBJECT_ALT_NAME = "2.5.29.17", "id-ce-subjectAltName";
    /// Basic constraints.
    BASIC_CONSTRAINTS = "2.5.29.19", "id-ce-basicConstraints";
    /// CRL distribution points.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31", "id-ce-cRLDistributionPoints";
    /// Certificate policies.
    CERTIFICATE_POLICIES = "2.5.29.32", "id-ce-certificatePolicies";
    /// Authority key identifier.
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35", "id-ce-authorityKeyIdentifier";
    /// Extended key usage.
    EXTENDED_KEY_USAGE = "2.5.29.37", "id-ce-extKeyUsage";
    /// Authority information access.
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1", "id-pe-authorityInfoAccess";
    /// OCSP responder certificates need no revocation check.
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5", "id-pkix-ocsp-nocheck";

    // PKCS #7, PKCS #9, CMS, CMC.
    /// Plain data.
    DATA = "1.2.840.113549.1.7.1", "id-data";
    /// Signed data.
    SIGNED_DATA = "1.2.840.113549.1.7.2", "id-signedData";
    /// Enveloped data.
    ENVELOPED_DATA = "1.2.840.113549.1.7.3", "id-envelopedData";
    /// Signed attribute: type of the content.
    CONTENT_TYPE = "1.2.840.113549.1.9.3", "id-contentType";
    /// Signed attribute: digest of the content.
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4", "id-messageDigest";
    /// Extensions of a request, under the identifier of PKCS #9.
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14", "pkcs-9-at-extensionRequest";
    /// CMC full request (RFC 5272 3.2.1).
    PKI_DATA = "1.3.6.1.5.5.7.12.2", "id-cct-PKIData";
    /// CMC full response (RFC 5272 3.2.2).
    PKI_RESPONSE = "1.3.6.1.5.5.7.12.3", "id-cct-PKIResponse";
    /// CMC control: status of a request (RFC 5272 6.1).
    CMC_STATUS_INFO = "1.3.6.1.5.5.7.7.1", "id-cmc-statusInfo";

    // Algorithms.
    /// RSA keys, and RSA signatures whose hash is named elsewhere.
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1", "rsaEncryption";
    /// RSA with SHA-1.
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5", "sha1WithRSAEncryption";
    /// RSA with SHA-256.
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11", "sha256WithRSAEncryption";
    /// RSA with SHA-384.
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12", "sha384WithRSAEncryption";
    /// RSA with SHA-512.
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13", "sha512WithRSAEncryption";
    /// Elliptic-curve keys.
    EC_PUBLIC_KEY = "1.2.840.10045.2.1", "id-ecPublicKey";
    /// NIST P-256.
    PRIME256V1 = "1.2.840.10045.3.1.7", "prime256v1";
    /// ECDSA with SHA-1.
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1", "ecdsa-with-SHA1";
    /// ECDSA with SHA-256.
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2", "ecdsa-with-SHA256";
    /// ECDSA with SHA-384.
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3", "ecdsa-with-SHA384";
    /// ECDSA with SHA-512.
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4", "ecdsa-with-SHA512";
    /// SHA-1.
    SHA1 = "1.3.14.3.2.26", "id-sha1";
    /// SHA-256.
    SHA256 = "2.16.840.1.101.3.4.2.1", "id-sha256";
    /// SHA-384.
    SHA384 = "2.16.840.1.101.3.4.2.2", "id-sha384";
    /// SHA-512.
    SHA512 = "2.16.840.1.101.3.4.2.3", "id-sha512";
    /// No signature, only a hash (RFC 5272 C.1).
    NO_SIGNATURE = "1.3.6.1.5.5.7.6.2", "id-alg-noSignature";

    // Attributes of names.
    /// Common name.
    COMMON_NAME = "2.5.4.3", "CN";
    /// Surname.
    SURNAME = "2.5.4.4", "SN";
    /// Serial number of a device or person.
    SERIAL_NUMBER = "2.5.4.5", "SERIALNUMBER";
    /// Country.
    COUNTRY = "2.5.4.6", "C";
    /// Locality.
    LOCALITY = "2.5.4.7", "L";
    /// State or province.
    STATE = "2.5.4.8", "S";
    /// Street address.
    STREET = "2.5.4.9", "STREET";
    /// Organization.
    ORGANIZATION = "2.5.4.10", "O";
    /// Organizational unit.
    ORGANIZATIONAL_UNIT = "2.5.4.11", "OU";
    /// Title.
    TITLE = "2.5.4.12", "T";
    /// Given name.
    GIVEN_NAME = "2.5.4.42", "G";
    /// Initials.
    INITIALS = "2.5.4.43", "I";
    /// E-mail address within a name.
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1", "E";
    /// Domain component.
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25", "DC";
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_constant_is_an_identifier_of_its_own() {
        for (dotted, name_of) in NAMES {
            assert_eq!(name(&known(dotted)), Some(*name_of));
        }
        assert_eq!(NAMES.iter().map(|(dotted, _)| dotted).collect::<BTreeSet<_>>().len(), NAMES.len());
    }
}
