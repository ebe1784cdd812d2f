#!/bin/sh
# Version: samba-gpupdate of Samba 4.17.12 (Debian 12: python3-samba 2:4.17.12+dfsg-0+deb12u4, samba-libs of that version),
# as it calls certmonger 0.79.17.
#
# Behaviour: when a policy is applied, samba-gpupdate tells certmonger of the CA, `getcert add-ca`, asks its helper for the
# templates, and requests a certificate of each under a nickname, `getcert request -I CA.TEMPLATE`. certmonger refuses a name that
# it has already, of a CA as of a request, with exit code 1. samba-gpupdate notes the refusal in the place of the list to which
# the files of each certificate are to be added, and ends with KeyError: 'files' behind the first request that follows. So when
# policy is applied a second time, after a change or by --force, nothing but the first template of the list is requested: one that
# was published since gets no certificate, unless it comes before all others.
#
# Output seen:
#   first: Machine
#     add-ca CA
#     request CA.Machine
#   second: Machine New
#     add-ca CA
#     request CA.Machine
#     KeyError: 'files'
#
# Unpacks pinned packages of Debian 12 into a temporary folder, calls the function behind it with a `getcert` that refuses names
# as certmonger's does, and fails when the behaviour changes. Other libraries are those of a Debian 12 with samba-common-bin and
# python3-cryptography.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/packages" "$folder/bin" "$folder/trust" "$folder/private"
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
cat >"$folder/bin/cepces-submit" <<'HELPER'
#!/bin/sh
printf '%s\n' $TEMPLATES
HELPER
# add-ca -c CA -e COMMAND; request -c CA -T TEMPLATE -I NICKNAME ...
cat >"$folder/bin/getcert" <<'GETCERT'
#!/bin/sh
what=$1 name=$3
[ "$what" = add-ca ] || name=$7
echo "  $what $name" >>"$CALLS"
! grep -qxF "$what $name" "$KNOWN" || exit 1
echo "$what $name" >>"$KNOWN"
GETCERT
printf '#!/bin/sh\n' >"$folder/bin/update-ca-certificates"
chmod +x "$folder"/bin/*
: >"$folder/known"
cat >"$folder/enroll.py" <<'PYTHON'
import os
import sys

from samba.gp import gp_cert_auto_enroll_ext as extension

folder = sys.argv[1]
os.environ["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
os.environ |= {"KNOWN": f"{folder}/known", "CALLS": f"{folder}/calls"}


class Directory:
    """Tells nothing of templates, so that their keys have 2,048 bits."""

    def get_default_basedn(self):
        return "DC=contoso,DC=test"

    def search(self, *_):
        return []


for time, templates in (("first", "Machine"), ("second", "Machine New")):
    os.environ["TEMPLATES"] = templates
    open(f"{folder}/calls", "w").close()
    try:
        extension.cert_enroll({"name": "CA", "hostname": "ca.contoso.test"}, Directory(), f"{folder}/trust", f"{folder}/private")
        ended = ""
    except KeyError as error:
        ended = f"  KeyError: {error}\n"
    print(f"{time}: {templates}")
    print(open(f"{folder}/calls").read() + ended, end="")
PYTHON
libraries=$folder/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
PYTHONPATH=$folder/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$libraries:$libraries/samba \
  /usr/bin/python3 "$folder/enroll.py" "$folder" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
first: Machine
  add-ca CA
  request CA.Machine
second: Machine New
  add-ca CA
  request CA.Machine
  KeyError: 'files'
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
