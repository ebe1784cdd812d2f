//! A trace told as a story: one sentence a line, the time where it changes, nothing that only a programmer wants to know.
//!
//! Messages about failing scenarios show records instead, with the words that scenario files use.

use std::fmt::Write as _;

use autoenroll_model::{Fact, Facts, SimTime};
use autoenroll_trace::{Kind, Record, Trace};

/// The story, told record by record.
pub(crate) fn tell(trace: &Trace) -> String {
    let mut text = String::new();
    let mut last: Option<SimTime> = None;
    for record in trace.records() {
        let Some(sentence) = sentence(record) else { continue };
        let time = if last == Some(record.at) { String::new() } else { record.at.to_string() };
        last = Some(record.at);
        let _ = writeln!(text, "{time:>12}  {sentence}");
    }
    text
}

/// What a record tells; nothing when the story does without it.
pub(crate) fn sentence(record: &Record) -> Option<String> {
    let Record { actor, facts, .. } = record;
    let f = |name: &str| fact(facts, name);
    Some(match record.kind {
        Kind::Boot => format!("{actor} starts"),
        Kind::Shutdown => format!("{actor} is shut down"),
        Kind::Crash => format!("{actor} is gone without warning"),
        Kind::Logon => format!("{actor} logs on at {}", f("computer")),
        Kind::Logoff => format!("{actor} logs off"),
        Kind::Lock => format!("{actor} locks the workstation"),
        Kind::Unlock => format!("{actor} unlocks the workstation"),
        Kind::Pulse => format!("{actor} is told to look for certificates"),
        Kind::GpRefresh => format!("Group Policy is applied for {actor} ({})", f("refresh")),
        Kind::Click => format!("{actor} clicks the {}", f("on").replace('-', " ")),
        Kind::Insert => format!("{} goes into {} of {}", f("card"), f("reader"), f("computer")),
        Kind::Remove => format!("{} is pulled out of {}", f("card"), f("reader")),
        Kind::Answer => format!("{actor} answers: {}", f("answer")),
        Kind::Change => change(facts),

        Kind::TriggerHeld => format!("a trigger comes while {actor}'s run is open ({})", rest(facts, &[])),
        Kind::RunStarted => format!("a run starts for {actor} (trigger: {})", f("trigger")),
        Kind::RunEnded => format!("the run of {actor} ends"),
        Kind::ItemEnded => format!("{} {}{}", f("template"), outcome(facts), code(facts)),

        Kind::Balloon => format!("{actor} sees a balloon: there are certificates to enroll"),
        Kind::BalloonHidden => "the balloon disappears".to_owned(),
        Kind::Icon => format!("{actor} sees an icon in the notification area"),
        Kind::IconHidden => "the icon disappears".to_owned(),
        Kind::Prompt => format!("{actor} is asked: {}{}", question(facts), offers(facts)),
        Kind::PromptChanged => format!("the question changes: {}", question(facts)),
        Kind::PromptWithdrawn => format!("the question goes away ({})", f("point")),
        Kind::Event => {
            let about = rest(facts, &["source", "id", "severity"]);
            format!("event log of {actor}: {} {}, {} ({about})", f("source"), f("id"), f("severity"))
        }

        Kind::Archived => format!("{} of {actor} is archived", f("certificate")),
        Kind::Deleted => format!("{} of {actor} is deleted", f("certificate")),
        Kind::CardDone => card(facts)?,

        Kind::Request => {
            format!("a request goes to {}: {}, {}, {}", f("ca"), f("template"), f("format"), f("key"))
        }
        Kind::Issued => format!("{} issues {} to {}", f("ca"), f("certificate"), f("subject")),
        Kind::Pending => format!("{} holds {} for its manager", f("ca"), f("request")),
        Kind::Denied => format!("{} denies request {}: {}{}", f("ca"), f("request-id"), f("reason"), code(facts)),
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

/// What a prompt asks, with the name of its decision point.
fn question(facts: &Facts) -> String {
    let f = |name: &str| fact(facts, name);
    let point = facts.text("point").unwrap_or_default();
    let words = match point {
        "wizard.start" => format!("start enrolling now? items to enroll: {}", f("items")),
        "card.insert" => {
            let reader = if facts.text("reader") == Some("empty") {
                "is empty".to_owned()
            } else {
                format!("has a {}", f("reader"))
            };
            format!("insert a card of {}; the reader {reader}", f("provider"))
        }
        "card.select" => format!("which card of {}? {}", f("provider"), f("cards")),
        "card.replace-default" => format!("{} holds credentials in {}; replace them?", f("card"), f("container")),
        "pin.enter" => format!("the PIN of {}? {}", f("card"), tries_left(facts)),
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
    let done = match facts.text("op")? {
        "describe" | "read-certificate" if !failed => return None,
        "verify-pin" if !failed => format!("{card} accepts the PIN"),
        "verify-pin" => format!("{card} refuses the PIN"),
        "generate" => format!("{card} makes a key{container}"),
        "sign" => format!("{card} signs"),
        "write-certificate" => format!("the certificate is written to {card}{container}"),
        "set-default" => format!("{card} takes the new container for its default"),
        "delete" => format!("{card} deletes a container{container}"),
        other => format!("{card}: {other}"),
    };
    let tries = facts.get("tries-left").map(|_| format!(", {}", tries_left(facts))).unwrap_or_default();
    Some(if failed { format!("{done}{}{tries}", code(facts)) } else { done })
}

fn outcome(facts: &Facts) -> String {
    match facts.text("outcome") {
        Some("enrolled") => format!("is enrolled: {}", fact(facts, "certificate")),
        Some("pending") => "is pending at the CA".to_owned(),
        Some("failed") => "is not enrolled".to_owned(),
        Some("postponed") => "is left for later".to_owned(),
        _ => rest(facts, &["template"]),
    }
}

fn change(facts: &Facts) -> String {
    if facts.text("what") == Some("publish") {
        return format!("the template {} is published", fact(facts, "template"));
    }
    let about = rest(facts, &["what"]);
    let what = fact(facts, "what").replace('-', " ");
    if about.is_empty() { what } else { format!("{what} ({about})") }
}

/// A code that is not success, in brackets.
fn code(facts: &Facts) -> String {
    match facts.text("code") {
        Some(code) if !code.ends_with("S_OK") => format!(" ({code})"),
        _ => String::new(),
    }
}

/// All facts but some.
pub(crate) fn rest(facts: &Facts, without: &[&str]) -> String {
    let shown = facts.iter().filter(|(name, _)| !without.contains(name));
    shown.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// A fact as a word of a sentence, without quotes.
fn fact(facts: &Facts, name: &str) -> String {
    facts.get(name).map_or_else(|| format!("(no {name})"), plain)
}

fn plain(fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.clone(),
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
        assert_eq!(sentence(&trace.records()[0]).as_deref(), expected);
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
        let refused = Facts::new().with("op", "verify-pin").with("card", "alice-card");
        check(
            Kind::CardDone,
            refused.with("code", "0x8010006B SCARD_W_WRONG_CHV").with("tries-left", 2_u32),
            Some("alice-card refuses the PIN (0x8010006B SCARD_W_WRONG_CHV), 2 tries left"),
        );
        check(Kind::Insert, Facts::new().with("card", "c"), Some("c goes into (no reader) of (no computer)"));
    }

    #[test]
    fn every_record_of_the_story_detail_is_told_or_left_out_on_purpose() {
        for kind in Kind::ALL {
            let mut trace = Trace::new();
            trace.push(SimTime(0), "alice", *kind, Facts::new(), vec![]);
            let told = sentence(&trace.records()[0]).is_some();
            let options = autoenroll_trace::TimelineOptions { detail: autoenroll_trace::Detail::Story, colour: false };
            let in_story = !autoenroll_trace::render(&trace, options).is_empty();
            // A card operation without facts says nothing.
            assert!(told == in_story || *kind == Kind::CardDone, "{kind}");
        }
    }
}
