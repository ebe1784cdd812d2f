//! The common layout: what it looks like, and that nothing is lost on the way to it.

mod generated;

use autoenroll_scenario::{FormatError, format, is_scenario_or_fixture, parse, print};
use generated::any_document;
use proptest::prelude::*;
use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

/// A text and its layout, which is laid out already.
#[track_caller]
fn check(text: &str, expected: &str) {
    let laid_out = |text: &str| format("story.toml", text.as_bytes()).expect("the text can be read");
    assert_eq!(laid_out(text), expected);
    assert_eq!(laid_out(expected), expected, "it is laid out already");
}

#[test]
fn a_scenario() {
    check(
        "\n\n#:schema x\nscenario=1\ntitle   = 't'   # why\n\n\n\n[ world ]\nextends='contoso'\npolicy={ae-policy=7,gp-interval='8h'}\n\
         # about the card\n[[world.card]]\nname='a'\natr='gids'\n[timeline]\nsteps=[\n{logon='alice'},# first\n\n\n\
         {expect='issued',facts={ list=[ 1,2 ] }} ,{wait='1h'},\n{state='desktop',facts={}}\n  ]",
        "#:schema x
scenario = 1
title = 't' # why

[world]
extends = 'contoso'
policy = { ae-policy = 7, gp-interval = '8h' }

# about the card
[[world.card]]
name = 'a'
atr = 'gids'

[timeline]
steps = [
  { logon = 'alice' }, # first

  { expect = 'issued', facts = { list = [1, 2] } },
  { wait = '1h' },
  { state = 'desktop', facts = {} },
]
",
    );
}

#[test]
fn next_to_nothing() {
    check("", "");
    check("\n \n\t\r\n", "");
    check("\u{feff}", "");
    check("\n#one  \n\n\n\n  # two\t\n", "#one\n\n# two\n");
    check("# one", "# one\n");
}

#[test]
fn headers_stand_apart_with_the_comments_above_them() {
    check("a=1\n[b]\n[ b . c ]\n[[ d ]] # e\n", "a = 1\n\n[b]\n\n[b.c]\n\n[[d]] # e\n");
    check("a = 1\n# about b\n# as well\n[b]\nc = 2", "a = 1\n\n# about b\n# as well\n[b]\nc = 2\n");
    check("a = 1\n# about a\n\n[b]\n", "a = 1\n# about a\n\n[b]\n");
    check("a = 1 # about a\n[b]\n", "a = 1 # about a\n\n[b]\n");
    check("# about b\n[b]\n\n\n  # about c\n\n  c = 1\n", "# about b\n[b]\n\n# about c\n\nc = 1\n");
}

#[test]
fn keys_and_values_are_written_as_before() {
    check("a . b.\t'c d' =  0xFF\n", "a.b.'c d' = 0xFF\n");
    check("\"a\"=1_000\nb=+1\nc='it''s'\n".replace("''", "").as_str(), "\"a\" = 1_000\nb = +1\nc = 'its'\n");
    check("a=2026-03-02 08:00:00.50Z\nb=1e3\n", "a = 2026-03-02 08:00:00.50Z\nb = 1e3\n");
    check("a=\"# no \\u0063omment [ ,\"#one ]\n", "a = \"# no \\u0063omment [ ,\" #one ]\n");
    check("a = {  }\nb = [\n\n]\nc={d.e=1 , f={g=[ ]}}\n", "a = {}\nb = []\nc = { d.e = 1, f = { g = [] } }\n");
}

#[test]
fn multi_line_strings_keep_their_lines() {
    let text = "a = \"\"\"\n  one  \n\n\n\ttwo \\\n   three\n[b]\n\"\"\"\nc = ['''\n x''', 1]\n";
    check(text, text);
    check(
        "steps = [\n  { a = '''\n    {b}\n''',b=[\n1] },\n]",
        "steps = [\n  { a = '''\n    {b}\n''', b = [\n    1,\n  ] },\n]\n",
    );
}

#[test]
fn line_endings_and_byte_order_mark() {
    check(
        "\u{feff}a = 1\r\n\r\n\r\n# b\r\nc = [\r\n1 ]\r\nd = \"\"\"\r\none\r\n\"\"\"\r\n",
        "a = 1\n\n# b\nc = [\n  1,\n]\nd = \"\"\"\none\n\"\"\"\n",
    );
    check("\u{feff}{\r\n\"scenario\":1}", "{\n  \"scenario\": 1\n}\n");
}

#[test]
fn a_list_on_several_lines_has_brackets_that_stand_alone() {
    check("a = [1, 2,]\n", "a = [1, 2]\n");
    check("a = [1,\n2, 3]\n", "a = [\n  1,\n  2, 3,\n]\n");
    check("a = [\n\n\n1,2\n\n\n,3\n\n]\n", "a = [\n  1, 2,\n\n  3,\n]\n");
    check("a = [[1,\n2], [3]]\n", "a = [[\n  1,\n  2,\n], [3]]\n");
    check("a = [\n[1,\n2], [3]]\n", "a = [\n  [\n    1,\n    2,\n  ], [3],\n]\n");
    check(
        "a = { b = [{ c = 1 },\n{ c = 2 }], d = [\n{}] }\n",
        "a = { b = [\n  { c = 1 },\n  { c = 2 },\n], d = [\n  {},\n] }\n",
    );
}

#[test]
fn comments_in_lists() {
    check(
        "a = [ # one\n# two\n\n1 # three\n, # four\n  2 # five\n# six\n]",
        "a = [ # one\n  # two\n\n  1, # three\n  # four\n  2, # five\n  # six\n]\n",
    );
    check("a = [\n# nothing yet\n]\n", "a = [\n  # nothing yet\n]\n");
    check("a = [1 # one\n]\n", "a = [\n  1, # one\n]\n");
    check(
        "a = [\n{b=1}, # one\n\n# two\n{b=2} # three\n]",
        "a = [\n  { b = 1 }, # one\n\n  # two\n  { b = 2 }, # three\n]\n",
    );
}

#[test]
fn each_step_has_a_line() {
    check(
        "steps = [{ a = 1 }]\nother = [{ a = 1 }, { a = 2 }]\n",
        "steps = [{ a = 1 }]\nother = [{ a = 1 }, { a = 2 }]\n",
    );
    check("timeline.steps = [{ a = 1 }, { a = 2 }]\n", "timeline.steps = [\n  { a = 1 },\n  { a = 2 },\n]\n");
    check(
        "[timeline]\nsteps = [\n{a=1},{a=2},\n{a=3}]",
        "[timeline]\nsteps = [\n  { a = 1 },\n  { a = 2 },\n  { a = 3 },\n]\n",
    );
    let steps = |step: &str| format!("steps = [\n{}]\n", format!("{step}\n").repeat(2000));
    check(&steps("{ wait='1h' },"), &steps("  { wait = '1h' },"));
}

#[test]
fn json_has_a_line_for_what_fits() {
    check(
        r#"{"title":"\u0074 \"{","scenario":1.0,"a":{},"b":[ ],"c":null,
            "timeline":{"steps":[{"logon":"alice","x":[1,2]},{"wait":"1h"}]}}"#,
        r#"{
  "title": "\u0074 \"{",
  "scenario": 1.0,
  "a": {},
  "b": [],
  "c": null,
  "timeline": {
    "steps": [
      { "logon": "alice", "x": [1, 2] },
      { "wait": "1h" }
    ]
  }
}
"#,
    );
    // 119 characters, and one for a comma that may follow.
    let fits = format!("{{\n  \"a\": [\"{}\"]\n}}\n", "x".repeat(108));
    assert_eq!(fits.lines().nth(1).map(str::len), Some(119));
    check(&fits, &fits);
    let too_long = fits.replace("xx", "xxx");
    check(&too_long, &too_long.replace("[", "[\n    ").replace("]", "\n  ]"));
}

#[test]
fn what_cannot_be_read_is_not_laid_out() {
    let codes = |text: &[u8]| match format("story.toml", text) {
        Err(FormatError::Unreadable { found, files }) => {
            assert!(found.render(&files, false).contains("story.toml:"), "the file is named");
            found.list().iter().map(|problem| problem.code.as_str()).collect()
        }
        other => vec![if other.is_ok() { "laid out" } else { "differs" }],
    };
    assert_eq!(codes(b"scenario = "), ["AE0101"]);
    assert_eq!(codes(b"{ \"a\": 1, }"), ["AE0102"]);
    assert_eq!(codes(b"{ \"a\": 1, \"a\": 2 }"), ["AE0107"]);
    assert_eq!(codes(b"a = { b = 1,\n c = 2 }"), ["AE0105"]);
    assert_eq!(codes(b"a = 1\n\xff"), ["AE0106"]);
    assert_eq!(codes("a = [".repeat(200).as_bytes())[0], "AE0101");
    assert_eq!(codes(&vec![b' '; 2 << 20]), ["AE0103"]);
    let grows = format!("a=[{}]", "0,".repeat(500_000));
    assert_eq!(codes(grows.as_bytes()), ["AE0103"], "laid out, it is too large");
    assert_eq!(codes(b"nonsense = true"), ["laid out"]);
}

#[test]
fn files_of_this_language_are_known_by_their_keys() {
    let known = |text: &str| is_scenario_or_fixture(text.as_bytes());
    assert!(known("scenario = 1") && known("\u{feff}{ \"scenario\": 1 }"));
    assert!(known("atr = '3B 00'") && known("[[template]]\nname = 'User'"));
    assert!(known("scenario = 1\ntitle = "), "as far as it can be read");
    assert!(!known("[package]\nname = 'x'") && !known("{ \"name\": \"x\" }") && !known("") && !known("[template]"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever blanks, line breaks and comments there are: the document and the comments stay, and the layout is the
    /// last one.
    #[test]
    fn nothing_is_lost(document in any_document(), noise in proptest::collection::vec(any::<u8>(), 1..400)) {
        let printed = print(&parse("a.json", document.to_string().as_bytes()).document);
        let (text, comments) = disturb(&printed, noise);
        let once = format("b.toml", text.as_bytes()).expect("the text can be read");
        prop_assert!(parse("c.toml", once.as_bytes()).document == parse("b.toml", text.as_bytes()).document, "{text}\n{once}");
        prop_assert_eq!(notes(&once), comments, "{}\n{}", text, once);
        let ends = once.lines().all(|line| !line.ends_with([' ', '\t', '\r']));
        prop_assert!(ends || once.contains("\"\"\"") || once.contains("'''"), "{}", once);
        prop_assert_eq!(format("c.toml", once.as_bytes()), Ok(once));
    }

    #[test]
    fn nothing_of_json_is_lost(document in any_document()) {
        let text = document.to_string();
        let once = format("a.json", text.as_bytes()).expect("the text can be read");
        let again: serde_json::Value = serde_json::from_str(&once).expect("it is JSON");
        prop_assert_eq!(again.to_string(), text);
        prop_assert_eq!(format("a.json", once.as_bytes()), Ok(once));
    }
}

/// The text with other blanks, more line breaks and comments, wherever TOML allows them; and the comments.
fn disturb(text: &str, noise: Vec<u8>) -> (String, Vec<String>) {
    let mut noise = noise.into_iter().cycle();
    let mut draw = |below: u8| noise.next().expect("it is a cycle of something") % below;
    let line_end = if draw(3) == 0 { "\r\n" } else { "\n" };
    let (mut out, mut comments, mut open) = (String::new(), Vec::new(), Vec::new());
    let mut before = EventKind::Newline;
    for event in events(text) {
        let kind = event.kind();
        let raw = &text[event.span().start()..event.span().end()];
        if kind == EventKind::Whitespace {
            continue;
        }
        // Directly inside a list, or between lines, there may be whole lines more.
        let lines_allowed =
            open.last() == Some(&EventKind::ArrayOpen) || open.is_empty() && before == EventKind::Newline;
        if matches!(kind, EventKind::ArrayClose | EventKind::InlineTableClose) {
            open.pop();
            let ends_a_value = !matches!(before, EventKind::ArrayOpen | EventKind::ValueSep | EventKind::Newline);
            if kind == EventKind::ArrayClose && ends_a_value && draw(3) == 0 {
                out.push(',');
            }
        }
        for _ in 0..draw(3) {
            out.push_str(["", " ", "\t", "    "][usize::from(draw(4))]);
            let ends_a_line = kind == EventKind::Newline && before != EventKind::Comment;
            if (lines_allowed || ends_a_line) && draw(4) == 0 {
                let note =
                    format!("# note {}{}", comments.len(), ["", " ],\"", "'''", "\u{a0}ü #"][usize::from(draw(4))]);
                out.push_str(&note);
                comments.push(note);
                out.push_str(["", " ", "\t"][usize::from(draw(3))]);
                out.push_str(line_end);
            } else if lines_allowed && draw(3) == 0 {
                out.push_str(line_end);
            }
        }
        out.push_str(if kind == EventKind::Newline { line_end } else { raw });
        if matches!(kind, EventKind::ArrayOpen | EventKind::InlineTableOpen) {
            open.push(kind);
        }
        before = kind;
    }
    (out, comments)
}

fn notes(text: &str) -> Vec<String> {
    text.match_indices("# note ").map(|(at, _)| text[at..].lines().next().unwrap_or_default().to_owned()).collect()
}

fn events(text: &str) -> Vec<Event> {
    let tokens = Source::new(text).lex().into_vec();
    let mut events = Vec::new();
    let mut errors = Vec::new();
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, 80), &mut errors);
    assert!(errors.is_empty(), "what is printed is TOML");
    events
}
