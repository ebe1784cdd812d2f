//! A world that is played with its CAs and policy servers behind HTTPS meets the same CAs, and the same templates.

use autoenroll_core::InProcess;
use autoenroll_model::{
    CaReply, CaUri, CngSettings, EnrollmentFlags, EnrollmentService, FileTime, HResult, KeySpec, NameFlags, Oid,
    PolicyResponse, PolicyTemplate, PrivateKeyFlags, Profile, ProviderPreference, SecurityDescriptor, Submission,
    Template,
};
use autoenroll_wire::flags::CR_IN_FORMATANY;
use autoenroll_world::spec::{CaSpec, TemplateSpec, UserSpec, WorldSpec};
use autoenroll_world::{CaHost, Caller, Hosts, World};

use super::lab::{CA, full, key, pkcs10, renewal};
use crate::cas::{CaServer, HttpsCas, Uncarried};
use crate::client::ClientError;
use crate::wstep;

fn spec(archives: bool) -> WorldSpec {
    let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
    let domain = spec.domain.clone();
    spec.users = vec![UserSpec::named("alice", 1104, &domain), UserSpec::named("bob", 1105, &domain)];
    let pending = Some(EnrollmentFlags::PEND_ALL_REQUESTS);
    let approved = Template { enrollment_flags: pending, ..Template::permissive("Approved") };
    let security = SecurityDescriptor::full_control(&domain.account(1105));
    let templates = [Template::permissive("Users"), approved, Template { security, ..Template::permissive("Bobs") }];
    let offered: Vec<&str> = templates.iter().map(|template| template.name.as_str()).collect();
    let ca = CaSpec { key_archival: archives, ..CaSpec::named(CA, "ca01.contoso.com", &offered) };
    spec.authorities = vec![ca];
    spec.templates = templates.into_iter().map(|template| TemplateSpec { template, published: None }).collect();
    spec
}

/// What a CA answers to each question in turn; the answers to requests without their form, which services choose.
fn asked<A: CaHost>(cas: A) -> Vec<String> {
    let cards = Hosts::in_process().cards;
    let mut told = Vec::new();
    let mut world = World::new(spec(false), InProcess::new(), Hosts { cards, cas }).unwrap();
    let alice = Caller::Account("alice".to_owned());
    // Enrollment web services ask for a full response, whatever these flags say.
    let submission = |request: Vec<u8>, ca: &str| Submission {
        flags: CR_IN_FORMATANY,
        ..wstep::submission(ca, request, Vec::new())
    };
    let show = |reply: Result<CaReply, HResult>| {
        format!("{:?}", reply.map(|reply| CaReply { response: reply.response.map(|_| Vec::new()), ..reply }))
    };
    let mut certificate = Vec::new();
    for (request, ca) in [
        (pkcs10("Users", &key("one"), Vec::new()), CA),
        (full("Users", &key("two")), CA),
        (pkcs10("Approved", &key("three"), Vec::new()), CA),
        (pkcs10("Bobs", &key("four"), Vec::new()), CA),
        (pkcs10("None", &key("five"), Vec::new()), CA),
        (b"no request".to_vec(), CA),
        (pkcs10("Users", &key("six"), Vec::new()), "Another CA"),
    ] {
        let reply = world.submit_from_outside(&alice, &submission(request, ca));
        if let Ok(CaReply { certificate: Some(issued), .. }) = &reply {
            certificate.clone_from(issued);
        }
        told.push(show(reply));
    }
    let renewed = submission(renewal("Users", &key("seven"), &certificate, &key("two")), CA);
    told.push(show(world.submit_from_outside(&alice, &renewed)));
    told.extend((0..9).map(|id| show(world.retrieve_from_outside(&alice, CA, id))));
    told.push(format!("{:?}", world.exchange_certificate_from_outside(&alice, CA)));
    told.push(world.trace().len().to_string());
    told
}

#[test]
fn cas_answer_the_same_over_https() {
    let server = CaServer::start().unwrap();
    let cas = HttpsCas::new(&server);
    let ledger = cas.ledger();
    let (here, there) = (asked(Hosts::in_process().cas), asked(cas));
    for (one, other) in here.iter().zip(&there) {
        assert_eq!(one, other);
    }
    for (word, count) in [("disposition: Issued", 6), ("disposition: Pending", 2), ("disposition: Denied", 4)] {
        assert_eq!(here.iter().filter(|it| it.contains(word)).count(), count, "{word}: {here:#?}");
    }
    assert_eq!((ledger.fault(), ledger.uncarried()), (None, None));
    assert_eq!(ledger.questions(), 17, "each goes over the socket but those to no CA");
}

#[test]
fn exchange_certificates_come_over_https() {
    let server = CaServer::start().unwrap();
    fn exchange<A: CaHost>(cas: A) -> Result<Vec<u8>, HResult> {
        let cards = Hosts::in_process().cards;
        let mut world = World::new(spec(true), InProcess::new(), Hosts { cards, cas }).unwrap();
        world.exchange_certificate_from_outside(&Caller::Account("alice".to_owned()), CA)
    }
    let here = exchange(Hosts::in_process().cas);
    assert!(here.is_ok());
    assert_eq!(exchange(HttpsCas::new(&server)), here);
}

/// A template with everything that a policy server has a word for.
fn everything() -> Template {
    let oid = |dotted: &str| -> Oid { dotted.parse().unwrap() };
    Template {
        display_name: "Everything & <more>".to_owned(),
        schema: Some(4),
        private_key_flags: PrivateKeyFlags::from_bits_retain(0x0506_0010),
        name_flags: NameFlags::SUBJECT_REQUIRE_EMAIL,
        ra_signatures: 2,
        ra_application_policies: vec![oid("1.3.6.1.4.1.311.20.2.1")],
        ra_policies: vec![oid("1.2.3.4"), oid("1.2.3.5")],
        cng: Some(CngSettings {
            asymmetric_algorithm: Some("ECDH_P256".to_owned()),
            hash_algorithm: Some("SHA384".to_owned()),
            key_usage: Some(2),
            symmetric_algorithm: Some("3DES".to_owned()),
            symmetric_key_length: Some(168),
            key_security: Some("D:(A;;GA;;;BA)".to_owned()),
        }),
        key_spec: KeySpec::Signature,
        providers: ["First", "Second"]
            .into_iter()
            .zip(1..)
            .map(|(name, order)| ProviderPreference { order, name: name.to_owned() })
            .collect(),
        certificate_policies: vec![oid("1.2.3.6")],
        supersedes: vec!["Older".to_owned(), "Oldest".to_owned()],
        ..Template::permissive("Everything")
    }
}

#[test]
fn a_policy_server_tells_everything_that_its_protocol_has_a_word_for() {
    let server = CaServer::start().unwrap();
    let world = World::new(spec(false), InProcess::new(), Hosts::in_process()).unwrap();
    let certificate = world.hosts().cas.ca(CA, |ca| ca.identity().certificate().to_vec()).unwrap();
    let uri = CaUri {
        uri: "https://ca01.contoso.com/CES".to_owned(),
        client_authentication: 4,
        priority: 3,
        renewal_only: false,
    };
    let withheld = SecurityDescriptor { owner: None, dacl: Some(Vec::new()) };
    let template = |template: Template, enroll, autoenroll| PolicyTemplate {
        template: Template { security: withheld.clone(), ..template },
        enroll,
        autoenroll,
    };
    let told = PolicyResponse {
        not_changed: false,
        next_update_hours: Some(5),
        templates: vec![template(everything(), true, false), template(Template::permissive("Users"), false, true)],
        authorities: vec![EnrollmentService {
            name: CA.to_owned(),
            host: Some("ca01.contoso.com".to_owned()),
            certificate,
            templates: vec!["Everything".to_owned(), "Users".to_owned()],
            enroll_permission: Some(true),
            priority: Some(3),
            site: None,
            uris: vec![uri],
        }],
    };
    let mut cas = HttpsCas::new(&server);
    assert_eq!(cas.policies("alice", told.clone()), Ok(told.clone()));
    let unchanged =
        PolicyResponse { not_changed: true, templates: Vec::new(), authorities: Vec::new(), ..told.clone() };
    assert_eq!(cas.policies("alice", unchanged.clone()), Ok(unchanged));
    assert_eq!((cas.ledger().fault(), cas.ledger().uncarried(), cas.ledger().questions()), (None, None, 2));
    for (told, uncarried) in [
        (with(&told, |told| told.authorities[0].uris.clear()), Uncarried::CaWithoutService),
        (with(&told, |told| told.templates[0].template.malformed_oid = Some("x".to_owned())), Uncarried::MalformedOid),
    ] {
        let mut cas = HttpsCas::new(&server);
        assert_eq!(cas.policies("alice", told.clone()), Ok(told));
        assert_eq!((cas.ledger().uncarried(), cas.ledger().questions()), (Some(uncarried), 0));
    }
}

fn with(told: &PolicyResponse, change: impl FnOnce(&mut PolicyResponse)) -> PolicyResponse {
    let mut told = told.clone();
    change(&mut told);
    told
}

#[test]
fn only_the_world_that_waits_is_answered() {
    let server = CaServer::start().unwrap();
    let mut cas = HttpsCas::new(&server);
    let url = cas.service(CA);
    let asks = |name: &str, password: &str, url: &str| {
        server.client().named(name, password).query(url, "1").map(|answered| format!("{answered:?}"))
    };
    let answered = asks("alice", "autoenroll", &url).unwrap();
    assert!(answered.contains("the name or the password is wrong"), "nobody waits: {answered}");
    let elsewhere = url.replacen(&format!("/{}/", 0), "/7/", 1);
    assert!(matches!(asks("alice", "autoenroll", &elsewhere), Err(ClientError::Strange(why)) if why.contains("404")));
    // A CA that is none of this world's is none that answers, and that is no fault of the way.
    assert_eq!(
        cas.exchange_certificate(CA, "alice", FileTime::from_unix_seconds(0)),
        Err(HResult::RPC_S_SERVER_UNAVAILABLE)
    );
    assert_eq!(cas.ledger().fault(), None);
    drop(cas);
    assert!(asks("alice", "autoenroll", &url).is_err(), "the world is over");
}
