//! Phase G: the work list, silent items first.

use alloc::string::String;
use alloc::vec::Vec;

use autoenroll_model::{
    Action, Cause, Context, EnrollmentFlags, EnrollmentService, Facts, KeyPlace, NoProviders, PrivateKeyFlags,
    Provider, ProviderKind, RequestEntry, RequestStage, Template, Thumbprint,
};

use crate::acquire::Gathered;
use crate::candidates::{Candidate, candidates};
use crate::examine::{Examined, Held, Standing, standing};
use crate::frame::Frame;
use crate::offer::PolicyTemplateEntry;
use crate::rules;

/// One certificate to be got.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The template's name.
    pub(crate) name: String,
    /// Its place in the offer, when it is still there.
    pub(crate) template: Option<usize>,
    pub(crate) action: Action,
    /// A user must take part.
    pub(crate) interactive: bool,
    /// Installed providers in order of preference.
    pub(crate) providers: Vec<Provider>,
    /// CAs that issue the template, best first.
    pub(crate) authorities: Vec<Ca>,
    /// The certificate that a renewal is signed with.
    pub(crate) old: Option<OldCertificate>,
    /// The certificate that co-signs as registration authority.
    pub(crate) cosigner: Option<OldCertificate>,
    /// Certificates that the new one replaces.
    pub(crate) retires: Vec<Thumbprint>,
    /// The entry that is retrieved or resumed.
    pub(crate) entry: Option<RequestEntry>,
    /// Entries of this template that never reached a CA.
    pub(crate) orphans: Vec<Orphan>,
    pub(crate) reasons: Vec<Cause>,
}

/// An entry of the REQUEST store that was written before its request could be sent.
#[derive(Clone, Debug)]
pub(crate) struct Orphan {
    pub(crate) entry: RequestEntry,
    /// No certificate has its key, as the old one does that was to be renewed with the same key.
    pub(crate) owns_key: bool,
}

/// A CA by name and host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ca {
    pub(crate) name: String,
    pub(crate) host: String,
}

/// A certificate with a key that signs a request for another one.
#[derive(Clone, Debug)]
pub(crate) struct OldCertificate {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: KeyPlace,
}

/// The work list.
pub(crate) fn plan(frame: &mut Frame, gathered: &Gathered, examined: &Examined) -> Vec<Item> {
    let mut items = outstanding(frame, gathered, examined);
    for candidate in candidates(frame, gathered) {
        let template = &gathered.offers.templates[candidate.template].template;
        if let Some(item) = needed(frame, gathered, examined, &candidate, template) {
            items.push(item);
        }
    }
    items.sort_by_key(|item| item.interactive);
    items
}

/// Items for requests that were made earlier.
fn outstanding(frame: &mut Frame, gathered: &Gathered, examined: &Examined) -> Vec<Item> {
    let mut items = Vec::new();
    for entry in &examined.requests {
        let action = match &entry.stage {
            RequestStage::Prepared => continue,
            RequestStage::Pending { ca, request_id, .. } => {
                let facts = Facts::new().with("ca", ca.as_str()).with("request-id", *request_id);
                if !frame.decide(rules::PENDING_ASKED, &entry.template, gathered.powers.retrieve, facts) {
                    continue;
                }
                Action::Retrieve
            }
            RequestStage::Issued { .. } => {
                if !frame.decide(rules::UNFINISHED_REQUEST, &entry.template, true, Facts::new().with("stage", "issued"))
                {
                    continue;
                }
                Action::Resume
            }
        };
        let because = frame.because();
        let interactive = action == Action::Resume && entry.key.card.is_some();
        let template = gathered.offers.templates.iter().position(|offered| offered.template.name == entry.template);
        items.push(Item {
            name: entry.template.clone(),
            template,
            action,
            interactive,
            providers: alloc::vec![provider_of(&entry.key, &gathered.settings.providers)],
            authorities: Vec::new(),
            old: None,
            cosigner: None,
            retires: entry.replaces.iter().cloned().collect(),
            entry: Some(entry.clone()),
            orphans: Vec::new(),
            reasons: alloc::vec![because],
        });
    }
    items
}

/// What must be done for a candidate, if anything.
fn needed(
    frame: &mut Frame,
    gathered: &Gathered,
    examined: &Examined,
    candidate: &Candidate,
    template: &Template,
) -> Option<Item> {
    let name = template.name.as_str();
    let before = frame.decisions_made();
    let pending = examined.outstanding(name).is_some();
    if pending && frame.decide(rules::PENDING_NOT_REPEATED, name, pending, Facts::new()) {
        return None;
    }
    let powers = gathered.powers;
    let standing = standing(frame, examined, candidate.template, template);
    let (action, old) = match standing {
        Standing::Good => return None,
        Standing::None => {
            let in_directory = template.enrollment(EnrollmentFlags::AUTO_ENROLLMENT_CHECK_USER_DS_CERTIFICATE)
                && examined.published.iter().any(|held| {
                    held.template == candidate.template
                        && !held.has_expired(frame.now.wall)
                        && !examined.is_revoked(held)
                });
            if in_directory && frame.decide(rules::DIRECTORY_COPY, name, in_directory, Facts::new()) {
                return None;
            }
            let allowed = powers.enroll && !candidate.renewal_only;
            if !frame.decide(rules::FIRST_ENROLLMENT, name, allowed, Facts::new().with("enroll", powers.enroll)) {
                return None;
            }
            (Action::Enroll, None)
        }
        Standing::Outdated(held) => {
            if !powers.enroll || candidate.renewal_only {
                return None;
            }
            (Action::Reenroll, Some(held))
        }
        Standing::Due(held) => {
            if !powers.manage {
                return None;
            }
            (Action::Renew, Some(held))
        }
    };
    let (action, cosigner) = with_cosigner(frame, gathered, examined, template, action)?;
    let renewed = if action == Action::Renew { old.as_ref().and_then(as_signer) } else { None };
    let action = if action == Action::Renew && renewed.is_none() { Action::Reenroll } else { action };

    let retires = retired_by(frame, gathered, examined, candidate.template, template, old.as_ref());
    let providers = providers(frame, template, &gathered.settings.providers);
    let interactive = is_interactive(frame, template, providers.first(), renewed.as_ref(), cosigner.as_ref());
    let mut reasons = candidate.reasons.clone();
    reasons.extend(frame.decisions_since(before));
    Some(Item {
        name: template.name.clone(),
        template: Some(candidate.template),
        action,
        interactive,
        providers,
        authorities: candidate.authorities.iter().filter_map(|at| ca(&gathered.offers.authorities[*at])).collect(),
        old: renewed,
        cosigner,
        retires,
        entry: None,
        orphans: examined
            .requests
            .iter()
            .filter(|entry| entry.template == template.name && entry.stage == RequestStage::Prepared)
            .map(|entry| Orphan {
                entry: entry.clone(),
                owns_key: !examined.held.iter().any(|held| held.key.as_ref() == Some(&entry.key)),
            })
            .collect(),
        reasons,
    })
}

/// A template that wants one registration authority's signature: the old certificate may stand in for it, otherwise one of the
/// principal's own certificates co-signs a new request, otherwise nothing can be done.
fn with_cosigner(
    frame: &mut Frame,
    gathered: &Gathered,
    examined: &Examined,
    template: &Template,
    action: Action,
) -> Option<(Action, Option<OldCertificate>)> {
    if template.ra_signatures == 0 {
        return Some((action, None));
    }
    let previous = template.enrollment(EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT);
    if action == Action::Renew && frame.decide(rules::PREVIOUS_APPROVAL, &template.name, previous, Facts::new()) {
        return Some((action, None));
    }
    let wanted = &template.ra_application_policies;
    let own = examined.held.iter().find(|held| {
        wanted.iter().all(|oid| held.eku.iter().any(|own| own == oid.as_str()))
            && !held.has_expired(frame.now.wall)
            && !examined.is_revoked(held)
            && gathered
                .offers
                .templates
                .get(held.template)
                .is_some_and(|offered| offered.template.name != template.name)
    });
    let own = own.and_then(as_signer);
    let facts = Facts::new().with_some("certificate", own.as_ref().map(|own| own.thumbprint.0.as_str()));
    if !frame.decide(rules::SELF_RA, &template.name, own.is_some(), facts) {
        return None;
    }
    let new = frame.decide(rules::RA_SIGNATURE_NO_RENEWAL, &template.name, true, Facts::new());
    let action = if action == Action::Renew && new { Action::Reenroll } else { action };
    Some((action, own))
}

fn as_signer(held: &Held) -> Option<OldCertificate> {
    let key = held.key.clone()?;
    Some(OldCertificate { thumbprint: held.thumbprint.clone(), certificate: held.certificate.clone(), key })
}

/// The certificates that a new one of this template makes superfluous: the one it renews, those of the template that no longer
/// count, and those of templates it supersedes.
fn retired_by(
    frame: &mut Frame,
    gathered: &Gathered,
    examined: &Examined,
    at: usize,
    template: &Template,
    old: Option<&Held>,
) -> Vec<Thumbprint> {
    let mut retired = Vec::new();
    for held in &examined.held {
        let other = gathered.offers.templates.get(held.template).map(|offered| offered.template.name.as_str());
        let replaced = old.is_some_and(|old| old.thumbprint == held.thumbprint);
        let over = held.template == at && (held.has_expired(frame.now.wall) || examined.is_revoked(held));
        let superseded =
            held.template != at && other.is_some_and(|other| template.supersedes.iter().any(|s| s == other));
        let superseded = superseded
            && frame.decide(
                rules::SUPERSEDED_CERTIFICATE,
                &held.thumbprint.0,
                true,
                Facts::new().with("by", template.name.as_str()),
            );
        if replaced || over || superseded {
            retired.push(held.thumbprint.clone());
        }
    }
    retired
}

/// The template's providers that are installed, in its order of preference.
fn providers(frame: &mut Frame, template: &Template, installed: &[Provider]) -> Vec<Provider> {
    let mut listed = template.providers.clone();
    if frame.decide(rules::PROVIDER_ORDER, &template.name, true, Facts::new().with("count", listed.len())) {
        listed.sort();
    } else {
        listed.sort_by(|a, b| b.cmp(a));
    }
    if listed.is_empty() {
        let for_cards = template.eku.iter().any(|oid| oid.as_str() == SMART_CARD_LOGON);
        let kind = if for_cards { ProviderKind::Card } else { ProviderKind::Software };
        let registered = frame.profile().no_providers == NoProviders::Registered || !for_cards;
        let registered =
            frame.decide(rules::NO_PROVIDERS, &template.name, registered, Facts::new().with("kind", kind.as_str()));
        return if registered {
            installed.iter().filter(|provider| provider.kind == kind).cloned().collect()
        } else {
            Vec::new()
        };
    }
    let mut found = Vec::new();
    for preference in &listed {
        let provider = installed.iter().find(|provider| provider.name == preference.name);
        let skipped = frame.decide(rules::PROVIDER_NOT_INSTALLED, &preference.name, provider.is_none(), Facts::new());
        match provider {
            Some(provider) if !skipped => found.push(provider.clone()),
            _ => {}
        }
    }
    found
}

/// Extended key usage of certificates that log on with a card.
const SMART_CARD_LOGON: &str = "1.3.6.1.4.1.311.20.2.2";

/// Whether a user must take part: to consent, to bring a card for the new key or for one that signs, or to sign as an authority.
fn is_interactive(
    frame: &mut Frame,
    template: &Template,
    first: Option<&Provider>,
    renewed: Option<&OldCertificate>,
    cosigner: Option<&OldCertificate>,
) -> bool {
    let consent = template.enrollment(EnrollmentFlags::USER_INTERACTION_REQUIRED);
    let protected = template.private_key_flags.contains(PrivateKeyFlags::STRONG_KEY_PROTECTION_REQUIRED);
    let signs = [renewed, cosigner].into_iter().flatten().any(|signer| signer.key.card.is_some());
    let card = signs || first.is_some_and(|provider| provider.kind == ProviderKind::Card);
    let cosigned = cosigner.is_some();
    let facts = Facts::new()
        .with("user-interaction-required", consent)
        .with("strong-key-protection", protected)
        .with("card", card)
        .with("ra-signature", cosigned);
    frame.decide(rules::INTERACTIVE, &template.name, consent || protected || card || cosigned, facts)
}

/// The provider of a key that exists already; one that has been uninstalled since is taken for what its key's place says.
fn provider_of(key: &KeyPlace, installed: &[Provider]) -> Provider {
    let kind = if key.card.is_some() { ProviderKind::Card } else { ProviderKind::Software };
    installed
        .iter()
        .find(|provider| provider.name == key.provider)
        .cloned()
        .unwrap_or_else(|| Provider { name: key.provider.clone(), kind })
}

fn ca(authority: &EnrollmentService) -> Option<Ca> {
    Some(Ca { name: authority.name.clone(), host: authority.host.clone()? })
}

/// Whether an interactive item may be worked on at all: a machine has nobody to ask.
pub(crate) fn may_interact(frame: &mut Frame, item: &Item) -> bool {
    let machine = frame.identity.context == Context::Machine;
    !(item.interactive && frame.decide(rules::MACHINE_HAS_NO_DESKTOP, &item.name, machine, Facts::new()))
}

/// The template of an item, when it is still offered.
pub(crate) fn template_of<'a>(gathered: &'a Gathered, item: &Item) -> Option<&'a Template> {
    item.template
        .and_then(|at| gathered.offers.templates.get(at))
        .map(|offered: &PolicyTemplateEntry| &offered.template)
}
