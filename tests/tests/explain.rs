//! `autoenroll explain` as the author of a story uses it: each answer is one screen.

use std::fs;

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// Most lines of an answer about a step or a file.
const SCREEN: usize = 60;

/// Stories of an author, by their names.
const STORIES: &[(&str, &str)] = &[
    (
        "off",
        r#"
[world]
extends = "contoso"
policy = { ae-policy = 0x8000 }
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [
  { logon = "alice" },
  { expect = "issued", facts = { template = "CorpMail" } },
]
"#,
    ),
    (
        "later",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
published = "20h"
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [
  { logon = "alice" },
  { never = "issued", facts = { template = "CorpMail" }, within = "9h" },
  { state = "store", of = "alice", facts = { certificates = [] } },
  { after = "12h", expect = "issued", facts = { template = "CorpMail" } },
]
"#,
    ),
    (
        "open",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpLogon"
based-on = "SmartcardLogon"
schema = 2
flags = ["auto-enrollment", "user-interaction-required"]
allow = { alice = ["read", "enroll", "autoenroll"] }
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234", tries = 2 }
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice" },
  { after = "60s", expect = "balloon" },
  { at = "91m", expect = "balloon" },
  { click = "icon" },
  { prompt = "wizard.start", answer = "start" },
]
"#,
    ),
    (
        "not-due",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }
[[world.certificate]]
name = "old"
template = "CorpMail"
of = "alice"
[timeline]
steps = [
  { logon = "alice" },
  { expect = "request", facts = { template = "CorpMail", renews = "old" } },
]
"#,
    ),
    (
        "pulled",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpLogon"
based-on = "SmartcardLogon"
flags = ["auto-enrollment"]
providers = ["Microsoft Base Smart Card Crypto Provider"]
allow = { alice = ["enroll", "autoenroll"] }
[[world.card]]
name = "badge"
atr = "gids"
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice" },
  { after = "1m", expect = "balloon" },
  { click = "balloon" },
  { prompt = "wizard.start", answer = "start" },
  { prompt = "pin.enter", answer = { pin = "1234" } },
  { on = "card", facts = { op = "write-certificate" }, remove = "badge" },
  { expect = "event", facts = { source = "AutoEnrollment", id = 13, template = "CorpLogon" } },
  { prompt = "summary", answer = "close" },
]
"#,
    ),
    (
        "stopped",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [
  { ca = "stop", of = "Contoso Issuing CA" },
  { logon = "alice" },
  { expect = "event", facts = { source = "AutoEnrollment", id = 13 } },
]
"#,
    ),
    (
        "capped",
        r#"
[world]
extends = "contoso"
ca = [{ name = "Contoso Issuing CA", maximum-validity = "30d" }]
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [{ logon = "alice" }, { expect = "issued", facts = { template = "CorpMail" } }]
"#,
    ),
    (
        "gone",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
providers = ["Gone CSP", "Other Gone CSP"]
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [{ logon = "alice" }, { expect = "event", facts = { id = 13, template = "CorpMail" } }]
"#,
    ),
    (
        "again",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [
  { logon = "alice" },
  { expect = "issued", facts = { template = "CorpMail" }, as = "first" },
  { after = "1h", change = "store", of = "alice", set = { delete = "$first" } },
  { pulse = "alice" },
  { expect = "issued", facts = { template = "CorpMail" } },
]
"#,
    ),
    (
        "approved",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
flags = ["pend-all-requests"]
allow = { alice = ["read", "enroll", "autoenroll"] }
[timeline]
steps = [
  { logon = "alice" },
  { expect = "pending", facts = { template = "CorpMail" } },
  { after = "1h", ca = "approve" },
  { expect = "issued" },
  { pulse = "alice" },
  { expect = "item-ended", facts = { action = "retrieve", outcome = "enrolled" } },
]
"#,
    ),
    (
        "widened",
        r#"
[world]
extends = "contoso"
policy = { ae-policy = 0 }
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll"] }
[timeline]
steps = [
  { logon = "alice" },
  { after = "1h", change = "policy", set = { ae-policy = 7 } },
  { after = "1m", gp-refresh = "alice" },
  { after = "1h", change = "template", of = "CorpMail", set = { allow = { alice = ["read", "enroll", "autoenroll"] } } },
  { after = "1m", pulse = "alice" },
  { expect = "issued", facts = { template = "CorpMail" } },
  { after = "1m", prompt = "wizard.start", answer = "start" },
]
"#,
    ),
    (
        "hangs",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
ca = [{ name = "Contoso Issuing CA", hangs = true }]
template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [{ boot = "WKS01" }, { logon = "alice" }, { wait = "1m" }]
"#,
    ),
    (
        "slow",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
ca = [{ name = "Contoso Issuing CA", latency = "5m" }]
template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [{ boot = "WKS01" }, { logon = "alice" }, { wait = "1m" }]
"#,
    ),
    (
        "slow-directory",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
domain = { latency = "5m" }
template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [{ boot = "WKS01" }, { logon = "alice" }, { wait = "1m" }]
"#,
    ),
    (
        "slow-exchange",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
ca = [{ name = "Contoso Issuing CA", latency = "5m" }]
template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", private-key-flags = ["require-private-key-archival"], allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [{ logon = "alice" }, { wait = "1m" }]
"#,
    ),
    (
        "slow-retrieval",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"

template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", flags = ["pend-all-requests"], allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [
  { logon = "alice" },
  { expect = "pending" },
  { after = "1m", change = "ca", of = "Contoso Issuing CA", set = { hangs = true } },
  { pulse = "alice" },
  { wait = "1m" },
]
"#,
    ),
    (
        "in-the-delay",
        r#"
profile = "server-2003-sp1"
[world]
extends = "contoso"

template = [
  { name = "CorpMachine", based-on = "Machine", allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
  { name = "CorpMail", based-on = "User", flags = ["auto-enrollment", "user-interaction-required"], allow = { alice = ["read", "enroll", "autoenroll"] } },
]
[timeline]
steps = [{ logon = "alice" }, { wait = "10s" }]
"#,
    ),
    (
        "failing",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
ca = [{ name = "Silent CA", host = "ca2.contoso.test", hangs = true, templates = ["Waits"] }]
template = [
  { name = "Archived", based-on = "User", private-key-flags = ["require-private-key-archival"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Managed", based-on = "User", flags = ["pend-all-requests"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "ByMail", based-on = "User", name-flags = ["subject-alt-require-email"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Waits", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
]
user = [{ name = "alice", mail = false }]
[timeline]
steps = [{ logon = "alice" }, { wait = "30m" }]
"#,
    ),
    (
        "refused",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
domain = { trust = { ntauth = [] } }
[[world.certificate]]
name = "logon"
template = "SmartcardLogon"
issued = "30d"
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234" }
container = [{ name = "c0", holds = "logon", default = true }]
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice", with = { card = "badge", pin = "1234" } },
  { expect = "logon-failed" },
  
]
"#,
    ),
    (
        "refused-and-run",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
domain = { trust = { ntauth = [] } }
[[world.certificate]]
name = "logon"
template = "SmartcardLogon"
issued = "30d"
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234" }
container = [{ name = "c0", holds = "logon", default = true }]
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice", with = { card = "badge", pin = "1234" } },
  { expect = "logon-failed" },
  { logon = "alice" },
]
"#,
    ),
    (
        "refused-revoked",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"

[[world.certificate]]
name = "logon"
template = "SmartcardLogon"
issued = "30d"
revoked = true
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234" }
container = [{ name = "c0", holds = "logon", default = true }]
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice", with = { card = "badge", pin = "1234" } },
  { expect = "logon-failed" },
  { logon = "alice" },
]
"#,
    ),
    (
        "refused-pin",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"

[[world.certificate]]
name = "logon"
template = "SmartcardLogon"
issued = "30d"
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234" }
container = [{ name = "c0", holds = "logon", default = true }]
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice", with = { card = "badge", pin = "9999" } },
  { expect = "logon-failed" },
  { logon = "alice" },
]
"#,
    ),
    (
        "refused-step",
        r#"
profile = "windows-10-22h2"
[world]
extends = "contoso"
domain = { trust = { ntauth = [] } }
[[world.certificate]]
name = "logon"
template = "SmartcardLogon"
issued = "30d"
[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234" }
container = [{ name = "c0", holds = "logon", default = true }]
[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice", with = { card = "badge", pin = "1234" } },
  { expect = "logon-failed" },
  { logon = "alice" }, { expect = "logon", facts = { card = "badge" } },
]
"#,
    ),
    (
        "no-right",
        r#"
[world]
extends = "contoso"
[[world.template]]
name = "CorpMail"
based-on = "User"
allow = { alice = ["read", "enroll"] }
[timeline]
steps = [{ logon = "alice" }]
[[vary]]
name = "one"
[[vary]]
name = "other"
"#,
    ),
];

/// What is asked about them, and how it ends. Each answer is a snapshot of that name.
const QUESTIONS: &[(&str, &str, Exit)] = &[
    ("policy-off", "off.toml", Exit::Ok),
    ("a-step-that-fails", "off.toml:L13", Exit::Ok),
    ("published-later", "later.toml", Exit::Ok),
    ("a-never-that-holds", "later.toml:2", Exit::Ok),
    ("a-state-that-holds", "later.toml:14:3", Exit::Ok),
    ("not-due", "not-due.toml", Exit::Ok),
    ("not-due-thoroughly", "not-due.toml --template CorpMail", Exit::Ok),
    ("a-renewal-that-did-not-come", "not-due.toml:2", Exit::Ok),
    ("a-run-that-is-open", "open.toml", Exit::Ok),
    ("a-second-balloon", "open.toml:4", Exit::Ok),
    ("an-issued-certificate", "later.toml:4", Exit::Ok),
    ("a-card-pulled-out", "pulled.toml:8", Exit::Ok),
    ("a-ca-that-is-stopped", "stopped.toml:3", Exit::Ok),
    ("a-life-that-is-capped", "capped.toml", Exit::Ok),
    ("providers-that-are-missing", "gone.toml", Exit::Ok),
    ("enrolled-again", "again.toml", Exit::Ok),
    ("approved-by-the-manager", "approved.toml", Exit::Ok),
    ("a-retrieve-after-the-approval", "approved.toml:6", Exit::Ok),
    ("changes-as-causes", "widened.toml", Exit::Ok),
    ("a-step-after-changes", "widened.toml:6", Exit::Ok),
    ("a-prompt-that-does-not-come", "widened.toml:7", Exit::Ok),
    ("one-template", "no-right.toml[one] --template CorpMail", Exit::Ok),
    ("a-variant", "no-right.toml --variant other", Exit::Ok),
    ("open-hangs", "hangs.toml", Exit::Ok),
    ("open-slow", "slow.toml", Exit::Ok),
    ("open-slow-directory", "slow-directory.toml", Exit::Ok),
    ("open-slow-exchange", "slow-exchange.toml", Exit::Ok),
    ("open-slow-retrieval", "slow-retrieval.toml", Exit::Ok),
    ("open-in-the-delay", "in-the-delay.toml", Exit::Ok),
    ("failing-in-four-ways", "failing.toml", Exit::Ok),
    ("logon-refused", "refused.toml", Exit::Ok),
    ("logon-refused-before-a-run", "refused-and-run.toml", Exit::Ok),
    ("logon-refused-revoked", "refused-revoked.toml", Exit::Ok),
    ("logon-refused-wrong-pin", "refused-pin.toml", Exit::Ok),
    ("logon-refused-at-a-step", "refused-step.toml:5", Exit::Ok),
    ("which-variant", "no-right.toml", Exit::Usage),
    ("no-such-variant", "no-right.toml[third]", Exit::Usage),
    ("no-such-template", "no-right.toml[one] --template CorpMial", Exit::Usage),
    ("no-such-line", "off.toml:L3", Exit::Usage),
    ("no-such-step", "off.toml:9", Exit::Usage),
    ("a-requirement", "R036", Exit::Ok),
    ("a-switch", "P7.5", Exit::Ok),
    ("a-check-of-the-ca", "CA3.7.3.template", Exit::Ok),
    ("an-exception", "X6.1.0x8007000D", Exit::Ok),
    ("an-hresult", "0x8010006C", Exit::Ok),
    ("an-hresult-as-eight-digits", "8010006C", Exit::Ok),
    ("an-hresult-as-a-decimal", "-2146434964", Exit::Ok),
    ("an-hresult-by-name", "SCARD_W_CHV_BLOCKED", Exit::Ok),
    ("an-event", "14", Exit::Ok),
    ("an-unknown-hresult", "0x80071234", Exit::Usage),
    ("a-near-id", "S8", Exit::Usage),
    ("a-step-of-a-variant", "founding/balloon-clicked[on-icon]:2", Exit::Ok),
];

#[test]
fn answers_are_as_they_were() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "explained");
    for (name, text) in STORIES {
        let story = format!("scenario = 1\ntitle = \"{name}\"{text}");
        fs::write(directory.join(format!("{name}.toml")), story).unwrap();
    }
    for (name, question, exit) in QUESTIONS {
        let arguments = std::iter::once("explain").chain(question.split_whitespace());
        let ran = Autoenroll::new(PROGRAM, arguments).directory(&directory).run();
        let text = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(i32::from(exit.code())), "explain {question}\n{text}");
        assert!(text.lines().count() <= SCREEN, "explain {question} fills more than a screen\n{text}");
        insta::assert_snapshot!(*name, without_places(&text), question);
    }
}

/// The text with `FILE:LINE` for each place in the sources, which moves with every change of them; several places in a
/// row are one.
fn without_places(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let place = line.find("crates/").filter(|at| line[*at..].contains(".rs:"));
        let shown = place.map_or_else(|| line.to_owned(), |at| format!("{}FILE:LINE", &line[..at]));
        // Further places have no label of their own.
        if !(shown.trim_start() == "FILE:LINE" && lines.last().is_some_and(|before| before.ends_with("FILE:LINE"))) {
            lines.push(shown);
        }
    }
    lines.join("\n")
}

/// Where a requirement is decided, done or tested, each place a line of a file that exists.
/// What can be asked by its name or number, how the answer begins, and what is in it.
const NAMED: &[(&str, &str, &[&str])] = &[
    ("0x80094012", "0x80094012 CERTSRV_E_TEMPLATE_DENIED", &["CA3.7.3.template", "ca/no-right-on-the-template"]),
    ("CERTSRV_E_BAD_REQUESTSUBJECT", "0x80094001 CERTSRV_E_BAD_REQUESTSUBJECT", &["CA3.2.4.lengths"]),
    ("event 64", "E5.2.64  ", &["written by"]),
    ("64", "E5.2.64  ", &["written by"]),
    ("gp-triggers", "gp-triggers  switch", &["server-2003-sp1  every-refresh", "values", "P7.2"]),
    ("expect", "expect  verb", &["takes", "modifiers", "example     { "]),
    ("within", "within  modifier", &["verbs       `prompt` `expect` `never`"]),
    ("run-started", "run-started  kind of record", &["facts       `trigger` `refresh` `changed`"]),
    ("card.insert", "card.insert  decision point", &["answers     \"ok\" \"cancel\""]),
    ("desktop", "desktop  what `state` looks at", &["`logged-on`"]),
    ("policy-service", "policy-service  what a `change` changes", &["set         `reachable` `failure`"]),
    (
        "enforce-name-lengths",
        "enforce-name-lengths  key of a change of `ca`",
        &["key of a CA", "true unless", "  fact"],
    ),
    ("tries-left", "tries-left  fact", &["of          "]),
    ("AE0417", "AE0417  cannot be done at its turn", &[]),
];

#[test]
fn what_has_a_name_or_a_number_is_explained() {
    for (asked, begins, within) in NAMED {
        let ran = Autoenroll::new(PROGRAM, ["explain", asked]).run();
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{asked}");
        assert!(ran.out.starts_with(begins), "{asked}\n{}", ran.out);
        assert!(within.iter().all(|part| ran.out.contains(part)), "{asked}\n{}", ran.out);
        assert!(ran.out.lines().count() <= SCREEN, "{asked} fills more than a screen\n{}", ran.out);
    }
}

#[test]
fn what_nearly_has_a_name_is_told_the_name() {
    for (asked, meant) in [
        ("expekt", "expect"),
        ("gp-trigers", "gp-triggers"),
        ("run-startd", "run-started"),
        ("wizard.strat", "wizard.start"),
        ("enforce-name-length", "enforce-name-lengths"),
        ("CERTSRV_E_TEMPLATE_DENIE", "CERTSRV_E_TEMPLATE_DENIED"),
    ] {
        let ran = Autoenroll::new(PROGRAM, ["explain", asked]).run();
        assert_eq!(ran.code, Some(i32::from(Exit::Usage.code())), "{asked}");
        let told = format!("autoenroll: nothing is called `{asked}`; near it are {meant}\n");
        assert_eq!((ran.out.as_str(), ran.err), ("", told), "{asked}");
    }
}

#[test]
fn requirements_have_places_in_the_sources() {
    let check = |id: &str, label: &str, file: &str| {
        let ran = Autoenroll::new(PROGRAM, ["explain", id]).run();
        let start = format!("{label} ");
        let line = ran.out.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{id}: {}", ran.out));
        let place = line.rsplit(' ').next().and_then(|place| place.rsplit_once(':')).expect("a file and a line");
        assert_eq!(place.0, file, "{id}");
        let text = fs::read_to_string(format!("../{file}")).unwrap();
        assert!(text.lines().count() >= place.1.parse().unwrap(), "{id}: {line}");
    };
    check("CA3.7.3.template", "decided at", "crates/ca/src/policy.rs");
    check("CA3.7.10", "decided at", "crates/ca/src/policy.rs");
    check("T2.1.off", "decided at", "crates/world/src/policy.rs");
    check("W3.1.periods", "done at", "crates/wire/src/template.rs");
}
