//! What an open run waits for.

use autoenroll_model::Fact;
use autoenroll_trace::{Kind, Record};

/// The rule by which the balloon comes at once, which is decided where its delay begins.
const EXPRESS: &str = "S1.express";

/// What the user or the world still has to do before an open run goes on, from the records of its principal in it: the
/// prompt that is open, the question that nobody has answered yet, balloon or icon that wait for a click, or the delay
/// before the balloon.
pub(super) fn waits_for(records: &[&Record]) -> String {
    let (mut prompt, mut balloon, mut icon, mut delay) = (None, None, None, false);
    let mut asked: Vec<&Record> = Vec::new();
    for record in records {
        match record.kind {
            Kind::Prompt => prompt = record.facts.text("point").map(|point| (point, record.at)),
            Kind::Answer | Kind::PromptWithdrawn => prompt = None,
            Kind::Balloon => (balloon, delay) = (Some(record.at), false),
            Kind::BalloonHidden => balloon = None,
            Kind::Icon => (icon, delay) = (Some(record.at), false),
            Kind::IconHidden => icon = None,
            Kind::Decision if record.facts.text("rule") == Some(EXPRESS) => {
                delay = record.facts.get("outcome") == Some(&Fact::Flag(false));
            }
            Kind::Effect | Kind::Directory | Kind::Card | Kind::Software | Kind::Request => asked.push(record),
            // The end of an effect has its beginning as a cause.
            Kind::EffectDone | Kind::EffectAbandoned | Kind::CardDone => {
                asked.retain(|one| !record.causes.contains(&one.id));
            }
            _ => {}
        }
    }
    match (prompt, asked.last(), balloon, icon) {
        (Some((point, since)), ..) => format!("waits at the prompt {point} since {since}"),
        (None, Some(asked), ..) => format!("{} since {}", waits_for_answer(asked), asked.at),
        (None, None, Some(since), _) => format!("waits for a click on the balloon since {since}"),
        (None, None, None, Some(since)) => format!("waits for a click on the icon, which is there since {since}"),
        (None, None, None, None) if delay => "waits for the balloon's delay to pass".to_owned(),
        (None, None, None, None) => "waits, and no record says for what".to_owned(),
    }
}

/// Who has not answered, and what was asked.
fn waits_for_answer(asked: &Record) -> String {
    let f = |name: &str| match asked.facts.get(name) {
        Some(Fact::Text(text)) => text.to_string(),
        other => other.map(Fact::to_string).unwrap_or_default(),
    };
    match (asked.kind, asked.facts.text("op").unwrap_or_default()) {
        (Kind::Request, _) => format!("waits for {} to answer the request for {}", f("ca"), f("template")),
        (_, "retrieve") => format!("waits for {} to answer about its request {}", f("ca"), f("request-id")),
        (_, "read-exchange-certificate") => format!("waits for {} to send its exchange certificate", f("ca")),
        (_, "get-policies") => format!("waits for the policy server {} to answer", f("url")),
        (Kind::Directory, op) => format!("waits for the directory to answer `{op}`"),
        (Kind::Card, op) => format!("waits for the card {} to do `{op}`", f("card")),
        (Kind::Software, op) => format!("waits for the provider {} to do `{op}`", f("provider")),
        (_, op) => format!("waits for `{op}` to be done"),
    }
}
