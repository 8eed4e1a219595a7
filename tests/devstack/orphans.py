"""A parent that can be killed, and a look at what becomes of its children."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 10.0  # seconds; a child on the leash goes within milliseconds, PostgreSQL writes its pages first


def kill_a_parent_of(script: str, *arguments: object, env: Mapping[str, str] | None = None) -> list[int]:
    """Run `script` in a process, kill that once it has printed a line of process ids, and return those."""
    command = (sys.executable, "-c", script, *(str(argument) for argument in arguments))
    with subprocess.Popen(  # noqa: S603
        command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert pids, "the parent died before it had children"
    return pids


def all_end(pids: list[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """Tell whether `pid` still does something: a dead process that nobody has reaped does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone between the two questions, or a system without /proc
        return not Path("/proc").exists()
    return state != "Z"
