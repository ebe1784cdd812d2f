//! What can be done next.

use autoenroll_explore::menu::{Class, Entry, Menu};
use autoenroll_explore::player::StoryWorld;
use autoenroll_explore::story::{Move, When, step};
use autoenroll_model::{Choice, Fact, SimTime};
use autoenroll_scenario::{
    ActionStep, CaOp, CardPin, Entry as TableEntry, NameOrReference, Node, PromptAnswer, Spanned, Step, StepActions,
    StepKind, Table, Value,
};
use autoenroll_world::{Action, Look, OpenPrompt};

use crate::label::label;

/// Requests and certificates of a CA that are offered for a decision.
const MOST_NAMES: usize = 50;

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A prompt is answered.
    Answer,
    /// Something is clicked on a desktop.
    Click,
    /// Cards go in and out.
    Card,
    /// People and computers come and go, and policy is applied.
    Day,
    /// Somebody decides at a CA or in the directory.
    Office,
    /// Something goes wrong.
    Fault,
    /// It works again.
    Repair,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Self; 7] =
        [Self::Answer, Self::Click, Self::Card, Self::Day, Self::Office, Self::Fault, Self::Repair];

    /// Its name, in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Answer => "answers",
            Self::Click => "clicks",
            Self::Card => "cards",
            Self::Day => "day",
            Self::Office => "office",
            Self::Fault => "faults",
            Self::Repair => "repairs",
        }
    }

    /// What is in it, in a few words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Answer => "Answers to what is asked",
            Self::Click => "On the desktop",
            Self::Card => "Cards",
            Self::Day => "People, computers and policy",
            Self::Office => "At the CA and in the directory",
            Self::Fault => "What may go wrong",
            Self::Repair => "What works again",
        }
    }
}

/// What has to be said besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A PIN.
    Pin,
}

/// One thing that can be done now.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What kind of thing it is.
    pub group: Group,
    /// What is done, in words.
    pub label: String,
    /// The prompt that it answers, by its place in [`Session::prompts`](crate::Session::prompts).
    pub prompt: Option<usize>,
    /// What has to be said besides.
    pub wants: Wants,
    pub(crate) name: String,
    pub(crate) step: Step,
    pub(crate) actions: Vec<Action>,
}

impl Offer {
    fn new(group: Group, name: &str, step: Step, actions: Vec<Action>) -> Self {
        let label = label(name, &step);
        Self { group, label, prompt: None, wants: Wants::Nothing, name: name.to_owned(), step, actions }
    }

    /// The words that say what is done: the first ones of its label and its name, and the verb of the language.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &str> {
        let first = |text| str::split_whitespace(text).next();
        // The name of an answer is that of its prompt.
        let name = first(&self.name).filter(|_| self.group != Group::Answer);
        [first(&self.label), name, Some(self.step.verb.value)].into_iter().flatten()
    }

    /// The words by which it can be asked for, beside those of its label: its name, and the verb of the language.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let words = |text| str::split(text, |c: char| c.is_whitespace() || matches!(c, ':' | '(' | ')'));
        words(&self.label).chain(words(&self.name)).chain([self.step.verb.value]).filter(|word| !word.is_empty())
    }
}

/// Everything that can be done now: each thing has been tried on a copy of the world.
pub(crate) fn offers(world: &StoryWorld, menu: &Menu, meaning: &StepActions<'_>) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (at, prompt) in world.prompts().iter().enumerate() {
        answers(at, prompt, menu, &mut offers);
    }
    let of_menu = menu.entries.iter().filter(|entry| !is_replaced(entry));
    let of_menu = of_menu.map(|entry| (group(entry), entry.name, entry.step.clone(), Wants::Nothing));
    let own = office(world, menu).into_iter().chain(card_logons(world, menu));
    for (group, name, step, wants) in of_menu.chain(own) {
        let Ok(actions) = meaning.actions(&step) else { continue };
        if is_possible(world, &actions) {
            offers.push(Offer { wants, ..Offer::new(group, name, step, actions) });
        }
    }
    offers.sort_by_key(|offer| offer.group);
    offers
}

fn group(entry: &Entry) -> Group {
    match (entry.class, &entry.step.kind) {
        (Class::Office, _) => Group::Office,
        (Class::Fault, _) => Group::Fault,
        (Class::Repair, _) => Group::Repair,
        (Class::Deed, StepKind::Action(ActionStep::Click(_))) => Group::Click,
        (
            Class::Deed,
            StepKind::Action(ActionStep::Insert { .. } | ActionStep::Remove(_) | ActionStep::Swap { .. }),
        ) => Group::Card,
        (Class::Deed, _) => Group::Day,
    }
}

/// Whether this crate offers the same for whatever there is, and not for what a made-up world has.
fn is_replaced(entry: &Entry) -> bool {
    matches!(
        entry.name,
        "ca approve"
            | "ca deny"
            | "certificate revoked"
            | "new certificate revoked"
            | "new certificate deleted"
            | "request deleted"
            | "template published"
            | "template unpublished"
            | "logon with a card"
    )
}

/// Whether the world takes it now. What a change does is not looked at.
fn is_possible(world: &StoryWorld, actions: &[Action]) -> bool {
    let mut copy = world.clone();
    !actions.is_empty() && actions.iter().all(|action| copy.act(action).is_ok())
}

fn answers(at: usize, prompt: &OpenPrompt, menu: &Menu, offers: &mut Vec<Offer>) {
    let mut put = |answer: PromptAnswer, wants: Wants| {
        let when = When::At(SimTime::START);
        let Move { step, actions, .. } = Move::reply(String::new(), &prompt.user, prompt.point, answer, when);
        let own = Offer::new(Group::Answer, prompt.point.as_str(), step, actions);
        offers.push(Offer { prompt: Some(at), wants, ..own });
    };
    for offer in &prompt.offers {
        match offer {
            Choice::Pin => put(PromptAnswer::Pin(String::new()), Wants::Pin),
            Choice::Card => {
                let asked = |name: &str| match prompt.facts.get("cards") {
                    Some(Fact::List(list)) => list.iter().any(|one| *one == Fact::from(name)),
                    _ => true,
                };
                for card in menu.spec.cards.iter().filter(|card| asked(&card.name)) {
                    put(PromptAnswer::Card(card.name.clone()), Wants::Nothing);
                }
            }
            word => put(PromptAnswer::Word(*word), Wants::Nothing),
        }
    }
    if !prompt.offers.contains(&Choice::Close) {
        put(PromptAnswer::Word(Choice::Close), Wants::Nothing);
    }
}

type Own = (Group, &'static str, Step, Wants);

/// Decisions at CAs about what there is, and templates that appear in the directory or go from it.
fn office(world: &StoryWorld, menu: &Menu) -> Vec<Own> {
    let mut list = Vec::new();
    for ca in &menu.spec.authorities {
        let Ok(facts) = world.look(&Look::Ca(ca.name.clone())) else { continue };
        let names = |fact: &str| -> Vec<String> {
            match facts.get(fact) {
                Some(Fact::List(names)) => names.iter().rev().take(MOST_NAMES).filter_map(text).collect(),
                _ => Vec::new(),
            }
        };
        for request in names("pending") {
            for (name, op) in [("ca approve", CaOp::Approve), ("ca deny", CaOp::Deny)] {
                list.push((Group::Office, name, at_ca(&ca.name, op, Some(&request), None), Wants::Nothing));
            }
        }
        for certificate in names("issued") {
            let revoke = at_ca(&ca.name, CaOp::Revoke, None, Some(&certificate));
            list.push((Group::Office, "certificate revoked", revoke, Wants::Nothing));
        }
    }
    for template in &menu.spec.templates {
        for (name, published) in [("template published", true), ("template unpublished", false)] {
            list.push((Group::Office, name, publish(&template.template.name, published), Wants::Nothing));
        }
    }
    list
}

fn text(fact: &Fact) -> Option<String> {
    if let Fact::Text(text) = fact { Some(text.to_string()) } else { None }
}

fn spanned(text: &str) -> Spanned<String> {
    Spanned::without_span(text.to_owned())
}

fn at_ca(ca: &str, op: CaOp, request: Option<&str>, certificate: Option<&str>) -> Step {
    let named = |name: Option<&str>| name.map(|name| Spanned::without_span(NameOrReference::Name(name.to_owned())));
    let kind = ActionStep::Ca {
        op: Spanned::without_span(op),
        of: Some(spanned(ca)),
        request: named(request),
        certificate: named(certificate),
    };
    step("ca", StepKind::Action(kind))
}

fn publish(template: &str, published: bool) -> Step {
    let node = Node { value: Value::Flag(published), span: Default::default() };
    let set = Table(vec![TableEntry { key: spanned("published"), node }]);
    let kind = ActionStep::Change {
        change: Spanned::without_span("template"),
        of: Some(spanned(template)),
        set: Spanned::without_span(set),
    };
    step("change", StepKind::Action(kind))
}

/// Everybody logs on with every card that is in a reader; the PIN is asked for.
fn card_logons(world: &StoryWorld, menu: &Menu) -> Vec<Own> {
    let mut list = Vec::new();
    for user in &menu.spec.users {
        for computer in menu.spec.computers.iter().filter(|computer| !computer.readers.is_empty()) {
            for card in menu.spec.cards.iter().filter(|card| is_in_reader(world, &card.name)) {
                let with = CardPin { card: spanned(&card.name), pin: String::new() };
                let (user, computer) = (spanned(&user.name), Some(spanned(&computer.name)));
                let kind = ActionStep::Logon { user, computer, with: Some(with) };
                let logon = step("logon", StepKind::Action(kind));
                list.push((Group::Day, "logon with a card", logon, Wants::Pin));
            }
        }
    }
    list
}

fn is_in_reader(world: &StoryWorld, card: &str) -> bool {
    let state = world.look(&Look::Card(card.to_owned()));
    state.is_ok_and(|facts| facts.text("inserted-in").is_some_and(|place| place != "nowhere"))
}
