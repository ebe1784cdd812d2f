"""Reads a served directory as python's ldap3 and as certipy's `find` do, and prints what they found as JSON."""

import json
import os
import pathlib
import sys
import tempfile

import ldap3
from ldap3.protocol.formatters.formatters import format_sid
from ldap3.protocol.microsoft import security_descriptor_control

port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
found = {}

# With everything that the library learns of a server, so that it checks each name itself.
server = ldap3.Server("127.0.0.1", port=port, get_info=ldap3.ALL, connect_timeout=5)
connection = ldap3.Connection(server, user=user, password=password, auto_bind=True, receive_timeout=10)
base = server.info.other["defaultNamingContext"][0]
found["attributes of the schema"] = len(server.schema.attribute_types)
found["who"] = connection.extend.standard.who_am_i()
below = "CN=Public Key Services,CN=Services," + server.info.other["configurationNamingContext"][0]
templates = list(
    connection.extend.standard.paged_search(
        "CN=Certificate Templates," + below,
        "(objectClass=pKICertificateTemplate)",
        attributes=ldap3.ALL_ATTRIBUTES,
        controls=security_descriptor_control(sdflags=5),
        paged_size=2,
        generator=False,
    )
)
found["templates in pages"] = sorted(it["attributes"]["cn"] for it in templates)
found["descriptors"] = sum(1 for it in templates if it["raw_attributes"].get("nTSecurityDescriptor"))
connection.search(base, "(sAMAccountName=alice)", attributes=["objectSid", "objectGUID", "memberOf"])
sid = connection.entries[0].objectSid.value
octets = connection.entries[0].objectSid.raw_values[0]
binary = "".join("\\%02x" % octet for octet in octets)
connection.search(base, "(objectSid=%s)" % binary, attributes=["cn"])
found["by octets of the identifier"] = [str(it.cn) for it in connection.entries]
connection.search(base, "(member:1.2.840.113556.1.4.1941:=CN=alice,CN=Users,%s)" % base, attributes=["cn"])
found["groups by the chain"] = sorted(str(it.cn) for it in connection.entries)
found["identifier"] = sid
dn = "CN=alice,CN=Users," + base
connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["tokenGroups"])
found["token groups"] = sorted(format_sid(octets) for octets in connection.entries[0].tokenGroups.raw_values)
mine = {"userCertificate": [(ldap3.MODIFY_ADD, [b"\x30\x03\x02\x01\x07"])]}
connection.modify(dn, mine)
found["certificate added"] = connection.result["description"]
connection.modify(dn, mine)
found["certificate added again"] = connection.result["description"]
connection.modify(dn, {"mail": [(ldap3.MODIFY_REPLACE, ["a@b"])]})
found["mail written"] = connection.result["description"]
connection.unbind()

ntlm = ldap3.Connection(server, "CONTOSO\\" + user.split("@")[0], password, authentication=ldap3.NTLM, receive_timeout=10)
found["bound with NTLM"] = ntlm.bind()
ntlm.unbind()

# certipy goes to port 389, which needs a privilege; everything else is its own.
from certipy.commands import find  # noqa: E402
from certipy.lib.ldap import LDAPConnection  # noqa: E402
from certipy.lib.target import Target  # noqa: E402

own = LDAPConnection.__init__


def at_port(self, *arguments, **named):
    own(self, *arguments, **named)
    self.port = port


LDAPConnection.__init__ = at_port
target = Target.create(
    domain=user.split("@")[1], username=user.split("@")[0], password=password, target_ip="127.0.0.1", dc_ip="127.0.0.1", timeout=5
)
# It writes into the folder in which it runs.
os.chdir(tempfile.mkdtemp())
find.Find(target=target, json=True, dc_only=True, scheme="ldap", output="found").find()
found["certipy"] = json.loads(pathlib.Path("found_Certipy.json").read_text())
print(json.dumps(found))
