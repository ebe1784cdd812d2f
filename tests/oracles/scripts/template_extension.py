"""Reads the template extension of every certificate of a folder with python-cryptography: `name: oid major minor`."""

import pathlib
import sys

from cryptography import x509

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.cer.der")):
    certificate = x509.load_der_x509_certificate(path.read_bytes())
    try:
        template = certificate.extensions.get_extension_for_class(x509.MSCertificateTemplate).value
        what = f"{template.template_id.dotted_string} {template.major_version} {template.minor_version}"
    except x509.ExtensionNotFound:
        what = "none"
    print(f"{path.name}: {what}")
