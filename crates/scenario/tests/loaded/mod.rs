//! The bench's own fixtures, in memory.

use std::sync::LazyLock;

use autoenroll_scenario::{Bundle, Library};

/// Everything below `fixtures/` that scenarios name.
pub(crate) fn fixtures() -> &'static Library {
    static FIXTURES: LazyLock<Library> = LazyLock::new(|| Library::read(&bundle()));
    &FIXTURES
}

/// The same, to build a library of one's own.
pub(crate) fn bundle() -> Bundle {
    Bundle::new()
        .with("oids.toml", include_str!("../../../../fixtures/oids.toml"))
        .with("worlds/contoso.toml", include_str!("../../../../fixtures/worlds/contoso.toml"))
        .with("templates/win2003.toml", include_str!("../../../../fixtures/templates/win2003.toml"))
        .with("templates/later.toml", include_str!("../../../../fixtures/templates/later.toml"))
        .with("cards/gids.toml", include_str!("../../../../fixtures/cards/gids.toml"))
        .with("cards/gids-full.toml", include_str!("../../../../fixtures/cards/gids-full.toml"))
        .with("cards/gids-small.toml", include_str!("../../../../fixtures/cards/gids-small.toml"))
        .with("cards/gids-no-default.toml", include_str!("../../../../fixtures/cards/gids-no-default.toml"))
        .with("cards/vendor.toml", include_str!("../../../../fixtures/cards/vendor.toml"))
        .with("cards/vendor-2.toml", include_str!("../../../../fixtures/cards/vendor-2.toml"))
        .with("cards/vendor-dialogs.toml", include_str!("../../../../fixtures/cards/vendor-dialogs.toml"))
        .with("cards/unregistered.toml", include_str!("../../../../fixtures/cards/unregistered.toml"))
        .with("worlds/round.toml", "scenario = 1\n[world]\nextends = \"about\"\n")
        .with("worlds/about.toml", "scenario = 1\n[world]\nextends = \"round\"\n")
        .with("worlds/cracked.toml", "scenario = 1\n[world]\ncolour = \"red\"\n")
}
