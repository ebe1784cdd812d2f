"""Writes what `certipy template` saves of each template of an LDIF file, with certipy's own code: `NAME.json` in a folder."""

import pathlib
import sys

import ldif_entries
from certipy.commands import template

command = template.Template.__new__(template.Template)
for record in ldif_entries.read(sys.argv[1])[0]:
    # Version 4 saves octets (`-save-old`), version 5 what its LDAP client reads (`-save-configuration`).
    source = ldif_entries.attributes(record) if hasattr(template, "TRANSFORMERS") else record
    source.pop("dn", None)
    name = record["cn"][0].decode()
    pathlib.Path(sys.argv[2], f"{name}.json").write_text(command.configuration_to_json(source))
