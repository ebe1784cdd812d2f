//! A world that lives: its clock follows the machine's, at a pace that may change, and many connections share it.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use autoenroll_model::{Duration, FileTime, SimTime};
use autoenroll_world::spec::Budget;
use autoenroll_world::{
    ActError, Action, Hosts, InProcessCards, InProcessCas, SpecErrors, Stepped, World, WorldError, WorldSpec,
};
use tokio::sync::watch;

use crate::bounds;
use crate::cores::Cores;
use crate::log::{Line, Log};

/// The world that is served: cores, cards and CAs of this process.
pub type LiveWorld = World<Cores, InProcessCards, InProcessCas>;

/// How the clock of the world moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Only when somebody says so.
    Frozen,
    /// So many seconds in one second of the machine; 1 is real time.
    Times(u32),
}

/// The present time of the machine, for a world that begins now.
#[must_use]
pub fn machine_time() -> FileTime {
    #[expect(clippy::disallowed_types, reason = "clients live in real time, and a certificate must be valid for them")]
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    FileTime::from_unix_seconds(since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
}

/// One world behind all sockets.
#[derive(Debug)]
pub struct Live {
    inner: Mutex<Inner>,
    /// Counts what happened, for those who follow the trace and the log.
    grown: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    world: LiveWorld,
    log: Log,
    pace: Pace,
    /// A moment of the machine, and what the world's clock showed then.
    anchor: (Instant, SimTime),
    failed: Option<WorldError>,
    /// Something happened by itself since somebody was told.
    stepped: bool,
}

/// Why a world does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveError {
    /// It cannot be built.
    Impossible(SpecErrors),
    /// It cannot go on.
    World(WorldError),
    /// What was asked for cannot be done now.
    Act(ActError),
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Impossible(errors) => errors.fmt(f),
            Self::World(error) => error.fmt(f),
            Self::Act(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LiveError {}

impl Live {
    /// Builds a world, which from now on lives.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn new(spec: WorldSpec, pace: Pace) -> Result<Self, LiveError> {
        Self::with_cores(spec, pace, Cores::own())
    }

    /// Builds a world with these cores.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn with_cores(mut spec: WorldSpec, pace: Pace, cores: Cores) -> Result<Self, LiveError> {
        // Who is served decides when it is over; memory is bounded by what is forgotten.
        spec.budget = Budget { events: u64::MAX, records: u64::MAX, bytes: u64::MAX };
        let world = World::new(spec, cores, Hosts::in_process()).map_err(LiveError::Impossible)?;
        let anchor = (Instant::now(), world.now());
        let inner = Inner { world, log: Log::default(), pace, anchor, failed: None, stepped: false };
        Ok(Self { inner: Mutex::new(inner), grown: watch::Sender::new(0) })
    }

    /// Uses the world at the present time: what was due by now has happened, and what follows at once happens behind.
    ///
    /// # Errors
    /// When the world cannot go on.
    pub fn with<R>(&self, use_it: impl FnOnce(&mut LiveWorld) -> R) -> Result<R, LiveError> {
        let mut inner = self.lock();
        inner.catch_up()?;
        let result = use_it(&mut inner.world);
        inner.catch_up()?;
        self.tell(inner);
        Ok(result)
    }

    /// Does something, at the present time.
    ///
    /// # Errors
    /// When it cannot be done now, or the world cannot go on.
    pub fn act(&self, action: &Action) -> Result<(), LiveError> {
        self.with(|world| world.act(action))?.map_err(LiveError::Act)
    }

    /// Moves the clock on, whatever its pace, through everything that is due until then; the time it shows.
    ///
    /// # Errors
    /// When the world cannot go on.
    pub fn advance(&self, by: Duration) -> Result<SimTime, LiveError> {
        let mut inner = self.lock();
        inner.catch_up()?;
        let to = inner.world.now() + by;
        inner.run_until(to)?;
        inner.anchor = (Instant::now(), to);
        let now = inner.world.now();
        self.tell(inner);
        Ok(now)
    }

    /// Changes the pace, from now on.
    ///
    /// # Errors
    /// When the world cannot go on.
    pub fn set_pace(&self, pace: Pace) -> Result<(), LiveError> {
        let mut inner = self.lock();
        inner.catch_up()?;
        inner.anchor = (Instant::now(), inner.world.now());
        inner.pace = pace;
        self.tell(inner);
        Ok(())
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.lock().pace
    }

    /// Writes a line about what went over a socket.
    pub fn log(&self, protocol: &'static str, peer: &str, who: &str, asked: &str, answered: &str) {
        let mut inner = self.lock();
        let at = inner.world.now();
        let [peer, who, asked, answered] = [peer, who, asked, answered].map(str::to_owned);
        inner.log.push(Line { number: 0, at, protocol, peer, who, asked, answered });
        self.tell(inner);
    }

    /// Reads the log.
    pub fn read_log<R>(&self, read: impl FnOnce(&Log) -> R) -> R {
        read(&self.lock().log)
    }

    /// Changes whenever trace or log have grown, or the pace is another.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Lets the world live until the future is dropped: what is due happens when it is due, whether or not anybody
    /// asks.
    pub async fn live(&self) {
        let mut grown = self.follow();
        loop {
            grown.borrow_and_update();
            let wait = {
                let mut inner = self.lock();
                // A world that cannot go on says so to whoever asks next.
                let _told_later = inner.catch_up();
                let wait = inner.until_next();
                self.tell_if_grown(inner);
                wait
            };
            match wait {
                Some(wait) => {
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        _ = grown.changed() => {}
                    }
                }
                None => {
                    let _never_closed = grown.changed().await;
                }
            }
        }
    }

    /// A panic in a thread that held the world leaves it as it was between two actions.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, inner: MutexGuard<'_, Inner>) {
        drop(inner);
        self.grown.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn tell_if_grown(&self, mut inner: MutexGuard<'_, Inner>) {
        if std::mem::take(&mut inner.stepped) {
            drop(inner);
            self.grown.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

impl Inner {
    /// Everything that is due by now happens.
    fn catch_up(&mut self) -> Result<(), LiveError> {
        let now = match self.pace {
            Pace::Frozen => self.world.now(),
            Pace::Times(times) => {
                let real = u64::try_from(self.anchor.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.anchor.1 + Duration(real.saturating_mul(u64::from(times)))
            }
        };
        self.run_until(now)
    }

    fn run_until(&mut self, to: SimTime) -> Result<(), LiveError> {
        if let Some(failed) = &self.failed {
            return Err(LiveError::World(failed.clone()));
        }
        loop {
            match self.world.step(to) {
                Ok(Stepped::Handled) => self.stepped = true,
                Ok(Stepped::Quiet) => break,
                Err(error) => {
                    self.failed = Some(error.clone());
                    return Err(LiveError::World(error));
                }
            }
        }
        self.world.advance(to);
        self.world.forget_before(self.world.trace().len().saturating_sub(bounds::KEPT_RECORDS));
        Ok(())
    }

    /// How long until something is due, in the machine's time; `None` when nothing is, or time stands still.
    fn until_next(&self) -> Option<std::time::Duration> {
        let (Pace::Times(times), None) = (self.pace, &self.failed) else { return None };
        let wait = self.world.next_at()?.since(self.world.now());
        Some(std::time::Duration::from_nanos(wait.0 / u64::from(times.max(1)) + 1_000_000))
    }
}
