//! A server as one queue: first come, first served, each answer taking as long as any other.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::arrivals::{Arrivals, Server};

/// What arrivals mean for a server of some capacity. Latencies are from a question's second to the end of its answer;
/// all questions of a second come at its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Answers in a second, when it is never idle.
    pub per_second: u32,
    /// Questions in all.
    pub total: u64,
    /// The minutes with the most questions, the busiest first; five at most.
    pub busiest: Vec<Moment>,
    /// Half of the answers took at most so many milliseconds, rounded up.
    pub median_ms: u64,
    /// Ninety-nine of a hundred did.
    pub p99_ms: u64,
    /// All did.
    pub max_ms: u64,
    /// The most questions that waited or were being answered at once.
    pub longest_queue: u64,
    /// The second in which they did.
    pub longest_at: u32,
}

/// A minute, and the questions that came in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Minutes since the start.
    pub minute: u32,
    /// Questions.
    pub count: u64,
}

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// The most answers in a second.
pub const MOST_PER_SECOND: u32 = 1_000_000;

impl Load {
    /// Serves all arrivals of one kind at that rate, of 1 to [`MOST_PER_SECOND`]; one beyond counts as the nearest.
    #[must_use]
    pub fn of(arrivals: &Arrivals, server: Server, per_second: u32) -> Self {
        let per_second = per_second.clamp(1, MOST_PER_SECOND);
        let service = SECOND / u64::from(per_second);
        let seconds = arrivals.at(server);
        let (mut longest_queue, mut longest_at, mut last) = (0, 0, 0);
        for batch in batches(seconds, service) {
            let waiting = (batch.first - service).div_ceil(service) + batch.count;
            if waiting > longest_queue {
                (longest_queue, longest_at) = (waiting, batch.second);
            }
            last = last.max(batch.last(service));
        }
        let total = arrivals.total(server);
        let within = |hundredths: u64| least(seconds, service, last, (total * hundredths).div_ceil(100));
        Self {
            per_second,
            total,
            busiest: busiest(arrivals, server),
            median_ms: within(50).div_ceil(MILLISECOND),
            p99_ms: within(99).div_ceil(MILLISECOND),
            max_ms: last.div_ceil(MILLISECOND),
            longest_queue,
            longest_at,
        }
    }
}

/// How many questions wait or are being answered at once, at the most in each minute in which any do.
#[must_use]
pub fn queues(arrivals: &Arrivals, server: Server, per_second: u32) -> BTreeMap<u32, u64> {
    let service = SECOND / u64::from(per_second.clamp(1, MOST_PER_SECOND));
    let mut minutes: BTreeMap<u32, u64> = BTreeMap::new();
    let mut put = |minute: u32, waiting: u64| {
        let most = minutes.entry(minute).or_default();
        *most = (*most).max(waiting);
    };
    let mut batches = batches(arrivals.at(server), service).peekable();
    while let Some(batch) = batches.next() {
        let waiting = (batch.first - service).div_ceil(service) + batch.count;
        put(batch.second / 60, waiting);
        // Those that are left at the beginning of a minute that follows, until more come or none is left.
        let last = batches.peek().map_or(u32::MAX, |more| more.second / 60);
        for minute in (batch.second / 60).saturating_add(1)..=last {
            let since = u64::from(minute) * 60 - u64::from(batch.second);
            match waiting.saturating_sub(since.saturating_mul(SECOND) / service) {
                0 => break,
                left => put(minute, left),
            }
        }
    }
    minutes
}

/// The questions of one second.
struct Batch {
    second: u32,
    count: u64,
    /// Latency of the first; each further one takes one service longer.
    first: u64,
}

impl Batch {
    const fn last(&self, service: u64) -> u64 {
        self.first + (self.count - 1) * service
    }

    /// How many of them took no longer than that.
    fn within(&self, latency: u64, service: u64) -> u64 {
        latency.checked_sub(self.first).map_or(0, |more| self.count.min(more / service + 1))
    }
}

fn batches(seconds: &BTreeMap<u32, u32>, service: u64) -> impl Iterator<Item = Batch> {
    let mut free_at = 0;
    seconds.iter().map(move |(second, count)| {
        let (now, count) = (u64::from(*second) * SECOND, u64::from(*count));
        let begin = now.max(free_at);
        free_at = begin + count * service;
        Batch { second: *second, count, first: begin + service - now }
    })
}

/// The least latency that so many questions kept, by halving: latencies themselves are nowhere kept.
fn least(seconds: &BTreeMap<u32, u32>, service: u64, most: u64, wanted: u64) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        let kept: u64 = batches(seconds, service).map(|batch| batch.within(middle, service)).sum();
        if kept >= wanted { high = middle } else { low = middle + 1 }
    }
    low
}

fn busiest(arrivals: &Arrivals, server: Server) -> Vec<Moment> {
    let minutes = arrivals.by_minute(server);
    let mut moments: Vec<Moment> = minutes.into_iter().map(|(minute, count)| Moment { minute, count }).collect();
    moments.sort_by_key(|moment| (u64::MAX - moment.count, moment.minute));
    moments.truncate(5);
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(asked: &[(u32, u32)], per_second: u32) -> Load {
        let mut arrivals = Arrivals::default();
        for (second, count) in asked {
            (0..*count).for_each(|_| arrivals.ask(Server::Ca, *second));
        }
        Load::of(&arrivals, Server::Ca, per_second)
    }

    #[test]
    fn an_idle_server_answers_at_once() {
        let load = load(&[(0, 1), (10, 1), (70, 1)], 10);
        assert_eq!((load.total, load.median_ms, load.p99_ms, load.max_ms), (3, 100, 100, 100));
        assert_eq!((load.longest_queue, load.longest_at), (1, 0));
        assert_eq!(load.busiest[0], Moment { minute: 0, count: 2 });
    }

    #[test]
    fn who_comes_later_waits_for_all_before() {
        // 20 questions take two seconds; the one of the next second waits one of them.
        let load = load(&[(5, 20), (6, 1)], 10);
        assert_eq!((load.median_ms, load.max_ms), (1_100, 2_000));
        assert_eq!((load.longest_queue, load.longest_at), (20, 5));
        let sorted: Vec<u64> = (1..=20).map(|n| n * 100).chain([1_100]).collect();
        assert!(sorted.contains(&load.p99_ms));
    }

    #[test]
    fn a_queue_is_told_for_each_minute_in_which_it_is_one() {
        let queues = |asked: &[(u32, u32)], per_second: u32| {
            let mut arrivals = Arrivals::default();
            for (second, count) in asked {
                (0..*count).for_each(|_| arrivals.ask(Server::Ca, *second));
            }
            super::queues(&arrivals, Server::Ca, per_second).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(queues(&[], 1), []);
        assert_eq!(queues(&[(5, 3), (70, 1)], 10), [(0, 3), (1, 1)]);
        // 150 questions at one a second: 55 seconds later 95 are left, and a minute after that 35.
        assert_eq!(queues(&[(5, 150)], 1), [(0, 150), (1, 95), (2, 35)]);
        // More come meanwhile: 60 seconds after the first, 90 are left of them.
        assert_eq!(queues(&[(5, 150), (65, 10)], 1), [(0, 150), (1, 100), (2, 45)]);
    }

    #[test]
    fn a_rate_is_within_its_bounds() {
        for (asked, counts) in [(0, 1), (u32::MAX, MOST_PER_SECOND)] {
            assert_eq!(load(&[(0, 3)], asked), load(&[(0, 3)], counts), "{asked}");
        }
    }

    #[test]
    fn nothing_asked_is_nothing_answered() {
        let load = load(&[], 10);
        assert_eq!((load.total, load.max_ms, load.longest_queue), (0, 0, 0));
        assert!(load.busiest.is_empty());
    }
}
