//! Phase J: the certificate in MY, what it replaces, and the order of stores and directory.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    Cause, Context, Effect, EnrollmentFlags, Facts, HResult, Inverted, KeyPlace, LifecycleEvent, Removal,
    StoredCertificate, SupersededCopies, Thumbprint,
};
use autoenroll_wire::Certificate;

use crate::events::{self, CleanedIn};
use crate::frame::{Frame, code_fact};
use crate::known::{Inventory, Known, ManagedCertificate, WatchedCertificate};
use crate::rules;

/// The entry for MY: linked with its key and naming the template it was autoenrolled for ([MS-WCCE] 3.1.1.4.3.1,
/// CERT_AUTO_ENROLL_PROP_ID).
pub(crate) fn stored(
    frame: &mut Frame,
    template: &str,
    key: &KeyPlace,
    issued: &Certificate,
) -> Result<StoredCertificate, Inverted> {
    frame.applies(rules::INSTALLED, template, Facts::new())?;
    Ok(StoredCertificate {
        certificate: issued.raw.clone(),
        thumbprint: issued.thumbprint(),
        key: Some(key.clone()),
        archived: false,
        auto_enroll: Some(template.to_string()),
    })
}

/// What is done to stores and directory without being part of an enrollment's success.
#[derive(Clone, Debug)]
pub(crate) enum Housekeeping {
    /// A certificate leaves MY.
    Delete(Thumbprint),
    /// A certificate stays in MY, archived.
    Archive(Thumbprint),
    /// Certificates leave the principal's directory object.
    Unpublish(Vec<Thumbprint>),
}

impl Housekeeping {
    pub(crate) fn effect(&self) -> Effect {
        match self {
            Self::Delete(thumbprint) => Effect::DeleteCertificate(thumbprint.clone()),
            Self::Archive(thumbprint) => Effect::ArchiveCertificate(thumbprint.clone()),
            Self::Unpublish(thumbprints) => Effect::RemovePublished(thumbprints.clone()),
        }
    }

    /// It was done, or not: then everything stays as it is, and the next run finds it so and tries again.
    pub(crate) fn done(self, frame: &mut Frame, result: Result<(), HResult>) -> Result<(), Inverted> {
        if let Err(code) = result {
            let subject = match &self {
                Self::Delete(thumbprint) | Self::Archive(thumbprint) => thumbprint.0.as_str(),
                Self::Unpublish(_) => "userCertificate",
            };
            frame.applies(rules::HOUSEKEEPING_FAILED, subject, code_fact(code))?;
            return Ok(());
        }
        match self {
            // E5.5.1004, E5.6.lifecycle
            Self::Delete(thumbprint) => {
                events::cleaned(frame, CleanedIn::Store);
                events::life_cycle(frame, LifecycleEvent::Deleted, &thumbprint);
            }
            // E5.5.1005
            Self::Archive(thumbprint) => {
                events::cleaned(frame, CleanedIn::Store);
                events::life_cycle(frame, LifecycleEvent::Archived, &thumbprint);
            }
            // E5.5.1010
            Self::Unpublish(thumbprints) => {
                for thumbprint in &thumbprints {
                    events::cleaned(frame, CleanedIn::Directory);
                    events::life_cycle(frame, LifecycleEvent::DeletedFromDirectory, thumbprint);
                }
            }
        }
        Ok(())
    }
}

/// What becomes of the certificates that a new one replaces.
pub(crate) fn retirements(
    frame: &mut Frame,
    held: &Inventory,
    template: &str,
    retires: &[Thumbprint],
) -> Result<Vec<Housekeeping>, Inverted> {
    let mut found = Vec::new();
    for certificate in held.managed.iter().filter(|certificate| retires.contains(&certificate.thumbprint)) {
        frame.applies(rules::OLD_ARCHIVED, &certificate.thumbprint.0, Facts::new().with("by", template))?;
        found.push(retire(frame, certificate));
    }
    found.extend(superseded_copies(frame, held, template, retires));
    Ok(found)
}

/// What the template supersedes leaves the directory object too, in the profiles that do so.
fn superseded_copies(
    frame: &mut Frame,
    held: &Inventory,
    template: &str,
    retires: &[Thumbprint],
) -> Option<Housekeeping> {
    let superseded = held
        .published
        .iter()
        .filter(|copy| retires.contains(&copy.thumbprint) && copy.template.template.name != template);
    let copies: Vec<Thumbprint> = superseded.map(|copy| copy.thumbprint.clone()).collect();
    if copies.is_empty() {
        return None;
    }
    let removed = frame.profile().superseded_copies == SupersededCopies::Removed;
    let facts = Facts::new().with("count", copies.len()).with("by", template);
    let decided = frame.decide(rules::SUPERSEDED_COPIES, "userCertificate", removed, facts);
    decided.holds.then_some(Housekeeping::Unpublish(copies))
}

/// Deletes a signature certificate whose template says so, archives every other ([MS-CRTD] 2.26, 0x400).
fn retire(frame: &mut Frame, certificate: &ManagedCertificate) -> Housekeeping {
    let flag = EnrollmentFlags::REMOVE_INVALID_CERTIFICATE_FROM_PERSONAL_STORE;
    // F3.2.2.0x400
    let wanted = certificate.template.template.enrollment(flag);
    let facts = Facts::new().with("flag", wanted).with("signature-only", certificate.signature_only);
    let removed = wanted && certificate.signature_only;
    let thumbprint = certificate.thumbprint.clone();
    if frame.decide(rules::REMOVED_INSTEAD, &thumbprint.0, removed, facts).holds {
        Housekeeping::Delete(thumbprint)
    } else {
        Housekeeping::Archive(thumbprint)
    }
}

/// What every run does last: certificates whose life is over leave the store and the directory, and those near their
/// end are announced.
///
/// Certificates of templates whose item did not succeed stay, and so do those that an item has retired already.
pub(crate) fn housekeeping(
    frame: &mut Frame,
    known: &Known,
    unfinished: &[String],
    retired: &[Thumbprint],
) -> Result<Vec<Housekeeping>, Inverted> {
    let Known { gathered, held } = known;
    let manage = gathered.flags.manage;
    let now = frame.now.wall;
    let mut found = Vec::new();
    for certificate in held.managed.iter().filter(|certificate| !retired.contains(&certificate.thumbprint)) {
        let waits = unfinished.contains(&certificate.template.template.name);
        if held.is_over(certificate, now) && manage && !waits {
            let always = frame.profile().removal == Removal::Always;
            if frame.decide(rules::REMOVAL_ALONE, &certificate.thumbprint.0, always, Facts::new()).holds {
                found.push(retire(frame, certificate));
            }
        }
    }
    announce_expiry(frame, known, retired)?;
    let over = held.published.iter().filter(|certificate| held.is_over(certificate, now));
    let stale: Vec<Thumbprint> = over.map(|certificate| certificate.thumbprint.clone()).collect();
    if !stale.is_empty() {
        let facts = Facts::new().with("count", stale.len());
        let cleans = frame.profile().directory_cleaning.is_yes();
        if frame.decide(rules::DIRECTORY_CLEANED, "userCertificate", manage, facts.clone()).holds
            && frame.decide(rules::DIRECTORY_CLEANING, "userCertificate", cleans, facts).holds
        {
            found.push(Housekeeping::Unpublish(stale));
        }
    }
    Ok(found)
}

/// Events for certificates near their end, and one balloon for all of them where settings want it.
fn announce_expiry(frame: &mut Frame, known: &Known, retired: &[Thumbprint]) -> Result<(), Inverted> {
    let mut announced = false;
    // T2.5.stores
    for watched in known.held.watched.iter().filter(|watched| !retired.contains(&watched.thumbprint)) {
        // T2.5.percent
        let percent = known.gathered.settings.expiration_percent.unwrap_or(DEFAULT_EXPIRATION_PERCENT);
        announced |= warn_of_expiry(frame, watched, percent)?.is_some();
    }
    if announced && frame.identity.context == Context::User {
        let balloons = known.gathered.settings.expiration_balloons;
        let decided = frame.decide(rules::EXPIRY_BALLOON, "expiry", balloons, Facts::new());
        if decided.holds {
            frame.notice(&[decided.cause]);
        }
    }
    Ok(())
}

/// Share of a certificate's life that is left when warnings begin, where `OfflineExpirationPercent` is not set.
const DEFAULT_EXPIRATION_PERCENT: u8 = 10;

/// Event 64 when no more than that share of a certificate's life is left, or none; `None` when there is nothing to warn
/// of.
fn warn_of_expiry(frame: &mut Frame, watched: &WatchedCertificate, percent: u8) -> Result<Option<Cause>, Inverted> {
    let life = watched.not_before.until(watched.not_after);
    let left = frame.now.wall.until(watched.not_after);
    if u128::from(left.0) * 100 > u128::from(life.0) * u128::from(percent) {
        return Ok(None);
    }
    let subject = watched.thumbprint.0.as_str();
    let warns = frame.profile().expiry_events.is_yes();
    if !frame.decide(rules::EXPIRY_EVENTS, subject, warns, Facts::new()).holds {
        return Ok(None);
    }
    let facts = Facts::new().with("not-after", watched.not_after.to_string()).with("percent", percent);
    let cause = frame.applies(rules::EXPIRY_WARNING, subject, facts)?;
    // T2.5.separate
    events::near_expiry(frame, &watched.thumbprint);
    let over = frame.now.wall >= watched.not_after;
    // E5.5.1002, E5.5.1003
    let event = if over { LifecycleEvent::Expired } else { LifecycleEvent::AboutToExpire };
    events::life_cycle(frame, event, &watched.thumbprint);
    Ok(Some(cause))
}
