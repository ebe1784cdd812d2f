"""Prints what `certipy find -json` prints about the templates and CAs of an LDIF file, with certipy's own code over a directory
that is that file."""

import base64
import os
import pathlib
import sys
import tempfile

from certipy.commands import find
from certipy.lib.ldap import LDAPEntry

NUMBERS = ("flag", "revision", "signature", "key-size", "version", "depth", "keyspec")


def records(text):
    """Every record of content as a dictionary of lists of octets."""
    for block in text.replace("\n ", "").split("\n\n"):
        record = {}
        for line in filter(None, block.split("\n")):
            name, value = line.split(":", 1)
            value = base64.b64decode(value[1:]) if value.startswith(":") else value.strip().encode()
            record.setdefault(name, []).append(value)
        if record:
            yield record


def entry(record):
    """The record as ldap3 would hand it over: numbers as numbers, single values alone, the rest as octets."""
    attributes = {"objectGUID": "{00000000-0000-0000-0000-000000000000}", "name": record["cn"][0].decode()}
    for name, values in record.items():
        lower = name.lower()
        if lower in ("pkiexpirationperiod", "pkioverlapperiod", "ntsecuritydescriptor"):
            attributes[name] = values[0]
        elif lower == "cacertificate":
            attributes[name] = values
        elif lower in ("certificatetemplates", "objectclass"):
            attributes[name] = [value.decode() for value in values]
        elif any(word in lower for word in NUMBERS) and len(values) == 1:
            attributes[name] = int(values[0])
        else:
            decoded = [value.decode("utf-8", "replace") for value in values]
            attributes[name] = decoded if len(decoded) > 1 else decoded[0]
    return LDAPEntry(**{"attributes": attributes, "raw_attributes": record})


class Directory:
    """The connection that certipy asks: nobody is logged on, and accounts are called by their identifiers."""

    def lookup_sid(self, sid):
        return {"name": sid}

    def get_user_sids(self, *_):
        return set()


class Target:
    username = "nobody"


everything = [record for record in records(open(sys.argv[1], encoding="utf-8").read()) if b"top" in record["objectClass"]]
templates = [entry(record) for record in everything if b"pKICertificateTemplate" in record["objectClass"]]
cas = [entry(record) for record in everything if b"pKIEnrollmentService" in record["objectClass"]]
# It writes into the folder in which it runs.
os.chdir(tempfile.mkdtemp())
command = find.Find(target=Target(), json=True, dc_only=True, output="found")
command._connection = Directory()
command.get_certificate_templates = lambda: templates
command.get_certificate_authorities = lambda: cas
command.get_issuance_policies = lambda: []
command.find()
print(pathlib.Path("found_Certipy.json").read_text())
