"""Lints every certificate of a folder with pkilint (RFC 5280): one line a finding, `name severity code where`."""

import pathlib
import sys

from pkilint import loader
from pkilint.pkix import certificate, extension, name

validator = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.cer.der")):
    document = loader.load_certificate(path.read_bytes(), path.name)
    findings = 0
    for result in validator.validate(document.root):
        for description in result.finding_descriptions:
            finding = description.finding
            print(path.name, finding.severity.name, finding.code, result.node.path)
            findings += 1
    print(path.name, "DONE", findings)
