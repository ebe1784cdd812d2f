//! A scenario as its author wrote it: typed where the language has types, and without the worlds it extends.

mod read;
mod step;

pub(crate) use read::{switches, tree};
pub(crate) use step::{read as step, reference, when};

use std::ops::Range;
use std::sync::Arc;

use autoenroll_model::{Choice, DecisionPoint, Duration, Evidence, Fact, FileTime, SimTime, WindowsVersion, words};
use autoenroll_trace::Kind;
use autoenroll_world::action::ClickTarget;

use crate::clock::{ClockTime, Edge, WallClock};
use crate::diagnostic::Diagnostics;
use crate::shape::{LookAt, is_world};
use crate::source::{FileId, Files, Span, Spanned};
use crate::tree::{Entry, Node, Table, Value};

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// What the story shows.
    pub about: About,
    /// What exists, as it is written: what the worlds it extends have comes on top when it is checked.
    pub world: Table,
    /// Sequences of steps by their names, as they are written.
    pub sequences: Table,
    /// What happens and what must be seen; a sequence is one step, which does it.
    pub steps: Vec<Step>,
    /// Named variants, as they are written.
    pub vary: Vec<Table>,
    /// The fault that is tried at every possible moment.
    pub sweep: Option<Spanned<Sweep>>,
}

/// A document and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What could be understood.
    pub document: Document,
    /// The text it came from.
    pub files: Files,
    /// Problems with syntax, keys and values. Whether names refer to something is checked later ([`crate::check`]).
    pub found: Diagnostics,
    /// The whole file as a tree.
    pub(crate) root: Table,
}

/// Reads a scenario from TOML or JSON. Never stops at the first problem, never panics.
#[must_use]
pub fn parse(name: &str, bytes: &[u8]) -> Parsed {
    parse_file(name, bytes, true)
}

/// Reads a world as a story without steps.
pub(crate) fn parse_world(name: &str, bytes: &[u8]) -> Parsed {
    parse_file(name, bytes, false)
}

fn parse_file(name: &str, bytes: &[u8], is_story: bool) -> Parsed {
    let mut found = Diagnostics::new();
    let (files, root) = read::file(name, bytes, is_story, &mut found);
    let document = read::document(&root);
    found.sort();
    Parsed { document, files, found, root }
}

impl Parsed {
    /// Whether the file has a key that files of this language begin with, whatever else is wrong with it.
    #[must_use]
    pub fn is_of_this_language(&self) -> bool {
        ["scenario", "title", "world", "sequences", "timeline"].iter().any(|key| self.root.get(key).is_some())
    }

    /// Whether the file is a world, for others to extend: it tells no story.
    #[must_use]
    pub fn is_world(&self) -> bool {
        is_world(&self.root)
    }
}

impl Document {
    /// Puts a profile in place of the one that the file names, and of those that its variants name.
    pub(crate) fn set_profile(&mut self, profile: WindowsVersion) {
        self.about.profile = Some(Spanned::new(profile.to_string(), beginning(FileId::OWN)));
        for variant in &mut self.vary {
            variant.0.retain(|entry| entry.key.value != "profile");
        }
    }

    /// Puts a world in place of the one that the file extends.
    pub(crate) fn set_world(&mut self, name: &str) {
        let here = beginning(FileId::OWN);
        let node = Node { value: Value::Text(name.to_owned()), span: here };
        self.world.0.retain(|entry| entry.key.value != "extends");
        self.world.0.push(Entry { key: Spanned::new("extends".to_owned(), here), node });
    }
}

/// *About*: everything that is neither world nor timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// What the story shows, in one line.
    pub title: Spanned<String>,
    /// The story in a few sentences.
    pub summary: Option<String>,
    /// Requirements that it exercises.
    pub covers: Vec<Spanned<String>>,
    /// Whether a conforming core has to pass.
    pub level: Level,
    /// How well the expected behaviour is supported.
    pub evidence: Option<Evidence>,
    /// The Windows version; the default profile when it is not said.
    pub profile: Option<Spanned<String>>,
    /// Switches that differ from the profile: name and value.
    pub switches: Vec<(Spanned<String>, Spanned<String>)>,
    /// Capabilities that a core in another process must have.
    pub needs: Vec<Spanned<String>>,
}

words! {
    /// Whether a conforming core has to pass a scenario.
    #[derive(Default)]
    pub enum Level as "level" {
        /// It has to.
        #[default]
        Must = "must",
        /// It may behave otherwise, because no public document says how.
        May = "may",
    }
}

words! {
    /// A fault that is tried at every moment at which it is possible.
    pub enum Sweep as "sweep" {
        /// The card in use is pulled out.
        CardRemoved = "card.removed",
        /// The core at work ends; its session goes on, and another core is asked for a run.
        CoreCrash = "core.crash",
        /// The computer loses power, and starts again; its users log on again.
        PowerLost = "power.lost",
    }
}

impl Sweep {
    /// Why a story has no moment for the fault.
    #[must_use]
    pub const fn without_moments(self) -> &'static str {
        match self {
            Self::CardRemoved => "no command goes to a card in this story",
            Self::CoreCrash | Self::PowerLost => "no core asks for anything in this story",
        }
    }
}

/// One step of a timeline.
#[derive(Clone, Debug)]
pub struct Step {
    /// The whole step.
    pub span: Span,
    /// Its verb.
    pub verb: Spanned<&'static str>,
    /// When it begins.
    pub begin: StepBegin,
    /// When it must be over.
    pub end: Option<StepEnd>,
    /// The record that it waits for, to act the moment it appears.
    pub on: Option<On>,
    /// Whose record it is, or who acts.
    pub who: Option<Spanned<String>>,
    /// The variants it stands in; all when empty.
    pub only: Vec<Spanned<String>>,
    /// The line of the timeline that does it, when it is a step of a sequence.
    pub used: Option<Arc<SequenceUse>>,
    /// What is done or must be seen.
    pub kind: StepKind,
}

/// Which line of a timeline does a step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceUse {
    /// The sequence that the line names.
    pub name: Arc<str>,
    /// The line, a step `do` of the timeline.
    pub span: Span,
    /// Steps `do` of sequences on the way from there to the step, the outermost first.
    pub through: Vec<Span>,
}

/// The steps that match together with the first one: expectations next to each other, with no time and no action
/// between them. Any other step is alone.
pub(crate) fn group(steps: &[Step], first: usize) -> Range<usize> {
    let sees = |step: &Step| matches!(step.kind, StepKind::Expect(_) | StepKind::Prompt { .. });
    let joins = |at: &usize| {
        let step = &steps[*at];
        sees(step) && step.begin == StepBegin::Now && step.end.is_none() && !answers(&steps[at - 1])
    };
    let others =
        if steps.get(first).is_some_and(sees) { (first + 1..steps.len()).take_while(joins).count() } else { 0 };
    first..first + 1 + others
}

/// Whether the step is a prompt that is answered at once.
pub(crate) fn answers(step: &Step) -> bool {
    matches!(&step.kind, StepKind::Prompt { answer, .. } if answer.value.is_some())
}

/// Two steps are equal when they say the same, wherever they stand.
impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        let parts = |step: &Self| (step.verb, step.begin.clone(), step.end.clone(), step.on.clone());
        parts(self) == parts(other) && self.who == other.who && self.only == other.only && self.kind == other.kind
    }
}

/// When a step begins.
#[derive(Clone, Debug, PartialEq)]
pub enum StepBegin {
    /// At the time the clock shows.
    Now,
    /// Then.
    At(Spanned<Time>),
    /// That long after the previous step's match.
    After(Spanned<Duration>),
}

/// When a step must be over. The instant itself is outside.
#[derive(Clone, Debug, PartialEq)]
pub enum StepEnd {
    /// Then.
    Until(Spanned<Time>),
    /// That long after the previous step's match.
    Within(Spanned<Duration>),
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// That long after the start.
    Since(Duration),
    /// When the wall clock, had it not been set, would show this.
    Clock(FileTime),
    /// When the wall clock shows this next.
    OfDay(ClockTime),
}

impl Time {
    /// Whether it is an instant before the start of a world, so that no story reaches it.
    pub(crate) fn is_before(self, start: FileTime) -> bool {
        matches!(self, Self::Clock(instant) if instant < start)
    }

    /// When a step begins that says so, in a world that starts at `start` and is at `now`; an instant before the start
    /// is the start.
    #[must_use]
    pub fn begins(self, start: FileTime, now: SimTime, wall: &WallClock) -> SimTime {
        self.resolve(start, now, wall, Edge::Begin)
    }

    /// As simulated time, for a world that starts at `start`, when the story is at `now`; an instant before the start
    /// is the start.
    pub(crate) fn resolve(self, start: FileTime, now: SimTime, wall: &WallClock, edge: Edge) -> SimTime {
        match self {
            Self::Since(duration) => SimTime::START + duration,
            Self::Clock(instant) => SimTime::START + start.until(instant),
            Self::OfDay(time) => time.after(now, wall, edge),
        }
    }
}

/// The record that an `on` step waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    /// Its kind.
    pub kind: Spanned<Kind>,
    /// Facts that it has.
    pub facts: Vec<ExpectedFact>,
}

/// What a step does or sees.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// An action.
    Action(ActionStep),
    /// Time goes by.
    Wait(Spanned<Duration>),
    /// A record is seen.
    Expect(Pattern),
    /// A prompt opens or changes, and is answered.
    Prompt {
        /// The decision point.
        point: Spanned<DecisionPoint>,
        /// Its facts.
        pattern: Pattern,
        /// The answer; `None` leaves it open.
        answer: Spanned<Option<PromptAnswer>>,
    },
    /// A record is not seen.
    Never(Pattern),
    /// A look.
    State {
        /// At what kind of thing.
        look: Spanned<LookAt>,
        /// Which one.
        of: Option<Spanned<String>>,
        /// What is to be seen.
        facts: Vec<ExpectedFact>,
        /// And nothing else.
        exact: bool,
    },
    /// A sequence is done: the step as it is written. Of the document alone, because a
    /// [`Scenario`](crate::Scenario) has the steps of the sequence instead.
    Do(Table),
}

/// A record that is expected, or that must not come.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its kind.
    pub kind: Spanned<Kind>,
    /// Facts that it has.
    pub facts: Vec<ExpectedFact>,
    /// It has no others.
    pub exact: bool,
    /// The name that it is bound to.
    pub bind: Option<Spanned<String>>,
}

/// A fact that a record is to have.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedFact {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Spanned<ExpectedValue>,
}

/// The value of a fact that a record is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedValue {
    /// This value.
    Literal(Fact),
    /// This instant: the fact is its RFC 3339 text in UTC.
    Instant(FileTime),
    /// What an earlier step bound.
    Reference(Reference),
    /// A list of values.
    List(Vec<ExpectedValue>),
}

/// `$new` or `$new.ca`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The name that was bound.
    pub name: String,
    /// A fact of the record; without one, what the record is about.
    pub fact: Option<String>,
}

/// A text that may refer to something bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameOrReference {
    /// This name.
    Name(String),
    /// What an earlier step bound.
    Reference(Reference),
}

/// What a user answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptAnswer {
    /// A word.
    Word(Choice),
    /// These digits.
    Pin(String),
    /// The card of that name.
    Card(String),
}

/// What a user logs on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPin {
    /// The card.
    pub card: Spanned<String>,
    /// The PIN that is typed.
    pub pin: String,
}

/// What people and the world do.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionStep {
    /// A computer starts.
    Boot(Spanned<String>),
    /// A computer is shut down.
    Shutdown(Spanned<String>),
    /// A computer loses power, or a core ends.
    Crash(Spanned<String>),
    /// A core ends, and its session goes on.
    EndCore(Spanned<String>),
    /// A user logs on.
    Logon {
        /// The user.
        user: Spanned<String>,
        /// Where, when there are several computers.
        computer: Option<Spanned<String>>,
        /// With which card; `None` with a password.
        with: Option<CardPin>,
    },
    /// A user logs off.
    Logoff(Spanned<String>),
    /// A user locks the workstation.
    Lock(Spanned<String>),
    /// A user unlocks it.
    Unlock(Spanned<String>),
    /// A run by hand.
    Pulse(Spanned<String>),
    /// `gpupdate` is run.
    GpRefresh {
        /// The user or computer.
        principal: Spanned<String>,
        /// With `/force`.
        forced: bool,
    },
    /// A user clicks.
    Click(Spanned<ClickTarget>),
    /// A card goes into a reader.
    Insert {
        /// The card.
        card: Spanned<String>,
        /// The reader, when there are several.
        reader: Option<Spanned<String>>,
        /// The computer, when there are several.
        computer: Option<Spanned<String>>,
    },
    /// A card is pulled out.
    Remove(Spanned<String>),
    /// A card is pulled out and another one goes in.
    Swap {
        /// The card that comes out.
        card: Spanned<String>,
        /// The card that goes in.
        to: Spanned<String>,
        /// The reader, when there are several.
        reader: Option<Spanned<String>>,
        /// The computer, when there are several.
        computer: Option<Spanned<String>>,
    },
    /// A user answers a held prompt.
    Reply {
        /// The decision point.
        point: Spanned<DecisionPoint>,
        /// The answer.
        with: Spanned<PromptAnswer>,
    },
    /// The world changes.
    Change {
        /// What.
        change: Spanned<&'static str>,
        /// Which one.
        of: Option<Spanned<String>>,
        /// What it becomes.
        set: Spanned<Table>,
    },
    /// A manager works at a CA.
    Ca {
        /// What is done.
        op: Spanned<CaOp>,
        /// Which CA, when there are several.
        of: Option<Spanned<String>>,
        /// The request.
        request: Option<Spanned<NameOrReference>>,
        /// The certificate.
        certificate: Option<Spanned<NameOrReference>>,
    },
}

words! {
    /// What is done at a CA.
    pub enum CaOp as "CA operation" {
        /// The manager issues a pending request.
        Approve = "approve",
        /// The manager denies it.
        Deny = "deny",
        /// A certificate is revoked.
        Revoke = "revoke",
        /// The service stops.
        Stop = "stop",
        /// It starts again.
        Start = "start",
    }
}

/// A file's beginning.
pub(crate) const fn beginning(file: FileId) -> Span {
    Span { file, start: 0, end: 0 }
}
