"""Keep the children of the stack together: none is restarted in silence, none outlives the others."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from devstack import child
from devstack.child import Child, Program
from devstack.voice import say

GLANCE = 0.2  # seconds between two looks at the children


class Supervisor:
    """Start children in order inside a `with`; leaving it ends them in reverse, whatever the reason."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        running = [child.name for child in reversed(self._children) if child.is_running]
        if running:
            say(f"\nStopping {', '.join(running)}.")
        self.stop()

    def start(self, program: Program) -> Child:
        return self.adopt(child.start(program))

    def adopt(self, started: Child) -> Child:
        """Look after a child that somebody else has just started."""
        self._children.append(started)
        return started

    def wait_for(self, awaited: Child, is_ready: Callable[[], bool], *, patience: float = 60.0) -> None:
        """Return once `awaited` answers, in `patience` seconds.

        Raises:
            ChildDied: this child or another one ended meanwhile.
            NotReady: it runs and does not answer.
        """
        child.wait_until(is_ready, name=awaited.name, watching=self._children, patience=patience)

    def expect_all_alive(self) -> None:
        """Raises ChildDied for the first child that has ended."""
        for each in self._children:
            each.expect_alive()

    def watch(self, *, until: Callable[[], bool]) -> None:
        """Return when `until` says so.

        Raises:
            ChildDied: a child ended; it is not started again, because nobody knows yet why it ended.
        """
        while not until():
            self.expect_all_alive()
            time.sleep(GLANCE)

    def stop(self) -> None:
        """End all children, the latest first. A repeat changes nothing."""
        with _deaf_to_signals():
            while self._children:
                self._children.pop().stop()


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn a request to stop, whoever makes it, into KeyboardInterrupt.

    Set even where the shell had SIGINT ignored for a job in the background; only `nohup` is respected.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _deaf_to_signals() -> Iterator[None]:
    """Finish what we are at: a second Ctrl-C would only break the order, and nobody waits without end."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
