//! What other programs make of the card: the tables of `docs/cards.md`, row by row.

use std::time::Duration;

use autoenroll_card::Card;
use autoenroll_core::InProcess as Cores;
use autoenroll_world::{CardHost as _, Hosts, World};

use crate::desk::{Desk, all_there, missing_of};
use crate::suite::{root, scenarios};

/// Cards as a user would describe them.
const WORLD: &str = r#"
scenario = 1
title = "Cards for other programs"
profile = "windows-10-22h2"
[world]
extends = "contoso"
[[world.template]]
name = "Elliptic"
based-on = "SmartcardLogon"
schema = 2
minimal-key-size = 256
[[world.certificate]]
name = "first"
template = "SmartcardLogon"
issued = "1d"
[[world.certificate]]
name = "second"
template = "SmartcardLogon"
issued = "2d"
[[world.certificate]]
name = "third"
template = "Elliptic"
issued = "2d"
[[world.card]]
name = "full"
atr = "gids-full"
reader = "Reader 0"
serial = "00112233445566778899aabbccddeeff"
container = [
  { name = "Slot0", default = true, holds = "first" },
  { name = "Ключ", holds = "second" },
  { name = "ec", key = "p-256", holds = "third" },
  { name = "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}" },
]
[[world.card]]
name = "long"
atr = "gids"
pin = { value = "1234567890123456" }
container = [{ name = "Slot0", default = true }]
[timeline]
steps = [{ wait = "1s" }]
"#;

/// One program, one thing that it is asked to do, and what comes of it.
struct Row {
    program: &'static str,
    /// What is asked, in words.
    task: &'static str,
    line: &'static str,
    /// Standard output and standard error together contain these.
    says: &'static [&'static str],
    /// And not these.
    never: &'static [&'static str],
    /// What comes of it, in words.
    told: &'static str,
}

const fn row(
    program: &'static str,
    task: &'static str,
    line: &'static str,
    says: &'static [&'static str],
    told: &'static str,
) -> Row {
    Row { program, task, line, says, never: &[], told }
}

const P11: &str = "pkcs11-tool";
const LOCKED: &str = "the last try is used up";

/// A card with four containers: RSA with a certificate, one whose name is not in ASCII, P-256, RSA without a
/// certificate.
const FULL: &[Row] = &[
    row(
        P11,
        "list",
        "pkcs11-tool --module $M --login --pin 1234 -O",
        &[
            "Private Key Object; RSA \n  label:      ec",
            "Public Key Object; EC  EC_POINT 256 bits",
            "label:      {3F2504E0-",
        ],
        "all four; the P-256 key is shown as RSA, its public key rightly",
    ),
    row(
        P11,
        "token",
        "pkcs11-tool --module $M -L",
        &["serial num         : 8899aabbccddeeff", "pin min/max        : 4/15"],
        "the serial number is the last 8 of the 16 bytes of the card's",
    ),
    row(
        P11,
        "a name that is not in ASCII",
        "pkcs11-tool --module $M -O --type cert",
        &["label:      \u{1a};NG"],
        "each character is cut to the low byte of its UTF-16: `Ключ` is 1A 3B 4E 47",
    ),
    row(
        P11,
        "sign, RSA",
        "echo hello > m; pkcs11-tool --module $M --read-object --type pubkey --id 00 -o p; openssl pkey -pubin -inform DER \
         -in p -out pub.pem; pkcs11-tool --module $M --login --pin 1234 --sign -m SHA256-RSA-PKCS --id 00 -i m -o s && \
         openssl dgst -sha256 -verify pub.pem -signature s m",
        &["Verified OK"],
        "a signature that OpenSSL verifies",
    ),
    row(
        P11,
        "decrypt, RSA",
        "openssl pkeyutl -encrypt -pubin -inkey pub.pem -in m -out e; pkcs11-tool --module $M --login --pin 1234 --decrypt \
         -m RSA-PKCS --id 00 -i e",
        &["hello"],
        "the plaintext",
    ),
    row(
        P11,
        "sign, P-256",
        "pkcs11-tool --module $M --login --pin 1234 --sign -m ECDSA --id 02 -i m -o t",
        &["CKR_MECHANISM_INVALID"],
        "`CKR_MECHANISM_INVALID`: OpenSC knows no elliptic curves on GIDS cards",
    ),
    row(
        "p11tool",
        "list",
        "p11tool --provider $M --list-all-certs",
        &[
            "serial=8899aabbccddeeff",
            "object=Slot0;type=cert",
            "object=%1A%3BNG;type=cert",
            "X.509 Certificate (EC/ECDSA-",
        ],
        "three certificates",
    ),
    row(
        "p11tool",
        "log in",
        "GNUTLS_PIN=1234 p11tool --provider $M --login --list-all-privkeys",
        &["Label: Slot0", "Type: Private key (RSA)\n\tLabel: ec"],
        "four keys, the P-256 one without a size",
    ),
    row(
        "certutil, modutil",
        "list, log in",
        "mkdir db; certutil -N -d sql:db --empty-password; modutil -dbdir sql:db -add card -libfile $M -force; echo 1234 > \
         pin; certutil -d sql:db -K -h 'GIDS card (UserPIN)' -f pin; certutil -d sql:db -L -h 'GIDS card (UserPIN)' -f pin",
        &["rsa      00", "ec       02", "rsa      03", "GIDS card (UserPIN):Slot0"],
        "four keys with their kinds, three certificates, trusted `u,u,u`",
    ),
    row(
        "SunPKCS11 of Java",
        "list, sign",
        "java Card.java $M 1234",
        &["Slot0 true", "ec CKR_ATTRIBUTE_TYPE_INVALID", "no RSA/ECB/PKCS1Padding"],
        "keys with a certificate only; RSA signs; getting the P-256 key fails; there is no cipher",
    ),
    row(
        "PyKCS11",
        "list, sign, decrypt",
        "/usr/bin/python3 card.py $M",
        &[
            "Slot0 signed",
            "ec CKR_FUNCTION_NOT_SUPPORTED",
            "{3F2504E0-4F89-11D3-9A0C-0305E82C3301} signed",
            "b'hello\\n'",
        ],
        "RSA signs and decrypts, P-256 is `CKR_FUNCTION_NOT_SUPPORTED`",
    ),
    row(
        "openssl, engine pkcs11",
        "sign, RSA",
        "OPENSSL_CONF=engine.cnf openssl dgst -engine pkcs11 -keyform engine -sha256 -sign \
         'pkcs11:object=Slot0;type=private;pin-value=1234' -out s m && openssl dgst -sha256 -verify pub.pem -signature s m",
        &["Verified OK"],
        "a signature that OpenSSL verifies",
    ),
    row(
        "openssl, engine pkcs11",
        "sign, P-256",
        "OPENSSL_CONF=engine.cnf openssl dgst -engine pkcs11 -keyform engine -sha256 -sign \
         'pkcs11:object=ec;type=private;pin-value=1234' -out s m",
        &["Attribute type invalid", "failed loading private key"],
        "the key cannot be loaded",
    ),
    row(
        "ssh-keygen",
        "list",
        "ssh-keygen -D $M",
        &["ssh-rsa AAAA", "ecdsa-sha2-nistp256 AAAA"],
        "four public keys, no PIN",
    ),
    row(
        "ssh-agent, ssh-add",
        "sign, RSA and P-256",
        "ssh-agent sh -c 'SSH_ASKPASS=./askpass SSH_ASKPASS_REQUIRE=force ssh-add -s $M; ssh-add -L | head -1 > rsa.pub; \
         ssh-add -L | grep ecdsa > ec.pub; ssh-keygen -Y sign -n file -f rsa.pub m; ssh-keygen -Y check-novalidate -n file \
         -s m.sig < m; rm m.sig; ssh-keygen -Y sign -n file -f ec.pub m; kill $SSH_AGENT_PID'",
        &["Good \"file\" signature with RSA key", "agent refused operation"],
        "RSA signs; P-256: `agent refused operation`",
    ),
    row(
        "scdaemon",
        "find the card",
        // It wants the card for itself. By itself an agent looks every ten seconds whether its command has ended.
        "for n in 1 2 3 4 5; do printf 'SERIALNO\\nBYE\\n' | /usr/lib/gnupg/scdaemon --server --disable-ccid > said 2>&1; \
         grep -q 'sharing violation' said || break; sleep 1; done; cat said",
        &["no supported card application found"],
        "it knows no GIDS cards",
    ),
    row(
        P11,
        "make a key, with an ID",
        "pkcs11-tool --module $M --login --pin 1234 --keypairgen --key-type rsa:3072 --label new --id 09 && pkcs11-tool \
         --module $M --login --pin 1234 -O",
        &["Key pair generated", "label:      new\n  ID:         04"],
        "the ID asked for is forgotten: afterwards it is the number of the container",
    ),
];

/// The same card, after three wrong PINs.
const BLOCKED: &[Row] = &[
    row(
        "pkcs15-tool",
        LOCKED,
        "for n in 1 2 3; do pkcs15-tool --verify-pin --auth-id 80 --pin 9999; done; pkcs15-tool --list-pins",
        &["PIN code or key incorrect", "Tries left     : 0"],
        "each wrong PIN costs one try",
    ),
    row(
        P11,
        LOCKED,
        "pkcs11-tool --module $M -L; pkcs11-tool --module $M --login --pin 1234 -O",
        &["user PIN locked", "CKR_PIN_LOCKED (0xa4)"],
        "`CKR_PIN_LOCKED`, also with the right PIN",
    ),
    row(
        "p11tool",
        LOCKED,
        "GNUTLS_PIN=1234 p11tool --provider $M --login --list-all-privkeys",
        &["PKCS #11 PIN locked"],
        "`PKCS #11 PIN locked`",
    ),
    row(
        "certutil, modutil",
        LOCKED,
        "certutil -d sql:db -K -h 'GIDS card (UserPIN)' -f pin",
        &["SEC_ERROR_LOCKED_PASSWORD"],
        "`SEC_ERROR_LOCKED_PASSWORD`",
    ),
    row(
        "SunPKCS11 of Java",
        LOCKED,
        "java Card.java $M 1234",
        &["load CKR_PIN_LOCKED"],
        "`CKR_PIN_LOCKED` in the causes of a `load failed`",
    ),
    row(
        "ssh-keygen",
        LOCKED,
        "ssh-keygen -D $M",
        &["ssh-rsa AAAA"],
        "lists as before; so do `p11tool --list-all-certs` and all that needs no PIN",
    ),
    row(
        "gids-tool",
        "unblock",
        "gids-tool --unblock --admin-key $A --pin 1234 && pkcs15-tool --verify-pin --auth-id 80 --pin 1234 && pkcs15-tool \
         --list-pins",
        &["Unblock PIN done successfully", "Tries left     : 3"],
        "with the admin key all tries are back",
    ),
];

/// A card whose PIN has 16 bytes.
const LONG: &[Row] = &[Row {
    program: P11,
    task: "log in with a PIN of 16",
    line: "pkcs11-tool --module $M --login --pin 1234567890123456 -O; pkcs15-tool --list-pins",
    says: &["CKR_PIN_LEN_RANGE (0xa2)", "Tries left     : 3"],
    never: &[],
    told: "`CKR_PIN_LEN_RANGE`, and no command is sent: OpenSC takes PINs of 4 to 15",
}];

/// Pulled and put back while a program has a session.
const PULLED: &[Row] = &[row(
    "PyKCS11",
    "pull, insert",
    "/usr/bin/python3 pull.py $M",
    &[
        "in: signed",
        "out: CKR_DEVICE_REMOVED",
        "still out: CKR_DEVICE_REMOVED",
        "back: CKR_DEVICE_REMOVED",
        "new session: signed",
    ],
    "`CKR_DEVICE_REMOVED`, also when the card is back, until the program asks for the slots and begins a session anew",
)];

const NEEDED: &[(&str, &str)] = &[
    ("/usr/bin/p11tool", "gnutls-bin"),
    ("/usr/bin/modutil", "libnss3-tools"),
    ("/usr/bin/java", "default-jdk-headless"),
    ("/usr/lib/python3/dist-packages/PyKCS11", "python3-pykcs11"),
    ("/usr/bin/ssh-agent", "openssh-client"),
    ("/usr/lib/gnupg/scdaemon", "scdaemon"),
];

fn desk(card: &str) -> Option<Desk> {
    if !all_there(&missing_of(NEEDED)) {
        return None;
    }
    let scenario = scenarios("cards", WORLD.as_bytes()).remove(0);
    let world = World::new(scenario.spec, Cores::new(), Hosts::in_process()).unwrap();
    let mut card = world.hosts().cards.card(card, Card::clone).unwrap();
    card.power_off();
    let desk = Desk::with(card)?;
    desk.put("Card.java", JAVA);
    desk.put("card.py", PYTHON);
    desk.put("pull.py", PULL);
    desk.put("askpass", "#!/bin/sh\necho 1234\n");
    assert_eq!(desk.run("chmod +x askpass").0, Some(0));
    Some(desk)
}

fn check(desk: &Desk, rows: &[Row]) {
    for Row { line, says, never, .. } in rows {
        let (_, output) = desk.run(line);
        for text in *says {
            assert!(output.contains(text), "$ {line}\nshould say {text:?}, but says:\n{output}");
        }
        for text in *never {
            assert!(!output.contains(text), "$ {line}\nshould not say {text:?}, but says:\n{output}");
        }
    }
}

#[test]
fn a_card_with_four_containers_is_listed_and_used_until_it_is_blocked() {
    let Some(desk) = desk("full") else { return };
    check(&desk, FULL);
    check(&desk, BLOCKED);
}

#[test]
fn a_pin_of_16_bytes_shuts_opensc_out() {
    let Some(desk) = desk("long") else { return };
    check(&desk, LONG);
}

#[test]
fn a_card_that_comes_back_wants_a_new_session() {
    let Some(desk) = desk("full") else { return };
    std::thread::scope(|scope| {
        let script = scope.spawn(|| check(&desk, PULLED));
        desk.wait_for_file("pull-it", Duration::from_secs(20));
        desk.pull();
        desk.put("pulled", "");
        desk.wait_for_file("insert-it", Duration::from_secs(20));
        desk.insert();
        desk.put("inserted", "");
        if let Err(panic) = script.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// The tables of the document are these rows.
#[test]
fn the_document_has_these_rows() {
    let document = std::fs::read_to_string(root().join("docs/cards.md")).unwrap_or_default();
    let table: String = [FULL, BLOCKED, LONG, PULLED]
        .into_iter()
        .flatten()
        .map(|Row { program, task, told, .. }| format!("| {program} | {task} | {told} |\n"))
        .collect();
    assert!(document.contains(&table), "docs/cards.md should have these rows:\n{table}");
}

const JAVA: &str = r#"
import java.security.*; import java.util.*; import javax.crypto.Cipher;
public class Card {
  public static void main(String[] arguments) throws Exception {
    String configuration = "--name=card\nlibrary=" + arguments[0] + "\nslotListIndex=0\n";
    Provider provider = Security.getProvider("SunPKCS11").configure(configuration);
    KeyStore store = KeyStore.getInstance("PKCS11", provider);
    try { store.load(null, arguments[1].toCharArray()); }
    catch (Exception e) { System.out.println("load " + why(e)); return; }
    for (String alias : Collections.list(store.aliases())) {
      try {
        Signature sign = Signature.getInstance("SHA256withRSA", provider);
        sign.initSign((PrivateKey) store.getKey(alias, null));
        sign.update("hello".getBytes());
        Signature verify = Signature.getInstance("SHA256withRSA");
        verify.initVerify(store.getCertificate(alias));
        verify.update("hello".getBytes());
        System.out.println(alias + " " + verify.verify(sign.sign()));
      } catch (Exception e) { System.out.println(alias + " " + why(e)); }
    }
    try { Cipher.getInstance("RSA/ECB/PKCS1Padding", provider); }
    catch (Exception e) { System.out.println("no RSA/ECB/PKCS1Padding"); }
  }
  static String why(Throwable e) {
    while (e.getCause() != null) e = e.getCause();
    return e.getMessage();
  }
}
"#;

const PYTHON: &str = r#"
import sys, PyKCS11
from PyKCS11 import *
lib = PyKCS11Lib(); lib.load(sys.argv[1])
session = lib.openSession(lib.getSlotList(tokenPresent=True)[0]); session.login("1234")
keys = session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)])
for key in keys:
    label = key.to_dict()["CKA_LABEL"]
    try:
        session.sign(key, b"hello", Mechanism(CKM_SHA256_RSA_PKCS)); print(label, "signed")
    except PyKCS11Error as error: print(label, error)
print(bytes(session.decrypt(keys[0], open("e", "rb").read(), Mechanism(CKM_RSA_PKCS))))
"#;

const PULL: &str = r#"
import os, sys, time, PyKCS11
from PyKCS11 import *
lib = PyKCS11Lib(); lib.load(sys.argv[1])
def begin():
    session = lib.openSession(lib.getSlotList(tokenPresent=True)[0]); session.login("1234")
    return session, session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)])[0]
def sign(what):
    try: session.sign(key, b"hello", Mechanism(CKM_SHA256_RSA_PKCS)); print(what, "signed")
    except PyKCS11Error as error: print(what, error)
def ask(name, until):
    open(name, "w").close()
    while not os.path.exists(until): time.sleep(0.01)
session, key = begin()
sign("in:")
ask("pull-it", "pulled"); time.sleep(0.5)
sign("out:")
sign("still out:")
ask("insert-it", "inserted")
sign("back:")
session, key = begin()
sign("new session:")
"#;
