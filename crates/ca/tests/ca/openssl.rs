//! The command `openssl` reads and verifies what the CA makes.
#![expect(
    clippy::disallowed_methods,
    reason = "the test hands files to another program; nothing of it is in the crate"
)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use autoenroll_ca::RevocationReason;
use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::{Disposition, Duration, NameFlags, Template};
use autoenroll_wire::Certificate;

use crate::lab::{Ask, alice, ca_with, pool_key, root, start, template};

/// A directory of one test.
struct Files(PathBuf);

impl Files {
    fn new(test: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ca-{test}"));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes DER and, beside it, PEM; gives back the name of the PEM.
    fn pem(&self, name: &str, der: &[u8], kind: &str) -> String {
        let (der_path, pem_path) = (self.0.join(format!("{name}.der")), self.0.join(format!("{name}.pem")));
        fs::write(&der_path, der).unwrap();
        let arguments = ["-inform", "DER", "-in", der_path.to_str().unwrap(), "-out", pem_path.to_str().unwrap()];
        run(&[&[kind], arguments.as_slice()].concat());
        pem_path.to_str().unwrap().to_string()
    }
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn openssl_is_absent() -> bool {
    let absent = Command::new("openssl").arg("version").output().is_err();
    if absent {
        println!("skipped: there is no openssl command");
    }
    absent
}

#[test]
fn openssl_accepts_chain_and_certificate() {
    if openssl_is_absent() {
        return;
    }
    let check = |ca_key: KeyAlgorithm, key: KeyAlgorithm| {
        let files = Files::new(&format!("chain-{ca_key}-{key}"));
        let name_flags = NameFlags::SUBJECT_REQUIRE_DIRECTORY_PATH
            | NameFlags::SUBJECT_REQUIRE_EMAIL
            | NameFlags::SUBJECT_ALT_REQUIRE_UPN
            | NameFlags::SUBJECT_ALT_REQUIRE_EMAIL;
        let user = Template { name_flags, ..template("User") };
        let mut ask = Ask::for_template(&user);
        ask.key = pool_key("alice", key);
        let mut ca = ca_with(ca_key, vec![user]);
        let reply = ca.submit(start(), &alice(), &ask.submission());
        assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
        let leaf = files.pem("leaf", reply.certificate.as_deref().unwrap(), "x509");
        let issuing = files.pem("issuing", ca.identity().certificate(), "x509");
        let root = files.pem("root", root(ca_key).certificate(), "x509");
        let at = start().unix_seconds().to_string();
        run(&["verify", "-x509_strict", "-attime", &at, "-CAfile", &root, "-untrusted", &issuing, &leaf]);
        run(&["x509", "-in", &leaf, "-noout", "-text", "-nameopt", "RFC2253", "-certopt", "no_pubkey,no_sigdump"])
    };
    check(KeyAlgorithm::Rsa2048, KeyAlgorithm::P256);
    check(KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa2048);
    let text = check(KeyAlgorithm::P256, KeyAlgorithm::Rsa2048);
    for line in [
        "Issuer: CN=Contoso CA,O=Contoso",
        "Subject: emailAddress=alice.adams@contoso.com,CN=Alice Adams,OU=Staff,DC=contoso,DC=com",
        "Not After : Mar  2 08:00:00 2027 GMT",
        "X509v3 Key Usage: critical",
        "TLS Web Client Authentication, Microsoft Smartcard Login",
        "email:alice.adams@contoso.com",
        "URI:http://ca01.contoso.com/ca.crl",
        "CA Issuers - URI:http://ca01.contoso.com/ca.crt",
    ] {
        assert!(text.contains(line), "`{line}` is not in\n{text}");
    }
}

#[test]
fn openssl_reads_the_responses() {
    if openssl_is_absent() {
        return;
    }
    let files = Files::new("responses");
    let user = template("User");
    let mut ca = ca_with(KeyAlgorithm::Rsa2048, vec![user.clone()]);
    let mut ask = Ask::for_template(&user);
    let response = ca.submit(start(), &alice(), &ask.submission()).response.unwrap();
    let path = files.0.join("certs.p7b");
    fs::write(&path, response).unwrap();
    let text = run(&["pkcs7", "-inform", "DER", "-in", path.to_str().unwrap(), "-print_certs", "-noout"]);
    assert_eq!(text.matches("subject=").count(), 3, "{text}");

    ask.flags = autoenroll_wire::flags::CR_IN_FULLRESPONSE;
    let response = ca.submit(start(), &alice(), &ask.submission()).response.unwrap();
    let path = files.0.join("full.p7");
    fs::write(&path, response).unwrap();
    let root = files.pem("root", root(KeyAlgorithm::Rsa2048).certificate(), "x509");
    let at = start().unix_seconds().to_string();
    let path = path.to_str().unwrap();
    let out = files.0.join("content");
    let arguments = ["-verify", "-inform", "DER", "-in", path, "-CAfile", &root, "-purpose", "any", "-attime", &at];
    run(&[&["cms"], arguments.as_slice(), &["-out", out.to_str().unwrap()]].concat());
}

#[test]
fn openssl_sees_who_is_revoked() {
    if openssl_is_absent() {
        return;
    }
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048] {
        let files = Files::new(&format!("crl-{algorithm}"));
        let user = template("User");
        let mut ca = ca_with(algorithm, vec![user.clone()]);
        let submission = Ask::for_template(&user).submission();
        let certificates: Vec<_> =
            (0..2).map(|_| ca.submit(start(), &alice(), &submission).certificate.unwrap()).collect();
        let serial = Certificate::parse(&certificates[0]).unwrap().serial;
        ca.revoke(start() + Duration::HOUR, &serial, RevocationReason::KeyCompromise).unwrap();
        let crl = files.pem("list", &ca.publish_crl(start() + Duration::HOUR), "crl");
        let text = run(&["crl", "-in", &crl, "-noout", "-text"]);
        assert!(text.contains("Key Compromise"), "{text}");

        let issuing = files.pem("issuing", ca.identity().certificate(), "x509");
        let root = files.pem("root", root(algorithm).certificate(), "x509");
        let at = (start() + Duration::hours(2)).unix_seconds().to_string();
        let verify = |leaf: &str| {
            Command::new("openssl")
                .args(["verify", "-attime", &at, "-crl_check", "-CRLfile", &crl, "-CAfile", &root])
                .args(["-untrusted", &issuing, leaf])
                .output()
                .unwrap()
        };
        let revoked = verify(&files.pem("revoked", &certificates[0], "x509"));
        assert!(String::from_utf8_lossy(&revoked.stderr).contains("certificate revoked"), "{revoked:?}");
        let good = verify(&files.pem("good", &certificates[1], "x509"));
        assert!(good.status.success(), "{good:?}");
    }
}
