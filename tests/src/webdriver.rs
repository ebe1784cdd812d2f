//! A browser that is driven as a person would: WebDriver, which is JSON over HTTP.
#![expect(clippy::panic, reason = "a test that cannot go on ends")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked for the next page, and how long is waited in between.
const MOST_LOOKS: usize = 300;
const PACE: Duration = Duration::from_millis(100);
/// Marks a page as the old one.
const MARK: &str = "window.old = true";

/// The key of an element's id in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A program that drives a browser; both end with it.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    port: u16,
    session: String,
}

impl Driver {
    /// Starts the program, and a browser with these arguments.
    ///
    /// # Panics
    /// When one of them does not start: the test cannot go on.
    #[must_use]
    pub fn start(mut chromedriver: Command, arguments: &[String]) -> Self {
        let started = chromedriver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = started.spawn().expect("the driver was there a moment ago");
        let mut lines = BufReader::new(process.stdout.take().expect("its output is a pipe")).lines();
        let says =
            |line: String| line.split("started successfully on port ").nth(1)?.trim_end_matches('.').parse().ok();
        let port = lines.by_ref().map_while(Result::ok).find_map(says).expect("the driver says its port");
        // It goes on writing, and must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let mut driver = Self { process, port, session: String::new() };
        let options = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } });
        let begun = driver.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": options } }));
        driver.session = begun["sessionId"].as_str().expect("a session has an id").to_owned();
        driver
    }

    /// Goes to an address.
    pub fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// The text of the first element of a CSS selector.
    #[must_use]
    pub fn text(&self, css: &str) -> String {
        let path = format!("element/{}/text", self.element("css selector", css));
        self.get(&path).as_str().unwrap_or_default().to_owned()
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Clicks the button with that text, which leads to another page.
    pub fn press(&self, button: &str) {
        self.run(MARK);
        let xpath = format!("//button[normalize-space()=\"{button}\"]");
        let path = format!("element/{}/click", self.element("xpath", &xpath));
        self.post(&path, &json!({}));
        self.wait_for_another_page();
    }

    /// Types into the field of that name, and Enter behind it, which leads to another page.
    pub fn enter(&self, field: &str, text: &str) {
        self.run(MARK);
        let path = format!("element/{}/value", self.element("css selector", &format!("input[name={field}]")));
        self.post(&path, &json!({ "text": format!("{text}\u{e007}") }));
        self.wait_for_another_page();
    }

    /// A form is sent when it is sent: its page may still be there for a moment.
    fn wait_for_another_page(&self) {
        for _ in 0..MOST_LOOKS {
            if self.run("return !window.old && document.readyState === 'complete'") == true {
                return;
            }
            std::thread::sleep(PACE);
        }
        panic!("no other page comes after {}", self.get("source"));
    }

    fn element(&self, using: &str, value: &str) -> String {
        let found = self.post("element", &json!({ "using": using, "value": value }));
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no {value} in {}", self.get("source"))).to_owned()
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", &format!("/session/{}/{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}/{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        let (_, answer) = exchange(self.port, &(head + &body));
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        answer["value"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        // What has ended already needs no end.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Sends a request of HTTP to a port of this machine; head and body of what is answered.
///
/// # Panics
/// When nothing answers there: the test cannot go on.
#[must_use]
pub fn exchange(port: u16, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("something listens there");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
    stream.write_all(request.as_bytes()).expect("a request is taken");
    let mut bytes = Vec::new();
    let mut reader = BufReader::new(stream);
    loop {
        let before = bytes.len();
        let read = reader.read_until(b'\n', &mut bytes).expect("a head is answered");
        if read == 0 || bytes[before..] == *b"\r\n" {
            break;
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = Vec::new();
    match length {
        Some(length) => reader.take(length).read_to_end(&mut body),
        None => reader.read_to_end(&mut body),
    }
    .expect("a body is answered");
    (head, String::from_utf8_lossy(&body).into_owned())
}
