//! A realm for one world: a KDC on loopback, and `kinit` at a desk with one card in its reader. Everything is below one
//! temporary folder, and nothing is left.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use autoenroll_host::{InsertedCard, Pcscd, PcscdOptions, SharedCard, insert, share};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed};
use autoenroll_model::FileTime;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::mit::{self, Mit};
use crate::programs::{self, LONG_AGO, Programs, command, run};
use crate::samba::{self, Samba};
use crate::story::Left;

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

/// Whose KDC, and how it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kdc {
    Mit(Mit),
    Samba(Samba),
}

impl Kdc {
    const fn realm(self) -> &'static str {
        match self {
            Self::Mit(setup) => setup.realm(),
            Self::Samba(_) => samba::REALM,
        }
    }
}

impl Realm {
    /// A realm with the principals `alice` and `bob`, who have no passwords, after a story. The card has so many tries
    /// left, where that is said.
    pub(crate) fn after(left: &Left, ground: &Ground, setup: Kdc, tries: Option<u8>) -> Self {
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        fs::write(here.join("ca.pem"), pem("CERTIFICATE", &left.ca)).unwrap();
        fs::write(here.join("crl.pem"), pem("X509 CRL", &left.crl)).unwrap();
        fs::write(here.join("opensc.conf"), "app default {\n  card_drivers = gids;\n}\n").unwrap();
        let port = free_port();
        let (programs, ground) = (&ground.programs, ground.folder.path());
        fs::write(here.join("krb5.conf"), client_conf(here, ground, port, setup)).unwrap();
        let configuration = here.join("smb.conf").display().to_string();
        let started = match setup {
            Kdc::Mit(mit) => {
                mit.furnish(ground, here, port);
                ["krb5kdc -n -r ", mit.realm()].concat()
            }
            Kdc::Samba(samba) => {
                samba.furnish(programs, left.wall, ground, here, [port, free_port()]);
                ["samba -F -M single -d 3 --debug-stdout -s ", &configuration].concat()
            }
        };
        // Not its client's configuration: what both say would be read together.
        let own = here.join("kdc-krb5.conf").display().to_string();
        let kdc = command(programs, here, left.wall, &[("KRB5_CONFIG", own.as_str())])
            .args(["/usr/bin/timeout", "300"])
            .args(started.split(' '))
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
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(start.elapsed() < LONG, "the KDC does not begin: {}", realm.log());
            std::thread::sleep(Duration::from_millis(10));
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

/// What all realms of a kind have in common, made once: certificates of the KDC, and what stands behind it.
pub(crate) struct Ground {
    programs: Programs,
    folder: TempDir,
}

impl Ground {
    /// For MIT Kerberos. `None` when a program is missing; that is an error in CI.
    pub(crate) fn mit() -> Option<Self> {
        let ground = Self::certificates(Programs::find(&mit::NEEDED, &[])?);
        mit::prepare(&ground.programs, ground.folder.path());
        Some(ground)
    }

    /// For Samba. `None` when a program is missing, or the right to give files away; that is an error in CI.
    pub(crate) fn samba() -> Option<Self> {
        let programs = Programs::find(&samba::NEEDED, &samba::MODULES)?;
        if !rustix::process::geteuid().is_root() {
            programs::skip("`samba-tool domain provision` gives files to other users, as root alone can");
            return None;
        }
        let ground = Self::certificates(programs);
        samba::prepare(&ground.programs, ground.folder.path());
        Some(ground)
    }

    fn certificates(programs: Programs) -> Self {
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        fs::write(here.join("kdc.cnf"), KDC_CERTIFICATE).unwrap();
        for (name, number) in [("kdc-ca.der", 1), ("kdc.der", 2)] {
            let key = PrivateKey::from_seed(KeyAlgorithm::Rsa2048, &Seed::from(number));
            fs::write(here.join(name), key.pkcs8_der()).unwrap();
        }
        run(&programs, here, LONG_AGO, &[], CERTIFICATES).unwrap();
        Self { programs, folder }
    }
}

const CERTIFICATES: &str = "\
openssl pkey -inform DER -in kdc-ca.der -out kdc-ca.key
openssl pkey -inform DER -in kdc.der -out kdc.key
openssl req -new -x509 -key kdc-ca.key -config kdc.cnf -extensions ca -subj /CN=KDC-CA -days 7000 -out kdc-ca.pem
openssl req -new -key kdc.key -config kdc.cnf -subj /CN=dc1.contoso.test -out kdc.csr
openssl x509 -req -in kdc.csr -CA kdc-ca.pem -CAkey kdc-ca.key -CAcreateserial -extfile kdc.cnf -extensions kdc \\
  -days 7000 -out kdc.pem";

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

fn pem(label: &'static str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
