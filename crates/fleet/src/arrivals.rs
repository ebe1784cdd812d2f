//! When servers were asked for something, in seconds: sums, so that parts of a fleet add up to the whole in any order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// All CAs together: requests, questions for what is pending, and for exchange certificates.
    Ca,
    /// The directory: binds, reads and writes.
    Directory,
    /// All policy servers together.
    Policy,
}

impl Server {
    /// All, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Ca, Self::Directory, Self::Policy];

    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Directory => "directory",
            Self::Policy => "policy",
        }
    }
}

/// What members of a fleet asked for, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrivals {
    /// How many members it is about.
    pub members: u32,
    /// Runs of autoenrollment.
    pub runs: u64,
    /// First certificates by day, from 0.
    pub enrolled: BTreeMap<u32, u64>,
    /// Renewals and replacements that ended with a certificate, by day.
    pub renewed: BTreeMap<u32, u64>,
    /// Items that failed.
    pub failed: u64,
    /// How often each server was asked in each second, for seconds in which it was.
    ca: BTreeMap<u32, u32>,
    directory: BTreeMap<u32, u32>,
    policy: BTreeMap<u32, u32>,
}

impl Arrivals {
    /// The seconds in which a server was asked, and how often.
    #[must_use]
    pub const fn at(&self, server: Server) -> &BTreeMap<u32, u32> {
        match server {
            Server::Ca => &self.ca,
            Server::Directory => &self.directory,
            Server::Policy => &self.policy,
        }
    }

    /// How often a server was asked.
    #[must_use]
    pub fn total(&self, server: Server) -> u64 {
        self.at(server).values().map(|count| u64::from(*count)).sum()
    }

    /// The same by minute, for minutes in which it was asked.
    #[must_use]
    pub fn by_minute(&self, server: Server) -> BTreeMap<u32, u64> {
        let mut minutes = BTreeMap::new();
        for (second, count) in self.at(server) {
            *minutes.entry(second / 60).or_default() += u64::from(*count);
        }
        minutes
    }

    /// One more.
    pub(crate) fn ask(&mut self, server: Server, second: u32) {
        *self.of(server).entry(second).or_default() += 1;
    }

    /// Those of other members as well.
    pub fn add(&mut self, other: &Self) {
        self.members += other.members;
        self.runs += other.runs;
        self.failed += other.failed;
        for (days, more) in [(&mut self.enrolled, &other.enrolled), (&mut self.renewed, &other.renewed)] {
            for (day, count) in more {
                *days.entry(*day).or_default() += count;
            }
        }
        for server in Server::ALL {
            let seconds = self.of(server);
            for (second, count) in other.at(server) {
                *seconds.entry(*second).or_default() += count;
            }
        }
    }

    const fn of(&mut self, server: Server) -> &mut BTreeMap<u32, u32> {
        match server {
            Server::Ca => &mut self.ca,
            Server::Directory => &mut self.directory,
            Server::Policy => &mut self.policy,
        }
    }
}
