//! What to write instead, where the help of a problem names it.

use super::Diagnostic;
use crate::source::{Files, Span};

/// A text to put in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// What stands there instead.
    pub text: String,
}

/// The forms in which help names what to write, with what stands before and behind it. The first is for a key that
/// needs quotation marks.
const NAMED: &[(&str, &str)] = &[("did you mean `\"", "\"`?"), ("did you mean `", "`?"), ("did you mean \"", "\"?")];
const WRITTEN: &[(&str, &str)] =
    &[("put it in quotes: ", ""), ("leave the quotes out: ", ""), ("write a list: ", ""), ("write it like ", "")];

impl Diagnostic {
    /// What to put in place of what is wrong: the name that was meant, or the same value as the language has it. `None`
    /// where the help names nothing that could stand there, or names a place in another file.
    #[must_use]
    pub fn fix(&self, files: &Files) -> Option<Fix> {
        let help = self.help.as_deref()?;
        let between = |(before, behind): &(&str, &str)| help.strip_prefix(before)?.strip_suffix(behind);
        let written = files.slice(self.span);
        let text = match NAMED.iter().find_map(between) {
            Some(name) if help.contains('"') && !written.starts_with(['"', '\'', '[', '{']) => format!("\"{name}\""),
            Some(name) => requoted(name, written)?,
            None => {
                let value = WRITTEN.iter().find_map(between)?;
                let is_text = written.starts_with(['"', '\'']) && help.starts_with("write it like");
                if is_text { requoted(value, written)? } else { value.to_owned() }
            }
        };
        (!written.is_empty() && text != written).then_some(Fix { span: self.span, text })
    }
}

/// A name in the quotation marks of what it replaces; where those are none, it must not need any.
fn requoted(name: &str, written: &str) -> Option<String> {
    let quote = written.chars().next().filter(|first| ['"', '\''].contains(first));
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match quote {
        Some(quote) if !name.contains([quote, '\\']) => Some(format!("{quote}{name}{quote}")),
        None if !name.is_empty() && name.chars().all(is_bare) => Some(name.to_owned()),
        _ => None,
    }
}
