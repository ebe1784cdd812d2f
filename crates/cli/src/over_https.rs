//! Stories whose CAs and policy servers are behind HTTPS: each is played with them in this process as well, and the
//! records have to be the same.

use std::sync::Arc;

use autoenroll_model::{CoreFactory, Facts};
use autoenroll_net::cas::{CaServer, HttpsCas};
use autoenroll_scenario::{Requirements, RunReport, Scenario, Verdict as RunVerdict, run};
use autoenroll_trace::{Kind, Record, Trace, to_json_line};
use autoenroll_world::Hosts;

use crate::Failure;
use crate::arguments::{CaPlace, How};

/// The server behind which the CAs of a run are, when its arguments ask for one.
pub(crate) fn server(how: &How) -> Result<Option<Arc<CaServer>>, Failure> {
    match how.ca {
        CaPlace::Process => Ok(None),
        CaPlace::Https => CaServer::start().map(Some).map_err(|error| Failure::Bench(error.to_string())),
    }
}

/// What counts in place of a story's own verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Instead {
    /// The protocols have no word for something in it; which.
    Uncarried(String),
    /// The way failed, or changed something; how.
    Bench(String),
}

/// Plays a scenario both ways. The report is that of the run over HTTPS; a verdict comes with it when that run went
/// another way, or says nothing.
pub(crate) fn play<F: CoreFactory + Clone>(
    scenario: &Scenario,
    factory: &F,
    server: &Arc<CaServer>,
    requirements: &dyn Requirements,
) -> (RunReport, Option<Instead>) {
    let here = run(scenario, factory.clone(), Hosts::in_process(), requirements);
    let cas = HttpsCas::new(server);
    let ledger = cas.ledger();
    let hosts = Hosts { cards: Hosts::in_process().cards, cas };
    let there = run(scenario, factory.clone(), hosts, requirements);
    let verdict = if let Some(fault) = ledger.fault() {
        Some(Instead::Bench(format!("the way to the CAs failed: {fault}")))
    } else if let Some(uncarried) = ledger.uncarried() {
        Some(Instead::Uncarried(uncarried.to_string()))
    } else if let Some(difference) = difference(&here.trace, &there.trace) {
        Some(Instead::Bench(format!("over HTTPS the records are others: {difference}")))
    } else {
        // What is expected of the way itself is all that is left.
        let way = here.verdict == RunVerdict::Passed && matches!(there.verdict, RunVerdict::Failed(_));
        way.then(|| Instead::Uncarried("expects-the-way".to_owned()))
    };
    (there, verdict)
}

/// The first record that is another over HTTPS.
fn difference(here: &Trace, there: &Trace) -> Option<String> {
    let (mut one, mut other) = (here.iter(), there.iter());
    for index in 0.. {
        let pair = (one.next().map(|it| of_story(it.unpack())), other.next().map(|it| of_story(it.unpack())));
        match pair {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => {
                let line = |record: Option<Record>| record.map_or_else(|| "nothing".to_owned(), |it| to_json_line(&it));
                return Some(format!("number {index} is {}, and here {}", line(other), line(one)));
            }
        }
    }
    None
}

/// The record without what it says of the way: enrollment web services ask their CA for any form of request, and for a
/// full response ([MS-WSTEP] 3.1.4.1.3.2), whatever the client would have asked the CA for.
fn of_story(record: Record) -> Record {
    let way: &[&str] = match (record.kind, record.facts.text("rule")) {
        (Kind::Decision, Some("CA3.8.type" | "CA3.8.options")) => &["announced", "flags"],
        (Kind::Issued, _) => &["response", "issued-hash"],
        _ => return record,
    };
    let mut facts = Facts::new();
    record.facts.iter().filter(|(name, _)| !way.contains(name)).for_each(|(name, fact)| facts.set(name, fact.clone()));
    Record { facts, ..record }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::SimTime;
    use autoenroll_trace::RecordId;

    use super::*;

    /// A trace with one record.
    fn trace(kind: Kind, facts: Facts) -> Trace {
        let mut trace = Trace::new();
        let _only: RecordId = trace.push(SimTime::START, "CA", kind, facts, Vec::new());
        trace
    }

    #[test]
    fn records_are_compared_but_for_the_way() {
        let check = |kind, one: Facts, other: Facts, same: bool| {
            let told = difference(&trace(kind, one.clone()), &trace(kind, other.clone()));
            assert_eq!(told.is_none(), same, "{one:?} {other:?}: {told:?}");
        };
        let rule = |rule: &str| Facts::new().with("rule", rule);
        let (kind, issued) = (Kind::Decision, Kind::Issued);
        check(kind, rule("CA3.8.type").with("announced", 4_u32), rule("CA3.8.type").with("announced", 0_u32), true);
        check(kind, rule("CA3.8.options").with("flags", "0x1"), rule("CA3.8.options").with("flags", "0x0"), true);
        check(kind, rule("S5.1").with("flags", "0x1"), rule("S5.1").with("flags", "0x0"), false);
        check(issued, rule("").with("response", "full-cmc").with("issued-hash", true), rule(""), true);
        check(issued, rule("").with("serial", "01"), rule("").with("serial", "02"), false);
        check(Kind::Denied, rule("").with("response", "full-cmc"), rule(""), false);
        assert!(difference(&trace(issued, Facts::new()), &Trace::new()).is_some(), "one record more");
    }
}
