#!/usr/bin/env bash
# Installs the harness and all that its reruns need. Gradescope runs it once, when the autograder's image is built.
# AUTOGRADER names another folder than /autograder, to try it elsewhere.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
. "$root/source/settings.sh"

python_here() {
  for name in python3.13 python3.12 python3.11 python3; do
    if command -v $name >/dev/null && $name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo $name
      return
    fi
  done
}

export DEBIAN_FRONTEND=noninteractive
python=$(python_here)
if [ -z "$python" ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv ||
    apt-get install -y -qq --no-install-recommends python3 python3-venv
  python=$(python_here)
fi
[ -n "$python" ] || { echo "setup: no Python 3.11 or newer, and none could be installed" >&2; exit 3; }

"$python" -m venv "$root/harness"
case $PACKAGE in source/*) PACKAGE=$root/$PACKAGE ;; esac
"$root/harness/bin/pip" install --quiet --disable-pip-version-check "$PACKAGE"
if [ -z "$STATIC" ]; then
  HARNESS_CACHE=$root/cache "$root/harness/bin/harness" setup
fi
