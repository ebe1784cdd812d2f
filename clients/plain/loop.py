"""The loop around programs that make one request when they are called, and remember nothing.

At each trigger it looks over LDAP which templates the account may autoenroll for, and asks for each of which the store has no certificate
that is valid and not yet in its renewal period. A request that waits is fetched by its number. A renewal is a new request. That is all:
no policy, no supersedence, no archive, no key that is used again.

The program is a function each for a request and for what waits; both say what came as `Issued`, `Pending` or `Denied`.
"""

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import ldap3
from cryptography import x509
from impacket.ldap.ldaptypes import ACCESS_ALLOWED_ACE, ACCESS_ALLOWED_OBJECT_ACE, ACCESS_DENIED_ACE, \
    ACCESS_DENIED_OBJECT_ACE, SR_SECURITY_DESCRIPTOR

# [MS-CRTD] 2.4 and 2.26, [MS-ADTS] 5.1.3.2.
MACHINE_TYPE, AUTO_ENROLLMENT, CONTROL_ACCESS = 0x40, 0x20, 0x100
AUTOENROLL = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"
EVERYBODY = {"S-1-1-0", "S-1-5-11"}
# Owner, group and access list.
DESCRIPTOR = [("1.2.840.113556.1.4.801", True, bytes.fromhex("3003020107"))]


@dataclass
class Issued:
    certificate: bytes
    key: bytes


@dataclass
class Pending:
    number: int
    key: bytes


@dataclass
class Denied:
    reason: str


@dataclass
class Template:
    name: str
    oid: str
    key_size: int
    overlap: timedelta
    # Names of the CAs that issue it, in the order of the directory.
    cas: list


class Bench:
    """What the bench says in the environment."""

    def __init__(self):
        for name, value in os.environ.items():
            if name.startswith("AUTOENROLL_"):
                setattr(self, name[len("AUTOENROLL_"):].lower(), value)
        self.now = datetime.fromisoformat(self.now.replace("Z", "+00:00"))
        with open(os.path.join(self.state, "cas.txt")) as file:
            lines = [line.rstrip("\n").split("\t") for line in file]
        self.certsrv = {name: certsrv for name, _, certsrv in lines}


def autoenrolls(descriptor, own):
    """Whether one of these SIDs has the right by this descriptor; what is said first counts."""
    for ace in SR_SECURITY_DESCRIPTOR(data=descriptor)["Dacl"].aces:
        kind, body = ace["AceType"], ace["Ace"]
        if body["Sid"].formatCanonical() not in own or not body["Mask"]["Mask"] & CONTROL_ACCESS:
            continue
        if kind in (ACCESS_ALLOWED_OBJECT_ACE.ACE_TYPE, ACCESS_DENIED_OBJECT_ACE.ACE_TYPE):
            guid = body["ObjectType"]
            if guid and ldap3.protocol.formatters.formatters.format_uuid_le(guid).strip("{}") != AUTOENROLL:
                continue
        elif kind not in (ACCESS_ALLOWED_ACE.ACE_TYPE, ACCESS_DENIED_ACE.ACE_TYPE):
            continue
        return kind in (ACCESS_ALLOWED_ACE.ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE.ACE_TYPE)
    return False


def templates(bench):
    """Those that a CA issues and the account may autoenroll for."""
    user = bench.user if "@" in bench.user else f"{bench.user}@{bench.domain}"
    connection = ldap3.Connection(ldap3.Server(bench.ldap), user, bench.password, auto_bind=True)
    account = bench.user.split("@")[0]
    connection.search(bench.base_dn, f"(sAMAccountName={account})", attributes=["objectSid"])
    found = [entry for entry in connection.response if "dn" in entry]
    connection.search(found[0]["dn"], "(objectClass=*)", ldap3.BASE, attributes=["tokenGroups"])
    sids = found[0]["raw_attributes"]["objectSid"] + connection.response[0]["raw_attributes"].get("tokenGroups", [])
    own = {ldap3.protocol.formatters.formatters.format_sid(sid) for sid in sids} | EVERYBODY

    services = f"CN=Public Key Services,CN=Services,{bench.configuration_dn}"
    connection.search(f"CN=Enrollment Services,{services}", "(objectClass=pKIEnrollmentService)",
                      attributes=["cn", "certificateTemplates"])
    issued = {}
    for entry in connection.response:
        for name in entry.get("raw_attributes", {}).get("certificateTemplates", []):
            issued.setdefault(name.decode().lower(), []).append(entry["raw_attributes"]["cn"][0].decode())
    connection.search(f"CN=Certificate Templates,{services}", "(objectClass=pKICertificateTemplate)", controls=DESCRIPTOR,
                      attributes=["cn", "flags", "msPKI-Enrollment-Flag", "msPKI-Minimal-Key-Size", "pKIOverlapPeriod",
                                  "msPKI-Cert-Template-OID", "nTSecurityDescriptor"])
    for entry in connection.response:
        values = {name: values[0] for name, values in entry.get("raw_attributes", {}).items() if values}
        name = values.get("cn", b"").decode()
        number = lambda attribute, otherwise: int(values.get(attribute, otherwise))
        machine = bool(number("flags", 0) & MACHINE_TYPE)
        if (name.lower() in issued and machine == (bench.scope == "machine")
                and number("msPKI-Enrollment-Flag", 0) & AUTO_ENROLLMENT
                and autoenrolls(values.get("nTSecurityDescriptor", b""), own)):
            ticks = -int.from_bytes(values.get("pKIOverlapPeriod", b""), "little", signed=True)
            yield Template(name, values.get("msPKI-Cert-Template-OID", b"").decode(), number("msPKI-Minimal-Key-Size", 2048),
                           timedelta(microseconds=ticks // 10), issued[name.lower()])


def of_template(certificate, template):
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.MSCertificateTemplate):
            return extension.value.template_id.dotted_string == template.oid
    return False


def owned(bench, template):
    for name in sorted(os.listdir(bench.store)):
        if name.endswith(".pem"):
            with open(os.path.join(bench.store, name), "rb") as file:
                certificate = x509.load_pem_x509_certificate(file.read())
            until = certificate.not_valid_after_utc
            if of_template(certificate, template) and bench.now < until - template.overlap:
                return True
    return False


def run(program):
    """Makes the trigger's round. The program's part is an object with `request(bench, template)` and `fetch(bench, template, number,
    key)`."""
    bench = Bench()
    if bench.trigger in ("start", "stop"):
        return 0
    remembered = os.path.join(bench.state, "pending.json")
    waiting = {}
    if os.path.exists(remembered):
        with open(remembered) as file:
            waiting = json.load(file)
    failed = 0
    for template in templates(bench):
        try:
            if template.name in waiting:
                number, key = waiting[template.name]
                answer = program.fetch(bench, template, number, key.encode())
            elif owned(bench, template):
                continue
            else:
                answer = program.request(bench, template)
        # A program that fails at one template is asked for the next one.
        except Exception as error:
            print(f"{template.name}: {error}", file=sys.stderr)
            failed = 1
            continue
        print(f"{template.name}: {type(answer).__name__.lower()}")
        if isinstance(answer, Pending):
            waiting[template.name] = [answer.number, answer.key.decode()]
            continue
        waiting.pop(template.name, None)
        if isinstance(answer, Issued):
            for ending, octets in (("key", answer.key), ("pem", answer.certificate)):
                with open(os.path.join(bench.store, f"{template.name}.{ending}"), "wb") as file:
                    file.write(octets)
        else:
            print(answer.reason, file=sys.stderr)
    with open(remembered, "w") as file:
        json.dump(waiting, file)
    return failed
