//! What operations send, line by line.

use autoenroll_csp::{Minidriver, Operation};
use autoenroll_model::{CardOperation, KeyAlgorithm, SignatureAlgorithm};

use crate::reader::{
    Fault, Reader, certificate, delete, generate, generate_default, overwrite, read_certificate, set_default,
    write_certificate,
};

/// The commands of some operations, each under its name.
fn check(reader: &mut Reader, operations: &[(&str, CardOperation)]) -> String {
    let mut text = String::new();
    for (name, operation) in operations {
        reader.trace.clear();
        let result = reader.run(operation.clone());
        let result = format!("{result:?}");
        let outcome: String = result.chars().take_while(|c| c.is_alphanumeric()).collect();
        text += &format!("{name}\n{}\n= {outcome}\n\n", reader.trace.join("\n"));
    }
    text
}

#[test]
fn enrolling_for_a_card() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    reader.run(set_default(&first));
    let second = autoenroll_csp::container_name(&[3; 32]);
    let sign = CardOperation::Sign {
        container: second.clone(),
        algorithm: SignatureAlgorithm::RsaSha256,
        message: b"a request".to_vec(),
    };
    let text = check(
        &mut reader,
        &[
            ("Generate", generate(KeyAlgorithm::Rsa2048)),
            ("Sign", sign),
            ("WriteCertificate", write_certificate(&second, &certificate(600, 1))),
            ("SetDefault", set_default(&second)),
            ("Describe", CardOperation::Describe),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn replacing_what_a_card_holds() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    reader.run(write_certificate(&first, &certificate(200, 1)));
    let text = check(
        &mut reader,
        &[
            ("Generate, default", generate_default()),
            ("Generate, overwrite", overwrite(&first)),
            ("WriteCertificate", write_certificate(&first, &certificate(200, 2))),
            ("ReadCertificate", read_certificate(&first)),
            ("VerifyPin", CardOperation::VerifyPin),
            ("Delete", delete(&first)),
        ],
    );
    insta::assert_snapshot!(text);
}

#[test]
fn identifying_a_card() {
    let mut reader = Reader::with("gids");
    let (step, _) = reader.run_into(Fault::None, &Operation::Identify(Minidriver::Gids));
    insta::assert_snapshot!(format!("{}\n= {step:?}", reader.trace.join("\n")), @r#"
      SELECT GIDS
      GET DATA A012/DF20 cardid
    = Identified(CardSerial("616c6963652773206e65772063617264"))
    "#);
}
