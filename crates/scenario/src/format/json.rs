//! The layout of JSON. The text is known to have no errors.

use crate::print::WIDTH;

pub(super) fn lay_out(text: &str) -> String {
    let tokens = tokens(text);
    let mut writer = Writer { tokens: &tokens, at: 0, out: String::new() };
    writer.value(0, true);
    writer.out.push('\n');
    writer.out
}

struct Writer<'a> {
    tokens: &'a [&'a str],
    at: usize,
    out: String,
}

impl Writer<'_> {
    /// Writes the value that begins here, on several lines when it must be or does not fit.
    fn value(&mut self, indent: usize, must_break: bool) {
        let end = self.end();
        let tokens = &self.tokens[self.at..end];
        let column = self.out.rsplit('\n').next().map_or(0, |line| line.chars().count());
        let flat = flat(tokens);
        // One more for a comma.
        if tokens.len() <= 2 || !must_break && !has_list_of_tables(tokens) && column + flat.chars().count() < WIDTH {
            self.out.push_str(&flat);
            self.at = end;
            return;
        }
        self.take();
        loop {
            self.line(indent + 2);
            if self.tokens.get(self.at + 1) == Some(&":") {
                self.take();
                self.take();
                self.out.push(' ');
            }
            self.value(indent + 2, false);
            if self.tokens.get(self.at) != Some(&",") {
                break;
            }
            self.take();
        }
        self.line(indent);
        self.take();
    }

    fn take(&mut self) {
        self.out.push_str(self.tokens.get(self.at).unwrap_or(&""));
        self.at += 1;
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The index behind the value that begins here.
    fn end(&self) -> usize {
        let mut depth = 0_usize;
        for (length, token) in self.tokens[self.at..].iter().enumerate() {
            match *token {
                "{" | "[" => depth += 1,
                "}" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return self.at + length + 1;
            }
        }
        self.tokens.len()
    }
}

/// The value on one line.
fn flat(tokens: &[&str]) -> String {
    let mut out = String::new();
    let mut before = "";
    for token in tokens {
        let blank = match (before, *token) {
            ("", _) | (_, "," | ":") | ("{", "}") | ("[", _) => false,
            ("{" | "," | ":", _) | (_, "}") => true,
            _ => false,
        };
        if blank {
            out.push(' ');
        }
        out.push_str(token);
        before = token;
    }
    out
}

fn has_list_of_tables(tokens: &[&str]) -> bool {
    // Only a list has a comma between two tables.
    tokens.windows(3).any(|three| three == ["}", ",", "{"])
}

/// Brackets, commas, colons, and values as they are written.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || "{}[],:\"".contains(c)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}
