//! A realm of MIT Kerberos for one world: a KDC on loopback, with a database and configuration of its own, and `kinit`
//! at a desk with one card in its reader. Everything is below one temporary folder, and nothing is left.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use autoenroll_host::{InsertedCard, Pcscd, PcscdOptions, SharedCard, insert, share};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed};
use autoenroll_model::FileTime;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::story::Left;

/// What is found where, when every program is there.
#[derive(Clone, Debug)]
struct Programs {
    /// OpenSC's PKCS #11 module.
    module: PathBuf,
    /// The library that shifts a program's clock.
    faketime: PathBuf,
}

pub(crate) struct Realm {
    // In this order: the card is pulled before its reader goes.
    inserted: InsertedCard,
    pcscd: Pcscd,
    card: SharedCard,
    kdc: Child,
    programs: Programs,
    wall: FileTime,
    folder: TempDir,
}

/// How a KDC is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kdc {
    /// It trusts the CA of the world, has its list, and takes user principal names and the purpose of a logon with a
    /// card. The realm is written as the name in the certificate is.
    Usual,
    /// It trusts another CA.
    Stranger,
    /// It has no revocation list, and wants one.
    NoList,
    /// It has no revocation list, and wants none.
    NoListWanted,
    /// It takes no user principal names, as when nothing is said.
    NoNames,
    /// It wants the purpose of RFC 4556, as when nothing is said.
    OwnPurpose,
    /// The realm is written in capitals, as Active Directory writes it.
    Capitals,
    /// The same, and the database says that the subject is alice's.
    CapitalsAndSubject,
}

impl Kdc {
    const fn realm(self) -> &'static str {
        if matches!(self, Self::Capitals | Self::CapitalsAndSubject) { "CONTOSO.TEST" } else { "contoso.test" }
    }
}

impl Realm {
    /// A realm with the principals `alice` and `bob`, who have no passwords, after a story. The card has so many tries
    /// left, where that is said.
    pub(crate) fn after(left: &Left, ground: &Ground, setup: Kdc, tries: Option<u8>) -> Self {
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        for entry in fs::read_dir(ground.folder.path().join(setup.realm())).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), here.join(entry.file_name())).unwrap();
        }
        fs::write(here.join("ca.pem"), pem("CERTIFICATE", &left.ca)).unwrap();
        fs::write(here.join("crl.pem"), pem("X509 CRL", &left.crl)).unwrap();
        fs::write(here.join("opensc.conf"), "app default {\n  card_drivers = gids;\n}\n").unwrap();
        let port = free_port();
        let kdc_certificates = ground.folder.path();
        fs::write(here.join("krb5.conf"), client_conf(here, kdc_certificates, port, setup)).unwrap();
        fs::write(here.join("kdc.conf"), kdc_conf(here, kdc_certificates, port, setup)).unwrap();
        fs::write(here.join("kdc-krb5.conf"), kdc_krb5_conf(here, setup)).unwrap();
        let programs = &ground.programs;
        // Not its client's configuration: what both say would be read together.
        let own = here.join("kdc-krb5.conf").display().to_string();
        let kdc = command(programs, here, left.wall, &[("KRB5_CONFIG", own.as_str())])
            .args(["/usr/bin/timeout", "300", "/usr/sbin/krb5kdc", "-n", "-r", setup.realm()])
            .stdin(Stdio::null())
            .stdout(fs::File::create(here.join("kdc.out")).unwrap())
            .stderr(fs::File::create(here.join("kdc.err")).unwrap())
            .spawn()
            .unwrap();

        let pcscd = Pcscd::start(&PcscdOptions::default()).unwrap();
        let mut card = left.card.clone();
        if let Some(tries) = tries {
            card.set_tries_left(tries);
        }
        let card = share(card);
        let inserted = insert(card.clone(), pcscd.slots()[0].driver(), LONG, |_| {}).unwrap();
        let realm = Self { inserted, pcscd, card, kdc, programs: programs.clone(), wall: left.wall, folder };
        let start = Instant::now();
        while !realm.log().contains("commencing operation") {
            assert!(start.elapsed() < LONG, "krb5kdc does not begin: {}", realm.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(realm.inserted.wait_until_taken(LONG), "{}", realm.pcscd.log());
        realm
    }

    /// What `kinit` says, and whether there is a ticket. The identity is added to the module's name.
    pub(crate) fn kinit(&self, user: &str, identity: &str, pin: &str) -> (bool, String) {
        let (variable, socket) = self.pcscd.client_environment();
        let socket = socket.display().to_string();
        let module = self.programs.module.display();
        let line = format!(
            "printf '%s\\n' '{pin}' | kinit -X X509_user_identity=PKCS11:module_name={module}{identity} {user} 2>&1"
        );
        let trace = self.folder.path().join("trace").display().to_string();
        let environment = [(variable, socket.as_str()), ("KRB5_TRACE", trace.as_str())];
        match run(&self.programs, self.folder.path(), self.wall, &environment, &line) {
            Ok(said) => (true, said),
            Err(said) => (false, said),
        }
    }

    /// What the KDC has written.
    pub(crate) fn log(&self) -> String {
        ["kdc.log", "kdc.out", "kdc.err"].map(|name| read(&self.folder.path().join(name))).concat()
    }

    /// What the client has written.
    pub(crate) fn trace(&self) -> String {
        read(&self.folder.path().join("trace"))
    }

    /// How often the PIN may still be wrong.
    pub(crate) fn tries_left(&self) -> u8 {
        self.card.lock().unwrap().look().pin.tries_left
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        // To `timeout`, which passes it on.
        if let Some(pid) = i32::try_from(self.kdc.id()).ok().and_then(Pid::from_raw) {
            let _already_ended = kill_process(pid, Signal::TERM);
        }
        let _already_waited = self.kdc.wait();
    }
}

const LONG: Duration = Duration::from_secs(10);

fn read(path: &Path) -> String {
    fs::read(path).map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

/// What all realms have in common, made once: certificates of the KDC, and a database for each way to write the realm.
pub(crate) struct Ground {
    programs: Programs,
    folder: TempDir,
}

impl Ground {
    /// `None` when a program is missing; that is an error in CI.
    pub(crate) fn new() -> Option<Self> {
        let programs = programs()?;
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        fs::write(here.join("kdc.cnf"), KDC_CERTIFICATE).unwrap();
        for (name, number) in [("kdc-ca.der", 1), ("kdc.der", 2)] {
            let key = PrivateKey::from_seed(KeyAlgorithm::Rsa2048, &Seed::from(number));
            fs::write(here.join(name), key.pkcs8_der()).unwrap();
        }
        // Before any story begins.
        let long_ago = FileTime::from_unix_seconds(1_577_836_800);
        run(&programs, here, long_ago, &[], CERTIFICATES).unwrap();
        for realm in ["contoso.test", "CONTOSO.TEST"] {
            let here = here.join(realm);
            fs::create_dir(&here).unwrap();
            fs::write(here.join("kdc.conf"), database_conf(&here, realm)).unwrap();
            let own = here.join("kdc.conf").display().to_string();
            run(&programs, &here, long_ago, &[("R", realm), ("KRB5_CONFIG", &own)], DATABASE).unwrap();
        }
        Some(Self { programs, folder })
    }
}

const CERTIFICATES: &str = "\
openssl pkey -inform DER -in kdc-ca.der -out kdc-ca.key
openssl pkey -inform DER -in kdc.der -out kdc.key
openssl req -new -x509 -key kdc-ca.key -config kdc.cnf -extensions ca -subj /CN=KDC-CA -days 7000 -out kdc-ca.pem
openssl req -new -key kdc.key -config kdc.cnf -subj /CN=dc1.contoso.test -out kdc.csr
openssl x509 -req -in kdc.csr -CA kdc-ca.pem -CAkey kdc-ca.key -CAcreateserial -extfile kdc.cnf -extensions kdc \\
  -days 7000 -out kdc.pem";

/// Alice's certificates are known by their subject, too, where a KDC looks at that.
const DATABASE: &str = "\
kdb5_util create -s -r $R -P master
printf '%s\\n' 'addprinc -nokey +requires_preauth alice' 'addprinc -nokey +requires_preauth bob' \\
  'set_string alice pkinit_cert_match <SUBJECT>CN=alice$' | kadmin.local -r $R";

fn database_conf(here: &Path, realm: &str) -> String {
    let here = here.display();
    format!("[realms]\n {realm} = {{\n  database_name = {here}/principal\n  key_stash_file = {here}/stash\n }}\n")
}

/// As that of a domain controller by the template KerberosAuthentication: its host name, and the purpose of a KDC.
const KDC_CERTIFICATE: &str = "\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
[kdc]
basicConstraints = CA:FALSE
keyUsage = digitalSignature,keyEncipherment
extendedKeyUsage = 1.3.6.1.5.2.3.5
subjectAltName = DNS:dc1.contoso.test
";

fn client_conf(here: &Path, kdc: &Path, port: u16, setup: Kdc) -> String {
    let (here, kdc, realm) = (here.display(), kdc.display(), setup.realm());
    format!(
        "\
[libdefaults]
 default_realm = {realm}
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 default_ccache_name = FILE:{here}/tickets
 udp_preference_limit = 1
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
  pkinit_anchors = FILE:{kdc}/kdc-ca.pem
  pkinit_anchors = FILE:{here}/ca.pem
  pkinit_kdc_hostname = dc1.contoso.test
 }}
"
    )
}

fn kdc_conf(here: &Path, kdc: &Path, port: u16, setup: Kdc) -> String {
    let (here, kdc, realm) = (here.display(), kdc.display(), setup.realm());
    let unless = |other: Kdc, line: String| if setup == other { String::new() } else { line };
    let world = unless(Kdc::Stranger, format!("pkinit_anchors = FILE:{here}/ca.pem"));
    let names = unless(Kdc::NoNames, "pkinit_allow_upn = true".to_owned());
    let purpose = unless(Kdc::OwnPurpose, "pkinit_eku_checking = scLogin".to_owned());
    let wants = unless(Kdc::NoListWanted, "pkinit_require_crl_checking = true".to_owned());
    let listed = !matches!(setup, Kdc::NoList | Kdc::NoListWanted);
    let list = if listed { format!("pkinit_revoke = FILE:{here}/crl.pem") } else { String::new() };
    format!(
        "\
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {here}/principal
  key_stash_file = {here}/stash
  pkinit_identity = FILE:{kdc}/kdc.pem,{kdc}/kdc.key
  pkinit_anchors = FILE:{kdc}/kdc-ca.pem
  {wants}
  {world}
  {names}
  {purpose}
  {list}
 }}
"
    )
}

fn kdc_krb5_conf(here: &Path, setup: Kdc) -> String {
    let here = here.display();
    // What maps a certificate: names in it, and what the database says. The second alone, or the first alone.
    let without = if setup == Kdc::CapitalsAndSubject { "pkinit_san" } else { "dbmatch" };
    format!("[logging]\n kdc = FILE:{here}/kdc.log\n[plugins]\n certauth = {{\n  disable = {without}\n }}\n")
}

fn pem(label: &'static str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// `env`, for a program at the clock of the world.
fn command(programs: &Programs, here: &Path, wall: FileTime, environment: &[(&str, &str)]) -> Command {
    let wall = wall.to_string();
    let clock = format!("@{}", wall.trim_end_matches('Z').replace('T', " "));
    let mut command = Command::new("/usr/bin/env");
    command
        .current_dir(here)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("TZ", "UTC")
        .env("LD_PRELOAD", &programs.faketime)
        .env("FAKETIME", clock)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("HOME", here)
        .env("OPENSC_CONF", here.join("opensc.conf"))
        .env("KRB5_CONFIG", here.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", here.join("kdc.conf"))
        .envs(environment.iter().copied());
    command
}

/// Runs lines of shell, the first that fails being the last; standard output and standard error.
fn run(
    programs: &Programs,
    here: &Path,
    wall: FileTime,
    environment: &[(&str, &str)],
    lines: &str,
) -> Result<String, String> {
    let output = command(programs, here, wall, environment)
        .args(["/usr/bin/timeout", "--kill-after=5", "60", "/bin/sh", "-ec", lines])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(said.into_owned()) } else { Err(said.into_owned()) }
}

/// Where the programs are. `None` when one is missing; that is an error in CI.
fn programs() -> Option<Programs> {
    let needed = [
        ("/usr/sbin/pcscd", "pcscd"),
        ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd"),
        ("/usr/bin/opensc-tool", "opensc"),
        ("/usr/bin/openssl", "openssl"),
        ("/usr/sbin/krb5kdc", "krb5-kdc"),
        ("/usr/sbin/kadmin.local", "krb5-admin-server"),
        ("/usr/bin/kinit", "krb5-user"),
    ];
    let mut missing: Vec<&str> =
        needed.into_iter().filter(|(path, _)| !Path::new(path).exists()).map(|(_, package)| package).collect();
    let module = library("opensc-pkcs11.so");
    let faketime = library("faketime/libfaketimeMT.so.1");
    missing.extend(module.is_none().then_some("opensc-pkcs11"));
    missing.extend(faketime.is_none().then_some("faketime"));
    missing.extend(library("krb5/plugins/preauth/pkinit.so").is_none().then_some("krb5-pkinit"));
    if let (Some(module), Some(faketime), []) = (module, faketime, missing.as_slice()) {
        return Some(Programs { module, faketime });
    }
    #[expect(clippy::disallowed_methods, reason = "CI is where a missing program is an error")]
    let ci = std::env::var_os("CI").is_some();
    let why = format!("not installed: {}", missing.join(" "));
    assert!(!ci, "in CI nothing is skipped; {why}");
    eprintln!("skipped; {why}");
    None
}

/// A file in a directory of `/usr/lib`, such as `/usr/lib/x86_64-linux-gnu`.
fn library(name: &str) -> Option<PathBuf> {
    let directories = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    directories.map(|directory| directory.path().join(name)).find(|path| path.exists())
}
