//! What a trace tells of a principal's dealings with CAs. It is read in the same way for our own core and for a client
//! outside, whose requests leave the same records.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Duration, Fact, FileTime, SimTime, hex};
use autoenroll_trace::{Kind, Record, RecordId};
use autoenroll_wire::{Certificate, Request, TemplateReference};
use autoenroll_world::{KeptCertificate, WorldSpec};

/// What a CA has said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It issued.
    Issued,
    /// It waits for a manager.
    Pending,
    /// It was denied.
    Denied,
    /// There was no answer.
    Unanswered,
}

impl Outcome {
    /// In a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Unanswered => "no answer",
        }
    }
}

/// A request that was sent to a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The template; empty where no CA took it.
    pub template: String,
    /// The CA.
    pub ca: String,
    /// There is a certificate of the template that is valid and not revoked.
    pub renewal: bool,
    /// The key is that of a certificate of the template; `None` when there was none before.
    pub old_key: Option<bool>,
    /// It is signed with the certificate that it renews.
    pub signed: bool,
    /// What came of it.
    pub outcome: Outcome,
    /// The record that says what came of it.
    pub answer: Option<RecordId>,
}

/// A question about a request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The template of the request.
    pub template: String,
    /// How the request stands.
    pub outcome: Outcome,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dealing {
    /// A request.
    Asked(Asked),
    /// A question about one.
    Fetched(Fetched),
}

/// A dealing, and whose and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealt {
    /// The user or computer.
    pub principal: String,
    /// When.
    pub at: SimTime,
    /// The record of it.
    pub record: RecordId,
    /// What.
    pub dealing: Dealing,
}

/// A certificate that somebody has got.
#[derive(Clone, Debug)]
struct Held {
    principal: String,
    template: String,
    name: String,
    der: Vec<u8>,
    key: Vec<u8>,
    not_after: FileTime,
    revoked: bool,
}

/// A request as a CA has it.
#[derive(Clone, Debug)]
struct Asks {
    principal: String,
    template: String,
    outcome: Outcome,
}

/// Reads a trace, record by record.
#[derive(Clone, Debug)]
pub struct Reader {
    start: FileTime,
    /// Names of templates by their identifiers.
    templates: BTreeMap<String, String>,
    /// Dealings that have no answer yet, by their records.
    open: BTreeMap<RecordId, usize>,
    /// Each request that a CA has taken, by CA and number.
    requests: BTreeMap<(String, i64), Asks>,
    held: Vec<Held>,
    /// What is in the stores that records tell of: names of certificates, and their templates.
    stores: BTreeMap<String, BTreeMap<String, String>>,
    /// The dealings so far.
    pub dealings: Vec<Dealt>,
}

fn number(record: &Record, name: &str) -> Option<i64> {
    match record.facts.get(name) {
        Some(Fact::Number(number)) => Some(*number),
        _ => None,
    }
}

impl Reader {
    /// Reads the trace of that world from its beginning.
    #[must_use]
    pub fn new(spec: &WorldSpec) -> Self {
        let oid = |it: &autoenroll_world::spec::TemplateSpec| {
            it.template.oid.as_ref().map(|oid| (oid.to_string(), it.template.name.clone()))
        };
        Self {
            start: spec.start,
            templates: spec.templates.iter().filter_map(oid).collect(),
            open: BTreeMap::new(),
            requests: BTreeMap::new(),
            held: Vec::new(),
            stores: BTreeMap::new(),
            dealings: Vec::new(),
        }
    }

    /// A principal has these certificates before anything happens.
    pub fn seed(&mut self, principal: &str, kept: &[KeptCertificate]) {
        for one in kept {
            let Ok(certificate) = Certificate::parse(&one.certificate) else { continue };
            let template = one.template.clone().or_else(|| self.template_of(&certificate)).unwrap_or_default();
            self.stores.entry(principal.to_owned()).or_default().insert(one.name.clone(), template.clone());
            self.hold(principal, &template, &one.name, certificate);
        }
    }

    /// The name of the template that a certificate is of.
    #[must_use]
    pub fn template_of(&self, certificate: &Certificate) -> Option<String> {
        match certificate.template()? {
            TemplateReference::Name(name) => Some(name),
            TemplateReference::Oid { oid, .. } => self.templates.get(&oid.to_string()).cloned(),
        }
    }

    fn hold(&mut self, principal: &str, template: &str, name: &str, certificate: Certificate) {
        self.held.push(Held {
            principal: principal.to_owned(),
            template: template.to_owned(),
            name: name.to_owned(),
            key: certificate.public_key,
            not_after: certificate.not_after,
            der: certificate.raw,
            revoked: false,
        });
    }

    /// The template of a certificate that a CA of the world has issued, or that was there before.
    #[must_use]
    pub fn issued_for(&self, der: &[u8]) -> Option<&str> {
        self.held.iter().find(|held| held.der == der).map(|held| held.template.as_str())
    }

    /// The end of the newest certificate of a template that somebody has and that is not revoked.
    #[must_use]
    pub fn end_of(&self, principal: &str, template: &str) -> Option<FileTime> {
        self.of(principal, template).filter(|held| !held.revoked).map(|held| held.not_after).max()
    }

    /// Whether a request of that principal for that template waits at a CA.
    #[must_use]
    pub fn waits(&self, principal: &str, template: &str) -> bool {
        let is_it = |it: &Asks| it.principal == principal && it.template == template;
        self.requests.values().any(|it| is_it(it) && it.outcome == Outcome::Pending)
    }

    /// The templates of which somebody has ever had a certificate.
    #[must_use]
    pub fn templates_of(&self, principal: &str) -> BTreeSet<String> {
        let own = self.held.iter().filter(|held| held.principal == principal);
        own.map(|held| held.template.clone()).collect()
    }

    fn of<'a>(&'a self, principal: &'a str, template: &'a str) -> impl Iterator<Item = &'a Held> {
        self.held.iter().filter(move |held| held.principal == principal && held.template == template)
    }

    /// How many certificates of each template are in a store that records tell of.
    #[must_use]
    pub fn stored(&self, principal: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for template in self.stores.get(principal).into_iter().flat_map(BTreeMap::values) {
            *counts.entry(template.clone()).or_default() += 1;
        }
        counts
    }

    /// Reads the next record.
    pub fn read(&mut self, record: &Record) {
        let fact = |name: &str| record.facts.text(name);
        match record.kind {
            Kind::Request => self.asked(record),
            Kind::Effect if fact("op") == Some("submit") && fact("request-type").is_none() => self.asked(record),
            Kind::Effect if fact("op") == Some("retrieve") => {
                let key = (fact("ca").unwrap_or_default().to_owned(), number(record, "request-id").unwrap_or_default());
                if let Some(Asks { template, outcome, .. }) = self.requests.get(&key).cloned() {
                    self.deal(record, Dealing::Fetched(Fetched { template, outcome }));
                }
            }
            Kind::Issued => self.answered(record, Outcome::Issued),
            Kind::Pending => self.answered(record, Outcome::Pending),
            Kind::Denied => self.answered(record, Outcome::Denied),
            Kind::CaFailed => self.answered(record, Outcome::Unanswered),
            Kind::Change if fact("what") == Some("revoke") => {
                let named = fact("subject").unwrap_or_default();
                self.held.iter_mut().filter(|held| held.name == named).for_each(|held| held.revoked = true);
            }
            Kind::Store if fact("op") == Some("add") && fact("store") == Some("my") => {
                let (name, template) = (fact("certificate").unwrap_or_default(), fact("template").unwrap_or_default());
                let store = self.stores.entry(record.actor.to_string()).or_default();
                if record.facts.get("archived") != Some(&Fact::Flag(true)) {
                    store.insert(name.to_owned(), template.to_owned());
                }
            }
            Kind::Archived | Kind::Deleted => {
                if let Some(store) = self.stores.get_mut(record.actor.as_str()) {
                    store.remove(fact("certificate").unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn deal(&mut self, record: &Record, dealing: Dealing) {
        let principal = record.actor.to_string();
        self.dealings.push(Dealt { principal, at: record.at, record: record.id, dealing });
    }

    fn asked(&mut self, record: &Record) {
        let request = record.facts.text("request").and_then(hex::decode);
        let request = request.and_then(|der| Request::parse(&der).ok());
        let template = record.facts.text("template").unwrap_or_default().to_owned();
        let now = self.start + Duration(record.at.0);
        let own = || self.of(&record.actor, &template);
        let key = request.as_ref().map(|request| request.pkcs10().public_key.as_slice());
        let asked = Asked {
            ca: record.facts.text("ca").unwrap_or_default().to_owned(),
            renewal: own().any(|held| !held.revoked && held.not_after > now),
            old_key: own().next().is_some().then(|| own().any(|held| Some(held.key.as_slice()) == key)),
            signed: record.facts.get("renews").is_some(),
            outcome: Outcome::Unanswered,
            answer: None,
            template: template.clone(),
        };
        self.open.insert(record.id, self.dealings.len());
        self.deal(record, Dealing::Asked(asked));
    }

    fn answered(&mut self, record: &Record, outcome: Outcome) {
        let fact = |name: &str| record.facts.text(name);
        let ca = fact("ca").unwrap_or(record.actor.as_str()).to_owned();
        let asked = record.causes.iter().find_map(|cause| self.open.remove(cause));
        let mut template = fact("template").unwrap_or_default().to_owned();
        if let Some(Dealing::Asked(asked)) = asked.and_then(|at| self.dealings.get_mut(at)).map(|it| &mut it.dealing) {
            (asked.outcome, asked.answer) = (outcome, Some(record.id));
            if asked.template.is_empty() {
                asked.template.clone_from(&template);
            }
            template.clone_from(&asked.template);
        }
        if let Some(id) = number(record, "request-id").filter(|_| outcome != Outcome::Unanswered) {
            let principal = fact("requester").unwrap_or_default().to_owned();
            self.requests.insert((ca, id), Asks { principal, template: template.clone(), outcome });
        }
        if outcome == Outcome::Issued
            && let Some(certificate) = fact("der").and_then(hex::decode).and_then(|der| Certificate::parse(&der).ok())
        {
            let (principal, name) = (fact("requester").unwrap_or_default(), fact("certificate").unwrap_or_default());
            self.hold(principal, &template, name, certificate);
        }
    }
}
