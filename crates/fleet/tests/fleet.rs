//! A fleet of a fixture world: parts add up, levers do what they say, and what cannot be played is refused.

use std::ops::ControlFlow;

use autoenroll_fleet::{Arrivals, Enrolled, Fleet, FleetError, Load, MOST_WINDOW, Server, Shard, play};
use autoenroll_model::Duration;
use autoenroll_scenario::{Bundle, ByPrefix, Library, check_world};

fn fleet(computers: u32, users: u32, days: u32) -> Fleet {
    let fixtures = Bundle::new()
        .with("worlds/contoso.toml", include_str!("../../../fixtures/worlds/contoso.toml"))
        .with("oids.toml", include_str!("../../../fixtures/oids.toml"))
        .with("templates/win2003.toml", include_str!("../../../fixtures/templates/win2003.toml"))
        .with("templates/later.toml", include_str!("../../../fixtures/templates/later.toml"))
        .with("cards/gids.toml", include_str!("../../../fixtures/cards/gids.toml"))
        .with("cards/gids-full.toml", include_str!("../../../fixtures/cards/gids-full.toml"))
        .with("cards/gids-small.toml", include_str!("../../../fixtures/cards/gids-small.toml"))
        .with("cards/gids-no-default.toml", include_str!("../../../fixtures/cards/gids-no-default.toml"))
        .with("cards/vendor.toml", include_str!("../../../fixtures/cards/vendor.toml"))
        .with("cards/vendor-dialogs.toml", include_str!("../../../fixtures/cards/vendor-dialogs.toml"));
    let text = include_bytes!("../../../fixtures/worlds/enrolling.toml");
    let checked = check_world(None, "enrolling.toml", text, &Library::read(&fixtures), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let world = checked.scenarios.into_iter().next().expect("a sound world").spec;
    Fleet {
        world,
        computers,
        users,
        days,
        enrolled: Enrolled::Never,
        gp_offset: Duration::minutes(30),
        validity_jitter: 0,
        window: Duration::minutes(30),
    }
}

fn whole(fleet: &Fleet) -> Arrivals {
    play(fleet, Shard::WHOLE, &mut || ControlFlow::Continue(())).expect("it can be played")
}

#[test]
fn parts_add_up_to_the_whole() {
    let fleet = Fleet { validity_jitter: 10, enrolled: Enrolled::Spread, ..fleet(5, 4, 2) };
    let all = whole(&fleet);
    assert_eq!(all.members, 9);
    for of in [2, 3, 9] {
        let mut sum = Arrivals::default();
        for index in (1..=of).rev() {
            let mut told = 0;
            let each = &mut || {
                told += 1;
                ControlFlow::Continue(())
            };
            let part = play(&fleet, Shard { index, of }, each).expect("it can be played");
            assert_eq!((told, told), (part.members, (9 + of - index) / of));
            // As it goes from one process to another.
            let text = serde_json::to_string(&part).expect("it can be written");
            sum.add(&serde_json::from_str(&text).expect("it can be read"));
        }
        assert_eq!(sum, all, "{of} parts");
    }
    assert_eq!(whole(&fleet), all, "played again");
}

#[test]
fn a_mass_enrollment_is_over_on_the_first_day() {
    let all = whole(&fleet(4, 3, 2));
    assert_eq!(all.enrolled.iter().collect::<Vec<_>>(), [(&0, &7)]);
    assert!(all.renewed.is_empty());
    assert_eq!((all.failed, all.total(Server::Ca), all.total(Server::Policy)), (0, 7, 0));
    assert!(all.total(Server::Directory) > 7);
    // Everybody comes within the window.
    assert!(all.at(Server::Ca).keys().all(|second| *second < 30 * 60));
}

#[test]
fn certificates_of_one_day_are_renewed_on_one_day_and_jitter_spreads_them() {
    let same = Fleet { enrolled: Enrolled::SameDay, ..fleet(6, 0, 6) };
    let all = whole(&same);
    assert!(all.enrolled.is_empty());
    assert_eq!(all.renewed.iter().collect::<Vec<_>>(), [(&1, &6)]);
    let spread = whole(&Fleet { validity_jitter: 5, ..same });
    assert!(spread.renewed.get(&1).is_none_or(|renewed| *renewed < 6), "{:?}", spread.renewed);
}

#[test]
fn a_wider_window_makes_a_lower_peak() {
    let peak = |window| {
        let all = whole(&Fleet { window, ..fleet(12, 0, 1) });
        Load::of(&all, Server::Directory, 10).busiest[0].count
    };
    assert!(peak(Duration::hours(4)) < peak(Duration::ZERO));
}

#[test]
fn whoever_comes_last_is_off_before_the_next_day() {
    let all = whole(&Fleet { window: MOST_WINDOW, ..fleet(0, 12, 5) });
    assert_eq!((all.members, all.failed, all.enrolled.values().sum::<u64>()), (12, 0, 12));
}

#[test]
fn who_wants_no_more_gets_no_more() {
    let mut told = 0;
    let each = &mut || {
        told += 1;
        if told == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    assert_eq!(play(&fleet(1_000_000, 0, 400), Shard::WHOLE, each), Err(FleetError::Stopped));
    assert_eq!(told, 2);
}

#[test]
fn what_cannot_be_played_is_refused() {
    let check = |fleet: Fleet, expected: FleetError| {
        assert_eq!(play(&fleet, Shard::WHOLE, &mut || ControlFlow::Continue(())), Err(expected));
    };
    check(fleet(0, 0, 1), FleetError::Size);
    check(fleet(1, 0, 0), FleetError::Size);
    check(fleet(u32::MAX, u32::MAX, 1), FleetError::Size);
    check(Fleet { validity_jitter: 91, ..fleet(1, 0, 1) }, FleetError::Lever);
    check(Fleet { window: MOST_WINDOW + Duration(1), ..fleet(1, 0, 1) }, FleetError::Lever);
    let mut nobody = fleet(1, 0, 1);
    nobody.world.computers.clear();
    check(nobody, FleetError::NoComputer);
    let mut nobody = fleet(0, 1, 1);
    nobody.world.users.clear();
    check(nobody, FleetError::NoUser);
    for (index, of) in [(0, 3), (4, 3), (1, 0), (1, 1 << 40)] {
        assert_eq!(Shard::of(index, of), None, "{index}/{of}");
    }
    assert_eq!(Shard::of(2, 3), Some(Shard { index: 2, of: 3 }));
}
