"""Makes requests with certipy's own functions. The folder holds `old.key` (PKCS #8), `old.cer` and `exchange.cer`, in DER; what is
made is `NAME.req`, and `archived.key`, the key that an archival request brings."""

import pathlib
import sys

from asn1crypto import cms
from certipy.lib import certificate as certipy
from cryptography import x509
from cryptography.hazmat.primitives import serialization

folder = pathlib.Path(sys.argv[1])
old = x509.load_der_x509_certificate((folder / "old.cer").read_bytes())
old_key = serialization.load_der_private_key((folder / "old.key").read_bytes(), None)
exchange = x509.load_der_x509_certificate((folder / "exchange.cer").read_bytes())


def der(request):
    return request.public_bytes(serialization.Encoding.DER) if hasattr(request, "public_bytes") else bytes(request)


def compliant(message):
    """The same message, signed anew with the attribute that RFC 3852 11.1 demands and certipy leaves out."""
    info = cms.ContentInfo.load(message)
    signer = info["content"]["signer_infos"][0]
    attributes = list(signer["signed_attrs"])
    attributes.append(cms.CMSAttribute({"type": "content_type", "values": ["data"]}))
    signed = cms.CMSAttributes(sorted(attributes, key=lambda attribute: attribute.dump()))
    hash_algorithm = old.signature_hash_algorithm.__class__
    signer["signature"] = certipy.rsa_pkcs1v15_sign(signed.dump(), old_key, hash_algorithm)
    signer["signed_attrs"] = signed
    return info.dump(force=True)


request, _ = certipy.create_csr("alice", renewal_cert=old)
renewal = certipy.create_renewal(der(request), old, old_key)
(folder / "renewal.req").write_bytes(renewal)
(folder / "compliant-renewal.req").write_bytes(compliant(renewal))

request, _ = certipy.create_csr("alice")
(folder / "plain.req").write_bytes(der(request))
on_behalf = certipy.create_on_behalf_of(der(request), "CONTOSO\\bob", old, old_key)
(folder / "on-behalf.req").write_bytes(on_behalf)
(folder / "compliant-on-behalf.req").write_bytes(compliant(on_behalf))

request, key = certipy.create_csr("alice")
# Version 4 takes the request as octets, version 5 as an object.
loaded = request if isinstance(request, x509.CertificateSigningRequest) else x509.load_der_x509_csr(der(request))
(folder / "archival.req").write_bytes(certipy.create_key_archival(loaded, key, exchange))
pkcs8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
(folder / "archived.key").write_bytes(key.private_bytes(*pkcs8))
