#!/bin/sh
# Every check that reads the code and does not run it. All of them run; one failure fails the whole.
set -u
cd "$(dirname "$0")/.."
failed=

check() {
    printf 'lint: %s\n' "$*"
    ".venv/bin/$@" || failed="$failed $1"
}

check ruff check --quiet .
check ruff format --check --quiet .
check mypy --no-error-summary
check lint-imports --no-cache --no-logo
[ -z "$failed" ] && exit 0
echo "lint: FAILED:$failed" >&2
exit 1
