//! A setting as a scenario file.
//!
//! Keys are short and certificates live for ten days, so that a story of a fortnight sees them renewed; nothing in the
//! rules depends on either.

use std::fmt::Write as _;

use super::Setting;

const BASE: &str = "Microsoft Base Smart Card Crypto Provider";
const VENDOR: &str = "Vendor Card CSP";
const SOFTWARE: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

pub(super) fn file(setting: &Setting) -> String {
    let mut text = String::from("scenario = 1\ntitle = \"A story that nobody wrote\"\n");
    put(&mut text, format_args!("profile = \"{}\"\n", setting.value("profile")));
    if !setting.switches.is_empty() {
        let pairs: Vec<String> =
            setting.switches.iter().map(|(switch, value)| format!("{switch} = \"{value}\"")).collect();
        put(&mut text, format_args!("switches = {{ {} }}\n", pairs.join(", ")));
    }
    text += "\n[world]\nextends = \"contoso\"\npolicy = { gp-background = false }\n";
    people(setting, &mut text);
    authorities(setting, &mut text);
    templates(setting, &mut text);
    history(setting, &mut text);
    if setting.has_cards() {
        cards(setting, &mut text);
    }
    text + "\n[timeline]\nsteps = []\n"
}

/// Writing to a text does not fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _never = text.write_fmt(arguments);
}

fn people(setting: &Setting, text: &mut String) {
    if setting.is("people", "two-users") {
        *text += "\n[[world.user]]\nname = \"bob\"\n";
    }
    if has_second_reader(setting) {
        *text += "\n[[world.computer]]\nname = \"WKS01\"\nreaders = [\"Reader 0\", \"Reader 1\"]\n";
    }
}

fn authorities(setting: &Setting, text: &mut String) {
    *text += "\n[[world.ca]]\nname = \"Contoso Issuing CA\"\nkey = \"p-256\"\n";
    if setting.is("authority", "holds") {
        *text += "manager-approval = true\n";
    }
    if archives(setting) {
        *text += "key-archival = true\n";
    }
    if setting.is("spare", "occupied") {
        *text += "\n[[world.certificate]]\nname = \"spare-logon\"\ntemplate = \"SmartcardLogon\"\nissued = \"400d\"\n";
        *text += "ca = \"Contoso Issuing CA\"\n";
    }
    if setting.is("authority", "two") {
        *text += "\n[[world.ca]]\nname = \"Contoso Second CA\"\nhost = \"ca2.contoso.test\"\nkey = \"p-256\"\n";
        if archives(setting) {
            *text += "key-archival = true\n";
        }
        *text += "\n[[world.certificate]]\nname = \"expired-logon\"\ntemplate = \"SmartcardLogon\"\n";
        *text += "ca = \"Contoso Issuing CA\"\n";
    }
}

/// Whether CAs archive the keys that are in software.
fn archives(setting: &Setting) -> bool {
    setting.is("archival", "archives")
}

/// Whether the spare card has a reader of its own, and is in it.
fn has_second_reader(setting: &Setting) -> bool {
    matches!(setting.value("spare"), "in-reader" | "occupied")
}

/// Who may enroll.
fn allowed(setting: &Setting) -> &'static str {
    match setting.value("people") {
        "two-users" => {
            "{ alice = [\"read\", \"enroll\", \"autoenroll\"], bob = [\"read\", \"enroll\", \"autoenroll\"] }"
        }
        _ => "{ alice = [\"read\", \"enroll\", \"autoenroll\"] }",
    }
}

fn templates(setting: &Setting, text: &mut String) {
    let on_card = |text: &mut String, name: &str, providers: &[&str]| {
        let providers: Vec<String> = providers.iter().map(|provider| format!("\"{provider}\"")).collect();
        put(text, format_args!("\n[[world.template]]\nname = \"{name}\"\nbased-on = \"SmartcardLogon\"\n"));
        put(text, format_args!("minimal-key-size = 1024\nproviders = [{}]\n", providers.join(", ")));
    };
    let in_software = |text: &mut String, name: &str| {
        put(text, format_args!("\n[[world.template]]\nname = \"{name}\"\nbased-on = \"User\"\n"));
        put(text, format_args!("minimal-key-size = 1024\nproviders = [\"{SOFTWARE}\"]\n"));
    };
    let ends = |text: &mut String, flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|flag| format!("\"{flag}\"")).collect();
        put(text, format_args!("flags = [{}]\n", flags.join(", ")));
        put(text, format_args!("validity = \"10d\"\nrenewal-period = \"2d\"\nallow = {}\n", allowed(setting)));
    };
    match setting.value("place") {
        "card" => on_card(text, "Main", &[BASE]),
        "asking-card" => on_card(text, "Main", &[VENDOR]),
        "two-providers" => on_card(text, "Main", &[VENDOR, BASE]),
        "card-or-software" => on_card(text, "Main", &[BASE, SOFTWARE]),
        _ => in_software(text, "Main"),
    }
    let mut flags = vec!["auto-enrollment"];
    if setting.is("renewal", "same-key") {
        flags.push("require-same-key-renewal");
    }
    if setting.is("cleaning", "deletes") {
        flags.push("remove-invalid-certificate-from-personal-store");
    }
    if setting.is("protection", "asks") {
        flags.push("strong-key-protection-required");
    }
    if archives(setting) && matches!(setting.value("place"), "software" | "card-or-software") {
        flags.push("require-private-key-archival");
    }
    if setting.is("renewal", "reuses-key") {
        flags.push("enable-key-reuse-on-nt-token-keyset-storage-full");
    }
    ends(text, &flags);
    if matches!(setting.value("history"), "superseded" | "superseded-and-due") {
        *text += "supersedes = [\"Older\"]\n";
        in_software(text, "Older");
        *text += "validity = \"10d\"\nrenewal-period = \"2d\"\n";
    }
    match setting.value("second") {
        second @ ("on-card" | "on-card-at-once") => {
            let vendor = setting.is("place", "asking-card");
            on_card(text, "Second", &[if vendor { VENDOR } else { BASE }]);
            ends(text, &["auto-enrollment"]);
            if second == "on-card" {
                *text += "published = \"1d\"\n";
            }
        }
        "in-software" => {
            in_software(text, "Second");
            let archived = archives(setting).then_some("require-private-key-archival");
            ends(text, &["auto-enrollment"].into_iter().chain(archived).collect::<Vec<_>>());
        }
        "superseding" => {
            in_software(text, "Second");
            ends(text, &["auto-enrollment"]);
            *text += "supersedes = [\"Main\"]\npublished = \"1d\"\n";
        }
        "co-signed" => {
            in_software(text, "Second");
            ends(text, &["auto-enrollment"]);
            *text += "ra-signatures = 1\nra-application-policies = [\"enrollment-agent\"]\n";
            *text +=
                "\n[[world.template]]\nname = \"Agent\"\nbased-on = \"EnrollmentAgent\"\nminimal-key-size = 1024\n";
            *text += "\n[[world.certificate]]\nname = \"agent\"\ntemplate = \"Agent\"\nof = \"alice\"\n";
            *text += "ca = \"Contoso Issuing CA\"\n";
        }
        _ => {}
    }
    if setting.is("people", "user-and-machine") {
        put(text, format_args!("\n[[world.template]]\nname = \"Machine\"\nbased-on = \"Machine\"\n"));
        put(
            text,
            format_args!("minimal-key-size = 1024\nproviders = [\"{SOFTWARE}\"]\nflags = [\"auto-enrollment\"]\n"),
        );
        *text += "validity = \"10d\"\nrenewal-period = \"2d\"\nallow = { WKS01 = [\"enroll\", \"autoenroll\"] }\n";
    }
}

/// Whether the first certificate of the story, or the key of its request, is on the badge.
fn begins_on_badge(setting: &Setting) -> bool {
    !setting.is("place", "software") && !setting.is("history", "superseded")
}

fn history(setting: &Setting, text: &mut String) {
    let certificate = |text: &mut String, template: &str, issued: &str| {
        put(text, format_args!("\n[[world.certificate]]\nname = \"old\"\ntemplate = \"{template}\"\n"));
        put(text, format_args!("of = \"alice\"\nissued = \"{issued}\"\n"));
    };
    let request = |text: &mut String, decision: &str| {
        put(text, format_args!("\n[[world.request]]\nname = \"asked\"\ntemplate = \"Main\"\nof = \"alice\"\n"));
        put(text, format_args!("ca = \"Contoso Issuing CA\"\ndecision = \"{decision}\"\n"));
        if begins_on_badge(setting) {
            *text += "card = \"badge\"\ncontainer = \"Slot0\"\n";
        }
    };
    match setting.value("history") {
        "due" => certificate(text, "Main", "9d"),
        "superseded-and-due" => {
            put(text, format_args!("\n[[world.certificate]]\nname = \"older\"\ntemplate = \"Older\"\n"));
            *text += "of = \"alice\"\nissued = \"1d\"\nca = \"Contoso Issuing CA\"\n";
            certificate(text, "Main", "9d");
        }
        "valid" => certificate(text, "Main", "1d"),
        "expired" => certificate(text, "Main", "11d"),
        "revoked" => {
            certificate(text, "Main", "1d");
            *text += "revoked = true\n";
        }
        "superseded" => certificate(text, "Older", "1d"),
        "pending" => request(text, "pending"),
        "approved" => request(text, "approved"),
        _ => return,
    }
    if !matches!(setting.value("history"), "pending" | "approved") {
        *text += "ca = \"Contoso Issuing CA\"\n";
    }
}

fn cards(setting: &Setting, text: &mut String) {
    let kind = if setting.is("place", "asking-card") { "vendor-dialogs" } else { "gids" };
    put(text, format_args!("\n[[world.card]]\nname = \"badge\"\natr = \"{kind}\"\n"));
    *text += "pin = { value = \"1234\", tries = 3 }\n";
    if !setting.is("badge", "away") {
        *text += "reader = \"Reader 0\"\n";
    }
    let mut containers = Vec::new();
    let occupied = matches!(setting.value("badge"), "occupied" | "occupied-and-full");
    if begins_on_badge(setting) {
        match setting.value("history") {
            "due" | "valid" | "expired" | "revoked" | "superseded-and-due" if occupied => {
                containers.push("{ name = \"Slot0\", key = \"rsa-1024\", holds = \"old\" }");
            }
            "due" | "valid" | "expired" | "revoked" | "superseded-and-due" => {
                containers.push("{ name = \"Slot0\", default = true, key = \"rsa-1024\", holds = \"old\" }");
            }
            "pending" | "approved" => containers.push("{ name = \"Slot0\", key = \"rsa-1024\" }"),
            _ => {}
        }
    }
    let begins_with_key = !containers.is_empty();
    if occupied {
        containers.push(match containers.len() {
            0 => "{ name = \"Slot0\", default = true, key = \"rsa-1024\", holds = \"expired-logon\" }",
            _ => "{ name = \"Slot1\", default = true, key = \"rsa-1024\", holds = \"expired-logon\" }",
        });
    }
    if matches!(setting.value("badge"), "full" | "occupied-and-full") {
        if containers.is_empty() {
            containers.push("{ name = \"Slot0\", key = \"rsa-1024\" }");
        }
        put(text, format_args!("capacity = {{ containers = {} }}\n", containers.len()));
    }
    if !containers.is_empty() {
        put(text, format_args!("container = [{}]\n", containers.join(", ")));
    }
    if !setting.is("spare", "none") {
        put(text, format_args!("\n[[world.card]]\nname = \"spare\"\natr = \"gids\"\n"));
        *text += "pin = { value = \"5678\", tries = 3 }\n";
        if has_second_reader(setting) {
            *text += "reader = \"Reader 1\"\n";
        }
        if setting.is("spare", "occupied") {
            let alike = if occupied && begins_with_key { "Slot1" } else { "Slot0" };
            let holds = "default = true, key = \"rsa-1024\", holds = \"spare-logon\"";
            put(text, format_args!("container = [{{ name = \"{alike}\", {holds} }}]\n"));
        }
    }
}
