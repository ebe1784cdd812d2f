//! Pages of runs, as a browser sees them: lanes and rows are there, the drawing fits the table, every link leads
//! somewhere, and a phone has no need to scroll sideways.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::Path;

use autoenroll_oracles::tools;
use autoenroll_tests::{Autoenroll, root, scratch};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// The balloon of the founding story, and when it comes.
const BALLOON: &str = "after = \"60s\", expect = \"balloon\"";
/// A page of the founding story is no larger.
const MOST_BYTES: usize = 300_000;
/// Pixels of a phone, which Chromium's window cannot be as narrow as: the page stands in a frame of that width.
const PHONE: u32 = 390;

/// Looks at the page in a frame, and writes what it finds where `--dump-dom` prints it.
const LOOK: &str = r#"
const frame = document.querySelector("iframe");
frame.onload = () => {
  const page = frame.contentDocument, all = (what) => [...page.querySelectorAll(what)];
  const text = (what) => all(what).map((it) => it.textContent);
  const ids = all("[id]").map((it) => it.id), known = new Set(ids);
  const links = all("a[href^='#']").map((it) => it.getAttribute("href").slice(1));
  const chart = page.querySelector(".chart"), svg = page.querySelector(".chart svg");
  const named = (it) => it.ariaLabel || page.getElementById(it.getAttribute("aria-labelledby"))?.textContent;
  document.body.textContent = JSON.stringify({
    heading: text("h1"),
    width: page.documentElement.scrollWidth,
    landmarks: all("header, nav, main").map((it) => it.localName),
    sections: all("section, nav").map(named),
    lanes: text(".chart thead th"),
    "rows-of-chart": all(".chart tbody .box").length,
    "rows-of-list": all("ol.story > li").length,
    drawing: svg ? [svg.clientWidth - chart.querySelector("table").offsetWidth,
      svg.clientHeight - chart.querySelector("table").offsetHeight] : null,
    cut: all(".box").filter((it) => it.scrollHeight > it.clientHeight + 2).length,
    arrows: all("path.arrow").length,
    dialogs: all(".chart rect.dialog").length,
    strokes: all(".scale .stroke").length,
    chosen: text(".chosen").slice(0, 2),
    decisions: all("ul.decisions > li").length,
    rules: all("details.rule").length,
    lines: all("ol.source > li").length,
    wrong: text("ol.source li.wrong .message"),
    problems: text(".problem h3"),
    losses: text(".loss > p:first-child"),
    marks: text(".chart tr.lost, ol.story li.lost"),
    flags: text("svg text.lost"),
    twice: ids.length - known.size,
    nowhere: links.filter((to) => !known.has(to)),
    unnamed: all("table").filter((it) => !it.caption).length,
    loaded: all("script, [src], link, iframe, object").map((it) => it.localName),
  });
};
frame.srcdoc = PAGE;
"#;

/// What a browser finds in a page.
fn look(page: &str, directory: &Path) -> Option<Value> {
    let mut chromium = tools::chromium(&directory.join("profile"))?;
    // In a script, `<` would end it.
    let quoted = json!(page).to_string().replace('<', "\\u003c");
    let script = LOOK.replace("PAGE", &quoted);
    let outer = format!(
        "<!doctype html><meta charset=utf-8><body><iframe width={PHONE} height=844 style=border:0></iframe><script>{script}</script>"
    );
    let file = directory.join("look.html");
    fs::write(&file, outer).unwrap();
    let dom = tools::printed(chromium.arg("--dump-dom").arg(format!("file://{}", file.display())));
    let found = dom.split("<body>").nth(1).and_then(|rest| rest.split("</body>").next()).unwrap();
    let found = found.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error}: {found}")))
}

/// The page of a story, and how the command ended.
fn page(story: &str, directory: &Path) -> (String, Option<i32>) {
    let (scenario, html) = (directory.join("story.toml"), directory.join("story.html"));
    fs::write(&scenario, story).unwrap();
    let ran = Autoenroll::new(PROGRAM, ["show"]).arg(&scenario).arg("--html").arg(&html).run();
    (fs::read_to_string(&html).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)), ran.code)
}

fn founding() -> String {
    fs::read_to_string(root().join("scenarios/founding/second-provider.toml")).unwrap()
}

/// The facts that are named in what is expected.
fn check(found: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name} of {found:#}");
    }
}

#[test]
fn the_founding_story_is_a_page_that_a_browser_reads() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "page-passes");
    let story = founding();
    let (page_of_story, code) = page(&story, &directory);
    assert_eq!(code, Some(0));
    assert!(page_of_story.len() <= MOST_BYTES, "{} bytes", page_of_story.len());
    assert_eq!(page(&story, &directory).0, page_of_story, "the same story is the same page");
    let Some(found) = look(&page_of_story, &directory) else { return };
    let title = "Second provider, occupied Slot0, one wrong PIN, then issued";
    check(
        &found,
        &json!({
            "heading": [title], "width": PHONE, "landmarks": ["header", "nav", "main"],
            "sections": ["On this page", "Lanes over time", "Time to scale", "What happened, and why", "Rules that decided", "The scenario"],
            "lanes": ["Time", "Group Policy", "Core", "Desktop", "Card", "Stores", "CA", "Directory", "Event log"],
            "drawing": [0, 0], "cut": 0, "dialogs": 5, "chosen": ["start ✓ answered", "cancel ✓ answered"],
            "lines": story.lines().count(), "wrong": [], "problems": [],
            "twice": 0, "nowhere": [], "unnamed": 0, "loaded": [],
        }),
    );
    assert_eq!(found["rows-of-chart"], found["rows-of-list"]);
    assert_eq!(found["strokes"], found["rows-of-list"]);
    assert!(found["arrows"].as_u64() >= found["rows-of-chart"].as_u64().map(|rows| rows / 2), "{found:#}");
    assert!(found["decisions"].as_u64() > Some(100) && found["rules"].as_u64() > Some(40), "{found:#}");
}

#[test]
fn a_failing_story_says_first_what_is_wrong_and_where() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "page-fails");
    let hostile = "<script>alert(1)</script>\\\" onload=\\\"x\\\" ]]> \\u202E";
    let story = founding().replacen(BALLOON, &BALLOON.replace("60s", "61s"), 1);
    let story = story.replacen("Second provider, occupied Slot0", hostile, 1);
    let (page, code) = page(&story, &directory);
    assert_eq!(code, Some(1));
    let Some(found) = look(&page, &directory) else { return };
    check(
        &found,
        &json!({
            "heading": ["<script>alert(1)</script>\" onload=\"x\" ]]> \\u{202e}, one wrong PIN, then issued"],
            "width": PHONE, "drawing": [0, 0], "twice": 0, "nowhere": [], "loaded": [],
            "problems": ["✗ AE0501 `balloon of alice` did not come at 08:01:01 (2026-03-02 16:01:01)"],
            "wrong": ["✗ `balloon of alice` did not come at 08:01:01 (2026-03-02 16:01:01)"],
        }),
    );
}

/// A right is taken away: from then on nothing that anybody does leads to the certificate.
#[test]
fn a_page_marks_the_point_of_no_return() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "page-lost");
    let step = "{ change = \"template\", of = \"Mine\", set = { allow = { alice = [\"read\"] } } }";
    let story = format!(
        "scenario = 1\ntitle = \"A right is taken away\"\n\n[world]\nextends = \"contoso\"\n\n[[world.template]]\n\
         name = \"Mine\"\nbased-on = \"User\"\nallow = {{ alice = [\"read\", \"enroll\", \"autoenroll\"] }}\n\n[timeline]\n\
         steps = [\n  {{ change = \"ca\", set = {{ reachable = false }} }},\n  {{ logon = \"alice\" }},\n  \
         {{ after = \"1h\", change = \"ca\", set = {{ reachable = true }} }},\n  {step},\n]\n"
    );
    let (scenario, pages) = (directory.join("story.toml"), directory.join("pages"));
    fs::write(&scenario, story).unwrap();
    let ran = Autoenroll::new(PROGRAM, ["run", "--could-have"]).arg(&scenario).arg("--report").arg(&pages).run();
    let sentence = format!("Mine for alice: lost with step 4 ({step})");
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&sentence), "{}", ran.out);
    let mut names = fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().path());
    let page = fs::read_to_string(names.find(|path| !path.ends_with("index.html")).unwrap()).unwrap();
    let Some(found) = look(&page, &directory) else { return };
    let mark = "⚑ point of no return: Mine for alice";
    check(
        &found,
        &json!({
            "losses": [format!("{sentence} → 01:00:00: the last thing before")], "marks": [mark, mark], "flags": ["⚑"],
            "drawing": [0, 0], "width": PHONE, "twice": 0, "nowhere": [], "unnamed": 0,
        }),
    );
}

/// The page of a story in which there never was a way, and without that question the same page without marks.
#[test]
fn show_marks_on_its_page_what_was_lost() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "page-never");
    let written = |more: &[&str]| {
        let html = directory.join("story.html");
        let arguments = [&["show", "complaints/the-prompt-never-comes"], more, &["--html"]].concat();
        let ran = Autoenroll::new(PROGRAM, arguments).arg(&html).run();
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        fs::read_to_string(html).unwrap()
    };
    let marked = written(&["--could-have"]);
    let sentence = "CorpComputer for WKS01: nothing that people can do would have led to it";
    assert!(marked.contains(sentence), "{marked}");
    assert_eq!(marked.matches("point of no return: CorpComputer for WKS01").count(), 2);
    assert!(!written(&[]).contains("no return"));
    let diagram = Autoenroll::new(PROGRAM, ["show", "complaints/the-prompt-never-comes", "--mermaid", "--could-have"]);
    assert!(diagram.run().out.contains(": no return: CorpComputer for WKS01\n"));
}

#[test]
fn a_report_has_a_page_for_each_story_and_an_index() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "page-report");
    let pages = directory.join("pages");
    let ran = Autoenroll::new(PROGRAM, ["run", "founding/balloon", "--report"]).arg(&pages).run();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let mut names: Vec<String> =
        fs::read_dir(&pages).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let index = fs::read_to_string(pages.join("index.html")).unwrap();
    let stories = names.iter().filter(|name| *name != "index.html");
    assert!(names.contains(&"founding-balloon-clicked-on-icon.html".to_owned()), "{names:?}");
    for name in stories {
        assert!(index.contains(&format!("<a href=\"{name}\">")), "{name} is not in the index");
    }
    // A part of the suite says nothing about coverage.
    assert!(!index.contains("Coverage") && index.contains("✓ no story fails"));
    let Some(found) = look(&index, &directory) else { return };
    check(
        &found,
        &json!({ "heading": ["Stories"], "width": PHONE, "twice": 0, "nowhere": [], "unnamed": 0, "loaded": [] }),
    );
}
