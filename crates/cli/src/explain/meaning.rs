//! What a requirement, an HRESULT, an event, a word of the language or a switch is.

use autoenroll_ca::PolicyRule;
use autoenroll_model::{Evidence, HResult, RuleRow, SWITCHES, WindowsVersion};
use autoenroll_scenario::{Word, vocabulary};

use super::{WIDTH, wrap};
use crate::arguments::Selection;
use crate::catalogue::{self, Catalogue, Requirement};
use crate::console::{Colour, Console};
use crate::{Exit, Failure, outline, places, profiles, suite};

/// How many scenarios are named.
const MOST_SCENARIOS: usize = 8;
/// How many meanings of a word are told: `name` is a key of every table.
const MOST_MEANINGS: usize = 6;
/// Width of the labels before particulars.
const LABEL: usize = 12;

/// A requirement with everything that is known about it.
pub(super) fn requirement(id: &str, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match catalogue.requirement(id) {
        Some(requirement) => entry(requirement, catalogue, console)?,
        None => ca_rule(id, catalogue, console)?,
    }
    places_of(id, console)?;
    shown_by(id, console)?;
    Ok(Exit::Ok)
}

fn entry(requirement: &Requirement, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<(), Failure> {
    let Requirement { id, title, text, sources, evidence, settled_by, exception, .. } = requirement;
    writeln!(console.out, "{}  {title}\n", console.paint(Colour::Yellow, id))?;
    for line in wrap(text, WIDTH) {
        writeln!(console.out, "{line}")?;
    }
    writeln!(console.out)?;
    particular("evidence", supported(*evidence), console)?;
    if let Some(settled_by) = settled_by {
        particular("settled by", settled_by, console)?;
    }
    for (at, citation) in sources.iter().enumerate() {
        let about = catalogue.source(citation).map_or("", |source| source.about);
        particular(if at == 0 { "source" } else { "" }, &format!("{citation}; about {about}"), console)?;
    }
    particular("profiles", &requirement.profiles(), console)?;
    if let Some(switch) = SWITCHES.iter().find(|switch| switch.requirement == *id) {
        particular("switch", &format!("{}; `autoenroll profiles` shows its values", switch.name), console)?;
        for version in WindowsVersion::ALL {
            let known = format!("{version}: {}", profiles::known(*version, switch));
            particular("", &known, console)?;
        }
    }
    if catalogue::rule(id).is_some() {
        particular("decides", "each decision is recorded: `autoenroll show --detail everything`", console)?;
    }
    if let Some(why) = exception {
        particular("exception", why, console)?;
    }
    Ok(())
}

/// A class of evidence in words.
pub(crate) const fn supported(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Documented => "documented: a public document says so",
        Evidence::Observed => "observed: seen from outside",
        Evidence::Inferred => "inferred: concluded, or chosen where nothing is known",
        Evidence::Contested => "contested: public sources contradict each other",
    }
}

/// A check of the CA that has no entry in the catalogue.
fn ca_rule(id: &str, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(PolicyRule { row: RuleRow { statement, source, .. }, refusal }) =
        autoenroll_ca::RULES.iter().find(|rule| rule.row.id == id)
    else {
        return Err(Failure::Usage(format!("nothing more is known about `{id}`")));
    };
    writeln!(console.out, "{}  {statement}\n", console.paint(Colour::Yellow, id))?;
    if let Some(evidence) = catalogue.evidence(id) {
        particular("evidence", supported(evidence), console)?;
    }
    particular("source", source, console)?;
    if let Some(code) = refusal {
        particular("otherwise", &format!("the CA refuses with {code}"), console)?;
    }
    Ok(())
}

/// An HRESULT by number and name, with the requirements that say where it shows up.
pub(super) fn hresult(code: HResult, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let number = format!("0x{:08X}", code.0);
    let about: Vec<&Requirement> =
        catalogue.requirements().iter().filter(|requirement| requirement.id.ends_with(&format!(".{number}"))).collect();
    if code.name().is_none() && about.is_empty() {
        let name = "neither the bench nor its catalogue knows it; `autoenroll matrix` lists known ones as X6";
        return Err(Failure::Usage(format!("{number}: {name}")));
    }
    writeln!(console.out, "{}\n", console.paint(Colour::Yellow, &code.to_string()))?;
    for requirement in &about {
        entry(requirement, catalogue, console)?;
        places_of(requirement.id, console)?;
        shown_by(requirement.id, console)?;
        writeln!(console.out)?;
    }
    for PolicyRule { row: RuleRow { id, statement, .. }, .. } in
        autoenroll_ca::RULES.iter().filter(|rule| rule.refusal == Some(code))
    {
        particular("CA's rule", &format!("{id}: {statement}"), console)?;
    }
    let words = [Some(number.as_str()), code.name()];
    let mentions = |text: &str| words.iter().flatten().any(|word| text.contains(word));
    for Requirement { id, title, .. } in catalogue
        .requirements()
        .iter()
        .filter(|other| mentions(other.text) && about.iter().all(|known| known.id != other.id))
    {
        particular("see also", &format!("{id}: {title}"), console)?;
    }
    Ok(Exit::Ok)
}

/// An event by number: each source that writes one of it gives it a meaning of its own.
pub(super) fn event(number: u16, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<Exit, Failure> {
    for (at, about) in catalogue.events(number).enumerate() {
        if at > 0 {
            writeln!(console.out)?;
        }
        entry(about, catalogue, console)?;
        particular("written by", about.section, console)?;
        places_of(about.id, console)?;
        shown_by(about.id, console)?;
    }
    Ok(Exit::Ok)
}

/// A word of the scenario language in each of its meanings, and a switch of that name.
pub(super) fn word(name: &str, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut told = 0;
    for Word { kind, text, particulars, .. } in vocabulary().iter().filter(|word| word.name == name) {
        told += 1;
        if told > MOST_MEANINGS {
            continue;
        }
        heading(told, name, kind, text, console)?;
        for (label, text) in particulars {
            particular(label, text, console)?;
        }
    }
    if let Some(more) = told.checked_sub(MOST_MEANINGS).filter(|more| *more > 0) {
        writeln!(console.out, "\nand {more} more; docs/scenario-language.md has all")?;
    }
    if let Some(switch) = SWITCHES.iter().find(|switch| switch.name == name) {
        heading(told + 1, name, "switch", switch.about.trim(), console)?;
        profiles::of(switch, Catalogue::embedded(), console)?;
    }
    Ok(Exit::Ok)
}

fn heading(number: usize, name: &str, kind: &str, text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    if number > 1 {
        writeln!(console.out)?;
    }
    writeln!(console.out, "{}  {kind}\n", console.paint(Colour::Yellow, name))?;
    for line in wrap(text, WIDTH) {
        writeln!(console.out, "{line}")?;
    }
    Ok(writeln!(console.out)?)
}

/// The lines of the sources that decide, fulfil or test it.
fn places_of(id: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut before = "";
    for place in places::of(id) {
        let label = if place.label() == before { "" } else { place.label() };
        particular(label, &format!("{}:{}", place.file, place.line), console)?;
        before = place.label();
    }
    Ok(())
}

/// The scenarios of the suite that cover a requirement.
fn shown_by(id: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let sources = suite::select(&Selection::default())?;
    let covers = |source: &&suite::Source| outline::of(&source.path).is_some_and(|about| about.covers.contains(&id));
    let names: Vec<&str> = sources.iter().filter(covers).map(|source| source.name.as_str()).collect();
    if names.is_empty() {
        return particular("shown by", "no scenario of the suite", console);
    }
    for (at, name) in names.iter().take(MOST_SCENARIOS).enumerate() {
        particular(if at == 0 { "shown by" } else { "" }, name, console)?;
    }
    match names.len().saturating_sub(MOST_SCENARIOS) {
        0 => Ok(()),
        more => particular("", &format!("and {more} more"), console),
    }
}

/// A label and a text beside it.
fn particular(label: &str, text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    for (at, line) in wrap(text, WIDTH - LABEL).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        writeln!(console.out, "{}", format!("{label:<LABEL$}{line}").trim_end())?;
    }
    Ok(())
}
