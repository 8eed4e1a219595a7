#!/bin/sh
# Make .venv hold exactly what requirements.lock names. Usage: sh devstack/setup.sh [python]
set -eu

asked=${1:-python3}
here=.venv/bin/python

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# An old `python3` often has a newer sister beside it.
choose_python() {
    for python in "$asked" python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$python"; then return; fi
    done
    fail "Python 3.11 or newer is needed, and \`$asked\` is: $("$asked" --version 2>&1 || true)" \
        "With one elsewhere, say: make PYTHON=/path/to/python"
}

has_venv() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null
}

# Debian and Ubuntu ship the venv module apart from Python.
expect_venv() {
    if has_venv; then return; fi
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, without which \`$python\` cannot make .venv."
        { apt-get update -qq && apt-get install -y -qq "$package"; } >/dev/null || true
    fi
    if has_venv; then return; fi
    fail "\`$python\` has no venv module. On Debian and Ubuntu: sudo apt-get install $package"
}

if ! is_new_enough "$here" || ! "$here" -m pip --version >/dev/null 2>&1; then
    choose_python
    expect_venv
    echo "Making .venv with $("$python" --version)."
    rm -rf .venv
    "$python" -m venv .venv
fi

echo "Installing what requirements.lock names into .venv; the first time takes half a minute or so."
pip() {
    "$here" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$1"
}
# uv, itself in the lock, takes a third of pip's time. It does not read pip's configuration, though: where
# only that knows the way to the packages, pip goes it.
sed -n '/^uv==/,/# via/p' requirements.lock >.venv/uv.txt
pip .venv/uv.txt
"$here" -m uv pip install --quiet --python "$here" --compile-bytecode --require-hashes -r requirements.lock \
    2>.venv/uv.log || pip requirements.lock
