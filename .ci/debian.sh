#!/usr/bin/env bash
# Installs the Debian packages named as arguments that are missing, and says so; returns at once when none is.
# One that this release does not know is named and left out: what needs it says so when it is asked for.
set -euo pipefail
missing=()
for package in "$@"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing from Debian (needed once${sudo:+, with sudo}): ${missing[*]} ..."
$sudo apt-get update -qq
known=()
for package in "${missing[@]}"; do
  if apt-cache show "$package" >/dev/null 2>&1; then known+=("$package"); else echo "  not known to this release: $package"; fi
done
[ ${#known[@]} -gt 0 ] || exit 0
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${known[@]}" >/dev/null
