#!/bin/sh
# Programs beside Python that some tests need: Chromium (two real desks) and ip (paths in network namespaces).
#
# As root on Debian or Ubuntu what is missing is installed; otherwise this says which tests will be left out.
set -eu

say() { printf 'setup: %s\n' "$*"; }

has_chromium() {
    [ -x "${OPENLINE_CHROMIUM:-}" ] && return
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

missing=
has_chromium || missing="chromium"
command -v ip >/dev/null || missing="$missing iproute2"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "downloading from Debian's packages:$(printf ' %s' $missing)"
    say "  chromium (about 100 MB) is the desk's browser in the end-to-end tests; iproute2 (1 MB) lays their network paths"
    # shellcheck disable=SC2086 # a list of package names
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing >/dev/null; then
        exit 0
    fi
    say "the packages could not be installed"
fi
has_chromium || say "no Chromium: the tests marked needs_chromium will be left out (apt-get install chromium)"
command -v ip >/dev/null || say "no ip command: the tests marked needs_root will be left out (apt-get install iproute2)"
[ "$(id -u)" = 0 ] || say "not root: the tests marked needs_root will be left out"
exit 0
