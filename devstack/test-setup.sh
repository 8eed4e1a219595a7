#!/bin/sh
# Install what the tests read calendar files back with (libical, and the libraries of tests/readers), and the
# browser in which they look at our pages (Chromium, with a font to write in), and what watches over us (Prometheus and
# Alertmanager).
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

# The names are those of tests/browser/chromium.py. On Ubuntu, `chromium` is no package but a snap.
has_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then return; fi
    done
    return 1
}

# Without any font, pages are drawn without their letters.
has_font() {
    [ -n "$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.local/share/fonts" /System/Library/Fonts \
        \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) 2>/dev/null | head -n 1)" ]
}

has_prometheus() {
    command -v prometheus >/dev/null && command -v promtool >/dev/null
}

# Debian calls it otherwise than its makers do.
has_alertmanager() {
    command -v amtool >/dev/null && { command -v prometheus-alertmanager || command -v alertmanager; } >/dev/null
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

up_to_date() {
    [ -n "${updated:-}" ] || root apt-get update -qq
    updated=yes
}

apt() {
    if ! command -v apt-get >/dev/null || ! root true; then return; fi
    echo "Installing $*, which only tests need."
    # Debian's npm is many packages; what it merely recommends would be a compiler besides.
    { up_to_date && root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null || true
}

# Their packages would start services on ports that belong to others; tests start their own.
keep_asleep() {
    if command -v systemctl >/dev/null && root true; then root systemctl mask "$@" >/dev/null 2>&1 || true; fi
}

has_libical || apt libical3
has_node || apt nodejs npm
has_browser || apt chromium
has_font || apt fonts-dejavu-core
has_prometheus || { keep_asleep prometheus.service && apt prometheus; }
has_alertmanager || { keep_asleep prometheus-alertmanager.service && apt prometheus-alertmanager; }

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
if ! has_browser; then
    missing="$missing chromium"
    say "Chromium is missing. On Debian: sudo apt-get install chromium. Chrome, as google-chrome, will do as well."
fi
if ! has_font; then
    missing="$missing fonts-dejavu-core"
    say "There is no font for Chromium. On Debian and Ubuntu: sudo apt-get install fonts-dejavu-core"
fi

if ! has_prometheus; then
    missing="$missing prometheus"
    say "Prometheus or promtool is missing. On Debian and Ubuntu: sudo apt-get install prometheus"
fi
if ! has_alertmanager; then
    missing="$missing prometheus-alertmanager"
    say "Alertmanager or amtool is missing. On Debian and Ubuntu: sudo apt-get install prometheus-alertmanager"
fi

if [ -n "$missing" ]; then
    say "Without:$missing, the tests that read calendar files back, look at pages or raise alerts are skipped (where CI is set, they fail)."
    exit 1
fi
