//! `autoenroll check-trace`: which invariants hold in a trace, also in one of another bench.

use std::fs::File;
use std::io::{self, BufReader};

use autoenroll_invariants::{Bare, INSTANCES, INVARIANTS, Statement, Violation, judge};
use autoenroll_trace::{Trace, read_json_lines};
use serde_json::{Value, json};

use crate::arguments::{CheckTrace, Format};
use crate::console::{Colour, Console};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &CheckTrace, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let trace = read(&arguments.file)?;
    let violations = judge(&trace);
    let judged: Vec<Judged<'_>> = INVARIANTS.iter().map(|statement| Judged::new(statement, &violations)).collect();
    let sums = Sums::of(&judged, &trace);
    match arguments.format {
        Format::Text => {
            for one in &judged {
                one.print(&trace, console)?;
            }
            sums.print(console)?;
        }
        Format::Json => {
            for one in &judged {
                writeln!(console.out, "{}", one.to_json(&trace))?;
            }
            writeln!(console.out, "{}", sums.to_json())?;
        }
    }
    Ok(if sums.broken == 0 { Exit::Ok } else { Exit::Failed })
}

/// The trace in a file, or on standard input.
///
/// # Errors
/// When it cannot be read, is none, or has no record.
pub(crate) fn read(file: &str) -> Result<Trace, Failure> {
    let (name, trace) = match file {
        "-" => ("standard input", read_json_lines(io::stdin().lock())),
        path => {
            let opened =
                File::open(path).map_err(|error| Failure::Usage(format!("{path}: cannot be read: {error}")))?;
            (path, read_json_lines(BufReader::new(opened)))
        }
    };
    let trace = trace.map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    // Whoever wrote it has failed: a story has at least a record of what set it going.
    if trace.is_empty() {
        let message =
            "there is no record in it; a trace has one on each line, as `autoenroll show --format json` prints";
        return Err(Failure::Usage(format!("{name}: {message}")));
    }
    Ok(trace)
}

/// An invariant, and what became of it.
struct Judged<'a> {
    statement: &'static Statement,
    violations: Vec<&'a Violation>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Holds,
    Broken,
    NotJudged,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::NotJudged => "not-judged",
        }
    }

    const fn colour(self) -> Colour {
        match self {
            Self::Holds => Colour::Green,
            Self::Broken => Colour::Red,
            Self::NotJudged => Colour::Yellow,
        }
    }
}

impl<'a> Judged<'a> {
    fn new(statement: &'static Statement, violations: &'a [Violation]) -> Self {
        let violations = violations.iter().filter(|violation| violation.invariant == statement.invariant).collect();
        Self { statement, violations }
    }

    fn verdict(&self) -> Verdict {
        match self.statement.bare {
            _ if !self.violations.is_empty() => Verdict::Broken,
            Bare::Nothing => Verdict::NotJudged,
            Bare::Whole | Bare::Part => Verdict::Holds,
        }
    }

    fn print(&self, trace: &Trace, console: &mut Console<'_>) -> Result<(), Failure> {
        let verdict = self.verdict();
        let word = console.paint(verdict.colour(), &format!("{:<10}", verdict.as_str()));
        writeln!(console.out, "{word}  {}", self.statement.invariant)?;
        for violation in &self.violations {
            let record = trace.record(violation.record);
            let place = record.map(|it| format!("{} {} {}", it.at, it.actor, it.kind)).unwrap_or_default();
            writeln!(console.out, "            record {}: {place}", violation.record.0)?;
            writeln!(console.out, "              expected: {}", self.statement.text)?;
            writeln!(console.out, "              found: {}", violation.reason)?;
        }
        if self.violations.len() == INSTANCES {
            writeln!(console.out, "            only the first {INSTANCES} are shown")?;
        }
        if !self.statement.beyond.is_empty() {
            let how_much = match self.statement.bare {
                Bare::Nothing => "",
                Bare::Whole | Bare::Part => "judged in part; ",
            };
            let note = format!("{how_much}not in a trace: {}", self.statement.beyond);
            writeln!(console.out, "            {}", console.paint(Colour::Dim, &note))?;
        }
        if let Some(switch) = self.statement.switch {
            let note = format!("{}: no profile with `{switch} = \"no\"` promises it", self.statement.kind);
            writeln!(console.out, "            {}", console.paint(Colour::Dim, &note))?;
        }
        Ok(())
    }

    fn to_json(&self, trace: &Trace) -> Value {
        let Statement { invariant, kind, switch, text, source, bare, beyond } = self.statement;
        let judged = match bare {
            Bare::Whole => "whole",
            Bare::Part => "part",
            Bare::Nothing => "nothing",
        };
        let violation = |violation: &&Violation| {
            let record = trace.get(violation.record);
            json!({
                "record": violation.record,
                "at": record.map(|record| record.at()),
                "actor": record.map(|record| record.actor()),
                "kind": record.map(|record| record.kind),
                "found": violation.reason,
            })
        };
        json!({
            "invariant": invariant,
            "verdict": self.verdict().as_str(),
            "kind": kind,
            "switch": switch,
            "expected": text,
            "source": source,
            "judged": judged,
            "beyond": Some(beyond).filter(|beyond| !beyond.is_empty()),
            "violations": self.violations.iter().map(violation).collect::<Vec<_>>(),
        })
    }
}

struct Sums {
    records: usize,
    holds: usize,
    broken: usize,
    not_judged: usize,
}

impl Sums {
    fn of(judged: &[Judged<'_>], trace: &Trace) -> Self {
        let count = |verdict| judged.iter().filter(|one| one.verdict() == verdict).count();
        Self {
            records: trace.len(),
            holds: count(Verdict::Holds),
            broken: count(Verdict::Broken),
            not_judged: count(Verdict::NotJudged),
        }
    }

    fn print(&self, console: &mut Console<'_>) -> Result<(), Failure> {
        let Self { records, holds, broken, not_judged } = self;
        writeln!(console.out, "\n{records} records: {broken} broken, {holds} hold, {not_judged} not judged")?;
        Ok(())
    }

    fn to_json(&self) -> Value {
        let Self { records, holds, broken, not_judged } = self;
        json!({ "records": records, "holds": holds, "broken": broken, "not-judged": not_judged })
    }
}
