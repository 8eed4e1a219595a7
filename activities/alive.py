"""Saying, during an activity that may take its time, that somebody is still at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

HEARTBEAT = 2.0
"""Seconds. Whoever has died is replaced when the engine has missed a few."""


@asynccontextmanager
async def alive() -> AsyncIterator[None]:
    """Tell the engine again and again that we are at it, for as long as this is open.

    If the engine has given us up meanwhile, as it does a worker that was frozen, the activity is cancelled.
    """

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
