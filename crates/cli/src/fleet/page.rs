//! What a fleet came to, as a page: who arrived when, how long queues were, and when certificates are renewed.

use std::collections::BTreeMap;

use autoenroll_fleet::{Arrivals, Server, queues};
use autoenroll_page::{Block, Chart, Section, Sheet, sheet};

use super::report::Report;
use crate::arguments;

/// The page.
pub(super) fn of(report: &Report, arguments: &arguments::Fleet, arrivals: &Arrivals) -> String {
    let days = u64::from(arguments.days);
    let asked = Server::ALL.into_iter().filter(|server| arrivals.total(*server) > 0);
    let mut sections = vec![Section { title: "In numbers".to_owned(), blocks: vec![Block::Table(report.table())] }];
    sections.extend(asked.map(|server| of_server(server, days, report, arrivals)));
    sections.push(Section {
        title: "Certificates".to_owned(),
        blocks: vec![
            per_day("First certificates", days, &arrivals.enrolled),
            per_day("Renewals", days, &arrivals.renewed),
        ],
    });
    sheet(&Sheet { title: report.title(), about: report.about(), sections })
}

fn of_server(server: Server, days: u64, report: &Report, arrivals: &Arrivals) -> Section {
    let name = server.as_str();
    let chart = |caption: String, up: &str, minutes: BTreeMap<u32, u64>| {
        let across = "hours since the start".to_owned();
        Block::Chart(Chart {
            caption,
            across,
            up: up.to_owned(),
            end: days * 24,
            points: hours(&minutes, days),
            bars: false,
        })
    };
    let minutes = arrivals.by_minute(server);
    let most = minutes.values().max().copied().unwrap_or_default();
    let queues = queues(arrivals, server, report.per_second(server));
    let longest = queues.values().max().copied().unwrap_or_default();
    let arrived = format!("Questions to the {name}: {most} in the busiest minute");
    let waited = format!("Queue of the {name}: {longest} questions at the longest");
    Section {
        title: match server {
            Server::Ca => "The CAs",
            Server::Directory => "The directory",
            Server::Policy => "The policy servers",
        }
        .to_owned(),
        blocks: vec![
            chart(arrived, "questions a minute, the busiest minute of each hour", minutes),
            chart(waited, "questions that wait or are being answered, the most of each hour", queues),
            Block::Table(report.busiest(server)),
        ],
    }
}

/// The greatest value of each hour, for every hour.
fn hours(minutes: &BTreeMap<u32, u64>, days: u64) -> Vec<(u64, u64)> {
    let mut hours: BTreeMap<u64, u64> = BTreeMap::new();
    for (minute, count) in minutes {
        let most = hours.entry(u64::from(minute / 60)).or_default();
        *most = (*most).max(*count);
    }
    (0..days * 24).map(|hour| (hour, hours.get(&hour).copied().unwrap_or_default())).collect()
}

fn per_day(what: &str, days: u64, counts: &BTreeMap<u32, u64>) -> Block {
    let all: u64 = counts.values().sum();
    let most = counts.iter().max_by_key(|(day, count)| (**count, u32::MAX - **day));
    let caption = match most {
        None => format!("{what}: none"),
        Some((day, count)) => format!("{what}: {all} in all, the most on day {}: {count}", day + 1),
    };
    let points = counts.iter().map(|(day, count)| (u64::from(*day), *count)).collect();
    let across = "days since the start".to_owned();
    Block::Chart(Chart { caption, across, up: "certificates a day".to_owned(), end: days, points, bars: true })
}
