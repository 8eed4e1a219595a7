#!/bin/sh
# What a container of the image does, by its first word.
set -eu

does=${1:-help}
[ $# -eq 0 ] || shift

case $does in
    api) exec python -m api "$@" ;;
    worker) exec python worker.py "$@" ;;
    migrate) exec python -m alembic upgrade "${@:-head}" ;;
    ops) exec python -m ops "$@" ;;
    python) exec python "$@" ;;
    help | --help | -h) ;;
    *)
        echo "There is no '$does'." >&2
        asked_wrong=yes
        ;;
esac

cat >&2 <<'WORDS'
usage: fulfillment COMMAND
  api          answer requests at HOST:PORT
  worker       do the work; health and metrics at HOST:WORKER_HTTP_PORT
  migrate      bring the schema of DATABASE_URL to the head of this image, and end
  ops ...      a command of operations; `ops --help` has all of them
  python ...   Python, with everything above at hand
WORDS
[ -z "${asked_wrong:-}" ] || exit 64
