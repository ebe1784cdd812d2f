//! Two things at once: what happens while a state waits for something else.

use autoenroll_model::{
    Answer, Context, Disposition, Duration, EnrollmentFlags, HResult, Input, KeyPlace, PrivateKeyFlags, Profile,
    RequestStage, TriggerCause,
};

use crate::driver::{BASE, Card, Driver, ENHANCED, VENDOR, card_key, certificate, template};
use crate::failures::at_pin;

const QUIET: EnrollmentFlags = EnrollmentFlags::empty();
const ASKS: EnrollmentFlags = EnrollmentFlags::USER_INTERACTION_REQUIRED;

fn silent() -> Driver {
    Driver::new(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], QUIET)])
}

/// The wizard's first page is open, for a template of cards.
fn at_first_page(cards: &[(&str, Card)]) -> Driver {
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], ASKS)]);
    for (name, card) in cards {
        let Card { provider, pin, tries, containers, free } = card;
        let card = Card { provider, pin, tries: *tries, containers: containers.clone(), free: *free };
        driver.cards.insert((*name).into(), card);
        driver.inserted.push((*name).into());
    }
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.take();
    driver
}

#[test]
fn logging_off_while_a_ca_is_asked_loses_nothing() {
    let mut driver = silent();
    driver.replies = [Ok(Disposition::Pending)].into();
    driver.trigger(TriggerCause::Logon);
    driver.hangs = Some("retrieve");
    driver.trigger(TriggerCause::Manual);
    driver.take();
    driver.input(Input::LogOff, "log off");
    assert_eq!(driver.take(), "00:00:00 > log off\n    abandon effect\n    run ended\n");
    assert_eq!(driver.requests().len(), 1);
    driver.crash();
    driver.hangs = None;
    driver.trigger(TriggerCause::Logon);
    assert!(driver.lines.contains("retrieve 1") && driver.lines.contains("enrolled in soft-1"), "{}", driver.lines);
}

#[test]
fn logging_off_during_any_effect_abandons_it_and_ends_the_run() {
    for word in ["readsettings", "binddirectory", "readtemplates", "readprincipal", "readstores", "inspect", "archive"]
    {
        let mut driver = silent();
        let start = driver.start();
        driver.hold(200, 100, start - Duration::days(400), start - Duration::days(35));
        driver.settings.policy = Some(2);
        driver.hangs = Some(word);
        driver.trigger(TriggerCause::Logon);
        driver.take();
        driver.input(Input::LogOff, "log off");
        assert_eq!(driver.take(), "00:00:00 > log off\n    abandon effect\n    run ended\n", "{word}");
    }
}

#[test]
fn a_ca_that_does_not_answer_at_all_counts_as_absent_after_a_quarter_of_an_hour() {
    for (word, after) in
        [("submit", "submit to CA2"), ("readexchange", "readexchangecertificate"), ("retrieve", "failed 0x800706BA")]
    {
        let mut soft = template("Soft", &[ENHANCED], QUIET);
        if word == "readexchange" {
            soft.private_key_flags = PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
        }
        let mut driver = Driver::new(Profile::server_2003_sp1(), vec![soft]);
        if word == "retrieve" {
            driver.replies = [Ok(Disposition::Pending)].into();
            driver.trigger(TriggerCause::Logon);
        }
        driver.hangs = Some(word);
        driver.trigger(TriggerCause::Manual);
        driver.wait(Duration::minutes(14));
        driver.take();
        driver.wait(Duration::minutes(1));
        let lines = driver.take();
        assert!(lines.contains("abandon effect") && lines.contains(after), "{word}\n{lines}");
        driver.wait(Duration::minutes(15));
        assert!(
            driver.lines.contains("run ended") || lines.contains("run ended"),
            "{word}: the last CA too\n{}",
            driver.lines
        );
    }
}

#[test]
fn a_ca_that_does_not_answer_in_the_wizard_is_given_up_too() {
    let mut driver = at_pin();
    driver.hangs = Some("submit");
    driver.pin("1234");
    driver.wait(Duration::minutes(30));
    assert!(driver.lines.contains("card alice-card: delete container-0"), "{}", driver.lines);
    assert!(driver.lines.contains("failed 0x800706BA") && driver.lines.contains("PROMPT summary"), "{}", driver.lines);
}

#[test]
fn the_wizard_closed_in_each_question_postpones_the_item() {
    let inserted = [("alice-card", Card::of(BASE).with_default("Slot0"))];
    let two = [("one", Card::of(BASE)), ("two", Card::of(BASE))];
    let cases: [(&str, &[(&str, Card)]); 4] = [
        ("card.insert", &[]),
        ("card.select", &two),
        ("card.replace-default", &inserted),
        ("pin.enter", &[("alice-card", Card::of(BASE))]),
    ];
    for (question, cards) in cases {
        let mut driver = at_first_page(cards);
        driver.answer(Answer::Start);
        assert!(driver.take().contains(&format!("PROMPT {question}")), "{question}");
        driver.input(Input::WizardClosed, "close");
        let lines = driver.take();
        assert!(lines.contains("prompt withdrawn") && lines.contains("item Card: postponed"), "{question}\n{lines}");
        assert!(lines.ends_with("run ended\n") && !lines.contains("summary"), "{question}\n{lines}");
    }
    let mut protected = template("Soft", &[ENHANCED], ASKS);
    protected.private_key_flags = PrivateKeyFlags::STRONG_KEY_PROTECTION_REQUIRED;
    let mut driver = at_first_page(&[]);
    driver.templates = vec![protected];
    driver.wait(Duration::minutes(11));
    driver.answer(Answer::Remind);
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    assert!(driver.take().contains("PROMPT key.protect"));
    driver.input(Input::ReadersChanged, "readers");
    assert_eq!(driver.take().lines().count(), 1, "no reader matters to a key in software");
    driver.input(Input::WizardClosed, "close");
    assert!(driver.lines.contains("item Soft: postponed"), "{}", driver.lines);
}

#[test]
fn a_card_pulled_at_each_step_is_asked_for_again_or_fails_the_item_and_the_next_run_succeeds() {
    let gone = HResult::SCARD_W_REMOVED_CARD;
    for (word, asks_again) in [
        ("describe", true),
        ("verify", true),
        ("generate", false),
        ("sign", false),
        ("write certificate", false),
        ("set default", false),
    ] {
        let mut driver = at_first_page(&[("alice-card", Card::of(BASE))]);
        driver.fail(word, gone);
        driver.answer(Answer::Start);
        driver.pin("1234");
        if word == "verify" {
            driver.pin("1234");
        }
        let lines = driver.take();
        assert_eq!(lines.contains("enrolled"), asks_again, "{word}\n{lines}");
        assert_eq!(lines.contains("failed 0x80100069"), !asks_again, "{word}\n{lines}");
        if !asks_again {
            driver.again_after_the_summary();
            assert!(driver.lines.contains("enrolled") && driver.requests().is_empty(), "{word}\n{}", driver.lines);
        }
    }
}

#[test]
fn a_card_that_is_listed_and_always_gone_is_given_up() {
    let mut driver = at_first_page(&[("alice-card", Card::of(BASE))]);
    for _ in 0..10 {
        driver.fail("describe", HResult::SCARD_W_UNRESPONSIVE_CARD);
    }
    driver.answer(Answer::Start);
    assert!(driver.lines.contains("failed 0x80100066"), "{}", driver.lines);
    assert_eq!(driver.lines.matches("describe").count(), 4, "three more attempts\n{}", driver.lines);
    assert_eq!(driver.decided("F.card"), Some(true));
}

#[test]
fn a_trigger_held_since_the_silent_items_is_one_with_the_next_pulse() {
    let mut driver = Driver::new(
        Profile::server_2003_sp1(),
        vec![template("Card", &[BASE], ASKS), template("Soft", &[ENHANCED], QUIET)],
    );
    driver.templates[0].oid = Some("1.2.3.4".parse().unwrap());
    driver.hangs = Some("submit");
    driver.trigger(TriggerCause::Logon);
    driver.trigger(TriggerCause::GroupPolicy);
    driver.hangs = None;
    driver.wait(Duration::minutes(16));
    driver.take();
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Remind);
    let lines = driver.take();
    assert_eq!(lines.matches("run started").count(), 1, "{lines}");
}

#[test]
fn what_arrives_for_a_card_of_a_machine_fails_there() {
    let mut driver = Driver::of(Context::Machine, Profile::server_2003_sp1(), vec![]);
    let stage = RequestStage::Pending { ca: "CA1".into(), host: "ca1".into(), request_id: 1 };
    driver.request("Card", 90, card_key("c"), stage);
    driver.trigger(TriggerCause::Boot);
    driver.wait(Duration::minutes(5));
    assert!(driver.lines.contains(&format!("failed {}", HResult::NTE_SILENT_CONTEXT)), "{}", driver.lines);
    assert!(!driver.lines.contains("BALLOON"), "{}", driver.lines);
}

#[test]
fn an_old_key_on_a_card_wants_that_card_and_no_other_provider() {
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE, VENDOR], ASKS)]);
    driver.cards.insert("mine".into(), Card::of(BASE));
    driver.cards.insert("other".into(), Card::of(BASE));
    driver.inserted = vec!["other".into()];
    let start = driver.start();
    let der = certificate(200, 100, start - Duration::days(350), start + Duration::days(15));
    driver.hold_certificate(der, Some(KeyPlace { container: "c".into(), ..card_key("mine") }));
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    assert!(driver.lines.contains("PROMPT card.insert"), "{}", driver.lines);
    driver.answer(Answer::Cancel);
    assert_eq!(driver.decided("P7.40"), Some(true));
    assert!(driver.lines.contains("failed 0x8010006E") && driver.decided("S7c.next").is_none());
}

#[test]
fn an_expiry_balloon_that_is_closed_is_gone_with_its_icon() {
    let mut driver = Driver::new(Profile::windows_10_22h2(), vec![]);
    let start = driver.start();
    driver.hold(200, 100, start - Duration::days(360), start + Duration::days(5));
    driver.settings.expiration_balloons = true;
    driver.trigger(TriggerCause::Logon);
    assert!(driver.take().contains("BALLOON"));
    let balloon = driver.open_balloon().unwrap();
    driver.input(Input::BalloonClosed(balloon), "close balloon");
    assert_eq!(driver.take(), "00:00:00 > close balloon\n    balloon hidden\n    icon gone\n");
    driver.wait(Duration::minutes(5));
    assert!(!driver.lines.contains("hidden"), "{}", driver.lines);
}

#[test]
fn a_pin_that_is_kept_until_log_off_is_asked_for_again_after_it() {
    for (logs_off, asks) in [(false, false), (true, true)] {
        let mut driver = at_first_page(&[("alice-card", Card::of(BASE))]);
        driver.change_profile("pin-cache", "logon");
        driver.trigger(TriggerCause::Logon);
        driver.wait(Duration::minutes(1));
        driver.click_icon();
        driver.answer(Answer::Start);
        driver.pin("1234");
        driver.stores.my.clear();
        driver.cards.insert("alice-card".into(), Card::of(BASE));
        if logs_off {
            driver.input(Input::LogOff, "log off");
        }
        driver.trigger(TriggerCause::Logon);
        driver.wait(Duration::minutes(1));
        driver.click_icon();
        driver.take();
        driver.answer(Answer::Start);
        assert_eq!(driver.take().contains("PROMPT pin.enter"), asks, "{}", driver.lines);
    }
}
