//! `autoenroll plan`: what becomes of each template for each user and computer of a world, without a scenario.
//!
//! It is no second truth: each principal logs on or boots in a world that is built as a run builds it, with the real
//! core, and what is told is read from the trace.

mod drive;
mod lines;
pub(crate) mod stage;
mod table;
mod twins;
mod verdict;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_core::InProcess as OwnCore;
use autoenroll_scenario::suggestion;
use autoenroll_trace::Kind;
use autoenroll_world::spec::ComputerRole;
use autoenroll_world::{Hosts, World, WorldSpec};

use crate::arguments::{Format, Plan};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::{Exit, Failure, parallel};
use drive::{Principal, Stage, Stopped, drive};
use verdict::{Outcome, outcomes};

pub(crate) fn run(arguments: &Plan, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    let stage::Meant { name, mut spec, .. } = stage::meant(&arguments.into(), catalogue)?;
    spec.budget = stage::budget(arguments);
    let stage = World::new(spec.clone(), OwnCore::new(), Hosts::in_process())
        .map_err(|errors| Failure::Usage(format!("{name} cannot be built: {errors}")))?;
    let principals = principals(&spec, arguments.at.as_deref())?;
    if principals.is_empty() {
        return Err(Failure::Usage(format!(
            "{name} has neither users nor computers, so nobody can be asked; `extends = \"contoso\"` gives it some, \
             `autoenroll import --extends contoso` writes it so"
        )));
    }
    if let Some([principal, template]) = arguments.why.as_deref() {
        let principal = one(&spec, &principals, principal)?;
        let template = known(&spec, template)?;
        return why::tell(&stage, &spec, principal, template, catalogue, console);
    }
    let plans = plans(&stage, &spec, &principals)?;
    match arguments.format {
        Format::Text => table::print(&name, &spec, &plans, console)?,
        Format::Json => lines::print(&plans, console)?,
    }
    Ok(if plans.iter().all(|plan| plan.stopped.is_none()) { Exit::Ok } else { Exit::Failed })
}

/// What becomes of every template for one principal.
#[derive(Clone, Debug)]
struct OfPrincipal {
    principal: Principal,
    outcomes: Vec<Outcome>,
    /// Why its run did not come to its end, or what is wrong with it.
    stopped: Option<String>,
}

/// The plans of all principals, in their order.
fn plans(stage: &Stage, spec: &WorldSpec, principals: &[Principal]) -> Result<Vec<OfPrincipal>, Failure> {
    let played_for = twins::played_for(spec, principals);
    let played: BTreeSet<usize> = played_for.iter().copied().collect();
    let played: Vec<usize> = played.into_iter().collect();
    let mut fates = BTreeMap::new();
    let work = |at: &usize| {
        let principal = &principals[*at];
        let driven = drive(stage, spec, principal);
        let broken = driven.world.trace().of(Kind::Violation).next();
        let broken = broken.and_then(|record| record.text("reason")).map(str::to_owned);
        (outcomes(&driven, spec, principal), driven.stopped, broken)
    };
    parallel::in_order(&played, parallel::jobs(None), work, |at, done| {
        let (outcomes, stopped, broken) =
            done.map_err(|panic| Failure::Bench(format!("the bench panicked: {panic}; please report this")))?;
        let stopped = match stopped {
            Some(Stopped::Bench(why)) => return Err(Failure::Bench(why)),
            Some(Stopped::World(why)) => Some(why),
            Some(Stopped::Waits) => Some("its run waits for something that does not come".to_owned()),
            None => broken.map(|why| format!("an invariant is broken: {why}")),
        };
        fates.insert(played[at], (outcomes, stopped));
        Ok(())
    })?;
    let of = |(principal, played): (&Principal, usize)| {
        let (outcomes, stopped) = fates.get(&played).cloned().unwrap_or_default();
        OfPrincipal { principal: principal.clone(), outcomes, stopped }
    };
    Ok(principals.iter().zip(played_for).map(of).collect())
}

/// Every user, at the computer that is named or the first member of the domain, then every computer.
fn principals(spec: &WorldSpec, at: Option<&str>) -> Result<Vec<Principal>, Failure> {
    let computers = &spec.computers;
    let named = match at {
        Some(at) => Some(computers.iter().find(|computer| computer.name == at).ok_or_else(|| {
            let names = computers.iter().map(|computer| computer.name.as_str());
            Failure::Usage(no_such("computer", at, &names.collect::<Vec<_>>()))
        })?),
        None => computers.iter().find(|computer| computer.role == ComputerRole::Member).or(computers.first()),
    };
    let users = named.into_iter().flat_map(|computer| {
        spec.users.iter().map(|user| Principal {
            name: user.name.clone(),
            computer: computer.name.clone(),
            is_user: true,
        })
    });
    let machines = computers.iter().map(|computer| Principal {
        name: computer.name.clone(),
        computer: computer.name.clone(),
        is_user: false,
    });
    Ok(users.chain(machines).collect())
}

/// The principal of that name: as the world has it, or as Windows writes accounts, `CONTOSO\alice` and `WKS01$`,
/// without regard to case.
fn one<'a>(spec: &WorldSpec, principals: &'a [Principal], name: &str) -> Result<&'a Principal, Failure> {
    let names: Vec<&str> = principals.iter().map(|principal| principal.name.as_str()).collect();
    let account = match name.split_once('\\') {
        Some((domain, account)) if domain.eq_ignore_ascii_case(&spec.domain.netbios) => account,
        _ => name,
    };
    let is_meant = |principal: &&Principal| {
        let computer = account.strip_suffix('$').filter(|_| !principal.is_user);
        principal.name.eq_ignore_ascii_case(computer.unwrap_or(account))
    };
    let exactly = principals.iter().find(|principal| principal.name == name);
    exactly
        .or_else(|| principals.iter().find(is_meant))
        .ok_or_else(|| Failure::Usage(no_such("user or computer", name, &names)))
}

fn known<'a>(spec: &'a WorldSpec, name: &str) -> Result<&'a str, Failure> {
    let names: Vec<&str> = spec.templates.iter().map(|spec| spec.template.name.as_str()).collect();
    let found = names.iter().copied().find(|known| *known == name);
    found.ok_or_else(|| Failure::Usage(no_such("template", name, &names)))
}

/// How many names are listed where one is unknown.
const MOST_NAMES: usize = 12;

fn no_such(what: &str, name: &str, known: &[&str]) -> String {
    let help = match suggestion(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.len() > MOST_NAMES => {
            format!("there are {} and {} more", known[..MOST_NAMES].join(", "), known.len() - MOST_NAMES)
        }
        None => format!("there are {}", known.join(", ")),
    };
    format!("there is no {what} `{name}` in this world; {help}")
}
