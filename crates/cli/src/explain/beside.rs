//! What explains the fate of a template beside the decision that settled it: the check of the CA that refused, the
//! entry of an access list, what a certificate was replaced for, what changed before, and what to change now.

use autoenroll_core::InProcess as OwnCore;
use autoenroll_model::{Duration, Role, SimTime};
use autoenroll_scenario::parse_instant;
use autoenroll_trace::{Kind, Record, Records};
use autoenroll_world::{Entitlement, Hosts, InProcessCards, InProcessCas, Through, World};

use super::fate::{Run, decided, decides, is, rule, runs, settled};
use crate::catalogue::Catalogue;
use crate::prose::sentence;
use crate::suite::Story;
use crate::{cause, remedy};

/// How many changes before a run are told.
const MOST_CHANGES: usize = 3;
/// Rules by which a certificate no longer counts, or has to give way to another one.
const REPLACED_FOR: [&str; 6] = ["R052", "R053", "R055", "R057", "P7.54", "P7.55"];
/// The rule that renewal is due, that AEPolicy has a bit, and that a first certificate is enrolled.
const RENEWAL_WINDOW: &str = "R053";
const POLICY_BIT: &str = "R004";
const FIRST: &str = "R050";
/// The rules about the rights of a template: the rights themselves, and an entry that denies.
const RIGHTS: [&str; 2] = ["R040", "R041"];

/// A story that has been played, with what its trace does not say.
pub(super) struct Beside<'a> {
    story: &'a Story,
    trace: &'a Records,
    catalogue: &'a Catalogue,
    /// When each principal's runs read templates anew.
    read: Vec<(&'a str, SimTime)>,
    /// The world at the start of the story.
    world: Option<World<OwnCore, InProcessCards, InProcessCas>>,
}

impl<'a> Beside<'a> {
    pub(super) fn new(story: &'a Story, trace: &'a Records, catalogue: &'a Catalogue) -> Self {
        let world = World::new(story.scenario.spec.clone(), OwnCore::new(), Hosts::in_process()).ok();
        let anew = runs(trace).into_iter().filter(|run| run.cached().is_none());
        let read = anew.map(|run| (run.actor, run.from)).collect();
        Self { story, trace, catalogue, read, world }
    }

    /// What there is to say about a template in a run, a sentence each.
    pub(super) fn of(&self, run: &Run<'_>, template: &str) -> Vec<String> {
        let selection = run.selection(template);
        let ended = run.ended(template);
        let outcome = ended.and_then(|record| record.facts.text("outcome"));
        let mut told = Vec::new();
        match outcome {
            Some("enrolled") => {
                told.extend(self.again(run, template, &selection));
                told.extend(ended.and_then(|record| self.approved(record)));
                told.extend(ended.and_then(|record| self.capped(record, template)));
            }
            Some("failed") => told.extend(self.failed(run, template)),
            Some("pending") => told.extend(self.pending(run, template)),
            Some(_) => {}
            None => {
                let settled = settled(&selection);
                told.extend(settled.and_then(|record| self.entries(run, record, template)));
                let unmanaged = settled.filter(|record| rule(record) == RENEWAL_WINDOW && decides(record));
                let unmanaged = unmanaged.and_then(|_| run.decisions().find(|record| is_unmanaged(record)));
                told.extend(unmanaged.map(|record| format!("because {}", decided(record, self.catalogue, None))));
                told.extend(unmanaged.or(settled).and_then(remedy::of).map(to_change));
            }
        }
        told.extend(self.changes(run, template));
        told
    }

    /// The check by which a CA refused it, or what else it failed by, and what to change.
    fn failed(&self, run: &Run<'_>, template: &str) -> Vec<String> {
        let Some(cause) = cause::of(run.all(self.trace), run.actor, template) else { return Vec::new() };
        let about = cause.requirement.map(|id| format!("{id} {}: ", self.catalogue.title(id))).unwrap_or_default();
        let told = cause.told.map(|told| format!("because {about}{told}"));
        let decisions = cause.decisions.iter().map(|record| {
            let who = if cause.refusal.is_some() { format!("{}: ", record.actor) } else { String::new() };
            format!("because {who}{}", decided(record, self.catalogue, Some(template)))
        });
        told.into_iter().chain(decisions).chain(cause.change.map(to_change)).collect()
    }

    /// The decision of the CA that the request waits for its manager.
    fn pending(&self, run: &Run<'_>, template: &str) -> Vec<String> {
        let Some(decision) = cause::pending(run.all(self.trace), run.actor, template) else { return Vec::new() };
        let because = format!("because {}: {}", decision.actor, decided(decision, self.catalogue, Some(template)));
        std::iter::once(because).chain(remedy::of(decision).map(to_change)).collect()
    }

    /// Why another certificate is enrolled where there was one before.
    fn again(&self, run: &Run<'_>, template: &str, selection: &[&Record]) -> Vec<String> {
        let mut told: Vec<String> = selection
            .iter()
            .filter(|record| decides(record) && REPLACED_FOR.contains(&rule(record)))
            .map(|record| format!("because {}", decided(record, self.catalogue, Some(template))))
            .collect();
        let before = self.trace.records().iter().rfind(|record| {
            record.at < run.from
                && record.actor == run.actor
                && record.kind == Kind::ItemEnded
                && record.facts.text("outcome") == Some("enrolled")
                && record.facts.text("template") == Some(template)
        });
        let certificate = before.and_then(|record| record.facts.text("certificate"));
        let seen = |name: &&str| {
            let about = |record: &&Record| is(record, Role::Managed) && record.facts.text("subject") == Some(name);
            !run.decisions().any(|record| about(&record))
        };
        if let Some(certificate) = certificate.filter(seen) {
            let gone = self.trace.records().iter().rfind(|record| {
                let facts = &record.facts;
                let deleted = record.kind == Kind::Deleted && record.actor == run.actor;
                let by_hand = record.kind == Kind::Change && facts.text("what") == Some("delete-certificate");
                record.at <= run.from && (deleted || by_hand) && facts.text("certificate") == Some(certificate)
            });
            let first = selection.iter().rfind(|record| rule(record) == FIRST && decides(record));
            let first = first.map(|record| format!("{}; ", decided(record, self.catalogue, Some(template))));
            let first = first.unwrap_or_default();
            match gone.and_then(|record| Some((record.at, sentence(record)?))) {
                Some((at, why)) => {
                    told.push(format!("because {first}{certificate}, enrolled before, is gone: at {at} {why}"))
                }
                None => {
                    told.push(format!(
                        "because {first}{certificate}, enrolled before, is not in this store: stores and keys do not roam to \
                         another computer (N9.per-computer)"
                    ));
                    told.push(to_change(format!(
                        "let the user's certificates roam; or publish them, and set the bit \
                         auto-enrollment-check-user-ds-certificate, 0x10, in msPKI-Enrollment-Flag of {template}"
                    )));
                }
            }
        }
        told
    }

    /// The manager's word without which a request would still wait.
    fn approved(&self, ended: &Record) -> Option<String> {
        let certificate = ended.facts.text("certificate")?;
        let approved = self.trace.records().iter().rfind(|record| {
            let facts = &record.facts;
            record.kind == Kind::Change
                && record.id < ended.id
                && facts.text("what") == Some("approve")
                && facts.text("subject") == Some(certificate)
        });
        let approved = approved.filter(|_| ended.facts.text("action") == Some("retrieve"))?;
        Some(format!("because at {} {}", approved.at, sentence(approved)?))
    }

    /// That a certificate does not live as long as its template says.
    fn capped(&self, ended: &Record, template: &str) -> Option<String> {
        let certificate = ended.facts.text("certificate")?;
        let issued = self
            .trace
            .records()
            .iter()
            .rfind(|record| record.kind == Kind::Issued && record.facts.text("certificate") == Some(certificate))?;
        let instant = |name: &str| issued.facts.text(name).and_then(parse_instant);
        let life = instant("not-before")?.until(instant("not-after")?);
        let spec = &self.story.scenario.spec;
        let wanted = spec.templates.iter().find(|spec| spec.template.name == template)?.template.validity;
        let ca = spec.authorities.iter().find(|ca| Some(ca.name.as_str()) == issued.facts.text("ca"))?;
        // CAs give a certificate some minutes before now, for clocks that differ.
        if life + Duration::minutes(30) >= wanted {
            return None;
        }
        let why = match life + Duration::minutes(30) >= ca.maximum_validity {
            true => format!("{} issues for {} at most (ValidityPeriod)", ca.name, ca.maximum_validity),
            false => format!("the certificate of {} itself ends then", ca.name),
        };
        Some(format!("its life is {life}, not {wanted} as the template says: {why}"))
    }

    /// The entries of the access list that settled the rights, when nothing has changed them since the start.
    fn entries(&self, run: &Run<'_>, settled: &Record, template: &str) -> Option<String> {
        let changed = self.trace.records().iter().any(|record| {
            let what = record.facts.text("what").filter(|_| record.kind == Kind::Change && record.at <= run.from);
            what == Some("membership") || (what == Some("template") && record.facts.text("template") == Some(template))
        });
        if changed || !RIGHTS.contains(&rule(settled)) {
            return None;
        }
        let rights = self.world.as_ref()?.template_rights(run.actor, template).ok()?;
        let missing = rights.iter().filter(|found| !found.granted);
        let told: Vec<String> = missing.map(|found| format!("{}{}", found.right, by_entry(found))).collect();
        Some(told.join("; ")).filter(|told| !told.is_empty())
    }

    /// What has changed before a run that looks at no template.
    pub(super) fn policy_changes(&self, run: &Run<'_>) -> Vec<String> {
        self.changes(run, "")
    }

    /// What has changed since the principal's run before that read templates, up to the end of this one, and whether
    /// this one knows it.
    fn changes(&self, run: &Run<'_>, template: &str) -> Vec<String> {
        let records = self.trace.records();
        let before = self.read.iter().rfind(|(actor, from)| *actor == run.actor && *from < run.from);
        let since = before.map_or(SimTime::START, |(_, from)| *from);
        let read_at = run.cached().and_then(|record| record.facts.text("age")?.parse::<Duration>().ok());
        let about =
            records.iter().filter(|record| record.kind == Kind::Change && record.at >= since && record.id < run.last());
        let about: Vec<&Record> = about.filter(|record| concerns(record, run.actor, template)).collect();
        let told = about.iter().rev().take(MOST_CHANGES).rev().filter_map(|record| {
            let is_unknown =
                read_at.is_some_and(|age| record.at + age > run.from) && record.facts.text("template").is_some();
            let cache = if is_unknown {
                ", which this run does not know yet: templates come from the cache (R030)"
            } else {
                ""
            };
            let when = if record.id < run.id() { "before it" } else { "meanwhile" };
            Some(format!("{when}, at {}: {}{cache}", record.at, sentence(record)?))
        });
        told.collect()
    }
}

fn to_change(change: String) -> String {
    format!("to change it: {change}")
}

/// Whether it is the decision that AEPolicy does not let the run manage certificates.
pub(crate) fn is_unmanaged(record: &Record) -> bool {
    rule(record) == POLICY_BIT && !decides(record) && record.facts.text("subject") == Some("manage")
}

/// Whether a change may be a reason for what becomes of a template for a principal.
fn concerns(change: &Record, principal: &str, template: &str) -> bool {
    let is = |name: &str, value: &str| change.facts.text(name) == Some(value);
    match change.facts.text("what").unwrap_or_default() {
        "template" | "publish" | "unpublish" | "offer" | "withdraw" => is("template", template),
        "policy" | "ca" | "publish-ca" => true,
        "membership" => is("member", principal),
        "settings" | "principal" => is("principal", principal),
        _ => false,
    }
}

/// Which entry of an access list settled a right, in words.
pub(crate) fn by_entry(found: &Entitlement) -> String {
    let Some(entry) = &found.entry else {
        return if found.granted { ": there is no access list".to_owned() } else { ": no entry grants it".to_owned() };
    };
    let does = if found.granted { "grants" } else { "denies" };
    let inherited = if entry.inherited { "inherited " } else { "" };
    let how = match &entry.through {
        Through::Itself => String::new(),
        Through::Everybody => ", whom everybody of its kind belongs to".to_owned(),
        Through::Groups(chain) => match chain.as_slice() {
            [] | [_] => ", of which it is a member".to_owned(),
            [between @ .., _] => format!(", of which it is a member through {}", between.join(", then ")),
        },
    };
    format!(": {inherited}entry {} {does} it to {}{how}", entry.number, entry.trustee)
}
