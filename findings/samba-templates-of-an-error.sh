#!/bin/sh
# Version: samba-gpupdate of Samba 4.17.12 (Debian 12: python3-samba 2:4.17.12+dfsg-0+deb12u4, samba-libs of that version).
#
# Behaviour: samba-gpupdate asks the helper of certmonger, `cepces-submit`, for the templates that the computer may enroll for. A helper
# that cannot answer says so by its exit code, and why in a sentence on standard output, which certmonger shows (its doc/helpers.txt).
# samba-gpupdate logs that the helper failed, without the sentence, and takes the words of the sentence for names of templates: where the
# password is wrong, certmonger tracks a certificate of the template `the`, another of `name` and one of `or` from then on, and asks the
# CA for each. cepces itself writes its errors elsewhere; a helper of another make that is called in its place meets this.
#
# Output seen:
#   0 Machine
#   3 the CA cannot be reached
#   4 the name or the password is wrong
#
# Unpacks pinned packages of Debian 12 into a temporary folder, calls the function behind it with a helper that fails, and fails when
# the behaviour changes. Other libraries are those of a Debian 12 with samba-common-bin and python3-cryptography.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/packages" "$folder/bin"
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
[ "$CERTMONGER_OPERATION" = GET-SUPPORTED-TEMPLATES ] || exit 6
echo "$SENTENCE"
exit "$CODE"
HELPER
chmod +x "$folder/bin/cepces-submit"
cat >"$folder/templates.py" <<'PYTHON'
import os
import sys

from samba.gp import gp_cert_auto_enroll_ext as extension

os.environ["PATH"] = f"{sys.argv[1]}:{os.environ['PATH']}"
ANSWERS = {"0": "Machine", "3": "the CA cannot be reached", "4": "the name or the password is wrong"}
for code, sentence in ANSWERS.items():
    os.environ |= {"CODE": code, "SENTENCE": sentence}
    print(code, *(name.decode() for name in extension.get_supported_templates("ca.contoso.test")))
PYTHON
libraries=$folder/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
PYTHONPATH=$folder/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$libraries:$libraries/samba \
  /usr/bin/python3 "$folder/templates.py" "$folder/bin" >"$folder/found"
cat "$folder/found"
cat >"$folder/expected" <<'TEXT'
0 Machine
3 the CA cannot be reached
4 the name or the password is wrong
TEXT
cmp "$folder/expected" "$folder/found" && echo "as described"
