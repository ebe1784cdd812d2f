use autoenroll_import::{Half, read};
use autoenroll_wire::ldif::to_base64;
use autoenroll_world::spec::PolicyServiceSpec;

use super::lab::{CA, Lab, PASSWORD, POLICY, fault, get, soap_ask, text};
use crate::http::Ask;
use crate::soap::{self, ns, xml};
use crate::xcep::{GET_POLICIES, PolicyAnswer, write_question};

fn ask(lab: &mut Lab, path: &str, user: &str) -> crate::http::Answer {
    lab.post(path, user, GET_POLICIES, write_question)
}

fn read_answer(answer: &crate::http::Answer) -> PolicyAnswer {
    let text = text(answer);
    let document = xml::parse(&text).unwrap();
    PolicyAnswer::read(soap::body(&document).unwrap()).unwrap()
}

fn names(answer: &PolicyAnswer) -> Vec<(&str, bool)> {
    answer.policies.iter().map(|policy| (policy.name.as_str(), policy.enroll)).collect()
}

#[test]
fn an_answer_has_every_element_in_the_order_of_the_schema() {
    let mut lab = Lab::with(|spec| {
        spec.templates.truncate(1);
        spec.authorities[0].templates.truncate(1);
    });
    let answer = ask(&mut lab, POLICY, "bob");
    assert_eq!((answer.status, answer.content_type), (200, "application/soap+xml; charset=utf-8"));
    let spread = text(&answer).replace("><", ">\n<");
    // The certificate is another matter.
    let spread: Vec<&str> = spread.lines().filter(|line| !line.starts_with("<certificate>")).collect();
    insta::assert_snapshot!(spread.join("\n"));
    assert_eq!(text(&answer), text(&ask(&mut lab, POLICY, "bob")), "the same question has the same answer");
}

#[test]
fn the_caller_sees_what_it_may_read_and_with_its_own_rights() {
    let mut lab = Lab::new();
    let of_alice = read_answer(&ask(&mut lab, POLICY, "CONTOSO\\Alice"));
    assert_eq!(names(&of_alice), [("Users", true), ("Approved", true), ("Machines", true)]);
    let of_bob = read_answer(&ask(&mut lab, POLICY, "bob@contoso.com"));
    assert_eq!(names(&of_bob).last(), Some(&("Bobs", true)));
    assert!(of_bob.cas[0].enroll && of_bob.cas_of(Some("Bobs")).count() == 1);
    let uris: Vec<(u32, &str, bool)> =
        of_bob.cas[0].uris.iter().map(|it| (it.client_authentication, it.uri.as_str(), it.renewal_only)).collect();
    let at = |name: &str| format!("https://ca01.contoso.com/Contoso%20CA_CES_{name}/service.svc/CES");
    let expected = [(4, at("UsernamePassword"), false), (8, at("Certificate"), false), (1, at("Anonymous"), true)];
    assert_eq!(uris, expected.each_ref().map(|(number, uri, only)| (*number, uri.as_str(), *only)));
    let anonymous = ask(&mut lab, "/ADPolicyProvider_CEP_Anonymous/service.svc/CEP", "");
    assert_eq!(names(&read_answer(&anonymous)), []);
    assert!(text(&anonymous).contains("<policies xsi:nil=\"true\"></policies>"));
}

#[test]
fn what_the_importer_reads_is_what_the_world_has() {
    let mut lab = Lab::new();
    let answer = ask(&mut lab, POLICY, "bob");
    let import = read("answer", &answer.body, Half::User).unwrap();
    let read: Vec<(String, u32, u32)> = import
        .templates
        .iter()
        .map(|it| (it.template.name.clone(), it.template.revision, it.template.minimal_key_size))
        .collect();
    let expected = ["Users", "Approved", "Machines", "Bobs"].map(|name| (name.to_owned(), 100, 256));
    assert_eq!(read, expected);
    assert_eq!(import.authorities[0].authority.name, CA);
}

#[test]
fn credentials_decide_and_a_get_is_never_challenged() {
    let mut lab = Lab::new();
    assert_eq!(fault(&ask(&mut lab, POLICY, "")), ("s:Sender".into(), "o:InvalidSecurity".into()));
    assert_eq!(fault(&ask(&mut lab, POLICY, "mallory")), ("s:Sender".into(), "o:FailedAuthentication".into()));
    let message = soap::request(GET_POLICIES, "x", None, write_question);
    let basic = |password: &str| {
        let authorization = Some(format!("Basic {}", to_base64(format!("alice:{password}").as_bytes())));
        Ask { body: message.clone().into_bytes(), authorization, ..soap_ask(POLICY) }
    };
    assert_eq!(lab.ask(&basic(PASSWORD)).status, 200);
    assert_eq!(fault(&lab.ask(&basic("wrong"))).1, "o:FailedAuthentication");
    for method in ["GET", "HEAD", "PUT"] {
        let answer = lab.ask(&Ask { method: method.to_owned(), ..get(POLICY) });
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.headers.iter().all(|(name, _)| *name != "www-authenticate"), "{method}");
    }
    let clear = Ask { encrypted: false, ..basic(PASSWORD) };
    assert_eq!(lab.ask(&clear).status, 403);
}

#[test]
fn a_client_that_has_the_answer_already_gets_none() {
    let mut lab = Lab::new();
    let question = |date: &str| {
        let date = date.to_owned();
        move |writer: &mut soap::Writer| {
            writer.element("GetPolicies", &[("xmlns", ns::POLICY), ("xmlns:xsi", ns::INSTANCE)], |writer| {
                writer.element("client", &[], |writer| {
                    writer.text("lastUpdate", date);
                    writer.nil("preferredLanguage");
                });
                writer.nil("requestFilter");
            });
        }
    };
    let mut asked = |date: &str| text(&lab.post(POLICY, "alice", GET_POLICIES, question(date)));
    assert!(asked("0001-01-01T00:00:00").contains("<policiesNotChanged xsi:nil"));
    let again = asked("2026-03-02T08:00:01Z");
    assert!(again.contains("<policiesNotChanged>true</policiesNotChanged><policies xsi:nil=\"true\">"), "{again}");
    assert!(again.contains("<cAs xsi:nil=\"true\"></cAs><oIDs xsi:nil=\"true\">"));
    assert!(asked("yesterday").contains("lastUpdate"));
}

#[test]
fn filters_leave_out_what_they_say() {
    let mut lab = Lab::with(|spec| {
        // Windows 8 or later.
        spec.templates[1].template.private_key_flags = autoenroll_model::PrivateKeyFlags::from_bits_retain(0x0405_0000);
    });
    let oid = autoenroll_model::Template::permissive("Machines").oid.unwrap();
    let mut asked = |filter: String| {
        let answer = lab.post(POLICY, "alice", GET_POLICIES, move |writer| {
            writer.element("GetPolicies", &[("xmlns", ns::POLICY)], |writer| {
                writer.element("client", &[], |writer| writer.nil("lastUpdate"));
                writer.element("requestFilter", &[], |writer| writer.raw(&filter));
            });
        });
        names(&read_answer(&answer)).into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let nothing = "<policyOIDs xsi:nil=\"true\"/>";
    assert_eq!(asked(format!("<policyOIDs><oid>{oid}</oid></policyOIDs>")), ["Machines"]);
    assert_eq!(asked(format!("{nothing}<clientVersion>3</clientVersion>")), ["Users", "Machines"]);
    assert_eq!(asked(format!("{nothing}<serverVersion>4</serverVersion>")), ["Users", "Machines"]);
    // What cepces sends.
    let zeros = format!("{nothing}<clientVersion>0</clientVersion><serverVersion>0</serverVersion>");
    assert_eq!(asked(zeros), ["Users", "Approved", "Machines"]);
}

#[test]
fn a_policy_server_of_the_world_answers_as_the_world_wants_it() {
    let server = |reachable, failure| PolicyServiceSpec {
        url: "https://cep.contoso.com/Own_CEP_UsernamePassword/service.svc/CEP".to_owned(),
        reachable,
        failure,
        next_update_hours: Some(3),
        priorities: Vec::new(),
    };
    let path = "/own_cep_usernamepassword/service.svc/cep";
    let asked = |server: PolicyServiceSpec| {
        let mut lab = Lab::with(|spec| spec.policy_services = vec![server]);
        ask(&mut lab, path, "alice")
    };
    assert!(text(&asked(server(true, None))).contains("<nextUpdateHours>3</nextUpdateHours>"));
    assert_eq!(asked(server(false, None)).status, 503);
    let failing = asked(server(true, Some(autoenroll_model::HResult::E_ACCESSDENIED)));
    assert!(text(&failing).contains("<ErrorCode>-2147024891</ErrorCode>"));
}
