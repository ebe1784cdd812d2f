#!/bin/sh
# Version: ldif2json 1.0.8 (PyPI).
#
# Behaviour: a line of LDIF may be folded anywhere: one that begins with a space goes on with the line before (RFC 2849,
# note 2), and ldapsearch folds lines of more than 76 columns unless it is told not to. ldif2json takes each line by
# itself and says nothing. Of a folded value only the first line is left, cut in the middle of a word, and with `-d` the
# first line of base64 is decoded as if it were the whole. When the rest of a value has a colon and a space in it, it
# becomes an attribute of its own, of a name that no schema has. Distinguished names are cut as well: an object whose name
# is longer than a line, as that of a template is, comes out under that of no object.
#
# Output seen (attribute, length of its value, length of what is read, and whether that is the beginning of the value):
#   dn: 103 characters become 72, the beginning True
#   displayName: 4 characters become 4, the beginning True
#   description: 94 characters become 62, the beginning True
#   streetAddress: 64 characters become 45, the beginning True
#   besides: {'Please note': 'only in the office'}
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ldif2json==1.0.8
cat >"$folder/convert.py" <<'PYTHON'
import base64
import json
import subprocess
import sys

ENTRY = {
    "dn": "CN=User,CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=contoso,DC=test",
    "displayName": "User",
    "description": "The agent signs these requests, and the officer looks at each. Please note: only in the office",
}
# Base64, since it begins with a space.
ADDRESS = " Certificates are only issued in the office, on the second floor"


def folded(line):
    """A line as ldapsearch prints it."""
    rest = [line[at:at + 75] for at in range(76, len(line), 75)]
    return "\n ".join([line[:76], *rest])


lines = [folded(f"{name}: {value}") for name, value in ENTRY.items()]
lines.append(folded("streetAddress:: " + base64.b64encode(ADDRESS.encode()).decode()))
text = "\n".join(lines) + "\n"
printed = subprocess.run([sys.argv[1], "-d"], input=text, capture_output=True, text=True, check=True)
assert not printed.stderr
(entry,) = json.loads(printed.stdout)
for name, value in {**ENTRY, "streetAddress": ADDRESS}.items():
    read = entry.pop(name)
    print(f"{name}: {len(value)} characters become {len(read)}, the beginning {value.startswith(read)}")
print("besides:", entry)
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^ldif2json '
"$folder/venv/bin/python" "$folder/convert.py" "$folder/venv/bin/ldif2json" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
dn: 103 characters become 72, the beginning True
displayName: 4 characters become 4, the beginning True
description: 94 characters become 62, the beginning True
streetAddress: 64 characters become 45, the beginning True
besides: {'Please note': 'only in the office'}
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
