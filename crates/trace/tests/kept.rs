//! What is pushed is what is read, however it is kept.

use autoenroll_model::{Fact, Facts, SimTime, Text};
use autoenroll_trace::{Kind, Record, RecordId, Ruling, Trace, read_json_lines, to_json_line, to_json_lines};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::Config;
use proptest::{prop_assert, prop_assert_eq, proptest};

/// A record before it has a place: how much later it comes, and how far back its causes are.
#[derive(Clone, Debug)]
struct Pushed {
    later: u64,
    actor: String,
    kind: Kind,
    facts: Facts,
    back: Vec<u32>,
}

const KNOWN: [&str; 9] =
    ["rule", "subject", "outcome", "alice", "R040", "a name of more than twenty-three bytes", "", "\u{0}", "\u{7f}€"];

/// Texts that occur again, and others: empty, long, of several bytes a character, numbers in disguise.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(&KNOWN[..]).prop_map(str::to_owned), 1 => ".{0,40}", 1 => "[a-c]{1,3}"]
}

fn fact() -> impl Strategy<Value = Fact> {
    let plain = prop_oneof![
        any::<bool>().prop_map(Fact::from),
        any::<i64>().prop_map(Fact::from),
        select(&[0, 1, -1, 31, 32, -32, 63, 64, i64::MIN, i64::MAX][..]).prop_map(Fact::from),
        text().prop_map(Fact::from),
    ];
    plain.prop_recursive(3, 12, 4, |inner| vec(inner, 0..4).prop_map(Fact::List))
}

fn pushed() -> impl Strategy<Value = Pushed> {
    let later = prop_oneof![3 => Just(0), 1 => any::<u32>().prop_map(u64::from)];
    let facts = || vec((text(), fact()), 0..6).prop_map(|facts| facts.into_iter().map(named).collect::<Facts>());
    let other = (select(Kind::ALL), facts());
    let ruling = (text(), text(), any::<bool>(), facts()).prop_map(|(rule, subject, outcome, others)| {
        let mut all = Facts::new().with("rule", rule).with("subject", subject).with("outcome", outcome);
        for (name, fact) in others.iter() {
            if !matches!(name, "rule" | "subject" | "outcome") {
                all.set(name, fact.clone());
            }
        }
        (Kind::Decision, all)
    });
    (later, text(), prop_oneof![other, ruling], vec(0..300_u32, 0..4))
        .prop_map(|(later, actor, (kind, facts), back)| Pushed { later, actor, kind, facts, back })
}

fn named((name, fact): (String, Fact)) -> (Text, Fact) {
    (name.into(), fact)
}

/// A trace, and its records as they were pushed.
#[derive(Clone, Default)]
struct Both {
    trace: Trace,
    records: Vec<Record>,
}

impl Both {
    fn push(&mut self, pushed: &Pushed) {
        let Pushed { later, actor, kind, facts, back } = pushed;
        let id = RecordId(self.records.len() as u32);
        let at = self.records.last().map_or(SimTime::START, |last| SimTime(last.at.0.saturating_add(*later)));
        let mut causes: Vec<RecordId> = back.iter().filter_map(|back| id.0.checked_sub(*back).map(RecordId)).collect();
        let said: Vec<(&str, &Fact)> = facts.iter().collect();
        match said[..] {
            [
                ("rule", Fact::Text(rule)),
                ("subject", Fact::Text(subject)),
                ("outcome", Fact::Flag(outcome)),
                ref rest @ ..,
            ] if *kind == Kind::Decision => {
                let ruling = Ruling { rule, subject, outcome: *outcome };
                self.trace.note_decision(at, actor, ruling, rest.iter().copied(), &mut causes.clone());
            }
            _ => drop(self.trace.push(at, actor, *kind, facts.clone(), causes.clone())),
        }
        causes.sort();
        causes.dedup();
        causes.retain(|cause| *cause < id);
        self.records.push(Record { id, at, actor: actor.into(), kind: *kind, facts: facts.clone(), causes });
    }

    /// What is not forgotten is that of a trace which forgets nothing.
    fn check_end(&self, whole: &Trace) {
        let Self { trace, records } = self;
        assert_eq!((trace.len(), trace.digest()), (whole.len(), whole.digest()));
        assert_eq!(trace.last().map(|record| record.unpack()), whole.last().map(|record| record.unpack()));
        let from = trace.kept_from();
        assert!(trace.iter().map(|record| record.unpack()).eq(whole.since(from).map(|record| record.unpack())));
        assert!(trace.since(0).rev().map(|record| record.id.0 as usize).eq((from..records.len()).rev()));
        assert!(from == 0 || trace.get(RecordId(from as u32 - 1)).is_none());
        for record in &records[from..] {
            let before = records.partition_point(|other| other.at < record.at).max(from);
            assert_eq!(trace.before(record.at), before);
        }
    }

    /// Everything that can be read is what was pushed.
    fn check(&self) {
        let Self { trace, records } = self;
        assert_eq!((trace.len(), trace.is_empty()), (records.len(), records.is_empty()));
        assert_eq!(trace.unpack().records(), records.as_slice());
        assert!(trace.iter().rev().map(|record| record.unpack()).eq(records.iter().rev().cloned()));
        assert_eq!(trace.last().map(|record| record.unpack()).as_ref(), records.last());
        assert_eq!(trace.record(RecordId(records.len() as u32)), None);
        for (packed, record) in trace.iter().zip(records) {
            assert_eq!(
                (packed.id, packed.at(), packed.kind, packed.actor()),
                (record.id, record.at, record.kind, &*record.actor)
            );
            for (name, fact) in record.facts.iter() {
                assert_eq!((packed.fact(name).as_ref(), packed.text(name)), (Some(fact), record.facts.text(name)));
            }
            assert_eq!((packed.fact("nothing"), packed.text("nothing")), (None, None));
            assert!(packed.causes().eq(record.causes.iter().rev().copied()));
            assert_eq!(trace.before(record.at), records.partition_point(|other| other.at < record.at));
        }
        let lines: String = records.iter().map(|record| to_json_line(record) + "\n").collect();
        assert_eq!(to_json_lines(trace), lines);
    }
}

proptest! {
    #![proptest_config(Config { cases: 12, ..Config::default() })]

    /// Copies share what was before them and nothing of what comes after.
    #[test]
    fn what_is_pushed_is_what_is_read(
        first in vec(pushed(), 0..300),
        more in [vec(pushed(), 0..200), vec(pushed(), 0..200)],
    ) {
        let mut both = Both::default();
        first.iter().for_each(|pushed| both.push(pushed));
        let copy = both.clone();
        let mut forks = [both.clone(), both];
        for (fork, more) in forks.iter_mut().zip(&more) {
            more.iter().for_each(|pushed| fork.push(pushed));
        }
        copy.check();
        forks.iter().for_each(Both::check);
        let mut dropping = copy.clone();
        for pushed in &more[0] {
            dropping.trace.drop_before(dropping.trace.len());
            dropping.push(pushed);
        }
        let kept = dropping.trace.iter().map(|record| record.unpack());
        prop_assert!(kept.eq(dropping.records[dropping.trace.kept_from()..].iter().cloned()));
        prop_assert_eq!(dropping.trace.kept_from() == 0, dropping.trace.digest() == forks[0].trace.digest());
        let [one, other] = &forks;
        let mut forgetful = copy.clone();
        for pushed in &more[0] {
            forgetful.trace.forget_before(forgetful.trace.len() - forgetful.trace.len() % 7);
            forgetful.push(pushed);
        }
        forgetful.check_end(&one.trace);
        prop_assert_eq!(one.trace == other.trace, one.records == other.records);
        let read = read_json_lines(to_json_lines(&one.trace).as_bytes());
        prop_assert_eq!(read.as_ref().map(Trace::digest), Ok(one.trace.digest()));
        prop_assert_eq!(read.as_ref(), Ok(&one.trace));
    }
}

/// More records than a shelf holds.
#[test]
fn a_long_trace_is_read_at_any_place() {
    let mut trace = Trace::new();
    let mut copies = Vec::new();
    for number in 0..20_000_u32 {
        if number % 4_999 == 0 {
            copies.push((number, trace.clone()));
        }
        let causes = number.checked_sub(9_000).map(RecordId).into_iter().collect();
        trace.push(SimTime(u64::from(number / 10)), "alice", Kind::Decision, Facts::new().with("n", number), causes);
    }
    copies.push((20_000, trace));
    for (length, copy) in copies {
        assert_eq!(copy.len(), length as usize);
        for number in (0..length).step_by(97) {
            let record = copy.record(RecordId(number)).expect("a record");
            assert_eq!((record.id.0, record.at.0), (number, u64::from(number / 10)));
            assert_eq!(record.facts.get("n"), Some(&Fact::from(number)));
            assert_eq!(copy.before(record.at), number as usize / 10 * 10);
        }
        assert!(copy.get(RecordId(length)).is_none());
    }
}
