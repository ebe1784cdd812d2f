//! What a trace costs: `cargo bench -p autoenroll-trace --bench trace`. Before anything is measured it says how many
//! bytes a record takes in a long trace.
//!
//! The records are those of a user with 65 templates whose policy is applied every eight hours: most are decisions.

use autoenroll_model::{Duration, Facts, SimTime};
use autoenroll_trace::{Kind, RecordId, Trace};
use divan::AllocProfiler;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const TEMPLATES: usize = 65;
const RULES: [&str; 4] = ["R031", "R040", "S10.schema", "D5.rights"];

fn main() {
    let trace = story(100_000);
    println!("{} bytes a record", trace.bytes() / trace.len());
    divan::main();
}

/// The first records of the story.
fn story(records: usize) -> Trace {
    let mut trace = Trace::new();
    for number in 0..records {
        push(&mut trace, number);
    }
    trace
}

/// The next record of the story, from its facts on.
fn push(trace: &mut Trace, number: usize) {
    let day = TEMPLATES * RULES.len() + 2;
    let at = SimTime::START + Duration::hours(8 * (number / day) as u64);
    let causes = vec![RecordId((number - number % day) as u32)];
    let (kind, facts) = match number % day {
        0 => (Kind::RunStarted, Facts::new().with("trigger", "group-policy").with("refresh", "background")),
        last if last == day - 1 => (Kind::RunEnded, Facts::new()),
        other => {
            let template = format!("Template{}-later", (other - 1) / RULES.len());
            let facts = Facts::new().with("rule", RULES[other % RULES.len()]).with("subject", template);
            let facts = facts.with("outcome", other % 3 == 0).with("template", "1.3.6.1.4.1.311.21.8.12345.67890");
            (Kind::Decision, facts.with("schema", 2_u32).with("right", "autoenroll"))
        }
    };
    trace.push(at, "alice", kind, facts, causes);
}

/// A record with six facts, from the facts to the trace.
#[divan::bench]
fn push_one(bencher: divan::Bencher<'_, '_>) {
    let (mut trace, mut number) = (Trace::new(), 0);
    bencher.bench_local(|| {
        push(&mut trace, number);
        number += 1;
    });
}

#[divan::bench(args = [10, 10_000, 100_000])]
fn copy(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| trace.clone());
}

/// A copy that goes on by a record.
#[divan::bench(args = [10, 10_000, 100_000])]
fn copy_and_push(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| {
        let mut copy = trace.clone();
        push(&mut copy, records);
        copy
    });
}

/// Looking for records of a kind.
#[divan::bench(args = [10_000])]
fn pass_over(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| trace.of(Kind::RunStarted).count());
}

/// Looking at one fact of each record.
#[divan::bench(args = [10_000])]
fn read_a_fact(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| trace.iter().filter(|record| record.text("rule") == Some("R040")).count());
}

#[divan::bench(args = [10_000])]
fn unpack(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| trace.unpack());
}

#[divan::bench(args = [10_000])]
fn digest_all(bencher: divan::Bencher<'_, '_>, records: usize) {
    let trace = story(records);
    bencher.bench(|| trace.digest());
}
