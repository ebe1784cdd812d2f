#!/bin/sh
# Version: krb5kdc and kinit of MIT Kerberos 1.20.1 (Debian 12: krb5-kdc, krb5-user and krb5-pkinit 1.20.1-2+deb12u5).
#
# Behaviour: the certificates with which Windows logs on name their owner by the user principal name, alice@contoso.test, and
# MIT's KDC takes such names when `pkinit_allow_upn` says so (krb5.conf and kdc.conf of MIT Kerberos). It compares the realm
# to the letter. Active Directory spells the realm in capitals and the name in small letters, and does not mind; so does
# whoever runs a realm of its name: there the option helps no certificate of Windows, and kinit says "Client name
# mismatch". A rule of the database that names the certificate's subject (`pkinit_cert_match`) does not help beside it:
# one module's no counts more than the other's yes, until `pkinit_san` is disabled. In a realm in small letters the same
# certificate logs on.
#
# Output seen (realm, what else is said of the certificate, what kinit says):
#   contoso.test: a ticket for alice@contoso.test
#   CONTOSO.TEST: Client name mismatch
#   CONTOSO.TEST, a rule for the subject: Client name mismatch
#   CONTOSO.TEST, a rule for the subject, without pkinit_san: a ticket for alice@CONTOSO.TEST
#
# Unpacks pinned packages of Debian 12 into a temporary folder, runs KDCs on a free port of 127.0.0.1 for a few seconds,
# and fails when the behaviour changes. OpenSSL and other libraries are those of the machine.
set -eu
folder=$(mktemp -d)
kdc=
trap 'if [ -n "$kdc" ]; then kill "$kdc"; fi; rm -rf "$folder"' EXIT
cd "$folder"
krb5=1.20.1-2+deb12u5
apt-get download -qq \
  "krb5-user=$krb5" "krb5-kdc=$krb5" "krb5-admin-server=$krb5" "krb5-pkinit=$krb5" "libkrb5-3=$krb5" "libk5crypto3=$krb5" \
  "libkrb5support0=$krb5" "libgssapi-krb5-2=$krb5" "libgssrpc4=$krb5" "libkdb5-10=$krb5" "libkadm5srv-mit12=$krb5" \
  "libkadm5clnt-mit12=$krb5" libverto1=0.3.1-1 libverto-libev1=0.3.1-1 libev4=1:4.33-1 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
for package in krb5-user krb5-kdc krb5-pkinit; do dpkg-deb --show "$package"_*.deb; done
libraries=$(dirname "$(find "$folder" -name libkrb5.so.3)")

cat >ca.cnf <<'CONFIG'
[kdc]
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = 1.3.6.1.5.2.3.5
subjectAltName = DNS:dc1.contoso.test
[user]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth, 1.3.6.1.4.1.311.20.2.2
subjectAltName = otherName:1.3.6.1.4.1.311.20.2.3;UTF8:alice@contoso.test
CONFIG
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj "/CN=Test CA" -days 30 2>/dev/null
for name in kdc user; do
  openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj "/CN=$name" 2>/dev/null
  openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile ca.cnf -extensions $name -days 30 \
    -out $name.crt 2>/dev/null
done

# The realm, what is disabled, and a rule for alice.
check() {
  title=$1 realm=$2 disabled=$3 rule=$4
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  rm -f principal* stash kdc.log tickets
  cat >krb5.conf <<CONFIG
[libdefaults]
  default_realm = $realm
  default_ccache_name = FILE:$folder/tickets
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
  plugin_base_dir = $libraries/krb5/plugins
[realms]
  $realm = {
    kdc = 127.0.0.1:$port
    pkinit_anchors = FILE:$folder/ca.crt
    pkinit_kdc_hostname = dc1.contoso.test
  }
CONFIG
  cat >kdc.conf <<CONFIG
[realms]
  $realm = {
    database_name = $folder/principal
    key_stash_file = $folder/stash
    kdc_listen = 127.0.0.1:$port
    kdc_tcp_listen = 127.0.0.1:$port
    pkinit_identity = FILE:$folder/kdc.crt,$folder/kdc.key
    pkinit_anchors = FILE:$folder/ca.crt
    pkinit_eku_checking = scLogin
    pkinit_allow_upn = true
  }
[dbmodules]
  db_module_dir = $libraries/krb5/plugins/kdb
[plugins]
  certauth = {
    disable = $disabled
  }
[logging]
  kdc = FILE:$folder/kdc.log
CONFIG
  export KRB5_CONFIG="$folder/krb5.conf" KRB5_KDC_PROFILE="$folder/kdc.conf"
  LD_LIBRARY_PATH=$libraries usr/sbin/kdb5_util -P master create -s >log 2>&1
  LD_LIBRARY_PATH=$libraries usr/sbin/kadmin.local -q "addprinc -nokey +requires_preauth alice" >log 2>&1
  if [ -n "$rule" ]; then
    LD_LIBRARY_PATH=$libraries usr/sbin/kadmin.local -q "set_string alice pkinit_cert_match $rule" >log 2>&1
  fi
  LD_LIBRARY_PATH=$libraries usr/sbin/krb5kdc -n >log.kdc 2>&1 &
  kdc=$!
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if grep -q "commencing operation" kdc.log 2>/dev/null; then break; fi
    sleep 0.5
  done
  if LD_LIBRARY_PATH=$libraries timeout 20 usr/bin/kinit -X "X509_user_identity=FILE:user.crt,user.key" alice \
    </dev/null >log 2>said; then
    echo "$title: a ticket for $(LD_LIBRARY_PATH=$libraries usr/bin/klist | sed -n 's/^Default principal: //p')"
  else
    echo "$title: $(sed -n 's/^kinit: \(.*\) while getting initial credentials$/\1/p' said)"
  fi
  kill "$kdc"
  wait "$kdc" || :
  kdc=
}
{
  check "contoso.test" contoso.test nothing ""
  check "CONTOSO.TEST" CONTOSO.TEST nothing ""
  check "CONTOSO.TEST, a rule for the subject" CONTOSO.TEST nothing '<SUBJECT>CN=user$'
  check "CONTOSO.TEST, a rule for the subject, without pkinit_san" CONTOSO.TEST pkinit_san '<SUBJECT>CN=user$'
} >found
cat found
cat >expected <<'TEXT'
contoso.test: a ticket for alice@contoso.test
CONTOSO.TEST: Client name mismatch
CONTOSO.TEST, a rule for the subject: Client name mismatch
CONTOSO.TEST, a rule for the subject, without pkinit_san: a ticket for alice@CONTOSO.TEST
TEXT
cmp expected found && echo "as described"
