"""Writes what certihound exports of the templates and CAs of an LDIF file for BloodHound CE, with its own code: one JSON file for
each kind of object, in a folder."""

import sys
import uuid

import ldif_entries
from certihound.collector import ADCSData
from certihound.exporter import BloodHoundCEExporter
from certihound.objects.certtemplate import CertTemplate
from certihound.objects.enterpriseca import EnterpriseCA

DOMAIN, SID = "CONTOSO.TEST", "S-1-5-21-397955417-626881126-188441444"
LISTS = (
    "pKIExtendedKeyUsage",
    "msPKI-Certificate-Application-Policy",
    "msPKI-Certificate-Policy",
    "msPKI-RA-Application-Policies",
    "msPKI-RA-Policies",
    "certificateTemplates",
)


def entry(record):
    """The record as certihound's parser hands it over: lists always as lists, the identifier as text."""
    attributes = ldif_entries.attributes(record)
    attributes["distinguishedName"] = record["dn"][0].decode()
    attributes["objectGUID"] = str(uuid.uuid5(uuid.NAMESPACE_OID, attributes["distinguishedName"]))
    for name in LISTS:
        values = attributes.get(name, [])
        attributes[name] = values if isinstance(values, list) else [values]
    attributes["cACertificate"] = record.get("cACertificate", [b""])[0]
    return attributes


templates, cas = ldif_entries.read(sys.argv[1])
data = ADCSData(domain=DOMAIN, domain_sid=SID)
data.templates = [CertTemplate.from_ldap_entry(entry(record), DOMAIN, SID) for record in templates]
data.enterprise_cas = [EnterpriseCA.from_ldap_entry(entry(record), DOMAIN, SID) for record in cas]
BloodHoundCEExporter(DOMAIN, SID).export(data).write_json_files(sys.argv[2], "exported")
