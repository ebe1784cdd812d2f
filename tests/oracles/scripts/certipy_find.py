"""Prints what `certipy find -json` prints about the templates and CAs of an LDIF file, with certipy's own code over a directory
that is that file."""

import os
import pathlib
import sys
import tempfile

import ldif_entries
from certipy.commands import find
from certipy.lib.ldap import LDAPEntry


def entry(record):
    """The record as certipy's connection would hand it over."""
    return LDAPEntry(**{"attributes": ldif_entries.attributes(record), "raw_attributes": record})


class Directory:
    """The connection that certipy asks: nobody is logged on, and accounts are called by their identifiers."""

    def lookup_sid(self, sid):
        return {"name": sid}

    def get_user_sids(self, *_):
        return set()


class Target:
    username = "nobody"


templates, cas = ([entry(record) for record in records] for records in ldif_entries.read(sys.argv[1]))
# It writes into the folder in which it runs.
os.chdir(tempfile.mkdtemp())
command = find.Find(target=Target(), json=True, dc_only=True, output="found")
command._connection = Directory()
command.get_certificate_templates = lambda: templates
command.get_certificate_authorities = lambda: cas
command.get_issuance_policies = lambda: []
command.find()
print(pathlib.Path("found_Certipy.json").read_text())
