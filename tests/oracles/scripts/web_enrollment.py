"""Web enrollment with certsrv of PyPI, by Basic and by NTLM: HOST:PORT CA-FILE USER PASSWORD. Says what came of each call; when a request waits,
goes on after a line on standard input."""

import os
import sys

import certsrv
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7

# They would take the place of the file that is given.
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)

server, ca_file, user, password = sys.argv[1:]
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
request = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def client(password, method="basic"):
    return certsrv.Certsrv(server, user, password, auth_method=method, cafile=ca_file, timeout=30)


def tell(what, certificate):
    read = x509.load_pem_x509_certificate(certificate)
    same = read.public_key().public_numbers() == key.public_key().public_numbers()
    names = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    print(f"{what}: CN={names[-1].value}" + ("" if same or what == "CA" else ", of another key"), flush=True)


print("wrong password:", client("wrong").check_credentials())
ca = client(password)
print("right password:", ca.check_credentials())
print("NTLM, wrong password:", client("wrong", "ntlm").check_credentials())
tell("NTLM, issued", client(password, "ntlm").get_cert(request, "Person"))
tell("issued", ca.get_cert(request, "Person"))
try:
    ca.get_cert(request, "Approved")
except certsrv.CertificatePendingException as pending:
    number = pending.req_id
    try:
        ca.get_existing_cert(number)
        print("fetched too early")
    except certsrv.CouldNotRetrieveCertificateException:
        print("pending:", number, flush=True)
    sys.stdin.readline()
    tell("fetched", ca.get_existing_cert(number))
try:
    ca.get_cert(request, "Closed")
except certsrv.RequestDeniedException as denied:
    print("denied:", denied)
tell("CA", ca.get_ca_cert())
print("chain:", len(pkcs7.load_der_pkcs7_certificates(ca.get_chain("bin"))))
