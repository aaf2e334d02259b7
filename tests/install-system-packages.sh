#!/bin/sh
# Installs what some tests need beyond Python: Debian packages (a browser, an RTSP server, fonts with Chinese characters),
# and, where there is Node.js, ZeroMQ for the feed's JavaScript example.
# Runs before `make test`. Without root or apt-get it changes nothing; the tests then say what they skipped and why.
set -eu
cd "$(dirname "$0")"

# Its package brings a built library, so no script of it needs to run. Without a registry the test is skipped.
if [ "$(id -u)" = 0 ] && command -v npm >/dev/null 2>&1 && [ ! -d "$(npm root -g)/zeromq" ]; then
    echo "Installing for the tests: zeromq of npm"
    npm install --global --ignore-scripts --no-audit --no-fund --silent zeromq@6.8.0 || echo "npm could not; a test will be skipped"
fi

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
