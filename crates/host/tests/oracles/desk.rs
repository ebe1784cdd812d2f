//! A desk with one card in the reader of a pcscd of its own, where other people's programs are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use autoenroll_card::{Card, CardProfile, CardState};
use autoenroll_host::{Exchange, InsertedCard, Pcscd, PcscdOptions, SharedCard, insert, share};
use autoenroll_keys::Seed;
use tempfile::TempDir;

/// The serial of the chip and, once initialised, the card identifier.
pub(crate) const SERIAL: [u8; 16] = *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF";

/// The admin key, as `$A` and `$B` in lines.
const ADMIN_KEYS: [(&str, &str); 2] = [
    ("A", "010203040506070801020304050607080102030405060708"),
    ("B", "111111111111111122222222222222223333333333333333"),
];

/// A PIN longer than OpenSC takes, as `$L` in lines.
const LONG_PIN: &str = "1234567890123456";

pub(crate) struct Desk {
    card: SharedCard,
    heard: Arc<Mutex<Vec<Exchange>>>,
    // Before pcscd: the card is pulled before its reader goes.
    inserted: Mutex<Option<InsertedCard>>,
    pcscd: Pcscd,
    /// OpenSC's PKCS #11 module, `$M` in lines.
    module: PathBuf,
    directory: TempDir,
}

/// One line of shell, and what must come of it.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    line: &'static str,
    exit: i32,
    says: &'static [&'static str],
}

/// A line that must end with 0.
pub(crate) const fn run(line: &'static str) -> Line {
    Line { line, exit: 0, says: &[] }
}

impl Line {
    /// Standard output and standard error together must contain these.
    pub(crate) const fn says(self, says: &'static [&'static str]) -> Self {
        Self { says, ..self }
    }

    /// It must end with this exit code instead.
    pub(crate) const fn fails(self, exit: i32) -> Self {
        Self { exit, ..self }
    }
}

impl Desk {
    /// With a blank card in the reader. `None` when a program is missing; that is an error in CI.
    pub(crate) fn blank() -> Option<Self> {
        Self::with(Card::new(CardProfile::gids(), SERIAL, Seed::from(1)))
    }

    pub(crate) fn with(card: Card) -> Option<Self> {
        Self::of_driver(card, "gids")
    }

    /// The same for a PIV card.
    pub(crate) fn with_piv(card: Card) -> Option<Self> {
        Self::of_driver(card, "PIV-II")
    }

    fn of_driver(card: Card, driver: &str) -> Option<Self> {
        let module = programs()?;
        let pcscd = Pcscd::start(&PcscdOptions { log_apdus: true, ..PcscdOptions::default() }).unwrap();
        let card = share(card);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let inserted = Mutex::new(Some(put_in(&card, &pcscd, &heard)));
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("opensc.conf"), opensc_conf(driver)).unwrap();
        std::fs::write(directory.path().join("engine.cnf"), engine_conf(&module)).unwrap();
        let desk = Self { card, heard, inserted, pcscd, module, directory };
        desk.wait_until_seen();
        Some(desk)
    }

    /// Runs lines one after the other; the first one that gives anything else fails the test.
    pub(crate) fn check(&self, lines: &[Line]) {
        for Line { line, exit, says } in lines {
            let (code, output) = self.run(line);
            assert_eq!(code, Some(*exit), "$ {line}\n{output}");
            for text in *says {
                assert!(output.contains(text), "$ {line}\nshould say {text:?}, but says:\n{output}");
            }
        }
    }

    /// Runs a line of shell in the directory of the desk; its exit code, standard output and standard error.
    pub(crate) fn run(&self, line: &str) -> (Option<i32>, String) {
        let (variable, socket) = self.pcscd.client_environment();
        let here = self.directory.path();
        let output = Command::new("/usr/bin/timeout")
            .args(["--kill-after=5", "60", "/bin/sh", "-c", line])
            .current_dir(here)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env(variable, socket)
            .env("HOME", here)
            .env("OPENSC_CONF", here.join("opensc.conf"))
            .env("M", &self.module)
            .env("L", LONG_PIN)
            .envs(ADMIN_KEYS)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    /// What a program left in a file.
    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.directory.path().join(name)).unwrap()
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    pub(crate) fn wait_for_file(&self, name: &str, within: Duration) {
        let start = Instant::now();
        while !self.directory.path().join(name).exists() {
            assert!(start.elapsed() < within, "{name} did not come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn pull(&self) {
        self.inserted.lock().unwrap().take().unwrap().pull();
    }

    pub(crate) fn insert(&self) {
        *self.inserted.lock().unwrap() = Some(put_in(&self.card, &self.pcscd, &self.heard));
        self.wait_until_seen();
    }

    /// Puts another card in its place; it is out of the reader.
    pub(crate) fn replace(&self, card: Card) {
        *self.card.lock().unwrap() = card;
    }

    /// pcscd says that there is a card a moment after it has powered it. The tools' own `--wait` is no use: it waits
    /// for the next card to come, even when there is one.
    fn wait_until_seen(&self) {
        for _ in 0..200 {
            if self.run("opensc-tool -r 0 -a").0 == Some(0) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no program sees the card: {}", self.pcscd.log());
    }

    pub(crate) fn card(&self) -> CardState {
        self.card.lock().unwrap().look()
    }

    /// What the driver wanted of the card.
    pub(crate) fn heard(&self) -> Vec<Exchange> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn pcscd(&self) -> &Pcscd {
        &self.pcscd
    }
}

fn put_in(card: &SharedCard, pcscd: &Pcscd, heard: &Arc<Mutex<Vec<Exchange>>>) -> InsertedCard {
    let heard = Arc::clone(heard);
    let observe = move |exchange: &Exchange| heard.lock().unwrap().push(exchange.clone());
    let inserted = insert(card.clone(), pcscd.slots()[0].driver(), Duration::from_secs(5), observe).unwrap();
    assert!(inserted.wait_until_taken(Duration::from_secs(5)), "pcscd never took the card: {}", pcscd.log());
    inserted
}

/// Whether every program is there; if not, the test is skipped, which is an error in CI.
pub(crate) fn is_complete() -> bool {
    programs().is_some()
}

/// OpenSC's PKCS #11 module, when every program is there.
fn programs() -> Option<PathBuf> {
    let module = library("opensc-pkcs11.so");
    let needed = [
        ("/usr/sbin/pcscd", "pcscd"),
        ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd"),
        ("/usr/bin/opensc-tool", "opensc"),
        ("/usr/bin/openssl", "openssl"),
        ("/usr/bin/yubico-piv-tool", "yubico-piv-tool"),
        ("/usr/lib/python3/dist-packages/smartcard", "python3-pyscard"),
    ];
    let mut missing = missing_of(&needed);
    missing.extend(module.is_none().then_some("opensc-pkcs11"));
    missing.extend(library("engines-3/pkcs11.so").is_none().then_some("libengine-pkcs11-openssl"));
    all_there(&missing).then_some(module)?
}

/// The packages of the files that are not there.
pub(crate) fn missing_of(needed: &[(&str, &'static str)]) -> Vec<&'static str> {
    needed.iter().filter(|(path, _)| !Path::new(path).exists()).map(|(_, package)| *package).collect()
}

/// Whether nothing is missing; if something is, the test is skipped, which is an error in CI.
pub(crate) fn all_there(missing: &[&str]) -> bool {
    if missing.is_empty() {
        return true;
    }
    #[expect(clippy::disallowed_methods, reason = "CI is where a missing program is an error")]
    let ci = std::env::var_os("CI").is_some();
    let why = format!("not installed: {}", missing.join(" "));
    assert!(!ci, "in CI nothing is skipped; {why}");
    eprintln!("skipped; {why}");
    false
}

/// A file in a directory of `/usr/lib`, such as `/usr/lib/x86_64-linux-gnu`.
pub(crate) fn library(name: &str) -> Option<PathBuf> {
    let directories = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok);
    directories.map(|directory| directory.path().join(name)).find(|path| path.exists())
}

fn opensc_conf(driver: &str) -> String {
    format!(
        "\
app default {{
  card_drivers = {driver};
  framework pkcs15 {{ use_file_caching = no; }}
}}
"
    )
}

fn engine_conf(module: &Path) -> String {
    format!(
        "\
openssl_conf = openssl_init
[openssl_init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = {}
init = 0
[req]
distinguished_name = name
[name]
",
        module.display()
    )
}
