"""Objects of an LDIF file as the LDAP clients of other programs hand them over."""

import base64

NUMBERS = ("flag", "revision", "signature", "key-size", "version", "depth", "keyspec")


def records(text):
    """Every record of content as a dictionary of lists of octets."""
    for block in text.replace("\n ", "").split("\n\n"):
        record = {}
        for line in filter(None, block.split("\n")):
            name, value = line.split(":", 1)
            value = base64.b64decode(value[1:]) if value.startswith(":") else value.strip().encode()
            record.setdefault(name, []).append(value)
        if record:
            yield record


def attributes(record):
    """The record as ldap3 would hand it over: numbers as numbers, single values alone, the rest as octets."""
    attributes = {"objectGUID": "{00000000-0000-0000-0000-000000000000}", "name": record["cn"][0].decode()}
    for name, values in record.items():
        lower = name.lower()
        if lower in ("pkiexpirationperiod", "pkioverlapperiod", "ntsecuritydescriptor", "pkikeyusage"):
            attributes[name] = values[0]
        elif lower == "cacertificate":
            attributes[name] = values
        elif lower in ("certificatetemplates", "objectclass"):
            attributes[name] = [value.decode() for value in values]
        elif any(word in lower for word in NUMBERS) and len(values) == 1:
            attributes[name] = int(values[0])
        else:
            decoded = [value.decode("utf-8", "replace") for value in values]
            attributes[name] = decoded if len(decoded) > 1 else decoded[0]
    return attributes


def read(path):
    """Templates and enrollment services of a file, as records."""
    everything = [record for record in records(open(path, encoding="utf-8").read()) if b"top" in record["objectClass"]]
    return tuple(
        [record for record in everything if kind in record["objectClass"]]
        for kind in (b"pKICertificateTemplate", b"pKIEnrollmentService")
    )
