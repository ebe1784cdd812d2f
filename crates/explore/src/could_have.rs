//! Until when a story that came to nothing could have come to something: the step after which nothing that people can
//! do leads to the certificate.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use autoenroll_model::{Choice, DecisionPoint, Duration, SimTime};
use autoenroll_scenario::{ActionStep, PromptAnswer, Scenario, StepKind};
use autoenroll_trace::Kind;
use autoenroll_world::{OpenPrompt, StateKey, Times};

use crate::breadth::{End, Limits, Space, search};
use crate::file::Bench;
use crate::law::Broken;
use crate::neighbours::{Played, alone, story_of};
use crate::player::{Done, Player};
use crate::stage::{Stage, StageError, caught};
use crate::story::{Move, Setup, When};

/// What people do who want a certificate. None of it takes anything away but a card for another.
const DEEDS: &[&str] = &["click icon", "click balloon", "insert", "swap", "unlock", "logon", "boot", "pulse"];
/// Of these, what is done before the answer to a prompt that asks for a card.
const FIRST: &[&str] = &["click icon", "click balloon", "insert"];
/// How exactly it is said when something was lost between two events.
const EXACT: Duration = Duration::minutes(1);
/// How long people wait where nothing is due.
const PAUSE: Duration = Duration::hours(8);
/// The most things that are done by somebody who does what is asked.
const MOST_OBVIOUS: usize = 40;

/// How a story that came to nothing could have come to something.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Who has no certificate.
    pub who: String,
    /// Of which template.
    pub template: String,
    /// Until when it could have been had.
    pub until: Until,
    /// What could have been done from the last moment on at which it was possible; empty when there was none.
    pub way: Vec<String>,
}

/// Until when something was possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// It never was: the story had no chance.
    Never,
    /// A step made it impossible; counted from 0.
    Step(usize),
    /// It became impossible while nobody did anything, behind a step or from the start on.
    Waiting {
        /// The step before.
        after: Option<usize>,
        /// When.
        at: SimTime,
    },
    /// It is still possible at the end.
    Always,
    /// There are more states to look at than was asked for.
    NotDecided {
        /// The step behind which it is not known.
        after: Option<usize>,
    },
}

/// What of a scenario did not come to a certificate, and until when it could have. `states` is how many states are
/// looked at for each moment before it counts as not decided.
///
/// People can log on, unlock, ask for a run, click what is there, put cards in or change them, give the PIN that is
/// right, answer everything else in every way, and wait for the next thing. Two moments at which the same is to come in
/// the same order are taken for one: what needs somebody to be quick, or to wait through several beats of the timer
/// while nothing else changes, may be missed. What the world is scheduled to do, it does; what the story
/// would have changed later, it does not.
///
/// # Errors
/// When the world of the scenario cannot be built, or playing it panics.
pub fn outlooks(scenario: &Scenario, states: u64, bench: Bench<'_>) -> Result<Vec<Outlook>, StageError> {
    let stage = Stage::open(Setup::Written(Arc::new(alone(scenario))), bench.library)?;
    let panicked = |broken: Broken| StageError::World(broken.reason);
    let mut played = None;
    caught(|| {
        played = Some(story_of(scenario, &stage.world, bench));
        Ok(())
    })
    .map_err(panicked)?;
    let Some(played) = played else { return Ok(Vec::new()) };
    let moments = moments(&stage, &played);
    let wanted = unfulfilled(&played);
    Ok(wanted.into_iter().map(|(who, template)| outlook(&stage, &moments, states, who, template)).collect())
}

/// Who tried in vain to get which certificate.
fn unfulfilled(played: &Played) -> Vec<(String, String)> {
    let mut fates: BTreeMap<(String, String), bool> = BTreeMap::new();
    for record in played.trace.iter().map(|record| record.unpack()) {
        let Some(template) = record.facts.text("template") else { continue };
        let of = (record.actor.to_string(), template.to_owned());
        match record.kind {
            Kind::ItemStarted => {
                fates.insert(of, false);
            }
            Kind::ItemEnded => {
                fates.insert(of, record.facts.text("outcome") == Some("enrolled"));
            }
            _ => {}
        }
    }
    fates.into_iter().filter(|(_, enrolled)| !enrolled).map(|(of, _)| of).collect()
}

/// A moment of a story, and the world as it was then.
struct Moment {
    /// The step that was done last.
    after: Option<usize>,
    /// The world has just been left by that step; otherwise the next one is about to come.
    fresh: bool,
    player: Player,
}

/// The moments behind each step and before the next.
fn moments(stage: &Stage, played: &Played) -> Vec<Moment> {
    let mut player = stage.player();
    let mut moments = vec![Moment { after: None, fresh: true, player: player.clone() }];
    let mut after = None;
    for (one, step) in played.moves.iter().zip(&played.steps) {
        let mut done = Done::No;
        let reached = caught(|| {
            done = player.reach(&one.when)?;
            Ok(())
        });
        if reached.is_err() || done == Done::No {
            break;
        }
        moments.push(Moment { after, fresh: false, player: player.clone() });
        after = Some(*step);
        let acted = caught(|| {
            player.act(&one.actions)?;
            player.settle()
        });
        if acted.is_err() {
            break;
        }
        moments.push(Moment { after, fresh: true, player: player.clone() });
    }
    if caught(|| player.advance_to(played.end)).is_ok() {
        moments.push(Moment { after, fresh: false, player });
    }
    moments
}

fn outlook(stage: &Stage, moments: &[Moment], states: u64, who: String, template: String) -> Outlook {
    let hope = |player: &Player| Hope { stage, from: player, who: &who, template: &template }.is_there(states);
    let mut later: Option<&Moment> = None;
    for moment in moments.iter().rev() {
        match (hope(&moment.player), later) {
            (Found::No, _) => later = Some(moment),
            (Found::NotDecided, _) => {
                return Outlook { until: Until::NotDecided { after: moment.after }, way: Vec::new(), who, template };
            }
            (Found::Yes(way), None) => return Outlook { until: Until::Always, way, who, template },
            (Found::Yes(way), Some(lost)) if lost.fresh => {
                let until = lost.after.map_or(Until::Never, Until::Step);
                return Outlook { until, way, who, template };
            }
            (Found::Yes(way), Some(lost)) => {
                let (at, way) = lost_between(&moment.player, lost.player.now(), way, &hope);
                return Outlook { until: Until::Waiting { after: moment.after, at }, way, who, template };
            }
        }
    }
    Outlook { until: Until::Never, way: Vec::new(), who, template }
}

/// The moment at which hope goes while nobody does anything, and what could have been done before.
fn lost_between(
    from: &Player,
    until: SimTime,
    way: Vec<String>,
    hope: &dyn Fn(&Player) -> Found,
) -> (SimTime, Vec<String>) {
    let (mut player, mut way) = (from.clone(), way);
    let (mut possible, mut lost) = (player.now(), until);
    while let Some(next) = player.world().next_at().filter(|next| *next < lost) {
        let before = player.clone();
        if caught(|| player.advance_to(next)).is_err() {
            return (next, way);
        }
        match hope(&player) {
            Found::Yes(found) => (possible, way) = (next, found),
            Found::No | Found::NotDecided => {
                (player, lost) = (before, next);
                break;
            }
        }
    }
    // Between two events something may have ended.
    while lost.since(possible) > EXACT {
        let middle = SimTime(possible.0 + lost.since(possible).0 / 2);
        let mut there = player.clone();
        let hope = caught(|| there.advance_to(middle)).map_or(Found::No, |()| hope(&there));
        match hope {
            Found::Yes(found) => (possible, way) = (middle, found),
            Found::No | Found::NotDecided => lost = middle,
        }
    }
    (lost, way)
}

/// Whether there is hope.
enum Found {
    /// What has to be done.
    Yes(Vec<String>),
    No,
    NotDecided,
}

/// A world in which somebody wants a certificate.
struct Hope<'a> {
    stage: &'a Stage,
    from: &'a Player,
    who: &'a str,
    template: &'a str,
}

/// The certificate is there.
struct Enrolled;

/// What somebody does.
#[derive(Clone, Debug)]
enum Deed {
    Act(Box<Move>),
    /// Waits until something happens, or for [`PAUSE`] where nothing is due before.
    Wait,
}

impl Hope<'_> {
    fn is_there(&self, states: u64) -> Found {
        if let Some(way) = self.obvious() {
            return Found::Yes(way);
        }
        let limits = Limits { depth: usize::MAX, states, one: true };
        let searched = search(self, limits, NonZeroUsize::MIN, |_| true);
        match (searched.broken.into_iter().next(), searched.end) {
            (Some((way, Enrolled)), _) => Found::Yes(way.iter().map(named).collect()),
            (None, End::Closed) => Found::No,
            (None, _) => Found::NotDecided,
        }
    }

    /// What somebody does who does whatever is asked, when that is enough.
    fn obvious(&self) -> Option<Vec<String>> {
        let mut player = self.from.clone();
        let mut way = Vec::new();
        for _ in 0..MOST_OBVIOUS {
            let (inserts, others): (Vec<OpenPrompt>, Vec<OpenPrompt>) =
                player.prompts().into_iter().partition(|prompt| prompt.point == DecisionPoint::CardInsert);
            let reply = |prompt: &OpenPrompt| self.replies(prompt, &player).into_iter().next();
            // A card that is asked for comes before the answer that it is there.
            let (first, later): (Vec<Move>, Vec<Move>) =
                self.deeds(&player).partition(|one| FIRST.contains(&one.name.as_str()));
            let all = others.iter().filter_map(reply).chain(first).chain(inserts.iter().filter_map(reply)).chain(later);
            let began = player.records();
            let leads = |deed: Deed| {
                let tried = self.done(player.clone(), &deed)?;
                (matches!(deed, Deed::Wait) || changed(&tried, began)).then_some((deed, tried))
            };
            let (first, tried) = all.map(|one| Deed::Act(Box::new(one))).chain([Deed::Wait]).find_map(leads)?;
            way.push(named(&first));
            if self.is_enrolled(&tried, began) {
                return Some(way);
            }
            player = tried;
        }
        None
    }

    fn deeds(&self, player: &Player) -> impl Iterator<Item = Move> {
        let now = player.now();
        let entries = &self.stage.menu.entries;
        DEEDS
            .iter()
            .flat_map(move |name| entries.iter().filter(move |entry| entry.name == *name))
            .map(move |entry| Move::of(entry, When::At(now)))
    }

    /// Every answer that may lead on: of PINs the right one.
    fn replies(&self, prompt: &OpenPrompt, player: &Player) -> Vec<Move> {
        let spec = &self.stage.menu.spec;
        let now = When::At(player.now());
        let reply = |answer: PromptAnswer, word: &str| {
            let name = format!("answer {} {word}", prompt.point);
            Move::reply(name, &prompt.user, prompt.point, answer, now.clone())
        };
        let mut offers = prompt.offers.clone();
        // What leads on comes first.
        const LEADING: &[Choice] = &[Choice::Start, Choice::Pin, Choice::Ok, Choice::Card, Choice::Yes, Choice::Touch];
        offers.sort_by_key(|offer| LEADING.iter().position(|leading| leading == offer).unwrap_or(LEADING.len()));
        let mut replies = Vec::new();
        for offer in offers {
            match offer {
                Choice::Pin => {
                    let of = |card: &&autoenroll_world::spec::CardSpec| prompt.facts.text("card") == Some(&card.name);
                    let pin = spec.cards.iter().find(of).map(|card| card.pin.reveal().to_owned());
                    replies.extend(pin.map(|pin| reply(PromptAnswer::Pin(pin), "pin")));
                }
                Choice::Card => {
                    let card = |name: &String| reply(PromptAnswer::Card(name.clone()), &format!("card {name}"));
                    replies.extend(spec.cards.iter().map(|one| card(&one.name)));
                }
                word => replies.push(reply(PromptAnswer::Word(word), word.as_str())),
            }
        }
        replies
    }

    /// The world behind something that is done; `None` when it cannot be done or breaks something.
    fn done(&self, mut player: Player, deed: &Deed) -> Option<Player> {
        let mut done = Done::Yes;
        caught(|| {
            match deed {
                Deed::Act(first) => done = player.act(&first.actions)?,
                Deed::Wait => {
                    let pause = player.now() + PAUSE;
                    let next = player.world().next_at().map_or(pause, |next| next.min(pause));
                    player.advance_to(next)?;
                }
            }
            player.settle()
        })
        .ok()?;
        (done == Done::Yes).then_some(player)
    }

    fn is_enrolled(&self, player: &Player, began: usize) -> bool {
        let mut ended = player.world().trace().since(began).filter(|record| record.kind == Kind::ItemEnded);
        ended.any(|record| {
            let record = record.unpack();
            *record.actor == *self.who
                && record.facts.text("template") == Some(self.template)
                && record.facts.text("outcome") == Some("enrolled")
        })
    }
}

/// Whether more has come of something than that it was done.
fn changed(player: &Player, began: usize) -> bool {
    player.records() > began + 1
}

/// What is done, in a few words.
fn named(one: &Deed) -> String {
    let one = match one {
        Deed::Act(one) => one,
        Deed::Wait => return "wait".to_owned(),
    };
    match &one.step.kind {
        StepKind::Action(ActionStep::Insert { card, .. }) => format!("insert {}", card.value),
        StepKind::Action(ActionStep::Swap { card, to, .. }) => format!("swap {} for {}", card.value, to.value),
        StepKind::Action(ActionStep::Logon { user, .. }) => format!("logon {}", user.value),
        _ => one.name.clone(),
    }
}

impl Space for Hope<'_> {
    type State = Player;
    type Step = Deed;
    type Wrong = Enrolled;
    type Key = StateKey;

    fn start(&self) -> Player {
        self.from.clone()
    }

    fn key(&self, player: &Player) -> StateKey {
        player.world().state_key_since(&self.stage.world, Times::Order)
    }

    fn successors(&self, player: &Player, each: &mut dyn FnMut(Deed, Result<Player, Enrolled>)) {
        let replies = player.prompts().into_iter().flat_map(|prompt| self.replies(&prompt, player)).collect::<Vec<_>>();
        let acts = replies.into_iter().chain(self.deeds(player)).map(|one| Deed::Act(Box::new(one)));
        for deed in acts.chain([Deed::Wait]) {
            let began = player.records();
            if let Some(mut next) = self.done(player.clone(), &deed) {
                let led = if self.is_enrolled(&next, began) {
                    Err(Enrolled)
                } else {
                    next.forget();
                    Ok(next)
                };
                each(deed, led);
            }
        }
    }
}
