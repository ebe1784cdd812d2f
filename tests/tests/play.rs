//! A story by hand: through a pipe, and in a browser that is driven. What is written runs, and is the story that was
//! played, to the digest.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use autoenroll_oracles::tools;
use autoenroll_tests::webdriver::{Driver, exchange};
use autoenroll_tests::{Autoenroll, root, scratch};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
const FOUNDING: &str = "founding/second-provider";

/// The founding story, as somebody types it.
const TYPED: &str = "\
logon alice
+8h
next
+5s
click icon
start
wait 3s
insert alice-card
cancel
yes
pin 0000
pin 1234
+9h
";

/// The digest of the founding story.
fn digest() -> String {
    let all = fs::read_to_string(root().join("tests/digests.txt")).unwrap();
    let line = all.lines().find(|line| line.ends_with(&format!("  {FOUNDING}"))).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

/// What a run of a file comes to, as its line of JSON.
fn run(file: &Path) -> Value {
    let ran = Autoenroll::new(PROGRAM, ["run", "--format", "json"]).arg(file).run();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    serde_json::from_str(ran.out.lines().next().unwrap()).unwrap()
}

#[test]
fn the_founding_story_is_typed_and_the_file_that_is_written_is_that_story() {
    let file = scratch(env!("CARGO_TARGET_TMPDIR"), "play-typed").join("typed.toml");
    let input = format!("{TYPED}write {}\n", file.display());
    let played = Autoenroll::new(PROGRAM, ["play", FOUNDING]).input(input.clone()).run();
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);
    for told in ["alice answers: cancel", "1 pin PIN, 2 cancel, 3 close", "ContosoSmartcardLogon#2", "and it passes"] {
        assert!(played.out.contains(told), "no {told} in {}", played.out);
    }
    assert_eq!(run(&file)["digest"], digest());
    // What was written by hand meanwhile is left as it is.
    let again = Autoenroll::new(PROGRAM, ["play", FOUNDING]).input(input).run();
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("exists already"), "{}", again.err);
}

/// A directory is no file, and what is wrong with a story is told under the name that it was written to.
#[test]
fn a_story_is_written_where_it_was_said() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "play-written");
    let play = |typed: &str| Autoenroll::new(PROGRAM, ["play", FOUNDING]).input(typed).run();
    let into = play(&format!("write {}\n", folder.display()));
    assert_eq!(into.code, Some(2), "{}{}", into.out, into.err);
    assert!(into.err.contains("is a directory: expected a file, such as "), "{}", into.err);
    assert!(!folder.with_extension("toml").exists());
    let late = play("+1825d\n+1s\n");
    assert_eq!(late.code, Some(2), "{}{}", late.out, late.err);
    assert!(late.err.contains("a story lasts five years at most"), "{}", late.err);
    let file = folder.join("mine.toml");
    let failing = play(&format!("logon alice\nexpect = \"denied\"\n+1h\nwrite {}\n", file.display()));
    assert!(failing.out.contains("it does not pass"), "{}{}", failing.out, failing.err);
    let place = format!("--> {}:", file.display());
    assert!(failing.out.contains(&place) && !failing.out.contains("found.toml"), "{place}\n{}", failing.out);
}

#[test]
fn a_file_is_followed_to_its_end() {
    let file = scratch(env!("CARGO_TARGET_TMPDIR"), "play-followed").join("followed.toml");
    let input = format!("go 8\n+9h\nwrite {}\nquit\nnever read\n", file.display());
    let played = Autoenroll::new(PROGRAM, ["play", FOUNDING]).input(input).run();
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);
    assert_eq!(run(&file)["digest"], digest());
}

#[test]
fn a_world_of_the_fixtures_is_played() {
    let file = scratch(env!("CARGO_TARGET_TMPDIR"), "play-world").join("world.toml");
    let input = format!("title A \"day\"\nlogon = \"alice\"\n+1h\nlock\n+8h\nwrite {}\n", file.display());
    let played = Autoenroll::new(PROGRAM, ["play", "contoso"]).input(input).run();
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);
    assert_eq!(run(&file)["title"], "A \"day\"");
}

#[test]
fn a_script_ends_where_it_goes_wrong() {
    for (input, why) in [
        ("logon alice\ninsert my-card\n+1h\n", "insert my-card: `insert my-card` is nothing that can be done now"),
        ("logon = \"carol\"\n", "carol"),
        ("write\n", "say the name of a file"),
        ("+1h\nuntil 10m\n", "is over"),
    ] {
        let played = Autoenroll::new(PROGRAM, ["play", FOUNDING]).input(input).run();
        assert_eq!(played.code, Some(2), "{input}: {}{}", played.out, played.err);
        assert!(played.err.contains(why), "{input}: {}", played.err);
    }
}

/// A page that is served, until the test is over.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    fn start(file: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["play", FOUNDING, "--browser", "--no-open", "--write"]).arg(file);
        command.env_clear().current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        Self { process, url }
    }

    fn port(&self) -> u16 {
        self.url.split(['/', ':']).nth(4).unwrap().parse().unwrap()
    }

    /// The path of its page, with the token.
    fn path(&self) -> String {
        format!("/{}", self.url.splitn(4, '/').nth(3).unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // What has ended already needs no end.
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

#[test]
fn the_founding_story_is_played_in_a_browser() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "play-browser");
    let Some(chromedriver) = tools::chromedriver() else { return };
    let file = directory.join("played.toml");
    let mut served = Served::start(&file);
    let driver = Driver::start(chromedriver, &tools::chromium_arguments(&directory.join("profile")));
    driver.go(&served.url);
    let just = |sentence: &str| {
        let text = driver.text("ol.just");
        assert!(text.contains(sentence), "no {sentence} in {text}");
    };
    driver.press("log alice on at WKS01");
    just("alice logs on at WKS01");
    driver.press("+8 h");
    driver.press("Until something happens");
    just("alice sees a balloon");
    driver.press("+5 s");
    driver.press("alice clicks the icon");
    assert!(driver.text(".question").contains("start enrolling now?"));
    driver.press("start");
    driver.enter("line", "wait = \"3s\"");
    driver.press("insert payroll-card into Reader 0 of WKS01");
    just("payroll-card goes into Reader 0 of WKS01");
    driver.press("Take back: insert payroll-card into Reader 0 of WKS01");
    assert_eq!(driver.text("[role=status]"), "taken back: insert payroll-card into Reader 0 of WKS01");
    driver.enter("line", "remove = \"alice-card\"");
    assert!(driver.text("[role=alert]").contains("alice-card"));
    driver.press("insert alice-card into Reader 0 of WKS01");
    driver.press("cancel");
    driver.press("yes");
    driver.enter("pin", "0000");
    just("alice-card refuses the PIN");
    driver.enter("pin", "1234");
    just("ContosoSmartcardLogon is enrolled: ContosoSmartcardLogon#2");
    driver.press("+8 h");
    driver.press("+1 h");
    assert_eq!(driver.run("return document.querySelectorAll('.chart .box').length > 30"), true);
    driver.press(&format!("Save to {}", file.display()));
    assert!(driver.text("[role=status]").ends_with("and it passes"));
    driver.press("Quit");
    assert!(driver.text("main").contains("The server has ended"));
    drop(driver);
    assert_eq!(served.process.wait().unwrap().code(), Some(0));
    assert_eq!(run(&file)["digest"], digest());
}

#[test]
fn nothing_but_its_own_page_drives_it() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "play-guarded");
    let served = Served::start(&directory.join("guarded.toml"));
    let (port, path) = (served.port(), served.path());
    let act = |headers: &str, body: &str| {
        let length = body.len();
        exchange(port, &format!("POST {path}act HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}")).0
    };
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let check =
        |head: String, status: &str| assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {head}");
    let get = |path: &str| exchange(port, &format!("GET {path} HTTP/1.1\r\n{own}\r\n"));
    check(act("Host: rebound.test\r\n", "revision=0&do=quit"), "403");
    check(act("", "revision=0&do=quit"), "403");
    check(act(&format!("{own}Origin: http://elsewhere.test\r\n"), "revision=0&do=quit"), "403");
    check(act(&format!("{own}Origin: null\r\n"), "revision=0&do=quit"), "403");
    check(act(&format!("{own}Sec-Fetch-Site: cross-site\r\n"), "revision=0&do=quit"), "403");
    check(get("/").0, "404");
    check(get(&path.replace(|c: char| c.is_ascii_hexdigit(), "0")).0, "404");
    check(get(&format!("{path}act")).0, "405");
    check(exchange(port, "no request at all\r\n\r\n").0, "400");
    check(exchange(port, &format!("POST {path}act HTTP/1.1\r\n{own}Content-Length: 70000\r\n\r\n")).0, "413");
    // A form of a page that is no longer shown does nothing.
    check(act(&own, "revision=0&wait=1h"), "303");
    check(act(&own, "revision=0&wait=1h"), "303");
    let page = get(&path).1;
    assert!(page.contains("the story has gone on since that page") && page.contains(">01:00:00<"), "{page}");
    assert!(page.contains("form-action 'self'") && !page.contains("<script"), "{page}");
    check(get(&format!("{path}scenario.toml")).0, "200");
    check(act(&format!("{own}Origin: http://127.0.0.1:{port}\r\n"), "do=quit"), "200");
}
