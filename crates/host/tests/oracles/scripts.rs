//! Programs for a desk: what programs of others need, to be asked for one thing.

/// `tls.sh CERTIFICATE KEY [SERVER OPTIONS ..]`: curl, with what two PKCS #11 URIs name, at a server that wants a
/// certificate of the world's CA, and looks at it by the clock of the story. `C` is another configuration of curl's
/// OpenSSL, `V` more of its options.
pub(crate) const TLS: &str = r#"
certificate=$1 key=$2
shift 2
OPENSSL_CONF=/dev/null timeout 20 openssl s_server -accept 127.0.0.1:0 -naccept 1 -www \
  -cert server.pem -key server.key -CAfile ca.pem -Verify 1 -verify_return_error -attime 1772438400 "$@" > served 2>&1 &
for n in $(seq 200); do grep -q ACCEPT served && break; sleep 0.05; done
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' served)
OPENSSL_CONF=${C:-engine.cnf} curl -sS -o page $V --cacert server.pem \
  --connect-to localhost:443:127.0.0.1:$port https://localhost/ \
  --engine pkcs11 --cert-type ENG --key-type ENG --cert "pkcs11:$certificate" --key "pkcs11:$key"
echo "curl: $?"
kill $!; wait $!
grep '^depth=0' served
"#;

/// `vpn.sh CONTAINER PIN [CONFIGURATION] [CONFIGURATION]`: OpenVPN without a tunnel, at one that lives in the time
/// of the story; the PIN is given whenever it is asked for. The configurations are of OpenSSL, the client's and the
/// server's. The file `places` says where things are.
pub(crate) const VPN: &str = r#"
. ./places
identity=$(openvpn --show-pkcs11-ids $M | sed -n "s/ *Serialized id: *\(.*\/$1\)$/\1/p")
pin=$2 client=${3:-/dev/null} server=${4:-/dev/null}
rm -f management
common="--dev null --ifconfig-noexec --proto udp --local 127.0.0.1 --remote 127.0.0.1 --verb 3"
OPENSSL_CONF=$server LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME='@2026-03-02 08:00:00' timeout 25 openvpn $common \
  --lport $LEFT --rport $RIGHT --tls-server --dh none --ca ca.pem --cert server.pem --key server.key > served 2>&1 &
server=$!
timeout 25 /usr/bin/python3 management.py management "$pin" > asked 2>&1 &
asking=$!
OPENSSL_CONF=$client timeout 25 openvpn $common \
  --lport $RIGHT --rport $LEFT --tls-client --ca server.pem --tls-exit --connect-retry-max 1 \
  --pkcs11-providers $M --pkcs11-id "$identity" \
  --management management unix --management-query-passwords --management-hold > said 2>&1
wait $asking
kill $server; wait $server
grep -E 'VERIFY|Completed' served
grep -E 'OpenSSL|TLS Error|Completed' said
echo "asked $(grep -c '^>PASSWORD:Need' asked) times"
"#;

/// `management.py SOCKET PIN`: lets OpenVPN begin, answers whenever it asks for a PIN, ends it when it is connected.
pub(crate) const MANAGEMENT: &str = r#"
import re, socket, sys, time
path, pin = sys.argv[1:]
for _ in range(400):
    try:
        control = socket.socket(socket.AF_UNIX); control.connect(path); break
    except OSError: time.sleep(0.05)
said = control.makefile("rw")
def tell(line): said.write(line + "\n"); said.flush()
tell("log on all"); tell("hold release")
for line in said:
    print(line.rstrip(), flush=True)
    if line.startswith(">PASSWORD:Need"): tell('password "%s" "%s"' % (re.search("'(.*)'", line).group(1), pin))
    if "Initialization Sequence Completed" in line: tell("signal SIGTERM")
"#;

/// `pam.sh PIN`: what pam_pkcs11 finds on the card, in the time of the story.
pub(crate) const PAM: &str = r#"
. ./places
mkdir -p trusted && cp ca.pem trusted && openssl rehash trusted
cat > pam.conf <<END
pam_pkcs11 {
  use_pkcs11_module = opensc;
  pkcs11_module opensc {
    module = $M;
    slot_num = 0;
    ca_dir = $PWD/trusted;
    cert_policy = ca, signature;
  }
  use_mappers = ms, cn;
  mapper ms { module = internal; ignoredomain = true; }
  mapper cn { module = internal; mapfile = "none"; }
}
END
export LD_PRELOAD=$FAKETIME_LIBRARY FAKETIME='@2026-03-02 08:00:00'
echo $1 | pkcs11_inspect config_file=pam.conf
echo "inspected: $?"
"#;

/// `Card.java MODULE PIN`: lists, and signs with each.
pub(crate) const JAVA: &str = r#"
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

pub(crate) const PYTHON: &str = r#"
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

pub(crate) const PULL: &str = r#"
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

/// The same with an agent, which is told the PIN by `askpass`.
pub(crate) const AGENT: &str = r#"
ask() { touch "$1"; while [ ! -e "$2" ]; do sleep 0.05; done; sleep 0.5; }
sign() { rm -f m.sig; ssh-keygen -Y sign -n file -f rsa.pub m; echo "$1: $?"; }
export SSH_ASKPASS=./askpass SSH_ASKPASS_REQUIRE=force
echo hello > m
ssh-add -s $M
ssh-add -L | head -1 > rsa.pub
sign in
ask pull-it pulled
sign out
ask insert-it inserted
sign back
ssh-add -e $M
ssh-add -s $M
sign "added again"
kill $SSH_AGENT_PID
"#;
