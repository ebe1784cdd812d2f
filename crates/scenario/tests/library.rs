//! One library serves any number of scenarios: no fixture is read twice, and each scenario is told what concerns it.

mod loaded;

use std::cell::RefCell;
use std::collections::BTreeMap;

use autoenroll_scenario::{Bundle, ByPrefix, Checked, Code, FileId, Library, LoadError, Loader, Scenario, check};

fn checked(library: &Library, world: &str) -> Checked {
    let text = format!("scenario = 1\ntitle = \"t\"\n{world}\n[timeline]\nsteps = [{{ wait = \"1s\" }}]\n");
    check("t.toml", text.as_bytes(), library, &ByPrefix)
}

fn codes(library: &Library, world: &str) -> Vec<Code> {
    checked(library, world).found.list().iter().map(|problem| problem.code).collect()
}

/// Fixtures, and how often each was loaded.
struct Counting {
    fixtures: Bundle,
    loads: RefCell<BTreeMap<String, usize>>,
}

impl Loader for Counting {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        *self.loads.borrow_mut().entry(path.to_owned()).or_default() += 1;
        self.fixtures.load(path)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        self.fixtures.list(folder)
    }
}

#[test]
fn each_fixture_is_read_once_and_its_text_is_shared() {
    let loader = Counting { fixtures: loaded::bundle(), loads: RefCell::default() };
    let library = Library::read(&loader);
    let world = r#"[world]
extends = "contoso"
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.template]]
name = "Soft"
based-on = "UserSignature"
[[vary]]
name = "one"
[[vary]]
name = "other""#;
    let elsewhere = checked(loaded::fixtures(), world);
    let mut texts: Vec<*const u8> = Vec::new();
    for _ in 0..20 {
        let checked = checked(&library, world);
        assert_eq!(checked.found.render(&checked.files, false), "");
        assert_eq!(checked.scenarios.len(), 2);
        assert_eq!(checked.scenarios[0].spec, elsewhere.scenarios[0].spec);
        for Scenario { files, .. } in &checked.scenarios {
            let contoso = (0..).map(FileId).find(|id| files.name(*id) == "fixtures/worlds/contoso.toml");
            let text = files.text(contoso.expect("the world that was extended is among the files"));
            assert!(text.contains("alice"));
            texts.push(text.as_ptr());
        }
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "each scenario has a copy of its own");
    let loads = loader.loads.into_inner();
    assert!(loads.contains_key("worlds/contoso.toml") && loads.contains_key("cards/gids.toml"), "{loads:?}");
    assert!(loads.values().all(|times| *times == 1), "{loads:?}");
}

#[test]
fn a_broken_fixture_is_told_to_each_scenario_that_uses_it() {
    let library = Library::read(
        &Bundle::new()
            .with("worlds/sound.toml", "scenario = 1\n[world]\n")
            .with("worlds/cracked.toml", "scenario = 1\n[world]\ncolour = \"red\"\n"),
    );
    for _ in 0..2 {
        assert_eq!(codes(&library, "[world]\nextends = \"cracked\""), [Code::BrokenFixture, Code::UnknownKey]);
        assert_eq!(codes(&library, "[world]\nextends = \"sound\""), []);
    }
    // Default templates are looked through by every scenario.
    let library = Library::read(&Bundle::new().with("templates/later.toml", "template = 1\n"));
    assert_eq!(codes(&library, ""), [Code::WrongType]);
    assert_eq!(codes(&library, ""), [Code::WrongType]);
}

#[test]
fn what_cannot_be_read_is_no_missing_file() {
    struct Unreadable;
    impl Loader for Unreadable {
        fn load(&self, path: &str) -> Result<String, LoadError> {
            match path {
                "oids.toml" => Err(LoadError::Unreadable { reason: "permission denied".to_owned() }),
                _ => Err(LoadError::Missing),
            }
        }
        fn list(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }
    let checked = checked(&Library::read(&Unreadable), "");
    let told: Vec<_> = checked.found.list().iter().map(|problem| (problem.code, problem.message.as_str())).collect();
    assert_eq!(told, [(Code::Unreadable, "fixtures/oids.toml cannot be read: permission denied")]);
    assert_eq!(checked.files.name(checked.found.list()[0].span.file), "fixtures/oids.toml");
}
