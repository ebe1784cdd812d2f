"""A Samba domain of the same name as the world's, with one computer and one policy object, made once and kept."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time

import lab

# Made by root for root. Each folder is named by what it was made from.
CACHE = "/var/cache/autoenroll/samba-gpupdate"
# Of a domain that nobody can reach from outside its namespaces.
PASSWORD = "Lab-Passw0rd"
SERVER = "labdc"
POLICY = "Autoenrollment"

SERVER_OPTIONS = """\
\tldap server require strong auth = no
\ttls enabled = no
\tpid directory = /media/dc/pid
\tncalrpc dir = /media/dc/ncalrpc
\tntp signd socket directory = /media/dc/ntp
\tlog file = /media/dc/log.%m
\tdns update command = /bin/true
\tspn update command = /bin/true
\tsamba kcc command = /bin/true
\tgpo update command = /bin/true
\tserver services = s3fs, rpc, ldap, cldap, kdc, dns, winbindd
\tload printers = no
\tprintcap name = /dev/null
"""

REPLACED = ("dns forwarder", "log file", "server services")

MEMBER = """\
[global]
\tsecurity = ADS
\tserver role = member server
\trealm = {realm}
\tworkgroup = {netbios}
\tnetbios name = {computer}
\tapply group policies = yes
\tkerberos method = secrets and keytab
\tdedicated keytab file = /media/member/krb5.keytab
\tprivate dir = /media/member/private
\tstate directory = /media/member/state
\tcache directory = /media/member/cache
\tlock directory = /media/member/lock
\tpid directory = /media/member/pid
\tncalrpc dir = /media/member/run
\tlog file = /media/member/log.%m
\tinterfaces = 127.0.0.12/8
\tbind interfaces only = yes
"""

KERBEROS = """\
[libdefaults]
 default_realm = {realm}
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 {realm} = {{
  kdc = {address}
  admin_server = {address}
 }}
[domain_realm]
 .{domain} = {realm}
 {domain} = {realm}
"""

SAMBA = ["samba", "--interactive", "--model=single", "--debuglevel=1", "--debug-stdout",
         f"--configfile={lab.HERE}/dc/etc/smb.conf"]


# Its socket is private, and nobody is asked on a bus. It ends with the command that comes behind.
CERTMONGER = f"certmonger -n -L -P {lab.HERE}/certmonger/socket -c"
FOLDERS = {f"CERTMONGER_{name}": f"{lab.HERE}/certmonger/{part}" for name, part in
           {"CONFIG_DIR": "", "REQUESTS_DIR": "requests", "CAS_DIR": "cas", "LOCAL_CA_DIR": "local",
            "TMPDIR": "tmp"}.items()}


def member(name, computer):
    """The computer's name in DNS."""
    return f"{computer}.{name}".lower()


def domain(name, netbios, computer):
    """The folder with the domain, made if it is not there."""
    version = subprocess.run(["samba", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    os.makedirs(CACHE, mode=0o700, exist_ok=True)
    folder = os.path.join(CACHE, f"{version}+{name}+{netbios}+{computer}".lower())
    # Clients that run beside each other make it once.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            made = tempfile.mkdtemp(dir=CACHE, prefix="making-")
            try:
                make(made, name, netbios, computer)
                os.rename(made, folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return folder


def make(folder, name, netbios, computer):
    # Accounts of the domain pass through.
    os.chmod(folder, 0o755)
    realm = name.upper()
    host, own = f"{SERVER}.{name}", member(name, computer)
    write(folder, "hosts", f"127.0.0.1 localhost\n{lab.ADDRESS} {host} {SERVER}\n"
                           f"127.0.0.12 {own} {computer.lower()}\n")
    write(folder, "resolv.conf", f"nameserver {lab.ADDRESS}\nsearch {name}\n")
    write(folder, "krb5.conf", KERBEROS.format(realm=realm, domain=name, address=lab.ADDRESS))
    for part in ("private", "state", "cache", "lock", "pid", "run"):
        os.makedirs(os.path.join(folder, "member", part))
    for part in ("requests", "cas", "local", "tmp"):
        os.makedirs(os.path.join(folder, "certmonger", part))
    write(folder, "member/smb.conf", MEMBER.format(realm=realm, netbios=netbios, computer=computer))
    try:
        lab.start(folder, own, [], ["sleep", "infinity"])
        step(folder, ["samba-tool", "domain", "provision", f"--realm={realm}", f"--domain={netbios}",
                      "--server-role=dc", "--dns-backend=SAMBA_INTERNAL", f"--adminpass={PASSWORD}",
                      f"--targetdir={lab.HERE}/dc",
                      f"--host-name={SERVER}", f"--host-ip={lab.ADDRESS}", f"--option=interfaces={lab.ADDRESS}/8",
                      "--option=bind interfaces only=yes", "--option=vfs objects=dfs_samba4 acl_xattr"])
        configuration = os.path.join(folder, "dc/etc/smb.conf")
        with open(configuration) as file:
            lines = [line for line in file if line.split(" =")[0].strip() not in REPLACED]
        lines.insert(lines.index("[global]\n") + 1, SERVER_OPTIONS)
        write(folder, "dc/etc/smb.conf", "".join(lines))
        os.makedirs(os.path.join(folder, "dc/pid"))
        # It has a CA of its own, whose key takes seconds.
        first = f"{CERTMONGER} 'sh -c \"until test -s {lab.HERE}/certmonger/local/creds; do sleep 0.2; done; sleep 2\"'"
        step(folder, ["env", *(f"{name}={value}" for name, value in FOLDERS.items()), "sh", "-c", first])
        lab.stop(folder)

        lab.start(folder, own, [], SAMBA)
        ready(folder)
        server, joins = (f"--configfile={lab.HERE}/{of}/smb.conf" for of in ("dc/etc", "member"))
        administrator = f"administrator%{PASSWORD}"
        step(folder, ["samba_spnupdate", "-s", f"{lab.HERE}/dc/etc/smb.conf"])
        at_server = [server, "-H", f"ldap://{host}", "-U", administrator]
        created = step(folder, ["samba-tool", "gpo", "create", POLICY, *at_server])
        guid = "{" + created.split("{")[1].split("}")[0] + "}"
        base = ",".join(f"DC={part}" for part in name.split("."))
        step(folder, ["samba-tool", "gpo", "setlink", base, guid, *at_server])
        write(folder, "policy", guid)
        step(folder, ["net", "ads", "join", joins, "-U", administrator, f"dnshostname={own}",
                      "--no-dns-updates"])
    finally:
        lab.stop(folder)


def ready(folder):
    """Waits until the domain controller answers over LDAP and SMB."""
    probe = ("import socket\n"
             f"for port in (389, 445, 88): socket.create_connection(('{lab.ADDRESS}', port), 1).close()\n")
    for _ in range(300):
        if lab.pid(folder) is None:
            break
        if lab.run(folder, ["/usr/bin/python3", "-c", probe], capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit(f"samba-gpupdate: the domain controller does not start; see {folder}/log")


def step(folder, command):
    done = lab.run(folder, command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"samba-gpupdate: {' '.join(command[:3])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
