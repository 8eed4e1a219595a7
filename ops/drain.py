"""`drain`: may these workers be stopped?"""

import argparse

from ops.voice import Commands, whole

TIMEOUT = 600
DRAIN = """\
Say who works: the pollers and the backlog of each queue, the versions of our workers with the open runs that
are pinned to them, and every worker with what it has in hand. With --version or --worker, wait until that
version, or that one process, has nothing left to do, so that it may be taken away.

It stops nobody and changes nothing. A worker that is told to stop (SIGTERM) takes nothing new, ends what it
has begun within eight seconds, and leaves the rest to the others.
"""
ENDS = """\
It ends with 0 when the version or the worker has nothing left (without either: when every queue is polled),
with 1 when something is left after --timeout, and with 2 when it could not look: there is no engine, no such
version, no such worker.

try this:
  python -m ops drain                                    who works, and on what?
  python -m ops drain --version fulfillment:2026.11.1    wait until nothing needs that version any more
  python -m ops drain --version fulfillment:2026.11.1 --timeout 0    look once
  python -m ops drain --worker 4711@host && echo gone    wait for one that was told to stop
  python -m ops drain --json | jq '.queues[] | select(.pollers == 0)'

docs/runbooks/commands.md has the steps of a deploy.
"""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "drain",
        help="who works, and may these workers be stopped?",
        description=DRAIN,
        epilog=ENDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--version", metavar="NAME:BUILD", help="wait until nothing needs this version")
    which.add_argument("--worker", metavar="IDENTITY", help="wait until this worker has stopped")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=TIMEOUT, help=f"how long to wait ({TIMEOUT})"
    )
    parser.add_argument("--json", action="store_true", help="report as one JSON document")
    parser.set_defaults(run=run)


async def run(asked: argparse.Namespace) -> int:
    """Look, or wait, report, and return how it ended."""
    from ops.draining import drained  # noqa: PLC0415 - the engine takes a second to load

    return await drained(asked)


def _seconds(text: str) -> int:
    return 0 if text == "0" else whole(text)
