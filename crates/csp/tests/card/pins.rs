//! PINs: right, wrong, malformed, blocked.

use autoenroll_model::{CardOperation, EffectResult, HResult};

use crate::reader::{PIN, Reader, generate_default};

#[test]
fn the_counter_is_the_cards() {
    let mut reader = Reader::with("gids");
    let mut check = |pin: &str, expected: EffectResult, tries_left: u8| {
        assert_eq!(reader.run_with(CardOperation::VerifyPin, Some(pin)), expected, "{pin}");
        assert_eq!(reader.describe().tries_left, Some(tries_left), "after {pin}");
        assert!(!reader.card.look().user, "no user stays authenticated");
    };
    let wrong = |tries| EffectResult::WrongPin { tries_left: Some(tries) };
    let failed = EffectResult::Failed;

    check("0000", wrong(2), 2);
    check("0001", wrong(1), 1);
    check(PIN, EffectResult::Done, 3);

    // A PIN that cannot be one costs no attempt: it is not sent.
    check("", failed(HResult::SCARD_E_INVALID_CHV), 3);
    check("12345678901234567", failed(HResult::SCARD_E_INVALID_CHV), 3);

    check("0000", wrong(2), 2);
    check("0000", wrong(1), 1);
    check("0000", wrong(0), 0);
    check("0000", failed(HResult::SCARD_W_CHV_BLOCKED), 0);
    check(PIN, failed(HResult::SCARD_W_CHV_BLOCKED), 0);
}

#[test]
fn a_wrong_pin_ends_the_operation_before_it_begins() {
    let mut reader = Reader::with("gids");
    let before = reader.card.look().containers;
    let result = reader.run_with(generate_default(), Some("9999"));
    assert_eq!(result, EffectResult::WrongPin { tries_left: Some(2) });
    assert_eq!(reader.card.look().containers, before);
    assert_eq!(
        reader.trace.last().map(String::as_str),
        reader.trace.iter().find(|line| line.contains("VERIFY PIN")).map(String::as_str)
    );
}
