"""The CPU that processes have used, as the kernel of Linux counts it."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# What follows the name in /proc/PID/stat; proc(5) numbers the state 3, and so begins our zero.
PARENT, FIRST_TIME, BEYOND = 1, 11, 15


def cpu_seconds(root: int) -> float:
    """Return the seconds that `root` and its descendants have used, and those of theirs that have ended."""
    stats = dict(_stats())
    wanted, before = {root}, set[int]()
    while wanted != before:
        before = set(wanted)
        wanted |= {pid for pid, stat in stats.items() if int(stat[PARENT]) in wanted}
    return sum(int(time) for pid in wanted for time in stats[pid][FIRST_TIME:BEYOND]) / TICKS


def _stats() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                yield int(entry.name), (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):  # it has ended since the folder was listed
                continue
