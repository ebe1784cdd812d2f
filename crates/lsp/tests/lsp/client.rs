//! A client in the same process: the server answers in a thread of its own, as it does behind standard input.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use autoenroll_lsp::{Encoding, Lines, Surroundings, serve};
use autoenroll_scenario::{Bundle, Catalogue, Loader, Requirements};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use lsp_types::Position;
use serde_json::{Value, json};

/// Where the cursor is in a text.
pub(crate) const CURSOR: char = '¦';

/// The fixtures of the repository that the texts of these tests use, and one that is broken.
pub(crate) fn fixtures() -> Bundle {
    Bundle::new()
        .with("worlds/contoso.toml", include_str!("../../../../fixtures/worlds/contoso.toml"))
        .with("worlds/broken.toml", "scenario = 1\n\n[world]\nsed = 2\n")
        .with("cards/gids.toml", include_str!("../../../../fixtures/cards/gids.toml"))
        .with("cards/gids-full.toml", include_str!("../../../../fixtures/cards/gids-full.toml"))
        .with("cards/gids-small.toml", include_str!("../../../../fixtures/cards/gids-small.toml"))
        .with("cards/gids-no-default.toml", include_str!("../../../../fixtures/cards/gids-no-default.toml"))
        .with("cards/vendor.toml", include_str!("../../../../fixtures/cards/vendor.toml"))
        .with("cards/vendor-dialogs.toml", include_str!("../../../../fixtures/cards/vendor-dialogs.toml"))
        .with("templates/win2003.toml", include_str!("../../../../fixtures/templates/win2003.toml"))
        .with("templates/later.toml", include_str!("../../../../fixtures/templates/later.toml"))
        .with("oids.toml", include_str!("../../../../fixtures/oids.toml"))
}

struct Around {
    requirements: Catalogue,
}

impl Surroundings for Around {
    fn loader(&self) -> Box<dyn Loader> {
        Box::new(fixtures())
    }

    fn requirements(&self) -> &dyn Requirements {
        &self.requirements
    }

    fn titles(&self) -> Vec<(&str, &str)> {
        vec![("R009", "a rule"), ("R040", "another"), ("S9.cancel", "a state")]
    }

    fn article(&self, id: &str) -> Option<String> {
        Some(format!("**{id}** the title of {id}\n\nsource: a document"))
    }

    fn fixture(&self, path: &str, _near: Option<&Path>) -> Option<PathBuf> {
        Some(Path::new("/fixtures").join(path))
    }

    fn fixture_path(&self, file: &Path) -> Option<String> {
        Some(file.strip_prefix("/fixtures").ok()?.to_str()?.to_owned())
    }
}

/// A client of a server that knows the fixtures of these tests and the requirements R009, R040 and S9.cancel.
pub(crate) struct Client {
    connection: Connection,
    server: Option<JoinHandle<Result<autoenroll_lsp::Ended, String>>>,
    next: i32,
    /// What the server said without being asked, oldest first.
    pub(crate) told: Vec<Notification>,
    /// What it said at the beginning.
    pub(crate) initialized: Value,
}

impl Client {
    /// A client that counts columns in UTF-16 and knows snippets.
    pub(crate) fn new() -> Self {
        let completion = json!({ "completionItem": { "snippetSupport": true } });
        Self::with(json!({ "textDocument": { "completion": completion } }))
    }

    /// A client with these capabilities.
    pub(crate) fn with(capabilities: Value) -> Self {
        let (connection, far) = Connection::memory();
        let around = Around { requirements: Catalogue::new(["R009", "R040", "S9.cancel"], ["R009"]) };
        let server = Some(std::thread::spawn(move || serve(&far, &around)));
        let mut client = Self { connection, server, next: 0, told: Vec::new(), initialized: Value::Null };
        client.initialized = client.ask("initialize", json!({ "capabilities": capabilities })).unwrap();
        client.tell("initialized", json!({}));
        client
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.next += 1;
        let request = Request { id: RequestId::from(self.next), method: method.to_owned(), params };
        self.connection.sender.send(Message::Request(request)).unwrap();
        loop {
            match self.connection.receiver.recv().expect("the server is alive") {
                Message::Response(Response { id, response_result }) => {
                    assert_eq!(id, RequestId::from(self.next));
                    return response_result.map_err(|error| error.message);
                }
                Message::Notification(notification) => self.told.push(notification),
                Message::Request(request) => panic!("the server asks {}", request.method),
            }
        }
    }

    /// Sends a notification.
    pub(crate) fn tell(&self, method: &str, params: Value) {
        let notification = Notification { method: method.to_owned(), params };
        self.connection.sender.send(Message::Notification(notification)).unwrap();
    }

    /// Opens a text.
    pub(crate) fn open(&self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "toml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// The next complaints about a text, once no message waits.
    pub(crate) fn complaints(&mut self, uri: &str) -> Vec<Value> {
        loop {
            if let Some(at) = self.told.iter().position(|told| told.params["uri"] == uri) {
                return self.told.remove(at).params["diagnostics"].as_array().unwrap().clone();
            }
            match self.connection.receiver.recv().expect("the server is alive") {
                Message::Notification(notification) => self.told.push(notification),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Says goodbye; the server ends without an error.
    pub(crate) fn close(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Ok(Value::Null));
        self.exit();
    }

    /// Ends after the goodbye.
    pub(crate) fn exit(mut self) {
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().expect("the server did not panic").unwrap();
    }
}

/// A text without its cursor, and the position of that.
pub(crate) fn cursor(marked: &str, encoding: Encoding) -> (String, Position) {
    let byte = marked.find(CURSOR).expect("there is a cursor");
    let text = marked.replacen(CURSOR, "", 1);
    let position = Lines::of(&text, encoding).position(&text, byte);
    (text, position)
}

/// A text after edits.
pub(crate) fn edited(text: &str, edits: &[Value]) -> String {
    let lines = Lines::of(text, Encoding::Utf16);
    let position = |value: &Value| serde_json::from_value::<Position>(value.clone()).unwrap();
    let mut edits: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let byte = |end: &str| lines.byte(text, position(&edit["range"][end]));
            (byte("start"), byte("end"), edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_unstable();
    let mut new = text.to_owned();
    for (start, end, text) in edits.into_iter().rev() {
        new.replace_range(start..end, text);
    }
    new
}
