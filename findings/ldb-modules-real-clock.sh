#!/bin/sh
# Version: libldb2 and ldb-tools 2.6.2+samba4.17.12 (Debian 12: 2:2.6.2+samba4.17.12+dfsg-0+deb12u4), libfaketime 0.9.10.
#
# Behaviour: libfaketime gives a program another clock, as LD_PRELOAD puts its functions before those of the C library. It
# does so for the programs of ldb, and for the server that Samba makes of it, but for what ldb loads: its modules, among
# them the one that writes the database, are loaded with RTLD_DEEPBIND (dlopen(3)), by which their own libraries go first.
# In one database some times are then of the one clock and some of the other: Samba's `pwdLastSet` of an account of the
# faked one, `whenCreated` of the same account of the machine's. LDB_MODULES_DISABLE_DEEPBIND in the environment ends that.
#
# Output seen (what the faked clock shows, and the year in which the database says that it was changed):
#   the program, 2020: the database, this year
#   the program, 2020: the database, 2020 (with LDB_MODULES_DISABLE_DEEPBIND)
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. Samba's other
# libraries are unpacked with them; the C library is that of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ldb=2:2.6.2+samba4.17.12+dfsg-0+deb12u4 samba=2:4.17.12+dfsg-0+deb12u4
apt-get download -qq "ldb-tools=$ldb" "libldb2=$ldb" "samba-libs=$samba" libtalloc2=2.4.0-f2 libtdb1=1.4.8-2 libtevent0=0.14.1-1 \
  liblmdb0=0.9.24-1 libfaketime=0.9.10-2.1 2>apt || { cat apt; exit 1; }
for package in *.deb; do dpkg-deb --extract "$package" .; done
for package in ldb-tools libldb2 libfaketime; do dpkg-deb --show "$package"_*.deb; done
libraries=$(dirname "$(find "$folder" -name libldb.so.2)")
faketime=$(find "$folder" -name libfaketime.so.1)
export LD_LIBRARY_PATH="$libraries:$libraries/samba" LDB_MODULES_PATH="$libraries/samba/ldb"
printf 'dn: cn=alice\ncn: alice\n' >entry.ldif
# The year that a program sees, and the one that the database has. Arguments: what else is in the environment.
years() {
  rm -f test.ldb
  program=$(env "$@" LD_PRELOAD="$faketime" FAKETIME='@2020-05-05 12:00:00' date +%Y)
  env "$@" LD_PRELOAD="$faketime" FAKETIME='@2020-05-05 12:00:00' usr/bin/ldbadd -H tdb://test.ldb entry.ldif >log 2>&1 ||
    { cat log; exit 1; }
  usr/bin/ldbsearch -H tdb://test.ldb -s base -b @BASEINFO whenChanged >log 2>&1
  year=$(sed -n 's/^whenChanged: \(....\).*/\1/p' log)
  if [ "$year" = "$(date +%Y)" ]; then year="this year"; fi
  echo "the program, $program: the database, $year"
}
{
  years NOTHING=1
  years LDB_MODULES_DISABLE_DEEPBIND=1
} >found
cat found
cat >expected <<'TEXT'
the program, 2020: the database, this year
the program, 2020: the database, 2020
TEXT
cmp expected found && echo "as described"
