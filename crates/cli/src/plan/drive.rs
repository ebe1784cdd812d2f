//! Plays one principal's logon or boot in the world, with the real core: silent work to its end, and behind every
//! prompt a user who says yes for as long as that is possible. Then the clock is set forward to each date from which a
//! renewal is due, to see whether it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use autoenroll_core::InProcess as OwnCore;
use autoenroll_model::{Choice, DecisionPoint, Duration, Fact, Facts, FileTime, Role};
use autoenroll_scenario::parse_instant;
use autoenroll_trace::{Kind, Record, Records};
use autoenroll_world::action::{Change, ClickTarget, UserAnswer};
use autoenroll_world::spec::{CardSpec, ComputerSpec};
use autoenroll_world::{
    ActError, Action, InProcessCards, InProcessCas, Look, OpenPrompt, World, WorldError, WorldSpec,
};

use crate::catalogue;
use crate::explain::{is_unmanaged, may_settle};

/// The world that every principal begins in.
pub(super) type Stage = World<OwnCore, InProcessCards, InProcessCas>;

/// How long a run may wait for something that no user does.
const PATIENCE: Duration = Duration::hours(8);
/// How many dates of renewal are looked at; of later ones it is known only that the date is the core's.
const MOST_DATES: usize = 4;

/// Whose plan it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Principal {
    /// Its name.
    pub(super) name: String,
    /// The computer where it logs on; itself for a computer.
    pub(super) computer: String,
    /// It is a user.
    pub(super) is_user: bool,
}

/// What came of it.
pub(super) struct Driven {
    /// The world at the end of the first run, with its whole trace.
    pub(super) world: Stage,
    /// That trace, unpacked.
    pub(super) records: Records,
    /// The records of logon or boot and all that follows from it.
    pub(super) run: Range<usize>,
    /// Decisions of the next run about certificates that are there by then, when there is something new.
    pub(super) next: Range<usize>,
    /// The certificates that are renewed when their date comes, and of those that are not, the decision why.
    pub(super) when_due: BTreeMap<String, WhenDue>,
    /// Prompts that nobody could answer as they want it, by template.
    pub(super) unanswered: Vec<Unanswered>,
    /// Why the first run did not come to its end.
    pub(super) stopped: Option<Stopped>,
}

/// What happens to a certificate when the date of its renewal has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WhenDue {
    /// It is renewed.
    Renewed,
    /// It is not, by that decision where one says so.
    Lapses(Option<Box<Record>>),
}

/// A prompt that was cancelled because the world has nothing to answer it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered {
    pub(super) template: String,
    /// What is missing, in words.
    pub(super) lacks: String,
}

/// Why a run did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The budget is used up, or an instant does not end.
    World(String),
    /// The bench is wrong, or the core.
    Bench(String),
    /// It waits for something that does not come.
    Waits,
}

/// Plays a principal's day in a world of its own.
pub(super) fn drive(stage: &Stage, spec: &WorldSpec, principal: &Principal) -> Driven {
    let mut play = Play {
        world: stage.clone(),
        spec,
        principal,
        seen: 0,
        open: false,
        listed: false,
        item: None,
        asked: BTreeSet::new(),
        unanswered: Vec::new(),
    };
    let begin = match principal.is_user {
        true => Action::Logon { user: principal.name.clone(), computer: principal.computer.clone() },
        false => Action::Boot { computer: principal.name.clone() },
    };
    let stopped = play.begin(&begin, Until::End).err();
    let run = 0..play.world.trace().len();
    let mut driven = Driven {
        world: play.world.clone(),
        records: play.world.trace().unpack(),
        run: run.clone(),
        next: run.end..run.end,
        when_due: BTreeMap::new(),
        unanswered: std::mem::take(&mut play.unanswered),
        stopped,
    };
    if driven.stopped.is_some() {
        return driven;
    }
    let is_new = play
        .world
        .trace()
        .of(Kind::ItemEnded)
        .any(|record| record.actor() == principal.name && record.text("outcome") == Some("enrolled"));
    // The run is over there: another one begins at once.
    let idle = play.clone();
    let pulse = Action::Pulse { principal: principal.name.clone() };
    if is_new && play.begin(&pulse, Until::List).is_ok() {
        driven.next = run.end..play.world.trace().len();
        driven.world = play.world;
        driven.records = driven.world.trace().unpack();
    }
    driven.when_due = when_due(&idle, &driven);
    driven
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// When the run is over.
    End,
    /// When its work list is complete.
    List,
}

/// A world in which one principal acts.
#[derive(Clone)]
struct Play<'a> {
    world: Stage,
    spec: &'a WorldSpec,
    principal: &'a Principal,
    /// How many records were looked at.
    seen: usize,
    /// A run is open.
    open: bool,
    /// Its work list is complete.
    listed: bool,
    /// The template of the item in work.
    item: Option<String>,
    /// What was asked for this item, and answered.
    asked: BTreeSet<String>,
    unanswered: Vec<Unanswered>,
}

impl Play<'_> {
    /// Does something and lets the world go on until a run is over, or as far as it is to go.
    fn begin(&mut self, action: &Action, until: Until) -> Result<(), Stopped> {
        self.listed = false;
        self.act(action)?;
        let horizon = self.world.now() + PATIENCE;
        // Bounded by the budget: each turn acts or steps, and both are counted by the world.
        loop {
            self.follow();
            if until == Until::List && self.listed {
                return Ok(());
            }
            let next = self.world.next_at();
            if !self.open && next.is_none_or(|at| at > self.world.now()) {
                return Ok(());
            }
            if self.use_desktop()? {
                continue;
            }
            match next.filter(|at| *at <= horizon) {
                Some(at) => drop(self.world.step(at).map_err(stopped)?),
                None => return Err(Stopped::Waits),
            }
        }
    }

    fn act(&mut self, action: &Action) -> Result<(), Stopped> {
        self.world.act(action).map_err(|error| match error {
            ActError::World(error) => stopped(error),
            other => Stopped::Bench(other.to_string()),
        })
    }

    /// Reads what is new in the trace.
    fn follow(&mut self) {
        let trace = self.world.trace();
        for record in trace.since(self.seen).filter(|record| record.actor() == self.principal.name) {
            match record.kind {
                Kind::RunStarted => (self.open, self.listed) = (true, false),
                Kind::RunEnded => self.open = false,
                Kind::ItemStarted => {
                    self.item = record.text("template").map(str::to_owned);
                    self.asked.clear();
                }
                Kind::ItemEnded => self.item = None,
                Kind::Decision => self.listed |= is(&record.unpack(), Role::CompletesWorkList),
                _ => {}
            }
        }
        self.seen = trace.len();
    }

    /// Answers an open prompt, or clicks what is there to be clicked; whether there was anything.
    fn use_desktop(&mut self) -> Result<bool, Stopped> {
        if !self.principal.is_user {
            return Ok(false);
        }
        let user = self.principal.name.clone();
        if let Some(prompt) = self.world.prompts().into_iter().find(|prompt| prompt.user == user) {
            self.answer(&prompt)?;
            return Ok(true);
        }
        let Ok(desktop) = self.world.look(&Look::Desktop(user.clone())) else { return Ok(false) };
        let shows = |what: &str| desktop.get(what) == Some(&Fact::Flag(true));
        let on = match (shows("balloon"), shows("icon")) {
            (true, _) => ClickTarget::Balloon,
            (false, true) => ClickTarget::Icon,
            (false, false) => return Ok(false),
        };
        self.act(&Action::Click { user, on })?;
        Ok(true)
    }

    /// The answer that leads on; the one that ends the question where none does, or it came before.
    fn answer(&mut self, prompt: &OpenPrompt) -> Result<(), Stopped> {
        let again = !self.asked.insert(format!("{} {:?}", prompt.point.as_str(), answered_for(&prompt.facts)));
        let facts = &prompt.facts;
        let answer = match prompt.point {
            DecisionPoint::CardInsert => return self.insert(prompt, again),
            DecisionPoint::PinEnter if !again => {
                let card = self.spec.cards.iter().find(|card| Some(card.name.as_str()) == facts.text("card"));
                card.map(|card| UserAnswer::Pin(card.pin.clone()))
            }
            DecisionPoint::CardSelect if !again => match facts.get("cards") {
                Some(Fact::List(cards)) => cards.iter().find_map(|card| match card {
                    Fact::Text(card) => Some(UserAnswer::Card(card.to_string())),
                    _ => None,
                }),
                _ => None,
            },
            _ => None,
        };
        let leads_on = [Choice::Start, Choice::Ok, Choice::Yes].into_iter().find(|word| prompt.offers.contains(word));
        let answer = answer.or_else(|| leads_on.filter(|_| !again).map(UserAnswer::Word));
        self.reply(prompt, answer.unwrap_or(UserAnswer::Word(way_out(prompt))))
    }

    fn reply(&mut self, prompt: &OpenPrompt, answer: UserAnswer) -> Result<(), Stopped> {
        self.act(&Action::Reply { user: prompt.user.clone(), point: prompt.point, answer })
    }

    /// Brings a card of the provider, when the world has one and the computer a reader; otherwise cancels.
    fn insert(&mut self, prompt: &OpenPrompt, again: bool) -> Result<(), Stopped> {
        let provider = prompt.facts.text("provider").unwrap_or_default().to_owned();
        if prompt.facts.text("reader") == Some("right card") && !again {
            return self.reply(prompt, UserAnswer::Word(Choice::Ok));
        }
        let lacks = match (self.computer().and_then(|computer| computer.readers.first()), again) {
            (None, _) => format!("{} has no reader", self.principal.computer),
            (Some(_), true) => format!("no card of this world will do for {provider}"),
            (Some(reader), false) => match self.card_of(&provider, prompt.facts.text("card")) {
                Some(card) => {
                    let (card, reader) = (card.name.clone(), reader.clone());
                    self.put(&card, &reader)?;
                    // Where the prompt does not close by itself, its user says so.
                    let still = |open: &OpenPrompt| open.user == prompt.user && open.point == prompt.point;
                    if self.world.prompts().iter().any(still) {
                        self.reply(prompt, UserAnswer::Word(Choice::Ok))?;
                    }
                    return Ok(());
                }
                None => format!("this world has no card of {provider}"),
            },
        };
        if let Some(template) = self.item.clone() {
            self.unanswered.push(Unanswered { template, lacks });
        }
        self.reply(prompt, UserAnswer::Word(way_out(prompt)))
    }

    fn computer(&self) -> Option<&ComputerSpec> {
        self.spec.computers.iter().find(|computer| computer.name == self.principal.computer)
    }

    /// The card that is asked for by name, or the first that the computer takes for one of the provider.
    fn card_of(&self, provider: &str, named: Option<&str>) -> Option<&CardSpec> {
        let computer = self.computer()?;
        let is_of = |card: &&CardSpec| {
            let known = computer.card_database.provider_for(card.profile.atr.as_bytes());
            known.is_some_and(|known| known.eq_ignore_ascii_case(provider))
        };
        let mut cards = self.spec.cards.iter().filter(is_of);
        match named {
            Some(name) => cards.find(|card| card.name == name),
            None => cards.next(),
        }
    }

    /// Puts a card into a reader, and what was there out of it.
    fn put(&mut self, card: &str, reader: &str) -> Result<(), Stopped> {
        let computer = self.principal.computer.clone();
        let insert = Action::Insert { card: card.to_owned(), computer, reader: reader.to_owned() };
        match self.world.act(&insert) {
            Err(ActError::ReaderOccupied { card: other, .. }) => {
                self.act(&Action::Remove { card: other })?;
                self.act(&insert)
            }
            Err(ActError::CardInUse { .. }) => {
                self.act(&Action::Remove { card: card.to_owned() })?;
                self.act(&insert)
            }
            Err(ActError::World(error)) => Err(stopped(error)),
            Err(other) => Err(Stopped::Bench(other.to_string())),
            Ok(()) => Ok(()),
        }
    }
}

/// What tells two prompts of one decision point apart.
fn answered_for(facts: &Facts) -> [Option<&str>; 3] {
    ["provider", "card", "template"].map(|name| facts.text(name))
}

/// The answer that ends a question without what it asks for.
fn way_out(prompt: &OpenPrompt) -> Choice {
    let mut ways = [Choice::Cancel, Choice::No].into_iter();
    ways.find(|word| prompt.offers.contains(word)).unwrap_or(Choice::Close)
}

fn stopped(error: WorldError) -> Stopped {
    match error {
        WorldError::Core { .. } => Stopped::Bench(error.to_string()),
        _ => Stopped::World(error.to_string()),
    }
}

/// Sets the clock to each date from which a certificate is to be renewed, and looks whether it is.
fn when_due(idle: &Play<'_>, driven: &Driven) -> BTreeMap<String, WhenDue> {
    let mut dates: BTreeMap<FileTime, Vec<String>> = BTreeMap::new();
    let records = driven.records.records();
    for record in records.iter().filter(|record| record.actor == idle.principal.name) {
        if let Some((certificate, threshold)) = threshold(record) {
            let of_date = dates.entry(threshold).or_default();
            if !of_date.contains(&certificate) {
                of_date.push(certificate);
            }
        }
    }
    let mut found = BTreeMap::new();
    let (past, to_come): (Vec<_>, Vec<_>) = dates.into_iter().partition(|(date, _)| *date <= driven.world.wall());
    let own = records.iter().filter(|record| record.actor == idle.principal.name && record.kind == Kind::Decision);
    let own: Vec<&Record> = own.collect();
    for certificate in past.into_iter().flat_map(|(_, certificates)| certificates) {
        let fate = fate_of(&certificate, &own);
        found.insert(certificate, fate);
    }
    for (date, certificates) in to_come.into_iter().take(MOST_DATES) {
        let mut then = idle.clone();
        let from = then.world.trace().len();
        let jumped = then.act(&Action::Change(Change::WallClock(date)));
        let pulse = Action::Pulse { principal: idle.principal.name.clone() };
        if jumped.is_err() || then.begin(&pulse, Until::List).is_err() {
            continue;
        }
        let own = then.world.trace().since(from).filter(|record| record.actor() == idle.principal.name);
        let own: Vec<Record> = own.filter(|record| record.kind == Kind::Decision).map(|it| it.unpack()).collect();
        let own: Vec<&Record> = own.iter().collect();
        for certificate in certificates {
            let fate = fate_of(&certificate, &own);
            found.insert(certificate, fate);
        }
    }
    found
}

/// Whether a certificate is on the work list for a renewal, by the decisions of a run up to that list.
fn fate_of(certificate: &str, decisions: &[&Record]) -> WhenDue {
    let complete = decisions.iter().position(|record| is(record, Role::CompletesWorkList));
    let decisions = &decisions[..complete.unwrap_or(decisions.len())];
    let subject = |record: &&&Record| record.facts.text("subject") == Some(certificate);
    let about = decisions.iter().filter(subject);
    let template = about.clone().filter(|record| is(record, Role::Managed)).find_map(|it| it.facts.text("template"));
    let planned = decisions.iter().any(|record| {
        is(record, Role::PlansAlways) && record.facts.text("subject").is_some_and(|name| Some(name) == template)
    });
    if planned {
        return WhenDue::Renewed;
    }
    let last = about.clone().rfind(|record| may_settle(record) && !is(record, Role::Managed));
    // Due, and policy does not let the run renew it: the decision about that was made before.
    let unmanaged = last.filter(|record| record.facts.text("threshold").is_some());
    let unmanaged = unmanaged.and_then(|_| decisions.iter().find(|record| is_unmanaged(record)));
    WhenDue::Lapses(unmanaged.or(last).map(|record| Box::new((*record).clone())))
}

/// The certificate of a decision about its renewal window, and from when it is to be renewed.
pub(super) fn threshold(record: &Record) -> Option<(String, FileTime)> {
    let threshold = record.facts.text("threshold").filter(|_| record.kind == Kind::Decision)?;
    Some((record.facts.text("subject")?.to_owned(), parse_instant(threshold)?))
}

/// Whether it is a decision by a rule of that role.
pub(super) fn is(record: &Record, role: Role) -> bool {
    let rule = record.facts.text("rule").filter(|_| record.kind == Kind::Decision);
    rule.and_then(catalogue::rule).is_some_and(|row| row.is(role))
}
