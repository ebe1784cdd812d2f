//! Changes of the world as sentences. Each kind has its own; none shows the names of facts.

use autoenroll_model::{Fact, Facts};

use super::{fact, given, plain};

/// What changes.
pub(super) fn sentence(facts: &Facts) -> String {
    let f = |name: &str| fact(facts, name);
    match facts.text("what").unwrap_or_default() {
        "keys" => "all keys are symbolic: signatures cost nothing, and only the bench accepts them".to_owned(),
        "publish-ca" => format!("{} appears in the directory", f("ca")),
        "template" => format!("{} of the template {} changes", attribute(&f("attribute")), f("template")),
        "publish" => format!("the template {} is published", f("template")),
        "unpublish" => format!("the template {} is no longer published", f("template")),
        "offer" => format!("{} now issues the template {}", f("ca"), f("template")),
        "withdraw" => format!("{} no longer issues the template {}", f("ca"), f("template")),
        "policy" => policy(facts),
        "ca" => ca(facts),
        "directory" => match facts.get("latency") {
            Some(latency) => format!("every access to the directory now takes {}", plain(latency)),
            None => reachable("the directory", facts),
        },
        "controller" => reachable(&format!("the domain controller {}", f("controller")), facts),
        "policy-server" if facts.get("to").is_some() => match f("to").as_str() {
            "none" => format!("the policy server {} tells its policy again", f("url")),
            code => format!("the policy server {} now answers with {code}", f("url")),
        },
        "policy-server" => reachable(&format!("the policy server {}", f("url")), facts),
        "effect" if f("to") == "works" => format!("`{}` of {} works again", f("attribute"), f("principal")),
        "effect" => format!("`{}` of {} fails from now on: {}", f("attribute"), f("principal"), f("to")),
        "wall-clock" => format!("every wall clock is set to {}", f("to")),
        "principal" => match facts.get("to") {
            Some(to) => format!("{} of {} is now {}", attribute(&f("attribute")), f("principal"), plain(to)),
            None => format!("{} of {} is taken away", attribute(&f("attribute")), f("principal")),
        },
        "membership" if is(facts, "present") => format!("{} joins the group {}", f("member"), f("group")),
        "membership" => format!("{} leaves the group {}", f("member"), f("group")),
        "settings" => settings(facts),
        "trust" => {
            let done = if is(facts, "present") { "put into" } else { "taken out of" };
            format!("{} is {done} the trust container {} of the directory", f("certificate"), f("store"))
        }
        "delete-trusted" => {
            format!("{} is deleted from the trust store {} of {}", f("certificate"), f("store"), f("computer"))
        }
        "delete-certificate" => format!("{} is deleted from MY of {}", f("certificate"), f("principal")),
        "delete-request" => format!("the request for {} is deleted from REQUEST of {}", f("template"), f("principal")),
        "card-fault" => fault(facts),
        "reset-pin" => format!("{} gets another PIN", f("card")),
        "unblock-card" => format!("the PIN of {} is unblocked", f("card")),
        word @ ("approve" | "revoke") => format!("the manager of {} {word}s {}", f("ca"), f("subject")),
        "deny" => format!("the manager of {} denies {}", f("ca"), f("subject")),
        "stop" => format!("{} is stopped", f("ca")),
        "start" => format!("{} is started", f("ca")),
        other => format!("the world changes: {other}"),
    }
}

fn policy(facts: &Facts) -> String {
    let configured = |value: &Fact, whose: &str| match plain(value).as_str() {
        "not configured" => format!("Group Policy no longer says AEPolicy for {whose}"),
        value => format!("Group Policy now says AEPolicy {value} for {whose}"),
    };
    if let Some(value) = facts.get("ae-policy") {
        configured(value, "users")
    } else if let Some(value) = facts.get("machine-ae-policy") {
        configured(value, "computers")
    } else if let Some(value) = facts.get("gp-interval") {
        format!("Group Policy is now applied again every {}", plain(value))
    } else if let Some(value) = facts.get("gp-offset") {
        format!("the random offset of Group Policy is now at most {}", plain(value))
    } else if let Some(value) = facts.get("policy-servers") {
        format!("Group Policy now names these policy servers: {}", given(&plain(value), "none"))
    } else if let Some(value) = facts.get("automatic-requests") {
        format!("Group Policy now has computers request these templates: {}", given(&plain(value), "none"))
    } else if facts.get("gp-background").is_some() {
        let again = if is(facts, "gp-background") { "now" } else { "no longer" };
        format!("Group Policy is {again} applied in the background")
    } else {
        let values = facts.iter().filter(|(name, _)| *name != "what");
        let values: Vec<String> = values.map(|(name, value)| format!("{name} {}", plain(value))).collect();
        format!("Group Policy changes: {}", values.join(", "))
    }
}

fn ca(facts: &Facts) -> String {
    let ca = fact(facts, "ca");
    let either = |name: &str, yes: &str, no: &str| {
        facts.get(name).map(|_| format!("{ca} {}", if is(facts, name) { yes } else { no }))
    };
    let of = |name: &str, words: &str| facts.get(name).map(|value| format!("{ca} {words} {}", plain(value)));
    either("reachable", "can now be reached", "can no longer be reached")
        .or_else(|| either("hangs", "now takes requests and never answers", "answers requests now"))
        .or_else(|| of("latency", "now answers every call after"))
        .or_else(|| either("manager-approval", "now holds every request for its manager", "no longer asks its manager"))
        .or_else(|| of("maximum-validity", "now issues certificates for at most"))
        .or_else(|| either("suspended", "is suspended for a restore", "is no longer suspended"))
        .or_else(|| either("sid-extension", "now names owners by SID", "no longer names owners by SID"))
        .or_else(|| {
            either("enforce-name-lengths", "now refuses names that are too long", "now takes names of any length")
        })
        .or_else(|| {
            either("wrong-key", "now certifies another key than it is asked to", "certifies the right key again")
        })
        .or_else(|| either("wrong-template", "now names another template", "names the right template again"))
        .or_else(|| either("garbage", "now sends what is no certificate", "sends certificates again"))
        .or_else(|| either("replicated", "reads the templates of the directory anew", "keeps its old templates"))
        .or_else(|| facts.get("attribute").map(|_| format!("the rights at {ca} change")))
        .or_else(|| setting(facts).map(|(name, value)| format!("`{name}` of {ca} is now {}", plain(value))))
        .unwrap_or_else(|| format!("{ca} changes"))
}

/// The setting that a change of a CA is about, for those that have no sentence of their own.
fn setting(facts: &Facts) -> Option<(&str, &Fact)> {
    facts.iter().find(|(name, _)| !["what", "ca"].contains(name))
}

fn settings(facts: &Facts) -> String {
    let principal = fact(facts, "principal");
    if facts.get("express").is_some() {
        let done = if is(facts, "express") { "set" } else { "deleted" };
        return format!("AEExpress of {principal} is {done}");
    }
    let setting = attribute(&fact(facts, "attribute"));
    match facts.get("to") {
        Some(to) => format!("{setting} of {principal} is set to {}", plain(to)),
        None => format!("{setting} of {principal} is deleted"),
    }
}

fn fault(facts: &Facts) -> String {
    let card = fact(facts, "card");
    match facts.text("fault").unwrap_or_default() {
        "mute" => format!("{card} no longer answers"),
        "busy" => format!("{card} is now held by another process"),
        "slow" => format!("{card} no longer answers in time"),
        "failing" => format!("the middleware of {card} now fails"),
        "read-only" => format!("nothing can be written to {card} any more"),
        "none" => format!("{card} is as good as new"),
        other => format!("{card} is now {other}"),
    }
}

fn reachable(what: &str, facts: &Facts) -> String {
    let how = if is(facts, "reachable") { "can now be reached" } else { "can no longer be reached" };
    format!("{what} {how}")
}

/// Attributes and settings with the names that people know, those of the schema as they are.
fn attribute(name: &str) -> String {
    match name {
        "revision" => "the major version".to_owned(),
        "msPKI-Template-Minor-Revision" => "the minor version".to_owned(),
        "nTSecurityDescriptor" => "the access control list".to_owned(),
        "dn" => "the distinguished name".to_owned(),
        "upn" => "the user principal name".to_owned(),
        "mail" => "the e-mail address".to_owned(),
        "dns" => "the DNS name".to_owned(),
        "local-policy" => "the local AEPolicy".to_owned(),
        "log-level" => "AEEventLogLevel".to_owned(),
        "directory-cache" => "AEDirectoryCache".to_owned(),
        other => format!("the attribute {other}"),
    }
}

fn is(facts: &Facts, name: &str) -> bool {
    facts.get(name) == Some(&Fact::Flag(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(facts: Facts, expected: &str) {
        assert_eq!(sentence(&facts), expected);
    }

    #[test]
    fn changes_become_sentences() {
        let what = |what: &str| Facts::new().with("what", what);
        check(what("unblock-card").with("card", "alice-card"), "the PIN of alice-card is unblocked");
        check(what("card-fault").with("card", "badge").with("fault", "mute"), "badge no longer answers");
        let revision = what("template").with("template", "CorpUser").with("attribute", "revision");
        check(revision, "the major version of the template CorpUser changes");
        check(what("policy").with("ae-policy", "not configured"), "Group Policy no longer says AEPolicy for users");
        check(what("policy").with("gp-background", false), "Group Policy is no longer applied in the background");
        check(
            what("policy").with("automatic-requests", vec!["Machine".to_owned()]),
            "Group Policy now has computers request these templates: Machine",
        );
        check(what("policy").with("dc-interval", "1h"), "Group Policy changes: dc-interval 1h");
        check(what("ca").with("ca", "CA 1").with("latency", "5s"), "CA 1 now answers every call after 5s");
        check(what("ca").with("ca", "CA 1").with("attribute", "enroll"), "the rights at CA 1 change");
        check(what("directory").with("reachable", false), "the directory can no longer be reached");
        let mail = what("principal").with("principal", "alice").with("attribute", "mail");
        check(mail.clone().with("to", "a@b.test"), "the e-mail address of alice is now a@b.test");
        check(mail, "the e-mail address of alice is taken away");
        let joins = what("membership").with("group", "Staff").with("member", "alice");
        check(joins.with("present", true), "alice joins the group Staff");
        check(what("revoke").with("ca", "CA 1").with("subject", "old"), "the manager of CA 1 revokes old");
    }
}
