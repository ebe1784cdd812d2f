//! Watches a worker: attributes a hang, a crash and memory without end to the case that the worker is at, and starts
//! another worker behind it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::kind::Kind;
use crate::totals::Totals;

/// A case may take so much of a processor. Time on the clock would count what else the machine does.
pub const LONGEST: Duration = Duration::from_secs(5);
/// A case that takes nothing of a processor for so long waits for something that does not come.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A case may have so many bytes more than there were before it.
pub const MOST_GROWTH: u64 = 256 << 20;
/// A worker that has so many bytes is ended: the case would take the machine with it.
const MOST_MEMORY: u64 = 2 << 30;
/// So many cases one worker plays.
const CASES_OF_A_WORKER: u64 = 20_000;
/// How often a worker is looked at.
const PACE: Duration = Duration::from_millis(250);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The seed of all cases.
    pub seed: u64,
    /// The kind, where only one is wanted.
    pub kind: Option<&'a str>,
    /// The number behind the last case.
    pub until: u64,
    /// When to begin no further case.
    pub end: Option<Instant>,
    /// Where inputs of cases are kept in which something does not hold.
    pub keep: &'a Path,
    /// Where the sums are kept.
    pub sums: &'a Path,
}

/// Plays cases from `totals.next` on.
///
/// # Errors
/// When workers cannot be started, or do not say what they should.
pub fn watch(plan: Plan<'_>, totals: &mut Totals) -> Result<(), String> {
    while totals.next < plan.until && !is_over(plan) {
        let until = plan.until.min(totals.next + CASES_OF_A_WORKER);
        let mut worker = Worker::start(plan, totals.next, until)?;
        let ended = worker.follow(plan, totals);
        worker.end();
        totals.write(plan.sums)?;
        ended?;
    }
    Ok(())
}

fn is_over(plan: Plan<'_>) -> bool {
    plan.end.is_some_and(|end| Instant::now() >= end)
}

struct Worker {
    child: Child,
    lines: Receiver<String>,
}

/// The case that a worker is at.
struct At {
    case: u64,
    kind: String,
    since: Instant,
    /// What the worker had taken of a processor when it was first seen at this case.
    spent: Option<Duration>,
}

impl Worker {
    fn start(plan: Plan<'_>, from: u64, until: u64) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
        let mut command = Command::new(program);
        command.args(["--seed", &plan.seed.to_string(), "--work", &from.to_string(), &until.to_string()]);
        command.args(plan.kind.into_iter().flat_map(|kind| ["--kind", kind])).arg("--keep").arg(plan.keep);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("a worker cannot be started: {error}"))?;
        let out = child.stdout.take().ok_or("a worker has no output")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Reads until the worker is done, gone, or stuck.
    fn follow(&mut self, plan: Plan<'_>, totals: &mut Totals) -> Result<(), String> {
        let mut at: Option<At> = None;
        loop {
            match self.lines.recv_timeout(PACE) {
                Ok(line) => {
                    let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
                    match (word, &at) {
                        ("begin", _) => {
                            if is_over(plan) {
                                return Ok(());
                            }
                            let (case, kind) = rest.split_once(' ').ok_or("a worker begins nothing")?;
                            let case = case.parse().map_err(|_| format!("a worker begins `{case}`"))?;
                            at = Some(At { case, kind: kind.to_owned(), since: Instant::now(), spent: None });
                        }
                        ("rule", Some(_)) => drop(totals.rules.insert(rest.to_owned())),
                        ("end", Some(now)) => {
                            totals.add(&now.kind, rest);
                            totals.next = now.case + 1;
                            if totals.next.is_multiple_of(1_000) {
                                totals.write(plan.sums)?;
                            }
                            at = None;
                        }
                        ("broken", Some(now)) => {
                            self::broken(now, &rest.replace('\u{2028}', "\n"), totals);
                            at = None;
                        }
                        ("done", None) => return Ok(()),
                        _ => return Err(format!("a worker says `{line}`")),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(now) = &mut at
                        && let Some(what) = self.stuck(now)
                    {
                        self::broken(now, &what, totals);
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().map_err(|error| format!("a worker is lost: {error}"))?;
                    let Some(at) = at else { return Err(format!("a worker cannot begin: {status}")) };
                    self::broken(&at, &format!("the process ends: {status}"), totals);
                    return Ok(());
                }
            }
        }
    }

    /// Why a case is given up.
    fn stuck(&self, at: &mut At) -> Option<String> {
        let taken = processor_time(self.child.id())?;
        let before = *at.spent.get_or_insert(taken);
        let longest = LONGEST * calls(&at.kind);
        if taken.saturating_sub(before) > longest {
            return Some(format!("it takes more than {} s", longest.as_secs()));
        }
        if at.since.elapsed() > LONGEST_WAIT && taken.saturating_sub(before) < LONGEST / 10 {
            return Some(format!("it waits for more than {} s", LONGEST_WAIT.as_secs()));
        }
        let memory = resident(self.child.id())?;
        (memory > MOST_MEMORY).then(|| format!("memory grows: {} MiB", memory >> 20))
    }

    fn end(mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// How often something that has the whole time is done in one case: the command is called for each form of its output,
/// and some of them again with a channel that fails.
fn calls(kind: &str) -> u32 {
    if kind == Kind::Command.as_str() { 6 } else { 1 }
}

fn broken(at: &At, what: &str, totals: &mut Totals) {
    println!("case {} ({}): {what}", at.case, at.kind);
    totals.add_broken(at.case, &at.kind, what);
    totals.next = at.case + 1;
}

/// User and system time of a process: the fields 14 and 15 of proc_pid_stat(5), in ticks of a hundredth of a second.
fn processor_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in brackets, which may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 10))
}

fn resident(process: u32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}
