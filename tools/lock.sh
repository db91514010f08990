#!/bin/sh
# Refresh the lock files from pyproject.toml. Pins that still fit are kept; UPGRADE=1 takes the newest of all.
#
# The files name versions and hashes only. Where the packages come from is the business of the machine that installs
# them (its pip settings), so no address of any registry may stand in them; tests/unit/test_tidy.py holds this.
set -eu
cd "$(dirname "$0")/.."

UV=.venv/bin/uv
if [ ! -x "$UV" ]; then
    echo "lock: downloading uv (about 25 MB) with pip, to resolve the versions"
    .venv/bin/python -m pip install --quiet 'uv~=0.13.9'
fi

lock() { # lock FILE WHAT SOURCE-OR-OPTION...
    file=$1 what=$2
    shift 2
    {
        echo "# Openline: every package, by version and hash, that $what."
        echo "# Made by 'make lock' from pyproject.toml; do not edit by hand."
    } >"$file.new"
    cp "$file" "$file.tmp" 2>/dev/null || : >"$file.tmp"
    "$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        ${UPGRADE:+--upgrade} "$@" --output-file "$file.tmp" >/dev/null
    cat "$file.tmp" >>"$file.new"
    rm "$file.tmp"
    mv "$file.new" "$file"
    echo "lock: $file holds $(grep -c == "$file") packages"
}

lock requirements.lock "a post needs to run" pyproject.toml --extra headless --group build
lock requirements-dev.lock "the tests and checks need, those of requirements.lock included" \
    pyproject.toml --extra headless --group build --group dev --constraints requirements.lock
lock requirements-fuzz.lock "make fuzz needs beside those of requirements-dev.lock" --group fuzz
