//! The report, for people and for programs.

use std::collections::BTreeMap;

use autoenroll_fleet::{Arrivals, Load, Server};
use autoenroll_model::{Duration, FileTime};
use autoenroll_page::Table;
use serde::Serialize;

use crate::Failure;
use crate::arguments::{self, Format};
use crate::columns::columns;
use crate::console::Console;

/// Everything that is told.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    world: String,
    computers: u32,
    users: u32,
    days: u32,
    enrolled_at: String,
    gp_offset: Duration,
    validity_jitter: u8,
    logon_window: Duration,
    runs: u64,
    failed: u64,
    servers: BTreeMap<&'static str, Told>,
    enrolled: Vec<Day>,
    renewed: Vec<Day>,
}

/// A server, with its moments on the clock.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    load: Load,
    peak_per_minute: u64,
    busiest_at: Vec<String>,
    longest_queue_at: String,
}

#[derive(Debug, Serialize)]
struct Day {
    date: String,
    count: u64,
}

impl Report {
    pub(super) fn new(name: &str, start: FileTime, arguments: &arguments::Fleet, arrivals: &Arrivals) -> Self {
        let told = |server: Server| {
            let per_second = match server {
                Server::Ca => arguments.ca_per_second,
                Server::Directory => arguments.directory_per_second,
                Server::Policy => arguments.policy_per_second,
            };
            let load = Load::of(arrivals, server, per_second);
            let at = |seconds: u64| (start + Duration::seconds(seconds)).to_string();
            let told = Told {
                peak_per_minute: load.busiest.first().map_or(0, |moment| moment.count),
                busiest_at: load.busiest.iter().map(|moment| at(u64::from(moment.minute) * 60)).collect(),
                longest_queue_at: at(load.longest_at.into()),
                load,
            };
            (server.as_str(), told)
        };
        let days = |counts: &BTreeMap<u32, u64>| {
            let day = |(day, count): (&u32, &u64)| {
                let at = start + Duration::days(u64::from(*day));
                Day { date: at.to_string().chars().take(10).collect(), count: *count }
            };
            counts.iter().map(day).collect()
        };
        Self {
            world: name.to_owned(),
            computers: arguments.computers,
            users: arguments.users,
            days: arguments.days,
            enrolled_at: arguments.enrolled_at.to_string(),
            gp_offset: arguments.gp_offset,
            validity_jitter: arguments.validity_jitter,
            logon_window: arguments.logon_window,
            runs: arrivals.runs,
            failed: arrivals.failed,
            servers: Server::ALL.into_iter().map(told).collect(),
            enrolled: days(&arrivals.enrolled),
            renewed: days(&arrivals.renewed),
        }
    }

    /// What was played, in one line.
    pub(super) fn title(&self) -> String {
        let [computers, users, days] = [(self.computers, "computer"), (self.users, "user"), (self.days, "day")]
            .map(|(count, of)| counted(count.into(), of));
        format!("{}: {computers} and {users} for {days}", self.world)
    }

    /// How it was played, and how it ended, in sentences.
    pub(super) fn about(&self) -> Vec<String> {
        let how = format!(
            "certificates at the start: {}; offset of Group Policy up to {}; lives up to {} % shorter; logons within {}",
            self.enrolled_at, self.gp_offset, self.validity_jitter, self.logon_window
        );
        vec![how, format!("{}, {}", counted(self.runs, "run"), counted(self.failed, "failed item"))]
    }

    /// How many answers in a second a server gives.
    pub(super) fn per_second(&self, server: Server) -> u32 {
        self.servers.get(server.as_str()).map_or(1, |told| told.load.per_second)
    }

    /// The servers, a row each.
    pub(super) fn table(&self) -> Table {
        let head = ["server", "asked", "peak/min", "rate/s", "median", "99 %", "slowest", "longest queue", "at"];
        let row = |(name, told): (&&str, &Told)| {
            let load = &told.load;
            vec![
                (*name).to_owned(),
                load.total.to_string(),
                told.peak_per_minute.to_string(),
                load.per_second.to_string(),
                milliseconds(load.median_ms),
                milliseconds(load.p99_ms),
                milliseconds(load.max_ms),
                load.longest_queue.to_string(),
                if load.total == 0 { String::new() } else { clock(&told.longest_queue_at) },
            ]
        };
        let rows = self.servers.iter().map(row).collect();
        Table { caption: "What servers got to do".to_owned(), head: head.map(str::to_owned).to_vec(), rows }
    }

    /// The busiest minutes of a server.
    pub(super) fn busiest(&self, server: Server) -> Table {
        let told = self.servers.get(server.as_str());
        let moments = told.into_iter().flat_map(|told| told.busiest_at.iter().zip(&told.load.busiest));
        let rows = moments.map(|(at, moment)| vec![clock(at), moment.count.to_string()]).collect();
        let head = ["minute", "questions"].map(str::to_owned).to_vec();
        Table { caption: format!("Busiest minutes of the {}", server.as_str()), head, rows }
    }

    pub(super) fn print(&self, format: Format, console: &mut Console<'_>) -> Result<(), Failure> {
        if format == Format::Json {
            let text = serde_json::to_string(self).map_err(|error| Failure::Bench(error.to_string()))?;
            return Ok(writeln!(console.out, "{text}")?);
        }
        let out = &mut console.out;
        writeln!(out, "{}", self.title())?;
        for line in self.about() {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
        let table = self.table();
        let rows: Vec<Vec<String>> = [table.head].into_iter().chain(table.rows).collect();
        for line in columns(&rows) {
            writeln!(out, "{line}")?;
        }
        for (name, told) in self.servers.iter().filter(|(_, told)| told.load.total > 0) {
            writeln!(out, "\nbusiest minutes of {name}")?;
            for (at, moment) in told.busiest_at.iter().zip(&told.load.busiest) {
                writeln!(out, "  {}  {}", clock(at), moment.count)?;
            }
        }
        for (what, days) in [("first certificates", &self.enrolled), ("renewals", &self.renewed)] {
            writeln!(out, "\n{what} per day{}", if days.is_empty() { ": none" } else { "" })?;
            for day in days {
                writeln!(out, "  {}  {}", day.date, day.count)?;
            }
        }
        Ok(())
    }
}

/// `1 user`, `2 users`.
fn counted(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// A moment as people write it: `2026-03-02 08:00:00`.
fn clock(at: &str) -> String {
    at.chars().take(19).map(|letter| if letter == 'T' { ' ' } else { letter }).collect()
}

/// A latency in a unit that leaves few digits.
fn milliseconds(latency: u64) -> String {
    match latency {
        0..10_000 => format!("{latency} ms"),
        10_000..600_000 => format!("{} s", latency / 1_000),
        600_000..36_000_000 => format!("{} min", latency / 60_000),
        _ => format!("{} h", latency / 3_600_000),
    }
}
