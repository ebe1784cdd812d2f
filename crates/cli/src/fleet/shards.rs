//! Parts of a fleet in processes of their own: each writes how far it is, and at the end its arrivals.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use autoenroll_fleet::{Arrivals, Fleet, Shard};
use serde::{Deserialize, Serialize};

use super::failure;
use crate::console::Console;
use crate::{Exit, Failure, arguments};

/// How many members are played between two words about progress.
const PACE: usize = 16;
/// The longest line of a part: arrivals in every second of the longest time at every server, and some.
const MOST_BYTES: u64 = 4 << 30;

/// What a part writes, one line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// So many more members are done.
    Done(usize),
    /// All are.
    Arrivals(Box<Arrivals>),
}

/// Plays one part, and writes what came of it.
pub(super) fn be_one(fleet: &Fleet, shard: Shard, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut done = 0;
    let mut lost = Ok(());
    let out = &mut *console.out;
    let arrivals = autoenroll_fleet::play(fleet, shard, &mut || {
        done += 1;
        if done == PACE && lost.is_ok() {
            lost = write(out, &Line::Done(done));
            done = 0;
        }
    });
    lost?;
    write(out, &Line::Arrivals(Box::new(arrivals.map_err(failure)?)))?;
    Ok(Exit::Ok)
}

fn write(out: &mut dyn std::io::Write, line: &Line) -> Result<(), Failure> {
    let text = serde_json::to_string(line).map_err(|error| Failure::Bench(error.to_string()))?;
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Plays a fleet in that many processes of this program.
pub(super) fn play(arguments: &arguments::Fleet, jobs: usize, console: &mut Console<'_>) -> Result<Arrivals, Failure> {
    let all = arguments.computers.saturating_add(arguments.users);
    let of = u32::try_from(jobs).unwrap_or(u32::MAX).min(all.max(1));
    let children = (1..=of).map(|index| begin(arguments, Shard { index, of })).collect::<Result<Vec<_>, _>>()?;
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for child in children {
            let send = send.clone();
            scope.spawn(move || follow(child, &|line| drop(send.send(line))));
        }
        drop(send);
        let (mut sum, mut done) = (Arrivals::default(), 0);
        let mut failed = None;
        for line in receive {
            match line {
                Ok(Line::Done(more)) => {
                    done += more;
                    console.progress(done, all as usize);
                }
                Ok(Line::Arrivals(part)) => sum.add(&part),
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(sum), Err)
    })
}

fn begin(arguments: &arguments::Fleet, shard: Shard) -> Result<Child, Failure> {
    let failed = |error| Failure::Bench(format!("a process for part {shard} cannot be started: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments_of(arguments, shard)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(failed)
}

/// Reads a part to its end. What it complains of becomes the complaint of the whole.
fn follow(mut child: Child, each: &dyn Fn(Result<Line, Failure>)) {
    let mut whole = false;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out.take(MOST_BYTES)).lines().map_while(Result::ok) {
            let Ok(line) = serde_json::from_str(&line) else { break };
            whole |= matches!(line, Line::Arrivals(_));
            each(Ok(line));
        }
    }
    let mut complaint = String::new();
    if let Some(err) = child.stderr.take() {
        let _unread = err.take(65_536).read_to_string(&mut complaint);
    }
    let ended = child.wait().ok().and_then(|status| status.code());
    let complaint = complaint.trim().trim_start_matches("autoenroll: ").to_owned();
    match ended {
        Some(0) if whole => {}
        Some(2) => each(Err(Failure::Usage(complaint))),
        _ => each(Err(Failure::Bench(format!("a process that played a part has failed: {complaint}")))),
    }
}

/// The arguments of a process that plays a part of the same fleet.
fn arguments_of(fleet: &arguments::Fleet, shard: Shard) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["fleet".into()];
    let mut say = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    say("--computers", fleet.computers.to_string().into());
    say("--users", fleet.users.to_string().into());
    say("--days", fleet.days.to_string().into());
    say("--enrolled-at", fleet.enrolled_at.to_string().into());
    say("--gp-offset", fleet.gp_offset.to_string().into());
    say("--validity-jitter", fleet.validity_jitter.to_string().into());
    say("--logon-window", fleet.logon_window.to_string().into());
    say("--shard", shard.to_string().into());
    if let Some(variant) = &fleet.variant {
        say("--variant", variant.into());
    }
    if let Some(profile) = &fleet.profile {
        say("--profile", profile.into());
    }
    if let Some(fixtures) = &fleet.fixtures {
        say("--fixtures", fixtures.into());
    }
    arguments.extend(["--".into(), fleet.world.clone().into()]);
    arguments
}
