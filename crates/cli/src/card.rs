//! `autoenroll card`: a card of a scenario, before or after its story, a fresh or a blank one, in a reader of the PC/SC
//! stack.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use autoenroll_card::Card;
use autoenroll_core::InProcess as OwnCores;
use autoenroll_host::{PcscdOptions, ServeOptions, ServedIn, kept, serve, share};
use autoenroll_scenario::{Library, Scenario, Verdict, check, run_on};
use autoenroll_world::{CardHost as _, Hosts, InProcessCards, InProcessCas, World};
use der::pem::{self, LineEnding};

use crate::arguments::Card as Arguments;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite::{self, Fixtures};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Arguments, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let card = match arguments.persist.as_deref().map(kept).transpose() {
        Ok(Some(Some(card))) => the_same(card, arguments)?,
        Ok(_) => made(arguments)?,
        Err(error) => return Err(Failure::Usage(error.to_string())),
    };
    let reader = if arguments.own_pcscd {
        ServedIn::OwnPcscd(PcscdOptions::default())
    } else {
        ServedIn::Driver(arguments.driver)
    };
    let options =
        ServeOptions { reader, inserted: !arguments.out, trace: !arguments.quiet, keep: arguments.persist.clone() };
    console.out.flush()?;
    serve(&share(card), &options, io::stdin().lock(), io::stdout())
        .map_err(|error| Failure::Bench(error.to_string()))?;
    Ok(Exit::Ok)
}

/// The card of a file, when it is of the kind that is asked for.
fn the_same(card: Card, arguments: &Arguments) -> Result<Card, Failure> {
    let kind = &card.profile().name;
    if let Some(scenario) = &arguments.after {
        // For its clock, and for those who trust its certificates.
        left_by(&story(scenario)?, arguments)?;
        return Ok(card);
    }
    if let Some(scenario) = &arguments.of {
        before(&story(scenario)?, arguments)?;
        return Ok(card);
    }
    if *kind == arguments.card {
        return Ok(card);
    }
    let file = arguments.persist.as_deref().unwrap_or(Path::new("")).display();
    let wanted = &arguments.card;
    Err(Failure::Usage(format!(
        "{file} has a card of the kind `{kind}`, not `{wanted}`; name that kind, or another file"
    )))
}

/// The card that the arguments describe.
fn made(arguments: &Arguments) -> Result<Card, Failure> {
    let card = match (&arguments.of, &arguments.after) {
        (Some(scenario), _) => before(&story(scenario)?, arguments)?,
        (None, Some(scenario)) => left_by(&story(scenario)?, arguments)?,
        (None, None) => fresh(&arguments.card)?,
    };
    Ok(if arguments.blank { card.blank() } else { card })
}

fn story(scenario: &str) -> Result<Scenario, Failure> {
    suite::one(scenario, None, None, None).map(|story| story.scenario)
}

/// A card as a story leaves it. When that is, programs must know, too.
fn left_by(scenario: &Scenario, arguments: &Arguments) -> Result<Card, Failure> {
    let mut world = at_the_start(scenario)?;
    let report = run_on(scenario, &mut world, Catalogue::embedded());
    if report.verdict != Verdict::Passed {
        let why = "the story does not pass, so that its card is not what it says; `autoenroll run` says why";
        return Err(Failure::Usage(why.to_owned()));
    }
    let mut card = of_world(&world, scenario, &arguments.card)?;
    card.power_off();
    // Not the first line of standard output, which says where the socket is.
    writeln!(io::stderr(), "autoenroll: the story ends at {}", world.wall())?;
    write_trusting(&mut world, scenario, arguments)?;
    Ok(card)
}

/// A card as it is at the start of a story.
fn before(scenario: &Scenario, arguments: &Arguments) -> Result<Card, Failure> {
    let mut world = at_the_start(scenario)?;
    let card = of_world(&world, scenario, &arguments.card)?;
    write_trusting(&mut world, scenario, arguments)?;
    Ok(card)
}

/// Writes what programs need to trust the certificates of the card, where that is asked for.
fn write_trusting(
    world: &mut World<OwnCores, InProcessCards, InProcessCas>,
    scenario: &Scenario,
    arguments: &Arguments,
) -> Result<(), Failure> {
    let Some(path) = &arguments.trust else { return Ok(()) };
    let names = scenario.spec.authorities.iter().map(|ca| ca.name.as_str());
    let trusting: Result<Vec<String>, String> = names.map(|name| trusting(world, name)).collect();
    let text = trusting.map_err(Failure::Bench)?.concat();
    fs::write(path, text).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

/// Certificates and revocation list of a CA, in PEM.
fn trusting(world: &mut World<OwnCores, InProcessCards, InProcessCas>, ca: &str) -> Result<String, String> {
    let chain = world.authority_chain(ca).map_err(|error| error.to_string())?;
    let list = world.revocation_list(ca).map_err(|error| error.to_string())?;
    let labelled = chain.iter().map(|der| ("CERTIFICATE", der)).chain([("X509 CRL", &list)]);
    labelled.map(|(label, der)| pem::encode_string(label, LineEnding::LF, der).map_err(|e| e.to_string())).collect()
}

/// A fresh card of a kind: its PIN is 1234, that of a PIV card 123456; its admin key, or management key, is
/// [`ADMIN_KEY`](autoenroll_world::spec::ADMIN_KEY).
fn fresh(kind: &str) -> Result<Card, Failure> {
    let text = format!(
        "scenario = 1\ntitle = \"A card\"\n[world]\nextends = \"contoso\"\n[[world.card]]\nname = {kind:?}\natr = {kind:?}\n\
         [timeline]\nsteps = [{{ wait = \"1s\" }}]\n"
    );
    let catalogue = Catalogue::embedded();
    let checked = check("card", text.as_bytes(), &Library::read(&Fixtures::default()), catalogue);
    match checked.scenarios.first() {
        Some(scenario) if !checked.found.has_errors() => of_world(&at_the_start(scenario)?, scenario, kind),
        _ => Err(Failure::Usage(format!("there is no kind of card `{kind}`; `autoenroll fixtures` lists them"))),
    }
}

fn at_the_start(scenario: &Scenario) -> Result<World<OwnCores, InProcessCards, InProcessCas>, Failure> {
    let world = World::new(scenario.spec.clone(), OwnCores::new(), Hosts::in_process());
    world.map_err(|error| Failure::Usage(error.to_string()))
}

fn of_world(
    world: &World<OwnCores, InProcessCards, InProcessCas>,
    scenario: &Scenario,
    card: &str,
) -> Result<Card, Failure> {
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
