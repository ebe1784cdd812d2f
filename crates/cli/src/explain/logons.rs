//! Logons that were refused, why, and what to change.

use std::collections::BTreeMap;

use autoenroll_model::HResult;
use autoenroll_trace::{Kind, Record, Records};
use autoenroll_world::WorldSpec;

use super::fate::{decided, decides, rule};
use super::wrap;
use crate::Failure;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::prose::sentence;

/// Width of the sentences.
const WIDTH: usize = 100;
/// How many refusals are told.
const MOST: usize = 8;

/// Tells every logon that was refused; those that say the same once.
pub(super) fn refused(
    trace: &Records,
    spec: &WorldSpec,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut told: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut groups: Vec<(&Record, Vec<String>, usize)> = Vec::new();
    for record in trace.records().iter().filter(|record| record.kind == Kind::LogonFailed) {
        let lines = lines(record, trace, spec, catalogue);
        let at = *told.entry(lines.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, _, again)) => *again += 1,
            None => groups.push((record, lines, 0)),
        }
    }
    for (record, lines, again) in groups.iter().take(MOST) {
        writeln!(console.out)?;
        let mut time = record.at.to_string();
        for line in lines.iter().flat_map(|line| wrap(line, WIDTH)) {
            writeln!(console.out, "{time:>12}  {line}")?;
            time.clear();
        }
        if *again > 0 {
            writeln!(console.out, "{:14}and {again} times more", "")?;
        }
    }
    if let Some(more) = groups.len().checked_sub(MOST).filter(|more| *more > 0) {
        writeln!(console.out, "\n{more} more logons are refused")?;
    }
    Ok(())
}

/// That a logon is refused, the decision why, and what to change.
fn lines(record: &Record, trace: &Records, spec: &WorldSpec, catalogue: &Catalogue) -> Vec<String> {
    let causes = record.causes.iter().filter_map(|id| trace.get(*id));
    // That not only the default container counts refuses nobody.
    let mut refusing = causes.filter(|cause| cause.kind == Kind::Decision && !decides(cause) && rule(cause) != DEFAULT);
    let reason = refusing.next_back();
    let told = sentence(record).into_iter();
    let because = reason.map(|reason| format!("because {}", decided(reason, catalogue, None)));
    told.chain(because)
        .chain(change(record, reason, trace, spec).map(|change| format!("to change it: {change}")))
        .collect()
}

/// The rule that only the default container counts.
const DEFAULT: &str = "L1.default";

/// What to change so that the logon succeeds.
fn change(failed: &Record, reason: Option<&Record>, trace: &Records, spec: &WorldSpec) -> Option<String> {
    let f = |name: &str| failed.facts.text(name).unwrap_or_default();
    let (user, computer, card) = (failed.actor.as_str(), f("computer"), f("card"));
    let certificate = failed.facts.text("certificate").unwrap_or("the certificate");
    let ca = ca_of(certificate, trace, spec).unwrap_or("the CA that issued it");
    Some(match reason.map(rule) {
        Some("L1.reader") => format!("put {card} into a reader of {computer}"),
        Some("L1.purpose") => "let the template name the purpose Smart Card Logon, 1.3.6.1.4.1.311.20.2.2".to_owned(),
        Some("L1.offered" | "L2.time") => format!("renew {certificate}, or log on while it is valid"),
        Some("L2.controller") => format!("let {computer} reach a domain controller"),
        Some("L2.signature") => format!("put {certificate} beside the key that it is for"),
        Some("L2.chain") => {
            format!(
                "at the domain controllers: trust the root of {ca}, and let its certificates be valid ({certificate})"
            )
        }
        Some("L2.revocation") => format!("give {user} another certificate: {ca} has revoked {certificate}"),
        Some("L2.ntauth") => format!(
            "in the directory: publish the certificate of {ca}, which issued {certificate}, in NTAuthCertificates \
             (certutil -dspublish -f FILE NTAuthCA)"
        ),
        Some("L2.name") => {
            format!("give {user} a certificate with its userPrincipalName; in the directory, or anew from {ca}")
        }
        Some("L2.sid") => format!("let {ca} issue a certificate anew: {certificate} has another security identifier"),
        Some("L2.weak") => format!(
            "let {ca} issue a certificate with the SID extension; or in the directory: name {certificate} in \
             altSecurityIdentities of {user}"
        ),
        Some("L2.backdated") => format!("let {ca} issue a certificate anew: {certificate} is older than the account"),
        _ => return by_code(f("code"), card),
    })
}

/// What to change where the card says no.
fn by_code(code: &str, card: &str) -> Option<String> {
    let is = |known: HResult| code == known.to_string();
    if is(HResult::SCARD_W_WRONG_CHV) {
        Some(format!("give the PIN of {card}"))
    } else if is(HResult::SCARD_W_CHV_BLOCKED) {
        Some(format!("unblock {card}"))
    } else if is(HResult::SCARD_E_NO_KEY_CONTAINER) {
        Some(format!("give {card} a default container with a certificate for logon"))
    } else if is(HResult::SCARD_E_NO_SUCH_CERTIFICATE) {
        Some(format!("put a certificate for smart card logon on {card}"))
    } else {
        None
    }
}

/// The CA that issued a certificate: in the story, or before it.
fn ca_of<'a>(certificate: &str, trace: &'a Records, spec: &'a WorldSpec) -> Option<&'a str> {
    let named = |record: &&Record| record.facts.text("certificate") == Some(certificate);
    let issued = trace.records().iter().filter(|record| record.kind == Kind::Issued).find(named);
    let held = spec.cards.iter().flat_map(|card| &card.containers).filter_map(|container| container.holds.as_ref());
    let stored = spec.stores.iter().flat_map(|store| &store.certificates);
    let before = || stored.chain(held).find(|one| one.name == certificate).map(|one| one.ca.as_str());
    issued.and_then(|record| record.facts.text("ca")).or_else(before)
}
