//! Texts that are damaged while they are open, and positions that are nowhere: every request has an answer, and what is
//! renamed, mended or laid out is the text that is open.

use autoenroll_scenario::MAX_BYTES;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::Client;

const URI: &str = "file:///damaged.toml";
const STORY: &str = include_str!("../../../../scenarios/founding/second-provider.toml");

/// What typing leaves behind.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "[[",
    "\"",
    "'",
    "\"\"\"",
    "=",
    ",",
    ".",
    "$",
    "#",
    "\n",
    "\r\n",
    "\\",
    "\u{0}",
    "🗝",
    "ß",
    "\u{301}",
    "{ \"scenario\": 1, ",
    "[world.",
    "[[world.card]]\n",
    "steps = [",
    "{ expect = \"",
    "facts = { ",
    "\\u00",
    "1e9",
    "$new.",
];

/// A change of the text at a place, and a position to ask about.
fn changes() -> impl Strategy<Value = Vec<(u32, u32, u32, usize)>> {
    prop::collection::vec((0..70_u32, 0..90_u32, 0..12_u32, 0..PIECES.len()), 1..6)
}

fn ask_everything(client: &mut Client, (line, character): (u32, u32)) {
    let place = json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": character } });
    let with = |key: &str, value: Value| {
        let mut params = place.clone();
        params[key] = value;
        params
    };
    let range = json!({ "start": { "line": line, "character": 0 }, "end": { "line": line, "character": character } });
    let asked = [
        ("textDocument/completion", place.clone()),
        ("textDocument/hover", place.clone()),
        ("textDocument/definition", place.clone()),
        ("textDocument/prepareRename", place.clone()),
        ("textDocument/references", with("context", json!({ "includeDeclaration": true }))),
        ("textDocument/rename", with("newName", json!("another \"name\""))),
        ("textDocument/formatting", with("options", json!({ "tabSize": 2, "insertSpaces": true }))),
        ("textDocument/codeAction", {
            let mut params = with("range", range);
            params["context"] = json!({ "diagnostics": [] });
            params
        }),
    ];
    for (method, params) in asked {
        // A refusal is an answer, too.
        let _answer = client.ask(method, params);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_request_about_a_damaged_text_is_answered(changes in changes()) {
        let mut client = Client::new();
        client.open(URI, STORY);
        for (version, (line, character, length, piece)) in changes.into_iter().enumerate() {
            let end = json!({ "line": line, "character": character + length });
            let range = json!({ "start": { "line": line, "character": character }, "end": end });
            let change = json!({ "range": range, "text": PIECES[piece] });
            let document = json!({ "uri": URI, "version": version + 2 });
            client.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
            ask_everything(&mut client, (line, character));
        }
        client.complaints(URI);
        client.close();
    }
}

#[test]
fn every_byte_of_a_story_may_be_asked_about() {
    let mut client = Client::new();
    client.open(URI, STORY);
    for (number, line) in (0_u32..).zip(STORY.lines()) {
        for character in (0..=u32::try_from(line.len()).unwrap()).step_by(7) {
            let position = json!({ "line": number, "character": character });
            let place = json!({ "textDocument": { "uri": URI }, "position": position });
            for method in ["textDocument/completion", "textDocument/hover", "textDocument/definition"] {
                client.ask(method, place.clone()).unwrap();
            }
        }
    }
    client.close();
}

#[test]
fn texts_beyond_every_bound_are_refused_or_answered() {
    let deep = format!("scenario = 1\nx = {}", "[{ a = ".repeat(400));
    let large = format!("scenario = 1\ntitle = \"{}\"\n", "x".repeat(MAX_BYTES));
    for text in [deep, large, "\u{feff}".to_owned(), "\r".repeat(4_000)] {
        let mut client = Client::new();
        client.open(URI, &text);
        ask_everything(&mut client, (1, 40));
        ask_everything(&mut client, (u32::MAX, u32::MAX));
        let codes: Vec<Value> = client.complaints(URI).iter().map(|one| one["code"].clone()).collect();
        let is_story = text.starts_with("scenario");
        assert_eq!(codes.is_empty(), !is_story, "{codes:?}");
        client.close();
    }
}
