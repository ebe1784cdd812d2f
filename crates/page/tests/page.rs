//! Pages of small traces: nothing of a text becomes markup, each decision stands once, long stories are cut, the same
//! story is the same page.

use std::collections::BTreeSet;

use autoenroll_model::{Fact, Facts, SimTime};
use autoenroll_page::{
    Block, Button, Buttons, Chart, Coverage, Entry, Index, Loss, Lost, MOST_ROWS, Message, Play, Problem, Question,
    Rule, Run, Section, Sheet, Shows, Step, Table, Verdict, Words, index, mermaid, page, play, sheet,
};
use autoenroll_trace::{Kind, Record, RecordId, Trace};

/// Texts that want to be more than texts, and how a page shows them.
const HOSTILE: &[(&str, &str)] = &[
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("\" onclick=\"alert(1)", "&quot; onclick=&quot;alert(1)"),
    ("' onfocus='x' autofocus tabindex='1", "' onfocus='x' autofocus tabindex='1"),
    ("]]><svg/onload=alert(1)>", "]]&gt;&lt;svg/onload=alert(1)&gt;"),
    ("</style></title></textarea><img src=x>", "&lt;/style&gt;&lt;/title&gt;&lt;/textarea&gt;&lt;img src=x&gt;"),
    ("--><!--", "--&gt;&lt;!--"),
    ("txt.\u{202e}lmoc", "txt.\\u{202e}lmoc"),
    ("a\u{2067}b\u{0}c\u{1b}[31m", "a\\u{2067}b\\u{0}c\\u{1b}[31m"),
    ("&lt;b&gt; &#x3c;", "&amp;lt;b&amp;gt; &amp;#x3c;"),
    ("javascript:alert(1)", "javascript:alert(1)"),
];

/// Tells every record that is no decision and no work, by all its texts.
struct Plain;

impl Words for Plain {
    fn sentence(&self, record: &Record) -> Option<String> {
        let told = !matches!(record.kind, Kind::Decision | Kind::Effect | Kind::CardDone | Kind::Apdu);
        told.then(|| format!("{} {} {}", record.actor, record.kind.as_str(), record.facts))
    }

    fn rule(&self, id: &str) -> Option<Rule> {
        let text = |what: &str| format!("{what} of {id}");
        Some(Rule {
            title: text("title"),
            text: text("text"),
            evidence: text("support"),
            sources: vec![text("source")],
        })
    }

    fn wall(&self, time: SimTime) -> String {
        format!("2026-03-02 {time}")
    }
}

fn run<'a>(trace: &'a Trace, word: &str, text: &'a str) -> Run<'a> {
    Run {
        name: word.to_owned(),
        title: word.to_owned(),
        profile: word.to_owned(),
        verdict: Verdict::Passed,
        text,
        trace,
        digest: word.to_owned(),
        end: SimTime(9),
        steps: Vec::new(),
        problems: Vec::new(),
        losses: Vec::new(),
        told: String::new(),
    }
}

fn list(words: &[&str]) -> Fact {
    Fact::List(words.iter().map(|word| Fact::from(*word)).collect())
}

/// A record of every kind, with that word wherever a word can be.
fn trace_of(word: &str) -> Trace {
    let mut trace = Trace::new();
    let names = [
        "rule",
        "subject",
        "op",
        "card",
        "code",
        "container",
        "default-container",
        "reader",
        "point",
        "answer",
        "prompt",
        "what",
        "template",
        "on",
    ];
    let mut last = Vec::new();
    for (at, kind) in Kind::ALL.iter().enumerate() {
        let mut facts = Facts::new();
        for name in names {
            facts.set(name, word);
        }
        for name in ["offers", "containers"] {
            facts.set(name, list(&[word]));
        }
        facts.set(word, word);
        last = vec![trace.push(SimTime(at as u64 / 3), word, *kind, facts, last)];
    }
    trace
}

/// Something that was lost behind a record, or before all.
fn loss(word: &str, behind: Option<u32>) -> Loss {
    let at = Lost { behind: behind.map(RecordId), time: SimTime(u64::from(behind.unwrap_or_default()) / 3) };
    Loss { what: word.to_owned(), told: format!("{word} is lost"), way: vec![word.to_owned()], at: Some(at) }
}

fn everything(word: &str, trace: &Trace) -> String {
    let problem = Problem {
        code: word.to_owned(),
        message: word.to_owned(),
        line: Some(1),
        help: Some(word.to_owned()),
        records: vec![RecordId(0)],
    };
    let text = format!("{word}\n{word}");
    let failed = Run {
        verdict: Verdict::Failed,
        steps: vec![Step { line: 1, record: Some(RecordId(0)) }],
        problems: vec![problem],
        losses: vec![loss(word, Some(0)), loss(word, None)],
        told: word.to_owned(),
        ..run(trace, word, &text)
    };
    page(&failed, &Plain)
}

/// Everything between `<` and `>`.
fn tags(document: &str) -> BTreeSet<&str> {
    document.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn no_text_becomes_markup() {
    let plain = "plain";
    let names = |document: &str| -> BTreeSet<String> {
        tags(document).iter().map(|tag| tag.split([' ', '\n']).next().unwrap_or_default().to_owned()).collect()
    };
    let expected = names(&everything(plain, &trace_of(plain)));
    assert!(expected.contains("table") && expected.contains("path") && !expected.contains("script"), "{expected:?}");
    for (hostile, shown) in HOSTILE {
        let made = everything(hostile, &trace_of(hostile));
        assert_eq!(names(&made), expected, "{hostile}");
        assert!(made.contains(shown), "{hostile}");
        for tag in tags(&made) {
            // What is quoted is a value; names of attributes stand outside.
            let outside: String = tag.split('"').step_by(2).collect();
            assert!(!outside.contains("onclick") && !outside.contains("onfocus"), "{tag}");
            assert!(!tag.contains("href=\"javascript"), "{tag}");
        }
        assert!(!made.chars().any(|c| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c)));
    }
}

#[test]
fn no_text_of_an_index_becomes_markup() {
    let of = |word: &str| {
        let entry = |verdict| Entry {
            name: word.to_owned(),
            title: word.to_owned(),
            profile: word.to_owned(),
            verdict,
            end: word.to_owned(),
            why: word.to_owned(),
            page: Some("a.html".to_owned()),
        };
        let row = |state| Coverage {
            id: word.to_owned(),
            title: word.to_owned(),
            state,
            evidence: word.to_owned(),
            by: vec![0, 1, 7],
        };
        let entries =
            vec![entry(Verdict::Passed), entry(Verdict::Failed), entry(Verdict::Known), entry(Verdict::Bench)];
        index(&Index { entries, coverage: vec![row(Shows::Covered), row(Shows::Excused), row(Shows::Uncovered)] })
    };
    let expected = tags(&of("plain")).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    for (hostile, shown) in HOSTILE {
        let made = of(hostile);
        // An index has no text in its attributes.
        assert_eq!(tags(&made).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected, "{hostile}");
        assert!(made.contains(shown), "{hostile}");
    }
    let counts = "4 stories: 1 passed, 2 failed, 1 known to fail";
    assert!(of("plain").contains(counts), "{}", of("plain"));
    assert!(of("plain").contains("3 requirements: 1 covered, 1 excused, 1 uncovered"));
}

/// A story in play in which every text is that word.
fn in_play(word: &str, trace: &Trace) -> String {
    let button = |value, wants_pin| Button { value, label: word.to_owned(), wants_pin };
    let text = || word.to_owned();
    let answers = vec![button(0, true), button(1, false)];
    let shown = Play {
        name: text(),
        title: text(),
        trace,
        now: SimTime(9),
        before: 0,
        revision: 3,
        message: Some(Message::Refused(text())),
        questions: vec![Question { who: text(), point: text(), text: text(), answers: answers.clone() }],
        groups: [true, false].map(|open| Buttons { title: text(), open, buttons: answers.clone() }).to_vec(),
        next: Some(text()),
        written: Some(text()),
        did: Some(text()),
        file: Some(text()),
    };
    play(&shown, &Plain)
}

/// A page of numbers in which every text is that word.
fn numbers(word: &str) -> String {
    let text = || word.to_owned();
    let table = Table { caption: text(), head: vec![text(), text()], rows: vec![vec![text(), text()]] };
    let chart =
        |bars| Chart { caption: text(), across: text(), up: text(), end: 9, points: vec![(0, 1), (9, 7)], bars };
    let file = Block::File { name: text(), text: text() };
    let blocks =
        vec![Block::Text(text()), Block::Table(table), Block::Chart(chart(true)), Block::Chart(chart(false)), file];
    sheet(&Sheet { title: text(), about: vec![text()], sections: vec![Section { title: text(), blocks }] })
}

#[test]
fn no_text_of_a_story_in_play_or_of_numbers_becomes_markup() {
    let names = |document: &str| -> Vec<String> {
        tags_in_order(document).map(|tag| tag.split([' ', '\n']).next().unwrap_or_default().to_owned()).collect()
    };
    let expected = [names(&in_play("plain", &trace_of("plain"))), names(&numbers("plain"))];
    assert!(expected[0].iter().any(|name| name == "input") && expected[1].iter().any(|name| name == "svg"));
    for (hostile, shown) in HOSTILE {
        let made = [in_play(hostile, &trace_of(hostile)), numbers(hostile)];
        assert_eq!([names(&made[0]), names(&made[1])], expected, "{hostile}");
        for document in made {
            assert!(document.contains(shown), "{hostile}");
            for tag in tags(&document) {
                let outside: String = tag.split('"').step_by(2).collect();
                assert!(!outside.contains("onclick") && !outside.contains("onfocus"), "{tag}");
            }
        }
    }
}

#[test]
fn no_text_of_a_diagram_means_anything_to_mermaid() {
    let drawn = |word: &str| mermaid(&run(&trace_of(word), word, ""), &Plain);
    let lines = drawn("plain").lines().count();
    for (hostile, _) in HOSTILE {
        let made = drawn(hostile);
        assert_eq!(made.lines().count(), lines, "{made}");
        let told = made.lines().filter_map(|line| line.split_once(": "));
        let is_text = |c: char| c.is_alphanumeric() || " .,-()/:=?_#;".contains(c);
        told.for_each(|(_, text)| assert!(text.chars().all(is_text), "{text}"));
    }
    check(&mermaid(&run(&story(400), "s", ""), &Plain), &[" more are left out here\n"]);
    let mut wordy = Trace::new();
    for at in 0..500 {
        wordy.push(SimTime(at), &"x".repeat(200), Kind::Logon, Facts::new(), vec![]);
    }
    let long = mermaid(&run(&wordy, "s", ""), &Plain);
    assert!(long.len() <= 50_000 && long.ends_with("more are left out here\n"), "{}", long.len());
    assert!(mermaid(&run(&Trace::new(), "s", ""), &Plain).starts_with("sequenceDiagram\n    participant "));
}

#[test]
fn a_chart_has_its_points_and_a_caption_for_who_does_not_see_it() {
    check(
        &numbers("plain"),
        &[
            "role=\"img\" aria-label=\"plain\"",
            "<path class=\"line\" d=\"M64 205L1000 40\">",
            "<rect class=\"bar\" x=\"64\"",
            "<figcaption>plain",
        ],
    );
}

/// A story as the core tells it: a decision leads to an effect, and that to what is seen.
fn story(rounds: u64) -> Trace {
    let mut trace = Trace::new();
    for round in 0..rounds {
        let at = SimTime(round * 1_000_000_000);
        let fact = |name, word: &str| Facts::new().with(name, word);
        let logon = trace.push(at, "alice", Kind::Logon, Facts::new(), vec![]);
        let decision = trace.push(at, "alice", Kind::Decision, fact("rule", "R001").with("outcome", true), vec![logon]);
        let effect = trace.push(at, "alice", Kind::Effect, fact("op", "bind"), vec![decision]);
        let prompt = fact("point", "pin.enter").with("offers", list(&["pin", "cancel"]));
        let prompt = trace.push(at, "alice", Kind::Prompt, prompt, vec![effect]);
        trace.push(at, "alice", Kind::Answer, fact("prompt", "pin.enter").with("answer", "cancel"), vec![prompt]);
        let insert = fact("card", "c").with("reader", "r");
        trace.push(at, "c", Kind::Insert, insert, vec![prompt, logon]);
        let describe =
            fact("card", "c").with("op", "describe").with("code", "0x00000000 S_OK").with("tries-left", 2_i64);
        let describe = describe.with("containers", list(&["one", "two"])).with("default-container", "two");
        trace.push(at, "alice", Kind::CardDone, describe, vec![]);
    }
    trace
}

fn check(document: &str, expected: &[&str]) {
    for text in expected {
        assert!(document.contains(text), "there is no {text} in\n{document}");
    }
}

/// In words and at its place: in the lanes, in the list, on the line of time and in the diagram.
#[test]
fn a_point_of_no_return_is_marked_where_it_comes() {
    let trace = trace_of("x");
    let ids: Vec<u32> = trace.iter().map(|record| record.id.0).collect();
    let last = *ids.last().unwrap();
    let nowhere = Loss { at: None, ..loss("Nowhere", None) };
    let losses = vec![loss("First", None), loss("Amid", Some(last / 2)), loss("End", Some(last)), nowhere];
    let told = Run { losses, ..run(&trace, "s", "") };
    let made = page(&told, &Plain);
    check(
        &made,
        &[
            "<a href=\"#lost\">Points of no return</a>",
            "<article class=\"loss\" id=\"lost0\"><p>First is lost</p><p>What would have led to it:</p><ol><li>First</li></ol>",
            "<article class=\"loss\" id=\"lost3\"><p>Nowhere is lost</p>",
            "; points of no return: 00:00:00",
        ],
    );
    // The mark, as the lanes and the list have it, and how often the page says it.
    let mark = |at: usize, what: &str| {
        format!("<span aria-hidden=\"true\">⚑ </span><a href=\"#lost{at}\">point of no return: {what}</a>")
    };
    for (at, what) in ["First", "Amid", "End"].into_iter().enumerate() {
        assert_eq!(made.matches(&mark(at, what)).count(), 2, "{what}");
    }
    assert_eq!(made.matches("point of no return: ").count(), 6);
    // Each stands behind the rows up to its record, and before the others.
    let (_, lanes) = made.split_once("<tbody>").unwrap();
    let place = |what: &str| lanes.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(lanes.starts_with("<tr class=\"n1 lost\">"), "the first one stands before all");
    let links = |from: usize, to: usize| lanes[from..to].matches("href=\"#r").count();
    let (amid, end) = (place(&mark(1, "Amid")), place(&mark(2, "End")));
    let before = |id: u32| (0..=id).filter(|id| lanes.contains(&format!("href=\"#r{id}\""))).count();
    assert_eq!(links(0, amid), before(last / 2));
    assert_eq!(links(0, end), before(last));
    // A chart with marks is as high as its rows: 32 pixels more for each.
    let height = |made: &str| {
        let (_, rest) = made.split_once("<svg aria-hidden=\"true\"").unwrap();
        let (_, rest) = rest.split_once("height=\"").unwrap();
        rest.split('"').next().unwrap().parse::<u32>().unwrap()
    };
    let plain = page(&run(&trace, "s", ""), &Plain);
    assert_eq!(height(&made), height(&plain) + 3 * 32);
    assert!(!plain.contains("no return") && !plain.contains('⚑'), "nothing of it where nobody asked");
    let diagram = mermaid(&told, &Plain);
    assert_eq!(diagram.matches(": no return: ").count(), 3, "{diagram}");
}

#[test]
fn a_page_tells_causes_decisions_dialogs_and_cards() {
    let trace = story(1);
    let text = "title = \"x\"\nsteps = [\n]\n";
    let steps = vec![Step { line: 2, record: Some(RecordId(3)) }];
    let made = page(&Run { steps, ..run(&trace, "s", text) }, &Plain);
    check(
        &made,
        &[
            // The prompt follows from the logon, by R001, which decides between them.
            "because <a href=\"#r0\">",
            "; by <a href=\"#d1\">R001</a>",
            "<li id=\"d1\"><a href=\"#rule1\">R001</a> yes: title of R001</li>",
            "<summary>1 decision, 1 step of work before it</summary>",
            "<details class=\"rule\" id=\"rule1\"><summary><b>R001</b> title of R001</summary><p>text of R001</p>",
            "<li>source of R001</li>",
            // The answer that was given.
            "<span class=\"offer chosen\">cancel ✓<span class=\"unseen\"> answered</span></span>",
            // The card, in words.
            "<span class=\"container\">one</span>",
            "<span class=\"container default\">two ★ default</span>",
            "<span class=\"pin\">PIN ●● 2 left</span>",
            // The line of the step and back.
            "<a href=\"#L2\">line 2</a>",
            "href=\"#r3\">→ 00:00:00<span class=\"unseen\">: what line 2 matched</span></a>",
            "<th scope=\"col\">Desktop</th><th scope=\"col\">Card</th></tr>",
        ],
    );
    // Inserting follows from the prompt, which follows from the logon: one cause is told.
    let insert = made.split("<li id=\"r5\">").nth(1).and_then(|rest| rest.split("</li>").next()).unwrap();
    assert!(insert.contains("#r3") && !insert.contains("#r0"), "{insert}");
}

#[test]
fn a_failure_stands_first_with_what_came_instead() {
    let trace = story(1);
    let problems = vec![Problem {
        code: "AE0501".to_owned(),
        message: "it did not come".to_owned(),
        line: Some(2),
        help: Some("near: a prompt".to_owned()),
        records: vec![RecordId(3)],
    }];
    let told = "error[AE0501]".to_owned();
    let made = page(&Run { verdict: Verdict::Failed, problems, told, ..run(&trace, "s", "a\nb\n") }, &Plain);
    check(
        &made,
        &[
            "<code>AE0501</code> it did not come</h3>",
            "in <a href=\"#L2\">line 2</a>",
            "<p>What came instead:</p><ul><li><span class=\"quiet\">00:00:00</span> <a href=\"#r3\">",
            "<li class=\"wrong\" id=\"L2\"><code>b</code><div class=\"message\"><a href=\"#p0\">✗ it did not come</a></div></li>",
            "<pre>error[AE0501]</pre>",
        ],
    );
}

#[test]
fn each_anchor_stands_once_and_each_link_has_one() {
    for trace in [story(1), story(40), trace_of("x"), Trace::new()] {
        let made = page(&run(&trace, "s", "a\n"), &Plain);
        let mut ids = BTreeSet::new();
        for tag in tags_in_order(&made) {
            if let Some(id) = attribute(tag, "id") {
                assert!(ids.insert(id), "{id} stands twice");
            }
        }
        for tag in tags_in_order(&made) {
            if let Some(to) = attribute(tag, "href") {
                assert!(to.strip_prefix('#').is_some_and(|id| ids.contains(id)), "{to} leads nowhere");
            }
        }
        let decisions = trace.of(Kind::Decision).count();
        assert_eq!(ids.iter().filter(|id| id.starts_with('d')).count(), decisions);
    }
}

fn tags_in_order(document: &str) -> impl Iterator<Item = &str> {
    document.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

#[test]
fn a_long_story_keeps_its_beginning_and_its_end() {
    let trace = story(400);
    let made = page(&run(&trace, "s", ""), &Plain);
    let rows = made.matches("<a class=\"box").count();
    assert_eq!(rows, MOST_ROWS);
    check(&made, &["<li id=\"r0\">", &format!("<li id=\"r{}\">", trace.len() - 2), "more are left out here"]);
    assert!(made.len() < 2_000_000, "{}", made.len());
}

#[test]
fn the_same_story_is_the_same_page() {
    let trace = story(3);
    assert_eq!(page(&run(&trace, "s", "a"), &Plain), page(&run(&trace.clone(), "s", "a"), &Plain));
}
