//! A writer of XML: what goes out.

use std::fmt::Write as _;

/// Writes elements one into the other.
#[derive(Debug, Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// An element with attributes, and what `content` writes into it.
    pub(crate) fn element(&mut self, name: &str, attributes: &[(&str, &str)], content: impl FnOnce(&mut Self)) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.write(value);
            self.0.push('"');
        }
        self.0.push('>');
        content(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element that holds a text.
    pub(crate) fn text(&mut self, name: &str, text: impl std::fmt::Display) {
        let text = text.to_string();
        self.element(name, &[], |writer| writer.write(&text));
    }

    /// An element that holds a text, or says that it has none.
    pub(crate) fn text_or_nil(&mut self, name: &str, text: Option<impl std::fmt::Display>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.nil(name),
        }
    }

    /// An element that says that it has no value.
    pub(crate) fn nil(&mut self, name: &str) {
        self.element(name, &[("xsi:nil", "true")], |_| {});
    }

    /// Text, so that it is read as it stands. What XML cannot say is left out.
    pub(crate) fn write(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#13;"),
                '\t' | '\n' => self.0.push(c),
                c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => {
                    let _never_fails = self.0.write_char(c);
                }
            }
        }
    }

    /// What another writer has written.
    pub(crate) fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}
