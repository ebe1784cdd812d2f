//! The answer of a policy server as a client reads it, as far as it needs it to send a request somewhere.

use autoenroll_model::CaUri;
use autoenroll_wire::ldif::from_base64;
use roxmltree::Node;

use crate::soap::{ns, xml};

/// What a policy server told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyAnswer {
    /// Templates.
    pub policies: Vec<Policy>,
    /// CAs.
    pub cas: Vec<PolicyCa>,
}

/// A template, as far as a client of certificates needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Whether whoever asked may enroll.
    pub enroll: bool,
    /// References of CAs that issue it.
    pub cas: Vec<String>,
}

/// A CA that a policy server told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyCa {
    /// Its number in the answer.
    pub reference: String,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Its enrollment web services by priority, the best first.
    pub uris: Vec<CaUri>,
    /// Whether whoever asked may send requests.
    pub enroll: bool,
}

impl PolicyAnswer {
    /// Reads the content of a body.
    ///
    /// # Errors
    /// What it is instead.
    pub(crate) fn read(content: Node<'_, '_>) -> Result<Self, String> {
        if !content.has_tag_name((ns::POLICY, "GetPoliciesResponse")) {
            return Err(format!("the policy server answered with {}", content.tag_name().name()));
        }
        let policies = path(content, &["response", "policies", "policy"]);
        let cas = path(content, &["cAs", "cA"]);
        Ok(Self {
            policies: policies.into_iter().filter_map(policy).collect(),
            cas: cas.into_iter().filter_map(ca).collect(),
        })
    }

    /// The CAs that issue a template, in the order of the answer; all that may be asked when no template is named.
    pub fn cas_of<'a>(&'a self, template: Option<&'a str>) -> impl Iterator<Item = &'a PolicyCa> {
        let policy = template.and_then(|name| self.policies.iter().find(|policy| policy.name == name));
        let issues = move |ca: &&PolicyCa| policy.is_none_or(|policy| policy.cas.contains(&ca.reference));
        self.cas.iter().filter(|ca| ca.enroll).filter(issues)
    }
}

fn policy(node: Node<'_, '_>) -> Option<Policy> {
    let attributes = xml::child(node, (ns::POLICY, "attributes"))?;
    Some(Policy {
        name: xml::value(attributes, (ns::POLICY, "commonName"))?,
        enroll: path(attributes, &["permission", "enroll"]).into_iter().any(says_yes),
        cas: path(node, &["cAs", "cAReference"]).into_iter().map(xml::text).collect(),
    })
}

pub(super) fn ca(node: Node<'_, '_>) -> Option<PolicyCa> {
    let certificate = xml::value(node, (ns::POLICY, "certificate"))?;
    let mut uris: Vec<CaUri> = path(node, &["uris", "cAURI"]).into_iter().filter_map(uri).collect();
    uris.sort_by_key(|uri| uri.priority);
    Some(PolicyCa {
        reference: xml::value(node, (ns::POLICY, "cAReferenceID"))?,
        certificate: from_base64(&certificate.split_whitespace().collect::<String>())?,
        uris,
        enroll: path(node, &["enrollPermission"]).into_iter().any(says_yes),
    })
}

fn uri(node: Node<'_, '_>) -> Option<CaUri> {
    let number = |name: &str| xml::value(node, (ns::POLICY, name))?.parse().ok();
    Some(CaUri {
        uri: xml::value(node, (ns::POLICY, "uri"))?,
        client_authentication: number("clientAuthentication")?,
        priority: number("priority").unwrap_or(1),
        renewal_only: path(node, &["renewalOnly"]).into_iter().any(says_yes),
    })
}

pub(super) fn says_yes(node: Node<'_, '_>) -> bool {
    matches!(xml::text(node).as_str(), "true" | "1")
}

/// Elements at the end of a path.
pub(super) fn path<'a, 'i>(node: Node<'a, 'i>, names: &[&str]) -> Vec<Node<'a, 'i>> {
    let mut found = vec![node];
    for name in names {
        let inner = |node: &Node<'a, 'i>| node.children().filter(|child| child.has_tag_name((ns::POLICY, *name)));
        found = found.iter().flat_map(inner).collect();
    }
    found
}
