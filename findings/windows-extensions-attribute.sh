#!/bin/sh
# Version: as installed below: cryptography 50.0.2 and asn1crypto 1.5.1 (PyPI), node-forge 1.4.3, jsrsasign 11.1.5 and
# @peculiar/x509 2.2.0 (npm), and the OpenSSL of the machine, 3.0 or later.
#
# Behaviour: the extensions that a PKCS #10 asks for are in the attribute 1.2.840.113549.1.9.14 (RFC 2985 5.4.2), or, in a
# request to a CA of Windows, in 1.3.6.1.4.1.311.2.1.14, which has the same syntax ([MS-WCCE] 2.2.2.7.7). Two requests
# that differ in this alone are the same for OpenSSL and cryptography. For the three libraries of JavaScript the second
# asks for nothing: two of them answer as for a request without extensions, one with an empty list. And asn1crypto, which
# reads the request, gives no value of it, not even the subject: one attribute that it does not know, and `native` of the
# whole raises.
#
# Output seen (reader, extensions in the attribute of PKCS #9, and in that of Windows):
#   openssl 2 2
#   cryptography 2 2
#   asn1crypto 2 ValueError
#   node-forge 2 none
#   jsrsasign 2 none
#   @peculiar/x509 2 0
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes. Node.js 20 is that of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cryptography==50.0.2 asn1crypto==1.5.1
npm install --silent --no-audit --no-fund --prefix . \
  node-forge@1.4.3 jsrsasign@11.1.5 @peculiar/x509@2.2.0 reflect-metadata@0.2.2
cat >request.py <<'PYTHON'
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

KEY = rsa.generate_private_key(65537, 2048)
PKCS9 = bytes.fromhex("06092a864886f70d01090e")
WINDOWS = bytes.fromhex("060a2b0601040182370201" "0e")
SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def der(tag, content):
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x82, size >> 8, size & 255]) + content


def fields(sequence):
    """The fields of a sequence of more than 255 octets."""
    rest = sequence[4:]
    while rest:
        length = 2 + rest[1] if rest[1] < 128 else 4 + int.from_bytes(rest[2:4], "big")
        yield rest[:length]
        rest = rest[length:]


names = x509.SubjectAlternativeName([x509.DNSName("host.contoso.test")])
usage = x509.KeyUsage(True, *[False] * 8)
builder = x509.CertificateSigningRequestBuilder(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alice")]))
usual = builder.add_extension(names, False).add_extension(usage, True).sign(KEY, hashes.SHA256())
*head, _ = fields(usual.tbs_certrequest_bytes)
_, value = usual.tbs_certrequest_bytes.split(PKCS9)
for name, kind in (("pkcs9", PKCS9), ("windows", WINDOWS)):
    signed = der(0x30, b"".join(head) + der(0xA0, der(0x30, kind + value)))
    signature = KEY.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    request = x509.load_der_x509_csr(der(0x30, signed + SHA256_WITH_RSA + der(3, b"\0" + signature)))
    assert request.is_signature_valid
    open(f"{name}.pem", "wb").write(request.public_bytes(Encoding.PEM))
    open(f"{name}.der", "wb").write(request.public_bytes(Encoding.DER))
PYTHON
cat >read.py <<'PYTHON'
from asn1crypto.csr import CertificationRequest
from cryptography import x509


def with_cryptography(name):
    return len(x509.load_der_x509_csr(open(f"{name}.der", "rb").read()).extensions)


def with_asn1crypto(name):
    try:
        request = CertificationRequest.load(open(f"{name}.der", "rb").read()).native
    except ValueError as error:
        return type(error).__name__
    return sum(len(value) for kind in request["certification_request_info"]["attributes"] for value in kind["values"])


print("cryptography", with_cryptography("pkcs9"), with_cryptography("windows"))
print("asn1crypto", with_asn1crypto("pkcs9"), with_asn1crypto("windows"))
PYTHON
cat >read.js <<'JAVASCRIPT'
require("reflect-metadata");
const fs = require("fs");
const forge = require("node-forge");
const jsrsasign = require("jsrsasign");
const { Pkcs10CertificateRequest } = require("@peculiar/x509");

const readers = {
  "node-forge": pem => {
    const attribute = forge.pki.certificationRequestFromPem(pem).getAttribute({ name: "extensionRequest" });
    return attribute ? attribute.extensions.length : "none";
  },
  "jsrsasign": pem => {
    const { extreq } = jsrsasign.KJUR.asn1.csr.CSRUtil.getParam(pem);
    return extreq ? extreq.length : "none";
  },
  "@peculiar/x509": pem => new Pkcs10CertificateRequest(pem).extensions.length,
};
const pems = ["pkcs9", "windows"].map(name => fs.readFileSync(`${name}.pem`, "utf8"));
for (const [name, read] of Object.entries(readers)) console.log(name, ...pems.map(read));
JAVASCRIPT
venv/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(cryptography|asn1crypto) '
openssl version
venv/bin/python request.py
with_openssl() { openssl req -in "$1.pem" -noout -text | grep -c '^ *X509v3 '; }
{
  echo "openssl $(with_openssl pkcs9) $(with_openssl windows)"
  venv/bin/python read.py
  node read.js
} >found
cat found
cat >expected <<'TEXT'
openssl 2 2
cryptography 2 2
asn1crypto 2 ValueError
node-forge 2 none
jsrsasign 2 none
@peculiar/x509 2 0
TEXT
cmp expected found && echo "as described"
