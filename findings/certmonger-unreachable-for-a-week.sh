#!/bin/sh
# Version: certmonger 0.79.17 (Debian 12: certmonger 0.79.17-2).
#
# Behaviour: a helper ends with 3 when its CA cannot be reached, and certmonger shows CA_UNREACHABLE (its doc/helpers.txt
# and getcert-list(1)). Nobody has a certificate then, and the CA may be back in a minute; certmonger looks again in seven
# days. It does not matter that this is the first certificate of the machine. A helper that ends with 5 says itself when it
# is to be asked again, so one that wants another try soon has to say that the CA waits, which it does not.
#
# Output seen (exit code of the helper, status, seconds until the next attempt):
#   3 CA_UNREACHABLE 604800
#   5 CA_WORKING 60
#
# Unpacks a pinned package of Debian 12 into a temporary folder, runs it on a socket of its own for a few seconds, and fails
# when the behaviour changes. Other libraries are those of a Debian 12 with certmonger.
set -eu
folder=$(mktemp -d)
daemon=
trap 'if [ -n "$daemon" ]; then kill "$daemon" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq certmonger=0.79.17-2 2>apt || { cat apt; exit 1; }
dpkg-deb --extract certmonger_*.deb .
dpkg-deb --show certmonger_*.deb
export CERTMONGER_PVT_ADDRESS="unix:path=$folder/socket"

check() {
  code=$1 says=$2
  rm -rf requests cas config local tmp log
  mkdir requests cas config local tmp
  cat >helper <<HELPER
#!/bin/sh
case "\$CERTMONGER_OPERATION" in SUBMIT | POLL) printf '$says'; exit $code ;; esac
exit 6
HELPER
  chmod +x helper
  CERTMONGER_REQUESTS_DIR=$folder/requests CERTMONGER_CAS_DIR=$folder/cas CERTMONGER_CONFIG_DIR=$folder/config \
    CERTMONGER_LOCAL_CA_DIR=$folder/local CERTMONGER_TMPDIR=$folder/tmp \
    ./usr/sbin/certmonger -n -L -P "$folder/socket" -d 4 >log 2>&1 &
  daemon=$!
  tries=0
  until ./usr/bin/getcert add-ca -c bench -e "$folder/helper" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat log; exit 1; }
    sleep 0.2
  done
  ./usr/bin/getcert request -c bench -f "$folder/tmp/certificate.pem" -k "$folder/tmp/key.pem" >/dev/null
  tries=0 status=
  until [ "$status" = CA_UNREACHABLE ] || [ "$status" = CA_WORKING ]; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || { cat log; exit 1; }
    sleep 0.2
    status=$(./usr/bin/getcert list | sed -n 's/^[[:space:]]*status: //p')
  done
  sleep 2
  echo "$code $status $(sed -n 's/.*Will revisit Request[^ ]* in \([0-9]*\) seconds.*/\1/p' log | tail -1)" >>found
  kill "$daemon"
  wait "$daemon" || true
  daemon=
}
check 3 'the CA does not answer'
check 5 '60\nask again'
cat found
printf '%s\n' '3 CA_UNREACHABLE 604800' '5 CA_WORKING 60' | cmp - found && echo "as described"
