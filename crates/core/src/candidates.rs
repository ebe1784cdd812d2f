//! Phase E: which templates this principal may be enrolled for without being asked, and at which CAs.

use alloc::string::String;
use alloc::vec::Vec;

use autoenroll_model::{
    AceEffect, Cause, Context, EnrollmentFlags, Facts, GeneralFlags, NameFlags, Right, RuleRow, SecurityDescriptor,
    Template, Token, access_check,
};

use crate::acquire::Gathered;
use crate::frame::Frame;
use crate::offer::PolicyTemplateEntry;
use crate::rules;

/// A template that the principal may be autoenrolled for.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Its place in the offer.
    pub(crate) template: usize,
    /// The CAs that issue it, best first: their places in the offer.
    pub(crate) authorities: Vec<usize>,
    /// Only renewals are possible: a new request would need a name that nobody supplies.
    pub(crate) renewal_only: bool,
    /// The decisions that made it one.
    pub(crate) reasons: Vec<Cause>,
}

/// Every candidate, in the order in which they are worked on: by name, ordinal.
pub(crate) fn candidates(frame: &mut Frame, gathered: &Gathered) -> Vec<Candidate> {
    let offer = gathered.offers.clone();
    let Some(principal) = &gathered.principal else { return Vec::new() };
    let token = Token::of(principal);
    let mut found: Vec<Candidate> = (0..offer.templates.len())
        .filter_map(|at| {
            let offered = &offer.templates[at];
            let before = frame.decisions_made();
            is_eligible(frame, offered, &token)?;
            let authorities = issuing(frame, gathered, &offered.template)?;
            let renewal_only = match who_names(frame, &offered.template) {
                Names::Directory => false,
                Names::OldCertificate => true,
                Names::Nobody => return None,
            };
            let reasons = frame.decisions_since(before).collect();
            Some(Candidate { template: at, authorities, renewal_only, reasons })
        })
        .collect();
    drop_superseded(frame, gathered, &mut found);
    if frame.decide(rules::TEMPLATE_ORDER, "order", true, Facts::new().with("count", found.len())) {
        found.sort_by(|a, b| offer.templates[a.template].template.name.cmp(&offer.templates[b.template].template.name));
    } else {
        found.sort_by(|a, b| offer.templates[b.template].template.name.cmp(&offer.templates[a.template].template.name));
    }
    found
}

/// The rules about one template alone, the cheapest first. The first that excludes it is the reason why nothing happens.
fn is_eligible(frame: &mut Frame, offered: &PolicyTemplateEntry, token: &Token) -> Option<()> {
    let template = &offered.template;
    let name = template.name.as_str();
    let holds = |frame: &mut Frame, rule: RuleRow, outcome: bool, facts: Facts| {
        frame.decide(rule, name, outcome, facts).then_some(())
    };
    let version = template.schema_version();

    holds(frame, rules::SCHEMA_TWO, version >= 2, Facts::new().with("schema", version))?;
    let highest = frame.profile().schema.highest();
    let facts = Facts::new().with("schema", version).with("highest", highest);
    // Where the limit lies is what profiles differ in; versions 1 and 2 are known to all of them.
    let known = match version {
        1 | 2 => true,
        _ => frame.decide(rules::SCHEMA_LIMIT, &template.name, (1..=highest).contains(&version), facts.clone()),
    };
    holds(frame, rules::SCHEMA_KNOWN, known, facts)?;
    let machine = template.flags.contains(GeneralFlags::MACHINE_TYPE);
    let right_context = machine == (frame.identity.context == Context::Machine);
    holds(frame, rules::MACHINE_TYPE, right_context, Facts::new().with("machine-type", machine))?;
    let for_ca = template.flags.intersects(GeneralFlags::IS_CA.union(GeneralFlags::IS_CROSS_CA));
    holds(frame, rules::NOT_FOR_CAS, !for_ca, Facts::new())?;
    // The general flag means the same ([MS-CRTD] 2.4) where the attribute with the enrollment flags is absent.
    let asked_for = match template.enrollment_flags {
        Some(flags) => flags.contains(EnrollmentFlags::AUTO_ENROLLMENT),
        None => template.flags.contains(GeneralFlags::AUTO_ENROLLMENT),
    };
    holds(frame, rules::AUTO_ENROLLMENT_FLAG, asked_for, Facts::new().with("auto-enrollment", asked_for))?;
    if frame.profile().same_key_renewal.is_yes() {
        let needed = template.private_key_flags.client_version();
        holds(
            frame,
            rules::CLIENT_VERSION,
            needed <= CLIENT_VERSION,
            Facts::new().with("needs", needed).with("has", CLIENT_VERSION),
        )?;
    }
    holds(
        frame,
        rules::ONE_RA_SIGNATURE,
        template.ra_signatures <= 1,
        Facts::new().with("signatures", template.ra_signatures),
    )?;

    let (read, enroll, autoenroll) = match offered.permissions {
        Some((enroll, autoenroll)) => (true, enroll, autoenroll),
        None => (
            access_check(&template.security, token, Right::Read),
            access_check(&template.security, token, Right::Enroll),
            access_check(&template.security, token, Right::AutoEnroll),
        ),
    };
    if offered.permissions.is_none() && denies_anything(&template.security, token) {
        let granted_without = without_denials(&template.security);
        let denied = (!enroll && access_check(&granted_without, token, Right::Enroll))
            || (!autoenroll && access_check(&granted_without, token, Right::AutoEnroll));
        if frame.decide(rules::DENYING_ACE, name, denied, Facts::new()) {
            return None;
        }
        let facts = Facts::new().with("read", read).with("enroll", true).with("autoenroll", true);
        return holds(frame, rules::TEMPLATE_RIGHTS, read && (denied || enroll) && (denied || autoenroll), facts);
    }
    let facts = Facts::new().with("read", read).with("enroll", enroll).with("autoenroll", autoenroll);
    holds(frame, rules::TEMPLATE_RIGHTS, read && enroll && autoenroll, facts)
}

/// The version nibble of a client that knows same-key renewal ([MS-WCCE] 3.1.2.4.2.2.2.8).
const CLIENT_VERSION: u32 = 4;

/// The CAs that issue the template and where the principal may enroll; `None` when there is none.
fn issuing(frame: &mut Frame, gathered: &Gathered, template: &Template) -> Option<Vec<usize>> {
    let offer = gathered.offers.clone();
    let mut found: Vec<usize> = Vec::new();
    for (at, authority) in offer.authorities.iter().enumerate() {
        if !authority.templates.contains(&template.name) {
            continue;
        }
        let allowed = match authority.enroll_permission {
            Some(permission) => frame.decide(rules::CA_RIGHT, &authority.name, permission, Facts::new()),
            None => true,
        };
        if allowed {
            found.push(at);
        }
    }
    let names: Vec<String> = found.iter().map(|at| offer.authorities[*at].name.clone()).collect();
    if !frame.decide(rules::CA_ISSUES_TEMPLATE, &template.name, !found.is_empty(), Facts::new().with("cas", names)) {
        return None;
    }
    // A policy server ranks CAs; the directory does not, so their names do.
    found.sort_by(|a, b| {
        let key = |at: usize| (offer.authorities[at].priority.unwrap_or(u32::MAX), offer.authorities[at].name.as_str());
        key(*a).cmp(&key(*b))
    });
    Some(found)
}

/// Who says whom a certificate of the template names.
enum Names {
    Directory,
    /// Only a renewal has one to take them from ([MS-WCCE] 3.1.2.4.2.2.2.10).
    OldCertificate,
    Nobody,
}

fn who_names(frame: &mut Frame, template: &Template) -> Names {
    let supplied = NameFlags::ENROLLEE_SUPPLIES_SUBJECT.union(NameFlags::ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME);
    let needs = template.name_flags.intersects(supplied);
    let repeats = frame.profile().renewal_subject.is_yes()
        && template.name_flags.contains(NameFlags::OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME);
    if !needs
        || !frame.decide(
            rules::ENROLLEE_SUPPLIES_SUBJECT,
            &template.name,
            needs,
            Facts::new().with("old-certificate", repeats),
        )
    {
        return Names::Directory;
    }
    if repeats { Names::OldCertificate } else { Names::Nobody }
}

/// A template that another candidate supersedes is not enrolled. One that is no candidate supersedes nothing.
fn drop_superseded(frame: &mut Frame, gathered: &Gathered, found: &mut Vec<Candidate>) {
    let templates = &gathered.offers.templates;
    let candidates: Vec<usize> = found.iter().map(|candidate| candidate.template).collect();
    found.retain(|candidate| {
        let name = &templates[candidate.template].template.name;
        let names_it = |at: &usize| *at != candidate.template && templates[*at].template.supersedes.contains(name);
        let by = candidates.iter().copied().find(|at| names_it(at)).or_else(|| (0..templates.len()).find(names_it));
        let Some(by) = by else { return true };
        let facts = Facts::new().with("by", templates[by].template.name.as_str());
        !frame.decide(rules::SUPERSEDED, name, candidates.contains(&by), facts)
    });
}

/// Whether a denying entry speaks to the token at all.
fn denies_anything(security: &SecurityDescriptor, token: &Token) -> bool {
    let entries = security.dacl.as_deref().unwrap_or_default();
    entries.iter().any(|ace| ace.effect == AceEffect::Deny && !ace.inherit_only && token.has(&ace.trustee))
}

/// The same descriptor as if nothing were denied.
fn without_denials(security: &SecurityDescriptor) -> SecurityDescriptor {
    let mut granted = security.clone();
    if let Some(dacl) = &mut granted.dacl {
        dacl.retain(|ace| ace.effect == AceEffect::Allow);
    }
    granted
}
