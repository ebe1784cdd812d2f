//! Cards that answer nonsense: an operation ends all the same.

use autoenroll_csp::{CardAnswer, Minidriver, MinidriverSettings, Operation, Step, step};
use autoenroll_model::{CardOperation, KeyAlgorithm, SignatureAlgorithm};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::piv::PIN;
use crate::reader::{Reader, delete, generate_default, overwrite, read_certificate, set_default, write_certificate};

fn operations() -> Vec<Operation> {
    let of = |driver| operations_of(MinidriverSettings { driver, ..MinidriverSettings::default() });
    let piv = operations_of(crate::piv::token());
    [of(Minidriver::Gids), of(Minidriver::PivInbox), piv].concat()
}

fn operations_of(minidriver: MinidriverSettings) -> Vec<Operation> {
    let mut reader = Reader::with("gids");
    let identify = Operation::Identify(minidriver.driver);
    reader.minidriver = minidriver;
    let sign = CardOperation::Sign {
        container: "x".into(),
        algorithm: SignatureAlgorithm::RsaSha256,
        message: b"message".to_vec(),
    };
    let all = [
        CardOperation::Describe,
        CardOperation::VerifyPin,
        generate_default(),
        overwrite("x"),
        sign,
        read_certificate("x"),
        write_certificate("x", &[1; 400]),
        set_default("x"),
        delete("x"),
        crate::reader::generate(KeyAlgorithm::P256),
    ];
    let mut operations: Vec<_> = all.into_iter().map(|operation| reader.perform(operation, Some(PIN))).collect();
    operations.push(identify);
    operations
}

#[test]
fn the_same_answer_for_ever_comes_to_an_end() {
    let check = |answer: &[u8]| {
        for operation in operations() {
            let mut answers = Vec::new();
            while matches!(step(&operation, &answers), Step::Send(_)) {
                answers.push(CardAnswer::Response(answer.to_vec()));
                assert!(answers.len() <= 1_024, "{operation:?}");
            }
        }
    };
    check(&[0x90, 0x00]);
    check(&[0x61, 0x00]);
    check(&[0xAA, 0x61, 0x01]);
    check(&[0x6C, 0x01]);
    check(&[0xDF, 0x22, 0x06, 0, 0, 0, 0, 0, 0, 0x90, 0x00]);
}

/// Answers that lead deeper than noise does: a status word behind nothing, noise, or a data object.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let value = vec(any::<u8>(), 0..200);
    let status = prop_oneof![
        6 => Just([0x90, 0x00]),
        1 => Just([0x6A, 0x88]),
        1 => Just([0x61, 0x10]),
        1 => Just([0x6A, 0x84]),
        1 => any::<[u8; 2]>(),
    ];
    let gids = (0xDF1F_u16..0xDF26).prop_map(|tag| tag.to_be_bytes().to_vec());
    let piv = prop_oneof![Just(vec![0x53]), Just(vec![0x7C, 0x81, 0x82]), Just(vec![0x7F, 0x49])];
    (value, prop_oneof![gids, piv], any::<bool>(), status).prop_map(|(value, tag, wrapped, status)| {
        let object = if wrapped { [&tag, &[0x81, value.len() as u8][..], &value].concat() } else { value };
        [object.as_slice(), &status].concat()
    })
}

proptest! {
    #[test]
    fn any_answers_are_survived(which in 0..33_usize, answers in vec(answer(), 0..40)) {
        let operation = &operations()[which];
        let answers: Vec<CardAnswer> = answers.into_iter().map(CardAnswer::Response).collect();
        for sent in 0..=answers.len() {
            let _: Step = step(operation, &answers[..sent]);
        }
    }
}
