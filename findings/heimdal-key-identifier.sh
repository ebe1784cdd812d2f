#!/bin/sh
# Version: hxtool and libhx509 of Heimdal 7.8 (Debian 12: heimdal-clients 7.8.git20221117.28daf24+dfsg-2).
#
# Behaviour: a signer of a CMS message is called by issuer and serial number or by key identifier. The second is tagged
# implicitly, so `80`, and makes the SignerInfo one of version 3 (RFC 5652 5.3 and 12.1). Heimdal has the tag explicit,
# `A0` around an OCTET STRING, and version 1. It reads back what it writes, and OpenSSL reads that as well, since an
# octet string in pieces begins with the same octets in BER; a test of Heimdal against itself, or of messages of Heimdal
# with OpenSSL, finds nothing. But a message in which OpenSSL calls its signer by key identifier is no SignedData for
# Heimdal. A CMC request whose key has no certificate yet is such a message.
#
# Output seen (who wrote, version, tag of the key identifier, what Heimdal and OpenSSL say):
#   heimdal 01 a0 heimdal reads it, openssl reads it
#   openssl 03 80 heimdal: Failed to decode SignedData, openssl reads it
#   openssl 01 none heimdal reads it, openssl reads it
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. The OpenSSL is that
# of the machine, 3.0 or later.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
heimdal=7.8.git20221117.28daf24+dfsg-2
apt-get download -qq "heimdal-clients=$heimdal" "libhx509-5-heimdal=$heimdal" "libasn1-8-heimdal=$heimdal" \
  "libhcrypto5-heimdal=$heimdal" "libroken19-heimdal=$heimdal" "libsl0-heimdal=$heimdal" "libwind0-heimdal=$heimdal" \
  "libheimbase1-heimdal=$heimdal" 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
dpkg-deb --show heimdal-clients_*.deb
openssl version
libraries=$(dirname "$(find . -name libhx509.so.5)")
hxtool() { LD_LIBRARY_PATH=$libraries:$libraries/heimdal usr/bin/hxtool "$@"; }

openssl req -x509 -newkey rsa:2048 -nodes -keyout alice.key -out alice.crt -subj /CN=alice -days 30 \
  -addext subjectKeyIdentifier=hash -addext keyUsage=critical,digitalSignature,keyCertSign 2>/dev/null
cat alice.key alice.crt >alice.pem
echo "a request" >content

# The last SET OF of a SignedData is its SignerInfos; the first two fields of one are its version and its signer.
signer() {
  openssl asn1parse -inform DER -in "$1" >parsed
  at=$(sed -n 's/^ *\([0-9]*\):d=3 .*SET .*/\1/p' parsed | tail -n 1)
  awk -F'[: ]+' -v at="$at" '{ sub(/^ +/, "") } $1 > at && /:d=5 / && fields++ < 2' parsed >fields
  version=$(sed -n 's/.*INTEGER *:\(.*\)/\1/p' fields)
  tag=$(sed -n -e 's/.*cons: cont \[ 0 \].*/a0/p' -e 's/.*prim: cont \[ 0 \].*/80/p' fields)
  echo "$version ${tag:-none}"
}
check() {
  if hxtool cms-verify-sd --content-info --missing-revoke --anchors=FILE:alice.crt "$2" out >log 2>&1 && cmp -s content out
  then heimdal=" reads it"; else heimdal=": $(sed 's/.*: //' log)"; fi
  if openssl cms -verify -inform DER -in "$2" -CAfile alice.crt -purpose any -binary -out out >log 2>&1 && cmp -s content out
  then openssl=" reads it"; else openssl=": $(tail -n 1 log)"; fi
  echo "$1 $(signer "$2") heimdal$heimdal, openssl$openssl"
}
{
  hxtool cms-create-sd --content-info --certificate=FILE:alice.pem content heimdal.der
  check heimdal heimdal.der
  openssl cms -sign -keyid -binary -nodetach -outform DER -signer alice.crt -inkey alice.key -in content -out keyid.der
  check openssl keyid.der
  openssl cms -sign -binary -nodetach -outform DER -signer alice.crt -inkey alice.key -in content -out serial.der
  check openssl serial.der
} >found
cat found
cat >expected <<'TEXT'
heimdal 01 a0 heimdal reads it, openssl reads it
openssl 03 80 heimdal: Failed to decode SignedData, openssl reads it
openssl 01 none heimdal reads it, openssl reads it
TEXT
cmp expected found && echo "as described"
