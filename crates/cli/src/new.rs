//! `autoenroll new`: a scenario file that runs, to begin with.

use std::fs;
use std::io::Write as _;

use crate::arguments::{New, StoryKind};
use crate::console::Console;
use crate::{Exit, Failure};

const SILENT: &str = r#"scenario = 1
title = "{title}"
summary = """
What this story shows, in a few sentences.
"""

[world]
extends = "contoso" # `autoenroll fixtures` lists worlds, cards and templates

[[world.template]]
name = "MyUser"
based-on = "User"
schema = 2
flags = ["auto-enrollment"]
allow = { alice = ["read", "enroll", "autoenroll"] }

[timeline]
steps = [
  { logon = "alice" },
  { expect = "issued", facts = { template = "MyUser" }, as = "new" },
  { state = "store", of = "alice", facts = { certificates = ["$new"] } },
]
"#;

const SMART_CARD: &str = r#"scenario = 1
title = "{title}"
summary = """
What this story shows, in a few sentences.
"""

[world]
extends = "contoso" # `autoenroll fixtures` lists worlds, cards and templates

[[world.template]]
name = "MyLogon"
based-on = "SmartcardLogon"
schema = 2
flags = ["auto-enrollment", "user-interaction-required"]
providers = ["Microsoft Base Smart Card Crypto Provider"]
allow = { alice = ["read", "enroll", "autoenroll"] }

[[world.card]]
name = "badge"
atr = "gids"
pin = { value = "1234", tries = 3 }

[timeline]
steps = [
  { insert = "badge" },
  { logon = "alice" },
  { after = "60s", expect = "balloon" },
  { after = "5s", click = "icon" },
  { prompt = "wizard.start", answer = "start" },
  { prompt = "pin.enter", facts = { tries-left = 3 }, answer = { pin = "1234" } },
  { expect = "issued", facts = { template = "MyLogon" }, as = "new" },
  { state = "card", of = "badge", facts = { default-certificate = "$new", tries-left = 3 } },
]
"#;

pub(crate) fn run(arguments: &New, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let text = match arguments.story {
        StoryKind::Silent => SILENT,
        StoryKind::SmartCard => SMART_CARD,
    };
    // A title is a basic string of TOML.
    let title = arguments.title.replace('\\', "\\\\").replace('"', "\\\"");
    if title.chars().any(char::is_control) {
        return Err(Failure::Usage("a title is one line of text".to_owned()));
    }
    let path = arguments.file.display();
    // A file that is there already is somebody's work.
    let file = fs::File::create_new(&arguments.file).map_err(|error| Failure::Usage(format!("{path}: {error}")))?;
    let written = (&file).write_all(text.replace("{title}", &title).as_bytes());
    written.map_err(|error| Failure::Bench(format!("{path} cannot be written: {error}")))?;
    writeln!(console.out, "{path} is written; `autoenroll run {path}` plays it")?;
    Ok(Exit::Ok)
}
