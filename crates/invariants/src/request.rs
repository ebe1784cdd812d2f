//! Requests that must not be: while one is pending, or when nothing is due.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Text};
use autoenroll_trace::{Kind, RecordId};

use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::DuplicateRequest`].
#[derive(Clone, Debug, Default)]
pub(crate) struct DuplicateRequest {
    /// Each request under submission, by CA and number.
    pending: BTreeMap<(String, i64), Pending>,
    /// Whose REQUEST store each user has before them.
    places: BTreeMap<String, Place>,
    /// The template each principal worked on last. A request names its template by an object identifier, which several
    /// templates may have.
    items: BTreeMap<String, String>,
    /// The request of each principal that is with its CA.
    asked: BTreeMap<String, RecordId>,
    /// Requests whose answer nobody hears, because the core that asked has ended.
    lost: BTreeSet<RecordId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    requester: String,
    template: String,
    /// Where REQUEST tells of it. `None`: made before the trace began, by a user who has not logged on since.
    place: Option<Place>,
    /// REQUEST tells of it: from then on whoever asks again knows better.
    noted: bool,
}

/// Where a principal's REQUEST store is (N9.per-computer, N9.roaming).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The principal has one only.
    Everywhere,
    /// On that computer.
    On(String),
}

impl DuplicateRequest {
    /// A request that was made before the trace began.
    pub(crate) fn pending(&mut self, ca: &str, request_id: i64, requester: &str, template: &str) {
        self.put((ca.to_owned(), request_id), requester, template, true);
    }

    fn put(&mut self, request: (String, i64), requester: &str, template: &str, noted: bool) {
        let place = self.places.get(requester).cloned();
        let pending = Pending { requester: requester.to_owned(), template: template.to_owned(), place, noted };
        self.pending.insert(request, pending);
    }

    /// Whether a CA answers a request that nobody waits for any more.
    fn is_lost(&mut self, at: Moment<'_>) -> bool {
        at.record.causes.iter().any(|cause| self.lost.remove(cause))
    }

    /// Nothing will ever tell this principal of what REQUEST does not.
    fn lose_unnoted(&mut self, requester: &str) {
        self.pending.retain(|_, pending| pending.noted || pending.requester != requester);
    }

    /// What was there before is taken to be on the computer of the first logon.
    fn log_on(&mut self, user: &str, place: Place) {
        for pending in self.pending.values_mut().filter(|pending| pending.requester == user) {
            pending.place.get_or_insert_with(|| place.clone());
        }
        self.places.insert(user.to_owned(), place);
    }
}

impl Checker for DuplicateRequest {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let request = || match (at.text("ca"), at.record.facts.get("request-id")) {
            (Some(ca), Some(Fact::Number(id))) => Some((ca.to_owned(), *id)),
            _ => None,
        };
        match at.record.kind {
            Kind::Logon => {
                let roams = at.record.facts.get("roaming") == Some(&Fact::Flag(true));
                let computer = at.text("computer").filter(|_| !roams);
                let place = computer.map_or(Place::Everywhere, |computer| Place::On(computer.to_owned()));
                self.log_on(&at.record.actor, place);
                None
            }
            Kind::ItemStarted => {
                self.items.insert(at.record.actor.to_string(), at.text("template")?.to_owned());
                None
            }
            Kind::Request => {
                self.asked.insert(at.record.actor.to_string(), at.record.id);
                let template =
                    self.items.get(at.record.actor.as_str()).map_or(at.text("template"), |item| Some(item))?;
                let here = self.places.get(at.record.actor.as_str());
                let same = |pending: &Pending| {
                    pending.requester == at.record.actor
                        && pending.template == template
                        && (pending.place.is_none() || pending.place.as_ref() == here)
                };
                let reason = format!("a certificate of {template} is requested while a request for it is pending");
                self.pending.values().any(same).then(|| at.violation(Invariant::DuplicateRequest, reason))
            }
            Kind::Pending => {
                let (ca, id) = request()?;
                let requester = at.text("requester")?;
                let template = self.items.get(requester).cloned();
                let template = template.unwrap_or_else(|| at.text("template").unwrap_or_default().to_owned());
                if !self.is_lost(at) {
                    self.put((ca, id), requester, &template, false);
                }
                None
            }
            Kind::Store if at.text("op") == Some("put") && at.text("stage") == Some("pending") => {
                let (actor, template) = (at.record.actor.as_str(), at.text("template")?);
                let of = |pending: &&mut Pending| pending.requester == actor && pending.template == template;
                self.pending.values_mut().filter(of).for_each(|pending| pending.noted = true);
                None
            }
            Kind::EffectDone if at.text("op") == Some("submit") => {
                self.asked.remove(at.record.actor.as_str());
                None
            }
            Kind::EffectDone if at.text("op") == Some("put-request") && !at.succeeded() => {
                self.lose_unnoted(&at.record.actor);
                None
            }
            Kind::Crash | Kind::Logoff | Kind::Shutdown => {
                for user in at.users() {
                    self.lose_unnoted(user);
                    self.lost.extend(self.asked.remove(user.as_str()));
                }
                None
            }
            // Deleted from REQUEST by hand: nothing there tells of it any more.
            Kind::Change if at.text("what") == Some("delete-request") => {
                let (requester, template) = (at.text("principal")?, at.text("template")?);
                self.pending.retain(|_, pending| pending.requester != requester || pending.template != template);
                None
            }
            Kind::Issued | Kind::Denied => {
                self.is_lost(at);
                let decided = self.pending.get(&request()?)?.clone();
                self.pending.retain(|_, pending| *pending != decided);
                None
            }
            _ => None,
        }
    }
}

/// [`Invariant::DueRequest`].
#[derive(Clone, Debug, Default)]
pub(crate) struct DueRequest {
    /// The certificate that was reported as enrolled last, by principal, computer and template, while MY has it.
    enrolled: BTreeMap<(Text, Text, Text), Text>,
    /// On which computer each user is; empty for whom it does not matter.
    places: BTreeMap<Text, Text>,
    items: BTreeMap<Text, Text>,
    /// The decisions of each principal's latest run by which a certificate is due. A run may wait for its user longer
    /// than a trace keeps them.
    due: BTreeMap<Text, BTreeSet<RecordId>>,
}

/// Rules that make another certificate due although there is one: a newer template, the renewal period, its end, its
/// chain or key, the name of its machine, and another template with its object identifier.
pub(crate) const DUE: &[&str] = &["R052", "R053", "R055", "R057", "P7.54", "R049.shared"];

impl DueRequest {
    fn key(&self, principal: &Text, template: &str) -> (Text, Text, Text) {
        (principal.clone(), self.places.get(principal).cloned().unwrap_or_default(), template.into())
    }
}

// IN1.due-request
impl Checker for DueRequest {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::Logon => {
                let roams = at.record.facts.get("roaming") == Some(&Fact::Flag(true));
                let computer = at.text("computer").filter(|_| !roams).unwrap_or_default();
                self.places.insert(actor.clone(), computer.into());
            }
            Kind::RunStarted | Kind::RunEnded => {
                self.due.remove(actor);
            }
            Kind::Decision if at.is_met() && at.text("rule").is_some_and(|rule| DUE.contains(&rule)) => {
                self.due.entry(actor.clone()).or_default().insert(at.record.id);
            }
            Kind::ItemStarted => {
                self.items.insert(actor.clone(), at.text("template")?.into());
            }
            Kind::ItemEnded if at.text("outcome") == Some("enrolled") => {
                let key = self.key(actor, at.text("template")?);
                self.enrolled.insert(key, at.text("certificate")?.into());
            }
            Kind::Archived | Kind::Deleted => {
                let gone = at.text("certificate")?;
                self.enrolled.retain(|(of, ..), certificate| of != actor || certificate != gone);
            }
            Kind::Change if at.text("what") == Some("delete-certificate") => {
                let gone = at.text("certificate").or_else(|| at.text("subject"))?;
                self.enrolled.retain(|_, certificate| certificate != gone);
            }
            Kind::Request => {
                let template = self.items.get(actor)?;
                let held = self.enrolled.get(&self.key(actor, template))?;
                let due = self.due.get(actor);
                if !at.record.causes.iter().any(|cause| due.is_some_and(|due| due.contains(cause))) {
                    let reason =
                        format!("{held} is there, and no rule says that another certificate of {template} is due");
                    return Some(at.violation(Invariant::DueRequest, reason));
                }
            }
            _ => {}
        }
        None
    }
}
