//! A trace in sentences: one a line, the time where it changes, nothing that only a programmer wants to know.
//!
//! Messages about failing scenarios show records instead, with the words that scenario files use.

mod change;

use std::fmt::Write as _;

use autoenroll_model::{DecisionPoint, Fact, Facts, SimTime};
use autoenroll_page::Lost;
use autoenroll_scenario::WallClock;
use autoenroll_trace::{Dates, Kind, Record, Trace, WALL_WIDTH};

use crate::console::one_line;

/// The story, told record by record: the time since the start, what the wall clock shows, and a sentence. What was lost
/// is marked where it was.
pub(crate) fn tell(trace: &Trace, wall: &WallClock, lost: &[(Lost, String)]) -> String {
    let mut text = String::new();
    let mut dates = Dates::default();
    let mut last: Option<SimTime> = None;
    let mut lost: Vec<&(Lost, String)> = lost.iter().collect();
    lost.sort_by_key(|(lost, _)| lost.behind);
    let mut lost = lost.into_iter().peekable();
    let mut line = |at: SimTime, sentence: &str| {
        let (time, shown) = match last.replace(at) == Some(at) {
            true => (String::new(), String::new()),
            false => (at.to_string(), dates.shown(wall.at(at))),
        };
        let _ = writeln!(text, "{time:>12}  {shown:>WALL_WIDTH$}  {sentence}");
    };
    let mark = |what: &str| format!("point of no return: {}", one_line(what));
    for record in trace.iter().map(|record| record.unpack()) {
        while let Some((lost, what)) = lost.next_if(|(lost, _)| lost.behind < Some(record.id)) {
            line(lost.time, &mark(what));
        }
        if let Some(sentence) = sentence(&record) {
            line(record.at, &sentence);
        }
    }
    lost.for_each(|(lost, what)| line(lost.time, &mark(what)));
    text
}

/// What a record tells; nothing when the story does without it.
pub(crate) fn sentence(record: &Record) -> Option<String> {
    let Record { actor, facts, .. } = record;
    let f = |name: &str| fact(facts, name);
    Some(match record.kind {
        Kind::Boot => format!("{actor} starts"),
        Kind::Shutdown => format!("{actor} is shut down"),
        Kind::Crash if facts.get("session").is_some() => format!("the core of {actor} is gone without warning"),
        Kind::Crash => format!("{actor} is gone without warning{}", with_it(facts)),
        Kind::CardLogon => format!("{actor} types the PIN of {} to log on at {}", f("card"), f("computer")),
        Kind::Logon => format!("{actor} logs on at {}{}", f("computer"), with_card(facts)),
        Kind::LogonFailed => logon_failed(actor, facts),
        Kind::Logoff => format!("{actor} logs off"),
        Kind::Lock => format!("{actor} locks the workstation"),
        Kind::Unlock => format!("{actor} unlocks the workstation"),
        Kind::Pulse => format!("{actor} is told to look for certificates"),
        Kind::GpRefresh => format!("Group Policy is applied for {actor}{}", refresh(facts)),
        Kind::Click => match facts.text("on") {
            Some("balloon-close") => format!("{actor} closes the balloon"),
            Some("wizard-close") => format!("{actor} closes the wizard"),
            _ => format!("{actor} clicks the {}", f("on")),
        },
        Kind::Insert => format!("{} goes into {} of {}", f("card"), f("reader"), f("computer")),
        Kind::Remove => format!("{} is pulled out of {}", f("card"), f("reader")),
        Kind::Answer if facts.text("prompt") == Some(DecisionPoint::CardTouch.as_str()) => {
            format!("{actor} touches the card")
        }
        Kind::Answer => format!("{actor} answers: {}", facts.get("card").map_or_else(|| f("answer"), plain)),
        Kind::Change => change::sentence(facts),

        Kind::TriggerHeld => {
            let follows = if facts.get("kept") == Some(&Fact::Flag(true)) { "follows" } else { "does not follow" };
            format!("a run of {actor} is open, another one {follows} (trigger: {})", f("trigger"))
        }
        Kind::RunStarted => format!("a run starts for {actor} (trigger: {})", f("trigger")),
        Kind::RunEnded => format!("the run of {actor} ends"),
        Kind::ItemEnded => format!("{} {}", f("template"), outcome_and_code(facts)),

        Kind::Balloon => format!("{actor} sees a balloon"),
        Kind::BalloonHidden => "the balloon disappears".to_owned(),
        Kind::Icon => format!("{actor} sees an icon in the notification area"),
        Kind::IconHidden => "the icon disappears".to_owned(),
        Kind::Prompt if facts.text("point") == Some(DecisionPoint::CardTouch.as_str()) => {
            format!("{} waits to be touched by {actor}{}", f("card"), question(facts))
        }
        Kind::PromptWithdrawn if facts.text("point") == Some(DecisionPoint::CardTouch.as_str()) => {
            "the card waits no longer".to_owned()
        }
        Kind::Prompt => {
            let by = facts.text("asked-by").map(|provider| format!(" by {provider}")).unwrap_or_default();
            format!("{actor} is asked{by}: {}{}", question(facts), offers(facts))
        }
        Kind::PromptChanged => format!("the question changes: {}", question(facts)),
        Kind::PromptWithdrawn => format!("the question goes away ({})", f("point")),
        Kind::Event => {
            format!("event log of {actor}: {} {}, {}{}", f("source"), f("id"), f("severity"), event(facts))
        }

        Kind::Archived => format!("{} of {actor} is archived", f("certificate")),
        Kind::Deleted => format!("{} of {actor} is deleted", f("certificate")),
        Kind::CardDone => card(facts)?,

        Kind::Request => request(facts),
        Kind::Issued if facts.get("certificate").is_none() => {
            format!("{} says that it issues request {}, and sends what is no certificate", f("ca"), f("request-id"))
        }
        Kind::Issued => format!("{} issues {} to {}", f("ca"), f("certificate"), subject(facts)),
        Kind::Pending => format!("{} holds {} for its manager", f("ca"), f("request")),
        Kind::Denied => format!("{} denies request {}: {}{}", f("ca"), f("request-id"), f("reason"), code(facts)),
        Kind::CaFailed if facts.get("url").is_some() => {
            format!("the enrollment web service {} of {} fails{}", f("url"), f("ca"), code(facts))
        }
        Kind::CaFailed => format!("{} cannot be reached{}", f("ca"), code(facts)),
        Kind::Violation => format!("INVARIANT BROKEN for {actor}: {} ({})", f("reason"), f("invariant")),

        Kind::Trigger
        | Kind::ItemStarted
        | Kind::Decision
        | Kind::Directory
        | Kind::Store
        | Kind::Effect
        | Kind::EffectDone
        | Kind::EffectAbandoned
        | Kind::Card
        | Kind::Apdu
        | Kind::Software => return None,
    })
}

/// What a prompt of that decision point asks, in words.
pub(crate) fn asked(point: &str, facts: &Facts) -> String {
    let with_point = facts.clone().with("point", point);
    let words = question(&with_point);
    words.strip_suffix(&format!(" ({point})")).unwrap_or(&words).to_owned()
}

/// What a prompt asks, with the name of its decision point.
fn question(facts: &Facts) -> String {
    let f = |name: &str| fact(facts, name);
    let point = facts.text("point").unwrap_or_default();
    let words = match point {
        "wizard.start" => {
            let details = facts.get("details").map(|details| format!(" ({})", plain(details))).unwrap_or_default();
            format!("start enrolling now? items to enroll: {}{details}", f("items"))
        }
        "card.insert" => {
            let reader = match facts.text("reader") {
                Some("none") => "there is no reader".to_owned(),
                Some("empty") => "the reader is empty".to_owned(),
                Some("right card") => "the reader has the right card".to_owned(),
                _ => format!("the reader has a {}", f("reader")),
            };
            let card = facts.get("card").map_or_else(|| "a card".to_owned(), plain);
            format!("insert {card} of {}; {reader}", f("provider"))
        }
        "card.select" => format!("which card of {}? {}", f("provider"), f("cards")),
        "card.replace-default" => format!("{} holds credentials in {}; replace them?", f("card"), f("container")),
        "pin.enter" => format!("the PIN of {}? {}", f("card"), tries_left(facts)),
        // No question: the card says nothing.
        "card.touch" => String::new(),
        "key.protect" => format!("let {} make a protected key for {}?", f("provider"), f("template")),
        "summary" => format!("these failed: {}", f("failures")),
        _ => rest(facts, &["point", "offers"]),
    };
    format!("{words} ({point})")
}

/// How many attempts a card still allows.
fn tries_left(facts: &Facts) -> String {
    match fact(facts, "tries-left").as_str() {
        "1" => "1 try left".to_owned(),
        tries => format!("{tries} tries left"),
    }
}

fn offers(facts: &Facts) -> String {
    match facts.get("offers") {
        Some(Fact::List(offers)) if !offers.is_empty() => {
            format!(" [{}]", offers.iter().map(plain).collect::<Vec<_>>().join(" | "))
        }
        _ => String::new(),
    }
}

/// What a card did; nothing for what only looks.
fn card(facts: &Facts) -> Option<String> {
    let card = fact(facts, "card");
    let failed = facts.text("code").is_some_and(|code| !code.ends_with("S_OK"));
    let container = facts.get("container").map(|_| format!(" in {}", fact(facts, "container"))).unwrap_or_default();
    let done = match (facts.text("op")?, failed) {
        ("describe" | "read-certificate", false) => return None,
        ("describe", true) => format!("{card} does not say what is on it"),
        ("read-certificate", true) => format!("no certificate can be read from {card}"),
        ("verify-pin", false) => format!("{card} accepts the PIN"),
        ("verify-pin", true) => format!("{card} refuses the PIN"),
        ("generate", false) => format!("{card} makes a key{container}"),
        ("generate", true) => format!("{card} makes no key"),
        ("sign", false) => format!("{card} signs"),
        ("sign", true) => format!("{card} does not sign"),
        ("write-certificate", false) => format!("the certificate is written to {card}{container}"),
        ("write-certificate", true) => format!("the certificate cannot be written to {card}"),
        ("set-default", false) => format!("{card} takes the new container for its default"),
        ("set-default", true) => format!("{card} does not take the new container for its default"),
        ("delete", false) => format!("{card} deletes a container{container}"),
        ("delete", true) => format!("{card} does not delete the container"),
        (other, _) => format!("{card}: {other}"),
    };
    let tries = facts.get("tries-left").map(|_| format!(", {}", tries_left(facts))).unwrap_or_default();
    Some(if failed { format!("{done}{}{tries}", code(facts)) } else { done })
}

/// What a request asks for.
fn request(facts: &Facts) -> String {
    let f = |name: &str| fact(facts, name);
    let template = facts.get("template").map(|template| format!(" for {}", plain(template))).unwrap_or_default();
    let renews = facts.get("renews").map(|old| format!(", renews {}", plain(old))).unwrap_or_default();
    let form = match facts.get("reason") {
        Some(reason) => format!("it cannot be read, {}", plain(reason)),
        None => format!("{}, {}", f("format"), f("key")),
    };
    format!("a request{template} goes to {}: {form}{renews}", f("ca"))
}

/// Whom a certificate names: its subject, where that is empty its other names, and where it has none the one who asked.
fn subject(facts: &Facts) -> String {
    let mut names = ["subject", "alternative-names"].into_iter().filter_map(|name| facts.get(name).map(plain));
    names.find(|name| !name.is_empty()).unwrap_or_else(|| fact(facts, "requester"))
}

/// What an event tells besides its number. Whose enrollment it is about is known from the log that it is in.
fn event(facts: &Facts) -> String {
    let part = |name: &str, words: &str| facts.get(name).map(|value| format!(" {words}{}", plain(value)));
    let about = [
        part("certificate", ""),
        part("new-certificate", "by "),
        // The name of a new certificate has the number already.
        part("request-id", "request ").filter(|_| facts.get("certificate").is_none()),
        part("ca", "from "),
        part("template", if facts.get("certificate").is_some() { "for " } else { "" }),
        part("templates", "templates: "),
        part("store", "trust store "),
        part("url", "at "),
    ];
    let about: String = about.into_iter().flatten().collect();
    let about = if about.is_empty() { about } else { format!(":{about}") };
    about + &code(facts)
}

/// What kind of refresh it is.
fn refresh(facts: &Facts) -> String {
    let changed = if facts.get("changed").is_some() { ", with other values" } else { "" };
    match facts.text("refresh") {
        Some("forced") => format!(", forced{changed}"),
        Some(other) => format!(" in the {other}{changed}"),
        // The log of a real machine does not say it.
        None => changed.to_owned(),
    }
}

/// With which certificate a user logs on.
fn with_card(facts: &Facts) -> String {
    if facts.get("certificate").is_none() {
        return String::new();
    }
    let f = |name: &str| fact(facts, name);
    format!(" with {} in {} of {}", f("certificate"), f("container"), f("card"))
}

/// Who is not logged on, and why.
fn logon_failed(actor: &str, facts: &Facts) -> String {
    let error = facts.get("kdc-error").map(|error| format!("; {}", plain(error))).unwrap_or_default();
    let code = facts.text("code").map(|code| format!(" ({code}{error})")).unwrap_or_default();
    let tries = facts.get("tries-left").map(|_| format!(", {}", tries_left(facts))).unwrap_or_default();
    format!("{actor} is not logged on at {}{}{code}{tries}", fact(facts, "computer"), with_card(facts))
}

/// Who is gone with a computer.
fn with_it(facts: &Facts) -> String {
    match facts.get("users").map(plain) {
        Some(users) if !users.is_empty() => format!(", and with it {users}"),
        _ => String::new(),
    }
}

/// How work on a certificate ended, without the name of its template.
pub(crate) fn outcome_and_code(facts: &Facts) -> String {
    format!("{}{}", outcome(facts), code(facts))
}

fn outcome(facts: &Facts) -> String {
    match facts.text("outcome") {
        Some("enrolled") => {
            let done = if facts.text("action") == Some("renew") { "renewed" } else { "enrolled" };
            format!("is {done}: {}", fact(facts, "certificate"))
        }
        Some("pending") => "is pending at the CA".to_owned(),
        Some("failed") if facts.text("action") == Some("renew") => "is not renewed".to_owned(),
        Some("failed") => "is not enrolled".to_owned(),
        Some("postponed") => "is left for later".to_owned(),
        _ => rest(facts, &["template"]),
    }
}

/// A code that is not success, in brackets.
fn code(facts: &Facts) -> String {
    match facts.text("code") {
        Some(code) if !code.ends_with("S_OK") => format!(" ({code})"),
        _ => String::new(),
    }
}

/// All facts but some and those that are empty.
pub(crate) fn rest(facts: &Facts, without: &[&str]) -> String {
    let is_empty = |fact: &Fact| match fact {
        Fact::List(list) => list.is_empty(),
        Fact::Text(text) => text.is_empty(),
        Fact::Flag(_) | Fact::Number(_) => false,
    };
    let shown = facts.iter().filter(|(name, fact)| !without.contains(name) && !is_empty(fact));
    shown.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// A fact as a word of a sentence, without quotes.
fn fact(facts: &Facts, name: &str) -> String {
    facts.get(name).map_or_else(|| format!("(no {name})"), plain)
}

/// The text, or another word where it is empty.
fn given<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn plain(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.to_string(),
        Fact::List(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Fact::Flag(_) | Fact::Number(_) => fact.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, facts: Facts, expected: Option<&str>) {
        let mut trace = Trace::new();
        trace.push(SimTime(0), "alice", kind, facts, vec![]);
        assert_eq!(sentence(&trace.unpack().records()[0]).as_deref(), expected);
    }

    #[test]
    fn what_was_lost_is_marked_where_it_was() {
        let mut trace = Trace::new();
        for seconds in [0, 0, 60] {
            let at = SimTime(seconds * 1_000_000_000);
            trace.push(at, "alice", Kind::Lock, Facts::new(), vec![]);
        }
        let start = autoenroll_model::FileTime::from_unix_seconds(1772438400);
        let wall = WallClock::of(start, &trace);
        let lost = |behind: Option<u32>, seconds: u64, what: &str| {
            let time = SimTime(seconds * 1_000_000_000);
            (Lost { behind: behind.map(autoenroll_trace::RecordId), time }, what.to_owned())
        };
        let all = [lost(Some(2), 60, "C"), lost(Some(1), 30, "B"), lost(Some(0), 0, "A\n"), lost(None, 0, "0")];
        let lines: Vec<String> = tell(&trace, &wall, &all).lines().map(|line| line.trim_end().to_owned()).collect();
        let at = |time: &str, wall: &str, text: &str| format!("{time:>12}  {wall:>WALL_WIDTH$}  {text}");
        let locks = "alice locks the workstation";
        assert_eq!(
            lines,
            [
                at("00:00:00", "2026-03-02 08:00:00", "point of no return: 0"),
                at("", "", locks),
                at("", "", "point of no return: A\\n"),
                at("", "", locks),
                at("00:00:30", "08:00:30", "point of no return: B"),
                at("00:01:00", "08:01:00", locks),
                at("", "", "point of no return: C"),
            ]
        );
    }

    #[test]
    fn records_become_sentences() {
        check(Kind::Logon, Facts::new().with("computer", "WKS01"), Some("alice logs on at WKS01"));
        check(Kind::Decision, Facts::new().with("rule", "R008"), None);
        let prompt = Facts::new().with("point", "pin.enter").with("card", "alice-card").with("tries-left", 2_u32);
        check(
            Kind::Prompt,
            prompt.with("offers", vec!["pin", "cancel"]),
            Some("alice is asked: the PIN of alice-card? 2 tries left (pin.enter) [pin | cancel]"),
        );
        let own = Facts::new().with("point", "pin.enter").with("card", "alice-card").with("tries-left", 2_u32);
        let own = own.with("asked-by", "Vendor Card CSP").with("offers", vec!["pin", "cancel"]);
        let asked = "alice is asked by Vendor Card CSP: the PIN of alice-card? 2 tries left (pin.enter) [pin | cancel]";
        check(Kind::Prompt, own, Some(asked));
        let refused = Facts::new().with("op", "verify-pin").with("card", "alice-card");
        check(
            Kind::CardDone,
            refused.with("code", "0x8010006B SCARD_W_WRONG_CHV").with("tries-left", 2_u32),
            Some("alice-card refuses the PIN (0x8010006B SCARD_W_WRONG_CHV), 2 tries left"),
        );
        let pulse = Facts::new().with("trigger", "manual").with("kept", false);
        check(Kind::TriggerHeld, pulse, Some("a run of alice is open, another one does not follow (trigger: manual)"));
        let named = Facts::new().with("ca", "CA 1").with("certificate", "User#1").with("subject", "");
        let named = named.with("requester", "alice");
        check(Kind::Issued, named.clone(), Some("CA 1 issues User#1 to alice"));
        let names = vec!["upn=alice@a.test", "dns=a.test"];
        let named = named.with("alternative-names", names);
        check(Kind::Issued, named, Some("CA 1 issues User#1 to upn=alice@a.test, dns=a.test"));
        check(Kind::Insert, Facts::new().with("card", "c"), Some("c goes into (no reader) of (no computer)"));
    }

    /// A sentence without holes: every word is there, once, with one blank before the next.
    fn is_whole(kind: Kind, sentence: &str) -> bool {
        let blanks = sentence.contains("  ") || sentence.trim() != sentence || sentence.contains(" ,");
        let hole = sentence.contains("(no ") || sentence.ends_with([':', ',']) || sentence.contains("()");
        // A change has a sentence of its own; a list of facts in brackets is none.
        let raw = kind == Kind::Change && (sentence.contains('(') || sentence.starts_with("the world changes"));
        !(blanks || hole || raw)
    }

    #[test]
    fn no_sentence_of_the_suite_has_a_hole() {
        let stories = crate::suite::suite().unwrap();
        let runner = crate::runner::Runner::plain();
        let play = |story: &crate::Story| runner.play_for_trace(story).1;
        let mut told = 0;
        let outcome = crate::parallel::in_order(&stories, crate::parallel::jobs(None), play, |at, trace| {
            for record in trace.unwrap().unpack().records() {
                let Some(sentence) = sentence(record) else { continue };
                assert!(is_whole(record.kind, &sentence), "{}: {sentence:?}", stories[at].name);
                told += 1;
            }
            Ok::<(), ()>(())
        });
        assert!(outcome.is_ok() && told > 5_000, "{told}");
    }

    #[test]
    fn holes_are_found() {
        assert!(is_whole(Kind::Issued, "CA 1 issues User#1 to CN=alice"));
        for wrong in ["CA 1 issues User#1 to ", "CA 1 issues  to alice", "(no ca) issues User#1", "it says:", "x ()"] {
            assert!(!is_whole(Kind::Issued, wrong), "{wrong}");
        }
        assert!(!is_whole(Kind::Change, "unblock card (card alice-card)"));
    }

    #[test]
    fn every_record_of_the_story_detail_is_told_or_left_out_on_purpose() {
        for kind in Kind::ALL {
            let mut trace = Trace::new();
            trace.push(SimTime(0), "alice", *kind, Facts::new(), vec![]);
            let told = sentence(&trace.unpack().records()[0]).is_some();
            let options = autoenroll_trace::TimelineOptions { detail: autoenroll_trace::Detail::Story, colour: false };
            let in_story = !autoenroll_trace::render(&trace, options).is_empty();
            // A card operation without facts says nothing.
            assert!(told == in_story || *kind == Kind::CardDone, "{kind}");
        }
    }
}
