//! A world in the middle of a story, what was done in it so far, and the way back.

use std::sync::Arc;

use autoenroll_core::InProcess;
use autoenroll_explore::file::{Bench, story_file};
use autoenroll_explore::menu::{Menu, MenuError};
use autoenroll_explore::neighbours::{alone, story_of};
use autoenroll_explore::player::{Done, Player, story_world};
use autoenroll_explore::stage::StageError;
use autoenroll_explore::story::{Move, Setup, Story, When};
use autoenroll_model::{DecisionPoint, Duration, FileTime, SimTime};
use autoenroll_scenario::{
    ActionStep, Diagnostics, Document, LONGEST, PromptAnswer, Scenario, Spanned, Step, StepActions, StepBegin,
    StepKind, Verdict, WallClock, check, parse, print, run,
};
use autoenroll_trace::{Detail, Trace};
use autoenroll_world::{Action, Hosts, OpenPrompt, Stepped};

use crate::error::PlayError;
use crate::label::label;
use crate::offers::{Offer, Wants, offers};

/// The most steps of a story that is played.
const MOST_STEPS: usize = 1_000;
/// How many steps can be taken back, one after the other.
const MOST_BACK: usize = 200;
/// Records of a story that is played: more than a world's own budget allows, which says what is used up.
const MOST_RECORDS: usize = usize::MAX;
/// Events among which the next one is sought that people would see.
const MOST_UNSEEN: usize = 10_000;
/// The name of files that are nowhere.
const FILE: &str = "typed.toml";

/// A story in play.
pub struct Session<'a> {
    bench: Bench<'a>,
    meaning: StepActions<'a>,
    menu: Menu,
    setup: Setup,
    title: String,
    /// What the file itself says is done.
    written: Vec<Move>,
    now: Moment,
    past: Vec<Moment>,
}

/// A moment of the story.
#[derive(Clone)]
struct Moment {
    player: Player,
    moves: Vec<Move>,
    /// How much of what is written has been done.
    followed: usize,
    /// What led here, in words.
    did: String,
}

/// A story as a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its text.
    pub text: String,
    /// How many steps it has.
    pub steps: usize,
    /// Why it does not pass when it is run; nothing when it does.
    pub problem: Option<String>,
}

impl<'a> Session<'a> {
    /// The beginning of a story in the world of a document.
    ///
    /// # Errors
    /// When the document describes no world, or the world cannot be built.
    pub fn new(document: &Document, bench: Bench<'a>) -> Result<Self, StageError> {
        let setup = Setup::Written(Arc::new(Document { steps: Vec::new(), ..document.clone() }));
        Self::begin(setup, bench)
    }

    /// The beginning of a scenario, whose own steps can be followed. It must be one variant.
    ///
    /// # Errors
    /// When its world cannot be built.
    pub fn of_scenario(scenario: &Scenario, bench: Bench<'a>) -> Result<Self, StageError> {
        let document = alone(scenario);
        let title = document.about.title.value.clone();
        let session = Self::begin(Setup::Written(Arc::new(document)), bench)?;
        let written = story_of(scenario, session.now.player.world(), bench).moves;
        Ok(Self { written, title, ..session })
    }

    fn begin(setup: Setup, bench: Bench<'a>) -> Result<Self, StageError> {
        let mut document = setup.document();
        document.about.summary = None;
        let meaning = StepActions::of(&document, bench.library)
            .map_err(|found| StageError::Menu(MenuError::World(print(&document), found)))?;
        let menu = Menu::of(&document, bench.library).map_err(StageError::Menu)?;
        let spec = &menu.spec;
        let world = story_world(spec).map_err(|errors| StageError::World(errors.to_string()))?;
        let users = spec.users.iter().map(|user| user.name.clone());
        let principals = users.chain(spec.computers.iter().map(|computer| computer.name.clone()));
        let mut player = Player::new(world, principals.collect()).with_most_records(MOST_RECORDS);
        player.settle().map_err(|broken| StageError::World(broken.reason))?;
        let now = Moment { player, moves: Vec::new(), followed: 0, did: String::new() };
        let setup = Setup::Written(Arc::new(document));
        let title = "A story that was played".to_owned();
        Ok(Self { bench, meaning, menu, setup, title, written: Vec::new(), now, past: Vec::new() })
    }

    /// What the story is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Gives it another title.
    pub fn set_title(&mut self, title: &str) {
        self.title = title.chars().filter(|c| !c.is_control()).collect();
    }

    /// What the clock shows.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now.player.now()
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.now.player.world().next_at()
    }

    /// The wall clock of the story so far.
    #[must_use]
    pub fn wall(&self) -> WallClock {
        WallClock::of(self.start(), self.trace())
    }

    /// What the wall clock shows at the start.
    #[must_use]
    pub fn start(&self) -> FileTime {
        self.menu.spec.start
    }

    /// Everything that has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        self.now.player.world().trace()
    }

    /// What is asked now.
    #[must_use]
    pub fn prompts(&self) -> Vec<OpenPrompt> {
        self.now.player.prompts()
    }

    /// How many things have been done.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.now.moves.len()
    }

    /// What the last thing was, in words; empty at the beginning.
    #[must_use]
    pub fn did(&self) -> &str {
        &self.now.did
    }

    /// Everything that can be done now, in the order of groups.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        offers(self.now.player.world(), &self.menu, &self.meaning)
    }

    /// What the file says is done next, in words, and when it was done there.
    #[must_use]
    pub fn written_next(&self) -> Option<(String, SimTime)> {
        let one = self.written.get(self.now.followed)?;
        let at = match &one.when {
            When::At(at) => *at,
            When::On(anchor) => anchor.came,
        };
        Some((label(&one.name, &one.step), at))
    }

    /// Does what was offered; with the PIN that it wants.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn take(&mut self, offer: &Offer, pin: Option<&str>) -> Result<(), PlayError> {
        let (step, actions) = match offer.wants {
            Wants::Nothing => (offer.step.clone(), offer.actions.clone()),
            Wants::Pin => {
                let pin = pin.filter(|pin| !pin.is_empty()).ok_or(PlayError::NoPin)?;
                self.with_pin(offer, pin)?
            }
        };
        let done = Move { name: offer.name.clone(), on_menu: false, when: When::At(self.now()), step, actions };
        self.change(offer.label.clone(), |moment| act(moment, done))
    }

    fn with_pin(&self, offer: &Offer, pin: &str) -> Result<(Step, Vec<Action>), PlayError> {
        let mut step = offer.step.clone();
        match &mut step.kind {
            StepKind::Action(ActionStep::Reply { with, .. }) => with.value = PromptAnswer::Pin(pin.to_owned()),
            StepKind::Action(ActionStep::Logon { with: Some(with), .. }) => with.pin = pin.to_owned(),
            _ => {}
        }
        let actions = self.meaning.actions(&step).map_err(|found| line_error(&found, ""))?;
        Ok((step, actions))
    }

    /// Does what a line of the scenario language says, with or without its braces. What it says must be seen, or must
    /// not, is kept for the file and judged when that is written.
    ///
    /// # Errors
    /// When it is none, or cannot be done.
    pub fn line(&mut self, line: &str) -> Result<(), PlayError> {
        let step = self.step_of(line)?;
        let at = match &step.begin {
            StepBegin::Now => self.now(),
            StepBegin::After(after) => self.now() + after.value,
            StepBegin::At(time) => time.value.begins(self.start(), self.now(), &self.wall()),
        };
        let did = line.trim().to_owned();
        let name = step.verb.value.to_owned();
        let step = Step { begin: StepBegin::Now, ..step };
        let put = |step: Step, actions: Vec<Action>| Move { name, on_menu: false, when: When::At(at), step, actions };
        let later = |moment: &mut Moment| to(moment, at);
        match &step.kind {
            StepKind::Wait(duration) => {
                let until = at + duration.value;
                self.change(did, |moment| to(moment, until))
            }
            StepKind::Action(_) => {
                let actions = self.meaning.actions(&step).map_err(|found| line_error(&found, line))?;
                let done = put(step, actions);
                self.change(did, |moment| later(moment).and_then(|()| act(moment, done)))
            }
            StepKind::Prompt { point, answer: Spanned { value: Some(answer), .. }, .. } => {
                let (point, answer) = (point.value, answer.clone());
                let who = step.who.as_ref().map(|who| who.value.clone());
                self.change(did, |moment| {
                    later(moment)?;
                    let user = who.or_else(|| asked(moment, point)).unwrap_or_default();
                    let when = When::At(moment.player.now());
                    act(moment, Move::reply(point.as_str().to_owned(), &user, point, answer, when))
                })
            }
            StepKind::Expect(_) | StepKind::Never(_) | StepKind::State { .. } | StepKind::Prompt { .. } => {
                let kept = put(step, Vec::new());
                self.is_sound(&kept, line)?;
                self.change(did, |moment| later(moment).map(|()| moment.moves.push(kept)))
            }
            StepKind::Do(_) => Err(PlayError::Line("a sequence is written into a file, and not typed".to_owned())),
        }
    }

    fn step_of(&self, line: &str) -> Result<Step, PlayError> {
        let line = line.trim();
        let braces = if line.starts_with('{') { line.to_owned() } else { format!("{{ {line} }}") };
        let text = format!("scenario = 1\ntitle = \"Typed\"\n\n[timeline]\nsteps = [\n  {braces},\n]\n");
        let parsed = parse(FILE, text.as_bytes());
        if parsed.found.has_errors() {
            return Err(PlayError::Line(parsed.found.render(&parsed.files, false)));
        }
        let refused = |why: &str| Err(PlayError::Line(why.to_owned()));
        match <[Step; 1]>::try_from(parsed.document.steps) {
            Ok([step]) if step.on.is_some() => {
                refused("a typed line waits for no record: let time go by instead of `on`")
            }
            Ok([step]) if step.end.is_some() && matches!(step.kind, StepKind::Action(_)) => {
                refused("what is done now has no end: leave `until` and `within` out")
            }
            Ok([step]) if !step.only.is_empty() => refused("the story has no variants: leave `only` out"),
            Ok([step]) => Ok(step),
            Err(_) => refused("one step a line"),
        }
    }

    /// Whether the names and facts of an expectation are those of this world.
    fn is_sound(&self, kept: &Move, line: &str) -> Result<(), PlayError> {
        let mut document = self.setup.document();
        document.about.title = Spanned::without_span(self.title.clone());
        document.steps = vec![kept.step.clone()];
        let checked = check(FILE, print(&document).as_bytes(), self.bench.library, self.bench.requirements);
        if checked.found.has_errors() {
            return Err(line_error(&checked.found, line));
        }
        Ok(())
    }

    /// Lets time go by.
    ///
    /// # Errors
    /// When the world does not go on so long.
    pub fn advance(&mut self, by: Duration) -> Result<(), PlayError> {
        let until = self.now() + by;
        self.change(format!("wait {by}"), |moment| to(moment, until))
    }

    /// Lets time go by until an instant, which is said as `at` of a step says it: `8h`, `16:00` or a date with a time.
    ///
    /// # Errors
    /// When it is none, is over, or the world does not go on so long.
    pub fn advance_until(&mut self, at: &str) -> Result<(), PlayError> {
        let quoted = at.trim().trim_matches('"');
        // Any action will do: only its time is read. A date with a time stands without quotes.
        let step = self.step_of(&format!("at = \"{quoted}\", lock = \"x\""));
        let step = step.or_else(|_| self.step_of(&format!("at = {quoted}, lock = \"x\"")));
        let no_time = |_| PlayError::NoTime(quoted.to_owned());
        let step = step.map_err(no_time)?;
        let until = match &step.begin {
            StepBegin::At(time) => time.value.begins(self.start(), self.now(), &self.wall()),
            _ => self.now(),
        };
        self.change(format!("until {quoted}"), |moment| to(moment, until))
    }

    /// Lets time go by until something happens that people would see, and the rest of that instant.
    ///
    /// # Errors
    /// When nothing does, or the world does not go on.
    pub fn advance_to_next(&mut self) -> Result<(), PlayError> {
        self.change("next".to_owned(), |moment| {
            for _ in 0..MOST_UNSEEN {
                let before = moment.player.records();
                let next = moment.player.world().next_at().ok_or(PlayError::Quiet)?;
                in_time(next)?;
                if moment.player.happen(next)? == Stepped::Quiet {
                    break;
                }
                moment.player.settle()?;
                let is_seen = |kind| Detail::of(kind) == Detail::Story;
                if moment.player.world().trace().since(before).any(|record| is_seen(record.kind)) {
                    return Ok(());
                }
            }
            Err(PlayError::Quiet)
        })
    }

    /// Does what the file says is done next, when it says so.
    ///
    /// # Errors
    /// When there is nothing left, or it cannot be done in this story.
    pub fn follow(&mut self) -> Result<(), PlayError> {
        let one = self.written.get(self.now.followed).cloned().ok_or(PlayError::Followed)?;
        self.change(label(&one.name, &one.step), |moment| {
            let now = moment.player.now();
            if let When::At(at) = &one.when {
                if *at < now {
                    return Err(PlayError::Over { at: *at, now });
                }
                to(moment, *at)?;
                act(moment, one)?;
            } else {
                if moment.player.act_when(&one.when, &one.actions)? == Done::No {
                    return Err(PlayError::DoesNotCome);
                }
                in_time(moment.player.now())?;
                let mut done = one;
                if let When::On(anchor) = &mut done.when {
                    anchor.came = moment.player.now();
                }
                moment.moves.push(done);
                moment.player.settle()?;
            }
            moment.followed += 1;
            Ok(())
        })
    }

    /// Leaves out what the file says is done next.
    ///
    /// # Errors
    /// When there is nothing left.
    pub fn skip(&mut self) -> Result<(), PlayError> {
        let (what, _) = self.written_next().ok_or(PlayError::Followed)?;
        self.change(format!("skip {what}"), |moment| {
            moment.followed += 1;
            Ok(())
        })
    }

    /// Takes the last thing back, be it done or time gone by; says what it was.
    ///
    /// # Errors
    /// At the beginning.
    pub fn undo(&mut self) -> Result<String, PlayError> {
        let is_first = self.now.did.is_empty();
        let nothing = if is_first { PlayError::Beginning } else { PlayError::NoFurther { most: MOST_BACK } };
        let before = self.past.pop().ok_or(nothing)?;
        Ok(std::mem::replace(&mut self.now, before).did)
    }

    /// The story so far as a scenario file in which everything that came is expected, and whether it passes. What is
    /// said of it names it so.
    #[must_use]
    pub fn save(&self, file: &str) -> Saved {
        let text = self.text();
        let checked = check(file, text.as_bytes(), self.bench.library, self.bench.requirements);
        let steps = parse(file, text.as_bytes()).document.steps.len();
        let problem = match checked.scenarios.first() {
            None => Some(checked.found.render(&checked.files, false)),
            Some(scenario) => {
                let report = run(scenario, InProcess::new(), Hosts::in_process(), self.bench.requirements);
                (report.verdict != Verdict::Passed).then(|| report.render(&scenario.files, false))
            }
        };
        Saved { text, steps, problem }
    }

    /// The text of that file.
    #[must_use]
    pub fn text(&self) -> String {
        let story = Story { setup: self.setup.clone(), moves: self.now.moves.clone(), end: self.now() };
        story_file(&story, &self.title, self.bench)
    }

    /// Goes on to another moment, or stays at this one.
    fn change(&mut self, did: String, how: impl FnOnce(&mut Moment) -> Result<(), PlayError>) -> Result<(), PlayError> {
        if self.now.moves.len() >= MOST_STEPS {
            return Err(PlayError::Long { most: MOST_STEPS });
        }
        let mut next = self.now.clone();
        how(&mut next)?;
        next.did = did;
        self.past.push(std::mem::replace(&mut self.now, next));
        if self.past.len() > MOST_BACK {
            self.past.remove(0);
        }
        Ok(())
    }
}

/// Lets time go by until then.
fn to(moment: &mut Moment, at: SimTime) -> Result<(), PlayError> {
    let now = moment.player.now();
    if at < now {
        return Err(PlayError::Over { at, now });
    }
    in_time(at)?;
    moment.player.advance_to(at)?;
    Ok(moment.player.settle()?)
}

/// No scenario file may last longer.
fn in_time(at: SimTime) -> Result<(), PlayError> {
    let end = SimTime::START + LONGEST;
    if at > end { Err(PlayError::Late { end }) } else { Ok(()) }
}

/// Does something now, and lets the instant come to rest.
fn act(moment: &mut Moment, mut done: Move) -> Result<(), PlayError> {
    if moment.player.act(&done.actions)? == Done::No {
        let mut copy = moment.player.world().clone();
        let refused = done.actions.iter().find_map(|action| copy.act(action).err());
        return Err(refused.map_or(PlayError::DoesNotCome, PlayError::Refused));
    }
    done.when = When::At(moment.player.now());
    moment.moves.push(done);
    Ok(moment.player.settle()?)
}

/// Who is asked that.
fn asked(moment: &Moment, point: DecisionPoint) -> Option<String> {
    moment.player.prompts().into_iter().find(|prompt| prompt.point == point).map(|prompt| prompt.user)
}

/// What is said about a line, without the places of a text that nobody sees.
fn line_error(found: &Diagnostics, line: &str) -> PlayError {
    let said: Vec<String> = found.list().iter().map(|one| one.message.clone()).collect();
    let line = if line.is_empty() { String::new() } else { format!("{}: ", line.trim()) };
    PlayError::Line(format!("{line}{}", said.join("; ")))
}
