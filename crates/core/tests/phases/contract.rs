//! A driver that breaks the contract gets an error that says what was expected and what came. What Windows would
//! report is never one.

use autoenroll_model::{
    Answer, BalloonId, CardOperation, CardSerial, Certificates, Choice, Context, CoreError, Disposition, Duration,
    Effect, EffectId, EffectResult, EnrollmentFlags, HResult, Input, PinId, PolicyResponse, PolicyServer,
    PrivateKeyFlags, Profile, PromptId, SoftwareOperation, TriggerCause, TrustContainer, TrustStore,
};

use crate::driver::{BASE, Card, Driver, ENHANCED, certificate, template};
use crate::failures::at_pin;

/// The word of the result that the documentation of an effect names.
fn expected(effect: &Effect) -> &'static str {
    match effect {
        Effect::ReadSettings => "settings",
        Effect::BindDirectory => "directory",
        Effect::ReadTrust => "trust",
        Effect::ReadPrincipal => "principal",
        Effect::ReadTemplates => "templates",
        Effect::ReadEnrollmentServices => "enrollment-services",
        Effect::GetPolicies(_) => "policy",
        Effect::ReadStores => "stores",
        Effect::Inspect(_) => "checks",
        Effect::ReadReaders => "readers",
        Effect::Submit(_) | Effect::Retrieve { .. } => "reply",
        Effect::ReadExchangeCertificate { .. } => "exchange-certificate",
        Effect::Card { operation, .. } => match operation {
            CardOperation::Describe => "card",
            CardOperation::Generate { .. } => "generated",
            CardOperation::Sign { .. } => "signature",
            CardOperation::ReadCertificate { .. } => "certificate",
            CardOperation::VerifyPin
            | CardOperation::WriteCertificate { .. }
            | CardOperation::SetDefault { .. }
            | CardOperation::Delete { .. } => "done",
        },
        Effect::Software { operation, .. } => match operation {
            SoftwareOperation::Generate { .. } => "generated",
            SoftwareOperation::Sign { .. } => "signature",
            SoftwareOperation::Archive { .. } => "archived-key",
            SoftwareOperation::Delete { .. } => "done",
        },
        Effect::WriteDirectoryCache(_)
        | Effect::WriteTrust { .. }
        | Effect::RemovePublished(_)
        | Effect::AddCertificate(_)
        | Effect::ArchiveCertificate(_)
        | Effect::DeleteCertificate(_)
        | Effect::PutRequest(_)
        | Effect::RemoveRequest(_) => "done",
    }
}

/// Whether a card can refuse its PIN there.
fn has_pin(effect: &Effect) -> bool {
    matches!(effect, Effect::Card { operation, .. } if *operation != CardOperation::Describe)
}

type Story = fn(&mut dyn FnMut(&mut Driver)) -> Driver;

/// What happens to a driver that `hinder` has prepared. Together these have every effect that this core asks for.
const STORIES: [Story; 5] = [
    |hinder| machine(hinder),
    |hinder| renewal_with_archival(hinder),
    |hinder| denied_then_pending(hinder),
    |hinder| policy_server(hinder),
    |hinder| card(hinder),
];

/// One result of each kind but a failure, which every effect may have.
fn results() -> Vec<EffectResult> {
    let mut all = vec![EffectResult::WrongPin { tries_left: None }, EffectResult::Certificate(vec![])];
    for result in STORIES.iter().flat_map(|story| story(&mut |_| {}).results) {
        if result.word() != "failed" && all.iter().all(|known| known.word() != result.word()) {
            all.push(result);
        }
    }
    all
}

fn machine(hinder: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver = Driver::of(Context::Machine, Profile::windows_10_22h2(), vec![]);
    let content = Ok(Certificates(vec![]));
    driver.trust = vec![TrustContainer { store: TrustStore::Root, url: String::new(), content }];
    hinder(&mut driver);
    driver.trigger(TriggerCause::Boot);
    driver
}

fn renewal_with_archival(hinder: impl FnOnce(&mut Driver)) -> Driver {
    let mut soft = template("Soft", &[ENHANCED], EnrollmentFlags::empty());
    soft.private_key_flags = PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![soft]);
    let start = driver.start();
    driver.hold(200, 100, start - Duration::days(330), start + Duration::days(35));
    driver.published = vec![certificate(201, 100, start - Duration::days(330), start - Duration::days(35))];
    hinder(&mut driver);
    driver.trigger(TriggerCause::Logon);
    driver
}

fn denied_then_pending(hinder: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver =
        Driver::new(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], EnrollmentFlags::empty())]);
    let denied = Ok(Disposition::Denied(HResult::E_ACCESSDENIED));
    driver.replies = [denied, denied, Ok(Disposition::Pending)].into();
    hinder(&mut driver);
    driver.trigger(TriggerCause::Logon);
    driver.trigger(TriggerCause::Manual);
    driver.trigger(TriggerCause::Manual);
    driver
}

fn policy_server(hinder: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver = Driver::new(Profile::windows_10_22h2(), vec![]);
    let url = String::from("https://a/");
    let server =
        PolicyServer { key: url.clone(), url: url.clone(), policy_id: url, flags: 0x10, auth_flags: 2, cost: 1 };
    driver.settings.policy_servers = vec![server];
    let told = PolicyResponse { not_changed: false, next_update_hours: None, templates: vec![], authorities: vec![] };
    driver.policies = [Ok(told)].into();
    hinder(&mut driver);
    driver.trigger(TriggerCause::Logon);
    driver
}

fn card(hinder: impl FnOnce(&mut Driver)) -> Driver {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    driver.cards.insert("alice-card".into(), Card::of(BASE));
    driver.inserted = vec!["alice-card".into()];
    hinder(&mut driver);
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    if driver.broken.is_none() {
        driver.click_icon();
        driver.answer(Answer::Start);
    }
    if driver.broken.is_none() {
        driver.remove("alice-card");
    }
    if driver.broken.is_none() {
        driver.insert("alice-card");
        driver.answer(Answer::Ok);
    }
    if driver.broken.is_none() {
        driver.pin("1234");
    }
    driver
}

#[test]
fn every_effect_answered_with_a_result_of_another_kind_breaks_the_contract() {
    let results = results();
    assert_eq!(results.len(), 19, "every kind but a failure");
    let mut seen = Vec::new();
    for story in STORIES {
        let effects = story(&mut |_| {}).effects;
        for (nth, effect) in effects.iter().enumerate() {
            let expected = expected(effect);
            seen.push(expected);
            for result in &results {
                let found = result.word();
                if found == expected || (found == "wrong-pin" && has_pin(effect)) {
                    continue;
                }
                let driver = story(&mut |driver| driver.nth = Some((nth, result.clone())));
                let id = EffectId(u32::try_from(nth + 1).unwrap());
                let error = CoreError::WrongResult { effect: id, expected: expected.into(), found: found.into() };
                assert_eq!(driver.broken, Some(error), "{effect:?} answered with {found}");
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 17, "{seen:?}: every kind but a card's certificate, which is read from no store");
}

#[test]
fn a_result_for_an_effect_that_is_not_open_breaks_the_contract() {
    let unknown = |effect| Some(CoreError::UnknownEffect { effect: EffectId(effect) });
    let done = |effect| Input::EffectDone { effect: EffectId(effect), result: EffectResult::Done };
    let silent =
        || Driver::new(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], EnrollmentFlags::empty())]);
    // No run; a phase before the items; a silent item; the desktop; a prompt of an item.
    let mut driver = silent();
    driver.input(done(1), "done");
    assert_eq!(driver.broken, unknown(1));
    for word in ["readsettings", "readstores", "software: generate"] {
        let mut driver = silent();
        driver.hangs = Some(word);
        driver.trigger(TriggerCause::Logon);
        driver.input(done(99), "done");
        assert_eq!(driver.broken, unknown(99), "{word}");
    }
    let mut driver = at_pin();
    driver.input(done(1), "done");
    assert_eq!(driver.broken, unknown(1));
    let mut driver = at_pin();
    driver.answer(Answer::Cancel);
    driver.input(done(1), "done");
    assert_eq!(driver.broken, unknown(1), "the summary is open");
    // The wizard is closed while a key is made; the readers are read because one has changed.
    let mut driver = at_pin();
    driver.hangs = Some("generate");
    driver.pin("1234");
    driver.input(Input::WizardClosed, "close");
    driver.input(done(99), "done");
    assert_eq!(driver.broken, unknown(99), "the key that is made is waited for");
    let mut driver = at_pin();
    driver.hangs = Some("readreaders");
    driver.remove("alice-card");
    driver.input(done(99), "done");
    assert_eq!(driver.broken, unknown(99), "the readers are read");
}

#[test]
fn an_answer_to_a_prompt_that_is_not_open_breaks_the_contract() {
    let answer = |prompt| Input::PromptAnswered { prompt: PromptId(prompt), answer: Answer::Ok };
    let unknown = |prompt| Some(CoreError::UnknownPrompt { prompt: PromptId(prompt) });
    let fresh = || Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], EnrollmentFlags::empty())]);
    let mut driver = fresh();
    driver.input(answer(1), "answer");
    assert_eq!(driver.broken, unknown(1), "no run");
    let mut driver = fresh();
    driver.hangs = Some("readstores");
    driver.trigger(TriggerCause::Logon);
    driver.input(answer(1), "answer");
    assert_eq!(driver.broken, unknown(1), "nothing is asked");
    let mut driver = fresh();
    driver.trigger(TriggerCause::Logon);
    driver.input(answer(1), "answer");
    assert_eq!(driver.broken, unknown(1), "only a balloon");
    let mut driver = at_wizard();
    driver.input(answer(99), "answer");
    assert_eq!(driver.broken, unknown(99), "the first page is another prompt");
    let mut driver = at_pin();
    driver.input(answer(1), "answer");
    assert_eq!(driver.broken, unknown(1), "answered already");
    let mut driver = at_pin();
    driver.hangs = Some("verify");
    driver.pin("1234");
    driver.input(answer(2), "answer");
    assert_eq!(driver.broken, unknown(2), "an effect is under way");
    let mut driver = at_pin();
    driver.answer(Answer::Cancel);
    driver.input(answer(2), "answer");
    assert_eq!(driver.broken, unknown(2), "the summary is another prompt");
}

/// The first page of the wizard is open.
fn at_wizard() -> Driver {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver
}

#[test]
fn no_two_prompts_and_no_two_balloons_have_the_same_number() {
    let mut driver = at_wizard();
    let first = (driver.open_prompt().unwrap(), driver.open_balloon().unwrap());
    driver.answer(Answer::Remind);
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    let second = (driver.open_prompt().unwrap(), driver.open_balloon().unwrap());
    assert!(first.0 != second.0 && first.1 != second.1, "{first:?}, {second:?}");
}

#[test]
fn a_card_that_is_not_shown_is_no_answer() {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    for card in ["one", "two"] {
        driver.cards.insert(card.into(), Card::of(BASE));
        driver.inserted.push(card.into());
    }
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    driver.take();
    driver.answer(Answer::Card(CardSerial("three".into())));
    let lines = driver.take();
    assert!(lines.contains("PROMPT card.select") && !lines.contains("card three"), "{lines}");
    driver.answer(Answer::Card(CardSerial("two".into())));
    assert!(driver.take().contains("card two: describe"));
}

#[test]
fn a_balloon_that_is_not_shown_is_neither_clicked_nor_closed() {
    for input in [Input::BalloonClicked, Input::BalloonClosed] {
        let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
        let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
        driver.trigger(TriggerCause::Logon);
        driver.wait(Duration::minutes(1));
        let balloon = driver.open_balloon().unwrap();
        driver.take();
        driver.input(input(BalloonId(balloon.0 + 1)), "x");
        assert_eq!(driver.take().lines().count(), 1, "another is shown");
        driver.input(input(balloon), "x");
        assert!(driver.take().lines().count() > 1, "this one is shown");
    }
}

#[test]
fn an_answer_that_is_not_offered_breaks_the_contract() {
    let mut driver = at_pin();
    let prompt = driver.open_prompt().unwrap();
    driver.answer(Answer::Yes);
    let expected = vec![Choice::Pin, Choice::Cancel];
    assert_eq!(driver.broken, Some(CoreError::NotOffered { prompt, found: Choice::Yes, expected }));
    let mut driver = at_pin();
    driver.answer(Answer::Cancel);
    let prompt = driver.open_prompt().unwrap();
    driver.answer(Answer::Pin(PinId(0)));
    let expected = vec![Choice::Close];
    assert_eq!(driver.broken, Some(CoreError::NotOffered { prompt, found: Choice::Pin, expected }));
}

#[test]
fn what_happens_to_things_that_are_not_there_changes_nothing() {
    let balloon = BalloonId(99);
    let inputs = [
        Input::BalloonClicked(balloon),
        Input::BalloonClosed(balloon),
        Input::IconClicked,
        Input::WizardClosed,
        Input::ReadersChanged,
        Input::Unlock,
        Input::Tick,
    ];
    let mut idle = Driver::new(Profile::server_2003_sp1(), vec![]);
    let mut open = Driver::new(
        Profile::server_2003_sp1(),
        vec![template("Card", &[BASE], EnrollmentFlags::USER_INTERACTION_REQUIRED)],
    );
    open.trigger(TriggerCause::Logon);
    for input in inputs {
        for driver in [&mut idle, &mut open] {
            driver.take();
            driver.input(input.clone(), "x");
            assert_eq!(driver.take().lines().count(), 1, "{input:?}");
        }
    }
}
