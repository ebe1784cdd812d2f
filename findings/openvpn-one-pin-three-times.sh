#!/bin/sh
# Version: OpenVPN 2.6.14 (Debian 12: openvpn 2.6.14-0+deb12u2, libpkcs11-helper1 1.29.0-1), with SoftHSM 2.6.1 and OpenSC's
# pkcs11-tool 0.23.0.
#
# Behaviour: OpenVPN asks for the PIN of a token through its management interface (`--management-query-passwords`), and a
# program answers: a graphical client, or a script that has the PIN in a file. A wrong PIN is asked for again, three times in
# one handshake, without a word in between that the last one was wrong, and only then does the handshake fail. Whoever
# answers by a program, with the same PIN each time, has used up three tries at once; that is all that most cards have. A
# person who is asked thrice may think that the first two answers were lost. With the right PIN it asks once.
#
# Output seen (the PIN, how often it is asked for in one handshake, what becomes of it):
#   1234: 1, connected
#   9999: 3, TLS handshake failed
#
# Unpacks pinned packages of Debian 12 into a temporary folder, runs two OpenVPNs on 127.0.0.1, without a tunnel, for some
# seconds, and fails when the behaviour changes. OpenSSL and other libraries are those of the machine.
set -eu
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq openvpn=2.6.14-0+deb12u2 libpkcs11-helper1=1.29.0-1 liblzo2-2=2.10-2 libnl-genl-3-200=3.7.0-0.2+b1 \
  libnl-3-200=3.7.0-0.2+b1 libcap-ng0=0.8.3-1+b3 opensc=0.23.0-0.3+deb12u2 opensc-pkcs11=0.23.0-0.3+deb12u2 \
  softhsm2=2.6.1-2.1 libsofthsm2=2.6.1-2.1 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
for package in openvpn libpkcs11-helper1; do dpkg-deb --show "$package"_*.deb; done
LD_LIBRARY_PATH=$(find "$folder" -name '*.so.*' -exec dirname {} + | sort -u | paste -sd:)
export LD_LIBRARY_PATH SOFTHSM2_CONF="$folder/softhsm2.conf"
module=$folder/usr/lib/softhsm/libsofthsm2.so
mkdir tokens
echo "directories.tokendir = $folder/tokens" >softhsm2.conf
usr/bin/softhsm2-util --module "$module" --init-token --free --label token --pin 1234 --so-pin 12345678 >log
for name in server client; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout $name.key -out $name.pem -subj "/CN=$name" -days 2 2>log
done
openssl x509 -in client.pem -outform DER -out client.der
openssl pkey -in client.key -outform DER -out key.der
tool() { usr/bin/pkcs11-tool --module "$module" --login --pin 1234 --id 01 "$@" >log 2>&1 || { cat log; exit 1; }; }
tool --write-object key.der --type privkey --usage-sign
tool --write-object client.der --type cert
identity=$(usr/sbin/openvpn --show-pkcs11-ids "$module" | sed -n 's/ *Serialized id: *//p')
cat >answer.py <<'PYTHON'
import re, socket, sys, time
control = socket.socket(socket.AF_UNIX)
for _ in range(400):
    try: control.connect("management"); break
    except OSError: time.sleep(0.05)
said = control.makefile("rw")
def tell(line): said.write(line + "\n"); said.flush()
tell("log on all"); tell("hold release")
for line in said:
    print(line.rstrip(), flush=True)
    asked = re.match(">PASSWORD:Need '(.*)' password", line)
    if asked: tell('password "%s" "%s"' % (asked[1], sys.argv[1]))
    if "Initialization Sequence Completed" in line: tell("signal SIGTERM")
PYTHON
port() { python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
common="--dev null --ifconfig-noexec --proto udp --local 127.0.0.1 --remote 127.0.0.1 --verb 3"
handshake() {
  left=$(port) right=$(port)
  rm -f management
  # SIGKILL at the latest after half a minute.
  timeout -s KILL 30 usr/sbin/openvpn $common --lport "$left" --rport "$right" --tls-server --dh none --ca client.pem \
    --cert server.pem --key server.key >served 2>&1 &
  server=$!
  timeout 30 python3 answer.py "$1" >asked 2>&1 &
  asking=$!
  timeout 30 usr/sbin/openvpn $common --lport "$right" --rport "$left" --tls-client --ca server.pem --tls-exit \
    --connect-retry-max 1 --pkcs11-providers "$module" --pkcs11-id "$identity" --management management unix \
    --management-query-passwords --management-hold >said 2>&1 || true
  wait "$asking" || true
  kill "$server" 2>log || true
  wait "$server" 2>log || true
  server=
  end=$(grep -o -e 'Initialization Sequence Completed' -e 'TLS handshake failed' said | head -1)
  if [ "$end" = "Initialization Sequence Completed" ]; then end=connected; fi
  echo "$1: $(grep -c '^>PASSWORD:Need' asked), $end"
}
{
  handshake 1234
  handshake 9999
} >found
cat found
cat >expected <<'TEXT'
1234: 1, connected
9999: 3, TLS handshake failed
TEXT
cmp expected found && echo "as described"
