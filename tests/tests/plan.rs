//! `autoenroll plan` as somebody uses it after an import: a world, what becomes of each template, and why.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::PathBuf;

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// Worlds, by the names of their files. Each is one of Server 2003 and extends `contoso`.
const WORLDS: &[(&str, &str)] = &[
    (
        "rights",
        r#"
group = [{ name = "Staff", members = ["bob", "Interns"] }, { name = "Interns", members = ["carol"] }]
user = [
  { name = "bob", sid = "S-1-5-21-1004336348-1177238915-682003330-1105", mail = false },
  { name = "carol", sid = "S-1-5-21-1004336348-1177238915-682003330-1106", mail = false },
  { name = "dave", sid = "S-1-5-21-1004336348-1177238915-682003330-1107", upn = "dave@contoso.test", mail = "dave@contoso.test" },
]
template = [
  { name = "Denied", based-on = "User", deny = { Staff = ["enroll"] }, allow = { "Domain Users" = ["enroll", "autoenroll"] } },
  { name = "Granted", based-on = "User", allow = { Staff = ["enroll", "autoenroll"] } },
  { name = "Hidden", based-on = "User", acl = [{ effect = "allow", trustee = "alice", right = "full" }] },
  { name = "ByMail", based-on = "User", name-flags = ["subject-alt-require-email"], allow = { "Domain Users" = ["enroll", "autoenroll"] } },
]
"#,
    ),
    (
        "ways",
        r#"
ca = [
  { name = "Contoso Issuing CA", templates = ["Ok", "Unasked", "Old", "New", "Managed", "Card", "Far", "Lapsing", "ByHand"] },
  { name = "Other CA", host = "ca2.contoso.test", templates = ["Elsewhere"] },
]
template = [
  { name = "Ok", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Unasked", based-on = "User", without-flags = ["auto-enrollment"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Nowhere", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Elsewhere", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Old", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "New", based-on = "User", supersedes = ["Old"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Managed", based-on = "User", flags = ["auto-enrollment", "pend-all-requests"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Card", based-on = "SmartcardLogon", schema = 2, flags = ["auto-enrollment", "user-interaction-required"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Far", based-on = "User", published = "2h", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Lapsing", based-on = "User", flags = ["auto-enrollment", "skip-auto-renewal"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "ByHand", based-on = "User", name-flags = ["enrollee-supplies-subject"], allow = { alice = ["enroll", "autoenroll"] } },
]
certificate = [{ name = "kept", template = "Ok", issued = "30d", of = "alice", ca = "Contoso Issuing CA" }]
"#,
    ),
    ("off", "policy = { ae-policy = 0x8000 }\n"),
    (
        "carded",
        r#"
template = [{ name = "Card", based-on = "SmartcardLogon", schema = 2, flags = ["auto-enrollment", "user-interaction-required"], allow = { alice = ["enroll", "autoenroll"] } }]
card = [{ name = "badge", atr = "gids", pin = { value = "1234" } }]
"#,
    ),
    (
        "failing",
        r#"
ca = [
  { name = "Contoso Issuing CA", templates = ["Gone", "Archived"] },
  { name = "Silent CA", host = "ca2.contoso.test", hangs = true, templates = ["Waits", "WaitsArchived"] },
  { name = "Stopped CA", host = "ca3.contoso.test", reachable = false, templates = ["Away", "AwayArchived"] },
]
template = [
  { name = "Gone", based-on = "User", providers = ["Gone CSP"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Archived", based-on = "User", private-key-flags = ["require-private-key-archival"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Waits", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "WaitsArchived", based-on = "User", private-key-flags = ["require-private-key-archival"], allow = { alice = ["enroll", "autoenroll"] } },
  { name = "Away", based-on = "User", allow = { alice = ["enroll", "autoenroll"] } },
  { name = "AwayArchived", based-on = "User", private-key-flags = ["require-private-key-archival"], allow = { alice = ["enroll", "autoenroll"] } },
]
"#,
    ),
    (
        "names",
        r#"
computer = [{ name = "WKS01", dns = false }]
user = [{ name = "bob", sid = "S-1-5-21-1004336348-1177238915-682003330-1105", upn = false, mail = false }]
template = [
  { name = "ByUpn", based-on = "User", name-flags = ["subject-alt-require-upn"], allow = { bob = ["enroll", "autoenroll"] } },
  { name = "ByMail", based-on = "User", name-flags = ["subject-alt-require-email"], allow = { bob = ["enroll", "autoenroll"] } },
  { name = "ByDns", based-on = "Machine", schema = 2, flags = ["auto-enrollment"], name-flags = ["subject-alt-require-dns"], allow = { "Domain Computers" = ["enroll", "autoenroll"] } },
]
"#,
    ),
    ("nobody", "user = [{ name = \"alice\", absent = true }]\ncomputer = [{ name = \"WKS01\", absent = true }]\n"),
    ("wrong", "template = [{ name = \"T\", based-on = \"Usre\" }]\n"),
];

/// What is asked, how it ends, and what is in the answer.
const QUESTIONS: &[(&str, Exit, &[&str])] = &[
    (
        "ways.toml",
        Exit::Ok,
        &[
            "plan of ways.toml under server-2003-sp1, at 2026-03-02T08:00:00Z: 2 principals, 12 templates, 2 CAs",
            "alice (1 user at WKS01)",
            "Ok  keeps what it has; renews from 2026-12-20T08:00:00Z",
        ],
    ),
    ("ways.toml --why alice Ok", Exit::Ok, &["R053 does not apply", "threshold 2026-12-20T08:00:00Z", "R051 yes"]),
    (
        "ways.toml --why alice Unasked",
        Exit::Ok,
        &["skipped by R039", "set the bit auto-enrollment, 0x20", "of Unasked"],
    ),
    ("ways.toml --why alice Nowhere", Exit::Ok, &["skipped by R042", "let a CA that the client can use issue Nowhere"]),
    ("ways.toml --why alice Elsewhere", Exit::Ok, &["enrolls silently from Other CA; renews from"]),
    (
        "ways.toml --why alice Old",
        Exit::Ok,
        &["superseded by R044", "New is enrolled in its place", "Supersede-Templates of New"],
    ),
    ("ways.toml --why alice Managed", Exit::Ok, &["pends", "CA3.7.10", "approve the request at Contoso Issuing CA"]),
    (
        "ways.toml --why alice Card",
        Exit::Ok,
        &["would enroll, asking at wizard.start, card.insert", "has no card of", "R063 yes"],
    ),
    ("ways.toml --why alice Far", Exit::Ok, &["not seen", "it is not published before 02:00:00"]),
    (
        "ways.toml --why alice Lapsing",
        Exit::Ok,
        &["enrolls silently", "due from 2027-01-19T08:00:00Z, but not renewed (R054)", "clear skip-auto-renewal"],
    ),
    (
        "ways.toml --why alice ByHand",
        Exit::Ok,
        &["skipped by R046", "clear enrollee-supplies-subject", "msPKI-Certificate-Name-Flag"],
    ),
    ("ways.toml --why WKS01 Ok", Exit::Ok, &["skipped by R037", "Ok is for users"]),
    (
        "carded.toml --why alice Card",
        Exit::Ok,
        &["enrolls from Contoso Issuing CA, asking at wizard.start, card.insert, pin.enter"],
    ),
    ("rights.toml", Exit::Ok, &["bob, carol (2 users at WKS01)", "dave (1 user at WKS01)"]),
    (
        "rights.toml --why bob Denied",
        Exit::Ok,
        &["skipped by R041", "entry 1 denies it to Staff, of which it is a member"],
    ),
    (
        "rights.toml --why carol Denied",
        Exit::Ok,
        &["entry 1 denies enroll to Staff", "entry 1 denies it to Staff, of which it is a member through Interns"],
    ),
    ("rights.toml --why dave Granted", Exit::Ok, &["skipped by R040", "grant Enroll and AutoEnroll on Granted"]),
    ("rights.toml --why dave Hidden", Exit::Ok, &["not seen by R040", "no entry grants it", "grant Read on Hidden"]),
    ("rights.toml --why dave ByMail", Exit::Ok, &["enrolls silently"]),
    (
        "rights.toml --why bob ByMail",
        Exit::Ok,
        &[
            "fails from Contoso Issuing CA: 0x80094812",
            "CA3.2.4.mail",
            "in the directory: give bob the attribute mail, or take the e-mail name out of what ByMail wants",
        ],
    ),
    (
        "failing.toml --why alice Gone",
        Exit::Ok,
        &["fails: 0x80090019 NTE_KEYSET_NOT_DEF, by S5.next", "install the provider Gone CSP"],
    ),
    (
        "failing.toml --why alice Archived",
        Exit::Ok,
        &[
            "fails from Contoso Issuing CA: 0x8009400A",
            "by F.sign",
            "at Contoso Issuing CA: configure key archival",
            "or in Archived: clear require-private-key-archival",
        ],
    ),
    (
        "failing.toml --why alice Waits",
        Exit::Ok,
        &[
            "fails from Silent CA: 0x800706BA RPC_S_SERVER_UNAVAILABLE; Silent CA does not answer",
            "the client gives up after 15m, by X6.1.0x800706BA",
            "let Silent CA answer",
        ],
    ),
    (
        "failing.toml --why alice WaitsArchived",
        Exit::Ok,
        &["fails from Silent CA", "gives up after 15m, by X6.1.0x800706BA", "let Silent CA answer"],
    ),
    (
        "failing.toml --why alice Away",
        Exit::Ok,
        &["fails from Stopped CA", "by S11.denied", "let Stopped CA be reached"],
    ),
    (
        "failing.toml --why alice AwayArchived",
        Exit::Ok,
        &["fails from Stopped CA", "by F.sign", "let Stopped CA be reached"],
    ),
    (
        "names.toml --why bob ByUpn",
        Exit::Ok,
        &["CA3.2.4.upn", "in the directory: give bob the attribute userPrincipalName", "of what ByUpn wants"],
    ),
    ("names.toml --why bob ByMail", Exit::Ok, &["CA3.2.4.mail", "in the directory: give bob the attribute mail"]),
    (
        "names.toml --why WKS01 ByDns",
        Exit::Ok,
        &["CA3.2.4.dns", "in the directory: give WKS01 the attribute dNSHostName", "of what ByDns wants"],
    ),
    ("off.toml --why alice SmartcardLogon", Exit::Ok, &["not looked at by R003", "clear bit 0x8000 of AEPolicy"]),
    ("enrolling --why WKS01 ContosoMachine", Exit::Ok, &["enrolls silently from Contoso Issuing CA"]),
    ("enrolling --why contoso\\wks01$ ContosoMachine", Exit::Ok, &["enrolls silently from Contoso Issuing CA"]),
    ("enrolling --why CONTOSO\\Alice ContosoUser", Exit::Ok, &["enrolls silently from Contoso Issuing CA"]),
    ("enrolling --why FABRIKAM\\alice ContosoUser", Exit::Usage, &["there is no user or computer `FABRIKAM\\alice`"]),
    ("enrolling --why alice$ ContosoUser", Exit::Usage, &["there is no user or computer `alice$`"]),
    ("enrolling", Exit::Ok, &["plan of enrolling under windows-10-22h2"]),
    ("enrolling --profile server-2025", Exit::Ok, &["plan of enrolling under server-2025"]),
    ("ways.toml --profile server-2025", Exit::Ok, &["plan of ways.toml under server-2025"]),
    ("founding/silent-items-show-nothing --at WKS01", Exit::Ok, &["CorpUser  enrolls silently"]),
    ("enrolling --at WKS02", Exit::Usage, &["there is no computer `WKS02` in this world; did you mean WKS01?"]),
    ("enrolling --why eve ContosoUser", Exit::Usage, &["there is no user or computer `eve`"]),
    ("enrolling --why alice ContosoUsr", Exit::Usage, &["did you mean ContosoUser?"]),
    ("enrolling --profile windows-95", Exit::Usage, &["there is no profile `windows-95`"]),
    (
        "no-such-world",
        Exit::Usage,
        &["there is no file, no world and no scenario `no-such-world`", "contoso, enrolling"],
    ),
    ("nobody.toml", Exit::Usage, &["nobody.toml has neither users nor computers", "import --extends contoso"]),
    ("wrong.toml", Exit::Usage, &["wrong.toml has errors", "`Usre`", "wrong.toml:"]),
    ("enrolling --budget records=60", Exit::Failed, &["the plan is not complete", "used up its 60 records"]),
];

fn worlds(name: &str) -> PathBuf {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), name);
    for (name, text) in WORLDS {
        let text = format!("scenario = 1\nprofile = \"server-2003-sp1\"\n[world]\nextends = \"contoso\"\n{text}");
        fs::write(directory.join(format!("{name}.toml")), text).unwrap();
    }
    directory
}

#[test]
fn a_plan_says_what_becomes_of_each_template_and_why() {
    let directory = worlds("planned");
    let mut wrong = Vec::new();
    for (question, exit, parts) in QUESTIONS {
        let arguments = std::iter::once("plan").chain(question.split_whitespace());
        let ran = Autoenroll::new(PROGRAM, arguments).directory(&directory).run();
        // Lines are broken where they are full.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = words(&format!("{}{}", ran.out, ran.err));
        let lacks: Vec<&&str> = parts.iter().filter(|part| !text.contains(&words(part))).collect();
        if ran.code != Some(i32::from(exit.code())) || !lacks.is_empty() {
            wrong.push(format!("plan {question}: {:?}, lacks {lacks:?}\n{}{}", ran.code, ran.out, ran.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_plan_for_programs_has_a_line_for_each_principal_and_template() {
    let ran = Autoenroll::new(PROGRAM, ["plan", "--format", "json", "rights.toml"]).directory(&worlds("planned-json"));
    let ran = ran.run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Four users and a computer, five templates.
    assert_eq!(lines.len(), 25);
    let names: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    for line in &lines {
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), names, "every line has every field");
    }
    let one = lines.iter().find(|line| line["principal"] == "carol" && line["template"] == "Denied").unwrap();
    assert_eq!((&one["verdict"], &one["rule"], &one["holds"]), (&"skipped".into(), &"R041".into(), &true.into()));
}

#[test]
fn what_fails_has_a_rule_and_a_change_for_programs_too() {
    for world in ["failing.toml", "names.toml"] {
        let ran =
            Autoenroll::new(PROGRAM, ["plan", "--format", "json", world]).directory(&worlds("planned-failing")).run();
        let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let failing: Vec<_> = lines.iter().filter(|line| line["verdict"] == "fails").collect();
        assert!(failing.len() > 2, "{world}: {}", ran.out);
        for line in failing {
            let has = ["rule", "statement", "holds", "change"].map(|field| !line[field].is_null());
            assert_eq!(has, [true; 4], "{world}: {line}");
        }
    }
}
