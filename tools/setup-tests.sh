#!/bin/sh
# Programs beside Python that some tests need: Chromium (two real desks), ip (paths in network namespaces) and a C
# compiler (a disk that a power cut empties).
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

has_libatomic() { # the node program inside the playwright package is linked against it
    command -v ldconfig >/dev/null || PATH=$PATH:/sbin:/usr/sbin
    ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1'
}

has_compiler() {
    command -v cc >/dev/null && [ -e /usr/include/stdio.h ]
}

missing=
has_chromium || missing="chromium"
has_libatomic || missing="$missing libatomic1"
command -v ip >/dev/null || missing="$missing iproute2"
has_compiler || missing="$missing gcc libc6-dev"

if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "downloading from Debian's packages, a minute or two:"
    for package in $missing; do
        case $package in
        chromium) say "  chromium (about 100 MB): the desk's browser in the end-to-end tests" ;;
        libatomic1) say "  libatomic1 (10 kB): belongs to what drives that browser" ;;
        iproute2) say "  iproute2 (1 MB): lays the network paths of these tests" ;;
        gcc) say "  gcc and libc6-dev (about 60 MB): builds the disk of the power-cut tests" ;;
        esac
    done
    # shellcheck disable=SC2086 # a list of package names
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing >/dev/null; then
        exit 0
    fi
    say "the packages could not be installed"
fi
has_chromium || say "no Chromium: the tests marked needs_chromium will be left out (apt-get install chromium)"
has_libatomic || say "no libatomic: the tests marked needs_chromium may fail (apt-get install libatomic1)"
command -v ip >/dev/null || say "no ip command: the tests marked needs_root will be left out (apt-get install iproute2)"
has_compiler || say "no C compiler: the tests marked needs_compiler will be left out (apt-get install gcc libc6-dev)"
[ "$(id -u)" = 0 ] || say "not root: the tests marked needs_root will be left out"
exit 0
