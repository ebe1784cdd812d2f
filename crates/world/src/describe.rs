//! What requests and certificates say, as facts: names, extensions, signers.

use autoenroll_keys::sha1;
use autoenroll_model::{ExtensionsAttribute, Facts, KeyUsage, Oid};
use autoenroll_wire::cmc::PkiResponse;
use autoenroll_wire::{
    Attributes, Certificate, Extensions, GeneralName, Request, SignedMessage, SignedWith, flags, oids,
};

/// What a request says besides template, form and key: `signers` (of the outermost message, or the PKCS #10 alone),
/// `signature`, `subject`, `extensions` and what is in them, `attributes` of the PKCS #10, and `extensions-in`
/// (`microsoft` or `pkcs9`, the attribute they stand in), `client-id`, `client-user`, `client-machine`, `os-version`,
/// `provider` and `key-spec` where it has them. A CMC request has `controls`, the attributes that stand beside the PKCS
/// #10, and `unsigned` where its signer has such attributes.
pub(crate) fn request_facts(facts: Facts, request: &Request, attributes: &Attributes) -> Facts {
    let pkcs10 = request.pkcs10();
    let signers = request.messages().next().map_or(1, |message| message.signers.len());
    let extensions = attributes.extensions().unwrap_or_default();
    let client = attributes.client_info().ok().flatten();
    let provider = attributes.csp_provider().ok().flatten();
    let signature = match pkcs10.signed_with {
        SignedWith::Key(algorithm) => algorithm.as_str(),
        _ => "unknown",
    };
    let key_spec = provider
        .as_ref()
        .map(|provider| if provider.key_spec == flags::XCN_AT_SIGNATURE { "signature" } else { "exchange" });
    let facts = facts
        .with("signers", signers)
        .with("signature", signature)
        .with("subject", pkcs10.subject.to_string())
        .with("extensions", extension_names(&extensions))
        .with("attributes", attribute_names(&pkcs10.attributes))
        .with_some("extensions-in", extensions_attribute(attributes))
        .with_some("client-id", client.as_ref().map(|client| client.client_id))
        .with_some("client-user", client.as_ref().map(|client| client.user.as_str()))
        .with_some("client-machine", client.as_ref().map(|client| client.machine.as_str()))
        .with_some("os-version", attributes.os_version().ok().flatten())
        .with_some("provider", provider.map(|provider| provider.name))
        .with_some("key-spec", key_spec);
    let facts = extension_facts(facts, &extensions);
    let Request::Cmc { message, data, body_part, .. } = request else { return facts };
    let unsigned: Vec<String> =
        message.signers.iter().flat_map(|signer| attribute_names(&signer.unsigned_attributes)).collect();
    facts
        .with("controls", attribute_names(&data.added_attributes(*body_part).unwrap_or_default()))
        .with_some("unsigned", Some(unsigned).filter(|names| !names.is_empty()))
}

/// What extensions contain: `key-usage`, `purposes` and `basic-constraints` where there are such.
fn extension_facts(facts: Facts, extensions: &Extensions) -> Facts {
    let usage = extensions.key_usage().ok().flatten();
    let usage = usage.map(|usage| -> Vec<&str> {
        KeyUsage::WORDS.iter().filter(|(_, bit)| usage.contains(*bit)).map(|(word, _)| *word).collect()
    });
    let purposes = extensions.extended_key_usage().ok().flatten();
    let purposes = purposes.map(|list| -> Vec<String> { list.iter().map(ToString::to_string).collect() });
    let constraints = extensions.basic_constraints().ok().flatten();
    let constraints = constraints.map(|constraints| match (constraints.ca, constraints.path_length) {
        (false, _) => "no CA".to_owned(),
        (true, None) => "CA".to_owned(),
        (true, Some(length)) => format!("CA, path length {length}"),
    });
    facts.with_some("key-usage", usage).with_some("purposes", purposes).with_some("basic-constraints", constraints)
}

/// What the answer of a CA is: `certificates`, or `full-cmc` with `issued-hash`, whether the hash in it is that of the
/// certificate.
pub(crate) fn response_facts(facts: Facts, response: &[u8], certificate: &[u8]) -> Facts {
    let Ok(message) = SignedMessage::parse(response) else { return facts };
    if message.content_type.as_str() != oids::PKI_RESPONSE {
        return facts.with("response", "certificates");
    }
    let content = message.content.as_deref().and_then(|content| PkiResponse::from_der(content).ok());
    let hash = content.and_then(|content| content.issued_certificate_hash().ok().flatten());
    let right = hash.is_some_and(|hash| hash == sha1(certificate));
    facts.with("response", "full-cmc").with("issued-hash", right)
}

/// Attributes by the names that scenarios use for them, in the order in which they stand.
fn attribute_names(attributes: &Attributes) -> Vec<String> {
    let name = |oid: &Oid| {
        let known = ATTRIBUTES.iter().find(|(dotted, _)| *dotted == oid.as_str());
        known.map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
    };
    attributes.0.iter().map(|one| name(&one.oid)).collect()
}

/// The names that scenarios use for attributes.
const ATTRIBUTES: &[(&str, &str)] = &[
    (oids::RENEWAL_CERTIFICATE, "renewal-certificate"),
    (oids::ENROLLMENT_NAME_VALUE_PAIR, "name-value-pair"),
    (oids::ENROLLMENT_CSP_PROVIDER, "csp-provider"),
    (oids::OS_VERSION, "os-version"),
    (oids::REQUEST_CLIENT_INFO, "client-info"),
    (oids::CERT_EXTENSIONS, "extensions"),
    (oids::EXTENSION_REQUEST, "extensions"),
    (oids::ARCHIVED_KEY_ATTR, "archived-key"),
    (oids::ENCRYPTED_KEY_HASH, "encrypted-key-hash"),
];

/// What a certificate says besides its name and time: `alternative-names`, `extensions` and what is in them, and
/// `policies` where it has some.
pub(crate) fn certificate_facts(facts: Facts, certificate: &Certificate) -> Facts {
    let policies: Vec<String> = certificate.certificate_policies().iter().map(ToString::to_string).collect();
    let alternative: Vec<String> = certificate.subject_alt_names().iter().map(alternative_name).collect();
    extension_facts(facts, &certificate.extensions)
        .with("alternative-names", alternative)
        .with("extensions", extension_names(&certificate.extensions))
        .with_some("policies", Some(policies).filter(|policies| !policies.is_empty()))
}

/// Which of the two attributes holds the extensions.
fn extensions_attribute(attributes: &Attributes) -> Option<&'static str> {
    let holds = |oid| attributes.get(oid).is_some();
    if holds(oids::CERT_EXTENSIONS) {
        Some(ExtensionsAttribute::Microsoft.as_str())
    } else if holds(oids::EXTENSION_REQUEST) {
        Some(ExtensionsAttribute::Pkcs9.as_str())
    } else {
        None
    }
}

/// `upn=alice@contoso.test`: the form, and what stands there.
fn alternative_name(name: &GeneralName) -> String {
    match name {
        GeneralName::Upn(upn) => format!("upn={upn}"),
        GeneralName::DirectoryGuid(guid) => format!("guid={guid}"),
        GeneralName::Dns(dns) => format!("dns={dns}"),
        GeneralName::Rfc822(mail) => format!("mail={mail}"),
        GeneralName::Uri(uri) => format!("uri={uri}"),
        GeneralName::Directory(name) => format!("directory={name}"),
        GeneralName::Other { oid, .. } => format!("other={oid}"),
        GeneralName::Ip(_) => "ip".to_owned(),
        GeneralName::Unknown(_) => "unknown".to_owned(),
    }
}

/// Extensions by the names that scenarios use for them, in the order in which they stand; `!` marks critical ones.
fn extension_names(extensions: &Extensions) -> Vec<String> {
    let name = |oid: &Oid| {
        let known = EXTENSIONS.iter().find(|(dotted, _)| *dotted == oid.as_str());
        known.map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
    };
    let marked = |critical: bool| if critical { "!" } else { "" };
    extensions.0.iter().map(|one| format!("{}{}", name(&one.oid), marked(one.critical))).collect()
}

/// The names that scenarios use for extensions.
const EXTENSIONS: &[(&str, &str)] = &[
    (oids::KEY_USAGE, "key-usage"),
    (oids::SUBJECT_ALT_NAME, "subject-alt-name"),
    (oids::BASIC_CONSTRAINTS, "basic-constraints"),
    (oids::CERTIFICATE_POLICIES, "certificate-policies"),
    (oids::EXTENDED_KEY_USAGE, "extended-key-usage"),
    (oids::OCSP_NOCHECK, "ocsp-nocheck"),
    (oids::SMIME_CAPABILITIES, "smime-capabilities"),
    (oids::ENROLL_CERTTYPE, "certificate-type"),
    (oids::CERTIFICATE_TEMPLATE, "certificate-template"),
    (oids::APPLICATION_CERT_POLICIES, "application-policies"),
    (oids::NTDS_CA_SECURITY_EXT, "ntds-ca-security"),
    (oids::SUBJECT_KEY_IDENTIFIER, "subject-key-identifier"),
    (oids::AUTHORITY_KEY_IDENTIFIER, "authority-key-identifier"),
    (oids::CRL_DISTRIBUTION_POINTS, "crl-distribution-points"),
    (oids::AUTHORITY_INFO_ACCESS, "authority-info-access"),
];

#[cfg(test)]
mod tests {
    use autoenroll_wire::Extension;

    use super::*;

    #[test]
    fn alternative_names_tell_their_form() {
        let check = |name: GeneralName, expected: &str| assert_eq!(alternative_name(&name), expected);
        check(GeneralName::Upn("alice@contoso.test".to_owned()), "upn=alice@contoso.test");
        check(GeneralName::Rfc822("alice@contoso.test".to_owned()), "mail=alice@contoso.test");
        check(GeneralName::Dns("wks01.contoso.test".to_owned()), "dns=wks01.contoso.test");
    }

    #[test]
    fn extensions_are_named_in_order_and_marked() {
        let usage = Extension::key_usage(autoenroll_model::KeyUsage::empty()).critical(true);
        let other = Extension { oid: "1.2.3".parse().unwrap(), critical: false, value: Vec::new() };
        assert_eq!(extension_names(&Extensions(vec![usage, other])), ["key-usage!", "1.2.3"]);
    }
}
