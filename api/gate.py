"""A gate before each target: few commands at once, a short queue, and a plain no beyond.

The engine takes ten updates in flight on one run and fails the rest badly; with a gate before it the
same crowd is served several times faster, and one target's crowd does not delay another's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.errors import TooManyRequests

AT_ONCE = 4
WAITING = 20


@dataclass(slots=True)
class _Lane:
    """One target's commands. It exists only while there are any, so memory is bounded by requests."""

    turns: asyncio.Semaphore
    people: int = 0


class Gate:
    """Lets `at_once` commands per target through in this process, keeps `waiting` more, refuses others."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once = at_once
        self._most = at_once + waiting
        self._lanes: dict[str, _Lane] = {}

    def __len__(self) -> int:
        """Return for how many targets there is a command at present."""
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[None]:
        """Hold a place at `target` for as long as the block lasts.

        Raises:
            TooManyRequests: the queue is full.
        """
        lane = self._lanes.setdefault(target, _Lane(asyncio.Semaphore(self._at_once)))
        if lane.people >= self._most:
            raise TooManyRequests("Too many requests are waiting for this one already.")
        lane.people += 1
        try:
            async with lane.turns:
                yield
        finally:
            lane.people -= 1
            if lane.people == 0:
                del self._lanes[target]
