"""What a running stack leaves in its data directory, so that other commands find it, and find only it."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from devstack.addresses import Addresses
from devstack.errors import AlreadyRunning, Unusable

SETTLE = 0.5  # seconds; another command may hold the lock for a moment, only to look at it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where a stack answers, and what it said when it was ready, line by line."""

    addresses: Addresses
    announcement: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A stack that holds its data directory. `ready` is None while it starts."""

    pid: int
    ready: Ready | None = None


def open_directory(data: Path) -> None:
    """Make the data directory if it is not there yet, for nobody else to look into.

    Raises:
        Unusable: it belongs to another user.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if data.stat().st_uid != os.geteuid():
        # Files of two owners side by side end in a stack that neither of them can start.
        raise Unusable(f"{data} belongs to {data.owner()}. Run this as {data.owner()}, or set --data.")


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold `data` for ourselves; the kernel lets go for us if we are killed.

    Raises:
        AlreadyRunning: another stack holds it.
    """
    with _lock(data).open("w") as lock:
        if not _take(lock.fileno(), fcntl.LOCK_EX, patience=SETTLE):
            raise AlreadyRunning(f"Another dev stack already runs on {data}.")
        write(data, Running(pid=os.getpid()))
        try:
            yield
        finally:
            _note(data).unlink(missing_ok=True)


def write(data: Path, running: Running) -> None:
    draft = data / "dev.json.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(running), indent=2))
    draft.replace(_note(data))


def read(data: Path) -> Running | None:
    """Return the stack that runs on `data` now; the note of one that was killed does not count."""
    if not is_held(data):
        return None
    try:
        note = json.loads(_note(data).read_text())
    except FileNotFoundError:  # it has just begun, or is about to leave
        return None
    return Running(pid=note["pid"], ready=note["ready"] and _ready(**note["ready"]))


def is_held(data: Path) -> bool:
    """Tell whether a process holds `data`: the lock proves it, where a process id could be another's."""
    if not _lock(data).exists():
        return False
    with _lock(data).open() as lock:
        return not _take(lock.fileno(), fcntl.LOCK_SH, patience=0)


def _ready(*, addresses: Mapping[str, Any], announcement: Sequence[str]) -> Ready:
    return Ready(addresses=Addresses(**addresses), announcement=tuple(announcement))


def _take(lock: int, kind: int, *, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _lock(data: Path) -> Path:
    return data / "dev.lock"


def _note(data: Path) -> Path:
    return data / "dev.json"
