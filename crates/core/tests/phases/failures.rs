//! Effects that fail: what the log says, what is not done, what the next run does.

use autoenroll_model::{
    Answer, CaReply, CertificateCheck, Certificates, Context, Disposition, Duration, EffectResult, EnrollmentFlags,
    HResult, Input, PolicyResponse, PolicyServer, PolicyTemplate, PrivateKeyFlags, Profile, RequestStage, TriggerCause,
    TrustContainer, TrustStore,
};

use crate::driver::{
    BASE, Card, Driver, ENHANCED, TEMPLATE_OID, certificate, certificate_of, public_key, software_key, template,
};

const DENIED: HResult = HResult::E_ACCESSDENIED;
const QUIET: EnrollmentFlags = EnrollmentFlags::empty();

fn silent() -> Driver {
    Driver::new(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], QUIET)])
}

fn machine() -> Driver {
    let mut driver = Driver::of(Context::Machine, Profile::windows_10_22h2(), vec![]);
    let container =
        |store| TrustContainer { store, url: "ldap:///CN=x".into(), content: Ok(Certificates(vec![vec![0x30, 0]])) };
    driver.trust = vec![container(TrustStore::Root), container(TrustStore::Ca)];
    driver
}

/// The wizard has started on a smart card template, and the PIN is asked for.
pub(crate) fn at_pin() -> Driver {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    driver.cards.insert("alice-card".into(), Card::of(BASE));
    driver.inserted = vec!["alice-card".into()];
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    driver.take();
    driver
}

fn run(driver: &mut Driver) -> String {
    driver.take();
    driver.trigger(TriggerCause::Manual);
    driver.take()
}

#[track_caller]
fn says(lines: &str, present: &[&str], absent: &[&str]) {
    for word in present {
        assert!(lines.contains(word), "no `{word}` in\n{lines}");
    }
    for word in absent {
        assert!(!lines.contains(word), "`{word}` in\n{lines}");
    }
}

#[test]
fn settings_that_cannot_be_read_end_the_run_with_their_own_code() {
    let mut driver = silent();
    driver.fail("readsettings", DENIED);
    says(&run(&mut driver), &["event 15 error", "0x80070005", "run ended"], &["binddirectory", "0x8000FFFF"]);
    assert_eq!(driver.decided("F.settings"), Some(true));
    assert_eq!(driver.decided("R020"), None, "the directory is not to blame");
    says(&run(&mut driver), &["enrolled"], &[]);
}

#[test]
fn a_directory_that_fails_at_any_question_ends_the_run_and_the_next_one_asks_anew() {
    for word in ["binddirectory", "readtemplates", "readenrollmentservices", "readprincipal"] {
        let mut driver = silent();
        driver.fail(word, HResult::ERROR_NO_SUCH_DOMAIN);
        says(&run(&mut driver), &[word, "event 15 error", "0x8007054B", "run ended"], &["readstores"]);
        assert_eq!(driver.decided("R020"), Some(true), "{word}");
        says(&run(&mut driver), &["enrolled"], &[]);
    }
}

#[test]
fn a_trust_store_that_cannot_be_written_is_written_at_the_next_run() {
    let mut driver = machine();
    driver.fail("writetrust", DENIED);
    let lines = run(&mut driver);
    says(&lines, &["writetrust"], &["writedirectorycache"]);
    assert_eq!(lines.matches("writetrust").count(), 2, "the other store is written all the same");
    assert_eq!(driver.decided("F.trust"), Some(true));
    says(&run(&mut driver), &["readtrust", "writetrust", "writedirectorycache"], &[]);
    says(&run(&mut driver), &[], &["readtrust"]);
}

#[test]
fn a_download_that_cannot_be_remembered_is_repeated() {
    let mut driver = machine();
    driver.fail("writedirectorycache", DENIED);
    says(&run(&mut driver), &["readtemplates"], &[]);
    assert_eq!(driver.decided("F.directory-cache"), Some(true));
    says(&run(&mut driver), &["readtrust", "writetrust", "writedirectorycache"], &[]);
}

#[test]
fn trust_containers_that_cannot_be_read_end_the_run_and_one_alone_does_not() {
    let mut driver = machine();
    driver.fail("readtrust", HResult::ERROR_NO_SUCH_DOMAIN);
    says(&run(&mut driver), &["event 6", "0x8007054B"], &["writetrust", "readtemplates"]);
    driver.trust[0].content = Err(DENIED);
    says(&run(&mut driver), &["event 1 error", "writetrust", "readtemplates"], &["writedirectorycache"]);
}

#[test]
fn stores_that_cannot_be_read_enroll_nothing() {
    let mut driver = silent();
    driver.fail("readstores", DENIED);
    says(&run(&mut driver), &["event 15 error", "0x80070005", "run ended"], &["generate", "put request", "item"]);
    assert_eq!(driver.decided("F.stores"), Some(true));
    says(&run(&mut driver), &["enrolled"], &[]);
}

#[test]
fn certificates_that_cannot_be_inspected_are_not_replaced() {
    let mut driver = silent();
    let start = driver.start();
    driver.hold(200, 100, start, start + Duration::days(365));
    driver.fail("inspect", DENIED);
    says(&run(&mut driver), &["inspect 1", "event 15 error", "0x80070005"], &["generate", "item"]);
    assert_eq!(driver.decided("F.inspect"), Some(true));
    says(&run(&mut driver), &["inspect 1"], &["event", "item"]);
}

#[test]
fn a_new_certificate_that_cannot_be_inspected_waits_for_the_next_run() {
    let mut driver = silent();
    driver.fail("inspect", DENIED);
    says(&run(&mut driver), &["put request Issued", "failed 0x80070005"], &["add certificate", "enrolled"]);
    assert_eq!(driver.decided("F.inspect-new"), Some(true));
    says(&run(&mut driver), &["inspect 1", "add certificate", "enrolled"], &["submit"]);
}

#[test]
fn an_answer_that_was_not_asked_for_is_not_installed() {
    let (key, other) = (public_key(1), public_key(2));
    let start = silent().start();
    let of = |oid: &str, key: &[u8]| certificate_of(oid, key.to_vec(), 1, 100, start, start + Duration::days(365));
    for (certificate, code) in [
        (None, "0x80092004"),
        (Some(vec![0x30, 0]), "0x8007000D"),
        (Some(of(TEMPLATE_OID, &other)), "0x80094816"),
        (Some(of("1.3.6.1.4.1.311.21.8.9", &key)), "0x80094802"),
    ] {
        let mut driver = silent();
        let (disposition, message) = (Disposition::Issued, String::new());
        let reply = CaReply { request_id: 1, disposition, certificate, response: None, message };
        driver.instead.push(("submit", EffectResult::Reply(reply)));
        says(&run(&mut driver), &[code, "software: delete", "remove request"], &["inspect", "add certificate"]);
        assert_eq!(driver.decided("MC1.ours"), Some(true));
        assert!(driver.requests().is_empty());
    }
}

#[test]
fn what_housekeeping_cannot_do_is_left_for_the_next_run() {
    for (flag, word) in [
        (QUIET, "archive certificate"),
        (EnrollmentFlags::REMOVE_INVALID_CERTIFICATE_FROM_PERSONAL_STORE, "delete certificate"),
        (QUIET, "removepublished"),
    ] {
        let mut profile = Profile::windows_10_22h2();
        profile.set("event-log", "everything").unwrap();
        profile.set("removal", "always").unwrap();
        let mut driver = Driver::new(profile, vec![template("Soft", &[ENHANCED], flag)]);
        let start = driver.start();
        let old = certificate(200, 100, start - Duration::days(400), start - Duration::days(35));
        driver.published = vec![old.clone()];
        driver.hold_certificate(old, Some(software_key(200)));
        driver.settings.policy = Some(2);
        driver.fail(word, DENIED);
        let lines = run(&mut driver);
        says(&lines, &[word, "run ended"], &[]);
        let done = if word == "removepublished" { "event 33 " } else { "event 10 " };
        let before = lines.find(word).unwrap();
        assert!(!lines[before..].lines().nth(1).unwrap_or_default().contains(done), "no success is logged\n{lines}");
        assert_eq!(driver.decided("F.housekeeping"), Some(true), "{word}");
        let again = run(&mut driver);
        says(&again, &[word], &[]);
        let at = again.find(word).unwrap();
        assert!(again[at..].lines().nth(1).unwrap_or_default().contains(done), "{again}");
    }
}

#[test]
fn a_replaced_certificate_that_cannot_be_archived_does_not_fail_its_successor() {
    let mut driver = silent();
    let start = driver.start();
    driver.hold(200, 100, start - Duration::days(330), start + Duration::days(35));
    driver.fail("archive certificate", DENIED);
    says(&run(&mut driver), &["archive certificate", "event 20", "enrolled"], &[]);
    assert_eq!(driver.decided("F.housekeeping"), Some(true));
}

#[test]
fn readers_that_cannot_be_listed_fail_the_item() {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.fail("readreaders", HResult::SCARD_E_NO_SERVICE);
    driver.answer(Answer::Start);
    says(&driver.take(), &["failed 0x8010001D", "event 13", "PROMPT summary"], &["PROMPT card.insert"]);
    assert_eq!(driver.decided("F.readers"), Some(true));
}

#[test]
fn readers_that_cannot_be_listed_again_leave_the_open_prompt_as_it_is() {
    let mut driver = at_pin();
    driver.fail("readreaders", HResult::SCARD_E_NO_SERVICE);
    driver.remove("alice-card");
    says(&driver.take(), &["readreaders"], &["withdrawn", "item"]);
    driver.insert("alice-card");
    driver.pin("1234");
    says(&driver.take(), &["enrolled"], &[]);
}

#[test]
fn a_card_that_fails_at_a_step_fails_the_item_by_the_rule_for_that_step() {
    for (word, code, rule) in [
        ("verify", HResult::SCARD_E_SHARING_VIOLATION, "F.card"),
        ("generate", HResult::SCARD_E_SHARING_VIOLATION, "F.generate"),
        ("generate", HResult::NTE_BAD_LEN, "S10.unsupported"),
        ("generate", HResult::NTE_TOKEN_KEYSET_STORAGE_FULL, "S10.full"),
        ("sign", HResult::NTE_FAIL, "F.sign"),
        ("write certificate", HResult::SCARD_E_READ_ONLY_CARD, "S12.error"),
        ("set default", HResult::SCARD_E_READ_ONLY_CARD, "S12.error"),
        ("add certificate", DENIED, "S12.error"),
    ] {
        let mut driver = at_pin();
        driver.fail(word, code);
        driver.pin("1234");
        says(&driver.take(), &[word, &format!("failed {code}"), "event 13", "PROMPT summary"], &["event 19"]);
        assert_eq!(driver.decided(rule), Some(true), "{word} {code}");
        driver.again_after_the_summary();
        says(&driver.take(), &["enrolled"], &[]);
        assert!(driver.requests().is_empty(), "{word} {code}");
    }
}

/// The certificate is where it belongs, so that nothing is left to be done with the user.
#[test]
fn an_entry_that_cannot_be_removed_is_taken_up_without_the_card() {
    let mut driver = at_pin();
    driver.fail("remove request", DENIED);
    driver.pin("1234");
    let summary = "PROMPT summary";
    says(&driver.take(), &["add certificate", "failed 0x80070005", "event 13", summary], &["event 19"]);
    assert_eq!(driver.decided("S12.error"), Some(true));
    driver.answer(Answer::Close);
    says(&run(&mut driver), &["remove request", "enrolled"], &["PROMPT", "add certificate"]);
    assert!(driver.requests().is_empty());
}

#[test]
fn a_pin_that_was_changed_amid_an_item_is_presented_once() {
    for word in ["generate", "sign", "write certificate", "set default"] {
        let mut driver = at_pin();
        driver.instead.push((word, EffectResult::WrongPin { tries_left: Some(2) }));
        driver.pin("1234");
        says(&driver.take(), &[word, "failed 0x8010006B", "PROMPT summary"], &["PROMPT pin"]);
        assert_eq!(driver.decided("F.pin"), Some(true), "{word}");
    }
}

#[test]
fn a_request_that_cannot_be_noted_leaves_no_key_behind() {
    let mut driver = silent();
    driver.fail("put request Prepared", DENIED);
    says(&run(&mut driver), &["software: delete soft-1", "failed 0x80070005", "event 13"], &["submit", "sign"]);
    assert_eq!(driver.decided("F.request-store"), Some(true));
    says(&run(&mut driver), &["enrolled"], &[]);
}

#[test]
fn an_answer_that_cannot_be_noted_is_not_acted_on() {
    let mut driver = silent();
    driver.fail("put request Issued", DENIED);
    says(&run(&mut driver), &["failed 0x80070005"], &["add certificate"]);
    says(&run(&mut driver), &["software: delete soft-1", "enrolled in soft-2"], &[]);
    let mut driver = silent();
    driver.replies = [Ok(Disposition::Pending)].into();
    driver.fail("put request Pending", DENIED);
    says(&run(&mut driver), &["failed 0x80070005"], &[]);
    assert_eq!(driver.requests()[0].stage, RequestStage::Prepared);
}

#[test]
fn a_key_that_cannot_be_deleted_keeps_its_entry_and_one_that_is_gone_does_not() {
    for (code, rule, left) in [(DENIED, "F.leftovers", 1), (HResult::NTE_BAD_KEYSET, "F.leftovers", 0)] {
        let mut driver = silent();
        driver.replies = [Ok(Disposition::Denied(DENIED)), Ok(Disposition::Denied(DENIED))].into();
        driver.fail("software: delete", code);
        says(&run(&mut driver), &["software: delete soft-1", "failed 0x80070005"], &[]);
        assert_eq!(driver.decided(rule), Some(true), "{code}");
        assert_eq!(driver.requests().len(), left, "{code}");
        says(&run(&mut driver), &["enrolled in soft-2"], &[]);
        assert!(driver.requests().is_empty());
    }
}

#[test]
fn an_entry_that_cannot_be_removed_does_not_stop_the_next_request() {
    let mut driver = silent();
    driver.request("Soft", 90, software_key(90), RequestStage::Prepared);
    driver.fail("remove request", DENIED);
    says(&run(&mut driver), &["software: delete old-90", "remove request", "enrolled"], &[]);
    assert_eq!(driver.decided("F.leftovers"), Some(true));
}

#[test]
fn a_ca_that_does_not_answer_about_a_pending_request_is_asked_again() {
    let mut driver = silent();
    driver.replies = [Ok(Disposition::Pending), Err(HResult::RPC_S_SERVER_UNAVAILABLE)].into();
    run(&mut driver);
    says(&run(&mut driver), &["retrieve 1", "failed 0x800706BA", "event 13"], &["generate", "submit"]);
    assert_eq!(driver.decided("F.retrieve"), Some(true));
    driver.replies = [Ok(Disposition::Issued)].into();
    says(&run(&mut driver), &["retrieve 1", "enrolled"], &["generate"]);
}

fn archiving() -> Driver {
    let mut template = template("Soft", &[ENHANCED], QUIET);
    template.private_key_flags = PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
    Driver::new(Profile::server_2003_sp1(), vec![template])
}

#[test]
fn a_key_that_cannot_be_archived_goes_with_its_entry_at_the_next_run() {
    let mut driver = archiving();
    driver.fail("software: archive", DENIED);
    says(&run(&mut driver), &["failed 0x80070005"], &["submit"]);
    assert_eq!(driver.decided("F.sign"), Some(true));
    assert_eq!(driver.requests().len(), 1);
    says(&run(&mut driver), &["software: delete soft-1", "enrolled in soft-2"], &[]);
}

#[test]
fn a_key_is_enveloped_anew_for_each_ca() {
    let mut driver = archiving();
    driver.fail("readexchangecertificate", HResult::RPC_S_SERVER_UNAVAILABLE);
    let lines = run(&mut driver);
    says(&lines, &["enrolled", "submit to CA2"], &["submit to CA1"]);
    let mut driver = archiving();
    driver.replies = [Ok(Disposition::Denied(DENIED))].into();
    let lines = run(&mut driver);
    says(&lines, &["submit to CA1", "submit to CA2", "enrolled"], &[]);
    assert_eq!(lines.matches("software: archive").count(), 2, "{lines}");
}

#[test]
fn a_card_keeps_its_keys_so_that_none_is_archived() {
    let mut driver = at_pin();
    driver.templates[0].private_key_flags = PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
    driver.answer(Answer::Cancel);
    driver.answer(Answer::Close);
    driver.wait(Duration::minutes(11));
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    driver.pin("1234");
    says(&driver.take(), &[&format!("failed {}", HResult::NTE_NOT_SUPPORTED)], &["submit"]);
}

fn with_servers(urls: &[&str]) -> Driver {
    let mut driver = Driver::new(Profile::windows_10_22h2(), vec![template("Soft", &[ENHANCED], QUIET)]);
    driver.change_profile("timer", "off");
    driver.settings.policy_servers = urls
        .iter()
        .map(|url| PolicyServer {
            key: (*url).into(),
            url: (*url).into(),
            policy_id: (*url).into(),
            flags: 0x10,
            auth_flags: 2,
            cost: 1,
        })
        .collect();
    driver
}

fn policy(driver: &Driver, not_changed: bool) -> PolicyResponse {
    let told = |template: &autoenroll_model::Template| PolicyTemplate {
        template: template.clone(),
        enroll: true,
        autoenroll: true,
    };
    PolicyResponse {
        not_changed,
        next_update_hours: None,
        templates: if not_changed { vec![] } else { driver.templates.iter().map(told).collect() },
        authorities: if not_changed { vec![] } else { driver.authorities() },
    }
}

#[test]
fn a_policy_server_that_fails_is_logged_the_others_are_asked_and_nothing_is_kept() {
    let mut driver = with_servers(&["https://a/", "https://b/"]);
    let told = policy(&driver, false);
    driver.policies = [Err(HResult::CERTSRV_E_NO_POLICY_SERVER), Ok(told)].into();
    says(&run(&mut driver), &["event 6 error", "0x80094015", "enrolled"], &[]);
    assert_eq!(driver.decided("F.policy-server"), Some(true));
    driver.policies = [Err(HResult::CERTSRV_E_NO_POLICY_SERVER), Ok(policy(&driver, true))].into();
    let lines = run(&mut driver);
    assert_eq!(lines.matches("getpolicies").count(), 2, "both are asked again\n{lines}");
}

#[test]
fn a_directory_that_cannot_be_read_is_one_end_point_of_its_group() {
    const FOREST: &str = "{01010101-0101-0101-0101-010101010101}";
    let mut driver = with_servers(&["LDAP:", "https://a/"]);
    for server in &mut driver.settings.policy_servers {
        server.policy_id = FOREST.into();
    }
    driver.fail("readtemplates", HResult::ERROR_DS_SERVER_DOWN);
    driver.policies = [Ok(policy(&driver, false))].into();
    says(&run(&mut driver), &["getpolicies", "enrolled"], &["event 6"]);
    assert_eq!(driver.decided("V1.3.next"), Some(true));
}

#[test]
fn what_a_policy_server_told_before_it_failed_holds_when_nothing_has_changed() {
    let mut driver = with_servers(&["https://a/"]);
    driver.policies =
        [Ok(policy(&driver, false)), Err(HResult::CERTSRV_E_NO_POLICY_SERVER), Ok(policy(&driver, true))].into();
    says(&run(&mut driver), &["enrolled"], &[]);
    driver.wait(Duration::hours(9));
    driver.stores.my.clear();
    says(&run(&mut driver), &["run ended"], &["item"]);
    says(&run(&mut driver), &["getpolicies", "enrolled"], &[]);
}

#[test]
fn each_policy_server_speaks_for_itself_when_it_says_that_nothing_has_changed() {
    let mut driver = with_servers(&["https://a/", "https://b/"]);
    let nothing = PolicyResponse { templates: vec![], authorities: vec![], ..policy(&driver, false) };
    driver.policies = [Ok(policy(&driver, false)), Ok(nothing)].into();
    says(&run(&mut driver), &["enrolled"], &[]);
    driver.wait(Duration::hours(9));
    driver.stores.my.clear();
    let changed = PolicyResponse { templates: vec![], authorities: vec![], ..policy(&driver, false) };
    driver.policies = [Ok(changed), Ok(policy(&driver, true))].into();
    says(&run(&mut driver), &["run ended"], &["item"]);
}

#[test]
fn a_certificate_that_was_not_inspected_counts_as_one_without_a_chain() {
    let mut driver = silent();
    let start = driver.start();
    let held = driver.hold(200, 100, start, start + Duration::days(365));
    let check = |chain, key_usable| CertificateCheck { thumbprint: held.clone(), chain, revoked: false, key_usable };
    for (checks, valid) in [
        (vec![], false),
        (vec![check(HResult::CERT_E_CHAINING, true)], false),
        (vec![check(HResult::S_OK, false)], false),
        (vec![check(HResult::S_OK, true)], true),
    ] {
        driver.crash();
        driver.settings.policy = Some(2);
        driver.instead.push(("inspect", EffectResult::Checks(checks)));
        run(&mut driver);
        assert_eq!(driver.decided("R057"), Some(!valid));
    }
}

#[test]
fn a_wizard_that_is_closed_waits_only_for_what_has_to_be_noted() {
    let closed = |word| {
        let mut driver = at_pin();
        driver.hangs = Some(word);
        driver.pin("1234");
        driver.take();
        driver.input(Input::WizardClosed, "close");
        driver
    };
    let mut driver = closed("verify");
    says(&driver.take(), &["abandon effect", "run ended"], &[]);
    for word in ["generate", "submit"] {
        let mut driver = closed(word);
        says(&driver.take(), &[], &["abandon effect", "run ended"]);
        driver.hangs = None;
        driver.input(Input::Tick, "tick");
        says(&driver.take(), &["run ended"], &["submit to"]);
    }
    // Nobody waits for another CA.
    let mut driver = closed("submit");
    driver.replies = [Err(HResult::RPC_S_SERVER_UNAVAILABLE)].into();
    driver.hangs = None;
    driver.input(Input::Tick, "tick");
    says(&driver.take(), &["run ended"], &["submit"]);
}

#[test]
fn only_a_provider_that_asks_by_itself_tells_that_its_user_has_given_up() {
    let mut driver = at_pin();
    driver.fail("verify", HResult::SCARD_W_CANCELLED_BY_USER);
    driver.pin("1234");
    assert_eq!((driver.decided("S9.cancel"), driver.decided("F.card")), (None, Some(true)));
}

#[test]
fn a_question_that_goes_with_the_card_is_asked_again_when_it_is_back() {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    driver.cards.insert("alice-card".into(), Card::of(BASE).with_default("Slot0"));
    driver.inserted = vec!["alice-card".into()];
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    says(&driver.take(), &["PROMPT card.replace-default"], &[]);
    driver.remove("alice-card");
    driver.insert("alice-card");
    driver.answer(Answer::Ok);
    says(&driver.take(), &["PROMPT card.insert", "PROMPT card.replace-default"], &["PROMPT pin"]);
}

#[test]
fn what_another_template_has_left_behind_is_left_alone() {
    let mut driver = silent();
    driver.request("Soft", 90, software_key(90), RequestStage::Prepared);
    driver.request("Other", 91, software_key(91), RequestStage::Prepared);
    says(&run(&mut driver), &["software: delete old-90", "enrolled"], &["software: delete old-91"]);
    let left: Vec<&str> = driver.requests().iter().map(|entry| entry.template.as_str()).collect();
    assert_eq!(left, ["Other"]);
}

/// The wizard has started on a card with a default container that holds no certificate yet, or one.
fn at_default(occupied: bool) -> Driver {
    let flags = EnrollmentFlags::USER_INTERACTION_REQUIRED;
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![template("Card", &[BASE], flags)]);
    let mut card = Card::of(BASE).with_default("Slot0");
    card.containers[0].has_certificate = occupied;
    driver.cards.insert("alice-card".into(), card);
    driver.inserted = vec!["alice-card".into()];
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.answer(Answer::Start);
    driver
}

#[test]
fn what_was_agreed_to_holds_for_that_container_alone() {
    let changed = |occupied: bool, name: &str, asked: bool| {
        let mut driver = at_default(occupied);
        if occupied {
            driver.answer(Answer::Yes);
        }
        let containers = &mut driver.cards.get_mut("alice-card").unwrap().containers;
        (containers[0].name, containers[0].has_certificate) = (name.into(), true);
        driver.take();
        driver.pin("1234");
        let lines = driver.take();
        assert_eq!(lines.contains("PROMPT card.replace-default"), asked, "{lines}");
    };
    changed(true, "Slot0", false);
    changed(true, "Slot9", true);
    changed(false, "Slot0", true);
}

#[test]
fn a_card_that_is_pulled_before_its_certificate_is_written_is_looked_for_again() {
    let mut driver = at_pin();
    driver.replies = [Ok(Disposition::Pending)].into();
    driver.pin("1234");
    driver.trigger(TriggerCause::Manual);
    driver.wait(Duration::minutes(1));
    driver.click_icon();
    driver.fail("describe", HResult::SCARD_W_REMOVED_CARD);
    driver.take();
    driver.answer(Answer::Start);
    let lines = driver.take();
    assert_eq!((lines.matches("describe").count(), lines.matches("readreaders").count()), (2, 2), "{lines}");
}
