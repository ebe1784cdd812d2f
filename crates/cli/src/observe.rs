//! `autoenroll observe`: event logs of a real machine, in the records of this bench and beside what a story predicts.

mod against;
mod lines;

use std::io::{self, Write as _};
use std::path::Path;

use autoenroll_model::SimTime;
use autoenroll_observe::{Limit, Log, MAX_BYTES, MAX_EVENTS, Seen, Timeline, read, rule_of};
use autoenroll_trace::{Kind, Record};

use crate::arguments::{Format, Observe};
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console, one_line};
use crate::{Exit, Failure, file, prose};

/// Where the catalogue says that the client has more providers than the bench.
const OTHER_PROVIDERS: &str = "E5.1.other";

pub(crate) fn run(arguments: &Observe, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let logs = arguments.files.iter().map(|path| log(path)).collect::<Result<Vec<Log>, Failure>>()?;
    let timeline = Timeline::new(&logs);
    if timeline.events().next().is_none() {
        return Err(Failure::Usage(nothing(arguments, &logs)));
    }
    let catalogue = Catalogue::embedded();
    match &arguments.against {
        Some(scenario) => against::run(scenario, arguments, &timeline, catalogue, console),
        None => print(arguments, &timeline, catalogue, console),
    }
}

/// Reads a file, and says what of it could not be read.
fn log(path: &Path) -> Result<Log, Failure> {
    let name = path.display();
    let bytes = file::read(path, MAX_BYTES);
    let bytes = bytes.map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let log = read(&bytes).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    for problem in &log.problems {
        complain(&format!("{name}: {problem}"));
    }
    if log.lost > log.problems.len() {
        complain(&format!("{name}: and {} more", log.lost - log.problems.len()));
    }
    if log.limit == Some(Limit::Events) {
        complain(&format!("{name}: only the first {MAX_EVENTS} events of autoenrollment are read"));
    }
    Ok(log)
}

/// What was not read is no failure, but must be seen.
fn complain(what: &str) {
    let _ignored = writeln!(io::stderr(), "{}", one_line(what));
}

fn nothing(arguments: &Observe, logs: &[Log]) -> String {
    let names: Vec<String> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let all: usize = logs.iter().map(|log| log.all).sum();
    let (events, are) = if all == 1 { ("event", "is") } else { ("events", "are") };
    format!(
        "{}: nothing of autoenrollment is in it: of {all} {events} none {are} of the provider AutoEnrollment or of one \
         whose name begins with Microsoft-Windows-CertificateServicesClient",
        names.join(", ")
    )
}

/// The timeline alone.
fn print(
    arguments: &Observe,
    timeline: &Timeline,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let trace = timeline.trace().unpack();
    if arguments.format == Format::Json {
        for (seen, record) in timeline.seen.iter().zip(trace.records()) {
            writeln!(console.out, "{}", lines::of_seen(seen, record, &arguments.files, catalogue))?;
        }
        return Ok(Exit::Ok);
    }
    if let Some(first) = timeline.seen.first() {
        writeln!(console.out, "from {}\n", first.time)?;
    }
    let mut last = None;
    for (seen, record) in timeline.seen.iter().zip(trace.records()) {
        let rule = entry(seen, catalogue).map(|id| format!("  {}", console.paint(Colour::Dim, &id)));
        writeln!(console.out, "{}{}", told(record, &mut last), rule.unwrap_or_default())?;
    }
    Ok(Exit::Ok)
}

/// A record as a line of a story; the time stands only where it changes.
fn told(record: &Record, last: &mut Option<SimTime>) -> String {
    let time = if *last == Some(record.at) { String::new() } else { record.at.to_string() };
    *last = Some(record.at);
    format!("{time:>16}  {}", prose::sentence(record).unwrap_or_default())
}

/// The entry of the requirement catalogue that an event of the log has.
fn entry(seen: &Seen, catalogue: &Catalogue) -> Option<String> {
    let id = match (seen.kind, seen.source) {
        (Kind::Event, Some(source)) => rule_of(source, seen.id),
        (Kind::Event, None) => OTHER_PROVIDERS.to_owned(),
        _ => return None,
    };
    Some(id).filter(|id| catalogue.requirement(id).is_some())
}
