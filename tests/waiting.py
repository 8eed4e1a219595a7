"""Waiting for something that has to happen, and failing when it does not."""

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], bool], *, within: float = 10) -> None:
    """Return as soon as `happened()` is true; fail after `within` seconds."""
    async with asyncio.timeout(within):
        while not happened():
            await asyncio.sleep(0.02)
