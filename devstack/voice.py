"""How the dev stack talks to the person who started it."""

import os
import sys
from contextlib import suppress
from typing import NoReturn


def say(line: str = "") -> None:
    """Print `line` at once: whoever waits for READY may read us through a pipe."""
    # A terminal that was closed, or a pipe nobody reads any more, is no reason to leave children behind.
    with suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def complain(line: str) -> None:
    """Print `line` where errors go."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def leave(code: int) -> NoReturn:
    """End this process at once, with nothing unsaid.

    Not by sys.exit: Temporal's client on Python 3.11 now and then aborts while the interpreter shuts down.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
