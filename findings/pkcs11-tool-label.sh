#!/bin/sh
# Version: pkcs11-tool of OpenSC 0.23.0 (Debian 12: opensc and opensc-pkcs11 0.23.0-0.3+deb12u2), with SoftHSM 2.6.1.
#
# Behaviour: a key of a token has a label and an id (CKA_LABEL and CKA_ID of PKCS #11), and `--label` and `--id` choose the
# object where pkcs11-tool reads, writes or deletes one. Where it signs, `--id` does so, and `--label` is taken and has no
# effect: it signs with whatever private key the token names first, for the label of another key and also for one that no
# key has, and ends with 0 and without a word. An id that no key has is an error. A signature by label is the right one
# as long as the token has one key; with a renewed key beside the old one it may be that of either.
#
# Output seen (what chose the keys, exit codes, whose public keys verify the signatures):
#   --id 01, --id 02: 0 alice, 0 bob
#   --id 77: 1 nobody
#   --label alice, --label bob, --label nobody: 0 0 0, one and the same signer
#   the public key that --label bob reads is that of bob: yes
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. The OpenSSL is that
# of the machine, 3.0 or later.
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
mkdir tokens
echo "directories.tokendir = $folder/tokens" >softhsm2.conf
export SOFTHSM2_CONF="$folder/softhsm2.conf"
module=$folder/usr/lib/softhsm/libsofthsm2.so
usr/bin/softhsm2-util --module "$module" --init-token --free --label token --pin 1234 --so-pin 12345678 >log
tool() { LD_LIBRARY_PATH=$(dirname "$(find . -name libopensc.so.8)") usr/bin/pkcs11-tool --module "$module" "$@"; }
for key in "01 alice" "02 bob"; do
  tool --login --pin 1234 --keypairgen --key-type rsa:2048 --id "${key% *}" --label "${key#* }" >log 2>&1
  tool --read-object --type pubkey --id "${key% *}" --output-file "${key#* }.der" >log 2>&1
done
echo "to be signed" >content
sign() {
  code=0
  rm -f signature
  tool --login --pin 1234 --sign --mechanism SHA256-RSA-PKCS "$@" --input-file content --output-file signature \
    >log 2>&1 || code=$?
  signer=nobody
  for name in alice bob; do
    if openssl dgst -sha256 -verify "$name.der" -keyform DER -signature signature content >log 2>&1; then signer=$name; fi
  done
  echo "$code $signer"
}
{
  echo "--id 01, --id 02: $(sign --id 01), $(sign --id 02)"
  echo "--id 77: $(sign --id 77)"
  for label in alice bob nobody; do sign --label "$label"; done >signed
  # Which key comes first is chance in SoftHSM.
  case $(cut -d' ' -f2 signed | sort -u) in
  alice | bob) signers="one and the same signer" ;;
  *) signers="different signers" ;;
  esac
  echo "--label alice, --label bob, --label nobody: $(cut -d' ' -f1 signed | xargs), $signers"
  tool --read-object --type pubkey --label bob --output-file read.der >log 2>&1
  echo "the public key that --label bob reads is that of bob: $(cmp -s read.der bob.der && echo yes || echo no)"
} >found
cat found
cat >expected <<'TEXT'
--id 01, --id 02: 0 alice, 0 bob
--id 77: 1 nobody
--label alice, --label bob, --label nobody: 0 0 0, one and the same signer
the public key that --label bob reads is that of bob: yes
TEXT
cmp expected found && echo "as described"
