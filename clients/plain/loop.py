"""The loop around programs that make one request when they are called, and remember nothing.

At each trigger it asks for each template that is meant for the account and of which the store has no certificate that
is valid and not yet in its renewal period. A request that waits is fetched by its number. A renewal is a new request
with a new key. That is all: no policy, no supersedence, no revocation, no other CA.
"""

import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509


@dataclass
class Template:
    name: str
    # The CA that issues it.
    ca: str
    oid: str
    key_size: int
    # So long before the end of a certificate begins its renewal, and in the last such part of its life.
    overlap: timedelta
    rest: float


@dataclass
class Issued:
    certificate: bytes
    key: bytes


@dataclass
class Pending:
    # What the request is fetched by.
    number: object
    key: bytes


@dataclass
class Denied:
    reason: str


class Bench:
    """What the bench says in the environment, by its names in small letters."""

    def __init__(self):
        for name, value in os.environ.items():
            if name.startswith("AUTOENROLL_"):
                setattr(self, name[len("AUTOENROLL_"):].lower(), value)
        self.wall = datetime.fromisoformat(self.now.replace("Z", "+00:00"))
        with open(os.path.join(self.state, "cas.txt")) as file:
            lines = [line.rstrip("\n").split("\t") for line in file]
        # Addresses of web enrollment by CAs.
        self.certsrv = {name: certsrv for name, _, certsrv in lines}


def run(program):
    """Makes the round of this trigger. A program has `templates(bench)`, `request(bench, template)` and
    `fetch(bench, template, number, key)`; the last two say Issued, Pending or Denied."""
    bench = Bench()
    remembered = os.path.join(bench.state, "pending.json")
    waiting = {}
    if os.path.exists(remembered):
        with open(remembered) as file:
            waiting = json.load(file)
    failed = False
    for template in program.templates(bench):
        try:
            if template.name in waiting:
                number, key = waiting[template.name]
                answer = program.fetch(bench, template, number, key.encode())
            elif current(bench, template):
                continue
            else:
                answer = program.request(bench, template)
        # What fails for one template is tried for the others.
        except Exception as error:
            print(f"{template.name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
            continue
        print(f"{template.name}: {type(answer).__name__.lower()}")
        waiting.pop(template.name, None)
        if isinstance(answer, Pending):
            waiting[template.name] = [answer.number, answer.key.decode()]
        elif isinstance(answer, Issued):
            keep(bench, template, answer)
        else:
            print(answer.reason, file=sys.stderr)
    with open(remembered, "w") as file:
        json.dump(waiting, file)
    return int(failed)


def current(bench, template):
    """Whether the store has a certificate of the template that need not be renewed yet."""
    for name, certificate in of_template(bench, template):
        begin, end = (time(certificate, name) for name in ("not_valid_before", "not_valid_after"))
        if begin <= bench.wall < end - min(template.overlap, (end - begin) * template.rest):
            return True
    return False


def time(certificate, name):
    """Later versions of cryptography have a zone for it, earlier ones know only that name."""
    if hasattr(certificate, f"{name}_utc"):
        return getattr(certificate, f"{name}_utc")
    return getattr(certificate, name).replace(tzinfo=timezone.utc)


def of_template(bench, template):
    for name in sorted(os.listdir(bench.store)):
        if not name.endswith(".pem"):
            continue
        with open(os.path.join(bench.store, name), "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        # [MS-WCCE] 2.2.2.7.7.2.
        oids = [extension.value.template_id.dotted_string for extension in certificate.extensions
                if extension.oid.dotted_string == "1.3.6.1.4.1.311.21.7" and hasattr(extension.value, "template_id")]
        if template.oid in oids:
            yield name, certificate


def keep(bench, template, issued):
    for name, _ in list(of_template(bench, template)):
        os.remove(os.path.join(bench.store, name))
    for ending, octets in (("key", issued.key), ("pem", issued.certificate)):
        with open(os.path.join(bench.store, f"{template.name}.{ending}"), "wb") as file:
            file.write(octets)
