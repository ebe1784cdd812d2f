//! BouncyCastle reads every message and verifies every signature.

use crate::suite;
use autoenroll_oracles::tools;
use autoenroll_wire::{Request, SignedWith};
use std::path::Path;

fn says(folder: &Path) -> Option<String> {
    Some(tools::printed(tools::java("Messages.java")?.arg(folder)))
}

#[test]
fn bouncy_castle_reads_every_message() {
    let Some(printed) = says(suite::folder()) else { return };
    let said = suite::lines(&printed);
    for name in suite::files(suite::folder(), ".der").keys() {
        let what = said.get(name.as_str()).unwrap_or_else(|| panic!("nothing about {name}"));
        assert!(!what.starts_with("error"), "{name}: {what}");
    }
    for (name, der) in suite::files(suite::folder(), ".req.der") {
        let request = Request::parse(&der).expect("our own request");
        let expected = match (&request, &request.pkcs10().signed_with) {
            (Request::Pkcs10(_), _) => "PKCS #10, ",
            (Request::Cms { .. }, _) => "CMS of PKCS #10, ",
            (Request::Cmc { .. }, SignedWith::NoSignature) => {
                "CMC [1.3.6.1.4.1.311.10.10.1, PKCS #10 without signature]"
            }
            (Request::Cmc { .. }, _) => "CMC [1.3.6.1.4.1.311.10.10.1, PKCS #10, ",
        };
        let what = said[name.as_str()];
        assert!(what.starts_with(expected), "{name}: {what}");
        let signatures: usize = request.messages().map(|message| message.signers.len()).sum();
        assert!(signatures == 0 || what.ends_with(&format!(", {signatures} signatures")), "{name}: {what}");
    }
}

#[test]
fn bouncy_castle_would_find_damage() {
    let Some(printed) = says(&suite::damaged("bouncy-castle", "req")) else { return };
    assert!(printed.starts_with("damaged.req.der: error: "), "{printed}");
}
