#!/bin/sh
# Version: cryptography 50.0.2 (PyPI), and of the machine OpenSSL 3.0 and keytool of OpenJDK 17.
#
# Behaviour: two CMS messages carry the same certificate, and differ in how their SignerInfo calls the signer: by issuer
# and serial number, or by key identifier (RFC 5652 5.3), as responses of a CA may. Who only wants the certificates has no
# use for the signer; all the same, the second message is no container of certificates for three of four readers,
# which have the syntax of PKCS #7 1.5, where a signer is an issuer and a serial number (RFC 2315 9.2). What they say
# does not tell so: "Unable to parse PKCS7 data" or "Failed to parse input" for a file that is correct, and OpenSSL fails
# with one of its commands and works with another.
#
# Output seen (reader, certificates beside a signer by serial number, and by key identifier):
#   openssl cms 1 1
#   openssl pkcs7 1 0
#   cryptography 1 ValueError
#   keytool 1 0
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cryptography==50.0.2
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^cryptography '
openssl version
java -version 2>&1 | head -n 1
openssl req -x509 -newkey rsa:2048 -nodes -keyout alice.key -out alice.crt -subj /CN=alice -days 30 \
  -addext subjectKeyIdentifier=hash 2>/dev/null
echo "a response" >content
for way in "" -keyid; do
  openssl cms -sign $way -binary -nodetach -outform DER -signer alice.crt -inkey alice.key -in content -out "signed$way.der"
  openssl cms -verify -inform DER -in "signed$way.der" -CAfile alice.crt -purpose any -binary -out out 2>/dev/null
done
cat >load.py <<'PYTHON'
import sys

from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates

try:
    print(len(load_der_pkcs7_certificates(open(sys.argv[1], "rb").read())))
except ValueError as error:
    print(type(error).__name__)
PYTHON
cms() {
  openssl cms -cmsout -noout -inform DER -in "$1" -certsout certificates 2>log && grep -c BEGIN certificates
}
pkcs7() { openssl pkcs7 -inform DER -in "$1" -print_certs 2>log | grep -c BEGIN || true; }
keytool_of() { keytool -printcert -file "$1" | grep -c '^Owner' || true; }
{
  echo "openssl cms $(cms signed.der) $(cms signed-keyid.der)"
  echo "openssl pkcs7 $(pkcs7 signed.der) $(pkcs7 signed-keyid.der)"
  echo "cryptography $(venv/bin/python load.py signed.der) $(venv/bin/python load.py signed-keyid.der)"
  echo "keytool $(keytool_of signed.der) $(keytool_of signed-keyid.der)"
} >found
cat found
cat >expected <<'TEXT'
openssl cms 1 1
openssl pkcs7 1 0
cryptography 1 ValueError
keytool 1 0
TEXT
cmp expected found && echo "as described"
