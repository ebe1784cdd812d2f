//! Cost of one request from submission to certificate, for the keys of CA and client. `cargo bench -p autoenroll-ca`.

use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::Disposition;
use divan::{Bencher, black_box};

#[path = "../tests/ca/lab.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
mod lab;

fn main() {
    divan::main();
}

/// A CMC request: two signatures verified, one made. The first key is the CA's.
#[divan::bench(args = ["p-256 p-256", "p-256 rsa-2048", "rsa-2048 p-256", "rsa-2048 rsa-2048"])]
fn cmc_request(bencher: Bencher<'_, '_>, keys: &str) {
    let mut keys = keys.split(' ').map(|word| word.parse::<KeyAlgorithm>().expect("a key algorithm"));
    let (ca_key, key) = (keys.next().expect("the CA's"), keys.next().expect("the client's"));
    let user = lab::template("User");
    let ca = lab::ca_with(ca_key, vec![user.clone()]);
    let ask = lab::Ask { key: lab::pool_key("alice", key), ..lab::Ask::for_template(&user) };
    let submission = ask.submission();
    let caller = lab::alice();
    bencher.with_inputs(|| ca.clone()).bench_local_values(|mut ca| {
        let reply = ca.submit(lab::start(), &caller, black_box(&submission));
        assert_eq!(reply.disposition, Disposition::Issued);
        reply
    });
}

/// A request that is refused at the last rule before issuance.
#[divan::bench]
fn refused_request(bencher: Bencher<'_, '_>) {
    let user = lab::template("User");
    let ca = lab::ca(vec![user.clone()]);
    let submission = lab::Ask::for_template(&user).submission();
    let caller = autoenroll_model::PrincipalObject { upn: None, ..lab::alice() };
    bencher
        .with_inputs(|| ca.clone())
        .bench_local_values(|mut ca| ca.submit(lab::start(), &caller, black_box(&submission)));
}
