//! `autoenroll card`: a card of a scenario, or a fresh one, in a reader of the PC/SC stack.

use std::io;

use autoenroll_card::Card;
use autoenroll_core::InProcess as OwnCores;
use autoenroll_host::{PcscdOptions, ServeOptions, ServedIn, serve, share};
use autoenroll_keys::Seed;
use autoenroll_scenario::{Library, Scenario, check};
use autoenroll_world::{CardHost as _, Hosts, World};

use crate::arguments::{Card as Arguments, Selection};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite::{self, Fixtures};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Arguments, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let card = match &arguments.of {
        Some(scenario) => card_of(scenario, &arguments.card)?,
        None => fresh(&arguments.card)?,
    };
    let card = if arguments.blank { Card::new(card.profile().clone(), card.serial(), Seed::default()) } else { card };
    let reader = if arguments.own_pcscd {
        ServedIn::OwnPcscd(PcscdOptions::default())
    } else {
        ServedIn::Driver(arguments.driver)
    };
    let options = ServeOptions { reader, inserted: !arguments.out, trace: !arguments.quiet };
    console.out.flush()?;
    serve(&share(card), &options, io::stdin().lock(), io::stdout())
        .map_err(|error| Failure::Bench(error.to_string()))?;
    Ok(Exit::Ok)
}

/// A card as it is at the start of a story.
fn card_of(scenario: &str, card: &str) -> Result<Card, Failure> {
    let selection = Selection { scenarios: vec![scenario.to_owned()], ..Selection::default() };
    let stories = suite::good_stories(&selection, None)?;
    match stories.first() {
        Some(story) => find(&story.scenario, card),
        None => Err(Failure::Usage(format!("there is no scenario `{scenario}`"))),
    }
}

/// A fresh card of a kind: its PIN is 1234, that of a PIV card 123456.
fn fresh(kind: &str) -> Result<Card, Failure> {
    let text = format!(
        "scenario = 1\ntitle = \"A card\"\n[world]\nextends = \"contoso\"\n[[world.card]]\nname = {kind:?}\natr = {kind:?}\n\
         [timeline]\nsteps = [{{ wait = \"1s\" }}]\n"
    );
    let catalogue = Catalogue::embedded();
    let checked = check("card", text.as_bytes(), &Library::read(&Fixtures::default()), catalogue);
    match checked.scenarios.first() {
        Some(scenario) if !checked.found.has_errors() => find(scenario, kind),
        _ => Err(Failure::Usage(format!("there is no kind of card `{kind}`; `autoenroll fixtures` lists them"))),
    }
}

fn find(scenario: &Scenario, card: &str) -> Result<Card, Failure> {
    let world = World::new(scenario.spec.clone(), OwnCores::new(), Hosts::in_process());
    let world = world.map_err(|error| Failure::Usage(error.to_string()))?;
    world.hosts().cards.card(card, Card::clone).ok_or_else(|| {
        let names: Vec<&str> = scenario.spec.cards.iter().map(|card| card.name.as_str()).collect();
        Failure::Usage(format!("the scenario has no card `{card}`; it has {}", names.join(", ")))
    })
}

/// The stack behind which the cards of a run are, when its arguments ask for one. The first call starts the program
/// anew, with the way to a pcscd of its own in its environment, and ends this process with the other's exit code.
#[cfg(feature = "pcsc")]
pub(crate) fn stack(
    how: &crate::arguments::How,
) -> Result<Option<std::sync::Arc<autoenroll_host::pcsc::Stack>>, Failure> {
    use autoenroll_host::MOST_READERS;
    use autoenroll_host::pcsc::{Entered, Stack};
    if how.card == crate::arguments::CardPlace::Process {
        return Ok(None);
    }
    let options = PcscdOptions { readers: MOST_READERS, ..PcscdOptions::default() };
    match Stack::enter(&options) {
        Ok(Entered::Inside(stack)) => Ok(Some(stack)),
        Ok(Entered::Done(code)) => std::process::exit(code),
        Err(error) => Err(Failure::Bench(error.to_string())),
    }
}
