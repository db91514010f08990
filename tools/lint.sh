#!/bin/sh
# Every check that reads the code and does not run it. All of them run; one failure fails the whole.
set -u
cd "$(dirname "$0")/.."
status=0

check() {
    printf 'lint: %s\n' "$*"
    ".venv/bin/$@" || status=1
}

check ruff check --quiet .
check ruff format --check --quiet .
check mypy --no-error-summary
check lint-imports --no-cache
exit $status
