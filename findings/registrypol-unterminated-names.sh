#!/bin/sh
# Version: registrypol 1.0.1 (PyPI), a reader and writer of Registry.pol.
#
# Behaviour: [MS-GPREG] 2.2.1 ends the key and the name of a value with a zero, and readers count on it. registrypol has
# no opinion: `dump` writes a policy that is made as its manual shows, with plain names, without the zeros, which makes a
# file that is none (`samba.dcerpc.preg` of Samba 4.17.12 refuses it: Buffer Size Error); and `load` leaves the zeros of a
# file of Windows in the names, so that none of them equals the name that is looked for. Who finds a setting strips the
# zero, and who makes one appends it; a program that does neither works with its own files, and only with these.
#
# Output seen:
#   plain names: zeros behind them False, found again True
#   names with a zero: zeros behind them True, found again False
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check registrypol==1.0.1
cat >"$folder/names.py" <<'PYTHON'
import io

import registrypol
from registrypol.policy import RegistryPolicy
from registrypol.values import RegistryValue

KEY, NAME = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment", "AEPolicy"


def check(title, zero):
    number = (7).to_bytes(4, "little")
    value = RegistryValue(key=KEY + zero, value=NAME + zero, type="REG_DWORD", size=4, data=number)
    file = io.BytesIO()
    registrypol.dump(RegistryPolicy(values=[value]), file)
    # The header is 8 octets long, and the first bracket 2.
    key, name, *_ = file.getvalue()[10:].split(";".encode("utf-16-le"))
    ended = all(field.decode("utf-16-le").endswith("\0") for field in (key, name))
    file.seek(0)
    found = any((value.key, value.value) == (KEY, NAME) for value in registrypol.load(file).values)
    print(f"{title}: zeros behind them {ended}, found again {found}")


check("plain names", "")
check("names with a zero", "\0")
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^registrypol '
"$folder/venv/bin/python" "$folder/names.py" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
plain names: zeros behind them False, found again True
names with a zero: zeros behind them True, found again False
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
