//! Cards that no world can have together.

use std::collections::BTreeMap;
use std::path::Path;

use autoenroll_apdu::piv::TouchRule;
use autoenroll_card::{Applet, CardProfile};
use autoenroll_csp::DefaultContainer;
use autoenroll_scenario::{Bundle, ByPrefix, Code, Library, check};

#[test]
fn one_id_is_one_card() {
    let library =
        Library::read(&Bundle::new().with("cards/gids.toml", include_str!("../../../fixtures/cards/gids.toml")).with(
            "worlds/base.toml",
            &format!("scenario = 1\n[[world.card]]\nname = \"one\"\natr = \"gids\"\n{}", serial(1)),
        ));
    let refused = |world: &str, expected: &[Code]| {
        let text = format!("scenario = 1\ntitle = \"t\"\n{world}\n[timeline]\nsteps = [{{ wait = \"1s\" }}]\n");
        let checked = check("t.toml", text.as_bytes(), &library, &ByPrefix);
        let codes: Vec<Code> = checked.found.list().iter().map(|problem| problem.code).collect();
        assert_eq!(codes, expected, "{}", checked.found.render(&checked.files, false));
    };
    let card = |name: &str, n: u8| format!("[[world.card]]\nname = \"{name}\"\natr = \"gids\"\n{}", serial(n));
    let world = |cards: &[String]| format!("[world]\nextends = \"base\"\n{}", cards.concat());
    refused(&world(&[card("other", 2)]), &[]);
    refused(&world(&[card("other", 1)]), &[Code::DuplicateCardId]);
    refused(&world(&[card("other", 2), card("third", 2)]), &[Code::DuplicateCardId]);
    // The same card again, and a card in the place of another one.
    refused(&world(&[card("one", 1)]), &[]);
    refused(&world(&[card("one", 2), card("other", 1)]), &[]);
    refused(&world(&["[[world.card]]\nname = \"one\"\nabsent = true\n".to_owned(), card("other", 1)]), &[]);
    let vary = |n: u8| {
        format!("[[vary]]\nname = \"v{n}\"\n[[vary.world.card]]\nname = \"other\"\natr = \"gids\"\n{}", serial(n))
    };
    refused(&(world(&[]) + &vary(2) + &vary(3)), &[]);
    refused(&(world(&[]) + &vary(1) + &vary(2)), &[Code::DuplicateCardId]);
}

fn serial(n: u8) -> String {
    format!("serial = \"{}\"\n", format!("{n:02X}").repeat(16))
}

/// What a kind of card says of its application decides PIN, keys and room, as long as nothing else is said.
#[test]
fn a_piv_card_has_what_its_application_takes() {
    let library =
        Library::read(&Bundle::new().with("cards/piv.toml", include_str!("../../../fixtures/cards/piv.toml")));
    let check = |keys: &str, expected: Result<(&str, u8), Code>| {
        let card = format!("[[world.card]]\nname = \"badge\"\natr = \"piv\"\n{keys}");
        let text = format!("scenario = 1\ntitle = \"t\"\n[world]\n{card}\n[timeline]\nsteps = [{{ wait = \"1s\" }}]\n");
        let checked = check("t.toml", text.as_bytes(), &library, &ByPrefix);
        let code = checked.found.list().first().map(|problem| problem.code);
        let found = match (code, checked.scenarios.first()) {
            (None, Some(scenario)) => {
                let card = &scenario.spec.cards[0];
                assert_eq!(card.profile.atr, CardProfile::piv().atr, "the file and the crate agree");
                Ok((card.pin.reveal(), card.profile.capacity.containers))
            }
            (code, _) => Err(code.expect("no scenario, and no reason")),
        };
        assert_eq!(found, expected, "{keys}");
    };
    check("", Ok(("123456", 24)));
    check("capacity = { containers = 4 }", Ok(("123456", 4)));
    check("pin = { value = \"11223344\" }", Ok(("11223344", 24)));
    check("pin = { value = \"1234\" }", Err(Code::Impossible));
    check("pin = { value = \"12345a\" }", Err(Code::Impossible));
    check("pin-rules = { longest = 9 }", Err(Code::Impossible));
    check("applet = \"gids\"", Ok(("1234", 16)));
}

/// What the files of kinds of cards say is what the document shows of them.
#[test]
#[expect(clippy::disallowed_methods, reason = "the files of the repository are what is tested")]
fn every_kind_of_card_is_in_the_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = std::fs::read_dir(root.join("fixtures/cards")).unwrap().map(|entry| entry.unwrap().path());
    let kinds: BTreeMap<String, String> = files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect();
    let add = |bundle: Bundle, (name, text): (&String, &String)| bundle.with(&format!("cards/{name}.toml"), text);
    let library = Library::read(&kinds.iter().fold(Bundle::new(), add));
    let row = |name: &String| {
        let world = format!(
            "[[world.computer]]\nname = \"PC\"\nreaders = [\"R\"]\ncard-type = [{{ name = \"{name}\" }}]\n\
             [[world.card]]\nname = \"card\"\natr = \"{name}\"\npin = {{ value = \"12345678\" }}\nreader = \"R\""
        );
        let text = format!("scenario = 1\ntitle = \"t\"\n{world}\n[timeline]\nsteps = [{{ wait = \"1s\" }}]\n");
        let checked = check("t.toml", text.as_bytes(), &library, &ByPrefix);
        let scenario = checked.scenarios.first();
        let spec = &scenario.unwrap_or_else(|| panic!("{}", checked.found.render(&checked.files, false))).spec;
        let profile = &spec.cards[0].profile;
        let registered = spec.computers[0].card_database.find(profile.atr.as_bytes()).expect("its own entry matches");
        let settings = registered.minidriver();
        let pin = profile.pin;
        let bytes = if profile.applet == Applet::Gids { "bytes" } else { "digits" };
        let pin = format!("{} to {} {bytes}, {} tries", pin.lengths().start(), pin.lengths().end(), pin.tries());
        let mut own = Vec::new();
        own.extend(
            (settings.default_container == DefaultContainer::First).then(|| "the first is the default".to_owned()),
        );
        own.extend(profile.dialogs.replace.then(|| "asks before the default gives way".to_owned()));
        own.extend(profile.dialogs.pin.then(|| "asks for the PIN".to_owned()));
        own.extend(settings.first_use.iter().map(|first| format!("first use: {first}")));
        own.extend((settings.new_key_touch != TouchRule::Never).then(|| "its keys want a touch".to_owned()));
        own.extend(settings.refuses.iter().map(|refused| format!("refuses: {refused}")));
        own.extend(profile.quirks.ignores_default_flag.then(|| "drops the default flag".to_owned()));
        let keys: Vec<&str> = profile.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        format!(
            "| `{name}` | {} | {} | {pin} | {} | {} | {} |\n",
            registered.provider(),
            settings.driver,
            profile.capacity.containers,
            keys.join(" "),
            own.join("; ")
        )
    };
    let rows: String = kinds.keys().map(row).collect();
    let table = format!(
        "<!-- kinds: held by crates/scenario/tests/cards.rs -->\n\
         | kind | provider | minidriver | PIN | containers | keys | what else |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n{rows}<!-- kinds: end -->"
    );
    let document = std::fs::read_to_string(root.join("docs/cards.md")).unwrap();
    assert!(document.contains(&table), "docs/cards.md has another table than this:\n{table}");
}
