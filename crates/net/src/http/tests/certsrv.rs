use autoenroll_wire::ldif::to_base64;
use autoenroll_wire::{Certificate, SignedMessage};
use autoenroll_world::action::CaAction;

use super::lab::{Lab, PASSWORD, get, key, pkcs10, text};
use crate::http::{Answer, Ask};

fn as_user(user: &str, ask: Ask) -> Ask {
    let token = to_base64(format!("{user}:{PASSWORD}").as_bytes());
    Ask { authorization: Some(format!("Basic {token}")), ..ask }
}

fn form(request: &[u8], attributes: &str) -> Ask {
    let request = to_base64(request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let request = format!("-----BEGIN+CERTIFICATE+REQUEST-----%0A{request}%0A-----END+CERTIFICATE+REQUEST-----");
    let body = format!("Mode=newreq&CertRequest={request}&CertAttrib={attributes}&TargetStoreFlags=0&SaveCert=yes");
    let content_type = Some("application/x-www-form-urlencoded".to_owned());
    Ask { method: "POST".to_owned(), body: body.into_bytes(), content_type, ..get("/certsrv/certfnsh.asp") }
}

fn submit(lab: &mut Lab, user: &str, template: &str) -> Answer {
    lab.ask(&as_user(user, form(&pkcs10(template, &key(template), Vec::new()), "")))
}

#[test]
fn nobody_comes_in_without_a_password() {
    let mut lab = Lab::new();
    let asked = lab.ask(&get("/certsrv/"));
    let challenges: Vec<&str> = asked.headers.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!((asked.status, challenges), (401, vec!["NTLM", "Basic realm=\"contoso.com\""]));
    assert_eq!(lab.ask(&as_user("alice", get("/certsrv/"))).status, 200);
    assert_eq!(lab.ask(&as_user("mallory", get("/certsrv/"))).status, 401);
    assert_eq!(lab.ask(&get("/certsrv/")).status, 401, "Basic counts for one question");
}

#[test]
fn a_certificate_is_issued_and_fetched_in_each_form() {
    let mut lab = Lab::new();
    let page = text(&submit(&mut lab, "alice", "Users"));
    assert!(page.contains("certnew.cer?ReqID=1&amp;Enc=b64"), "{page}");
    let mut fetch = |target: &str| lab.ask(&as_user("alice", get(target)));
    for (query, pem) in [("ReqID=1&Enc=bin", false), ("ReqID=1&Enc=b64", true), ("ReqID=1", true)] {
        let answer = fetch(&format!("/certsrv/certnew.cer?{query}"));
        assert_eq!((answer.status, answer.content_type), (200, "application/pkix-cert"), "{query}");
        match pem {
            true => assert!(answer.body.starts_with(b"-----BEGIN CERTIFICATE-----"), "{query}"),
            false => assert!(Certificate::parse(&answer.body).is_ok(), "{query}"),
        }
    }
    let chain = fetch("/certsrv/certnew.p7b?ReqID=1&Enc=bin");
    assert_eq!(chain.content_type, "application/x-pkcs7-certificates");
    assert_eq!(SignedMessage::parse(&chain.body).unwrap().certificates.len(), 2);
    assert!(text(&fetch("/certsrv/certcarc.asp")).contains("var nRenewals=0;"));
    let own = fetch("/certsrv/certnew.cer?ReqID=CACert&Enc=bin&Renewal=0");
    assert!(Certificate::parse(&own.body).unwrap().is_ca());
    let above = fetch("/certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin");
    assert_eq!(SignedMessage::parse(&above.body).unwrap().certificates.len(), 1);
    assert_eq!(fetch("/certsrv/certcrl.crl?Type=base&Enc=bin").content_type, "application/pkix-crl");
    let unknown = text(&fetch("/certsrv/certnew.cer?ReqID=9"));
    assert!(
        unknown.contains("The requested property value is empty") && unknown.contains(" 0x80094004 ("),
        "{unknown}"
    );
    assert_eq!(fetch("/certsrv/elsewhere.asp").status, 404);
}

#[test]
fn what_waits_and_what_is_denied_is_told_in_the_words_that_programs_look_for() {
    let mut lab = Lab::new();
    let page = text(&submit(&mut lab, "alice", "Approved"));
    assert!(page.contains("Certificate Pending") && page.contains("Your Request Id is 1."), "{page}");
    let fetched = lab.ask(&as_user("alice", get("/certsrv/certnew.cer?ReqID=1&Enc=b64")));
    assert_ne!(fetched.content_type, "application/pkix-cert");
    assert!(text(&fetched).contains("\t\tTaken Under Submission\r\n"));
    lab.manage(CaAction::Approve { request: None });
    let fetched = lab.ask(&as_user("alice", get("/certsrv/certnew.cer?ReqID=1&Enc=b64")));
    assert_eq!(fetched.content_type, "application/pkix-cert");
    let denied = text(&submit(&mut lab, "alice", "Bobs"));
    assert!(denied.contains("The disposition message is \"Denied by Policy Module  0x80094012, "), "{denied}");
    let unknown = form(&pkcs10("Nothing", &key("n"), Vec::new()), "");
    assert!(text(&lab.ask(&as_user("alice", unknown))).contains("template that is not supported"));
    for (form, what) in
        [(form(b"junk", ""), "the request"), (form(&[], ""), "no request"), (get("/certsrv/certfnsh.asp"), "a GET")]
    {
        let answer = lab.ask(&as_user("alice", form));
        assert!(answer.status == 405 || text(&answer).contains("0x"), "{what}");
    }
}

#[test]
fn lists_and_certificates_are_where_certificates_say() {
    let mut lab = Lab::new();
    submit(&mut lab, "alice", "Users");
    let clear = |path: &str| Ask { encrypted: false, ..get(path) };
    let list = lab.ask(&clear("/ca.crl"));
    assert_eq!((list.status, list.content_type), (200, "application/pkix-crl"));
    assert_eq!(lab.ask(&clear("/CertEnroll/Contoso%20CA.crl")).body, list.body, "it is served until it is out of date");
    let name = lab.web.live().with(|world| {
        let issued = world.trace().of(autoenroll_trace::Kind::Issued).next();
        issued.and_then(|record| record.text("certificate").map(str::to_owned))
    });
    lab.manage(CaAction::Revoke { certificate: name.unwrap().unwrap() });
    assert_ne!(lab.ask(&clear("/ca.crl")).body, list.body, "a revocation makes a new one");
    let ca = lab.ask(&clear("/ca.crt"));
    assert_eq!(ca.content_type, "application/pkix-cert");
    assert!(Certificate::parse(&ca.body).unwrap().is_ca());
    assert_eq!(lab.ask(&Ask { method: "POST".to_owned(), ..clear("/ca.crl") }).status, 405);
    assert_eq!(lab.ask(&clear("/nothing")).status, 404);
    assert_eq!(lab.ask(&clear("/certsrv/")).status, 403);
    let head = lab.ask(&Ask { method: "HEAD".to_owned(), ..clear("/ca.crt") });
    assert!(head.status == 200 && head.body.is_empty());
}
