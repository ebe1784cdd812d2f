//! What other programs make of the card: the tables of `docs/cards.md`, row by row.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use autoenroll_card::Card;
use autoenroll_core::InProcess as Cores;
use autoenroll_world::{CardHost as _, Hosts, World};

use crate::desk::{Desk, all_there, library, missing_of};
use crate::scripts::{AGENT, JAVA, MANAGEMENT, PAM, PULL, PYTHON, TLS, VPN};
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
of = "alice"
stores = ["directory"]
issued = "1d"
[[world.certificate]]
name = "second"
template = "SmartcardLogon"
issued = "2d"
[[world.certificate]]
name = "third"
template = "Elliptic"
issued = "2d"
[[world.certificate]]
name = "renewed"
template = "SmartcardLogon"
issued = "1h"
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
        "curl, engine pkcs11",
        "TLS with a client certificate",
        "sh tls.sh 'object=Slot0;type=cert' 'object=Slot0;type=private;pin-value=1234'; sh tls.sh 'object=Slot0;type=cert' \
         'object=Slot0;type=private;pin-value=1234' -tls1_2",
        &["curl: (35) OpenSSL/3", "PKCS#11 module::Mechanism invalid", "curl: 35"],
        "`Mechanism invalid`: OpenSC signs by PKCS #1 1.5 alone with GIDS cards, which TLS 1.3 does not know, and TLS 1.2 takes \
         PSS first",
    ),
    row(
        "curl, engine pkcs11",
        "TLS 1.2, a server that wants PKCS #1 1.5",
        "sh tls.sh 'object=Slot0;type=cert' 'object=Slot0;type=private;pin-value=1234' -tls1_2 -client_sigalgs RSA+SHA256",
        &["curl: 0", "depth=0 DC = test, DC = contoso, CN = Users, CN = alice"],
        "the server takes alice's certificate",
    ),
    row(
        "curl, engine pkcs11",
        "TLS 1.2, told to sign so",
        "{ cat engine.cnf; tail -n +4 tls12.cnf; } | sed 's/^engines = .*/&\\nssl_conf = ssl/' > both.cnf; C=both.cnf V='--tls-max \
         1.2' sh tls.sh 'object=Slot0;type=cert' 'object=Slot0;type=private;pin-value=1234'",
        &["curl: 0", "depth=0 DC = test, DC = contoso, CN = Users, CN = alice"],
        "the same: `--tls-max 1.2`, and `ClientSignatureAlgorithms = RSA+SHA256` in what `OPENSSL_CONF` names",
    ),
    row(
        "curl, engine pkcs11",
        "one URI for certificate and key",
        "sh tls.sh 'object=Slot0;pin-value=1234' 'object=Slot0;pin-value=1234' -tls1_2 -client_sigalgs RSA+SHA256",
        &["curl: 0", "depth=0 DC = test, DC = contoso, CN = Users, CN = alice"],
        "the same",
    ),
    row(
        "curl, engine pkcs11",
        "P-256",
        "sh tls.sh 'object=ec;type=cert' 'object=ec;type=private;pin-value=1234'",
        &["curl: (58) failed to load private key from crypto engine"],
        "the key cannot be loaded",
    ),
    row(
        "curl, engine pkcs11",
        "a wrong PIN",
        "sh tls.sh 'object=Slot0;type=cert' 'object=Slot0;type=private;pin-value=9999'; pkcs15-tool --list-pins; pkcs15-tool \
         --verify-pin --auth-id 80 --pin 1234",
        &["Login to token failed", "curl: 58", "Tries left     : 2"],
        "one try; it says that the key could not be loaded",
    ),
    row(
        "OpenVPN",
        "list",
        "openvpn --show-pkcs11-ids $M",
        &[
            "Serial:         35B4DC82000000000001",
            "/8899aabbccddeeff/GIDS\\x20card\\x20\\x28UserPIN\\x29/00",
            "/8899aabbccddeeff/GIDS\\x20card\\x20\\x28UserPIN\\x29/02",
        ],
        "three certificates, each by the number of its container",
    ),
    row(
        "OpenVPN",
        "TLS 1.2, told to sign by PKCS #1 1.5",
        "sh vpn.sh 00 1234 tls12.cnf",
        &[
            "VERIFY OK: depth=0, DC=test, DC=contoso, CN=Users, CN=alice",
            "Initialization Sequence Completed",
            "asked 1 times",
        ],
        "connected: `MaxProtocol = TLSv1.2` and `ClientSignatureAlgorithms = RSA+SHA256` in what `OPENSSL_CONF` names",
    ),
    row(
        "OpenVPN",
        "the same at the server",
        "sh vpn.sh 00 1234 /dev/null tls12.cnf",
        &["VERIFY OK: depth=0, DC=test, DC=contoso, CN=Users, CN=alice", "Completed", "asked 1 times"],
        "connected",
    ),
    Row {
        program: "OpenVPN",
        task: "TLS",
        line: "sh vpn.sh 00 1234",
        says: &["SSL routines::EVP lib", "TLS Error: TLS handshake failed", "asked 2 times"],
        never: &["Completed"],
        told: "the handshake fails as that of curl does; it logs in a second time first, and asks for the PIN again",
    },
    Row {
        program: "OpenVPN",
        task: "P-256",
        line: "sh vpn.sh 02 1234",
        says: &["SSL routines::EVP lib", "TLS Error: TLS handshake failed", "asked 2 times"],
        never: &["Completed"],
        told: "the same",
    },
    Row {
        program: "OpenVPN",
        task: "a wrong PIN",
        line: "sh vpn.sh 00 9999 tls12.cnf; pkcs15-tool --list-pins; gids-tool --unblock --admin-key $A --pin 1234",
        says: &["TLS handshake failed", "asked 3 times", "Tries left     : 0", "Unblock PIN done successfully"],
        never: &["Completed"],
        told: "asks three times in one handshake: who answers by a program, with the same PIN, blocks the card",
    },
    row(
        "pam_pkcs11",
        "the names in a certificate",
        "sh pam.sh 1234",
        &["mapper ms:\nalice@contoso.test", "mapper cn:\nUsers\nalice", "inspected: 0"],
        "`ms` finds alice@contoso.test; `cn` finds Users before alice, so that it would log on an account of that name; those of \
         P-256 as well",
    ),
    row(
        "pam_pkcs11",
        "a wrong PIN",
        "sh pam.sh 9999; pkcs15-tool --list-pins; pkcs15-tool --verify-pin --auth-id 80 --pin 1234",
        &["inspected: 2", "Tries left     : 2"],
        "one try; `pkcs11_inspect` ends with 2 and says nothing",
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
    row("PyKCS11", LOCKED, "/usr/bin/python3 card.py $M", &["CKR_PIN_LOCKED (0x000000A4)"], "`CKR_PIN_LOCKED`"),
    row(
        "openssl, engine pkcs11",
        LOCKED,
        "OPENSSL_CONF=engine.cnf openssl dgst -engine pkcs11 -keyform engine -sha256 -sign \
         'pkcs11:object=Slot0;type=private;pin-value=1234' -out s m",
        &["ERR_CKR_error:PIN locked"],
        "`PIN locked`, then that it cannot load the key",
    ),
    row(
        "ssh-agent, ssh-add",
        LOCKED,
        "ssh-agent sh -c 'SSH_ASKPASS=./askpass SSH_ASKPASS_REQUIRE=force ssh-add -s $M; kill $SSH_AGENT_PID'",
        &["Could not add card", "agent refused operation"],
        "`agent refused operation`, as for all that goes wrong",
    ),
    row(
        "curl, engine pkcs11",
        LOCKED,
        "sh tls.sh 'object=Slot0;type=cert' 'object=Slot0;type=private;pin-value=1234'",
        &["Login to token failed", "curl: 58"],
        "the same as for a wrong PIN",
    ),
    row("pam_pkcs11", LOCKED, "sh pam.sh 1234", &["inspected: 2"], "the same as for a wrong PIN"),
    row(
        "OpenVPN",
        LOCKED,
        "sh vpn.sh 00 1234 tls12.cnf",
        &["TLS handshake failed", "asked 1 times"],
        "asks for the PIN all the same, and then fails as for all else",
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

const LONG_PIN: &str = "log in with a PIN of 16";

/// A card whose PIN has 16 bytes.
const LONG: &[Row] = &[
    row(
        P11,
        LONG_PIN,
        "pkcs11-tool --module $M --login --pin $L -O; pkcs15-tool --list-pins",
        &["CKR_PIN_LEN_RANGE (0xa2)", "Tries left     : 3"],
        "`CKR_PIN_LEN_RANGE`, and no command is sent: OpenSC takes PINs of 4 to 15",
    ),
    row(
        "pkcs15-tool",
        LONG_PIN,
        "pkcs15-tool --verify-pin --auth-id 80 --pin $L",
        &["Operation failed: Invalid PIN length"],
        "`Invalid PIN length`",
    ),
    row(
        "p11tool",
        LONG_PIN,
        "GNUTLS_PIN=$L p11tool --provider $M --login --list-all-privkeys",
        &["Error in provided PIN."],
        "`Error in provided PIN.`, as for a wrong one",
    ),
    row(
        "certutil, modutil",
        LONG_PIN,
        "mkdir db; certutil -N -d sql:db --empty-password; modutil -dbdir sql:db -add card -libfile $M -force; echo $L > pin; \
         certutil -d sql:db -K -h 'GIDS card (UserPIN)' -f pin",
        &["SEC_ERROR_INVALID_PASSWORD"],
        "`SEC_ERROR_INVALID_PASSWORD`: `Please pick a different one`",
    ),
    row("SunPKCS11 of Java", LONG_PIN, "java Card.java $M $L", &["load CKR_PIN_LEN_RANGE"], "`CKR_PIN_LEN_RANGE`"),
    row(
        "openssl, engine pkcs11",
        LONG_PIN,
        "echo hello > m; OPENSSL_CONF=engine.cnf openssl dgst -engine pkcs11 -keyform engine -sha256 -sign \
         \"pkcs11:object=Slot0;type=private;pin-value=$L\" -out s m",
        &["ERR_CKR_error:Invalid PIN length"],
        "`Invalid PIN length`",
    ),
    row(
        "ssh-agent, ssh-add",
        LONG_PIN,
        "ssh-agent sh -c 'SSH_ASKPASS=./askpass-16 SSH_ASKPASS_REQUIRE=force ssh-add -s $M; kill $SSH_AGENT_PID'; pkcs15-tool \
         --list-pins",
        &["agent refused operation", "Tries left     : 3"],
        "`agent refused operation`; none of all these costs a try",
    ),
];

const RENEWED_TASK: &str = "a renewed certificate in the same container";

/// Before there is another certificate in the container.
const BEFORE_RENEWAL: &[Row] = &[
    row("", "", "OPENSC_CONF=cached.conf pkcs11-tool --module $M -O --type cert", &["35B4DC82000000000001"], ""),
    row(
        "",
        "",
        "mkdir db; certutil -N -d sql:db --empty-password; modutil -dbdir sql:db -add card -libfile $M -force; echo 1234 > pin",
        &[],
        "",
    ),
    row(
        "",
        "",
        "certutil -d sql:db -L -h 'GIDS card (UserPIN)' -f pin -n 'GIDS card (UserPIN):Slot0'",
        &["35:b4:dc:82:"],
        "",
    ),
];

/// Afterwards, on a card of the same number.
const RENEWED: &[Row] = &[
    Row {
        program: P11,
        task: RENEWED_TASK,
        line: "pkcs11-tool --module $M -O --type cert",
        says: &["14B47C2D000000000002\n  ID:         00"],
        never: &["35B4DC82000000000001"],
        told: "the new one",
    },
    Row {
        program: P11,
        task: "the same, with `use_file_caching = yes`",
        line: "OPENSC_CONF=cached.conf pkcs11-tool --module $M -O --type cert",
        says: &["35B4DC82000000000001\n  ID:         00"],
        never: &[],
        told: "the old one: OpenSC's cache goes by the card's number, and not by the counters with which cards say that \
               something changed. Debian's configuration does not cache",
    },
    Row {
        program: "OpenVPN",
        task: RENEWED_TASK,
        line: "openvpn --show-pkcs11-ids $M",
        says: &["14B47C2D000000000002", "UserPIN\\x29/00"],
        never: &["35B4DC82000000000001"],
        told: "the new one, whose id is that of the old: configurations need no change",
    },
    Row {
        program: "certutil, modutil",
        task: RENEWED_TASK,
        line: "certutil -d sql:db -L -h 'GIDS card (UserPIN)' -f pin -n 'GIDS card (UserPIN):Slot0'",
        says: &["14:b4:7c:2d:"],
        never: &["35:b4:dc:82:"],
        told: "the new one, by the old name",
    },
];

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

/// The same.
const PULLED_AGENT: &[Row] = &[row(
    "ssh-agent, ssh-add",
    "pull, insert",
    "ssh-agent sh agent.sh",
    &["in: 0", "out: 255", "back: 255", "added again: 0"],
    "`agent refused operation`, also when the card is back, until it is removed and added again (`ssh-add -e`, `-s`)",
)];

const NEEDED: &[(&str, &str)] = &[
    ("/usr/bin/p11tool", "gnutls-bin"),
    ("/usr/bin/modutil", "libnss3-tools"),
    ("/usr/bin/java", "default-jdk-headless"),
    ("/usr/lib/python3/dist-packages/PyKCS11", "python3-pykcs11"),
    ("/usr/bin/ssh-agent", "openssh-client"),
    ("/usr/lib/gnupg/scdaemon", "scdaemon"),
    ("/usr/bin/curl", "curl"),
    ("/usr/sbin/openvpn", "openvpn"),
    ("/usr/bin/pkcs11_inspect", "libpam-pkcs11"),
];

fn desk(name: &str) -> Option<Desk> {
    let faketime = library("faketime/libfaketime.so.1");
    let mut missing = missing_of(NEEDED);
    missing.extend(faketime.is_none().then_some("faketime"));
    if !all_there(&missing) {
        return None;
    }
    let (card, ca) = of_world(WORLD, name);
    let desk = Desk::with(card)?;
    desk.put("Card.java", JAVA);
    desk.put("card.py", PYTHON);
    desk.put("pull.py", PULL);
    desk.put("agent.sh", AGENT);
    desk.put("tls.sh", TLS);
    desk.put("vpn.sh", VPN);
    desk.put("management.py", MANAGEMENT);
    desk.put("pam.sh", PAM);
    desk.put("askpass", "#!/bin/sh\necho 1234\n");
    desk.put("askpass-16", "#!/bin/sh\necho $L\n");
    desk.put("tls12.cnf", TLS12);
    desk.put("cached.conf", CACHED);
    desk.put("ca.pem", &der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, &ca).unwrap());
    let [left, right] = [free_port(), free_port()];
    let faketime = faketime?.display().to_string();
    desk.put("places", &format!("FAKETIME_LIBRARY={faketime} LEFT={left} RIGHT={right}\n"));
    let server = "chmod +x askpass askpass-16; openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.pem \
                  -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2";
    assert_eq!(desk.run(server).0, Some(0));
    Some(desk)
}

/// A card of a world, and the certificate of the CA.
fn of_world(world: &str, name: &str) -> (Card, Vec<u8>) {
    let scenario = scenarios("cards", world.as_bytes()).remove(0);
    let world = World::new(scenario.spec, Cores::new(), Hosts::in_process()).unwrap();
    let mut card = world.hosts().cards.card(name, Card::clone).unwrap();
    card.power_off();
    (card, world.authority_chain("Contoso Issuing CA").unwrap().remove(0))
}

fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// What makes a server ask for signatures by PKCS #1 1.5.
const TLS12: &str = "\
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
ClientSignatureAlgorithms = RSA+SHA256
MaxProtocol = TLSv1.2
";

const CACHED: &str = "\
app default {
  card_drivers = gids;
  framework pkcs15 { use_file_caching = yes; }
}
";

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
fn a_renewed_certificate_is_seen_unless_files_are_cached() {
    let Some(desk) = desk("full") else { return };
    check(&desk, BEFORE_RENEWAL);
    desk.pull();
    desk.replace(of_world(&WORLD.replace(r#"holds = "first""#, r#"holds = "renewed""#), "full").0);
    desk.insert();
    check(&desk, RENEWED);
}

#[test]
fn a_card_that_comes_back_wants_a_new_session() {
    for rows in [PULLED, PULLED_AGENT] {
        let Some(desk) = desk("full") else { return };
        std::thread::scope(|scope| {
            let script = scope.spawn(|| check(&desk, rows));
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
}

/// The tables of the document are these rows.
#[test]
fn the_document_has_these_rows() {
    let document = std::fs::read_to_string(root().join("docs/cards.md")).unwrap_or_default();
    let table: String = [FULL, BLOCKED, LONG, RENEWED, PULLED, PULLED_AGENT]
        .into_iter()
        .flatten()
        .map(|Row { program, task, told, .. }| format!("| {program} | {task} | {told} |\n"))
        .collect();
    assert!(document.contains(&table), "docs/cards.md should have these rows:\n{table}");
}
