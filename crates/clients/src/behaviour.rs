//! What our own core does from one trigger to the next, as far as a client outside can be seen to do it, and why.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Role, RuleRow, SimTime};
use autoenroll_trace::{Kind, Record, RecordId, Records};

use crate::adapter::Capability;
use crate::seen::{Asked, Dealing, Dealt, Outcome};

/// Something that a client is to show, or not to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// The user or computer.
    pub principal: String,
    /// Which run of it, from 1.
    pub run: usize,
    /// When that run begins.
    pub at: SimTime,
    /// What triggers it, in the word of our own core.
    pub trigger: String,
    /// The template; empty where it is about all of them, or about none.
    pub template: String,
    /// What.
    pub what: What,
    /// What a client needs so that it can be judged.
    pub needs: Vec<Capability>,
    /// The rules that decided, the ids of the catalogue.
    pub rules: Vec<String>,
    /// The same holds since an earlier run: it is told where it is broken, and counted nowhere else.
    pub repeated: bool,
}

/// What there is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It sends these requests, in this order.
    Asks {
        /// To which CA, and what comes of it.
        requests: Vec<(String, Outcome)>,
        /// They are signed with the old certificate, and the CA may issue for that reason.
        signed: bool,
    },
    /// It sends none.
    AsksNothing,
    /// It tries these CAs, which do not answer.
    Tries(Vec<String>),
    /// The request has the key of the certificate that it replaces, or another one.
    Key {
        /// It is the old one.
        old: bool,
    },
    /// The request is signed with the certificate that it renews.
    Signs,
    /// It asks about its pending request, and finds this.
    Fetches(BTreeSet<Outcome>),
    /// There is a certificate in its store afterwards, or none.
    Holds(bool),
    /// So many are there, and not those that were replaced.
    Replaces(usize),
    /// It renews by its own rule.
    OwnRule,
}

impl What {
    /// Its word in keys.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Asks { .. } => "asks",
            Self::AsksNothing => "asks-nothing",
            Self::Tries(_) => "tries",
            Self::Key { .. } => "key",
            Self::Signs => "signs",
            Self::Fetches(_) => "fetches",
            Self::Holds(_) => "holds",
            Self::Replaces(_) => "replaces",
            Self::OwnRule => "own-rule",
        }
    }
}

impl Behaviour {
    /// Whether it depends on when a certificate is due for renewal.
    #[must_use]
    pub fn is_of_renewal(&self) -> bool {
        let of_time = |id: &String| ["R053", "R054", "P7.27"].contains(&id.as_str());
        self.needs.contains(&Capability::Renewal) || self.rules.iter().any(of_time)
    }

    /// Its name within a story, which stays as long as the story does: `WKS01 3 asks Machine`.
    #[must_use]
    pub fn key(&self) -> String {
        let template = if self.template.is_empty() { "" } else { " " };
        format!("{} {} {}{template}{}", self.principal, self.run, self.what.as_str(), self.template)
    }
}

/// A run of our own core.
pub(crate) struct Run<'a> {
    pub(crate) principal: &'a str,
    pub(crate) number: usize,
    pub(crate) at: SimTime,
    pub(crate) trigger: &'a str,
    /// What its core has recorded until the next run.
    pub(crate) records: &'a [&'a Record],
    /// What it did at CAs until then.
    pub(crate) dealings: &'a [&'a Dealt],
    /// How many certificates of each template are in its store, before and after.
    pub(crate) stored: (&'a BTreeMap<String, usize>, &'a BTreeMap<String, usize>),
}

/// What is known of a principal from its earlier runs.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// By which rules nothing was asked for each template, last.
    nothing: BTreeMap<String, Vec<String>>,
    /// What came of the last request for each template.
    last: BTreeMap<String, Outcome>,
    /// A CA did not answer in the last run.
    outage: bool,
}

/// The roles and statements of a rule.
pub(crate) fn row(id: &str) -> Option<&'static RuleRow> {
    let ca = autoenroll_ca::RULES.iter().map(|rule| &rule.row);
    autoenroll_core::RULES.iter().chain(autoenroll_world::RULES).chain(ca).find(|rule| rule.id == id)
}

fn rule(record: &Record) -> &str {
    record.facts.text("rule").filter(|_| record.kind == Kind::Decision).unwrap_or_default()
}

fn holds(record: &Record) -> bool {
    record.facts.get("outcome") == Some(&Fact::Flag(true))
}

fn is(record: &Record, role: Role) -> bool {
    row(rule(record)).is_some_and(|row| row.is(role))
}

/// What a client needs where a run does this by that rule.
fn needed_by(rule: &str) -> Option<Capability> {
    Some(match rule {
        "R001" | "R002" | "R003" | "R004" | "R006" | "P7.3" => Capability::Policy,
        "R019" | "R020" | "R021" => Capability::Ldap,
        "R031" => Capability::Outage,
        "R034" | "R035" | "P7.4" => Capability::Profile,
        "R044" | "R056" => Capability::Superseding,
        "R045" | "R070" | "R071" => Capability::Agent,
        "R047" => Capability::Published,
        "R063" | "R064" | "R074" | "R075" | "S5.next" => Capability::Providers,
        "MC2.controller" | "MC2.request-settings" => Capability::Automatic,
        "R049" | "R050" | "R053" | "R054" | "P7.27" => Capability::Renewal,
        "R052" => Capability::Versions,
        "R055" | "R057" => Capability::Revocation,
        "R059" | "R060" | "R061" | "P7.39" => Capability::Pending,
        _ => return None,
    })
}

/// What it takes to ask because such a rule holds; the other rules are said of every template.
fn needed_to_ask(rule: &str) -> Option<Capability> {
    const OUT_OF_THE_ORDINARY: &[&str] =
        &["R044", "R052", "R055", "R056", "R057", "R070", "R071", "MC2.controller", "MC2.request-settings"];
    needed_by(rule).filter(|_| OUT_OF_THE_ORDINARY.contains(&rule))
}

impl<'a> Run<'a> {
    /// Everything that a client can show of it.
    pub(crate) fn behaviours(&self, trace: &Records, past: &mut Past) -> Vec<Behaviour> {
        let mut found = Vec::new();
        let asked = self.asked();
        for (template, requests) in &asked {
            found.extend(self.of_requests(template, requests, trace, past));
        }
        found.extend(self.of_fetches(trace));
        found.extend(self.of_store());
        found.extend(self.of_nothing(&asked, past));
        past.outage = asked.contains_key("");
        for (template, requests) in &asked {
            past.nothing.remove(template);
            past.last.extend(requests.last().map(|(_, last)| (template.clone(), last.outcome)));
        }
        for dealt in self.dealings {
            if let Dealing::Fetched(fetched) = &dealt.dealing {
                past.last.insert(fetched.template.clone(), fetched.outcome);
            }
        }
        found
    }

    fn behaviour(&self, template: &str, what: What, needs: Vec<Capability>, rules: Vec<String>) -> Behaviour {
        Behaviour {
            principal: self.principal.to_owned(),
            run: self.number,
            at: self.at,
            trigger: self.trigger.to_owned(),
            template: template.to_owned(),
            what,
            needs,
            rules,
            repeated: false,
        }
    }

    /// The requests of each template, with their records.
    fn asked(&self) -> BTreeMap<String, Vec<(RecordId, &'a Asked)>> {
        let mut asked = BTreeMap::<String, Vec<_>>::new();
        for dealt in self.dealings {
            if let Dealing::Asked(one) = &dealt.dealing {
                asked.entry(one.template.clone()).or_default().push((dealt.record, one));
            }
        }
        asked
    }

    fn of_requests(
        &self,
        template: &str,
        requests: &[(RecordId, &Asked)],
        trace: &Records,
        past: &Past,
    ) -> Vec<Behaviour> {
        let Some((first, one)) = requests.first() else { return Vec::new() };
        let led = self.decisions_behind(*first, trace);
        if template.is_empty() {
            let mut cas: Vec<String> = requests.iter().map(|(_, asked)| asked.ca.clone()).collect();
            cas.dedup();
            let rules = self.ids(&led, |record| is(record, Role::Due) && holds(record));
            let mut needs = vec![Capability::Requests, Capability::Outage];
            // Which of several comes first is the order of CAs.
            let others = |it: &&&Dealt| matches!(&it.dealing, Dealing::Asked(one) if !one.template.is_empty());
            needs.extend((cas.len() > 1 || self.dealings.iter().any(|it| others(&it))).then_some(Capability::Cas));
            return vec![self.behaviour("", What::Tries(cas), needs, rules)];
        }
        let why: Vec<&Record> = self.about(template, &led).into_iter().filter(|it| holds(it)).collect();
        // That nothing valid is there is said of a revoked certificate as well; what was said of it is the reason.
        let due = why.iter().rfind(|it| needed_to_ask(rule(it)).is_some());
        let due = due.or_else(|| why.iter().rfind(|it| is(it, Role::Due))).map(|record| rule(record).to_owned());
        let mut needs = vec![Capability::Requests];
        for record in &why {
            needs.extend(needed_to_ask(rule(record)));
        }
        if one.renewal && !needs.contains(&Capability::Versions) {
            needs.push(Capability::Renewal);
        }
        match past.last.get(template) {
            Some(Outcome::Denied) => needs.push(Capability::Denial),
            Some(Outcome::Unanswered) => needs.push(Capability::Outage),
            _ => {}
        }
        if past.outage {
            needs.push(Capability::Outage);
        }
        if requests.len() > 1 {
            needs.push(Capability::Cas);
        }
        if requests.iter().any(|(_, asked)| asked.outcome == Outcome::Unanswered) {
            needs.push(Capability::Timeouts);
        }
        needs.sort();
        needs.dedup();
        let mut rules: Vec<String> = due.into_iter().collect();
        rules.extend(requests.iter().filter_map(|(_, asked)| of_ca(asked, trace)));
        let list = requests.iter().map(|(_, asked)| (asked.ca.clone(), asked.outcome)).collect();
        let mut found =
            vec![self.behaviour(template, What::Asks { requests: list, signed: one.signed }, needs.clone(), rules)];
        // How the request is made is decided after that it is.
        let made = self.about(template, self.records);
        if let Some(old) = one.old_key.filter(|_| one.renewal) {
            let rules = self.ids(&made, |record| ["R073", "P7.11"].contains(&rule(record)));
            let needs = [needs.as_slice(), &[Capability::Keys]].concat();
            found.push(self.behaviour(template, What::Key { old }, needs, rules));
        }
        if one.signed {
            let rules = self.ids(&made, |record| rule(record) == "R069");
            let needs = [needs.as_slice(), &[Capability::SignedRenewal]].concat();
            found.push(self.behaviour(template, What::Signs, needs, rules));
        }
        found
    }

    fn of_fetches(&self, trace: &Records) -> Vec<Behaviour> {
        let mut fetched = BTreeMap::<&str, (RecordId, BTreeSet<Outcome>)>::new();
        for dealt in self.dealings {
            if let Dealing::Fetched(one) = &dealt.dealing {
                let of = fetched.entry(&one.template).or_insert((dealt.record, BTreeSet::new()));
                of.1.insert(one.outcome);
            }
        }
        let of = |(template, (record, outcomes)): (&str, (RecordId, BTreeSet<Outcome>))| {
            let led = self.decisions_behind(record, trace);
            let rules = self.ids(&led, |record| rule(record) == "R059" && holds(record));
            self.behaviour(template, What::Fetches(outcomes), vec![Capability::Pending], rules)
        };
        fetched.into_iter().map(of).collect()
    }

    /// What has changed in the store.
    fn of_store(&self) -> Vec<Behaviour> {
        let (before, after) = self.stored;
        let templates: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut found = Vec::new();
        for template in templates {
            let count = |of: &BTreeMap<String, usize>| of.get(template).copied().unwrap_or_default();
            let (was, now) = (count(before), count(after));
            let fetched = self.dealings.iter().any(|dealt| match &dealt.dealing {
                Dealing::Fetched(one) => one.template == *template && one.outcome == Outcome::Issued,
                Dealing::Asked(one) => one.template == *template && one.outcome == Outcome::Issued,
            });
            if was == now && !fetched {
                continue;
            }
            let stored = |id: &str| self.records.iter().filter(|it| rule(it) == id && holds(it)).count() > 0;
            let rules: Vec<String> =
                ["R089", "R090", "R091", "P7.48"].into_iter().filter(|id| stored(id)).map(str::to_owned).collect();
            let gives_way = |it: &&&Record| ["R044", "R056"].contains(&rule(it)) && holds(it);
            let superseded = self.about(template, self.records).iter().any(|it| gives_way(&it));
            if (was == 0) != (now == 0) {
                let mut needs = vec![Capability::Stores];
                needs.extend((now == 0).then_some(Capability::Archive));
                needs.extend((now == 0 && superseded).then_some(Capability::Superseding));
                found.push(self.behaviour(template, What::Holds(now > 0), needs, rules));
            } else {
                let mut needs = vec![Capability::Stores, Capability::Archive, Capability::Renewal];
                needs.extend(superseded.then_some(Capability::Superseding));
                found.push(self.behaviour(template, What::Replaces(now), needs, rules));
            }
        }
        found
    }

    /// The templates that the run decided about and did not ask for.
    fn of_nothing(&self, asked: &BTreeMap<String, Vec<(RecordId, &Asked)>>, past: &mut Past) -> Vec<Behaviour> {
        let ends = |record: &&&Record| is(record, if holds(record) { Role::EndsRun } else { Role::EndsRunOtherwise });
        let ended = self.records.iter().rfind(ends).map(|record| rule(record).to_owned());
        if let Some(ended) = ended.filter(|_| asked.is_empty()) {
            let needs = [Some(Capability::Requests), needed_by(&ended)].into_iter().flatten().collect();
            return self.nothing("", needs, vec![ended], past).into_iter().collect();
        }
        past.nothing.remove("");
        let policy_lacks = self.records.iter().any(|it| rule(it) == "R004" && !holds(it));
        let mut found = Vec::new();
        for template in self.templates() {
            let worked = |record: &&&Record| {
                record.kind == Kind::ItemStarted && record.facts.text("template") == Some(template.as_str())
            };
            if asked.contains_key(&template) || (asked.contains_key("") && self.records.iter().any(|it| worked(&it))) {
                continue;
            }
            let records: Vec<&Record> = self.records.iter().copied().filter(|it| it.kind == Kind::Decision).collect();
            let complete = records.iter().position(|it| is(it, Role::CompletesWorkList)).unwrap_or(records.len());
            let about = self.about(&template, &records[..complete]);
            let superseded = about.iter().rfind(|it| rule(it) == "R044" && holds(it));
            let settles = |it: &&&Record| !is(it, Role::NeedsNothing) && (rule(it) != "R054" || holds(it));
            let Some(settled) = superseded.or_else(|| about.iter().rfind(settles)) else { continue };
            let mut needs = vec![Capability::Requests];
            // Which of them are meant for the client decides everything up to its rights and the CAs.
            let of_rule = match rule(settled) {
                "R050" | "R052" | "R053" | "R055" | "R057" | "R060" | "P7.27" => needed_by(rule(settled)),
                known => Some(needed_by(known).unwrap_or(Capability::Templates)),
            };
            needs.extend(of_rule.filter(|it| !matches!(it, Capability::Renewal | Capability::Versions)));
            needs.extend(policy_lacks.then_some(Capability::Policy));
            needs.dedup();
            let mut rules = vec![rule(settled).to_owned()];
            if policy_lacks && holds(settled) {
                rules.insert(0, "R004".to_owned());
            }
            found.extend(self.nothing(&template, needs, rules, past));
        }
        found
    }

    fn nothing(
        &self,
        template: &str,
        needs: Vec<Capability>,
        rules: Vec<String>,
        past: &mut Past,
    ) -> Option<Behaviour> {
        let repeated = past.nothing.get(template) == Some(&rules);
        past.nothing.insert(template.to_owned(), rules.clone());
        Some(Behaviour { repeated, ..self.behaviour(template, What::AsksNothing, needs, rules) })
    }

    /// The templates that the run decided about.
    fn templates(&self) -> BTreeSet<String> {
        let told = self.records.iter().filter(|it| it.kind == Kind::EffectDone);
        let lists = told.filter_map(|it| match it.facts.get("templates") {
            Some(Fact::List(list)) => Some(list.iter().map(ToString::to_string)),
            _ => None,
        });
        lists.flatten().collect()
    }

    /// Those decisions that are about a template, or about a certificate of it.
    fn about<'r>(&self, template: &str, decisions: &[&'r Record]) -> Vec<&'r Record> {
        let managed = self.records.iter().filter(|it| is(it, Role::Managed));
        let of = managed.filter(|it| it.facts.text("template") == Some(template));
        let certificates: BTreeSet<&str> = of.filter_map(|it| it.facts.text("subject")).collect();
        let about = |record: &&&Record| {
            let subject = record.facts.text("subject").unwrap_or_default();
            subject == template || certificates.contains(subject)
        };
        decisions.iter().filter(about).copied().collect()
    }

    fn ids(&self, decisions: &[&Record], wanted: impl Fn(&Record) -> bool) -> Vec<String> {
        let mut ids: Vec<String> = decisions
            .iter()
            .filter(|it| it.actor == self.principal && wanted(it))
            .map(|it| rule(it).to_owned())
            .collect();
        ids.dedup();
        ids
    }

    /// The decisions of the principal that led to a record in this run, in order.
    fn decisions_behind<'t>(&self, record: RecordId, trace: &'t Records) -> Vec<&'t Record> {
        let first = self.records.first().map_or(record, |first| first.id);
        let (mut found, mut open) = (BTreeSet::new(), vec![record]);
        while let Some(id) = open.pop() {
            if let Some(cause) = trace.get(id).filter(|_| id >= first && found.insert(id)) {
                open.extend(&cause.causes);
            }
        }
        let records = found.into_iter().filter_map(|id| trace.get(id));
        records.filter(|it| it.kind == Kind::Decision && it.actor == self.principal).collect()
    }
}

/// The rule by which a CA did not issue at once.
fn of_ca(asked: &Asked, trace: &Records) -> Option<String> {
    let answer = trace.get(asked.answer?)?;
    let causes = answer.causes.iter().filter_map(|cause| trace.get(*cause));
    let decisions: Vec<&Record> = causes.filter(|it| it.kind == Kind::Decision && it.actor == asked.ca).collect();
    let refuses = |id: &str| autoenroll_ca::RULES.iter().any(|known| known.row.id == id && known.refusal.is_some());
    let found = match asked.outcome {
        Outcome::Denied => decisions.iter().rfind(|it| refuses(rule(it)) && !holds(it)),
        Outcome::Pending => decisions.iter().rfind(|it| rule(it) == "CA3.7.10"),
        Outcome::Issued | Outcome::Unanswered => None,
    };
    found.map(|it| rule(it).to_owned())
}
