#!/bin/sh
# Version: samba-tool of Samba 4.17.12 (Debian 12: python3-samba 2:4.17.12+dfsg-0+deb12u4, samba-libs of that version).
#
# Behaviour: `samba-tool gpo backup` keeps each file of an object twice, and none by its own name: the octets as
# Registry.pol.SAMBABACKUP, and what Samba read of them as Registry.pol.xml. `samba-tool gpo restore` does not copy the
# octets back: it makes Registry.pol anew from the XML, says nothing, and what XML does not carry is gone. Of the
# settings below, all well-formed by [MS-GPREG] 2.2.1, a text of two lines comes back with a line feed instead of carriage
# return and line feed, as XML reads line ends, and four octets of REG_NONE come back as none. Numbers, binary data and
# texts of one line are as they were. A reader of such a backup that wants the policy takes the file whose name ends in
# .SAMBABACKUP and not the XML.
#
# Output seen:
#   backup: Registry.pol.SAMBABACKUP Registry.pol.xml
#   Registry.pol.SAMBABACKUP is the file: True
#   AEPolicy restored as it was
#   Blob restored as it was
#   FriendlyName restored as it was
#   Notice 18 octets become 16
#   Nothing 4 octets become 0
#
# Unpacks pinned packages of Debian 12 into a temporary folder, runs the functions behind the two commands over a share
# that is one file, and fails when the behaviour changes. Other libraries are those of a Debian 12 with samba-common-bin.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/packages"
(
  cd "$folder/packages"
  samba=4.17.12+dfsg-0+deb12u4
  apt-get download -qq "python3-samba=2:$samba" "samba-libs=2:$samba" "libwbclient0=2:$samba" \
    "libldb2=2:2.6.2+samba$samba" "python3-ldb=2:2.6.2+samba$samba" 2>"$folder/apt" || { cat "$folder/apt"; exit 1; }
  for package in *.deb; do
    dpkg-deb --extract "$package" "$folder"
    dpkg-deb --show "$package"
  done
)
cat >"$folder/restore.py" <<'PYTHON'
import os
import struct
import sys

from samba.netcmd import gpo

KEY = r"Software\Policies\Contoso"
REG_NONE, REG_SZ, REG_BINARY, REG_DWORD = 0, 1, 3, 4


def wide(text):
    return text.encode("utf-16-le")


SETTINGS = {
    "AEPolicy": (REG_DWORD, struct.pack("<I", 7)),
    "Blob": (REG_BINARY, bytes(range(256))),
    "FriendlyName": (REG_SZ, wide(" CEP [Paris] \0")),
    "Notice": (REG_SZ, wide("one\r\ntwo\0")),
    "Nothing": (REG_NONE, b"\1\2\3\4"),
}


def policy(name):
    kind, data = SETTINGS[name]
    fields = [wide(KEY + "\0"), wide(name + "\0"), struct.pack("<I", kind), struct.pack("<I", len(data)), data]
    return b"PReg" + struct.pack("<I", 1) + wide("[") + wide(";").join(fields) + wide("]")


class Share:
    """SYSVOL, with one file."""

    def __init__(self, data):
        self.data = data

    def list(self, *_, **__):
        return [{"name": "Registry.pol", "attrib": 0}]

    def loadfile(self, _):
        return self.data


def read(*path):
    with open(os.path.join(sys.argv[1], *path), "rb") as file:
        return file.read()


for name, (_, data) in SETTINGS.items():
    backup, restored = (os.path.join(sys.argv[1], f"{kind}-{name}") for kind in ("backup", "restored"))
    written = policy(name)
    gpo.backup_directory_remote_to_local(Share(written), "", backup)
    gpo.cmd_restore(outf=sys.stdout, errf=sys.stdout).restore_from_backup_to_local_dir(backup, restored)
    if name == "AEPolicy":
        print("backup:", *sorted(os.listdir(backup)))
        print("Registry.pol.SAMBABACKUP is the file:", read(backup, "Registry.pol.SAMBABACKUP") == written)
    again = read(restored, "Registry.pol")
    shorter = len(written) - len(again)
    print(name, "restored as it was" if again == written else f"{len(data)} octets become {len(data) - shorter}")
PYTHON
libraries=$folder/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
PYTHONPATH=$folder/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$libraries:$libraries/samba \
  /usr/bin/python3 "$folder/restore.py" "$folder" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
backup: Registry.pol.SAMBABACKUP Registry.pol.xml
Registry.pol.SAMBABACKUP is the file: True
AEPolicy restored as it was
Blob restored as it was
FriendlyName restored as it was
Notice 18 octets become 16
Nothing 4 octets become 0
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
