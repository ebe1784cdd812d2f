#!/bin/sh
# Version: node-forge 1.4.3 and jsrsasign 11.1.5 (npm), and the OpenSSL of the machine, 3.0 or later.
#
# Behaviour: the certificates below are signed with RSASSA-PSS and name the hash in the parameters, which may or may not
# have a NULL behind the hash's identifier; both must be accepted as the same (RFC 4055 2.1 and 3.1). jsrsasign takes what
# it makes itself, without NULL, and throws "provider not supported: undefined" for what OpenSSL makes, with NULL.
# node-forge reads the parameters of both and can say which hash they name, but computes SHA-256 all the same: the answer
# for SHA-512 is no error but `false`, a forged certificate. Each is right in a test with itself or with SHA-256.
#
# Output seen (hash, maker, what openssl, node-forge and jsrsasign say of the signature):
#   SHA256 by openssl: OK, true, provider not supported: undefined
#   SHA256 by jsrsasign: OK, true, true
#   SHA512 by openssl: OK, false, provider not supported: undefined
#   SHA512 by jsrsasign: OK, false, true
#   node-forge takes the hash of the last for sha512
#
# Installs pinned packages into a temporary folder, and fails when the behaviour changes. Node.js 20 is that of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-forge@1.4.3 jsrsasign@11.1.5
openssl version
for hash in SHA256 SHA512; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$hash.key" -out "$hash-openssl.pem" -subj /CN=alice -days 30 "-$hash" \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest 2>/dev/null
done
cat >make.js <<'JAVASCRIPT'
const fs = require("fs");
const { KEYUTIL, KJUR } = require("jsrsasign");
for (const hash of ["SHA256", "SHA512"]) {
  const certificate = new KJUR.asn1.x509.Certificate({
    version: 3,
    serial: { int: 7 },
    issuer: { str: "/CN=alice" },
    subject: { str: "/CN=alice" },
    notbefore: "20260101000000Z",
    notafter: "20490101000000Z",
    sbjpubkey: fs.readFileSync(`${hash}-openssl.pem`, "utf8"),
    ext: [{ extname: "basicConstraints", critical: true, cA: true }],
    sigalg: `${hash}withRSAandMGF1`,
    cakey: KEYUTIL.getKey(fs.readFileSync(`${hash}.key`, "utf8")),
  });
  fs.writeFileSync(`${hash}-jsrsasign.pem`, certificate.getPEM());
}
JAVASCRIPT
cat >verify.js <<'JAVASCRIPT'
const forge = require("node-forge");
const { X509 } = require("jsrsasign");
const readers = [
  pem => {
    const certificate = forge.pki.certificateFromPem(pem);
    return certificate.verify(certificate);
  },
  pem => {
    const certificate = new X509(pem);
    return certificate.verifySignature(certificate.getPublicKey());
  },
];
const said = read => {
  try {
    return read(require("fs").readFileSync(process.argv[2], "utf8"));
  } catch (error) {
    return error.message || error;
  }
};
console.log(readers.map(said).join(", "));
JAVASCRIPT
cat >hash.js <<'JAVASCRIPT'
const { pki } = require("node-forge");
const { signatureParameters } = pki.certificateFromPem(require("fs").readFileSync(process.argv[2], "utf8"));
console.log("node-forge takes the hash of the last for", pki.oids[signatureParameters.hash.algorithmOid]);
JAVASCRIPT
node make.js
{
  for hash in SHA256 SHA512; do
    for maker in openssl jsrsasign; do
      openssl verify -CAfile "$hash-$maker.pem" "$hash-$maker.pem" >verified 2>&1 || true
      echo "$hash by $maker: $(sed -n 's/.*pem: //p' verified), $(node verify.js "$hash-$maker.pem")"
    done
  done
  node hash.js SHA512-jsrsasign.pem
} >found
cat found
cat >expected <<'TEXT'
SHA256 by openssl: OK, true, provider not supported: undefined
SHA256 by jsrsasign: OK, true, true
SHA512 by openssl: OK, false, provider not supported: undefined
SHA512 by jsrsasign: OK, false, true
node-forge takes the hash of the last for sha512
TEXT
cmp expected found && echo "as described"
