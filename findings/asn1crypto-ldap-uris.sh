#!/bin/sh
# Version: asn1crypto 1.5.1 (PyPI), with Python 3.11; what is written is the same with each Python from 3.6 to 3.13.
#
# Behaviour: where a CA of Windows publishes is told by URIs without a host, `ldap:///CN=...` (RFC 4516 2), which means the
# directory that the reader is in, and `file:////server/share/...`. asn1crypto takes URIs apart and puts them together
# again, and the empty host is lost: what it gives for the octets below is `ldap:/CN=...`, and what it writes for a text is
# that as well, so that a certificate or CRL made with it carries another URI than its author wrote, which is no LDAP
# URL. DistributionPoint.url, which gives the first http or ldap URI of a distribution point, says None: there is no
# such place. `%20` is read as a space, which no URI has. The octets as they were are in `contents`.
#
# Output seen (URI, what is read, what is written, url of a distribution point):
#   ldap:///CN=Test%20CA,CN=CDP?certificateRevocationList?base
#     ldap:/CN=Test CA,CN=CDP?certificateRevocationList?base
#     ldap:/CN=Test%20CA,CN=CDP?certificateRevocationList?base
#     None
#   file:////ca1.contoso.test/CertEnroll/ca.crl
#     file://ca1.contoso.test/CertEnroll/ca.crl
#     file://ca1.contoso.test/CertEnroll/ca.crl
#     None
#   ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
#     ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
#     ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
#     ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check asn1crypto==1.5.1
cat >"$folder/uris.py" <<'PYTHON'
from asn1crypto.x509 import DistributionPoint, GeneralName

URIS = [
    "ldap:///CN=Test%20CA,CN=CDP?certificateRevocationList?base",
    "file:////ca1.contoso.test/CertEnroll/ca.crl",
    "ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base",
]


def der(tag, content):
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


for uri in URIS:
    print(uri)
    name = der(0x86, uri.encode())
    print(" ", GeneralName.load(name).native)
    print(" ", GeneralName("uniform_resource_identifier", uri).dump()[2:].decode())
    print(" ", DistributionPoint.load(der(0x30, der(0xA0, der(0xA0, name)))).url)
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^asn1crypto '
"$folder/venv/bin/python" "$folder/uris.py" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
ldap:///CN=Test%20CA,CN=CDP?certificateRevocationList?base
  ldap:/CN=Test CA,CN=CDP?certificateRevocationList?base
  ldap:/CN=Test%20CA,CN=CDP?certificateRevocationList?base
  None
file:////ca1.contoso.test/CertEnroll/ca.crl
  file://ca1.contoso.test/CertEnroll/ca.crl
  file://ca1.contoso.test/CertEnroll/ca.crl
  None
ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
  ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
  ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
  ldap://dc1.contoso.test/CN=CDP?certificateRevocationList?base
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
