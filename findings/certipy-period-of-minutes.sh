#!/bin/sh
# Version: certipy-ad 4.8.2, the last version for Python 3.11 and older; 5.1.0 prints `5400 seconds`.
#
# Behaviour: the periods of a template, pKIExpirationPeriod and pKIOverlapPeriod, are counts of 100 nanoseconds ([MS-CRTD]
# 2.11 and 2.15). `certipy find` prints a period in the largest unit that divides it, and hours are its smallest unit: a
# period of 90 minutes, or of a day and a half hour, becomes an empty text, as does one of no length. The certificates of
# the template below live for 90 minutes, and the report reads as if they had no lifetime.
#
# Output seen (minutes of validity and of renewal, and what is printed for them):
#   120 60 '2 hours' '1 hour'
#   90 30 '' ''
#   1470 90 '' ''
#   0 0 '' ''
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# pkg_resources, which certipy asks for, is in setuptools before 81.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check certipy-ad==4.8.2 setuptools==80.9.0
cat >"$folder/find.py" <<'PYTHON'
import json
import os
import sys

from certipy.commands.find import Find
from certipy.lib.ldap import LDAPEntry

# Self-relative, owned by Everyone, with an empty list ([MS-DTYP] 2.4.6).
DESCRIPTOR = bytes.fromhex("0100048014000000000000000000000020000000" "010100000000000100000000" "0200080000000000")
PERIODS = [(120, 60), (90, 30), (1470, 90), (0, 0)]


def period(minutes):
    return (-minutes * 60 * 10**7).to_bytes(8, "little", signed=True)


def template(number, validity, renewal):
    attributes = {
        "cn": f"Template{number}",
        "name": f"Template{number}",
        "displayName": f"Template {number}",
        "objectGUID": f"{{01234567-89ab-cdef-0123-{number:012}}}",
        "pKIExpirationPeriod": period(validity),
        "pKIOverlapPeriod": period(renewal),
        "nTSecurityDescriptor": DESCRIPTOR,
    }
    raw = {"nTSecurityDescriptor": [DESCRIPTOR], "pKIExtendedKeyUsage": [b"1.3.6.1.5.5.7.3.2"]}
    return LDAPEntry(attributes=attributes, raw_attributes=raw)


class Directory:
    """The connection that certipy asks: nobody is logged on, and accounts are called by their identifiers."""

    def lookup_sid(self, sid):
        return {"name": sid}

    def get_user_sids(self, *_):
        return set()


class Target:
    username = "nobody"


os.chdir(sys.argv[1])
command = Find(Target(), json=True, dc_only=True, output="found", connection=Directory())
command.get_certificate_templates = lambda: [template(at, *periods) for at, periods in enumerate(PERIODS)]
command.get_certificate_authorities = lambda: []
command.get_issuance_policies = lambda: []
command.find()
report = json.load(open("found_Certipy.json"))["Certificate Templates"]
printed = {entry["Template Name"]: (entry["Validity Period"], entry["Renewal Period"]) for entry in report.values()}
for at, periods in enumerate(PERIODS):
    print(*periods, *map(repr, printed[f"Template{at}"]))
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^certipy-ad '
"$folder/venv/bin/python" -W ignore "$folder/find.py" "$folder" >"$folder/printed"
cat "$folder/printed"
cat >"$folder/expected" <<'TEXT'
120 60 '2 hours' '1 hour'
90 30 '' ''
1470 90 '' ''
0 0 '' ''
TEXT
cmp "$folder/expected" "$folder/printed" && echo "as described"
