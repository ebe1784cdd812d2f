#!/bin/sh
# Version: registrypol 1.0.1 (PyPI), a reader and writer of Registry.pol.
#
# Behaviour: the file below is well-formed by [MS-GPREG] 2.2.1: three settings of autoenrollment and one text. `load` takes
# two of them, one of these cut short, and says nothing. It looks for brackets with a pattern that does not match over an
# octet 0x0A and stops at the first `]`, instead of following the sizes in the file. A DWORD of 10, the usual percentage
# at which clients warn of expiration, has that octet, and so has every setting whose data are 10 octets long, such as
# the text ROOT; a `]` in a text ends it. What is loaded and dumped again has lost these settings.
#
# Output seen (name, size in the file, octets of data that were read):
#   AEPolicy 4 4
#   OfflineExpirationStoreNames absent
#   OfflineExpirationPercent absent
#   FriendlyName 24 20
#   4 settings of 728 octets become 2 of 340
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check registrypol==1.0.1
cat >"$folder/load.py" <<'PYTHON'
import io
import struct

import registrypol

KEY = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment"
REG_SZ, REG_DWORD = 1, 4


def wide(text):
    return text.encode("utf-16-le")


SETTINGS = {
    "AEPolicy": (REG_DWORD, struct.pack("<I", 7)),
    "OfflineExpirationStoreNames": (REG_SZ, wide("ROOT\0")),
    "OfflineExpirationPercent": (REG_DWORD, struct.pack("<I", 10)),
    "FriendlyName": (REG_SZ, wide("CEP [Paris]\0")),
}
written = b"PReg" + struct.pack("<I", 1)
for name, (kind, data) in SETTINGS.items():
    kind, size = struct.pack("<I", kind), struct.pack("<I", len(data))
    written += wide("[") + wide(";").join([wide(KEY + "\0"), wide(name + "\0"), kind, size, data]) + wide("]")

policy = registrypol.load(io.BytesIO(written))
read = {value.value.rstrip("\0"): value for value in policy.values}
for name in SETTINGS:
    print(name, *((read[name].size, len(read[name].data)) if name in read else ["absent"]))
again = io.BytesIO()
registrypol.dump(policy, again)
sizes = len(written), len(read), len(again.getvalue())
print(len(SETTINGS), "settings of {} octets become {} of {}".format(*sizes))
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^registrypol '
"$folder/venv/bin/python" "$folder/load.py" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
AEPolicy 4 4
OfflineExpirationStoreNames absent
OfflineExpirationPercent absent
FriendlyName 24 20
4 settings of 728 octets become 2 of 340
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
