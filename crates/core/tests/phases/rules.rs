//! Rules that look at a template or a certificate alone, each as a table: what is given, and the decision that must
//! come.

use autoenroll_model::{
    AceEffect, CertificateCheck, CngSettings, Context, Disposition, Duration, Effect, EnrollmentFlags, FileTime,
    GeneralFlags, HResult, NameFlags, PrivateKeyFlags, Profile, RequestStage, SecurityDescriptor, SignatureAlgorithm,
    SoftwareOperation, Template, TriggerCause,
};

use crate::driver::{
    ALICE, CARD_LOGON, Driver, ENHANCED, TEMPLATE_OID, certificate, certificate_of, public_key, software_key, template,
};

const QUIET: EnrollmentFlags = EnrollmentFlags::empty();
const OTHER_OID: &str = "1.3.6.1.4.1.311.21.8.1.2.4";

fn soft() -> Template {
    template("Soft", &[ENHANCED], QUIET)
}

fn run_of(profile: Profile, templates: Vec<Template>, prepare: impl FnOnce(&mut Driver)) -> Driver {
    let mut driver = Driver::new(profile, templates);
    prepare(&mut driver);
    driver.trigger(TriggerCause::Logon);
    driver
}

#[test]
fn each_property_that_makes_a_template_ineligible_is_told_by_its_own_rule() {
    type Change = fn(&mut Template);
    let denying = |template: &mut Template, mask| {
        let dacl = template.security.dacl.as_mut().unwrap();
        let mut ace = dacl[0].clone();
        (ace.effect, ace.mask) = (AceEffect::Deny, mask);
        dacl.insert(0, ace);
    };
    let cases: &[(&str, bool, Change)] = &[
        ("R036", false, |t| t.schema = None),
        ("R036", false, |t| t.schema = Some(1)),
        ("R036", true, |t| t.schema = Some(2)),
        ("P7.4", false, |t| t.schema = Some(3)),
        ("R034", false, |t| t.schema = Some(4)),
        ("R037", false, |t| t.flags = GeneralFlags::MACHINE_TYPE),
        ("R038", false, |t| t.flags = GeneralFlags::IS_CA),
        ("R038", false, |t| t.flags = GeneralFlags::IS_CROSS_CA),
        ("R039", false, |t| t.enrollment_flags = Some(QUIET)),
        ("R039", false, |t| t.enrollment_flags = None),
        ("R039", true, |t| (t.enrollment_flags, t.flags) = (None, GeneralFlags::AUTO_ENROLLMENT)),
        ("R045", true, |t| t.ra_signatures = 1),
        ("R045", false, |t| t.ra_signatures = 2),
        ("R040", false, |t| t.security = SecurityDescriptor { owner: None, dacl: Some(vec![]) }),
        ("R040", true, |t| t.security = SecurityDescriptor { owner: None, dacl: None }),
        ("R040", false, |t| t.security.dacl.as_mut().unwrap()[0].trustee = "S-1-5-21-9-9-9-500".parse().unwrap()),
        ("R046", true, |t| t.name_flags = NameFlags::ENROLLEE_SUPPLIES_SUBJECT),
        ("R046", true, |t| t.name_flags = NameFlags::ENROLLEE_SUPPLIES_SUBJECT_ALT_NAME),
    ];
    for (at, (rule, holds, change)) in cases.iter().enumerate() {
        let mut template = soft();
        change(&mut template);
        let driver = run_of(Profile::server_2003_sp1(), vec![template], |_| {});
        assert_eq!(driver.decided(rule), Some(*holds), "case {at}: {rule}");
        let enrolled = driver.lines.contains("enrolled");
        assert_eq!(enrolled, *holds && !matches!(*rule, "R045" | "R046"), "case {at}: {rule}");
    }
    let mut template = soft();
    denying(&mut template, autoenroll_model::rights::FULL);
    let driver = run_of(Profile::server_2003_sp1(), vec![template], |_| {});
    assert_eq!(driver.decided("R041"), Some(true));
    assert!(!driver.lines.contains("enrolled") && ALICE.starts_with("S-1-5"));
}

#[test]
fn a_template_without_an_issuing_ca_or_for_the_other_context_is_passed_over() {
    let read = |services| autoenroll_model::EffectResult::EnrollmentServices(services);
    for services in [vec![], {
        let mut services = Driver::new(Profile::server_2003_sp1(), vec![soft()]).authorities();
        services.iter_mut().for_each(|service| service.host = None);
        services
    }] {
        let driver = run_of(Profile::server_2003_sp1(), vec![soft()], |driver| {
            driver.instead.push(("readenrollment", read(services)));
        });
        assert_eq!(driver.decided("R031"), Some(true));
    }
    let mut driver = Driver::of(Context::Machine, Profile::server_2003_sp1(), vec![soft()]);
    driver.trigger(TriggerCause::Boot);
    assert_eq!(driver.decided("R037"), Some(false));
}

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

#[test]
fn renewal_is_due_at_the_smaller_of_the_period_and_a_fifth_of_the_life() {
    // Life, renewal period, and the first second of the certificate's life at which it is due.
    for (life, period, first) in [
        (365 * DAY, 42 * DAY, 323 * DAY),
        (7 * DAY, 7 * DAY, 7 * DAY * 4 / 5),
        (30 * DAY, 42 * DAY, 24 * DAY),
        (365 * DAY, 0, 365 * DAY),
        (100 * DAY, 20 * DAY, 80 * DAY),
    ] {
        for (age, due) in [(first - 1, false), (first, true), (first + 1, true)] {
            if age >= life {
                continue;
            }
            let mut template = soft();
            template.renewal_period = Duration::seconds(period);
            let driver = run_of(Profile::server_2003_sp1(), vec![template], |driver| {
                let from = driver.start() - Duration::seconds(age);
                driver.hold(200, 100, from, from + Duration::seconds(life));
            });
            assert_eq!(driver.decided("R053"), Some(due), "{life} {period} {age}");
            assert_eq!(driver.lines.contains("renew"), due, "{life} {period} {age}");
        }
    }
}

#[test]
fn at_the_very_threshold_the_profile_decides() {
    for (threshold, due) in [("inclusive", true), ("exclusive", false)] {
        let mut profile = Profile::server_2003_sp1();
        profile.set("threshold", threshold).unwrap();
        let driver = run_of(profile, vec![soft()], |driver| {
            let from = driver.start() - Duration::days(323);
            driver.hold(200, 100, from, from + Duration::days(365));
        });
        assert_eq!((driver.decided("P7.27"), driver.decided("R053")), (Some(due), Some(due)));
    }
}

#[test]
fn a_certificate_is_good_outdated_due_or_none() {
    // Days of its life that are over and left, its major version, what is found out, the template's flags, the policy,
    // what is done.
    let good = |_: &mut CertificateCheck| {};
    type Found = fn(&mut CertificateCheck);
    let skip = EnrollmentFlags::SKIP_AUTO_RENEWAL;
    let cases: &[(u64, u64, u32, Found, EnrollmentFlags, u32, &str)] = &[
        (10, 355, 100, good, QUIET, 7, ""),
        (10, 355, 99, good, QUIET, 7, "Soft re-enroll"),
        (10, 355, 99, good, QUIET, 6, ""),
        (350, 15, 99, good, QUIET, 6, "Soft renew"),
        (350, 15, 100, good, QUIET, 7, "Soft renew"),
        (350, 15, 100, good, QUIET, 5, ""),
        (350, 15, 100, good, skip, 7, ""),
        (10, 355, 100, |check| check.revoked = true, QUIET, 7, "Soft enroll"),
        (10, 355, 100, |check| check.key_usable = false, QUIET, 7, "Soft enroll"),
        (10, 355, 100, |check| check.chain = HResult::CERT_E_CHAINING, QUIET, 7, "Soft enroll"),
        (10, 355, 100, |check| check.chain = HResult::CERT_E_CHAINING, QUIET, 6, ""),
    ];
    for (at, (over, left, major, found, flags, policy, action)) in cases.iter().enumerate() {
        let driver = run_of(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], *flags)], |driver| {
            driver.settings.policy = Some(*policy);
            let start = driver.start();
            let thumbprint = driver.hold(200, *major, start - Duration::days(*over), start + Duration::days(*left));
            let mut check = CertificateCheck { thumbprint, chain: HResult::S_OK, revoked: false, key_usable: true };
            found(&mut check);
            driver.checks.push(check);
        });
        assert_eq!(driver.lines.contains("item"), !action.is_empty(), "case {at}\n{}", driver.lines);
        assert!(driver.lines.contains(action), "case {at}\n{}", driver.lines);
    }
}

#[test]
fn only_a_candidate_supersedes_and_what_it_supersedes_is_retired() {
    let named = |name: &str, oid: &str, supersedes: &[&str]| {
        let mut template = template(name, &[ENHANCED], QUIET);
        template.oid = Some(oid.parse().unwrap());
        template.supersedes = supersedes.iter().map(|name| (*name).into()).collect();
        template
    };
    for (eligible, enrolled) in [(true, "New"), (false, "Old")] {
        let mut new = named("New", OTHER_OID, &["Old"]);
        if !eligible {
            new.schema = Some(4);
        }
        let driver = run_of(Profile::server_2003_sp1(), vec![named("Old", TEMPLATE_OID, &[]), new], |_| {});
        assert_eq!(driver.decided("R044"), Some(eligible));
        assert!(driver.lines.contains(&format!("item {enrolled} enroll")), "{}", driver.lines);
        assert_eq!(driver.lines.matches("item").count(), 2, "one item begins and ends\n{}", driver.lines);
    }
    let templates = vec![named("Old", TEMPLATE_OID, &[]), named("New", OTHER_OID, &["Old"])];
    let driver = run_of(Profile::server_2003_sp1(), templates, |driver| {
        let start = driver.start();
        driver.issues = OTHER_OID;
        driver.hold(200, 100, start, start + Duration::days(365));
    });
    assert_eq!(driver.decided("R056"), Some(true));
    assert!(driver.lines.contains("archive certificate"), "{}", driver.lines);
}

/// A co-signing certificate of another template, with the key of that serial number or none.
fn agent(driver: &mut Driver, serial: u8, with_key: bool) {
    let start = driver.start();
    let der = certificate_of(OTHER_OID, public_key(serial), serial, 100, start, start + Duration::days(365));
    driver.hold_certificate(der, with_key.then(|| software_key(serial)));
}

#[test]
fn only_a_certificate_with_its_key_co_signs() {
    for (keys, signs) in [(&[][..], false), (&[false][..], false), (&[true][..], true), (&[false, true][..], true)] {
        let mut asks = soft();
        asks.ra_signatures = 1;
        asks.ra_application_policies = asks.eku.clone();
        let mut other = template("Agent", &[ENHANCED], QUIET);
        other.oid = Some(OTHER_OID.parse().unwrap());
        let driver = run_of(Profile::server_2003_sp1(), vec![asks, other], |driver| {
            for (serial, with_key) in (210..).zip(keys) {
                agent(driver, serial, *with_key);
            }
        });
        assert_eq!(driver.decided("R071"), Some(signs), "{keys:?}");
    }
}

/// SubjectPublicKeyInfo of a key on the curve P-256 whose point is made up.
fn elliptic_key() -> Vec<u8> {
    let mut key = vec![0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
    key.extend([0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04]);
    key.extend([7; 64]);
    key
}

#[test]
fn a_reused_key_signs_by_its_own_algorithm_whatever_the_template_wants_now() {
    let elliptic = CngSettings {
        asymmetric_algorithm: Some("ECDSA_P256".into()),
        hash_algorithm: None,
        key_usage: None,
        symmetric_algorithm: None,
        symmetric_key_length: None,
        key_security: None,
    };
    for (key, cng, expected) in [
        (public_key(200), None, SignatureAlgorithm::RsaSha256),
        (public_key(200), Some(elliptic.clone()), SignatureAlgorithm::RsaSha256),
        (elliptic_key(), None, SignatureAlgorithm::EcdsaSha256),
        (elliptic_key(), Some(elliptic), SignatureAlgorithm::EcdsaSha256),
    ] {
        let mut renews = soft();
        renews.schema = Some(4);
        renews.cng = cng;
        renews.private_key_flags = PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL;
        let driver = run_of(Profile::windows_10_22h2(), vec![renews], |driver| {
            let start = driver.start();
            let (from, until) = (start - Duration::days(350), start + Duration::days(15));
            let der = certificate_of(TEMPLATE_OID, key, 200, 100, from, until);
            driver.hold_certificate(der, Some(software_key(200)));
        });
        let signed: Vec<SignatureAlgorithm> = driver
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Software { operation: SoftwareOperation::Sign { algorithm, .. }, .. } => Some(*algorithm),
                _ => None,
            })
            .collect();
        assert!(
            !signed.is_empty() && signed.iter().all(|algorithm| *algorithm == expected),
            "{signed:?} {expected:?}\n{}",
            driver.lines
        );
    }
}

#[test]
fn a_denied_same_key_renewal_never_deletes_the_old_certificates_key() {
    let denied = Ok(Disposition::Denied(HResult::E_ACCESSDENIED));
    let renews = || {
        let mut renews = soft();
        renews.schema = Some(4);
        renews.private_key_flags = PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL;
        renews
    };
    let due = |driver: &mut Driver| {
        let start = driver.start();
        driver.hold(200, 100, start - Duration::days(350), start + Duration::days(15))
    };
    // At once, after it was pending, and when it was never sent.
    for replies in [vec![denied, denied], vec![Ok(Disposition::Pending), denied]] {
        let mut driver = run_of(Profile::windows_10_22h2(), vec![renews()], |driver| {
            due(driver);
            driver.replies = replies.into();
        });
        driver.trigger(TriggerCause::Manual);
        assert!(!driver.lines.contains("software: delete"), "{}", driver.lines);
        assert!(driver.lines.contains("failed 0x80070005"), "{}", driver.lines);
    }
    let mut driver = Driver::new(Profile::windows_10_22h2(), vec![soft()]);
    let start = driver.start();
    driver.hold(200, 100, start - Duration::days(400), start - Duration::days(35));
    driver.stores.my[0].archived = true;
    driver.request("Soft", 200, software_key(200), RequestStage::Prepared);
    driver.trigger(TriggerCause::Logon);
    assert!(driver.lines.contains("remove request"), "{}", driver.lines);
    assert!(!driver.lines.contains("software: delete"), "an archived certificate still decrypts\n{}", driver.lines);
}

#[test]
fn a_pending_renewal_remembers_the_certificate_that_it_replaces() {
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![soft()]);
    let start = driver.start();
    driver.hold(199, 100, start - Duration::days(400), start - Duration::days(35));
    let due = driver.hold(200, 100, start - Duration::days(350), start + Duration::days(15));
    driver.replies = [Ok(Disposition::Pending), Ok(Disposition::Issued)].into();
    driver.trigger(TriggerCause::Logon);
    assert_eq!(driver.requests()[0].replaces, Some(due.clone()));
    driver.trigger(TriggerCause::Manual);
    let old = driver.stores.my.iter().find(|stored| stored.thumbprint == due).unwrap();
    assert!(old.archived, "{}", driver.lines);
}

#[test]
fn the_directory_object_suppresses_an_enrollment_while_its_certificate_is_valid() {
    let flag = EnrollmentFlags::AUTO_ENROLLMENT_CHECK_USER_DS_CERTIFICATE;
    for (from, until, suppressed) in [(0, 365, true), (400, 0, false)] {
        let driver = run_of(Profile::server_2003_sp1(), vec![template("Soft", &[ENHANCED], flag)], |driver| {
            let start: FileTime = driver.start();
            let until = if until == 0 { start - Duration::days(35) } else { start + Duration::days(until) };
            driver.published = vec![certificate(201, 100, start - Duration::days(from), until)];
        });
        assert_eq!(driver.decided("R047").unwrap_or_default(), suppressed);
        assert_eq!(driver.lines.contains("enrolled"), !suppressed, "{}", driver.lines);
    }
}

#[test]
fn a_template_without_providers_takes_those_of_the_kind_that_its_usage_asks_for() {
    let check = |usage: &str, kind: &str, elsewhere: &str| {
        let mut named = template("Soft", &[], EnrollmentFlags::empty());
        named.eku = vec![usage.parse().unwrap()];
        let mut driver = run_of(Profile::server_2003_sp1(), vec![named], |_| {});
        driver.wait(Duration::minutes(1));
        assert!(driver.lines.contains(kind) && !driver.lines.contains(elsewhere), "{usage}\n{}", driver.lines);
    };
    check("1.3.6.1.5.5.7.3.2", "software: generate", "BALLOON");
    check(CARD_LOGON, "BALLOON", "software: generate");
}
