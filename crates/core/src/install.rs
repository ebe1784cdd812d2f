//! Phase J: the certificate in MY, what it replaces, and the order of stores and directory.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{Context, Effect, EnrollmentFlags, Facts, KeyPlace, StoredCertificate, Thumbprint};
use autoenroll_wire::Certificate;

use crate::events;
use crate::examine::{Held, Watched};
use crate::frame::Frame;
use crate::known::Known;
use crate::plan::Item;
use crate::rules;

/// A certificate that a CA has issued, before it is where it belongs.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) ca: String,
    pub(crate) request_id: u32,
    pub(crate) certificate: Vec<u8>,
}

/// The entry for MY: linked with its key and naming the template it was autoenrolled for.
pub(crate) fn stored(
    frame: &mut Frame,
    item: &Item,
    key: Option<&KeyPlace>,
    issued: Option<&Issued>,
) -> Option<StoredCertificate> {
    let issued = issued?;
    let view = Certificate::parse(&issued.certificate).ok()?;
    let linked = frame.decide(rules::INSTALLED, &item.name, true, Facts::new());
    Some(StoredCertificate {
        certificate: issued.certificate.clone(),
        thumbprint: view.thumbprint(),
        key: if linked { key.cloned() } else { None },
        archived: false,
        auto_enroll: linked.then(|| item.name.clone()),
    })
}

/// Archives or deletes what the new certificate replaces.
pub(crate) fn retirements(frame: &mut Frame, known: &Known, item: &Item) -> Vec<Effect> {
    let held = known.examined.held.iter().filter(|held| item.retires.contains(&held.thumbprint));
    held.filter_map(|held| {
        let retires =
            frame.decide(rules::OLD_ARCHIVED, &held.thumbprint.0, true, Facts::new().with("by", item.name.as_str()));
        retires.then(|| retire(frame, known, held))
    })
    .collect()
}

/// What every run does last: invalid certificates leave the store and the directory, and those near their end are announced.
///
/// Certificates of templates whose item did not succeed stay, and so do not those that an item has retired already.
pub(crate) fn chores(frame: &mut Frame, known: &Known, unfinished: &[String], retired: &[Thumbprint]) -> Vec<Effect> {
    if known.gathered.principal.is_none() {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let manage = known.gathered.powers.manage;
    let mut expiring = false;
    for held in known.examined.held.iter().filter(|held| !retired.contains(&held.thumbprint)) {
        let name = known.gathered.offers.templates.get(held.template).map(|offered| offered.template.name.as_str());
        let waits = name.is_some_and(|name| unfinished.iter().any(|other| other == name));
        let over = held.has_expired(frame.now.wall) || known.examined.is_revoked(held);
        if over && manage && !waits {
            effects.push(retire(frame, known, held));
        }
    }
    for watched in known.examined.watched.iter().filter(|watched| !retired.contains(&watched.thumbprint)) {
        expiring |= announce_expiry(frame, known, watched);
    }
    let user = frame.identity.context == Context::User;
    let balloons = known.gathered.settings.expiration_balloons;
    if expiring && user && frame.decide(rules::EXPIRY_BALLOON, "expiry", balloons, Facts::new()) {
        let because = frame.because();
        frame.notice(&[because]);
    }
    let stale: Vec<Thumbprint> = known
        .examined
        .published
        .iter()
        .filter(|held| held.has_expired(frame.now.wall) || known.examined.is_revoked(held))
        .map(|held| held.thumbprint.clone())
        .collect();
    if !stale.is_empty() {
        let facts = Facts::new().with("count", stale.len());
        if frame.decide(rules::DIRECTORY_CLEANED, "userCertificate", manage, facts) {
            for thumbprint in &stale {
                events::life_cycle(frame, 1010, thumbprint);
            }
            effects.push(Effect::RemovePublished(stale));
        }
    }
    effects
}

/// Deletes a signature certificate whose template says so, archives every other.
fn retire(frame: &mut Frame, known: &Known, held: &Held) -> Effect {
    let flag = EnrollmentFlags::REMOVE_INVALID_CERTIFICATE_FROM_PERSONAL_STORE;
    let offered = known.gathered.offers.templates.get(held.template);
    let wanted = offered.is_some_and(|offered| offered.template.enrollment(flag));
    let facts = Facts::new().with("flag", wanted).with("signature-only", held.signature_only);
    if frame.decide(rules::REMOVED_INSTEAD, &held.thumbprint.0, wanted && held.signature_only, facts) {
        events::life_cycle(frame, 1004, &held.thumbprint);
        Effect::DeleteCertificate(held.thumbprint.clone())
    } else {
        events::life_cycle(frame, 1005, &held.thumbprint);
        Effect::ArchiveCertificate(held.thumbprint.clone())
    }
}

/// Event 64 when no more than the configured share of a certificate's life is left, or none. Says whether it was logged.
fn announce_expiry(frame: &mut Frame, known: &Known, held: &Watched) -> bool {
    let percent = known.gathered.settings.expiration_percent.unwrap_or(10);
    let life = held.not_before.until(held.not_after);
    let left = frame.now.wall.until(held.not_after);
    let near = u128::from(left.0) * 100 <= u128::from(life.0) * u128::from(percent);
    if !near {
        return false;
    }
    let told = frame.profile().expiry_events.is_yes();
    let told = frame.decide(rules::EXPIRY_EVENTS, &held.thumbprint.0, told, Facts::new());
    let facts = Facts::new().with("not-after", held.not_after.to_string()).with("percent", percent);
    let told = told && frame.decide(rules::EXPIRY_WARNING, &held.thumbprint.0, near, facts);
    if told {
        events::near_expiry(frame, &held.thumbprint);
        let over = frame.now.wall >= held.not_after;
        events::life_cycle(frame, if over { 1002 } else { 1003 }, &held.thumbprint);
    }
    told
}
