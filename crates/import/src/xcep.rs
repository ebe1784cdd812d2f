//! What a policy server answers: GetPoliciesResponse ([MS-XCEP] 3.1.4.1.2.2), as SOAP or alone, and as policies that
//! are exported to a file.

use std::collections::BTreeMap;

use autoenroll_model::{CaUri, Oid};
use autoenroll_wire::ldif::{Entry, from_base64};
use autoenroll_wire::{Certificate, Extension, Extensions};
use roxmltree::{Document, Node, ParsingOptions};

use crate::content::Content;
use crate::finding::{Finding, Reason};
use crate::object::{Whole, template_object};
use crate::{Import, ImportedAuthority, period};

/// Elements, texts and attributes of one file: a forest of 1,000 templates has a tenth.
const MOST_NODES: u32 = 1_000_000;
/// How deep elements are nested; an answer needs ten.
const MOST_DEPTH: u32 = 64;

const NAMESPACE: &str = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy";

/// Whether it is such an answer.
pub(crate) fn is_answer(content: &Content<'_>) -> bool {
    is_xml(&content.text) && content.text.contains("GetPoliciesResponse")
}

pub(crate) fn is_xml(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// The name of the root element, when it is XML.
pub(crate) fn root(text: &str) -> Option<String> {
    document(text).ok().map(|document| document.root_element().tag_name().name().to_owned())
}

/// Types of a document that declares some could name entities: none is read.
fn document(text: &str) -> Result<Document<'_>, String> {
    let text = text.trim_start();
    if depth(text) > MOST_DEPTH {
        return Err(format!("elements are nested more than {MOST_DEPTH} deep"));
    }
    let options = ParsingOptions { nodes_limit: MOST_NODES, allow_dtd: false, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| error.to_string())
}

/// How deep elements are nested, seen from the text, for the parser has no bound of its own.
fn depth(text: &str) -> u32 {
    let (mut depth, mut most) = (0_u32, 0);
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let markup = &rest[start..];
        // What stands in these is text, whatever it looks like. One that does not end the parser refuses.
        let opaque = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((open, close)) = opaque.into_iter().find(|(open, _)| markup.starts_with(open)) {
            let Some(length) = markup[open.len()..].find(close) else { break };
            rest = &markup[open.len() + length + close.len()..];
            continue;
        }
        let tag = &markup[1..];
        let end = tag_end(tag);
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with('!') && !tag[..end].ends_with('/') {
            depth += 1;
            most = most.max(depth);
        }
        if most > MOST_DEPTH {
            break;
        }
        rest = &tag[if tag.starts_with('!') { 1 } else { end }..];
    }
    most
}

/// Where a tag ends: at the first `>` outside of quotation marks.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (c, quote) {
            ('>', None) => return at,
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    tag.len()
}

pub(crate) fn read(content: &Content<'_>) -> Import {
    let mut import = Import::default();
    let document = match document(&content.text) {
        Ok(document) => document,
        Err(error) => {
            let reason = Reason::Malformed(format!("XML ({error})"));
            import.findings.push(Finding::new("XCEP", "file", "", reason));
            return import;
        }
    };
    let answers = document.descendants().filter(|node| node.has_tag_name((NAMESPACE, "GetPoliciesResponse")));
    for answer in answers {
        let names = Names::of(answer);
        // By their reference, in their order; policies name them by it.
        let cas: Vec<(String, ImportedAuthority)> =
            children(answer, &["cAs", "cA"]).filter_map(|ca| authority(&mut import, ca)).collect();
        import.authorities.extend(cas.iter().map(|(_, ca)| ca.clone()));
        let from = import.authorities.len() - cas.len();
        for policy in children(answer, &["response", "policies", "policy"]) {
            let Some(name) = template(&mut import, policy, &names) else { continue };
            for reference in children(policy, &["cAs", "cAReference"]).map(text) {
                match cas.iter().position(|(known, _)| *known == reference) {
                    Some(at) => import.authorities[from + at].authority.templates.push(name.clone()),
                    None => {
                        let reason = Reason::Conflict("no CA of that reference is in the answer");
                        import.findings.push(Finding::new(&name, "cAReference", reference, reason));
                    }
                }
            }
        }
    }
    import
}

/// Elements at the end of a path, in any namespace.
fn children<'a, 'i>(node: Node<'a, 'i>, path: &[&str]) -> impl Iterator<Item = Node<'a, 'i>> {
    let mut found = vec![node];
    for name in path {
        found =
            found.iter().flat_map(|node| node.children().filter(|child| child.tag_name().name() == *name)).collect();
    }
    found.into_iter()
}

fn text(node: Node<'_, '_>) -> String {
    node.text().unwrap_or_default().trim().to_owned()
}

/// The text at the end of a path; none for an element that is absent, empty or nil.
fn at(node: Node<'_, '_>, path: &[&str]) -> Option<String> {
    children(node, path).map(text).find(|text| !text.is_empty())
}

/// Object identifiers of an answer, by their reference.
struct Names(BTreeMap<String, (String, Option<String>)>);

impl Names {
    fn of(answer: Node<'_, '_>) -> Self {
        let rows = children(answer, &["oIDs", "oID"])
            .filter_map(|oid| Some((at(oid, &["oIDReferenceID"])?, (at(oid, &["value"])?, at(oid, &["defaultName"])))));
        Self(rows.collect())
    }

    fn dotted(&self, reference: &str) -> Option<&str> {
        self.0.get(reference).map(|(value, _)| value.as_str())
    }

    /// The name of an algorithm, as templates have it. Names of object identifiers are written otherwise, as `sha256`.
    fn algorithm(&self, reference: &str) -> Option<&str> {
        let (oid, name) = self.0.get(reference)?;
        let known = ALGORITHMS.iter().find(|(known, _)| known == oid).map(|(_, name)| *name);
        known.or(name.as_deref())
    }
}

/// Algorithms by the names of CNG.
const ALGORITHMS: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.113549.2.5", "MD5"),
    ("1.3.14.3.2.26", "SHA1"),
    ("2.16.840.1.101.3.4.2.1", "SHA256"),
    ("2.16.840.1.101.3.4.2.2", "SHA384"),
    ("2.16.840.1.101.3.4.2.3", "SHA512"),
    ("1.3.14.3.2.7", "DES"),
    ("1.2.840.113549.3.7", "3DES"),
    ("2.16.840.1.101.3.4.1.2", "AES"),
    ("2.16.840.1.101.3.4.1.22", "AES"),
    ("2.16.840.1.101.3.4.1.42", "AES"),
];

/// Elements of a policy's attributes that are an attribute of the directory as they stand.
const NUMBERS: &[(&[&str], &str)] = &[
    (&["policySchema"], "msPKI-Template-Schema-Version"),
    (&["privateKeyAttributes", "minimalKeyLength"], "msPKI-Minimal-Key-Size"),
    (&["privateKeyAttributes", "keySpec"], "pKIDefaultKeySpec"),
    (&["revision", "majorRevision"], "revision"),
    (&["revision", "minorRevision"], "msPKI-Template-Minor-Revision"),
    (&["privateKeyFlags"], "msPKI-Private-Key-Flag"),
    (&["subjectNameFlags"], "msPKI-Certificate-Name-Flag"),
    (&["enrollmentFlags"], "msPKI-Enrollment-Flag"),
    (&["generalFlags"], "flags"),
    (&["rARequirements", "rASignatures"], "msPKI-RA-Signature"),
];

const PERIODS: &[(&[&str], &str)] = &[
    (&["certificateValidity", "validityPeriodSeconds"], "pKIExpirationPeriod"),
    (&["certificateValidity", "renewalPeriodSeconds"], "pKIOverlapPeriod"),
];

/// A template; its name, when it has one.
fn template(import: &mut Import, policy: Node<'_, '_>, names: &Names) -> Option<String> {
    let attributes = children(policy, &["attributes"]).next()?;
    let Some(name) = at(attributes, &["commonName"]) else {
        let reason = Reason::Malformed("the name of the template".to_owned());
        import.findings.push(Finding::new("policy", "commonName", "", reason));
        return None;
    };
    let mut entry = Entry::default();
    entry.push("cn", name.as_str());
    let mut malformed = |attribute: &str, value: String, expected: &str| {
        import.findings.push(Finding::new(&name, attribute, value, Reason::Malformed(expected.to_owned())));
    };
    for (path, attribute) in NUMBERS {
        if let Some(number) = at(attributes, path) {
            entry.push(attribute, number);
        }
    }
    // The element is nil where no signature is asked for.
    if entry.value("msPKI-RA-Signature").is_none() && children(attributes, &["rARequirements"]).next().is_some() {
        entry.push("msPKI-RA-Signature", "0");
    }
    for (path, attribute) in PERIODS {
        match at(attributes, path).map(|seconds| (seconds.parse().ok(), seconds)) {
            Some((Some(seconds), _)) => entry.push(attribute, period::of_seconds(seconds)),
            Some((None, seconds)) => malformed(attribute, seconds, "a number of seconds"),
            None => {}
        }
    }
    if let Some(reference) = at(policy, &["policyOIDReference"]) {
        match names.0.get(&reference) {
            Some((oid, display_name)) => {
                entry.push("msPKI-Cert-Template-OID", oid.as_str());
                entry.push("displayName", display_name.as_deref().unwrap_or(&name));
            }
            None => malformed("policyOIDReference", reference, "the reference of an object identifier of the answer"),
        }
    }
    for (provider, order) in children(attributes, &["privateKeyAttributes", "cryptoProviders", "provider"]).zip(1..) {
        entry.push("pKIDefaultCSPs", format!("{order},{}", text(provider)));
    }
    for superseded in children(attributes, &["supersededPolicies", "commonName"]) {
        entry.push("msPKI-Supersede-Templates", text(superseded));
    }
    let mut oids = |entry: &mut Entry, path: &[&str], attribute: &str| {
        for reference in children(attributes, path).map(text) {
            match names.dotted(&reference) {
                Some(oid) => entry.push(attribute, oid),
                None => malformed(attribute, reference, "the reference of an object identifier of the answer"),
            }
        }
    };
    oids(&mut entry, &["rARequirements", "rAPolicies", "oIDReference"], "msPKI-RA-Policies");
    oids(&mut entry, &["rARequirements", "rAEKUs", "oIDReference"], RA_POLICIES);
    packed(&mut entry, attributes, names);
    for extension in children(attributes, &["extensions", "extension"]) {
        if let Err((what, expected)) = self::extension(&mut entry, extension, names) {
            malformed("extension", what, expected);
        }
    }
    let may = |right: &str| at(attributes, &["permission", right]).unwrap_or_else(|| "not said".to_owned());
    let permission = format!("enroll {}, autoEnroll {}", may("enroll"), may("autoEnroll"));
    let reason = Reason::NoWord("the rights of whoever asked the server, who is not named");
    import.findings.push(Finding::new(&name, "permission", permission, reason));
    let no_list = "a policy server has no access control list: every principal reads the template and none enrolls; \
        say `allow`";
    template_object(import, &name, &entry, Whole::Yes, no_list)?;
    Some(name)
}

const RA_POLICIES: &str = "msPKI-RA-Application-Policies";

/// The settings of version 3 and later, packed as the directory has them ([MS-CRTD] 2.23.2).
fn packed(entry: &mut Entry, attributes: Node<'_, '_>, names: &Names) {
    let named =
        |path: &[&str]| at(attributes, path).and_then(|reference| names.algorithm(&reference).map(str::to_owned));
    let mut packed = String::new();
    for (name, kind, value) in [
        ("msPKI-Asymmetric-Algorithm", "PZPWSTR", named(&["privateKeyAttributes", "algorithmOIDReference"])),
        ("msPKI-Hash-Algorithm", "PZPWSTR", named(&["hashAlgorithmOIDReference"])),
        ("msPKI-Key-Security-Descriptor", "PZPWSTR", at(attributes, &["privateKeyAttributes", "permissions"])),
        ("msPKI-Key-Usage", "DWORD", at(attributes, &["privateKeyAttributes", "keyUsageProperty"])),
        ("msPKI-Symmetric-Algorithm", "PZPWSTR", named(&["keyArchivalAttributes", "symmetricAlgorithmOIDReference"])),
        (
            "msPKI-Symmetric-Key-Length",
            "DWORD",
            at(attributes, &["keyArchivalAttributes", "symmetricAlgorithmKeyLength"]),
        ),
    ] {
        if let Some(value) = value {
            packed += &format!("{name}`{kind}`{value}`");
        }
    }
    if packed.is_empty() {
        return;
    }
    let policies: Vec<String> = entry.texts(RA_POLICIES).map(str::to_owned).collect();
    if !policies.is_empty() {
        packed += &format!("{RA_POLICIES}`PZPWSTR`{}`", policies.join(","));
        entry.0.retain(|(name, _)| name != RA_POLICIES);
    }
    entry.push(RA_POLICIES, packed);
}

/// An extension that the CA will put into certificates, as the attributes that it comes from.
fn extension(entry: &mut Entry, node: Node<'_, '_>, names: &Names) -> Result<(), (String, &'static str)> {
    let reference = at(node, &["oIDReference"]).unwrap_or_default();
    let oid = names.dotted(&reference).and_then(|oid| oid.parse::<Oid>().ok());
    let oid = oid.ok_or((reference, "the reference of an object identifier of the answer"))?;
    let dotted = oid.as_str().to_owned();
    if at(node, &["critical"]).is_some_and(|text| text == "true" || text == "1") {
        entry.push("pKICriticalExtensions", dotted.as_str());
    }
    let value = base64(&at(node, &["value"]).unwrap_or_default()).ok_or((dotted.clone(), "base64"))?;
    let one = Extensions(vec![Extension { oid, critical: false, value }]);
    let unread = |_| (dotted.clone(), "DER of the extension");
    let mut push = |attribute: &str, oids: Vec<Oid>| oids.iter().for_each(|oid| entry.push(attribute, oid.as_str()));
    push("pKIExtendedKeyUsage", one.extended_key_usage().map_err(unread)?.unwrap_or_default());
    push("msPKI-Certificate-Application-Policy", one.application_policies().map_err(unread)?.unwrap_or_default());
    push("msPKI-Certificate-Policy", one.certificate_policies().map_err(unread)?.unwrap_or_default());
    if let Some(usage) = one.key_usage().map_err(unread)? {
        entry.push("pKIKeyUsage", usage.bits().to_le_bytes());
    }
    if let Some(constraints) = one.basic_constraints().map_err(unread)? {
        let depth = constraints.path_length.map_or(-1, i64::from);
        entry.push("pKIMaxIssuingDepth", depth.to_string());
    }
    Ok(())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    from_base64(&text.split_whitespace().collect::<String>())
}

/// A CA with its reference. It is called what its certificate says.
fn authority(import: &mut Import, ca: Node<'_, '_>) -> Option<(String, ImportedAuthority)> {
    let reference = at(ca, &["cAReferenceID"]).unwrap_or_default();
    let place = format!("cA {reference}");
    let certificate = at(ca, &["certificate"]).and_then(|text| base64(&text));
    let parsed = certificate.as_deref().and_then(|der| Certificate::parse(der).ok());
    let Some((certificate, parsed)) = certificate.zip(parsed) else {
        let reason = Reason::Malformed("a certificate, which says what the CA is called".to_owned());
        import.findings.push(Finding::new(&place, "certificate", "", reason));
        return None;
    };
    let name = parsed.subject.common_name().unwrap_or_else(|| parsed.subject.to_string());
    let mut imported = ImportedAuthority::named(&name);
    imported.authority.certificate = certificate;
    for uri in children(ca, &["uris", "cAURI"]) {
        let number = |key: &str| at(uri, &[key]).and_then(|text| text.parse().ok());
        match at(uri, &["uri"]) {
            Some(address) => imported.authority.uris.push(CaUri {
                uri: address,
                client_authentication: number("clientAuthentication").unwrap_or(2),
                priority: number("priority").unwrap_or(1),
                renewal_only: at(uri, &["renewalOnly"]).is_some_and(|text| text == "true" || text == "1"),
            }),
            None => {
                let reason = Reason::Malformed("an address".to_owned());
                import.findings.push(Finding::new(&name, "uri", "", reason));
            }
        }
    }
    let may = at(ca, &["enrollPermission"]).unwrap_or_else(|| "not said".to_owned());
    let reason = Reason::NoWord("the right of whoever asked the server, who is not named");
    import.findings.push(Finding::new(&name, "enrollPermission", may, reason));
    Some((reference, imported))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_alone_are_counted() {
        let deep = |count: usize| "<x>".repeat(count) + &"</x>".repeat(count);
        for (text, expected) in [
            (deep(3), 3),
            ("<a><b/><b c='>'/></a>".to_owned(), 1),
            (format!("<a><!-- {} --></a>", "<x>".repeat(99)), 1),
            (format!("<a><!-- </a> --><b>{}</b></a>", deep(2)), 4),
            (format!("<a><![CDATA[{}]]><b/></a>", "<x>".repeat(99)), 1),
            (format!("<?x {}?><a/>", "<x>".repeat(99)), 0),
            (format!("<a><!-- -- {}", deep(99)), 1),
            (deep(1000), MOST_DEPTH + 1),
        ] {
            assert_eq!(depth(&text), expected, "{}", text.get(..60).unwrap_or(&text));
        }
        assert!(document(&deep(64)).is_ok() && document(&deep(65)).is_err());
        assert!(document(&format!("<a><!-- {} --></a>", "<x>".repeat(99))).is_ok(), "a comment is no element");
    }
}
