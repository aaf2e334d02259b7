#!/bin/sh
# Installs the Debian packages that some tests need (a browser, an RTSP server, fonts with Chinese characters).
# Runs before `make test`. Without root or apt-get it changes nothing; the tests then say what they skipped and why.
set -eu
cd "$(dirname "$0")"
wanted=$(grep -v '^ *#' system-packages.txt)
missing=""
for package in $wanted; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed:$missing"
    echo "Tests that need them will be skipped. To run them all: sudo apt-get install$missing"
    exit 0
fi
echo "Installing for the tests:$missing"
apt-get update -qq
# shellcheck disable=SC2086  # a list of package names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
