//! What becomes of each template for one principal, read from the trace of its run.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, Role, RuleRow, SimTime, words};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::TemplateSpec;

use super::drive::{Driven, Principal, Stopped, WhenDue, is, threshold};
use crate::catalogue::Catalogue;
use crate::cause::{Cause, asks_ca};
use crate::explain::{by_entry, may_settle};
use crate::remedy::Refusal;
use crate::{catalogue, cause, remedy};

words! {
    /// What becomes of a template.
    pub(super) enum Verdict as "verdict of a plan" {
        /// A first certificate is enrolled.
        Enrolls = "enrolls",
        /// A certificate is renewed, or another one enrolled in its place.
        Renews = "renews",
        /// A certificate is there, and nothing is due.
        Keeps = "keeps",
        /// The request waits for a manager of the CA.
        Pends = "pends",
        /// It would be enrolled, but the world lacks something that the user would need.
        Lacks = "lacks",
        /// It is tried, and fails.
        Fails = "fails",
        /// Another template is enrolled in its place.
        Superseded = "superseded",
        /// A rule excludes it.
        Skipped = "skipped",
        /// The directory does not show it.
        Unseen = "unseen",
        /// The run ended before templates were looked at, or none started.
        NotLookedAt = "not-looked-at",
        /// The run did not come to its end.
        Unfinished = "unfinished",
    }
}

/// What becomes of a template for a principal. Two principals fare alike when all of this is equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) template: String,
    pub(super) verdict: Verdict,
    /// The decision points at which the user is asked, in their order.
    pub(super) prompts: Vec<String>,
    /// The CA that answers, or would be asked last.
    pub(super) ca: Option<String>,
    /// The rule that decides, where one excludes or refuses it.
    pub(super) rule: Option<String>,
    /// Whether its statement holds.
    pub(super) holds: bool,
    /// What that rule was decided about: a template, a certificate, a CA.
    pub(super) object: Option<String>,
    /// What happens, beside the rule: an outcome with its code, a name, what is missing.
    pub(super) reason: Option<String>,
    /// The same, said of any template: what is said of several at once.
    pub(super) change_of_any: Option<String>,
    /// What to change.
    change: Option<String>,
    /// The check of a CA that refuses: what to change then names the account, by which alone nobody fares otherwise.
    refusal: Option<Refusal>,
    /// From when the certificate is renewed.
    pub(super) renews_from: Option<String>,
    /// Why it is not, when that comes.
    pub(super) lapses: Option<String>,
}

impl Outcome {
    fn of(template: &str, verdict: Verdict) -> Self {
        Self {
            template: template.to_owned(),
            verdict,
            prompts: Vec::new(),
            ca: None,
            rule: None,
            holds: false,
            object: None,
            reason: None,
            change_of_any: None,
            change: None,
            refusal: None,
            renews_from: None,
            lapses: None,
        }
    }

    /// With the decision that brought it about.
    fn by(mut self, decision: &Record) -> Self {
        self.rule = decision.facts.text("rule").map(str::to_owned);
        self.holds = holds(decision);
        self.object = decision.facts.text("subject").map(str::to_owned);
        self.change = remedy::of(decision);
        self.change_of_any = match self.object.as_deref() == Some(self.template.as_str()) {
            true => remedy::of_any(decision, "the template"),
            false => self.change.clone(),
        };
        self
    }

    /// What to change, for that account.
    pub(super) fn change(&self, account: &str) -> Option<String> {
        let refused = self.refusal.as_ref().and_then(|refusal| refusal.change(account));
        refused.or_else(|| self.change.clone())
    }

    /// With what a failure comes from.
    fn because(self, cause: Cause<'_>) -> Self {
        let Cause { decisions, refusal, requirement, told, object, change } = cause;
        let mut outcome = match (requirement, decisions.last()) {
            (Some(requirement), _) => Self { rule: Some(requirement.to_owned()), holds: true, ..self },
            (None, Some(decision)) => self.by(decision),
            (None, None) => self,
        };
        outcome.reason = match (outcome.reason, told) {
            (Some(code), Some(told)) if requirement.is_some() => Some(format!("{code}; {told}")),
            (reason, _) => reason,
        };
        outcome.object = object.or(outcome.object);
        outcome.change = change.filter(|_| refusal.is_none());
        outcome.change_of_any = outcome.change.clone();
        Self { refusal, ..outcome }
    }
}

/// The statement of the rule of an outcome; of a requirement by which nothing decides, its title.
pub(super) fn statement(outcome: &Outcome) -> Option<&'static str> {
    let rule = outcome.rule.as_deref()?;
    row(outcome).map(|row| row.statement).or_else(|| Some(Catalogue::embedded().title(rule)))
}

/// The rule of an outcome.
pub(super) fn row(outcome: &Outcome) -> Option<&'static RuleRow> {
    outcome.rule.as_deref().and_then(catalogue::rule)
}

/// The outcome of each template of the world, in the order of their names.
pub(super) fn outcomes(driven: &Driven, spec: &WorldSpec, principal: &Principal) -> Vec<Outcome> {
    let run = Reading::of(driven, principal);
    let mut templates: Vec<&TemplateSpec> = spec.templates.iter().collect();
    templates.sort_by(|one, other| one.template.name.cmp(&other.template.name));
    templates.into_iter().map(|spec| run.outcome(spec)).collect()
}

/// A run, with its records by what they are about.
pub(super) struct Reading<'a> {
    driven: &'a Driven,
    principal: &'a Principal,
    /// Its records, those of other parties among them.
    records: &'a [Record],
    /// The decisions of the work list, by template, and those about its certificates.
    selection: BTreeMap<&'a str, Vec<&'a Record>>,
    /// The items, by template: the last one counts.
    items: BTreeMap<&'a str, Item<'a>>,
    /// From when certificates are renewed, by template, those of the next run last.
    thresholds: BTreeMap<&'a str, Vec<(String, String)>>,
    /// What ended the run, or kept it from beginning.
    ended_by: Option<&'a Record>,
    /// The decision that policy does not ask for enrolling.
    no_bit: Option<&'a Record>,
}

/// Work on one certificate.
#[derive(Clone, Debug, Default)]
struct Item<'a> {
    prompts: Vec<&'a str>,
    ca: Option<&'a str>,
    interactive: bool,
    ended: Option<&'a Record>,
}

impl<'a> Reading<'a> {
    /// Reads a run once.
    pub(super) fn of(driven: &'a Driven, principal: &'a Principal) -> Self {
        let records = &driven.records.records()[driven.run.clone()];
        let mut run = Self {
            driven,
            principal,
            records,
            selection: BTreeMap::new(),
            items: BTreeMap::new(),
            thresholds: BTreeMap::new(),
            ended_by: None,
            no_bit: None,
        };
        run.select(records);
        run.work(records);
        let all = &driven.records.records()[..driven.next.end];
        let mut template_of: BTreeMap<&str, &str> = BTreeMap::new();
        for record in all.iter().filter(|record| record.actor == principal.name) {
            if let (true, Some(certificate), Some(template)) =
                (is(record, Role::Managed), record.facts.text("subject"), record.facts.text("template"))
            {
                template_of.insert(certificate, template);
            }
            if let Some((certificate, date)) = threshold(record)
                && let Some((_, template)) = template_of.get_key_value(certificate.as_str())
            {
                run.thresholds.entry(template).or_default().push((certificate, date.to_string()));
            }
        }
        run
    }

    /// The decisions up to the work list.
    fn select(&mut self, records: &'a [Record]) {
        let mut template_of: BTreeMap<&str, &str> = BTreeMap::new();
        let own = records.iter().filter(|record| record.actor == self.principal.name && record.kind == Kind::Decision);
        for record in own {
            let role = if holds(record) { Role::EndsRun } else { Role::EndsRunOtherwise };
            let refuses = is(record, Role::Trigger) && !holds(record);
            if is(record, role) || (refuses && self.ended_by.is_none()) {
                self.ended_by = Some(record);
            }
            if is(record, Role::CompletesWorkList) {
                self.ended_by = None;
                break;
            }
            let Some(subject) = record.facts.text("subject") else { continue };
            if is_rule(record, POLICY_BIT) && subject == "enroll" && !holds(record) {
                self.no_bit = Some(record);
            }
            let named = record.facts.text("template");
            if is(record, Role::Managed)
                && let Some(template) = named
            {
                template_of.insert(subject, template);
            }
            let about = template_of.get(subject).copied().or(named).unwrap_or(subject);
            self.selection.entry(about).or_default().push(record);
        }
    }

    /// The items.
    fn work(&mut self, records: &'a [Record]) {
        let mut open: Option<(&str, Item<'_>)> = None;
        let mut wizard: Vec<&str> = Vec::new();
        for record in records {
            let own = record.actor == self.principal.name;
            match record.kind {
                Kind::Prompt if own => {
                    let point = record.facts.text("point").unwrap_or_default();
                    match &mut open {
                        Some((_, item)) if item.prompts.last() != Some(&point) => item.prompts.push(point),
                        Some(_) => {}
                        None if point != "summary" => wizard.push(point),
                        None => {}
                    }
                }
                Kind::ItemStarted if own => {
                    let interactive = record.facts.get("interactive") == Some(&Fact::Flag(true));
                    let template = record.facts.text("template").unwrap_or_default();
                    open = Some((template, Item { interactive, ..Item::default() }));
                }
                Kind::ItemEnded if own => {
                    if let Some((template, mut item)) = open.take() {
                        item.ended = Some(record);
                        if item.interactive && !item.prompts.is_empty() {
                            item.prompts.splice(0..0, wizard.iter().copied());
                        }
                        self.items.insert(template, item);
                    }
                }
                _ => {
                    if let Some((_, item)) = &mut open {
                        item.follow(record, own);
                    }
                }
            }
        }
        if let Some((template, item)) = open {
            self.items.insert(template, item);
        }
    }

    /// The decisions about a template and its certificates that lead to the work list or away from it.
    pub(super) fn selection(&self, template: &str) -> &[&'a Record] {
        self.selection.get(template).map(Vec::as_slice).unwrap_or_default()
    }

    fn outcome(&self, spec: &TemplateSpec) -> Outcome {
        let name = spec.template.name.as_str();
        let outcome = match self.items.get(name) {
            Some(item) => self.worked_on(name, item),
            None => self.not_worked_on(spec),
        };
        self.dated(outcome)
    }

    /// With the date from which the certificate is renewed that is there in the end.
    fn dated(&self, mut outcome: Outcome) -> Outcome {
        if !matches!(outcome.verdict, Verdict::Enrolls | Verdict::Renews | Verdict::Keeps) {
            return outcome;
        }
        let last = self.thresholds.get(outcome.template.as_str()).and_then(|all| all.last());
        let Some((certificate, date)) = last else { return outcome };
        match self.driven.when_due.get(certificate) {
            Some(WhenDue::Lapses(why)) => {
                let rule = why.as_ref().and_then(|why| why.facts.text("rule").map(|rule| format!(" ({rule})")));
                outcome.lapses = Some(format!("due from {date}, but not renewed{}", rule.unwrap_or_default()));
                if let Some(why) = why {
                    outcome.change = remedy::of(why);
                }
            }
            // A date that was not looked at is the core's all the same.
            Some(WhenDue::Renewed) | None => outcome.renews_from = Some(date.clone()),
        }
        outcome
    }

    fn worked_on(&self, name: &str, item: &Item<'_>) -> Outcome {
        let ended = item.ended.map(|record| &record.facts);
        let word = |fact: &str| ended.and_then(|facts| facts.text(fact));
        let lacks = self.driven.unanswered.iter().find(|one| one.template == name);
        let verdict = match (word("outcome"), lacks) {
            (Some("enrolled"), _) if matches!(word("action"), Some("renew" | "reenroll")) => Verdict::Renews,
            (Some("enrolled"), _) => Verdict::Enrolls,
            (Some("pending"), _) => Verdict::Pends,
            (Some(_), Some(_)) => Verdict::Lacks,
            (Some(_), None) => Verdict::Fails,
            (None, _) => Verdict::Unfinished,
        };
        let mut outcome = Outcome::of(name, verdict);
        outcome.prompts = item.prompts.iter().map(|point| (*point).to_owned()).collect();
        outcome.ca = item.ca.map(str::to_owned);
        match verdict {
            Verdict::Fails => {
                outcome.reason = word("code").map(str::to_owned);
                if let Some(cause) = cause::of(self.records, &self.principal.name, name) {
                    outcome = outcome.because(cause);
                }
            }
            Verdict::Lacks => {
                outcome.reason = lacks.map(|one| one.lacks.clone());
                outcome.change = Some("give the world what is missing, to see how it goes on".to_owned());
            }
            Verdict::Pends => {
                let ca = outcome.ca.clone().unwrap_or_default();
                (outcome.rule, outcome.holds) = (Some(cause::MANAGER.to_owned()), true);
                outcome.object = Some(ca.clone());
                outcome.change = Some(format!("approve the request at {ca}"));
            }
            Verdict::Unfinished => outcome.reason = Some(self.why_stopped()),
            _ => {}
        }
        outcome
    }

    fn why_stopped(&self) -> String {
        match &self.driven.stopped {
            Some(Stopped::World(why) | Stopped::Bench(why)) => why.clone(),
            Some(Stopped::Waits) => "the run waits for something that does not come".to_owned(),
            None => "the run ends before".to_owned(),
        }
    }

    fn not_worked_on(&self, spec: &TemplateSpec) -> Outcome {
        let name = spec.template.name.as_str();
        let selection = self.selection(name);
        let plans = |record: &&&Record| is(record, Role::PlansAlways) || (holds(record) && is(record, Role::Plans));
        if selection.iter().any(|record| plans(&record)) {
            return Outcome { reason: Some(self.why_stopped()), ..Outcome::of(name, Verdict::Unfinished) };
        }
        if let Some(ended) = self.ended_by {
            return Outcome::of(name, Verdict::NotLookedAt).by(ended);
        }
        let needs_nothing = selection.iter().any(|record| is(record, Role::NeedsNothing));
        let superseded = selection.iter().rfind(|record| is_rule(record, SUPERSEDED) && holds(record));
        let last = selection.iter().rfind(|record| may_settle(record) && !is(record, Role::Managed));
        match superseded.or(last) {
            Some(last) if superseded.is_some() => {
                let by = last.facts.text("by").map(|by| format!("{by} is enrolled in its place"));
                Outcome { reason: by, ..Outcome::of(name, Verdict::Superseded).by(last) }
            }
            // Good, or due and not renewed, which the date says.
            Some(last) if needs_nothing || threshold(last).is_some() => Outcome::of(name, Verdict::Keeps),
            Some(last) if is_rule(last, DENIED) => {
                let reason = self.denying(name);
                Outcome { reason, ..Outcome::of(name, Verdict::Skipped).by(last) }
            }
            Some(last) => Outcome::of(name, Verdict::Skipped).by(last),
            None => self.unseen(spec),
        }
    }

    /// The entries that deny a right on the template. Through which groups they count is not said here: those fare
    /// alike who fare alike through different ones.
    fn denying(&self, template: &str) -> Option<String> {
        let rights = self.driven.world.template_rights(&self.principal.name, template).unwrap_or_default();
        let denied = rights.iter().filter(|found| !found.granted);
        let denied = denied.filter_map(|found| Some((found.right, found.entry.as_ref()?)));
        let told: Vec<String> = denied
            .map(|(right, entry)| format!("entry {} denies {right} to {}", entry.number, entry.trustee))
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// The client was not shown it, or nothing was decided about it because the run was cut short.
    fn unseen(&self, spec: &TemplateSpec) -> Outcome {
        let name = spec.template.name.as_str();
        if self.driven.stopped.is_some() {
            return Outcome { reason: Some(self.why_stopped()), ..Outcome::of(name, Verdict::Unfinished) };
        }
        let mut outcome = Outcome::of(name, Verdict::Unseen);
        outcome.object = Some(name.to_owned());
        let read = self.driven.world.template_rights(&self.principal.name, name).unwrap_or_default();
        match (spec.published, read.first()) {
            (Some(published), _) => {
                outcome.reason = Some(format!("it is not published before {}", SimTime::START + published));
            }
            (_, Some(read)) if !read.granted => {
                outcome.rule = Some("R040".to_owned());
                outcome.reason = Some(format!("it may not be read{}", by_entry(read)));
                outcome.change = Some(remedy::unread(name));
                outcome.change_of_any = Some(remedy::unread("the template"));
            }
            _ => match self.no_bit {
                // The run is for the machine's own templates alone.
                Some(bit) => return Outcome::of(name, Verdict::Skipped).by(bit),
                None => outcome.reason = Some("no decision is about it".to_owned()),
            },
        }
        outcome
    }
}

/// The rule that AEPolicy has the bit for a part of the work.
const POLICY_BIT: &str = "R004";
/// The rule that an entry denies what others grant.
const DENIED: &str = "R041";
/// The rule that another template takes the place of one.
const SUPERSEDED: &str = "R044";

impl<'a> Item<'a> {
    fn follow(&mut self, record: &'a Record, own: bool) {
        match record.kind {
            Kind::CaFailed | Kind::Request | Kind::Issued | Kind::Pending | Kind::Denied => {
                self.ca = record.facts.text("ca").or(self.ca);
            }
            Kind::Effect if own && asks_ca(record) => self.ca = record.facts.text("ca").or(self.ca),
            _ => {}
        }
    }
}

fn holds(record: &Record) -> bool {
    record.facts.get("outcome") == Some(&Fact::Flag(true))
}

fn is_rule(record: &Record, rule: &str) -> bool {
    record.facts.text("rule") == Some(rule)
}
