//! Phase E: which templates this principal may be enrolled for without being asked, and at which CAs.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    AceEffect, CaOrder, CaUri, Cause, Context, EnrollmentFlags, EnrollmentService, Facts, GeneralFlags, Inverted,
    ManualRenewal, NameFlags, Right, RuleRow, SecurityDescriptor, Settings, Template, Token, accesses,
};

use crate::events::{self, Detail};
use crate::frame::Frame;
use crate::known::{BestFirst, Ca, EnrollmentPolicy, Gathered, Permissions, TemplateEntry, auth_rank};
use crate::rules;

/// A template that the principal may be autoenrolled for.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) entry: Arc<TemplateEntry>,
    /// The CAs that issue it, best first.
    pub(crate) cas: BestFirst<Ca>,
    /// Only renewals are possible: a new request would need a name that is not known.
    pub(crate) renewal_only: bool,
    /// What lets it be one.
    pub(crate) ground: Ground,
    /// The decisions that made it one.
    pub(crate) reasons: Vec<Cause>,
}

/// What makes a template one that may be enrolled for without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// Autoenrollment, as policy asks for it.
    Policy,
    /// The machine enrolls for it by itself: the template of domain controllers, or one of the Automatic Certificate
    /// Request Settings. Policy has no say in that, except by switching everything off.
    Own,
    /// The principal may enroll by hand, and has a certificate renewed that it got so.
    Manual,
}

/// Every candidate, in the order in which they are worked on: by name, ordinal.
pub(crate) fn candidates(frame: &mut Frame, gathered: &Gathered) -> Result<Vec<Candidate>, Inverted> {
    let policy = &gathered.policy;
    let token = Token::of(&gathered.principal);
    let mut found = Vec::new();
    for entry in &policy.templates {
        let ground = ground(frame, &gathered.settings, &entry.template);
        // Without policy a domain controller knows neither newer templates nor superseding.
        // MC2.newer
        if ground == Ground::Policy && !gathered.flags.asked() {
            continue;
        }
        found.extend(candidate(frame, gathered, entry, &token, ground)?);
    }
    drop_superseded(frame, policy, &mut found);
    frame.applies(rules::TEMPLATE_ORDER, "order", Facts::new().with("count", found.len()))?;
    found.sort_by(|a, b| a.entry.template.name.cmp(&b.entry.template.name));
    Ok(found)
}

/// What makes a template a candidate, if its other properties allow.
pub(crate) fn ground(frame: &mut Frame, settings: &Settings, template: &Template) -> Ground {
    let machine = frame.identity.context == Context::Machine && template.flags.contains(GeneralFlags::MACHINE_TYPE);
    if !machine || template.schema_version() != 1 {
        return Ground::Policy;
    }
    let name = template.name.as_str();
    if frame.identity.domain_controller
        && frame.decide(rules::CONTROLLERS_OWN, name, name == DOMAIN_CONTROLLER, Facts::new()).holds
    {
        return Ground::Own;
    }
    let requests = &settings.automatic_requests;
    let named = requests.iter().any(|request| request == name);
    if !requests.is_empty() && frame.decide(rules::AUTOMATIC_REQUEST, name, named, Facts::new()).holds {
        return Ground::Own;
    }
    Ground::Policy
}

/// The version 1 template that is made for domain controllers.
const DOMAIN_CONTROLLER: &str = "DomainController";

fn candidate(
    frame: &mut Frame,
    gathered: &Gathered,
    entry: &Arc<TemplateEntry>,
    token: &Token,
    ground: Ground,
) -> Result<Option<Candidate>, Inverted> {
    let before = frame.decisions_made();
    let Some(ground) = is_eligible(frame, entry, token, ground) else { return Ok(None) };
    let Some(cas) = issuing(frame, gathered, &entry.template) else { return Ok(None) };
    let renewal_only = match subject_source(frame, &entry.template)? {
        SubjectSource::Directory => ground == Ground::Manual,
        SubjectSource::OldCertificate => true,
        SubjectSource::Missing => return Ok(None),
    };
    let reasons = frame.decisions_since(before).collect();
    Ok(Some(Candidate { entry: entry.clone(), cas, renewal_only, ground, reasons }))
}

/// The rules about one template alone, the cheapest first. The first that excludes it is the reason why nothing
/// happens.
fn is_eligible(frame: &mut Frame, entry: &TemplateEntry, token: &Token, ground: Ground) -> Option<Ground> {
    let template = &entry.template;
    let name = template.name.as_str();
    let require = |frame: &mut Frame, rule: RuleRow, holds: bool, facts: Facts| {
        frame.decide(rule, name, holds, facts).holds.then_some(())
    };
    let version = template.schema_version();

    // Version 0 is none that is too old, but none at all: that is for the rule below.
    if ground == Ground::Policy && version != 0 {
        require(frame, rules::SCHEMA_TWO, version >= 2, Facts::new().with("schema", version))?;
    }
    let highest = frame.profile().schema.highest();
    let facts = Facts::new().with("schema", version).with("highest", highest);
    // Where the limit lies is what profiles differ in; versions 1 and 2 are known to all of them ([MS-WCCE] note 42).
    let known = match version {
        1 | 2 => true,
        _ => frame.decide(rules::SCHEMA_LIMIT, name, (1..=highest).contains(&version), facts.clone()).holds,
    };
    require(frame, rules::SCHEMA_KNOWN, known, facts)?;
    // Version 1 has names only ([MS-CRTD] 2.20).
    let nameless = version >= 2 && template.oid.is_none();
    let facts = Facts::new().with_some("found", template.malformed_oid.as_deref());
    if nameless && frame.decide(rules::NO_TEMPLATE_OID, name, nameless, facts).holds {
        return None;
    }
    // F3.2.1.0x40
    let machine = template.flags.contains(GeneralFlags::MACHINE_TYPE);
    let right_context = machine == (frame.identity.context == Context::Machine);
    require(frame, rules::MACHINE_TYPE, right_context, Facts::new().with("machine-type", machine))?;
    // F3.2.1.0x80, F3.2.1.0x800
    let for_ca = template.flags.intersects(GeneralFlags::IS_CA.union(GeneralFlags::IS_CROSS_CA));
    require(frame, rules::NOT_FOR_CAS, !for_ca, Facts::new())?;
    // The general flag means the same ([MS-CRTD] 2.4) where the attribute with the enrollment flags is absent.
    // F3.2.1.0x20, F3.2.2.0x20
    let asked_for = match template.enrollment_flags {
        Some(flags) => flags.contains(EnrollmentFlags::AUTO_ENROLLMENT),
        None => template.flags.contains(GeneralFlags::AUTO_ENROLLMENT),
    };
    if ground == Ground::Policy {
        let facts = Facts::new().with("auto-enrollment", asked_for);
        require(frame, rules::AUTO_ENROLLMENT_FLAG, asked_for, facts)?;
    }
    // Only a client that knows the version nibble can be told by it that it is too old ([MS-WCCE] note 64).
    if frame.profile().same_key_renewal.is_yes() {
        // F3.2.3.0xf000000
        let needed = template.private_key_flags.client_version();
        let facts = Facts::new().with("needs", needed).with("has", CLIENT_VERSION);
        require(frame, rules::CLIENT_VERSION, needed <= CLIENT_VERSION, facts)?;
    }
    let facts = Facts::new().with("signatures", template.ra_signatures);
    require(frame, rules::ONE_RA_SIGNATURE, template.ra_signatures <= 1, facts)?;

    let rights = rights(entry, token);
    if rights.autoenroll && !rights.enroll {
        events::detail(frame, Detail::NoRight, name, Facts::new());
    }
    if entry.permissions.is_none() && denies_anything(&template.security, token) {
        let without = rights_without_denials(&template.security, token);
        let autoenroll = ground == Ground::Policy && !rights.autoenroll && without.autoenroll;
        let denied = autoenroll || (!rights.enroll && without.enroll);
        if frame.decide(rules::DENYING_ACE, name, denied, Facts::new()).holds {
            return None;
        }
    }
    let facts =
        Facts::new().with("read", rights.read).with("enroll", rights.enroll).with("autoenroll", rights.autoenroll);
    let autoenroll = ground == Ground::Own || rights.autoenroll;
    let by_hand = rights.read && rights.enroll;
    // The exception first, so that what excludes a template is the right that is missing.
    let asked = frame.profile().manual_renewal == ManualRenewal::Asked;
    let manual = by_hand && !autoenroll && frame.decide(rules::MANUAL_RENEWAL, name, asked, Facts::new()).holds;
    if frame.decide(rules::TEMPLATE_RIGHTS, name, by_hand && autoenroll, facts).holds {
        return Some(ground);
    }
    manual.then_some(Ground::Manual)
}

/// The version nibble of a client that knows same-key renewal ([MS-WCCE] 3.1.2.4.2.2.2.8).
const CLIENT_VERSION: u32 = 4;

/// The rights that autoenrollment needs on a template ([MS-CRTD] 4.1, [MS-WCCE] 3.1.2.4.2.2.1.1).
struct Rights {
    read: bool,
    enroll: bool,
    autoenroll: bool,
}

/// A policy server has resolved the rights for its caller; otherwise the security descriptor says them.
fn rights(entry: &TemplateEntry, token: &Token) -> Rights {
    match entry.permissions {
        Some(Permissions { enroll, autoenroll }) => Rights { read: true, enroll, autoenroll },
        None => granted(&entry.template.security, token),
    }
}

fn granted(security: &SecurityDescriptor, token: &Token) -> Rights {
    let found = accesses(security, token, [Right::Read, Right::Enroll, Right::AutoEnroll]);
    let [read, enroll, autoenroll] = found.map(|access| access.granted);
    Rights { read, enroll, autoenroll }
}

/// Whether a denying entry speaks to the token at all.
fn denies_anything(security: &SecurityDescriptor, token: &Token) -> bool {
    let entries = security.dacl.as_deref().unwrap_or_default();
    entries.iter().any(|ace| ace.effect == AceEffect::Deny && !ace.inherit_only && token.has(&ace.trustee))
}

/// The rights as if no entry denied any.
fn rights_without_denials(security: &SecurityDescriptor, token: &Token) -> Rights {
    let mut allowing = security.clone();
    if let Some(dacl) = &mut allowing.dacl {
        dacl.retain(|ace| ace.effect == AceEffect::Allow);
    }
    granted(&allowing, token)
}

/// The CAs that issue the template and where the principal may enroll; `None` when there is none.
fn issuing(frame: &mut Frame, gathered: &Gathered, template: &Template) -> Option<BestFirst<Ca>> {
    let mut found: Vec<&EnrollmentService> = Vec::new();
    for service in gathered.policy.issuers(&template.name) {
        let allowed = match service.enroll_permission {
            Some(permission) => frame.decide(rules::CA_RIGHT, &service.name, permission, Facts::new()).holds,
            None => true,
        };
        if allowed {
            found.push(service);
        }
    }
    let names: Vec<String> = found.iter().map(|service| service.name.clone()).collect();
    let facts = Facts::new().with("cas", names);
    if !frame.decide(rules::CA_ISSUES_TEMPLATE, &template.name, !found.is_empty(), facts).holds {
        events::detail(frame, Detail::NoCa, &template.name, Facts::new());
        return None;
    }
    best_first(frame, gathered, &template.name, &mut found);
    let mut ways: Vec<_> =
        found.into_iter().flat_map(|service| ways_to(service, &gathered.settings.stored_credentials)).collect();
    // Lower is better, among the addresses of all CAs ([MS-XCEP] 3.1.4.1.3.5).
    ways.sort_by_key(|(rank, _)| *rank);
    let mut cas = ways.into_iter().map(|(_, ca)| ca);
    Some(BestFirst { first: cas.next()?, others: cas.collect() })
}

/// Puts CAs into the order in which they are asked: what a policy server says of them, then the site that the directory
/// names for them, then what the profile does with those that nothing ranks.
fn best_first(frame: &mut Frame, gathered: &Gathered, template: &str, found: &mut [&EnrollmentService]) {
    if found.len() < 2 {
        return;
    }
    let by_name = frame.profile().ca_order == CaOrder::ByName;
    if frame.decide(rules::CA_ORDER, template, by_name, Facts::new()).holds {
        found.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let sites = frame.profile().ca_sites.is_yes() && found.iter().any(|service| service.site.is_some());
    if let Some(own) = gathered.site.as_deref().filter(|_| sites) {
        let mut ranked: Vec<(u8, &EnrollmentService)> = Vec::new();
        for service in found.iter() {
            let site = service.site.as_deref();
            let is_own = site.is_some_and(|site| site.eq_ignore_ascii_case(own));
            let facts = Facts::new().with("own", own).with_some("site", site);
            let first = frame.decide(rules::CA_OF_SITE, &service.name, is_own, facts).holds;
            ranked.push((if first { 0 } else { 1 + u8::from(site.is_some()) }, service));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        for (place, (_, service)) in found.iter_mut().zip(ranked) {
            *place = service;
        }
    }
}

/// How a CA is reached, with priority and order of authentication: by its enrollment web services, or else directly.
// R087.order
fn ways_to(service: &EnrollmentService, stored: &[String]) -> Vec<((u32, u8), Ca)> {
    let ca = |host: &str, renewal_only| Ca { name: service.name.clone(), host: host.to_string(), renewal_only };
    if service.uris.is_empty() {
        let direct = service.host.as_deref().map(|host| ca(host, false));
        return direct.into_iter().map(|ca| ((service.priority.unwrap_or(u32::MAX), 0), ca)).collect();
    }
    let way = |uri: &CaUri| {
        let rank = auth_rank(uri.client_authentication, &uri.uri, stored);
        ((uri.priority, rank), ca(&uri.uri, uri.renewal_only))
    };
    service.uris.iter().map(way).collect()
}

/// Who says whom a certificate of the template names.
enum SubjectSource {
    Directory,
    /// Only a renewal has one to take them from ([MS-WCCE] 3.1.2.4.2.2.2.10).
    OldCertificate,
    Missing,
}

fn subject_source(frame: &mut Frame, template: &Template) -> Result<SubjectSource, Inverted> {
    // F3.2.4.0x1, F3.2.4.0x10000
    let supplied = NameFlags::ENROLLEE_SUPPLIES_SUBJECT.union(NameFlags::ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME);
    if !template.name_flags.intersects(supplied) {
        return Ok(SubjectSource::Directory);
    }
    // F3.2.4.0x8
    let repeats = frame.profile().renewal_subject.is_yes()
        && template.name_flags.contains(NameFlags::OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME);
    let facts = Facts::new().with("old-certificate", repeats);
    frame.applies(rules::ENROLLEE_SUPPLIES_SUBJECT, &template.name, facts)?;
    Ok(if repeats { SubjectSource::OldCertificate } else { SubjectSource::Missing })
}

/// A template that another candidate supersedes is not enrolled. One that is no candidate supersedes nothing.
fn drop_superseded(frame: &mut Frame, policy: &EnrollmentPolicy, found: &mut Vec<Candidate>) {
    let enrolled = found.iter().filter(|candidate| candidate.ground != Ground::Manual);
    let candidates: Vec<Arc<TemplateEntry>> = enrolled.map(|candidate| candidate.entry.clone()).collect();
    let (by_candidates, by_any) = (superseding(&candidates), superseding(&policy.templates));
    found.retain(|candidate| {
        let name = candidate.entry.template.name.as_str();
        let first = |all: &BTreeMap<&str, Vec<&Arc<TemplateEntry>>>| {
            all.get(name)?.iter().find(|entry| !Arc::ptr_eq(entry, &candidate.entry)).map(|entry| (*entry).clone())
        };
        let by_candidate = first(&by_candidates);
        let is_candidate = by_candidate.is_some();
        let Some(by) = by_candidate.or_else(|| first(&by_any)) else { return true };
        let facts = Facts::new().with("by", by.template.name.as_str());
        let gives_way = frame.decide(rules::SUPERSEDED, name, is_candidate, facts).holds;
        if gives_way {
            events::detail(frame, Detail::Superseded, name, Facts::new());
        }
        !gives_way
    });
}

/// The templates that supersede each name, in their order.
fn superseding(entries: &[Arc<TemplateEntry>]) -> BTreeMap<&str, Vec<&Arc<TemplateEntry>>> {
    let mut by: BTreeMap<&str, Vec<&Arc<TemplateEntry>>> = BTreeMap::new();
    for entry in entries {
        for name in &entry.template.supersedes {
            by.entry(name).or_default().push(entry);
        }
    }
    by
}
