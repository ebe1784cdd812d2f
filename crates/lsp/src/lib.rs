//! A language server for scenarios: what is wrong, what can be written, what a word means, where a name comes from.
//!
//! It speaks the Language Server Protocol over a [`Connection`](lsp_server::Connection). `document` is a text with what
//! is known about it; `cursor`, `completion`, `hover`, `names` and `diagnostics` answer from a text and a place in it,
//! without input and output; `server` is the loop around them.
//!
//! It deliberately lacks any knowledge of the language: verbs, keys, facts and what they mean come from the tables of
//! `scenario`, and so does every complaint. It runs nothing and writes nothing.
#![forbid(unsafe_code)]

mod completion;
mod context;
mod cursor;
mod diagnostics;
mod document;
mod hover;
mod names;
mod position;
mod server;
pub mod stdio;
mod surroundings;
mod uri;

pub use document::Document;
pub use position::{Encoding, Lines};
pub use server::{Ended, serve};
pub use surroundings::Surroundings;
