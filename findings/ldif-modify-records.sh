#!/bin/sh
# Version: ldif 4.3.0 (PyPI), a reader and writer of LDIF.
#
# Behaviour: each modification of a change record ends with a line `-`, also the last one (RFC 2849, `mod-spec`). The
# writer of ldif writes so, and its reader refuses that, with one modification as with two: a ValueError that strict=False
# does not change. What it reads is a record with one modification whose `-` is left out, which the standard does not
# have. So no change of an object comes through that another tool exports, nor one that the library has written itself;
# entries do.
#
# Output seen:
#   an entry: read
#   a modification as the standard has it: ValueError: subsection not found
#   the same without the last line: read
#   two modifications: ValueError: subsection not found
#   the same without the last line: ValueError: subsection not found
#   an entry of the writer: read
#   a modification of the writer: ValueError: subsection not found
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ldif==4.3.0
cat >"$folder/read.py" <<'PYTHON'
import io

import ldif

DN = "CN=User,CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=contoso,DC=test"
ENTRY = f"dn: {DN}\nobjectClass: pKICertificateTemplate\nrevision: 100\n"
MODIFY = f"dn: {DN}\nchangetype: modify\nreplace: revision\nrevision: 101\n"
SECOND = "-\nadd: msPKI-RA-Signature\nmsPKI-RA-Signature: 1\n"


def check(title, text):
    answers = set()
    for strict in (True, False):
        try:
            records = list(ldif.LDIFParser(io.BytesIO(text.encode()), strict=strict).parse())
            answers.add("read" if [dn for dn, _ in records] == [DN] else f"read as {records}")
        except ValueError as error:
            answers.add(f"ValueError: {error}")
    print(f"{title}: {' or '.join(sorted(answers))}")


def written(record):
    file = io.BytesIO()
    ldif.LDIFWriter(file).unparse(DN, record)
    return file.getvalue().decode()


REPLACE = 2
check("an entry", ENTRY)
check("a modification as the standard has it", MODIFY + "-\n")
check("the same without the last line", MODIFY)
check("two modifications", MODIFY + SECOND + "-\n")
check("the same without the last line", MODIFY + SECOND)
check("an entry of the writer", written({"objectClass": [b"pKICertificateTemplate"], "revision": [b"100"]}))
check("a modification of the writer", written([(REPLACE, "revision", [b"101"])]))
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^ldif '
"$folder/venv/bin/python" -W ignore "$folder/read.py" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
an entry: read
a modification as the standard has it: ValueError: subsection not found
the same without the last line: read
two modifications: ValueError: subsection not found
the same without the last line: ValueError: subsection not found
an entry of the writer: read
a modification of the writer: ValueError: subsection not found
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
