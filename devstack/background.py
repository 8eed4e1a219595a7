"""A stack without a terminal: start it, wait for it, stop it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from devstack import record
from devstack.errors import ChildDied, Unusable
from devstack.record import Ready

ENTRANCE = Path(__file__).resolve().parent.parent / "dev.py"
GLANCE = 0.1  # seconds
STOP_PATIENCE = 60.0  # seconds; each child has its own, shorter


def launch(data: Path) -> str:
    """Start a stack on `data` in a session of its own, and return what it said until it was ready.

    Raises:
        ChildDied: it gave up; the message has its last words.
    """
    record.open_directory(data)
    log = data / "log" / "dev.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            (sys.executable, ENTRANCE, "up", "--data", data),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        ready = _wait_until_ready(data, is_alive=lambda: process.poll() is None)
    except BaseException:  # somebody lost patience and pressed Ctrl-C: nothing half-started stays behind
        process.terminate()
        process.wait()
        raise
    said = log.read_text(errors="replace").rstrip()
    if ready is None:
        raise ChildDied(said)
    return said


def find(data: Path) -> Ready:
    """Return the stack that runs on `data`, once it is ready if it is still starting.

    Raises:
        Unusable: none runs there.
    """
    ready = _wait_until_ready(data, is_alive=lambda: record.is_held(data))
    if ready is None:
        raise Unusable(f"Nothing runs on {data}; `make up` starts it.")
    return ready


def stop(data: Path) -> bool:
    """Stop the stack on `data` and return once nothing of it runs; False if there was none."""
    running = record.read(data)
    if running is None:
        return False
    _tell(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE
    while record.is_held(data):
        if time.monotonic() > deadline:
            _tell(running.pid, signal.SIGKILL)  # its children are on a leash and go with it
        time.sleep(GLANCE)
    return True


def _wait_until_ready(data: Path, *, is_alive: Callable[[], bool]) -> Ready | None:
    """Return the stack on `data` once it is ready; None if it ends before that."""
    while is_alive():
        running = record.read(data)
        if running is not None and running.ready is not None:
            return running.ready
        time.sleep(GLANCE)
    return None


def _tell(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise Unusable(f"The stack is process {pid} of another user, who has to stop it.") from error
