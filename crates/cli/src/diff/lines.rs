//! The comparison for programs: a JSON object a line, one for each difference, and the sums.

use autoenroll_compare::{Comparison, Difference, FactDifference, FirstWhat, Shift};
use autoenroll_trace::RecordId;
use serde::Serialize;
use serde_json::{Value, json};

use super::sides::Side;
use crate::Failure;
use crate::console::Console;

/// The line about a difference. Every line has every field.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    what: &'static str,
    rule: Option<&'a str>,
    first: Option<Value>,
    second: Option<Value>,
    facts: Vec<Value>,
    /// Of records at another time, as the next one.
    by_ns: Option<i64>,
    records: Option<usize>,
}

pub(super) fn print(comparison: &Comparison, sides: [&Side; 2], console: &mut Console<'_>) -> Result<(), Failure> {
    let [first, second] = sides;
    let record = |side: &Side, id: RecordId| side.trace.get(id).map(|record| json!(record));
    for Difference { first: a, second: b, facts, rule } in &comparison.differences {
        let what = match (a, b) {
            (Some(_), Some(_)) => "differs",
            (Some(_), None) => "only-first",
            (None, _) => "only-second",
        };
        let (a, b) = (a.and_then(|id| record(first, id)), b.and_then(|id| record(second, id)));
        let facts = facts.iter().map(of_fact).collect();
        let line = Line { what, rule: rule.as_deref(), first: a, second: b, facts, by_ns: None, records: None };
        writeln!(console.out, "{}", json!(line))?;
    }
    for Shift { by, records, begins } in &comparison.shifts {
        let (a, b) = (record(first, begins.0), record(second, begins.1));
        let (by_ns, records) = (Some(saturated(*by)), Some(*records));
        let line = Line { what: "time", rule: None, first: a, second: b, facts: Vec::new(), by_ns, records };
        writeln!(console.out, "{}", json!(line))?;
    }
    for (a, b) in &comparison.reordered {
        let (a, b) = (record(first, *a), record(second, *b));
        let line =
            Line { what: "order", rule: None, first: a, second: b, facts: Vec::new(), by_ns: None, records: None };
        writeln!(console.out, "{}", json!(line))?;
    }
    writeln!(console.out, "{}", sums(comparison, sides))?;
    Ok(())
}

fn of_fact(fact: &FactDifference) -> Value {
    json!({ "name": fact.name, "first": fact.first, "second": fact.second })
}

fn sums(comparison: &Comparison, sides: [&Side; 2]) -> Value {
    let count = |has: fn(&Difference) -> bool| comparison.differences.iter().filter(|one| has(one)).count();
    let side = |side: &Side| {
        let records = side.trace.records().len();
        json!({ "name": side.name, "records": records, "digest": side.digest.to_string(), "fails": side.fails })
    };
    let parts = comparison.first.as_ref().map(|first| {
        let what = match first.what {
            FirstWhat::Difference => "difference",
            FirstWhat::Time => "time",
            FirstWhat::Order => "order",
            FirstWhat::End => "end",
        };
        let last = first.last_common.map(|(a, b)| json!([a, b]));
        json!({ "what": what, "first": first.first, "second": first.second, "common": first.common, "last-common": last })
    });
    json!({
        "same": comparison.same,
        "differ": count(|one| one.first.is_some() && one.second.is_some()),
        "only-first": count(|one| one.second.is_none()),
        "only-second": count(|one| one.first.is_none()),
        "time": comparison.shifts.iter().map(|shift| shift.records).sum::<usize>(),
        "order": comparison.reordered.len(),
        "beyond": comparison.beyond,
        "untold": comparison.untold,
        "wall-offset-ns": comparison.wall_offset.map(saturated),
        "parts": parts,
        "sides": sides.map(side),
    })
}

fn saturated(length: i128) -> i64 {
    i64::try_from(length).unwrap_or(if length > 0 { i64::MAX } else { i64::MIN })
}
