"""Reads every request and response of a folder with pyasn1-modules: one line a file, `name: what it is`."""

import pathlib
import sys

from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_modules import rfc2986, rfc5652, rfc6402


def whole(der, spec, canonical=True):
    """The value, which must be all there is and, written again, what came."""
    value, rest = decode(der, asn1Spec=spec)
    if rest:
        raise ValueError(f"{len(rest)} octets behind the end")
    if canonical and encode(value) != bytes(der):
        raise ValueError("is written otherwise than it came")
    return value


def request(der):
    try:
        content = whole(der, rfc5652.ContentInfo())
    except Exception:
        return pkcs10(whole(der, rfc2986.CertificationRequest()))
    signed = whole(bytes(content["content"]), rfc5652.SignedData())
    inner = bytes(signed["encapContentInfo"]["eContent"])
    if signed["encapContentInfo"]["eContentType"] != rfc6402.id_cct_PKIData:
        return "CMS of " + request(inner)
    data = whole(inner, rfc6402.PKIData())
    controls = [str(control["attrType"]) for control in data["controlSequence"]]
    requests = [pkcs10(part["tcr"]["certificationRequest"]) for part in data["reqSequence"]]
    return f"CMC, controls {controls}, {requests}, {len(signed['signerInfos'])} signers"


def pkcs10(value):
    return f"PKCS #10, {len(value['certificationRequestInfo']['attributes'])} attributes"


def response(der):
    # The chain stands in its order, a set in DER would be sorted; RFC 5652 demands DER of signed attributes only.
    content = whole(der, rfc5652.ContentInfo(), canonical=False)
    signed = whole(bytes(content["content"]), rfc5652.SignedData(), canonical=False)
    certificates = f"{len(signed['certificates'])} certificates"
    if not signed["encapContentInfo"]["eContent"].hasValue():
        return certificates
    data = whole(bytes(signed["encapContentInfo"]["eContent"]), rfc6402.PKIResponse())
    controls = [str(control["attrType"]) for control in data["controlSequence"]]
    return f"PKIResponse, controls {controls}, {certificates}"


for path in sorted(pathlib.Path(sys.argv[1]).glob("*.re[qs]*.der")):
    try:
        what = (request if path.name.endswith(".req.der") else response)(path.read_bytes())
    except Exception as error:
        what = f"error: {str(error)[:200]}"
    print(f"{path.name}: {what}")
