"""Run the whole system on this machine, without docker: PostgreSQL, Temporal, the worker and the API."""

import argparse
import asyncio
import os
from pathlib import Path

from devstack import background, record
from devstack.environment import PROJECT
from devstack.errors import AlreadyRunning, DevStackError
from devstack.processes import is_ready
from devstack.voice import complain, leave, say

EPILOG = """\
try this:
  python dev.py up            everything in this terminal, until Ctrl-C
  python dev.py up --detach   everything in the background, until `down`
  python dev.py demo          one job from its posting to a paid provider, told step by step

Everything listens on 127.0.0.1 alone; a port that is taken is replaced by a free one. Data stay in the
data directory, and so do logs, one per process in its folder `log`: the next `up` goes on from there,
and deleting the directory starts afresh.

DATABASE_URL and TEMPORAL_ADDRESS, where set, name servers to use instead of the embedded ones.
"""


def main() -> int:
    arguments = _parser().parse_args()
    data = Path(arguments.data).expanduser().resolve()
    try:
        match arguments.command:
            case "up":
                parent = os.getppid() if arguments.with_parent else None
                return _up(data, detach=arguments.detach, parent=parent)
            case "down":
                return _down(data)
            case "status":
                return _status(data)
            case "seed":
                return _seed(data)
            case _:
                return _demo(data)
    except DevStackError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__, epilog=EPILOG, formatter_class=raw)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--data",
        default=PROJECT / "var",
        metavar="DIR",
        help="where data and logs live (default: %(default)s)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", parents=[shared], help="start everything, and say READY when it answers")
    up.add_argument("--detach", action="store_true", help="leave it running in the background")
    up.add_argument("--with-parent", action="store_true", help="stop when the process that started this ends")
    commands.add_parser("down", parents=[shared], help="stop what runs, in the background or elsewhere")
    commands.add_parser("status", parents=[shared], help="say what runs, where, and whether it is well")
    commands.add_parser(
        "seed", parents=[shared], help="plant the demo marketplace again; a repeat adds nothing"
    )
    commands.add_parser("demo", parents=[shared], help="follow one job live, starting the stack if need be")
    return parser


def _up(data: Path, *, detach: bool, parent: int | None) -> int:
    if record.is_held(data):
        return _say_where(data)
    if detach:
        say("Starting in the background.")
        say(background.launch(data))
        say("\nIt goes on in the background; `make down` stops it.")
        return 0
    from devstack import stack  # noqa: PLC0415 - the other commands have no need of half the system

    try:
        stack.up(data, parent=parent)
    except AlreadyRunning:  # somebody was faster
        return _say_where(data)
    except KeyboardInterrupt:
        say("Stopped. The data stay, and the next `up` goes on from there.")
    return 0


def _down(data: Path) -> int:
    stopped = background.stop(data)
    say("Stopped. The data stay." if stopped else f"Nothing runs on {data}.")
    return 0


def _status(data: Path) -> int:
    running = record.read(data)
    if running is None:
        say(f"Nothing runs on {data}.")
        return 1
    if running.ready is None:
        say(f"Process {running.pid} is starting; its logs are in {data / 'log'}.")
        return 0
    addresses = running.ready.addresses
    health = {"API": is_ready(addresses.api), "worker": is_ready(addresses.worker)}
    for name, well in health.items():
        say(f"The {name} is {'ready' if well else 'not ready'}.")
    say("\n".join(addresses.lines()))
    return 0 if all(health.values()) else 1


def _seed(data: Path) -> int:
    from devstack.seed import seed  # noqa: PLC0415 - half the system

    say("\n".join(asyncio.run(seed(background.find(data).addresses))))
    return 0


def _demo(data: Path) -> int:
    from devstack.demo import demo  # noqa: PLC0415 - half the system

    if not record.is_held(data):
        say("No stack is running, so one starts in the background first; `make down` stops it afterwards.")
        background.launch(data)
    asyncio.run(demo(background.find(data).addresses))
    return 0


def _say_where(data: Path) -> int:
    ready = background.find(data)
    say("It runs already, and `make down` stops it:")
    say("\n".join(ready.announcement))
    return 0


if __name__ == "__main__":
    leave(main())
