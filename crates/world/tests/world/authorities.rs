//! CAs, the directory and the stores, as the real core meets them.

use autoenroll_model::{
    Duration, EnrollmentFlags, GeneralFlags, NameFlags, PolicyServer, Profile, SimTime, Template, TrustStore,
};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::action::{CaAction, Change};
use autoenroll_world::spec::{
    CaSpec, CertificateKey, CertificateSpec, Chain, DomainSpec, Edit, GroupSpec, Issued, PolicyServiceSpec,
    RequestDecision, RequestSpec, StoreSpec, WorldSpec,
};
use autoenroll_world::{Action, Hosts, Look, World};

use crate::lab::{contoso, offer, records, run, story, template};

type Lab = crate::lab::Lab<autoenroll_core::InProcess>;

fn spec() -> WorldSpec {
    let mut spec = contoso();
    offer(&mut spec, template("ContosoUser"), None);
    spec
}

fn lab(spec: WorldSpec) -> Lab {
    World::new(spec, autoenroll_core::InProcess::new(), Hosts::in_process()).unwrap()
}

/// alice logs on, and that time goes by.
fn logged_on(spec: WorldSpec, wait: Duration) -> Lab {
    let mut world = lab(spec);
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, wait);
    assert!(records(&world, Kind::Violation).is_empty(), "{}", story(&world));
    world
}

fn ca(op: CaAction) -> Action {
    Action::Ca { ca: "Contoso CA".to_owned(), op }
}

fn store(certificates: Vec<CertificateSpec>, requests: Vec<RequestSpec>) -> Vec<StoreSpec> {
    vec![StoreSpec { of: "alice".to_owned(), certificates, requests }]
}

fn old(name: &str, age: Duration) -> CertificateSpec {
    CertificateSpec::of(name, "ContosoUser", "Contoso CA", age)
}

fn facts(records: &[Record], name: &str) -> Vec<String> {
    records.iter().map(|record| record.facts.get(name).map(ToString::to_string).unwrap_or_default()).collect()
}

fn unreachable_edit() -> Edit<CaSpec> {
    CaSpec::setting("reachable").and_then(|setting| setting.to(false)).unwrap()
}

#[test]
fn a_certificate_is_issued_stored_and_published() {
    let mut spec = spec();
    if let Some(flags) = &mut spec.templates[0].template.enrollment_flags {
        *flags |= EnrollmentFlags::PUBLISH_TO_DS;
    }
    let world = logged_on(spec, Duration::ZERO);
    let name = "ContosoUser#1";
    assert_eq!(facts(&records(&world, Kind::Issued), "certificate"), [name]);
    let looked = |what: Look| world.look(&what).unwrap().to_string();
    let store = format!("certificates=[{name}] archived=[] keys=[{name}] containers=[alice/1]");
    assert_eq!(looked(Look::Store("alice".to_owned())), store);
    assert_eq!(looked(Look::Requests("alice".to_owned())), "requests=[] stages=[] given-up=[]");
    assert_eq!(looked(Look::Ca("Contoso CA".to_owned())), format!("issued=[{name}] pending=[] denied=[] revoked=[]"));
    let directory = looked(Look::Directory("alice".to_owned()));
    assert!(directory.starts_with(&format!("certificates=[{name}] ")), "{directory}");
    assert!(records(&world, Kind::Decision).iter().any(|record| record.actor == "Contoso CA"));
}

#[test]
fn every_record_after_the_first_has_a_cause() {
    let world = logged_on(spec(), Duration::ZERO);
    for record in world.trace().unpack().records() {
        let free = matches!(record.kind, Kind::Logon);
        assert_eq!(free, record.causes.is_empty(), "{record:?}");
    }
}

#[test]
fn a_change_is_a_cause_of_what_fails_for_it() {
    let unreachable = |ca: &str| Change::Ca { ca: ca.to_owned(), edit: unreachable_edit() };
    let check = |change: Action, failed: Kind, code: &str| {
        let mut world = lab(spec());
        world.act(&change).unwrap();
        world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
        run(&mut world, Duration::ZERO);
        let changes = records(&world, Kind::Change);
        let failed = records(&world, failed).into_iter().find(|it| it.facts.text("code") == Some(code));
        let causes = failed.map(|failed| failed.causes.contains(&changes[0].id));
        assert_eq!(causes, Some(true), "{change:?}\n{}", story(&world));
    };
    let no_server = "0x800706BA RPC_S_SERVER_UNAVAILABLE";
    for change in [ca(CaAction::Stop), Action::Change(unreachable("Contoso CA"))] {
        check(change.clone(), Kind::CaFailed, no_server);
        check(change, Kind::EffectDone, no_server);
    }
    let directory = Action::Change(Change::DirectoryReachable(false));
    check(directory, Kind::EffectDone, "0x8007054B ERROR_NO_SUCH_DOMAIN");
}

#[test]
fn a_slow_ca_answers_late_and_a_hanging_one_never() {
    let mut slow = spec();
    slow.authorities[0].latency = Duration::seconds(10);
    let world = logged_on(slow, Duration::MINUTE);
    assert_eq!(records(&world, Kind::Request)[0].at, SimTime::START);
    assert_eq!(records(&world, Kind::Issued)[0].at, SimTime::START + Duration::seconds(10));
    let mut hanging = spec();
    hanging.authorities[0].hangs = true;
    // The core gives up after a while; the CA has not answered even then.
    let world = logged_on(hanging, Duration::hours(1));
    assert_eq!(records(&world, Kind::Request).len(), 1);
    assert!(records(&world, Kind::Issued).is_empty() && !records(&world, Kind::EffectAbandoned).is_empty());
}

#[test]
fn a_ca_that_cannot_be_reached_takes_no_request() {
    let check = |change: fn(&mut Lab)| {
        let mut world = lab(spec());
        change(&mut world);
        world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
        run(&mut world, Duration::ZERO);
        assert!(records(&world, Kind::Request).is_empty());
        let failed = facts(&records(&world, Kind::CaFailed), "code");
        assert!(failed.iter().all(|code| code == "\"0x800706BA RPC_S_SERVER_UNAVAILABLE\"") && !failed.is_empty());
    };
    check(|world| world.act(&ca(CaAction::Stop)).unwrap());
    check(|world| {
        let edit = unreachable_edit();
        world.act(&Action::Change(Change::Ca { ca: "Contoso CA".to_owned(), edit })).unwrap();
    });
}

#[test]
fn a_pending_request_is_approved_and_fetched() {
    let mut spec = spec();
    spec.authorities[0].manager_approval = true;
    let mut world = logged_on(spec, Duration::ZERO);
    assert_eq!(facts(&records(&world, Kind::Pending), "request"), ["ContosoUser#1"]);
    world.act(&ca(CaAction::Approve { request: Some("ContosoUser#1".to_owned()) })).unwrap();
    assert_eq!(facts(&records(&world, Kind::Issued), "certificate"), ["ContosoUser#1"]);
    run(&mut world, Duration::hours(9));
    let stored = world.look(&Look::Store("alice".to_owned())).unwrap();
    let store = "certificates=[ContosoUser#1] archived=[] keys=[ContosoUser#1] containers=[alice/1]";
    assert_eq!(stored.to_string(), store);
    assert!(records(&world, Kind::Violation).is_empty(), "{}", story(&world));
    assert!(world.act(&ca(CaAction::Deny { request: None })).is_err(), "nothing is pending any more");
}

#[test]
fn what_a_store_holds_decides_what_is_requested() {
    let check = |certificate: CertificateSpec, requested: bool| {
        let name = format!("{certificate:?}");
        let mut spec = spec();
        spec.stores = store(vec![certificate], Vec::new());
        let world = logged_on(spec, Duration::ZERO);
        assert_eq!(!records(&world, Kind::Request).is_empty(), requested, "{name}: {}", story(&world));
        world
    };
    check(old("fresh", Duration::days(10)), false);
    check(CertificateSpec { revoked: true, ..old("revoked", Duration::days(10)) }, true);
    check(CertificateSpec { chain: Chain::Untrusted, ..old("stranger", Duration::days(10)) }, true);
    check(CertificateSpec { key: CertificateKey::Missing, ..old("keyless", Duration::days(10)) }, true);
    check(CertificateSpec { archived: true, ..old("archived", Duration::days(10)) }, true);
    check(CertificateSpec { foreign: true, ..old("foreign", Duration::days(10)) }, true);
    check(CertificateSpec { revision: Some(99), ..old("outdated", Duration::days(10)) }, true);
    let world = check(old("near-end", Duration::days(330)), true);
    let request = &records(&world, Kind::Request)[0];
    assert_eq!(request.facts.text("renews"), Some("near-end"), "{}", request.facts);
}

#[test]
fn requests_that_are_older_than_the_world_are_fetched() {
    let request = |decided| RequestSpec {
        name: "long-awaited".to_owned(),
        template: "ContosoUser".to_owned(),
        ca: "Contoso CA".to_owned(),
        created: Issued::Age(Duration::days(3)),
        key: CertificateKey::Software,
        replaces: None,
        renewal: false,
        decided,
    };
    let mut spec = spec();
    spec.stores = store(Vec::new(), vec![request(RequestDecision::Approved)]);
    let world = logged_on(spec.clone(), Duration::ZERO);
    let stored = world.look(&Look::Store("alice".to_owned())).unwrap();
    assert!(stored.to_string().contains("long-awaited"), "{stored}\n{}", story(&world));
    spec.stores = store(Vec::new(), vec![request(RequestDecision::Pending)]);
    let world = logged_on(spec, Duration::ZERO);
    assert!(records(&world, Kind::Request).is_empty());
    let requests = world.look(&Look::Requests("alice".to_owned())).unwrap();
    assert_eq!(requests.to_string(), "requests=[ContosoUser] stages=[pending] given-up=[]");
}

#[test]
fn two_cas_number_their_requests_apart() {
    let mut spec = spec();
    spec.domain.trust.roots.push("Other CA".to_owned());
    spec.authorities.push(CaSpec::named("Other CA", "ca02.contoso.com", &["ContosoUser"]));
    spec.stores = store(
        vec![
            CertificateSpec { revoked: true, ..old("one", Duration::days(2)) },
            CertificateSpec { ca: "Other CA".to_owned(), revoked: true, ..old("two", Duration::days(2)) },
        ],
        Vec::new(),
    );
    let mut world = logged_on(spec, Duration::ZERO);
    let issued = facts(&records(&world, Kind::Issued), "certificate");
    assert_eq!(issued, ["ContosoUser#2"]);
    let revoke = CaAction::Revoke { certificate: "ContosoUser#2".to_owned() };
    world.act(&ca(revoke.clone())).unwrap();
    assert!(world.act(&ca(revoke)).is_err(), "it is revoked already");
    let looked = world.look(&Look::Ca("Contoso CA".to_owned())).unwrap();
    assert_eq!(looked.to_string(), "issued=[] pending=[] denied=[] revoked=[one, ContosoUser#2]");
}

/// A template for computers that every computer of the domain may autoenroll.
fn machine_template() -> Template {
    let mut template = template("ContosoMachine");
    template.flags |= GeneralFlags::MACHINE_TYPE;
    template.name_flags = NameFlags::SUBJECT_REQUIRE_DNS_AS_CN | NameFlags::SUBJECT_ALT_REQUIRE_DNS;
    if let Some(dacl) = &mut template.security.dacl {
        dacl[0].trustee = DomainSpec::contoso().account(515);
    }
    template
}

#[test]
fn a_computer_enrolls_and_mirrors_the_trust_containers() {
    let mut spec = contoso();
    offer(&mut spec, machine_template(), None);
    spec.domain.trust.extra_roots = vec!["Partner Root".to_owned()];
    let mut world = lab(spec);
    world.act(&Action::Boot { computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(facts(&records(&world, Kind::Issued), "subject"), ["CN=wks01.contoso.com"], "{}", story(&world));
    let trusted = |world: &Lab| world.look(&Look::Trust("WKS01".to_owned())).unwrap().to_string();
    assert_eq!(trusted(&world), "root=[\"Contoso CA\"] ca=[] ntauth=[\"Contoso CA\"]");
    let change = Change::Trust { container: TrustStore::Root, certificate: "Partner Root".to_owned(), present: true };
    world.act(&Action::Change(change)).unwrap();
    run(&mut world, Duration::hours(2));
    assert_eq!(trusted(&world), "root=[\"Contoso CA\", \"Partner Root\"] ca=[] ntauth=[\"Contoso CA\"]");
    let added = facts(&records(&world, Kind::Store), "added");
    assert!(added.contains(&"[\"Partner Root\"]".to_owned()), "{added:?}");
    assert!(records(&world, Kind::Violation).is_empty(), "{}", story(&world));
}

#[test]
fn membership_counts_through_groups_and_from_the_next_logon_on() {
    let group = |name: &str, relative, members: &[&str]| GroupSpec {
        name: name.to_owned(),
        sid: DomainSpec::contoso().account(relative),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    let mut spec = spec();
    spec.groups = vec![group("Staff", 2001, &["Branch"]), group("Branch", 2002, &["Staff", "bob"])];
    if let Some(dacl) = &mut spec.templates[0].template.security.dacl {
        dacl[0].trustee = DomainSpec::contoso().account(2001);
    }
    let mut world = logged_on(spec, Duration::ZERO);
    assert!(records(&world, Kind::Issued).is_empty(), "alice is in neither group");
    let join = Change::Membership { group: "Branch".to_owned(), member: "alice".to_owned(), present: true };
    world.act(&Action::Change(join)).unwrap();
    world.act(&Action::Pulse { principal: "alice".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert!(records(&world, Kind::Issued).is_empty(), "her token is as it was at logon");
    world.act(&Action::Logoff { user: "alice".to_owned() }).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(records(&world, Kind::Issued).len(), 1, "{}", story(&world));
}

#[test]
fn a_policy_server_passes_on_what_the_directory_holds() {
    let url = "https://cep.contoso.com/service.svc/CEP";
    let server = PolicyServer {
        key: "37c9dc30f207f27f61a2f7c3aed598a6e2920b54".to_owned(),
        url: url.to_owned(),
        policy_id: "contoso".to_owned(),
        flags: 0x10,
        auth_flags: 2,
        cost: 10,
    };
    let mut spec = spec();
    spec.profile = Profile::windows_10_22h2();
    spec.policy.policy_servers = vec![server];
    spec.policy_services = vec![PolicyServiceSpec {
        url: url.to_owned(),
        reachable: true,
        failure: None,
        next_update_hours: Some(8),
        priorities: Vec::new(),
    }];
    let world = logged_on(spec.clone(), Duration::ZERO);
    assert_eq!(records(&world, Kind::Issued).len(), 1, "{}", story(&world));
    assert!(!facts(&records(&world, Kind::Directory), "op").contains(&"read-templates".to_owned()));
    spec.policy_services[0].reachable = false;
    let world = logged_on(spec, Duration::ZERO);
    assert!(records(&world, Kind::Issued).is_empty());
    assert!(
        facts(&records(&world, Kind::EffectDone), "code")
            .contains(&"\"0x80094015 CERTSRV_E_NO_POLICY_SERVER\"".to_owned())
    );
}
