"""Over LDAP: the templates that a CA issues and an account may autoenroll for."""

from datetime import timedelta

import ldap3
from impacket.ldap.ldaptypes import ACCESS_ALLOWED_ACE, ACCESS_ALLOWED_OBJECT_ACE, ACCESS_DENIED_ACE, \
    ACCESS_DENIED_OBJECT_ACE, SR_SECURITY_DESCRIPTOR
from ldap3.protocol.formatters.formatters import format_sid, format_uuid_le

from loop import Template

# [MS-CRTD] 2.4 and 2.26, [MS-ADTS] 5.1.3.2.
MACHINE_TYPE, AUTO_ENROLLMENT, CONTROL_ACCESS = 0x40, 0x20, 0x100
AUTOENROLL = "a05b8cc2-17bc-4802-a710-e7c15ab866a2"
EVERYBODY = {"S-1-1-0", "S-1-5-11"}
# Owner, group and access list.
DESCRIPTOR = [("1.2.840.113556.1.4.801", True, bytes.fromhex("3003020107"))]
ATTRIBUTES = ["cn", "flags", "msPKI-Enrollment-Flag", "msPKI-Minimal-Key-Size", "pKIOverlapPeriod",
              "msPKI-Cert-Template-OID", "nTSecurityDescriptor"]


def templates(bench):
    """Those of the CA that web enrollment is asked of, the first one."""
    user = bench.user if "@" in bench.user else f"{bench.user}@{bench.domain}"
    connection = ldap3.Connection(ldap3.Server(bench.ldap), user, bench.password, auto_bind=True)
    own = sids(connection, bench)
    services = f"CN=Public Key Services,CN=Services,{bench.configuration_dn}"
    ca = next(iter(bench.certsrv))
    found = search(connection, f"CN=Enrollment Services,{services}", "(objectClass=pKIEnrollmentService)",
                   ["cn", "certificateTemplates"])
    issued = {name.lower() for one in found if one["cn"] == [ca.encode()] for name in one["certificateTemplates"]}
    container = f"CN=Certificate Templates,{services}"
    for one in search(connection, container, "(objectClass=pKICertificateTemplate)", ATTRIBUTES):
        values = {name: several[0] for name, several in one.items() if several}
        name = values["cn"]
        machine = bool(int(values.get("flags", 0)) & MACHINE_TYPE)
        meant = machine == (bench.scope == "machine") and int(values.get("msPKI-Enrollment-Flag", 0)) & AUTO_ENROLLMENT
        if meant and name.lower() in issued and may(values.get("nTSecurityDescriptor", b""), own):
            ticks = -int.from_bytes(values.get("pKIOverlapPeriod", b""), "little", signed=True)
            yield Template(name.decode(), ca, values.get("msPKI-Cert-Template-OID", b"").decode(),
                           int(values.get("msPKI-Minimal-Key-Size", 2048)), timedelta(microseconds=ticks // 10), 0.2)


def search(connection, base, filter, attributes, scope=ldap3.SUBTREE):
    connection.search(base, filter, scope, attributes=attributes, controls=DESCRIPTOR)
    return [{"dn": one["dn"], **{name: one["raw_attributes"].get(name, []) for name in attributes}}
            for one in connection.response if "dn" in one]


def sids(connection, bench):
    account = search(connection, bench.base_dn, f"(sAMAccountName={bench.user.split('@')[0]})", ["objectSid"])[0]
    groups = search(connection, account["dn"], "(objectClass=*)", ["tokenGroups"], ldap3.BASE)[0]
    return {format_sid(sid) for sid in account["objectSid"] + groups["tokenGroups"]} | EVERYBODY


def may(descriptor, own):
    """Whether one of these SIDs may autoenroll by this descriptor; what is said first counts."""
    if not descriptor:
        return False
    for entry in SR_SECURITY_DESCRIPTOR(data=descriptor)["Dacl"].aces:
        kind, ace = entry["AceType"], entry["Ace"]
        if kind not in (ACCESS_ALLOWED_ACE.ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE.ACE_TYPE, ACCESS_DENIED_ACE.ACE_TYPE,
                        ACCESS_DENIED_OBJECT_ACE.ACE_TYPE):
            continue
        if ace["Sid"].formatCanonical() not in own or not ace["Mask"]["Mask"] & CONTROL_ACCESS:
            continue
        of_one_right = kind in (ACCESS_ALLOWED_OBJECT_ACE.ACE_TYPE, ACCESS_DENIED_OBJECT_ACE.ACE_TYPE)
        right = ace["ObjectType"] if of_one_right else b""
        if right and format_uuid_le(right).strip("{}") != AUTOENROLL:
            continue
        return kind in (ACCESS_ALLOWED_ACE.ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE.ACE_TYPE)
    return False
