//! Why work on a certificate failed: what a CA said or did not say, or the decision of the client.

use autoenroll_model::{HResult, SimTime};
use autoenroll_trace::{Kind, Record, RecordId};

use crate::prose::sentence;
use crate::remedy::{self, Refusal};

/// Why work on a certificate failed, and what to change.
pub(crate) struct Cause<'a> {
    /// The decisions that led to it, the last one nearest: of a CA that refused, or of the client.
    pub(crate) decisions: Vec<&'a Record>,
    /// The check of a CA that refused.
    pub(crate) refusal: Option<Refusal>,
    /// The requirement of the catalogue that it comes from, where that is no decision.
    pub(crate) requirement: Option<&'static str>,
    /// What happened beside the decisions, in words: that a CA did not answer.
    pub(crate) told: Option<String>,
    /// Where it is to be changed, when that is no subject of a decision: a CA, or an address of it.
    pub(crate) object: Option<String>,
    /// What to change.
    pub(crate) change: Option<String>,
}

/// That a CA's host does not answer, by which the client counts one that never answers.
const UNAVAILABLE: &str = "X6.1.0x800706BA";
/// The rule that a request waits for a manager of its CA.
pub(crate) const MANAGER: &str = "CA3.7.10";
/// The rules that providers are tried in the order of the template, and that one is not installed.
const PROVIDER_ORDER: &str = "R074";
const PROVIDER_MISSING: &str = "S5.next";

/// The rule that the event log tells how the work ended: it leads to nothing.
const LOGGED: &str = "R095";

/// Why the last work on a template in a run failed, from the records of the run, those of other parties among them.
/// `None` when nothing says why.
pub(crate) fn of<'a>(run: &'a [Record], actor: &str, template: &str) -> Option<Cause<'a>> {
    let is = |record: &Record, kind: Kind| {
        record.kind == kind && record.actor == actor && record.facts.text("template") == Some(template)
    };
    let from = run.iter().rposition(|record| is(record, Kind::ItemStarted))?;
    let to = from + run[from..].iter().position(|record| is(record, Kind::ItemEnded))?;
    let (work, code) = (&run[from..to], run[to].facts.text("code"));
    let leads = |record: &&Record| record.facts.text("rule") != Some(LOGGED);
    let own: Vec<&Record> = decisions(work, actor).filter(leads).collect();
    let by_code = own.iter().rfind(|record| code.is_some() && record.facts.text("code") == code).copied();
    let changeable = own.iter().rfind(|record| remedy::of(record).is_some()).copied();
    let none =
        Cause { decisions: Vec::new(), refusal: None, requirement: None, told: None, object: None, change: None };
    let decisions_of = |one: Option<&'a Record>| one.into_iter().collect::<Vec<_>>();
    let found = match answer(run, work, actor) {
        Some(Answer::Refused { denied, by }) => Cause {
            object: Some(by.actor.to_string()),
            change: Refusal::of(by, denied).change(actor),
            refusal: Some(Refusal::of(by, denied)),
            decisions: vec![by],
            ..none
        },
        Some(Answer::Unreachable(failed)) => Cause {
            told: sentence(failed),
            object: failed.facts.text("url").or(failed.facts.text("ca")).map(str::to_owned),
            change: Some(remedy::unreachable(failed)),
            decisions: decisions_of(by_code.or(changeable)),
            ..none
        },
        Some(Answer::None { asked, until }) => {
            let ca = asked.facts.text("ca").unwrap_or("the CA");
            let waited = until.since(asked.at);
            Cause {
                requirement: Some(UNAVAILABLE),
                told: Some(format!("{ca} does not answer, and the client gives up after {waited}")),
                object: Some(ca.to_owned()),
                change: Some(format!("let {ca} answer: find out why its service hangs, and restart it")),
                ..none
            }
        }
        Some(Answer::NoExchangeCertificate(done)) => {
            let ca = done.facts.text("ca").unwrap_or("the CA");
            Cause {
                told: Some(format!("{ca} has no exchange certificate: key archival is not configured there")),
                object: Some(ca.to_owned()),
                change: Some(remedy::without_archival(ca, template)),
                decisions: decisions_of(by_code),
                ..none
            }
        }
        None => {
            let last = changeable.or(by_code);
            let mut all = missing_providers(run, actor, template);
            all.extend(last.filter(|last| !all.iter().any(|one| one.id == last.id)));
            let change = all.iter().rev().find_map(|record| remedy::of(record));
            Cause { decisions: all, change, ..none }
        }
    };
    let says = !found.decisions.is_empty() || found.requirement.is_some() || found.told.is_some();
    says.then_some(found)
}

/// The decision of a CA that the request for a template in a run waits for its manager.
pub(crate) fn pending<'a>(run: &'a [Record], actor: &str, template: &str) -> Option<&'a Record> {
    let first = run.first()?.id.0;
    let pending = run.iter().rfind(|record| {
        let f = |name: &str| record.facts.text(name);
        record.kind == Kind::Pending && f("requester") == Some(actor) && f("template") == Some(template)
    })?;
    let causes = pending.causes.iter().filter_map(|id| run.get(usize::try_from(id.0.checked_sub(first)?).ok()?));
    let mut causes = causes.filter(|record| record.kind == Kind::Decision);
    causes.rfind(|record| record.facts.text("rule") == Some(MANAGER))
}

/// What the last CA that was asked came to.
enum Answer<'a> {
    /// A check of it does not hold.
    Refused { denied: &'a Record, by: &'a Record },
    /// The CA, or a way to it, cannot be reached.
    Unreachable(&'a Record),
    /// There was none until the client gave up.
    None { asked: &'a Record, until: SimTime },
    /// The CA does not archive keys.
    NoExchangeCertificate(&'a Record),
}

fn answer<'a>(run: &'a [Record], work: &'a [Record], actor: &str) -> Option<Answer<'a>> {
    let first = run.first()?.id.0;
    let cause = |id: &RecordId| run.get(usize::try_from(id.0.checked_sub(first)?).ok()?);
    let own = |record: &Record| record.actor == actor;
    let not_configured = HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED.to_string();
    for record in work.iter().rev() {
        let causes = || record.causes.iter().filter_map(cause);
        let f = |name: &str| record.facts.text(name);
        match record.kind {
            // What fails later is not the CA's.
            Kind::Issued if f("requester") == Some(actor) => return None,
            Kind::Denied if f("requester") == Some(actor) => {
                return causes().rfind(|by| refuses(by)).map(|by| Answer::Refused { denied: record, by });
            }
            Kind::CaFailed if causes().any(own) => return Some(Answer::Unreachable(record)),
            Kind::EffectAbandoned if own(record) => {
                if let Some(asked) = causes().rfind(|asked| asks_ca(asked)) {
                    return Some(Answer::None { asked, until: record.at });
                }
            }
            Kind::EffectDone
                if own(record)
                    && f("op") == Some("read-exchange-certificate")
                    && f("code") == Some(not_configured.as_str()) =>
            {
                return Some(Answer::NoExchangeCertificate(record));
            }
            _ => {}
        }
    }
    None
}

/// Whether it is a question to a CA.
pub(crate) fn asks_ca(record: &Record) -> bool {
    let asks = ["retrieve", "read-exchange-certificate"].map(Some).contains(&record.facts.text("op"));
    record.kind == Kind::Request || (record.kind == Kind::Effect && asks)
}

/// Whether a decision by a CA refuses a request.
fn refuses(record: &Record) -> bool {
    let rule = record.facts.text("rule").filter(|_| record.kind == Kind::Decision).unwrap_or_default();
    let known = autoenroll_ca::RULES.iter().find(|known| known.row.id == rule);
    known.is_some_and(|known| known.refusal.is_some()) && record.facts.get("outcome") == Some(&false.into())
}

fn decisions<'a>(records: &'a [Record], actor: &str) -> impl DoubleEndedIterator<Item = &'a Record> {
    records.iter().filter(move |record| record.kind == Kind::Decision && record.actor == actor)
}

/// The decisions that providers of a template are not installed, which are made before the work begins.
fn missing_providers<'a>(run: &'a [Record], actor: &str, template: &str) -> Vec<&'a Record> {
    let mut own = false;
    let mut found = Vec::new();
    for record in decisions(run, actor) {
        match record.facts.text("rule").unwrap_or_default() {
            PROVIDER_ORDER => own = record.facts.text("subject") == Some(template),
            PROVIDER_MISSING if own && record.facts.get("outcome") == Some(&true.into()) => found.push(record),
            PROVIDER_MISSING => {}
            _ => own = false,
        }
    }
    found
}
