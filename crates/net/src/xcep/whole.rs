//! The answer of a policy server with all that it tells of templates, as a core of the bench needs it.
//!
//! A CA is called what its certificate says, and its host is that of its first web service: the protocol has no other
//! word for either. What it has no word for at all, such as the access control list of a template, is empty.

use std::collections::BTreeMap;

use autoenroll_model::{
    CngSettings, Duration, EnrollmentFlags, EnrollmentService, GeneralFlags, KeySpec, NameFlags, Oid, PolicyResponse,
    PolicyTemplate, PrivateKeyFlags, ProviderPreference, Template,
};
use autoenroll_wire::ldif::from_base64;
use autoenroll_wire::{Certificate, Extension, Extensions};
use roxmltree::Node;

use super::oids;
use super::read::{ca, path, says_yes};
use crate::soap::{ns, xml};

/// Reads the content of a body.
///
/// # Errors
/// What it is instead, or what in it cannot be understood.
pub(crate) fn read_whole(content: Node<'_, '_>) -> Result<PolicyResponse, String> {
    if !content.has_tag_name((ns::POLICY, "GetPoliciesResponse")) {
        return Err(format!("the policy server answered with {}", content.tag_name().name()));
    }
    let names: Names = path(content, &["oIDs", "oID"]).into_iter().filter_map(named).collect();
    let response = xml::child(content, (ns::POLICY, "response")).ok_or("the element response is absent")?;
    let mut authorities = Vec::new();
    for node in path(content, &["cAs", "cA"]) {
        authorities.push(authority(node).ok_or("a CA that cannot be understood")?);
    }
    let mut templates = Vec::new();
    for node in path(response, &["policies", "policy"]) {
        let told = policy(node, &names).map_err(|what| format!("a policy without a readable {what}"))?;
        for reference in path(node, &["cAs", "cAReference"]).into_iter().map(xml::text) {
            let named = authorities.iter_mut().find(|(known, _)| *known == reference);
            let (_, ca) = named.ok_or("a policy names a CA that the answer does not tell of")?;
            ca.templates.push(told.template.name.clone());
        }
        templates.push(told);
    }
    Ok(PolicyResponse {
        not_changed: path(response, &["policiesNotChanged"]).into_iter().any(says_yes),
        next_update_hours: number(response, &["nextUpdateHours"]),
        templates,
        authorities: authorities.into_iter().map(|(_, ca)| ca).collect(),
    })
}

/// Object identifiers of an answer by their reference, each with its name.
type Names = BTreeMap<String, (Oid, String)>;

fn named(node: Node<'_, '_>) -> Option<(String, (Oid, String))> {
    let text = |name: &str| xml::value(node, (ns::POLICY, name));
    Some((text("oIDReferenceID")?, (text("value")?.parse().ok()?, text("defaultName").unwrap_or_default())))
}

fn number<N: std::str::FromStr>(node: Node<'_, '_>, names: &[&str]) -> Option<N> {
    path(node, names).into_iter().map(xml::text).find_map(|text| text.parse().ok())
}

fn texts(node: Node<'_, '_>, names: &[&str]) -> Vec<String> {
    path(node, names).into_iter().map(xml::text).collect()
}

fn authority(node: Node<'_, '_>) -> Option<(String, EnrollmentService)> {
    let read = ca(node)?;
    let certificate = Certificate::parse(&read.certificate).ok()?;
    let host = read.uris.first().and_then(|uri| uri.uri.strip_prefix("https://")?.split(['/', ':']).next());
    let service = EnrollmentService {
        name: certificate.subject.common_name()?,
        host: host.map(str::to_owned),
        certificate: read.certificate,
        templates: Vec::new(),
        enroll_permission: Some(read.enroll),
        priority: read.uris.first().map(|uri| uri.priority),
        site: None,
        uris: read.uris,
    };
    Some((read.reference, service))
}

/// A template; what cannot be read of it.
fn policy(node: Node<'_, '_>, names: &Names) -> Result<PolicyTemplate, &'static str> {
    let attributes = xml::child(node, (ns::POLICY, "attributes")).ok_or("attributes")?;
    let oid = |reference: String| names.get(&reference);
    let (identifier, display_name) =
        texts(node, &["policyOIDReference"]).pop().and_then(oid).ok_or("policyOIDReference")?;
    let name = xml::value(attributes, (ns::POLICY, "commonName")).ok_or("commonName")?;
    let figure = |names: &[&str]| number::<u32>(attributes, names);
    let seconds = |name: &str| {
        let seconds = number::<u64>(attributes, &["certificateValidity", name])?;
        Some(Duration(seconds.checked_mul(Duration::SECOND.0)?))
    };
    let identifiers = |names: &[&str]| {
        texts(attributes, names).into_iter().filter_map(|it| Some(oid(it)?.0.clone())).collect::<Vec<_>>()
    };
    let schema = figure(&["policySchema"]).ok_or("policySchema")?;
    let mut template = Template {
        display_name: display_name.clone(),
        // Templates of version 1 have none in the directory; the one of the answer is the server's own.
        oid: Some(identifier.clone()).filter(|_| schema > 1),
        schema: Some(schema),
        revision: figure(&["revision", "majorRevision"]).ok_or("majorRevision")?,
        minor: figure(&["revision", "minorRevision"]).ok_or("minorRevision")?,
        flags: GeneralFlags::from_bits_retain(figure(&["generalFlags"]).ok_or("generalFlags")?),
        enrollment_flags: figure(&["enrollmentFlags"]).map(EnrollmentFlags::from_bits_retain),
        private_key_flags: PrivateKeyFlags::from_bits_retain(figure(&["privateKeyFlags"]).unwrap_or_default()),
        name_flags: NameFlags::from_bits_retain(figure(&["subjectNameFlags"]).unwrap_or_default()),
        ra_signatures: figure(&["rARequirements", "rASignatures"]).unwrap_or_default(),
        ra_application_policies: identifiers(&["rARequirements", "rAEKUs", "oIDReference"]),
        ra_policies: identifiers(&["rARequirements", "rAPolicies", "oIDReference"]),
        cng: cng(attributes, names),
        key_spec: match figure(&["privateKeyAttributes", "keySpec"]) {
            Some(2) => KeySpec::Signature,
            _ => KeySpec::Exchange,
        },
        minimal_key_size: figure(&["privateKeyAttributes", "minimalKeyLength"]).ok_or("minimalKeyLength")?,
        // They stand in the order of preference.
        providers: (1..)
            .zip(texts(attributes, &["privateKeyAttributes", "cryptoProviders", "provider"]))
            .map(|(order, name)| ProviderPreference { order, name })
            .collect(),
        validity: seconds("validityPeriodSeconds").ok_or("validityPeriodSeconds")?,
        renewal_period: seconds("renewalPeriodSeconds").ok_or("renewalPeriodSeconds")?,
        supersedes: texts(attributes, &["supersededPolicies", "commonName"]),
        ..Template::empty(&name)
    };
    for node in path(attributes, &["extensions", "extension"]) {
        extension(&mut template, node, names).ok_or("extension")?;
    }
    let may = |right: &str| path(attributes, &["permission", right]).into_iter().any(says_yes);
    Ok(PolicyTemplate { template, enroll: may("enroll"), autoenroll: may("autoEnroll") })
}

/// The settings for CNG providers, where it has any.
fn cng(attributes: Node<'_, '_>, names: &Names) -> Option<CngSettings> {
    let algorithm = |at: &[&str]| {
        let (oid, name) = names.get(&texts(attributes, at).pop()?)?;
        Some(oids::algorithm_name(oid, name).unwrap_or(name).to_owned())
    };
    let settings = CngSettings {
        asymmetric_algorithm: algorithm(&["privateKeyAttributes", "algorithmOIDReference"]),
        hash_algorithm: algorithm(&["hashAlgorithmOIDReference"]),
        key_usage: number(attributes, &["privateKeyAttributes", "keyUsageProperty"]),
        symmetric_algorithm: algorithm(&["keyArchivalAttributes", "symmetricAlgorithmOIDReference"]),
        symmetric_key_length: number(attributes, &["keyArchivalAttributes", "symmetricAlgorithmKeyLength"]),
        key_security: texts(attributes, &["privateKeyAttributes", "permissions"]).pop().filter(|it| !it.is_empty()),
    };
    Some(settings).filter(|settings| *settings != CngSettings::default())
}

/// An extension that a client asks for, as the attributes that it comes from.
fn extension(template: &mut Template, node: Node<'_, '_>, names: &Names) -> Option<()> {
    let (oid, _) = names.get(&xml::value(node, (ns::POLICY, "oIDReference"))?)?;
    if path(node, &["critical"]).into_iter().any(says_yes) {
        template.critical_extensions.push(oid.clone());
    }
    let value = from_base64(&xml::value(node, (ns::POLICY, "value"))?.split_whitespace().collect::<String>())?;
    let one = Extensions(vec![Extension { oid: oid.clone(), critical: false, value }]);
    template.eku.extend(one.extended_key_usage().ok()?.unwrap_or_default());
    template.application_policies.extend(one.application_policies().ok()?.unwrap_or_default());
    template.certificate_policies.extend(one.certificate_policies().ok()?.unwrap_or_default());
    if let Some(usage) = one.key_usage().ok()? {
        template.key_usage = usage;
    }
    if let Some(constraints) = one.basic_constraints().ok()? {
        let depth = constraints.path_length.map(i32::try_from);
        template.max_issuing_depth = depth.unwrap_or(Ok(-1)).ok()?;
    }
    Some(())
}
