//! Requests from outside this project: those of real Windows clients, damaged ones, and CMS as other programs write it.

use std::fs;
use std::path::Path;

use autoenroll_model::{Disposition, HResult, HashAlgorithm, Submission};
use autoenroll_wire::asn1::{self, tag};
use autoenroll_wire::{Attribute, Certificate, digest, oids, signature_identifier};
use proptest::prelude::*;

use crate::lab::{Ask, Form, Holder, algorithm, alice, ca, key, oid, start, template};

/// Form and signature of every real request are right; what they ask for no template of ours can give.
#[test]
#[expect(clippy::disallowed_methods, reason = "the requests are files beside the project")]
fn real_windows_requests_are_understood() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/requests");
    let Ok(entries) = fs::read_dir(&directory) else {
        println!("skipped: the collection of real requests is not there");
        return;
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "der")) {
        let mut ca = ca(vec![template("User")]);
        let request = fs::read(path).unwrap();
        let submission = Submission { request, ..Ask::bare().submission() };
        let reply = ca.submit(start(), &alice(), &submission);
        let decisions = ca.take_decisions();
        let possession = decisions.iter().find(|decision| decision.rule.as_str() == "CA6.1.possession");
        // Keys of other kinds than RSA and P-256 cannot be read here.
        let other_key = reply.message.contains("is neither RSA nor P-256");
        let understood = possession.is_some_and(|decision| decision.outcome);
        assert!(understood || other_key, "{}: {}", path.display(), reply.message);
    }
}

/// Certipy leaves it out, and CAs of Windows judge its requests all the same.
#[test]
fn signed_attributes_may_leave_out_the_type_of_the_content() {
    let data = asn1::oid(&oid(oids::DATA));
    let check = |content_type: Option<Vec<u8>>, expected: Disposition, tolerated: bool| {
        let found = submit_signed(|digest| {
            let content_type = content_type.map(|value| Attribute::new(oids::CONTENT_TYPE, value));
            content_type.into_iter().chain([Attribute::new(oids::MESSAGE_DIGEST, digest)]).collect()
        });
        assert_eq!(found, (expected, tolerated));
    };
    let refused = Disposition::Failed(HResult(0x8009_0006));
    check(Some(data), Disposition::Issued, false);
    check(None, Disposition::Issued, true);
    check(Some(asn1::oid(&oid(oids::PKI_DATA))), refused, false);
    let without_digest = submit_signed(|_| vec![Attribute::new(oids::CONTENT_TYPE, asn1::oid(&oid(oids::DATA)))]);
    assert_eq!(without_digest, (refused, false), "what is signed must say what it is about");
}

/// A request on behalf of another says so among the signed attributes ([MS-WCCE] 3.2.2.6.2.1.2.1.1).
#[test]
fn whom_a_signer_asks_for_counts() {
    for name in ["RequesterName", "requestername\0"] {
        let found = submit_signed(|digest| {
            vec![
                Attribute::new(oids::CONTENT_TYPE, asn1::oid(&oid(oids::DATA))),
                Attribute::new(oids::MESSAGE_DIGEST, digest),
                Attribute::name_value_pair(name, "CONTOSO\\bob"),
            ]
        });
        assert_eq!(found, (Disposition::Failed(HResult::CERTSRV_E_RESTRICTEDOFFICER), false), "{name:?}");
    }
}

/// Has alice renew a certificate with a CMS request whose signer signs these attributes; `attributes` gets the digest of the content
/// as a value. Returns what became of it, and whether the CA's decision on the signatures tells of something tolerated.
fn submit_signed(attributes: impl FnOnce(Vec<u8>) -> Vec<Attribute>) -> (Disposition, bool) {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    let first = Ask { key: key("old"), ..Ask::for_template(&user) };
    let certificate = ca.submit(start(), &alice(), &first.submission()).certificate.unwrap();
    let old = Holder { key: first.key, certificate };
    let ask = Ask { form: Form::Pkcs10, renews: Some(old.clone()), ..Ask::for_template(&user) };
    let content = ask.request();
    let attributes = attributes(asn1::octet_string(&digest(HashAlgorithm::Sha256, &content)));
    let submission = Submission { request: signed_data(&content, &old, &attributes), ..ask.submission() };
    ca.take_decisions();
    let disposition = ca.submit(start(), &alice(), &submission).disposition;
    let decisions = ca.take_decisions();
    let signers = decisions.iter().find(|decision| decision.rule.as_str() == "CA6.1.signers").unwrap();
    (disposition, signers.facts.text("tolerated").is_some())
}

/// SignedData (RFC 5652 5.1) around a content of type data, with one signer and exactly those signed attributes.
fn signed_data(content: &[u8], holder: &Holder, attributes: &[Attribute]) -> Vec<u8> {
    let certificate = Certificate::parse(&holder.certificate).unwrap();
    let sha256 = asn1::sequence(&[asn1::oid(&oid(oids::SHA256))]);
    let attribute =
        |attribute: &Attribute| asn1::sequence(&[asn1::oid(&attribute.oid), asn1::set_of(attribute.values.clone())]);
    let mut signed = asn1::set_of(attributes.iter().map(attribute).collect());
    let signature = holder.key.sign(algorithm(&holder.key), &signed).unwrap();
    signed[0] = tag::constructed(0);
    let signer = asn1::sequence(&[
        asn1::integer(1),
        asn1::sequence(&[certificate.issuer_der, asn1::tlv(tag::INTEGER, &certificate.serial)]),
        sha256.clone(),
        signed,
        signature_identifier(algorithm(&holder.key)),
        asn1::octet_string(&signature),
    ]);
    let content = asn1::explicit(0, &asn1::octet_string(content));
    let signed_data = asn1::sequence(&[
        asn1::integer(1),
        asn1::set_of(vec![sha256]),
        asn1::sequence(&[asn1::oid(&oid(oids::DATA)), content]),
        asn1::tlv(tag::constructed(0), &holder.certificate),
        asn1::set_of(vec![signer]),
    ]);
    asn1::sequence(&[asn1::oid(&oid(oids::SIGNED_DATA)), asn1::explicit(0, &signed_data)])
}

fn requests() -> Vec<Vec<u8>> {
    let user = template("User");
    [Form::Pkcs10, Form::Cms, Form::Cmc].map(|form| Ask { form, ..Ask::for_template(&user) }.request()).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// A damaged request is refused or granted, but it never stops the CA, and its row says what became of it.
    #[test]
    fn damage_never_stops_the_ca(which in 0_usize..3, at in any::<prop::sample::Index>(), octet in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut request = requests().swap_remove(which);
        let place = at.index(request.len());
        request[place] = octet;
        if octet % 4 == 0 {
            request.truncate(cut.index(request.len()));
        }
        let mut ca = ca(vec![template("User")]);
        let reply = ca.submit(start(), &alice(), &Submission { request: request.clone(), ..Ask::bare().submission() });
        let row = ca.database().row(1).unwrap();
        prop_assert_eq!(row.state.disposition(), reply.disposition);
        prop_assert_eq!(&row.request, &request);
        prop_assert_eq!(reply.certificate.is_some(), reply.disposition == Disposition::Issued);
        prop_assert!(!row.message.is_empty());
    }
}
