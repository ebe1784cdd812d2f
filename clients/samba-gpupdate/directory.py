#!/usr/bin/python3
"""Makes the domain of the laboratory look like the world: what is published below Public Key Services, and the policy.

Runs in the namespaces of the laboratory. What the account of the world cannot see is not copied.
"""

import os
import re

import ldb
from samba import Ldb
from samba.auth import system_session
from samba.credentials import Credentials
from samba.dcerpc import preg
from samba.ndr import ndr_pack
from samba.param import LoadParm
from samba.samdb import SamDB

import lab

COPIED = ("pKICertificateTemplate", "pKIEnrollmentService", "certificationAuthority", "msPKI-Enterprise-Oid")
# The directory that holds an object says these itself.
OWN = {name.lower() for name in ("cn", "distinguishedName", "dSCorePropagationData", "instanceType", "name",
                                 "nTSecurityDescriptor", "objectCategory", "objectGUID", "objectClass", "uSNChanged",
                                 "uSNCreated", "whenChanged", "whenCreated")}
# Mandatory in the schema, and not there in the world, or not for the account.
MANDATORY = ("authorityRevocationList", "cACertificate", "certificateRevocationList")

KEY = r"Software\Policies\Microsoft\Cryptography\AutoEnrollment"
REG_DWORD = 4


def main():
    parameters = LoadParm()
    parameters.load(f"{lab.HERE}/dc/etc/smb.conf")
    # With a server for its URL, Samba reads and writes what that server holds.
    own = SamDB(f"{lab.HERE}/dc/private/sam.ldb", session_info=system_session(), lp=parameters)
    publish(world(parameters), own)
    set_policy(own)


def world(parameters):
    who = Credentials()
    who.guess(parameters)
    who.set_bind_dn(os.environ["AUTOENROLL_USER"])
    who.set_password(os.environ["AUTOENROLL_PASSWORD"])
    return Ldb(os.environ["AUTOENROLL_LDAP"], credentials=who, lp=parameters)


def published(directory, configuration):
    """Objects by the part of their name before the configuration partition's, each with its class and attributes."""
    base = f"CN=Public Key Services,CN=Services,{configuration}"
    classes = "".join(f"(objectClass={name})" for name in COPIED)
    found = {}
    for entry in directory.search(base, ldb.SCOPE_SUBTREE, f"(|{classes})", ["*"]):
        name = str(entry.dn)[:-len(configuration) - 1]
        values = {key: sorted(bytes(value) for value in entry[key]) for key in entry if key.lower() not in OWN | {"dn"}}
        kind = [kind for kind in COPIED if kind.lower() in [str(it).lower() for it in entry["objectClass"]]][0]
        if kind == "certificationAuthority":
            for missing in MANDATORY:
                values.setdefault(missing, [b"\0"])
        found[name.lower()] = (name, kind, values)
    return found


def publish(source, own):
    configuration = str(own.get_config_basedn())
    wanted = published(source, os.environ["AUTOENROLL_CONFIGURATION_DN"])
    there = published(own, configuration)
    for key in there.keys() - wanted.keys():
        own.delete(f"{there[key][0]},{configuration}")
    for key, (name, kind, values) in wanted.items():
        dn = ldb.Dn(own, f"{name},{configuration}")
        if key in there and there[key][1:] == (kind, values):
            continue
        if key in there:
            own.delete(dn)
        message = ldb.Message(dn)
        for attribute, several in [("objectClass", [kind.encode()]), *values.items()]:
            message[attribute] = ldb.MessageElement(several, ldb.FLAG_MOD_ADD, attribute)
        own.add(message)


def set_policy(own):
    """Writes Registry.pol of the one policy object when the policy is another, and counts its version up."""
    with open(f"{lab.HERE}/policy") as file:
        guid = file.read()
    folder = f"{lab.HERE}/dc/state/sysvol/{os.environ['AUTOENROLL_DOMAIN']}/Policies/{guid}"
    file = preg.file()
    file.header.signature = "PReg"
    file.header.version = 1
    number = os.environ.get("AUTOENROLL_AEPOLICY")
    entries = []
    if os.environ["AUTOENROLL_POLICY"] != "unset" and number:
        entry = preg.entry()
        entry.keyname, entry.valuename, entry.type, entry.data = KEY, "AEPolicy", REG_DWORD, int(number, 0)
        entries.append(entry)
    file.num_entries, file.entries = len(entries), entries
    octets = ndr_pack(file)
    # samba-tool writes the name as Machine, and SMB takes it in any case.
    machine = [name for name in os.listdir(folder) if name.upper() == "MACHINE"][0]
    registry = f"{folder}/{machine}/Registry.pol"
    try:
        with open(registry, "rb") as existing:
            if existing.read() == octets:
                return
    except FileNotFoundError:
        pass
    with open(registry, "wb") as new:
        new.write(octets)
    with open(f"{folder}/GPT.INI") as text:
        described = text.read()
    # Changes of the computer's part count by one, those of the user's by 65,536.
    version = int(re.search(r"(?i)^version=(\d+)", described, re.M).group(1)) + 1
    with open(f"{folder}/GPT.INI", "w", newline="") as text:
        text.write(re.sub(r"(?im)^version=\d+", f"Version={version}", described))
    change = ldb.Message(ldb.Dn(own, f"CN={guid},CN=Policies,CN=System,{own.domain_dn()}"))
    change["versionNumber"] = ldb.MessageElement(str(version), ldb.FLAG_MOD_REPLACE, "versionNumber")
    own.modify(change)


if __name__ == "__main__":
    main()
