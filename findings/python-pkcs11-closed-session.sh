#!/bin/sh
# Version: python-pkcs11 0.10.1 (PyPI), with SoftHSM 2.6.1 (Debian 12: softhsm2 and libsofthsm2 2.6.1-2.1).
#
# Behaviour: in PKCS #11 a PIN logs the whole application on to a token, and closing a session logs nobody out unless it is
# the last one (PKCS #11 2.40 5.6, C_CloseSession). In python-pkcs11 the session that was opened with the PIN logs out when
# it is closed, also by the end of its `with` block, and all others of the process with it. These stay open and say
# nothing: a search for private keys finds none, which is the answer of a token without keys. Opening a second session
# with the PIN, so that each has its own, raises UserAlreadyLoggedIn. Who closes the sessions in the other order never
# sees it.
#
# Output seen:
#   both sessions find 1 and 1 private keys
#   the session without the PIN is closed: the other finds 1
#   a second session with the PIN: UserAlreadyLoggedIn
#   the session with the PIN is closed: the other finds 0
#   the key that it found before: ObjectHandleInvalid
#   a new session with the PIN: the other finds 1
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq softhsm2=2.6.1-2.1 libsofthsm2=2.6.1-2.1 2>apt || { cat apt; exit 1; }
for package in *.deb; do
  dpkg-deb --extract "$package" .
  dpkg-deb --show "$package"
done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-pkcs11==0.10.1
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^python-pkcs11 '
mkdir tokens
echo "directories.tokendir = $folder/tokens" >softhsm2.conf
export SOFTHSM2_CONF="$folder/softhsm2.conf"
module=$folder/usr/lib/softhsm/libsofthsm2.so
usr/bin/softhsm2-util --module "$module" --init-token --free --label token --pin 1234 --so-pin 12345678 >log
cat >sessions.py <<'PYTHON'
import sys

import pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass

token = pkcs11.lib(sys.argv[1]).get_token(token_label="token")


def private_keys(session):
    return list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))


with_pin = token.open(rw=True, user_pin="1234")
with_pin.generate_keypair(KeyType.RSA, 2048, store=True, label="alice")
without_pin = token.open()
print("both sessions find", len(private_keys(with_pin)), "and", len(private_keys(without_pin)), "private keys")
without_pin.close()
print("the session without the PIN is closed: the other finds", len(private_keys(with_pin)))
try:
    print("a second session with the PIN:", token.open(user_pin="1234"))
except pkcs11.PKCS11Error as error:
    print("a second session with the PIN:", type(error).__name__)
other = token.open()
(key,) = private_keys(other)
with_pin.close()
print("the session with the PIN is closed: the other finds", len(private_keys(other)))
try:
    print("the key that it found before:", len(key.sign(b"content")))
except pkcs11.PKCS11Error as error:
    print("the key that it found before:", type(error).__name__)
again = token.open(user_pin="1234")
print("a new session with the PIN: the other finds", len(private_keys(other)))
PYTHON
venv/bin/python sessions.py "$module" >found
cat found
cat >expected <<'TEXT'
both sessions find 1 and 1 private keys
the session without the PIN is closed: the other finds 1
a second session with the PIN: UserAlreadyLoggedIn
the session with the PIN is closed: the other finds 0
the key that it found before: ObjectHandleInvalid
a new session with the PIN: the other finds 1
TEXT
cmp expected found && echo "as described"
