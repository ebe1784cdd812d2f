#!/bin/sh
# Version: hxtool and libhx509 of Heimdal 7.8 (Debian 12: heimdal-clients 7.8.git20221117.28daf24+dfsg-2).
#
# Behaviour: a certificate that shall not expire has the notAfter 99991231235959Z (RFC 5280 4.1.2.5). Heimdal reads years up
# to 3900; a later one becomes 1970-01-01 without a word, when a certificate is printed and when a path is checked. So the
# certificate that lives longest is refused as one that has expired long ago. OpenSSL accepts each of the four below.
#
# Output seen (notAfter, what Heimdal takes it for, the word of hxtool verify, the word of openssl verify):
#   20491231235959Z 2049-12-31 ok OK
#   39001231235959Z 3900-12-31 ok OK
#   39011231235959Z 1970-01-01 Certificate used after it became invalid OK
#   99991231235959Z 1970-01-01 Certificate used after it became invalid OK
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. The certificates are
# made by the OpenSSL of the machine, 3.0 or later.
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

cat >ca.cnf <<'CONFIG'
[ca]
default_ca = authority
[authority]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
[names]
commonName = supplied
[user]
keyUsage = critical, digitalSignature
CONFIG
: >index
echo 01 >serial
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj "/CN=Test CA" -days 3650 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout alice.key -out alice.csr -subj /CN=alice 2>/dev/null
printf 'unique_subject = no\n' >index.attr

for end in 20491231235959Z 39001231235959Z 39011231235959Z 99991231235959Z; do
  openssl ca -batch -config ca.cnf -extensions user -cert ca.pem -keyfile ca.key -in alice.csr -out "$end.pem" \
    -startdate 20260101000000Z -enddate "$end" -notext 2>log || { cat log; exit 1; }
  taken=$(hxtool print --content "FILE:$end.pem" | sed -n 's/^[[:space:]]*notAfter *\([-0-9]*\).*/\1/p')
  hxtool verify --missing-revoke "cert:FILE:$end.pem" anchor:FILE:ca.pem >verified 2>&1 || true
  word=$(sed -n -e 's/^path //p' -e 's/^verify_path: \(.*\): [0-9]*$/\1/p' verified)
  openssl verify -CAfile ca.pem "$end.pem" >checked 2>&1 || true
  echo "$end $taken $word $(sed 's/.*: //' checked)"
done >found
cat found
cat >expected <<'TEXT'
20491231235959Z 2049-12-31 ok OK
39001231235959Z 3900-12-31 ok OK
39011231235959Z 1970-01-01 Certificate used after it became invalid OK
99991231235959Z 1970-01-01 Certificate used after it became invalid OK
TEXT
cmp expected found && echo "as described"
