//! A world that is served, and programs of others that read it: OpenLDAP's clients, python's ldap3, certipy.
//!
//! Each client has a limit in real time, after which `timeout` ends it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use autoenroll_net::control::Steps;
use autoenroll_net::service::{self, Ports, Service, Typed};
use autoenroll_net::{Accounts, Pace, Passwords};
use autoenroll_oracles::suite::library;
use autoenroll_oracles::tools;
use autoenroll_scenario::{ByPrefix, check_world};
use autoenroll_world::Action;
use serde_json::Value;

use crate::suite::new_folder;

const WORLD: &str = r#"
scenario = 1
[world]
extends = "contoso"

[[world.group]]
name = "Staff"
sid = "S-1-5-21-1004336348-1177238915-682003330-2001"
members = ["alice"]

[[world.group]]
name = "All Staff"
sid = "S-1-5-21-1004336348-1177238915-682003330-2002"
members = ["Staff"]

[[world.template]]
name = "ContosoUser"
based-on = "User"
allow = { alice = ["read", "enroll", "autoenroll"] }

[[world.template]]
name = "StaffUser"
based-on = "User"
allow = { "All Staff" = ["read", "enroll"] }

[[world.template]]
name = "ContosoMachine"
based-on = "Machine"
allow = { WKS01 = ["read", "enroll", "autoenroll"] }
deny = { alice = ["read"] }
"#;
const BASE: &str = "DC=contoso,DC=test";
/// The templates that alice may read.
const SEEN: [&str; 3] = ["ContosoUser", "SmartcardLogon", "StaffUser"];
const PASSWORD: &str = "Secret-1";
/// Seconds after which a client is ended.
const LIMIT: &str = "30";

/// A world in a thread of this process.
struct Served {
    at: Ports<SocketAddr>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    folder: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || !matches!(ended, Some(Err(_))), "the server panicked");
    }
}

/// Steps are the command's business.
struct NoSteps;

impl Steps for NoSteps {
    fn actions(&self, _: &str) -> Result<Vec<Action>, String> {
        Err("this server knows no steps".to_owned())
    }
}

impl Served {
    fn start(name: &str) -> Self {
        let library = library();
        let checked = check_world(None, "served.toml", WORLD.as_bytes(), &library, &ByPrefix);
        let Some(scenario) = checked.scenarios.into_iter().next() else {
            panic!("{}", checked.found.render(&checked.files, false))
        };
        let mut spec = scenario.spec;
        spec.start = autoenroll_net::live::machine_time();
        let (sender, receiver) = std::sync::mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stops = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let service = Service {
                spec,
                pace: Pace::Times(1),
                accounts: Accounts {
                    passwords: Passwords { common: Some(PASSWORD.to_owned()), ..Passwords::default() },
                },
                listen: "127.0.0.1".parse().expect("an address"),
                ports: Ports::default(),
                names: Vec::new(),
                steps: Box::new(NoSteps),
            };
            let typed = Typed { from: Box::new(std::io::empty()), tell: Box::new(|_| {}) };
            let ready = |at: &Ports<SocketAddr>| sender.send(*at).expect("the test waits for it");
            service::run(service, ready, typed, &stops).expect("it can be served");
        });
        let at = receiver.recv_timeout(Duration::from_secs(30)).expect("it comes up");
        let served = Self { at, stop, thread: Some(thread), folder: new_folder(name) };
        let roots = served.get("/roots.pem");
        assert!(roots.contains("-----BEGIN CERTIFICATE-----"), "{roots}");
        std::fs::write(served.roots(), roots).expect("the folder was made for this");
        served
    }

    fn roots(&self) -> PathBuf {
        self.folder.join("roots.pem")
    }

    /// The body of an answer of the control port.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.at.control).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket has time-outs");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
    }

    /// A client of OpenLDAP, bound as alice unless the arguments say otherwise.
    fn client(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let ldap = format!("ldap://{}", self.at.ldap);
        let mut command = Command::new("timeout");
        command.args([LIMIT, program, "-x"]).env("LDAPTLS_CACERT", self.roots()).env("HOME", &self.folder);
        if !arguments.contains(&"-H") {
            command.args(["-H", &ldap]);
        }
        command.args(arguments).stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        child.stdin.take().expect("it was piped").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it was started")
    }

    fn search(&self, arguments: &[&str]) -> Said {
        let who = ["-D", "alice@contoso.test", "-w", PASSWORD, "-LLL", "-o", "ldif-wrap=no"];
        Said::of(&self.client("ldapsearch", &[&who[..], arguments].concat(), ""))
    }
}

/// How a client ended, and what it printed.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    text: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        Self { code: output.status.code(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    /// The values of an attribute, in the order of letters.
    fn values(&self, attribute: &str) -> Vec<&str> {
        let prefix = format!("{attribute}: ");
        let mut values: Vec<&str> = self.text.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
        values.sort_unstable();
        values
    }
}

#[test]
fn openldap_reads_and_writes_a_world() {
    if tools::openldap().is_none() {
        return;
    }
    let served = Served::start("served-openldap");
    let services = format!("CN=Public Key Services,CN=Services,CN=Configuration,{BASE}");
    let templates = format!("CN=Certificate Templates,{services}");
    let alice = format!("CN=alice,CN=Users,{BASE}");
    let is_template = "(objectClass=pKICertificateTemplate)";
    let all = served.search(&["-b", &templates, is_template, "cn"]);
    // What alice may not read is not there.
    assert_eq!(all.values("cn"), SEEN, "{all:?}");

    let check = |what: &str, arguments: &[&str], code: i32, attribute: &str, expected: &[&str]| {
        let said = served.search(arguments);
        assert_eq!((said.code, said.values(attribute)), (Some(code), expected.to_vec()), "{what}: {said:?}");
    };
    check("pages", &["-E", "pr=1/noprompt", "-b", &templates, is_template, "cn"], 0, "cn", &SEEN);
    check("a limit", &["-z", "1", "-b", &templates, is_template, "cn"], 4, "cn", &["SmartcardLogon"]);
    let autoenrolled = "(&(cn=contoso*)(msPKI-Enrollment-Flag:1.2.840.113556.1.4.803:=32))";
    check("bits", &["-b", &templates, autoenrolled, "cn"], 0, "cn", &["ContosoUser"]);
    let chain = format!("(memberOf:1.2.840.113556.1.4.1941:=CN=All Staff,CN=Users,{BASE})");
    check("a chain", &["-b", BASE, &chain, "sAMAccountName"], 0, "sAMAccountName", &["Staff", "alice"]);
    check("a class", &["-b", BASE, "(objectCategory=computer)", "sAMAccountName"], 0, "sAMAccountName", &["WKS01$"]);
    check("nobody is", &["-b", BASE, "(!(nonsense=1))", "cn"], 0, "cn", &[]);
    check("everybody is", &["-s", "base", "-b", &alice, "(&)", "cn"], 0, "cn", &["alice"]);
    check("no object", &["-b", "CN=nobody,DC=contoso,DC=test", "cn"], 32, "cn", &[]);
    check("no name", &["-b", "nonsense", "cn"], 34, "cn", &[]);
    check("a control", &["-E", "!sss=cn", "-b", BASE, "cn"], 12, "cn", &[]);
    let dns = ["ca1.contoso.test"];
    let services_of = format!("CN=Enrollment Services,{services}");
    check("services", &["-b", &services_of, "(cACertificate=*)", "dNSHostName"], 0, "dNSHostName", &dns);
    check(
        "numbers",
        &["-b", &templates, "(cn=ContosoUser)", "msPKI-Certificate-Name-Flag"],
        0,
        "msPKI-Certificate-Name-Flag",
        &["-1509949440"],
    );

    let descriptors = ["-b", &templates, "(cn=ContosoUser)", "nTSecurityDescriptor"];
    let flags = ["-E", "!1.2.840.113556.1.4.801=::MAMCAQU="];
    let with = served.search(&[&flags[..], &descriptors].concat());
    assert!(with.text.contains("nTSecurityDescriptor:: "), "{with:?}");
    // Without the control the SACL is asked for as well, which alice may not see.
    let without = served.search(&descriptors);
    assert!(without.code == Some(0) && !without.text.contains("nTSecurityDescriptor:"), "{without:?}");

    let anonymous = |arguments: &[&str]| Said::of(&served.client("ldapsearch", arguments, ""));
    let root = anonymous(&["-LLL", "-s", "base", "-b", "", "defaultNamingContext"]);
    assert_eq!(root.values("defaultNamingContext"), [BASE], "{root:?}");
    assert_eq!(anonymous(&["-b", BASE]).code, Some(1));
    let schema = format!("CN=Aggregate,CN=Schema,CN=Configuration,{BASE}");
    let schema = anonymous(&["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", &schema, "attributeTypes"]);
    assert!(schema.values("attributeTypes").len() > 100, "{schema:?}");
    assert_eq!(anonymous(&["-D", "alice@contoso.test", "-w", "wrong", "-b", BASE]).code, Some(49));
    let netbios =
        Said::of(&served.client("ldapsearch", &["-D", "CONTOSO\\ALICE", "-w", PASSWORD, "-b", BASE, "-s", "base"], ""));
    assert_eq!(netbios.code, Some(0), "{netbios:?}");

    for (url, more) in
        [(format!("ldap://{}", served.at.ldap), &["-ZZ"][..]), (format!("ldaps://{}", served.at.ldaps), &[][..])]
    {
        let url = ["-H", &url, "-s", "base", "-b", &alice, "cn"];
        let said = served.search(&[more, &url].concat());
        assert_eq!((said.code, said.values("cn")), (Some(0), vec!["alice"]), "{said:?}");
    }
    let who = served.client("ldapwhoami", &["-D", &alice, "-w", PASSWORD], "");
    assert_eq!(Said::of(&who).text, "u:CONTOSO\\alice\n");

    let modify = |what: &str| {
        let input = format!("dn: {alice}\nchangetype: modify\n{what}\n");
        Said::of(&served.client("ldapmodify", &["-D", &alice, "-w", PASSWORD], &input)).code
    };
    assert_eq!(modify("add: userCertificate\nuserCertificate:: MAMCAQc="), Some(0));
    assert_eq!(modify("add: userCertificate\nuserCertificate:: MAMCAQc="), Some(20));
    check("written", &["-b", &alice, "(userCertificate=\\30\\03\\02\\01\\07)", "cn"], 0, "cn", &["alice"]);
    assert_eq!(modify("delete: userCertificate\nuserCertificate:: MAMCAQc="), Some(0));
    assert_eq!(modify("delete: userCertificate"), Some(16));
    assert_eq!(modify("replace: mail\nmail: a@b"), Some(50));

    let log = served.get("/log");
    assert!(log.lines().any(|line| line.contains("\"who\":\"alice\"") && line.contains("search")), "{log}");
}

#[test]
fn ldap3_and_certipy_find_what_the_world_has() {
    let Some(python) = tools::python("ldap_clients.py") else { return };
    let served = Served::start("served-python");
    let port = served.at.ldap.port().to_string();
    let begun = Instant::now();
    let mut command = Command::new("timeout");
    command.arg("60").arg(python.get_program()).args(python.get_args());
    let said = tools::printed(command.args([port.as_str(), "alice@contoso.test", PASSWORD]));
    assert!(begun.elapsed() < Duration::from_secs(60));
    // What certipy says while it works comes before.
    let last = said.lines().last().unwrap_or_default();
    let found: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said}"));
    let check = |what: &str, expected: Value| assert_eq!(found[what], expected, "{what}");
    let sid = "S-1-5-21-1004336348-1177238915-682003330";
    check("who", "u:CONTOSO\\alice".into());
    check("templates in pages", SEEN.as_slice().into());
    check("descriptors", SEEN.len().into());
    check("by octets of the identifier", ["alice"].as_slice().into());
    check("groups by the chain", ["All Staff", "Staff"].as_slice().into());
    check("identifier", format!("{sid}-1104").into());
    let groups = [2001, 2002, 513].map(|relative| format!("{sid}-{relative}"));
    check("token groups", groups.as_slice().into());
    check("certificate added", "success".into());
    check("certificate added again", "attributeOrValueExists".into());
    check("mail written", "insufficientAccessRights".into());
    check("bound with NTLM", true.into());

    let certipy = &found["certipy"];
    let objects = |kind: &str| certipy[kind].as_object().into_iter().flat_map(|it| it.values()).collect::<Vec<_>>();
    let authorities: Vec<&Value> = objects("Certificate Authorities");
    let names: Vec<&Value> = authorities.iter().map(|it| &it["CA Name"]).collect();
    assert_eq!(names, ["Contoso Issuing CA"], "{certipy:#}");
    let template = |name: &str| {
        let of_name = |it: &&Value| it["Template Name"] == name;
        objects("Certificate Templates").into_iter().find(of_name).cloned().unwrap_or_default()
    };
    let user = template("ContosoUser");
    assert_eq!(user["Validity Period"], "1 year", "{user:#}");
    assert_eq!(user["Enabled"], true, "{user:#}");
    let rights = user["Permissions"]["Enrollment Permissions"]["Enrollment Rights"].to_string();
    assert!(rights.contains("alice"), "{user:#}");
    let rights = template("StaffUser")["Permissions"]["Enrollment Permissions"]["Enrollment Rights"].to_string();
    assert!(rights.contains("All Staff") && !rights.contains("alice"), "{rights}");
}
