#!/bin/sh
# Version: kinit and krb5kdc of MIT Kerberos 1.20.1 (Debian 12: krb5-user, krb5-kdc and krb5-pkinit 1.20.1-2+deb12u5), with
# SoftHSM 2.6.1 and OpenSC 0.23.0, which writes the objects.
#
# Behaviour: alice logs on with the certificate of her token (PKINIT, RFC 4556). Then a renewed certificate of the same key
# is put beside the old one, and she can no longer: kinit asks for the PIN, then for a password, and ends with "Invalid
# argument". The manual says that a choice must leave exactly one certificate and offers rules for it; what it does not
# say is that an expired certificate counts as well, and no rule looks at a date or takes the newer, so that none can
# choose between a certificate and its renewal. Why it failed is in the trace (KRB5_TRACE) alone. Whoever renews on a
# token for kinit takes the old certificate away.
#
# Output seen (certificates on the token, what kinit says, what it has traced):
#   the certificate: a ticket for alice@CONTOSO.TEST
#   it and an expired one: Pre-authentication failed: Invalid argument; There are 2 certs, but there must be exactly one.
#   it and its renewal: Pre-authentication failed: Invalid argument; There are 2 certs, but there must be exactly one.
#   the renewal: a ticket for alice@CONTOSO.TEST
#
# Unpacks pinned packages of Debian 12 into a temporary folder, runs a KDC on a free port of 127.0.0.1 for a few seconds,
# and fails when the behaviour changes. OpenSSL and other libraries are those of the machine.
set -eu
folder=$(mktemp -d)
kdc=
trap 'if [ -n "$kdc" ]; then kill "$kdc"; fi; rm -rf "$folder"' EXIT
cd "$folder"
krb5=1.20.1-2+deb12u5
apt-get download -qq opensc=0.23.0-0.3+deb12u2 opensc-pkcs11=0.23.0-0.3+deb12u2 softhsm2=2.6.1-2.1 libsofthsm2=2.6.1-2.1 \
  "krb5-user=$krb5" "krb5-kdc=$krb5" "krb5-admin-server=$krb5" "krb5-pkinit=$krb5" "libkrb5-3=$krb5" "libk5crypto3=$krb5" \
  "libkrb5support0=$krb5" "libgssapi-krb5-2=$krb5" "libgssrpc4=$krb5" "libkdb5-10=$krb5" "libkadm5srv-mit12=$krb5" \
  "libkadm5clnt-mit12=$krb5" libverto1=0.3.1-1 libverto-libev1=0.3.1-1 libev4=1:4.33-1 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
for package in krb5-user krb5-kdc krb5-pkinit; do dpkg-deb --show "$package"_*.deb; done
libraries=$(dirname "$(find "$folder" -name libkrb5.so.3)")
module=$folder/usr/lib/softhsm/libsofthsm2.so
mkdir tokens
echo "directories.tokendir = $folder/tokens" >softhsm2.conf
export SOFTHSM2_CONF="$folder/softhsm2.conf"
tool() { LD_LIBRARY_PATH=$libraries usr/bin/pkcs11-tool --module "$module" --login --pin 1234 "$@" >log 2>&1; }

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >krb5.conf <<CONFIG
[libdefaults]
  default_realm = CONTOSO.TEST
  default_ccache_name = FILE:$folder/tickets
  dns_lookup_kdc = false
  dns_lookup_realm = false
  udp_preference_limit = 1
  plugin_base_dir = $libraries/krb5/plugins
[realms]
  CONTOSO.TEST = {
    kdc = 127.0.0.1:$port
    pkinit_anchors = FILE:$folder/ca.crt
    pkinit_identities = PKCS11:$module
  }
CONFIG
cat >kdc.conf <<CONFIG
[realms]
  CONTOSO.TEST = {
    database_name = $folder/principal
    key_stash_file = $folder/stash
    kdc_listen = 127.0.0.1:$port
    kdc_tcp_listen = 127.0.0.1:$port
    pkinit_identity = FILE:$folder/kdc.crt,$folder/kdc.key
    pkinit_anchors = FILE:$folder/ca.crt
  }
[dbmodules]
  db_module_dir = $libraries/krb5/plugins/kdb
[logging]
  kdc = FILE:$folder/kdc.log
CONFIG
export KRB5_CONFIG="$folder/krb5.conf" KRB5_KDC_PROFILE="$folder/kdc.conf"

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
[kdc]
keyUsage = critical, digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = 1.3.6.1.5.2.3.5
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:kdc_name
[user]
keyUsage = critical, digitalSignature
extendedKeyUsage = 1.3.6.1.5.2.3.4
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:user_name
[kdc_name]
realm = EXP:0, GeneralString:CONTOSO.TEST
name = EXP:1, SEQUENCE:kdc_principal
[kdc_principal]
type = EXP:0, INTEGER:2
parts = EXP:1, SEQUENCE:kdc_parts
[kdc_parts]
first = GeneralString:krbtgt
second = GeneralString:CONTOSO.TEST
[user_name]
realm = EXP:0, GeneralString:CONTOSO.TEST
name = EXP:1, SEQUENCE:user_principal
[user_principal]
type = EXP:0, INTEGER:1
parts = EXP:1, SEQUENCE:user_parts
[user_parts]
first = GeneralString:alice
CONFIG
: >index
echo "unique_subject = no" >index.attr
echo 07 >serial
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj "/CN=Test CA" -days 30 2>/dev/null
issue() {
  openssl ca -batch -notext -config ca.cnf -extensions "$1" -cert ca.crt -keyfile ca.key -in "$1.csr" -out "$2.crt" \
    -startdate "$3" -enddate "$4" 2>log || { cat log; exit 1; }
  openssl x509 -in "$2.crt" -outform DER -out "$2.der"
}
for name in kdc user; do openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name" 2>/dev/null; done
issue kdc kdc 20260101000000Z 20490101000000Z
issue user expired 20240101000000Z 20250101000000Z
issue user first 20260101000000Z 20480101000000Z
issue user renewal 20260201000000Z 20490101000000Z
openssl rsa -in user.key -outform DER -out key.der 2>/dev/null

LD_LIBRARY_PATH=$libraries usr/sbin/kdb5_util -P master create -s >log 2>&1
LD_LIBRARY_PATH=$libraries usr/sbin/kadmin.local -q "addprinc -randkey +requires_preauth alice" >log 2>&1
LD_LIBRARY_PATH=$libraries usr/sbin/krb5kdc -n >log.kdc 2>&1 &
kdc=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if grep -q "commencing operation" kdc.log 2>/dev/null; then break; fi
  sleep 0.5
done

check() {
  title=$1
  shift
  rm -rf tokens/* trace tickets
  usr/bin/softhsm2-util --module "$module" --init-token --free --label token --pin 1234 --so-pin 12345678 >log
  tool --write-object key.der --type privkey --id 01 --label alice
  for certificate in "$@"; do tool --write-object "$certificate.der" --type cert --id 01 --label alice; done
  if echo 1234 | KRB5_TRACE=$folder/trace LD_LIBRARY_PATH=$libraries timeout 20 usr/bin/kinit alice >log 2>said; then
    echo "$title: a ticket for $(LD_LIBRARY_PATH=$libraries usr/bin/klist | sed -n 's/^Default principal: //p')"
  else
    said=$(sed -n 's/^kinit: \(.*\) while getting initial credentials$/\1/p' said)
    echo "$title: $said; $(sed -n 's/.*PKINIT error: \(There are .*exactly one\.\).*/\1/p' trace | head -n 1)"
  fi
}
{
  check "the certificate" first
  check "it and an expired one" first expired
  check "it and its renewal" first renewal
  check "the renewal" renewal
} >found
cat found
cat >expected <<'TEXT'
the certificate: a ticket for alice@CONTOSO.TEST
it and an expired one: Pre-authentication failed: Invalid argument; There are 2 certs, but there must be exactly one.
it and its renewal: Pre-authentication failed: Invalid argument; There are 2 certs, but there must be exactly one.
the renewal: a ticket for alice@CONTOSO.TEST
TEXT
cmp expected found && echo "as described"
