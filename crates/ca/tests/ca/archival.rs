//! Key archival, with the private key packed by the client's own provider.

use autoenroll_ca::Ca;
use autoenroll_csp::{SoftwareContainer, SoftwareKeys};
use autoenroll_keys::{HashAlgorithm, KeyAlgorithm, PrivateKey, Seed};
use autoenroll_model::{
    Disposition, Duration, EffectResult, EnrollmentFlags, HResult, KeySpec, PrivateKeyFlags, SoftwareOperation,
    Template,
};
use autoenroll_wire::{Attribute, Certificate, SignedMessage, asn1, cmc, digest, flags, oids};

use crate::lab::{Ask, alice, ca, oid, pool_key, start, template};

fn archiving() -> Template {
    Template { private_key_flags: PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL, ..template("Encryption") }
}

/// A CA that archives keys, and its exchange certificate.
fn archive(template: &Template) -> (Ca, Vec<u8>) {
    let mut ca = ca(vec![template.clone()]);
    ca.config_mut().key_archival = true;
    let exchange = ca.exchange_certificate(start());
    (ca, exchange)
}

/// The key as a software provider packs it for that exchange certificate.
fn enveloped(key: &PrivateKey, exchange_certificate: &[u8]) -> Vec<u8> {
    let mut keys = SoftwareKeys::default();
    let container =
        SoftwareContainer { key: key.clone(), key_spec: KeySpec::Exchange, exportable: false, protected: false };
    keys.insert("provider", "container", container);
    let operation = SoftwareOperation::Archive {
        container: "container".into(),
        exchange_certificate: exchange_certificate.to_vec(),
    };
    match keys.execute("provider", &operation, &Seed::from([7; 32])) {
        EffectResult::ArchivedKey(enveloped) => enveloped,
        other => panic!("{other:?}"),
    }
}

/// A request that brings this enveloped key and its hash.
fn ask(template: &Template, key: &PrivateKey, enveloped: Vec<u8>) -> Ask {
    let mut ask = Ask { key: key.clone(), ..Ask::for_template(template) };
    let hash = digest(HashAlgorithm::Sha1, &enveloped);
    ask.attributes.push(Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &hash));
    ask.archived_key = Some(enveloped);
    ask
}

#[test]
fn the_key_is_stored_with_the_request() {
    for algorithm in [KeyAlgorithm::Rsa1024, KeyAlgorithm::Rsa2048] {
        let key = pool_key("alice", algorithm);
        let (mut ca, exchange) = archive(&archiving());
        let reply = ca.submit(start(), &alice(), &ask(&archiving(), &key, enveloped(&key, &exchange)).submission());
        assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
        assert_eq!(ca.database().row(1).unwrap().archived_key, Some(key.pkcs8_der()));
    }
}

#[test]
fn the_hash_may_be_a_bare_octet_string_and_comes_back_in_a_full_response() {
    let key = pool_key("alice", KeyAlgorithm::Rsa1024);
    let (mut ca, exchange) = archive(&archiving());
    let mut ask = ask(&archiving(), &key, enveloped(&key, &exchange));
    ask.flags = flags::CR_IN_FULLRESPONSE;
    let hash = digest(HashAlgorithm::Sha256, ask.archived_key.as_ref().unwrap());
    let bare = Attribute::new(oids::ENCRYPTED_KEY_HASH, asn1::octet_string(&hash));
    *ask.attributes.last_mut().unwrap() = bare.clone();
    let reply = ca.submit(start(), &alice(), &ask.submission());
    assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
    let message = SignedMessage::parse(&reply.response.unwrap()).unwrap();
    let content = cmc::PkiResponse::from_der(&message.content.unwrap()).unwrap();
    let added = cmc::AddAttributes::from_der(&content.controls[1].values[0]).unwrap();
    assert_eq!(added.attributes.get(oids::ENCRYPTED_KEY_HASH), Some(&bare));
}

#[test]
fn a_pending_request_keeps_the_key() {
    let template = Template { enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS), ..archiving() };
    let key = pool_key("alice", KeyAlgorithm::Rsa2048);
    let (mut ca, exchange) = archive(&template);
    ca.submit(start(), &alice(), &ask(&template, &key, enveloped(&key, &exchange)).submission());
    // A month later the exchange certificate has ended; the key was opened when it came.
    ca.exchange_certificate(start() + Duration::days(30));
    assert_eq!(ca.approve(start() + Duration::days(30), "carol", 1), Ok(Disposition::Issued));
    assert_eq!(ca.database().row(1).unwrap().archived_key, Some(key.pkcs8_der()));
}

#[test]
fn what_cannot_be_archived_is_refused() {
    /// Spoils CA, template or request.
    type Spoil = fn(&mut Ca, &mut Template, &mut Ask, &[u8]);
    let check = |case: &str, rule: &str, code: HResult, spoil: Spoil| {
        let mut template = archiving();
        let key = pool_key("alice", KeyAlgorithm::Rsa1024);
        let (mut ca, exchange) = archive(&template);
        let mut ask = ask(&template, &key, enveloped(&key, &exchange));
        spoil(&mut ca, &mut template, &mut ask, &exchange);
        ca.set_templates(vec![template]);
        let reply = ca.submit(start(), &alice(), &ask.submission());
        assert_eq!(reply.disposition, Disposition::Denied(code), "{case}: {}", reply.message);
        let decisions = ca.take_decisions();
        let refused = decisions.iter().rfind(|decision| !decision.outcome).unwrap();
        assert_eq!(refused.rule.as_str(), rule, "{case}");
        assert_eq!(ca.database().row(1).unwrap().archived_key, None, "{case}");
    };
    let bad = HResult::CERTSRV_E_BAD_REQUEST_KEY_ARCHIVAL;
    check(
        "the template wants none",
        "CA3.7.6.unexpected",
        HResult::CERTSRV_E_ARCHIVED_KEY_UNEXPECTED,
        |_, template, _, _| template.private_key_flags = PrivateKeyFlags::empty(),
    );
    check(
        "the CA cannot archive",
        "CA3.7.6.configured",
        HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED,
        |ca, _, _, _| ca.config_mut().key_archival = false,
    );
    check("no hash", "CA3.7.6.key", bad, |_, _, ask, _| {
        ask.attributes.retain(|attribute| attribute.oid.as_str() != oids::ENCRYPTED_KEY_HASH);
    });
    check("another hash", "CA3.7.6.key", bad, |_, _, ask, _| {
        ask.attributes.retain(|attribute| attribute.oid.as_str() != oids::ENCRYPTED_KEY_HASH);
        ask.attributes.push(Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &[0; 20]));
    });
    check("another key", "CA3.7.6.key", bad, |_, template, ask, exchange| {
        let other = pool_key("mallory", KeyAlgorithm::Rsa1024);
        *ask = self::ask(template, &ask.key, enveloped(&other, exchange));
    });
    check("for another certificate", "CA3.7.6.key", bad, |ca, _, _, _| {
        ca.exchange_certificate(start() + Duration::days(8));
    });
    check("a flipped bit", "CA3.7.6.key", bad, |_, template, ask, _| {
        let mut enveloped = ask.archived_key.clone().unwrap();
        *enveloped.last_mut().unwrap() ^= 1;
        *ask = self::ask(template, &ask.key, enveloped);
    });
    check("no message at all", "CA3.7.6.key", bad, |_, template, ask, _| {
        *ask = self::ask(template, &ask.key, b"\x05\x00".to_vec());
    });
}

#[test]
fn the_exchange_certificate_lasts_a_week() {
    let (mut ca, first) = archive(&archiving());
    let certificate = Certificate::parse(&first).unwrap();
    assert_eq!(certificate.subject.to_string(), "CN=Contoso CA-Xchg");
    assert_eq!(certificate.extended_key_usage(), [oid(oids::CA_EXCHANGE)]);
    assert_eq!((certificate.not_before, certificate.not_after), (start(), start() + Duration::days(7)));
    assert_eq!(ca.exchange_certificate(start() + Duration::days(6)), first);
    let second = Certificate::parse(&ca.exchange_certificate(start() + Duration::days(7))).unwrap();
    assert_ne!(second.serial, certificate.serial);
    assert_eq!(second.public_key, certificate.public_key);
}
