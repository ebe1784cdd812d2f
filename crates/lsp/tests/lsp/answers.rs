//! What the server answers: a table of texts with a cursor, each with a request and what is expected.

use autoenroll_lsp::Encoding;
use serde_json::{Value, json};

use crate::client::{self, Client, cursor, edited};

const URI: &str = "file:///stories/story.toml";

/// A story in which everything is right; `{}` is a line of its timeline.
const STORY: &str = r#"scenario = 1
title = "A story"
covers = ["R009"]

[world]
extends = "contoso"

[[world.template]]
name = "Own"
based-on = "SmartcardLogon"
allow = { alice = ["read", "enroll", "autoenroll"] }

[[world.card]]
name = "🗝-card"
atr = "gids"

[[world.user]]
name = "Zoë"

[sequences.look]
parameters = ["who"]
steps = [{ logoff = "$who" }]

[timeline]
steps = [
  { logon = "alice" },
  { expect = "run-started", as = "begun" },
  {}
]
"#;

fn in_timeline(line: &str) -> String {
    STORY.replacen("{}", line, 1)
}

fn at(marked: &str) -> (Client, String, Value) {
    let (text, position) = cursor(marked, Encoding::Utf16);
    let client = Client::new();
    client.open(URI, &text);
    (client, text, json!({ "textDocument": { "uri": URI }, "position": position }))
}

/// Each word of `expected` begins with `+` for a label that must be offered, or `-` for one that must not.
#[track_caller]
fn offers(marked: &str, expected: &str) {
    let (mut client, _, place) = at(marked);
    let items = client.ask("textDocument/completion", place).unwrap()["items"].clone();
    let labels: Vec<&str> = items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    for word in expected.split("  ") {
        let (sign, label) = word.split_at(1);
        assert_eq!(labels.contains(&label), sign == "+", "{word} of {labels:?}");
    }
    client.close();
}

/// What stands in the text once the item is taken; snippets keep `$1`.
#[track_caller]
fn takes(marked: &str, label: &str, expected: &str) {
    let (mut client, text, place) = at(marked);
    let items = client.ask("textDocument/completion", place).unwrap()["items"].clone();
    let item = items.as_array().unwrap().iter().find(|item| item["label"] == label).cloned();
    let item = item.unwrap_or_else(|| panic!("{label} is not offered: {items}"));
    let new = edited(&text, &[item["textEdit"].clone()]);
    let line = new.lines().find(|line| line.contains(expected));
    assert!(line.is_some(), "{expected:?} is no part of\n{new}");
    client.close();
}

#[test]
fn keys_come_from_the_table_that_the_cursor_is_in() {
    offers("¦", "+scenario  +title  +world  -logon");
    offers("scenario = 1\nti¦", "+title  -scenario");
    offers("scenario = 1\n[world]\next¦\n", "+extends  +start  -title");
    offers("scenario = 1\n[[world.¦", "+template  +card  +user  -seed");
    offers("scenario = 1\n[¦]\n", "+world  +timeline  -title");
    offers("scenario = 1\n[[world.card]]\nname = \"a\"\n¦", "+atr  +pin  -name  -based-on");
    offers("scenario = 1\n[[world.card]]\npin = { ¦ }", "+value  +tries  -name");
    offers("scenario = 1\n[world.policy]\n¦", "+ae-policy  +gp-interval");
    offers("scenario = 1\nworld.policy.¦", "+ae-policy  -start");
    offers("atr = \"3B\"\n¦", "+provider  +about  -scenario");
}

#[test]
fn a_step_has_verbs_and_then_what_belongs_to_its_verb() {
    offers(&in_timeline("{ ¦ },"), "+logon  +expect  +at  +do");
    offers(&in_timeline("{ at = \"1h\", ¦ },"), "+logon  -at");
    offers(&in_timeline("{ prompt = \"pin.enter\", ¦ },"), "+answer  +facts  +within  -logon  -reader  -prompt");
    offers(&in_timeline("{ ¦, insert = \"x\" },"), "+reader  +on  -logon  -answer");
    offers(&in_timeline("{ on = \"request\", remove = \"x\", ¦ },"), "+facts  +who  -answer");
    offers(&in_timeline("¦"), "+logon  +prompt  -facts");
    offers("scenario = 1\n[sequences.a]\nsteps = [{ ¦ }]", "+logon  +expect");
}

#[test]
fn facts_belong_to_what_the_step_names() {
    offers(&in_timeline("{ prompt = \"pin.enter\", facts = { ¦ } },"), "+tries-left  +card  -items");
    offers(&in_timeline("{ facts = { ¦ }, expect = \"issued\" },"), "+template  +serial  -tries-left");
    offers(&in_timeline("{ state = \"card\", of = \"a\", facts = { ¦ } },"), "+containers  -template");
    offers(&in_timeline("{ on = \"card\", facts = { ¦ }, remove = \"a\" },"), "+op  -items");
    offers(&in_timeline("{ change = \"ca\", set = { ¦ } },"), "+reachable  +offer  -wall");
    offers(&in_timeline("{ change = \"clock\", set = { ¦ } },"), "+wall  -reachable");
}

#[test]
fn values_are_words_of_the_language() {
    offers(&in_timeline("{ prompt = \"¦\" },"), "+pin.enter  +card.insert  -boot");
    offers(&in_timeline("{ expect = \"is¦\" },"), "+issued  +boot  -pin.enter");
    offers(&in_timeline("{ prompt = \"pin.enter\", answer = ¦ },"), "+{ pin = \"1234\" }  +cancel  +hold  -yes");
    offers(&in_timeline("{ prompt = \"pin.enter\", answer = \"¦\" },"), "+cancel  -{ pin = \"1234\" }  -yes");
    offers(&in_timeline("{ prompt = \"pin.enter\", answer = { ¦ } },"), "+pin  -card");
    offers(&in_timeline("{ expect = \"event\", facts = { severity = \"¦\" } },"), "+warning  +information");
    offers(&in_timeline("{ expect = \"run-started\", exact = ¦ },"), "+true  +false");
    offers("scenario = 1\nprofile = \"¦\"", "+server-2003-sp1  +windows-10-22h2");
    offers("scenario = 1\nswitches = { ¦ }", "+request-hash");
    offers("scenario = 1\n[switches]\nrequest-hash = \"¦\"", "-alice  -request-hash");
    offers("scenario = 1\n[[world.template]]\nflags = [\"¦\"]", "+auto-enrollment");
}

#[test]
fn names_are_those_of_this_world_and_of_those_that_it_extends() {
    offers(&in_timeline("{ logon = \"¦\" },"), "+alice  +Zoë  -WKS01  -Own");
    offers(&in_timeline("{ boot = \"¦\" },"), "+WKS01  -alice");
    offers(&in_timeline("{ pulse = \"¦\" },"), "+WKS01  +alice");
    offers(&in_timeline("{ insert = \"¦\", reader = \"Reader 0\" },"), "+🗝-card  -alice  -Reader 0");
    offers(&in_timeline("{ insert = \"🗝-card\", reader = \"¦\" },"), "+Reader 0");
    offers(&in_timeline("{ state = \"card\", of = \"¦\" },"), "+🗝-card  -alice");
    offers(&in_timeline("{ state = \"store\", of = \"¦\" },"), "+alice  -🗝-card");
    offers(&in_timeline("{ expect = \"issued\", facts = { template = \"¦\" } },"), "+Own  +SmartcardLogon  -alice");
    offers(&in_timeline("{ do = \"¦\" },"), "+look  +start-wizard  -alice  -$begun");
    offers(&in_timeline("{ do = \"look\", with = { ¦ } },"), "+who  -pin");
    offers(&in_timeline("{ do = \"start-wizard-with-pin\", with = { ¦ } },"), "+pin  -who");
    offers(&in_timeline("{ ca = \"approve\", request = \"$¦\" },"), "+$begun  -$who");
    offers(&STORY.replace("$who", "$¦"), "+$who  -$pin");
    offers(&STORY.replace("allow = { alice =", "allow = { ¦, alice ="), "+Zoë  +Domain Users  -🗝-card");
    offers(&STORY.replace("\"SmartcardLogon\"", "\"¦\""), "+User  +SmartcardLogon  -Own");
    offers(&STORY.replace("\"gids\"", "\"¦\""), "+gids  +vendor  -🗝-card");
    offers(&STORY.replace("\"contoso\"", "\"¦\""), "+contoso  +broken");
    offers(&STORY.replace("\"R009\"", "\"R009\", \"¦\""), "+R040  +S9.cancel");
    offers("scenario = 1\n[world]\nextends = \"contoso\"\n[[world.user]]\nname = \"¦\"", "+alice  -WKS01");
}

#[test]
fn what_is_not_closed_yet_does_not_matter() {
    offers(&in_timeline("{ logon = \"¦"), "+alice");
    offers(&in_timeline("{ prompt = \"pin.enter\", facts = { tr¦"), "+tries-left");
    offers(&in_timeline("{ lo¦"), "+logon");
    offers("scenario = 1\ncovers = [\"R¦\n\n[world]\nextends = \"contoso\"\n", "+R040");
    offers("scenario = 1\ncovers = [\n[world]\next¦\n", "+extends  -title");
    offers("scenario = 1\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n  { logon = \"¦", "+alice");
    offers(
        "scenario = 1\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [{ do = \"start-wizard\"\n  { ¦",
        "+logon",
    );
    offers("title = \"\"\"\n¦", "-scenario");
    offers("scenario = 1 # ti¦", "-title");
    offers("{ \"scenario\": 1, \"¦\" }", "-title");
}

#[test]
fn what_is_taken_fits_what_stands_there() {
    takes(&in_timeline("{ ¦ },"), "logon", "{ logon = \"$1\" },");
    takes(&in_timeline("{ ¦ = \"alice\" },"), "logon", "{ logon = \"alice\" },");
    takes(&in_timeline("{ expect = \"issued\", fa¦ },"), "facts", "facts = { $1 \\} },");
    takes(&in_timeline("¦"), "logon", "  { logon = \"$1\" \\},");
    takes(&in_timeline("{ logon = ¦ },"), "Zoë", "{ logon = \"Zoë\" },");
    takes(&in_timeline("{ logon = \"al¦i\" },"), "alice", "{ logon = \"alice\" },");
    takes(&in_timeline("{ logon = \"¦, computer = \"WKS01\" },"), "alice", "{ logon = \"alice, computer");
    takes(&STORY.replace("allow = { ", "allow = { ¦, "), "Domain Users", "\"Domain Users\" = [$1]");
    takes(&in_timeline("{ ca = \"approve\", request = ¦ },"), "$begun", "request = \"$begun\"");
    takes("scenario = 1\nwor¦", "world", "world = { $1 \\}");
    takes("scenario = 1\n[wor¦]", "world", "[world]");
}

#[test]
fn a_client_without_snippets_gets_none_and_asks_for_articles_one_by_one() {
    let (text, position) = cursor(&in_timeline("{ 🗝¦ },"), Encoding::Utf8);
    let mut client = Client::with(json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } }));
    assert_eq!(client.initialized["capabilities"]["positionEncoding"], "utf-8");
    client.open(URI, &text);
    let items =
        client.ask("textDocument/completion", json!({ "textDocument": { "uri": URI }, "position": position })).unwrap();
    let logon = items["items"].as_array().unwrap().iter().find(|item| item["label"] == "logon").unwrap();
    assert_eq!(logon["textEdit"]["newText"], "logon = \"\"");
    assert_eq!(logon["textEdit"]["range"]["end"], json!(position));
    let item = json!({ "label": "R040", "data": "R040" });
    let item = client.ask("completionItem/resolve", item).unwrap();
    assert!(item["documentation"]["value"].as_str().unwrap().contains("the title of R040"));
    client.close();
}

#[test]
fn of_very_many_those_are_offered_that_have_what_is_typed() {
    let users: String = (0..150).map(|number| format!("[[world.user]]\nname = \"user{number}\"\n")).collect();
    let story = |name: &str| {
        let world = format!("scenario = 1\n[world]\nextends = \"contoso\"\n{users}");
        format!("{world}[timeline]\nsteps = [{{ logon = \"{name}\" }}]\n")
    };
    let ask = |name: &str| {
        let (mut client, _, place) = at(&story(name));
        let list = client.ask("textDocument/completion", place).unwrap();
        client.close();
        (list["isIncomplete"].clone(), list["items"].as_array().unwrap().len(), list["items"][0]["label"].clone())
    };
    assert_eq!(ask("¦"), (json!(true), 100, json!("user0")));
    assert_eq!(ask("USER14¦"), (json!(true), 11, json!("user14")));
    assert_eq!(ask("lic¦"), (json!(true), 1, json!("alice")));
    assert_eq!(ask("nobody¦"), (json!(true), 0, Value::Null));
}

#[track_caller]
fn hovers(marked: &str, expected: &[&str]) {
    let (mut client, _, place) = at(marked);
    let hover = client.ask("textDocument/hover", place).unwrap();
    let text = hover["contents"]["value"].as_str().unwrap_or_default();
    for part in expected {
        assert!(text.contains(part), "{part:?} is no part of\n{text}");
    }
    assert_eq!(expected.is_empty(), text.is_empty(), "{text}");
    client.close();
}

#[test]
fn a_word_is_explained() {
    hovers(&in_timeline("{ wa¦it = \"1h\" },"), &["**wait** verb", "Time goes by."]);
    hovers(&in_timeline("{ expect = \"is¦sued\" },"), &["**issued**"]);
    hovers(&in_timeline("{ expect = \"issued\", facts = { se¦rial = \"0\" } },"), &["**serial** fact", "hexadecimal"]);
    hovers(&STORY.replace("based-on", "bas¦ed-on"), &["**based-on** key of a template", "default template"]);
    hovers(&STORY.replace("\"R009\"", "\"R0¦09\""), &["the title of R009", "source: a document"]);
    hovers(
        &STORY.replace("\"contoso\"", "\"cont¦oso\""),
        &["**contoso** world, fixtures/worlds/contoso.toml", "The world that most"],
    );
    hovers(&STORY.replace("\"gids\"", "\"gi¦ds\""), &["kind of card, fixtures/cards/gids.toml", "about = "]);
    hovers(&STORY.replace("\"SmartcardLogon\"", "\"Smart¦cardLogon\""), &["default template", "display-name"]);
    hovers(&in_timeline("{ logon = \"ali¦ce\" },"), &["**alice** user, fixtures/worlds/contoso.toml", "upn = "]);
    hovers(&in_timeline("{ insert = \"🗝¦-card\" },"), &["**🗝-card** card", "atr = \"gids\""]);
    hovers(&in_timeline("{ do = \"lo¦ok\", with = { who = \"alice\" } },"), &["**look** sequence", "$who"]);
    hovers("scenario = 1\n[switches]\nrequest-¦hash = \"sha1\"", &["**request-hash** switch", "values: "]);
    hovers(&in_timeline("{ wiat¦ = \"1h\" },"), &["**AE0201**", "no such key"]);
    hovers(&STORY.replace("A story", "A st¦ory"), &[]);
}

#[track_caller]
fn leads_to(marked: &str, expected: &[(&str, &str)]) {
    let (mut client, text, place) = at(marked);
    let found = client.ask("textDocument/definition", place).unwrap();
    let texts = client::fixtures();
    let found: Vec<(String, String)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|location| {
            let uri = location["uri"].as_str().unwrap();
            let fixture = uri.strip_prefix("file:///fixtures/");
            let text = fixture.map_or(text.clone(), |path| autoenroll_scenario::Loader::load(&texts, path).unwrap());
            let line = location["range"]["start"]["line"].as_u64().unwrap();
            let line = text.lines().nth(usize::try_from(line).unwrap()).unwrap_or_default();
            (fixture.unwrap_or("own").to_owned(), line.trim().to_owned())
        })
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(file, line)| (file.as_str(), line.as_str())).collect();
    assert_eq!(found, expected);
    client.close();
}

#[test]
fn a_name_leads_to_where_it_is_given() {
    let contoso = "worlds/contoso.toml";
    leads_to(&in_timeline("{ logon = \"¦Zoë\" },"), &[("own", "name = \"Zoë\"")]);
    leads_to(&in_timeline("{ logon = \"a¦lice\" },"), &[(contoso, "name = \"alice\"")]);
    leads_to(&STORY.replace("\"contoso\"", "\"cont¦oso\""), &[(contoso, "#:schema ../schemas/scenario-1.json")]);
    leads_to(&in_timeline("{ do = \"l¦ook\" },"), &[("own", "[sequences.look]")]);
    leads_to(&in_timeline("{ do = \"start-¦wizard\" },"), &[(contoso, "[sequences.start-wizard]")]);
    leads_to(
        &in_timeline("{ ca = \"approve\", request = \"$be¦gun\" },"),
        &[("own", "{ expect = \"run-started\", as = \"begun\" },")],
    );
    leads_to(
        &in_timeline("{ expect = \"event\", facts = { certificate = \"Ow¦n#1\" } },"),
        &[("own", "name = \"Own\"")],
    );
    leads_to(
        &STORY.replace("\"SmartcardLogon\"", "\"Smart¦cardLogon\""),
        &[
            ("templates/win2003.toml", "name = \"SmartcardLogon\""),
            ("templates/later.toml", "name = \"SmartcardLogon\""),
        ],
    );
    leads_to(&STORY.replace("\"🗝-card\"", "\"¦🗝-card\""), &[("own", "name = \"🗝-card\"")]);
    // What a file says more of leads on to the world that it extends.
    leads_to(&STORY.replace("\"Zoë\"", "\"ali¦ce\""), &[(contoso, "name = \"alice\"")]);
    leads_to(&STORY.replace("A story", "A st¦ory"), &[]);
    leads_to(&in_timeline("{ logon = \"nobo¦dy\" },"), &[]);
}

#[track_caller]
fn renames(marked: &str, new: &str, expected: &Result<&str, &str>) {
    let (mut client, text, place) = at(marked);
    let mut params = place.clone();
    params["newName"] = json!(new);
    let answer = client.ask("textDocument/rename", params);
    let renamed = answer.map(|edit| edited(&text, edit["documentChanges"][0]["edits"].as_array().unwrap()));
    match (&renamed, expected) {
        (Ok(renamed), Ok(expected)) => assert_eq!(renamed, expected),
        (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
        (renamed, expected) => panic!("{expected:?}, but {renamed:?}"),
    }
    client.close();
}

/// A text of this file without its cursor, in which every mention of a name is another.
fn with(marked: &str, old: &str, new: &str) -> String {
    marked.replace(client::CURSOR, "").replace(old, new)
}

#[test]
fn a_name_changes_with_everything_that_mentions_it() {
    let card = in_timeline(
        "{ insert = \"🗝-card\", reader = \"Reader 0\" },\n  { remove = \"🗝-c¦ard\" },\n  { never = \"card\", who = \"alice\", facts = { container = \"🗝-card/1\" }, until = \"1h\" },",
    );
    renames(&card, "a \"b\"", &Ok(&with(&card, "🗝-card", "a \\\"b\\\"")));
    let user = in_timeline("{ logon = \"Zo¦ë\", computer = \"WKS01\" },\n  { do = \"look\", with = { who = \"alice\" } },\n  { wait = \"1h\" },")
        .replace("{ alice =", "{ \"Zoë\" =")
        .replace("  { logon = \"alice\" },\n", "  { logon = \"alice\" },\n  { logoff = \"alice\" },\n  { logon = \"alice\" },\n");
    renames(&user, "bob", &Ok(&with(&user, "Zoë", "bob")));
    let template = in_timeline(
        "{ never = \"issued\", facts = { certificate = \"Own#1\", template = \"O¦wn\" }, until = \"1h\" },",
    );
    renames(&template, "Other", &Ok(&with(&template, "Own", "Other")));
    let binding = in_timeline("{ never = \"issued\", facts = { template = \"$begun.trigger\" }, until = \"1h\" },")
        .replace("as = \"begun\"", "as = \"be¦gun\"");
    renames(&binding, "first", &Ok(&with(&binding, "begun", "first")));
    let parameter = in_timeline("{ do = \"look\", with = { who = \"alice\" } },").replace("$who", "$w¦ho");
    renames(&parameter, "user", &Ok(&with(&parameter, "who", "user")));
    let sequence = in_timeline("{ do = \"lo¦ok\", with = { who = \"alice\" } },");
    renames(
        &sequence,
        "look around",
        &Ok(&with(&sequence, "\"look\"", "\"look around\"").replace("[sequences.look]", "[sequences.\"look around\"]")),
    );
}

#[test]
fn what_cannot_have_another_name_keeps_its_own() {
    let check = |marked: &str, new: &str, reason: &str| renames(marked, new, &Err(reason));
    check(&STORY.replace("A story", "A st¦ory").replace("{}", ""), "x", "no name stands here");
    check(&in_timeline("{ logon = \"ali¦ce\" },"), "bob", "`alice` is a user of fixtures/worlds/contoso.toml");
    check(&STORY.replace("R009", "R0¦09"), "R010", "`R009` is a requirement");
    check(&in_timeline("{ logon = \"nobo¦dy\" },"), "bob", "there is no user `nobody`");
    check(
        &STORY.replace("\"Zoë\"", "\"Z¦oë\""),
        "alice",
        "there is a user `alice` already, in fixtures/worlds/contoso.toml",
    );
    check(&STORY.replace("\"Zoë\"", "\"Z¦oë\""), "", "`` cannot be a name");
    check(&STORY.replace("as = \"begun\"", "as = \"¦begun\""), "a.b", "`a.b` cannot be a name");
    check(&STORY.replace("\"Zoë\"", "\"Z\\u006F¦ë\""), "bob", "written with escapes");
    check(&STORY.replace("\"🗝-card\"", "'🗝-c¦ard'"), "it's", "single quotation marks");
    let template = in_timeline("{ never = \"issued\", facts = { template = \"O¦wn\" }, until = \"1h\" },");
    check(&template, "User", "`User` is a default template");
    // A computer of that name is another kind of thing, which `check` minds.
    check(&in_timeline("{ wait = \"1h\" },").replace("\"Zoë\"", "\"Z¦oë\""), "WKS01", "with that name, ");
}

#[test]
fn mentions_are_found() {
    let marked = in_timeline("{ insert = \"🗝-c¦ard\" },\n  { remove = \"🗝-card\" },");
    let (mut client, _, mut place) = at(&marked);
    place["context"] = json!({ "includeDeclaration": true });
    let lines = |found: &Value| -> Vec<u64> {
        found.as_array().unwrap().iter().map(|place| place["range"]["start"]["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(lines(&client.ask("textDocument/references", place.clone()).unwrap()), [13, 27, 28]);
    place["context"] = json!({ "includeDeclaration": false });
    assert_eq!(lines(&client.ask("textDocument/references", place).unwrap()), [27, 28]);
    client.close();
}

/// The text after the first action at the cursor.
#[track_caller]
fn is_mended(marked: &str, title: &str, expected: &str) {
    let (mut client, text, place) = at(marked);
    let range = json!({ "start": place["position"], "end": place["position"] });
    let params = json!({ "textDocument": { "uri": URI }, "range": range, "context": { "diagnostics": [] } });
    let actions = client.ask("textDocument/codeAction", params).unwrap();
    let action = actions.as_array().unwrap().first().cloned().unwrap_or_default();
    assert_eq!(action["title"], title, "{actions}");
    let edits = &action["edit"]["documentChanges"][0]["edits"];
    assert_eq!(edited(&text, edits.as_array().unwrap()), expected);
    client.close();
}

#[test]
fn what_was_meant_is_written() {
    let check = |wrong: &str, title: &str, right: &str| {
        let good = in_timeline(right);
        is_mended(&in_timeline(wrong), title, &good);
    };
    check("{ wi¦at = \"1h\" },", "write wait", "{ wait = \"1h\" },");
    check("{ logoff = \"alcie¦\" },", "write \"alice\"", "{ logoff = \"alice\" },");
    check("{ insert = '🗝-cadr¦' },", "write '🗝-card'", "{ insert = '🗝-card' },");
    check("{ expect = \"isued¦\" },", "write \"issued\"", "{ expect = \"issued\" },");
    check(
        "{ expect = \"event\", facts = { id = \"1¦9\" } },",
        "write 19",
        "{ expect = \"event\", facts = { id = 19 } },",
    );
    check(
        "{ never = \"issued\", facts = { ca = \"$beg¦um\" }, until = \"1h\" },",
        "write \"$begun\"",
        "{ never = \"issued\", facts = { ca = \"$begun\" }, until = \"1h\" },",
    );
    is_mended(&STORY.replace("R009", "R0¦90").replace("{}", ""), "write \"R009\"", &STORY.replace("{}", ""));
}

#[test]
fn complaints_are_those_of_check() {
    let text = in_timeline("{ wiat = \"1h\" },").replace("\"Zoë\"", "\"🗝\", upn = 7");
    let mut client = Client::new();
    client.open(URI, &text);
    let complaints = client.complaints(URI);
    let library = autoenroll_scenario::Library::read(&client::fixtures());
    let catalogue = autoenroll_scenario::Catalogue::new(["R009", "R040", "S9.cancel"], ["R009"]);
    let checked = autoenroll_scenario::check("/stories/story.toml", text.as_bytes(), &library, &catalogue);
    let codes = |list: &[Value]| list.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let expected: Vec<String> = checked.found.list().iter().map(|problem| problem.code.to_string()).collect();
    assert_eq!(codes(&complaints), expected);
    assert!(!expected.is_empty());
    // A text that is put right.
    let change = json!({ "text": STORY.replace("{}", "{ logoff = \"alice\" },") });
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": URI, "version": 2 }, "contentChanges": [change] }),
    );
    assert_eq!(client.complaints(URI), Vec::<Value>::new());
    // One letter is taken out, behind letters of two and four bytes.
    let line = STORY.lines().position(|line| line.contains("🗝")).unwrap();
    let range = json!({ "start": { "line": line, "character": 14 }, "end": { "line": line, "character": 15 } });
    let change = json!({ "range": range, "text": "" });
    client.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": URI, "version": 3 }, "contentChanges": [change] }),
    );
    assert_eq!(client.complaints(URI), Vec::<Value>::new(), "the quotation mark is still there");
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(client.complaints(URI), Vec::<Value>::new());
    client.close();
}

#[test]
fn fixtures_and_worlds_are_checked_as_what_they_are() {
    let mut client = Client::new();
    let mut first = |uri: &str, text: &str| {
        client.open(uri, text);
        client.complaints(uri).first().map(|one| (one["code"].clone(), one["message"].as_str().unwrap().to_owned()))
    };
    let check = |found: Option<(Value, String)>, code: &str, message: &str| {
        let (found, text) = found.expect("something is wrong");
        assert!(found == code && text.contains(message), "{found} {text}");
    };
    assert_eq!(first("file:///w.toml", "scenario = 1\n[world]\nextends = \"contoso\"\n"), None);
    assert_eq!(first("file:///Cargo.toml", "[package]\nname = \"a\"\n"), None);
    assert_eq!(first("file:///empty.toml", ""), None);
    check(
        first("file:///card.toml", "atr = \"3B\"\nprovidr = \"x\"\nabout = \"y\"\n"),
        "AE0201",
        "has no key `providr`",
    );
    check(first("file:///t.toml", "[[template]]\nname = \"A\"\nflgs = []\n"), "AE0201", "has no key `flgs`");
    let broken =
        "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"broken\"\n[timeline]\nsteps = [{ wait = \"1h\" }]\n";
    check(first("file:///b.toml", broken), "AE0307", "the world `broken` is broken itself");
    client.close();
}

#[test]
fn a_fixture_that_is_open_counts_instead_of_its_file() {
    let mut client = Client::new();
    client.open(URI, &STORY.replace("{}", "{ logoff = \"carol\" },"));
    assert_eq!(client.complaints(URI).len(), 1);
    let world = autoenroll_scenario::Loader::load(&client::fixtures(), "worlds/contoso.toml").unwrap();
    client.open("file:///fixtures/worlds/contoso.toml", &(world + "\n[[world.user]]\nname = \"carol\"\n"));
    // Somebody else logs off than has logged on, which is another matter.
    let now = client.complaints(URI);
    assert!(now.iter().all(|one| !one["message"].as_str().unwrap().contains("no user `carol`")), "{now:?}");
    client.close();
}

#[test]
fn a_text_is_laid_out_as_fmt_does_it() {
    let untidy = STORY.replace("{}", "{wait='1h'}").replace("title = ", "title   =  ");
    let mut client = Client::new();
    client.open(URI, &untidy);
    let params = json!({ "textDocument": { "uri": URI }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.ask("textDocument/formatting", params.clone()).unwrap();
    let tidy = autoenroll_scenario::format("story.toml", untidy.as_bytes()).unwrap();
    assert_eq!(edited(&untidy, edits.as_array().unwrap()), tidy);
    client.open(URI, &tidy);
    assert_eq!(client.ask("textDocument/formatting", params.clone()).unwrap(), json!([]));
    client.open(URI, "scenario = \n");
    let refused = client.ask("textDocument/formatting", params).unwrap_err();
    assert!(refused.contains("AE0101"), "{refused}");
    client.close();
}

#[test]
fn what_the_server_does_not_have_is_refused() {
    let mut client = Client::new();
    let place = json!({ "textDocument": { "uri": "file:///gone.toml" }, "position": { "line": 0, "character": 0 } });
    for method in
        ["textDocument/completion", "textDocument/hover", "textDocument/definition", "textDocument/prepareRename"]
    {
        assert_eq!(client.ask(method, place.clone()), Err("file:///gone.toml is not open".to_owned()), "{method}");
    }
    assert_eq!(
        client.ask("textDocument/foldingRange", json!({})),
        Err("there is no request `textDocument/foldingRange`".to_owned())
    );
    assert!(client.ask("textDocument/hover", json!({})).unwrap_err().contains("textDocument"));
    client.tell("textDocument/didOpen", json!("nonsense"));
    client.tell("$/setTrace", json!({ "value": "off" }));
    assert_eq!(client.ask("shutdown", Value::Null), Ok(Value::Null));
    assert_eq!(client.ask("textDocument/hover", place), Err("the server is shut down".to_owned()));
    client.exit();
}
