#!/bin/sh
# Install what the tests read calendar files back with: libical, and the libraries of tests/readers.
# Ends with 1 when something is still missing; the tests that need it then skip, or fail where CI is set.
set -eu

readers=tests/readers

say() {
    printf '%s\n' "$@" >&2
}

has_libical() {
    .venv/bin/python -c 'import ctypes; ctypes.CDLL("libical.so.3")' 2>/dev/null
}

has_node() {
    command -v node >/dev/null && command -v npm >/dev/null
}

# On a machine of the CI nobody is asked; on somebody's laptop, becoming root is theirs to decide.
root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -n "${CI:-}" ] && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

apt() {
    if ! command -v apt-get >/dev/null || ! root true; then return; fi
    echo "Installing $*, with which the tests read calendar files."
    # Debian's npm is many packages; what it merely recommends would be a compiler besides.
    { root apt-get update -qq && root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null || true
}

has_libical || apt libical3
has_node || apt nodejs npm

missing=
if ! has_libical; then
    missing="$missing libical3"
    say "libical is missing. On Debian and Ubuntu: sudo apt-get install libical3"
fi
if ! has_node; then
    missing="$missing nodejs npm"
    say "Node or npm is missing. On Debian and Ubuntu: sudo apt-get install nodejs npm"
elif ! npm ci --prefix "$readers" --silent --ignore-scripts >/dev/null; then
    missing="$missing $readers/node_modules"
    say "npm could not install $readers/package-lock.json. To see why: npm ci --prefix $readers"
fi

if [ -n "$missing" ]; then
    say "Without:$missing, the tests that compare readers of calendar files are skipped (where CI is set, they fail)."
    exit 1
fi
