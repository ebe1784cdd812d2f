//! Makes up stories: one generator, which asks [`Choices`] for everything.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Choice, DecisionPoint, Duration, SimTime};
use autoenroll_scenario::{ActionStep, PromptAnswer, StepKind};
use autoenroll_world::spec::CardSpec;
use autoenroll_world::{Look, OpenPrompt};

use crate::choices::Choices;
use crate::drive::Outcome;
use crate::law::Broken;
use crate::menu::{Class, Entry, Menu, Subject};
use crate::player::{Done, Player};
use crate::stage::{Stage, caught};
use crate::story::{Anchor, Move, Story, When};

/// How long people wait between two things: a moment, a timer, the end of a certificate. Short ones come more often.
const PAUSES: &[Duration] = &[
    Duration::seconds(1),
    Duration::seconds(5),
    Duration::seconds(61),
    Duration::minutes(10),
    Duration::hours(1),
    Duration::hours(8),
    Duration::hours(9),
    Duration::hours(24),
    Duration::hours(72),
    Duration::hours(24 * 8 + 1),
    Duration::hours(24 * 9),
    Duration::hours(24 * 11),
];
/// Attempts to find something that can be done now.
const ATTEMPTS: usize = 12;
/// Rounds in which a story that was told on comes to its end.
const ENDING: usize = 12;
/// The most things that happen again and again in one story.
const MOST_FAVOURITES: usize = 3;
/// The most things that are done once more, and how often.
const MOST_AGAIN: usize = 6;
const MOST_TIMES: usize = 5;
/// How long is waited until something can be done once more, and how many instants.
const SOON: Duration = Duration::minutes(2);
const MOST_WAITS: usize = 24;
/// The most stories of one sweep, how many things happen at most from one to the next, and how often people lead on.
const MOST_SWEPT: usize = 16;
const MOST_BETWEEN: &[usize] = &[2, 8, 32];
const MOST_LED: usize = 12;
/// How far a moment is sought.
const HORIZON: Duration = Duration::hours(9);

/// What a story is to have.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The most things that are done.
    pub most: usize,
    /// Names of entries that are done wherever they can be, before anything else.
    pub wishes: BTreeSet<String>,
}

/// A story that was made up, and what came of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The story, as far as it was told.
    pub story: Story,
    /// What was broken, when something was.
    pub broken: Option<Broken>,
    /// Laws of order that it breaks, which is listed only.
    pub listed: Vec<Broken>,
    /// The names of what was done in it, and of its setting.
    pub met: BTreeSet<String>,
    /// How many records it has.
    pub records: usize,
}

impl Outcome {
    /// Adds a story.
    pub(crate) fn add(&mut self, told: Told) {
        let one = Self::from(told);
        self.stories += one.stories;
        self.moves += one.moves;
        self.records += one.records;
        self.broken.extend(one.broken);
        self.listed.extend(one.listed);
    }
}

/// A story that is told on from here.
#[derive(Clone, Debug)]
pub(crate) struct Begun<'a> {
    /// As it is now.
    pub(crate) player: Player,
    /// What was done until now.
    pub(crate) moves: Vec<Move>,
    /// What comes after it where somebody has written that; it is done once something else was.
    pub(crate) rest: Option<&'a [Move]>,
}

impl From<Told> for Outcome {
    fn from(told: Told) -> Self {
        let Told { story, broken, listed, records, .. } = told;
        Self {
            stories: 1,
            moves: story.moves.len() as u64,
            records: records as u64,
            listed: listed.into_iter().map(|broken| (story.clone(), broken)).collect(),
            broken: broken.map(|broken| (story, broken)).into_iter().collect(),
            ..Self::default()
        }
    }
}

/// Makes up a story in a world.
pub fn tell(stage: &Stage, plan: &Plan, choices: &mut impl Choices) -> Told {
    tell_from(stage, Begun { player: stage.player(), moves: Vec::new(), rest: None }, plan, choices).0
}

/// The moment of a story from which on it only comes to its end, with what was done until then; and its end.
pub(crate) type Middle = ((Player, Vec<Move>), Player);

/// Makes up how a story goes on.
pub(crate) fn tell_from(
    stage: &Stage,
    begun: Begun<'_>,
    plan: &Plan,
    choices: &mut impl Choices,
) -> (Told, Option<Middle>) {
    let rest = begun.rest;
    let mut teller = Teller::new(stage, begun, plan, choices);
    let broken = caught(|| match rest {
        Some(rest) => teller.tell_on(rest, choices),
        None => teller.tell(choices),
    });
    teller.told(stage, broken.err())
}

/// One thing that may happen, at moment after moment of what comes next, while what somebody has written is done, or
/// what leads on: each is a story of its own, which then comes to its end.
pub(crate) fn sweep(stage: &Stage, begun: Begun<'_>, choices: &mut impl Choices) -> Vec<(Told, Option<Middle>)> {
    let plan = Plan { most: 0, wishes: BTreeSet::new() };
    let last = begun.moves.iter().rev().find(|one| matches!(one.when, When::On(_))).map(|one| one.name.clone());
    let mut rest = begun.rest.unwrap_or_default();
    let mut base = Teller::new(stage, begun, &plan, choices);
    let mut stories = Vec::new();
    let Some(at) = base.swept(last.as_deref(), choices) else { return stories };
    let entry = &stage.menu.entries[at];
    let between = choices.of("between", MOST_BETWEEN).copied().unwrap_or(1);
    for _ in 0..MOST_LED.max(rest.len()) {
        let led = caught(|| {
            let soon = base.player.now() + SOON;
            let until = match rest.first().map(|next| &next.when) {
                Some(When::At(next)) => soon.min(*next),
                _ => soon,
            };
            while stories.len() < MOST_SWEPT && !base.player.is_long() {
                let things = 1 + choices.below("things", between);
                let Some(anchor) = base.player.moment(things, until)? else { break };
                let mut fork = base.clone();
                let broken = caught(|| fork.happens(entry, anchor, rest, choices));
                if broken.is_err() || fork.middle.is_some() {
                    stories.push(fork.told(stage, broken.err()));
                }
            }
            match rest.split_first() {
                Some((next, later)) => {
                    rest = later;
                    base.do_move_when(next.clone()).map(drop)
                }
                None => base.led(choices),
            }
        });
        if let Err(broken) = led {
            stories.push(base.told(stage, Some(broken)));
            break;
        }
        if stories.len() >= MOST_SWEPT || base.player.is_long() {
            break;
        }
    }
    stories
}

/// The last so many things once more, and again, and then the end: some rules count.
pub(crate) fn repeat(
    stage: &Stage,
    begun: Begun<'_>,
    many: usize,
    choices: &mut impl Choices,
) -> (Told, Option<Middle>) {
    let plan = Plan { most: 0, wishes: BTreeSet::new() };
    let mut teller = Teller::new(stage, begun, &plan, choices);
    let last = teller.moves[teller.moves.len().saturating_sub(many)..].to_vec();
    let broken = caught(|| {
        'times: for _ in 0..MOST_TIMES {
            for one in &last {
                if teller.player.is_long() || !teller.soon(one)? {
                    break 'times;
                }
            }
        }
        teller.end(&[], choices)
    });
    teller.told(stage, broken.err())
}

/// Which entries a story may have at all: each story leaves out most of what can go wrong, so that the rest meets.
fn swarm(menu: &Menu, plan: &Plan, choices: &mut impl Choices) -> Vec<bool> {
    match choices.below("swarm", 5) {
        0 | 1 => return few(menu, plan, choices),
        2 => return about(menu, plan, choices),
        _ => {}
    }
    let rare = 2 + choices.below("rare", 8);
    let on = |entry: &Entry| {
        let drawn = match entry.class {
            Class::Deed => !choices.one_in("deed", 4),
            Class::Office => choices.one_in("office", 2),
            Class::Fault => choices.one_in("fault", rare),
            Class::Repair => true,
        };
        drawn || plan.wishes.contains(entry.name)
    };
    menu.entries.iter().map(on).collect()
}

/// A handful of entries by name, and everything that repairs: they meet in every way.
fn few(menu: &Menu, plan: &Plan, choices: &mut impl Choices) -> Vec<bool> {
    let names: BTreeSet<&str> =
        menu.entries.iter().filter(|entry| entry.class != Class::Repair).map(|entry| entry.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let many = 2 + choices.below("many", 6);
    let kept: BTreeSet<&str> = (0..many).filter_map(|_| choices.of("few", &names).copied()).collect();
    let on =
        |entry: &Entry| entry.class == Class::Repair || kept.contains(entry.name) || plan.wishes.contains(entry.name);
    menu.entries.iter().map(on).collect()
}

/// What is about one or two things, and what people do in any case: what belongs together meets often.
fn about(menu: &Menu, plan: &Plan, choices: &mut impl Choices) -> Vec<bool> {
    let many = 1 + choices.below("subjects", 2);
    let subjects: Vec<Subject> = (0..many).filter_map(|_| choices.of("subject", Subject::OFTEN).copied()).collect();
    let on = |entry: &Entry| {
        let always = matches!(entry.subject, Subject::Session | Subject::Desktop) && entry.class == Class::Deed;
        let drawn = (always || subjects.contains(&entry.subject)) && !choices.one_in("about", 4);
        entry.class == Class::Repair || drawn || plan.wishes.contains(entry.name)
    };
    menu.entries.iter().map(on).collect()
}

/// What people do again and again.
const AGAIN: &[&str] = &["remove", "swap", "pulse", "click wizard-close", "logoff"];

/// What cuts most things short.
const USUAL: &[&str] = &["remove", "swap", "core ends", "logoff", "pulse", "ca unreachable", "card pin reset"];

/// Something that may happen again and again: what goes wrong, a card that comes and goes, another run. Each name is as
/// likely, however many cards or CAs have it.
fn favourite(menu: &Menu, choices: &mut impl Choices) -> Option<usize> {
    let deeds = choices.one_in("deeds", 2);
    let again = |entry: &&Entry| if deeds { AGAIN.contains(&entry.name) } else { entry.class == Class::Fault };
    let names: BTreeSet<&str> = menu.entries.iter().filter(again).map(|entry| entry.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let name = choices.of("favourite", &names)?;
    let all: Vec<usize> = (0..menu.entries.len()).filter(|at| menu.entries[*at].name == *name).collect();
    choices.of("which", &all).copied()
}

#[derive(Clone)]
struct Teller<'a> {
    menu: &'a Menu,
    plan: &'a Plan,
    enabled: Vec<bool>,
    player: Player,
    moves: Vec<Move>,
    /// How often, of eight times, a user does what leads on.
    helpful: usize,
    /// How often, of ten times, something happens in the middle of something else.
    hasty: usize,
    /// What happens again and again in this story, by turns, if anything does: some rules count, and some count only
    /// what is the same.
    favourites: Vec<usize>,
    /// Whether what a user has answered once otherwise than it leads on is answered so again.
    stubborn: bool,
    /// What was answered so, by what was asked.
    habits: BTreeMap<DecisionPoint, String>,
    changed_pin: bool,
    /// Where the end of the story began.
    middle: Option<(Player, Vec<Move>)>,
}

impl<'a> Teller<'a> {
    fn new(stage: &'a Stage, begun: Begun<'_>, plan: &'a Plan, choices: &mut impl Choices) -> Self {
        let menu = &stage.menu;
        let enabled = swarm(menu, plan, choices);
        let many = if choices.one_in("favourite", 2) { 1 + choices.below("favourites", MOST_FAVOURITES) } else { 0 };
        let favourites = (0..many).filter_map(|_| favourite(menu, choices)).collect();
        Self {
            menu,
            plan,
            enabled,
            player: begun.player,
            moves: begun.moves,
            helpful: 3 + choices.below("helpful", 5),
            hasty: choices.below("hasty", 6),
            favourites,
            stubborn: choices.one_in("stubborn", 4),
            habits: BTreeMap::new(),
            changed_pin: false,
            middle: None,
        }
    }

    /// What was told, and what was broken in it.
    fn told(self, stage: &Stage, broken: Option<Broken>) -> (Told, Option<Middle>) {
        let end = broken.as_ref().map_or(self.player.now(), |broken| SimTime(broken.at).max(self.player.now()));
        let mut met: BTreeSet<String> = stage.setup.entries().into_iter().collect();
        met.extend(self.moves.iter().map(|one| one.name.clone()));
        let story = Story { setup: stage.setup.clone(), moves: self.moves, end };
        let told = Told { story, broken, listed: self.player.listed(), met, records: self.player.records() };
        (told, self.middle.map(|middle| (middle, self.player)))
    }

    /// What is swept: in half of the cases what cuts most things short, now and then what came last in the middle of
    /// something, and otherwise every kind of thing is as likely.
    fn swept(&self, last: Option<&str>, choices: &mut impl Choices) -> Option<usize> {
        let entries = || self.menu.entries.iter().enumerate().filter(|(_, entry)| !is_by_hand(entry));
        let names: BTreeSet<&str> =
            entries().filter(|(_, entry)| entry.class != Class::Repair).map(|(_, entry)| entry.name).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let again = last.filter(|last| names.contains(last) && choices.one_in("the same", 3));
        let usual =
            choices.of("usual", USUAL).copied().filter(|usual| names.contains(usual) && choices.one_in("is", 2));
        let name = match again.or(usual) {
            Some(name) => name,
            None => choices.of("swept", &names)?,
        };
        let of_name: Vec<usize> = entries().filter(|(_, entry)| entry.name == name).map(|(at, _)| at).collect();
        choices.of("which swept", &of_name).copied()
    }

    /// Something happens at a moment, if it can, and the story comes to its end.
    fn happens(
        &mut self,
        entry: &Entry,
        anchor: Anchor,
        rest: &[Move],
        choices: &mut impl Choices,
    ) -> Result<(), Broken> {
        if self.done(entry.name.to_owned(), When::On(anchor), entry)? { self.end(rest, choices) } else { Ok(()) }
    }

    /// What is written, and then what leads to an end.
    fn end(&mut self, rest: &[Move], choices: &mut impl Choices) -> Result<(), Broken> {
        self.middle = Some((self.player.clone(), self.moves.clone()));
        for one in rest {
            if self.player.is_long() {
                break;
            }
            let when = one.when.later(Duration::ZERO, self.player.now());
            self.do_move_when(Move { when, ..one.clone() })?;
        }
        self.ending(choices)
    }

    /// People do what leads on, for some rounds.
    fn ending(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        for _ in 0..ENDING {
            if self.player.is_long() {
                break;
            }
            self.round(true, choices)?;
        }
        self.player.settle()
    }

    /// People do what leads on, or time goes by.
    fn led(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        self.player.settle()?;
        let prompts = self.player.prompts();
        if !prompts.is_empty() {
            return self.reply(&prompts, true, choices);
        }
        if self.lead_on(true, choices)? { Ok(()) } else { self.pause(choices) }
    }

    fn tell(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        let rounds = self.plan.most * 2;
        for round in 0..rounds {
            if self.moves.len() >= self.plan.most || self.player.is_long() {
                break;
            }
            // Towards the end what is broken is repaired and people do what leads on, so that it can come to an end.
            let ending = round * 3 > rounds * 2;
            if ending && self.middle.is_none() {
                self.middle = Some((self.player.clone(), self.moves.clone()));
            }
            self.round(ending, choices)?;
        }
        self.player.settle()
    }

    /// One thing more.
    fn round(&mut self, ending: bool, choices: &mut impl Choices) -> Result<(), Broken> {
        if !ending && choices.below("hasty now", 10) < self.hasty && !self.moves.is_empty() {
            return self.in_the_middle(choices);
        }
        if !ending && self.moves.len() >= 2 && choices.one_in("once more", 7) {
            return self.once_more(choices);
        }
        self.player.settle()?;
        let prompts = self.player.prompts();
        if !prompts.is_empty() && !choices.one_in("leave open", 5) {
            return self.reply(&prompts, ending, choices);
        }
        if self.lead_on(ending, choices)? {
            return Ok(());
        }
        match choices.below("what", 3) {
            0 => self.pause(choices),
            _ => self.something(ending, choices),
        }
    }

    /// The last few things again, once or a few times: some rules count. In one story of two another thing of the same
    /// kind takes the place of one of them each time: some rules count only what is the same.
    fn once_more(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        let mut many = 1 + choices.below("how many", MOST_AGAIN.min(self.moves.len()));
        // What came in the middle of something does so again, with all that people did about it.
        let hasty = self.moves.iter().rev().take(MOST_AGAIN).position(|one| matches!(one.when, When::On(_)));
        if let Some(back) = hasty
            && choices.one_in("from the middle", 2)
        {
            many = back + 1;
        }
        let times = 1 + choices.below("times", MOST_TIMES);
        let varies = choices.one_in("varies", 2);
        let last = self.moves[self.moves.len() - many..].to_vec();
        for _ in 0..times {
            let other = if varies { choices.below("other", many) } else { many };
            for (at, one) in last.iter().enumerate() {
                let instead = if at == other { self.like(one, choices) } else { None };
                if self.player.is_long() || !self.soon(instead.as_ref().unwrap_or(one))? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Another thing of the same kind, at the same moment.
    fn like(&self, one: &Move, choices: &mut impl Choices) -> Option<Move> {
        let known = self.menu.entries.iter().find(|entry| one.on_menu && entry.step == one.step)?;
        let same = |(at, entry): &(usize, &Entry)| {
            self.enabled[*at] && entry.subject == known.subject && entry.class == known.class
        };
        let others: Vec<&Entry> = self.menu.entries.iter().enumerate().filter(same).map(|(_, entry)| entry).collect();
        choices.of("like", &others).map(|entry| Move::of(entry, one.when.clone()))
    }

    /// Does something as soon as it can be done, if that is soon. Whether it was.
    fn soon(&mut self, one: &Move) -> Result<bool, Broken> {
        let until = self.player.now() + SOON;
        if let When::On(anchor) = &one.when {
            // The record that it waited for before is no news. One that came of what was done just before does so
            // again.
            let now = self.player.now();
            let anchor = Anchor { from: anchor.from.map(|_| now), came: now, ..anchor.clone() };
            return self.do_move_when(Move { when: When::On(anchor), ..one.clone() });
        }
        for _ in 0..MOST_WAITS {
            self.player.settle()?;
            if self.do_move(Move { when: When::At(self.player.now()), ..one.clone() })? {
                return Ok(true);
            }
            match self.player.world().next_at().filter(|next| *next <= until) {
                Some(next) => self.player.advance_to(next)?,
                None => break,
            }
        }
        Ok(false)
    }

    /// Something else, then what was written, then what leads to an end.
    fn tell_on(&mut self, rest: &[Move], choices: &mut impl Choices) -> Result<(), Broken> {
        let begun = self.player.now();
        let most = self.moves.len() + 1 + choices.below("most", self.plan.most);
        for _ in 0..self.plan.most * 2 {
            if self.moves.len() >= most || self.player.is_long() {
                break;
            }
            self.round(false, choices)?;
        }
        self.middle = Some((self.player.clone(), self.moves.clone()));
        let late = self.player.now().since(begun);
        let shifted = choices.one_in("later", 2);
        if !choices.one_in("no rest", 4) {
            for one in rest {
                if choices.one_in("left out", 10) || self.player.is_long() {
                    continue;
                }
                let when = one.when.later(if shifted { late } else { Duration::ZERO }, self.player.now());
                self.do_move_when(Move { when, ..one.clone() })?;
            }
        }
        self.ending(choices)
    }

    /// Something that goes wrong or changes while something else is on its way.
    fn in_the_middle(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        let most = 1 << choices.below("how far", 8);
        let things = 1 + choices.below("things", most);
        let until = self.player.now() + HORIZON;
        let Some(anchor) = self.player.moment(things, until)? else { return Ok(()) };
        for _ in 0..ATTEMPTS {
            let Some(at) = self.drawn(false, choices) else { return Ok(()) };
            let entry = &self.menu.entries[at];
            if !is_by_hand(entry) && self.done(entry.name.to_owned(), When::On(anchor.clone()), entry)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What a story needs to go on: somebody who is there, a click where one is asked for. Whether anything was done.
    fn lead_on(&mut self, ending: bool, choices: &mut impl Choices) -> Result<bool, Broken> {
        if !ending && choices.below("lead on", 8) >= self.helpful {
            return Ok(false);
        }
        const LEADING: &[&str] = &["click icon", "click balloon", "unlock", "logon", "boot"];
        let mut names: Vec<&str> = LEADING.to_vec();
        // Whoever waits for a manager is answered some day.
        if choices.one_in("office", if ending { 2 } else { 4 }) {
            names.push(if choices.one_in("denied", 3) { "ca deny" } else { "ca approve" });
        }
        if ending && self.moves.iter().any(|one| self.is_fault(&one.name)) {
            names.extend(["effects work", "card repaired", "ca start", "ca reachable", "directory reachable"]);
        }
        let from = choices.below("leading", names.len());
        names.rotate_left(if choices.one_in("leading first", 2) { 0 } else { from });
        for name in names {
            for entry in self.menu.entries.iter().filter(|entry| entry.name == name) {
                if self.is_done_already(entry) {
                    continue;
                }
                let when = When::At(self.player.now());
                if self.done(name.to_owned(), when, entry)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn is_fault(&self, name: &str) -> bool {
        self.menu.entries.iter().any(|entry| entry.class == Class::Fault && entry.name == name)
    }

    /// Whether an entry was the last of its kind to be done: a repair of what is not broken leads nowhere.
    fn is_done_already(&self, entry: &Entry) -> bool {
        entry.class == Class::Repair && self.moves.iter().any(|one| one.step == entry.step)
    }

    fn pause(&mut self, choices: &mut impl Choices) -> Result<(), Broken> {
        let next = self.player.world().next_at();
        let at = match next.filter(|_| choices.one_in("next", 3)) {
            Some(next) => next,
            None => {
                let (one, other) = (choices.below("pause", PAUSES.len()), choices.below("pause", PAUSES.len()));
                self.player.now() + PAUSES[one.min(other)]
            }
        };
        self.player.advance_to(at)
    }

    fn something(&mut self, ending: bool, choices: &mut impl Choices) -> Result<(), Broken> {
        for _ in 0..ATTEMPTS {
            let Some(at) = self.drawn(ending, choices) else { return Ok(()) };
            let entry = &self.menu.entries[at];
            if self.done(entry.name.to_owned(), When::At(self.player.now()), entry)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// An entry: first one that is wished for and has not been done.
    fn drawn(&self, ending: bool, choices: &mut impl Choices) -> Option<usize> {
        let all = self.menu.entries.iter().enumerate().filter(|(at, _)| self.enabled[*at]);
        let is_broken = self.moves.iter().any(|one| self.is_fault(&one.name));
        let fits = |entry: &Entry| match entry.class {
            Class::Deed => true,
            // What is not broken is not repaired.
            Class::Repair => is_broken || self.plan.wishes.contains(entry.name),
            Class::Office | Class::Fault => !ending,
        };
        if let Some(favourite) = choices.of("which again", &self.favourites).copied()
            && fits(&self.menu.entries[favourite])
            && choices.one_in("again", 3)
        {
            return Some(favourite);
        }
        let open: Vec<usize> = all.filter(|(_, entry)| fits(entry)).map(|(at, _)| at).collect();
        let wished = |at: &usize| {
            let name = self.menu.entries[*at].name;
            self.plan.wishes.contains(name) && !self.moves.iter().any(|one| one.name == name)
        };
        let wishes: Vec<usize> = open.iter().copied().filter(wished).collect();
        if !wishes.is_empty() && !choices.one_in("no wish", 3) {
            return choices.of("wish", &wishes).copied();
        }
        choices.of("entry", &open).copied()
    }

    fn done(&mut self, name: String, when: When, entry: &Entry) -> Result<bool, Broken> {
        self.changed_pin |= name == "card pin reset";
        self.do_move(Move { name, ..Move::of(entry, when) })
    }

    /// Does something, and keeps it when it could be done.
    fn do_move(&mut self, one: Move) -> Result<bool, Broken> {
        let actions = one.actions.clone();
        self.moves.push(one);
        let done = self.player.act(&actions)?;
        if done == Done::No {
            self.moves.pop();
        }
        Ok(done == Done::Yes)
    }

    /// Does something at its moment, and keeps it when it could be done.
    fn do_move_when(&mut self, one: Move) -> Result<bool, Broken> {
        if self.player.reach(&one.when)? == Done::No {
            return Ok(false);
        }
        let when = match one.when.clone() {
            When::On(anchor) => When::On(Anchor { came: self.player.now(), ..anchor }),
            when => when,
        };
        self.do_move(Move { when, ..one })
    }

    fn reply(&mut self, prompts: &[OpenPrompt], ending: bool, choices: &mut impl Choices) -> Result<(), Broken> {
        let Some(prompt) = choices.of("prompt", prompts) else { return Ok(()) };
        let cards = &self.menu.spec.cards;
        let answers = answers(prompt, cards, self.changed_pin);
        let wished = |answer: &&(PromptAnswer, String)| {
            self.plan.wishes.contains(&answer.1) && !self.moves.iter().any(|one| one.name == answer.1)
        };
        let wishes: Vec<&(PromptAnswer, String)> = answers.iter().filter(wished).collect();
        let habit = self.habits.get(&prompt.point).filter(|_| self.stubborn && !ending);
        let habit = habit.and_then(|habit| answers.iter().find(|(_, name)| name == habit));
        let habit = habit.filter(|_| !choices.one_in("not again", 3));
        let leads = habit.is_none() && (ending || choices.below("leads", 8) < self.helpful);
        let chosen = match wishes.first().copied().or(habit) {
            Some(chosen) => Some(chosen),
            None if leads => answers.first(),
            None => choices.of("answer", &answers),
        };
        if let (Some((_, name)), Some((_, leading))) = (chosen, answers.first())
            && name != leading
        {
            self.habits.insert(prompt.point, name.clone());
        }
        let Some((answer, name)) = chosen.cloned() else { return Ok(()) };
        if leads && prompt.point == DecisionPoint::CardInsert && name.ends_with("cancel") {
            // A card is asked for: somebody brings it, or another.
            let brought = self.bring(cards, choices)?;
            if brought {
                return Ok(());
            }
        }
        let one = Move::reply(name, &prompt.user, prompt.point, answer, When::At(self.player.now()));
        self.do_move(one).map(drop)
    }

    /// Whether a card was put in, or another one.
    fn bring(&mut self, cards: &[CardSpec], choices: &mut impl Choices) -> Result<bool, Broken> {
        let names: &[&str] = if choices.one_in("another", 3) { &["swap", "insert"] } else { &["insert", "swap"] };
        let nowhere = |card: &CardSpec| {
            let look = self.player.world().look(&Look::Card(card.name.clone()));
            look.is_ok_and(|facts| facts.text("inserted-in") == Some("nowhere"))
        };
        if !cards.iter().any(nowhere) {
            return Ok(false);
        }
        for name in names {
            for entry in self.menu.entries.iter().filter(|entry| entry.name == *name) {
                if self.done((*name).to_owned(), When::At(self.player.now()), entry)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// What is not done in the middle of something: nobody clicks that quickly, or deletes by hand what has just come.
fn is_by_hand(entry: &Entry) -> bool {
    matches!(entry.step.kind, StepKind::Action(ActionStep::Click(_)))
        || matches!(entry.name, "certificate deleted" | "new certificate deleted" | "request deleted")
}

/// Every answer to a prompt, as moves.
pub(crate) fn replies(prompt: &OpenPrompt, cards: &[CardSpec], now: SimTime) -> Vec<Move> {
    let reply = |(answer, name)| Move::reply(name, &prompt.user, prompt.point, answer, When::At(now));
    answers(prompt, cards, false).into_iter().map(reply).collect()
}

/// What can be answered, with its name; first what leads on.
fn answers(prompt: &OpenPrompt, cards: &[CardSpec], changed_pin: bool) -> Vec<(PromptAnswer, String)> {
    const LEADING: &[Choice] = &[Choice::Start, Choice::Pin, Choice::Ok, Choice::Card, Choice::Yes, Choice::Touch];
    let named = |answer: PromptAnswer, word: &str| (answer, format!("answer {} {word}", prompt.point));
    let mut offers = prompt.offers.clone();
    // A card that waits for a touch shows nothing that could be closed.
    offers.extend((prompt.point != DecisionPoint::CardTouch).then_some(Choice::Close));
    offers.sort_by_key(|offer| LEADING.iter().position(|leading| leading == offer).unwrap_or(LEADING.len()));
    offers.dedup();
    let mut answers = Vec::new();
    for offer in offers {
        match offer {
            Choice::Pin => {
                let asked = cards.iter().find(|card| prompt.facts.text("card") == Some(&card.name));
                let own = asked.map_or("1234", |card| card.pin.reveal());
                let (first, second) = if changed_pin { ("4321", own) } else { (own, "4321") };
                answers.push(named(PromptAnswer::Pin(first.to_owned()), "pin"));
                answers.push(named(PromptAnswer::Pin(second.to_owned()), "another pin"));
                answers.push(named(PromptAnswer::Pin("0000".to_owned()), "a wrong pin"));
            }
            Choice::Card => {
                answers.extend(cards.iter().map(|card| named(PromptAnswer::Card(card.name.clone()), "card")));
            }
            word => answers.push(named(PromptAnswer::Word(word), word.as_str())),
        }
    }
    answers
}
