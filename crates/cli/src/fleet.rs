//! `autoenroll fleet`: many computers and users of a world for days, and what its servers get to do.

mod page;
mod plot;
mod report;
mod shards;

use std::ops::ControlFlow;

use autoenroll_fleet::{Arrivals, Fleet, FleetError, Shard, play};

use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::plan::stage::{self, Meant, Wanted};
use crate::{Exit, Failure, arguments, file, parallel};

/// Runs the command.
///
/// # Errors
/// When the world cannot be used, a file cannot be written, or a member cannot be played.
pub(crate) fn run(arguments: &arguments::Fleet, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Meant { name, spec, .. } = stage::meant(&arguments.into(), Catalogue::embedded())?;
    let start = spec.start;
    let fleet = Fleet {
        world: spec,
        computers: arguments.computers,
        users: arguments.users,
        days: arguments.days,
        enrolled: arguments.enrolled_at,
        gp_offset: arguments.gp_offset,
        validity_jitter: arguments.validity_jitter,
        window: arguments.logon_window,
    };
    if let Some(shard) = arguments.shard {
        let (index, of) = shard.shard()?.parts();
        let shard =
            Shard::of(index, of).ok_or_else(|| Failure::Usage(format!("{index}/{of} is no part of a fleet")))?;
        return shards::be_one(&fleet, shard, console);
    }
    let arrivals = match parallel::jobs(arguments.jobs).get() {
        _ if !arguments.merge.is_empty() => shards::merge(&fleet, &arguments.merge)?,
        1 => alone(&fleet, console)?,
        jobs => shards::play(arguments, jobs, console)?,
    };
    console.clear_progress();
    let report = report::Report::new(&name, start, arguments, &arrivals);
    if let Some(path) = &arguments.svg {
        let chart = plot::svg(&report.title(), &arrivals, arguments.days)?;
        file::put(path, chart.as_bytes())
            .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", path.display())))?;
    }
    if let Some(path) = &arguments.html {
        file::put(path, page::of(&report, arguments, &arrivals).as_bytes())
            .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", path.display())))?;
    }
    report.print(arguments.format, console)?;
    Ok(Exit::Ok)
}

fn alone(fleet: &Fleet, console: &mut Console<'_>) -> Result<Arrivals, Failure> {
    let (all, mut done) = ((fleet.computers + fleet.users) as usize, 0);
    let played = play(fleet, Shard::WHOLE, &mut || {
        done += 1;
        console.progress(done, all);
        ControlFlow::Continue(())
    });
    played.map_err(failure)
}

fn failure(error: FleetError) -> Failure {
    match error {
        FleetError::World { .. } => Failure::Bench(error.to_string()),
        _ => Failure::Usage(error.to_string()),
    }
}

impl<'a> From<&'a arguments::Fleet> for Wanted<'a> {
    fn from(fleet: &'a arguments::Fleet) -> Self {
        Self {
            world: &fleet.world,
            variant: fleet.variant.as_deref(),
            profile: fleet.profile.as_deref(),
            fixtures: fleet.fixtures.as_deref(),
        }
    }
}
