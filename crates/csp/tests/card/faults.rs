//! A card that is pulled at every possible moment: whatever is left can be read, used and repaired.

use autoenroll_apdu::StatusWord;
use autoenroll_csp::Step;
use autoenroll_keys::PublicKey;
use autoenroll_model::{CardOperation, EffectResult, HResult, KeyAlgorithm, SignatureAlgorithm};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::reader::{
    Fault, PIN, Reader, delete, done, generate, generate_default, overwrite, read_certificate, set_default, summary,
    write_certificate,
};

/// The same card for every fault: a default container with a certificate, and a container without.
fn reader() -> (Reader, String, String) {
    let mut reader = Reader::with("gids");
    let (first, second) = (reader.generate(), reader.generate());
    reader.run(write_certificate(&first, b"certificate 1"));
    reader.run(set_default(&first));
    reader.trace.clear();
    (reader, first, second)
}

/// Pulls the card before and after each command of the operation. Gives the commands and, below each after which the card
/// describes itself in another way, what it then says. (Pulled before a command, a card is as after the one before.)
fn check(operation: impl Fn(&str, &str) -> CardOperation) -> String {
    let (mut untouched, first, second) = reader();
    let operation = operation(&first, &second);
    let start = |reader: &mut Reader| reader.perform(operation.clone(), Some(PIN));
    let mut seen = summary(&untouched.describe());
    let mut text = format!("    {seen}\n");
    let running = start(&mut untouched);
    let (_, commands) = untouched.run_into(Fault::None, &running);

    for at in 1..=commands {
        let gone = Step::Done(EffectResult::Failed(HResult::SCARD_W_REMOVED_CARD));
        // Gone while logging out, a card has still done what it was asked.
        let as_expected = |step: Step| (step == gone) == (at < commands);

        let (mut before, ..) = reader();
        let running = start(&mut before);
        assert!(as_expected(before.run_into(Fault::PulledBefore(at), &running).0), "before command {at}");
        assert_usable(&mut before);

        let (mut after, ..) = reader();
        let running = start(&mut after);
        assert!(as_expected(after.run_into(Fault::PulledAfter(at), &running).0), "after command {at}");
        let command = after.trace.last().cloned().unwrap_or_default();
        text += &format!("{}\n", command.trim());
        let now = summary(&after.describe());
        if now != seen {
            text += &format!("    {now}\n");
            seen = now;
        }
        assert_usable(&mut after);

        // The card must take further keys afterwards.
        let again = after.run(generate(KeyAlgorithm::Rsa1024));
        assert!(matches!(again, EffectResult::Generated { .. }), "{command}: {again:?}");
        assert_usable(&mut after);
    }
    text
}

/// What the description promises holds: each key signs, each certificate can be read, and one container at most is the
/// default. The bench's own look at the card agrees.
fn assert_usable(reader: &mut Reader) {
    let description = reader.describe();
    let state = reader.card.look();
    assert_eq!(state.faults, [], "every file is well-formed");
    assert!(description.containers.iter().filter(|container| container.default).count() <= 1);
    for container in &description.containers {
        let seen = state.containers.iter().find(|seen| seen.index == container.index).unwrap();
        assert_eq!((&seen.name, seen.default), (&container.name, container.default));
        if container.has_key {
            assert_signs(reader, &container.name, seen.key.as_ref().and_then(|key| key.public.clone()));
        }
        let read = reader.run_with(read_certificate(&container.name), None);
        match (container.has_certificate, read) {
            (true, EffectResult::Certificate(der)) => assert!(der.starts_with(b"certificate"), "{der:?}"),
            (false, read) => assert_eq!(read, EffectResult::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE)),
            (true, read) => panic!("{} has no certificate: {read:?}", container.name),
        }
    }
}

fn assert_signs(reader: &mut Reader, container: &str, public: Option<PublicKey>) {
    let algorithm = SignatureAlgorithm::RsaSha256;
    let sign = CardOperation::Sign { container: container.into(), algorithm, message: b"message".to_vec() };
    let EffectResult::Signature(signature) = reader.run(sign) else { panic!("{container} does not sign") };
    assert_eq!(public.expect("a key").verify(algorithm, b"message", &signature), Ok(()));
}

#[test]
fn generate_a_default() {
    let text = check(|_, _| generate_default());
    insta::assert_snapshot!(text);
}

#[test]
fn generate_over_a_container() {
    let text = check(|first, _| overwrite(first));
    insta::assert_snapshot!(text);
}

#[test]
fn write_a_certificate() {
    let text = check(|_, second| write_certificate(second, b"certificate 2"));
    insta::assert_snapshot!(text);
}

#[test]
fn replace_a_certificate() {
    let text = check(|first, _| write_certificate(first, b"certificate 2"));
    insta::assert_snapshot!(text);
}

#[test]
fn move_the_default_flag() {
    let text = check(|_, second| set_default(second));
    insta::assert_snapshot!(text);
}

#[test]
fn delete_a_container() {
    let text = check(|first, _| delete(first));
    insta::assert_snapshot!(text);
}

/// A card that refuses a command in the middle, for whatever reason, is left as it was or as it should be.
#[test]
fn a_refusal_leaves_nothing_half_done() {
    let check = |operation: fn(&str, &str) -> CardOperation, left: &[&str]| {
        for sw in [StatusWord::NO_SPACE, StatusWord::UNKNOWN, StatusWord::SECURITY_STATUS] {
            for at in 1.. {
                let (mut reader, first, second) = reader();
                let untouched = summary(&reader.describe());
                let running = reader.perform(operation(&first, &second), Some(PIN));
                let (step, commands) = reader.run_into(Fault::Refused(at, sw), &running);
                if commands < at {
                    break;
                }
                let now = summary(&reader.describe());
                if matches!(step, Step::Done(EffectResult::Failed(_))) {
                    assert!(now == untouched || left.contains(&now.as_str()), "{sw} at command {at}: {now}");
                }
                assert_usable(&mut reader);
                assert!(matches!(reader.run(generate(KeyAlgorithm::Rsa1024)), EffectResult::Generated { .. }));
                assert_usable(&mut reader);
            }
        }
    };
    check(|_, _| generate_default(), &[]);
    check(|_, second| write_certificate(second, b"certificate 2"), &[]);
    check(|first, _| write_certificate(first, b"certificate 2"), &[]);
    check(|_, second| set_default(second), &[]);
    // What is to be replaced or deleted is gone, first its certificate, then the rest; the flag has passed on.
    let gone = "[1 02020202 default key] free 15, tries 3";
    check(|first, _| overwrite(first), &["[0 01010101 default key, 1 02020202 key] free 14, tries 3", gone]);
    check(|first, _| delete(first), &[gone]);
}

/// A container that was cut short can be made good under its own name.
#[test]
fn overwriting_repairs() {
    let (mut reader, first, _) = reader();
    let operation = reader.perform(overwrite(&first), Some(PIN));
    // The old key is gone, the new key file is there but not active.
    let created = |reader: &Reader| reader.trace.last().is_some_and(|line| line.contains("CREATE FILE"));
    let at = (1..40).find(|at| {
        let (mut probe, ..) = crate::faults::reader();
        probe.run_into(Fault::PulledAfter(*at), &operation);
        created(&probe)
    });
    reader.run_into(Fault::PulledAfter(at.unwrap()), &operation);
    assert_eq!(summary(&reader.describe()), "[1 02020202 key] free 14, tries 3");
    assert!(matches!(reader.run(overwrite(&first)), EffectResult::Generated { .. }));
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 1 02020202 key] free 14, tries 3");
    assert_usable(&mut reader);
}

/// One thing that can happen to a card: an operation on some container, perhaps cut short.
#[derive(Clone, Debug)]
struct Event {
    kind: u8,
    container: usize,
    pulled: Option<usize>,
}

fn event() -> impl Strategy<Value = Event> {
    (0..7_u8, 0..4_usize, proptest::option::of(1..26_usize)).prop_map(|(kind, container, pulled)| Event {
        kind,
        container,
        pulled,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_sequence_of_operations_and_pulls_leaves_a_usable_card(events in vec(event(), 1..10)) {
        let mut reader = Reader::with("gids");
        for event in events {
            let names: Vec<String> = reader.card.look().containers.into_iter().map(|seen| seen.name).collect();
            let name = names.get(event.container).map_or("none", String::as_str);
            let operation = match event.kind {
                0 | 1 => generate(KeyAlgorithm::Rsa1024),
                2 => generate_default(),
                3 => overwrite(name),
                4 => write_certificate(name, b"certificate of some container"),
                5 => set_default(name),
                _ => delete(name),
            };
            let operation = reader.perform(operation, Some(PIN));
            let fault = event.pulled.map_or(Fault::None, Fault::PulledAfter);
            let _: EffectResult = done(reader.run_into(fault, &operation).0);
            assert_usable(&mut reader);
        }
    }
}
