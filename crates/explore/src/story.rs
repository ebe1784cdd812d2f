//! A story that was made up: a setting, and what is done in it, each thing with its moment.

use std::sync::Arc;

use autoenroll_model::{DecisionPoint, Duration, Fact, SimTime};
use autoenroll_scenario::{
    ActionStep, Document, ExpectedFact, ExpectedValue, On, PromptAnswer, Spanned, Step, StepBegin, StepEnd, StepKind,
    Time, parse, print,
};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::Action;
use autoenroll_world::action::UserAnswer;
use autoenroll_world::spec::Pin;

use crate::menu::Entry;
use crate::setting::Setting;

/// How long an `on` step of a story waits behind the moment at which its record came.
const PATIENCE: Duration = Duration::minutes(1);

/// Where a story is told.
#[derive(Clone, Debug)]
pub enum Setup {
    /// In a world that was made up.
    Made(Setting),
    /// In that of a scenario.
    Written(Arc<Document>),
}

impl Setup {
    /// World and profile as a document without steps.
    #[must_use]
    pub fn document(&self) -> Document {
        match self {
            Self::Made(setting) => parse("explore.toml", setting.file().as_bytes()).document,
            Self::Written(document) => Document { steps: Vec::new(), sweep: None, ..Document::clone(document) },
        }
    }

    /// Places that are simpler in one thing.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        match self {
            Self::Made(setting) => setting.simpler().into_iter().map(Self::Made).collect(),
            Self::Written(_) => Vec::new(),
        }
    }

    /// What it is, one name for each axis and switch.
    #[must_use]
    pub fn entries(&self) -> Vec<String> {
        match self {
            Self::Made(setting) => setting.entries().collect(),
            Self::Written(_) => Vec::new(),
        }
    }
}

/// A story.
#[derive(Clone, Debug)]
pub struct Story {
    /// The world and the profile.
    pub setup: Setup,
    /// What is done, in order.
    pub moves: Vec<Move>,
    /// How long the story goes on.
    pub end: SimTime,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The name of what is done.
    pub name: String,
    /// Whether the menu of every world has it, perhaps with somebody else. An answer, and what a scenario says, is done
    /// as it is.
    pub on_menu: bool,
    /// When.
    pub when: When,
    /// The step, without its time.
    pub step: Step,
    /// What it does.
    pub actions: Vec<Action>,
}

impl Move {
    /// What an entry of a menu does, then.
    #[must_use]
    pub fn of(entry: &Entry, when: When) -> Self {
        let Entry { name, step, actions, .. } = entry;
        Self { name: (*name).to_owned(), on_menu: true, when, step: step.clone(), actions: actions.clone() }
    }

    /// A prompt that is answered, with the name that this has in stories.
    #[must_use]
    pub fn reply(name: String, user: &str, point: DecisionPoint, answer: PromptAnswer, when: When) -> Self {
        let given = match &answer {
            PromptAnswer::Word(word) => UserAnswer::Word(*word),
            PromptAnswer::Pin(pin) => UserAnswer::Pin(Pin::new(pin)),
            PromptAnswer::Card(card) => UserAnswer::Card(card.clone()),
        };
        let kind = ActionStep::Reply { point: Spanned::without_span(point), with: Spanned::without_span(answer) };
        let mut step = step("reply", StepKind::Action(kind));
        step.who = Some(Spanned::without_span(user.to_owned()));
        let actions = vec![Action::Reply { user: user.to_owned(), point, answer: given }];
        Self { name, on_menu: false, when, step, actions }
    }
}

/// When something is done.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Then, when the world has come to rest.
    At(SimTime),
    /// The moment a record appears, before anything else happens.
    On(Anchor),
}

impl When {
    /// The same so much later, and not before a time.
    #[must_use]
    pub(crate) fn later(&self, late: Duration, now: SimTime) -> Self {
        let then = |at: SimTime| (at + late).max(now);
        match self {
            Self::At(at) => Self::At(then(*at)),
            Self::On(anchor) => {
                Self::On(Anchor { from: anchor.from.map(then), came: then(anchor.came), ..anchor.clone() })
            }
        }
    }
}

/// A record that something is done on: the first since the last thing that was done, or since an instant, that has a
/// kind, an actor and facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// Earlier records do not count; `None` when those count that came since the last thing was done.
    pub from: Option<SimTime>,
    /// Its kind.
    pub kind: Kind,
    /// Whose it is; anybody's when absent.
    pub who: Option<String>,
    /// Facts that it has.
    pub facts: Vec<(String, Fact)>,
    /// When it came.
    pub came: SimTime,
}

impl Anchor {
    /// When it is waited for no longer.
    #[must_use]
    pub fn until(&self) -> SimTime {
        self.came + PATIENCE
    }

    /// Whether a record is one like it.
    #[must_use]
    pub fn fits(&self, record: &Record) -> bool {
        let theirs = |who: &String| {
            record.actor == *who || ["requester", "principal"].iter().any(|name| record.facts.text(name) == Some(who))
        };
        self.kind == record.kind
            && self.who.as_ref().is_none_or(theirs)
            && self.facts.iter().all(|(name, fact)| record.facts.get(name) == Some(fact))
    }
}

impl Story {
    /// The story as a document, with that title.
    #[must_use]
    pub fn document(&self, title: &str) -> Document {
        let mut document = self.setup.document();
        document.about.title = Spanned::without_span(title.to_owned());
        document.steps = self.steps();
        document
    }

    /// The story as a scenario file.
    #[must_use]
    pub fn file(&self, title: &str) -> String {
        print(&self.document(title))
    }

    fn steps(&self) -> Vec<Step> {
        let mut now = SimTime::START;
        let mut steps: Vec<Step> = Vec::new();
        for one in &self.moves {
            let mut step = one.step.clone();
            match &one.when {
                When::At(at) => {
                    if *at > now {
                        step.begin = StepBegin::At(since_start(*at));
                    }
                    now = *at;
                }
                When::On(anchor) => {
                    if let Some(from) = anchor.from {
                        step.begin = StepBegin::At(since_start(from));
                    }
                    step.end = Some(StepEnd::Until(since_start(anchor.until())));
                    step.who = anchor.who.clone().map(Spanned::without_span);
                    let fact = |(name, fact): &(String, Fact)| ExpectedFact {
                        name: Spanned::without_span(name.clone()),
                        value: Spanned::without_span(ExpectedValue::Literal(fact.clone())),
                    };
                    let facts = anchor.facts.iter().map(fact).collect();
                    step.on = Some(On { kind: Spanned::without_span(anchor.kind), facts });
                    now = anchor.came;
                }
            }
            steps.push(step);
        }
        if self.end > now {
            steps.push(wait(self.end.since(now)));
        }
        steps
    }
}

fn since_start(at: SimTime) -> Spanned<Time> {
    Spanned::without_span(Time::Since(at.since(SimTime::START)))
}

/// A step in which time goes by.
fn wait(duration: Duration) -> Step {
    step("wait", StepKind::Wait(Spanned::without_span(duration)))
}

/// A step that says nothing but what it is.
#[must_use]
pub fn step(verb: &'static str, kind: StepKind) -> Step {
    Step {
        span: Default::default(),
        verb: Spanned::without_span(verb),
        begin: StepBegin::Now,
        end: None,
        on: None,
        who: None,
        only: Vec::new(),
        used: None,
        kind,
    }
}
