"""Waiting for the read model or a run to get somewhere, and saying so when it does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from devstack.errors import DevStackError

T = TypeVar("T")

PATIENCE = 20.0
PAUSE = 0.05


async def until(look: Callable[[], Awaitable[T]], sees: Callable[[T], bool], what: str) -> T:
    """Return what `look` finds, once it `sees` what it waits for.

    Raises:
        DevStackError: it never did; the message says `what` was awaited.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + PATIENCE
    while not sees(found := await look()):
        if loop.time() > give_up:
            raise DevStackError(f"Waited {PATIENCE:.0f} s for {what}; the last answer was {found}")
        await asyncio.sleep(PAUSE)
    return found
