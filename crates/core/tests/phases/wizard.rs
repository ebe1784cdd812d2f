//! The user-interface state machine, told as timelines: what the user does stands behind `>`, what the core does is
//! indented.

use crate::driver::{BASE, Card, Driver, ENHANCED, VENDOR, template};
use autoenroll_model::{
    Answer, CardSerial, Disposition, Duration, EnrollmentFlags, HResult, Input, Profile, TriggerCause,
};

const ASKS: EnrollmentFlags = EnrollmentFlags::USER_INTERACTION_REQUIRED;

/// A bench with one smart card template and the wizard's first page open, if anything is interactive.
fn at_wizard(
    providers: &[&str],
    cards: &[(&str, Card)],
    profile: Profile,
    prepare: impl FnOnce(&mut Driver),
) -> Driver {
    let mut driver = Driver::new(profile, vec![template("Card", providers, ASKS)]);
    prepare(&mut driver);
    for (name, card) in cards {
        let Card { provider, pin, tries, containers, free } = card;
        let card = Card { provider, pin, tries: *tries, containers: containers.clone(), free: *free };
        driver.cards.insert((*name).into(), card);
    }
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.lines.clear();
    driver
}

fn server_2003() -> Profile {
    Profile::server_2003_sp1()
}

#[test]
fn the_balloon_comes_after_a_minute_fades_to_the_icon_and_returns_with_the_next_pulse() {
    let mut driver = Driver::new(server_2003(), vec![template("Card", &[BASE], ASKS)]);
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::hours(8) + Duration::minutes(1));
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn the_founding_story() {
    let cards = [("alice-card", Card::of(BASE).with_default("Slot0"))];
    let mut driver = at_wizard(&[VENDOR, BASE], &cards, server_2003(), |_| {});
    driver.answer(Answer::Start);
    driver.insert("alice-card");
    driver.answer(Answer::Cancel);
    driver.answer(Answer::Yes);
    driver.pin("0000");
    driver.pin("1234");
    driver.wait(Duration::hours(9));
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn remind_me_later_says_nothing_until_the_next_pulse() {
    let mut driver = at_wizard(&[BASE], &[], server_2003(), |_| {});
    driver.answer(Answer::Details);
    driver.answer(Answer::Remind);
    driver.wait(Duration::hours(8) + Duration::seconds(61));
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn every_provider_cancelled_is_a_failure_that_the_summary_tells_once() {
    let mut driver = at_wizard(&[VENDOR, BASE], &[], server_2003(), |_| {});
    driver.answer(Answer::Start);
    driver.answer(Answer::Ok);
    driver.answer(Answer::Cancel);
    driver.answer(Answer::Cancel);
    driver.answer(Answer::Close);
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn one_of_two_matching_cards_is_selected() {
    let cards = [("one", Card::of(BASE)), ("two", Card::of(BASE))];
    let mut driver =
        at_wizard(&[BASE], &cards, server_2003(), |driver| driver.inserted = vec!["one".into(), "two".into()]);
    driver.answer(Answer::Start);
    driver.answer(Answer::Card(CardSerial("two".into())));
    driver.pin("1234");
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn a_card_pulled_while_the_pin_is_asked_for_is_asked_for_again_and_no_try_is_spent() {
    let cards = [("alice-card", Card::of(BASE))];
    let mut driver = at_wizard(&[BASE], &cards, server_2003(), |driver| driver.inserted = vec!["alice-card".into()]);
    driver.answer(Answer::Start);
    driver.remove("alice-card");
    driver.insert("alice-card");
    driver.answer(Answer::Ok);
    driver.pin("1234");
    assert_eq!(driver.cards["alice-card"].tries, 3);
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn the_last_try_blocks_the_card() {
    let cards = [("alice-card", Card::of(BASE))];
    let mut driver = at_wizard(&[BASE], &cards, server_2003(), |driver| driver.inserted = vec!["alice-card".into()]);
    driver.answer(Answer::Start);
    driver.pin("1");
    driver.pin("2");
    driver.pin("3");
    driver.answer(Answer::Close);
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn no_to_replacing_moves_on_or_fails_or_stays_beside() {
    for switch in ["next-provider", "fail", "beside"] {
        let cards = [("alice-card", Card::of(BASE).with_default("Slot0"))];
        let mut profile = server_2003();
        profile.set("replace-no", switch).unwrap();
        let mut driver =
            at_wizard(&[BASE, VENDOR], &cards, profile, |driver| driver.inserted = vec!["alice-card".into()]);
        driver.answer(Answer::Start);
        driver.answer(Answer::No);
        if switch == "beside" {
            driver.pin("1234");
        }
        insta::assert_snapshot!(format!("no_{switch}"), driver.lines);
    }
}

#[test]
fn a_card_pulled_before_its_certificate_is_written_gets_it_at_the_next_run_without_a_second_request() {
    let cards = [("alice-card", Card::of(BASE))];
    let mut driver = at_wizard(&[BASE], &cards, server_2003(), |driver| driver.inserted = vec!["alice-card".into()]);
    driver.answer(Answer::Start);
    driver.fail("write certificate", HResult::SCARD_W_REMOVED_CARD);
    driver.pin("1234");
    driver.answer(Answer::Close);
    assert_eq!(driver.requests().len(), 1);
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_balloon();
    driver.answer(Answer::Start);
    driver.pin("1234");
    assert!(driver.requests().is_empty());
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn a_pending_smart_card_request_is_fetched_silently_and_then_wants_the_card() {
    let cards = [("alice-card", Card::of(BASE)), ("other", Card::of(BASE))];
    let mut driver = at_wizard(&[BASE], &cards, server_2003(), |driver| driver.inserted = vec!["alice-card".into()]);
    driver.replies = [Ok(Disposition::Pending), Ok(Disposition::Pending), Ok(Disposition::Issued)].into();
    driver.answer(Answer::Start);
    driver.pin("1234");
    driver.inserted = vec!["other".into()];
    driver.trigger(TriggerCause::Manual);
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    driver.remove("other");
    driver.insert("alice-card");
    driver.answer(Answer::Ok);
    driver.pin("1234");
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn a_trigger_while_the_wizard_is_open_waits_and_two_of_them_become_one_run() {
    let mut driver = at_wizard(&[BASE], &[], server_2003(), |_| {});
    driver.trigger(TriggerCause::GroupPolicy);
    driver.trigger(TriggerCause::Manual);
    driver.answer(Answer::Remind);
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn closing_the_wizard_postpones_what_is_left() {
    let mut driver = at_wizard(&[BASE], &[], server_2003(), |_| {});
    driver.answer(Answer::Start);
    driver.input(Input::WizardClosed, "close wizard");
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn logging_off_leaves_nothing_open() {
    let mut driver = at_wizard(&[BASE], &[], server_2003(), |_| {});
    driver.answer(Answer::Start);
    driver.input(Input::LogOff, "log off");
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn a_software_template_is_silent_and_tries_the_next_ca() {
    let mut driver = Driver::new(server_2003(), vec![template("Soft", &[ENHANCED], EnrollmentFlags::empty())]);
    driver.replies = [Err(HResult::RPC_S_SERVER_UNAVAILABLE)].into();
    driver.trigger(TriggerCause::Logon);
    driver.trigger(TriggerCause::Manual);
    insta::assert_snapshot!(driver.lines);
}

#[test]
fn a_renewal_is_signed_by_the_old_key_and_archives_the_old_certificate() {
    let mut driver = Driver::new(server_2003(), vec![template("Soft", &[ENHANCED], EnrollmentFlags::empty())]);
    let start = driver.start();
    driver.hold(200, 100, start - Duration::days(330), start + Duration::days(35));
    driver.trigger(TriggerCause::Logon);
    insta::assert_snapshot!(driver.lines);
}
