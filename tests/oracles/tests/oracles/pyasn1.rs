//! pyasn1-modules' reading of RFC 6402 and RFC 5652 takes every request and response, and writes them again to the same
//! octets.

use crate::suite;
use autoenroll_oracles::tools;

#[test]
fn pyasn1_reads_every_request_and_response() {
    let Some(mut command) = tools::python("rfc6402.py") else { return };
    let printed = tools::printed(command.arg(suite::folder()));
    let said = suite::lines(&printed);
    for kind in ["req", "resp"] {
        for name in suite::files(suite::folder(), &format!(".{kind}.der")).keys() {
            let what = said.get(name.as_str()).unwrap_or_else(|| panic!("nothing about {name}"));
            assert!(!what.starts_with("error"), "{name}: {what}");
            let full = kind == "resp" && name.contains("-full.");
            assert!(!full || what.starts_with("PKIResponse, controls ['1.3.6.1.5.5.7.7.1'"), "{name}: {what}");
        }
    }
}

#[test]
fn pyasn1_would_find_damage() {
    let Some(mut command) = tools::python("rfc6402.py") else { return };
    let folder = suite::new_folder("pyasn1");
    let mut request = suite::files(suite::folder(), "rsa-cmc.req.der").remove("rsa-cmc.req.der").expect("there is one");
    // The length of the whole, one too small.
    request[3] -= 1;
    std::fs::write(folder.join("damaged.req.der"), request).expect("the folder was made for this");
    let printed = tools::printed(command.arg(&folder));
    assert!(printed.starts_with("damaged.req.der: error: "), "{printed}");
}
