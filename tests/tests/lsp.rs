//! `autoenroll lsp` as an editor starts it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use autoenroll_cli::{Catalogue, Exit, Fixtures};
use autoenroll_oracles::tools::{neovim, printed};
use autoenroll_scenario::{Diagnostic, FileId, Library, SymbolKind, check, mentions, parse, symbols};
use autoenroll_tests::{Autoenroll, root, scratch};
use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// A user edits a story with Neovim: what is shown, and what becomes of the text. What changes on purpose is accepted
/// with `cargo insta review`.
#[test]
fn a_session_with_neovim() {
    let Some(mut nvim) = neovim() else { return };
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "lsp-neovim");
    for file in ["story.toml", "session.lua"] {
        fs::copy(root().join("tests/editor").join(file), directory.join(file)).unwrap();
    }
    nvim.args(["-c", "luafile session.lua"]).current_dir(&directory).stdin(Stdio::null());
    nvim.env("AUTOENROLL", PROGRAM).env("HOME", &directory).env("XDG_CACHE_HOME", directory.join("cache"));
    // Neovim says nothing about errors of a script on standard output.
    let shown = printed(nvim.env("NVIM_LOG_FILE", directory.join("log")));
    insta::assert_snapshot!("neovim", shown.trim());
}

/// The server as a process, and what it has to say.
struct Server {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: i32,
}

impl Server {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("lsp").args(arguments).current_dir(directory).env_clear();
        command.env("XDG_CACHE_HOME", directory.join("cache"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, to, from, asked: 0 };
        server.ask("initialize", json!({ "capabilities": {} })).unwrap();
        server.tell("initialized", json!({}));
        server
    }

    fn next(&mut self) -> Message {
        Message::read(&mut self.from).unwrap().expect("the server goes on")
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        Message::Request(Request { id: id.clone(), method: method.to_owned(), params }).write(&mut self.to).unwrap();
        loop {
            if let Message::Response(Response { id: of, response_result }) = self.next() {
                assert_eq!(of, id);
                return response_result.map_err(|error| error.message);
            }
        }
    }

    fn tell(&mut self, method: &str, params: Value) {
        Message::Notification(Notification { method: method.to_owned(), params }).write(&mut self.to).unwrap();
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.complaints()
    }

    fn complaints(&mut self) -> Vec<Value> {
        loop {
            if let Message::Notification(Notification { params, .. }) = self.next() {
                return params["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    /// Ends it as editors do; its exit code.
    fn end(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.tell("exit", Value::Null);
        self.child.wait().unwrap().code()
    }
}

fn place(uri: &str, line: usize, character: usize) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

#[test]
fn worlds_of_the_user_come_first_and_lead_to_their_files() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "lsp-fixtures");
    fs::create_dir_all(directory.join("my/worlds")).unwrap();
    let world = "scenario = 1\n\n[world]\nextends = \"contoso\"\n\n[[world.user]]\nname = \"carol\"\n";
    fs::write(directory.join("my/worlds/mine.toml"), world).unwrap();
    let mut server = Server::start(&directory, &["--fixtures", "my"]);
    let uri = "file:///nowhere/story.toml";
    let story = "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"mine\"\n[timeline]\nsteps = [\n  { logon = \"carol\" },\n  { logon = \"alice\" },\n]\n";
    server.open(uri, story);
    let mut leads_to = |line| {
        let found = server.ask("textDocument/definition", place(uri, line, 14)).unwrap();
        let path = found[0]["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
        (PathBuf::from(path), found[0]["range"]["start"]["line"].as_u64().unwrap())
    };
    let directory = directory.canonicalize().unwrap();
    assert_eq!(leads_to(6), (directory.join("my/worlds/mine.toml"), 6));
    // A fixture inside the program is copied, for reading alone.
    let (copy, line) = leads_to(7);
    assert!(copy.starts_with(directory.join("cache/autoenroll")), "{}", copy.display());
    assert!(copy.ends_with("fixtures/worlds/contoso.toml") && fs::metadata(&copy).unwrap().permissions().readonly());
    assert_eq!(
        fs::read_to_string(&copy).unwrap().lines().nth(usize::try_from(line).unwrap()),
        Some("name = \"alice\"")
    );
    // What is saved is read again.
    fs::write(directory.join("my/worlds/mine.toml"), world.replace("carol", "dora")).unwrap();
    let saved = format!("file://{}", directory.join("my/worlds/mine.toml").display());
    server.tell("textDocument/didSave", json!({ "textDocument": { "uri": saved } }));
    assert!(server.complaints().iter().any(|one| one["message"].as_str().unwrap().contains("no user `carol`")));
    assert_eq!(server.end(), Some(0));
}

#[test]
fn what_cannot_be_served_is_told() {
    let lsp = |arguments: &str, input: &str| {
        Autoenroll::new(PROGRAM, ["lsp"].into_iter().chain(arguments.split_whitespace())).input(input).run()
    };
    let ran = lsp("--fixtures nowhere", "");
    assert_eq!((ran.code, ran.out.as_str()), (Some(i32::from(Exit::Usage.code())), ""));
    assert!(ran.err.contains("nowhere is no directory of fixtures"), "{}", ran.err);
    // An editor that is gone before it said anything, and something that is no editor.
    for input in ["", "scenario = 1\n", "Content-Length: 2\r\n\r\n{}"] {
        let ran = lsp("--stdio", input);
        assert_eq!((ran.code, ran.out.as_str()), (Some(i32::from(Exit::Usage.code())), ""), "{}", ran.err);
        assert!(ran.err.starts_with("autoenroll: ") && !ran.err.contains("panicked"), "{}", ran.err);
    }
}

#[test]
fn an_editor_that_ends_without_notice_is_told() {
    let mut server = Server::start(&scratch(env!("CARGO_TARGET_TMPDIR"), "lsp-exit"), &[]);
    server.tell("exit", Value::Null);
    assert_eq!(server.child.wait().unwrap().code(), Some(i32::from(Exit::Failed.code())));
}

/// Everything that a story of the suite names is found, so that no table of what texts name is wrong, or lacks a row
/// that matters.
#[test]
fn every_name_in_the_suite_leads_somewhere() {
    let library = Library::read(&Fixtures::default());
    let (mut found, mut lost) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for (path, text) in files_below("scenarios").into_iter().chain(files_below("fixtures/worlds")) {
        let parsed = parse(&path, text.as_bytes());
        let (symbols, _) = symbols(&parsed, &library);
        for mention in mentions(&parsed) {
            let kinds = mention.naming.kinds();
            let known = symbols.iter().any(|symbol| kinds.contains(&symbol.kind) && symbol.name == mention.name);
            match kinds.first() {
                _ if known => *found.entry(kinds[0].describe()).or_default() += 1,
                Some(kind) if !is_named_elsewhere(*kind, &mention.name) => {
                    lost.push(format!("{path}: no {} `{}`", kind.describe(), mention.name));
                }
                _ => {}
            }
        }
    }
    assert_eq!(lost, Vec::<String>::new());
    assert!(found.len() > 18 && found.values().sum::<usize>() > 5_000, "{found:?}");
}

/// What is named and described in no file that a story uses.
fn is_named_elsewhere(kind: SymbolKind, name: &str) -> bool {
    match kind {
        // The catalogue and the profiles have them.
        SymbolKind::Requirement | SymbolKind::Switch => true,
        // Dotted ones, answers to reset in hexadecimal, and well-known trustees.
        SymbolKind::Oid => name.starts_with(|c: char| c.is_ascii_digit()),
        SymbolKind::CardKind => name.starts_with("3B") || name.starts_with("3b"),
        SymbolKind::User => true,
        // Windows has some that no computer lists; providers make containers, and name them.
        SymbolKind::Provider | SymbolKind::Container => true,
        // What is issued to a request that named no template.
        SymbolKind::Certificate => name.starts_with("request#"),
        _ => false,
    }
}

/// What the help of a problem names mends it, wherever a text can stand there: over every file with mistakes.
#[test]
fn what_was_meant_mends_every_broken_file() {
    let library = Library::read(&Fixtures::default());
    let catalogue = Catalogue::embedded();
    let (mut mended, mut without) = (0, Vec::new());
    for (path, text) in files_below("tests/broken") {
        let checked = check(&path, text.as_bytes(), &library, catalogue);
        for problem in checked.found.list() {
            let asks = problem.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
            let Some(fix) = problem.fix(&checked.files).filter(|fix| fix.span.file == FileId::OWN) else {
                // In a list or a table of several, help does not say which element is meant.
                if asks && !checked.files.slice(problem.span).starts_with(['[', '{']) {
                    without.push(format!("{path}: {} {:?}", problem.message, problem.help));
                }
                continue;
            };
            let mut new = text.clone();
            new.replace_range(fix.span.start..fix.span.end, &fix.text);
            let again = check(&path, new.as_bytes(), &library, catalogue);
            let is_same =
                |other: &Diagnostic| other.message == problem.message && other.span.start == problem.span.start;
            assert!(!again.found.list().iter().any(is_same), "{path}: {} stays with {}", problem.message, fix.text);
            mended += 1;
        }
    }
    assert_eq!(without, Vec::<String>::new());
    assert!(mended > 40, "{mended}");
}

/// Files of this language below a directory of the repository, by their paths.
fn files_below(directory: &str) -> Vec<(String, String)> {
    let (mut files, mut directories) = (Vec::new(), vec![root().join(directory)]);
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension().and_then(|ending| ending.to_str()) {
                _ if path.is_dir() => directories.push(path),
                Some("toml" | "json") => {
                    files.extend(fs::read_to_string(&path).ok().map(|text| (path.display().to_string(), text)))
                }
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// How long an answer may take: ten times what is promised, for a build without optimisation on a machine that does
/// other things as well. What is slow in the square of a text is found out all the same.
const MOST: Duration = Duration::from_millis(500);

/// The best of some attempts, because the machine has other things to do.
fn best(attempts: u32, mut attempt: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        attempt();
        start.elapsed()
    };
    (0..attempts).map(time).min().unwrap()
}

/// The largest file of the suite.
fn largest() -> (String, String) {
    files_below("scenarios").into_iter().max_by_key(|(_, text)| text.len()).unwrap()
}

/// No answer is long in coming after a change, about the largest file of the suite. `--no-capture` shows the times;
/// docs/editor.md has them, and that they are below 50 ms.
#[test]
fn answers_come_at_once() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "lsp-times");
    let (name, text) = largest();
    let uri = format!("file://{name}");
    let mut server = Server::start(&directory, &[]);
    assert_eq!(server.open(&uri, &text), Vec::<Value>::new());
    let position = |word: &str| {
        let line = text.lines().position(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}"));
        (line, text.lines().nth(line).unwrap().find(word).unwrap() + word.len())
    };
    let (covers, step, world) = (position("covers = [\""), position("  { "), position("extends = \""));
    let at = |(line, character): (usize, usize)| place(&uri, line, character);
    // The first name that is this file's to give.
    let mut names = text.lines().enumerate().filter_map(|(line, text)| Some((line, text.find("name = \"")? + 8)));
    let name = names.find(|name| server.ask("textDocument/prepareRename", at(*name)).is_ok()).unwrap();
    let mut renamed = at(name);
    renamed["newName"] = json!("another name");
    let range = json!({ "start": at(step)["position"], "end": at(step)["position"] });
    let asked = [
        ("completion of requirements", "textDocument/completion", at(covers)),
        ("completion of a step", "textDocument/completion", at(step)),
        ("completion of worlds", "textDocument/completion", at(world)),
        ("hover", "textDocument/hover", at(covers)),
        ("definition", "textDocument/definition", at(world)),
        ("references", "textDocument/references", {
            let mut at = at(name);
            at["context"] = json!({ "includeDeclaration": true });
            at
        }),
        ("rename", "textDocument/rename", renamed),
        (
            "format",
            "textDocument/formatting",
            json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true } }),
        ),
        (
            "code action",
            "textDocument/codeAction",
            json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } }),
        ),
    ];
    let mut version = 1_usize;
    let mut change = |server: &mut Server| {
        version += 1;
        // A line behind the last one, so that every place stays where it is; and all anew.
        let end = json!({ "line": 100_000, "character": 0 });
        let range = json!({ "start": end, "end": end });
        let change = [json!({ "text": text }), json!({ "range": range, "text": "\n" })][version % 2].clone();
        server.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] }),
        );
    };
    let mut late = Vec::new();
    let mut told = |what: &str, took: Duration| {
        eprintln!("{:>7.1} ms  {what}", took.as_secs_f64() * 1_000.0);
        if took > MOST {
            late.push(format!("{what}: {took:?}"));
        }
    };
    let took = best(9, || {
        change(&mut server);
        drop(server.complaints());
    });
    told("diagnostics after a change", took);
    for (what, method, params) in asked {
        let took = best(9, || {
            change(&mut server);
            // What comes first after a change has everything to find out.
            server.ask(method, params.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
        });
        told(what, took);
    }
    assert_eq!(late, Vec::<String>::new());
    assert_eq!(server.end(), Some(0));
}
