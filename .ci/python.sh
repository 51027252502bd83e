#!/usr/bin/env bash
# Makes a virtual environment at $1; installs Debian's python3-venv first where it is missing, and says so.
set -euo pipefail
target=$1
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; found $("$python" -V)." >&2; exit 1; }
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing Debian's python3-venv (needed once)${sudo:+, with sudo} ..."
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq python3-venv >/dev/null
fi
"$python" -m venv "$target"
