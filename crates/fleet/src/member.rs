//! One member: its world, what it does in it, and what it asks of servers.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use autoenroll_core::InProcess;
use autoenroll_keys::{KeyMode, Seed, draw};
use autoenroll_model::{Duration, FileTime, SimTime};
use autoenroll_trace::{Kind, Packed};
use autoenroll_world::spec::{Budget, CertificateSpec, ComputerRole, StoreSpec};
use autoenroll_world::{Action, Hosts, InProcessCards, InProcessCas, Stepped, World, WorldSpec};

use crate::arrivals::{Arrivals, Server};
use crate::fleet::{Enrolled, Fleet, FleetError, MOST_DAYS, MOST_JITTER, MOST_MEMBERS, MOST_WINDOW, Shard, WORKDAY};

type Play = World<InProcess, InProcessCards, InProcessCas>;

/// How long a member is watched to learn which certificates it gets.
const SCOUTED: Duration = Duration::hours(1);
/// Certificates of one day are issued within so many hours of it.
const ISSUED_WITHIN: Duration = Duration::hours(8);
/// A member may use up much more than a story; its trace is forgotten as it comes.
const BUDGET: Budget = Budget { events: 10_000_000, records: 10_000_000, bytes: 1 << 31 };

/// Plays a part of a fleet, member by member; `each` is called after each, and says whether to go on. Parts may be
/// played in any order and anywhere: the arrivals of all parts together are those of the whole.
///
/// # Errors
/// When the fleet is too large, has nobody to copy, a member cannot be played, or `each` wants no more.
pub fn play(fleet: &Fleet, shard: Shard, each: &mut dyn FnMut() -> ControlFlow<()>) -> Result<Arrivals, FleetError> {
    let kinds = Kinds::of(fleet)?;
    let mut arrivals = Arrivals::default();
    let all = fleet.computers + fleet.users;
    for number in (shard.index - 1..all).step_by(shard.of as usize) {
        play_one(fleet, number, kinds.of_member(fleet, number), &mut arrivals)?;
        if each().is_break() {
            return Err(FleetError::Stopped);
        }
    }
    Ok(arrivals)
}

/// What is copied.
struct Kinds {
    computers: Vec<Original>,
    users: Vec<Original>,
}

/// A principal of the world, and what it comes to have.
struct Original {
    principal: String,
    /// Where a user logs on; a computer itself.
    computer: String,
    is_user: bool,
    /// Template and CA of each certificate that it enrolls for.
    gets: Vec<(String, String)>,
}

impl Kinds {
    fn of(fleet: &Fleet) -> Result<Self, FleetError> {
        let members = u64::from(fleet.computers) + u64::from(fleet.users);
        if members == 0 || members > MOST_MEMBERS.into() || fleet.days == 0 || fleet.days > MOST_DAYS {
            return Err(FleetError::Size);
        }
        if fleet.validity_jitter > MOST_JITTER || fleet.window > MOST_WINDOW {
            return Err(FleetError::Lever);
        }
        let joined = || fleet.world.computers.iter().filter(|computer| computer.role != ComputerRole::Standalone);
        let kind = |principal: &str, computer: &str, is_user: bool| {
            let kind =
                Original { principal: principal.to_owned(), computer: computer.to_owned(), is_user, gets: Vec::new() };
            let gets = if fleet.enrolled == Enrolled::Never { Vec::new() } else { scout(fleet, &kind)? };
            Ok::<_, FleetError>(Original { gets, ..kind })
        };
        let computers = joined().take(fleet.computers as usize).map(|one| kind(&one.name, &one.name, false));
        let computers = computers.collect::<Result<Vec<_>, _>>()?;
        let first = joined().find(|computer| computer.role == ComputerRole::Member).or_else(|| joined().next());
        let users = fleet.world.users.iter().take(fleet.users as usize);
        let users = users.filter_map(|user| Some((user, first?))).map(|(user, at)| kind(&user.name, &at.name, true));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        if computers.is_empty() && fleet.computers > 0 {
            return Err(FleetError::NoComputer);
        }
        if users.is_empty() && fleet.users > 0 {
            return Err(FleetError::NoUser);
        }
        Ok(Self { computers, users })
    }

    /// Computers come first; the originals are copied in turn.
    fn of_member(&self, fleet: &Fleet, number: u32) -> &Original {
        match number.checked_sub(fleet.computers) {
            None => &self.computers[number as usize % self.computers.len()],
            Some(user) => &self.users[user as usize % self.users.len()],
        }
    }
}

/// What a member of that kind enrolls for within its first hour, by template and CA.
fn scout(fleet: &Fleet, kind: &Original) -> Result<Vec<(String, String)>, FleetError> {
    let mut world = build(WorldSpec { keys: KeyMode::Symbolic, budget: BUDGET, ..fleet.world.clone() })?;
    act(&mut world, 0, &begin(kind))?;
    while step(&mut world, 0, SimTime::START + SCOUTED)? == Stepped::Handled {}
    let issued: BTreeSet<(String, String)> = world
        .trace()
        .of(Kind::Issued)
        .filter_map(|record| Some((record.text("template")?.to_owned(), record.text("ca")?.to_owned())))
        .collect();
    Ok(issued.into_iter().collect())
}

fn play_one(fleet: &Fleet, number: u32, kind: &Original, arrivals: &mut Arrivals) -> Result<(), FleetError> {
    let dice = Dice::new(fleet, number);
    let world = build(world_of(fleet, kind, &dice))?;
    let mut member = Member { number, world, seen: 0, principal: &kind.principal, arrivals };
    let end = SimTime::START + Duration::days(u64::from(fleet.days));
    if kind.is_user {
        for day in (0..fleet.days).filter(|day| is_working_day(fleet.world.start, *day)) {
            let on = SimTime::START + Duration::days(day.into()) + dice.within("logon", day, fleet.window);
            member.go_on(on)?;
            act(&mut member.world, number, &begin(kind))?;
            member.go_on((on + WORKDAY).min(end))?;
            act(&mut member.world, number, &Action::Logoff { user: kind.principal.clone() })?;
        }
    } else {
        member.go_on(SimTime::START + dice.within("start", 0, fleet.window))?;
        act(&mut member.world, number, &begin(kind))?;
    }
    member.go_on(end)?;
    arrivals.members += 1;
    Ok(())
}

/// A member that is played. What its records say is counted as they come, and forgotten.
struct Member<'a> {
    number: u32,
    world: Play,
    /// How many records were counted.
    seen: usize,
    principal: &'a str,
    arrivals: &'a mut Arrivals,
}

impl Member<'_> {
    fn go_on(&mut self, until: SimTime) -> Result<(), FleetError> {
        loop {
            let stepped = step(&mut self.world, self.number, until)?;
            for record in self.world.trace().since(self.seen) {
                count(&record, self.principal, self.arrivals);
            }
            self.seen = self.world.trace().len();
            self.world.drop_before(self.seen);
            if stepped == Stepped::Quiet {
                self.world.advance(until);
                return Ok(());
            }
        }
    }
}

/// Copies of one world differ in their seed, and in what is drawn about them.
fn world_of(fleet: &Fleet, kind: &Original, dice: &Dice) -> WorldSpec {
    let mut spec = WorldSpec { keys: KeyMode::Symbolic, budget: BUDGET, seed: dice.seed, ..fleet.world.clone() };
    spec.policy.gp_offset = fleet.gp_offset;
    let mut certificates = Vec::new();
    for described in &mut spec.templates {
        let template = &mut described.template;
        let shorter = dice.below(&template.name, 0, u64::from(fleet.validity_jitter) * 10_000 + 1);
        let part = |millionths: u64| Duration(template.validity.0 / 1_000_000 * millionths);
        let least = part(1_000_000 - u64::from(fleet.validity_jitter) * 10_000);
        template.validity = part(1_000_000 - shorter);
        let until_renewal = |life: Duration| Duration(life.0.saturating_sub(template.renewal_period.0));
        for (_, ca) in kind.gets.iter().filter(|(gets, _)| *gets == template.name) {
            let age = match fleet.enrolled {
                Enrolled::Never => continue,
                Enrolled::SameDay => {
                    let before = (Duration::days(1) + ISSUED_WITHIN).0;
                    let issued = dice.within(&template.name, 1, ISSUED_WITHIN);
                    Duration(until_renewal(least).0.saturating_sub(before)) + issued
                }
                Enrolled::Spread => dice.within(&template.name, 1, until_renewal(template.validity)),
            };
            certificates.push(CertificateSpec::of(&format!("old-{}", template.name), &template.name, ca, age));
        }
    }
    if !certificates.is_empty() {
        match spec.stores.iter_mut().find(|store| store.of == kind.principal) {
            Some(store) => store.certificates.extend(certificates),
            None => spec.stores.push(StoreSpec { of: kind.principal.clone(), certificates, requests: Vec::new() }),
        }
    }
    spec
}

/// What is drawn about one member.
struct Dice {
    seed: u64,
}

impl Dice {
    fn new(fleet: &Fleet, number: u32) -> Self {
        let drawn = draw(&Seed::from(fleet.world.seed), "fleet", "member", "", number.into());
        Self { seed: number_of(&drawn) }
    }

    /// A number below that bound, which is at least 1.
    fn below(&self, about: &str, n: u32, bound: u64) -> u64 {
        number_of(&draw(&Seed::from(self.seed), "fleet", "moment", about, n.into())) % bound.max(1)
    }

    fn within(&self, about: &str, n: u32, bound: Duration) -> Duration {
        Duration(self.below(about, n, bound.0))
    }
}

fn number_of(drawn: &[u8; 32]) -> u64 {
    drawn[..8].iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet))
}

fn is_working_day(start: FileTime, day: u32) -> bool {
    // 1970-01-01 was a Thursday.
    let weekday = (start.unix_seconds().div_euclid(86_400) + i64::from(day) + 3).rem_euclid(7);
    weekday < 5
}

fn build(spec: WorldSpec) -> Result<Play, FleetError> {
    Ok(World::new(spec, InProcess::new(), Hosts::in_process())?)
}

fn begin(kind: &Original) -> Action {
    match kind.is_user {
        true => Action::Logon { user: kind.principal.clone(), computer: kind.computer.clone() },
        false => Action::Boot { computer: kind.computer.clone() },
    }
}

fn act(world: &mut Play, member: u32, action: &Action) -> Result<(), FleetError> {
    world.act(action).map_err(|error| FleetError::World { member, error: error.to_string() })
}

fn step(world: &mut Play, member: u32, until: SimTime) -> Result<Stepped, FleetError> {
    world.step(until).map_err(|error| FleetError::world(member, &error))
}

/// What a record says about servers and certificates.
fn count(record: &Packed<'_>, principal: &str, arrivals: &mut Arrivals) {
    let at = record.at().since(SimTime::START).0 / Duration::seconds(1).0;
    let second = u32::try_from(at).unwrap_or(u32::MAX);
    let op = record.text("op").unwrap_or_default();
    match (record.kind, op) {
        (Kind::Directory, _) => arrivals.ask(Server::Directory, second),
        (Kind::Request, _) | (Kind::Effect, "retrieve" | "read-exchange-certificate") => {
            arrivals.ask(Server::Ca, second);
        }
        (Kind::Effect, "get-policies") => arrivals.ask(Server::Policy, second),
        (Kind::RunStarted, _) => arrivals.runs += 1,
        (Kind::ItemEnded, _) if record.actor() == principal => {
            let days = match (record.text("outcome"), record.text("action")) {
                (Some("enrolled"), Some("enroll")) => &mut arrivals.enrolled,
                (Some("enrolled"), _) => &mut arrivals.renewed,
                (Some("failed"), _) => {
                    arrivals.failed += 1;
                    return;
                }
                _ => return,
            };
            *days.entry(second / 86_400).or_default() += 1;
        }
        _ => {}
    }
}
