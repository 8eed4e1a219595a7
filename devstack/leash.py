"""Run a command and end it once our parent is gone, where the kernel has no leash of its own (macOS)."""

import os
import signal
import subprocess
import sys

GLANCE = 0.2  # seconds between two looks at the parent


def main() -> int:
    """Usage: leash.py <pid of the parent> <signal for an orphan> <command> ..."""
    parent, orphaned, *command = sys.argv[1:]
    process = subprocess.Popen(command)  # noqa: S603 - child.py wrote the command
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: process.send_signal(number))
    while True:
        try:
            return process.wait(GLANCE)
        except subprocess.TimeoutExpired:
            if os.getppid() != int(parent):
                process.send_signal(signal.Signals[orphaned])
                return process.wait()


if __name__ == "__main__":
    sys.exit(main())
