#!/bin/sh
# Version: the provider SunPKCS11 of OpenJDK 17.0.15, with SoftHSM 2.6.1 (Debian 12: softhsm2 and libsofthsm2 2.6.1-2.1)
# and OpenSC 0.23.0 (opensc and opensc-pkcs11 0.23.0-0.3+deb12u2), which writes the objects.
#
# Behaviour: a key store of Java calls a key by an alias, and SunPKCS11 takes it from the label of the objects on the token
# (CKA_LABEL). When a renewed certificate of the same label is put beside the old one, the alias of the old key changes,
# too: `alice` is gone, and getKey("alice", ...) answers null, no error. With a new key there are two aliases that end in
# issuer and serial number; with a renewed certificate of the same key there is one such alias for two certificates, and
# the other certificate has none. An alias in a configuration works until the first renewal.
#
# Output seen (N is the serial number of either):
#   first certificate: alice; alice has a key true
#   renewed with a new key: alice/cn=test ca/7 alice/cn=test ca/9; alice has a key false
#   renewed with the same key: alice/cn=test ca/N; alice has a key false
#   certificates on the token: 2
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. Java and OpenSSL are
# those of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq opensc=0.23.0-0.3+deb12u2 opensc-pkcs11=0.23.0-0.3+deb12u2 softhsm2=2.6.1-2.1 libsofthsm2=2.6.1-2.1 \
  2>apt || { cat apt; exit 1; }
for package in *.deb; do
  dpkg-deb --extract "$package" .
  dpkg-deb --show "$package"
done
java -version 2>&1 | head -n 1
mkdir tokens
echo "directories.tokendir = $folder/tokens" >softhsm2.conf
export SOFTHSM2_CONF="$folder/softhsm2.conf"
module=$folder/usr/lib/softhsm/libsofthsm2.so
tool() { LD_LIBRARY_PATH=$(dirname "$(find . -name libopensc.so.8)") usr/bin/pkcs11-tool --module "$module" "$@"; }
printf 'name = token\nlibrary = %s\nslotListIndex = 0\n' "$module" >provider.cfg
cat >Aliases.java <<'JAVA'
import java.security.KeyStore;
import java.security.Security;
import java.util.Collections;

class Aliases {
    public static void main(String[] arguments) throws Exception {
        var provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        var store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, "1234".toCharArray());
        var aliases = Collections.list(store.aliases());
        Collections.sort(aliases);
        System.out.println(String.join(" ", aliases) + "; alice has a key " + (store.getKey("alice", null) != null));
    }
}
JAVA
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj "/CN=Test CA" -days 30 2>/dev/null
for key in old new; do
  openssl req -newkey rsa:2048 -nodes -keyout $key.key -out $key.csr -subj /CN=alice 2>/dev/null
  openssl rsa -in $key.key -outform DER -out $key.der 2>/dev/null
done
token() {
  rm -rf tokens/*
  usr/bin/softhsm2-util --module "$module" --init-token --free --label token --pin 1234 --so-pin 12345678 >log
}
put() { tool --login --pin 1234 --write-object "$1" --type "$2" --id "$3" --label alice >log 2>&1; }
issue() {
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -set_serial "$2" -days 9 -outform DER -out "$2.der" 2>/dev/null
}
issue old 7
issue old 8
issue new 9
aliases() { java Aliases.java provider.cfg; }
{
  token
  put old.der privkey 01
  put 7.der cert 01
  echo "first certificate: $(aliases)"
  put new.der privkey 02
  put 9.der cert 02
  echo "renewed with a new key: $(aliases)"
  token
  put old.der privkey 01
  put 7.der cert 01
  put 8.der cert 01
  echo "renewed with the same key: $(aliases | sed 's/[78];/N;/')"
  echo "certificates on the token: $(tool --list-objects --type cert 2>log | grep -c '^Certificate Object')"
} >found
cat found
cat >expected <<'TEXT'
first certificate: alice; alice has a key true
renewed with a new key: alice/cn=test ca/7 alice/cn=test ca/9; alice has a key false
renewed with the same key: alice/cn=test ca/N; alice has a key false
certificates on the token: 2
TEXT
cmp expected found && echo "as described"
