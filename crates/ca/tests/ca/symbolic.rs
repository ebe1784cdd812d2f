//! A CA certifies keys of the kind of its own key, so that real and symbolic keys never come to trust each other.

use autoenroll_ca::{Ca, CaConfig, CaDescription, CaIdentity};
use autoenroll_keys::{KeyAlgorithm, KeyMode, PrivateKey, PublicKey};
use autoenroll_model::Disposition;
use autoenroll_wire::Certificate;

use crate::lab::{Ask, Form, alice, seed, start, template};

#[test]
fn keys_of_the_other_kind_are_refused() {
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
        for own in [KeyMode::Real, KeyMode::Symbolic] {
            for asked in [KeyMode::Real, KeyMode::Symbolic] {
                for form in [Form::Pkcs10, Form::Cmc] {
                    check(algorithm, own, asked, form);
                }
            }
        }
    }
}

fn check(algorithm: KeyAlgorithm, own: KeyMode, asked: KeyMode, form: Form) {
    let seed = seed().with_keys(own);
    let description = CaDescription { algorithm, ..CaDescription::new("Contoso CA", start()) };
    let identity = CaIdentity::root(&seed, description).unwrap();
    let mut ca = Ca::new(seed, identity.clone(), CaConfig::new("ca01.contoso.com", &["User"]), vec![template("User")]);
    let key = PrivateKey::from_seed(algorithm, &seed.below("test", "key", "alice", 0).with_keys(asked));
    let ask = Ask { key: key.clone(), form, ..Ask::for_template(&template("User")) };
    let reply = ca.submit(start(), &alice(), &ask.submission());
    if own != asked {
        assert!(matches!(reply.disposition, Disposition::Failed(_)), "{own} {asked}: {}", reply.message);
        assert!(reply.message.contains(&format!("the key is {asked}, and those of the CA are {own}")));
        return;
    }
    assert_eq!(reply.disposition, Disposition::Issued, "{own}: {}", reply.message);
    let issued = Certificate::parse(&reply.certificate.unwrap()).unwrap();
    assert_eq!(PublicKey::from_spki_der(&issued.public_key).as_ref(), Ok(key.public()));
    let autoenroll_wire::SignedWith::Key(signed_with) = issued.signed_with else { panic!("it is not signed") };
    assert_eq!(identity.public_key().verify(signed_with, &issued.signed, &issued.signature), Ok(()));
}
