#!/bin/sh
# Set up .venv: `setup.sh run` for what a post needs, `setup.sh dev` for the tests and checks too.
#
# Needs Python 3.11 or newer. Says what it downloads before it does. Every package is taken by version and hash from
# the lock file, from the index that pip on this machine is set to.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "no Python 3.11 or newer found. On Debian 12, Ubuntu 24.04 or later: apt-get install python3 python3-venv." \
        "Another Python can be named: make PYTHON=/path/to/python3 ..."
}

need_venv_module() { # Debian and Ubuntu ship Python without ensurepip
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    version=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        die "this Python cannot make a virtual environment. Run once as root: apt-get install $version"
    fi
    say "downloading $version from Debian's packages (this Python cannot make a virtual environment)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$version" >/dev/null
}

install_lock() { # install_lock FILE SIZE
    say "downloading the $(grep -c == "$1") Python packages of $1 (about $2) from pip's package index; a minute or two"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --requirement "$1"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
}

if ! { [ -x .venv/bin/python ] && fits .venv/bin/python; }; then
    python=$(find_python)
    need_venv_module "$python"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

case ${1:-} in
run) install_lock requirements.lock "90 MB" ;;
dev) install_lock requirements-dev.lock "170 MB" ;;
*) die "usage: setup.sh run|dev" ;;
esac
say "ready: .venv/bin/openline"
