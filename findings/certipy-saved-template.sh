#!/bin/sh
# Version: certipy-ad 5.1.0. It asks for Python 3.12; pip is told not to look at that, so that the script runs with 3.11 as
# well. Seen with 3.11.7 and 3.12.1.
#
# Behaviour: `certipy template -save-configuration` saves a template, so that it can be written back. What is saved has no
# msPKI-Template-Schema-Version, no revisions, no msPKI-Cert-Template-OID and no name: the two templates below, one of
# schema version 2 and one of version 4, leave the same octets. But how other attributes are read depends on the schema
# version; msPKI-RA-Application-Policies, for one, are purposes or settings of the key by it ([MS-CRTD] 2.23). Which
# template it was, of which version, and when it was changed, cannot be read from the file, and a file that was saved
# from one version is written to a template of another without a word.
#
# Output seen:
#   version 2 and version 4: the same octets
#   saved: flags msPKI-Enrollment-Flag msPKI-Private-Key-Flag msPKI-RA-Application-Policies msPKI-RA-Signature pKIExpirationPeriod
#   left out: cn displayName msPKI-Cert-Template-OID msPKI-Template-Minor-Revision msPKI-Template-Schema-Version revision
#   written to version 4 with changes of msPKI-Enrollment-Flag
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --ignore-requires-python certipy-ad==5.1.0
cat >"$folder/save.py" <<'PYTHON'
import json
import os
import pathlib
import sys

from certipy.commands.template import Template
from certipy.lib.ldap import LDAPEntry

SAME = {
    "flags": 131642,
    "msPKI-Enrollment-Flag": 41,
    # With CT_FLAG_USE_LEGACY_PROVIDER, so that purposes are what both versions have there.
    "msPKI-Private-Key-Flag": 0x110,
    "msPKI-RA-Application-Policies": ["1.3.6.1.4.1.311.20.2.1"],
    "msPKI-RA-Signature": 1,
    "pKIExpirationPeriod": (-365 * 86400 * 10**7).to_bytes(8, "little", signed=True),
}
TEMPLATES = [
    {"cn": name, "displayName": name, "msPKI-Cert-Template-OID": f"1.3.6.1.4.1.311.21.8.1.2.3.4.5.6.{arc}",
     "msPKI-Template-Schema-Version": version, "revision": 100 + arc, "msPKI-Template-Minor-Revision": arc, **SAME}
    for name, version, arc in (("Older", 2, 7), ("Newer", 4, 8))
]


class Directory:
    """The connection that certipy asks."""

    configuration_path = "CN=Configuration,DC=contoso,DC=test"

    def __init__(self, attributes):
        self.attributes = attributes

    def search(self, *_, **__):
        return [LDAPEntry(attributes=self.attributes, raw_attributes={})]

    def modify(self, _, changes, **__):
        print("written to version", self.attributes["msPKI-Template-Schema-Version"], "with changes of", *changes)
        return {"result": 0}


os.chdir(sys.argv[1])
saved = []
for attributes in TEMPLATES:
    name = attributes["cn"]
    Template(None, name, save_configuration=name, connection=Directory(attributes)).save_configuration()
    saved.append(pathlib.Path(f"{name}.json").read_bytes())
print("version 2 and version 4:", "the same octets" if saved[0] == saved[1] else "other octets")
names = json.loads(saved[0]).keys()
print("saved:", *sorted(names))
print("left out:", *sorted(TEMPLATES[0].keys() - names))
newer = Directory({**TEMPLATES[1], "msPKI-Enrollment-Flag": 0})
Template(None, "Newer", write_configuration="Older.json", no_save=True, force=True, connection=newer).write_configuration()
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^certipy-ad '
"$folder/venv/bin/python" -W ignore "$folder/save.py" "$folder" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
version 2 and version 4: the same octets
saved: flags msPKI-Enrollment-Flag msPKI-Private-Key-Flag msPKI-RA-Application-Policies msPKI-RA-Signature pKIExpirationPeriod
left out: cn displayName msPKI-Cert-Template-OID msPKI-Template-Minor-Revision msPKI-Template-Schema-Version revision
written to version 4 with changes of msPKI-Enrollment-Flag
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
