#!/bin/sh
# Version: hxtool of Heimdal 7.8 (Debian 12: heimdal-clients 7.8.git20221117.28daf24+dfsg-2).
#
# Behaviour: `hxtool print --content` looks at each extension of a certificate and says where its criticality is not what
# the standard asks for. The authority information access, which tells where the certificate of the CA is, and the subject
# key identifier must both be not critical (RFC 5280 4.2.2.1 and 4.2.1.2). hxtool has the second right and the first the
# other way round: it complains of each correct certificate and says nothing of a wrong one.
#
# Output seen (extension, criticality, what hxtool says of that):
#   authorityInfoAccess, not critical: Critical not set on MUST
#   authorityInfoAccess, critical: nothing
#   subjectKeyIdentifier, not critical: nothing
#   subjectKeyIdentifier, critical: Critical set on MUST NOT
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
check() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out alice.pem -subj /CN=alice -days 9 -addext "$3" 2>/dev/null
  said=$(hxtool print --content FILE:alice.pem 2>&1 | sed -n "/checking extension: $1/,\$s/^[[:space:]]*\(Critical .*\)/\1/p")
  echo "$1, $2: ${said:-nothing}"
}
{
  check authorityInfoAccess "not critical" "authorityInfoAccess=caIssuers;URI:http://ca1.contoso.test/ca.crt"
  check authorityInfoAccess critical "authorityInfoAccess=critical,caIssuers;URI:http://ca1.contoso.test/ca.crt"
  check subjectKeyIdentifier "not critical" "subjectKeyIdentifier=hash"
  check subjectKeyIdentifier critical "subjectKeyIdentifier=critical,hash"
} >found
cat found
cat >expected <<'TEXT'
authorityInfoAccess, not critical: Critical not set on MUST
authorityInfoAccess, critical: nothing
subjectKeyIdentifier, not critical: nothing
subjectKeyIdentifier, critical: Critical set on MUST NOT
TEXT
cmp expected found && echo "as described"
