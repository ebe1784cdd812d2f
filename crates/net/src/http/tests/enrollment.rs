use autoenroll_model::HResult;
use autoenroll_trace::Kind;
use autoenroll_wire::cmc::PkiResponse;
use autoenroll_wire::{Certificate, SignedMessage};
use autoenroll_world::action::CaAction;
use autoenroll_world::spec::EnrollmentServerSpec;

use super::lab::{Lab, answered, certificate, fault, full, key, pkcs10, renewal, service, soap_ask, text};
use crate::http::Ask;
use crate::soap;
use crate::wstep::{self, Answered};

const NAME: &str = "UsernamePassword";

#[test]
fn a_certificate_comes_back_with_a_full_response_and_in_order() {
    let mut lab = Lab::new();
    for (form, request) in [("PKCS #10", pkcs10("Users", &key("a"), Vec::new())), ("CMC", full("Users", &key("b")))] {
        let answer = lab.issue(NAME, "alice", &request);
        let Answered::Issued { certificate, response, message, request_id } = answered(&answer) else {
            panic!("{form}: {}", text(&answer))
        };
        let certificate = Certificate::parse(&certificate).unwrap();
        assert_eq!(certificate.subject.common_name().as_deref(), Some("alice"), "{form}");
        let response = SignedMessage::parse(&response.unwrap()).unwrap();
        let statuses = PkiResponse::from_der(response.content.as_deref().unwrap()).unwrap().statuses().unwrap();
        assert_eq!(statuses[0].status, autoenroll_wire::cmc::Status::Success, "{form}");
        assert_eq!((message.as_str(), request_id.is_some()), ("Issued", true), "{form}");
        let text = text(&answer);
        let places: Vec<usize> =
            ["<TokenType>", "<DispositionMessage", "#PKCS7", "<RequestedSecurityToken>", "#X509v3\"", "<RequestID"]
                .iter()
                .map(|part| text.find(part).unwrap())
                .collect();
        assert!(places.is_sorted(), "{form}: {places:?}");
    }
    let issued = lab.web.live().with(|world| world.trace().of(Kind::Issued).count());
    assert_eq!(issued, Ok(2));
    let broken = lab.web.live().with(|world| world.trace().of(Kind::Violation).count());
    assert_eq!(broken, Ok(0));
}

#[test]
fn a_refusal_is_a_fault_with_what_the_ca_said() {
    let mut lab = Lab::new();
    let answer = lab.issue(NAME, "alice", &pkcs10("Bobs", &key("a"), Vec::new()));
    assert_eq!(answer.status, 500);
    assert_eq!(fault(&answer), ("s:Receiver".into(), "t:RequestFailed".into()));
    let Answered::Refused { code, reason, denied, request_id } = answered(&answer) else { panic!() };
    assert_eq!((code, denied), (Some(HResult::CERTSRV_E_TEMPLATE_DENIED), true));
    assert!(reason.starts_with("Denied by policy module") && request_id.as_deref() == Some("1"), "{reason}");
    let text = text(&answer);
    let places: Vec<usize> = ["<BinaryResponse>", "<ErrorCode>-2146877422", "<InvalidRequest>true", "<RequestID>1"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}")))
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn a_request_waits_is_asked_for_and_is_issued_or_denied() {
    let mut lab = Lab::new();
    let submit = |lab: &mut Lab, name: &str| match answered(&lab.issue(
        NAME,
        "alice",
        &pkcs10("Approved", &key(name), Vec::new()),
    )) {
        Answered::Pending { request_id, .. } => request_id,
        other => panic!("{other:?}"),
    };
    let query = |lab: &mut Lab, id: &str| {
        let id = id.to_owned();
        lab.post(&service(NAME), "alice", wstep::RST, move |writer| wstep::write_query(writer, &id))
    };
    let id = submit(&mut lab, "a");
    let waits = query(&mut lab, &id);
    assert!(matches!(answered(&waits), Answered::Pending { .. }));
    let here = "<Reference URI=\"https://ca01.contoso.com/Contoso%20CA_CES_UsernamePassword/service.svc/CES\">";
    assert!(text(&waits).contains(here), "{}", text(&waits));
    lab.manage(CaAction::Approve { request: None });
    assert!(matches!(answered(&query(&mut lab, &id)), Answered::Issued { .. }));
    let denied = submit(&mut lab, "b");
    lab.manage(CaAction::Deny { request: None });
    let Answered::Refused { code, .. } = answered(&query(&mut lab, &denied)) else { panic!() };
    assert_eq!(code, Some(HResult::CERTSRV_E_ADMIN_DENIED_REQUEST));
    for unknown in ["99", "4294967296", "x"] {
        let Answered::Refused { code, .. } = answered(&query(&mut lab, unknown)) else { panic!() };
        assert_eq!(code, Some(HResult::CERTSRV_E_PROPERTY_EMPTY), "{unknown}");
    }
}

#[test]
fn a_renewal_needs_nobody_but_the_old_key() {
    let mut lab = Lab::new();
    let old = certificate(&lab.issue(NAME, "alice", &pkcs10("Users", &key("old"), Vec::new())));
    let signed = renewal("Users", &key("new"), &old, &key("old"));
    let new = Certificate::parse(&certificate(&lab.issue("Anonymous", "", &signed))).unwrap();
    assert_eq!(new.subject.common_name().as_deref(), Some("alice"));
    // Not with another key, not for somebody who has none, not for what is no renewal.
    let forged = lab.issue("Anonymous", "", &renewal("Users", &key("new"), &old, &key("mallory")));
    assert!(matches!(answered(&forged), Answered::Refused { .. }));
    let first = lab.issue("Anonymous", "", &pkcs10("Users", &key("x"), Vec::new()));
    let Answered::Refused { code, .. } = answered(&first) else { panic!() };
    assert_eq!(code, Some(HResult::E_ACCESSDENIED));
    // A message that was heard is worth nothing once the old certificate is.
    let name = lab.web.live().with(|world| {
        let first = world.trace().of(Kind::Issued).next();
        first.and_then(|record| record.text("certificate").map(str::to_owned))
    });
    lab.manage(CaAction::Revoke { certificate: name.unwrap().unwrap() });
    assert!(matches!(answered(&lab.issue("Anonymous", "", &signed)), Answered::Refused { .. }));
    let by_alice = lab.issue(NAME, "alice", &signed);
    let Answered::Refused { code, .. } = answered(&by_alice) else { panic!() };
    assert_eq!(code, Some(HResult::CRYPT_E_REVOKED));
}

#[test]
fn a_certificate_of_the_client_is_its_owner_while_it_is_good() {
    let mut lab = Lab::new();
    let own = certificate(&lab.issue(NAME, "bob", &pkcs10("Users", &key("bob"), Vec::new())));
    let request = pkcs10("Bobs", &key("next"), Vec::new());
    let message = soap::request(wstep::RST, "x", None, |writer| wstep::write_issue(writer, &request, &[]));
    let shown = |certificate: Option<Vec<u8>>| Ask {
        body: message.clone().into_bytes(),
        certificate,
        ..soap_ask(&service("Certificate"))
    };
    let issued = Certificate::parse(&certificate(&lab.ask(&shown(Some(own.clone()))))).unwrap();
    assert_eq!(issued.subject.common_name().as_deref(), Some("bob"));
    assert_eq!(fault(&lab.ask(&shown(None))).1, "o:InvalidSecurity");
    // The same number in another certificate is another certificate.
    let mut another = own.clone();
    *another.last_mut().unwrap() ^= 1;
    let root = lab.web.live().with(|world| world.authority_chain(super::lab::CA)).unwrap().unwrap().remove(0);
    for stranger in [another, root, b"no certificate".to_vec()] {
        assert_eq!(fault(&lab.ask(&shown(Some(stranger)))).1, "o:FailedAuthentication");
    }
    lab.web.live().advance(autoenroll_model::Duration::days(366)).unwrap();
    assert_eq!(fault(&lab.ask(&shown(Some(own)))).1, "o:FailedAuthentication");
}

#[test]
fn a_ca_that_is_away_and_a_service_that_fails_say_so() {
    let request = pkcs10("Users", &key("a"), Vec::new());
    let code = |lab: &mut Lab, name: &str| match answered(&lab.issue(name, "alice", &request)) {
        Answered::Refused { code, denied: false, request_id: None, .. } => code.unwrap(),
        other => panic!("{other:?}"),
    };
    let mut lab = Lab::new();
    lab.manage(CaAction::Stop);
    assert_eq!(code(&mut lab, NAME), HResult::RPC_S_SERVER_UNAVAILABLE);
    lab.manage(CaAction::Start);
    assert!(matches!(answered(&lab.issue(NAME, "alice", &request)), Answered::Issued { .. }));
    let mut lab = Lab::with(|spec| spec.authorities[0].hangs = true);
    assert_eq!(code(&mut lab, NAME), HResult::RPC_S_SERVER_UNAVAILABLE);
    let mut lab = Lab::with(|spec| {
        spec.authorities[0].enrollment_servers = vec![EnrollmentServerSpec {
            uri: autoenroll_model::CaUri {
                uri: "https://ces.contoso.com/Contoso%20CA_CES_Own/service.svc/CES".to_owned(),
                client_authentication: 4,
                priority: 1,
                renewal_only: false,
            },
            reachable: true,
            failure: Some(HResult::E_ACCESSDENIED),
        }];
    });
    assert_eq!(code(&mut lab, "Own"), HResult::E_ACCESSDENIED);
    // Without archival there is no exchange certificate.
    let exchange = lab.post("/Contoso%20CA_CES_UsernamePassword/service.svc/CES", "alice", wstep::RST_KET, |writer| {
        writer.element("RequestSecurityToken", &[("xmlns", soap::ns::TRUST)], |writer| {
            writer.text("RequestType", "http://docs.oasis-open.org/ws-sx/ws-trust/200512/KET");
            writer.text("RequestKET", "");
        });
    });
    let Answered::Refused { code, .. } = answered(&exchange) else { panic!() };
    assert_eq!(code, Some(HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED));
}
