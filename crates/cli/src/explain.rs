//! `autoenroll explain`: what a code in a message means.

use autoenroll_scenario::{Code, explain_code};

use crate::arguments::Explain;
use crate::console::{Colour, Console};
use crate::{Exit, Failure};

/// Width of the text, as of every other text for people.
const WIDTH: usize = 100;

pub(crate) fn run(arguments: &Explain, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(code) = &arguments.code else {
        for code in Code::ALL {
            writeln!(console.out, "{code}  {}", code.explanation().title)?;
        }
        return Ok(Exit::Ok);
    };
    let Some(explanation) = explain_code(code) else {
        return Err(Failure::Usage(format!("there is no code `{code}`; `autoenroll explain` lists all")));
    };
    writeln!(console.out, "{}  {}\n", console.paint(Colour::Yellow, explanation.code.as_str()), explanation.title)?;
    for line in wrap(explanation.text, WIDTH) {
        writeln!(console.out, "{line}")?;
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
}
