//! A first scenario for an author who has none: a file that runs.

use autoenroll_model::{Duration, Notification, Profile};

/// What a new scenario is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScenario {
    /// Its title.
    pub title: String,
    /// The profile.
    pub profile: String,
    /// The story that it tells.
    pub story: NewScenarioKind,
}

/// The story of a new scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewScenarioKind {
    /// A certificate at logon, silently.
    Silent,
    /// A certificate on a smart card, with balloon, wizard and PIN.
    SmartCard,
    /// A certificate of a computer, at boot.
    Machine,
}

/// The text of a new scenario. It passes as it stands; its author changes it from there.
#[must_use]
pub fn new_scenario(new: &NewScenario) -> String {
    let title = crate::print::value(&crate::Value::Text(new.title.clone()), crate::print::Style::Toml);
    let profile = &new.profile;
    format!("scenario = 1\ntitle = {title}\nprofile = \"{profile}\"\n{ABOUT}")
        + match new.story {
            NewScenarioKind::Silent => SILENT,
            NewScenarioKind::SmartCard => SMART_CARD,
            NewScenarioKind::Machine => MACHINE,
        }
        .replace("{notification}", &notification(profile))
        .as_str()
}

/// The step that matches what tells the user of a waiting certificate, under a profile.
fn notification(profile: &str) -> String {
    let profile = Profile::named(profile).unwrap_or_else(Profile::server_2003_sp1);
    match profile.notification {
        Notification::Icon => r#"{ expect = "icon" }"#.to_owned(),
        Notification::Balloon if profile.balloon_delay.0 == Duration::ZERO => r#"{ expect = "balloon" }"#.to_owned(),
        Notification::Balloon => format!(r#"{{ after = "{}", expect = "balloon" }}"#, profile.balloon_delay.0),
    }
}

const ABOUT: &str = r#"summary = """
What this story shows, in a few sentences.
"""

[world]
extends = "contoso" # `autoenroll fixtures contoso` prints it
"#;

const SILENT: &str = r#"
[[world.template]]
name = "MyUser"
based-on = "User" # has the flag auto-enrollment, which the copy inherits
allow = { alice = ["enroll", "autoenroll"] }

[timeline]
steps = [
  { logon = "alice" },
  { expect = "issued", facts = { template = "MyUser" }, as = "new" },
  { state = "store", of = "alice", facts = { certificates = ["$new"] } },
]
"#;

const SMART_CARD: &str = r#"
[[world.template]]
name = "MyLogon"
based-on = "SmartcardLogon" # does not have the flag auto-enrollment
flags = ["auto-enrollment"]
providers = ["Microsoft Base Smart Card Crypto Provider"]
allow = { alice = ["enroll", "autoenroll"] }

[[world.card]]
name = "badge"
atr = "gids" # `autoenroll fixtures gids` prints what is behind it
pin = { value = "1234", tries = 3 }

[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice" },
  {notification},
  { after = "5s", click = "icon" },
  { prompt = "wizard.start", answer = "start" },
  { prompt = "pin.enter", facts = { tries-left = 3 }, answer = { pin = "1234" } },
  { expect = "issued", facts = { template = "MyLogon" }, as = "new" },
  { state = "card", of = "badge", facts = { default-certificate = "$new", tries-left = 3 } },
]
"#;

const MACHINE: &str = r#"
[[world.template]]
name = "MyComputer"
based-on = "Machine" # has the flags auto-enrollment and machine-type, which the copy inherits
allow = { WKS01 = ["enroll", "autoenroll"] }

[timeline]
steps = [
  { boot = "WKS01" },
  { expect = "issued", facts = { template = "MyComputer" }, as = "new" },
  { state = "store", of = "WKS01", facts = { certificates = ["$new"] } },
]
"#;
