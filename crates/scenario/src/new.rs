//! A first scenario for somebody who has none: a file that runs.

/// What a new scenario is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScenario {
    /// Its title.
    pub title: String,
    /// The profile; the default one when it is not said.
    pub profile: Option<String>,
    /// Where the key goes.
    pub key: NewKey,
}

/// Where the key of a new scenario goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// Into software, without anybody noticing.
    Software,
    /// Onto a smart card, with balloon, wizard and PIN.
    Card,
}

/// The text of a new scenario. It passes as it stands; its author changes it from there.
#[must_use]
pub fn new_scenario(new: &NewScenario) -> String {
    let title = crate::print::value(&crate::Value::Text(new.title.clone()), crate::print::Style::Toml);
    let profile = new.profile.as_ref().map_or(String::new(), |profile| format!("profile = \"{profile}\"\n"));
    let head = format!("#:schema ../fixtures/schemas/scenario-1.json\nscenario = 1\ntitle = {title}\n{profile}");
    head + match new.key {
        NewKey::Software => SOFTWARE,
        NewKey::Card => CARD,
    }
}

const SOFTWARE: &str = r#"
[world]
extends = "contoso" # domain, workstation WKS01, user alice, one CA

[[world.template]]
name = "NewUser"
based-on = "User" # a default template; the copy is version 2
flags = ["auto-enrollment"]
allow = { alice = ["read", "enroll", "autoenroll"] }

[timeline]
steps = [
  { logon = "alice" },
  { expect = "request", facts = { template = "NewUser" } },
  { expect = "issued", facts = { template = "NewUser" }, as = "new" },
  { expect = "event", facts = { id = 19, severity = "information" } },
  { state = "store", of = "alice", facts = { certificates = ["$new"] } },
  { wait = "9h" }, # the refreshes that follow change nothing
]
"#;

const CARD: &str = r#"
[world]
extends = "contoso" # domain, workstation WKS01 with Reader 0, user alice, one CA

[[world.template]]
name = "NewLogon"
based-on = "SmartcardLogon" # a default template; the copy is version 2
flags = ["auto-enrollment", "user-interaction-required"]
minimal-key-size = 2048
providers = ["Microsoft Base Smart Card Crypto Provider"]
allow = { alice = ["read", "enroll", "autoenroll"] }

[[world.card]]
name = "alice-card"
atr = "gids"
pin = { value = "1234" }
reader = "Reader 0"

[timeline]
steps = [
  { logon = "alice" },
  { after = "60s", expect = "balloon" },
  { after = "5s", click = "balloon" },
  { prompt = "wizard.start", answer = "start" },
  { prompt = "pin.enter", facts = { card = "alice-card", tries-left = 3 }, answer = { pin = "1234" } },
  { expect = "request", facts = { template = "NewLogon", key = "rsa-2048" } },
  { expect = "issued", facts = { template = "NewLogon" }, as = "new" },
  { state = "card", of = "alice-card", facts = { default-certificate = "$new", tries-left = 3 } },
]
"#;
