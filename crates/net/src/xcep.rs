//! [MS-XCEP]: what a client asks a policy server, and the server's answer.
//!
//! The answer has every element in the order of the schema, also those that are nil, because clients of Windows take
//! nothing else. What comes of single settings there is known from those who served them: without a key specification
//! or general flags a client falls back to a key of 1024 bits, or takes a computer's template for a user's, so none of
//! them is nil here. The same world always has the same policy identifier.

mod oids;
mod read;
mod whole;

use autoenroll_keys::sha256;
use autoenroll_model::{
    EnrollmentService, FileTime, GeneralFlags, Guid, KeySpec, Oid, PolicyResponse, PolicyTemplate, Template, hex,
};
use autoenroll_wire::ldif::to_base64;
use autoenroll_wire::{BasicConstraints, Extension};
use roxmltree::Node;

use crate::soap::{Fault, Subcode, Writer, ns, xml};
use oids::{Group, Oids};

pub use read::{Policy, PolicyAnswer, PolicyCa};
pub(crate) use whole::read_whole;

/// wsa:Action of the question.
pub(crate) const GET_POLICIES: &str =
    "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPolicies";
/// wsa:Action of the answer.
pub(crate) const GET_POLICIES_RESPONSE: &str =
    "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy/IPolicy/GetPoliciesResponse";
/// `nextUpdateHours` of a server that says nothing else ([MS-XCEP] note 4).
const NEXT_UPDATE_HOURS: u32 = 8;
/// Identifiers that a filter may name.
const MOST_FILTERS: usize = 1000;

/// A GetPolicies ([MS-XCEP] 3.1.4.1.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// When the client last got an answer.
    pub(crate) last_update: Option<FileTime>,
    /// Only templates of these identifiers.
    pub(crate) templates: Option<Vec<String>>,
    /// Only templates that a client of this version can use.
    pub(crate) client_version: Option<u32>,
    /// Only templates that a CA of this version can issue.
    pub(crate) server_version: Option<u32>,
}

impl Question {
    /// Reads the content of a body.
    ///
    /// # Errors
    /// The fault that answers it.
    pub(crate) fn read(content: Node<'_, '_>) -> Result<Self, Fault> {
        let wrong = |reason: &str| Fault::sender(reason).with(Subcode::InvalidRequest);
        if !content.has_tag_name((ns::POLICY, "GetPolicies")) {
            return Err(wrong("the body holds no GetPolicies"));
        }
        let client = xml::child(content, (ns::POLICY, "client")).filter(|client| !xml::is_nil(*client));
        let client = client.filter(|client| xml::elements(*client).next().is_some());
        // The server must answer with a fault when it is absent, nil or empty.
        let client = client.ok_or_else(|| wrong("the element client is absent, nil or empty"))?;
        let last_update = xml::value(client, (ns::POLICY, "lastUpdate"));
        let last_update = last_update.map(|text| date(&text).ok_or_else(|| wrong("lastUpdate is no xs:dateTime")));
        let filter = xml::child(content, (ns::POLICY, "requestFilter")).filter(|filter| !xml::is_nil(*filter));
        let list = filter.and_then(|filter| xml::child(filter, (ns::POLICY, "policyOIDs")));
        let list = list.filter(|list| !xml::is_nil(*list));
        let templates: Option<Vec<String>> = list.map(|list| xml::elements(list).map(xml::text).collect());
        if templates.as_ref().is_some_and(|list| list.len() > MOST_FILTERS) {
            return Err(wrong(&format!("policyOIDs names more than {MOST_FILTERS} identifiers")));
        }
        let version = |name: &str| -> Result<Option<u32>, Fault> {
            let text = filter.and_then(|filter| xml::value(filter, (ns::POLICY, name)));
            let number = text.map(|text| text.parse().map_err(|_not_a_number| wrong(&format!("{name} is no number"))));
            // cepces says 0, which no template asks for and no client is: it wants all of them.
            Ok(number.transpose()?.filter(|version| *version > 0))
        };
        Ok(Self {
            last_update: last_update.transpose()?,
            templates: templates.filter(|list| !list.is_empty()),
            client_version: version("clientVersion")?,
            server_version: version("serverVersion")?,
        })
    }

    fn wants(&self, template: &Template, oid: &Oid) -> bool {
        let flags = template.private_key_flags;
        self.templates.as_ref().is_none_or(|list| list.iter().any(|wanted| wanted == oid.as_str()))
            && self.client_version.is_none_or(|version| flags.client_version() <= version)
            && self.server_version.is_none_or(|version| flags.ca_version() <= version)
    }
}

/// What the answer is made of.
pub(crate) struct Answer<'a> {
    /// `objectGUID` of the forest root domain, from which the policy's identifier follows.
    pub(crate) forest: Guid,
    /// Name of the domain.
    pub(crate) domain: &'a str,
    pub(crate) response: &'a PolicyResponse,
}

impl Answer<'_> {
    /// Writes a GetPoliciesResponse.
    pub(crate) fn write(&self, writer: &mut Writer, question: &Question) {
        let namespaces = [("xmlns", ns::POLICY), ("xmlns:xsi", ns::INSTANCE)];
        writer.element("GetPoliciesResponse", &namespaces, |writer| {
            let mut oids = Oids::default();
            let policies = self.policies(question, &mut oids);
            let unchanged = self.response.not_changed;
            writer.element("response", &[], |writer| {
                writer.text("policyID", policy_id(self.forest));
                writer.text("policyFriendlyName", format!("{} enrollment policy", self.domain));
                writer.text("nextUpdateHours", self.response.next_update_hours.unwrap_or(NEXT_UPDATE_HOURS));
                writer.text_or_nil("policiesNotChanged", unchanged.then_some(true));
                collection(writer, "policies", if unchanged { &[] } else { &policies });
            });
            let cas: Vec<String> =
                self.response.authorities.iter().enumerate().filter_map(|(at, ca)| self::ca(at, ca)).collect();
            collection(writer, "cAs", if unchanged { &[] } else { &cas });
            collection(writer, "oIDs", &if unchanged { Vec::new() } else { oids.elements() });
        });
    }

    fn policies(&self, question: &Question, oids: &mut Oids) -> Vec<String> {
        let mut policies = Vec::new();
        for policy in &self.response.templates {
            let template = &policy.template;
            // What the directory says in place of an identifier names no object.
            if template.malformed_oid.is_some() {
                continue;
            }
            let oid = template.oid.clone().unwrap_or_else(|| unnamed(self.forest, &template.name));
            if !question.wants(template, &oid) {
                continue;
            }
            let reference = oids.reference(&oid, Group::Template, &template.display_name);
            let offers = |ca: &EnrollmentService| ca.templates.contains(&template.name);
            let cas = self.response.authorities.iter().enumerate().filter(|(_, ca)| has_uris(ca) && offers(ca));
            let cas: Vec<String> = cas.map(|(at, _)| element("cAReference", at)).collect();
            let mut writer = Writer::default();
            writer.element("policy", &[], |writer| {
                writer.text("policyOIDReference", reference);
                collection(writer, "cAs", &cas);
                writer.element("attributes", &[], |writer| attributes(writer, policy, oids));
            });
            policies.push(writer.finish());
        }
        policies
    }
}

/// [MS-XCEP] 3.1.4.1.3.1.
fn attributes(writer: &mut Writer, policy: &PolicyTemplate, oids: &mut Oids) {
    let template = &policy.template;
    let seconds = |duration: autoenroll_model::Duration| (duration.0 / 1_000_000_000).max(1);
    let cng = template.cng_settings();
    writer.text("commonName", &template.name);
    writer.text("policySchema", template.schema_version());
    writer.element("certificateValidity", &[], |writer| {
        writer.text("validityPeriodSeconds", seconds(template.validity));
        writer.text("renewalPeriodSeconds", seconds(template.renewal_period));
    });
    writer.element("permission", &[], |writer| {
        writer.text("enroll", policy.enroll);
        writer.text("autoEnroll", policy.autoenroll);
    });
    writer.element("privateKeyAttributes", &[], |writer| {
        writer.text("minimalKeyLength", template.minimal_key_size.max(1));
        writer.text("keySpec", if template.key_spec == KeySpec::Signature { 2 } else { 1 });
        writer.text_or_nil("keyUsageProperty", cng.and_then(|cng| cng.key_usage));
        writer.text_or_nil("permissions", cng.and_then(|cng| cng.key_security.as_ref()));
        let algorithm = cng.and_then(|cng| cng.asymmetric_algorithm.as_deref());
        writer.text_or_nil("algorithmOIDReference", algorithm.and_then(|name| oids.algorithm(name, Group::PublicKey)));
        let mut providers = template.providers.clone();
        providers.sort();
        let providers: Vec<String> = providers.iter().map(|provider| element("provider", &provider.name)).collect();
        collection(writer, "cryptoProviders", &providers);
    });
    writer.element("revision", &[], |writer| {
        writer.text("majorRevision", template.revision);
        writer.text("minorRevision", template.minor);
    });
    let superseded: Vec<String> = template.supersedes.iter().map(|name| element("commonName", name)).collect();
    collection(writer, "supersededPolicies", &superseded);
    writer.text("privateKeyFlags", template.private_key_flags.bits());
    writer.text("subjectNameFlags", template.name_flags.bits());
    writer.text("enrollmentFlags", template.enrollment_flags.unwrap_or_default().bits());
    writer.text("generalFlags", template.flags.bits());
    let hash = cng.and_then(|cng| cng.hash_algorithm.as_deref());
    writer.text_or_nil("hashAlgorithmOIDReference", hash.and_then(|name| oids.algorithm(name, Group::Hash)));
    if template.ra_signatures > 0 {
        writer.element("rARequirements", &[], |writer| {
            writer.text("rASignatures", template.ra_signatures);
            for (name, list, group) in [
                ("rAEKUs", &template.ra_application_policies, Group::Usage),
                ("rAPolicies", &template.ra_policies, Group::Policy),
            ] {
                let references =
                    list.iter().map(|oid| element("oIDReference", oids.reference(oid, group, oid.as_str())));
                collection(writer, name, &references.collect::<Vec<_>>());
            }
        });
    } else {
        writer.nil("rARequirements");
    }
    let archival = cng.and_then(|cng| Some((cng.symmetric_algorithm.as_deref()?, cng.symmetric_key_length?)));
    let archival = archival.and_then(|(name, bits)| Some((oids.algorithm(name, Group::Encryption)?, bits)));
    match archival {
        Some((reference, bits)) => writer.element("keyArchivalAttributes", &[], |writer| {
            writer.text("symmetricAlgorithmOIDReference", reference);
            writer.text("symmetricAlgorithmKeyLength", bits);
        }),
        None => writer.nil("keyArchivalAttributes"),
    }
    let extensions: Vec<String> = extensions(template).iter().map(|one| extension(one, oids)).collect();
    collection(writer, "extensions", &extensions);
}

/// What a client asks for in its request, so that the CA puts it into the certificate.
fn extensions(template: &Template) -> Vec<Extension> {
    let mut list = Extension::of_template(template);
    if template.flags.intersects(GeneralFlags::IS_CA | GeneralFlags::IS_CROSS_CA) {
        let path_length = u32::try_from(template.max_issuing_depth).ok();
        list.push(Extension::basic_constraints(BasicConstraints { ca: true, path_length }));
    }
    for extension in &mut list {
        extension.critical = template.critical_extensions.contains(&extension.oid);
    }
    list
}

fn extension(extension: &Extension, oids: &mut Oids) -> String {
    let mut writer = Writer::default();
    let name = autoenroll_wire::oids::name(&extension.oid).unwrap_or(extension.oid.as_str());
    let reference = oids.reference(&extension.oid, Group::Extension, name);
    writer.element("extension", &[], |writer| {
        writer.text("oIDReference", reference);
        writer.text("critical", extension.critical);
        writer.text("value", to_base64(&extension.value));
    });
    writer.finish()
}

/// A CA that can be reached over the web; the others are left out, for a collection of addresses is never empty.
fn ca(reference: usize, ca: &EnrollmentService) -> Option<String> {
    let mut writer = Writer::default();
    has_uris(ca).then(|| {
        writer.element("cA", &[], |writer| {
            writer.element("uris", &[], |writer| {
                for uri in &ca.uris {
                    writer.element("cAURI", &[], |writer| {
                        writer.text("clientAuthentication", uri.client_authentication);
                        writer.text("uri", &uri.uri);
                        writer.text("priority", uri.priority);
                        writer.text("renewalOnly", uri.renewal_only);
                    });
                }
            });
            writer.text("certificate", to_base64(&ca.certificate));
            writer.text("enrollPermission", ca.enroll_permission.unwrap_or(false));
            writer.text("cAReferenceID", reference);
        });
        writer.finish()
    })
}

fn has_uris(ca: &EnrollmentService) -> bool {
    !ca.uris.is_empty()
}

/// A collection of elements; an empty one is nil, because the schema wants one element at least.
fn collection(writer: &mut Writer, name: &str, elements: &[String]) {
    match elements {
        [] => writer.nil(name),
        elements => writer.element(name, &[], |writer| elements.iter().for_each(|element| writer.raw(element))),
    }
}

fn element(name: &str, value: impl std::fmt::Display) -> String {
    let mut writer = Writer::default();
    writer.text(name, value);
    writer.finish()
}

/// Of the forest and nothing else: whoever asks twice gets the same one.
fn policy_id(forest: Guid) -> String {
    let drawn = hex::encode(&sha256(format!("enrollment policy of {forest}").as_bytes())[..16]).to_uppercase();
    format!("{{{}-{}-{}-{}-{}}}", &drawn[..8], &drawn[8..12], &drawn[12..16], &drawn[16..20], &drawn[20..])
}

/// The identifier of a template of version 1 that has none in this world. The protocol knows policies by identifiers
/// alone, and every forest gives its own, of arcs that fit into 32 bits.
fn unnamed(forest: Guid, name: &str) -> Oid {
    let drawn = sha256(format!("template {name} of {forest}").as_bytes());
    let arc = |at: usize| u32::from_be_bytes([0, drawn[at], drawn[at + 1], drawn[at + 2]]);
    let oid = format!("1.3.6.1.4.1.311.21.8.{}.{}.{}.{}.{}.1.1", arc(0), arc(3), arc(6), arc(9), arc(12));
    oid.parse().expect("numbers with full stops between them are an object identifier")
}

/// xs:dateTime, in GMT when it says nothing else.
fn date(text: &str) -> Option<FileTime> {
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let local = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let seconds = zoned.map(jiff::Timestamp::as_second).or_else(|| Some(local()?.timestamp().as_second()))?;
    Some(FileTime::from_unix_seconds(seconds))
}

/// Asks for everything, as a client does that has no answer yet.
pub(crate) fn write_question(writer: &mut Writer) {
    writer.element("GetPolicies", &[("xmlns", ns::POLICY)], |writer| {
        writer.element("client", &[], |writer| {
            writer.nil("lastUpdate");
            writer.nil("preferredLanguage");
        });
        writer.nil("requestFilter");
    });
}
