//! The founding story, and what other people's programs make of the card that it leaves.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use autoenroll_host::insert;
use autoenroll_host::pcsc::{Reader, Stack};
use autoenroll_scenario::Verdict;
use autoenroll_trace::Kind;
use tempfile::TempDir;

use crate::Part;
use crate::scenarios::{of_suite, run_behind_pcscd};

pub(crate) fn the_founding_story_leaves_a_card_that_opensc_uses(stack: &Arc<Stack>, _all: Part) {
    for program in ["/usr/bin/pkcs15-tool", "/usr/bin/pkcs11-tool", "/usr/bin/gids-tool", "/usr/bin/openssl"] {
        if !std::path::Path::new(program).exists() {
            crate::skip(&format!("{program} is not there; install opensc and openssl"));
            return;
        }
    }
    let scenario = of_suite("founding/second-provider.toml");
    let (report, ledger) = run_behind_pcscd(&scenario, stack);
    assert_eq!((report.verdict, ledger.faults()), (Verdict::Passed, Vec::new()));

    // The very card of the story goes into a reader again.
    let card = ledger.card("alice-card").unwrap();
    let slot = stack.slots()[0].clone();
    let _inserted = insert(Arc::clone(&card), slot.driver(), Duration::from_secs(5), |_| {}).unwrap();
    let reader = Reader::open(&slot.name).unwrap();
    reader.connect(Duration::from_secs(5)).unwrap();
    reader.disconnect().unwrap();

    // OpenSC makes four PKCS #11 slots for each reader, and only 16 unless it is told.
    let conf = "app default {\n  card_drivers = gids;\n  pkcs11 { max_virtual_slots = 64; }\n}\n";
    let desk = Desk { directory: TempDir::new().unwrap(), reader: slot.name };
    std::fs::write(desk.directory.path().join("opensc.conf"), conf).unwrap();
    let container = card.lock().unwrap().look().containers.into_iter().find(|container| container.default).unwrap();
    let id = format!("{:02}", container.index);
    let certificate = container.certificate.as_ref().and_then(|certificate| certificate.der()).unwrap();

    let pins = desk.run("pkcs15-tool --reader \"$R\" --list-pins");
    assert!(pins.contains("Tries left     : 3"), "{pins}");
    let dump = desk.run("gids-tool --reader \"$R\"");
    let name: String =
        container.name.encode_utf16().flat_map(u16::to_le_bytes).map(|byte| format!("{byte:02X}")).collect();
    let record = dump.split_once(&name).map(|(_, record)| record).unwrap_or_else(|| panic!("{name} in {dump}"));
    assert!(record.contains("bFlags:                  Valid container,Default container"), "{dump}");
    desk.run(&format!("pkcs15-tool --reader \"$R\" --read-certificate {id} > c.pem"));
    desk.run("openssl x509 -in c.pem -outform DER -out c.der && openssl x509 -in c.pem -pubkey -noout > pub.pem");
    assert_eq!(desk.file("c.der"), certificate);
    let issued = report.trace.of(Kind::Issued).count();
    assert_eq!(issued, 1);

    desk.run("echo hello > m");
    desk.run(&format!(
        "pkcs11-tool --module $M --slot-description \"$R\" --login --pin 1234 --sign -m SHA256-RSA-PKCS --id {id} -i m -o s"
    ));
    let verified = desk.run("openssl dgst -sha256 -verify pub.pem -signature s m");
    assert!(verified.contains("Verified OK"), "{verified}");
    assert_eq!(card.lock().unwrap().look().pin.tries_left, 3);
}

struct Desk {
    directory: TempDir,
    reader: String,
}

impl Desk {
    /// Runs a line of shell; what it says. The way to pcscd is in the environment of this process.
    fn run(&self, line: &str) -> String {
        let module = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path().join("opensc-pkcs11.so"));
        let output = Command::new("/usr/bin/timeout")
            .args(["--kill-after=5", "60", "/bin/sh", "-c", line])
            .current_dir(self.directory.path())
            .env("HOME", self.directory.path())
            .env("OPENSC_CONF", self.directory.path().join("opensc.conf"))
            .env("R", &self.reader)
            .env("M", module.into_iter().find(|path| path.exists()).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "$ {line}\n{said}");
        said.into_owned()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.directory.path().join(name)).unwrap()
    }
}
