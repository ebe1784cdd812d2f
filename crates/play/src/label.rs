//! What is done, in words.

use autoenroll_scenario::{
    ActionStep, CaOp, CardPin, NameOrReference, PromptAnswer, Spanned, Step, StepKind, Table, Value,
};
use autoenroll_world::action::ClickTarget;

/// What a step does, in words; `name` is what it is called where the words of the language say less.
pub(crate) fn label(name: &str, step: &Step) -> String {
    let StepKind::Action(action) = &step.kind else { return name.to_owned() };
    let who = step.who.as_ref().map(|who| who.value.as_str()).unwrap_or_default();
    match action {
        ActionStep::Boot(computer) => format!("boot {}", computer.value),
        ActionStep::Shutdown(computer) => format!("shut {} down", computer.value),
        ActionStep::Crash(target) => format!("crash {} ({name})", target.value),
        ActionStep::EndCore(principal) => format!("end the core of {}", principal.value),
        ActionStep::Logon { user, computer, with } => {
            let with = with.as_ref().map(|CardPin { card, .. }| format!(" with {}", card.value)).unwrap_or_default();
            format!("log {} on{}{with}", user.value, named(" at ", computer.as_ref()))
        }
        ActionStep::Logoff(user) => format!("log {} off", user.value),
        ActionStep::Lock(user) => format!("lock the workstation of {}", user.value),
        ActionStep::Unlock(user) => format!("unlock the workstation of {}", user.value),
        ActionStep::Pulse(principal) => format!("have {} look for certificates", principal.value),
        ActionStep::GpRefresh { principal, forced } => {
            format!("{} policy of {}", if *forced { "force" } else { "refresh" }, principal.value)
        }
        ActionStep::Click(on) => match on.value {
            ClickTarget::Balloon => format!("{who} clicks the balloon"),
            ClickTarget::BalloonClose => format!("{who} closes the balloon"),
            ClickTarget::Icon => format!("{who} clicks the icon"),
            ClickTarget::WizardClose => format!("{who} closes the wizard"),
        },
        ActionStep::Insert { card, reader, computer } => {
            format!("insert {}{}{}", card.value, named(" into ", reader.as_ref()), named(" of ", computer.as_ref()))
        }
        ActionStep::Remove(card) => format!("pull {} out", card.value),
        ActionStep::Swap { card, to, reader, computer } => {
            let place = format!("{}{}", named(" in ", reader.as_ref()), named(" of ", computer.as_ref()));
            format!("swap {} for {}{place}", card.value, to.value)
        }
        ActionStep::Reply { with, .. } => match &with.value {
            PromptAnswer::Word(word) => word.to_string(),
            PromptAnswer::Pin(_) => "pin".to_owned(),
            PromptAnswer::Card(card) => format!("card {card}"),
        },
        ActionStep::Change { of, set, .. } => {
            let more = about(&set.value).map(|about| format!(", {about}")).unwrap_or_default();
            format!("{name}{}{more}", named(": ", of.as_ref()))
        }
        ActionStep::Ca { op, of, request, certificate } => {
            let what = |named: &Option<Spanned<NameOrReference>>| match named.as_ref().map(|named| &named.value) {
                Some(NameOrReference::Name(name)) => format!(" {name}"),
                _ => String::new(),
            };
            let ca = of.as_ref().map(|of| of.value.as_str()).unwrap_or_default();
            match op.value {
                CaOp::Approve => format!("approve{} at {ca}", what(request)),
                CaOp::Deny => format!("deny{} at {ca}", what(request)),
                CaOp::Revoke => format!("revoke{} at {ca}", what(certificate)),
                CaOp::Stop => format!("stop {ca}"),
                CaOp::Start => format!("start {ca}"),
            }
        }
    }
}

/// Whom or what a change is about, where its name and its subject do not say it.
fn about(set: &Table) -> Option<String> {
    set.0.iter().find_map(|entry| match (entry.key.value.as_str(), &entry.node.value) {
        ("allow" | "deny", Value::Table(who)) => who.0.first().map(|entry| entry.key.value.clone()),
        ("offer" | "withdraw" | "delete", Value::Text(what)) => Some(what.clone()),
        _ => None,
    })
}

fn named(before: &str, name: Option<&Spanned<String>>) -> String {
    name.map(|name| format!("{before}{}", name.value)).unwrap_or_default()
}
