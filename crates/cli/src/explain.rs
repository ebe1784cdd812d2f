//! `autoenroll explain`: what a code, a requirement, an HRESULT, an event, a word of the scenario language or a switch
//! means; why something in a story came; what became of each template.

mod beside;
mod could_have;
mod fate;
mod logons;
mod meaning;
mod runs;
mod target;
mod waits;
mod why;

use autoenroll_scenario::{Code, explain_code};

use crate::arguments::Explain;
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console};
use crate::runner::Runner;
use crate::{Exit, Failure, suite};
pub(crate) use beside::{by_entry, is_unmanaged};
pub(crate) use could_have::{Told, outlooks};
pub(crate) use fate::{decided, is_idle, may_settle, open_at_end};
pub(crate) use meaning::supported;
use runs::Shown;
use target::{Moment, Target};

/// Width of the text, as of every other text for people.
const WIDTH: usize = 100;

pub(crate) fn run(arguments: &Explain, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(what) = arguments.what.as_deref() else { return list(console) };
    let catalogue = Catalogue::embedded();
    match Target::of(what, catalogue) {
        Target::Scenario(scenario, None) if arguments.could_have => {
            let (variant, fixtures) = (arguments.variant.as_deref(), arguments.fixtures.as_deref());
            could_have::tell(&suite::one(scenario, variant, fixtures, None)?, fixtures, console)
        }
        _ if arguments.could_have => Err(Failure::Usage("--could-have is asked of a whole scenario".to_owned())),
        Target::Code(code) => explain(code, console),
        Target::Requirement(id) => meaning::requirement(id, catalogue, console),
        Target::HResult(code) => meaning::hresult(code, catalogue, console),
        Target::Event(number) => meaning::event(number, catalogue, console),
        Target::Word(word) => meaning::word(word, console),
        Target::Scenario(scenario, moment) => match target::suggestion(what, catalogue) {
            Some(help) => Err(Failure::Usage(help)),
            None => story(scenario, moment, arguments, catalogue, console),
        },
    }
}

fn list(console: &mut Console<'_>) -> Result<Exit, Failure> {
    for code in Code::ALL {
        writeln!(console.out, "{code}  {}", code.explanation().title)?;
    }
    Ok(Exit::Ok)
}

fn explain(code: &str, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(explanation) = explain_code(code) else {
        return Err(Failure::Usage(format!("there is no code `{code}`; `autoenroll explain` lists all")));
    };
    writeln!(console.out, "{}  {}\n", console.paint(Colour::Yellow, explanation.code.as_str()), explanation.title)?;
    for line in wrap(explanation.text, WIDTH) {
        writeln!(console.out, "{line}")?;
    }
    Ok(Exit::Ok)
}

/// Plays a scenario and explains one of its steps, or what became of each template.
fn story(
    scenario: &str,
    moment: Option<Moment>,
    arguments: &Explain,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let story = suite::one(scenario, arguments.variant.as_deref(), arguments.fixtures.as_deref(), None)?;
    let step = moment.map(|moment| moment.step(&story)).transpose()?;
    let template = arguments.template.as_deref().map(|name| runs::known(name, &story)).transpose()?;
    if step.is_some() && template.is_some() {
        return Err(Failure::Usage(
            "a step has causes, whatever template they are about; leave out --template".to_owned(),
        ));
    }
    let report = Runner::plain().report(&story);
    match step {
        Some(step) => why::step(&story, &report, step, arguments.detail.into(), catalogue, console)?,
        None => {
            let shown = template.map_or(Shown::Own, Shown::Thoroughly);
            runs::all(&story, &report.trace.unpack(), shown, catalogue, console)?
        }
    }
    Ok(Exit::Ok)
}

/// The words of a text in lines of at most that many characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("enormous word", 4), ["enormous", "word"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
