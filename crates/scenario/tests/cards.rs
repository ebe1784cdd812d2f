//! Cards that no world can have together.

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
