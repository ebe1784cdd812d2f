//! The two clocks of a world.

use autoenroll_model::{FileTime, Now, SimTime};

/// Simulated time, and the wall clock that goes with it until it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    now: SimTime,
    /// What the wall clock showed at `since`.
    shown: FileTime,
    since: SimTime,
}

impl Clock {
    pub(crate) const fn new(start: FileTime) -> Self {
        Self { now: SimTime::START, shown: start, since: SimTime::START }
    }

    pub(crate) const fn now(self) -> SimTime {
        self.now
    }

    /// Both clocks.
    pub(crate) fn both(self) -> Now {
        Now { mono: self.now, wall: self.wall() }
    }

    pub(crate) fn wall(self) -> FileTime {
        self.shown + self.now.since(self.since)
    }

    /// Moves on; never backwards.
    pub(crate) fn advance(&mut self, to: SimTime) {
        if to > self.now {
            self.now = to;
        }
    }

    /// Sets the wall clock, forwards or back. Simulated time goes on as if nothing had happened.
    pub(crate) const fn set_wall(&mut self, wall: FileTime) {
        self.shown = wall;
        self.since = self.now;
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::Duration;

    use super::*;

    #[test]
    fn the_wall_clock_follows_until_it_is_set() {
        let start = FileTime::from_unix_seconds(1_000_000);
        let mut clock = Clock::new(start);
        clock.advance(SimTime::START + Duration::HOUR);
        assert_eq!(clock.wall(), start + Duration::HOUR);
        clock.set_wall(start);
        clock.advance(SimTime::START + Duration::HOUR + Duration::MINUTE);
        assert_eq!(clock.both(), Now { mono: SimTime(3_660_000_000_000), wall: start + Duration::MINUTE });
        clock.advance(SimTime::START);
        assert_eq!(clock.now(), SimTime(3_660_000_000_000));
    }
}
