//! The two runs: stories that are played, or traces that are read.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use autoenroll_trace::{Records, TraceDigest};

use crate::arguments::{Diff, STANDARD_INPUT};
use crate::runner::{Runner, Verdict};
use crate::{Failure, check_trace, suite};

/// How much of a file shows whether it is a trace.
const BEGINNING: u64 = 4_096;

/// One of two runs.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// What it is, in words.
    pub(super) name: String,
    pub(super) trace: Records,
    /// Of the trace.
    pub(super) digest: TraceDigest,
    /// Why the story does not pass, in one line; nothing when it does, and of a trace.
    pub(super) fails: Option<String>,
}

impl Side {
    /// Both of them.
    ///
    /// # Errors
    /// When one cannot be had, or nothing tells them apart.
    pub(super) fn both(arguments: &Diff) -> Result<[Self; 2], Failure> {
        let Diff { sides, profile, world, core, fixtures, format: _ } = arguments;
        let (first, second) = match sides.as_slice() {
            [both] => (both, both),
            [first, second] => (first, second),
            _ => return Err(Failure::Usage("two runs are compared, of one or two scenarios".to_owned())),
        };
        for (option, given) in
            [("profile", profile.len()), ("world", world.len()), ("core", core.len()), ("fixtures", fixtures.len())]
        {
            if given > 2 {
                return Err(Failure::Usage(format!("--{option} is given {given} times; two runs are compared")));
            }
        }
        let has_options = !(profile.is_empty() && world.is_empty() && core.is_empty() && fixtures.is_empty());
        match (is_trace(first)?, is_trace(second)?) {
            (true, true) if has_options => {
                Err(Failure::Usage("traces are compared as they are, without options".to_owned()))
            }
            (true, true) if sides.len() == 1 => {
                Err(Failure::Usage(format!("name the trace that {first} is compared with")))
            }
            (true, true) if first == second => Err(Failure::Usage(format!("{first} is both traces"))),
            (true, true) => Ok([Self::read(first)?, Self::read(second)?]),
            (true, false) | (false, true) => Err(Failure::Usage(format!(
                "{first} and {second} are a trace and a scenario; `autoenroll show --format json` makes the scenario's trace"
            ))),
            (false, false)
                if sides.len() == 1
                    && profile.is_empty()
                    && world.is_empty()
                    && core.is_empty()
                    && fixtures.len() < 2 =>
            {
                Err(Failure::Usage(format!(
                    "say what {first} is compared with: another scenario, or --profile, --world, --core or two --fixtures"
                )))
            }
            (false, false) => {
                let fixtures = |at: usize| fixtures.get(at).or(fixtures.first());
                let story = |scenario: &str, at: usize| {
                    Self::play(
                        scenario,
                        of(profile, at),
                        of(world, at),
                        of(core, at),
                        fixtures(at).map(|path| path.as_path()),
                    )
                };
                Ok([story(first, 0)?, story(second, 1)?])
            }
        }
    }

    fn read(path: &str) -> Result<Self, Failure> {
        let trace = check_trace::read(path)?;
        Ok(Self { name: path.to_owned(), digest: trace.digest(), trace: trace.unpack(), fails: None })
    }

    fn play(
        scenario: &str,
        profile: Option<&String>,
        world: Option<&String>,
        core: Option<&autoenroll_foreign::Command>,
        fixtures: Option<&Path>,
    ) -> Result<Self, Failure> {
        let instead = suite::instead(profile.map(String::as_str), world.map(String::as_str))?;
        let story = suite::one_with(scenario, None, fixtures, &instead)?;
        let (played, trace) = Runner::driving(core).play_for_trace(&story);
        let mut name = format!("{}, {}", story.name, story.profile);
        let more = [
            world.map(|world| format!("world {world}")),
            core.map(|core| format!("core {core}")),
            fixtures.map(|fixtures| format!("fixtures {}", fixtures.display())),
        ];
        more.into_iter().flatten().for_each(|more| name += &format!(", {more}"));
        let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        let side = |fails| Self { name: name.clone(), trace: trace.unpack(), digest: played.digest, fails };
        match &played.verdict {
            Verdict::Passed | Verdict::Known(_) => Ok(side(None)),
            Verdict::Failed(reason) => Ok(side(Some(first_line(reason)))),
            Verdict::Bench(reason) => Err(Failure::Bench(format!("{name}: {}", first_line(reason)))),
        }
    }
}

/// The value of an option for a side. One that is given once is the second's.
fn of<T>(values: &[T], side: usize) -> Option<&T> {
    match values {
        [only] => Some(only).filter(|_| side == 1),
        several => several.get(side),
    }
}

/// Whether an argument names a trace: a file whose first line is a record, or an empty one, which no scenario is. What
/// cannot be read is told by who reads it.
fn is_trace(argument: &str) -> Result<bool, Failure> {
    if argument == STANDARD_INPUT {
        return Ok(true);
    }
    // A pipe can be read only once.
    if !Path::new(argument).is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    let read = File::open(argument).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    read.map_err(|error| Failure::Usage(format!("{argument} cannot be read: {error}")))?;
    let beginning = String::from_utf8_lossy(&beginning);
    let line = beginning.trim_start_matches('\u{feff}').trim_start().lines().next().unwrap_or_default();
    let is_record = line.starts_with('{') && ["\"id\":", "\"at\":", "\"kind\":"].iter().all(|key| line.contains(key));
    Ok(line.is_empty() || is_record)
}
