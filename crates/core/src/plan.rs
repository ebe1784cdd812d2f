//! Phase G: the work list, silent items first.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Context, Cosigning, Decided, EnrollmentFlags, Facts, HResult, Inverted, KeyPlace, NoProviders, PrivateKeyFlags,
    Provider, ProviderKind, RequestEntry, RequestStage, Template, Thumbprint,
};
use autoenroll_wire::{Certificate, oids};

use crate::candidates::{Candidate, Ground, candidates, ground};
use crate::events::{self, Detail};
use crate::examine::{CertificateStatus, status};
use crate::frame::{Frame, code_fact};
use crate::judge::{Subject, Unfit};
use crate::known::{
    BestFirst, Ca, Inventory, Issued, IssuedRequest, Item, Kind, Known, ManagedCertificate, NewRequest, Orphan,
    PendingRequest, SigningCertificate, Task, TemplateEntry,
};
use crate::rules;

/// The work list.
pub(crate) fn plan(frame: &mut Frame, known: &Known) -> Result<Vec<Item>, Inverted> {
    let over = over(frame, &known.held);
    let mut items = outstanding(frame, known, &over)?;
    for candidate in candidates(frame, &known.gathered)? {
        items.extend(needed(frame, known, &over, candidate)?);
    }
    items.sort_by_key(|item| item.interactive);
    Ok(items)
}

/// Items for requests that were made earlier.
fn outstanding(frame: &mut Frame, known: &Known, over: &BTreeSet<String>) -> Result<Vec<Item>, Inverted> {
    let mut items = Vec::new();
    for entry in known.held.requests().iter().filter(|entry| !over.contains(&entry.key_id)) {
        let (task, because) = match &entry.stage {
            RequestStage::Prepared => continue,
            RequestStage::Pending { ca, host, request_id } => {
                let facts = Facts::new().with("ca", ca.as_str()).with("request-id", *request_id);
                let fetch = known.gathered.flags.retrieve || is_own(frame, known, &entry.template);
                let Decided { holds, cause } = frame.decide(rules::PENDING_ASKED, &entry.template, fetch, facts);
                if !holds {
                    continue;
                }
                let ca = Ca { name: ca.clone(), host: host.clone(), renewal_only: false };
                (Task::Retrieve(PendingRequest { entry: entry.clone(), ca, request_id: *request_id }), cause)
            }
            RequestStage::Issued { ca, certificate, .. } => {
                // One that cannot be read is over.
                let Ok(view) = Certificate::parse(certificate) else { continue };
                let facts = Facts::new().with("stage", "issued");
                let cause = frame.applies(rules::UNFINISHED_REQUEST, &entry.template, facts)?;
                let issued = Issued { ca: ca.clone(), certificate: Arc::new(view) };
                (Task::Resume(IssuedRequest { entry: entry.clone(), issued, judged: false }), cause)
            }
        };
        items.push(Item {
            name: entry.template.clone(),
            interactive: wants_card(frame, &known.held, &task),
            task,
            providers: alloc::vec![provider_of(&entry.key, &known.gathered.settings.providers)],
            // MC1.replaced
            retires: entry.replaced().cloned().collect(),
            misnamed: None,
            reasons: alloc::vec![because],
            because,
        });
    }
    Ok(items)
}

/// Whether the machine enrolls for the template by itself, whatever policy says.
fn is_own(frame: &mut Frame, known: &Known, template: &str) -> bool {
    let template = known.gathered.policy.named(template);
    template.is_some_and(|entry| ground(frame, &known.gathered.settings, &entry.template) == Ground::Own)
}

/// Whether an issued certificate waits for its card. The card of one that may not be installed is not asked for.
fn wants_card(frame: &Frame, held: &Inventory, task: &Task) -> bool {
    let Task::Resume(IssuedRequest { entry, issued, .. }) = task else { return false };
    entry.key.card.is_some()
        && !held.is_installed(&issued.certificate.thumbprint())
        && foresee(frame, held, &entry.key, &issued.certificate).is_ok()
}

/// What will be said of a certificate that an entry keeps.
fn foresee(frame: &Frame, held: &Inventory, key: &KeyPlace, view: &Certificate) -> Result<(), Unfit> {
    Subject::new(view, key).foresee(frame.now.wall, held.check(&view.thumbprint()))
}

/// The entries whose certificate was issued and will never be good: nothing waits for them, and what they leave is
/// removed as that of requests that never reached a CA. One that cannot be read is never good.
fn over(frame: &mut Frame, held: &Inventory) -> BTreeSet<String> {
    let mut over = BTreeSet::new();
    for entry in held.requests() {
        let RequestStage::Issued { certificate, .. } = &entry.stage else { continue };
        let view = Certificate::parse(certificate);
        let view = view.map_err(|_| Unfit { code: HResult::ERROR_INVALID_DATA, lasting: true });
        let Err(unfit) = view.and_then(|view| foresee(frame, held, &entry.key, &view)) else { continue };
        let facts = code_fact(unfit.code).with("stage", "issued");
        if frame.decide(rules::REFUSED_FOR_GOOD, &entry.template, unfit.lasting, facts).holds {
            over.insert(entry.key_id.clone());
        }
    }
    over
}

/// What must be done for a candidate, if anything.
fn needed(
    frame: &mut Frame,
    known: &Known,
    over: &BTreeSet<String>,
    candidate: Candidate,
) -> Result<Option<Item>, Inverted> {
    let template = &candidate.entry.template;
    let name = template.name.as_str();
    let before = frame.decisions_made();
    let pending = known.held.is_outstanding(name, over);
    if pending && frame.decide(rules::PENDING_NOT_REPEATED, name, pending, Facts::new()).holds {
        return Ok(None);
    }
    let Some(Wish { renews, replaces, misnamed }) = wish(frame, known, &candidate)? else { return Ok(None) };
    let Some(signers) = signers(frame, known, template, renews, replaces.as_ref())? else { return Ok(None) };

    let Some(cas) = usable_ways(frame, name, candidate.cas, &signers.kind) else { return Ok(None) };
    let retires = retired_by(frame, known, &candidate.entry, replaces.as_ref())?;
    let providers = providers(frame, template, &known.gathered.settings.providers)?;
    let by_hand = candidate.ground == Ground::Manual && has_desktop(frame);
    let interactive = is_interactive(frame, template, providers.first(), &signers, by_hand);
    let mut reasons = candidate.reasons;
    reasons.extend(frame.decisions_since(before));
    Ok(Some(Item {
        name: template.name.clone(),
        interactive: interactive.holds,
        providers,
        retires,
        misnamed: replaces.filter(|_| misnamed).map(|old| old.thumbprint),
        reasons,
        because: interactive.cause,
        task: Task::Request(NewRequest {
            orphans: orphans(&known.held, name, over),
            template: candidate.entry,
            cas,
            kind: signers.kind,
            cosigner: signers.cosigner,
        }),
    }))
}

/// The CAs without the ways that are for renewals, unless this is one; `None` when nothing is left.
fn usable_ways(frame: &mut Frame, template: &str, cas: BestFirst<Ca>, kind: &Kind) -> Option<BestFirst<Ca>> {
    let renewal = matches!(kind, Kind::Renew(_));
    let mut usable = Vec::new();
    for ca in core::iter::once(cas.first).chain(cas.others) {
        let refuses = ca.renewal_only && !renewal;
        let facts = Facts::new().with("ca", ca.name.as_str()).with("url", ca.host.as_str());
        if !(ca.renewal_only && frame.decide(rules::RENEWAL_ONLY, template, refuses, facts).holds) {
            usable.push(ca);
        }
    }
    let mut usable = usable.into_iter();
    Some(BestFirst { first: usable.next()?, others: usable.collect() })
}

/// What a candidate's certificates ask for.
struct Wish {
    /// The old certificate is to be renewed, if it can sign.
    renews: bool,
    /// The certificate that the new one takes the place of.
    replaces: Option<ManagedCertificate>,
    /// It goes because of its name.
    misnamed: bool,
}

/// Whether a candidate needs a certificate, and whether policy lets it have one.
fn wish(frame: &mut Frame, known: &Known, candidate: &Candidate) -> Result<Option<Wish>, Inverted> {
    let template = &candidate.entry.template;
    let flags = known.gathered.flags;
    let own = candidate.ground == Ground::Own;
    let new = (flags.enroll || own) && !candidate.renewal_only;
    Ok(match status(frame, known, &candidate.entry, new)? {
        // U4.3.modern
        CertificateStatus::Good => None,
        CertificateStatus::None => {
            // P7.23, F3.2.2.0x10
            let in_directory = template.enrollment(EnrollmentFlags::AUTO_ENROLLMENT_CHECK_USER_DS_CERTIFICATE)
                && known.held.published.iter().any(|certificate| {
                    certificate.is_of(&candidate.entry) && !known.held.is_over(certificate, frame.now.wall)
                });
            let name = template.name.as_str();
            if in_directory && frame.decide(rules::DIRECTORY_COPY, name, in_directory, Facts::new()).holds {
                return Ok(None);
            }
            let facts = Facts::new().with("enroll", flags.enroll);
            let allowed = frame.decide(rules::FIRST_ENROLLMENT, name, new, facts).holds;
            allowed.then_some(Wish { renews: false, replaces: None, misnamed: false })
        }
        CertificateStatus::Outdated(old) => Some(Wish { renews: false, replaces: Some(old), misnamed: false }),
        CertificateStatus::Misnamed(old) => Some(Wish { renews: false, replaces: Some(old), misnamed: true }),
        CertificateStatus::Due(old) => {
            (flags.manage || own).then_some(Wish { renews: true, replaces: Some(old), misnamed: false })
        }
    })
}

/// Who signs a request besides its own key.
struct Signers {
    kind: Kind,
    cosigner: Option<SigningCertificate>,
    /// The co-signing key asks its user at each use: its template demands strong protection.
    protected: bool,
}

/// Who signs: the old certificate, or one that stands in for a registration authority; `None` when a signature that the
/// template demands cannot be had.
///
/// A template that wants one signature of a registration authority: the old certificate may stand in for it, otherwise
/// one of the principal's own certificates co-signs a new request, otherwise nothing can be done ([MS-WCCE]
/// 3.1.2.4.2.2.2.7).
fn signers(
    frame: &mut Frame,
    known: &Known,
    template: &Template,
    renews: bool,
    replaces: Option<&ManagedCertificate>,
) -> Result<Option<Signers>, Inverted> {
    let kind = |renews: bool| match (replaces, replaces.filter(|_| renews).and_then(as_signer)) {
        (_, Some(old)) => Kind::Renew(old),
        (Some(_), None) => Kind::Reenroll,
        (None, None) => Kind::Enroll,
    };
    if template.ra_signatures == 0 {
        return Ok(Some(Signers { kind: kind(renews), cosigner: None, protected: false }));
    }
    let previous = template.enrollment(EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT);
    if renews && frame.decide(rules::PREVIOUS_APPROVAL, &template.name, previous, Facts::new()).holds {
        return Ok(Some(Signers { kind: kind(true), cosigner: None, protected: false }));
    }
    let own = known.held.managed.iter().find(|own| {
        // It has to sign, so a certificate that came without its key is of no use (TechNet cc759203).
        own.key.is_some()
            && template.ra_application_policies.iter().all(|oid| own.eku.iter().any(|eku| eku == oid.as_str()))
            && !known.held.is_over(own, frame.now.wall)
            && own.template.template.name != template.name
    });
    let protected = own.is_some_and(|own| is_protected(&own.template.template));
    let own = own.and_then(as_signer);
    let facts = Facts::new().with_some("certificate", own.as_ref().map(|own| own.thumbprint.0.as_str()));
    if !frame.decide(rules::SELF_RA, &template.name, own.is_some(), facts).holds {
        events::detail(frame, Detail::NoAuthority, &template.name, Facts::new());
        return Ok(None);
    }
    frame.applies(rules::RA_SIGNATURE_NO_RENEWAL, &template.name, Facts::new())?;
    Ok(Some(Signers { kind: kind(false), cosigner: own, protected }))
}

fn as_signer(certificate: &ManagedCertificate) -> Option<SigningCertificate> {
    Some(SigningCertificate {
        thumbprint: certificate.thumbprint.clone(),
        certificate: certificate.certificate.clone(),
        key: certificate.key.clone()?,
    })
}

/// The certificates that a new one of this template makes superfluous: first the one it takes the place of, which is
/// the one that an
/// entry in REQUEST remembers, then those of the template that are no longer valid, and those of templates it
/// supersedes.
fn retired_by(
    frame: &mut Frame,
    known: &Known,
    entry: &Arc<TemplateEntry>,
    replaces: Option<&ManagedCertificate>,
) -> Result<Vec<Thumbprint>, Inverted> {
    let mut retired: Vec<Thumbprint> = replaces.iter().map(|old| old.thumbprint.clone()).collect();
    for certificate in &known.held.managed {
        let replaced = replaces.is_some_and(|old| old.thumbprint == certificate.thumbprint);
        let same = certificate.is_of(entry);
        let over = same && known.held.is_over(certificate, frame.now.wall);
        let superseded = !same && entry.template.supersedes.contains(&certificate.template.template.name);
        if superseded {
            let facts = Facts::new().with("by", entry.template.name.as_str());
            frame.applies(rules::SUPERSEDED_CERTIFICATE, &certificate.thumbprint.0, facts)?;
        }
        if !replaced && (over || superseded) {
            retired.push(certificate.thumbprint.clone());
        }
    }
    Ok(retired)
}

/// Entries of the template that were written before their request could be sent, and those that are over.
fn orphans(held: &Inventory, template: &str, over: &BTreeSet<String>) -> Vec<Orphan> {
    let is_orphan = |entry: &&RequestEntry| {
        entry.template == template && (entry.stage == RequestStage::Prepared || over.contains(&entry.key_id))
    };
    let orphan = |entry: &RequestEntry| Orphan { entry: entry.clone(), owns_key: !held.is_certified(&entry.key) };
    held.requests().iter().filter(is_orphan).map(orphan).collect()
}

/// The template's providers that are installed, in its order of preference ([MS-CRTD] 2.18).
fn providers(frame: &mut Frame, template: &Template, installed: &[Provider]) -> Result<Vec<Provider>, Inverted> {
    let mut listed = template.providers.clone();
    frame.applies(rules::PROVIDER_ORDER, &template.name, Facts::new().with("count", listed.len()))?;
    // The number before the name says the order, whatever order the values have ([MS-CRTD] 2.8).
    listed.sort();
    if listed.is_empty() {
        let for_cards = template.eku.iter().any(|oid| oid.as_str() == oids::SMARTCARD_LOGON);
        let kind = if for_cards { ProviderKind::Card } else { ProviderKind::Software };
        let registered = frame.profile().no_providers == NoProviders::Registered || !for_cards;
        let facts = Facts::new().with("kind", kind.as_str());
        let registered = frame.decide(rules::NO_PROVIDERS, &template.name, registered, facts).holds;
        let of_kind = installed.iter().filter(|provider| registered && provider.kind == kind);
        return Ok(of_kind.cloned().collect());
    }
    let mut found = Vec::new();
    for preference in &listed {
        // P7.21
        let provider = installed.iter().find(|provider| provider.name == preference.name);
        let skipped =
            frame.decide(rules::PROVIDER_NOT_INSTALLED, &preference.name, provider.is_none(), Facts::new()).holds;
        found.extend(provider.filter(|_| !skipped).cloned());
    }
    Ok(found)
}

/// Whether a user must take part: to consent, to bring a card for the new key or for one that signs, to sign as an
/// authority, or to say whether a certificate is renewed that was enrolled by hand.
fn is_interactive(
    frame: &mut Frame,
    template: &Template,
    first: Option<&Provider>,
    signers: &Signers,
    by_hand: bool,
) -> Decided {
    // F3.2.2.0x100
    let consent = template.enrollment(EnrollmentFlags::USER_INTERACTION_REQUIRED);
    let protected = is_protected(template);
    let renewed = if let Kind::Renew(old) = &signers.kind { Some(old) } else { None };
    let signs = [renewed, signers.cosigner.as_ref()].into_iter().flatten().any(|signer| signer.key.card.is_some());
    let card = signs || first.is_some_and(|provider| provider.kind == ProviderKind::Card);
    let every = frame.profile().cosigning == Cosigning::Always;
    let cosigned = signers.cosigner.is_some() && (every || signers.protected);
    let mut facts = Facts::new()
        .with("user-interaction-required", consent)
        .with("strong-key-protection", protected)
        .with("card", card)
        .with("ra-signature", cosigned);
    if by_hand {
        facts.set("by-hand", true);
    }
    frame.decide(rules::INTERACTIVE, &template.name, consent || protected || card || cosigned || by_hand, facts)
}

/// Whether keys of the template ask their user at each use.
// F3.2.3.0x20, P7.58
fn is_protected(template: &Template) -> bool {
    template.private_key_flags.contains(PrivateKeyFlags::STRONG_KEY_PROTECTION_REQUIRED)
}

/// The provider of a key that exists already; one that has been uninstalled since is taken for what its key's place
/// says.
fn provider_of(key: &KeyPlace, installed: &[Provider]) -> Provider {
    let kind = if key.card.is_some() { ProviderKind::Card } else { ProviderKind::Software };
    installed
        .iter()
        .find(|provider| provider.name == key.provider)
        .cloned()
        .unwrap_or_else(|| Provider { name: key.provider.clone(), kind })
}

/// Whether interactive items have a user to ask: a machine has no desktop.
pub(crate) fn has_desktop(frame: &Frame) -> bool {
    frame.identity.context == Context::User
}
