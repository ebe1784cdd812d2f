use autoenroll_trace::Kind;
use autoenroll_wire::ldif::to_base64;

use super::lab::{Lab, PASSWORD, fault, full, key, pkcs10, service, soap_ask, text};
use crate::http::Ask;
use crate::soap;
use crate::wstep::{RST, write_issue};

/// A good message of alice's.
fn good() -> String {
    let request = pkcs10("Users", &key("a"), Vec::new());
    soap::request(RST, "https://ca01.contoso.com/x", Some(("alice", PASSWORD)), |writer| {
        write_issue(writer, &request, &[]);
    })
}

fn answer(lab: &mut Lab, body: &[u8]) -> crate::http::Answer {
    lab.ask(&Ask { body: body.to_vec(), ..soap_ask(&service("UsernamePassword")) })
}

fn issued(lab: &Lab) -> usize {
    lab.web.live().with(|world| world.trace().of(Kind::Issued).count()).unwrap()
}

#[test]
fn each_broken_message_has_the_fault_of_its_own() {
    let good = good();
    let token = to_base64(&pkcs10("Users", &key("a"), Vec::new()));
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to).into_bytes()
    };
    let header = |inner: &str| good.replace("</s:Header>", &format!("{inner}</s:Header>")).into_bytes();
    let deep = "<x>".repeat(63) + &"</x>".repeat(63);
    let too_deep = "<!-- </x> --><x>".repeat(70) + &"</x>".repeat(70);
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>".to_owned() + &good;
    let mut lab = Lab::new();
    let mut check = |what: &str, body: &[u8], code: &str, subcode: &str| {
        let answer = answer(&mut lab, body);
        let found = fault(&answer);
        assert_eq!((found.0.as_str(), found.1.as_str()), (code, subcode), "{what}: {}", text(&answer));
        assert_eq!(answer.status, 500, "{what}");
    };
    let sender = "s:Sender";
    check("nothing", b"", sender, "");
    check("no XML", b"{}", sender, "");
    check("not UTF-8", &[0xFF, 0xFE, b'<', 0], sender, "");
    check("a bomb of entities", bomb.as_bytes(), sender, "");
    check("an entity of its own", &replaced("alice", "&xxe;"), sender, "");
    check("a processing instruction", &header("<?php ?>"), sender, "");
    check("too deep", &header(&too_deep), sender, "");
    check("deep alone", deep.as_bytes(), "s:VersionMismatch", "");
    check("cut off", &good.as_bytes()[..good.len() - 30], sender, "");
    check("two roots", format!("{good}{good}").as_bytes(), sender, "");
    check("an unknown prefix", &header("<q:x/>"), sender, "");
    check("SOAP 1.1", &replaced(soap::ns::SOAP, soap::ns::SOAP_1_1), "s:VersionMismatch", "");
    check("no SOAP", b"<html/>", "s:VersionMismatch", "");
    check("two bodies", &replaced("</s:Body>", "</s:Body><s:Body/>"), sender, "");
    check("another action", &replaced(RST, "urn:other"), sender, "a:ActionNotSupported");
    let no_action = replaced("a:Action", "a:From");
    check("no action", &no_action, sender, "a:MessageAddressingHeaderRequired");
    check("an unknown header", &header("<h:x xmlns:h=\"urn:h\" s:mustUnderstand=\"1\"/>"), "s:MustUnderstand", "");
    let elsewhere = replaced("addressing/anonymous", "addressing/none");
    check("an answer to elsewhere", &elsewhere, sender, "a:OnlyAnonymousAddressSupported");
    check("another password", &replaced("Passw0rd", "passw0rd"), sender, "o:FailedAuthentication");
    check("another user", &replaced(">alice<", ">mallory<"), sender, "o:FailedAuthentication");
    let digest = replaced("#PasswordText", "#PasswordDigest");
    check("a digest of a password", &digest, sender, "o:UnsupportedSecurityToken");
    let signature = format!("<d:Signature xmlns:d=\"{}\"/></o:Security>", soap::ns::SIGNATURE);
    check("a signature of XML", &replaced("</o:Security>", &signature), sender, "o:FailedCheck");
    let second = format!(
        "<BinarySecurityToken ValueType=\"x#PKCS10\" xmlns=\"{}\">AAAA</BinarySecurityToken></RequestSecurityToken>",
        soap::ns::SECURITY
    );
    check("a second request beside it", &replaced("</RequestSecurityToken>", &second), sender, "t:InvalidRequest");
    check("no request", &replaced(&token, ""), sender, "t:InvalidRequest");
    check("no base64", &replaced(&token, "????"), sender, "t:InvalidRequest");
    check("another form", &replaced("#PKCS10", "#X509v3"), sender, "t:InvalidRequest");
    check("another encoding", &replaced("#base64binary", "#hexBinary"), sender, "t:InvalidRequest");
    check("another type of token", &replaced("1.0#X509v3<", "1.0#X509v1<"), sender, "t:InvalidRequest");
    let renew = replaced("200512/Issue", "200512/Renew");
    check("another type of request", &renew, sender, "t:InvalidRequest");
    let receiver = "s:Receiver";
    check("a request of junk", &replaced(&token, "AAAA"), receiver, "t:RequestFailed");
    check("a request that is cut off", &replaced(&token, &token[..200]), receiver, "t:RequestFailed");
    let message = full("Users", &key("c"));
    for length in [10, 60, message.len() / 2, message.len() - 1] {
        check("CMC that is cut off", &replaced(&token, &to_base64(&message[..length])), receiver, "t:RequestFailed");
    }
    let mut forged = message.clone();
    *forged.last_mut().unwrap() ^= 1;
    check("CMC with another signature", &replaced(&token, &to_base64(&forged)), receiver, "t:RequestFailed");
    assert_eq!(issued(&lab), 0);
    assert_eq!(answer(&mut lab, good.as_bytes()).status, 200);
}

#[test]
fn odd_messages_of_known_clients_are_taken() {
    let good = good();
    let odd = [
        ("a byte order mark", format!("\u{feff}{good}")),
        ("a declaration", format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{good}")),
        ("comments and sections", good.replace("alice", "<!-- x -->al<![CDATA[ice]]>")),
        ("a type of the password in a namespace", good.replace("<o:Password Type", "<o:Password o:Type")),
        ("no reply address", good.replace("a:ReplyTo", "a:From")),
        (
            "the namespace of the standard's examples",
            good.replace(
                "http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10",
                "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#PKCS7",
            ),
        ),
    ];
    let mut lab = Lab::new();
    for (what, message) in odd {
        let answer = answer(&mut lab, message.as_bytes());
        assert_eq!(answer.status, 200, "{what}: {}", text(&answer));
    }
}

#[test]
fn messages_cut_off_anywhere_are_faults_and_issue_nothing() {
    let good = good();
    let mut lab = Lab::new();
    for length in (0..good.len()).step_by(7) {
        let answer = answer(&mut lab, &good.as_bytes()[..length]);
        assert_eq!(answer.status, 500, "{length}");
    }
    assert_eq!(issued(&lab), 0);
}
