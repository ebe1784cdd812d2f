#!/bin/sh
# Version: certihound 0.3.2, a collector of AD CS for BloodHound CE, with pydantic 2.14.4 and impacket 0.13.1.
#
# Behaviour: the template below issues certificates for client authentication and demands that a request be signed by an
# enrollment agent (msPKI-RA-Signature 1, msPKI-RA-Application-Policies 1.3.6.1.4.1.311.20.2.1, [MS-CRTD] 2.23). In the
# format of BloodHound, `applicationpolicies` are the purposes of that signature, and `certificateapplicationpolicy` are
# those of the certificate: SharpHound fills them from the attributes of these names. certihound writes the purposes of
# the certificate as `applicationpolicies`, leaves `certificateapplicationpolicy` out, and has the purpose of the signer
# nowhere, although it reads it: who takes the file at its word demands a signature by a certificate for client
# authentication.
#
# Output seen:
#   authorizedsignatures 1
#   applicationpolicies ['1.3.6.1.5.5.7.3.2']
#   certificateapplicationpolicy absent
#   1.3.6.1.4.1.311.20.2.1 in the file: False
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check certihound==0.3.2 pydantic==2.14.4 impacket==0.13.1
cat >"$folder/export.py" <<'PYTHON'
import json
import sys

from certihound.collector import ADCSData
from certihound.exporter import BloodHoundCEExporter
from certihound.objects.certtemplate import CertTemplate

DOMAIN, SID = "CONTOSO.TEST", "S-1-5-21-1-2-3"
CLIENT_AUTH, REQUEST_AGENT = "1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.311.20.2.1"
ATTRIBUTES = {
    "cn": "OnBehalf",
    "name": "OnBehalf",
    "displayName": "On Behalf",
    "objectGUID": "01234567-89ab-cdef-0123-456789abcdef",
    "distinguishedName": "CN=OnBehalf,CN=Certificate Templates,DC=contoso,DC=test",
    "msPKI-Template-Schema-Version": 2,
    "pKIExtendedKeyUsage": [CLIENT_AUTH],
    "msPKI-Certificate-Application-Policy": [CLIENT_AUTH],
    "msPKI-RA-Signature": 1,
    "msPKI-RA-Application-Policies": [REQUEST_AGENT],
}

data = ADCSData(domain=DOMAIN, domain_sid=SID)
data.templates = [CertTemplate.from_ldap_entry(ATTRIBUTES, DOMAIN, SID)]
files = BloodHoundCEExporter(DOMAIN, SID).export(data).write_json_files(sys.argv[1], "exported")
(path,) = [path for path in files if "certtemplates" in path.name]
(template,) = json.loads(path.read_text())["data"]
for name in ("authorizedsignatures", "applicationpolicies", "certificateapplicationpolicy"):
    print(name, template["Properties"].get(name, "absent"))
print(REQUEST_AGENT, "in the file:", REQUEST_AGENT in path.read_text())
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(certihound|pydantic|impacket) '
"$folder/venv/bin/python" -W ignore "$folder/export.py" "$folder" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
authorizedsignatures 1
applicationpolicies ['1.3.6.1.5.5.7.3.2']
certificateapplicationpolicy absent
1.3.6.1.4.1.311.20.2.1 in the file: False
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
