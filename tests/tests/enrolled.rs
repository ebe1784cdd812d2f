//! Programs of others enroll at a world that is served: certmonger, which calls our helper; PyPI's certsrv and certipy,
//! at web enrollment; OpenSSL, which reads what comes back.
//!
//! Everything is on loopback and in a directory of the test. Time is the machine's, each program has a limit, and what
//! was started is ended by its own process.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use autoenroll_oracles::tools;
use autoenroll_tests::scratch;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// `Machine` is issued at once, `Approved` waits, `Closed` is nobody's.
const WORLD: &str = r#"scenario = 1
[world]
extends = "contoso"

[[world.template]]
name = "Machine"
based-on = "Machine"
allow = { WKS01 = ["read", "enroll"], alice = ["read"] }

[[world.template]]
name = "Person"
based-on = "User"
allow = { alice = ["read", "enroll"] }

[[world.template]]
name = "Approved"
based-on = "Workstation"
enrollment-flags = ["pend-all-requests"]
name-flags = ["subject-require-directory-path"]
allow = { WKS01 = ["read", "enroll"], alice = ["read", "enroll"] }

[[world.template]]
name = "Closed"
based-on = "Workstation"
allow = { WKS01 = ["read"], alice = ["read"] }
"#;

/// A world on the wire.
struct Served {
    child: Child,
    at: Value,
    directory: PathBuf,
}

impl Served {
    fn start(name: &str) -> Self {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), name);
        fs::write(directory.join("world.toml"), WORLD).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["serve", "world.toml", "--format", "json"])
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let served = Self { child, at, directory };
        fs::write(served.path("roots.pem"), served.control("GET", "/roots.pem", "")).unwrap();
        fs::write(served.path("secret"), "autoenroll\n").unwrap();
        served
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn port(&self, name: &str) -> &str {
        self.at[name].as_str().and_then(|at| at.rsplit_once(':')).map(|(_, port)| port).unwrap()
    }

    /// Says something to the control port.
    fn control(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = std::net::TcpStream::connect(self.at["control"].as_str().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        body.to_owned()
    }

    /// What everybody may read.
    fn published(&self, path: &str) -> Vec<u8> {
        let mut stream = std::net::TcpStream::connect(self.at["http"].as_str().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: ca1.contoso.test\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        answer.split_off(body)
    }

    fn approve(&self) {
        self.control("POST", "/do", "approve");
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP", self.port("https"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _gone = child.kill();
    let _reaped = child.wait();
}

/// Whether a program is there; in CI it has to be.
fn is_there(program: &str, advice: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} is missing, and in CI nothing is skipped: {advice}");
    if !there {
        eprintln!("skipped, because {program} is missing: {advice}");
    }
    there
}

fn openssl(arguments: &[&str], directory: &Path) -> String {
    tools::printed(Command::new("openssl").args(arguments).current_dir(directory))
}

/// certmonger with all its state in one directory.
struct Certmonger<'a> {
    served: &'a Served,
    child: Child,
}

impl<'a> Certmonger<'a> {
    fn start(served: &'a Served) -> Self {
        let state = served.path("certmonger");
        let socket = served.path("s");
        let mut command = Command::new("certmonger");
        command.args(["-n", "-L", "-d", "1", "-P"]).arg(&socket).stdout(Stdio::null()).stderr(Stdio::null());
        for name in ["REQUESTS_DIR", "CAS_DIR", "CONFIG_DIR", "LOCAL_CA_DIR", "TMPDIR"] {
            let folder = state.join(name.to_lowercase());
            fs::create_dir_all(&folder).unwrap();
            command.env(format!("CERTMONGER_{name}"), folder);
        }
        let child = command.spawn().unwrap();
        let daemon = Self { served, child };
        let begun = Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "certmonger does not listen");
            sleep(Duration::from_millis(50));
        }
        daemon
    }

    fn getcert(&self, arguments: &[&str]) -> String {
        let address = format!("unix:path={}", self.served.path("s").display());
        let mut command = Command::new("timeout");
        command.args(["30", "getcert"]).args(arguments).env("CERTMONGER_PVT_ADDRESS", address);
        command.current_dir(&self.served.directory);
        let output = tools::run(&mut command);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    fn request(&self, template: &str) {
        let file = |ending: &str| self.served.path(&format!("{template}.{ending}")).display().to_string();
        let said = self.getcert(&["request", "-c", "bench", "-T", template, "-f", &file("crt"), "-k", &file("key")]);
        assert!(said.contains("New signing request"), "{said}");
    }

    /// Waits until the request for that template stands so; everything that is said of it.
    fn wait(&self, template: &str, status: &str) -> String {
        let begun = Instant::now();
        loop {
            let file = self.served.path(&format!("{template}.crt")).display().to_string();
            let said = self.getcert(&["list", "-f", &file]);
            if said.contains(&format!("status: {status}")) {
                return said;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{template} is not {status}: {said}");
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Certmonger<'_> {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

#[test]
fn certmonger_gets_renews_waits_for_and_is_refused_certificates() {
    if !is_there("certmonger", "install Debian's certmonger") || !is_there("openssl", "install Debian's openssl") {
        return;
    }
    let served = Served::start("certmonger");
    let daemon = Certmonger::start(&served);
    let helper = format!(
        "{PROGRAM} submit --url {} --user WKS01$ --password-file {} --trust {} --poll-interval 1",
        served.url(),
        served.path("secret").display(),
        served.path("roots.pem").display()
    );
    let said = daemon.getcert(&["add-ca", "-c", "bench", "-e", &helper]);
    assert!(said.contains("New CA \"bench\" added"), "{said}");

    daemon.request("Machine");
    daemon.wait("Machine", "MONITORING");
    let serial = || openssl(&["x509", "-in", "Machine.crt", "-noout", "-serial"], &served.directory);
    let subject = openssl(&["x509", "-in", "Machine.crt", "-noout", "-ext", "subjectAltName"], &served.directory);
    assert!(subject.contains("DNS:wks01.contoso.test"), "{subject}");
    fs::write(served.path("ca.crl"), served.published("/ca.crl")).unwrap();
    openssl(&["crl", "-inform", "DER", "-in", "ca.crl", "-out", "crl.pem"], &served.directory);
    let checked = ["verify", "-crl_check", "-CAfile", "roots.pem", "-CRLfile", "crl.pem", "Machine.crt"];
    openssl(&checked, &served.directory);

    let first = serial();
    let file = served.path("Machine.crt").display().to_string();
    daemon.getcert(&["resubmit", "-f", &file, "-w"]);
    let begun = Instant::now();
    while serial() == first {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not renewed");
        sleep(Duration::from_millis(200));
    }

    daemon.request("Approved");
    daemon.wait("Approved", "CA_WORKING");
    served.approve();
    let file = served.path("Approved.crt").display().to_string();
    daemon.getcert(&["refresh", "-f", &file]);
    daemon.wait("Approved", "MONITORING");

    daemon.request("Closed");
    let refused = daemon.wait("Closed", "CA_REJECTED");
    assert!(refused.contains("CERTSRV_E_TEMPLATE_DENIED"), "{refused}");
    let trace = served.control("GET", "/trace", "");
    assert!(!trace.contains("\"violation\""), "{trace}");
}

#[test]
fn certsrv_reads_the_pages_of_web_enrollment() {
    let Some(mut python) = tools::python("web_enrollment.py") else { return };
    let served = Served::start("certsrv");
    python.args([&format!("127.0.0.1:{}", served.port("https")), "roots.pem", "alice", "autoenroll"]);
    python.current_dir(&served.directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = python.spawn().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // It says what waits, and goes on when that is approved.
    while !line.contains("pending") && answers.read_line(&mut line).unwrap() > 0 {}
    if line.contains("pending") {
        served.approve();
        writeln!(child.stdin.take().unwrap(), "approved").unwrap();
    }
    std::io::Read::read_to_string(&mut answers, &mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let expected = "wrong password: False\nright password: True\nNTLM, wrong password: False\nNTLM, issued: CN=alice\n\
                    issued: CN=alice\npending: 3\nfetched: CN=alice\n\
                    denied: Denied by Policy Module  0x80094012, \nCA: CN=Contoso Issuing CA\nchain: 1\n";
    let told: String =
        line.lines().map(|line| format!("{}\n", line.split("Denied by policy").next().unwrap())).collect();
    assert_eq!(told, expected, "{complaints}");
}

#[test]
fn certipy_requests_over_web_enrollment() {
    if tools::python("certipy_request.py").is_none() {
        return;
    }
    let served = Served::start("certipy");
    // What it says of its work, less what is the same each time.
    let told = |password: &str, arguments: &[&str]| -> Vec<String> {
        let mut python = tools::python("certipy_request.py").unwrap();
        python.args([served.port("https"), "roots.pem", "alice@contoso.test", password]).args(arguments);
        python.current_dir(&served.directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = python.spawn().unwrap();
        // Whether a key is to be kept whose certificate is not there.
        writeln!(child.stdin.take().unwrap(), "y").unwrap();
        let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let lines = output.lines().map(|line| line.rsplit_once("(y/N) ").map_or(line, |(_, line)| line));
        let usual = ["Certipy", "[*] Checking", "[*] Requesting", "[*] Retrieving", "[*] Saved", "[-] Failed"];
        let own = lines.filter(|line| !line.is_empty() && !usual.iter().any(|usual| line.starts_with(usual)));
        own.map(str::to_owned).collect()
    };
    let check = |what: &str, password: &str, arguments: &[&str], expected: &[&str]| {
        let told = told(password, arguments);
        let as_expected =
            told.len() == expected.len() && told.iter().zip(expected).all(|(line, it)| line.starts_with(it));
        assert!(as_expected, "{what}: {told:#?}");
    };
    let sid = "[*] Certificate object SID is 'S-1-5-21-";
    let issued = ["[*] Request ID is 1", "[*] Got certificate with UPN 'alice@contoso.test'", sid];
    check("issued", "autoenroll", &["-template", "Person", "-out", "person"], &issued);
    let pending = ["[*] Request ID is 2", "[!] Certificate request is pending approval"];
    check("pending", "autoenroll", &["-template", "Approved", "-out", "approved"], &pending);
    let denied = ["[*] Request ID is 3", "[!] Got error from AD CS: code: 0x80094012 - CERTSRV_E_TEMPLATE_DENIED"];
    check("denied", "autoenroll", &["-template", "Closed", "-out", "closed"], &denied);
    served.approve();
    // It looks for the key under the number of the request, whatever `-out` said.
    let fetched = ["[*] Got certificate without identification", sid, "[!] Could not find matching private key"];
    check("approved", "autoenroll", &["-retrieve", "2", "-out", "approved"], &fetched);
    check("wrong password", "wrong", &["-template", "Person"], &["[-] Unauthorized for Web Enrollment"]);
    assert!(served.directory.join("person.pfx").exists() && served.directory.join("approved.crt").exists());
}
