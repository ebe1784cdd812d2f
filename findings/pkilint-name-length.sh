#!/bin/sh
# Version: pkilint 0.13.3, with cryptography 50.0.2, which makes the certificates.
#
# Behaviour: an organizational unit of 65 characters, one more than RFC 5280's ub-organizational-unit-name, is well-formed DER, and a CA that
# does not enforce lengths issues it. The linter does not say that it is too long: it reports broken ASN.1 syntax at the value, with the
# highest severity, and the findings about the rest of the certificate as ever. Who sorts findings by code files a long name under broken
# encoding.
#
# Output seen (length, severity, code):
#   64 WARNING pkix.certificate_skid_end_entity_missing
#   64 ERROR pkix.authority_key_identifier_extension_absent
#   65 FATAL itu.invalid_asn1_syntax
#   65 WARNING pkix.certificate_skid_end_entity_missing
#   65 ERROR pkix.authority_key_identifier_extension_absent
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pkilint==0.13.3 pyasn1==0.4.8 pyasn1-alt-modules==0.4.4 pyasn1-fasder==0.1.3 cryptography==50.0.2
cat >"$folder/lint.py" <<'PYTHON'
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pkilint import loader
from pkilint.pkix import certificate, extension, name

KEY = ec.generate_private_key(ec.SECP256R1())
BEGIN = datetime.datetime(2026, 1, 1)
LINTS = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [certificate.create_subject_validator_container([]), certificate.create_extensions_validator_container([])],
)


def certificate_of(length):
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "o" * length, _validate=False)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    builder = x509.CertificateBuilder(issuer, x509.Name([unit]), KEY.public_key(), 7, BEGIN, BEGIN + datetime.timedelta(9))
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


for length in (64, 65):
    for result in LINTS.validate(loader.load_certificate(certificate_of(length), "certificate").root):
        for found in result.finding_descriptions:
            print(length, found.finding.severity.name, found.finding.code)
PYTHON
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep -E '^(pkilint|cryptography) '
"$folder/venv/bin/python" "$folder/lint.py" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
64 WARNING pkix.certificate_skid_end_entity_missing
64 ERROR pkix.authority_key_identifier_extension_absent
65 FATAL itu.invalid_asn1_syntax
65 WARNING pkix.certificate_skid_end_entity_missing
65 ERROR pkix.authority_key_identifier_extension_absent
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
