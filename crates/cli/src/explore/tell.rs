//! A report for people.

use std::io::Write as _;
use std::time::Duration;

use autoenroll_explore::breadth::{Closed, End};
use autoenroll_explore::report::{Everything, Finding, Listed, Report};

use crate::Failure;
use crate::console::{Colour, Console, one_line};

/// Findings, what is listed, and how much was done.
pub(super) fn tell(report: &Report, took: Duration, console: &mut Console<'_>) -> Result<(), Failure> {
    let of_number = report.everything.is_none();
    for finding in &report.findings {
        let Finding { number, broken, steps, confirmed, .. } = finding;
        let law = console.paint(Colour::Red, &broken.law);
        let doubt = if *confirmed { "" } else { "; the file does not show it" };
        let story = if of_number { format!("story {number}, ") } else { String::new() };
        writeln!(console.out, "{law}  {}", one_line(&broken.reason))?;
        writeln!(console.out, "    {story}{}: {steps} steps{doubt}", finding.name())?;
    }
    for Listed { number, stories, law, reason } in report.listed.values() {
        writeln!(console.out, "{law}  {} (listed only: no public source asks for it)", one_line(reason))?;
        writeln!(console.out, "    {stories} stories, the first is {number}")?;
    }
    if report.pairs > 0 {
        let met = report.pairs - report.unmet.len() as u64;
        writeln!(console.out, "{met} of {} pairs met", report.pairs)?;
        for (one, other) in &report.unmet {
            writeln!(console.out, "    not met: {one} and {other}")?;
        }
    }
    if let (Some(number), 1, 2..) = (report.parts.keys().next(), report.parts.len(), report.of) {
        writeln!(console.out, "part {number}/{} alone", report.of)?;
    } else if report.missing().next().is_some() {
        let missing: Vec<String> =
            report.missing().take(super::MOST_TOLD).map(|number| format!("{number}/{}", report.of)).collect();
        writeln!(console.out, "parts are missing: {}", missing.join(", "))?;
    }
    let Report { stories, moves, records, broken, .. } = report;
    let found = report.findings.len();
    let (done, what) = match &report.everything {
        Some(everything) => {
            for Closed { spent, states, edges, depth } in &everything.closed {
                let faults = counted((*spent).into(), "fault");
                let (states, edges) = (counted(*states, "state"), counted(*edges, "thing"));
                writeln!(console.out, "closed with {faults}: {states}, {edges} done in them, {depth} deep")?;
            }
            writeln!(console.out, "{}", came(everything))?;
            writeln!(console.out, "{broken} things broke something; findings: {found}")?;
            (everything.edges, "things")
        }
        None => {
            let last = match report.last {
                Some(last) => format!("the last was {last}"),
                None if *stories == 0 => "none was done".to_owned(),
                None => "not all below the last are of this part".to_owned(),
            };
            writeln!(console.out, "{stories} stories with {moves} things done and {records} records; {last}")?;
            writeln!(console.out, "{broken} of them broke something; findings: {found}")?;
            (*stories, "stories")
        }
    };
    // How long it took is no part of what was found.
    let rate = done as f64 / took.as_secs_f64().max(0.001);
    let _unseen = writeln!(std::io::stderr(), "{:.1} s, {rate:.0} {what} a second", took.as_secs_f64());
    Ok(())
}

/// What an exhaustive search came to, in a sentence.
pub(super) fn came(everything: &Everything) -> String {
    let Everything { states, edges, depth, end, closed: _ } = everything;
    let end = match end {
        End::Closed => "closed: there is nothing else".to_owned(),
        End::Depth => "what is left is deeper".to_owned(),
        End::States => "it was cut off there: there are more states than it may have".to_owned(),
        End::Stopped | End::Found => "it was stopped there".to_owned(),
    };
    let (states, edges) = (counted(*states, "state"), counted(*edges, "thing"));
    format!("{states} and {edges} that can be done in them, {depth} deep; {end}")
}

fn counted(many: u64, what: &str) -> String {
    if many == 1 { format!("1 {what}") } else { format!("{many} {what}s") }
}
