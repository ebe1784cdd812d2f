//! TOML by hand, in the order and the line breaks in which people read it.

/// A file that grows line by line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Toml {
    pub(crate) text: String,
    /// Texts with control characters, which no text of the language has: each with its key, as it was.
    pub(crate) changed: Vec<(String, String)>,
}

/// Columns of a line before a list is broken up.
const WIDTH: usize = 118;

impl Toml {
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `key = value`, the value in TOML.
    pub(crate) fn raw(&mut self, key: &str, value: &str) {
        self.line(&format!("{key} = {value}"));
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        let value = self.quoted(key, value);
        self.raw(key, &value);
    }

    /// A basic string, with U+FFFD in place of control characters.
    pub(crate) fn quoted(&mut self, key: &str, value: &str) -> String {
        if value.contains(char::is_control) {
            self.changed.push((key.to_owned(), value.to_owned()));
        }
        quoted(&printable(value))
    }

    pub(crate) fn number(&mut self, key: &str, value: impl Into<i64>) {
        self.raw(key, &value.into().to_string());
    }

    pub(crate) fn texts<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        let values: Vec<String> = values.into_iter().map(|value| self.quoted(key, value)).collect();
        self.list(key, &values);
    }

    /// A list of values in TOML, on one line where it fits.
    pub(crate) fn list(&mut self, key: &str, values: &[String]) {
        let line = format!("{key} = [{}]", values.join(", "));
        if line.chars().count() <= WIDTH {
            return self.line(&line);
        }
        self.line(&format!("{key} = ["));
        values.iter().for_each(|value| self.line(&format!("  {value},")));
        self.line("]");
    }
}

/// A text as a text of the language can be.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{FFFD}")
}

/// A basic string of a text without control characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
