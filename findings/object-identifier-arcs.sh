#!/bin/sh
# Version: cryptography 43.0.3 (PyPI; with the template, 42.0.8 does the same, and 44.0.3 reads all), node-forge 1.4.3
# (npm), cfssl 1.2.0 of Debian 12 (golang-cfssl 1.2.0+git20160825.89.7fb22c8-3.1+b11, built with Go 1.19.8), and the
# OpenSSL of the machine, 3.0 or later.
#
# Behaviour: the numbers of an object identifier have no upper bound in DER (X.690 8.19), and those below 2.25 are UUIDs of
# 128 bits (X.667). The certificates below carry such an identifier as their template (1.3.6.1.4.1.311.21.7, [MS-WCCE]
# 2.2.2.7.7.2) or as their purpose (RFC 5280 4.2.1.12), in an extension that is not critical. A reader that keeps the
# numbers in 31, 32 or 53 bits does not lose that identifier alone, but all that is beside it: cryptography 43 gives no
# extension of the certificate, also not the key usage before it, and cfssl and node-forge refuse the whole certificate.
# The bound shows only where a reader looks: the template is an unknown extension for cfssl and node-forge, and a known
# one for cryptography.
#
# Output seen (the great number, the reader, what it reads with the identifier as template, and as purpose):
#   2147483647 openssl: whole, whole
#   2147483647 cryptography: whole, whole
#   2147483647 cfssl: whole, whole
#   2147483647 node-forge: whole, whole
#   4294967295 openssl: whole, whole
#   4294967295 cryptography: whole, whole
#   4294967295 cfssl: whole, nothing
#   4294967295 node-forge: whole, whole
#   4294967296 openssl: whole, whole
#   4294967296 cryptography: no extension, no extension
#   4294967296 cfssl: whole, nothing
#   4294967296 node-forge: whole, whole
#   UUID openssl: whole, whole
#   UUID cryptography: no extension, no extension
#   UUID cfssl: whole, nothing
#   UUID node-forge: whole, nothing
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes. Node.js 20 is that of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cryptography==43.0.3
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^cryptography '
npm install --silent --no-audit --no-fund --prefix . node-forge@1.4.3
apt-get download -qq golang-cfssl=1.2.0+git20160825.89.7fb22c8-3.1+b11 2>apt || { cat apt; exit 1; }
dpkg-deb --extract golang-cfssl_*.deb .
dpkg-deb --show golang-cfssl_*.deb
openssl version
cat >make.py <<'PYTHON'
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

KEY = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alice")])
BEGIN = datetime.datetime(2026, 1, 1)
TEMPLATES = "1.3.6.1.4.1.311.21.8"
IDENTIFIERS = {number: f"{TEMPLATES}.{number}.1" for number in (2**31 - 1, 2**32 - 1, 2**32)}
IDENTIFIERS["UUID"] = "2.25.329800735698586629295641978511506172918"


def short(tag, content):
    return bytes([tag, len(content)]) + content


def object_identifier(text):
    first, second, *rest = map(int, text.split("."))
    octets = b""
    for number in (40 * first + second, *rest):
        groups = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
        octets += bytes([group | 0x80 for group in groups[:0:-1]] + groups[:1])
    return short(6, octets)


for number, text in IDENTIFIERS.items():
    identifier = object_identifier(text)
    values = {
        "template": ("1.3.6.1.4.1.311.21.7", short(0x30, identifier + bytes([2, 1, 100, 2, 1, 3]))),
        "purpose": ("2.5.29.37", short(0x30, identifier)),
    }
    for place, (kind, value) in values.items():
        builder = x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 7, BEGIN, BEGIN + datetime.timedelta(9))
        builder = builder.add_extension(x509.KeyUsage(True, *[False] * 8), True)
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(kind), value), False)
        with open(f"{number}-{place}.pem", "wb") as file:
            file.write(builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM))
PYTHON
cat >read.py <<'PYTHON'
import sys

from cryptography import x509

certificate = x509.load_pem_x509_certificate(open(sys.argv[1], "rb").read())
try:
    print("whole" if len(certificate.extensions) == 2 else "part")
except ValueError:
    print("no extension")
PYTHON
cat >read.js <<'JAVASCRIPT'
const forge = require("node-forge");
try {
  const { extensions } = forge.pki.certificateFromPem(require("fs").readFileSync(process.argv[2], "utf8"));
  console.log(extensions.length == 2 ? "whole" : "part");
} catch {
  console.log("nothing");
}
JAVASCRIPT
venv/bin/python make.py
openssl_reads() { openssl x509 -in "$1" -noout -ext keyUsage,extendedKeyUsage >log 2>&1 && echo whole || echo nothing; }
cfssl_reads() { usr/bin/cfssl certinfo -cert "$1" 2>/dev/null | grep -q '"common_name": "alice"' && echo whole || echo nothing; }
row() {
  title=$1
  shift
  echo "$number $title: $("$@" "$number-template.pem"), $("$@" "$number-purpose.pem")"
}
for number in 2147483647 4294967295 4294967296 UUID; do
  row openssl openssl_reads
  row cryptography venv/bin/python read.py
  row cfssl cfssl_reads
  row node-forge node read.js
done >found
cat found
cat >expected <<'TEXT'
2147483647 openssl: whole, whole
2147483647 cryptography: whole, whole
2147483647 cfssl: whole, whole
2147483647 node-forge: whole, whole
4294967295 openssl: whole, whole
4294967295 cryptography: whole, whole
4294967295 cfssl: whole, nothing
4294967295 node-forge: whole, whole
4294967296 openssl: whole, whole
4294967296 cryptography: no extension, no extension
4294967296 cfssl: whole, nothing
4294967296 node-forge: whole, whole
UUID openssl: whole, whole
UUID cryptography: no extension, no extension
UUID cfssl: whole, nothing
UUID node-forge: whole, nothing
TEXT
cmp expected found && echo "as described"
