//! Requests that nobody here made: those of real Windows clients, and damaged ones.

use std::fs;
use std::path::Path;

use autoenroll_model::{Disposition, Submission};
use proptest::prelude::*;

use crate::lab::{Ask, Form, alice, ca, start, template};

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
