//! What a trace costs.

use autoenroll_model::{Duration, Facts, SimTime};
use autoenroll_trace::{Kind, Trace};

use crate::stage;
use crate::{Done, Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "trace-push", size: "decisions appended to a trace", prepare: push },
    Work { name: "trace-digest", size: "records in the digest of a trace", prepare: digests },
];

fn push(records: u64) -> Ready {
    Box::new(move || {
        let trace = filled(records);
        Done { records: stage::length(&trace), bytes: trace.bytes(), left: Box::new(trace) }
    })
}

fn digests(records: u64) -> Ready {
    let trace = filled(records);
    Box::new(move || {
        let digest = trace.digest();
        Done { records: stage::length(&trace), bytes: trace.bytes(), left: Box::new((trace, digest)) }
    })
}

/// Decisions of a pulse, as most records of a long trace are.
fn filled(records: u64) -> Trace {
    let mut trace = Trace::new();
    let mut last = Vec::new();
    for number in 0..records {
        let facts = Facts::new()
            .with("rule", "R041")
            .with("subject", format!("template Own{}", number % 65))
            .with("outcome", false)
            .with("principal", "alice");
        let at = SimTime::START + Duration::minutes(90 * (number / 250));
        last = vec![trace.push(at, "alice", Kind::Decision, facts, last)];
    }
    trace
}
