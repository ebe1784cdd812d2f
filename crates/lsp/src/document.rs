//! Texts that are open in the editor, with everything that is known about them.

use std::cell::OnceCell;

use autoenroll_scenario::{
    Diagnostics, FileId, Files, Library, MAX_BYTES, Mention, Parsed, Requirements, Symbol, check_fixture, check_parsed,
    check_world, mentions, parse, symbols,
};
use lsp_types::TextDocumentContentChangeEvent;

use crate::position::{Encoding, Lines};

/// Where the version of the format is looked for in a text that is too large to be read.
const BEGINNING: usize = 1_024;

/// A text that is open. It counts instead of what the file has.
#[derive(Debug)]
pub struct Document {
    /// The path, as messages show it.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// Where its lines begin.
    pub lines: Lines,
    encoding: Encoding,
    known: OnceCell<Known>,
    checked: OnceCell<(Diagnostics, Files)>,
}

/// What a text says.
#[derive(Debug)]
pub(crate) struct Known {
    /// As it was read.
    pub(crate) parsed: Parsed,
    /// Where it mentions names.
    pub(crate) mentions: Vec<Mention>,
    /// What it can name.
    pub(crate) symbols: Vec<Symbol>,
    /// The texts that the places of symbols refer to.
    pub(crate) files: Files,
}

impl Known {
    /// What a file is called.
    pub(crate) fn file_name(&self, file: FileId) -> &str {
        if file == FileId::OWN { "this file" } else { self.files.name(file) }
    }
}

impl Document {
    /// A text under a name.
    #[must_use]
    pub fn new(name: &str, text: String, encoding: Encoding) -> Self {
        let lines = Lines::of(&text, encoding);
        let name = name.to_owned();
        Self { name, text, lines, encoding, known: OnceCell::new(), checked: OnceCell::new() }
    }

    /// Makes a change: of a range, or of the whole text.
    pub fn change(&mut self, change: TextDocumentContentChangeEvent) {
        match change.range {
            None => self.text = change.text,
            Some(range) => {
                let bytes = self.lines.bytes(&self.text, range);
                self.text.replace_range(bytes, &change.text);
            }
        }
        self.lines = Lines::of(&self.text, self.encoding);
        self.forget();
    }

    /// Forgets what was found out: a fixture is another now.
    pub fn forget(&mut self) {
        self.known.take();
        self.checked.take();
    }

    /// What the text says.
    pub(crate) fn known(&self, library: &Library) -> &Known {
        self.known.get_or_init(|| {
            let parsed = parse(&self.name, self.text.as_bytes());
            let (symbols, files) = symbols(&parsed, library);
            Known { mentions: mentions(&parsed), symbols, files, parsed }
        })
    }

    /// Everything that is wrong, as `autoenroll check` says it; nothing for a file of other programs.
    pub(crate) fn checked(&self, library: &Library, requirements: &dyn Requirements) -> &(Diagnostics, Files) {
        self.checked.get_or_init(|| {
            let known = self.known(library);
            if let Some(found) = check_fixture(&known.parsed) {
                return (found, known.files.clone());
            }
            // What is too large is not read; its beginning says whose it is.
            let beginning = self.text.get(..self.text.floor_char_boundary(BEGINNING)).unwrap_or("");
            let is_large = self.text.len() > MAX_BYTES && beginning.contains("scenario");
            if !known.parsed.is_of_this_language() && !is_large {
                return (Diagnostics::new(), known.files.clone());
            }
            let parsed = known.parsed.clone();
            let checked = if parsed.is_world() {
                check_world(None, &self.name, self.text.as_bytes(), library, requirements)
            } else {
                check_parsed(parsed, library, requirements)
            };
            (checked.found, checked.files)
        })
    }
}
