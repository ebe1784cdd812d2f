//! Parts of a fleet, each played by a process: those that this one starts, and those that were played elsewhere and
//! are in files. A part says when a member is done, and at the end what it is a part of and its arrivals.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use autoenroll_fleet::{Arrivals, Fleet, Shard};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::failure;
use crate::console::Console;
use crate::{Exit, Failure, arguments};

/// The longest part: arrivals in every second of the longest time at every server, and some.
const MOST_BYTES: u64 = 4 << 30;
/// Of what a process complains of.
const MOST_COMPLAINT: u64 = 65_536;

/// What a part writes, one line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// One more member is done.
    Done,
    /// All are.
    Part(Box<Part>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Part {
    shard: Shard,
    fleet: String,
    arrivals: Arrivals,
}

/// Tells fleets apart: worlds, levers, and programs that describe them otherwise.
fn fingerprint(fleet: &Fleet) -> String {
    autoenroll_model::hex::encode(&Sha256::digest(format!("{fleet:?}")))
}

/// Plays one part, and writes what came of it; until nobody reads it any more.
pub(super) fn be_one(fleet: &Fleet, shard: Shard, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut told = Ok(());
    let out = &mut *console.out;
    let played = autoenroll_fleet::play(fleet, shard, &mut || {
        told = write(out, &Line::Done);
        if told.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    told?;
    let arrivals = played.map_err(failure)?;
    write(out, &Line::Part(Box::new(Part { shard, fleet: fingerprint(fleet), arrivals })))?;
    Ok(Exit::Ok)
}

fn write(out: &mut dyn Write, line: &Line) -> Result<(), Failure> {
    let text = serde_json::to_string(line).map_err(|error| Failure::Bench(error.to_string()))?;
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Adds up the parts in some files, which must be those of the fleet, and all of them.
pub(super) fn merge(fleet: &Fleet, files: &[PathBuf]) -> Result<Arrivals, Failure> {
    let mut sum = Arrivals::default();
    let mut found: BTreeMap<u32, &Path> = BTreeMap::new();
    let mut of = None;
    for path in files {
        let Part { shard, fleet: whose, arrivals } = part_in(path)?;
        let wrong = |what: String| Err(Failure::Usage(format!("{} {what}", path.display())));
        if whose != fingerprint(fleet) {
            return wrong("is a part of another fleet: expected one of the same arguments, world and version".into());
        }
        if *of.get_or_insert(shard.of) != shard.of {
            return wrong(format!("is part {shard}: the parts before it are of {}", of.unwrap_or_default()));
        }
        if let Some(first) = found.insert(shard.index, path) {
            return wrong(format!("is part {shard}, and so is {}", first.display()));
        }
        sum.add(&arrivals);
    }
    let of = of.unwrap_or_default();
    match (1..=of).find(|index| !found.contains_key(index)) {
        Some(index) => Err(Failure::Usage(format!("part {} is missing", Shard { index, of }))),
        None => Ok(sum),
    }
}

fn part_in(path: &Path) -> Result<Part, Failure> {
    let failed = |what: &dyn std::fmt::Display| Failure::Usage(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let mut part = None;
    for line in BufReader::new(file.take(MOST_BYTES)).lines() {
        let line = line.map_err(|error| failed(&error))?;
        let no_line = |error| failed(&format_args!("expected what `fleet --shard` writes: {error}"));
        match serde_json::from_str(&line).map_err(no_line)? {
            Line::Done => {}
            Line::Part(told) => part = Some(*told),
        }
    }
    part.ok_or_else(|| failed(&"the part was not played to its end"))
}

/// A process that plays a part. It is ended when nobody waits for it any more.
struct Player(Child);

impl Drop for Player {
    fn drop(&mut self) {
        // One that is over cannot be ended; either way it is waited for, so that nothing of it stays.
        let _over = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// What is heard of a player.
enum Heard {
    Line(Line),
    /// It says no more; its number, and what it complained of.
    Over(usize, String),
}

/// Plays a fleet in that many processes of this program. When one fails, the others are ended; when this process is
/// ended, they end with their next word.
pub(super) fn play(arguments: &arguments::Fleet, jobs: usize, console: &mut Console<'_>) -> Result<Arrivals, Failure> {
    let all = arguments.computers.saturating_add(arguments.users);
    let of = u32::try_from(jobs).unwrap_or(u32::MAX).min(all.max(1));
    let mut players = (1..=of).map(|index| begin(arguments, Shard { index, of })).collect::<Result<Vec<_>, _>>()?;
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for (number, Player(child)) in players.iter_mut().enumerate() {
            let (out, err, send) = (child.stdout.take(), child.stderr.take(), send.clone());
            scope.spawn(move || follow(number, out, err, &send));
        }
        drop(send);
        let (mut sum, mut parts, mut done) = (Arrivals::default(), 0, 0);
        for heard in receive {
            match heard {
                Heard::Line(Line::Done) => {
                    done += 1;
                    console.progress(done, all as usize);
                }
                Heard::Line(Line::Part(part)) => {
                    parts += 1;
                    sum.add(&part.arrivals);
                }
                Heard::Over(number, complaint) => {
                    if let Err(failure) = end(&mut players[number], &complaint) {
                        players.clear();
                        return Err(failure);
                    }
                }
            }
        }
        if parts == of {
            Ok(sum)
        } else {
            Err(Failure::Bench("a process that played a part said nothing of it".into()))
        }
    })
}

fn begin(arguments: &arguments::Fleet, shard: Shard) -> Result<Player, Failure> {
    let failed = |error| Failure::Bench(format!("a process for part {shard} cannot be started: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments_of(arguments, shard)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map(Player).map_err(failed)
}

/// Hears a player to its end. Nobody hears it any more once another one has failed.
fn follow(number: usize, out: Option<impl Read>, err: Option<impl Read>, send: &Sender<Heard>) {
    if let Some(out) = out {
        for line in BufReader::new(out.take(MOST_BYTES)).lines().map_while(Result::ok) {
            let Ok(line) = serde_json::from_str(&line) else { break };
            if send.send(Heard::Line(line)).is_err() {
                return;
            }
        }
    }
    let mut complaint = String::new();
    if let Some(err) = err {
        let _unread = err.take(MOST_COMPLAINT).read_to_string(&mut complaint);
    }
    let _unheard = send.send(Heard::Over(number, complaint));
}

/// What it complained of becomes the complaint of the whole.
fn end(Player(child): &mut Player, complaint: &str) -> Result<(), Failure> {
    let complaint = complaint.trim().trim_start_matches("autoenroll: ").to_owned();
    match child.wait().ok().and_then(|status| status.code()) {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::Usage(complaint)),
        _ => Err(Failure::Bench(format!("a process that played a part has failed: {complaint}"))),
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
