//! `autoenroll explain`: what a code in a message means; why something in a story came; what became of each template.

mod why;

use autoenroll_scenario::{Code, explain_code};

use crate::arguments::{Explain, Selection};
use crate::console::{Colour, Console};
use crate::play::Player;
use crate::{Exit, Failure, suite};

/// Width of the text, as of every other text for people.
const WIDTH: usize = 100;

pub(crate) fn run(arguments: &Explain, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match arguments.what.as_deref() {
        None => list(console),
        Some(code) if is_code(code) => explain(code, console),
        Some(scenario) => story(scenario, arguments, console),
    }
}

/// `AE` and four digits.
fn is_code(text: &str) -> bool {
    let digits = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("AE")).and_then(|_| text.get(2..));
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()))
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
fn story(text: &str, arguments: &Explain, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let (scenario, step) = match text.rsplit_once(':').map(|(scenario, step)| (scenario, step.parse::<usize>())) {
        Some((scenario, Ok(step))) => (scenario, Some(step)),
        _ => (text, None),
    };
    let selection = Selection {
        scenarios: vec![scenario.to_owned()],
        fixtures: arguments.fixtures.clone(),
        ..Selection::default()
    };
    let stories = suite::good_stories(&selection, None)?;
    let [story] = stories.as_slice() else {
        let names: Vec<&str> = stories.iter().map(|story| story.name.as_str()).collect();
        return Err(Failure::Usage(format!("say which one: {}", names.join(", "))));
    };
    let report = Player::plain()?.report(story);
    match step {
        Some(step) => why::step(story, &report, step, console)?,
        None => why::templates(story, &report, console)?,
    }
    Ok(Exit::Ok)
}

/// The words of a text in lines of at most that many characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
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

    #[test]
    fn codes_are_told_from_scenarios() {
        for code in ["AE0101", "ae9999"] {
            assert!(is_code(code), "{code}");
        }
        for other in ["", "A", "AE", "AE01", "AE010x", "founding/second-provider", "äe0101"] {
            assert!(!is_code(other), "{other}");
        }
    }
}
